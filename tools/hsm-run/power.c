// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: how a guest ends or starts anew: the registers of ACPI for switching
 * off, the reset port, and the pulse of the keyboard controller.  There is no
 * keyboard.  And where a guest's kernel says that it has panicked.
 */
#include "devices.h"

#define PM1_SLEEP_TYPE(value)	((value) >> 10 & 7)
#define PM1_SLEEP_NOW	0x2000
#define PM1_SCI_ENABLED	0x0001	/* ACPI is on, always */
#define SLEEP_TYPE_OFF	1	/* in \_S5 of dsdt.asl */
#define SLEEP_TYPE_SHUTDOWN 5	/* ACRN's own, after a triple fault */

#define RESET_CPU	0x04	/* on the change to 1 */

#define KEYBOARD_PORT	0x64	/* commands and status */
#define KEYBOARD_RESET	0xfe	/* pulses the line that resets the CPU */

#define PANICKED	0x01	/* and nobody else takes care of it */

/* Events: status and enable, two bytes each; nothing ever happens. */
static uint8_t pm1_enable[2];

static uint64_t event_read(struct device *device, uint64_t offset,
			   unsigned int size)
{
	uint32_t value = (uint32_t)pm1_enable[1] << 24 | pm1_enable[0] << 16;

	(void)device;
	(void)size;
	return value >> 8 * offset;
}

static void event_write(struct device *device, uint64_t offset,
			unsigned int size, uint64_t value)
{
	unsigned int i;

	(void)device;
	for (i = 0; i < size; i++, value >>= 8) {
		if (offset + i >= 2)
			pm1_enable[offset + i - 2] = value;
	}
}

static void event_reset(struct device *device)
{
	(void)device;
	pm1_enable[0] = 0;
	pm1_enable[1] = 0;
}

static struct device pm1_event = {
	.name = "pm1-event",
	.type = ACRN_IOREQ_PIO,
	.start = PM1_EVENT_PORT,
	.size = PM1_EVENT_SIZE,
	.read = event_read,
	.write = event_write,
	.reset = event_reset,
};

static uint64_t control_read(struct device *device, uint64_t offset,
			     unsigned int size)
{
	(void)device;
	(void)size;
	return offset ? 0 : PM1_SCI_ENABLED;
}

static void control_write(struct device *device, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	(void)device;
	if (size == 1)
		value = offset ? value << 8 : 0;
	if (!(value & PM1_SLEEP_NOW))
		return;
	if (PM1_SLEEP_TYPE(value) == SLEEP_TYPE_OFF)
		bus_end(BUS_POWER_OFF);
	else if (PM1_SLEEP_TYPE(value) == SLEEP_TYPE_SHUTDOWN)
		bus_end(BUS_SHUTDOWN);
}

static struct device pm1_control = {
	.name = "pm1-control",
	.type = ACRN_IOREQ_PIO,
	.start = PM1_CONTROL_PORT,
	.size = PM1_CONTROL_SIZE,
	.read = control_read,
	.write = control_write,
};

static uint8_t reset_register;

static uint64_t reset_read(struct device *device, uint64_t offset,
			   unsigned int size)
{
	(void)device;
	(void)offset;
	(void)size;
	return reset_register;
}

static void reset_write(struct device *device, uint64_t offset,
			unsigned int size, uint64_t value)
{
	(void)device;
	(void)offset;
	(void)size;
	if (value & ~reset_register & RESET_CPU)
		bus_end(BUS_RESET);
	reset_register = value;
}

static void reset_reset(struct device *device)
{
	(void)device;
	reset_register = 0;
}

static struct device reset_port = {
	.name = "reset",
	.type = ACRN_IOREQ_PIO,
	.start = RESET_PORT,
	.size = 1,
	.read = reset_read,
	.write = reset_write,
	.reset = reset_reset,
};

/* Its status: nothing to read, ready for the next byte */
static uint64_t keyboard_read(struct device *device, uint64_t offset,
			      unsigned int size)
{
	(void)device;
	(void)offset;
	(void)size;
	return 0;
}

static void keyboard_write(struct device *device, uint64_t offset,
			   unsigned int size, uint64_t value)
{
	(void)device;
	(void)offset;
	(void)size;
	if (value == KEYBOARD_RESET)
		bus_end(BUS_RESET);
}

static struct device keyboard = {
	.name = "keyboard",
	.type = ACRN_IOREQ_PIO,
	.start = KEYBOARD_PORT,
	.size = 1,
	.read = keyboard_read,
	.write = keyboard_write,
};

/* What it can be told */
static uint64_t panic_read(struct device *device, uint64_t offset,
			   unsigned int size)
{
	(void)device;
	(void)offset;
	(void)size;
	return PANICKED;
}

static void panic_write(struct device *device, uint64_t offset,
			unsigned int size, uint64_t value)
{
	(void)device;
	(void)offset;
	(void)size;
	if (value & PANICKED)
		bus_end(BUS_PANIC);
}

static struct device panic_port = {
	.name = "pvpanic",
	.type = ACRN_IOREQ_PIO,
	.start = PANIC_PORT,
	.size = 1,
	.read = panic_read,
	.write = panic_write,
};

/**
 * power_add() - add all that
 * @vm: its VM
 */
void power_add(struct vm *vm)
{
	bus_add(vm, &pm1_event);
	bus_add(vm, &pm1_control);
	bus_add(vm, &reset_port);
	bus_add(vm, &keyboard);
	bus_add(vm, &panic_port);
}
