// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the VM object: its references, and where it is found.
 *
 * The ground floor: every file of the driver may call this one, and this one
 * calls none of them.
 */
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "acrn_drv_internal.h"

/*
 * Held from the hypercall that creates or destroys a VM until the lists say so:
 * without it an id that the hypervisor has just given out could seem to be taken,
 * or one that it has not got back could seem to be free.
 */
static DEFINE_MUTEX(acrn_vmids_lock);
/* No VM may be created; under acrn_vmids_lock. */
static bool acrn_vms_closed;

/* Guards the two lists below and acrn_vm.list. */
static DEFINE_SPINLOCK(acrn_vms_lock);
/* The VMs that can be found: CREATED, STARTED or PAUSED. */
static LIST_HEAD(acrn_vms);
/* Those that are being destroyed, or DYING: their ids are not free yet. */
static LIST_HEAD(acrn_ending_vms);

static const char * const acrn_vm_state_names[] = {
	[ACRN_VM_EMPTY]   = "empty",
	[ACRN_VM_CREATED] = "created",
	[ACRN_VM_STARTED] = "started",
	[ACRN_VM_PAUSED]  = "paused",
	[ACRN_VM_DYING]   = "dying",
};

/**
 * acrn_vm_alloc() - make an EMPTY VM object with one reference
 *
 * Return: the object, its parts not initialised yet, or NULL.
 */
struct acrn_vm *acrn_vm_alloc(void)
{
	struct acrn_vm *vm;

	vm = kmalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return NULL;

	/* All but the parameter block, which is written before it is used */
	static_assert(offsetofend(struct acrn_vm, param) == sizeof(*vm));
	memset(vm, 0, offsetof(struct acrn_vm, param));

	mutex_init(&vm->lock);
	refcount_set(&vm->refcnt, 1);
	vm->state = ACRN_VM_EMPTY;
	vm->legal = acrn_vm_legal(vm->state, vm->contract);
	vm->vmid = ACRN_INVALID_VMID;
	INIT_LIST_HEAD(&vm->list);
	return vm;
}

/* The caller has a reference already. */
void acrn_vm_get(struct acrn_vm *vm)
{
	refcount_inc(&vm->refcnt);
}

/**
 * acrn_vm_put() - give a reference back
 * @vm: the VM object; not to be used afterwards
 *
 * The last reference can only go when there is no VM any more: the open file
 * and the state DYING both hold one.
 *
 * Context: Any.
 */
void acrn_vm_put(struct acrn_vm *vm)
{
	if (refcount_dec_and_test(&vm->refcnt))
		kfree(vm);
}

static struct acrn_vm *acrn_vm_listed(const struct list_head *list, u16 vmid)
{
	struct acrn_vm *vm;

	lockdep_assert_held(&acrn_vms_lock);
	list_for_each_entry(vm, list, list) {
		if (vm->vmid == vmid)
			return vm;
	}
	return NULL;
}

static struct acrn_vm *acrn_vm_find_in(const struct list_head *list, u16 vmid)
{
	struct acrn_vm *vm;

	spin_lock(&acrn_vms_lock);
	vm = acrn_vm_listed(list, vmid);
	/* Not zero: a listed VM is held by its file or by being DYING. */
	if (vm)
		acrn_vm_get(vm);
	spin_unlock(&acrn_vms_lock);
	return vm;
}

/**
 * acrn_vm_find_get() - look a VM up by the hypervisor's id
 * @vmid: the id
 *
 * Finds VMs from the moment they are created until they begin to be destroyed.
 * It may be destroyed at any time: the caller has to look, under a lock that
 * destroying takes, whether it still is the VM that was meant.
 *
 * Context: Any but interrupt context.
 * Return: the VM with a reference of the caller's, or NULL.
 */
struct acrn_vm *acrn_vm_find_get(u16 vmid)
{
	return acrn_vm_find_in(&acrn_vms, vmid);
}

/* The same for one that is being destroyed, or DYING */
struct acrn_vm *acrn_vm_find_ending_get(u16 vmid)
{
	return acrn_vm_find_in(&acrn_ending_vms, vmid);
}

/* See acrn_vmids_lock. */
void acrn_vmids_begin(void)
{
	mutex_lock(&acrn_vmids_lock);
}

void acrn_vmids_end(void)
{
	mutex_unlock(&acrn_vmids_lock);
}

/**
 * acrn_vms_close() - let no VM be created any more
 *
 * Return: 0, or -EBUSY: there are VMs.
 */
int acrn_vms_close(void)
{
	int ret = 0;

	mutex_lock(&acrn_vmids_lock);
	acrn_vms_closed = true;
	spin_lock(&acrn_vms_lock);
	if (!list_empty(&acrn_vms) || !list_empty(&acrn_ending_vms))
		ret = -EBUSY;
	spin_unlock(&acrn_vms_lock);
	mutex_unlock(&acrn_vmids_lock);
	return ret;
}

void acrn_vms_open(void)
{
	mutex_lock(&acrn_vmids_lock);
	acrn_vms_closed = false;
	mutex_unlock(&acrn_vmids_lock);
}

