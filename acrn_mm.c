// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: guest memory.
 *
 * RAM of a User VM is memory of the process that created it.  It is pinned
 * before the hypervisor hears of it and unpinned after the hypervisor has
 * dropped it; when the hypervisor does not say so, it stays pinned until the
 * VM is gone.  What is mapped is what was asked for, to the page, in as few
 * physically contiguous runs as it has.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <asm/processor.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

#define ACRN_PROT_MASK	(ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC)

/**
 * struct acrn_run - pinned pages that lie one after the other
 * @page: the first
 * @nr: how many
 */
struct acrn_run {
	struct page *page;
	unsigned long nr;
};

/**
 * struct acrn_runs - some of a memseg's runs
 * @node: in &acrn_mapping.runs
 * @nr: number of used elements of @run
 * @max: number of elements of @run
 * @hugetlb: they are of hugetlb pages, each of which is pinned once.  Else
 *	every small page is pinned, whatever it is part of
 * @run: the runs
 */
struct acrn_runs {
	struct list_head node;
	unsigned int nr;
	unsigned int max;
	bool hugetlb;
	struct acrn_run run[];
};

/* A memseg's first list of runs, which most do with; each next one is twice as big. */
#define ACRN_RUNS_MIN_SIZE	64
#define ACRN_RUNS_MAX_SIZE	PAGE_SIZE

/* So many pages are unpinned without giving way to others. */
#define ACRN_UNPIN_BATCH	512

/* Pages that lie one after the other have descriptors that do. */
static_assert(IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP));

/**
 * struct acrn_mapping - a memseg that is mapped
 * @node: in &acrn_vm.memory
 * @type: ACRN_MEMSEG_*
 * @gpa: where it begins in the User VM
 * @len: bytes
 * @runs: list of &struct acrn_runs: its pages in ascending order; empty of MMIO
 */
struct acrn_mapping {
	struct rb_node node;
	u32 type;
	u64 gpa;
	u64 len;
	struct list_head runs;
};

/**
 * union acrn_mm_scratch - a page to work in
 * @pages: while pinning
 * @regions: while mapping
 */
union acrn_mm_scratch {
	struct page *pages[PAGE_SIZE / sizeof(struct page *)];
	struct acrn_hc_memory_region regions[ACRN_HC_REGIONS_MAX];
};

static_assert(sizeof(union acrn_mm_scratch) == PAGE_SIZE);

static unsigned long acrn_mapping_pages(const struct acrn_mapping *map)
{
	return map->len >> PAGE_SHIFT;
}

static struct acrn_runs *acrn_runs_new(const struct acrn_runs *last, bool hugetlb)
{
	size_t size = ACRN_RUNS_MIN_SIZE;
	struct acrn_runs *runs;

	if (last)
		size = min_t(size_t, 2 * struct_size(last, run, last->max),
			     ACRN_RUNS_MAX_SIZE);
	runs = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!runs)
		return NULL;
	runs->nr = 0;
	runs->max = (size - sizeof(*runs)) / sizeof(runs->run[0]);
	runs->hugetlb = hugetlb;
	return runs;
}

static struct acrn_runs *acrn_mapping_last_runs(const struct acrn_mapping *map)
{
	return list_empty(&map->runs) ? NULL :
	       list_last_entry(&map->runs, struct acrn_runs, node);
}

/* Room for one more run, or NULL: no memory */
static struct acrn_runs *acrn_mapping_room(struct acrn_mapping *map, bool hugetlb)
{
	struct acrn_runs *runs = acrn_mapping_last_runs(map);

	if (runs && runs->nr < runs->max && runs->hugetlb == hugetlb)
		return runs;
	runs = acrn_runs_new(runs, hugetlb);
	if (runs)
		list_add_tail(&runs->node, &map->runs);
	return runs;
}

static void acrn_runs_add(struct acrn_runs *runs, struct page *page,
			  unsigned long nr)
{
	runs->run[runs->nr++] = (struct acrn_run) { .page = page, .nr = nr };
}

static int acrn_mapping_add_run(struct acrn_mapping *map, struct page *page,
				unsigned long nr, bool hugetlb)
{
	struct acrn_runs *runs = acrn_mapping_last_runs(map);
	struct acrn_run *last;

	if (runs && runs->hugetlb == hugetlb) {
		last = &runs->run[runs->nr - 1];
		if (last->page + last->nr == page) {
			last->nr += nr;
			return 0;
		}
	}
	runs = acrn_mapping_room(map, hugetlb);
	if (!runs)
		return -ENOMEM;
	acrn_runs_add(runs, page, nr);
	return 0;
}

