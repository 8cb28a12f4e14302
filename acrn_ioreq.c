// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: I/O requests.
 *
 * What a User VM does that needs emulation travels through a page with a slot
 * per vCPU, shared between the hypervisor, this driver and the device model.
 *
 *	PENDING		the hypervisor has put a request there (and upcalls)
 *	PROCESSING	the driver has taken it and found somebody to handle it
 *	COMPLETE	it is done; the driver tells the hypervisor
 *	FREE		the hypervisor has taken the result
 *
 * The page lies in the memory of the device model, which can write anything
 * to it at any time.  So what the driver has to rely on, it keeps to itself:
 * which slots it has taken, and who handles them.  What is read from the page
 * is read once.
 *
 * The page is pinned for as long as the hypervisor knows the VM: neither
 * copy-on-write after a fork nor an munmap can part the two.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/acrn/acrn_drv.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"
#include "acrn_trace.h"

/*
 * What the kernel answers itself takes no thread of a device model any time.  A
 * guest that asks without end would have the CPU of the upcalls for itself, so
 * all VMs together may use one of so many parts of its time for that ...
 */
#define ACRN_IOREQ_SHARE	2
/* ... measured over about this long, which is also the longest wait. */
#define ACRN_IOREQ_PERIOD_NS	(10 * NSEC_PER_MSEC)

/* How many VMs run */
static atomic_t acrn_ioreq_running = ATOMIC_INIT(0);

static_assert(sizeof(struct acrn_io_request) * ACRN_MAX_VCPUS == PAGE_SIZE);

static void acrn_ioreq_resume(struct work_struct *work)
{
	struct acrn_ioreq *ioreq = container_of(to_delayed_work(work),
						struct acrn_ioreq, resume);
	struct acrn_vm *vm = container_of(ioreq, struct acrn_vm, ioreq);

	spin_lock_irq(&ioreq->lock);
	ioreq->held = false;
	spin_unlock_irq(&ioreq->lock);
	acrn_ioreq_dispatch(vm);
}

void acrn_ioreq_init(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	spin_lock_init(&ioreq->lock);
	init_waitqueue_head(&ioreq->wait);
	INIT_LIST_HEAD(&ioreq->clients);
	INIT_LIST_HEAD(&ioreq->ioeventfds);
	INIT_DELAYED_WORK(&ioreq->resume, acrn_ioreq_resume);
}

/**
 * acrn_ioreq_page_pin() - pin the page a device model offers
 * @vm: a locked VM without such a page; its mm is the caller's and pays
 * @uaddr: user address of the page, page aligned
 *
 * Return: 0, -EFAULT if there is no page that could be written to, -ENOMEM if
 *	the process may not pin one more.
 */
int acrn_ioreq_page_pin(struct acrn_vm *vm, u64 uaddr)
{
	struct page *page;
	int ret;

	lockdep_assert_held(&vm->lock);

	ret = account_locked_vm(vm->mm, 1, true);
	if (ret)
		return ret;

	ret = pin_user_pages_fast(uaddr, 1, FOLL_WRITE | FOLL_LONGTERM, &page);
	if (ret != 1) {
		account_locked_vm(vm->mm, 1, false);
		return ret == -ENOMEM ? ret : -EFAULT;
	}

	vm->ioreq.page = page;
	return 0;
}

/* Gives the pinned page to the hypervisor. */
int acrn_ioreq_page_share(struct acrn_vm *vm)
{
	struct acrn_hc_ioreq_buffer *param = &vm->param.ioreq_buffer;
	struct acrn_ioreq *ioreq = &vm->ioreq;
	int ret;

	lockdep_assert_held(&vm->lock);

	param->gpa = page_to_phys(ioreq->page);
	ret = acrn_hc_set_ioreq_buffer(vm->vmid, param);
	if (ret)
		return ret;

	/*
	 * Not before: the hypervisor has marked all slots free now, while a
	 * page of zeroes reads as so many pending requests.
	 */
	spin_lock_irq(&ioreq->lock);
	ioreq->slots = page_address(ioreq->page);
	spin_unlock_irq(&ioreq->lock);
	return 0;
}

