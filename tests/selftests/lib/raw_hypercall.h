/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Hypercalls without the driver, through the module rawhc.
 */
#ifndef RAW_HYPERCALL_H
#define RAW_HYPERCALL_H

#include <stdint.h>

/* What is preloaded into RAX: what a call that leaves it unwritten "answers" */
#define RAW_UNWRITTEN	0x5a5a5a

#define REGION_ADD	0
#define REGION_DELETE	2
#define REGION_RAM	0x47		/* write-back, all rights */

/**
 * struct raw_region - of HC_VM_SET_MEMORY_REGIONS
 * @type: REGION_*
 * @prot: REGION_RAM
 * @gpa: where in the User VM
 * @service_gpa: where in the Service VM
 * @size: bytes
 */
struct raw_region {
	uint32_t type;
	uint32_t prot;
	uint64_t gpa;
	uint64_t service_gpa;
	uint64_t size;
};

/**
 * struct raw_regions - parameter of HC_VM_SET_MEMORY_REGIONS
 * @vmid: the User VM
 * @reserved: unused
 * @count: how many regions
 * @reserved1: unused
 * @regions_gpa: where they are
 */
struct raw_regions {
	uint16_t vmid;
	uint16_t reserved[3];
	uint32_t count;
	uint32_t reserved1;
	uint64_t regions_gpa;
};

/* Use of the window: pages for parameters, then memory for guests */
#define RAW_PARAM	0x0000
#define RAW_REGIONS	0x1000
#define RAW_IO_PAGE	0x4000		/* one page for each configuration */
#define RAW_GUEST	0x10000		/* RAW_GUEST_SIZE for each of them */
#define RAW_GUEST_SIZE	0x10000

void raw_open(void);
void *raw_at(unsigned int offset);
uint64_t raw_gpa(unsigned int offset);
long raw_call(unsigned int call, uint64_t p1, uint64_t p2);
long raw_map(unsigned int vmid, uint32_t type, uint64_t gpa,
	     unsigned int offset, uint64_t size);

#endif /* RAW_HYPERCALL_H */
