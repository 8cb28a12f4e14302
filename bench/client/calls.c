// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Calls that do little: what the way through the driver costs.
 */
#include <unistd.h>

#include <sys/ioctl.h>

#include "bench.h"
#include "../floor/floor.h"

#define TIMES		1000
#define LIVES		100
#define UNKNOWN_IOCTL	0x1234

static void live(struct vm *vm)
{
	vm->fd = drv_open();
	CHECK(vm->fd < 0);
	CHECK(drv_create(vm));
	CHECK(drv_destroy(vm));
	close(vm->fd);
}

void calls(void)
{
	static const uint64_t msi[2] = { 0xfee00000, 0x30 };
	struct vm vm;

	MEASURE("open", TIMES, close(drv_open()));
	vm_new(&vm, 0);
	MEASURE("unknown", TIMES, ioctl(vm.fd, UNKNOWN_IOCTL, 0));
	MEASURE("pause", TIMES, drv_pause(&vm));
	MEASURE("irqline", TIMES, drv_set_irqline(&vm, 4));
	MEASURE("msi", TIMES, drv_inject_msi(&vm, msi));
	MEASURE("regs", TIMES, drv_set_regs(&vm, &guest_regs));
	/* They have done what was timed, and not failed. */
	CHECK(drv_pause(&vm));
	CHECK(drv_set_irqline(&vm, 4));
	CHECK(drv_inject_msi(&vm, msi));
	CHECK(drv_set_regs(&vm, &guest_regs));
	vm_end(&vm);

	memset(&vm, 0, sizeof(vm));
	drv_io_page(&vm);
	MEASURE("life", LIVES, live(&vm));
}
