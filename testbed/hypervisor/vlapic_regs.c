// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The registers of a vCPU's local APIC, in xAPIC and x2APIC mode.
 */
#include "svm.h"
#include "vapic.h"
#include "vms.h"

#define BASE_ADDRESS	0xfee00000UL

#define REG_ID		0x02
#define REG_VERSION	0x03
#define REG_TPR		0x08
#define REG_PPR		0x0a
#define REG_EOI		0x0b
#define REG_LDR		0x0d
#define REG_DFR		0x0e
#define REG_SVR		0x0f
#define REG_ISR		0x10
#define REG_TMR		0x18
#define REG_IRR		0x20
#define REG_ESR		0x28
#define REG_ICR_LOW	0x30
#define REG_ICR_HIGH	0x31
#define REG_LVT		0x32	/* to 0x37 */
#define REG_INITIAL	0x38
#define REG_CURRENT	0x39
#define REG_DIVIDE	0x3e
#define REG_SELF_IPI	0x3f	/* x2APIC only */

#define MSR_X2APIC	0x800U
#define MSR_X2APIC_END	0x8ffU
#define MSR_TSC_DEADLINE 0x6e0U

#define VERSION		0x50010		/* six LVT entries, integrated APIC; ACRN's */

#define ICR_MODE(icr)	((icr) >> 8 & 7)
#define ICR_LOGICAL	BIT(11)
#define ICR_ASSERT	BIT(14)
#define ICR_LEVEL	BIT(15)
#define ICR_SHORTHAND(icr) ((icr) >> 18 & 3)

/* What can be written to an LVT entry: vector, mode, mask, for the timer its mode */
static const u32 lvt_bits[LAPIC_LVTS] = {
	0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff,
};

static void send_command(struct vcpu *vcpu, u32 icr, u32 dest)
{
	struct irq_message msg = {
		.from = vcpu,
		.dest = dest,
		.logical = icr & ICR_LOGICAL,
		.mode = ICR_MODE(icr),
		.vector = icr,
	};
	u32 shorthand = ICR_SHORTHAND(icr), i;

	/* The old way to end an INIT; nothing listens to that today */
	if (msg.mode == IRQ_INIT && (icr & ICR_LEVEL) && !(icr & ICR_ASSERT))
		return;
	if (!shorthand) {
		irq_deliver_locked(vcpu->vm, &msg);
		return;
	}
	for (i = 0; i < vcpu->vm->vcpu_count; i++) {
		struct vcpu *to = &vcpu->vm->vcpus[i];

		/* 1: itself, 2: all, 3: all others */
		if (to == vcpu ? shorthand != 3 : shorthand != 1)
			vlapic_receive_locked(to, &msg);
	}
}

static void end_of_interrupt(struct vcpu *vcpu)
{
	u32 vector;

	if (vlapic_eoi_locked(&vcpu->lapic, &vector))
		vioapic_eoi_locked(vcpu->vm, vector, vcpu);
}

/**
 * vlapic_reset() - as after power-on
 * @vcpu: the vCPU, which does not run, or resets itself
 * @init: after an INIT: a start-up IPI that came since is kept
 */
void vlapic_reset(struct vcpu *vcpu, bool init)
{
	struct vlapic *l = &vcpu->lapic;
	u32 i, sipi;

	spin_lock(&vcpu->vm->irq_lock);
	sipi = init ? l->sipi : 0;
	memset(l, 0, offsetof(struct vlapic, taken));
	l->sipi = sipi;
	l->base = BASE_ADDRESS | BASE_ENABLE | (vcpu->id ? 0 : APIC_BASE_BSP);
	l->dfr = ~0U;
	l->svr = 0xff;
	for (i = 0; i < LAPIC_LVTS; i++)
		l->lvt[i] = LVT_MASKED;
	l->wait_sipi = vcpu->id;
	spin_unlock(&vcpu->vm->irq_lock);
}

