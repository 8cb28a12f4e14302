// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * This driver, by the numbers of 2019.
 */
#include <fcntl.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/acrn/acrn_ioctl_defs.h>
#include <testbed_control.h>

#include "bench.h"

const char *const driver_name = "ours";
const bool driver_is_ours = true, driver_is_floor;

static const uint8_t uuids[][16] = TESTBED_UUIDS;

int drv_open(void)
{
	return open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
}

void drv_io_page(struct vm *vm)
{
	vm->slots = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	CHECK(vm->slots == MAP_FAILED);
}

int drv_create(struct vm *vm)
{
	struct acrn_create_vm create = { .vcpu_num = 1, .req_buf = (uintptr_t)vm->slots };

	memcpy(create.uuid, uuids[vm->config], sizeof(create.uuid));
	if (ioctl(vm->fd, IC_CREATE_VM, &create))
		return -1;
	vm->vmid = create.vmid;
	return 0;
}

int drv_create_vcpu(struct vm *vm)
{
	struct acrn_create_vcpu create = { 0 };

	return ioctl(vm->fd, IC_CREATE_VCPU, &create);
}

int drv_destroy(struct vm *vm)
{
	return ioctl(vm->fd, IC_DESTROY_VM, 0);
}

int drv_close(struct vm *vm)
{
	return close(vm->fd);
}

int drv_start(struct vm *vm)
{
	return ioctl(vm->fd, IC_START_VM, 0);
}

int drv_pause(struct vm *vm)
{
	return ioctl(vm->fd, IC_PAUSE_VM, 0);
}

int drv_set_regs(struct vm *vm, const struct vcpu_regs *regs)
{
	return ioctl(vm->fd, IC_SET_VCPU_REGS, regs);
}

int drv_inject_msi(struct vm *vm, const uint64_t msi[2])
{
	return ioctl(vm->fd, IC_INJECT_MSI, msi);
}

int drv_set_irqline(struct vm *vm, uint64_t line)
{
	return ioctl(vm->fd, IC_SET_IRQLINE, line);
}

int drv_map(struct vm *vm, uint64_t gpa, void *p, size_t len)
{
	struct acrn_memseg seg = {
		.type = ACRN_MEMSEG_RAM,
		.using_vma = 1,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC,
		.gpa = gpa,
		.base = (uintptr_t)p,
		.len = len,
	};

	return ioctl(vm->fd, IC_SET_MEMSEG, &seg);
}

int drv_guest_memory(struct vm *vm)
{
	vm->mem = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	CHECK(vm->mem == MAP_FAILED);
	return drv_map(vm, 0, vm->mem, GUEST_SIZE);
}

int drv_create_client(struct vm *vm)
{
	vm->client = ioctl(vm->fd, IC_CREATE_IOREQ_CLIENT, 0);
	return vm->client > 0 ? 0 : -1;
}

int drv_attach(struct vm *vm)
{
	return ioctl(vm->fd, IC_ATTACH_IOREQ_CLIENT, (long)vm->client);
}

bool drv_is_mine(struct vm *vm)
{
	return vm->slots[0].processed == SLOT_PROCESSING && vm->slots[0].client == vm->client;
}

int drv_notify(struct vm *vm)
{
	struct acrn_ioreq_notify notify = { .client_id = vm->client, .vcpu = 0 };

	return ioctl(vm->fd, IC_NOTIFY_REQUEST_FINISH, &notify);
}

int drv_ioeventfd(struct vm *vm, int fd, enum access kind, uint64_t addr)
{
	struct acrn_ioeventfd event = {
		.fd = fd,
		.flags = kind == PORT_WRITE ? ACRN_IOEVENTFD_PIO : 0,
		.addr = addr,
		.len = 4,
	};

	return ioctl(vm->fd, IC_EVENT_IOEVENTFD, &event);
}

int drv_irqfd(struct vm *vm, int fd)
{
	struct acrn_irqfd event = {
		.fd = fd,
		.msi = { .msi_addr = 0xfee00000, .msi_data = 0x40 },
	};

	return ioctl(vm->fd, IC_EVENT_IRQFD, &event);
}
