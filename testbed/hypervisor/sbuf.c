// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Rings in the Service VM's memory, of which the hypervisor is the writer: tokens of
 * asynchronous I/O, and VM events (v3.3).  ACRN believes what it finds in them; here
 * that is checked, since a ring that user space can write is a ring with which it
 * writes anywhere.
 */
#include "generation.h"
#include "report.h"
#include "abi.h"
#include "ram.h"
#include "vms.h"
#include "ioreq.h"
#include "sbuf.h"

/**
 * sbuf_begin() - a VM begins without rings
 * @vm: the VM
 *
 * As in ACRN the asynchronous addresses stay, if nobody took them away.
 */
void sbuf_begin(struct vm *vm)
{
	spin_lock(&vm->sbuf_lock);
	vm->asyncio_ring = 0;
	vm->event_ring = 0;
	spin_unlock(&vm->sbuf_lock);
}

/**
 * sbuf_end() - a VM is destroyed
 * @vm: the VM
 */
void sbuf_end(struct vm *vm)
{
	u32 i, left = 0;

	for (i = 0; i < ASYNCIO_MAX; i++)
		left += vm->asyncio[i].type != 0;
	if (left)
		complain("DESTROY_VM: vm%u leaves %u asynchronous addresses to the next VM in its place",
			 vm->vmid, left);
}

/**
 * sbuf_forget() - as after a reboot: nobody has left anything
 */
void sbuf_forget(void)
{
	u32 i;

	for (i = 0; i < TESTBED_MAX_VMS; i++)
		if (vms[i].state == TESTBED_VM_OFF)
			memset(vms[i].asyncio, 0, sizeof(vms[i].asyncio));
}

static bool is_sane(const struct sbuf *ring)
{
	u32 size = READ_ONCE(ring->size), element = READ_ONCE(ring->element_size);

	return READ_ONCE(ring->magic) == SBUF_MAGIC && element &&
	       size <= PAGE_SIZE - sizeof(*ring) &&
	       size == READ_ONCE(ring->element_count) * element &&
	       READ_ONCE(ring->head) < size && READ_ONCE(ring->tail) < size;
}

/* Return: false if it is full. */
static bool put_locked(u64 gpa, const void *element, u32 size)
{
	struct sbuf *ring = (struct sbuf *)gpa;
	u32 tail = READ_ONCE(ring->tail), next = tail + size;

	if (!is_sane(ring) || READ_ONCE(ring->element_size) != size || next > ring->size) {
		complain("the ring at 0x%lx: somebody has changed its head", gpa);
		return true;
	}
	if (next == ring->size)
		next = 0;
	if (next == load_acquire(ring->head))
		return false;
	memcpy((u8 *)(ring + 1) + tail, element, size);
	store_release(ring->tail, next);
	return true;
}

/**
 * hc_setup_sbuf() - HC_SETUP_SBUF
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_sbuf
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if it is no such ring.
 */
s64 hc_setup_sbuf(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "SETUP_SBUF");
	const struct hc_sbuf *block;
	struct hc_sbuf p;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "SETUP_SBUF's block");
	if (!block)
		return -1;
	p = *block;
	note(cpu, " id=%u page=0x%lx", p.id, p.gpa);
	if (!p.gpa || (p.id != SBUF_ASYNCIO && p.id != SBUF_VM_EVENT) ||
	    !param_block(p.gpa, PAGE_SIZE, "a ring") ||
	    ((const struct sbuf *)p.gpa)->magic != SBUF_MAGIC)
		return -1;
	if (!is_sane((const struct sbuf *)p.gpa))
		complain("SETUP_SBUF: vm%lu: the ring's head makes no sense", vmid);
	spin_lock(&vm->sbuf_lock);
	if (p.id == SBUF_ASYNCIO)
		vm->asyncio_ring = p.gpa;
	else
		vm->event_ring = p.gpa;
	spin_unlock(&vm->sbuf_lock);
	return 0;
}

