// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * PCI configuration space: what a guest does to the ports 0xcf8 and 0xcfc arrives
 * at the device model as a request for a register.
 */
#include <string.h>

#include "control.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define ADDRESS		0xcf8
#define DATA		0xcfc
#define ENABLE		0x80000000U
#define LIMIT_MS	20000
#define ANSWER		0xc3d2e1f0a5b49687ULL

#define SET(address)	{ GUEST_OUT + 4, ADDRESS, (address), 0 }
#define GET		{ GUEST_IN + 4, ADDRESS, 0, 0 }
#define WRITE(size, offset, value) { GUEST_OUT + (size), DATA + (offset), value, 0 }
#define READ(size, offset) { GUEST_IN + (size), DATA + (offset), ~0ULL, 0 }

/* What the device model is to see */
struct expected {
	uint32_t type;
	bool write;
	unsigned int size;
	uint64_t address;
	uint64_t value;
};

#define PCI_READ(size, ...)						\
	{ ACRN_IOREQ_PCICFG, false, size, PCI_ADDRESS(__VA_ARGS__), 0 }
#define PCI_WRITE(size, value, ...)					\
	{ ACRN_IOREQ_PCICFG, true, size, PCI_ADDRESS(__VA_ARGS__), value }
#define PORT_READ(size, port)	{ ACRN_IOREQ_PIO, false, size, port, 0 }
#define PORT_WRITE(size, port, value) { ACRN_IOREQ_PIO, true, size, port, value }

struct watched {
	const struct expected *expected;
	unsigned int count, seen;
};

static bool watch(struct guest *guest, struct access *access, void *data)
{
	struct watched *watched = data;
	const struct expected *e = &watched->expected[watched->seen];
	unsigned int n = watched->seen++;

	check(n < watched->count, "one request too many: type %u, address %#lx",
	      access->type, (unsigned long)access->address);
	check_equal(access->type, e->type, "type of request %u", n);
	check_equal(access->write, e->write, "direction of request %u", n);
	check_equal(access->size, e->size, "size of request %u", n);
	check_equal(access->address, e->address, "address of request %u", n);
	if (e->write)
		check_equal(access->value, e->value, "value of request %u", n);
	else
		access->value = ANSWER;
	return true;
}

static void run(struct guest *guest, const struct guest_op *ops,
		unsigned int count, const struct expected *expected,
		unsigned int requests)
{
	struct watched watched = { expected, requests, 0 };

	guest_program(guest, ops, count);
	guest_start(guest);
	serve_until_done(guest, watch, &watched, LIMIT_MS);
	check_equal(watched.seen, requests, "requests");
}

#define RUN(guest, ops, expected)					\
	run(guest, ops, ARRAY_SIZE(ops), expected, ARRAY_SIZE(expected))

static void check_read(struct guest *guest, unsigned int n, uint64_t value,
		       unsigned int size)
{
	check_equal(low_bytes(guest_result(guest, n), size),
		    low_bytes(value, size), "what operation %u reads", n);
}

TEST(sizes, "each size at each place of the data port")
{
	static const struct guest_op ops[] = {
		SET(ENABLE | 0x1810),		/* 0:3.0, register 0x10 */
		WRITE(4, 0, 0x89abcdef), READ(4, 0),
		WRITE(2, 0, 0x1234), READ(2, 0), WRITE(2, 2, 0x5678), READ(2, 2),
		READ(2, 1), READ(1, 0), READ(1, 1), READ(1, 2), READ(1, 3),
		WRITE(1, 3, 0x9a),
	};
	static const struct expected expected[] = {
		PCI_WRITE(4, 0x89abcdef, 0, 3, 0, 0x10),
		PCI_READ(4, 0, 3, 0, 0x10),
		PCI_WRITE(2, 0x1234, 0, 3, 0, 0x10), PCI_READ(2, 0, 3, 0, 0x10),
		PCI_WRITE(2, 0x5678, 0, 3, 0, 0x12), PCI_READ(2, 0, 3, 0, 0x12),
		PCI_READ(2, 0, 3, 0, 0x11),
		PCI_READ(1, 0, 3, 0, 0x10), PCI_READ(1, 0, 3, 0, 0x11),
		PCI_READ(1, 0, 3, 0, 0x12), PCI_READ(1, 0, 3, 0, 0x13),
		PCI_WRITE(1, 0x9a, 0, 3, 0, 0x13),
	};
	unsigned int i;
	struct guest guest;

	guest_new(&guest, 0, 0);
	RUN(&guest, ops, expected);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if ((ops[i].op & ~0xfUL) == GUEST_IN)
			check_read(&guest, i, ANSWER, ops[i].op & 0xf);
	}
	guest_end(&guest);
}

