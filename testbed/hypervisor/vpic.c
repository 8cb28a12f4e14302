// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The pair of 8259 interrupt controllers of a User VM.  Its output goes to LINT0
 * of the first vCPU.  Line 0 has the highest priority, always.
 */
#include "vapic.h"
#include "vms.h"

#define MASTER		0x20U
#define SLAVE		0xa0U
#define ELCR		0x4d0U
#define CASCADE		2U	/* the slave's line of the master */

#define ICW1		BIT(4)	/* in a command: it is ICW1 */
#define ICW1_WITH_ICW4	BIT(0)
#define ICW4_AUTO_EOI	BIT(1)
#define OCW3		BIT(3)	/* in a command: OCW3, not OCW2 */
#define OCW3_READ_IRR	2
#define OCW3_READ_ISR	3
#define OCW2_EOI	BIT(5)
#define OCW2_SPECIFIC	BIT(6)
#define NEVER_LEVEL	0x07	/* of the master: timer, keyboard, cascade */
#define SPURIOUS	7

/**
 * vpic_reset_locked() - as after power-on
 * @vm: the VM
 *
 * The lines are the devices', and stay as they are.
 */
void vpic_reset_locked(struct vm *vm)
{
	struct pic_chip *chip = vm->pic.chip;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(vm->pic.chip); i++)
		chip[i] = (struct pic_chip){ .imr = 0xff, .lines = chip[i].lines };
}

/* The line that is to be served next, or -1 */
static s32 next(const struct pic_chip *chip, u8 irr)
{
	u32 ready = irr & ~chip->imr;

	if (!ready)
		return -1;
	/* One of higher priority than all that are being served */
	ready &= -ready;
	return chip->isr && (chip->isr & -chip->isr) <= ready ? -1 : __builtin_ctz(ready);
}

static u8 master_irr(const struct vpic *pic)
{
	u8 cascade = next(&pic->chip[1], pic->chip[1].irr) >= 0 ? 1 << CASCADE : 0;

	return (pic->chip[0].irr & ~(1 << CASCADE)) | cascade;
}

/**
 * vpic_pending_locked() - is the pair's output active?
 * @vm: the VM
 *
 * Return: true if so.
 */
bool vpic_pending_locked(const struct vm *vm)
{
	return next(&vm->pic.chip[0], master_irr(&vm->pic)) >= 0;
}

static void wake(struct vm *vm, const struct vcpu *from)
{
	if (vm->vcpu_count && vpic_pending_locked(vm))
		vlapic_wake_locked(&vm->vcpus[0], from);
}

static u32 acknowledge(struct pic_chip *chip, u8 irr)
{
	s32 line = next(chip, irr);

	if (line < 0)
		return chip->base + SPURIOUS;
	if (!chip->auto_eoi)
		chip->isr |= 1 << line;
	if (!(chip->level >> line & 1))
		chip->irr &= ~(1 << line);
	return chip->base + line;
}

/**
 * vpic_acknowledge_locked() - the first vCPU takes what is pending
 * @vm: the VM
 *
 * Return: its vector.
 */
u32 vpic_acknowledge_locked(struct vm *vm)
{
	struct pic_chip *chip = vm->pic.chip;
	u32 vector = acknowledge(&chip[0], master_irr(&vm->pic));

	if (vector == chip[0].base + CASCADE)
		vector = acknowledge(&chip[1], chip[1].irr);
	return vector;
}

/**
 * vpic_set_line_locked() - an input line changes, or stays as it is
 * @vm: the VM
 * @line: which, 0 to 15
 * @high: its state
 */
void vpic_set_line_locked(struct vm *vm, u32 line, bool high)
{
	struct pic_chip *chip = &vm->pic.chip[line / 8 % 2];
	u8 bit = 1 << line % 8;

	if (high && ((chip->level & bit) || !(chip->lines & bit)))
		chip->irr |= bit;
	else if (!high && (chip->level & bit))
		chip->irr &= ~bit;
	chip->lines = high ? chip->lines | bit : chip->lines & ~bit;
	wake(vm, NULL);
}

static void end_of_interrupt(struct pic_chip *chip, u8 command)
{
	if (command & OCW2_SPECIFIC)
		chip->isr &= ~(1 << (command & 7));
	else
		chip->isr &= chip->isr - 1;
}

static void write_command(struct pic_chip *chip, u8 value)
{
	if (value & ICW1) {
		chip->imr = 0;
		chip->isr = 0;
		chip->irr = chip->lines & chip->level;
		chip->auto_eoi = false;
		chip->read_isr = false;
		chip->wants_icw4 = value & ICW1_WITH_ICW4;
		chip->icw = 2;
	} else if (value & OCW3) {
		if ((value & 3) == OCW3_READ_IRR || (value & 3) == OCW3_READ_ISR)
			chip->read_isr = (value & 3) == OCW3_READ_ISR;
	} else if (value & OCW2_EOI) {
		end_of_interrupt(chip, value);
	}
}

static void write_data(struct pic_chip *chip, u8 value)
{
	switch (chip->icw) {
	case 2:
		chip->base = value & 0xf8;
		chip->icw = 3;
		break;
	case 3:
		chip->icw = chip->wants_icw4 ? 4 : 0;
		break;
	case 4:
		chip->auto_eoi = value & ICW4_AUTO_EOI;
		chip->icw = 0;
		break;
	default:
		chip->imr = value;
	}
}

/**
 * vpic_owns() - is this a port of the pair?
 * @port: the port
 *
 * Return: true if so.
 */
bool vpic_owns(u32 port)
{
	port &= ~1U;
	return port == MASTER || port == SLAVE || port == ELCR;
}

/**
 * vpic_access() - a vCPU reads or writes a register
 * @vcpu: the vCPU
 * @port: the register
 * @in: it reads
 * @value: what it writes
 *
 * Return: what it reads.
 */
u32 vpic_access(struct vcpu *vcpu, u32 port, bool in, u32 value)
{
	struct vm *vm = vcpu->vm;
	bool second = (port & ~1U) == ELCR ? port & 1 : (port & ~1U) == SLAVE;
	struct pic_chip *chip = &vm->pic.chip[second];

	spin_lock(&vm->irq_lock);
	if ((port & ~1U) == ELCR) {
		if (!in)
			chip->level = second ? value : value & ~NEVER_LEVEL;
		value = chip->level;
	} else if (in) {
		value = port & 1 ? chip->imr : chip->read_isr ? chip->isr : chip->irr;
	} else if (port & 1) {
		write_data(chip, value);
	} else {
		write_command(chip, value);
	}
	wake(vm, vcpu);
	spin_unlock(&vm->irq_lock);
	return value;
}
