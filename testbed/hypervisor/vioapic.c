// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The I/O APIC of a User VM.
 */
#include "cpu.h"
#include "vapic.h"
#include "vms.h"

#define BASE		0xfec00000UL
#define REG_SELECT	0x00
#define REG_WINDOW	0x10

#define INDEX_ID	0
#define INDEX_VERSION	1
#define INDEX_ARBITRATION 2
#define INDEX_PINS	0x10

#define VERSION		(0x11 | (IOAPIC_PINS - 1) << 16)

/* A redirection entry */
#define PIN_MODE(pin)	((pin) >> 8 & 7)
#define PIN_LOGICAL	BIT(11)
#define PIN_LOW_ACTIVE	BIT(13)
#define PIN_REMOTE_IRR	BIT(14)
#define PIN_LEVEL	BIT(15)
#define PIN_MASKED	BIT(16)
#define PIN_DEST(pin)	((pin) >> 56)
#define PIN_READ_ONLY	(BIT(12) | PIN_REMOTE_IRR)

/**
 * vioapic_reset_locked() - all pins masked
 * @vm: the VM
 *
 * The lines are the devices', and stay as they are.
 */
void vioapic_reset_locked(struct vm *vm)
{
	u32 i;

	vm->ioapic = (struct vioapic) {
		.lines = vm->ioapic.lines,
		.passed = vm->ioapic.passed,
		.served = vm->ioapic.served,
	};
	for (i = 0; i < IOAPIC_PINS; i++)
		vm->ioapic.pin[i] = PIN_MASKED;
}

static bool is_active(const struct vioapic *io, u32 pin)
{
	bool low = io->pin[pin] & PIN_LOW_ACTIVE && !(io->passed >> pin & 1);

	return (io->lines >> pin & 1) != low;
}

static void fire(struct vm *vm, u32 n, const struct vcpu *from)
{
	u64 *pin = &vm->ioapic.pin[n];

	if (*pin & PIN_MASKED)
		return;
	if (*pin & PIN_LEVEL) {
		if (*pin & PIN_REMOTE_IRR)
			return;
		*pin |= PIN_REMOTE_IRR;
	}
	irq_deliver_locked(vm, &(struct irq_message) {
		.from = from,
		.dest = PIN_DEST(*pin),
		.logical = *pin & PIN_LOGICAL,
		.mode = PIN_MODE(*pin),
		.vector = *pin,
		.level = *pin & PIN_LEVEL,
	});
}

/**
 * vioapic_set_line_locked() - an input line changes, or stays as it is
 * @vm: the VM
 * @pin: which
 * @high: its state
 */
void vioapic_set_line_locked(struct vm *vm, u32 pin, bool high)
{
	struct vioapic *io = &vm->ioapic;
	bool was;

	if (pin >= IOAPIC_PINS)
		return;
	was = is_active(io, pin);
	io->lines &= ~(1U << pin);
	io->lines |= (u32)high << pin;
	if (!was && is_active(io, pin))
		fire(vm, pin, NULL);
}

/**
 * vioapic_pass_locked() - a line is that of a device that the VM was given, or no longer
 * @vm: the VM
 * @pin: which, below IOAPIC_PINS
 * @on: or the opposite
 */
void vioapic_pass_locked(struct vm *vm, u32 pin, bool on)
{
	struct vioapic *io = &vm->ioapic;

	io->lines &= ~(1U << pin);
	io->served &= ~(1U << pin);
	io->passed &= ~(1U << pin);
	io->passed |= (u32)on << pin;
}

/* A device that still asks says so when CPU 0 listens to it again, see intx.c. */
static void serve_passed(struct vioapic *io, u32 pin)
{
	if (!(io->passed & io->lines & 1U << pin))
		return;
	io->lines &= ~(1U << pin);
	io->served |= 1U << pin;
	kick_cpu(&cpus[0]);
}

/**
 * vioapic_eoi_locked() - a level-triggered interrupt has been served
 * @vm: the VM
 * @vector: its vector
 * @from: by this vCPU
 */
void vioapic_eoi_locked(struct vm *vm, u32 vector, const struct vcpu *from)
{
	struct vioapic *io = &vm->ioapic;
	u32 i;

	for (i = 0; i < IOAPIC_PINS; i++) {
		if (!(io->pin[i] & PIN_LEVEL) || (io->pin[i] & 0xff) != vector)
			continue;
		io->pin[i] &= ~PIN_REMOTE_IRR;
		serve_passed(io, i);
		if (is_active(io, i))
			fire(vm, i, from);
	}
}

static u32 read_window(const struct vioapic *io)
{
	u32 n = io->select - INDEX_PINS;

	switch (io->select) {
	case INDEX_ID:
	case INDEX_ARBITRATION:
		return io->id;
	case INDEX_VERSION:
		return VERSION;
	}
	return n < 2 * IOAPIC_PINS ? io->pin[n / 2] >> 32 * (n % 2) : 0;
}

static void write_window(struct vcpu *vcpu, u32 value)
{
	struct vioapic *io = &vcpu->vm->ioapic;
	u32 n = io->select - INDEX_PINS;
	u64 *pin = &io->pin[n / 2 % IOAPIC_PINS];

	if (io->select == INDEX_ID)
		io->id = value & 0x0f000000;
	if (n >= 2 * IOAPIC_PINS)
		return;
	if (n % 2) {
		*pin = (u32)*pin | (u64)value << 32;
		return;
	}
	*pin = (*pin & (~0UL << 32 | PIN_READ_ONLY)) | (value & ~PIN_READ_ONLY);
	if (!(*pin & PIN_LEVEL))
		*pin &= ~PIN_REMOTE_IRR;
	else if (is_active(io, n / 2))
		fire(vcpu->vm, n / 2, vcpu);
}

/**
 * vioapic_owns() - is this an address of the I/O APIC?
 * @gpa: the address
 *
 * Return: true if so.
 */
bool vioapic_owns(u64 gpa)
{
	return (gpa & PAGE_MASK) == BASE;
}

/**
 * vioapic_access() - a vCPU reads or writes a register
 * @vcpu: the vCPU
 * @gpa: the register's address
 * @in: it reads
 * @value: what it writes
 *
 * Return: what it reads.
 */
u32 vioapic_access(struct vcpu *vcpu, u64 gpa, bool in, u32 value)
{
	struct vioapic *io = &vcpu->vm->ioapic;
	u32 reg = gpa & 0xff;

	spin_lock(&vcpu->vm->irq_lock);
	if (in)
		value = reg == REG_SELECT ? io->select : reg == REG_WINDOW ? read_window(io) : 0;
	else if (reg == REG_SELECT)
		io->select = value & 0xff;
	else if (reg == REG_WINDOW)
		write_window(vcpu, value);
	spin_unlock(&vcpu->vm->irq_lock);
	return value;
}
