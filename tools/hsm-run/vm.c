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

#include <linux/acrn/acrn_a2_defs.h>

#include "vm.h"

#define HUGEPAGE_SIZE	(2UL << 20)

const char *vm_node = "/dev/acrn_hsm";
bool vm_linux_abi;
uint64_t vm_cpus;

const uint8_t vm_default_uuid[16] = {
	0xd2, 0x79, 0x54, 0x38, 0x25, 0xd6, 0x11, 0xe8,
	0x86, 0x4e, 0xcb, 0x7a, 0x18, 0xb3, 0x46, 0x43,
};

/**
 * struct vm_calls - the ioctls of one of the two contracts
 * @create_client: as its name; so are those that follow
 * @destroy_client: -
 * @start: -
 * @pause: -
 * @reset: -
 * @clear: -
 * @destroy: -
 * @irqline: -
 * @ioeventfd: -
 * @irqfd: -
 * @create: create the VM with its vCPUs, and say whether that worked
 * @set_memory: give it all of its RAM, from address 0 on
 * @set_regs: say how the first vCPU starts
 * @notify: a request is answered
 *
 * The last four have structures of their own in each of them.
 */
struct vm_calls {
	unsigned int create_client, destroy_client, start, pause, reset, clear;
	unsigned int destroy, irqline, ioeventfd, irqfd;
	bool (*create)(struct vm *vm, const uint8_t uuid[16], unsigned int vcpus);
	int (*set_memory)(struct vm *vm);
	int (*set_regs)(struct vm *vm, const struct acrn_vcpu_regs *regs);
	int (*notify)(struct vm *vm, unsigned int vcpu);
};

/*
 * Hypervisors since v1.4 make the vCPUs with the VM, and say in vcpu_num how many;
 * IC_CREATE_VCPU does no harm then.
 */
static bool plain_create(struct vm *vm, const uint8_t uuid[16],
			 unsigned int vcpus)
{
	struct acrn_create_vm create = {
		.vcpu_num = vcpus,
		.req_buf = (uintptr_t)vm->slots,
		.cpu_affinity = vm_cpus,
	};
	unsigned int i;

	memcpy(create.uuid, uuid, sizeof(create.uuid));
	if (ioctl(vm->fd, IC_CREATE_VM, &create))
		return false;
	vm->id = create.vmid;
	vm->vcpus = create.vcpu_num;

	for (i = 0; i < vm->vcpus; i++) {
		struct acrn_create_vcpu vcpu = { .vcpu_id = i };

		if (ioctl(vm->fd, IC_CREATE_VCPU, &vcpu))
			err(1, "CREATE_VCPU %u", i);
	}
	return true;
}

static int plain_set_memory(struct vm *vm)
{
	struct acrn_memseg seg = {
		.type = ACRN_MEMSEG_RAM,
		.gpa = 0,
		.base = (uintptr_t)vm->memory,
		.len = vm->memory_size,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC,
	};

	return ioctl(vm->fd, IC_SET_MEMSEG, &seg);
}

static int plain_set_regs(struct vm *vm, const struct acrn_vcpu_regs *regs)
{
	struct acrn_set_vcpu_regs set = { .vcpu_id = 0, .vcpu_regs = *regs };

	return ioctl(vm->fd, IC_SET_VCPU_REGS, &set);
}

static int plain_notify(struct vm *vm, unsigned int vcpu)
{
	struct acrn_ioreq_notify notify = {
		.client_id = vm->client,
		.vcpu = vcpu,
	};

	return ioctl(vm->fd, IC_NOTIFY_REQUEST_FINISH, &notify);
}

static const struct vm_calls plain_calls = {
	.create_client = IC_CREATE_IOREQ_CLIENT,
	.destroy_client = IC_DESTROY_IOREQ_CLIENT,
	.start = IC_START_VM,
	.pause = IC_PAUSE_VM,
	.reset = IC_RESET_VM,
	.clear = IC_CLEAR_VM_IOREQ,
	.destroy = IC_DESTROY_VM,
	.irqline = IC_SET_IRQLINE,
	.ioeventfd = IC_EVENT_IOEVENTFD,
	.irqfd = IC_EVENT_IRQFD,
	.create = plain_create,
	.set_memory = plain_set_memory,
	.set_regs = plain_set_regs,
	.notify = plain_notify,
};

