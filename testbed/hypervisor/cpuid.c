// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * CPUID as ACRN answers it.
 */
#include "svm.h"
#include "cpu.h"
#include "vms.h"
#include "cpuid.h"

#define LEAF_SIGNATURE	0x40000000U
#define LEAF_FEATURES	0x40000001U
#define LEAF_TIMING	0x40000010U
#define LEAF_HYPERVISOR_END 0x4fffffffU
#define PRIVILEGED_VM	BIT(0)
#define SIGNATURE_PART	0x4e524341U	/* "ACRN", three times */

/*
 * The CPU that User VMs see, an Apollo Lake as on the boards that ACRN began with.
 * Of Intel's only Linux takes the frequencies from CPUID and so needs no PIT, and
 * of this one it trusts the TSC.
 */
#define USER_LEAVES	0x16
#define USER_MODEL	0x506c9U	/* family 6, model 0x5c */
#define TOPOLOGY_SMT	1
#define TOPOLOGY_CORE	2
#define CORE_SHIFT	4
#define CRYSTAL_UNIT	1000U		/* the ratio's denominator */

/* Leaf 1, ECX: what is left out.  EDX: MCE, SEP, MTRR, MCA, DS, ACPI, TM */
#define F1C_MONITOR	BIT(3)
#define F1C_PDCM	BIT(15)
#define F1D_LEFT_OUT	(BIT(7) | BIT(11) | BIT(12) | BIT(14) | BIT(21) | BIT(22) | BIT(29))
#define F1C_X2APIC	BIT(21)
#define F1C_TSC_DEADLINE BIT(24)
#define F1C_OSXSAVE	BIT(27)
#define F1C_HYPERVISOR	BIT(31)
#define F6A_ARAT	BIT(2)		/* leaf 6, EAX */
#define F7B_TSC_ADJUST	BIT(1)		/* leaf 7, EBX */
#define F7C_OSPKE	BIT(4)		/* leaf 7, ECX */
#define F7C_LA57	BIT(16)
#define F7D_ARCH_CAPABILITIES BIT(29)	/* leaf 7, EDX */
#define F8C_SVM		BIT(2)		/* leaf 0x80000001, ECX */
#define F87D_INVARIANT_TSC BIT(8)	/* leaf 0x80000007, EDX */

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

/* APIC ids: no threads, and all cores in one package */
static struct leaf topology(const struct vcpu *vcpu, u32 sub)
{
	if (!sub)
		return (struct leaf){ 0, 1, TOPOLOGY_SMT << 8, vcpu->id };
	if (sub == 1)
		return (struct leaf){ CORE_SHIFT, vcpu->vm->vcpu_count,
				      TOPOLOGY_CORE << 8 | 1, vcpu->id };
	return (struct leaf){ 0, 0, sub & 0xff, vcpu->id };
}

static void user_leaf(const struct vcpu *vcpu, u32 number, u32 sub, struct leaf *l)
{
	real_leaf(number, sub, vcpu->vmcb.cr4, l);
	switch (number) {
	case 0:
		*l = (struct leaf){ USER_LEAVES, 0x756e6547, 0x6c65746e, 0x49656e69 };
		break;
	case 1:
		l->a = USER_MODEL;
		l->b = (l->b & 0xff00) | vcpu->id << 24 | vcpu_limit << 16;
		l->c &= ~(F1C_MONITOR | F1C_PDCM);
		l->c |= F1C_X2APIC | F1C_TSC_DEADLINE;
		l->d &= ~F1D_LEFT_OUT;
		break;
	case 6:
		*l = (struct leaf){ .a = F6A_ARAT };
		break;
	case 7:
		if (!sub) {
			l->b &= ~F7B_TSC_ADJUST;
			l->c &= ~F7C_LA57;
			l->d |= F7D_ARCH_CAPABILITIES;
		}
		break;
	case 5:		/* MONITOR */
	case 0xa:	/* performance counters */
		*l = (struct leaf){ 0 };
		break;
	case 0xb:
		*l = topology(vcpu, sub);
		break;
	case 0x15:
		*l = (struct leaf){ CRYSTAL_UNIT, tsc_khz / (CRYSTAL_KHZ / CRYSTAL_UNIT),
				    CRYSTAL_KHZ * 1000, 0 };
		break;
	case 0x16:
		*l = (struct leaf){ tsc_khz / 1000, tsc_khz / 1000, CRYSTAL_KHZ / 1000, 0 };
		break;
	case 0x80000007U:
		l->d |= F87D_INVARIANT_TSC;
		break;
	}
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
		user_leaf(vcpu, number, vcpu->regs.rcx, &l);
	answer(&vcpu->vmcb, &vcpu->regs, &l);
}
