// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Hypercalls without the driver, through the module rawhc */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "control.h"
#include "harness.h"
#include "kernel.h"
#include "raw_hypercall.h"
#include "rawhc.h"

static int rawhc = -1;
static unsigned char *window;
static uint64_t address;

/**
 * raw_open() - get at the module and its window, which is cleared
 */
void raw_open(void)
{
	rawhc = open(RAWHC_NODE, O_RDWR | O_CLOEXEC);
	check(rawhc >= 0, RAWHC_NODE ": %s", strerror(errno));
	check(!ioctl(rawhc, RAWHC_ADDRESS, &address), "RAWHC_ADDRESS: %s",
	      strerror(errno));
	window = mmap(NULL, RAWHC_WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED,
		      rawhc, 0);
	check(window != MAP_FAILED, "mmap: %s", strerror(errno));
	memset(window, 0, RAWHC_WINDOW);
}

void *raw_at(unsigned int offset)
{
	return window + offset;
}

uint64_t raw_gpa(unsigned int offset)
{
	return address + offset;
}

/**
 * raw_call() - make a hypercall
 * @call: HC_*
 * @p1: first parameter
 * @p2: second parameter
 *
 * Return: RAX, RAW_UNWRITTEN if the hypervisor left it as it was.
 */
long raw_call(unsigned int call, uint64_t p1, uint64_t p2)
{
	struct rawhc_call raw = {
		.id = 0x80000000UL | call,
		.p1 = p1,
		.p2 = p2,
		.rax = RAW_UNWRITTEN,
	};

	check(!ioctl(rawhc, RAWHC_CALL, &raw), "RAWHC_CALL: %s",
	      strerror(errno));
	return raw.rax;
}

/**
 * raw_map() - change what memory a User VM has
 * @vmid: the User VM
 * @type: REGION_*
 * @gpa: where in the User VM
 * @offset: where in the window
 * @size: bytes
 *
 * Return: RAX.
 */
long raw_map(unsigned int vmid, uint32_t type, uint64_t gpa,
	     unsigned int offset, uint64_t size)
{
	struct raw_region *region = raw_at(RAW_REGIONS);
	struct raw_regions *regions = raw_at(RAW_PARAM);

	*region = (struct raw_region) {
		.type = type,
		.prot = REGION_RAM,
		.gpa = gpa,
		.service_gpa = raw_gpa(offset),
		.size = size,
	};
	*regions = (struct raw_regions) {
		.vmid = vmid,
		.count = 1,
		.regions_gpa = raw_gpa(RAW_REGIONS),
	};
	return raw_call(HC_SET_MEMORY_REGIONS, raw_gpa(RAW_PARAM), 0);
}