/* Gives the page back to the process.  The hypervisor does not have it (any more). */
void acrn_ioreq_page_unpin(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);

	/* The hypervisor has written to it behind the kernel's back. */
	unpin_user_pages_dirty_lock(&vm->ioreq.page, 1, true);
	vm->ioreq.page = NULL;
	account_locked_vm(vm->mm, 1, false);
}

/* Nobody else takes it any more: the slot goes back to the hypervisor. */
int acrn_ioreq_finish(struct acrn_vm *vm, unsigned int vcpu)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	lockdep_assert_held(&ioreq->lock);

	ioreq->client[vcpu] = NULL;
	clear_bit(vcpu, &ioreq->for_dm);
	__clear_bit(vcpu, &ioreq->taken);
	/* The last write to the slot; the result must be visible before. */
	smp_store_release(&ioreq->slots[vcpu].processed, ACRN_IOREQ_COMPLETE);

	if (ioreq->polling)
		return 0;
	/* A VM that is being stopped must not be told, see acrn_ioreq_pause(). */
	if (!ioreq->running) {
		__set_bit(vcpu, &ioreq->notify_pending);
		return 0;
	}
	return acrn_hc_notify_request_finish(vm->vmid, vcpu);
}

/* The values of all types begin at the same place in a slot. */
void acrn_ioreq_put_value(struct acrn_ioreq *ioreq, unsigned int vcpu,
			  u32 type, u64 value)
{
	struct acrn_io_request *slot = &ioreq->slots[vcpu];

	if (type == ACRN_IOREQ_PIO || type == ACRN_IOREQ_PCICFG)
		WRITE_ONCE(slot->reqs.pio.value, (u32)value);
	else
		WRITE_ONCE(slot->reqs.mmio.value, value);
}

/*
 * Copies an access out of a slot; false if no client could make sense of it.  ACRN
 * leaves whatever it had above the bytes that are written (the rest of RAX, a
 * sign-extended immediate): nobody shall see that, so it is cleared, in the slot
 * too, from which the device model reads.
 */
static bool acrn_ioreq_get_access(struct acrn_ioreq *ioreq, unsigned int vcpu,
				  u32 type, struct acrn_io_access *access)
{
	struct acrn_io_request *slot = &ioreq->slots[vcpu];
	bool narrow = type == ACRN_IOREQ_PIO || type == ACRN_IOREQ_PCICFG;
	u64 size = READ_ONCE(slot->reqs.mmio.size);
	u64 value;

	/* The fields of these types lie at the same places. */
	access->type = type;
	access->write = READ_ONCE(slot->reqs.mmio.direction) == ACRN_IOREQ_WRITE;
	access->addr = READ_ONCE(slot->reqs.mmio.address);
	access->size = size;
	value = narrow ? READ_ONCE(slot->reqs.pio.value) :
			 READ_ONCE(slot->reqs.mmio.value);
	access->value = value;
	switch (size) {
	case 1:
	case 2:
	case 4:
		access->value &= ~0ULL >> (64 - 8 * size);
		break;
	case 8:
		if (narrow)
			return false;
		break;
	default:
		return false;
	}
	if (access->write && access->value != value)
		acrn_ioreq_put_value(ioreq, vcpu, type, access->value);
	return type == ACRN_IOREQ_PIO || type == ACRN_IOREQ_MMIO ||
	       type == ACRN_IOREQ_WP;
}

static struct acrn_ioreq_client *
acrn_ioreq_find_client(struct acrn_ioreq *ioreq,
		       const struct acrn_io_access *access)
{
	struct acrn_ioreq_client *client;
	struct acrn_ioreq_range *range;

	list_for_each_entry(client, &ioreq->clients, node) {
		list_for_each_entry(range, &client->ranges, node) {
			/* The address may be forged: no sum may wrap. */
			if (range->type == access->type &&
			    range->start <= access->addr &&
			    range->last >= access->addr &&
			    range->last - access->addr >= access->size - 1)
				return client;
		}
	}
	return NULL;
}

