/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * How the Service VM starts and stops its CPUs.
 */
#ifndef HV_MAILBOX_H
#define HV_MAILBOX_H

#include "cpu.h"

u64 mailbox_page(void);
bool mailbox_take(struct cpu *cpu, u64 *rip);
bool mailbox_write(struct cpu *cpu, u64 gpa);
void mailbox_parked(struct cpu *cpu);
void service_cpu_park(struct cpu *target);

#endif /* HV_MAILBOX_H */
