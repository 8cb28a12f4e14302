/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: interrupt lines of User VMs: their lock, for acrn_irq.c and acrn_vm_mngt.c,
 * and the handler of SET_IRQLINE, for acrn_ic.c and acrn_a2.c.
 *
 * In place where they are used: they do so little, and so often, that calls from one
 * function to the next would be a good part of what it costs.
 */
#ifndef ACRN_IRQ_H
#define ACRN_IRQ_H

#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/processor.h>
/* After the one above, which it does not include itself */
#include <linux/bit_spinlock.h>

#include <linux/acrn/acrn_ioctl_defs.h>

#include "acrn_drv_internal.h"
#include "acrn_hypercall.h"
#include "acrn_ioctl.h"

/* A bit: the kernel's other spinlocks are functions to be called. */
static inline void acrn_irq_lock_lines(struct acrn_vm *vm)
{
	lock_map_acquire(&vm->irq.lines_map);
	bit_spin_lock(0, &vm->irq.lines);
}

static inline void acrn_irq_unlock_lines(struct acrn_vm *vm)
{
	/* Nobody writes the other bits. */
	__bit_spin_unlock(0, &vm->irq.lines);
	lock_map_release(&vm->irq.lines_map);
}

/* May PAUSE_VM do without the VM's lock? */
static inline void acrn_irq_set_paused(struct acrn_vm *vm, bool paused)
{
	lockdep_assert_held(&vm->lock);

	acrn_irq_lock_lines(vm);
	vm->irq.paused = paused;
	acrn_irq_unlock_lines(vm);
}

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

	acrn_irq_lock_lines(vm);
	if (vm->irq.enabled)
		ret = acrn_hc_set_irqline(vm->vmid, arg->irqline);
	acrn_irq_unlock_lines(vm);
	return ret;
}

#endif /* ACRN_IRQ_H */