/* Between acrn_vmids_begin() and acrn_vmids_end() */
bool acrn_vms_are_closed(void)
{
	lockdep_assert_held(&acrn_vmids_lock);
	return acrn_vms_closed;
}

/* To the hypervisor a name is a string: what is behind its end is no part of it. */
static bool acrn_name_listed(const char *name, const struct list_head *list)
{
	const struct acrn_vm *vm;

	lockdep_assert_held(&acrn_vms_lock);
	list_for_each_entry(vm, list, list) {
		if (!strncmp(vm->name, name, sizeof(vm->name)))
			return true;
	}
	return false;
}

/**
 * acrn_vm_name_taken() - is there a VM of this name?
 * @name: of 16 bytes at most, as the hypervisor has them
 *
 * Return: whether one can be found, is being destroyed, or is dying.
 */
bool acrn_vm_name_taken(const char *name)
{
	bool taken;

	spin_lock(&acrn_vms_lock);
	taken = acrn_name_listed(name, &acrn_vms) ||
		acrn_name_listed(name, &acrn_ending_vms);
	spin_unlock(&acrn_vms_lock);
	return taken;
}

/**
 * acrn_vm_publish() - let a new VM be found
 * @vm: a locked VM with its vmid
 *
 * Return: 0, or -EEXIST: the hypervisor gave out an id that another VM has.
 */
int acrn_vm_publish(struct acrn_vm *vm)
{
	int ret = 0;

	lockdep_assert_held(&vm->lock);
	lockdep_assert_held(&acrn_vmids_lock);

	spin_lock(&acrn_vms_lock);
	if (acrn_vm_listed(&acrn_vms, vm->vmid) ||
	    acrn_vm_listed(&acrn_ending_vms, vm->vmid))
		ret = -EEXIST;
	else
		list_add_tail(&vm->list, &acrn_vms);
	spin_unlock(&acrn_vms_lock);
	return ret;
}

/* It is about to be destroyed: from here on it is neither found nor dispatched. */
void acrn_vm_hide(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);

	spin_lock(&acrn_vms_lock);
	list_move_tail(&vm->list, &acrn_ending_vms);
	spin_unlock(&acrn_vms_lock);
}

/* The hypervisor has its id back. */
void acrn_vm_unlist(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);
	lockdep_assert_held(&acrn_vmids_lock);

	spin_lock(&acrn_vms_lock);
	list_del_init(&vm->list);
	spin_unlock(&acrn_vms_lock);
}

static void acrn_vms_visit_list(struct list_head *list,
				void (*func)(struct acrn_vm *vm))
{
	unsigned int todo = 0;
	struct acrn_vm *vm;

	spin_lock(&acrn_vms_lock);
	list_for_each_entry(vm, list, list)
		todo++;

	while (todo-- && !list_empty(list)) {
		vm = list_first_entry(list, struct acrn_vm, list);
		/* Not zero: a listed VM is held by its file or by being DYING. */
		acrn_vm_get(vm);
		list_move_tail(&vm->list, list);
		spin_unlock(&acrn_vms_lock);

		func(vm);
		acrn_vm_put(vm);

		spin_lock(&acrn_vms_lock);
	}
	spin_unlock(&acrn_vms_lock);
}

/**
 * acrn_vms_visit_all() - do something to each VM that can be found
 * @func: what; may sleep, has to look whether the VM is still there
 */
void acrn_vms_visit_all(void (*func)(struct acrn_vm *vm))
{
	acrn_vms_visit_list(&acrn_vms, func);
}

/**
 * acrn_vms_visit_ending() - do something to each VM that is DYING
 * @func: what; may sleep, has to look whether the VM is DYING
 */
void acrn_vms_visit_ending(void (*func)(struct acrn_vm *vm))
{
	acrn_vms_visit_list(&acrn_ending_vms, func);
}

/* 0: the process is gone, and another one has the file. */
static pid_t acrn_vm_owner_pid(const struct acrn_vm *vm)
{
	pid_t pid;

	rcu_read_lock();
	pid = pid_task(vm->owner, PIDTYPE_TGID) ? pid_nr(vm->owner) : 0;
	rcu_read_unlock();
	return pid;
}

static void acrn_vms_show_list(struct seq_file *s, const struct list_head *list)
{
	const struct acrn_vm *vm;

	lockdep_assert_held(&acrn_vms_lock);
	list_for_each_entry(vm, list, list)
		seq_printf(s, "%5u %-8s %5u %4u %7d %10llu %8lu\n", vm->vmid,
			   acrn_vm_state_names[READ_ONCE(vm->state)],
			   READ_ONCE(vm->vcpu_num), refcount_read(&vm->refcnt),
			   acrn_vm_owner_pid(vm),
			   READ_ONCE(vm->memory_size) >> 10,
			   READ_ONCE(vm->ioreq.deferred));
}

/* Prints the VMs, a line each. */
void acrn_vms_show(struct seq_file *s)
{
	seq_puts(s, " vmid state    vcpus refs     pid     memory deferred\n");
	spin_lock(&acrn_vms_lock);
	acrn_vms_show_list(s, &acrn_vms);
	acrn_vms_show_list(s, &acrn_ending_vms);
	spin_unlock(&acrn_vms_lock);
}
