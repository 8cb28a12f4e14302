// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * As much of a User VM's local APIC as it takes to start its other vCPUs:
 * identity, and start-up IPIs.  The rest of the registers only remember.
 */
#include "hv.h"

#define VLAPIC_BASE	0xfee00000UL
#define REG_ID		0x020
#define REG_VERSION	0x030
#define REG_ICR_LOW	0x300
#define REG_ICR_HIGH	0x310
#define VERSION		0x50014		/* six LVT entries, integrated APIC */
#define ICR_MODE(icr)	((icr) >> 8 & 7)
#define ICR_MODE_SIPI	6
#define ICR_SHORTHAND(icr) ((icr) >> 18 & 3)
#define SHORTHAND_OTHERS 3

/**
 * vlapic_owns() - is this an address of the local APIC?
 * @gpa: the address
 *
 * Return: true if so.
 */
bool vlapic_owns(u64 gpa)
{
	return (gpa & PAGE_MASK) == VLAPIC_BASE;
}

static void startup_ipi(struct vcpu *from, u32 icr)
{
	u32 target = from->vlapic[REG_ICR_HIGH / 16] >> 24, i;
	struct vm *vm = from->vm;

	for (i = 0; i < vm->vcpu_count; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];

		if (vcpu == from)
			continue;
		if (ICR_SHORTHAND(icr) != SHORTHAND_OTHERS && i != target)
			continue;
		store_release(vcpu->sipi, SIPI_CAME | (icr & 0xff));
		kick_cpu(vcpu->cpu);
	}
}

/**
 * vlapic_access() - the guest reads or writes a register
 * @vcpu: the vCPU
 * @gpa: the register's address
 * @in: it reads
 * @value: what it writes
 *
 * Return: what it reads.
 */
u32 vlapic_access(struct vcpu *vcpu, u64 gpa, bool in, u32 value)
{
	u32 reg = gpa & 0xff0;

	if (in) {
		if (reg == REG_ID)
			return vcpu->id << 24;
		return reg == REG_VERSION ? VERSION : vcpu->vlapic[reg / 16];
	}
	vcpu->vlapic[reg / 16] = value;
	if (reg == REG_ICR_LOW && ICR_MODE(value) == ICR_MODE_SIPI)
		startup_ipi(vcpu, value);
	return 0;
}
