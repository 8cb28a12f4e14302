/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * A User VM's memory as its vCPU sees it.
 */
#ifndef HV_GUEST_MEMORY_H
#define HV_GUEST_MEMORY_H

#include "vms.h"

bool vm_protects(struct vm *vm, u64 gpa);
u32 vcpu_code_bits(const struct vcpu *vcpu);
bool vm_copy(struct vm *vm, u64 gpa, void *data, u32 size, bool write);
bool vcpu_gpa(struct vcpu *vcpu, u64 linear, u64 *gpa);
bool vcpu_read(struct vcpu *vcpu, u64 linear, void *data, u32 size);
bool vcpu_write(struct vcpu *vcpu, u64 linear, void *data, u32 size);
u32 vcpu_fetch(struct vcpu *vcpu, u8 *code);

#endif /* HV_GUEST_MEMORY_H */
