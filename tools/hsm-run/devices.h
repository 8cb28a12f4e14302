/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: the devices that every guest finds.
 */
#ifndef HSM_RUN_DEVICES_H
#define HSM_RUN_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "bus.h"

/* Interrupt lines, as on every PC */
#define PIT_IRQ		0
#define UART_IRQ	4
#define SCI_IRQ		9

/*
 * ACRN says that a guest shut down (a triple fault) by a write of sleep type 5 to port
 * 0x404, so the control register has to be there.
 */
#define PM1_EVENT_PORT	0x400
#define PM1_EVENT_SIZE	4
#define PM1_CONTROL_PORT 0x404
#define PM1_CONTROL_SIZE 2
#define RESET_PORT	0xcf9
#define RESET_VALUE	0x06		/* CPUs and all */
#define PANIC_PORT	0x505

/* checker.c */
void checker_add(struct vm *vm);
/* pit.c: the timer, and the port that controls its speaker */
void pit_add(struct vm *vm);
/* power.c: switching off, three ways to reset, and where a panic is told */
void power_add(struct vm *vm);
/* rtc.c */
void rtc_add(struct vm *vm);

/* uart.c */
void uart_add(struct vm *vm);
bool uart_has_room(void);
void uart_receive(uint8_t byte);

/* terminal.c: what is at the other end of the UART */
void terminal_open(bool raw);
void terminal_send(uint8_t byte);
void terminal_room(void);

#endif /* HSM_RUN_DEVICES_H */
