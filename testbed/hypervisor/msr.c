// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * MSRs of a User VM that are not its own: EFER, PAT, the local APIC's, and what an
 * operating system expects of the CPU that cpuid.c shows.
 */
#include "svm.h"
#include "vapic.h"
#include "vms.h"
#include "vcpu.h"

#define VECTOR_GP		13
#define MSR_PLATFORM_ID		0x17
#define MSR_MICROCODE_REVISION	0x8b
#define MSR_MTRRCAP		0xfe
#define MSR_ARCH_CAPABILITIES	0x10a
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUGCTL		0x1d9

/* An emulated CPU has none of the leaks that cost a guest its time to plug. */
#define ARCH_RDCL_NO		BIT(0)
#define ARCH_SKIP_L1D_FLUSH	BIT(3)
#define ARCH_SSB_NO		BIT(4)
#define ARCH_MDS_NO		BIT(5)
#define ARCH_PSCHANGE_MC_NO	BIT(6)
#define ARCH_TAA_NO		BIT(8)
#define ARCH_MMIO_NO		(BIT(13) | BIT(14) | BIT(15))
#define ARCH_GDS_NO		BIT(26)
#define ARCH_RFDS_NO		BIT(27)
#define ARCH_ITS_NO		BIT(62)
#define ARCH_IMMUNE							\
	(ARCH_RDCL_NO | ARCH_SKIP_L1D_FLUSH | ARCH_SSB_NO | ARCH_MDS_NO |	\
	 ARCH_PSCHANGE_MC_NO | ARCH_TAA_NO | ARCH_MMIO_NO | ARCH_GDS_NO |	\
	 ARCH_RFDS_NO | ARCH_ITS_NO)

#define MISC_FAST_STRINGS	BIT(0)

static bool read_msr(struct vcpu *vcpu, u32 msr, u64 *value)
{
	if (vlapic_read_msr(vcpu, msr, value))
		return true;
	switch (msr) {
	case MSR_EFER:
		*value = vcpu_efer(vcpu);
		return true;
	case MSR_PAT:
		*value = vcpu->pat;
		return true;
	case MSR_ARCH_CAPABILITIES:
		*value = ARCH_IMMUNE;
		return true;
	case MSR_MISC_ENABLE:
		*value = MISC_FAST_STRINGS;
		return true;
	case MSR_PLATFORM_ID:
	case MSR_MICROCODE_REVISION:
	case MSR_MTRRCAP:
	case MSR_DEBUGCTL:
		*value = 0;
		return true;
	}
	return false;
}

static bool write_msr(struct vcpu *vcpu, u32 msr, u64 value)
{
	struct vmcb *v = &vcpu->vmcb;

	if (vlapic_write_msr(vcpu, msr, value))
		return true;
	switch (msr) {
	case MSR_EFER:
		if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
			return false;
		v->efer = (value & ~(EFER_LMA | EFER_LME)) | (v->efer & EFER_LMA) | EFER_SVME;
		vcpu_update_lme(vcpu, value & EFER_LME);
		return true;
	case MSR_PAT:
		vcpu->pat = value;
		return true;
	case MSR_MICROCODE_REVISION:
	case MSR_DEBUGCTL:
		return true;
	}
	return false;
}

/**
 * vcpu_msr_exit() - the guest executed RDMSR or WRMSR
 * @vcpu: the vCPU
 */
void vcpu_msr_exit(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	u32 msr = vcpu->regs.rcx;
	u64 value = (u32)v->rax | vcpu->regs.rdx << 32;
	bool write = v->exit_info1 & 1;

	if (!(write ? write_msr(vcpu, msr, value) : read_msr(vcpu, msr, &value))) {
		vcpu_inject(vcpu, VECTOR_GP);
		return;
	}
	if (!write) {
		v->rax = (u32)value;
		vcpu->regs.rdx = value >> 32;
	}
	v->rip += 2;
}
