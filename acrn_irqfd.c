// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: irqfds: eventfds whose signals are MSIs of a User VM.
 *
 * The MSI is injected right where the eventfd is signalled, in whatever
 * context that is.
 *
 * An irqfd that is on its VM's list is active.  Whoever takes it off the list,
 * under acrn_vm.irqfds_lock, deactivates it and so becomes the one to queue its
 * shutdown; the shutdown is the only one that frees it.  Three can deactivate:
 * deassigning, the VM being destroyed, and the eventfd being closed.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/* Flushed, so that what it frees is gone when a call returns */
static struct workqueue_struct *acrn_irqfd_wq;

/**
 * struct acrn_irqfd_entry - an irqfd
 * @node: in &acrn_vm.irqfds while it is active
 * @vm: the VM, on which it holds a reference
 * @msi: what to inject
 * @eventfd: the eventfd
 * @wait: hears of its signals and of its end
 * @head: the eventfd's wait queue, whose lock guards the eventfd's count
 * @poll: puts @wait in its place
 * @shutdown: frees it
 */
struct acrn_irqfd_entry {
	struct list_head node;
	struct acrn_vm *vm;
	struct acrn_msi_entry msi;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	wait_queue_head_t *head;
	poll_table poll;
	struct work_struct shutdown;
};

static void acrn_irqfd_shutdown(struct work_struct *work)
{
	struct acrn_irqfd_entry *p =
		container_of(work, struct acrn_irqfd_entry, shutdown);

	/* Whoever is signalling has the lock that this takes. */
	remove_wait_queue(p->head, &p->wait);
	eventfd_ctx_put(p->eventfd);
	acrn_vm_put(p->vm);
	kfree(p);
}

/* The caller has found it on the list. */
static void acrn_irqfd_deactivate(struct acrn_irqfd_entry *p)
{
	lockdep_assert_held(&p->vm->irqfds_lock);

	list_del_init(&p->node);
	queue_work(acrn_irqfd_wq, &p->shutdown);
}

/* Called with the lock of the eventfd's wait queue held, interrupts off */
static void acrn_irqfd_signalled(struct acrn_irqfd_entry *p)
{
	u64 count;

	/* Consumed here: the counter shall not run full. */
	eventfd_ctx_do_read(p->eventfd, &count);
	/* If the VM cannot take it now, the MSI is dropped. */
	if (count)
		acrn_vm_inject_msi(p->vm, &p->msi);
}

/* As acrn_irqfd_signalled() */
static int acrn_irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode,
			     int sync, void *key)
{
	struct acrn_irqfd_entry *p =
		container_of(wait, struct acrn_irqfd_entry, wait);
	__poll_t events = key_to_poll(key);
	unsigned long flags;
	int ret = 0;

	if (events & EPOLLIN) {
		acrn_irqfd_signalled(p);
		ret = 1;
	}
	if (events & EPOLLHUP) {
		spin_lock_irqsave(&p->vm->irqfds_lock, flags);
		if (!list_empty(&p->node))
			acrn_irqfd_deactivate(p);
		spin_unlock_irqrestore(&p->vm->irqfds_lock, flags);
	}
	return ret;
}

static void acrn_irqfd_queue(struct file *file, wait_queue_head_t *head,
			     poll_table *poll)
{
	struct acrn_irqfd_entry *p =
		container_of(poll, struct acrn_irqfd_entry, poll);

	p->head = head;
	add_wait_queue_priority(head, &p->wait);
}

static bool acrn_irqfd_exists(struct acrn_vm *vm,
			      const struct eventfd_ctx *eventfd)
{
	const struct acrn_irqfd_entry *p;
	bool found = false;

	spin_lock_irq(&vm->irqfds_lock);
	list_for_each_entry(p, &vm->irqfds, node) {
		if (p->eventfd == eventfd)
			found = true;
	}
	spin_unlock_irq(&vm->irqfds_lock);
	return found;
}

