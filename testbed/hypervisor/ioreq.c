// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * I/O requests: the page of slots shared with the Service VM, the upcall, and
 * the hypercalls about them.
 *
 * FREE and COMPLETE slots belong to the hypervisor, PENDING and PROCESSING ones
 * to the Service VM.  A slot's state is always written last.  The Service VM
 * maps the page to user space, so nothing in it is trusted.
 */
#include "config.h"
#include "report.h"
#include "generation.h"
#include "abi.h"
#include "cpu.h"
#include "ram.h"
#include "vms.h"
#include "ioreq.h"

#define VECTOR_FIRST	0x20
#define VECTOR_LAST	0xff
#define POLL_US		50	/* between two looks at a slot in polling mode */

static u32 upcall_vector = DEFAULT_UPCALL_VECTOR;

/**
 * ioreq_slots() - a VM's page of slots
 * @vm: the VM, whose page is set
 *
 * Return: the slots.
 */
struct ioreq_slot *ioreq_slots(struct vm *vm)
{
	return (struct ioreq_slot *)vm->ioreq_gpa;
}

/**
 * ioreq_free_all() - all slots become FREE
 * @vm: the VM, whose page is set
 */
void ioreq_free_all(struct vm *vm)
{
	u32 i;

	for (i = 0; i < IOREQ_SLOTS; i++)
		store_release(ioreq_slots(vm)[i].processed, REQ_FREE);
}

/**
 * hc_set_ioreq_buffer() - HC_SET_IOREQ_BUFFER
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_set_ioreq_buffer
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if it is not CREATED or an address is
 * bad.
 */
s64 hc_set_ioreq_buffer(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "SET_IOREQ_BUFFER");
	struct hc_set_ioreq_buffer *block;
	u64 gpa;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "SET_IOREQ_BUFFER's block");
	if (!block)
		return -1;
	gpa = block->gpa;
	note(cpu, " page=0x%lx", gpa);
	if (!param_block(gpa, PAGE_SIZE, "the I/O request page") ||
	    vm->state != TESTBED_VM_CREATED)
		return -1;
	if (gpa & ~PAGE_MASK)
		complain("the I/O request page at 0x%lx is not aligned", gpa);
	vm->ioreq_gpa = gpa & PAGE_MASK;
	ioreq_free_all(vm);
	return 0;
}

/**
 * hc_notify_request_finish() - HC_NOTIFY_REQUEST_FINISH
 * @cpu: the caller
 * @vmid: the VM
 * @vcpu_id: the vCPU whose request is COMPLETE
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if it has no such vCPU or must not be
 * touched.
 */
s64 hc_notify_request_finish(struct cpu *cpu, u64 vmid, u64 vcpu_id)
{
	struct vm *vm = vm_get(vmid, "NOTIFY_REQUEST_FINISH");
	struct vcpu *vcpu;
	u32 state;

	note(cpu, " vcpu=%lu", vcpu_id);
	if (!vm)
		return generation->no_vm;
	if (vm_outranks(vm) && !(vm->flags & VM_FLAG_POLLING))
		return -1;
	if (!vm->ioreq_gpa || vcpu_id >= load_acquire(vm->vcpu_count)) {
		complain("NOTIFY_REQUEST_FINISH: vm%lu has no vcpu%lu or no page", vmid, vcpu_id);
		return -1;
	}
	if (vm->flags & VM_FLAG_POLLING)
		return 0;
	vcpu = &vm->vcpus[vcpu_id];
	state = load_acquire(ioreq_slots(vm)[vcpu_id].processed);
	if (!load_acquire(vcpu->io.active) || READ_ONCE(vcpu->io.notified)) {
		complain("NOTIFY_REQUEST_FINISH: vm%lu vcpu%lu waits for nothing", vmid, vcpu_id);
	} else if (state != REQ_COMPLETE) {
		complain("NOTIFY_REQUEST_FINISH: vm%lu vcpu%lu: the slot is in state %u",
			 vmid, vcpu_id, state);
	} else {
		store_release(vcpu->io.notified, true);
		kick_cpu(vcpu->cpu);
	}
	return 0;
}

