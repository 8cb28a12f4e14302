/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Interrupt lines of devices that User VMs were given.
 */
#ifndef HV_INTX_H
#define HV_INTX_H

#include "vms.h"

void intx_init(void);
void intx_pass(struct vm *vm, u32 line, u32 pin);
void intx_stop(struct vm *vm, u32 line, u32 pin);
bool intx_heard(u64 line, u64 *times);
bool intx_used(void);
void intx_take(void);

#endif /* HV_INTX_H */
