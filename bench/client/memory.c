// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guest memory: to map it, and to close the file of the VM that has it.
 */
#include <unistd.h>

#include <sys/mman.h>

#include "bench.h"

#define TIMES	5
#define GPA	0x40000000UL
/* More than free memory has in small pieces, which lie as others have left them */
#define PIECES	(256 * MIB)

#define ALLOC_FLAGS	(MAP_PRIVATE | MAP_ANONYMOUS)

static void *get_hugetlb(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);

	CHECK(p == MAP_FAILED);
	return p;
}

/* Aligned to 2 MiB; @advice is what the kernel is told of huge pages */
static unsigned char *get(size_t len, int advice)
{
	unsigned char *p = mmap(NULL, len + 2 * MIB, PROT_READ | PROT_WRITE, ALLOC_FLAGS, -1, 0);

	CHECK(p == MAP_FAILED);
	p = (unsigned char *)(((uintptr_t)p + 2 * MIB - 1) & -(2 * MIB));
	CHECK(madvise(p, len, advice));
	return p;
}

static void *get_thp(size_t len)
{
	return memset(get(len, MADV_HUGEPAGE), 1, len);
}

static void *get_small(size_t len)
{
	return memset(get(len, MADV_NOHUGEPAGE), 1, len);
}

/* Touched in an order that leaves no two pages side by side */
static void *get_disorder(size_t len)
{
	unsigned char *p = get(len, MADV_NOHUGEPAGE);
	size_t i, count = len / PAGE;

	for (i = 0; i < count; i++)
		p[i * 1021 % count * PAGE] = 1;
	return p;
}

static void measure(const char *name, void *p, size_t len)
{
	uint64_t set[TIMES], closed[TIMES];
	char set_id[32], close_id[32];
	unsigned int i;

	snprintf(set_id, sizeof(set_id), "set_%s", name);
	snprintf(close_id, sizeof(close_id), "close_%s", name);
	if (!wanted(set_id) && !wanted(close_id))
		return;
	for (i = 0; i < TIMES; i++) {
		struct vm vm;

		vm_new_bare(&vm);
		/* Only now the pages are as they will stay. */
		if (i == TIMES - 1)
			profile_begin(set_id, 1);
		TIMED(0, drv_map(&vm, GPA, p, len));
		profile_end(set_id);
		set[i] = samples[0];
		if (i == TIMES - 1)
			profile_begin(close_id, 1);
		TIMED(0, drv_close(&vm));
		profile_end(close_id);
		closed[i] = samples[0];
		if (driver_is_floor)
			CHECK(drv_destroy(&vm));
		else
			munmap(vm.slots, PAGE);
	}
	memcpy(samples, set, sizeof(set));
	row(set_id, TIMES);
	memcpy(samples, closed, sizeof(closed));
	row(close_id, TIMES);
}

void memory(void)
{
	static const struct {
		const char *name;
		void *(*get)(size_t len);
		size_t len;
	} kinds[] = {
		{ "huge", get_hugetlb, 64 * MIB },
		{ "thp", get_thp, 64 * MIB },
		{ "small", get_small, 64 * MIB },
		{ "disorder", get_disorder, 16 * MIB },
		{ "page", get_small, PAGE },
	};
	void *pieces = get_small(PIECES);
	unsigned int i;

	/* Those are gone now: what follows gets its pages in a row. */
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		void *p = kinds[i].get(kinds[i].len);

		measure(kinds[i].name, p, kinds[i].len);
		munmap(p, kinds[i].len);
	}
	munmap(pieces, PIECES);
}
