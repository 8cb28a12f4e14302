/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * AMD SVM: the VMCB, and those of its constants that are used here.
 */
#ifndef HV_SVM_H
#define HV_SVM_H

#include "types.h"

/* vmcb.intercept_cr */
#define INTERCEPT_WRITE_CR4	BIT(16 + 4)
/* vmcb.intercept_misc1 */
#define INTERCEPT_INTR		BIT(0)
#define INTERCEPT_NMI		BIT(1)
#define INTERCEPT_VINTR		BIT(4)
#define INTERCEPT_CPUID		BIT(18)
#define INTERCEPT_IRET		BIT(20)
#define INTERCEPT_HLT		BIT(24)
#define INTERCEPT_IOIO		BIT(27)
#define INTERCEPT_MSR		BIT(28)
#define INTERCEPT_SHUTDOWN	BIT(31)
/* vmcb.intercept_misc2: VMRUN, VMMCALL, VMLOAD, VMSAVE, STGI, CLGI, SKINIT */
#define INTERCEPT_SVM		0x7fU

/* vmcb.exit_code */
#define EXIT_WRITE_CR4		0x14U
#define EXIT_EXCEPTION(v)	(0x40U + (v))
#define EXIT_INTR		0x60U
#define EXIT_NMI		0x61U
#define EXIT_VINTR		0x64U
#define EXIT_CPUID		0x72U
#define EXIT_IRET		0x74U
#define EXIT_HLT		0x78U
#define EXIT_IOIO		0x7bU
#define EXIT_MSR		0x7cU
#define EXIT_SHUTDOWN		0x7fU
#define EXIT_VMRUN		0x80U
#define EXIT_VMMCALL		0x81U
#define EXIT_SKINIT		0x86U
#define EXIT_NPF		0x400U
#define EXIT_INVALID		0xffffffffU	/* QEMU's; hardware says -1 */

/* vmcb.exit_info1 of EXIT_IOIO; the port is in bits 31:16 */
#define IOIO_IN			BIT(0)
#define IOIO_STRING		BIT(2)
#define IOIO_SIZE(info)		((info) >> 4 & 7)

/* vmcb.exit_info1 of EXIT_NPF; the GPA is in exit_info2 */
#define NPF_PRESENT		BIT(0)
#define NPF_WRITE		BIT(1)
#define NPF_FETCH		BIT(4)
#define NPF_TABLE_WALK		BIT(33)	/* the access was to a guest page table */

/* vmcb.event_inj; the same in exit_int_info, where only VALID can be trusted */
#define EVENT_VECTOR		0xffU
#define EVENT_TYPE		(7U << 8)
#define EVENT_INTERRUPT		0U
#define EVENT_NMI		(2U << 8)
#define EVENT_EXCEPTION		(3U << 8)
#define EVENT_HAS_ERROR		(1U << 11)
#define EVENT_VALID		(1U << 31)

/* vmcb.int_ctl */
#define V_IRQ			(1U << 8)
#define V_IGN_TPR		(1U << 20)
#define V_INTR_MASKING		(1U << 24)

#define INT_SHADOW		BIT(0)		/* vmcb.int_state */
#define PAT_AT_RESET		0x0007040600070406UL

#define MSR_APIC_BASE		0x1bU
#define APIC_BASE_BSP		BIT(8)
#define MSR_PAT			0x277U
#define MSR_EFER		0xc0000080U
#define MSR_VM_CR		0xc0010114U
#define MSR_HSAVE_PA		0xc0010117U

#define EFER_SCE		BIT(0)
#define EFER_LME		BIT(8)
#define EFER_LMA		BIT(10)
#define EFER_NXE		BIT(11)
#define EFER_SVME		BIT(12)

#define CR0_PE			BIT(0)
#define CR0_ET			BIT(4)
#define CR0_PG			BIT(31)
#define CR4_PAE			BIT(5)
#define CR4_OSFXSR		BIT(9)
#define CR4_LA57		BIT(12)
#define CR4_OSXSAVE		BIT(18)
#define CR4_PKE			BIT(22)
#define RFLAGS_FIXED		BIT(1)
#define RFLAGS_IF		BIT(9)
#define RFLAGS_DF		BIT(10)

#define SEG_LONG		0x200U		/* vmcb_seg.attr of a 64-bit CS */
#define SEG_DB			0x400U

/**
 * struct vmcb_seg - a segment register as the VMCB has it
 * @sel: selector
 * @attr: type, S, DPL, P in bits 7:0, AVL, L, D/B, G in bits 11:8
 * @limit: in bytes
 * @base: linear address
 */
struct vmcb_seg {
	u16 sel;
	u16 attr;
	u32 limit;
	u64 base;
};

/* One guest CPU, layout given by the architecture */
struct vmcb {
	u32 intercept_cr;
	u32 intercept_dr;
	u32 intercept_exceptions;
	u32 intercept_misc1;
	u32 intercept_misc2;
	u8 pad0[0x40 - 0x14];
	u64 iopm_pa;
	u64 msrpm_pa;
	u64 tsc_offset;
	u32 asid;
	u32 tlb_control;
	u32 int_ctl;
	u32 int_vector;
	u64 int_state;
	u64 exit_code;
	u64 exit_info1;
	u64 exit_info2;
	u64 exit_int_info;
	u64 nested_ctl;
	u8 pad1[0xa8 - 0x98];
	u32 event_inj;
	u32 event_inj_error;
	u64 nested_cr3;
	u8 pad2[0x400 - 0xb8];
	/* the state save area */
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 pad3[0x4cb - 0x4a0];
	u8 cpl;
	u32 pad4;
	u64 efer;
	u8 pad5[0x548 - 0x4d8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 pad6[0x5d8 - 0x580];
	u64 rsp;
	u8 pad7[0x5f8 - 0x5e0];
	u64 rax, star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	u8 pad8[0x668 - 0x648];
	u64 g_pat;
	u8 pad9[0x1000 - 0x670];
} __packed __aligned(4096);

_Static_assert(offsetof(struct vmcb, exit_code) == 0x70, "vmcb layout");
_Static_assert(offsetof(struct vmcb, nested_cr3) == 0xb0, "vmcb layout");
_Static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "vmcb layout");
_Static_assert(offsetof(struct vmcb, efer) == 0x4d0, "vmcb layout");
_Static_assert(offsetof(struct vmcb, rsp) == 0x5d8, "vmcb layout");
_Static_assert(offsetof(struct vmcb, rax) == 0x5f8, "vmcb layout");
_Static_assert(offsetof(struct vmcb, cr2) == 0x640, "vmcb layout");
_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "vmcb layout");

/* Map of the intercepted ports (a bit each) and MSRs (two bits each) */
#define IOPM_SIZE	(3 * PAGE_SIZE)
#define MSRPM_SIZE	(2 * PAGE_SIZE)

static inline void vmload(struct vmcb *vmcb)
{
	__asm__ volatile("vmload %0" : : "a"(vmcb) : "memory");
}

#endif /* HV_SVM_H */
