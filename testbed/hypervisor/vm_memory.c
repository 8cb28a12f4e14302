// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What a User VM reaches: HC_VM_SET_MEMORY_REGIONS, with the successes that
 * ACRN v1.3 reports where nothing was done, and a complaint for each of them;
 * HC_VM_WRITE_PROTECT_PAGE, which looks at no rights, with complaints too; and the
 * account of pages.
 */
#include "generation.h"
#include "console.h"
#include "report.h"
#include "abi.h"
#include "cpu.h"
#include "ram.h"
#include "npt.h"
#include "iommu.h"
#include "vms.h"
#include "vm_memory.h"

#define LARGE_PAGE	BIT(21)
#define SERVICE_END	BIT(39)		/* the Service VM reaches nothing above */
#define GUEST_END	BIT(39)		/* nor does a User VM */

/**
 * vm_memory_init() - a VM begins with nothing
 * @vm: the VM
 *
 * Return: false if there is no memory.
 */
bool vm_memory_init(struct vm *vm)
{
	u64 *npt = npt_new();

	if (!npt)
		return false;
	spin_lock(&vm->mem_lock);
	vm->npt = npt;
	vm->pages = 0;
	vm->add_failed = false;
	spin_unlock(&vm->mem_lock);
	return true;
}

/**
 * vm_memory_free() - a VM ends: it is off, and reaches nothing more
 * @vm: the VM, whose vCPUs do not run
 */
void vm_memory_free(struct vm *vm)
{
	spin_lock(&vm->mem_lock);
	vm->state = TESTBED_VM_OFF;
	npt_free(vm->npt);
	vm->npt = NULL;
	if (vm->pages)
		log_event("vm%u: destroyed with %lu pages mapped", vm->vmid, vm->pages);
	vm->pages = 0;
	spin_unlock(&vm->mem_lock);
}

/**
 * vm_memory_pages() - the account
 * @vm: the VM
 *
 * Return: 4 KiB pages it reaches.
 */
u64 vm_memory_pages(struct vm *vm)
{
	return READ_ONCE(vm->pages);
}

/**
 * vm_memory_next() - the next stretch of memory a VM reaches
 * @vm: the VM
 * @gpa: where to begin to look
 * @run: what was found
 *
 * Return: false if there is none.
 */
bool vm_memory_next(struct vm *vm, u64 gpa, struct npt_run *run)
{
	bool found;

	spin_lock(&vm->mem_lock);
	found = vm->npt && npt_next(vm->npt, gpa & PAGE_MASK, run);
	spin_unlock(&vm->mem_lock);
	return found;
}

static u64 page_up(u64 address)
{
	return (address + PAGE_SIZE - 1) & PAGE_MASK;
}

static void check_prot(const struct hc_region *r, bool is_ram)
{
	u32 cache = r->prot & PROT_CACHE;

	if (r->prot & ~PROT_ALL)
		complain("region 0x%lx: prot 0x%x has unknown bits", r->gpa, r->prot);
	if (!(r->prot & PROT_RIGHTS))
		complain("region 0x%lx: prot 0x%x gives no right", r->gpa, r->prot);
	if (!cache || (cache & (cache - 1)))
		complain("region 0x%lx: prot 0x%x names not one cache type", r->gpa, r->prot);
	else if (is_ram && cache != 0x40)
		complain("region 0x%lx: prot 0x%x, but it is RAM", r->gpa, r->prot);
}

static bool deletes(const struct hc_region *r)
{
	return generation->strict_memory ? r->type != REGION_ADD : r->type == REGION_DELETE;
}

static s64 add_region(struct vm *vm, const struct hc_region *r, struct npt_place *last)
{
	u64 gpa = page_up(r->gpa), hpa = page_up(r->service_gpa);
	u64 end = gpa + r->size, prot = r->prot & PROT_ALL;
	bool over = false;
	struct npt_run page;

	if (in_hypervisor(hpa, r->size)) {
		complain("region 0x%lx: 0x%lx is the hypervisor's", r->gpa, r->service_gpa);
		return -EINVAL;
	}
	if (hpa + r->size > SERVICE_END || hpa + r->size < hpa)
		return -EINVAL;
	if ((r->gpa | r->service_gpa) & ~PAGE_MASK)
		complain("region 0x%lx at 0x%lx is not aligned", r->gpa, r->service_gpa);
	check_prot(r, service_ram(hpa, r->size));
	if (end > GUEST_END || end < gpa) {
		complain("region 0x%lx is beyond the guest's end", r->gpa);
		return generation->strict_memory ? -EINVAL : 0;
	}
	if (!(prot & PROT_RIGHTS))
		return 0;

	while (gpa < end) {
		u64 size = PAGE_SIZE * npt_map_more(vm->npt, last, gpa, hpa,
						    (end - gpa) / PAGE_SIZE, prot);

		if (size) {
			vm->pages += size / PAGE_SIZE;
		} else if (npt_find(vm->npt, gpa, &page)) {
			size = PAGE_SIZE;
			over = true;
		} else {
			size = PAGE_SIZE;
			if (page.size >= LARGE_PAGE && end - gpa >= LARGE_PAGE &&
			    !((gpa | hpa) & (LARGE_PAGE - 1)))
				size = LARGE_PAGE;
			if (!npt_map_page(vm->npt, gpa, hpa, size, prot))
				panic("no memory for page tables");
			vm->pages += size / PAGE_SIZE;
		}
		gpa += size;
		hpa += size;
	}
	if (over)
		complain("region 0x%lx is mapped over present pages", r->gpa);
	return 0;
}

