// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Memory that the kernel has to be able to move, because it wants to unplug it
 * or needs it in one piece, is not what a VM gets.  Such memory has to be asked
 * for on the kernel's command line: movablecore=.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA	0x40000000UL
#define COUNT	2048

static uint64_t movable_start, movable_end;

static unsigned long zone_value(const char *zone, const char *name)
{
	const char *line = strstr(zone, name);
	unsigned long value = 0;

	check(line && sscanf(line + strlen(name), " %lu", &value) == 1,
	      "no %s in zoneinfo", name);
	return value;
}

static void find_movable_zone(void)
{
	static char text[65536];
	const char *zone;

	check(!read_text("/proc/zoneinfo", text, sizeof(text)), "zoneinfo");
	zone = strstr(text, "zone  Movable");
	check(zone, "this kernel has no movable zone");
	movable_end = zone_value(zone, "spanned");
	zone = strstr(zone, "start_pfn:");
	check(zone && movable_end, "the movable zone is empty");
	movable_start = zone_value(zone, "start_pfn:") * PAGE_SIZE;
	movable_end = movable_start + movable_end * PAGE_SIZE;
}

static unsigned int movable_pages(const void *memory, unsigned int count)
{
	uint64_t pages[COUNT];
	unsigned int i, movable = 0;

	physical_pages(memory, pages, count);
	for (i = 0; i < count; i++)
		movable += pages[i] >= movable_start && pages[i] < movable_end;
	return movable;
}

static void kind(enum memory_kind kind)
{
	char *memory = memory_get(kind, PAGES(COUNT));
	int fd = vm_in_state(VM_CREATED, 0);
	struct pins before;
	unsigned int movable;

	find_movable_zone();
	memory_touch(memory, PAGES(COUNT));
	movable = movable_pages(memory, COUNT);
	check(movable, "no page of the memory is movable");
	pins_get(&before);
	check_result(memseg_set(fd, GPA, memory, PAGES(COUNT)), 0,
		     "SET_MEMSEG");
	check_equal(movable_pages(memory, COUNT), 0,
		    "movable pages that the VM has");
	check_sees(VMID(0), GPA, memory, PAGES(COUNT));
	pins_check(&before, COUNT, "mapped");
	report("%u of %u pages were movable", movable, COUNT);
}

TEST(private_memory, "[R10] private memory")
{
	kind(MEMORY_PRIVATE);
}

TEST(shared_memory, "[R10] shared memory")
{
	kind(MEMORY_SHARED);
}

TEST(memfd, "[R10] memfd")
{
	kind(MEMORY_MEMFD);
}

TEST(huge_pages, "[R10] transparent huge pages")
{
	kind(MEMORY_THP);
}

/* And not what the hypervisor writes I/O requests to */
TEST(request_page, "[R10] the I/O request page")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(COUNT));
	struct acrn_create_vm create;
	struct hv_vm vm;
	unsigned int i;
	int fd = hsm_open();

	find_movable_zone();
	memory_touch(memory, PAGES(COUNT));
	for (i = 0; i < COUNT; i++)
		if (movable_pages(memory + PAGES(i), 1))
			break;
	check(i < COUNT, "no page is movable");
	vm_fill_create(&create, 0);
	create.req_buf = (uintptr_t)memory + PAGES(i);
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), 0, "CREATE_VM");
	check(!movable_pages(memory + PAGES(i), 1), "the page is movable");
	hv_get_vm(VMID(0), &vm);
	check(vm.io_page < movable_start || vm.io_page >= movable_end,
	      "the hypervisor's page is movable");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
