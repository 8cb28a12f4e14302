// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Large guests, and how long it takes to map them: memory mapped per second by
 * page size, and the hypercalls that it took.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA		0x100000000UL
#define ROUNDS		5

/* Hypercalls to map memory that consists of so many runs */
static unsigned long batches(unsigned int runs)
{
	return (runs + BATCH_REGIONS - 1) / BATCH_REGIONS;
}

static void measure(const char *what, char *memory, size_t size)
{
	uint64_t map_us = 0, unmap_us = 0, start;
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls = 0;
	unsigned int runs = 0, i;

	memory_touch(memory, size);
	for (i = 0; i < ROUNDS; i++) {
		calls = hv_calls(HC_SET_MEMORY_REGIONS);
		start = now_us();
		check_result(memseg_set(fd, GPA, memory, size), 0,
			     "SET_MEMSEG");
		map_us += now_us() - start;
		calls = hv_calls(HC_SET_MEMORY_REGIONS) - calls;
		runs = physical_runs(memory, size);
		check_equal(calls, batches(runs), "hypercalls for %u runs",
			    runs);
		if (!i)
			check_sees(VMID(0), GPA, memory, size);
		start = now_us();
		check_result(memseg_unset(fd, GPA, size), 0, "UNSET_MEMSEG");
		unmap_us += now_us() - start;
	}
	report("%-24s %5zu MiB: mapped at %6llu MiB/s, unmapped at %6llu MiB/s, %u regions, %lu hypercalls",
	       what, size / MIB,
	       (unsigned long long)(ROUNDS * size / MIB * 1000000 /
				    (map_us ? map_us : 1)),
	       (unsigned long long)(ROUNDS * size / MIB * 1000000 /
				    (unmap_us ? unmap_us : 1)),
	       runs, calls);
	munmap(memory, size);
}

static void measure_kind(enum memory_kind kind, size_t size)
{
	measure(memory_kind_names[kind], memory_get(kind, size), size);
}

static void small_pages(void)
{
	measure_kind(MEMORY_PRIVATE, 64 * MIB);
}

static void memfd_pages(void)
{
	measure_kind(MEMORY_MEMFD, 64 * MIB);
}

static void scattered_pages(void)
{
	measure("private, scattered", memory_scattered(4096), 16 * MIB);
}

static void transparent_pages(void)
{
	measure_kind(MEMORY_THP, 64 * MIB);
}

static void huge_pages_2m(void)
{
	measure_kind(MEMORY_HUGE_2M, 64 * MIB);
}

static void huge_pages_1g(void)
{
	measure_kind(MEMORY_HUGE_1G, HUGE_1G);
}

static size_t available_memory(void)
{
	unsigned long kb = 0;
	char text[4096], *line;

	check(!read_text("/proc/meminfo", text, sizeof(text)), "meminfo");
	line = strstr(text, "MemAvailable:");
	check(line && sscanf(line, "MemAvailable: %lu", &kb) == 1, "meminfo");
	return kb * 1024UL;
}

/* As much of the machine's memory as one guest can get */
static void largest_guest(void)
{
	size_t size = available_memory() / 10 * 8 & -HUGE_2M;
	char *memory = memory_get(MEMORY_PRIVATE, size);
	unsigned long calls = hv_calls(HC_SET_MEMORY_REGIONS);
	struct pins empty, before;
	uint64_t start;
	int fd;

	pins_get(&empty);
	fd = vm_in_state(VM_CREATED, 0);
	pins_get(&before);
	start = now_us();
	check_result(memseg_set(fd, GPA, memory, size), 0, "SET_MEMSEG");
	report("a guest of %zu MiB, untouched before: mapped in %llu ms by %lu hypercalls",
	       size / MIB, (unsigned long long)(now_us() - start) / 1000,
	       hv_calls(HC_SET_MEMORY_REGIONS) - calls);
	check_equal(hv_calls(HC_SET_MEMORY_REGIONS) - calls,
		    batches(physical_runs(memory, size)), "hypercalls");
	pins_check(&before, size / PAGE_SIZE, "mapped");
	check_sees(VMID(0), GPA, memory, size);
	start = now_us();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	report("given back in %llu ms",
	       (unsigned long long)(now_us() - start) / 1000);
	pins_check(&empty, 0, "destroyed");
}

/* More than 4 GiB of guest, of memory that it has several times */
static void guest_of_5_gib(void)
{
	size_t size = available_memory() > 2 * HUGE_1G ? HUGE_1G : 256 * MIB;
	char *memory = memory_get(MEMORY_SHARED, size);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i, count = 5 * HUGE_1G / size;
	struct seen seen[20];
	struct pins before;

	memory_touch(memory, size);
	pins_get(&before);
	/* as acrn-dm lays memory out: below 2 GiB, and from 5 GiB on */
	for (i = 0; i < count; i++) {
		uint64_t gpa = i * size < 2 * HUGE_1G ? i * size :
			       3 * HUGE_1G + i * size;

		seen[i] = (struct seen) {
			.gpa = gpa, .size = size, .memory = memory,
		};
		check_result(memseg_set(fd, gpa, memory, size), 0,
			     "SET_MEMSEG at %#llx", (unsigned long long)gpa);
	}
	check_seen(VMID(0), seen, count);
	pins_check(&before, 5 * HUGE_1G / PAGE_SIZE, "mapped");
}

static const struct test tests[] = {
	{ "4 KiB pages", small_pages, 200 },
	{ "4 KiB pages of a memfd", memfd_pages, 200 },
	{ "4 KiB pages in disorder", scattered_pages, 200 },
	{ "transparent huge pages", transparent_pages, 200 },
	{ "2 MiB pages", huge_pages_2m, 200 },
	{ "a 1 GiB page", huge_pages_1g, 200 },
	{ "a guest of 5 GiB", guest_of_5_gib, 300 },
	{ "[B14] the largest guest that the machine can have", largest_guest, 300 },
};

int main(void)
{
	int failed;

	mount_filesystems();
	huge_pages_reserve(HUGE_2M, 32);
	huge_pages_reserve(HUGE_1G, 1);
	failed = run_tests(tests, ARRAY_SIZE(tests),
			   NEED_HYPERVISOR | NEED_DRIVER);
	huge_pages_reserve(HUGE_2M, 0);
	huge_pages_reserve(HUGE_1G, 0);
	return failed;
}
