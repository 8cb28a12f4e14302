// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A guest for hsm-run that means no good: it accesses the devices at random, the
 * disk most of all, and gives the disk queues full of garbage.  hsm-run has to
 * survive that; there is nothing else to see.  Its exit status is 0.
 */
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define ROUNDS		4000
#define RESET_PORT	0xcf9
#define PCI_ADDRESS	0xcf8
#define PCI_DATA	0xcfc
#define PCI_ENABLE	0x80000000U
#define PCI_COMMAND	0x04
#define PCI_BAR0	0x10
#define DISK		(1U << 11)	/* its slot, in the address */

/* The disk's registers, with its BARs where they are at first, see virtio.c */
#define BARS		0xc0000000UL
#define BARS_SIZE	0x2000
#define MSIX_FLAGS	0x86
#define CONFIG_VECTOR	0x10
#define STATUS		0x14
#define STATUS_ALL	0x0f
#define FEATURES_SELECT	0x08
#define FEATURES	0x0c
#define QUEUE_ENABLE	0x1c
#define QUEUE		0x20		/* three addresses */
#define NOTIFY		0x800
#define MSIX_TABLE	0x1000
#define MSIX_CONTROL	12

/* Two pages for each part of the queue */
static uint8_t rings[3][8192] __attribute__((aligned(4096)));
static uint64_t state = 88172645463325252UL;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void out(uint16_t port, unsigned int size, uint32_t value)
{
	if (size == 1)
		__asm__ volatile("outb %b0, %1" : : "a"(value), "Nd"(port));
	else if (size == 2)
		__asm__ volatile("outw %w0, %1" : : "a"(value), "Nd"(port));
	else
		__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static void in(uint16_t port, unsigned int size)
{
	uint32_t value;

	if (size == 1)
		__asm__ volatile("inb %1, %b0" : "=a"(value) : "Nd"(port));
	else if (size == 2)
		__asm__ volatile("inw %1, %w0" : "=a"(value) : "Nd"(port));
	else
		__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
}

static void store(uint64_t address, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		*(volatile uint8_t *)address = value;
		break;
	case 2:
		*(volatile uint16_t *)address = value;
		break;
	case 4:
		*(volatile uint32_t *)address = value;
		break;
	default:
		*(volatile uint64_t *)address = value;
	}
}

static void config_write(unsigned int reg, unsigned int size, uint32_t value)
{
	out(PCI_ADDRESS, 4, PCI_ENABLE | DISK | (reg & 0xfc));
	out(PCI_DATA + (reg & 3), size, value);
}

/* Timer, clock, UART (nothing it would send), PCI; not what ends the run */
static void meddle_with_ports(void)
{
	static const uint16_t ports[] = {
		0x40, 0x41, 0x42, 0x43, 0x61, 0x70, 0x71, 0x3f9, 0x3fa, 0x3fb,
		0x3fc, 0x3fd, 0x3fe, 0x3ff, 0x400, 0x402, 0xcf8, 0xcfc, 0xcfe,
	};
	uint16_t port = ports[next() % ARRAY_SIZE(ports)];
	unsigned int size = 1U << next() % 3;

	if (next() % 2 || (port < RESET_PORT && port + size > RESET_PORT))
		in(port, size);
	else
		out(port, size, next());
}

static void meddle_with_config(void)
{
	unsigned int size = 1U << next() % 3;

	config_write(next() % 256 & -size, size, next());
}

static void meddle_with_registers(void)
{
	unsigned int size = 1U << next() % 4;

	store(BARS + (next() % BARS_SIZE & -(uint64_t)size), size, next());
}

/* As a driver would, but for what is in the rings */
static void offer_garbage(void)
{
	uint8_t *all = &rings[0][0];
	unsigned int i;

	for (i = 0; i < sizeof(rings); i += 8)
		*(uint64_t *)(all + i) = next() & next() & next();
	config_write(PCI_COMMAND, 2, 6);
	config_write(PCI_BAR0, 4, BARS);
	config_write(PCI_BAR0 + 4, 4, BARS + 0x1000);
	config_write(MSIX_FLAGS, 2, 0x8000);
	store(BARS + STATUS, 1, 0);
	store(BARS + FEATURES_SELECT, 4, 1);
	store(BARS + FEATURES, 4, 1);		/* VIRTIO_F_VERSION_1 */
	for (i = 0; i < 3; i++) {
		/* Sometimes not memory at all */
		store(BARS + QUEUE + 8 * i, 8, next() % 8 ? (uint64_t)rings[i] :
		      next());
	}
	/* To be told that the queue is broken; interrupts are off */
	store(BARS + MSIX_TABLE, 8, next() % 2 ? 0xfee00000 : next());
	store(BARS + MSIX_TABLE + MSIX_CONTROL, 4, 0);
	store(BARS + CONFIG_VECTOR, 2, 0);
	store(BARS + QUEUE_ENABLE, 2, 1);
	store(BARS + STATUS, 1, STATUS_ALL);
	store(BARS + NOTIFY, 2, 0);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!(i % 64))
			offer_garbage();
		else if (next() % 4)
			meddle_with_registers();
		else if (next() % 2)
			meddle_with_config();
		else
			meddle_with_ports();
	}
	return 0;
}
