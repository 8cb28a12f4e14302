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
#include <linux/bitops.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/timex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <asm/tsc.h>

#include <linux/acrn/acrn_drv.h>

#include "acrn_compat.h"
#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"
#include "acrn_trace.h"

/*
 * What an upcall answers takes no task's time, so a guest that asks without end
 * would have the CPU of the upcalls for itself.  All upcalls together may therefore
 * use one of so many parts of a tick for answers ...  The interrupts themselves cost
 * as much again, or more, which is not counted.
 */
#define ACRN_UPCALL_SHARE	4
/*
 * ... and when they have, each VM may still have so many in that tick: one that
 * asks little never notices the others.  What is beyond both is left to a work
 * item, which the scheduler treats as any other task.
 */
#define ACRN_UPCALL_FEW		16

/*
 * What upcalls have used of the tick.  They all come to one CPU, one after the
 * other.
 * @tick: jiffies
 * @used: in this tick, cycles
 * @begin: when this upcall began to answer, 0: it has not
 */
static struct {
	unsigned long tick;
	cycles_t used;
	cycles_t begin;
} acrn_upcall;

/* Guards the list and acrn_ioreq.node; taken by the upcall. */
static DEFINE_SPINLOCK(acrn_running_lock);
/* The VMs that run, or may: those at whose requests upcalls look */
static LIST_HEAD(acrn_running);

static_assert(sizeof(struct acrn_io_request) * ACRN_MAX_VCPUS == PAGE_SIZE);

/* On the CPU of the upcalls: there it is a task that competes with the others. */
static void acrn_ioreq_defer(struct acrn_ioreq *ioreq, unsigned long delay)
{
	schedule_delayed_work_on(0, &ioreq->work, delay);
}

static void acrn_ioreq_work(struct work_struct *work)
{
	acrn_ioreq_dispatch(container_of(to_delayed_work(work), struct acrn_vm,
					 ioreq.work));
}

void acrn_ioreq_init(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	INIT_LIST_HEAD(&ioreq->node);
	init_waitqueue_head(&ioreq->wait);
	INIT_LIST_HEAD(&ioreq->clients);
	ioreq->ranges = RB_ROOT;
	ioreq->ioeventfds = RB_ROOT;
	INIT_DELAYED_WORK(&ioreq->work, acrn_ioreq_work);
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

	ret = acrn_pin_pages(uaddr, 1, &page);
	if (ret < 0) {
		account_locked_vm(vm->mm, 1, false);
		return ret;
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
	spin_lock_irq(&ioreq->wait.lock);
	ioreq->slots = page_address(ioreq->page);
	spin_unlock_irq(&ioreq->wait.lock);
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

static __always_inline int acrn_ioreq_complete_slot(struct acrn_vm *vm,
						    unsigned int vcpu)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	/* The last write to the slot; the result must be visible before. */
	smp_store_release(&ioreq->slots[vcpu].processed, ACRN_IOREQ_COMPLETE);
	return ioreq->polling ? 0 : acrn_hc_notify_request_finish(vm->vmid, vcpu);
}

/* In place, see acrn_ioreq_finish() */
static __always_inline int acrn_ioreq_finish_slot(struct acrn_vm *vm,
						  unsigned int vcpu)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	lockdep_assert_held(&ioreq->wait.lock);

	ioreq->client[vcpu] = NULL;
	clear_bit(vcpu, &ioreq->for_dm);
	__clear_bit(vcpu, &ioreq->taken);
	trace_acrn_ioreq_finish(vm, vcpu);
	/*
	 * A VM that is being paused must not be told: it would let the vCPU run
	 * again.  And one that is being reset has its slots freed meanwhile.
	 */
	if (!ioreq->running) {
		__set_bit(vcpu, &ioreq->done);
		return 0;
	}
	return acrn_ioreq_complete_slot(vm, vcpu);
}

/**
 * acrn_ioreq_finish() - a request is done, its slot goes back to the hypervisor
 * @vm: the VM, its request lock held
 * @vcpu: the slot, which the driver has taken
 *
 * Return: 0 or a negative errno: the hypervisor did not take it.
 */
int acrn_ioreq_finish(struct acrn_vm *vm, unsigned int vcpu)
{
	return acrn_ioreq_finish_slot(vm, vcpu);
}

