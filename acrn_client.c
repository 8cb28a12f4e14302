// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: requests handled in the kernel: what the driver exports to other
 * modules, see <linux/acrn/acrn_drv.h>.
 *
 * What sleeps here takes the lock of the VM, so it may wait for an ioctl of the
 * device model, but never for another client.  The end of the VM waits for no client:
 * it takes the clients off their list, and what they hold stays theirs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/align.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include <linux/acrn/acrn_drv.h>

#include "acrn_drv_internal.h"

/* So many pages of guest memory can a client hold: 256 MiB */
#define ACRN_CLIENT_PAGES_MAX	65536UL

/**
 * struct acrn_client_map - guest memory that a client holds
 * @map: what the client is told of it
 * @client: the client
 * @list: in &acrn_ioreq_client.maps
 * @nr: number of pages
 * @pages: the pages, of each a reference
 */
struct acrn_client_map {
	struct acrn_guest_map map;
	struct acrn_ioreq_client *client;
	struct list_head list;
	unsigned long nr;
	struct page *pages[];
};

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
	INIT_LIST_HEAD(&client->maps);

	ioreq = &client->vm->ioreq;
	spin_lock_irq(&ioreq->wait.lock);
	/*
	 * The VM may have been destroyed since it was found, and the object may
	 * hold another one by now.
	 */
	if (ioreq->slots && client->vm->vmid == vmid)
		list_add_tail(&client->node, &ioreq->clients);
	else
		ret = -ENODEV;
	spin_unlock_irq(&ioreq->wait.lock);
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
acrn_client_add(struct acrn_ioreq_client *client, u32 type, u64 start, u64 last,
		bool protects)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range;
	int ret = -ENODEV;

	range = kmalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return ERR_PTR(-ENOMEM);
	range->client = client;
	range->type = type;
	range->protects = protects;
	range->start = start;
	range->last = last;

	spin_lock_irq(&ioreq->wait.lock);
	if (acrn_client_has_vm(client))
		ret = acrn_ioreq_add_range(ioreq, range);
	if (!ret)
		list_add_tail(&range->list, &client->ranges);
	spin_unlock_irq(&ioreq->wait.lock);
	if (!ret)
		return range;

	kfree(range);
	return ERR_PTR(ret);
}

/* Return: the range as it was added, -ENODEV, -ENOENT. */
static struct acrn_ioreq_range *
acrn_client_find(struct acrn_ioreq_client *client, u32 type, u64 start, u64 last,
		 bool protects)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range;

	lockdep_assert_held(&ioreq->wait.lock);

	if (!acrn_client_has_vm(client))
		return ERR_PTR(-ENODEV);
	range = acrn_ioreq_find_range(ioreq, type, start);
	if (!range || range->client != client || range->start != start ||
	    range->last != last || range->protects != protects)
		return ERR_PTR(-ENOENT);
	return range;
}

static void acrn_client_remove_locked(struct acrn_ioreq_client *client,
				      struct acrn_ioreq_range *range)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;

	lockdep_assert_held(&ioreq->wait.lock);

	list_del(&range->list);
	if (acrn_client_has_vm(client))
		rb_erase(&range->node, &ioreq->ranges);
}

/* One at a time: a client may have many, and interrupts wait for the lock. */
static void acrn_client_remove(struct acrn_ioreq_client *client,
			       struct acrn_ioreq_range *range)
{
	spin_lock_irq(&client->vm->ioreq.wait.lock);
	acrn_client_remove_locked(client, range);
	spin_unlock_irq(&client->vm->ioreq.wait.lock);
	kfree(range);
}

static int acrn_client_unprotect(struct acrn_ioreq_client *client,
				 const struct acrn_ioreq_range *range)
{
	int ret;

	lockdep_assert_held(&client->vm->lock);

	if (!acrn_client_has_vm(client))
		return 0;
	ret = acrn_mm_unprotect(client->vm, range->start);
	/* Writes that have become requests meanwhile are the client's still. */
	if (!ret)
		acrn_ioreq_dispatch(client->vm);
	return ret;
}

