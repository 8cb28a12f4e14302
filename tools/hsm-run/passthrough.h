/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: PCI devices of the Service VM that the guest gets.
 */
#ifndef HSM_RUN_PASSTHROUGH_H
#define HSM_RUN_PASSTHROUGH_H

#include <stdint.h>

#include "vm.h"

#define PASSTHROUGH_MAX		4

/* Where on the bus the first one is; and its line, as dsdt.asl says */
#define PASSTHROUGH_SLOT	2
#define PASSTHROUGH_IRQ		16

void passthrough_add(struct vm *vm, uint16_t bdf);
void passthrough_give_back(void);

#endif /* HSM_RUN_PASSTHROUGH_H */