/* It was answered in the kernel: if the hypervisor refuses, nobody else retries. */
static void acrn_ioreq_tell_again(struct acrn_ioreq *ioreq, unsigned int vcpu)
{
	__set_bit(vcpu, &ioreq->notify_pending);
	acrn_ioreq_defer(ioreq, 1);
}

static void acrn_ioreq_answered(struct acrn_vm *vm, unsigned int vcpu)
{
	if (acrn_ioreq_finish_slot(vm, vcpu))
		acrn_ioreq_tell_again(&vm->ioreq, vcpu);
}

/* The same of a request of a running VM that was not taken before it was answered */
static __always_inline void acrn_ioreq_answered_at_once(struct acrn_vm *vm,
							unsigned int vcpu)
{
	lockdep_assert_held(&vm->ioreq.wait.lock);

	trace_acrn_ioreq_finish(vm, vcpu);
	if (acrn_ioreq_complete_slot(vm, vcpu))
		acrn_ioreq_tell_again(&vm->ioreq, vcpu);
}

static void acrn_ioreq_notify_again(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;

	lockdep_assert_held(&ioreq->wait.lock);

	for_each_set_bit(vcpu, &ioreq->notify_pending, ACRN_MAX_VCPUS) {
		/* Only a vCPU that waits may be notified. */
		if (READ_ONCE(ioreq->slots[vcpu].processed) == ACRN_IOREQ_COMPLETE &&
		    acrn_hc_notify_request_finish(vm->vmid, vcpu)) {
			acrn_ioreq_defer(ioreq, 1);
			continue;
		}
		__clear_bit(vcpu, &ioreq->notify_pending);
	}
}

/* The values of all types begin at the same place in a slot. */
static void acrn_slot_put_value(struct acrn_io_request *slot, u32 type, u64 value)
{
	if (type == ACRN_IOREQ_PIO || type == ACRN_IOREQ_PCICFG)
		WRITE_ONCE(slot->reqs.pio.value, (u32)value);
	else
		WRITE_ONCE(slot->reqs.mmio.value, value);
}

/**
 * acrn_ioreq_put_value() - the value of a request
 * @ioreq: of a VM, locked, with slots
 * @vcpu: the slot
 * @type: ACRN_IOREQ_*: of the request
 * @value: what was read, or what is written
 */
void acrn_ioreq_put_value(struct acrn_ioreq *ioreq, unsigned int vcpu,
			  u32 type, u64 value)
{
	acrn_slot_put_value(&ioreq->slots[vcpu], type, value);
}

/*
 * Copies an access out of a slot; false if no access has this size.  Its type may be any
 * number: ioeventfds and ranges have a type too, and only equal ones match.  ACRN leaves
 * whatever it had above the bytes that are written (the rest of RAX, a sign-extended
 * immediate): nobody shall see that, so it is cleared, in the slot too, from which the
 * device model reads.
 */
static __always_inline bool acrn_slot_get_access(struct acrn_io_request *slot, u32 type,
						 struct acrn_io_access *access)
{
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
		access->value = (u8)value;
		break;
	case 2:
		access->value = (u16)value;
		break;
	case 4:
		access->value = (u32)value;
		break;
	case 8:
		if (narrow)
			return false;
		break;
	default:
		return false;
	}
	if (access->write && access->value != value)
		acrn_slot_put_value(slot, type, access->value);
	return true;
}

/* Ranges that overlap compare as equal, so that the tree rejects the second. */
static int acrn_ioreq_cmp_ranges(struct rb_node *new, const struct rb_node *node)
{
	const struct acrn_ioreq_range *a, *b;

	a = rb_entry(new, struct acrn_ioreq_range, node);
	b = rb_entry(node, struct acrn_ioreq_range, node);
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->last < b->start)
		return -1;
	return a->start > b->last;
}

/**
 * acrn_ioreq_add_range() - let a client handle more addresses
 * @ioreq: of the client's VM, locked
 * @range: the addresses
 *
 * Return: 0, or -EEXIST: a client handles part of it already.
 */
int acrn_ioreq_add_range(struct acrn_ioreq *ioreq, struct acrn_ioreq_range *range)
{
	lockdep_assert_held(&ioreq->wait.lock);

	return rb_find_add(&range->node, &ioreq->ranges, acrn_ioreq_cmp_ranges) ?
	       -EEXIST : 0;
}

