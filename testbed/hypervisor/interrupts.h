/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Interrupts for User VMs, as far as the Service VM sees them.
 */
#ifndef HV_INTERRUPTS_H
#define HV_INTERRUPTS_H

#include "vms.h"

void interrupts_init(struct vm *vm);
void interrupts_reset(struct vm *vm);
struct interrupts interrupts_get(struct vm *vm);
s64 hc_inject_msi(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_set_irqline(struct cpu *cpu, u64 vmid, u64 irqline);
s64 hc_vm_intr_monitor(struct cpu *cpu, u64 vmid, u64 param);

#endif /* HV_INTERRUPTS_H */