/**
 * hc_set_callback_vector() - HC_SET_CALLBACK_VECTOR
 * @cpu: the caller
 * @vector: of the upcall
 * @unused: RSI
 *
 * Return: 0; -EINVAL if it is none for interrupts.
 */
s64 hc_set_callback_vector(struct cpu *cpu, u64 vector, u64 unused)
{
	note(cpu, " vector=0x%lx", vector);
	if (vector < VECTOR_FIRST || vector > VECTOR_LAST)
		return -EINVAL;
	WRITE_ONCE(upcall_vector, vector);
	return 0;
}

/**
 * send_upcall() - interrupt the Service VM's first CPU
 */
void send_upcall(void)
{
	send_ipi(SERVICE_BSP, ICR_FIXED | READ_ONCE(upcall_vector));
}

/**
 * ioreq_post() - hand an access to the Service VM; the vCPU then waits
 * @vcpu: the vCPU; @io says direction and size
 * @type: kind of request
 * @address: port or GPA
 * @value: what the guest writes
 *
 * Where ACRN fails the access (the slot is not FREE), the guest reads all ones.
 */
void ioreq_post(struct vcpu *vcpu, enum ioreq_type type, u64 address, u64 value)
{
	struct ioreq_slot *slot = &ioreq_slots(vcpu->vm)[vcpu->id];
	struct io_access *io = &vcpu->io;
	bool polling = vcpu->vm->flags & VM_FLAG_POLLING;
	u32 state = load_acquire(slot->processed);

	io->active = true;
	vcpu->wait = VCPU_IOREQ;
	if (state != REQ_FREE) {
		if (!io->failed)
			complain("vm%u vcpu%u: its slot is not FREE but in state %u",
				 vcpu->vm->vmid, vcpu->id, state);
		io->failed = true;
		return;
	}
	io->failed = false;
	slot->type = type;
	slot->completion_polling = polling;
	slot->direction = io->in ? REQ_READ : REQ_WRITE;
	slot->address = address;
	slot->size = io->size;
	if (io->in)
		value = 0;
	/* To memory, ACRN has in the upper bytes whatever the instruction left there. */
	if (type == REQ_PORTIO)
		*(u32 *)&slot->value = value & (BIT(io->size * 8) - 1);
	else
		slot->value = value;
	store_release(io->notified, false);
	store_release(slot->processed, REQ_PENDING);
	send_upcall();
}

/**
 * ioreq_finished() - has the Service VM answered?
 * @vcpu: the vCPU, which waits
 * @value: what a read got
 *
 * Return: false to wait on.
 */
bool ioreq_finished(struct vcpu *vcpu, u64 *value)
{
	struct ioreq_slot *slot = &ioreq_slots(vcpu->vm)[vcpu->id];
	struct io_access *io = &vcpu->io;
	bool polling = vcpu->vm->flags & VM_FLAG_POLLING;

	if (io->failed) {
		*value = ~0UL;
	} else {
		if (!polling && !load_acquire(io->notified))
			return false;
		if (load_acquire(slot->processed) != REQ_COMPLETE) {
			store_release(io->notified, false);
			return false;
		}
		*value = READ_ONCE(slot->value);
		store_release(slot->processed, REQ_FREE);
	}
	store_release(io->active, false);
	return true;
}

/**
 * ioreq_look_again() - when to look for the Service VM's answer
 * @vcpu: the vCPU that waits for it
 *
 * Return: the TSC's value then; 0: when told.
 */
u64 ioreq_look_again(const struct vcpu *vcpu)
{
	return vcpu->vm->flags & VM_FLAG_POLLING ? tsc_after(POLL_US) : 0;
}