/**
 * struct acrn_ioreq_address - what to look for among ranges
 * @type: ACRN_IOREQ_*
 * @addr: port or guest-physical address
 */
struct acrn_ioreq_address {
	u32 type;
	u64 addr;
};

static int acrn_ioreq_cmp_address(const void *key, const struct rb_node *node)
{
	const struct acrn_ioreq_address *address = key;
	const struct acrn_ioreq_range *range;

	range = rb_entry(node, struct acrn_ioreq_range, node);
	if (address->type != range->type)
		return address->type < range->type ? -1 : 1;
	if (address->addr < range->start)
		return -1;
	return address->addr > range->last;
}

/**
 * acrn_ioreq_find_range() - find the range that has an address
 * @ioreq: of a VM, locked
 * @type: ACRN_IOREQ_*
 * @addr: port or guest-physical address
 *
 * Return: the range or NULL.
 */
struct acrn_ioreq_range *acrn_ioreq_find_range(struct acrn_ioreq *ioreq, u32 type,
					       u64 addr)
{
	const struct acrn_ioreq_address address = { .type = type, .addr = addr };
	struct rb_node *node;

	node = rb_find(&address, &ioreq->ranges, acrn_ioreq_cmp_address);
	return node ? rb_entry(node, struct acrn_ioreq_range, node) : NULL;
}

static struct acrn_ioreq_client *
acrn_ioreq_find_client(struct acrn_ioreq *ioreq,
		       const struct acrn_io_access *access)
{
	const struct acrn_ioreq_range *range;

	/* Most VMs have no such client. */
	if (RB_EMPTY_ROOT(&ioreq->ranges))
		return NULL;

	range = acrn_ioreq_find_range(ioreq, access->type, access->addr);
	/* The address may be forged: no sum may wrap. */
	return range && range->last - access->addr >= access->size - 1 ?
	       range->client : NULL;
}

/*
 * Say in the slot whether the device model is to handle it, with its client's id or
 * without.  What waits for a client is not for it yet.
 */
static void acrn_ioreq_set_client(struct acrn_ioreq *ioreq, unsigned int vcpu,
				  bool for_dm)
{
	int id = for_dm ? ioreq->dm_id : 0;

	WRITE_ONCE(ioreq->slots[vcpu].client, ioreq->client_ids ? id : !id);
}

static void acrn_ioreq_set_processing(struct acrn_ioreq *ioreq,
				      unsigned int vcpu, bool for_dm)
{
	struct acrn_io_request *slot = &ioreq->slots[vcpu];

	acrn_ioreq_set_client(ioreq, vcpu, for_dm);
	/* Whoever sees PROCESSING shall see whose it is. */
	smp_store_release(&slot->processed, ACRN_IOREQ_PROCESSING);
}

/* @access: what the slot holds, or NULL: nothing that can be made sense of */
static void acrn_ioreq_to_dm(struct acrn_ioreq *ioreq, unsigned int vcpu,
			     const struct acrn_io_access *access)
{
	if (access && acrn_pcicfg_is_port(access))
		acrn_pcicfg_convert(ioreq, vcpu, access);
	ioreq->client[vcpu] = NULL;
	set_bit(vcpu, &ioreq->for_dm);
	acrn_ioreq_set_processing(ioreq, vcpu, true);
}

/* Device models do not know other types, the one of this ABI's time exits at one. */
static bool acrn_ioreq_dm_knows(u32 type)
{
	return type <= ACRN_IOREQ_PCICFG;
}

static void acrn_ioreq_answer_unknown(struct acrn_vm *vm, unsigned int vcpu,
				      u32 type)
{
	acrn_ioreq_put_value(&vm->ioreq, vcpu, type, ~0ULL);
	acrn_ioreq_answered(vm, vcpu);
}

/* An access to the ports of PCI configuration space that the driver answers */
static void acrn_ioreq_answer_pci(struct acrn_vm *vm, unsigned int vcpu,
				  const struct acrn_io_access *access)
{
	u64 value = acrn_pcicfg_answer(&vm->ioreq, access);

	if (!access->write)
		acrn_ioreq_put_value(&vm->ioreq, vcpu, access->type, value);
	acrn_ioreq_answered(vm, vcpu);
}

/**
 * acrn_ioreq_pass_on() - nobody in the kernel handles a request any more
 * @vm: the VM, its request lock held
 * @vcpu: the slot, which the driver has taken
 */
