/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Interrupts for User VMs and eventfds, as device models use them.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdint.h>

#include <linux/acrn/acrn_ioctl_defs.h>

#define MSI_ADDR	0xfee00000UL

int msi_inject(int fd, uint64_t addr, uint64_t data);
int irqline_set(int fd, uint32_t gsi, uint32_t op);
int ioeventfd(int fd, int event, uint32_t flags, uint64_t addr, uint32_t len,
	      uint64_t data);
int irqfd(int fd, int event, uint32_t flags, uint64_t addr, uint64_t data);

int event_new(void);
void event_signal(int event);
uint64_t event_count(int event);

#endif /* EVENTS_H */
