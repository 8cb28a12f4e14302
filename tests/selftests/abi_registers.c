// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * SET_VCPU_REGS: what no processor can be started with is EINVAL, for ACRN loses
 * the physical CPU over it; what device models send is not.
 */
#include <errno.h>

#include "harness.h"
#include "vm.h"

#define CR0_REAL	0x30		/* NE, ET */
#define CR0_PROTECTED	0x31		/* and PE */
#define CR0_PAGING	0x80000031	/* and PG */
#define CR4_PAE		0x20
#define EFER_LME	0x100
#define EFER_LMA	0x400
#define EFER_LONG	(EFER_LME | EFER_LMA)
#define CS_16		0x9b
#define CS_32		0xc09b
#define CS_64		0xa09b

/* What decides on the mode that a vCPU starts in */
struct mode {
	const char *name;
	uint64_t cr0;
	uint64_t cr4;
	uint64_t efer;
	uint32_t cs_ar;
};

static int set_mode(int fd, const struct mode *mode)
{
	struct acrn_set_vcpu_regs set;

	vm_fill_regs(&set);
	set.vcpu_regs.cr0 = mode->cr0;
	set.vcpu_regs.cr4 = mode->cr4;
	set.vcpu_regs.ia32_efer = mode->efer;
	set.vcpu_regs.cs_ar = mode->cs_ar;
	if (mode->cr0 & 1) {
		set.vcpu_regs.cs_limit = 0xffffffff;
		set.vcpu_regs.cs_sel = 0x10;
	}
	return hsm_ioctl(fd, IC_SET_VCPU_REGS, &set);
}

TEST(modes, "[D13] each mode that device models start in")
{
	static const struct mode modes[] = {
		{ "16 bits", CR0_REAL, 0, 0, CS_16 },
		{ "16 bits, as firmware begins", 0x60000010, 0, 0, 0x9f },
		{ "16 bits, LME already", CR0_REAL, 0, EFER_LME, CS_16 },
		{ "32 bits", CR0_PROTECTED, 0, 0, CS_32 },
		{ "32 bits, as a boot loader leaves it", 0x11, 0, 0, 0xcf9b },
		{ "32 bits, LME and PAE already", CR0_PROTECTED, CR4_PAE,
		  EFER_LME, CS_32 },
		{ "32 bits with paging", CR0_PAGING, 0, 0, CS_32 },
		{ "32 bits with PAE", CR0_PAGING, CR4_PAE, 0, CS_32 },
		{ "64 bits", CR0_PAGING, CR4_PAE, EFER_LONG, CS_64 },
		{ "64 bits, SCE and NXE", CR0_PAGING, CR4_PAE,
		  EFER_LONG | 0x801, CS_64 },
		{ "16 bits, CS for data too", CR0_REAL, 0, 0, 0x93 },
		{ "32 bits in a 64-bit kernel", CR0_PAGING, CR4_PAE, EFER_LONG,
		  CS_32 },
	};
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		check_result(set_mode(fd, &modes[i]), 0, "%s", modes[i].name);
}

