// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: guest memory.
 *
 * RAM of a User VM is memory of the process that created it.  It is pinned
 * before the hypervisor hears of it and unpinned after the hypervisor has
 * dropped it; when the hypervisor does not say so, it stays pinned until the
 * VM is gone.  What is mapped is what was asked for, to the page, in as few
 * physically contiguous segments as it has.  A huge page is pinned once.
 */
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/rbtree.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <asm/processor.h>

#include "acrn_compat.h"
#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/* acrn_mapping.type: no memseg, the hypervisor maps something there by itself */
#define ACRN_MAPPING_RESERVED	(~1U)

#define ACRN_PROT_MASK	(ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC)

/**
 * struct acrn_segment - pinned pages that lie one after the other
 * @page: the first
 * @nr: how many
 */
struct acrn_segment {
	struct page *page;
	unsigned long nr;
};

/**
 * struct acrn_segments - some of a memseg's segments
 * @node: in &acrn_mapping.segments
 * @nr: number of used elements of @segment
 * @max: number of elements of @segment
 * @whole: they are of huge pages, each of which is pinned once.  Else every
 *	small page is pinned, whatever it is part of
 * @segment: the segments
 */
struct acrn_segments {
	struct list_head node;
	unsigned int nr;
	unsigned int max;
	bool whole;
	struct acrn_segment segment[];
};

/* A memseg's first list of segments, enough for most; each next is twice as big. */
#define ACRN_SEGMENTS_MIN_SIZE	64
#define ACRN_SEGMENTS_MAX_SIZE	PAGE_SIZE

/* So many pages are unpinned without giving way to others. */
#define ACRN_UNPIN_BATCH	512

/* Pages that lie one after the other have descriptors that do. */
static_assert(IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP));

/**
 * struct acrn_mapping - a memseg that is mapped
 * @node: in &acrn_vm.memory
 * @type: ACRN_MEMSEG_*, or ACRN_MAPPING_RESERVED
 * @prot: ACRN_PROT_*
 * @gpa: where it begins in the User VM
 * @len: bytes
 * @claim: of MMIO: which registers that are
 * @segments: list of &struct acrn_segments: its pages in ascending order; empty
 *	of MMIO
 */
struct acrn_mapping {
	struct rb_node node;
	u32 type;
	u32 prot;
	u64 gpa;
	u64 len;
	struct acrn_claim *claim;
	struct list_head segments;
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

static struct acrn_segments *
acrn_segments_new(const struct acrn_segments *last, bool whole)
{
	size_t size = ACRN_SEGMENTS_MIN_SIZE;
	struct acrn_segments *segments;

	if (last)
		size = min_t(size_t, 2 * struct_size(last, segment, last->max),
			     ACRN_SEGMENTS_MAX_SIZE);
	segments = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!segments)
		return NULL;
	segments->nr = 0;
	segments->max = (size - sizeof(*segments)) / sizeof(segments->segment[0]);
	segments->whole = whole;
	return segments;
}

static struct acrn_segments *acrn_mapping_last(const struct acrn_mapping *map)
{
	return list_empty(&map->segments) ? NULL :
	       list_last_entry(&map->segments, struct acrn_segments, node);
}

/* Room for one more segment, or NULL: no memory */
static struct acrn_segments *acrn_mapping_room(struct acrn_mapping *map,
					       bool whole)
{
	struct acrn_segments *segments = acrn_mapping_last(map);

	if (segments && segments->nr < segments->max && segments->whole == whole)
		return segments;
	segments = acrn_segments_new(segments, whole);
	if (segments)
		list_add_tail(&segments->node, &map->segments);
	return segments;
}

static void acrn_segments_add(struct acrn_segments *segments, struct page *page,
			      unsigned long nr)
{
	segments->segment[segments->nr++] = (struct acrn_segment) {
		.page = page,
		.nr = nr,
	};
}

