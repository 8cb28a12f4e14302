// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: how the first vCPU enters a guest: in 64-bit mode, with the first 4 GiB
 * mapped one to one, interrupts off, no stack.  Selectors are those that Linux
 * wants.
 */
#include <string.h>

#include "loader.h"

#define GDT_GPA		0x500UL
#define PML4_GPA	0x1000UL
#define PDPT_GPA	0x2000UL
#define PD_GPA		0x3000UL	/* four of them: a GiB each */

#define PAGE_PRESENT	(1UL << 0)
#define PAGE_WRITE	(1UL << 1)
#define PAGE_HUGE	(1UL << 7)

#define CS_SELECTOR	0x10
#define DATA_SELECTOR	0x18

static const uint64_t gdt[] = {
	0,
	0,
	0x00af9b000000ffff,	/* 64-bit code */
	0x00cf93000000ffff,	/* data */
};

/**
 * entry_prepare() - make the tables and the registers
 * @vm: a VM with memory, not running
 * @regs: set but for RIP and what the guest finds in general registers
 */
void entry_prepare(struct vm *vm, struct acrn_vcpu_regs *regs)
{
	uint64_t *pml4 = vm_must_have(vm, PML4_GPA, 4096);
	uint64_t *pdpt = vm_must_have(vm, PDPT_GPA, 4096);
	uint64_t *pd = vm_must_have(vm, PD_GPA, 4 * 4096);
	unsigned long i;

	memset(pml4, 0, 4096);
	memset(pdpt, 0, 4096);
	pml4[0] = PDPT_GPA | PAGE_PRESENT | PAGE_WRITE;
	for (i = 0; i < 4; i++)
		pdpt[i] = (PD_GPA + i * 4096) | PAGE_PRESENT | PAGE_WRITE;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PAGE_PRESENT | PAGE_WRITE | PAGE_HUGE;
	memcpy(vm_must_have(vm, GDT_GPA, sizeof(gdt)), gdt, sizeof(gdt));

	*regs = (struct acrn_vcpu_regs) {
		.gdt = { .base = GDT_GPA, .limit = sizeof(gdt) - 1 },
		.cr0 = 0x80000011,	/* PG, ET, PE */
		.cr3 = PML4_GPA,
		.cr4 = 0x20,		/* PAE */
		.ia32_efer = 0x500,	/* LMA, LME */
		.rflags = 2,
		.cs_ar = 0xa09b,	/* 64-bit code */
		.cs_limit = 0xffffffff,
		.cs_sel = CS_SELECTOR,
		.ss_sel = DATA_SELECTOR,
		.ds_sel = DATA_SELECTOR,
		.es_sel = DATA_SELECTOR,
		.fs_sel = DATA_SELECTOR,
		.gs_sel = DATA_SELECTOR,
	};
}
