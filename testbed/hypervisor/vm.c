// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * User VMs and the hypercalls of their life, with ACRN's states:
 *
 *	OFF -CREATE-> CREATED -START-> STARTED -PAUSE-> PAUSED -RESET-> CREATED
 *
 * PAUSE works from CREATED too, DESTROY from everything or, later, from PAUSED.  A
 * started real-time VM cannot be paused from outside: it has to switch itself off first.
 *
 * A configuration is a slot: its uuid chooses it, its vmid is fixed.
 */
#include "generation.h"
#include "config.h"
#include "console.h"
#include "report.h"
#include "svm.h"
#include "abi.h"
#include "cpu.h"
#include "ram.h"
#include "mailbox.h"
#include "vms.h"
#include "decode.h"
#include "guest_memory.h"
#include "vm_memory.h"
#include "ioreq.h"
#include "sbuf.h"
#include "devices.h"
#include "interrupts.h"
#include "vcpu.h"
#include "vm.h"

static const u8 uuids[][16] = TESTBED_UUIDS;

/**
 * vm_remember() - what later complaints depend on
 * @vmid: the VM, perhaps none
 * @nr: HC_PAUSE_VM or HC_DESTROY_VM, which was called
 * @lied: it was carried out, but its caller is told that it failed
 */
void vm_remember(u64 vmid, u64 nr, bool lied)
{
	struct vm *vm = vm_slot(vmid);

	if (!vm)
		return;
	if (nr == HC_PAUSE_VM)
		vm->pause_asked = true;
	else if (lied)
		vm->lied = true;
}

static bool all_zero(const void *p, size_t n)
{
	const u8 *byte = p;

	while (n && !*byte) {
		byte++;
		n--;
	}
	return !n;
}

static bool is_free(const struct cpu *cpu)
{
	return cpu->online && cpu->for_users && !cpu->owner;
}

static struct cpu *free_cpu(void)
{
	u32 i;

	for (i = 0; i < MAX_CPUS; i++)
		if (is_free(&cpus[i]))
			return &cpus[i];
	return NULL;
}

static void add_vcpu(struct vm *vm, struct cpu *cpu)
{
	struct vcpu *vcpu = &vm->vcpus[vm->vcpu_count];

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->vm = vm;
	vcpu->cpu = cpu;
	vcpu->id = vm->vcpu_count;
	vcpu_reset(vcpu, false);
	cpu->owner = vcpu;
	store_release(vm->vcpu_count, vm->vcpu_count + 1);
}

static void remove_vcpus(struct vm *vm)
{
	u32 i;

	for (i = 0; i < vm->vcpu_count; i++)
		vm->vcpus[i].cpu->owner = NULL;
	vm->vcpu_count = 0;
}

/**
 * vm_cpus() - the CPUs that all configurations have
 *
 * Return: a bit for each APIC id.
 */
u64 vm_cpus(void)
{
	u64 mask = 0;
	u32 i;

	for (i = 0; i < MAX_CPUS; i++)
		if (cpus[i].online && cpus[i].for_users)
			mask |= BIT(i);
	return mask;
}

/*
 * A vCPU for each CPU of @affinity, 0: one.  ACRN has several on a CPU; here one that
 * is not free is replaced by another.
 */
static bool add_vcpus(struct vm *vm, u64 affinity)
{
	struct cpu *cpu;
	u32 i;

	if (!affinity)
		affinity = vm_cpus() & -vm_cpus();
	for (i = 0; i < MAX_CPUS; i++) {
		if (!(affinity & BIT(i)))
			continue;
		cpu = is_free(&cpus[i]) ? &cpus[i] : free_cpu();
		if (!cpu || vm->vcpu_count >= vcpu_limit) {
			remove_vcpus(vm);
			return false;
		}
		add_vcpu(vm, cpu);
	}
	return vm->vcpu_count;
}

/* Names are strings: what is behind the end of one does not tell it from another. */
static bool same_name(const u8 *a, const u8 *b)
{
	u32 i;

	for (i = 0; i < 16 && a[i] == b[i]; i++)
		if (!a[i])
			return true;
	return i == 16;
}

/* The slot that a VM is for: its configuration, or for other names the last free one */
static struct vm *choose(const struct hc_create_vm *p)
{
	struct vm *found = NULL;
	u32 i;

