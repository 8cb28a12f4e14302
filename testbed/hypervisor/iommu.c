// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * QEMU's model of Intel's IOMMU, where the machine has one: a device's DMA goes to the
 * memory of the VM that has the device.
 *
 * Its page tables are like those of the CPU, so a VM's nested page table serves as both:
 * what is present can be read, and written to if the VM may; it ignores what keeps a
 * page's rights and cache type, but for the type WP, to whose pages no DMA goes.
 *
 * The Service VM is not told of it: see acpi.c.
 */
#include "iommu.h"

#define BASE		0xfed90000UL
#define REG_VERSION	0x00
#define REG_COMMAND	0x18
#define REG_STATUS	0x1c
#define REG_ROOT	0x20
#define REG_CONTEXT	0x28	/* drops what it knows of devices */
#define REG_IOTLB	0xf8	/* and of pages */

#define VERSION		0x10
#define ENABLE		BIT(31)	/* in REG_COMMAND, and the next */
#define SET_ROOT	BIT(30)
#define DROP		BIT(63)	/* in the other two; 0 again when it is done */
#define CONTEXT_ALL	BIT(61)
#define IOTLB_ALL	BIT(60)

#define PRESENT		BIT(0)	/* of entries */
#define FAULTS_IGNORED	BIT(1)
#define PASS_THROUGH	(2UL << 2)	/* addresses are not translated */
#define LEVELS_4	2UL		/* in the second half */
#define DOMAIN_SHIFT	8

#define FUNCTIONS	256	/* on bus 0: there is no other */

static u64 root[512] __aligned(4096);		/* two words for each bus */
static u64 contexts[2 * FUNCTIONS] __aligned(4096);	/* and for each device */
static bool present;

static void write_32(u32 reg, u32 value)
{
	WRITE_ONCE(*(u32 *)(BASE + reg), value);
}

static void write_64(u32 reg, u64 value)
{
	WRITE_ONCE(*(u64 *)(BASE + reg), value);
}

static void drop(u32 reg, u64 what)
{
	write_64(reg, DROP | what);
	while (READ_ONCE(*(u64 *)(BASE + reg)) & DROP)
		cpu_relax();
}

/**
 * iommu_init() - have all devices where they are without it
 */
void iommu_init(void)
{
	u32 i;

	if (READ_ONCE(*(u32 *)(BASE + REG_VERSION)) != VERSION)
		return;
	for (i = 0; i < FUNCTIONS; i++) {
		contexts[2 * i] = PRESENT | PASS_THROUGH;
		contexts[2 * i + 1] = LEVELS_4;
	}
	root[0] = (u64)contexts | PRESENT;
	write_64(REG_ROOT, (u64)root);
	write_32(REG_COMMAND, SET_ROOT);
	drop(REG_CONTEXT, CONTEXT_ALL);
	drop(REG_IOTLB, IOTLB_ALL);
	write_32(REG_COMMAND, ENABLE);
	present = true;
}

/**
 * iommu_flush() - a nested page table has changed
 */
void iommu_flush(void)
{
	if (present)
		drop(REG_IOTLB, IOTLB_ALL);
}

static void set_context(u32 bdf, u64 first, u64 second)
{
	if (!present || bdf >= FUNCTIONS)
		return;
	contexts[2 * bdf] = first;
	contexts[2 * bdf + 1] = second;
	drop(REG_CONTEXT, CONTEXT_ALL);
	drop(REG_IOTLB, IOTLB_ALL);
}

/**
 * iommu_give() - a device's DMA goes to a VM
 * @bdf: the device
 * @npt: the VM's nested page table; NULL: it goes nowhere
 * @domain: the VM's vmid
 */
void iommu_give(u32 bdf, u64 *npt, u32 domain)
{
	set_context(bdf, (npt ? (u64)npt | PRESENT : 0) | FAULTS_IGNORED,
		    LEVELS_4 | (u64)domain << DOMAIN_SHIFT);
}

/**
 * iommu_give_back() - a device's DMA goes to the Service VM
 * @bdf: the device
 */
void iommu_give_back(u32 bdf)
{
	set_context(bdf, PRESENT | PASS_THROUGH, LEVELS_4);
}