TEST(addresses, "bus, device, function and register")
{
	static const struct guest_op ops[] = {
		SET(ENABLE), READ(4, 0),
		SET(ENABLE | 0xfffffc), READ(4, 0),
		SET(ENABLE | 0x10000), READ(4, 0),
		SET(ENABLE | 0x0800), READ(4, 0),
		SET(ENABLE | 0x0100), READ(4, 0),
		SET(ENABLE | 0x0004), READ(4, 0),
		SET(ENABLE | 0x0043), READ(1, 2),	/* the low bits mean nothing */
		SET(ENABLE | 0x0f000004), READ(4, 0),	/* registers above 255 */
		SET(ENABLE | 0x70000008), READ(4, 0),	/* reserved bits */
	};
	static const struct expected expected[] = {
		PCI_READ(4, 0, 0, 0, 0), PCI_READ(4, 255, 31, 7, 0xfc),
		PCI_READ(4, 1, 0, 0, 0), PCI_READ(4, 0, 1, 0, 0),
		PCI_READ(4, 0, 0, 1, 0), PCI_READ(4, 0, 0, 0, 4),
		PCI_READ(1, 0, 0, 0, 0x42), PCI_READ(4, 0, 0, 0, 0xf04),
		PCI_READ(4, 0, 0, 0, 8),
	};
	struct guest guest;

	guest_new(&guest, 0, 0);
	RUN(&guest, ops, expected);
	guest_end(&guest);
}

TEST(latch, "the address reads as it was written, and asks nobody")
{
	static const struct guest_op ops[] = {
		GET, SET(ENABLE | 0x1234567), GET, SET(0x7fffffff), GET,
		{ GUEST_OUT + 4, ADDRESS, 0xffffffff80000040, 0 }, GET,
	};
	struct guest guest;

	guest_new(&guest, 0, 0);
	run(&guest, ops, ARRAY_SIZE(ops), NULL, 0);
	check_read(&guest, 0, 0, 4);
	check_read(&guest, 2, ENABLE | 0x1234567, 4);
	check_read(&guest, 4, 0x7fffffff, 4);
	check_read(&guest, 6, 0x80000040, 4);
	guest_end(&guest);
}

TEST(no_address, "without an address: all ones, and nothing is written")
{
	static const struct guest_op ops[] = {
		READ(4, 0), WRITE(4, 0, 5), SET(0x7ffffffc), READ(4, 0),
		READ(2, 2), READ(1, 3), WRITE(1, 1, 5),
	};
	struct guest guest;

	guest_new(&guest, 0, 0);
	run(&guest, ops, ARRAY_SIZE(ops), NULL, 0);
	check_read(&guest, 0, ~0ULL, 4);
	check_read(&guest, 3, ~0ULL, 4);
	check_read(&guest, 4, ~0ULL, 2);
	check_read(&guest, 5, ~0ULL, 1);
	guest_end(&guest);
}

