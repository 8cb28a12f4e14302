/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The Service VM.
 */
#ifndef HV_SERVICE_VM_H
#define HV_SERVICE_VM_H

#include "cpu.h"

void service_vm_init(void);
void service_vm_run(struct cpu *cpu, u64 rip, u64 rsi);

#endif /* HV_SERVICE_VM_H */
