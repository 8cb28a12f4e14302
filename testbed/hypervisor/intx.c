// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Interrupt lines of devices that User VMs were given.
 *
 * CPU 0, which no guest has, takes them through the PIC: Linux has that masked since it
 * has the I/O APIC, which is the Service VM's.  A line is masked from when it asks for an
 * interrupt until the guest has served that, so a device that never ceases to ask costs
 * its own guest time, and nobody else.
 *
 * Who else has a device on the same line gets its interrupts, too: the Service VM through
 * the I/O APIC.  What is here is under hv_lock.
 */
#include "cpu.h"
#include "vapic.h"
#include "vms.h"
#include "intx.h"

#define PIC_COMMAND(line)	((line) < 8 ? 0x20 : 0xa0)
#define PIC_MASK(line)		((line) < 8 ? 0x21 : 0xa1)
#define PIC_INIT		0x11	/* three more words follow */
#define PIC_8086		0x01	/* and it waits for the EOI */
#define PIC_READ_SERVED		0x0b
#define PIC_EOI(line)		(0x60 | ((line) & 7))	/* of this line only */
#define CASCADE			2	/* line of the first PIC at which the second one is */
#define PIC_VECTORS		0x30	/* any: what comes is asked of the PICs */

/**
 * struct line - a line that some devices share
 * @vm: to which VM it goes, or NULL
 * @pins: pins of the VM's I/O APIC that follow it
 * @heard: how often CPU 0 took it
 */
static struct line {
	struct vm *vm;
	u32 pins;
	u64 heard;
} lines[PIC_LINES];

/* A line was passed on.  Before, the PICs are none of our business. */
static bool used;

static void init_pic(u32 first, u8 cascade)
{
	outb(PIC_COMMAND(first), PIC_INIT);
	outb(PIC_MASK(first), PIC_VECTORS + first);
	outb(PIC_MASK(first), cascade);
	outb(PIC_MASK(first), PIC_8086);
	outb(PIC_MASK(first), 0xff);
}

/* Linux has left them so that they forget what they have told a CPU of. */
static void begin_use(void)
{
	init_pic(0, 1U << CASCADE);
	init_pic(8, CASCADE);
	WRITE_ONCE(used, true);
}

static void mask(u32 line, bool on)
{
	u8 bits = inb(PIC_MASK(line)) & ~(1U << (line & 7));

	outb(PIC_MASK(line), bits | on << (line & 7));
}

/**
 * intx_init() - the firmware's interrupts are over
 *
 * Before CPU 0 stops hearing the PICs: QEMU 7.2 would hold on to what they have told it.
 */
void intx_init(void)
{
	outb(PIC_MASK(0), 0xff);
	outb(PIC_MASK(8), 0xff);
}

/**
 * intx_pass() - pass a line on to a VM
 * @vm: the VM
 * @line: of the PIC; one that it does not have is not passed on
 * @pin: of the VM's I/O APIC
 */
void intx_pass(struct vm *vm, u32 line, u32 pin)
{
	if (line >= PIC_LINES || line == CASCADE || pin >= IOAPIC_PINS)
		return;
	if (!used)
		begin_use();
	lines[line].vm = vm;
	lines[line].pins |= 1U << pin;
	spin_lock(&vm->irq_lock);
	vioapic_pass_locked(vm, pin, true);
	spin_unlock(&vm->irq_lock);
	/* Linux does without the PICs, the way from the second to the first included. */
	mask(CASCADE, false);
	mask(line, false);
	kick_cpu(&cpus[0]);
}

/**
 * intx_stop() - no longer do so
 * @vm: the VM
 * @line: the line
 * @pin: the pin
 */
void intx_stop(struct vm *vm, u32 line, u32 pin)
{
	if (line >= PIC_LINES || lines[line].vm != vm || pin >= IOAPIC_PINS ||
	    !(lines[line].pins & 1U << pin))
		return;
	lines[line].pins &= ~(1U << pin);
	spin_lock(&vm->irq_lock);
	vioapic_pass_locked(vm, pin, false);
	spin_unlock(&vm->irq_lock);
	if (lines[line].pins)
		return;
	lines[line].vm = NULL;
	mask(line, true);
}

static void set_pins(const struct line *l)
{
	u32 pin;

	if (!l->vm)
		return;
	spin_lock(&l->vm->irq_lock);
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		if (l->pins & 1U << pin)
			vioapic_set_line_locked(l->vm, pin, true);
	spin_unlock(&l->vm->irq_lock);
}

/* What the PICs have told this CPU of, and nobody has told them that it was heard */
static void take(u32 first)
{
	u8 served;
	u32 i;

	outb(PIC_COMMAND(first), PIC_READ_SERVED);
	served = inb(PIC_COMMAND(first));
	for (i = first; i < first + 8; i++) {
		if (!(served & 1U << (i - first)))
			continue;
		if (i != CASCADE)
			mask(i, true);
		outb(PIC_COMMAND(i), PIC_EOI(i));
		lines[i].heard++;
		set_pins(&lines[i]);
	}
}

static u32 served_pins(struct vm *vm)
{
	u32 pins;

	spin_lock(&vm->irq_lock);
	pins = vm->ioapic.served;
	vm->ioapic.served = 0;
	spin_unlock(&vm->irq_lock);
	return pins;
}

/* A device that asks still, or again, is heard now. */
static void unmask_served(void)
{
	u32 i, line, pins;

	for (i = 0; i < TESTBED_MAX_VMS; i++) {
		pins = served_pins(&vms[i]);
		for (line = 0; pins && line < PIC_LINES; line++)
			if (lines[line].vm == &vms[i] && lines[line].pins & pins)
				mask(line, false);
	}
}

/**
 * intx_heard() - how often a line asked for an interrupt, and was heard
 * @line: of the PIC
 * @times: set to that, since boot
 *
 * Return: false if there is no such line.
 */
bool intx_heard(u64 line, u64 *times)
{
	if (line >= PIC_LINES)
		return false;
	*times = lines[line].heard;
	return true;
}

/**
 * intx_used() - is there anything to be done here?
 *
 * Return: true if so.  Without hv_lock.
 */
bool intx_used(void)
{
	return READ_ONCE(used);
}

/**
 * intx_take() - pass on what came, and hear of more where that was served
 *
 * On CPU 0.
 */
void intx_take(void)
{
	if (!used)
		return;
	take(8);
	take(0);
	unmask_served();
	lapic_hear_pics();
}