TEST(other_ports, "parts of the address and what is beside it stay ports")
{
	static const struct guest_op ops[] = {
		SET(ENABLE | 0x40),
		{ GUEST_OUT + 1, 0xcf9, 6, 0 }, { GUEST_IN + 1, 0xcf9, ~0ULL, 0 },
		{ GUEST_OUT + 2, ADDRESS, 7, 0 }, { GUEST_IN + 1, 0xcfb, ~0ULL, 0 },
		{ GUEST_IN + 4, 0xcf6, ~0ULL, 0 }, { GUEST_IN + 4, 0xcfa, ~0ULL, 0 },
		{ GUEST_IN + 4, 0xcfd, ~0ULL, 0 }, { GUEST_IN + 2, 0xcff, ~0ULL, 0 },
		{ GUEST_IN + 4, 0xd00, ~0ULL, 0 },
		GET,
	};
	static const struct expected expected[] = {
		PORT_WRITE(1, 0xcf9, 6), PORT_READ(1, 0xcf9),
		PORT_WRITE(2, 0xcf8, 7), PORT_READ(1, 0xcfb),
		PORT_READ(4, 0xcf6), PORT_READ(4, 0xcfa),
		PORT_READ(4, 0xcfd), PORT_READ(2, 0xcff),
		PORT_READ(4, 0xd00),
	};
	struct guest guest;

	guest_new(&guest, 0, 0);
	RUN(&guest, ops, expected);
	check_read(&guest, ARRAY_SIZE(ops) - 1, ENABLE | 0x40, 4);
	guest_end(&guest);
}

TEST(of_the_vm, "the address is the VM's, not the vCPU's")
{
	static const struct guest_op first[] = {
		SET(ENABLE | 0x2040), { GUEST_STORE + 8, GUEST_FREE, 1, 0 },
	};
	static const struct guest_op second[] = {
		{ GUEST_WAIT, GUEST_FREE, 1, 0 }, GET, READ(4, 0),
	};
	static const struct expected expected[] = { PCI_READ(4, 0, 4, 0, 0x40) };
	struct watched watched = { expected, ARRAY_SIZE(expected), 0 };
	struct guest guest;

	if (hv_generation() > 13)
		skip("this hypervisor makes one vCPU");
	guest_new_vcpus(&guest, 0, 0, 2);
	guest_program_vcpu(&guest, 0, first, ARRAY_SIZE(first));
	guest_program_vcpu(&guest, 1, second, ARRAY_SIZE(second));
	guest_start(&guest);
	serve_until_done(&guest, watch, &watched, LIMIT_MS);
	check_equal(watched.seen, 1, "requests");
	check_equal((uint32_t)guest_vcpu_op(&guest, 1, 1)->result,
		    ENABLE | 0x2040, "the address");
	guest_end(&guest);
}

TEST(two_vms, "each VM has its own address")
{
	static const struct guest_op one[] = { SET(ENABLE | 0x1000) };
	static const struct guest_op other[] = { GET, READ(4, 0) };
	struct guest a, b;

	guest_new(&a, 0, 0);
	guest_new(&b, 1, 0);
	run(&a, one, ARRAY_SIZE(one), NULL, 0);
	run(&b, other, ARRAY_SIZE(other), NULL, 0);
	check_read(&b, 1, ~0ULL, 4);
	guest_end(&a);
	guest_end(&b);
}

TEST(reset, "a VM that is reset or made anew has no address")
{
	static const struct guest_op set[] = { SET(ENABLE | 0x1000) };
	static const struct guest_op get[] = { { GUEST_IN + 4, ADDRESS, ~0ULL, 0 } };
	struct guest guest;

	guest_new(&guest, 0, 0);
	run(&guest, set, ARRAY_SIZE(set), NULL, 0);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check_result(vm_reset(guest.fd), 0, "RESET_VM");
	guest_set_regs(&guest);
	run(&guest, get, ARRAY_SIZE(get), NULL, 0);
	check_read(&guest, 0, 0, 4);
	guest_end(&guest);

	guest_new(&guest, 0, 0);
	run(&guest, get, ARRAY_SIZE(get), NULL, 0);
	check_read(&guest, 0, 0, 4);
	guest_end(&guest);
}

TEST(polling, "the same for a VM in polling mode")
{
	static const struct guest_op ops[] = {
		SET(ENABLE | 0x2844), READ(4, 0), GET,
	};
	static const struct expected expected[] = { PCI_READ(4, 0, 5, 0, 0x44) };
	struct guest guest;

	guest_new(&guest, 0, ACRN_VM_FLAG_POLLING);
	RUN(&guest, ops, expected);
	check_read(&guest, 1, ANSWER, 4);
	guest_end(&guest);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