void acrn_ioreq_pass_on(struct acrn_vm *vm, unsigned int vcpu)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct acrn_io_request *slot = &ioreq->slots[vcpu];
	u32 type = READ_ONCE(slot->type);
	struct acrn_io_access access;
	bool valid;

	lockdep_assert_held(&ioreq->wait.lock);

	valid = acrn_slot_get_access(slot, type, &access);
	if (valid && acrn_pcicfg_is_port(&access) &&
	    acrn_pcicfg_is_driver_s(ioreq, &access))
		acrn_ioreq_answer_pci(vm, vcpu, &access);
	else if (acrn_ioreq_dm_knows(type))
		acrn_ioreq_to_dm(ioreq, vcpu, valid ? &access : NULL);
	else
		acrn_ioreq_answer_unknown(vm, vcpu, type);
}

/* In each tick a VM's first request comes here, before the upcall answers it. */
static noinline void acrn_upcall_new_tick(struct acrn_ioreq *ioreq, unsigned long tick)
{
	ioreq->tick = tick;
	ioreq->few = ACRN_UPCALL_FEW;
	if (acrn_upcall.tick != tick) {
		acrn_upcall.tick = tick;
		acrn_upcall.used = 0;
	}
}

/* May this upcall answer a request of the VM, or has it to leave it to the work? */
static __always_inline bool acrn_upcall_may_answer(struct acrn_ioreq *ioreq)
{
	unsigned long tick = jiffies;

	if (unlikely(ioreq->tick != tick))
		acrn_upcall_new_tick(ioreq, tick);
	if (ioreq->few)
		ioreq->few--;
	else if (acrn_upcall.used >= tsc_khz * 1000ULL / HZ / ACRN_UPCALL_SHARE)
		return false;

	if (!acrn_upcall.begin)
		acrn_upcall.begin = get_cycles();
	return true;
}

/*
 * What became of a request that was pending, where something is left to do: the work has
 * to come for it, or the device model has to be woken.
 */
#define ACRN_IOREQ_LEFT		BIT(0)
#define ACRN_IOREQ_FOR_DM	BIT(1)

/* A write that signals an eventfd is done then. */
static __always_inline unsigned int
acrn_ioreq_by_ioeventfd(struct acrn_vm *vm, unsigned int vcpu,
			const struct acrn_io_access *access,
			struct eventfd_ctx *eventfd, bool upcall)
{
	if (upcall && !acrn_upcall_may_answer(&vm->ioreq))
		return ACRN_IOREQ_LEFT;

	trace_acrn_ioreq_take(vm, vcpu, access, ACRN_IOREQ_BY_IOEVENTFD);
	acrn_eventfd_signal(eventfd);
	acrn_ioreq_answered_at_once(vm, vcpu);
	return 0;
}

static noinline unsigned int
acrn_ioreq_by_client(struct acrn_vm *vm, unsigned int vcpu,
		     const struct acrn_io_access *access,
		     struct acrn_ioreq_client *client, bool upcall)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u64 result = 0;

	if (upcall && !acrn_upcall_may_answer(ioreq))
		return ACRN_IOREQ_LEFT;

	trace_acrn_ioreq_take(vm, vcpu, access, ACRN_IOREQ_BY_CLIENT);
	__set_bit(vcpu, &ioreq->taken);
	ioreq->client[vcpu] = client;
	acrn_ioreq_set_processing(ioreq, vcpu, false);
	if (!client->handler(client->data, vcpu, access, &result))
		return 0;
	if (!access->write)
		acrn_ioreq_put_value(ioreq, vcpu, access->type, result);
	acrn_ioreq_answered(vm, vcpu);
	return 0;
}

/* @pci: by the driver, which has the bus; otherwise nobody knows what it is */
static noinline unsigned int
acrn_ioreq_by_driver(struct acrn_vm *vm, unsigned int vcpu,
		     const struct acrn_io_access *access, bool pci, bool upcall)
{
	if (upcall && !acrn_upcall_may_answer(&vm->ioreq))
		return ACRN_IOREQ_LEFT;

	trace_acrn_ioreq_take(vm, vcpu, access,
			      pci ? ACRN_IOREQ_BY_DRIVER : ACRN_IOREQ_BY_NOBODY);
	__set_bit(vcpu, &vm->ioreq.taken);
	if (pci)
		acrn_ioreq_answer_pci(vm, vcpu, access);
	else
		acrn_ioreq_answer_unknown(vm, vcpu, access->type);
	return 0;
}

