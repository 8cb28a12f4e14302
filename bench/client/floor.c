// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * No driver: what floor.ko does is the work alone.  One VM at a time, whose memory
 * is the module's window.
 */
#include <fcntl.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/mman.h>

#include <testbed_control.h>

#include "bench.h"
#include "../floor/floor.h"

const char *const driver_name = "floor";
const bool driver_is_ours, driver_is_floor = true;

static const uint8_t uuids[][16] = TESTBED_UUIDS;
static unsigned char *window;
static bool pinned;

static void map_window(void)
{
	if (window)
		return;
	window = mmap(NULL, FLOOR_WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, floor_fd, 0);
	CHECK(window == MAP_FAILED);
}

int drv_open(void)
{
	return open("/dev/floor", O_RDWR | O_CLOEXEC);
}

void drv_io_page(struct vm *vm)
{
	map_window();
	vm->slots = (struct io_slot *)(window + FLOOR_WINDOW - PAGE);
}

int drv_create(struct vm *vm)
{
	struct {
		uint16_t vmid, reserved0, vcpu_num, reserved1;
		uint8_t uuid[16];
		uint64_t flags, req_buf, reserved2[2];
	} create = { .vcpu_num = 1 };

	memcpy(create.uuid, uuids[vm->config], sizeof(create.uuid));
	if (ioctl(vm->fd, FLOOR_CREATE, &create))
		return -1;
	vm->vmid = create.vmid;
	return ioctl(vm->fd, FLOOR_IOREQ_PAGE, 0);
}

int drv_create_vcpu(struct vm *vm)
{
	unsigned char block[16] = { 0 };

	return ioctl(vm->fd, FLOOR_CALL16(0x14), block);
}

int drv_destroy(struct vm *vm)
{
	if (drv_pause(vm))
		return -1;
	return ioctl(vm->fd, FLOOR_CALL(0x11), 0);
}

int drv_close(struct vm *vm)
{
	if (pinned)
		CHECK(ioctl(vm->fd, FLOOR_UNPIN, 0));
	pinned = false;
	return 0;
}

int drv_start(struct vm *vm)
{
	return ioctl(vm->fd, FLOOR_CALL(0x12), 0);
}

int drv_pause(struct vm *vm)
{
	return ioctl(vm->fd, FLOOR_CALL(0x13), 0);
}

int drv_set_regs(struct vm *vm, const struct vcpu_regs *regs)
{
	return ioctl(vm->fd, FLOOR_CALL304(0x16), regs);
}

int drv_inject_msi(struct vm *vm, const uint64_t msi[2])
{
	return ioctl(vm->fd, FLOOR_CALL16(0x23), msi);
}

int drv_set_irqline(struct vm *vm, uint64_t line)
{
	return ioctl(vm->fd, FLOOR_CALL(0x25), line);
}

int drv_map(struct vm *vm, uint64_t gpa, void *p, size_t len)
{
	struct floor_range range = { (uintptr_t)p, len, gpa };

	pinned = !ioctl(vm->fd, FLOOR_PIN, &range);
	return pinned ? 0 : -1;
}

int drv_guest_memory(struct vm *vm)
{
	map_window();
	memset(window, 0, GUEST_SIZE);
	vm->mem = window;
	return ioctl(vm->fd, FLOOR_GUEST_MEMORY, GUEST_SIZE);
}

int drv_create_client(struct vm *vm)
{
	return ioctl(vm->fd, FLOOR_UPCALL, -1);
}

int drv_attach(struct vm *vm)
{
	return ioctl(vm->fd, FLOOR_WAIT, 0);
}

bool drv_is_mine(struct vm *vm)
{
	return vm->slots[0].processed == SLOT_PROCESSING;
}

int drv_notify(struct vm *vm)
{
	return ioctl(vm->fd, FLOOR_DONE, 0);
}

int drv_ioeventfd(struct vm *vm, int fd, enum access kind, uint64_t addr)
{
	(void)kind;
	(void)addr;
	return ioctl(vm->fd, FLOOR_UPCALL, fd);
}

int drv_irqfd(struct vm *vm, int fd)
{
	return ioctl(vm->fd, FLOOR_IRQFD, fd);
}