static u32 read_reg(const struct vcpu *vcpu, u32 reg)
{
	const struct vlapic *l = &vcpu->lapic;

	switch (reg) {
	case REG_ID:
		return vlapic_is_x2apic(l) ? vcpu->id : vcpu->id << 24;
	case REG_VERSION:
		return VERSION;
	case REG_TPR:
		return l->tpr;
	case REG_PPR:
		return vlapic_priority(l);
	case REG_LDR:
		return vlapic_is_x2apic(l) ? vcpu->id >> 4 << 16 | 1U << (vcpu->id & 15) : l->ldr;
	case REG_DFR:
		return l->dfr;
	case REG_SVR:
		return l->svr;
	case REG_ISR ... REG_ISR + 7:
		return l->isr[reg - REG_ISR];
	case REG_TMR ... REG_TMR + 7:
		return l->tmr[reg - REG_TMR];
	case REG_IRR ... REG_IRR + 7:
		return l->irr[reg - REG_IRR];
	case REG_ICR_LOW:
		return l->icr_low;
	case REG_ICR_HIGH:
		return l->icr_high;
	case REG_LVT ... REG_LVT + LAPIC_LVTS - 1:
		return l->lvt[reg - REG_LVT];
	case REG_INITIAL:
		return l->initial;
	case REG_CURRENT:
		return vtimer_count_locked(vcpu);
	case REG_DIVIDE:
		return l->divide;
	}
	return 0;
}

static void write_lvt(struct vcpu *vcpu, u32 n, u32 value)
{
	struct vlapic *l = &vcpu->lapic;
	u32 was = l->lvt[n];

	l->lvt[n] = value & lvt_bits[n];
	if (!(l->svr & SVR_ENABLE))
		l->lvt[n] |= LVT_MASKED;
	if (!n)
		vtimer_mode_changed_locked(vcpu, was);
}

static void write_reg(struct vcpu *vcpu, u32 reg, u32 value)
{
	struct vlapic *l = &vcpu->lapic;
	u32 i;

	switch (reg) {
	case REG_TPR:
		l->tpr = value & 0xff;
		break;
	case REG_EOI:
		end_of_interrupt(vcpu);
		break;
	case REG_LDR:
		l->ldr = value & 0xff000000;
		break;
	case REG_DFR:
		l->dfr = value | 0x0fffffff;
		break;
	case REG_SVR:
		l->svr = value & 0x1ff;
		for (i = 0; !(value & SVR_ENABLE) && i < LAPIC_LVTS; i++)
			l->lvt[i] |= LVT_MASKED;
		break;
	case REG_ICR_LOW:
		l->icr_low = value & ~BIT(12);
		send_command(vcpu, value, vlapic_is_x2apic(l) ? l->icr_high : l->icr_high >> 24);
		break;
	case REG_ICR_HIGH:
		l->icr_high = value;
		break;
	case REG_LVT ... REG_LVT + LAPIC_LVTS - 1:
		write_lvt(vcpu, reg - REG_LVT, value);
		break;
	case REG_INITIAL:
		l->initial = value;
		vtimer_start_locked(vcpu);
		break;
	case REG_DIVIDE:
		l->divide = value & 0xb;
		break;
	}
}

/**
 * vlapic_owns() - is this an address of the local APIC?
 * @vcpu: whose
 * @gpa: the address
 *
 * Return: true if so.
 */
bool vlapic_owns(const struct vcpu *vcpu, u64 gpa)
{
	return (gpa & PAGE_MASK) == BASE_ADDRESS && !vlapic_is_x2apic(&vcpu->lapic);
}

/**
 * vlapic_access() - the guest reads or writes a register in xAPIC mode
 * @vcpu: the vCPU
 * @gpa: the register's address
 * @in: it reads
 * @value: what it writes
 *
 * Return: what it reads.
 */
u32 vlapic_access(struct vcpu *vcpu, u64 gpa, bool in, u32 value)
{
	u32 reg = gpa >> 4 & 0xff;

	spin_lock(&vcpu->vm->irq_lock);
	if (in)
		value = read_reg(vcpu, reg);
	else
		write_reg(vcpu, reg, value);
	spin_unlock(&vcpu->vm->irq_lock);
	return value;
}