static bool linux_create(struct vm *vm, const uint8_t uuid[16],
			 unsigned int vcpus)
{
	struct acrn_a2_create_vm create = {
		.ioreq_buf = (uintptr_t)vm->slots,
		.cpu_affinity = vm_cpus,
	};

	(void)vcpus;
	memcpy(create.name, uuid, sizeof(create.name));
	if (ioctl(vm->fd, ACRN_A2_CREATE_VM, &create))
		return false;
	vm->id = create.vmid;
	vm->vcpus = create.vcpu_num;
	return true;
}

static int linux_set_memory(struct vm *vm)
{
	struct acrn_a2_memmap map = {
		.type = ACRN_A2_MEMMAP_RAM,
		.attr = ACRN_A2_MEMMAP_READ | ACRN_A2_MEMMAP_WRITE |
			ACRN_A2_MEMMAP_EXEC,
		.user_vm_pa = 0,
		.base = (uintptr_t)vm->memory,
		.len = vm->memory_size,
	};

	return ioctl(vm->fd, ACRN_A2_SET_MEMSEG, &map);
}

static int linux_set_regs(struct vm *vm, const struct acrn_vcpu_regs *regs)
{
	struct acrn_a2_set_vcpu_regs set = { .vcpu_id = 0 };

	memcpy(set.vcpu_regs, regs, sizeof(set.vcpu_regs));
	return ioctl(vm->fd, ACRN_A2_SET_VCPU_REGS, &set);
}

static int linux_notify(struct vm *vm, unsigned int vcpu)
{
	struct acrn_a2_ioreq_notify notify = { .vmid = vm->id, .vcpu = vcpu };

	return ioctl(vm->fd, ACRN_A2_NOTIFY_REQUEST_FINISH, &notify);
}

static const struct vm_calls linux_calls = {
	.create_client = ACRN_A2_CREATE_IOREQ_CLIENT,
	.destroy_client = ACRN_A2_DESTROY_IOREQ_CLIENT,
	.start = ACRN_A2_START_VM,
	.pause = ACRN_A2_PAUSE_VM,
	.reset = ACRN_A2_RESET_VM,
	.clear = ACRN_A2_CLEAR_VM_IOREQ,
	.destroy = ACRN_A2_DESTROY_VM,
	.irqline = ACRN_A2_SET_IRQLINE,
	.ioeventfd = ACRN_A2_IOEVENTFD,
	.irqfd = ACRN_A2_IRQFD,
	.create = linux_create,
	.set_memory = linux_set_memory,
	.set_regs = linux_set_regs,
	.notify = linux_notify,
};

/**
 * vm_create() - create a VM with its vCPUs
 * @vm: filled in
 * @uuid: of the VM's configuration in the hypervisor
 * @vcpus: how many, if the hypervisor does not decide
 *
 * The I/O request page is ordinary memory of ours.  The driver pins it and
 * shares it with the hypervisor; it must stay where it is.
 */
void vm_create(struct vm *vm, const uint8_t uuid[16], unsigned int vcpus)
{
	vm->calls = vm_linux_abi ? &linux_calls : &plain_calls;
	vm->fd = open(vm_node, O_RDWR | O_CLOEXEC);
	if (vm->fd < 0)
		err(1, "%s", vm_node);

	vm->slots = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm->slots == MAP_FAILED)
		err(1, "I/O request page");

	if (!vm->calls->create(vm, uuid, vcpus))
		err(1, "CREATE_VM");
	if (!vm->vcpus)
		errx(1, "the hypervisor made no vCPUs: it wants --abi plain");
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

	if (vm->calls->set_memory(vm))
		err(1, "SET_MEMSEG of %zu bytes", size);
}

/**
 * vm_set_regs() - say how the first vCPU starts
 * @vm: a VM that does not run
 * @regs: the state
 */
void vm_set_regs(struct vm *vm, const struct acrn_vcpu_regs *regs)
{
	if (vm->calls->set_regs(vm, regs))
		err(1, "SET_VCPU_REGS");
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
	if (!vm->has_client) {
		vm->client = ioctl(vm->fd, vm->calls->create_client, 0);
		if (vm->client < 0)
			err(1, "CREATE_IOREQ_CLIENT");
		vm->has_client = true;
	}
	if (ioctl(vm->fd, vm->calls->start, 0))
		err(1, "START_VM");
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
	if (ioctl(vm->fd, vm->calls->pause, 0))
		err(1, "PAUSE_VM");
	if (ioctl(vm->fd, vm->calls->clear, 0))
		err(1, "CLEAR_VM_IOREQ");
	if (ioctl(vm->fd, vm->calls->reset, 0))
		err(1, "RESET_VM");
}

/**
 * vm_request_is_ours() - is there a request for us in a slot?
 * @vm: the VM
 * @vcpu: the slot
 *
 * A slot has the id of the client that is to handle its request; in Linux's contract
 * it has 0 where that is the device model.
 *
 * Return: whether there is.
 */
