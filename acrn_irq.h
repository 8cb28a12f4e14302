/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: the handler of SET_IRQLINE, for acrn_ic.c and acrn_a2.c.
 *
 * In place where it is used: it does so little, and so often, that calls from one
 * function to the next would be a good part of what it costs.
 */
#ifndef ACRN_IRQ_H
#define ACRN_IRQ_H

#include <linux/errno.h>
#include <linux/spinlock.h>

#include <linux/acrn/acrn_ioctl_defs.h>

#include "acrn_drv_internal.h"
#include "acrn_hypercall.h"
#include "acrn_ioctl.h"

/* The hypervisor does not validate it. */
static inline int acrn_check_set_irqline(const union acrn_ioctl_arg *arg)
{
	return ACRN_IRQLINE_OP(arg->irqline) <= ACRN_IRQLINE_FALLING_PULSE ?
	       0 : -EINVAL;
}

/* The lock is what keeps the vmid the VM's own, see acrn_irq.c. */
static inline int acrn_ioctl_set_irqline(struct acrn_vm *vm,
					 union acrn_ioctl_arg *arg)
{
	int ret = -ENODEV;

	raw_spin_lock_irq(&vm->irq.lock);
	if (vm->irq.enabled)
		ret = acrn_hc_set_irqline(vm->vmid, arg->irqline);
	raw_spin_unlock_irq(&vm->irq.lock);
	return ret;
}

#endif /* ACRN_IRQ_H */
