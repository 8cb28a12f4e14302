// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: interrupts for User VMs: MSIs, interrupt lines, the monitor.
 *
 * Device models inject from many threads at once, and eventfds from wherever
 * they are signalled.  So injecting takes neither the VM's lock, which a long
 * call may hold, nor memory; locks of its own, one for MSIs and one for lines, make
 * sure that the vmid is still the VM's.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"
#include "acrn_irq.h"

void acrn_irq_init(struct acrn_vm *vm)
{
	static struct lock_class_key lines_key;

	raw_spin_lock_init(&vm->irq.lock);
	lockdep_init_map(&vm->irq.lines_map, "&vm->irq.lines", &lines_key, 0);
}

/**
 * acrn_irq_enable() - the VM may get interrupts from now on, or not any more
 * @vm: a locked VM whose vmid is valid and remains so until it may not
 * @enable: it may
 *
 * Context: Process context.
 */
void acrn_irq_enable(struct acrn_vm *vm, bool enable)
{
	lockdep_assert_held(&vm->lock);

	acrn_irq_lock_lines(vm);
	raw_spin_lock_irq(&vm->irq.lock);
	vm->irq.enabled = enable;
	raw_spin_unlock_irq(&vm->irq.lock);
	/* It is new, or about to be destroyed. */
	vm->irq.paused = false;
	acrn_irq_unlock_lines(vm);
}

/* For callers that hold the lock, to look at something of their own as well */
int acrn_vm_inject_msi_locked(struct acrn_vm *vm,
			      const struct acrn_msi_entry *msi)
{
	lockdep_assert_held(&vm->irq.lock);

	if (!vm->irq.enabled)
		return -ENODEV;
	vm->irq.msi = *msi;
	return acrn_hc_inject_msi(vm->vmid, &vm->irq.msi);
}

/**
 * acrn_vm_inject_msi() - inject an MSI
 * @vm: the VM, not locked
 * @msi: what the device would write, and where to
 *
 * Context: Any.
 * Return: 0 or a negative errno; -ENODEV: there is no VM.
 */
int acrn_vm_inject_msi(struct acrn_vm *vm, const struct acrn_msi_entry *msi)
{
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&vm->irq.lock, flags);
	ret = acrn_vm_inject_msi_locked(vm, msi);
	raw_spin_unlock_irqrestore(&vm->irq.lock, flags);
	return ret;
}

int acrn_ioctl_inject_msi(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	return acrn_vm_inject_msi(vm, &arg->msi);
}

int acrn_check_intr_monitor(const union acrn_ioctl_arg *arg)
{
	const struct acrn_intr_monitor *monitor = &arg->intr_monitor;

	if (monitor->cmd > ACRN_INTR_MONITOR_SET_DELAY ||
	    monitor->buf_cnt > ARRAY_SIZE(monitor->buffer))
		return -EINVAL;
	return 0;
}

/* The hypervisor writes to where it is told, so it gets a buffer of ours. */
int acrn_ioctl_intr_monitor(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_intr_monitor *param = &vm->param.intr_monitor;
	int ret;

	lockdep_assert_held(&vm->lock);

	*param = arg->intr_monitor;
	ret = acrn_hc_vm_intr_monitor(vm->vmid, param);
	if (!ret)
		arg->intr_monitor = *param;
	return ret;
}