static bool is_same(const struct asyncio *a, const struct hc_asyncio *b)
{
	return a->type == b->type && a->address == b->address &&
	       a->match_data == !!b->match_data && (!a->match_data || a->data == b->data);
}

static struct asyncio *find_locked(struct vm *vm, const struct hc_asyncio *p)
{
	u32 i;

	for (i = 0; i < ASYNCIO_MAX; i++)
		if (is_same(&vm->asyncio[i], p))
			return &vm->asyncio[i];
	return NULL;
}

static s64 change_asyncio(struct cpu *cpu, u64 vmid, u64 param, bool add)
{
	static const struct hc_asyncio unused;
	struct vm *vm = vm_get(vmid, add ? "ASYNCIO_ASSIGN" : "ASYNCIO_DEASSIGN");
	const struct hc_asyncio *block;
	struct asyncio *entry;
	struct hc_asyncio p;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "ASYNCIO's block");
	if (!block)
		return -1;
	p = *block;
	note(cpu, " type=%u addr=0x%lx token=0x%lx", p.type, p.address, p.token);
	spin_lock(&vm->sbuf_lock);
	entry = p.address && p.type ? find_locked(vm, &p) : NULL;
	if (add && p.address && p.type && !entry) {
		entry = find_locked(vm, &unused);
		if (entry)
			*entry = (struct asyncio) {
				.type = p.type,
				.match_data = p.match_data,
				.address = p.address,
				.token = p.token,
				.data = p.data,
			};
	} else if (!add && entry) {
		memset(entry, 0, sizeof(*entry));
	}
	spin_unlock(&vm->sbuf_lock);
	return 0;
}

/**
 * hc_asyncio_assign() - HC_ASYNCIO_ASSIGN
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_asyncio
 *
 * Return: 0, also if nothing was added: no room, or it conflicts; generation->no_vm if the
 * VM is off; -1 if the address is bad.
 */
s64 hc_asyncio_assign(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_asyncio(cpu, vmid, param, true);
}

/**
 * hc_asyncio_deassign() - HC_ASYNCIO_DEASSIGN
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_asyncio
 *
 * Return: 0, also if there is no such; generation->no_vm if the VM is off; -1 if the
 * address is bad.
 */
s64 hc_asyncio_deassign(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_asyncio(cpu, vmid, param, false);
}

/**
 * asyncio_write() - a guest writes to a device
 * @vm: the VM
 * @type: ASYNCIO_PIO or ASYNCIO_MMIO
 * @address: where
 * @value: what
 *
 * Return: what became of it.
 */
enum asyncio_result asyncio_write(struct vm *vm, u32 type, u64 address, u64 value)
{
	enum asyncio_result result = ASYNCIO_NONE;
	const struct asyncio *entry;
	u32 i;

	if (!READ_ONCE(vm->asyncio_ring))
		return ASYNCIO_NONE;
	spin_lock(&vm->sbuf_lock);
	for (i = 0; result == ASYNCIO_NONE && i < ASYNCIO_MAX; i++) {
		entry = &vm->asyncio[i];
		if (entry->type != type || entry->address != address ||
		    (entry->match_data && entry->data != value))
			continue;
		result = put_locked(vm->asyncio_ring, &entry->token, sizeof(entry->token)) ?
			 ASYNCIO_SENT : ASYNCIO_FULL;
	}
	spin_unlock(&vm->sbuf_lock);
	if (result == ASYNCIO_SENT)
		send_upcall();
	return result;
}

/**
 * vm_event_send() - tell the Service VM of something
 * @vm: the VM of which
 * @type: VM_EVENT_*
 *
 * Return: false if there is no ring, or it is full.
 */
bool vm_event_send(struct vm *vm, u32 type)
{
	struct vm_event event = { .type = type };
	bool sent;

	spin_lock(&vm->sbuf_lock);
	sent = vm->event_ring && put_locked(vm->event_ring, &event, sizeof(event));
	spin_unlock(&vm->sbuf_lock);
	if (sent)
		send_upcall();
	return sent;
}