/* Say in the slot that it is being handled, and by which client. */
static void acrn_ioreq_set_processing(struct acrn_ioreq *ioreq,
				      unsigned int vcpu, int id)
{
	struct acrn_io_request *slot = &ioreq->slots[vcpu];

	WRITE_ONCE(slot->client, id);
	/* Whoever sees PROCESSING shall see whose it is. */
	smp_store_release(&slot->processed, ACRN_IOREQ_PROCESSING);
}

/* Nobody in the kernel handles it. */
void acrn_ioreq_pass_on(struct acrn_vm *vm, unsigned int vcpu, u32 type)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	lockdep_assert_held(&ioreq->lock);

	/*
	 * Device models do not know other types, the one of this ABI's time
	 * exits when it meets one.
	 */
	if (type > ACRN_IOREQ_PCICFG) {
		acrn_ioreq_put_value(ioreq, vcpu, type, ~0ULL);
		acrn_ioreq_finish(vm, vcpu);
		return;
	}
	ioreq->client[vcpu] = NULL;
	set_bit(vcpu, &ioreq->for_dm);
	acrn_ioreq_set_processing(ioreq, vcpu, ioreq->dm_id);
}

/*
 * Find somebody for a new request.  Returns whether that was somebody in the
 * kernel.
 */
static bool acrn_ioreq_take(struct acrn_vm *vm, unsigned int vcpu)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u32 type = READ_ONCE(ioreq->slots[vcpu].type);
	struct acrn_ioreq_client *client = NULL;
	struct acrn_io_access access;
	u64 result = 0;

	lockdep_assert_held(&ioreq->lock);

	__set_bit(vcpu, &ioreq->taken);
	if (acrn_ioreq_get_access(ioreq, vcpu, type, &access)) {
		if (acrn_ioeventfd_signal(vm, &access)) {
			acrn_ioreq_finish(vm, vcpu);
			return true;
		}
		client = acrn_ioreq_find_client(ioreq, &access);
	}

	if (client) {
		ioreq->client[vcpu] = client;
		acrn_ioreq_set_processing(ioreq, vcpu, 0);
		if (!client->handler(client->data, vcpu, &access, &result))
			return true;
		if (!access.write)
			acrn_ioreq_put_value(ioreq, vcpu, type, result);
		acrn_ioreq_finish(vm, vcpu);
		return true;
	}
	acrn_ioreq_pass_on(vm, vcpu, type);
	return false;
}

/*
 * Charges time to a VM, one of so many that run.  Returns for how long it has
 * to wait now, until it has had no more than its share again.
 */
static u64 acrn_ioreq_charge(struct acrn_ioreq *ioreq, u64 cost, u64 now,
			     unsigned int vms)
{
	u64 even = max(ioreq->even, now - ACRN_IOREQ_PERIOD_NS);

	/* It may have taken long for other reasons: limited before it is added. */
	even += min_t(u64, cost, ACRN_IOREQ_PERIOD_NS) * ACRN_IOREQ_SHARE * vms;
	ioreq->even = min(even, now + ACRN_IOREQ_PERIOD_NS);
	return ioreq->even > now ? ioreq->even - now : 0;
}

/* It was answered in the kernel since @begin.  Too much of that, and it waits. */
static void acrn_ioreq_hold(struct acrn_vm *vm, u64 begin)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u64 now = ktime_get_ns(), wait;

	lockdep_assert_held(&ioreq->lock);

	wait = acrn_ioreq_charge(ioreq, now - begin, now,
				 atomic_read(&acrn_ioreq_running));
	if (!wait)
		return;

	trace_acrn_ioreq_hold(vm->vmid, wait);
	ioreq->held = true;
	schedule_delayed_work(&ioreq->resume, nsecs_to_jiffies(wait) + 1);
}

/**
 * acrn_ioreq_dispatch() - take what is pending and find somebody to handle it
 * @vm: the VM
 *
 * What is pending stays so, and its vCPU waits, while the VM is held back for
 * having been answered here for too long.
 *
 * Context: Any.
 */