/* Find somebody for a new request, and say what is left to do. */
static __always_inline unsigned int
acrn_ioreq_take(struct acrn_vm *vm, unsigned int vcpu, struct acrn_io_request *slot,
		bool upcall)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct acrn_ioreq_client *client;
	struct eventfd_ctx *eventfd;
	/* Each field is filled, whatever the slot holds. */
	struct acrn_io_access access __uninitialized;
	bool valid;

	lockdep_assert_held(&ioreq->wait.lock);

	valid = acrn_slot_get_access(slot, READ_ONCE(slot->type), &access);
	if (valid) {
		eventfd = acrn_ioeventfd_find(vm, &access);
		if (eventfd)
			return acrn_ioreq_by_ioeventfd(vm, vcpu, &access, eventfd,
						       upcall);
		client = acrn_ioreq_find_client(ioreq, &access);
		if (client)
			return acrn_ioreq_by_client(vm, vcpu, &access, client, upcall);
		if (acrn_pcicfg_is_port(&access) &&
		    acrn_pcicfg_is_driver_s(ioreq, &access))
			return acrn_ioreq_by_driver(vm, vcpu, &access, true, upcall);
	}
	if (!acrn_ioreq_dm_knows(access.type))
		return acrn_ioreq_by_driver(vm, vcpu, &access, false, upcall);

	trace_acrn_ioreq_take(vm, vcpu, &access, ACRN_IOREQ_BY_DM);
	__set_bit(vcpu, &ioreq->taken);
	acrn_ioreq_to_dm(ioreq, vcpu, valid ? &access : NULL);
	return ACRN_IOREQ_FOR_DM;
}

/* Find somebody for each request that is pending, and for those that were not told. */
static __always_inline void acrn_ioreq_look(struct acrn_vm *vm, bool upcall)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	struct acrn_io_request *slot;
	unsigned int vcpu, vcpu_num;
	unsigned int found = 0;

	lockdep_assert_held(&ioreq->wait.lock);

	/* A request of a VM that does not run is forged: user space put it there. */
	if (!ioreq->running)
		return;
	if (ioreq->notify_pending)
		acrn_ioreq_notify_again(vm);

	/* Not more than there are slots, see acrn_check_create_vcpu(). */
	vcpu_num = READ_ONCE(vm->vcpu_num);
	for (vcpu = 0; vcpu < vcpu_num; vcpu++) {
		if (test_bit(vcpu, &ioreq->taken))
			continue;
		slot = &ioreq->slots[vcpu];
		/* Pairs with the hypervisor's barrier before PENDING. */
		if (smp_load_acquire(&slot->processed) == ACRN_IOREQ_PENDING)
			found |= acrn_ioreq_take(vm, vcpu, slot, upcall);
	}
	if (found & ACRN_IOREQ_LEFT) {
		trace_acrn_ioreq_defer(vm->vmid);
		WRITE_ONCE(ioreq->deferred, ioreq->deferred + 1);
		acrn_ioreq_defer(ioreq, 0);
	}
	/* For new ones only: poll() comes through here and would wake itself. */
	if (found & ACRN_IOREQ_FOR_DM)
		wake_up_all_locked(&ioreq->wait);
}

/* With the request lock, or without it: a VM that upcalls look at has its slots. */
static __always_inline bool acrn_ioreq_is_pending(const struct acrn_vm *vm)
{
	const struct acrn_io_request *slots = vm->ioreq.slots;
	unsigned int vcpu, vcpu_num = READ_ONCE(vm->vcpu_num);

	for (vcpu = 0; vcpu < vcpu_num; vcpu++) {
		if (READ_ONCE(slots[vcpu].processed) == ACRN_IOREQ_PENDING)
			return true;
	}
	return false;
}

static noinline void acrn_ioreq_look_as_task(struct acrn_vm *vm)
{
	acrn_ioreq_look(vm, false);
}

/* Takes what an upcall left, or what one that got lost was about: nearly always nothing */
static void acrn_ioreq_dispatch_locked(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	lockdep_assert_held(&ioreq->wait.lock);

	if (ioreq->running && (acrn_ioreq_is_pending(vm) || ioreq->notify_pending))
		acrn_ioreq_look_as_task(vm);
}