/* The registers that there are in x2APIC mode, for RDMSR and for WRMSR */
static bool x2apic_has(u32 reg, bool write)
{
	switch (reg) {
	case REG_TPR:
	case REG_SVR:
	case REG_ESR:
	case REG_ICR_LOW:
	case REG_LVT ... REG_LVT + LAPIC_LVTS - 1:
	case REG_INITIAL:
	case REG_DIVIDE:
		return true;
	case REG_EOI:
	case REG_SELF_IPI:
		return write;
	case REG_ID:
	case REG_VERSION:
	case REG_PPR:
	case REG_LDR:
	case REG_ISR ... REG_IRR + 7:
	case REG_CURRENT:
		return !write;
	}
	return false;
}

/**
 * vlapic_read_msr() - RDMSR of what belongs to the local APIC
 * @vcpu: the vCPU
 * @msr: which
 * @value: what it has
 *
 * Return: false if there is no such register.
 */
bool vlapic_read_msr(struct vcpu *vcpu, u32 msr, u64 *value)
{
	struct vlapic *l = &vcpu->lapic;
	u32 reg = msr - MSR_X2APIC;
	bool found = true;

	spin_lock(&vcpu->vm->irq_lock);
	if (msr == MSR_APIC_BASE) {
		*value = l->base;
	} else if (msr == MSR_TSC_DEADLINE) {
		*value = l->period ? 0 : l->deadline;
	} else if (msr >= MSR_X2APIC && msr <= MSR_X2APIC_END && vlapic_is_x2apic(l) &&
		   x2apic_has(reg, false)) {
		*value = read_reg(vcpu, reg);
		if (reg == REG_ICR_LOW)
			*value |= (u64)l->icr_high << 32;
	} else {
		found = false;
	}
	spin_unlock(&vcpu->vm->irq_lock);
	return found;
}

/* Not legal: to x2APIC from off, from x2APIC back to xAPIC, another address */
static bool write_base(struct vlapic *l, u64 value)
{
	u64 mode = value & (BASE_ENABLE | BASE_X2APIC);

	if ((value & ~(BASE_ENABLE | BASE_X2APIC | APIC_BASE_BSP)) != BASE_ADDRESS ||
	    mode == BASE_X2APIC ||
	    (mode == BASE_ENABLE && vlapic_is_x2apic(l)) ||
	    (mode == (BASE_ENABLE | BASE_X2APIC) && !(l->base & BASE_ENABLE)))
		return false;
	l->base = BASE_ADDRESS | mode | (l->base & APIC_BASE_BSP);
	return true;
}

/**
 * vlapic_write_msr() - WRMSR to what belongs to the local APIC
 * @vcpu: the vCPU
 * @msr: which
 * @value: for it
 *
 * Return: false if there is no such register, or the value is illegal.
 */
bool vlapic_write_msr(struct vcpu *vcpu, u32 msr, u64 value)
{
	struct vlapic *l = &vcpu->lapic;
	u32 reg = msr - MSR_X2APIC;
	bool fine = true;

	spin_lock(&vcpu->vm->irq_lock);
	if (msr == MSR_APIC_BASE) {
		fine = write_base(l, value);
	} else if (msr == MSR_TSC_DEADLINE) {
		vtimer_set_deadline_locked(vcpu, value);
	} else if (msr < MSR_X2APIC || msr > MSR_X2APIC_END || !vlapic_is_x2apic(l) ||
		   !x2apic_has(reg, true)) {
		fine = false;
	} else if (reg == REG_SELF_IPI) {
		vlapic_receive_locked(vcpu, &(struct irq_message){ .from = vcpu, .vector = value });
	} else {
		if (reg == REG_ICR_LOW)
			l->icr_high = value >> 32;
		write_reg(vcpu, reg, value);
	}
	spin_unlock(&vcpu->vm->irq_lock);
	return fine;
}
