// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: what User VMs were given, for devices of all kinds.
 *
 * The hypervisor does not take everything back from a VM that is destroyed: depending on
 * its release it panics, or a range of addresses is nobody's until the next boot.  So
 * whatever a VM was given is on one list, and goes back before the VM is destroyed: the
 * last thing first, for a line may belong to registers that were given before it.
 *
 * Beside that, one table of all registers that VMs can reach: those of a device that
 * one VM has are nobody else's.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "acrn_drv_internal.h"

/* The innermost lock of a device: guards the claims. */
static DEFINE_MUTEX(acrn_claims_lock);
static LIST_HEAD(acrn_claims);

static bool acrn_claims_conflict(const struct acrn_claim *a, const struct acrn_claim *b)
{
	if (a->vm && a->vm == b->vm)
		return false;
	return (a->alone || b->alone) && a->start <= b->last && b->start <= a->last;
}

/**
 * acrn_claims_owner_get() - which VM has registers for itself?
 * @start: the first physical address to look at; set to where to go on
 * @last: the last
 *
 * Several VMs may have a part each.
 *
 * Return: the VM that has the first of them, with a reference; NULL: there is none.
 */
struct acrn_vm *acrn_claims_owner_get(u64 *start, u64 last)
{
	const struct acrn_claim *claim, *first = NULL;
	struct acrn_vm *vm = NULL;

	mutex_lock(&acrn_claims_lock);
	list_for_each_entry(claim, &acrn_claims, node) {
		if (claim->vm && claim->alone && claim->start <= last &&
		    claim->last >= *start && (!first || claim->start < first->start))
			first = claim;
	}
	/* Not zero: a VM that has something is held by its file or by being DYING. */
	if (first) {
		vm = first->vm;
		acrn_vm_get(vm);
		*start = first->last + 1;
	}
	mutex_unlock(&acrn_claims_lock);
	return vm;
}

/**
 * acrn_claim_make() - note that a VM is going to reach registers
 * @vm: the VM
 * @start: the first physical address
 * @last: the last
 * @alone: no other VM may reach them
 *
 * Return: what acrn_claim_drop() takes when the VM does not reach them any more; -ENOMEM;
 *	-EBUSY: another VM has them.
 */
struct acrn_claim *acrn_claim_make(struct acrn_vm *vm, u64 start, u64 last,
				   bool alone)
{
	const struct acrn_claim *other;
	struct acrn_claim *claim;
	bool conflict = false;

	claim = kmalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return ERR_PTR(-ENOMEM);
	claim->vm = vm;
	claim->start = start;
	claim->last = last;
	claim->alone = alone;

	mutex_lock(&acrn_claims_lock);
	list_for_each_entry(other, &acrn_claims, node) {
		conflict = acrn_claims_conflict(claim, other);
		if (conflict)
			break;
	}
	if (!conflict)
		list_add_tail(&claim->node, &acrn_claims);
	mutex_unlock(&acrn_claims_lock);
	if (!conflict)
		return claim;
	kfree(claim);
	return ERR_PTR(-EBUSY);
}

/* @claim: or NULL */
void acrn_claim_drop(struct acrn_claim *claim)
{
	if (!claim)
		return;
	mutex_lock(&acrn_claims_lock);
	list_del(&claim->node);
	mutex_unlock(&acrn_claims_lock);
	kfree(claim);
}

/**
 * acrn_claims_lose() - a VM is given up: what it reaches, nobody else may have
 * @vm: the VM
 */
static void acrn_claims_lose(const struct acrn_vm *vm)
{
	struct acrn_claim *claim;

	mutex_lock(&acrn_claims_lock);
	list_for_each_entry(claim, &acrn_claims, node) {
		if (claim->vm == vm)
			claim->vm = NULL;
	}
	mutex_unlock(&acrn_claims_lock);
}

/**
 * acrn_given_add() - remember what a VM was given
 * @vm: the locked VM
 * @given: what
 * @kind: what kind of thing it is
 * @outlives_vm: the hypervisor does not take it back with the VM
 */
void acrn_given_add(struct acrn_vm *vm, struct acrn_given *given,
		    const struct acrn_given_kind *kind, bool outlives_vm)
{
	lockdep_assert_held(&vm->lock);

	given->kind = kind;
	given->outlives_vm = outlives_vm;
	list_add(&given->node, &vm->given);
}

/**
 * acrn_given_find() - look for something that a VM was given
 * @vm: the locked VM
 * @kind: what kind of thing
 * @is: is it this one?
 * @key: for @is
 *
 * Return: it, or NULL.
 */
