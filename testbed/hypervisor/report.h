/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What the hypervisor has to say about the driver.
 */
#ifndef HV_REPORT_H
#define HV_REPORT_H

#include "types.h"

struct cpu;

void complain(const char *format, ...) __printf(1, 2);
u64 expect_complaints(u64 count);
u64 complaints(void);
void note(struct cpu *cpu, const char *format, ...) __printf(2, 3);

#endif /* HV_REPORT_H */
