// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * CPUID as ACRN answers it.
 */
#include "hv.h"

#define LEAF_SIGNATURE	0x40000000U
#define LEAF_FEATURES	0x40000001U
#define LEAF_TIMING	0x40000010U
#define LEAF_HYPERVISOR_END 0x4fffffffU
#define PRIVILEGED_VM	BIT(0)
#define SIGNATURE_PART	0x4e524341U	/* "ACRN", three times */

/* Leaf 1, ECX */
#define F1C_MONITOR	BIT(3)
#define F1C_X2APIC	BIT(21)
#define F1C_TSC_DEADLINE BIT(24)
#define F1C_OSXSAVE	BIT(27)
#define F1C_HYPERVISOR	BIT(31)
#define F7C_OSPKE	BIT(4)		/* leaf 7, ECX */
#define F8C_SVM		BIT(2)		/* leaf 0x80000001, ECX */

struct leaf {
	u32 a, b, c, d;
};

struct cpuid_view cpuid_view;	/* the Service VM's; the control channel sets it */

static void hypervisor_leaf(u32 number, bool signature, bool privileged, struct leaf *l)
{
	*l = (struct leaf){ 0 };
	if (!signature)
		return;
	if (number == LEAF_SIGNATURE) {
		l->a = LEAF_TIMING;
		l->b = SIGNATURE_PART;
		l->c = SIGNATURE_PART;
		l->d = SIGNATURE_PART;
	} else if (number == LEAF_FEATURES) {
		l->a = privileged ? PRIVILEGED_VM : 0;
	} else if (number == LEAF_TIMING) {
		l->a = tsc_khz;
	}
}

/*
 * The CPU shows the host's OSXSAVE and OSPKE here; they follow the guest's CR4.
 * SVM is not for guests, and the local APICs are used in xAPIC mode.
 */
static void real_leaf(u32 number, u32 sub, u64 cr4, struct leaf *l)
{
	l->a = number;
	l->c = sub;
	cpuid(&l->a, &l->b, &l->c, &l->d);
	if (number == 1) {
		l->c &= ~(F1C_OSXSAVE | F1C_X2APIC);
		l->c |= F1C_HYPERVISOR;
		if (cr4 & CR4_OSXSAVE)
			l->c |= F1C_OSXSAVE;
	} else if (number == 7 && !sub) {
		l->c &= ~F7C_OSPKE;
		if (cr4 & CR4_PKE)
			l->c |= F7C_OSPKE;
	} else if (number == 0x80000001U) {
		l->c &= ~F8C_SVM;
	} else if (number == 0x8000000aU) {
		*l = (struct leaf){ 0 };
	}
}

static void answer(struct vmcb *vmcb, struct gregs *regs, const struct leaf *l)
{
	vmcb->rax = l->a;
	regs->rbx = l->b;
	regs->rcx = l->c;
	regs->rdx = l->d;
	vmcb->rip += 2;
}

/**
 * cpuid_service() - CPUID in the Service VM
 * @vmcb: its CPU
 * @regs: its registers
 */
void cpuid_service(struct vmcb *vmcb, struct gregs *regs)
{
	u32 number = vmcb->rax;
	struct leaf l;

	if (number >= LEAF_SIGNATURE && number <= LEAF_HYPERVISOR_END)
		hypervisor_leaf(number, READ_ONCE(cpuid_view.signature),
				READ_ONCE(cpuid_view.privileged), &l);
	else
		real_leaf(number, regs->rcx, vmcb->cr4, &l);
	answer(vmcb, regs, &l);
}

/**
 * cpuid_user() - CPUID in a User VM
 * @vcpu: the vCPU
 */
void cpuid_user(struct vcpu *vcpu)
{
	u32 number = vcpu->vmcb.rax;
	struct leaf l;

	if (number >= LEAF_SIGNATURE && number <= LEAF_HYPERVISOR_END)
		hypervisor_leaf(number, true, false, &l);
	else
		real_leaf(number, vcpu->regs.rcx, vcpu->vmcb.cr4, &l);
	if (number == 1) {
		l.b = (l.b & 0xff00) | vcpu->id << 24 | TESTBED_MAX_VCPUS << 16;
		l.c &= ~(F1C_MONITOR | F1C_TSC_DEADLINE);
	} else if (number == 0xb || number == 0x1f) {
		l = (struct leaf){ 0 };
	}
	answer(&vcpu->vmcb, &vcpu->regs, &l);
}
