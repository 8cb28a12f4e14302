// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: a 16550A on COM1.  What the guest sends goes to the terminal at once,
 * so there is always room to send; what is typed waits in the FIFO.
 *
 * The interrupt line is an ISA bus's: high while there is a reason, and what the
 * guest's interrupt controller sees is the change to high.
 */
#include <string.h>

#include "devices.h"

enum {
	DATA,		/* divisor latch, low, with DLAB */
	IER,		/* divisor latch, high, with DLAB */
	IIR,		/* FCR when written */
	LCR,
	MCR,
	LSR,
	MSR,
	SCR,
	REGISTERS,
};

#define IER_RECEIVED	0x01
#define IER_SENT	0x02
#define IER_ALL		0x0f
#define IIR_NONE	0x01
#define IIR_SENT	0x02
#define IIR_RECEIVED	0x04
#define IIR_FIFO	0xc0
#define FCR_ENABLE	0x01
#define FCR_CLEAR_RECEIVED 0x02
#define LCR_DLAB	0x80
#define MCR_LOOP	0x10
#define LSR_DATA	0x01
#define LSR_EMPTY	0x60	/* nothing left to send */
#define MSR_READY	0xb0	/* carrier, data set and clear to send */
#define FIFO_SIZE	16

/**
 * struct uart - its state
 * @ier: IER
 * @fifo_on: FCR's enable bit
 * @kept: what is just there for the guest to read back: LCR, MCR, SCR
 * @divisor: divisor latch
 * @sent: "all is sent" is a reason for an interrupt, until it was told
 * @line: the interrupt line is high
 * @fifo: what was received
 * @count: bytes in @fifo
 */
struct uart {
	uint8_t ier;
	bool fifo_on;
	uint8_t kept[REGISTERS];
	uint8_t divisor[2];
	bool sent;
	bool line;
	uint8_t fifo[FIFO_SIZE];
	unsigned int count;
};

static struct uart uart;
static struct device uart_ports;

static uint8_t reason(void)
{
	if (uart.ier & IER_RECEIVED && uart.count)
		return IIR_RECEIVED;
	if (uart.ier & IER_SENT && uart.sent)
		return IIR_SENT;
	return IIR_NONE;
}

static void update_line(void)
{
	bool high = reason() != IIR_NONE;

	if (high == uart.line)
		return;
	uart.line = high;
	vm_set_irqline(uart_ports.vm, UART_IRQ,
		       high ? ACRN_IRQLINE_HIGH : ACRN_IRQLINE_LOW);
}

/**
 * uart_has_room() - can another byte be received?
 *
 * Return: true if so.
 */
bool uart_has_room(void)
{
	return uart.count < FIFO_SIZE;
}

/**
 * uart_receive() - something was typed
 * @byte: the byte; there is room for it
 */
void uart_receive(uint8_t byte)
{
	uart.fifo[uart.count++] = byte;
	update_line();
}

static uint8_t take_byte(void)
{
	uint8_t byte = uart.fifo[0];

	if (!uart.count)
		return 0;
	memmove(uart.fifo, uart.fifo + 1, --uart.count);
	update_line();
	terminal_room();
	return byte;
}

/* To the terminal, or with the loop closed, as drivers do to find it, back */
static void send_byte(uint8_t byte)
{
	if (!(uart.kept[MCR] & MCR_LOOP))
		terminal_send(byte);
	else if (uart_has_room())
		uart.fifo[uart.count++] = byte;
	uart.sent = true;
	update_line();
}

static uint8_t modem_status(void)
{
	uint8_t mcr = uart.kept[MCR];

	if (!(mcr & MCR_LOOP))
		return MSR_READY;
	/* RTS, DTR, OUT1 and OUT2 come back as CTS, DSR, RI and DCD. */
	return (mcr & 0x02) << 3 | (mcr & 0x01) << 5 | (mcr & 0x0c) << 4;
}

static uint64_t uart_read(struct device *device, uint64_t offset,
			  unsigned int size)
{
	bool dlab = uart.kept[LCR] & LCR_DLAB;
	uint8_t value;

	(void)device;
	(void)size;
	switch (offset) {
	case DATA:
		return dlab ? uart.divisor[0] : take_byte();
	case IER:
		return dlab ? uart.divisor[1] : uart.ier;
	case IIR:
		value = reason();
		if (value == IIR_SENT) {
			uart.sent = false;
			update_line();
		}
		return value | (uart.fifo_on ? IIR_FIFO : 0);
	case LSR:
		return LSR_EMPTY | (uart.count ? LSR_DATA : 0);
	case MSR:
		return modem_status();
	default:
		return uart.kept[offset];
	}
}

static void uart_write(struct device *device, uint64_t offset,
		       unsigned int size, uint64_t value)
{
	bool dlab = uart.kept[LCR] & LCR_DLAB;

	(void)device;
	(void)size;
	switch (offset) {
	case DATA:
	case IER:
		if (dlab) {
			uart.divisor[offset] = value;
		} else if (offset == DATA) {
			send_byte(value);
		} else {
			/* Who asks to be told hears of it, though long sent. */
			if (value & ~uart.ier & IER_SENT)
				uart.sent = true;
			uart.ier = value & IER_ALL;
			update_line();
		}
		break;
	case IIR:
		uart.fifo_on = value & FCR_ENABLE;
		if (value & FCR_CLEAR_RECEIVED) {
			uart.count = 0;
			update_line();
			terminal_room();
		}
		break;
	default:
		uart.kept[offset] = value;
	}
}

static void uart_reset(struct device *device)
{
	(void)device;
	uart.ier = 0;
	uart.fifo_on = false;
	memset(uart.kept, 0, sizeof(uart.kept));
	uart.sent = false;
	uart.count = 0;
	update_line();
	terminal_room();
}

static struct device uart_ports = {
	.name = "uart",
	.type = ACRN_IOREQ_PIO,
	.start = 0x3f8,
	.size = REGISTERS,
	.read = uart_read,
	.write = uart_write,
	.reset = uart_reset,
};

/**
 * uart_add() - add the UART
 * @vm: its VM
 */
void uart_add(struct vm *vm)
{
	bus_add(vm, &uart_ports);
}
