/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: PAUSE_VM where there is little to do, for acrn_ic.c and acrn_a2.c.
 *
 * In place where it is used: of a VM that is PAUSED, it is the hypercall and next to
 * nothing.
 */
#ifndef ACRN_VM_MNGT_H
#define ACRN_VM_MNGT_H

#include "acrn_drv_internal.h"
#include "acrn_hypercall.h"
#include "acrn_irq.h"

/*
 * PAUSE_VM of a VM that is PAUSED; 1: it is not.  The hypervisor is asked again: of a
 * real-time VM it may have said that it has paused it, and not have.
 */
static inline int acrn_pause_again(struct acrn_vm *vm)
{
	int ret = 1;

	acrn_irq_lock_lines(vm);
	if (vm->irq.paused)
		ret = acrn_hc_pause_vm(vm->vmid);
	acrn_irq_unlock_lines(vm);
	return ret;
}

#endif /* ACRN_VM_MNGT_H */