static int acrn_irqfd_assign(struct acrn_vm *vm, const struct acrn_irqfd *event)
{
	struct acrn_irqfd_entry *p;
	struct file *file;
	int ret;

	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;

	/* Held to the end: its last fput() is what sends EPOLLHUP. */
	file = fget(event->fd);
	if (!file) {
		ret = -EBADF;
		goto err_free;
	}
	p->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(p->eventfd)) {
		ret = PTR_ERR(p->eventfd);
		goto err_file;
	}
	/* Nobody else adds one meanwhile: the VM is locked. */
	if (acrn_irqfd_exists(vm, p->eventfd)) {
		ret = -EBUSY;
		goto err_eventfd;
	}

	p->vm = vm;
	acrn_vm_get(vm);
	p->msi = event->msi;
	INIT_WORK(&p->shutdown, acrn_irqfd_shutdown);
	init_waitqueue_func_entry(&p->wait, acrn_irqfd_wakeup);
	init_poll_funcptr(&p->poll, acrn_irqfd_queue);

	spin_lock_irq(&vm->irqfds_lock);
	list_add_tail(&p->node, &vm->irqfds);
	spin_unlock_irq(&vm->irqfds_lock);

	/*
	 * Only the VM's lock and the file keep it from being shut down between
	 * the two.
	 */
	vfs_poll(file, &p->poll);

	/*
	 * A count that is found here was signalled before the eventfd was
	 * registered; what comes later is consumed by acrn_irqfd_wakeup().
	 */
	spin_lock_irq(&p->head->lock);
	acrn_irqfd_signalled(p);
	/* A write() to a full counter waits for that. */
	if (waitqueue_active(p->head))
		wake_up_locked_poll(p->head, EPOLLOUT);
	spin_unlock_irq(&p->head->lock);
	fput(file);
	return 0;

err_eventfd:
	eventfd_ctx_put(p->eventfd);
err_file:
	fput(file);
err_free:
	kfree(p);
	return ret;
}

static int acrn_irqfd_deassign(struct acrn_vm *vm,
			       const struct acrn_irqfd *event)
{
	struct acrn_irqfd_entry *p, *next;
	struct eventfd_ctx *eventfd;
	int ret = -ENOENT;

	eventfd = eventfd_ctx_fdget(event->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	spin_lock_irq(&vm->irqfds_lock);
	list_for_each_entry_safe(p, next, &vm->irqfds, node) {
		if (p->eventfd == eventfd) {
			acrn_irqfd_deactivate(p);
			ret = 0;
		}
	}
	spin_unlock_irq(&vm->irqfds_lock);
	eventfd_ctx_put(eventfd);

	/* No MSI of it comes after the call has returned. */
	flush_workqueue(acrn_irqfd_wq);
	return ret;
}

int acrn_check_irqfd(const union acrn_ioctl_arg *arg)
{
	return arg->irqfd.flags & ~ACRN_IRQFD_DEASSIGN ? -EINVAL : 0;
}

int acrn_ioctl_irqfd(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_irqfd *event = &arg->irqfd;

	lockdep_assert_held(&vm->lock);

	if (event->flags & ACRN_IRQFD_DEASSIGN)
		return acrn_irqfd_deassign(vm, event);
	return acrn_irqfd_assign(vm, event);
}

/* The VM is about to be destroyed. */
void acrn_irqfd_release(struct acrn_vm *vm)
{
	struct acrn_irqfd_entry *p, *next;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&vm->irqfds_lock);
	list_for_each_entry_safe(p, next, &vm->irqfds, node)
		acrn_irqfd_deactivate(p);
	spin_unlock_irq(&vm->irqfds_lock);

	/*
	 * Also waits for irqfds whose eventfd was closed: none of them may reach
	 * the next VM of this file.
	 */
	flush_workqueue(acrn_irqfd_wq);
}

void acrn_irqfd_vm_init(struct acrn_vm *vm)
{
	spin_lock_init(&vm->irqfds_lock);
	INIT_LIST_HEAD(&vm->irqfds);
}

int acrn_irqfd_init(void)
{
	/* Not per VM, and without WQ_MEM_RECLAIM it has no thread of its own. */
	acrn_irqfd_wq = alloc_workqueue("acrn_irqfd", WQ_UNBOUND, 0);
	return acrn_irqfd_wq ? 0 : -ENOMEM;
}

void acrn_irqfd_exit(void)
{
	destroy_workqueue(acrn_irqfd_wq);
}