	for (i = 0; i < TESTBED_MAX_VMS; i++) {
		if (generation->named && vms[i].state != TESTBED_VM_OFF &&
		    same_name(p->uuid, vms[i].name)) {
			/* ACRN takes it away from the VM that has it. */
			memset(vms[i].name, 0, sizeof(vms[i].name));
			complain("CREATE_VM: vm%u has this name", vms[i].vmid);
			return NULL;
		}
		if (!memcmp(p->uuid, uuids[i], sizeof(p->uuid)))
			return vms[i].state == TESTBED_VM_OFF ? &vms[i] : NULL;
		if (generation->named && vms[i].state == TESTBED_VM_OFF)
			found = &vms[i];
	}
	return found;
}

/* Return: false if the flags do not go together. */
static bool set_flags(struct vm *vm, u64 flags)
{
	/* ACRN kept the flags of a call that failed: the configuration is spoilt. */
	if (!generation->sticky_flags)
		vm->sticky = 0;
	vm->sticky |= flags & generation->flags_kept;
	vm->flags = vm->sticky;
	return vm_is_rt(vm) || !(vm->flags & VM_FLAG_LAPIC_PT);
}

static bool make_vm(struct vm *vm, const struct hc_create_vm *p)
{
	if (!vm_memory_init(vm))
		return false;
	vm->vmid = vm - vms + 1;
	memcpy(vm->name, p->uuid, sizeof(vm->name));
	vm->vcpu_count = 0;
	vm->ioreq_gpa = 0;
	interrupts_init(vm);
	sbuf_begin(vm);
	devices_begin(vm);
	vm->lied = false;
	vm->pause_asked = false;
	if (!generation->makes_vcpus ||
	    add_vcpus(vm, generation->affinity ? p->cpu_affinity : 0))
		return true;
	vm_memory_free(vm);
	return false;
}

/**
 * hc_create_vm() - HC_CREATE_VM
 * @cpu: the caller
 * @param: struct hc_create_vm; the vmid is written back, and how many vCPUs it has if
 *	they are made here
 * @unused: RSI
 *
 * Return: 0; -1 if it is not off, not known, or cannot be; if making it fails, with
 * an invalid vmid, and later hypervisors say 0 then.
 */
s64 hc_create_vm(struct cpu *cpu, u64 param, u64 unused)
{
	struct hc_create_vm *block = param_block(param, generation->create_size,
						 "CREATE_VM's block");
	struct hc_create_vm p = { 0 };
	struct vm *vm;

	if (!block)
		return -1;
	memcpy(&p, block, generation->create_size);
	note(cpu, " uuid=%02x%02x%02x%02x-... flags=0x%lx affinity=0x%lx", p.uuid[0], p.uuid[1],
	     p.uuid[2], p.uuid[3], p.vm_flag, p.cpu_affinity);
	if (p.reserved0 || p.reserved1 || !all_zero(p.reserved2, sizeof(p.reserved2)))
		complain("CREATE_VM: reserved fields are not zero");
	vm = choose(&p);
	if (!vm || !set_flags(vm, p.vm_flag) ||
	    (generation->affinity && (p.cpu_affinity & ~vm_cpus())))
		return -1;
	if (!make_vm(vm, &p)) {
		block->vmid = INVALID_VMID;
		return generation->number >= GENERATION_2_0 ? 0 : -1;
	}
	store_release(vm->state, TESTBED_VM_CREATED);
	block->vmid = vm->vmid;
	if (generation->makes_vcpus)
		block->vcpu_num = vm->vcpu_count;
	note(cpu, " vm=%u", vm->vmid);
	return 0;
}

/**
 * hc_destroy_vm() - HC_DESTROY_VM
 * @cpu: the caller
 * @vmid: the VM
 * @unused: RSI
 *
 * Return: 0; generation->no_vm if it is off; -EINVAL if it cannot be paused, or -1
 * where it has to be already.
 */
s64 hc_destroy_vm(struct cpu *cpu, u64 vmid, u64 unused)
{
	struct vm *vm = vm_get(vmid, "DESTROY_VM");

	if (!vm)
		return generation->no_vm;
	if (generation->destroys_paused && vm->state != TESTBED_VM_PAUSED) {
		if (!vm_is_rt(vm))
			complain("DESTROY_VM: vm%lu is not paused", vmid);
		return -1;
	}
	if (vm->state == TESTBED_VM_STARTED) {
		if (vm_is_rt(vm))
			return -EINVAL;
		if (!vm->pause_asked)
			complain("DESTROY_VM: vm%lu runs; later hypervisors want it paused", vmid);
	}
	vm_stop_vcpus(vm);
	devices_end(vm);
	sbuf_end(vm);
	remove_vcpus(vm);
	vm_memory_free(vm);
	vm->sticky = 0;
	return 0;
}