/* How many of these pages lie one after the other, from the first on */
static unsigned long acrn_run_length(struct page **pages, unsigned long nr)
{
	struct page **page = pages, **end = pages + nr, *next = *pages;

	do {
		page++;
		next++;
	} while (page < end && *page == next);
	return page - pages;
}

/* Those that cannot be added are unpinned. */
static int acrn_mapping_add_pages(struct acrn_mapping *map, struct page **pages,
				  unsigned long nr)
{
	unsigned long i = 0, len = acrn_run_length(pages, nr);
	struct acrn_runs *runs;
	int ret;

	/* It may follow the last run; after it, a run is one that follows none. */
	ret = acrn_mapping_add_run(map, pages[0], len, false);
	if (ret)
		goto err_unpin;
	runs = acrn_mapping_last_runs(map);

	for (i = len; i < nr; i += len) {
		len = acrn_run_length(pages + i, nr - i);
		if (runs->nr == runs->max) {
			runs = acrn_mapping_room(map, false);
			if (!runs) {
				ret = -ENOMEM;
				goto err_unpin;
			}
		}
		acrn_runs_add(runs, pages[i], len);
	}
	return 0;

err_unpin:
	unpin_user_pages(pages + i, nr - i);
	return ret;
}

/* How many small pages there are from this one to the end of the page it is part of */
static unsigned long acrn_folio_rest(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_nr_pages(folio) - (page - &folio->page);
}

/*
 * The pages have to be charged already.
 *
 * Where a hugetlb page is mapped, all of it is, and it stays whole: one pin for all
 * of it will do.  Of a transparent huge page any part can be mapped, the others may
 * have been replaced.  So pages are pinned one at a time while they are hugetlb
 * pages, and many at a time from the first one on that is none.
 */
static int acrn_mapping_pin(struct acrn_mapping *map, unsigned long uaddr,
			    union acrn_mm_scratch *scratch)
{
	unsigned long todo = acrn_mapping_pages(map), at_once = 1;
	struct page **pages = scratch->pages;
	long nr;
	int ret;

	while (todo) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();

		nr = pin_user_pages_fast(uaddr, min(todo, at_once),
					 FOLL_WRITE | FOLL_LONGTERM, pages);
		if (nr <= 0)
			return nr == -ENOMEM ? nr : -EFAULT;
		if (at_once == 1 && PageHuge(pages[0])) {
			nr = min(todo, acrn_folio_rest(pages[0]));
			ret = acrn_mapping_add_run(map, pages[0], nr, true);
			if (ret)
				unpin_user_page(pages[0]);
		} else {
			at_once = ARRAY_SIZE(scratch->pages);
			ret = acrn_mapping_add_pages(map, pages, nr);
		}
		if (ret)
			return ret;
		todo -= nr;
		uaddr += (unsigned long)nr << PAGE_SHIFT;
	}
	return 0;
}

static void acrn_unpin_hugetlb(struct page *page, unsigned long left)
{
	unsigned long nr;

	for (; left; page += nr, left -= nr) {
		nr = min(left, acrn_folio_rest(page));
		unpin_user_page_range_dirty_lock(page, 1, true);
	}
}

/* For small pages, most of which are dirty already, this is faster than a range. */
static void acrn_unpin_small(struct page *page, unsigned long left)
{
	for (; left; page++, left--) {
		if (PageDirty(page))
			unpin_user_page(page);
		else
			unpin_user_page_range_dirty_lock(page, 1, true);
		if (!(left % ACRN_UNPIN_BATCH))
			cond_resched();
	}
}

static noinline void acrn_run_unpin(const struct acrn_run *run, bool hugetlb)
{
	if (hugetlb)
		acrn_unpin_hugetlb(run->page, run->nr);
	else if (PageCompound(run->page))
		unpin_user_page_range_dirty_lock(run->page, run->nr, true);
	else
		acrn_unpin_small(run->page, run->nr);
}

/* Frees the mapping, which is neither known to the hypervisor nor in the tree. */
static void acrn_mapping_free(struct acrn_vm *vm, struct acrn_mapping *map)
{
	const struct acrn_run *run, *end;
	struct acrn_runs *runs, *next;

	list_for_each_entry_safe(runs, next, &map->runs, node) {
		end = runs->run + runs->nr;
		/* The guest may have written to any of the pages. */
		for (run = runs->run; run < end; run++) {
			/* Memory in disorder consists of these. */
			if (run->nr == 1 && PageDirty(run->page))
				unpin_user_page(run->page);
			else
				acrn_run_unpin(run, runs->hugetlb);
		}
		kfree(runs);
		cond_resched();
	}
	if (map->type == ACRN_MEMSEG_RAM)
		account_locked_vm(vm->mm, acrn_mapping_pages(map), false);
	kfree(map);
}