struct acrn_given *
acrn_given_find(struct acrn_vm *vm, const struct acrn_given_kind *kind,
		bool (*is)(const struct acrn_given *given, const void *key),
		const void *key)
{
	struct acrn_given *given;

	lockdep_assert_held(&vm->lock);
	list_for_each_entry(given, &vm->given, node) {
		if (given->kind == kind && is(given, key))
			return given;
	}
	return NULL;
}

/**
 * acrn_given_has_slot() - is there a PCI device at a place of the VM's bus?
 * @vm: the locked VM
 * @but: a kind of things that does not count
 * @slot: the place
 *
 * The hypervisor finds devices by their places and does not ask of which kind the one is
 * that it finds there.
 *
 * Return: whether there is, or it is where nothing can be.
 */
bool acrn_given_has_slot(struct acrn_vm *vm, const struct acrn_given_kind *but, u16 slot)
{
	const struct acrn_given *given;

	lockdep_assert_held(&vm->lock);
	/* This names what is no PCI device. */
	if (slot == ACRN_NO_PCI_DEVICE)
		return true;
	list_for_each_entry(given, &vm->given, node) {
		if (given->kind != but && given->kind->slot &&
		    given->kind->slot(given) == slot)
			return true;
	}
	return false;
}

/**
 * acrn_given_take_back() - have the hypervisor take something back from a VM
 * @vm: the locked VM, which does not run
 * @given: what; if it works it is freed
 * @ending: because the VM ends, and not because its device model wants it to
 *
 * Return: 0, or a negative errno: it can be tried again.
 */
int acrn_given_take_back(struct acrn_vm *vm, struct acrn_given *given, bool ending)
{
	int ret;

	lockdep_assert_held(&vm->lock);

	ret = given->kind->take_back(vm, given);
	if (ret)
		return ret;
	list_del(&given->node);
	given->kind->release(given, ending);
	return 0;
}

/*
 * A real-time VM answers that it is paused and runs on.  Only one that stands still
 * can be reset, so this tells.
 */
static int acrn_vm_stand_still(struct acrn_vm *vm)
{
	int ret = acrn_hc_reset_vm(vm->vmid);

	return ret ? ret : acrn_hc_pause_vm(vm->vmid);
}

/**
 * acrn_given_teardown() - take all back from a VM
 * @vm: a locked VM that was paused and is about to be destroyed
 *
 * Context: Process context, sleeps.
 * Return: 0, or a negative errno: the VM must not be destroyed now.  It may still run,
 *	or it has something that would not come back.
 */
int acrn_given_teardown(struct acrn_vm *vm)
{
	struct acrn_given *given, *next;
	int ret, err = 0;

	lockdep_assert_held(&vm->lock);

	if (list_empty(&vm->given))
		return 0;
	ret = acrn_vm_stand_still(vm);
	if (ret)
		return ret;

	list_for_each_entry_safe(given, next, &vm->given, node) {
		ret = acrn_given_take_back(vm, given, true);
		if (!ret)
			continue;
		if (vm->state != ACRN_VM_DYING)
			pr_warn_ratelimited("VM %u does not give back %s (%d)\n",
					    vm->vmid, given->kind->name(given), ret);
		if (given->outlives_vm)
			err = ret;
	}
	return err;
}

/* The hypervisor has destroyed the VM, and taken back what that still had. */
void acrn_given_release(struct acrn_vm *vm)
{
	struct acrn_given *given, *next;

	lockdep_assert_held(&vm->lock);

	list_for_each_entry_safe(given, next, &vm->given, node) {
		list_del(&given->node);
		given->kind->release(given, true);
	}
}

/* The VM is given up: what it has is nobody's that Linux could trust. */
void acrn_given_abandon(struct acrn_vm *vm)
{
	struct acrn_given *given, *next;

	lockdep_assert_held(&vm->lock);

	list_for_each_entry_safe(given, next, &vm->given, node) {
		pr_warn("%s: lost with VM %u until the platform restarts\n",
			given->kind->name(given), vm->vmid);
		list_del(&given->node);
		if (given->kind->lose)
			given->kind->lose(given);
		else
			given->kind->release(given, true);
	}
	acrn_claims_lose(vm);
}

/* No VM is left.  The claims are those of VMs that were given up. */
void acrn_given_exit(void)
{
	struct acrn_claim *claim, *next;

	list_for_each_entry_safe(claim, next, &acrn_claims, node)
		kfree(claim);
}
