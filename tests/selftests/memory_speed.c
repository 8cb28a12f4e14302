// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Large guests, and how long it takes to map them: memory mapped per second by
 * page size, and the hypercalls that it took.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA		0x100000000UL
#define LOW_GPA		0x40000000UL
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

TIMED_TEST(small_pages, 200, "4 KiB pages")
{
	measure_kind(MEMORY_PRIVATE, 64 * MIB);
}

TIMED_TEST(memfd_pages, 200, "4 KiB pages of a memfd")
{
	measure_kind(MEMORY_MEMFD, 64 * MIB);
}

TIMED_TEST(scattered_pages, 200, "4 KiB pages in disorder")
{
	measure("private, scattered", memory_scattered(4096), 16 * MIB);
}

TIMED_TEST(transparent_pages, 200, "transparent huge pages")
{
	measure_kind(MEMORY_THP, 64 * MIB);
}

TIMED_TEST(huge_pages_2m, 200, "2 MiB pages")
{
	measure_kind(MEMORY_HUGE_2M, 64 * MIB);
}

TIMED_TEST(huge_pages_1g, 200, "a 1 GiB page")
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

/* Memory that nobody has touched, in one memseg */
static void map_half(int fd, enum memory_kind kind, const struct seen *half)
{
	unsigned long calls = hv_calls(HC_SET_MEMORY_REGIONS);
	uint64_t start = now_us();

	check_result(memseg_set(fd, half->gpa, half->memory, half->size), 0,
		     "SET_MEMSEG");
	calls = hv_calls(HC_SET_MEMORY_REGIONS) - calls;
	report("%s: %zu MiB, untouched before: mapped in %llu ms by %lu hypercalls",
	       memory_kind_names[kind], half->size / MIB,
	       (unsigned long long)(now_us() - start) / 1000, calls);
	check_equal(calls, batches(physical_runs(half->memory, half->size)),
		    "hypercalls");
}

/* Of each GiB, or what there is of it, the first words and the last */
static unsigned int choose_spots(const struct seen *half, size_t *spots)
{
	unsigned int count = 0;
	size_t begin, end;

	for (begin = 0; begin < half->size; begin += HUGE_1G) {
		end = begin + HUGE_1G < half->size ? begin + HUGE_1G :
						     half->size;
		spots[count++] = begin;
		spots[count++] = end - PAGE_SIZE;
		spots[count++] = end - 2 * sizeof(uint64_t);
	}
	return count;
}

#define HALF_SPOTS	6

/* The guest reads what the process has written there, and the other way. */
static void check_spots(struct guest *guest, const struct seen *halves)
{
	struct guest_op ops[2 * 2 * HALF_SPOTS];
	uint64_t *words[2 * HALF_SPOTS];
	unsigned int spots = 0, count, h, i;
	size_t at[HALF_SPOTS];

	for (h = 0; h < 2; h++) {
		count = choose_spots(&halves[h], at);
		for (i = 0; i < count; i++, spots++) {
			words[spots] = (uint64_t *)
				((char *)halves[h].memory + at[i]);
			words[spots][0] = 0x1111 * (spots + 1);
			words[spots][1] = 0;
			ops[2 * spots] = (struct guest_op) {
				.op = GUEST_LOAD + 8,
				.address = halves[h].gpa + at[i],
			};
			ops[2 * spots + 1] = (struct guest_op) {
				.op = GUEST_STORE + 8,
				.address = halves[h].gpa + at[i] + 8,
				.value = ~(uint64_t)spots,
			};
		}
	}
	guest_program(guest, ops, 2 * spots);
	guest_start(guest);
	check(guest_done(guest, 20000), "the guest is not done");
	for (i = 0; i < spots; i++) {
		check_equal(guest_result(guest, 2 * i), 0x1111 * (i + 1),
			    "what the guest reads at %#llx",
			    (unsigned long long)ops[2 * i].address);
		check_equal(words[i][1], ~(uint64_t)i,
			    "what the guest wrote at %#llx",
			    (unsigned long long)ops[2 * i + 1].address);
	}
	report("%u places read and written by the guest", spots);
}

/*
 * Half of it huge pages below 4 GiB, half small ones above: 4 GiB, or as much
 * of the machine's memory as one guest can get.
 */
TIMED_TEST(guest_of_4_gib, 300, "[B14] a guest of 4 GiB, or the largest there can be")
{
	size_t half = available_memory() / 10 * 4 & -HUGE_2M;
	static const enum memory_kind kinds[] = { MEMORY_THP, MEMORY_PRIVATE };
	struct pins empty, before;
	struct seen seen[3];
	struct guest guest;
	uint64_t start;
	unsigned int i;

	if (half > 2 * HUGE_1G)
		half = 2 * HUGE_1G;
	pins_get(&empty);
	guest_new(&guest, 0, 0);
	pins_get(&before);
	for (i = 0; i < 2; i++) {
		seen[i] = (struct seen) {
			.gpa = i ? GPA : LOW_GPA,
			.size = half,
			.memory = memory_get(kinds[i], half),
		};
		map_half(guest.fd, kinds[i], &seen[i]);
	}
	pins_check(&before, 2 * half / PAGE_SIZE, "mapped");
	seen[2] = (struct seen) { .size = GUEST_SIZE, .memory = guest.memory };
	check_seen(VMID(0), seen, ARRAY_SIZE(seen));
	check_spots(&guest, seen);
	start = now_us();
	guest_end(&guest);
	report("given back in %llu ms",
	       (unsigned long long)(now_us() - start) / 1000);
	pins_check(&empty, 0, "destroyed");
}

/* More than 4 GiB of guest, of memory that it has several times */
TIMED_TEST(guest_of_5_gib, 300, "a guest of 5 GiB")
{
	size_t size = available_memory() > 2 * HUGE_1G ? HUGE_1G : 256 * MIB;
	char *memory = memory_get(MEMORY_THP, size);
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

int main(void)
{
	int failed;

	mount_filesystems();
	huge_pages_reserve(HUGE_2M, 32);
	huge_pages_reserve(HUGE_1G, 1);
	failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);
	huge_pages_reserve(HUGE_2M, 0);
	huge_pages_reserve(HUGE_1G, 0);
	return failed;
}