static int acrn_mapping_add(struct acrn_mapping *map, struct page *page,
			    unsigned long nr, bool whole)
{
	struct acrn_segments *segments = acrn_mapping_last(map);
	struct acrn_segment *last;

	if (segments && segments->whole == whole) {
		last = &segments->segment[segments->nr - 1];
		if (last->page + last->nr == page) {
			last->nr += nr;
			return 0;
		}
	}
	segments = acrn_mapping_room(map, whole);
	if (!segments)
		return -ENOMEM;
	acrn_segments_add(segments, page, nr);
	return 0;
}

/* Where the pages end that lie one after the other, from this one on */
static struct page **acrn_segment_end(struct page **page, struct page **end)
{
	struct page *next = *page;

	do {
		page++;
		next++;
	} while (page < end && *page == next);
	return page;
}

/* At least one page.  Those that cannot be added are unpinned. */
static int acrn_mapping_add_pages(struct acrn_mapping *map, struct page **pages,
				  unsigned long nr)
{
	struct page **end = pages + nr, **page = acrn_segment_end(pages, end), **first;
	struct acrn_segments *segments;
	int ret;

	/* It may follow the last segment; after it, a segment is one that follows none. */
	ret = acrn_mapping_add(map, pages[0], page - pages, false);
	if (ret) {
		unpin_user_pages(pages, nr);
		return ret;
	}

	segments = acrn_mapping_last(map);
	while (page < end) {
		first = page;
		if (segments->nr == segments->max) {
			segments = acrn_mapping_room(map, false);
			if (!segments) {
				unpin_user_pages(first, end - first);
				return -ENOMEM;
			}
		}
		page = acrn_segment_end(first, end);
		acrn_segments_add(segments, *first, page - first);
	}
	return 0;
}

/* How many small pages there are from this one to the end of the page it is part of */
static unsigned long acrn_folio_rest(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_nr_pages(folio) - (page - &folio->page);
}

/* How far an address is from where a huge page could begin */
static unsigned long acrn_pmd_offset(unsigned long uaddr)
{
	return uaddr & ~PMD_MASK;
}

/*
 * Does one entry of the page tables, to which the process may write, map all of the
 * folio from a page on?  For a folio that is pinned and so neither split nor moved.
 *
 * Page tables are freed only after all CPUs have had an interrupt, or have been seen
 * to have interrupts on: with interrupts off they can be read without a lock.
 */
static bool acrn_mapped_whole(unsigned long uaddr, struct page *page)
{
	unsigned long rest = (PMD_SIZE - acrn_pmd_offset(uaddr)) >> PAGE_SHIFT;
	pgd_t pgd;
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd = __pmd(0);

	if (acrn_folio_rest(page) != rest)
		return false;

	local_irq_disable();
	pgd = READ_ONCE(*pgd_offset(current->mm, uaddr));
	if (!pgd_present(pgd))
		goto out;
	p4d = READ_ONCE(*p4d_offset(&pgd, uaddr));
	if (!p4d_present(p4d))
		goto out;
	pud = READ_ONCE(*pud_offset(&p4d, uaddr));
	if (pud_present(pud) && !pud_leaf(pud))
		pmd = READ_ONCE(*pmd_offset(&pud, uaddr));
out:
	local_irq_enable();
	/* Something else may have come to this address since the page was pinned. */
	return pmd_present(pmd) && pmd_leaf(pmd) && pmd_write(pmd) &&
	       pmd_pfn(pmd) + (acrn_pmd_offset(uaddr) >> PAGE_SHIFT) ==
	       page_to_pfn(page);
}

/*
 * How many pages from this one on its pin holds: the kernel counts pins for all of a
 * folio.  Where a hugetlb page is mapped, all of it is.  Of a transparent huge page
 * any part can be mapped, the others may have been replaced.
 */
static unsigned long acrn_pin_holds(unsigned long uaddr, struct page *page)
{
	if (!PageCompound(page))
		return 1;
	if (PageHuge(page) || acrn_mapped_whole(uaddr, page))
		return acrn_folio_rest(page);
	return 1;
}

/*
 * The pages have to be charged already.
 *
 * Where a huge page may begin, and at the very beginning, one page is pinned; if that
 * holds no others, all up to where the next huge page may begin are.
 */
