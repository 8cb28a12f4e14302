// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What a vCPU's local APIC does with interrupts: how they are requested, in which order
 * they are taken and when they are over.  Its registers are in vlapic_regs.c, its timer is
 * in vtimer.c; how interrupts get from here into the guest is in vcpu_irq.c.
 */
#include "cpu.h"
#include "vapic.h"
#include "vms.h"

#define LVT_LINT0	3
#define DFR_CLUSTER(dfr) (!((dfr) >> 28))
#define BROADCAST	0xffU
#define BROADCAST_X2	0xffffffffU

/**
 * vlapic_is_x2apic() - in which mode is a local APIC?
 * @l: the local APIC
 *
 * Return: true: its registers are MSRs.
 */
bool vlapic_is_x2apic(const struct vlapic *l)
{
	return l->base & BASE_X2APIC;
}

static bool test(const u32 *set, u32 vector)
{
	return set[vector / 32] >> vector % 32 & 1;
}

static void put(u32 *set, u32 vector, bool on)
{
	set[vector / 32] &= ~(1U << vector % 32);
	set[vector / 32] |= (u32)on << vector % 32;
}

/* The highest vector of a set; 0: none, for 0 to 15 are no vectors */
static u32 highest(const u32 *set)
{
	s32 i;

	for (i = VECTORS / 32 - 1; i >= 0; i--)
		if (set[i])
			return i * 32 + 31 - __builtin_clz(set[i]);
	return 0;
}

/**
 * vlapic_priority() - what a vector must exceed in class to be taken
 * @l: the local APIC
 *
 * Return: the processor priority.
 */
u32 vlapic_priority(const struct vlapic *l)
{
	u32 serving = highest(l->isr);

	return (l->tpr & 0xf0) >= (serving & 0xf0) ? l->tpr : serving & 0xf0;
}

/**
 * vlapic_wake_locked() - make the vCPU look at its interrupts
 * @vcpu: the vCPU
 * @from: who asks: a vCPU that is @vcpu itself looks without that
 *
 * A vCPU that does not run yet will look when it does.
 */
void vlapic_wake_locked(struct vcpu *vcpu, const struct vcpu *from)
{
	barrier_full();
	if (vcpu != from && load_acquire(vcpu->cpu->running) == vcpu)
		kick_cpu(vcpu->cpu);
}

static bool is_dest(const struct vcpu *vcpu, const struct irq_message *msg)
{
	const struct vlapic *l = &vcpu->lapic;
	u32 ldr;

	if (msg->dest == BROADCAST_X2 || (msg->dest == BROADCAST && !vlapic_is_x2apic(l)))
		return true;
	if (!msg->logical)
		return msg->dest == vcpu->id;
	if (vlapic_is_x2apic(l)) {
		ldr = vcpu->id >> 4 << 16 | 1U << (vcpu->id & 15);
		return ldr >> 16 == msg->dest >> 16 && (ldr & msg->dest & 0xffff);
	}
	ldr = l->ldr >> 24;
	if (DFR_CLUSTER(l->dfr))
		return ldr >> 4 == (msg->dest >> 4 & 15) && (ldr & msg->dest & 15);
	return ldr & msg->dest;
}

/**
 * vlapic_receive_locked() - one of those a message is for gets it
 * @vcpu: the vCPU
 * @msg: the interrupt
 */
void vlapic_receive_locked(struct vcpu *vcpu, const struct irq_message *msg)
{
	struct vlapic *l = &vcpu->lapic;

	switch (msg->mode) {
	case IRQ_FIXED:
	case IRQ_LOWEST:
		if (msg->vector < 16 || !(l->svr & SVR_ENABLE))
			return;
		put(l->irr, msg->vector, true);
		put(l->tmr, msg->vector, msg->level);
		break;
	case IRQ_NMI:
		l->nmi = true;
		break;
	case IRQ_INIT:
		if (!vcpu->id)
			return;
		l->init = true;
		l->wait_sipi = true;
		l->sipi = 0;
		break;
	case IRQ_SIPI:
		if (!l->wait_sipi)
			return;
		store_release(l->sipi, SIPI_CAME | msg->vector);
		break;
	default:
		return;
	}
	vlapic_wake_locked(vcpu, msg->from);
}

/**
 * irq_deliver_locked() - an interrupt goes to those it is for
 * @vm: the VM
 * @msg: the interrupt
 */
void irq_deliver_locked(struct vm *vm, const struct irq_message *msg)
{
	struct vcpu *best = NULL;
	u32 i;

	for (i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];

		if (!is_dest(vcpu, msg))
			continue;
		if (msg->mode != IRQ_LOWEST)
			vlapic_receive_locked(vcpu, msg);
		else if ((vcpu->lapic.svr & SVR_ENABLE) &&
			 (!best || vlapic_priority(&vcpu->lapic) < vlapic_priority(&best->lapic)))
			best = vcpu;
	}
	if (best)
		vlapic_receive_locked(best, msg);
}

/**
 * vlapic_takes_extint_locked() - does the PIC's output reach this vCPU?
 * @vcpu: the vCPU
 *
 * Return: true if so: through LINT0, or past an APIC that is switched off.
 */
bool vlapic_takes_extint_locked(const struct vcpu *vcpu)
{
	const struct vlapic *l = &vcpu->lapic;
	u32 lint0 = l->lvt[LVT_LINT0];

	if (!(l->base & BASE_ENABLE))
		return !vcpu->id;
	return !(lint0 & LVT_MASKED) && LVT_MODE(lint0) == IRQ_EXTINT;
}

/**
 * vlapic_pending_locked() - the vector that is to be taken next
 * @vcpu: the vCPU
 *
 * Return: the vector; 0: none.
 */
u32 vlapic_pending_locked(const struct vcpu *vcpu)
{
	const struct vlapic *l = &vcpu->lapic;
	u32 vector = highest(l->irr);

	if (!(l->base & BASE_ENABLE) || !(l->svr & SVR_ENABLE))
		return 0;
	return (vector & 0xf0) > (vlapic_priority(l) & 0xf0) ? vector : 0;
}

/**
 * vlapic_accept_locked() - the vCPU takes a vector
 * @vcpu: the vCPU
 * @vector: what vlapic_pending_locked() said
 */
void vlapic_accept_locked(struct vcpu *vcpu, u32 vector)
{
	put(vcpu->lapic.irr, vector, false);
	put(vcpu->lapic.isr, vector, true);
}

/**
 * vlapic_eoi_locked() - the vCPU has served its highest interrupt
 * @l: its local APIC
 * @vector: set to which that was
 *
 * Return: true if the I/O APIC wants to know of it.
 */
bool vlapic_eoi_locked(struct vlapic *l, u32 *vector)
{
	*vector = highest(l->isr);
	if (!*vector)
		return false;
	put(l->isr, *vector, false);
	return test(l->tmr, *vector);
}
