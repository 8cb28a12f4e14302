// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: requests handled in the kernel: what the driver exports to other
 * modules, see <linux/acrn/acrn_drv.h>.
 */
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <linux/acrn/acrn_drv.h>

#include "acrn_drv_internal.h"

/**
 * acrn_ioreq_client_create() - handle requests of a User VM in the kernel
 * @vmid: the User VM
 * @handler: called for each access to a range of the client
 * @data: for @handler
 *
 * Context: Process context, sleeps.
 * Return: the client, to be given back with acrn_ioreq_client_destroy() even
 *	if the VM is destroyed first, or an ERR_PTR(): -ENODEV: no such VM, or
 *	it has no I/O request page; -ENOMEM.
 */
struct acrn_ioreq_client *acrn_ioreq_client_create(u16 vmid,
						   acrn_ioreq_handler_t handler,
						   void *data)
{
	struct acrn_ioreq_client *client;
	struct acrn_ioreq *ioreq;
	int ret = 0;

	client = kzalloc(sizeof(*client), GFP_KERNEL);
	if (!client)
		return ERR_PTR(-ENOMEM);

	client->vm = acrn_vm_find_get(vmid);
	if (!client->vm) {
		ret = -ENODEV;
		goto err_free;
	}
	client->handler = handler;
	client->data = data;
	INIT_LIST_HEAD(&client->ranges);

	ioreq = &client->vm->ioreq;
	spin_lock_irq(&ioreq->lock);
	/*
	 * The VM may have been destroyed since it was found, and the object may
	 * hold another one by now.
	 */
	if (ioreq->slots && client->vm->vmid == vmid)
		list_add_tail(&client->node, &ioreq->clients);
	else
		ret = -ENODEV;
	spin_unlock_irq(&ioreq->lock);
	if (ret)
		goto err_put;
	return client;

err_put:
	acrn_vm_put(client->vm);
err_free:
	kfree(client);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_create);

/*
 * Once the VM is destroyed, its object is not the client's any more.  It stays the
 * client's as long as the VM is locked.
 */
static bool acrn_client_has_vm(const struct acrn_ioreq_client *client)
{
	return !list_empty(&client->node);
}

/* Return: the new range, -ENODEV, -EEXIST, -ENOMEM. */
static struct acrn_ioreq_range *
acrn_client_add(struct acrn_ioreq_client *client, u32 type, u64 start, u64 last)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range;
	int ret = -ENODEV;

	range = kmalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return ERR_PTR(-ENOMEM);
	range->client = client;
	range->type = type;
	range->start = start;
	range->last = last;

	spin_lock_irq(&ioreq->lock);
	if (acrn_client_has_vm(client))
		ret = acrn_ioreq_add_range(ioreq, range);
	if (!ret)
		list_add_tail(&range->list, &client->ranges);
	spin_unlock_irq(&ioreq->lock);
	if (!ret)
		return range;

	kfree(range);
	return ERR_PTR(ret);
}

/* A range as it was added, or NULL */
static struct acrn_ioreq_range *
acrn_client_find(struct acrn_ioreq_client *client, u32 type, u64 start, u64 last)
{
	struct acrn_ioreq_range *range;

	lockdep_assert_held(&client->vm->ioreq.lock);

	list_for_each_entry(range, &client->ranges, list) {
		if (range->type == type && range->start == start &&
		    range->last == last)
			return range;
	}
	return NULL;
}

static void acrn_client_remove_locked(struct acrn_ioreq_client *client,
				      struct acrn_ioreq_range *range)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;

	lockdep_assert_held(&ioreq->lock);

	list_del(&range->list);
	if (acrn_client_has_vm(client))
		rb_erase(&range->node, &ioreq->ranges);
}

/* One at a time: a client may have many, and interrupts wait for the lock. */
static void acrn_client_remove(struct acrn_ioreq_client *client,
			       struct acrn_ioreq_range *range)
{
	spin_lock_irq(&client->vm->ioreq.lock);
	acrn_client_remove_locked(client, range);
	spin_unlock_irq(&client->vm->ioreq.lock);
	kfree(range);
}

/**
 * acrn_ioreq_client_destroy() - stop handling requests
 * @client: the client; its handler is not called any more when this returns,
 *	and what it had not completed goes to the device model
 *
 * Context: Process context.  Nobody else may use the client meanwhile.
 */
