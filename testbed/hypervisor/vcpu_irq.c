// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How interrupts and exceptions get into a guest: with the next entry if it can
 * take them, else by an exit as soon as it can.
 */
#include "svm.h"
#include "vapic.h"
#include "vms.h"
#include "vcpu.h"

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

/*
 * An interrupt comes in as a virtual one, or else the guest exits when it can take
 * one.  It never comes by event_inj: QEMU 7.2 delivers an event of that type at
 * once, but remembers it as an exception to come, and so now and then delivers it
 * again, at the first instruction of its handler.
 */
static void arm(struct vcpu *vcpu, bool more)
{
	struct vmcb *v = &vcpu->vmcb;

	v->int_ctl &= ~(V_IRQ | V_IGN_TPR);
	v->intercept_misc1 &= ~INTERCEPT_VINTR;
	if (vcpu->incoming)
		v->int_vector = vcpu->incoming & ~IRQ_INCOMING;
	else if (more)
		v->intercept_misc1 |= INTERCEPT_VINTR;
	else
		return;
	v->int_ctl |= V_IRQ | V_IGN_TPR;
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
	} else if (!vcpu->incoming && can_interrupt(v) && pending_locked(vcpu)) {
		vcpu->incoming = IRQ_INCOMING | take_locked(vcpu);
	}
	more = pending_locked(vcpu);
	spin_unlock(&vcpu->vm->irq_lock);
	arm(vcpu, more);
	vcpu->irq_waits = vcpu->incoming && more;
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
	       (can_interrupt(&vcpu->vmcb) && (vcpu->incoming || pending_locked(vcpu)));
	spin_unlock(&vcpu->vm->irq_lock);
	return work;
}

/**
 * vcpu_see_event() - what became of the event that the guest was to take?
 * @vcpu: the vCPU, at an exit
 *
 * An interrupt that was not taken yet stays with the vCPU; so does an event whose
 * delivery was broken off by the exit.  QEMU 7.2 shows an interrupt of that sort as
 * an exception, and as still to come.
 */
void vcpu_see_event(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	u32 event = v->exit_int_info;
	bool taken = !(v->int_ctl & V_IRQ);

	if (taken)
		vcpu->incoming = 0;
	if (!(event & EVENT_VALID))
		return;
	if ((event & EVENT_TYPE) == EVENT_INTERRUPT) {
		vcpu->incoming = IRQ_INCOMING | (event & EVENT_VECTOR);
	} else if (taken || (event & EVENT_TYPE) == EVENT_NMI || !can_interrupt(v) ||
		   vcpu->incoming != (IRQ_INCOMING | (event & EVENT_VECTOR))) {
		v->event_inj = event;
		v->event_inj_error = v->exit_int_info >> 32;
	}
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
 * vcpu_event_waits() - is there an event that the next exit has to let in?
 * @vcpu: the vCPU
 *
 * The guest may have no reason of its own to exit.
 *
 * Return: true if so.
 */
bool vcpu_event_waits(const struct vcpu *vcpu)
{
	return vcpu->irq_waits || (vcpu->nmi == NMI_LEAVING && READ_ONCE(vcpu->lapic.nmi));
}