bool vm_request_is_ours(struct vm *vm, unsigned int vcpu)
{
	struct acrn_io_request *slot = &vm->slots[vcpu];

	return __atomic_load_n(&slot->processed, __ATOMIC_ACQUIRE) ==
	       ACRN_IOREQ_PROCESSING && slot->client == vm->client;
}

/**
 * vm_finish_request() - a request is answered
 * @vm: the VM
 * @vcpu: its slot
 */
void vm_finish_request(struct vm *vm, unsigned int vcpu)
{
	if (vm->calls->notify(vm, vcpu))
		err(1, "NOTIFY_REQUEST_FINISH");
}

/**
 * vm_set_irqline() - change an interrupt line
 * @vm: the VM
 * @gsi: global system interrupt
 * @op: ACRN_IRQLINE_HIGH...
 */
void vm_set_irqline(struct vm *vm, unsigned int gsi, unsigned int op)
{
	if (ioctl(vm->fd, vm->calls->irqline, ACRN_IRQLINE(gsi, op)))
		warn("SET_IRQLINE of line %u", gsi);
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

	if (!ioctl(vm->fd, vm->calls->ioeventfd, &argument))
		return true;
	warn("EVENT_IOEVENTFD at %#llx", (unsigned long long)gpa);
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
	if (!ioctl(vm->fd, vm->calls->irqfd, &argument))
		return true;
	warn("EVENT_IRQFD");
	return false;
}

/**
 * vm_assign() - take a PCI device from the Service VM
 * @vm: the VM that gets it, not running
 * @bdf: the device: bus << 8 | device << 3 | function
 *
 * Return: whether that worked; errno says why not.
 */
bool vm_assign(struct vm *vm, uint16_t bdf)
{
	return !ioctl(vm->fd, IC_ASSIGN_PTDEV, &bdf);
}

/**
 * vm_deassign() - give it back
 * @vm: the VM that has it, not running
 * @bdf: the device
 */
void vm_deassign(struct vm *vm, uint16_t bdf)
{
	if (ioctl(vm->fd, IC_DEASSIGN_PTDEV, &bdf))
		warn("DEASSIGN_PTDEV of %#x", bdf);
}

/**
 * vm_set_interrupt() - have the hypervisor pass a device's interrupts on, or no longer
 * @vm: the VM that has the device, not running
 * @irq: which
 * @set: or the opposite
 *
 * Return: whether that worked.
 */
bool vm_set_interrupt(struct vm *vm, struct acrn_ptdev_irq *irq, bool set)
{
	if (!ioctl(vm->fd, set ? IC_SET_PTDEV_INTR_INFO : IC_RESET_PTDEV_INTR_INFO,
		   irq))
		return true;
	warn("%sSET_PTDEV_INTR_INFO of %#x, type %u", set ? "" : "RE", irq->phys_bdf,
	     irq->type);
	return false;
}

/**
 * vm_map_mmio() - let the guest reach a device's memory, or no longer
 * @vm: the VM that has the device
 * @gpa: guest-physical address, page aligned
 * @hpa: physical address, page aligned
 * @size: bytes, a multiple of the page size
 * @map: or the opposite
 *
 * Return: whether that worked.
 */
bool vm_map_mmio(struct vm *vm, uint64_t gpa, uint64_t hpa, uint64_t size, bool map)
{
	struct acrn_memseg seg = {
		.type = ACRN_MEMSEG_MMIO,
		.gpa = gpa,
		.base = hpa,
		.len = size,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE,
	};

	if (!ioctl(vm->fd, map ? IC_SET_MEMSEG : IC_UNSET_MEMSEG, &seg))
		return true;
	warn("%sSET_MEMSEG of a device's memory at %#llx", map ? "" : "UN",
	     (unsigned long long)gpa);
	return false;
}

/**
 * vm_stop() - the guest runs no more
 * @vm: a VM that was started
 */
void vm_stop(struct vm *vm)
{
	if (ioctl(vm->fd, vm->calls->pause, 0))
		warn("PAUSE_VM");
}

/**
 * vm_destroy() - give back what the VM has
 * @vm: a VM that was stopped
 */
void vm_destroy(struct vm *vm)
{
	if (ioctl(vm->fd, vm->calls->destroy_client, (long)vm->client))
		warn("DESTROY_IOREQ_CLIENT");
	if (ioctl(vm->fd, vm->calls->destroy, 0))
		err(1, "DESTROY_VM");
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