/* Takes what is pending and finds somebody to handle it, in the time of a task. */
void acrn_ioreq_dispatch(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	/* acrn_ioreq_start() looks when it has set this: nothing gets lost. */
	if (!READ_ONCE(ioreq->running))
		return;

	spin_lock_irq(&ioreq->wait.lock);
	acrn_ioreq_dispatch_locked(vm);
	spin_unlock_irq(&ioreq->wait.lock);
}

/* An upcall does not say which VM it is about. */
void acrn_ioreq_upcall(void)
{
	struct acrn_ioreq *ioreq;
	struct acrn_vm *vm;

	/*
	 * To lockdep, a spinlock_t is only for interrupts that are threads with
	 * PREEMPT_RT.  The kernel's hook would be none, and is not used there.
	 */
	lockdep_hardirq_threaded();
	spin_lock(&acrn_running_lock);
	list_for_each_entry(ioreq, &acrn_running, node) {
		vm = container_of(ioreq, struct acrn_vm, ioreq);
		if (!acrn_ioreq_is_pending(vm))
			continue;
		spin_lock(&ioreq->wait.lock);
		acrn_ioreq_look(vm, true);
		spin_unlock(&ioreq->wait.lock);
	}
	spin_unlock(&acrn_running_lock);

	if (acrn_upcall.begin) {
		acrn_upcall.used += get_cycles() - acrn_upcall.begin;
		acrn_upcall.begin = 0;
	}
}

/**
 * acrn_ioreq_start() - take requests of the VM
 * @vm: a locked VM that is about to be started, or was not paused or reset after
 *	all
 */
void acrn_ioreq_start(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->wait.lock);
	WRITE_ONCE(ioreq->running, true);
	for_each_set_bit(vcpu, &ioreq->done, ACRN_MAX_VCPUS) {
		/* Who completed it has been told that it was. */
		if (acrn_ioreq_complete_slot(vm, vcpu))
			acrn_ioreq_tell_again(ioreq, vcpu);
	}
	ioreq->done = 0;
	spin_unlock_irq(&ioreq->wait.lock);

	spin_lock_irq(&acrn_running_lock);
	if (list_empty(&ioreq->node))
		list_add_tail(&ioreq->node, &acrn_running);
	spin_unlock_irq(&acrn_running_lock);

	/* Upcalls that came before this were ignored: look now. */
	acrn_ioreq_dispatch(vm);
}

/**
 * acrn_ioreq_pause() - take no more requests of the VM
 * @vm: a locked VM that is about to be paused or reset
 *
 * What is completed from here on reaches the hypervisor when the VM is not paused
 * or reset after all: with acrn_ioreq_start().
 */
void acrn_ioreq_pause(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;

	lockdep_assert_held(&vm->lock);

	/* Written by those who have the VM locked only */
	if (!ioreq->running)
		return;

	spin_lock_irq(&ioreq->wait.lock);
	WRITE_ONCE(ioreq->running, false);
	spin_unlock_irq(&ioreq->wait.lock);

	spin_lock_irq(&acrn_running_lock);
	list_del_init(&ioreq->node);
	spin_unlock_irq(&acrn_running_lock);
}

/**
 * acrn_ioreq_clear() - forget all requests, and the address in port 0xcf8
 * @vm: a locked VM that does not run
 *
 * They are not completed: the hypervisor frees the slots when it resets the VM.
 */
void acrn_ioreq_clear(struct acrn_vm *vm)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;

	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&ioreq->wait.lock);
	for_each_set_bit(vcpu, &ioreq->taken, ACRN_MAX_VCPUS) {
		ioreq->client[vcpu] = NULL;
		/* A device model that looks once more shall not find it. */
		acrn_ioreq_set_client(ioreq, vcpu, false);
	}
	ioreq->taken = 0;
	WRITE_ONCE(ioreq->for_dm, 0);
	ioreq->done = 0;
	ioreq->notify_pending = 0;
	ioreq->pci_address = 0;
	spin_unlock_irq(&ioreq->wait.lock);
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

	/* From here on no upcall looks at the slots. */
	acrn_ioreq_pause(vm);

	spin_lock_irq(&ioreq->wait.lock);
	ioreq->slots = NULL;
	ioreq->taken = 0;
	WRITE_ONCE(ioreq->for_dm, 0);
	ioreq->done = 0;
	ioreq->notify_pending = 0;
	ioreq->pci_address = 0;
	WRITE_ONCE(ioreq->deferred, 0);
	memset(ioreq->client, 0, sizeof(ioreq->client));
	WRITE_ONCE(ioreq->dm_id, 0);
	list_for_each_entry_safe(client, next, &ioreq->clients, node)
		list_del_init(&client->node);
	ioreq->ranges = RB_ROOT;
	spin_unlock_irq(&ioreq->wait.lock);

	/* Nobody queues it again. */
	cancel_delayed_work_sync(&ioreq->work);
	wake_up_all(&ioreq->wait);
}