static bool has_start(struct vcpu *vcpu)
{
	u8 code[MAX_INSTRUCTION];
	u64 entry;

	/* What is wrong in its page tables is the guest's business: a triple fault. */
	if (vcpu->vmcb.cr0 & CR0_PG)
		return vm_copy(vcpu->vm, vcpu->vmcb.cr3 & PAGE_MASK, &entry, sizeof(entry),
			       false);
	return vcpu_fetch(vcpu, code);
}

/*
 * What keeps a CPU with VMX from entering the guest, or from leaving it in a way that
 * ACRN knows: it loses the physical CPU, and whoever stops the VM waits for it for ever.
 */
static void check_entry(struct vcpu *vcpu)
{
	if (vcpu->half_long)
		complain("START_VM: vm%u has paging and EFER.LME, but not EFER.LMA",
			 vcpu->vm->vmid);
	else if (!has_start(vcpu))
		complain("START_VM: vm%u has no memory at RIP 0x%lx", vcpu->vm->vmid,
			 vcpu->vmcb.rip);
	else
		return;
	vcpu->wait = VCPU_DEAD;
}

/**
 * hc_start_vm() - HC_START_VM
 * @cpu: the caller
 * @vmid: the VM
 * @unused: RSI
 *
 * vCPU 0 enters its guest.  The others wait, on their pCPUs, for a start-up
 * IPI.
 *
 * Return: 0; generation->no_vm if it is off; -1 if it is not CREATED, or without page
 * or vCPU.
 */
s64 hc_start_vm(struct cpu *cpu, u64 vmid, u64 unused)
{
	struct vm *vm = vm_get(vmid, "START_VM");
	struct vcpu *bsp;
	u32 i;

	if (!vm)
		return generation->no_vm;
	if (vm->state != TESTBED_VM_CREATED || !vm->ioreq_gpa || !vm->vcpu_count)
		return -1;
	for (i = 0; i < vm->vcpu_count; i++)
		vm->vcpus[i].first.valid = false;
	bsp = &vm->vcpus[0];
	check_entry(bsp);
	vm->pause_asked = false;
	store_release(vm->state, TESTBED_VM_STARTED);
	log_event("vm%u: vcpu0 enters at cs:rip 0x%x:0x%lx (cs base 0x%lx), cr0 0x%lx, efer 0x%lx, on cpu%u",
		  vm->vmid, bsp->vmcb.cs.sel, bsp->vmcb.rip, bsp->vmcb.cs.base, bsp->vmcb.cr0,
		  bsp->last.reg[TESTBED_REG_EFER], bsp->cpu->id);
	for (i = 0; i < vm->vcpu_count; i++) {
		store_release(vm->vcpus[i].cpu->run, &vm->vcpus[i]);
		kick_cpu(vm->vcpus[i].cpu);
	}
	return 0;
}

/**
 * hc_pause_vm() - HC_PAUSE_VM
 * @cpu: the caller
 * @vmid: the VM
 * @unused: RSI
 *
 * Return: 0; generation->no_vm if it is off.
 */
s64 hc_pause_vm(struct cpu *cpu, u64 vmid, u64 unused)
{
	struct vm *vm = vm_get(vmid, "PAUSE_VM");

	if (!vm)
		return generation->no_vm;
	if (vm_is_rt(vm) && vm->state == TESTBED_VM_STARTED) {
		note(cpu, " (real-time: goes on)");
		return 0;
	}
	vm_stop_vcpus(vm);
	vm->state = TESTBED_VM_PAUSED;
	return 0;
}

/**
 * hc_reset_vm() - HC_RESET_VM
 * @cpu: the caller
 * @vmid: the VM
 * @unused: RSI
 *
 * Return: 0; generation->no_vm if it is off; generation->not_paused.
 */
s64 hc_reset_vm(struct cpu *cpu, u64 vmid, u64 unused)
{
	struct vm *vm = vm_get(vmid, "RESET_VM");
	u32 i;

	if (!vm)
		return generation->no_vm;
	if (vm->state != TESTBED_VM_PAUSED)
		return generation->not_paused;
	for (i = 0; i < vm->vcpu_count; i++)
		vcpu_reset(&vm->vcpus[i], false);
	interrupts_reset(vm);
	if (vm->ioreq_gpa)
		ioreq_free_all(vm);
	vm->state = TESTBED_VM_CREATED;
	return 0;
}

