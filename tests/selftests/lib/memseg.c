// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Memory for User VMs */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define PAGEMAP_PRESENT	(1ULL << 63)
#define PAGEMAP_PFN	((1ULL << 55) - 1)

const char *const memory_kind_names[MEMORY_KINDS] = {
	[MEMORY_PRIVATE] = "private",
	[MEMORY_SHARED] = "shared",
	[MEMORY_MEMFD] = "memfd",
	[MEMORY_THP] = "transparent huge pages",
	[MEMORY_HUGE_2M] = "2 MiB hugetlb",
	[MEMORY_HUGE_2M_PRIVATE] = "2 MiB hugetlb, private",
	[MEMORY_HUGE_1G] = "1 GiB hugetlb",
};

/**
 * huge_pages_reserve() - set how many hugetlb pages the kernel keeps
 * @page_size: HUGE_2M or HUGE_1G
 * @count: how many; 0 gives them back
 *
 * Return: whether there are as many.
 */
bool huge_pages_reserve(unsigned long page_size, unsigned int count)
{
	char path[128], text[32];

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%lukB/nr_hugepages",
		 page_size / 1024);
	snprintf(text, sizeof(text), "%u\n", count);
	if (write_text(path, text) || read_text(path, text, sizeof(text)))
		return false;
	return strtoul(text, NULL, 10) >= count;
}

/**
 * address_space() - addresses that nothing is mapped at
 * @size: bytes
 * @align: the first is a multiple of this
 *
 * Context: nothing else gets mapped there, for the addresses are taken by a
 * mapping without access; memory_at() replaces it.
 * Return: the first.
 */
