/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The life of User VMs.
 */
#ifndef HV_VM_H
#define HV_VM_H

#include "cpu.h"

void vm_remember(u64 vmid, u64 nr, bool lied);
s64 vm_guest_off(u64 vmid);
u64 vm_cpus(void);
s64 hc_create_vm(struct cpu *cpu, u64 param, u64 unused);
s64 hc_destroy_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_start_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_pause_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_reset_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_create_vcpu(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_set_vcpu_regs(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_offline_cpu(struct cpu *cpu, u64 apic_id, u64 unused);

#endif /* HV_VM_H */
