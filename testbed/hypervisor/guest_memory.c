// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A User VM's memory as its vCPU sees it: linear addresses, through the guest's
 * own page tables in whatever mode it is.
 */
#include "svm.h"
#include "abi.h"
#include "npt.h"
#include "decode.h"
#include "vms.h"
#include "guest_memory.h"

#define ENTRY_PRESENT	BIT(0)
#define ENTRY_LARGE	BIT(7)
#define ENTRY_ADDRESS	0x000ffffffffff000UL

static bool is_long(const struct vmcb *v)
{
	return v->efer & EFER_LMA;
}

/**
 * vcpu_code_bits() - how the vCPU's code is decoded
 * @vcpu: the vCPU
 *
 * Return: 16, 32 or 64.
 */
u32 vcpu_code_bits(const struct vcpu *vcpu)
{
	const struct vmcb *v = &vcpu->vmcb;

	if (is_long(v) && (v->cs.attr & SEG_LONG))
		return 64;
	return (v->cr0 & CR0_PE) && (v->cs.attr & SEG_DB) ? 32 : 16;
}

/**
 * vm_copy() - read or write guest-physical memory, within one page
 * @vm: the VM
 * @gpa: address
 * @data: what is copied to or from it
 * @size: bytes
 * @write: to it
 *
 * Return: false if there is no page, or it may not be written.
 */
bool vm_copy(struct vm *vm, u64 gpa, void *data, u32 size, bool write)
{
	struct npt_run page;
	bool found;

	spin_lock(&vm->mem_lock);
	found = vm->npt && gpa < BIT(48) && npt_find(vm->npt, gpa, &page) &&
		(!write || (page.prot & PROT_WRITE));
	if (found && write)
		memcpy((void *)(page.hpa + (gpa - page.gpa)), data, size);
	else if (found)
		memcpy(data, (void *)(page.hpa + (gpa - page.gpa)), size);
	spin_unlock(&vm->mem_lock);
	return found;
}

/**
 * vm_protects() - is a page there that the guest can read and execute?
 * @vm: the VM
 * @gpa: address to which it could not write
 *
 * ACRN takes a write to it for one to a page that HC_VM_WRITE_PROTECT_PAGE protects.  The
 * guest may have got the right to write since.
 *
 * Return: true if so.
 */
bool vm_protects(struct vm *vm, u64 gpa)
{
	struct npt_run page;
	bool found;

	spin_lock(&vm->mem_lock);
	found = vm->npt && gpa < BIT(48) && npt_find(vm->npt, gpa, &page);
	spin_unlock(&vm->mem_lock);
	return found && (page.prot & (PROT_READ | PROT_EXEC)) == (PROT_READ | PROT_EXEC);
}

/**
 * vcpu_gpa() - translate a linear address
 * @vcpu: the vCPU
 * @linear: the address
 * @gpa: set to where it is
 *
 * Looks at presence only, not at rights: the CPU has checked those.
 *
 * Return: false if the guest has nothing there.
 */
bool vcpu_gpa(struct vcpu *vcpu, u64 linear, u64 *gpa)
{
	const struct vmcb *v = &vcpu->vmcb;
	bool wide = v->cr4 & CR4_PAE;		/* entries of 8 bytes, 9 bits a level */
	u32 bits = wide ? 9 : 10, level = wide ? 3 : 2, shift, width = wide ? 8 : 4;
	u64 table = v->cr3 & (wide ? ~0x1fUL : PAGE_MASK), entry, index;

	if (!is_long(v))
		linear = (u32)linear;
	if (!(v->cr0 & CR0_PG)) {
		*gpa = linear;
		return true;
	}
	if (is_long(v)) {
		level = v->cr4 & CR4_LA57 ? 5 : 4;
		table = v->cr3 & ENTRY_ADDRESS;
	}
	for (;; level--) {
		shift = 12 + bits * (level - 1);
		index = linear >> shift & (BIT(bits) - 1);
		entry = 0;
		if (!vm_copy(vcpu->vm, table + index * width, &entry, width, false) ||
		    !(entry & ENTRY_PRESENT))
			return false;
		if (level == 1 || (level < 4 && (entry & ENTRY_LARGE) &&
				   (level == 2 || is_long(v)))) {
			u64 in_page = BIT(shift) - 1;

			*gpa = (entry & ENTRY_ADDRESS & ~in_page) | (linear & in_page);
			return true;
		}
		table = entry & ENTRY_ADDRESS;
	}
}

static bool copy_linear(struct vcpu *vcpu, u64 linear, void *data, u32 size, bool write)
{
	u8 *at = data;
	u32 part;
	u64 gpa;

	for (; size; size -= part, linear += part, at += part) {
		part = PAGE_SIZE - (linear & ~PAGE_MASK);
		if (part > size)
			part = size;
		if (!vcpu_gpa(vcpu, linear, &gpa) ||
		    !vm_copy(vcpu->vm, gpa, at, part, write))
			return false;
	}
	return true;
}

/**
 * vcpu_read() - read the guest's memory
 * @vcpu: the vCPU
 * @linear: address
 * @data: destination
 * @size: bytes
 *
 * Return: false if not all of it is there.
 */
bool vcpu_read(struct vcpu *vcpu, u64 linear, void *data, u32 size)
{
	return copy_linear(vcpu, linear, data, size, false);
}

/**
 * vcpu_write() - write the guest's memory
 * @vcpu: the vCPU
 * @linear: address
 * @data: source
 * @size: bytes
 *
 * Return: false if not all of it is there, and writable.
 */
bool vcpu_write(struct vcpu *vcpu, u64 linear, void *data, u32 size)
{
	return copy_linear(vcpu, linear, data, size, true);
}

/**
 * vcpu_fetch() - read the instruction at RIP
 * @vcpu: the vCPU
 * @code: filled as far as there is memory, at most MAX_INSTRUCTION bytes
 *
 * Return: how many bytes there are.
 */
u32 vcpu_fetch(struct vcpu *vcpu, u8 *code)
{
	const struct vmcb *v = &vcpu->vmcb;
	u64 linear = v->rip;
	u32 n;

	if (vcpu_code_bits(vcpu) != 64)
		linear = (u32)(v->cs.base + v->rip);
	for (n = 0; n < MAX_INSTRUCTION; n++)
		if (!vcpu_read(vcpu, linear + n, &code[n], 1))
			break;
	return n;
}