static int acrn_mapping_pin(struct acrn_mapping *map, unsigned long uaddr,
			    union acrn_mm_scratch *scratch)
{
	unsigned long todo = acrn_mapping_pages(map), at_once = 1, held;
	struct page **pages = scratch->pages;
	long nr;
	int ret;

	BUILD_BUG_ON(ARRAY_SIZE(scratch->pages) < PTRS_PER_PMD);
	while (todo) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();

		nr = acrn_pin_pages(uaddr, min(todo, at_once), pages);
		if (nr < 0)
			return nr;
		held = at_once == 1 ? acrn_pin_holds(uaddr, pages[0]) : 1;
		if (held > 1) {
			nr = min(todo, held);
			ret = acrn_mapping_add(map, pages[0], nr, true);
			if (ret)
				unpin_user_page(pages[0]);
		} else {
			ret = acrn_mapping_add_pages(map, pages, nr);
		}
		if (ret)
			return ret;
		todo -= nr;
		uaddr += (unsigned long)nr << PAGE_SHIFT;
		at_once = acrn_pmd_offset(uaddr) ?
			  (PMD_SIZE - acrn_pmd_offset(uaddr)) >> PAGE_SHIFT : 1;
	}
	return 0;
}

/* Most pages are dirty already; then this is faster than what makes them so. */
static void acrn_unpin_dirty(struct page *page)
{
	if (PageDirty(page))
		unpin_user_page(page);
	else
		unpin_user_page_range_dirty_lock(page, 1, true);
}

static void acrn_unpin_whole(struct page *page, unsigned long left)
{
	unsigned long nr;

	for (; left; page += nr, left -= nr) {
		nr = min(left, acrn_folio_rest(page));
		acrn_unpin_dirty(page);
	}
}

/* Of small pages, faster than a range of them */
static void acrn_unpin_small(struct page *page, unsigned long left)
{
	for (; left; page++, left--) {
		acrn_unpin_dirty(page);
		if (!(left % ACRN_UNPIN_BATCH))
			cond_resched();
	}
}

static noinline void acrn_segment_unpin(const struct acrn_segment *segment,
					bool whole)
{
	if (whole)
		acrn_unpin_whole(segment->page, segment->nr);
	else if (PageCompound(segment->page))
		unpin_user_page_range_dirty_lock(segment->page, segment->nr, true);
	else
		acrn_unpin_small(segment->page, segment->nr);
}

/* Registers may be of a device that another VM has, or gets. */
static int acrn_mapping_claim(struct acrn_vm *vm, struct acrn_mapping *map, u64 base)
{
	map->claim = acrn_claim_make(vm, base, base + map->len - 1, false);
	return PTR_ERR_OR_ZERO(map->claim);
}

