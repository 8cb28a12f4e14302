// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A vCPU's registers: at reset, as set, and as the control channel shows them.
 */
#include "svm.h"
#include "abi.h"
#include "vapic.h"
#include "vms.h"
#include "vcpu.h"

#define SEG_ACCESSED	0x93	/* writable data, present */
#define SEG_DATA_32	0xc93
#define MSR_TSC_AUX	0xc0000103U

static u8 iopm[IOPM_SIZE] __aligned(4096);	/* all intercepted */
static u8 msrpm[MSRPM_SIZE] __aligned(4096);	/* all but the next */

/* Switched by VMLOAD, or saved in the VMCB: the guest has them to itself */
static const u32 own_msrs[] = {
	0x10,						/* TSC */
	0x174, 0x175, 0x176,				/* SYSENTER */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,	/* SYSCALL */
	0xc0000100, 0xc0000101, 0xc0000102,		/* FS, GS base */
	MSR_TSC_AUX,
};

/**
 * vcpu_init_maps() - what all vCPUs share
 */
void vcpu_init_maps(void)
{
	u32 i;

	memset(iopm, 0xff, sizeof(iopm));
	memset(msrpm, 0xff, sizeof(msrpm));
	for (i = 0; i < ARRAY_SIZE(own_msrs); i++) {
		u32 n = own_msrs[i];

		if (n >= 0xc0000000)
			n = 0x2000 + (n & 0x1fff);
		msrpm[n / 4] &= ~(3 << n % 4 * 2);
	}
}

/**
 * vcpu_update_lme() - set the guest's EFER.LME, or look at it again
 * @vcpu: the vCPU
 * @lme: the guest's value
 *
 * With LME set, but neither paging nor CR4.PAE, QEMU 7.2 does not get the
 * host's CR0 back at #VMEXIT.  LME has no effect in that state; so the CPU gets
 * it only with one of the two, and moves to CR4 are intercepted meanwhile.
 */
void vcpu_update_lme(struct vcpu *vcpu, bool lme)
{
	struct vmcb *v = &vcpu->vmcb;

	vcpu->lme = lme;
	v->efer &= ~EFER_LME;
	if (lme && ((v->cr0 & CR0_PG) || (v->cr4 & CR4_PAE)))
		v->efer |= EFER_LME;
	v->intercept_cr = lme ? INTERCEPT_WRITE_CR4 : 0;
}

/**
 * vcpu_efer() - EFER as the guest sees it
 * @vcpu: the vCPU
 *
 * Return: its value.
 */
u64 vcpu_efer(const struct vcpu *vcpu)
{
	return (vcpu->vmcb.efer & ~(EFER_SVME | EFER_LME)) | (vcpu->lme ? EFER_LME : 0);
}

/**
 * vcpu_record() - note the registers, for the control channel
 * @vcpu: the vCPU
 * @to: where to
 */
void vcpu_record(struct vcpu *vcpu, struct exit_record *to)
{
	const struct vmcb *v = &vcpu->vmcb;
	const struct gregs *r = &vcpu->regs;
	u64 *reg = to->reg;

	reg[TESTBED_REG_RAX] = v->rax;
	reg[TESTBED_REG_RCX] = r->rcx;
	reg[TESTBED_REG_RDX] = r->rdx;
	reg[TESTBED_REG_RBX] = r->rbx;
	reg[TESTBED_REG_RSP] = v->rsp;
	reg[TESTBED_REG_RBP] = r->rbp;
	reg[TESTBED_REG_RSI] = r->rsi;
	reg[TESTBED_REG_RDI] = r->rdi;
	memcpy(&reg[TESTBED_REG_R8], &r->r8, 8 * sizeof(u64));
	reg[TESTBED_REG_RIP] = v->rip;
	reg[TESTBED_REG_RFLAGS] = v->rflags;
	reg[TESTBED_REG_CR0] = v->cr0;
	reg[TESTBED_REG_CR3] = v->cr3;
	reg[TESTBED_REG_CR4] = v->cr4;
	reg[TESTBED_REG_EFER] = vcpu_efer(vcpu);
	reg[TESTBED_REG_CS_BASE] = v->cs.base;
	reg[TESTBED_REG_CS_SEL] = v->cs.sel;
	reg[TESTBED_REG_CS_LIMIT] = v->cs.limit;
	reg[TESTBED_REG_GDT_BASE] = v->gdtr.base;
	reg[TESTBED_REG_GDT_LIMIT] = v->gdtr.limit;
	reg[TESTBED_REG_IDT_BASE] = v->idtr.base;
	reg[TESTBED_REG_IDT_LIMIT] = v->idtr.limit;
	reg[TESTBED_REG_DS_SEL] = v->ds.sel;
	reg[TESTBED_REG_EXIT_CODE] = v->exit_code;
	reg[TESTBED_REG_EXIT_GPA] = v->exit_code == EXIT_NPF ? v->exit_info2 : 0;
	to->valid = true;
}

/**
 * vcpu_reset() - the state that the architecture gives a CPU at reset
 * @vcpu: the vCPU, which does not run
 * @init: by an INIT, which a start-up IPI may have followed already
 */
