// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: irqfds: eventfds whose signals are MSIs of a User VM.
 *
 * The MSI is injected right where the eventfd is signalled, in whatever
 * context that is.
 *
 * An irqfd that is in its VM's tree is active.  Whoever takes it out of the tree,
 * under acrn_vm.irqfds_lock, deactivates it and so becomes the one to queue its
 * shutdown; the shutdown is the only one that frees it.  Three can deactivate:
 * deassigning, the VM being destroyed, and the eventfd being closed.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
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
 * @node: in &acrn_vm.irqfds, by @eventfd, while it is active
 * @vm: the VM, on which it holds a reference
 * @msi: what to inject
 * @eventfd: the eventfd
 * @wait: hears of its signals and of its end
 * @head: the eventfd's wait queue, whose lock guards the eventfd's count
 * @poll: puts @wait in its place
 * @shutdown: frees it
 */
struct acrn_irqfd_entry {
	struct rb_node node;
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
	struct acrn_irqfd_entry *irqfd =
		container_of(work, struct acrn_irqfd_entry, shutdown);

	/* Whoever is signalling has the lock that this takes. */
	remove_wait_queue(irqfd->head, &irqfd->wait);
	eventfd_ctx_put(irqfd->eventfd);
	acrn_vm_put(irqfd->vm);
	kfree(irqfd);
}

/* The caller has found it in the tree. */
static void acrn_irqfd_deactivate(struct acrn_irqfd_entry *irqfd)
{
	lockdep_assert_held(&irqfd->vm->irqfds_lock);

	rb_erase(&irqfd->node, &irqfd->vm->irqfds);
	RB_CLEAR_NODE(&irqfd->node);
	queue_work(acrn_irqfd_wq, &irqfd->shutdown);
}

/*
 * Called with the lock of the eventfd's wait queue held, and so with interrupts off
 * unless the kernel is PREEMPT_RT
 */
static void acrn_irqfd_signalled(struct acrn_irqfd_entry *irqfd)
{
	u64 count;

	/* Consumed here: the counter shall not run full. */
	eventfd_ctx_do_read(irqfd->eventfd, &count);
	/* If the VM cannot take it now, the MSI is dropped. */
	if (count)
		acrn_vm_inject_msi(irqfd->vm, &irqfd->msi);
}

/* As acrn_irqfd_signalled() */
static int acrn_irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode,
			     int sync, void *key)
{
	struct acrn_irqfd_entry *irqfd =
		container_of(wait, struct acrn_irqfd_entry, wait);
	__poll_t events = key_to_poll(key);
	unsigned long flags;
	int ret = 0;

	if (events & EPOLLIN) {
		acrn_irqfd_signalled(irqfd);
		ret = 1;
	}
	if (events & EPOLLHUP) {
		spin_lock_irqsave(&irqfd->vm->irqfds_lock, flags);
		if (!RB_EMPTY_NODE(&irqfd->node))
			acrn_irqfd_deactivate(irqfd);
		spin_unlock_irqrestore(&irqfd->vm->irqfds_lock, flags);
	}
	return ret;
}

static void acrn_irqfd_queue(struct file *file, wait_queue_head_t *head,
			     poll_table *poll)
{
	struct acrn_irqfd_entry *irqfd =
		container_of(poll, struct acrn_irqfd_entry, poll);

	irqfd->head = head;
	add_wait_queue_priority(head, &irqfd->wait);
}

static int acrn_irqfd_cmp_eventfd(const void *key, const struct rb_node *node)
{
	const struct eventfd_ctx *eventfd = key;
	const struct acrn_irqfd_entry *irqfd;

	irqfd = rb_entry(node, struct acrn_irqfd_entry, node);
	if (eventfd == irqfd->eventfd)
		return 0;
	return eventfd < irqfd->eventfd ? -1 : 1;
}