/* Frees the mapping, which is neither known to the hypervisor nor in the tree. */
static void acrn_mapping_free(struct acrn_vm *vm, struct acrn_mapping *map)
{
	const struct acrn_segment *segment, *end;
	struct acrn_segments *segments, *next;

	list_for_each_entry_safe(segments, next, &map->segments, node) {
		end = segments->segment + segments->nr;
		/* The guest may have written to any of the pages. */
		for (segment = segments->segment; segment < end; segment++) {
			/* Memory in disorder consists of these. */
			if (segment->nr == 1 && PageDirty(segment->page))
				unpin_user_page(segment->page);
			else
				acrn_segment_unpin(segment, segments->whole);
		}
		kfree(segments);
		cond_resched();
	}
	if (map->type == ACRN_MEMSEG_RAM)
		account_locked_vm(vm->mm, acrn_mapping_pages(map), false);
	else
		acrn_claim_drop(map->claim);
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

static int acrn_unset_region(struct acrn_vm *vm, u64 gpa, u64 size)
{
	return acrn_set_region(vm, &(struct acrn_hc_memory_region) {
		.type = ACRN_HC_REGION_DELETE,
		.gpa = gpa,
		.size = size,
	});
}

static int acrn_mapping_unmap(struct acrn_vm *vm, const struct acrn_mapping *map)
{
	return acrn_unset_region(vm, map->gpa, map->len);
}

static int acrn_mapping_map_ram(struct acrn_vm *vm,
				const struct acrn_mapping *map, u32 prot,
				union acrn_mm_scratch *scratch)
{
	struct acrn_hc_memory_region *region = scratch->regions;
	const struct acrn_segment *segment, *end;
	struct acrn_segments *segments;
	u64 gpa = map->gpa, size;
	int ret;

	list_for_each_entry(segments, &map->segments, node) {
		end = segments->segment + segments->nr;
		for (segment = segments->segment; segment < end; segment++) {
			if (region == scratch->regions + ACRN_HC_REGIONS_MAX) {
				ret = acrn_set_regions(vm, scratch->regions,
						       ACRN_HC_REGIONS_MAX);
				if (ret)
					return ret;
				region = scratch->regions;
				cond_resched();
			}
			size = (u64)segment->nr << PAGE_SHIFT;
			*region++ = (struct acrn_hc_memory_region) {
				.type = ACRN_HC_REGION_ADD,
				.prot = prot | ACRN_HC_REGION_WB,
				.gpa = gpa,
				.service_gpa = page_to_phys(segment->page),
				.size = size,
			};
			gpa += size;
		}
	}
	return acrn_set_regions(vm, scratch->regions, region - scratch->regions);
}

/*
 * The hypervisor has refused a batch: unmap what it mapped, of this one and of those
 * before.  It takes regions in order and stops at the first that it refuses, so the
 * first that is not there ends the search.
 * @region: the first of the batch
 */
static int acrn_mapping_roll_back(struct acrn_vm *vm,
				  const struct acrn_mapping *map,
				  const struct acrn_hc_memory_region *region)
{
	const struct acrn_hc_memory_region *end = region + ACRN_HC_REGIONS_MAX;
	u64 gpa = region->gpa;
	int ret;

	ret = acrn_mapping_unmap(vm, map);
	if (ret != -EINVAL || !acrn_hv_misses_memory())
		return ret;

	if (gpa > map->gpa) {
		ret = acrn_unset_region(vm, map->gpa, gpa - map->gpa);
		if (ret)
			return ret;
	}
	while (gpa < map->gpa + map->len && region < end) {
		ret = acrn_unset_region(vm, gpa, region->size);
		if (ret)
			return ret == -EINVAL ? 0 : ret;
		gpa += region++->size;
	}
	return 0;
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
	map->prot = seg->prot;
	map->gpa = seg->gpa;
	map->len = seg->len;
	INIT_LIST_HEAD(&map->segments);
	if (map->type == ACRN_MEMSEG_RAM)
		ret = account_locked_vm(vm->mm, acrn_mapping_pages(map), true);
	else
		ret = acrn_mapping_claim(vm, map, seg->base);
	if (ret) {
		kfree(map);
		return ERR_PTR(ret);
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
	if (rb_find_add(&map->node, &vm->memory, acrn_mapping_cmp))
		return -EEXIST;
	WRITE_ONCE(vm->memory_size, vm->memory_size + map->len);
	return 0;
}

static void acrn_mapping_erase(struct acrn_vm *vm, struct acrn_mapping *map)
{
	rb_erase(&map->node, &vm->memory);
	WRITE_ONCE(vm->memory_size, vm->memory_size - map->len);
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

/* Can there be a memseg there? */
int acrn_check_memseg_range(const union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;
	u64 limit = 1ULL << boot_cpu_data.x86_phys_bits;

	if (!seg->len || !PAGE_ALIGNED(seg->len) || !PAGE_ALIGNED(seg->gpa))
		return -EINVAL;
	/* Beyond its limit the hypervisor says yes and maps nothing. */
	if (seg->len > limit || seg->gpa > limit - seg->len)
		return -EINVAL;
	return 0;
}

int acrn_check_memseg(const union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;

	if (seg->type != ACRN_MEMSEG_RAM && seg->type != ACRN_MEMSEG_MMIO)
		return -EINVAL;
	return acrn_check_memseg_range(arg);
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
		/* One region: it is mapped or not, never in part. */
		if (ret)
			goto err_erase;
	}
	/*
	 * The hypervisor may have mapped a part.  If it does not unmap that either,
	 * it may go on using the memory, which therefore stays pinned.
	 */
	if (ret && !acrn_mapping_roll_back(vm, map, scratch->regions))
		goto err_erase;
	goto out_scratch;

err_erase:
	acrn_mapping_erase(vm, map);
err_free:
	acrn_mapping_free(vm, map);
out_scratch:
	free_page((unsigned long)scratch);
	return ret;
}

/* Unmaps a memseg and forgets it.  With an error it is as it was. */
static int acrn_mapping_remove(struct acrn_vm *vm, struct acrn_mapping *map)
{
	int ret = acrn_mapping_unmap(vm, map);

	if (ret)
		return ret;
	acrn_mapping_erase(vm, map);
	acrn_mapping_free(vm, map);
	return 0;
}

int acrn_ioctl_unset_memseg(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_memseg *seg = &arg->memseg;
	struct acrn_mapping *map;

	lockdep_assert_held(&vm->lock);

	map = acrn_mapping_find(vm, seg->gpa);
	if (!map || map->type == ACRN_MAPPING_RESERVED ||
	    map->gpa != seg->gpa || map->len != seg->len ||
	    (map->type != seg->type && seg->type != ACRN_MEMSEG_ANY))
		return -ENOENT;

	return acrn_mapping_remove(vm, map);
}

/**
 * acrn_mm_reserve() - let there be no memseg where the hypervisor maps something
 * @vm: a locked VM
 * @gpa: where that begins
 * @len: bytes
 *
 * Return: what acrn_mm_unreserve() takes; -EEXIST: something is there; -ENOMEM.
 */
struct acrn_mapping *acrn_mm_reserve(struct acrn_vm *vm, u64 gpa, u64 len)
{
	struct acrn_mapping *map;

	lockdep_assert_held(&vm->lock);

	map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	if (!map)
		return ERR_PTR(-ENOMEM);
	map->type = ACRN_MAPPING_RESERVED;
	map->gpa = gpa;
	map->len = len;
	INIT_LIST_HEAD(&map->segments);
	if (!rb_find_add(&map->node, &vm->memory, acrn_mapping_cmp))
		return map;
	kfree(map);
	return ERR_PTR(-EEXIST);
}

/**
 * acrn_mm_unreserve() - the hypervisor maps nothing there any more
 * @vm: the locked VM
 * @map: what acrn_mm_reserve() returned; freed
 */
void acrn_mm_unreserve(struct acrn_vm *vm, struct acrn_mapping *map)
{
	lockdep_assert_held(&vm->lock);
	rb_erase(&map->node, &vm->memory);
	kfree(map);
}

/**
 * acrn_mm_has() - is something mapped there?
 * @vm: a locked VM
 * @gpa: where
 * @prot: what the guest has to be allowed to do with it, ACRN_PROT_*
 *
 * Return: whether there is a memseg that allows it.
 */
bool acrn_mm_has(struct acrn_vm *vm, u64 gpa, u32 prot)
{
	const struct acrn_mapping *map;

	lockdep_assert_held(&vm->lock);

	map = acrn_mapping_find(vm, gpa);
	return map && !(prot & ~map->prot);
}

static struct acrn_mapping *acrn_mapping_find_ram(struct acrn_vm *vm, u64 gpa)
{
	struct acrn_mapping *map = acrn_mapping_find(vm, gpa);

	return map && map->type == ACRN_MEMSEG_RAM ? map : NULL;
}

/**
 * acrn_mm_get_pages() - hold pages of a VM's RAM
 * @vm: a locked VM
 * @gpa: the first, page aligned
 * @prot: what the guest has to be allowed to do with them, ACRN_PROT_*
 * @pages: set to the pages, each of which gets a reference
 * @nr: how many, at least 1
 *
 * While their memseg is there its pins keep the pages where the guest has them.
 * After that the references keep them from being used for anything else.
 *
 * Return: 0, -ENOENT: not all of them are RAM of one memseg, -EACCES.
 */
int acrn_mm_get_pages(struct acrn_vm *vm, u64 gpa, u32 prot, struct page **pages,
		      unsigned long nr)
{
	const struct acrn_segment *segment, *end;
	const struct acrn_segments *segments;
	const struct acrn_mapping *map;
	unsigned long skip;

	lockdep_assert_held(&vm->lock);

	map = acrn_mapping_find_ram(vm, gpa);
	if (!map)
		return -ENOENT;
	skip = (gpa - map->gpa) >> PAGE_SHIFT;
	if (nr > acrn_mapping_pages(map) - skip)
		return -ENOENT;
	if (prot & ~map->prot)
		return -EACCES;

	list_for_each_entry(segments, &map->segments, node) {
		end = segments->segment + segments->nr;
		for (segment = segments->segment; segment < end; segment++) {
			for (; skip < segment->nr && nr; skip++, nr--) {
				*pages = segment->page + skip;
				get_page(*pages++);
			}
			if (!nr)
				return 0;
			skip -= segment->nr;
		}
		cond_resched();
	}
	/* Never: the segments are all of the memseg. */
	return -ENOENT;
}

static int acrn_write_protect(struct acrn_vm *vm, u64 gpa, bool set)
{
	struct acrn_hc_write_protect *param = &vm->param.write_protect;

	*param = (struct acrn_hc_write_protect) { .set = set, .gpa = gpa };
	return acrn_hc_write_protect_page(vm->vmid, param);
}

/**
 * acrn_mm_protect() - let a guest no longer write to a page, but make requests of it
 * @vm: a locked VM
 * @gpa: the page, page aligned
 *
 * Until acrn_mm_unprotect(), or until its memseg goes.
 *
 * Return: 0; -ENOENT: it is no RAM; -EACCES: the guest may not read, write and execute
 *	it; or an error of the hypercall.
 */
int acrn_mm_protect(struct acrn_vm *vm, u64 gpa)
{
	const struct acrn_mapping *map;
	int ret;

	lockdep_assert_held(&vm->lock);

	map = acrn_mapping_find_ram(vm, gpa);
	if (!map)
		return -ENOENT;
	if (map->prot != ACRN_PROT_MASK)
		return -EACCES;
	ret = acrn_write_protect(vm, gpa, true);
	/* It may have been done all the same. */
	if (ret)
		acrn_write_protect(vm, gpa, false);
	return ret;
}

/**
 * acrn_mm_unprotect() - undo acrn_mm_protect()
 * @vm: a locked VM
 * @gpa: the page
 *
 * Nothing is done if there is another memseg now of which the guest may not do all: it
 * would get the right to write to it.
 *
 * Return: 0 or an error of the hypercall.
 */
int acrn_mm_unprotect(struct acrn_vm *vm, u64 gpa)
{
	const struct acrn_mapping *map;

	lockdep_assert_held(&vm->lock);

	map = acrn_mapping_find_ram(vm, gpa);
	if (!map || map->prot != ACRN_PROT_MASK)
		return 0;
	return acrn_write_protect(vm, gpa, false);
}

/**
 * acrn_mm_unmap_mmio() - take a device's registers away from a VM
 * @vm: the locked VM
 * @start: first physical address
 * @last: last physical address
 *
 * All MMIO memsegs that have any of it go as a whole.
 *
 * Return: 0 or a negative errno: some are left.
 */
int acrn_mm_unmap_mmio(struct acrn_vm *vm, u64 start, u64 last)
{
	struct rb_node *node, *next;
	struct acrn_mapping *map;
	int ret;

	lockdep_assert_held(&vm->lock);

	for (node = rb_first(&vm->memory); node; node = next) {
		next = rb_next(node);
		map = rb_entry(node, struct acrn_mapping, node);
		if (map->type != ACRN_MEMSEG_MMIO || map->claim->start > last ||
		    map->claim->last < start)
			continue;
		ret = acrn_mapping_remove(vm, map);
		if (ret)
			return ret;
	}
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
	WRITE_ONCE(vm->memory_size, 0);
}

#ifdef ACRN_KUNIT
#include "tests/kunit/mm_test.c"
#endif
