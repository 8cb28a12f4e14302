/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What is where in the Service VM's physical address space.
 */
#ifndef IOMEM_H
#define IOMEM_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct iomem - a range of physical addresses
 * @start: the first
 * @size: bytes
 * @ram: it is the Service VM's RAM
 * @reserved: it is reserved by the firmware, or the hypervisor
 */
struct iomem {
	uint64_t start;
	uint64_t size;
	bool ram;
	bool reserved;
};

unsigned int iomem_read(struct iomem *ranges, unsigned int max);
uint64_t iomem_hypervisor(void);

#endif /* IOMEM_H */
