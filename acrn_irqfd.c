// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: irqfds: eventfds whose signals are MSIs of a User VM.
 *
 * The MSI is injected right where the eventfd is signalled, in whatever
 * context that is.
 *
 * Deassigning frees an irqfd, and so does the end of its VM.  When its eventfd is
 * closed, which can be in any context, it is only put on a list; the next call about
 * irqfds of the VM frees it.  So what is in the tree, and when, is a matter of
 * acrn_vm.lock alone, and no VM has more irqfds whose eventfds are closed than it had
 * at once.
 */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "acrn_compat.h"
#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/**
 * struct acrn_irqfd_entry - an irqfd
 * @node: in &acrn_vm.irqfds, by @eventfd
 * @closed: in &acrn_vm.closed_irqfds, once @eventfd is closed
 * @vm: the VM, which frees it before it ends
 * @msi: what to inject
 * @eventfd: the eventfd
 * @wait: hears of its signals and of its end
 * @head: the eventfd's wait queue, whose lock guards the eventfd's count
 * @poll: puts @wait in its place
 */
struct acrn_irqfd_entry {
	struct rb_node node;
	struct llist_node closed;
	struct acrn_vm *vm;
	struct acrn_msi_entry msi;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	wait_queue_head_t *head;
	poll_table poll;
};

/* The caller takes it out of the tree. */
static void acrn_irqfd_free(struct acrn_irqfd_entry *irqfd)
{
	/* Whoever is signalling, or closing, has the lock that this takes. */
	remove_wait_queue(irqfd->head, &irqfd->wait);
	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void acrn_irqfd_free_closed(struct acrn_vm *vm)
{
	struct acrn_irqfd_entry *irqfd;
	struct llist_node *node, *next;

	lockdep_assert_held(&vm->lock);

	llist_for_each_safe(node, next, llist_del_all(&vm->closed_irqfds)) {
		irqfd = llist_entry(node, struct acrn_irqfd_entry, closed);
		rb_erase(&irqfd->node, &vm->irqfds);
		acrn_irqfd_free(irqfd);
	}
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
	int ret = 0;

	if (events & EPOLLIN) {
		acrn_irqfd_signalled(irqfd);
		ret = 1;
	}
	/*
	 * Once.  An ioeventfd may signal it still, and that is no MSI any more.  The entry
	 * can be removed again.
	 */
	if (events & EPOLLHUP) {
		list_del_init(&wait->entry);
		llist_add(&irqfd->closed, &irqfd->vm->closed_irqfds);
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
	struct fd file;
	int ret;

	irqfd = kmalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return -ENOMEM;

	/* Held to the end: only then may it be closed. */
	file = fdget(event->fd);
	if (!fd_file(file)) {
		ret = -EBADF;
		goto err_free;
	}
	irqfd->eventfd = eventfd_ctx_fileget(fd_file(file));
	if (IS_ERR(irqfd->eventfd)) {
		ret = PTR_ERR(irqfd->eventfd);
		goto err_file;
	}

	irqfd->vm = vm;
	irqfd->msi = event->msi;
	init_waitqueue_func_entry(&irqfd->wait, acrn_irqfd_wakeup);
	init_poll_funcptr(&irqfd->poll, acrn_irqfd_queue);

	if (rb_find_add(&irqfd->node, &vm->irqfds, acrn_irqfd_cmp)) {
		ret = -EBUSY;
		goto err_eventfd;
	}

	/*
	 * A count that is found here was signalled before the eventfd was
	 * registered; what comes later is consumed by acrn_irqfd_wakeup().
	 */
	if (vfs_poll(fd_file(file), &irqfd->poll) & EPOLLIN) {
		spin_lock_irq(&irqfd->head->lock);
		acrn_irqfd_signalled(irqfd);
		/*
		 * A write() to a full counter waits for that.  Who is woken may not signal
		 * an eventfd from here, for it can be this one, whose lock is held: in aio
		 * and io_uring nobody does who finds in_eventfd set.
		 */
		if (waitqueue_active(irqfd->head)) {
			current->in_eventfd = 1;
			wake_up_locked_poll(irqfd->head, EPOLLOUT);
			current->in_eventfd = 0;
		}
		spin_unlock_irq(&irqfd->head->lock);
	}
	fdput(file);
	return 0;

err_eventfd:
	eventfd_ctx_put(irqfd->eventfd);
err_file:
	fdput(file);
err_free:
	kfree(irqfd);
	return ret;
}

/* No MSI of it comes after the call has returned. */
static int acrn_irqfd_deassign(struct acrn_vm *vm,
			       const struct acrn_irqfd *event)
{
	struct eventfd_ctx *eventfd;
	struct rb_node *node;
	struct fd file;
	int ret = 0;

	/* Held to the end: an irqfd whose eventfd is closed is not for us to free. */
	file = fdget(event->fd);
	if (!fd_file(file))
		return -EBADF;

	eventfd = eventfd_ctx_fileget(fd_file(file));
	if (IS_ERR(eventfd)) {
		ret = PTR_ERR(eventfd);
		goto out_file;
	}

	node = rb_find(eventfd, &vm->irqfds, acrn_irqfd_cmp_eventfd);
	if (node) {
		rb_erase(node, &vm->irqfds);
		acrn_irqfd_free(rb_entry(node, struct acrn_irqfd_entry, node));
	} else {
		ret = -ENOENT;
	}
	eventfd_ctx_put(eventfd);
out_file:
	fdput(file);
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

	acrn_irqfd_free_closed(vm);
	if (event->flags & ACRN_IRQFD_DEASSIGN)
		return acrn_irqfd_deassign(vm, event);
	return acrn_irqfd_assign(vm, event);
}

/* The VM is about to be destroyed: none of them may reach the next VM of this file. */
void acrn_irqfd_release(struct acrn_vm *vm)
{
	struct acrn_irqfd_entry *irqfd, *next;

	lockdep_assert_held(&vm->lock);

	rbtree_postorder_for_each_entry_safe(irqfd, next, &vm->irqfds, node)
		acrn_irqfd_free(irqfd);
	vm->irqfds = RB_ROOT;
	/* Who was on the list was in the tree; no eventfd can put one there any more. */
	init_llist_head(&vm->closed_irqfds);
}