void acrn_ioreq_dispatch(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned long flags, known;
	unsigned int vcpu, vcpu_num;
	bool answered = false;
	u64 begin;

	spin_lock_irqsave(&ioreq->lock, flags);
	/* Of a VM that does not run, only user space can have put one there. */
	if (!ioreq->running || ioreq->held)
		goto out;
	known = ioreq->for_dm;
	begin = ktime_get_ns();

	/* Not more than there are slots, see acrn_check_create_vcpu(). */
	vcpu_num = READ_ONCE(vm->vcpu_num);
	for (vcpu = 0; vcpu < vcpu_num; vcpu++) {
		if (test_bit(vcpu, &ioreq->taken))
			continue;
		/* Pairs with the hypervisor's barrier before PENDING. */
		if (smp_load_acquire(&ioreq->slots[vcpu].processed) ==
		    ACRN_IOREQ_PENDING)
			answered |= acrn_ioreq_take(vm, vcpu);
	}
	if (answered)
		acrn_ioreq_hold(vm, begin);
	/* For new ones only: poll() comes through here and would wake itself. */
	if (ioreq->for_dm & ~known)
		wake_up(&ioreq->wait);
out:
	spin_unlock_irqrestore(&ioreq->lock, flags);
}

/* An upcall does not say which VM it is about. */
void acrn_ioreq_upcall(void)
{
	acrn_vms_visit(acrn_ioreq_dispatch);
}

static void acrn_ioreq_set_running(struct acrn_ioreq *ioreq, bool running)
{
	lockdep_assert_held(&ioreq->lock);

	if (ioreq->running != running)
		atomic_add(running ? 1 : -1, &acrn_ioreq_running);
	ioreq->running = running;
}

/**
 * acrn_ioreq_start() - take requests of the VM
 * @vm: a locked VM that is about to be started, or was not paused after all
 */
void acrn_ioreq_start(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->lock);
	acrn_ioreq_set_running(ioreq, true);
	for_each_set_bit(vcpu, &ioreq->notify_pending, ACRN_MAX_VCPUS)
		acrn_hc_notify_request_finish(vm->vmid, vcpu);
	ioreq->notify_pending = 0;
	spin_unlock_irq(&ioreq->lock);

	/* Upcalls that came before this were ignored: look now. */
	acrn_ioreq_dispatch(vm);
}

/**
 * acrn_ioreq_pause() - take no more requests of the VM
 * @vm: a locked VM that is about to be paused
 *
 * A request that is completed while its VM is being paused must not be told to
 * the hypervisor: it would let the vCPU run again.  If the VM is not paused after
 * all, acrn_ioreq_start() makes up for that.
 */
void acrn_ioreq_pause(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->lock);
	acrn_ioreq_set_running(ioreq, false);
	spin_unlock_irq(&ioreq->lock);
}

/**
 * acrn_ioreq_clear() - forget all requests
 * @vm: a locked VM that does not run
 *
 * They are not completed: the hypervisor frees the slots when it resets the VM.
 */
void acrn_ioreq_clear(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->lock);
	for_each_set_bit(vcpu, &ioreq->taken, ACRN_MAX_VCPUS) {
		ioreq->client[vcpu] = NULL;
		/* A device model that looks once more shall not find it. */
		WRITE_ONCE(ioreq->slots[vcpu].client, 0);
	}
	ioreq->taken = 0;
	WRITE_ONCE(ioreq->for_dm, 0);
	ioreq->notify_pending = 0;
	spin_unlock_irq(&ioreq->lock);
}

/**
 * acrn_ioreq_teardown() - the VM is about to be destroyed
 * @vm: a locked VM
 *
 * From here on, its requests and clients are no more, its page is not looked
 * at and its vmid not used for them.
 */
void acrn_ioreq_teardown(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct acrn_ioreq_client *client, *next;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->lock);
	ioreq->slots = NULL;
	acrn_ioreq_set_running(ioreq, false);
	ioreq->held = false;
	ioreq->taken = 0;
	WRITE_ONCE(ioreq->for_dm, 0);
	ioreq->notify_pending = 0;
	memset(ioreq->client, 0, sizeof(ioreq->client));
	WRITE_ONCE(ioreq->dm_id, 0);
	list_for_each_entry_safe(client, next, &ioreq->clients, node)
		list_del_init(&client->node);
	spin_unlock_irq(&ioreq->lock);

	/* From now on nobody holds it back again. */
	cancel_delayed_work_sync(&ioreq->resume);
	wake_up_all(&ioreq->wait);
}

