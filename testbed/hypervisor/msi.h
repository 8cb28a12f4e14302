/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * MSIs of devices that User VMs were given.
 */
#ifndef HV_MSI_H
#define HV_MSI_H

#include "vms.h"

void msi_find(u32 bdf);
bool msi_pass(struct vm *vm, u32 bdf);
void msi_stop(struct vm *vm, u32 bdf);
void msi_end(struct vm *vm);
bool msi_waits(void);
void msi_take(void);
bool msi_register(u32 port, u32 size, bool in, u32 *value);

#endif /* HV_MSI_H */
