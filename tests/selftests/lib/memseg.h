/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Memory for User VMs: user memory of every kind, memsegs made of it, and the
 * proof that a User VM reaches that and nothing else.
 */
#ifndef MEMSEG_H
#define MEMSEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/acrn/acrn_ioctl_defs.h>

#define PAGES(n)	((n) * 4096UL)
#define MIB		(1UL << 20)
#define HUGE_2M		(2 * MIB)
#define HUGE_1G		(1024 * MIB)

#define PROT_ALL	(ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC)

/* Cache types in the hypervisor's prot */
#define PROT_WB		0x40U
#define PROT_UC		0x100U

/* The regions that one hypercall can carry */
#define BATCH_REGIONS	128

/**
 * enum memory_kind - what user memory is made of
 * @MEMORY_PRIVATE: anonymous, 4 KiB pages
 * @MEMORY_SHARED: anonymous and shared, 4 KiB pages
 * @MEMORY_MEMFD: a shared mapping of a memfd
 * @MEMORY_THP: anonymous, transparent huge pages
 * @MEMORY_HUGE_2M: hugetlb, shared
 * @MEMORY_HUGE_2M_PRIVATE: hugetlb, private
 * @MEMORY_HUGE_1G: hugetlb, shared
 */
enum memory_kind {
	MEMORY_PRIVATE,
	MEMORY_SHARED,
	MEMORY_MEMFD,
	MEMORY_THP,
	MEMORY_HUGE_2M,
	MEMORY_HUGE_2M_PRIVATE,
	MEMORY_HUGE_1G,
	MEMORY_KINDS,
};

extern const char *const memory_kind_names[MEMORY_KINDS];

bool huge_pages_reserve(unsigned long page_size, unsigned int count);
void *address_space(size_t size, size_t align);
void *memory_at(enum memory_kind kind, void *at, size_t size);
void *memory_get(enum memory_kind kind, size_t size);
void *memory_scattered(unsigned int pages);
void memory_touch(void *memory, size_t size);
bool has_huge_page(const void *memory);

int memseg_set(int fd, uint64_t gpa, const void *memory, size_t size);
int memseg_set_prot(int fd, uint64_t gpa, const void *memory, size_t size,
		    uint32_t prot);
int memseg_unset(int fd, uint64_t gpa, size_t size);
int memseg_set_mmio(int fd, uint64_t gpa, uint64_t hpa, size_t size,
		    uint32_t prot);
int memseg_unset_mmio(int fd, uint64_t gpa, size_t size);

/**
 * struct seen - memory that a User VM has to reach
 * @gpa: where
 * @size: bytes
 * @memory: the user memory that it is, or NULL: it is at @hpa
 * @hpa: where it is if it is no user memory
 * @prot: as the hypervisor has to have it; 0: all rights, write-back
 */
struct seen {
	uint64_t gpa;
	size_t size;
	const void *memory;
	uint64_t hpa;
	uint32_t prot;
};

/**
 * struct hv_run - a stretch of memory that a User VM reaches
 * @gpa: where
 * @hpa: what
 * @size: bytes
 * @prot: rights and cache type
 */
struct hv_run {
	uint64_t gpa;
	uint64_t hpa;
	uint64_t size;
	uint64_t prot;
};

bool hv_memory(unsigned int vmid, uint64_t gpa, struct hv_run *run);
void check_seen(unsigned int vmid, const struct seen *seen, unsigned int count);
void check_sees(unsigned int vmid, uint64_t gpa, const void *memory,
		size_t size);
void check_sees_nothing(unsigned int vmid);
void physical_pages(const void *memory, uint64_t *pages, size_t count);
unsigned int physical_runs(const void *memory, size_t size);

/**
 * struct pins - what is pinned and charged
 * @pages: pages that are pinned, in the whole machine
 * @charged: pages that are charged to this process
 * @mapped: pages that User VMs reach
 */
struct pins {
	long pages;
	long charged;
	long mapped;
};

void pins_get(struct pins *pins);
void pins_check(const struct pins *before, long more, const char *when);
void pins_back(const struct pins *before, unsigned int ms, const char *when);

#endif /* MEMSEG_H */
