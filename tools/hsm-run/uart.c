// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: a 16550 on COM1, without interrupts: what the guest sends goes to
 * standard output, what it receives comes from standard input.
 */
#include <poll.h>
#include <unistd.h>

#include "bus.h"

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

#define LCR_DLAB	0x80
#define LSR_DATA	0x01
#define LSR_EMPTY	0x60	/* nothing left to send */
#define IIR_NONE	0x01
#define IIR_FIFO	0xc0
#define MSR_READY	0xb0	/* carrier, data set and clear to send */

/* What is just kept for the guest to read back */
static uint8_t registers[REGISTERS];
static uint8_t divisor[2];

static bool has_input(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, 0) == 1 && input.revents & POLLIN;
}

static uint64_t uart_read(struct vm *vm, uint64_t offset, unsigned int size)
{
	bool dlab = registers[LCR] & LCR_DLAB;
	uint8_t byte = 0;

	(void)vm;
	(void)size;
	switch (offset) {
	case DATA:
		if (dlab)
			return divisor[0];
		if (has_input() && read(STDIN_FILENO, &byte, 1) == 1)
			return byte;
		return 0;
	case IER:
		return dlab ? divisor[1] : registers[IER];
	case IIR:
		return IIR_NONE | (registers[IIR] & 1 ? IIR_FIFO : 0);
	case LSR:
		return LSR_EMPTY | (has_input() ? LSR_DATA : 0);
	case MSR:
		return MSR_READY;
	default:
		return registers[offset];
	}
}

static void uart_write(struct vm *vm, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	bool dlab = registers[LCR] & LCR_DLAB;
	uint8_t byte = value;

	(void)vm;
	(void)size;
	if (offset <= IER && dlab)
		divisor[offset] = byte;
	else if (offset != DATA)
		registers[offset] = byte;
	else if (write(STDOUT_FILENO, &byte, 1) != 1)
		bus_stop = true;	/* nobody listens any more */
}

const struct device uart = {
	.name = "uart",
	.type = ACRN_IOREQ_PIO,
	.start = 0x3f8,
	.size = REGISTERS,
	.read = uart_read,
	.write = uart_write,
};
