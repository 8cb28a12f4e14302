// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The table of User VMs, and their vCPUs seen from outside.
 */
#include "generation.h"
#include "report.h"
#include "cpu.h"
#include "vms.h"

struct vm vms[TESTBED_MAX_VMS];
u32 vcpu_limit = TESTBED_MAX_VCPUS;	/* under hv_lock */

/**
 * vm_slot() - the VM with an id, whether it is off or not
 * @vmid: the id
 *
 * Return: the VM, or NULL if there is no such id.
 */
struct vm *vm_slot(u64 vmid)
{
	return vmid >= 1 && vmid <= TESTBED_MAX_VMS ? &vms[vmid - 1] : NULL;
}

/**
 * vm_find() - the VM with an id
 * @vmid: the id
 *
 * Return: the VM, or NULL if there is none or it is off.
 */
struct vm *vm_find(u64 vmid)
{
	struct vm *vm = vm_slot(vmid);

	return vm && READ_ONCE(vm->state) != TESTBED_VM_OFF ? vm : NULL;
}

/**
 * vm_get() - vm_find() for a hypercall: the caller should have known better
 * @vmid: the id
 * @what: the hypercall, for the complaint
 *
 * Return: the VM or NULL.
 */
struct vm *vm_get(u64 vmid, const char *what)
{
	struct vm *vm = vm_find(vmid), *slot = vm_slot(vmid);

	if (vm)
		return vm;
	if (!slot)
		complain("%s: there is no vmid 0x%lx", what, vmid);
	else if (!slot->lied)
		complain("%s: vm%lu is off", what, vmid);
	return NULL;
}

/**
 * vm_is_rt() - is it a real-time VM?
 * @vm: the VM
 *
 * Return: true if so.
 */
bool vm_is_rt(const struct vm *vm)
{
	return vm->flags & generation->flag_rt;
}

/**
 * vm_outranks() - must the Service VM keep its hands off?
 * @vm: the VM
 *
 * Return: true if it is a real-time VM that runs, for a hypervisor that cares.
 */
bool vm_outranks(const struct vm *vm)
{
	return generation->protects_rt && vm_is_rt(vm) &&
	       READ_ONCE(vm->state) == TESTBED_VM_STARTED;
}

/**
 * vms_forget() - as after a reboot: no configuration is spoilt
 */
void vms_forget(void)
{
	u32 i;

	for (i = 0; i < TESTBED_MAX_VMS; i++)
		vms[i].sticky = 0;
}

/**
 * vm_stop_vcpus() - make all vCPUs leave their guest, and wait for it
 * @vm: the VM
 *
 * Context: hv_lock is held.  A pCPU that runs a User VM waits for nobody.
 */
void vm_stop_vcpus(struct vm *vm)
{
	u32 i;

	for (i = 0; i < vm->vcpu_count; i++) {
		struct cpu *cpu = vm->vcpus[i].cpu;

		WRITE_ONCE(cpu->run, NULL);
		barrier_full();
		kick_cpu(cpu);
		while (load_acquire(cpu->running))
			cpu_relax();
	}
}

/**
 * vcpus_flush() - make running vCPUs see a changed nested table
 * @vm: their VM
 *
 * Every exit from a guest drops its translations.  Waits until each vCPU that
 * runs has been outside once.
 */
void vcpus_flush(struct vm *vm)
{
	u32 i, n = load_acquire(vm->vcpu_count);

	for (i = 0; i < n; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];
		struct cpu *cpu = vcpu->cpu;

		if (load_acquire(cpu->running) != vcpu)
			continue;
		WRITE_ONCE(vcpu->flush, true);
		barrier_full();
		kick_cpu(cpu);
		while (load_acquire(vcpu->flush) && load_acquire(cpu->running) == vcpu)
			cpu_relax();
	}
}
