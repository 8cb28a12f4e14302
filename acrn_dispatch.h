/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: the dispatcher of ioctls, for acrn_ic.c and acrn_a2.c.
 *
 * Every ioctl takes the same way: found in a table, its argument brought in,
 * checked by itself, then against the caller's rights, then against the state of
 * the VM under its lock; then its handler runs, and the result is brought out.
 * What a handler gets is therefore well-formed, allowed and legal.
 *
 * It is in place where it is used, so that for the ioctls that device models make
 * all the time there can be one that the compiler has made for this row alone.
 */
#ifndef ACRN_DISPATCH_H
#define ACRN_DISPATCH_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/security.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/* What has to do with a VM changes it, or what it does. */
static __always_inline bool acrn_ioctl_writable(const struct file *filp,
						const struct acrn_ioctl *ioctl)
{
	return ioctl->states == ACRN_IN_ANY || filp->f_mode & FMODE_WRITE;
}

/* Hardware is for the privileged, and while the kernel is locked down for nobody. */
static inline int acrn_may_reach_hw(void)
{
	if (!acrn_has_cap())
		return -EPERM;
	return security_locked_down(LOCKDOWN_DEV_MEM);
}

/*
 * Why the VM's device model or the state of the VM does not allow it.  Without the VM's
 * lock its state may have changed since @legal was read, so that alone decides.
 */
static inline int acrn_ioctl_illegal(u16 legal, const struct acrn_ioctl *ioctl)
{
	if (!(legal & ioctl->contract->legal))
		return -EINVAL;
	return legal & ACRN_LEGAL(ACRN_IN(EMPTY)) ? -ENODEV : -EBUSY;
}

/* Do the VM's device model and the state of the VM allow it now? */
static __always_inline int acrn_ioctl_legal(const struct acrn_vm *vm,
					    const struct acrn_ioctl *ioctl)
{
	/* With the VM's lock held nobody writes it, and it can be tested in memory. */
	u16 legal = ioctl->unlocked ? READ_ONCE(vm->legal) : vm->legal;

	return likely(legal & ioctl->legal) ? 0 : acrn_ioctl_illegal(legal, ioctl);
}

static inline int acrn_ioctl_lock(struct acrn_vm *vm,
				  const struct acrn_ioctl *ioctl)
{
	/* A process being killed need not wait for the other threads' calls. */
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	/* An EMPTY file has no owner. */
	if (ioctl->owner && vm->mm && vm->mm != current->mm) {
		mutex_unlock(&vm->lock);
		return -EPERM;
	}
	return 0;
}

static __always_inline long acrn_ioctl_run(struct file *filp,
					   const struct acrn_ioctl *ioctl,
					   unsigned long user)
{
	struct acrn_vm *vm = filp->private_data;
	/* What is copied out of it was written before. */
	union acrn_ioctl_arg arg __uninitialized;
	int ret;

	if (!acrn_ioctl_writable(filp, ioctl))
		return -EBADF;

	if (ioctl->in) {
		ret = ioctl->in(filp, &arg, user);
		if (ret)
			return ret;
	}
	if (ioctl->check) {
		ret = ioctl->check(&arg);
		if (ret)
			return ret;
	}
	if (ioctl->needs_cap && ioctl->needs_cap(&arg)) {
		ret = acrn_may_reach_hw();
		if (ret)
			return ret;
	}

	if (!ioctl->unlocked) {
		ret = acrn_ioctl_lock(vm, ioctl);
		if (ret)
			return ret;
	}
	ret = acrn_ioctl_legal(vm, ioctl);
	if (!ret)
		ret = ioctl->func(vm, &arg);
	if (!ret && ioctl->out) {
		ret = ioctl->out(&arg, user);
		if (ret < 0 && ioctl->undo)
			ioctl->undo(vm, &arg);
	}
	if (!ioctl->unlocked)
		mutex_unlock(&vm->lock);
	return ret;
}

#endif /* ACRN_DISPATCH_H */