static bool is_there(struct vm *vm, u64 gpa, u64 end)
{
	struct npt_run page;

	for (; gpa < end; gpa += PAGE_SIZE)
		if (!npt_find(vm->npt, gpa, &page))
			return false;
	return true;
}

static s64 delete_region(struct vm *vm, const struct hc_region *r)
{
	u64 gpa = page_up(r->gpa), end = gpa + r->size;
	struct npt_run page;
	bool absent;

	if (end > GUEST_END || end < gpa) {
		complain("region 0x%lx is beyond the guest's end", r->gpa);
		return generation->strict_memory ? -EINVAL : 0;
	}
	if (r->gpa & ~PAGE_MASK)
		complain("region 0x%lx to delete is not aligned", r->gpa);
	absent = !is_there(vm, gpa, end);
	if (absent && !vm->add_failed)
		complain("region 0x%lx to delete was not there", r->gpa);
	if (absent && generation->strict_memory)
		return -EINVAL;
	while (gpa < end) {
		u64 size = PAGE_SIZE;

		if (npt_find(vm->npt, gpa, &page)) {
			if (page.gpa == gpa && page.size <= end - gpa)
				size = page.size;
			if (!npt_unmap_page(vm->npt, gpa, size))
				panic("no memory for page tables");
			vm->pages -= size / PAGE_SIZE;
		}
		gpa += size;
	}
	return 0;
}

static s64 one_region(struct vm *vm, const struct hc_region *r, struct npt_place *last)
{
	if (r->size & ~PAGE_MASK) {
		complain("region 0x%lx: size 0x%lx is not in pages", r->gpa, r->size);
		return -EINVAL;
	}
	if (!r->size)
		complain("region 0x%lx is empty", r->gpa);
	if (r->type != REGION_ADD && r->type != REGION_DELETE)
		complain("region 0x%lx: type %u", r->gpa, r->type);
	return deletes(r) ? delete_region(vm, r) : add_region(vm, r, last);
}

/**
 * hc_set_memory_regions() - HC_VM_SET_MEMORY_REGIONS
 * @cpu: the caller
 * @param: struct hc_regions
 * @unused: RSI
 *
 * Takes the regions in order and stops at the first error.
 *
 * Return: 0, also for some that were not done; generation->no_vm if the VM is off; -1 if an
 * address is bad, there is no region or the VM must not be touched; -EINVAL from the
 * region that was refused.
 */
s64 hc_set_memory_regions(struct cpu *cpu, u64 param, u64 unused)
{
	struct hc_regions *block = param_block(param, sizeof(*block), "SET_MEMORY_REGIONS's block");
	const struct hc_region *array;
	struct npt_place last = { 0 };
	struct hc_region r = { 0 };
	struct hc_regions p;
	s64 result = -1;
	struct vm *vm;
	u32 i;

	if (!block)
		return -1;
	p = *block;
	note(cpu, " vm=%u %u regions", p.vmid, p.count);
	vm = vm_get(p.vmid, "SET_MEMORY_REGIONS");
	if (!vm)
		return generation->no_vm;
	if (vm_outranks(vm))
		return -1;
	if (p.reserved0 || p.reserved1 || p.reserved2)
		complain("SET_MEMORY_REGIONS: reserved fields are not zero");
	if (!p.count || p.count > REGIONS_MAX) {
		complain("SET_MEMORY_REGIONS: %u regions", p.count);
		return -1;
	}
	array = param_block(p.regions_gpa, p.count * sizeof(*array), "the array of regions");

	spin_lock(&vm->mem_lock);
	for (i = 0; vm->npt && i < p.count; i++) {
		const struct hc_region *one = array ? &array[i] :
			service_ram(p.regions_gpa + i * sizeof(r), sizeof(r));

		if (!one)
			break;
		r = *one;
		result = one_region(vm, &r, &last);
		if (result)
			break;
	}
	spin_unlock(&vm->mem_lock);
	vcpus_flush(vm);
	iommu_flush();
	note(cpu, ", the last: %s 0x%lx+0x%lx of 0x%lx prot 0x%x",
	     deletes(&r) ? "delete" : "add", r.gpa, r.size, r.service_gpa, r.prot);
	return result;
}

