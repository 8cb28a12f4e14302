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
#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <linux/acrn/acrn_drv.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

#define ACRN_IOEVENTFD_FLAGS						\
	(ACRN_IOEVENTFD_PIO | ACRN_IOEVENTFD_DATAMATCH | ACRN_IOEVENTFD_DEASSIGN)

/* As many as a bus of KVM has devices */
#define ACRN_IOEVENTFDS_MAX	1000

/**
 * struct acrn_ioeventfd_entry - an ioeventfd
 * @node: in &acrn_ioreq.ioeventfds, under &acrn_ioreq.wait.lock
 * @eventfd: what to signal
 * @type: %ACRN_IOREQ_PIO or %ACRN_IOREQ_MMIO
 * @size: of the write, bytes
 * @addr: port or guest-physical address
 * @datamatch: only writes of @data
 * @data: their value
 */
struct acrn_ioeventfd_entry {
	struct rb_node node;
	struct eventfd_ctx *eventfd;
	u32 type;
	u32 size;
	u64 addr;
	bool datamatch;
	u64 data;
};

/*
 * The order of the tree.  Two compare as equal if there is a write that matches
 * both, so the tree rejects the second.
 */
static int acrn_ioeventfd_cmp(const struct acrn_ioeventfd_entry *a,
			      const struct acrn_ioeventfd_entry *b)
{
	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	if (!a->datamatch || !b->datamatch || a->data == b->data)
		return 0;
	return a->data < b->data ? -1 : 1;
}

static int acrn_ioeventfd_cmp_key(const void *key, const struct rb_node *node)
{
	return acrn_ioeventfd_cmp(key, rb_entry(node, struct acrn_ioeventfd_entry,
						node));
}

static int acrn_ioeventfd_cmp_node(struct rb_node *new,
				   const struct rb_node *node)
{
	return acrn_ioeventfd_cmp_key(rb_entry(new, struct acrn_ioeventfd_entry,
					       node), node);
}

static struct acrn_ioeventfd_entry *
acrn_ioeventfd_lookup(struct acrn_vm *vm, const struct acrn_ioeventfd_entry *key)
{
	struct rb_node *node;

	lockdep_assert_held(&vm->ioreq.wait.lock);
	node = rb_find(key, &vm->ioreq.ioeventfds, acrn_ioeventfd_cmp_key);
	return rb_entry_safe(node, struct acrn_ioeventfd_entry, node);
}

/**
 * acrn_ioeventfd_find() - find the ioeventfd that an access matches
 * @vm: the VM, its &acrn_ioreq.wait.lock held
 * @access: the access
 *
 * Return: what to signal, or NULL.
 */
struct eventfd_ctx *acrn_ioeventfd_find(struct acrn_vm *vm,
					const struct acrn_io_access *access)
{
	const struct acrn_ioeventfd_entry *entry;

	if (!access->write)
		return NULL;

	entry = acrn_ioeventfd_lookup(vm, &(struct acrn_ioeventfd_entry) {
		.type = access->type,
		.size = access->size,
		.addr = access->addr,
		.datamatch = true,
		.data = access->value,
	});
	return entry ? entry->eventfd : NULL;
}

static void acrn_ioeventfd_free(struct acrn_ioeventfd_entry *entry)
{
	eventfd_ctx_put(entry->eventfd);
	kfree(entry);
}

static int acrn_ioeventfd_assign(struct acrn_vm *vm,
				 struct acrn_ioeventfd_entry *new)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	int ret = 0;

	spin_lock_irq(&ioreq->wait.lock);
	if (ioreq->ioeventfd_num >= ACRN_IOEVENTFDS_MAX)
		ret = -ENOSPC;
	else if (rb_find_add(&new->node, &ioreq->ioeventfds,
			     acrn_ioeventfd_cmp_node))
		ret = -EEXIST;
	else
		ioreq->ioeventfd_num++;
	spin_unlock_irq(&ioreq->wait.lock);
	return ret;
}

static int acrn_ioeventfd_deassign(struct acrn_vm *vm,
				   const struct acrn_ioeventfd_entry *old)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct acrn_ioeventfd_entry *entry;

	spin_lock_irq(&ioreq->wait.lock);
	entry = acrn_ioeventfd_lookup(vm, old);
	if (entry && entry->eventfd == old->eventfd &&
	    entry->datamatch == old->datamatch) {
		rb_erase(&entry->node, &ioreq->ioeventfds);
		ioreq->ioeventfd_num--;
	} else {
		entry = NULL;
	}
	spin_unlock_irq(&ioreq->wait.lock);
	if (!entry)
		return -ENOENT;

	acrn_ioeventfd_free(entry);
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
	struct acrn_ioeventfd_entry *entry;
	int ret;

	lockdep_assert_held(&vm->lock);

	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;

	entry->eventfd = eventfd_ctx_fdget(event->fd);
	if (IS_ERR(entry->eventfd)) {
		ret = PTR_ERR(entry->eventfd);
		goto err_free;
	}
	entry->type = event->flags & ACRN_IOEVENTFD_PIO ? ACRN_IOREQ_PIO :
							  ACRN_IOREQ_MMIO;
	entry->size = event->len;
	entry->addr = event->addr;
	entry->datamatch = event->flags & ACRN_IOEVENTFD_DATAMATCH;
	entry->data = entry->datamatch ? event->data : 0;

	if (event->flags & ACRN_IOEVENTFD_DEASSIGN) {
		ret = acrn_ioeventfd_deassign(vm, entry);
		goto err_eventfd;
	}
	ret = acrn_ioeventfd_assign(vm, entry);
	if (ret)
		goto err_eventfd;
	return 0;

err_eventfd:
	eventfd_ctx_put(entry->eventfd);
err_free:
	kfree(entry);
	return ret;
}

/* The VM is about to be destroyed. */
void acrn_ioeventfd_release(struct acrn_vm *vm)
{
	struct acrn_ioeventfd_entry *entry, *next;
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct rb_root all;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->wait.lock);
	all = ioreq->ioeventfds;
	ioreq->ioeventfds = RB_ROOT;
	ioreq->ioeventfd_num = 0;
	spin_unlock_irq(&ioreq->wait.lock);

	rbtree_postorder_for_each_entry_safe(entry, next, &all, node)
		acrn_ioeventfd_free(entry);
}

#ifdef ACRN_KUNIT
#include "tests/kunit/ioeventfd_test.c"
#endif