void vcpu_reset(struct vcpu *vcpu, bool init)
{
	struct vmcb *v = &vcpu->vmcb;

	memset(v, 0, sizeof(*v));
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	memset(&vcpu->io, 0, sizeof(vcpu->io));
	v->intercept_misc1 = INTERCEPT_INTR | INTERCEPT_NMI | INTERCEPT_CPUID | INTERCEPT_HLT |
			     INTERCEPT_IOIO | INTERCEPT_MSR | INTERCEPT_SHUTDOWN;
	v->intercept_misc2 = INTERCEPT_SVM;
	v->iopm_pa = (u64)iopm;
	v->msrpm_pa = (u64)msrpm;
	v->asid = 1;
	v->int_ctl = V_INTR_MASKING;
	v->nested_ctl = 1;
	v->nested_cr3 = (u64)vcpu->vm->npt;
	v->cs = (struct vmcb_seg){ 0xf000, 0x9b, 0xffff, 0xffff0000 };
	v->ss = (struct vmcb_seg){ 0, SEG_ACCESSED, 0xffff, 0 };
	v->ds = v->ss;
	v->es = v->ss;
	v->fs = v->ss;
	v->gs = v->ss;
	v->gdtr = (struct vmcb_seg){ 0, 0, 0xffff, 0 };
	v->idtr = v->gdtr;
	v->tr = (struct vmcb_seg){ 0, 0x8b, 0xffff, 0 };
	v->ldtr = (struct vmcb_seg){ 0, 0x82, 0xffff, 0 };
	v->efer = EFER_SVME;
	v->cr0 = CR0_ET;
	v->dr6 = 0xffff0ff0;
	v->dr7 = 0x400;
	v->rflags = RFLAGS_FIXED;
	v->rip = 0xfff0;
	v->g_pat = PAT_AT_RESET;
	vcpu->pat = PAT_AT_RESET;
	vcpu->nmi = NMI_NONE;
	vcpu->incoming = 0;
	vcpu->half_long = false;
	vlapic_reset(vcpu, init);
	vcpu->wait = vcpu->id ? VCPU_WAIT_SIPI : VCPU_READY;
	vcpu->fpu_fresh = true;
	vcpu_update_lme(vcpu, false);
	vcpu->first.valid = false;
	vcpu_record(vcpu, &vcpu->last);
}

static u16 svm_attr(u32 vmx_access_rights)
{
	return (vmx_access_rights & 0xff) | (vmx_access_rights >> 4 & 0xf00);
}

/**
 * vcpu_set_regs() - the state in which the vCPU starts
 * @vcpu: the vCPU, which does not run
 * @r: as given.  CR0 and EFER choose the mode; data segments are flat, or in
 *	real mode stand where their selectors say
 */
void vcpu_set_regs(struct vcpu *vcpu, const struct hc_vcpu_regs *r)
{
	struct vmcb *v = &vcpu->vmcb;
	struct vmcb_seg *const data[] = { &v->ss, &v->ds, &v->es, &v->fs, &v->gs };
	const u16 sel[] = { r->ss, r->ds, r->es, r->fs, r->gs };
	bool protected = r->cr0 & CR0_PE;
	u32 i;

	v->rax = r->gpr[TESTBED_REG_RAX];
	v->rsp = r->gpr[TESTBED_REG_RSP];
	vcpu->regs = (struct gregs) {
		.rcx = r->gpr[TESTBED_REG_RCX],
		.rdx = r->gpr[TESTBED_REG_RDX],
		.rbx = r->gpr[TESTBED_REG_RBX],
		.rbp = r->gpr[TESTBED_REG_RBP],
		.rsi = r->gpr[TESTBED_REG_RSI],
		.rdi = r->gpr[TESTBED_REG_RDI],
	};
	memcpy(&vcpu->regs.r8, &r->gpr[TESTBED_REG_R8], 8 * sizeof(u64));
	v->rip = r->rip;
	v->rflags = r->rflags | RFLAGS_FIXED;
	v->cr0 = r->cr0 | CR0_ET;
	v->cr3 = r->cr3;
	v->cr4 = r->cr4;
	v->efer = (r->efer & (EFER_SCE | EFER_NXE)) | EFER_SVME;
	if ((r->efer & EFER_LME) && (r->cr0 & CR0_PG))
		v->efer |= EFER_LMA;
	vcpu->half_long = (v->efer & EFER_LMA) && !(r->efer & EFER_LMA);
	vcpu_update_lme(vcpu, r->efer & EFER_LME);
	v->gdtr = (struct vmcb_seg){ 0, 0, r->gdt.limit, r->gdt.base };
	v->idtr = (struct vmcb_seg){ 0, 0, r->idt.limit, r->idt.base };
	v->cs = (struct vmcb_seg){ r->cs, svm_attr(r->cs_ar), r->cs_limit, r->cs_base };
	for (i = 0; i < ARRAY_SIZE(data); i++)
		*data[i] = protected ?
			(struct vmcb_seg){ sel[i], SEG_DATA_32, ~0U, 0 } :
			(struct vmcb_seg){ sel[i], SEG_ACCESSED, 0xffff, (u64)sel[i] << 4 };
	v->ldtr.sel = r->ldt;
	v->tr.sel = r->tr;
	vcpu_record(vcpu, &vcpu->last);
}
