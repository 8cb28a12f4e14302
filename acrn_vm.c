// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the VM object: its references, and where it is found.
 *
 * The ground floor: every file of the driver may call this one, and this one
 * calls none of them.
 */
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "acrn_drv_internal.h"

/* Guards the two lists below and acrn_vm.list; taken by the upcall. */
static DEFINE_SPINLOCK(acrn_vms_lock);
/* The VMs that can be found: CREATED, STARTED or PAUSED. */
static LIST_HEAD(acrn_vms);
static LIST_HEAD(acrn_dying_vms);

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

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return NULL;

	mutex_init(&vm->lock);
	refcount_set(&vm->refcnt, 1);
	vm->state = ACRN_VM_EMPTY;
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

/* Pairs with the READ_ONCE() of those who look without the lock. */
void acrn_vm_set_state(struct acrn_vm *vm, enum acrn_vm_state state)
{
	lockdep_assert_held(&vm->lock);
	WRITE_ONCE(vm->state, state);
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
	struct acrn_vm *vm, *found = NULL;

	spin_lock_irq(&acrn_vms_lock);
	list_for_each_entry(vm, &acrn_vms, list) {
		if (vm->vmid != vmid)
			continue;
		/* Not zero: a listed VM is held by its file. */
		acrn_vm_get(vm);
		found = vm;
		break;
	}
	spin_unlock_irq(&acrn_vms_lock);
	return found;
}

static bool acrn_vmid_listed(u16 vmid, const struct list_head *list)
{
	const struct acrn_vm *vm;

	lockdep_assert_held(&acrn_vms_lock);
	list_for_each_entry(vm, list, list) {
		if (vm->vmid == vmid)
			return true;
	}
	return false;
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

	spin_lock_irq(&acrn_vms_lock);
	if (acrn_vmid_listed(vm->vmid, &acrn_vms) ||
	    acrn_vmid_listed(vm->vmid, &acrn_dying_vms))
		ret = -EEXIST;
	else
		list_add_tail(&vm->list, &acrn_vms);
	spin_unlock_irq(&acrn_vms_lock);
	return ret;
}

/* From here on the VM is neither found nor dispatched. */
void acrn_vm_unlist(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&acrn_vms_lock);
	list_del_init(&vm->list);
	spin_unlock_irq(&acrn_vms_lock);
}

void acrn_vm_list_dying(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);

	spin_lock_irq(&acrn_vms_lock);
	list_add_tail(&vm->list, &acrn_dying_vms);
	spin_unlock_irq(&acrn_vms_lock);
}

/**
 * acrn_vms_visit_dying() - do something to each VM that is dying now
 * @func: what; may sleep, and list the VM as dying again
 */
void acrn_vms_visit_dying(void (*func)(struct acrn_vm *vm))
{
	unsigned int todo = 0;
	struct acrn_vm *vm;

	spin_lock_irq(&acrn_vms_lock);
	list_for_each_entry(vm, &acrn_dying_vms, list)
		todo++;

	/* One that goes on dying moves to the end of the list. */
	while (todo-- && !list_empty(&acrn_dying_vms)) {
		vm = list_first_entry(&acrn_dying_vms, struct acrn_vm, list);
		/* Not zero: the state DYING holds a reference. */
		acrn_vm_get(vm);
		list_move_tail(&vm->list, &acrn_dying_vms);
		spin_unlock_irq(&acrn_vms_lock);

		func(vm);
		acrn_vm_put(vm);

		spin_lock_irq(&acrn_vms_lock);
	}
	spin_unlock_irq(&acrn_vms_lock);
}

/**
 * acrn_vms_visit() - do something to each VM that can be found
 * @func: what; must not sleep
 *
 * Context: Interrupt context, interrupts off.
 */
void acrn_vms_visit(void (*func)(struct acrn_vm *vm))
{
	struct acrn_vm *vm;

	spin_lock(&acrn_vms_lock);
	list_for_each_entry(vm, &acrn_vms, list)
		func(vm);
	spin_unlock(&acrn_vms_lock);
}

static void acrn_vms_show_list(struct seq_file *s, const struct list_head *list)
{
	const struct acrn_vm *vm;

	lockdep_assert_held(&acrn_vms_lock);
	list_for_each_entry(vm, list, list)
		seq_printf(s, "%5u %-8s %5u %4u\n", vm->vmid,
			   acrn_vm_state_names[READ_ONCE(vm->state)],
			   READ_ONCE(vm->vcpu_num), refcount_read(&vm->refcnt));
}

/* Prints the VMs, a line each. */
void acrn_vms_show(struct seq_file *s)
{
	seq_puts(s, " vmid state    vcpus refs\n");
	spin_lock_irq(&acrn_vms_lock);
	acrn_vms_show_list(s, &acrn_vms);
	acrn_vms_show_list(s, &acrn_dying_vms);
	spin_unlock_irq(&acrn_vms_lock);
}
