// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: ioeventfds: writes of a User VM that signal an eventfd.
 *
 * They are matched in the upcall, where the write is completed as well, so the
 * vCPU runs on without waiting for any thread.
 *
 * A write matches if its address and size are those of the ioeventfd and, with
 * data match, its value is.  So no write can match two of them: what would
 * make that possible is refused as a conflict.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <linux/acrn/acrn_drv.h>

#include "acrn_compat.h"
#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

#define ACRN_IOEVENTFD_FLAGS						\
	(ACRN_IOEVENTFD_PIO | ACRN_IOEVENTFD_DATAMATCH | ACRN_IOEVENTFD_DEASSIGN)

/**
 * struct acrn_ioeventfd_entry - an ioeventfd
 * @node: in &acrn_ioreq.ioeventfds
 * @eventfd: what to signal
 * @type: %ACRN_IOREQ_PIO or %ACRN_IOREQ_MMIO
 * @size: of the write, bytes
 * @addr: port or guest-physical address
 * @datamatch: only writes of @data
 * @data: their value
 *
 * On the list: under &acrn_ioreq.lock.
 */
struct acrn_ioeventfd_entry {
	struct list_head node;
	struct eventfd_ctx *eventfd;
	u32 type;
	u32 size;
	u64 addr;
	bool datamatch;
	u64 data;
};

/**
 * acrn_ioeventfd_signal() - signal the ioeventfd that an access matches
 * @vm: the VM, its &acrn_ioreq.lock held
 * @access: the access
 *
 * Return: whether there is one; the access is done then.
 */
bool acrn_ioeventfd_signal(struct acrn_vm *vm,
			   const struct acrn_io_access *access)
{
	struct acrn_ioeventfd_entry *p;

	lockdep_assert_held(&vm->ioreq.lock);

	if (!access->write)
		return false;

	list_for_each_entry(p, &vm->ioreq.ioeventfds, node) {
		if (p->addr == access->addr && p->type == access->type &&
		    p->size == access->size &&
		    (!p->datamatch || p->data == access->value)) {
			acrn_eventfd_signal(p->eventfd);
			return true;
		}
	}
	return false;
}

static bool acrn_ioeventfd_conflict(struct acrn_vm *vm,
				    const struct acrn_ioeventfd_entry *new)
{
	const struct acrn_ioeventfd_entry *p;

	lockdep_assert_held(&vm->ioreq.lock);
	list_for_each_entry(p, &vm->ioreq.ioeventfds, node) {
		if (p->addr == new->addr && p->type == new->type &&
		    p->size == new->size &&
		    (!p->datamatch || !new->datamatch || p->data == new->data))
			return true;
	}
	return false;
}

static void acrn_ioeventfd_free(struct acrn_ioeventfd_entry *p)
{
	eventfd_ctx_put(p->eventfd);
	kfree(p);
}

static int acrn_ioeventfd_assign(struct acrn_vm *vm,
				 struct acrn_ioeventfd_entry *new)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	int ret = 0;

	spin_lock_irq(&ioreq->lock);
	if (acrn_ioeventfd_conflict(vm, new))
		ret = -EEXIST;
	else
		list_add_tail(&new->node, &ioreq->ioeventfds);
	spin_unlock_irq(&ioreq->lock);
	return ret;
}

static int acrn_ioeventfd_deassign(struct acrn_vm *vm,
				   const struct acrn_ioeventfd_entry *old)
{
	struct acrn_ioeventfd_entry *p, *found = NULL;
	struct acrn_ioreq *ioreq = &vm->ioreq;

	spin_lock_irq(&ioreq->lock);
	list_for_each_entry(p, &ioreq->ioeventfds, node) {
		if (p->eventfd == old->eventfd && p->addr == old->addr &&
		    p->type == old->type && p->size == old->size &&
		    p->datamatch == old->datamatch && p->data == old->data) {
			list_del(&p->node);
			found = p;
			break;
		}
	}
	spin_unlock_irq(&ioreq->lock);
	if (!found)
		return -ENOENT;

	acrn_ioeventfd_free(found);
	return 0;
}

int acrn_check_ioeventfd(const union acrn_ioctl_arg *arg)
{
	const struct acrn_ioeventfd *event = &arg->ioeventfd;

	if (event->flags & ~ACRN_IOEVENTFD_FLAGS || event->reserved)
		return -EINVAL;

	switch (event->len) {
	case 1:
	case 2:
	case 4:
		break;
	case 8:
		if (event->flags & ACRN_IOEVENTFD_PIO)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}

	if (event->addr + event->len < event->addr)
		return -EINVAL;
	if (event->flags & ACRN_IOEVENTFD_PIO &&
	    event->addr + event->len > 0x10000)
		return -EINVAL;
	/* Such a value is never written. */
	if (event->flags & ACRN_IOEVENTFD_DATAMATCH && event->len < 8 &&
	    event->data >> (8 * event->len))
		return -EINVAL;
	return 0;
}

int acrn_ioctl_ioeventfd(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_ioeventfd *event = &arg->ioeventfd;
	struct acrn_ioeventfd_entry *p;
	int ret;

	lockdep_assert_held(&vm->lock);

	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;

	p->eventfd = eventfd_ctx_fdget(event->fd);
	if (IS_ERR(p->eventfd)) {
		ret = PTR_ERR(p->eventfd);
		goto err_free;
	}
	p->type = event->flags & ACRN_IOEVENTFD_PIO ? ACRN_IOREQ_PIO :
						      ACRN_IOREQ_MMIO;
	p->size = event->len;
	p->addr = event->addr;
	p->datamatch = event->flags & ACRN_IOEVENTFD_DATAMATCH;
	p->data = p->datamatch ? event->data : 0;

	if (event->flags & ACRN_IOEVENTFD_DEASSIGN) {
		ret = acrn_ioeventfd_deassign(vm, p);
		goto err_eventfd;
	}
	ret = acrn_ioeventfd_assign(vm, p);
	if (ret)
		goto err_eventfd;
	return 0;

err_eventfd:
	eventfd_ctx_put(p->eventfd);
err_free:
	kfree(p);
	return ret;
}

/* The VM is about to be destroyed. */
void acrn_ioeventfd_release(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct acrn_ioeventfd_entry *p, *next;
	LIST_HEAD(all);

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->lock);
	list_splice_init(&ioreq->ioeventfds, &all);
	spin_unlock_irq(&ioreq->lock);

	list_for_each_entry_safe(p, next, &all, node)
		acrn_ioeventfd_free(p);
}

#ifdef ACRN_KUNIT
#include "tests/kunit/ioeventfd_test.c"
#endif