static int acrn_set_regions(struct acrn_vm *vm,
			    struct acrn_hc_memory_region *regions,
			    unsigned int count)
{
	struct acrn_hc_set_regions *param = &vm->param.memory.set;

	*param = (struct acrn_hc_set_regions) {
		.vmid = vm->vmid,
		.count = count,
		.regions_gpa = __pa(regions),
	};
	return acrn_hc_set_memory_regions(param);
}

/*
 * For one region the parameter block is part of the VM object, so that unmapping
 * needs no memory, which might not be there.
 */
static int acrn_set_region(struct acrn_vm *vm,
			   const struct acrn_hc_memory_region *region)
{
	vm->param.memory.region = *region;
	return acrn_set_regions(vm, &vm->param.memory.region, 1);
}

static int acrn_mapping_unmap(struct acrn_vm *vm, const struct acrn_mapping *map)
{
	return acrn_set_region(vm, &(struct acrn_hc_memory_region) {
		.type = ACRN_HC_REGION_DELETE,
		.gpa = map->gpa,
		.size = map->len,
	});
}

static int acrn_mapping_map_ram(struct acrn_vm *vm,
				const struct acrn_mapping *map, u32 prot,
				union acrn_mm_scratch *scratch)
{
	struct acrn_hc_memory_region *regions = scratch->regions;
	struct acrn_runs *runs;
	unsigned int count = 0, i;
	u64 gpa = map->gpa;
	int ret;

	list_for_each_entry(runs, &map->runs, node) {
		for (i = 0; i < runs->nr; i++) {
			const struct acrn_run *run = &runs->run[i];

			if (count == ACRN_HC_REGIONS_MAX) {
				ret = acrn_set_regions(vm, regions, count);
				if (ret)
					return ret;
				count = 0;
				cond_resched();
			}
			regions[count++] = (struct acrn_hc_memory_region) {
				.type = ACRN_HC_REGION_ADD,
				.prot = prot | ACRN_HC_REGION_WB,
				.gpa = gpa,
				.service_gpa = page_to_phys(run->page),
				.size = (u64)run->nr << PAGE_SHIFT,
			};
			gpa += (u64)run->nr << PAGE_SHIFT;
		}
	}
	return acrn_set_regions(vm, regions, count);
}

static int acrn_mapping_map_mmio(struct acrn_vm *vm,
				 const struct acrn_mapping *map,
				 const struct acrn_memseg *seg)
{
	return acrn_set_region(vm, &(struct acrn_hc_memory_region) {
		.type = ACRN_HC_REGION_ADD,
		.prot = seg->prot | ACRN_HC_REGION_UC,
		.gpa = map->gpa,
		.service_gpa = seg->base,
		.size = map->len,
	});
}

static struct acrn_mapping *acrn_mapping_new(struct acrn_vm *vm,
					     const struct acrn_memseg *seg)
{
	struct acrn_mapping *map;
	int ret;

	map = kmalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	if (!map)
		return ERR_PTR(-ENOMEM);

	map->type = seg->type;
	map->gpa = seg->gpa;
	map->len = seg->len;
	INIT_LIST_HEAD(&map->runs);
	if (map->type == ACRN_MEMSEG_RAM) {
		ret = account_locked_vm(vm->mm, acrn_mapping_pages(map), true);
		if (ret) {
			kfree(map);
			return ERR_PTR(ret);
		}
	}
	return map;
}

/* Ranges that overlap compare as equal, so that the tree rejects the second. */
static int acrn_mapping_cmp(struct rb_node *new, const struct rb_node *node)
{
	const struct acrn_mapping *a, *b;

	a = rb_entry(new, struct acrn_mapping, node);
	b = rb_entry(node, struct acrn_mapping, node);
	if (a->gpa + a->len <= b->gpa)
		return -1;
	return a->gpa >= b->gpa + b->len;
}

static int acrn_mapping_insert(struct acrn_vm *vm, struct acrn_mapping *map)
{
	return rb_find_add(&map->node, &vm->memory, acrn_mapping_cmp) ?
	       -EEXIST : 0;
}

static int acrn_mapping_cmp_gpa(const void *key, const struct rb_node *node)
{
	const struct acrn_mapping *map;
	u64 gpa = *(const u64 *)key;

	map = rb_entry(node, struct acrn_mapping, node);
	if (gpa < map->gpa)
		return -1;
	return gpa >= map->gpa + map->len;
}

