/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What User VMs reach.
 */
#ifndef HV_VM_MEMORY_H
#define HV_VM_MEMORY_H

#include "vms.h"
#include "npt.h"

s64 hc_set_memory_regions(struct cpu *cpu, u64 param, u64 unused);
s64 hc_write_protect_page(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_gpa2hpa(struct cpu *cpu, u64 vmid, u64 param);
void vm_memory_failed(u64 param);
bool vm_memory_init(struct vm *vm);
void vm_memory_free(struct vm *vm);
u64 vm_memory_pages(struct vm *vm);
bool vm_memory_next(struct vm *vm, u64 gpa, struct npt_run *run);

#endif /* HV_VM_MEMORY_H */
