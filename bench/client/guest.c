// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A User VM and the program it runs.
 */
#include <unistd.h>

#include <sys/mman.h>

#include "bench.h"

#define CODE		0x1000
#define PML4		0x2000
#define PDPT		0x3000
#define ORDERS		0x5000
#define STAMPS		0x10000
#define PATIENCE	20000000000UL	/* instructions */

/* As guest.S has it */
struct orders {
	volatile uint64_t access, count, address, done, go, handshake, value;
};

extern const unsigned char guest_code[], guest_code_end[];

const struct vcpu_regs guest_regs = {
	.rip = CODE,
	.cr0 = 0x80000031, .cr3 = PML4, .cr4 = 0x20, .efer = 0x500,
	.cs_ar = 0xa09b, .cs_limit = ~0U,
};

static struct orders *orders(const struct vm *vm)
{
	return (struct orders *)(vm->mem + ORDERS);
}

void vm_new_bare(struct vm *vm)
{
	memset(vm, 0, sizeof(*vm));
	vm->fd = drv_open();
	CHECK(vm->fd < 0);
	drv_io_page(vm);
	CHECK(drv_create(vm));
}

void vm_new(struct vm *vm, unsigned int config)
{
	uint64_t *table;
	unsigned int i;

	memset(vm, 0, sizeof(*vm));
	vm->config = config;
	vm->fd = drv_open();
	CHECK(vm->fd < 0);
	drv_io_page(vm);
	CHECK(drv_create(vm));
	CHECK(drv_create_vcpu(vm));
	CHECK(drv_guest_memory(vm));
	memcpy(vm->mem + CODE, guest_code, guest_code_end - guest_code);
	table = (uint64_t *)(vm->mem + PML4);
	table[0] = PDPT | 3;
	table = (uint64_t *)(vm->mem + PDPT);
	for (i = 0; i < 512; i++)
		table[i] = (uint64_t)i << 30 | 0x83;
	CHECK(drv_set_regs(vm, &guest_regs));
}

void vm_program(struct vm *vm, enum access kind, unsigned int count, bool handshake)
{
	struct orders *o = orders(vm);

	memset(o, 0, sizeof(*o));
	o->access = kind;
	o->count = count;
	o->address = kind <= PORT_READ ? PORT : MMIO;
	o->handshake = handshake;
}

void vm_go(struct vm *vm, unsigned int count)
{
	orders(vm)->go = count;
}

void vm_wait(struct vm *vm)
{
	uint64_t begin = now();

	while (!orders(vm)->done) {
		CHECK(now() - begin > PATIENCE);
		usleep(1000);
	}
}

static const uint64_t *stamps(const struct vm *vm, unsigned int i)
{
	return (const uint64_t *)(vm->mem + STAMPS) + 2 * i;
}

uint64_t vm_before(const struct vm *vm, unsigned int i)
{
	return stamps(vm, i)[0];
}

uint64_t vm_after(const struct vm *vm, unsigned int i)
{
	return stamps(vm, i)[1];
}

uint64_t vm_value(const struct vm *vm)
{
	return orders(vm)->value;
}

void vm_end(struct vm *vm)
{
	if (vm->mem)
		CHECK(drv_pause(vm));
	CHECK(drv_destroy(vm));
	close(vm->fd);
	if (driver_is_floor)
		return;
	munmap(vm->slots, PAGE);
	if (vm->mem)
		munmap(vm->mem, GUEST_SIZE);
}
