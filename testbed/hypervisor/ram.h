/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The Service VM's memory.
 */
#ifndef HV_RAM_H
#define HV_RAM_H

#include "svm.h"

void ram_add(u64 start, u64 end);
u64 ram_total(void);
void *service_ram(u64 gpa, u64 size);
void *param_block(u64 gpa, u64 size, const char *what);
bool in_hypervisor(u64 gpa, u64 size);
bool service_read(struct vmcb *vmcb, u64 linear, u8 *to, u32 size);

#endif /* HV_RAM_H */
