/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The account of what exists, and the end of a run.
 */
#ifndef HV_ACCOUNT_H
#define HV_ACCOUNT_H

#include "types.h"

void account(u64 *vm_count, u64 *vcpu_count, u64 *pages);
void power_off(u32 status) __noreturn;

#endif /* HV_ACCOUNT_H */
