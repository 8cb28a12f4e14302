// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: the life of a User VM, in ioctls.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vm.h"

#define HUGEPAGE_SIZE	(2UL << 20)

const char *vm_node = "/dev/acrn_hsm";

const uint8_t vm_default_uuid[16] = {
	0xd2, 0x79, 0x54, 0x38, 0x25, 0xd6, 0x11, 0xe8,
	0x86, 0x4e, 0xcb, 0x7a, 0x18, 0xb3, 0x46, 0x43,
};

/**
 * vm_create() - create a VM with its vCPUs
 * @vm: filled in
 * @uuid: of the VM's configuration in the hypervisor
 * @vcpus: how many
 *
 * The I/O request page is ordinary memory of ours.  The driver pins it and
 * shares it with the hypervisor; it must stay where it is.
 */
void vm_create(struct vm *vm, const uint8_t uuid[16], unsigned int vcpus)
{
	struct acrn_create_vm create = { .vcpu_num = vcpus };
	unsigned int i;

	vm->fd = open(vm_node, O_RDWR | O_CLOEXEC);
	if (vm->fd < 0)
		err(1, "%s", vm_node);

	vm->slots = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->slots == MAP_FAILED)
		err(1, "I/O request page");

	memcpy(create.uuid, uuid, sizeof(create.uuid));
	create.req_buf = (uintptr_t)vm->slots;
	if (ioctl(vm->fd, IC_CREATE_VM, &create))
		err(1, "IC_CREATE_VM");
	vm->id = create.vmid;

	for (i = 0; i < vcpus; i++) {
		struct acrn_create_vcpu vcpu = { .vcpu_id = i };

		if (ioctl(vm->fd, IC_CREATE_VCPU, &vcpu))
			err(1, "IC_CREATE_VCPU %u", i);
	}
	vm->vcpus = vcpus;
}

/**
 * vm_add_memory() - give the VM its RAM
 * @vm: a VM without
 * @size: bytes, a multiple of 2 MiB
 * @hugepages: take huge pages, and nothing else
 *
 * Without @hugepages, huge pages are taken if there are enough, and ordinary
 * memory is asked to be huge where it can: what is contiguous takes fewer
 * hypercalls to map, and the hypervisor maps it in larger pieces.
 */
void vm_add_memory(struct vm *vm, size_t size, bool hugepages)
{
	struct acrn_memseg seg = {
		.type = ACRN_MEMSEG_RAM,
		.gpa = 0,
		.len = size,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC,
	};

	vm->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (vm->memory == MAP_FAILED && hugepages)
		err(1, "%zu huge pages", size / HUGEPAGE_SIZE);
	if (vm->memory == MAP_FAILED) {
		vm->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (vm->memory == MAP_FAILED)
			err(1, "%zu bytes of memory", size);
		madvise(vm->memory, size, MADV_HUGEPAGE);
	}
	vm->memory_size = size;

	seg.base = (uintptr_t)vm->memory;
	if (ioctl(vm->fd, IC_SET_MEMSEG, &seg))
		err(1, "IC_SET_MEMSEG of %zu bytes", size);
}

/**
 * vm_set_regs() - say how the first vCPU starts
 * @vm: a VM that does not run
 * @regs: the state
 */
void vm_set_regs(struct vm *vm, const struct acrn_vcpu_regs *regs)
{
	struct acrn_set_vcpu_regs set = { .vcpu_id = 0, .vcpu_regs = *regs };

	if (ioctl(vm->fd, IC_SET_VCPU_REGS, &set))
		err(1, "IC_SET_VCPU_REGS");
}

/**
 * vm_start() - let the VM run
 * @vm: a VM with memory and registers
 *
 * There is a client before, so that no request has to wait for one.  It stays
 * when the VM is reset.
 */
void vm_start(struct vm *vm)
{
	if (!vm->client) {
		vm->client = ioctl(vm->fd, IC_CREATE_IOREQ_CLIENT, 0);
		if (vm->client <= 0)
			err(1, "IC_CREATE_IOREQ_CLIENT");
	}
	if (ioctl(vm->fd, IC_START_VM, 0))
		err(1, "IC_START_VM");
}