void acrn_ioreq_client_destroy(struct acrn_ioreq_client *client)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range, *next;
	unsigned int vcpu;

	list_for_each_entry_safe(range, next, &client->ranges, list)
		acrn_client_remove(client, range);

	spin_lock_irq(&ioreq->lock);
	list_del_init(&client->node);
	for (vcpu = 0; vcpu < ACRN_MAX_VCPUS; vcpu++) {
		if (ioreq->client[vcpu] == client)
			acrn_ioreq_pass_on(client->vm, vcpu);
	}
	spin_unlock_irq(&ioreq->lock);
	wake_up(&ioreq->wait);

	acrn_vm_put(client->vm);
	kfree(client);
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_destroy);

/**
 * acrn_ioreq_client_add_range() - handle accesses to more addresses
 * @client: the client
 * @type: %ACRN_IOREQ_PIO, %ACRN_IOREQ_MMIO or %ACRN_IOREQ_WP
 * @start: first port or guest-physical address
 * @last: the last one
 *
 * Context: Process context, sleeps.
 * Return: 0; -EINVAL; -EEXIST: a client handles part of it already; -ENODEV:
 *	the VM is no more; -ENOMEM.
 */
int acrn_ioreq_client_add_range(struct acrn_ioreq_client *client, u32 type,
				u64 start, u64 last)
{
	if (start > last || (type != ACRN_IOREQ_PIO &&
			     type != ACRN_IOREQ_MMIO && type != ACRN_IOREQ_WP))
		return -EINVAL;

	return PTR_ERR_OR_ZERO(acrn_client_add(client, type, start, last));
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_add_range);

/**
 * acrn_ioreq_client_del_range() - do not handle a range any more
 * @client: the client
 * @type: as it was added
 * @start: as it was added
 * @last: as it was added
 *
 * Context: Any but interrupt context.
 * Return: 0 or -ENOENT.
 */
int acrn_ioreq_client_del_range(struct acrn_ioreq_client *client, u32 type,
				u64 start, u64 last)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range;
	int ret = -ENOENT;

	spin_lock_irq(&ioreq->lock);
	range = acrn_client_find(client, type, start, last);
	if (range) {
		acrn_client_remove_locked(client, range);
		ret = 0;
	}
	spin_unlock_irq(&ioreq->lock);

	kfree(range);
	return ret;
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_del_range);

/**
 * acrn_ioreq_complete() - a request is done that the handler left open
 * @client: the client whose handler got it
 * @vcpu: the vCPU that waits for it
 * @result: what was read; of no meaning if it wrote
 *
 * Context: Any but the client's handler, which would deadlock.
 * Return: 0 or a negative errno; -EINVAL: no such request.
 */
int acrn_ioreq_complete(struct acrn_ioreq_client *client, unsigned int vcpu,
			u64 result)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	unsigned long flags;
	int ret;

	if (vcpu >= ACRN_MAX_VCPUS)
		return -EINVAL;

	spin_lock_irqsave(&ioreq->lock, flags);
	if (ioreq->client[vcpu] != client) {
		ret = -EINVAL;
	} else {
		/* For a write, the hypervisor ignores the result. */
		acrn_ioreq_put_value(ioreq, vcpu,
				     READ_ONCE(ioreq->slots[vcpu].type),
				     result);
		ret = acrn_ioreq_finish(client->vm, vcpu);
	}
	spin_unlock_irqrestore(&ioreq->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(acrn_ioreq_complete);

/**
 * acrn_inject_msi() - inject an MSI into the VM of a client
 * @client: the client
 * @addr: the address the device would write to
 * @data: what it would write
 *
 * Context: Any, the client's handler included.
 * Return: 0 or a negative errno; -ENODEV: the VM is no more.
 */
int acrn_inject_msi(struct acrn_ioreq_client *client, u64 addr, u64 data)
{
	struct acrn_msi_entry msi = { .msi_addr = addr, .msi_data = data };
	struct acrn_vm *vm = client->vm;
	unsigned long flags;
	int ret = -ENODEV;

	/*
	 * acrn_ioreq_teardown() takes the client off its list before the next VM
	 * of this object can have interrupts: the VM is still the client's.
	 */
	raw_spin_lock_irqsave(&vm->irq.lock, flags);
	if (acrn_client_has_vm(client))
		ret = acrn_vm_inject_msi_locked(vm, &msi);
	raw_spin_unlock_irqrestore(&vm->irq.lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(acrn_inject_msi);