static void acrn_client_remove_protection(struct acrn_ioreq_client *client,
					  struct acrn_ioreq_range *range)
{
	struct acrn_vm *vm = client->vm;
	int ret;

	mutex_lock(&vm->lock);
	ret = acrn_client_unprotect(client, range);
	if (ret)
		pr_warn_ratelimited("VM %u: the page at %#llx stays write-protected (%d), what is written to it gets lost\n",
				    vm->vmid, range->start, ret);
	acrn_client_remove(client, range);
	mutex_unlock(&vm->lock);
}

/**
 * acrn_ioreq_client_destroy() - stop handling requests
 * @client: the client; its handler is not called any more when this returns,
 *	and what it had not completed goes to the device model.  Pages that it
 *	had protected are no longer, and guest memory that it holds is given back
 *
 * Context: Process context, sleeps.  Nobody else may use the client meanwhile.
 */
void acrn_ioreq_client_destroy(struct acrn_ioreq_client *client)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range, *next;
	struct acrn_client_map *map, *next_map;
	unsigned int vcpu;

	list_for_each_entry_safe(range, next, &client->ranges, list) {
		if (range->protects)
			acrn_client_remove_protection(client, range);
		else
			acrn_client_remove(client, range);
	}

	spin_lock_irq(&ioreq->wait.lock);
	list_del_init(&client->node);
	for (vcpu = 0; vcpu < ACRN_MAX_VCPUS; vcpu++) {
		if (ioreq->client[vcpu] == client)
			acrn_ioreq_pass_on(client->vm, vcpu);
	}
	spin_unlock_irq(&ioreq->wait.lock);
	wake_up_all(&ioreq->wait);

	/* Only now: until here the handler may have used it. */
	list_for_each_entry_safe(map, next_map, &client->maps, list)
		acrn_ioreq_client_unmap(&map->map);
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

	return PTR_ERR_OR_ZERO(acrn_client_add(client, type, start, last, false));
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_add_range);

/**
 * acrn_ioreq_client_del_range() - do not handle a range any more
 * @client: the client
 * @type: as it was added
 * @start: as it was added
 * @last: as it was added
 *
 * Context: Process context, interrupts on.
 * Return: 0; -ENOENT: no such range; -ENODEV: the VM is no more.
 */
int acrn_ioreq_client_del_range(struct acrn_ioreq_client *client, u32 type,
				u64 start, u64 last)
{
	struct acrn_ioreq *ioreq = &client->vm->ioreq;
	struct acrn_ioreq_range *range;

	spin_lock_irq(&ioreq->wait.lock);
	range = acrn_client_find(client, type, start, last, false);
	if (!IS_ERR(range))
		acrn_client_remove_locked(client, range);
	spin_unlock_irq(&ioreq->wait.lock);
	if (IS_ERR(range))
		return PTR_ERR(range);

	kfree(range);
	return 0;
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_del_range);

/**
 * acrn_ioreq_client_protect() - have all writes to a page of guest RAM as requests
 * @client: the client
 * @gpa: the page, page aligned
 *
 * The guest goes on reading and executing it.  A write becomes a request of the type
 * %ACRN_IOREQ_WP, which is not done: the client does it, where it holds the memory, or
 * does not.  The client needs no range for that, but no client may have one there.
 *
 * It ends when the device model takes the memory from the VM, of which the client is not
 * told, but not when the VM is reset.
 *
 * Context: Process context, sleeps; takes the VM's lock.
 * Return: 0; -EINVAL: not page aligned; -EEXIST: a client handles writes to part of it;
 *	-ENOENT: it is no RAM; -EACCES: the guest may not read, write and execute it;
 *	-ENODEV: the VM is no more; -EINTR: the task is being killed; -ENOMEM; or an error
 *	of the hypercall.
 */