static struct acrn_mapping *acrn_mapping_find(struct acrn_vm *vm, u64 gpa)
{
	struct rb_node *node;

	node = rb_find(&gpa, &vm->memory, acrn_mapping_cmp_gpa);
	return node ? rb_entry(node, struct acrn_mapping, node) : NULL;
}

int acrn_check_memseg(const union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;
	u64 limit = 1ULL << boot_cpu_data.x86_phys_bits;

	if (seg->type != ACRN_MEMSEG_RAM && seg->type != ACRN_MEMSEG_MMIO)
		return -EINVAL;
	if (!seg->len || !PAGE_ALIGNED(seg->len) || !PAGE_ALIGNED(seg->gpa))
		return -EINVAL;
	/* Beyond its limit the hypervisor says yes and maps nothing. */
	if (seg->len > limit || seg->gpa > limit - seg->len)
		return -EINVAL;
	return 0;
}

int acrn_check_set_memseg(const union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;
	u64 limit = 1ULL << boot_cpu_data.x86_phys_bits;
	int ret;

	ret = acrn_check_memseg(arg);
	if (ret)
		return ret;

	if (seg->using_vma > 1 ||
	    (seg->using_vma && seg->type != ACRN_MEMSEG_RAM))
		return -EINVAL;
	if (seg->prot & ~ACRN_PROT_MASK || !(seg->prot & ACRN_PROT_READ))
		return -EINVAL;
	if (!PAGE_ALIGNED(seg->base) || seg->base + seg->len < seg->base)
		return -EINVAL;
	if (seg->type != ACRN_MEMSEG_MMIO)
		return 0;

	if (seg->base > limit - seg->len)
		return -EINVAL;
	/* A User VM that gets at the Service VM's memory owns the machine. */
	if (region_intersects(seg->base, seg->len, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return -EINVAL;
	return 0;
}

/* A device's registers are hardware. */
bool acrn_memseg_needs_cap(const union acrn_ioctl_arg *arg)
{
	return arg->memseg.type == ACRN_MEMSEG_MMIO;
}

int acrn_ioctl_set_memseg(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;
	union acrn_mm_scratch *scratch;
	struct acrn_mapping *map;
	int ret;

	lockdep_assert_held(&vm->lock);

	scratch = (void *)__get_free_page(GFP_KERNEL_ACCOUNT);
	if (!scratch)
		return -ENOMEM;

	map = acrn_mapping_new(vm, seg);
	if (IS_ERR(map)) {
		ret = PTR_ERR(map);
		goto out_scratch;
	}

	ret = acrn_mapping_insert(vm, map);
	if (ret)
		goto err_free;

	if (seg->type == ACRN_MEMSEG_RAM) {
		ret = acrn_mapping_pin(map, seg->base, scratch);
		if (ret)
			goto err_erase;
		ret = acrn_mapping_map_ram(vm, map, seg->prot, scratch);
	} else {
		ret = acrn_mapping_map_mmio(vm, map, seg);
	}
	/*
	 * The hypervisor may have mapped a part.  If it does not unmap that either,
	 * it may go on using the memory, which therefore stays pinned.
	 */
	if (ret && !acrn_mapping_unmap(vm, map))
		goto err_erase;
	goto out_scratch;

err_erase:
	rb_erase(&map->node, &vm->memory);
err_free:
	acrn_mapping_free(vm, map);
out_scratch:
	free_page((unsigned long)scratch);
	return ret;
}

/* With an error the memseg is as it was. */
int acrn_ioctl_unset_memseg(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;
	struct acrn_mapping *map;
	int ret;

	lockdep_assert_held(&vm->lock);

	map = acrn_mapping_find(vm, seg->gpa);
	if (!map || map->gpa != seg->gpa || map->len != seg->len ||
	    map->type != seg->type)
		return -ENOENT;

	ret = acrn_mapping_unmap(vm, map);
	if (ret)
		return ret;

	rb_erase(&map->node, &vm->memory);
	acrn_mapping_free(vm, map);
	return 0;
}

/* Gives all memory back.  The hypervisor does not have the VM any more. */
void acrn_mm_release(struct acrn_vm *vm)
{
	struct acrn_mapping *map, *next;

	lockdep_assert_held(&vm->lock);

	rbtree_postorder_for_each_entry_safe(map, next, &vm->memory, node)
		acrn_mapping_free(vm, map);
	vm->memory = RB_ROOT;
}

#ifdef ACRN_KUNIT
#include "tests/kunit/mm_test.c"
#endif
