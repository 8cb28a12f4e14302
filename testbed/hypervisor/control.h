/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The control channel.
 */
#ifndef HV_CONTROL_H
#define HV_CONTROL_H

#include "cpu.h"

bool control(struct cpu *cpu);
void control_behave(void);

#endif /* HV_CONTROL_H */
