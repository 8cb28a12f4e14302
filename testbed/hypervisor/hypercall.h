/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Hypercalls, and the misbehaviour that the control channel asks for.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include "cpu.h"

bool hypercall(struct cpu *cpu);
s64 arm_failure(u64 nr, u64 skip, u64 count, u64 how);
s64 set_delay(u64 nr, u64 microseconds);
void disarm_all(void);
s64 count_calls(u64 nr, u64 *calls, u64 *failures);
void reset_log_limits(void);
extern u32 api_version[2];

#endif /* HV_HYPERCALL_H */