/**
 * vm_reset() - bring the VM back to where registers are set and it is started
 * @vm: a VM that was started
 *
 * The request that asked for the reset is not answered but forgotten, with all
 * others.  Memory, vCPUs, the client and eventfds stay.
 */
void vm_reset(struct vm *vm)
{
	if (ioctl(vm->fd, IC_PAUSE_VM, 0))
		err(1, "IC_PAUSE_VM");
	if (ioctl(vm->fd, IC_CLEAR_VM_IOREQ, 0))
		err(1, "IC_CLEAR_VM_IOREQ");
	if (ioctl(vm->fd, IC_RESET_VM, 0))
		err(1, "IC_RESET_VM");
}

/**
 * vm_set_irqline() - change an interrupt line
 * @vm: the VM
 * @gsi: global system interrupt
 * @op: ACRN_IRQLINE_HIGH...
 */
void vm_set_irqline(struct vm *vm, unsigned int gsi, unsigned int op)
{
	if (ioctl(vm->fd, IC_SET_IRQLINE, ACRN_IRQLINE(gsi, op)))
		warn("IC_SET_IRQLINE of line %u", gsi);
}

/**
 * vm_ioeventfd() - have writes to an address signal an eventfd, or no longer
 * @vm: the VM
 * @event: the eventfd
 * @gpa: guest-physical address
 * @size: of the write, bytes
 * @assign: or the opposite
 *
 * Return: whether that worked.
 */
bool vm_ioeventfd(struct vm *vm, int event, uint64_t gpa, uint32_t size,
		  bool assign)
{
	struct acrn_ioeventfd argument = {
		.fd = event,
		.flags = assign ? 0 : ACRN_IOEVENTFD_DEASSIGN,
		.addr = gpa,
		.len = size,
	};

	if (!ioctl(vm->fd, IC_EVENT_IOEVENTFD, &argument))
		return true;
	warn("IC_EVENT_IOEVENTFD at %#llx", (unsigned long long)gpa);
	return false;
}

/**
 * vm_irqfd() - have signals of an eventfd inject an MSI, or no longer
 * @vm: the VM
 * @event: the eventfd
 * @msi: the MSI, or NULL: no longer
 *
 * Return: whether that worked.
 */
bool vm_irqfd(struct vm *vm, int event, const struct acrn_msi_entry *msi)
{
	struct acrn_irqfd argument = {
		.fd = event,
		.flags = msi ? 0 : ACRN_IRQFD_DEASSIGN,
	};

	if (msi)
		argument.msi = *msi;
	if (!ioctl(vm->fd, IC_EVENT_IRQFD, &argument))
		return true;
	warn("IC_EVENT_IRQFD");
	return false;
}

/**
 * vm_destroy() - stop the VM and give back what it has
 * @vm: a VM that was started
 */
void vm_destroy(struct vm *vm)
{
	if (ioctl(vm->fd, IC_PAUSE_VM, 0))
		warn("IC_PAUSE_VM");
	if (ioctl(vm->fd, IC_DESTROY_IOREQ_CLIENT, (long)vm->client))
		warn("IC_DESTROY_IOREQ_CLIENT");
	if (ioctl(vm->fd, IC_DESTROY_VM, 0))
		err(1, "IC_DESTROY_VM");
	close(vm->fd);
	munmap(vm->memory, vm->memory_size);
}

/**
 * vm_memory() - where guest memory is in ours
 * @vm: a VM with memory
 * @gpa: guest-physical address
 * @size: bytes
 *
 * Return: a pointer, or NULL if not all of that is RAM of the VM.
 */
void *vm_memory(struct vm *vm, uint64_t gpa, uint64_t size)
{
	if (gpa > vm->memory_size || size > vm->memory_size - gpa)
		return NULL;
	return vm->memory + gpa;
}

/**
 * vm_must_have() - memory without which nothing can start
 * @vm: a VM with memory
 * @gpa: guest-physical address
 * @size: bytes
 *
 * Return: a pointer.
 */
void *vm_must_have(struct vm *vm, uint64_t gpa, uint64_t size)
{
	void *p = vm_memory(vm, gpa, size);

	if (!p)
		errx(1, "the guest does not fit: %#llx bytes at %#llx",
		     (unsigned long long)size, (unsigned long long)gpa);
	return p;
}
