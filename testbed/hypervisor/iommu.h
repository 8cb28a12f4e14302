/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * QEMU's model of Intel's IOMMU, where the machine has one.
 */
#ifndef HV_IOMMU_H
#define HV_IOMMU_H

#include "types.h"

void iommu_init(void);
void iommu_give(u32 bdf, u64 *npt, u32 domain);
void iommu_give_back(u32 bdf);
void iommu_flush(void);

#endif /* HV_IOMMU_H */