int acrn_ioreq_client_protect(struct acrn_ioreq_client *client, u64 gpa)
{
	struct acrn_ioreq_range *range;
	struct acrn_vm *vm = client->vm;
	int ret;

	if (!PAGE_ALIGNED(gpa))
		return -EINVAL;
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;

	/* Before the first request of it can come */
	range = acrn_client_add(client, ACRN_IOREQ_WP, gpa, gpa | ~PAGE_MASK, true);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
	} else {
		ret = acrn_mm_protect(vm, gpa);
		if (ret)
			acrn_client_remove(client, range);
	}
	mutex_unlock(&vm->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_protect);

/**
 * acrn_ioreq_client_unprotect() - let the guest write to a page again
 * @client: the client
 * @gpa: a page that was protected for it
 *
 * Requests that have come until then are the client's still.
 *
 * Context: Process context, sleeps; takes the VM's lock.
 * Return: 0; -ENOENT: no such page; -ENODEV: the VM is no more; or an error of the
 *	hypercall: the page is protected still, for this client.
 */
int acrn_ioreq_client_unprotect(struct acrn_ioreq_client *client, u64 gpa)
{
	struct acrn_ioreq_range *range;
	struct acrn_vm *vm = client->vm;
	int ret;

	mutex_lock(&vm->lock);
	spin_lock_irq(&vm->ioreq.wait.lock);
	range = acrn_client_find(client, ACRN_IOREQ_WP, gpa, gpa | ~PAGE_MASK, true);
	spin_unlock_irq(&vm->ioreq.wait.lock);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
	} else {
		ret = acrn_client_unprotect(client, range);
		if (!ret)
			acrn_client_remove(client, range);
	}
	mutex_unlock(&vm->lock);
	return ret;
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_unprotect);

/* The client answers for the map from here on, whatever is in it. */
static int acrn_client_charge(struct acrn_client_map *map)
{
	struct acrn_ioreq_client *client = map->client;
	int ret = -ENOSPC;

	spin_lock_irq(&client->vm->ioreq.wait.lock);
	if (map->nr <= ACRN_CLIENT_PAGES_MAX - client->pages) {
		client->pages += map->nr;
		list_add_tail(&map->list, &client->maps);
		ret = 0;
	}
	spin_unlock_irq(&client->vm->ioreq.wait.lock);
	return ret;
}

static void acrn_client_uncharge(struct acrn_client_map *map)
{
	struct acrn_ioreq_client *client = map->client;

	spin_lock_irq(&client->vm->ioreq.wait.lock);
	list_del(&map->list);
	client->pages -= map->nr;
	spin_unlock_irq(&client->vm->ioreq.wait.lock);
}

static int acrn_client_get_pages(struct acrn_client_map *map, u32 prot)
{
	struct acrn_ioreq_client *client = map->client;
	int ret = -ENODEV;

	if (mutex_lock_killable(&client->vm->lock))
		return -EINTR;
	if (acrn_client_has_vm(client))
		ret = acrn_mm_get_pages(client->vm, map->map.gpa & PAGE_MASK, prot,
					map->pages, map->nr);
	mutex_unlock(&client->vm->lock);
	return ret;
}

/* What was written before the memseg went is marked dirty with the memseg's pins. */
static void acrn_client_put_pages(struct acrn_client_map *map)
{
	unsigned long i;

	for (i = 0; i < map->nr; i++) {
		put_page(map->pages[i]);
		cond_resched();
	}
}

/* The address of the first page in the kernel, or NULL: no memory */
static void *acrn_client_map_pages(struct acrn_client_map *map)
{
	unsigned long i;

	for (i = 1; i < map->nr; i++) {
		if (map->pages[i] != map->pages[i - 1] + 1)
			return vmap(map->pages, map->nr, VM_MAP, PAGE_KERNEL);
	}
	return page_address(map->pages[0]);
}

