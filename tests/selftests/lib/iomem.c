// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* What is where in the Service VM's physical address space */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "iomem.h"

#define RANGES_MAX	64

/**
 * iomem_read() - the ranges of /proc/iomem that are not inside of others
 * @ranges: filled in, in ascending order
 * @max: room there
 *
 * Return: how many there are.
 */
unsigned int iomem_read(struct iomem *ranges, unsigned int max)
{
	unsigned long long start, end;
	FILE *file = fopen("/proc/iomem", "re");
	unsigned int count = 0;
	char line[128], name[64];

	check(file, "/proc/iomem: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == ' ' ||
		    sscanf(line, "%llx-%llx : %63[^\n]", &start, &end,
			   name) != 3)
			continue;
		check(count < max, "/proc/iomem has too many ranges");
		ranges[count++] = (struct iomem) {
			.start = start,
			.size = end + 1 - start,
			.ram = !strcmp(name, "System RAM"),
			.reserved = !strcmp(name, "Reserved"),
		};
	}
	fclose(file);
	return count;
}

static bool adjoins(const struct iomem *range, const struct iomem *next)
{
	return range->start + range->size == next->start;
}

/**
 * iomem_hypervisor() - where the hypervisor is
 *
 * Return: its first address: that of the one reserved range inside of RAM.
 */
uint64_t iomem_hypervisor(void)
{
	struct iomem ranges[RANGES_MAX], *range;
	unsigned int i, count = iomem_read(ranges, RANGES_MAX);

	for (i = 1; i + 1 < count; i++) {
		range = &ranges[i];
		if (range->reserved && range[-1].ram && range[1].ram &&
		    adjoins(range - 1, range) && adjoins(range, range + 1))
			return range->start;
	}
	fail("no reserved range inside of RAM");
}