void *address_space(size_t size, size_t align)
{
	char *at = mmap(NULL, size + align, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	check(at != MAP_FAILED, "mmap: %s", strerror(errno));
	return (void *)(((uintptr_t)at + align - 1) & ~(align - 1));
}

/* For all kinds the memory is there, if need be after memory_touch() */
static int kind_flags(enum memory_kind kind)
{
	switch (kind) {
	case MEMORY_PRIVATE:
	case MEMORY_THP:
		return MAP_PRIVATE | MAP_ANONYMOUS;
	case MEMORY_SHARED:
		return MAP_SHARED | MAP_ANONYMOUS;
	case MEMORY_MEMFD:
		return MAP_SHARED;
	case MEMORY_HUGE_2M:
		return MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB;
	case MEMORY_HUGE_2M_PRIVATE:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
		       MAP_HUGE_2MB;
	case MEMORY_HUGE_1G:
		return MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_1GB;
	default:
		fail("no such kind of memory: %d", kind);
	}
}

static size_t kind_align(enum memory_kind kind)
{
	switch (kind) {
	case MEMORY_THP:
	case MEMORY_HUGE_2M:
	case MEMORY_HUGE_2M_PRIVATE:
		return HUGE_2M;
	case MEMORY_HUGE_1G:
		return HUGE_1G;
	default:
		return PAGE_SIZE;
	}
}

/* Does this process have any?  One pin holds a whole page of it. */
static bool has_huge;

/**
 * memory_at() - map fresh memory at an address
 * @kind: what it is made of
 * @at: the address, in what address_space() gave
 * @size: bytes
 *
 * Return: @at.  The test is skipped if there are not enough huge pages.
 */
void *memory_at(enum memory_kind kind, void *at, size_t size)
{
	int fd = -1;
	void *memory;

	if (kind == MEMORY_MEMFD) {
		fd = memfd_create("memory", MFD_CLOEXEC);
		check(fd >= 0 && !ftruncate(fd, size), "memfd: %s",
		      strerror(errno));
	}
	memory = mmap(at, size, PROT_READ | PROT_WRITE,
		      kind_flags(kind) | MAP_FIXED, fd, 0);
	if (memory == MAP_FAILED && errno == ENOMEM &&
	    kind_flags(kind) & MAP_HUGETLB)
		skip("not enough pages: %s", memory_kind_names[kind]);
	check(memory == at, "mmap of %s: %s", memory_kind_names[kind],
	      strerror(errno));
	has_huge |= kind == MEMORY_THP || kind_flags(kind) & MAP_HUGETLB;
	if (fd >= 0)
		close(fd);
	/* PREEMPT_RT has none: small pages then, as with THP that is not to be had */
	if (kind == MEMORY_THP &&
	    !access("/sys/kernel/mm/transparent_hugepage", F_OK))
		check(!madvise(memory, size, MADV_HUGEPAGE), "madvise: %s",
		      strerror(errno));
	else if (kind == MEMORY_PRIVATE)
		madvise(memory, size, MADV_NOHUGEPAGE);
	return memory;
}

void *memory_get(enum memory_kind kind, size_t size)
{
	return memory_at(kind, address_space(size, kind_align(kind)), size);
}

/**
 * memory_scattered() - memory of which no page lies behind the one before it
 * @pages: how many
 *
 * The pages of a file, in the order of the file but without those that would
 * be such neighbours.
 *
 * Return: the memory; each page of it is a region of its own to a hypervisor.
 */
void *memory_scattered(unsigned int pages)
{
	unsigned int total = 2 * pages + 1, used = 0, i;
	uint64_t *physical = malloc(total * sizeof(*physical)), last = 0;
	int file = memfd_create("memory", MFD_CLOEXEC);
	char *memory = address_space(PAGES(pages), PAGE_SIZE), *all;

	check(physical, "out of memory");
	check(file >= 0 && !ftruncate(file, PAGES(total)), "memfd: %s",
	      strerror(errno));
	all = mmap(NULL, PAGES(total), PROT_READ | PROT_WRITE, MAP_SHARED,
		   file, 0);
	check(all != MAP_FAILED, "mmap: %s", strerror(errno));
	memory_touch(all, PAGES(total));
	physical_pages(all, physical, total);
	for (i = 0; i < total && used < pages; i++) {
		if (used && physical[i] == last + PAGE_SIZE)
			continue;
		check(mmap(memory + PAGES(used), PAGE_SIZE,
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file,
			   PAGES(i)) != MAP_FAILED, "mmap: %s",
		      strerror(errno));
		last = physical[i];
		used++;
	}
	check_equal(used, pages, "pages that are no neighbours");
	munmap(all, PAGES(total));
	close(file);
	free(physical);
	memory_touch(memory, PAGES(pages));
	check_equal(physical_runs(memory, PAGES(pages)), pages, "runs");
	return memory;
}

/**
 * memory_touch() - write to each page of memory
 * @memory: the memory
 * @size: bytes
 *
 * Each page begins with its own number + 1.
 */
void memory_touch(void *memory, size_t size)
{
	size_t i;

	for (i = 0; i < size / PAGE_SIZE; i++)
		*(volatile uint64_t *)((char *)memory + i * PAGE_SIZE) = i + 1;
}

/**
 * has_huge_page() - is there really a transparent huge page?
 * @memory: where the page would begin
 *
 * Return: whether the first 2 MiB are aligned and contiguous in memory.
 */
bool has_huge_page(const void *memory)
{
	uint64_t first;

	physical_pages(memory, &first, 1);
	return first % HUGE_2M == 0 && physical_runs(memory, HUGE_2M) == 1;
}

static int set_memseg(int fd, unsigned int number, uint32_t type, uint64_t gpa,
		      uint64_t base, size_t size, uint32_t prot)
{
	struct acrn_memseg memseg = {
		.type = type,
		.using_vma = type == ACRN_MEMSEG_RAM,
		.gpa = gpa,
		.base = base,
		.len = size,
		.prot = prot,
	};

	return hsm_ioctl(fd, number, &memseg);
}

int memseg_set(int fd, uint64_t gpa, const void *memory, size_t size)
{
	return memseg_set_prot(fd, gpa, memory, size, PROT_ALL);
}

int memseg_set_prot(int fd, uint64_t gpa, const void *memory, size_t size,
		    uint32_t prot)
{
	return set_memseg(fd, IC_SET_MEMSEG, ACRN_MEMSEG_RAM, gpa,
			  (uintptr_t)memory, size, prot);
}

int memseg_unset(int fd, uint64_t gpa, size_t size)
{
	return set_memseg(fd, IC_UNSET_MEMSEG, ACRN_MEMSEG_RAM, gpa, 0, size,
			  0);
}

int memseg_set_mmio(int fd, uint64_t gpa, uint64_t hpa, size_t size,
		    uint32_t prot)
{
	return set_memseg(fd, IC_SET_MEMSEG, ACRN_MEMSEG_MMIO, gpa, hpa, size,
			  prot);
}

int memseg_unset_mmio(int fd, uint64_t gpa, size_t size)
{
	return set_memseg(fd, IC_UNSET_MEMSEG, ACRN_MEMSEG_MMIO, gpa, 0, size,
			  0);
}

/**
 * hv_memory() - the next memory that a User VM reaches
 * @vmid: the User VM
 * @gpa: where to begin to look
 * @run: filled in
 *
 * Return: whether there is more.
 */
bool hv_memory(unsigned int vmid, uint64_t gpa, struct hv_run *run)
{
	unsigned long reg[4] = { vmid, gpa };
	int ret = hv_command(TESTBED_MEMORY, reg);

	if (ret == -ENOENT)
		return false;
	check_result(ret, 0, "memory of VM %u from %#llx on", vmid,
		     (unsigned long long)gpa);
	*run = (struct hv_run){ reg[0], reg[1], reg[2], reg[3] };
	return true;
}

/**
 * physical_pages() - where pages of this process are
 * @memory: the first
 * @pages: filled in with their physical addresses; 0: not in memory
 * @count: how many
 */
void physical_pages(const void *memory, uint64_t *pages, size_t count)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i, size = count * sizeof(*pages);

	check(fd >= 0, "pagemap: %s", strerror(errno));
	check(pread(fd, pages, size,
		    (uintptr_t)memory / PAGE_SIZE * sizeof(*pages)) ==
	      (ssize_t)size, "pagemap: %s", strerror(errno));
	close(fd);
	for (i = 0; i < count; i++)
		pages[i] = pages[i] & PAGEMAP_PRESENT ?
			   (pages[i] & PAGEMAP_PFN) * PAGE_SIZE : 0;
}