/**
 * acrn_ioreq_client_map() - hold guest memory
 * @client: the client, which can hold 256 MiB
 * @gpa: where it begins
 * @len: bytes
 * @prot: what the guest has to be allowed to do with it: %ACRN_PROT_READ,
 *	%ACRN_PROT_WRITE or both
 *
 * The memory can be used until acrn_ioreq_client_unmap(), in any context.  It is the
 * guest's until the device model takes it from the VM, or the VM is destroyed; from then
 * on it is nobody's but the client's.
 *
 * Context: Process context, sleeps; takes the VM's lock.
 * Return: the memory, or an ERR_PTR(): -EINVAL: no bytes, a @prot that does not exist, or
 *	beyond all addresses; -ENOENT: not all of it is RAM of one memseg; -EACCES: the
 *	guest may not do that; -ENOSPC: the client would hold too much; -ENODEV: the VM is
 *	no more; -EINTR: the task is being killed; -ENOMEM.
 */
struct acrn_guest_map *acrn_ioreq_client_map(struct acrn_ioreq_client *client,
					     u64 gpa, u64 len, u32 prot)
{
	struct acrn_client_map *map;
	unsigned long nr;
	char *first;
	int ret;

	if (!len || gpa + len - 1 < gpa || !prot ||
	    prot & ~(ACRN_PROT_READ | ACRN_PROT_WRITE))
		return ERR_PTR(-EINVAL);
	if (len > ACRN_CLIENT_PAGES_MAX << PAGE_SHIFT)
		return ERR_PTR(-ENOSPC);

	nr = PFN_UP(offset_in_page(gpa) + len);
	map = kvmalloc(struct_size(map, pages, nr), GFP_KERNEL);
	if (!map)
		return ERR_PTR(-ENOMEM);
	map->client = client;
	map->nr = nr;
	map->map.gpa = gpa;
	map->map.len = len;

	ret = acrn_client_charge(map);
	if (ret)
		goto err_free;
	ret = acrn_client_get_pages(map, prot);
	if (ret)
		goto err_uncharge;
	first = acrn_client_map_pages(map);
	if (!first) {
		ret = -ENOMEM;
		goto err_put;
	}
	map->map.addr = first + offset_in_page(gpa);
	return &map->map;

err_put:
	acrn_client_put_pages(map);
err_uncharge:
	acrn_client_uncharge(map);
err_free:
	kvfree(map);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_map);

/**
 * acrn_ioreq_client_unmap() - give guest memory back
 * @guest_map: from acrn_ioreq_client_map(); neither it nor the memory may be used any more
 *
 * Context: Process context, sleeps; waits for nobody.
 */
void acrn_ioreq_client_unmap(struct acrn_guest_map *guest_map)
{
	struct acrn_client_map *map;

	map = container_of(guest_map, struct acrn_client_map, map);
	if (is_vmalloc_addr(guest_map->addr))
		vunmap(PTR_ALIGN_DOWN(guest_map->addr, PAGE_SIZE));
	acrn_client_put_pages(map);
	acrn_client_uncharge(map);
	kvfree(map);
}
EXPORT_SYMBOL_GPL(acrn_ioreq_client_unmap);

/**
 * acrn_ioreq_complete() - a request is done that the handler left open
 * @client: the client whose handler got it
 * @vcpu: the vCPU that waits for it
 * @result: what was read; of no meaning if it wrote
 *
 * Context: Any in which a spinlock_t may be taken, which on PREEMPT_RT is no hard interrupt.
 *	Not the client's handler, nor a callback of an eventfd's wait queue: these are called
 *	with locks held that would deadlock.
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

	spin_lock_irqsave(&ioreq->wait.lock, flags);
	if (ioreq->client[vcpu] != client) {
		ret = -EINVAL;
	} else {
		/* For a write, the hypervisor ignores the result. */
		acrn_ioreq_put_value(ioreq, vcpu,
				     READ_ONCE(ioreq->slots[vcpu].type),
				     result);
		ret = acrn_ioreq_finish(client->vm, vcpu);
	}
	spin_unlock_irqrestore(&ioreq->wait.lock, flags);
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