int acrn_ioctl_create_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	unsigned int vcpu;
	int ret = 0;

	spin_lock_irq(&ioreq->wait.lock);
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
		acrn_ioreq_set_processing(ioreq, vcpu, true);
	/* Who polls does not know yet: without a client there were none. */
	if (ioreq->for_dm)
		wake_up_all_locked(&ioreq->wait);
out:
	spin_unlock_irq(&ioreq->wait.lock);
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

	spin_lock_irq(&ioreq->wait.lock);
	if (!ioreq->dm_id || arg->client.id != ioreq->dm_id) {
		ret = -EINVAL;
	} else {
		WRITE_ONCE(ioreq->dm_id, 0);
		for_each_set_bit(vcpu, &ioreq->for_dm, ACRN_MAX_VCPUS)
			acrn_ioreq_set_client(ioreq, vcpu, false);
	}
	spin_unlock_irq(&ioreq->wait.lock);

	wake_up_all(&ioreq->wait);
	return ret;
}

/* Need the client with this id not wait (any longer)? */
static bool acrn_ioreq_for_dm(const struct acrn_ioreq *ioreq, int id)
{
	lockdep_assert_held(&ioreq->wait.lock);

	return ioreq->for_dm || ioreq->dm_id != id;
}

/* A signal counts as a request: device models stop for ever at an error. */
int acrn_ioctl_attach_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u64 id = arg->client.id;
	int ret = 0;

	if (!id || id > READ_ONCE(ioreq->last_id))
		return -EINVAL;

	spin_lock_irq(&ioreq->wait.lock);
	/* In case an upcall got lost */
	if (!acrn_ioreq_for_dm(ioreq, id))
		acrn_ioreq_dispatch_locked(vm);
	if (arg->client.nonblock && !acrn_ioreq_for_dm(ioreq, id))
		ret = -EAGAIN;
	else
		wait_event_interruptible_locked_irq(ioreq->wait,
						    acrn_ioreq_for_dm(ioreq, id));
	arg->client.gone = ioreq->dm_id != id;
	spin_unlock_irq(&ioreq->wait.lock);
	return ret;
}

int acrn_ioctl_notify_request_finish(struct acrn_vm *vm,
				     union acrn_ioctl_arg *arg)
{
	struct acrn_ioreq *ioreq = &vm->ioreq;
	u32 vcpu = arg->notify.vcpu;
	int ret;

	if (vcpu >= ACRN_MAX_VCPUS)
		return -EINVAL;
	vcpu = array_index_nospec(vcpu, ACRN_MAX_VCPUS);

	spin_lock_irq(&ioreq->wait.lock);
	if (!ioreq->dm_id || arg->notify.client_id != ioreq->dm_id ||
	    !test_bit(vcpu, &ioreq->for_dm))
		ret = -EINVAL;
	else
		ret = acrn_ioreq_finish_slot(vm, vcpu);
	spin_unlock_irq(&ioreq->wait.lock);
	return ret;
}

/* A real-time VM runs on although it was PAUSED: its requests need their answers. */
int acrn_ioctl_clear_vm_ioreq(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	if (!vm->ioreq.running)
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
	if (!READ_ONCE(ioreq->for_dm))
		acrn_ioreq_dispatch(vm);
	if (!READ_ONCE(ioreq->dm_id))
		return READ_ONCE(ioreq->last_id) ? EPOLLHUP : 0;
	return READ_ONCE(ioreq->for_dm) ? EPOLLIN | EPOLLRDNORM : 0;
}

#ifdef ACRN_KUNIT
#include "tests/kunit/ioreq_test.c"
#endif