/**
 * vm_guest_off() - a guest switches itself off, as a real-time VM does
 * @vmid: the VM
 *
 * Context: hv_lock is held.
 * Return: 0, or -EINVAL if it is not started.
 */
s64 vm_guest_off(u64 vmid)
{
	struct vm *vm = vm_find(vmid);

	if (!vm || vm->state != TESTBED_VM_STARTED)
		return -EINVAL;
	vm_stop_vcpus(vm);
	vm->state = TESTBED_VM_POWERING_OFF;
	log_event("vm%u: has switched itself off", vm->vmid);
	return 0;
}

/**
 * hc_create_vcpu() - HC_CREATE_VCPU
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_create_vcpu, whose contents are ignored
 *
 * Return: 0, and later hypervisors do no more; generation->no_vm if it is off; -1 if
 * the address is bad or no pCPU is free; -EINVAL if it has as many as it can.
 */
s64 hc_create_vcpu(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "CREATE_VCPU");
	struct hc_create_vcpu *block;
	struct cpu *pcpu;

	if (!vm)
		return generation->no_vm;
	if (generation->makes_vcpus)
		return 0;
	block = param_block(param, sizeof(*block), "CREATE_VCPU's block");
	if (!block)
		return -1;
	if (!all_zero(block->padding, sizeof(block->padding)))
		complain("CREATE_VCPU: padding is not zero");
	pcpu = free_cpu();
	if (!pcpu)
		return -1;
	if (vm->vcpu_count >= vcpu_limit)
		return -EINVAL;
	note(cpu, " vcpu=%u on cpu%u", vm->vcpu_count, pcpu->id);
	add_vcpu(vm, pcpu);
	return 0;
}

/**
 * hc_set_vcpu_regs() - HC_SET_VCPU_REGS
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_set_vcpu_regs
 *
 * Return: 0, also if there is no such vCPU; generation->no_vm if it is off; -1 if it is
 * STARTED.
 */
s64 hc_set_vcpu_regs(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "SET_VCPU_REGS");
	struct hc_set_vcpu_regs p = { 0 };
	const struct hc_vcpu_regs *r = &p.regs;
	void *block;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, generation->regs_size, "SET_VCPU_REGS's block");
	if (!block)
		return -1;
	memcpy(&p, block, generation->regs_size);
	note(cpu, " vcpu=%u rip=0x%lx cr0=0x%lx", p.vcpu_id, r->rip, r->cr0);
	if (!all_zero(p.reserved, sizeof(p.reserved)) ||
	    !all_zero(r->gdt.reserved, sizeof(r->gdt.reserved)) ||
	    !all_zero(r->idt.reserved, sizeof(r->idt.reserved)) ||
	    !all_zero(r->reserved64, sizeof(r->reserved64)) ||
	    !all_zero(r->reserved32, sizeof(r->reserved32)) ||
	    !all_zero(r->reserved16, sizeof(r->reserved16)) ||
	    !all_zero(r->padding, sizeof(r->padding)))
		complain("SET_VCPU_REGS: reserved fields or padding are not zero");
	if (vm->state == TESTBED_VM_STARTED)
		return -1;
	if (p.vcpu_id < vm->vcpu_count)
		vcpu_set_regs(&vm->vcpus[p.vcpu_id], r);
	else
		complain("SET_VCPU_REGS: vm%lu has no vcpu%u", vmid, p.vcpu_id);
	return 0;
}

/**
 * hc_offline_cpu() - HC_SOS_OFFLINE_CPU: a CPU of the Service VM for User VMs
 * @cpu: the caller
 * @apic_id: the local APIC id of a CPU that the Service VM has switched off
 * @unused: RSI
 *
 * Return: 0, also if there is no such CPU; -1 for the boot CPU.
 */
s64 hc_offline_cpu(struct cpu *cpu, u64 apic_id, u64 unused)
{
	struct cpu *target;

	note(cpu, " lapic=%lu", apic_id);
	if (apic_id == SERVICE_BSP)
		return -1;
	if (!apic_id || apic_id >= MAX_CPUS)
		return 0;
	target = &cpus[apic_id];
	if (!target->online || target->for_users)
		return 0;
	if (target == cpu) {
		complain("SOS_OFFLINE_CPU: cpu%u gives itself away", cpu->id);
		WRITE_ONCE(cpu->park, true);
	} else if (READ_ONCE(target->in_service)) {
		service_cpu_park(target);
		if (target->service_vmcb.rflags & RFLAGS_IF)
			complain("SOS_OFFLINE_CPU: cpu%lu was still in use", apic_id);
	}
	target->for_users = true;
	return 0;
}