int acrn_ioctl_create_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;
	int ret = 0;

	spin_lock_irq(&ioreq->lock);
	if (!ioreq->slots) {
		ret = -EINVAL;
		goto out;
	}
	if (ioreq->dm_id) {
		ret = -EEXIST;
		goto out;
	}

	/* Never an id again that an earlier client had. */
	if (ioreq->last_id == INT_MAX) {
		ret = -ENOSPC;
		goto out;
	}
	WRITE_ONCE(ioreq->last_id, ioreq->last_id + 1);
	WRITE_ONCE(ioreq->dm_id, ioreq->last_id);
	arg->client.id = ioreq->dm_id;
	/* What came while there was no client has waited for it. */
	for_each_set_bit(vcpu, &ioreq->for_dm, ACRN_MAX_VCPUS)
		acrn_ioreq_set_processing(ioreq, vcpu, ioreq->dm_id);
out:
	spin_unlock_irq(&ioreq->lock);
	return ret;
}

/*
 * Who waits for its requests returns.  Requests it has not finished wait for
 * the next client.
 */
int acrn_ioctl_destroy_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;
	int ret = 0;

	spin_lock_irq(&ioreq->lock);
	if (!ioreq->dm_id || arg->client.id != ioreq->dm_id) {
		ret = -EINVAL;
	} else {
		WRITE_ONCE(ioreq->dm_id, 0);
		for_each_set_bit(vcpu, &ioreq->for_dm, ACRN_MAX_VCPUS)
			WRITE_ONCE(ioreq->slots[vcpu].client, 0);
	}
	spin_unlock_irq(&ioreq->lock);

	wake_up_all(&ioreq->wait);
	return ret;
}

static bool acrn_ioreq_for_dm(struct acrn_ioreq *ioreq, int id)
{
	return READ_ONCE(ioreq->for_dm) || READ_ONCE(ioreq->dm_id) != id;
}

/* A signal counts as a request: device models stop for ever at an error. */
int acrn_ioctl_attach_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u64 id = arg->client.id;

	if (!id || id > READ_ONCE(ioreq->last_id))
		return -EINVAL;

	/* In case an upcall got lost */
	acrn_ioreq_dispatch(vm);
	wait_event_interruptible(ioreq->wait, acrn_ioreq_for_dm(ioreq, id));
	arg->client.gone = READ_ONCE(ioreq->dm_id) != id;
	return 0;
}

int acrn_ioctl_notify_request_finish(struct acrn_vm *vm,
				     union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u32 vcpu = arg->notify.vcpu;
	unsigned long flags;
	int ret;

	if (vcpu >= ACRN_MAX_VCPUS)
		return -EINVAL;
	vcpu = array_index_nospec(vcpu, ACRN_MAX_VCPUS);

	spin_lock_irqsave(&ioreq->lock, flags);
	if (!ioreq->dm_id || arg->notify.client_id != ioreq->dm_id ||
	    !test_bit(vcpu, &ioreq->for_dm))
		ret = -EINVAL;
	else
		ret = acrn_ioreq_finish(vm, vcpu);
	spin_unlock_irqrestore(&ioreq->lock, flags);
	return ret;
}

int acrn_ioctl_clear_vm_ioreq(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	acrn_ioreq_clear(vm);
	return 0;
}

/**
 * acrn_ioreq_poll() - poll() on the node
 * @vm: the file's VM
 * @filp: the file
 * @wait: the poll table
 *
 * Context: Process context.
 * Return: EPOLLIN: there are requests for the device model; EPOLLHUP: it had a
 *	client that is no more.
 */
__poll_t acrn_ioreq_poll(struct acrn_vm *vm, struct file *filp,
			 poll_table *wait)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	poll_wait(filp, &ioreq->wait, wait);
	acrn_ioreq_dispatch(vm);
	if (!READ_ONCE(ioreq->dm_id))
		return READ_ONCE(ioreq->last_id) ? EPOLLHUP : 0;
	return READ_ONCE(ioreq->for_dm) ? EPOLLIN | EPOLLRDNORM : 0;
}

#ifdef ACRN_KUNIT
#include "tests/kunit/ioreq_test.c"
#endif