static int acrn_irqfd_cmp(struct rb_node *new, const struct rb_node *node)
{
	return acrn_irqfd_cmp_eventfd(rb_entry(new, struct acrn_irqfd_entry,
					       node)->eventfd, node);
}

static int acrn_irqfd_assign(struct acrn_vm *vm, const struct acrn_irqfd *event)
{
	struct acrn_irqfd_entry *irqfd;
	struct rb_node *other;
	struct file *file;
	int ret;

	irqfd = kmalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return -ENOMEM;

	/* Held to the end: its last fput() is what sends EPOLLHUP. */
	file = fget(event->fd);
	if (!file) {
		ret = -EBADF;
		goto err_free;
	}
	irqfd->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(irqfd->eventfd)) {
		ret = PTR_ERR(irqfd->eventfd);
		goto err_file;
	}

	vm->had_irqfds = true;
	irqfd->vm = vm;
	acrn_vm_get(vm);
	irqfd->msi = event->msi;
	INIT_WORK(&irqfd->shutdown, acrn_irqfd_shutdown);
	init_waitqueue_func_entry(&irqfd->wait, acrn_irqfd_wakeup);
	init_poll_funcptr(&irqfd->poll, acrn_irqfd_queue);

	spin_lock_irq(&vm->irqfds_lock);
	other = rb_find_add(&irqfd->node, &vm->irqfds, acrn_irqfd_cmp);
	spin_unlock_irq(&vm->irqfds_lock);
	if (other) {
		ret = -EBUSY;
		goto err_vm;
	}

	/*
	 * Only the VM's lock and the file keep it from being shut down between
	 * the two.
	 *
	 * A count that is found here was signalled before the eventfd was
	 * registered; what comes later is consumed by acrn_irqfd_wakeup().
	 */
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN) {
		spin_lock_irq(&irqfd->head->lock);
		acrn_irqfd_signalled(irqfd);
		/* A write() to a full counter waits for that. */
		if (waitqueue_active(irqfd->head))
			wake_up_locked_poll(irqfd->head, EPOLLOUT);
		spin_unlock_irq(&irqfd->head->lock);
	}
	fput(file);
	return 0;

err_vm:
	acrn_vm_put(vm);
	eventfd_ctx_put(irqfd->eventfd);
err_file:
	fput(file);
err_free:
	kfree(irqfd);
	return ret;
}

static int acrn_irqfd_deassign(struct acrn_vm *vm,
			       const struct acrn_irqfd *event)
{
	struct eventfd_ctx *eventfd;
	struct rb_node *node;

	eventfd = eventfd_ctx_fdget(event->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	spin_lock_irq(&vm->irqfds_lock);
	node = rb_find(eventfd, &vm->irqfds, acrn_irqfd_cmp_eventfd);
	if (node)
		acrn_irqfd_deactivate(rb_entry(node, struct acrn_irqfd_entry,
					       node));
	spin_unlock_irq(&vm->irqfds_lock);
	eventfd_ctx_put(eventfd);

	/* No MSI of it comes after the call has returned. */
	flush_workqueue(acrn_irqfd_wq);
	return node ? 0 : -ENOENT;
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
	struct rb_node *node;

	lockdep_assert_held(&vm->lock);

	if (!vm->had_irqfds)
		return;

	spin_lock_irq(&vm->irqfds_lock);
	while ((node = rb_first(&vm->irqfds)))
		acrn_irqfd_deactivate(rb_entry(node, struct acrn_irqfd_entry,
					       node));
	spin_unlock_irq(&vm->irqfds_lock);

	/*
	 * Also waits for irqfds whose eventfd was closed: none of them may reach
	 * the next VM of this file.
	 */
	flush_workqueue(acrn_irqfd_wq);
	vm->had_irqfds = false;
}

void acrn_irqfd_vm_init(struct acrn_vm *vm)
{
	spin_lock_init(&vm->irqfds_lock);
	vm->irqfds = RB_ROOT;
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
