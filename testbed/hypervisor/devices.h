/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Devices that the Service VM gives to User VMs.
 */
#ifndef HV_DEVICES_H
#define HV_DEVICES_H

#include "vms.h"

void devices_find(void);
void devices_forget(void);
void devices_begin(struct vm *vm);
void devices_end(struct vm *vm);
bool devices_owner(u64 bdf, u64 *dma, u64 *function);
bool devices_block(u64 bdf, u64 n, u64 *value);
s64 hc_assign_ptdev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_deassign_ptdev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_assign_pcidev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_deassign_pcidev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_set_ptdev_intr(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_reset_ptdev_intr(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_assign_mmiodev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_deassign_mmiodev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_add_vdev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_remove_vdev(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_assign_pio(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_deassign_pio(struct cpu *cpu, u64 vmid, u64 param);

#endif /* HV_DEVICES_H */