static uint64_t *get_physical_pages(const void *memory, size_t size)
{
	uint64_t *pages = malloc(size / PAGE_SIZE * sizeof(*pages));

	check(pages, "out of memory");
	physical_pages(memory, pages, size / PAGE_SIZE);
	return pages;
}

/**
 * physical_runs() - of how many contiguous stretches memory consists
 * @memory: the memory, all of it present
 * @size: bytes
 *
 * Return: the number.
 */
unsigned int physical_runs(const void *memory, size_t size)
{
	uint64_t *pages = get_physical_pages(memory, size);
	unsigned int runs = 1;
	size_t i;

	for (i = 1; i < size / PAGE_SIZE; i++)
		runs += pages[i] != pages[i - 1] + PAGE_SIZE;
	free(pages);
	return runs;
}

/* One expected range against what the hypervisor has there, page by page */
static void check_range(unsigned int vmid, const struct seen *seen)
{
	uint64_t *pages = seen->memory ?
			  get_physical_pages(seen->memory, seen->size) : NULL;
	uint32_t prot = seen->prot ? seen->prot : PROT_ALL | PROT_WB;
	uint64_t offset, end, hpa;
	struct hv_run run;

	for (offset = 0; offset < seen->size;) {
		check(hv_memory(vmid, seen->gpa + offset, &run) &&
		      run.gpa == seen->gpa + offset,
		      "the VM does not reach %#llx",
		      (unsigned long long)(seen->gpa + offset));
		check_equal(run.prot, prot, "prot of %#llx",
			    (unsigned long long)run.gpa);
		end = offset + run.size;
		if (end > seen->size)
			end = seen->size;
		for (; offset < end; offset += PAGE_SIZE) {
			hpa = pages ? pages[offset / PAGE_SIZE] :
			      seen->hpa + offset;
			check_equal(run.hpa + seen->gpa + offset - run.gpa,
				    hpa, "what the VM reaches at %#llx",
				    (unsigned long long)(seen->gpa + offset));
		}
	}
	free(pages);
}