/**
 * vm_memory_failed() - HC_VM_SET_MEMORY_REGIONS was answered with a failure
 * @param: struct hc_regions
 *
 * If it was to add memory, its caller cannot know how far that got; from now on
 * it may delete what is not there.
 */
void vm_memory_failed(u64 param)
{
	const struct hc_regions *block = service_ram(param, sizeof(*block));
	const struct hc_region *r;
	struct vm *vm;
	u32 i;

	vm = block ? vm_find(block->vmid) : NULL;
	if (!vm)
		return;
	for (i = 0; i < block->count && i < REGIONS_MAX; i++) {
		r = service_ram(block->regions_gpa + i * sizeof(*r), sizeof(*r));
		if (!r || deletes(r))
			continue;
		spin_lock(&vm->mem_lock);
		vm->add_failed = true;
		spin_unlock(&vm->mem_lock);
		return;
	}
}

/* What ACRN does all the same */
static void check_protect(const struct hc_write_protect *p, const struct npt_run *page)
{
	u64 rights = page->prot & PROT_RIGHTS;

	if (!service_ram(page->hpa, PAGE_SIZE))
		complain("WRITE_PROTECT_PAGE: 0x%lx is no RAM", p->gpa);
	if (page->protected)
		return;
	if (!(rights & PROT_WRITE))
		complain("WRITE_PROTECT_PAGE: 0x%lx %s", p->gpa,
			 p->set ? "cannot be written to" : "gets a right that it never had");
	if (p->set && (rights & (PROT_READ | PROT_EXEC)) != (PROT_READ | PROT_EXEC))
		complain("WRITE_PROTECT_PAGE: 0x%lx: nobody could tell a write to it from MMIO",
			 p->gpa);
}

/**
 * hc_write_protect_page() - HC_VM_WRITE_PROTECT_PAGE
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_write_protect
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if an address is bad; -EINVAL if there
 * is no such page.
 */
s64 hc_write_protect_page(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "WRITE_PROTECT_PAGE");
	struct hc_write_protect *block, p;
	struct npt_run page;
	bool found;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "WRITE_PROTECT_PAGE's block");
	if (!block)
		return -1;
	p = *block;
	note(cpu, " 0x%lx: %u", p.gpa, p.set);
	if (p.set > 1 || p.reserved[0] || memcmp(p.reserved, p.reserved + 1, 6))
		complain("WRITE_PROTECT_PAGE: not 0 or 1, or reserved fields are not zero");
	if (p.gpa & ~PAGE_MASK) {
		complain("WRITE_PROTECT_PAGE: 0x%lx is not aligned", p.gpa);
		return -EINVAL;
	}

	spin_lock(&vm->mem_lock);
	found = vm->npt && p.gpa < BIT(48) && npt_find(vm->npt, p.gpa, &page);
	if (found) {
		check_protect(&p, &page);
		if (!npt_write_protect(vm->npt, p.gpa, p.set))
			panic("no memory for page tables");
	}
	spin_unlock(&vm->mem_lock);
	if (!found) {
		complain("WRITE_PROTECT_PAGE: nothing at 0x%lx", p.gpa);
		return -EINVAL;
	}
	vcpus_flush(vm);
	iommu_flush();
	return 0;
}

/**
 * hc_gpa2hpa() - HC_VM_GPA2HPA
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_gpa2hpa
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if it has nothing there.
 */
s64 hc_gpa2hpa(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "VM_GPA2HPA");
	struct hc_gpa2hpa *block;
	struct npt_run page;
	bool found;
	u64 gpa;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "GPA2HPA's block");
	if (!block)
		return -1;
	gpa = block->gpa;
	spin_lock(&vm->mem_lock);
	found = vm->npt && gpa < BIT(48) && npt_find(vm->npt, gpa, &page);
	spin_unlock(&vm->mem_lock);
	if (!found)
		return -1;
	block->hpa = page.hpa + (gpa - page.gpa);
	note(cpu, " 0x%lx is 0x%lx", gpa, block->hpa);
	return 0;
}