TEST(no_modes, "[D13] registers that contradict each other reach no hypervisor")
{
	static const struct mode modes[] = {
		{ "PG without PE", 0x80000030, CR4_PAE, 0, CS_16 },
		{ "PG and LME without LMA", CR0_PAGING, CR4_PAE, EFER_LME,
		  CS_64 },
		{ "LMA without LME", CR0_PAGING, CR4_PAE, EFER_LMA, CS_64 },
		{ "LMA without PG", CR0_PROTECTED, CR4_PAE, EFER_LONG, CS_32 },
		{ "LMA in real mode", CR0_REAL, CR4_PAE, EFER_LONG, CS_16 },
		{ "LMA without PAE", CR0_PAGING, 0, EFER_LONG, CS_64 },
		{ "CS of 32 and of 64 bits", CR0_PAGING, CR4_PAE, EFER_LONG,
		  0xe09b },
		{ "CS that is not present", CR0_PROTECTED, 0, 0, 0xc01b },
		{ "CS that is a system segment", CR0_PROTECTED, 0, 0, 0xc08b },
		{ "CR0 of more than 32 bits", CR0_REAL | 1ULL << 32, 0, 0, CS_16 },
		{ "CR4 of more than 32 bits", CR0_REAL, 1ULL << 32, 0, CS_16 },
		{ "unknown bits of EFER", CR0_REAL, 0, 1 << 12, CS_16 },
	};
	struct vm_model created = { VM_CREATED, 1 };
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls = hv_calls(HC_ANY);
	struct acrn_set_vcpu_regs set;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		check_result(set_mode(fd, &modes[i]), -EINVAL, "%s",
			     modes[i].name);
	/* no CPU has more than 52 bits */
	for (i = 52; i < 64; i++) {
		vm_fill_regs(&set);
		set.vcpu_regs.cr3 = 1ULL << i;
		check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &set), -EINVAL,
			     "bit %u of CR3", i);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	vm_check(0, &created);

	/* what was set before is still set */
	check_result(vm_start(fd), 0, "START_VM");
}

static void rip_high(struct acrn_vcpu_regs *regs)
{
	regs->rip |= 1ULL << 32;
}

static void cs_base_high(struct acrn_vcpu_regs *regs)
{
	regs->cs_base |= 1ULL << 32;
}

static void cs_not_accessed(struct acrn_vcpu_regs *regs)
{
	regs->cs_ar &= ~1U;
}

static void cs_of_user(struct acrn_vcpu_regs *regs)
{
	regs->cs_ar |= 0x60;
}

static void cs_limit_of_pages(struct acrn_vcpu_regs *regs)
{
	regs->cs_limit = 0xffffffff;
}

static void cs_limit_of_bytes(struct acrn_vcpu_regs *regs)
{
	regs->cs_ar |= 0x8000;
	regs->cs_limit = 0;
}

static void gdt_hole(struct acrn_vcpu_regs *regs)
{
	regs->gdt.base = 1ULL << 62;
}

static void idt_hole(struct acrn_vcpu_regs *regs)
{
	regs->idt.base = 1ULL << 62;
}

static void ldt_in_ldt(struct acrn_vcpu_regs *regs)
{
	regs->ldt_sel = 4;
}

static void tr_in_ldt(struct acrn_vcpu_regs *regs)
{
	regs->tr_sel = 4;
}

static void rflags_not_fixed(struct acrn_vcpu_regs *regs)
{
	regs->rflags = 0x200;
}

static void rflags_reserved(struct acrn_vcpu_regs *regs)
{
	regs->rflags = 0x2 | 1 << 15;
}

static void rflags_vm(struct acrn_vcpu_regs *regs)
{
	regs->rflags = 0x2 | 1 << 17;
}

TEST(no_entries, "[D13] nor registers that VM entry refuses in any mode")
{
	static const struct {
		const char *name;
		void (*spoil)(struct acrn_vcpu_regs *regs);
	} spoils[] = {
		{ "RIP beyond 32 bits", rip_high },
		{ "base of CS beyond 32 bits", cs_base_high },
		{ "CS not accessed", cs_not_accessed },
		{ "CS of privilege 3", cs_of_user },
		{ "limit of CS beyond 1 MiB in bytes", cs_limit_of_pages },
		{ "limit of CS not of whole pages", cs_limit_of_bytes },
		{ "GDT not canonical", gdt_hole },
		{ "IDT not canonical", idt_hole },
		{ "LDT in the LDT", ldt_in_ldt },
		{ "TR in the LDT", tr_in_ldt },
		{ "RFLAGS without bit 1", rflags_not_fixed },
		{ "reserved bit of RFLAGS", rflags_reserved },
		{ "RFLAGS.VM", rflags_vm },
	};
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls = hv_calls(HC_ANY);
	struct acrn_set_vcpu_regs set;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spoils); i++) {
		vm_fill_regs(&set);
		spoils[i].spoil(&set.vcpu_regs);
		check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &set), -EINVAL, "%s",
			     spoils[i].name);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(vm_start(fd), 0, "START_VM");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
