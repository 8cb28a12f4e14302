/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: the handler of PAUSE_VM, for acrn_ic.c and acrn_a2.c.
 *
 * In place where it is used: of a VM that does not run, it is the hypercall and next to
 * nothing.
 */
#ifndef ACRN_VM_MNGT_H
#define ACRN_VM_MNGT_H

#include <linux/compiler.h>

#include "acrn_drv_internal.h"
#include "acrn_hypercall.h"
#include "acrn_ioctl.h"

static inline int acrn_ioctl_pause_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	int ret;

	if (unlikely(vm->ioreq.running))
		return acrn_vm_pause_running(vm);

	ret = acrn_hc_pause_vm(vm->vmid);
	if (!ret && vm->state != ACRN_VM_PAUSED)
		acrn_vm_set_state(vm, ACRN_VM_PAUSED);
	return ret;
}

#endif /* ACRN_VM_MNGT_H */
