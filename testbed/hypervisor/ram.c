// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What is RAM, and which of it a hypercall may point to.
 *
 * The Service VM's memory is mapped one to one, so its GPAs are HPAs and the
 * hypervisor reads its memory in place.
 */
#include "console.h"
#include "report.h"
#include "svm.h"
#include "start.h"
#include "ram.h"

#define RANGES_MAX	64

struct range {
	u64 start;
	u64 end;
};

static struct range ranges[RANGES_MAX];	/* fixed before the Service VM runs */
static u32 range_count;

/**
 * ram_add() - a range of RAM, from the firmware's map
 * @start: first byte
 * @end: byte after the last
 *
 * Ranges that touch the one before are joined: they are contiguous RAM.
 */
void ram_add(u64 start, u64 end)
{
	if (start >= end)
		return;
	if (range_count && ranges[range_count - 1].end == start) {
		ranges[range_count - 1].end = end;
		return;
	}
	if (range_count == RANGES_MAX)
		panic("more than %u ranges of RAM", RANGES_MAX);
	ranges[range_count++] = (struct range){ start, end };
}

/**
 * ram_total() - how much RAM the Service VM has
 *
 * Return: bytes.
 */
u64 ram_total(void)
{
	u64 total = 0;
	u32 i;

	for (i = 0; i < range_count; i++)
		total += ranges[i].end - ranges[i].start;
	return total;
}

/**
 * in_hypervisor() - does a range touch the hypervisor's memory?
 * @gpa: first byte
 * @size: bytes
 *
 * Return: true if so.
 */
bool in_hypervisor(u64 gpa, u64 size)
{
	return gpa < (u64)hv_end && gpa + size > (u64)hv_start;
}

/**
 * service_ram() - the Service VM's memory, if it is that
 * @gpa: first byte
 * @size: bytes
 *
 * Return: a pointer to it, or NULL if not all of it is ordinary RAM, in one
 * piece and not the hypervisor's.
 */
void *service_ram(u64 gpa, u64 size)
{
	u32 i;

	for (i = 0; i < range_count; i++)
		if (gpa >= ranges[i].start && gpa < ranges[i].end &&
		    size <= ranges[i].end - gpa)
			return (void *)gpa;
	return NULL;
}

/**
 * param_block() - check where a hypercall's parameter block is
 * @gpa: the address given
 * @size: bytes
 * @what: name for the complaint
 *
 * ACRN demands no alignment; a driver that has its blocks aligned never
 * splits one over two pages that are not neighbours.
 *
 * Return: a pointer to the block, or NULL.
 */
void *param_block(u64 gpa, u64 size, const char *what)
{
	void *block = service_ram(gpa, size);

	if (in_hypervisor(gpa, size))
		complain("%s at 0x%lx is in the hypervisor's memory", what, gpa);
	else if (!block)
		complain("%s at 0x%lx is not in RAM", what, gpa);
	else if (gpa & 7)
		complain("%s at 0x%lx is not aligned", what, gpa);
	return block;
}

/* Where a linear address of 64-bit code is, by the guest's page tables */
static u8 *translate(struct vmcb *v, u64 linear)
{
	u32 level = v->cr4 & CR4_LA57 ? 5 : 4;
	u64 at = v->cr3 & 0x000ffffffffff000UL;

	for (;; level--) {
		u32 shift = 12 + 9 * (level - 1);
		u64 *table = service_ram(at, PAGE_SIZE);
		u64 entry = table ? table[linear >> shift & 511] : 0;
		u64 in_page = BIT(shift) - 1;

		if (!(entry & BIT(0)))
			return NULL;
		at = entry & 0x000ffffffffff000UL;
		if (level == 1 || (entry & BIT(7)))
			return service_ram((at & ~in_page) | (linear & in_page), 1);
	}
}

/**
 * service_read() - read memory as the Service VM's CPU would
 * @vmcb: the CPU, in 64-bit mode
 * @linear: address
 * @to: destination
 * @size: bytes
 *
 * Return: false if not all of it is mapped RAM.
 */
bool service_read(struct vmcb *vmcb, u64 linear, u8 *to, u32 size)
{
	u32 part;

	for (; size; size -= part, linear += part, to += part) {
		const u8 *from = translate(vmcb, linear);

		part = PAGE_SIZE - (linear & ~PAGE_MASK);
		if (part > size)
			part = size;
		if (!from)
			return false;
		memcpy(to, from, part);
	}
	return true;
}
