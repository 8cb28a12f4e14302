// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How interrupts and exceptions get into a guest: with the next entry if it can
 * take them, else by an exit as soon as it can.
 */
#include "hv.h"

#define NMI_VECTOR	2
#define VECTOR_GP	13

static bool can_interrupt(const struct vmcb *v)
{
	return (v->rflags & RFLAGS_IF) && !(v->int_state & INT_SHADOW);
}

static bool pending_locked(const struct vcpu *vcpu)
{
	return vlapic_pending_locked(vcpu) ||
	       (vlapic_takes_extint_locked(vcpu) && vpic_pending_locked(vcpu->vm));
}

/* The interrupt is the vCPU's from here on. */
static u32 take_locked(struct vcpu *vcpu)
{
	u32 vector;

	if (vlapic_takes_extint_locked(vcpu) && vpic_pending_locked(vcpu->vm)) {
		vector = vpic_acknowledge_locked(vcpu->vm);
	} else {
		vector = vlapic_pending_locked(vcpu);
		vlapic_accept_locked(vcpu, vector);
	}
	vcpu->lapic.taken[vector]++;
	return vector;
}

static void want_window(struct vmcb *v, bool want)
{
	if (want) {
		v->int_ctl |= V_IRQ | V_IGN_TPR;
		v->intercept_misc1 |= INTERCEPT_VINTR;
	} else {
		v->int_ctl &= ~(V_IRQ | V_IGN_TPR);
		v->intercept_misc1 &= ~INTERCEPT_VINTR;
	}
}

/**
 * vcpu_inject() - the guest takes an exception
 * @vcpu: the vCPU
 * @vector: which, one without error code or #GP with 0
 */
void vcpu_inject(struct vcpu *vcpu, u32 vector)
{
	vcpu->vmcb.event_inj = EVENT_VALID | EVENT_EXCEPTION | vector;
	vcpu->vmcb.event_inj_error = 0;
	if (vector == VECTOR_GP)
		vcpu->vmcb.event_inj |= EVENT_HAS_ERROR;
}

/**
 * vcpu_offer_interrupts() - let the next entry bring what is pending
 * @vcpu: the vCPU, about to enter its guest
 *
 * What comes after this kicks the pCPU, and so ends the stay in the guest at once.
 */
void vcpu_offer_interrupts(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	bool more;

	spin_lock(&vcpu->vm->irq_lock);
	if (v->event_inj & EVENT_VALID) {
		/* The guest is on its way into another handler. */
	} else if (vcpu->lapic.nmi && vcpu->nmi == NMI_NONE) {
		vcpu->lapic.nmi = false;
		vcpu->lapic.taken[NMI_VECTOR]++;
		vcpu->nmi = NMI_SERVED;
		v->intercept_misc1 |= INTERCEPT_IRET;
		v->event_inj = EVENT_VALID | EVENT_NMI | NMI_VECTOR;
	} else if (can_interrupt(v) && pending_locked(vcpu)) {
		v->event_inj = EVENT_VALID | EVENT_INTERRUPT | take_locked(vcpu);
	}
	more = pending_locked(vcpu);
	spin_unlock(&vcpu->vm->irq_lock);
	want_window(v, more);
}

/**
 * vcpu_has_work() - is there something that ends a halt?
 * @vcpu: the vCPU
 *
 * Return: true if so.
 */
bool vcpu_has_work(struct vcpu *vcpu)
{
	bool work;

	spin_lock(&vcpu->vm->irq_lock);
	work = (vcpu->lapic.nmi && vcpu->nmi == NMI_NONE) ||
	       (can_interrupt(&vcpu->vmcb) && pending_locked(vcpu));
	spin_unlock(&vcpu->vm->irq_lock);
	return work;
}

/**
 * vcpu_window_exit() - the guest can take an interrupt now
 * @vcpu: the vCPU
 */
void vcpu_window_exit(struct vcpu *vcpu)
{
	want_window(&vcpu->vmcb, false);
}

/**
 * vcpu_iret_exit() - the guest is about to leave its NMI handler
 * @vcpu: the vCPU
 *
 * The next NMI comes with the exit after this one at the earliest, when the IRET
 * has been executed.
 */
void vcpu_iret_exit(struct vcpu *vcpu)
{
	vcpu->vmcb.intercept_misc1 &= ~INTERCEPT_IRET;
	vcpu->nmi = NMI_LEAVING;
}

/**
 * vcpu_nmi_waits() - is there an NMI that the next exit has to let in?
 * @vcpu: the vCPU
 *
 * The guest may have no reason of its own to exit.
 *
 * Return: true if so.
 */
bool vcpu_nmi_waits(const struct vcpu *vcpu)
{
	return vcpu->nmi == NMI_LEAVING && READ_ONCE(vcpu->lapic.nmi);
}