/* A stretch of the hypervisor's has to consist of expected ranges. */
static void check_expected(const struct hv_run *run, const struct seen *seen,
			   unsigned int count)
{
	uint64_t gpa = run->gpa;
	unsigned int i;

	while (gpa < run->gpa + run->size) {
		for (i = 0; i < count; i++)
			if (gpa >= seen[i].gpa &&
			    gpa - seen[i].gpa < seen[i].size)
				break;
		if (i < count) {
			gpa = seen[i].gpa + seen[i].size;
			continue;
		}
		check(gpa == VM_START_PAGE, "the VM reaches %#llx",
		      (unsigned long long)gpa);
		gpa += PAGE_SIZE;
	}
}

/**
 * check_seen() - a User VM reaches what it has to reach, and nothing else but what
 *	vm_set_memory() gives it
 * @vmid: the User VM
 * @seen: all that it has to reach; memory of this process, in memory
 * @count: how many
 */
void check_seen(unsigned int vmid, const struct seen *seen, unsigned int count)
{
	struct hv_run run = { 0 };
	unsigned int i;

	for (i = 0; i < count; i++)
		check_range(vmid, &seen[i]);
	while (hv_memory(vmid, run.gpa + run.size, &run))
		check_expected(&run, seen, count);
}

void check_sees(unsigned int vmid, uint64_t gpa, const void *memory,
		size_t size)
{
	struct seen seen = { .gpa = gpa, .size = size, .memory = memory };

	check_seen(vmid, &seen, 1);
}

void check_sees_nothing(unsigned int vmid)
{
	check_seen(vmid, NULL, 0);
}

void pins_get(struct pins *pins)
{
	struct hv_account account;

	hv_get_account(&account);
	pins->pages = pinned_pages();
	pins->charged = process_pinned_kb() / 4;
	pins->mapped = account.pages;
}

/**
 * pins_check() - so many pages more are pinned, charged and mapped than before
 * @before: before
 * @more: how many; pins can be fewer, but not none, if there are huge pages
 * @when: for the message
 */
void pins_check(const struct pins *before, long more, const char *when)
{
	struct pins now;
	long pins;

	pins_get(&now);
	pins = now.pages - before->pages;
	check((pins == more || (has_huge && pins > 0 && pins < more)) &&
	      now.charged - before->charged == more &&
	      now.mapped - before->mapped == more,
	      "%s: %ld pages more are pinned, %ld charged, %ld mapped; expected %ld",
	      when, pins, now.charged - before->charged,
	      now.mapped - before->mapped, more);
}

/**
 * pins_back() - wait until no more is pinned, charged and mapped than before
 * @before: before
 * @ms: how long to wait
 * @when: for the message
 *
 * For VMs that the driver ends by itself: a moment after it has forgotten the VM, which
 * vm_gone() waits for, it gives the memory back.
 */
void pins_back(const struct pins *before, unsigned int ms, const char *when)
{
	uint64_t end = now_us() + ms * 1000ULL;
	struct pins now;

	for (pins_get(&now); memcmp(&now, before, sizeof(now)) && now_us() < end;
	     pins_get(&now))
		sleep_ms(20);
	pins_check(before, 0, when);
}
