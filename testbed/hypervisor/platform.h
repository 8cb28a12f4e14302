/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What hypercalls tell of the machine: its configuration, and power states of CPUs.
 */
#ifndef HV_PLATFORM_H
#define HV_PLATFORM_H

#include "cpu.h"

s64 hc_get_platform_info(struct cpu *cpu, u64 param, u64 unused);
s64 hc_pm_get_cpu_state(struct cpu *cpu, u64 command, u64 param);

#endif /* HV_PLATFORM_H */
