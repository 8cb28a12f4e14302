// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ioeventfds: a write that matches signals its eventfd, once, and is done then;
 * all else goes to the device model.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "vm.h"

#define PORT		0x650
#define MMIO		0xd0002000UL
#define KICKS		200
#define IOEVENTFDS_MAX	1000
#define LIMIT_MS	20000
#define PIO		ACRN_IOEVENTFD_PIO
#define DATAMATCH	ACRN_IOEVENTFD_DATAMATCH
#define DEASSIGN	ACRN_IOEVENTFD_DEASSIGN

/* Requests that the device model got */
struct others {
	struct access access[16];
	unsigned int count;
};

static bool record(struct guest *guest, struct access *access, void *data)
{
	struct others *others = data;

	if (others->count < ARRAY_SIZE(others->access))
		others->access[others->count] = *access;
	others->count++;
	return true;
}

static void run_guest(struct guest *guest, const struct guest_op *ops,
		      unsigned int count, struct others *others)
{
	memset(others, 0, sizeof(*others));
	guest_program(guest, ops, count);
	guest_start(guest);
	serve_until_done(guest, record, others, LIMIT_MS);
}

static void rerun_guest(struct guest *guest, const struct guest_op *ops,
			unsigned int count, struct others *others)
{
	check_result(vm_pause(guest->fd), 0, "PAUSE_VM");
	check_result(vm_reset(guest->fd), 0, "RESET_VM");
	guest_set_regs(guest);
	run_guest(guest, ops, count, others);
}

/* A write of each kind and size, each to an eventfd of its own */
static const struct guest_op each_write[] = {
	{ .op = GUEST_OUT + 1, .address = PORT, .value = 0x1122334455667788 },
	{ .op = GUEST_OUT + 2, .address = PORT, .value = 0x1122334455667788 },
	{ .op = GUEST_OUT + 4, .address = PORT, .value = 0x1122334455667788 },
	{ .op = GUEST_STORE + 1, .address = MMIO, .value = 0x1122334455667788 },
	{ .op = GUEST_STORE + 2, .address = MMIO, .value = 0x1122334455667788 },
	{ .op = GUEST_STORE + 4, .address = MMIO, .value = 0x1122334455667788 },
	{ .op = GUEST_STORE + 8, .address = MMIO, .value = 0x1122334455667788 },
	{ .op = GUEST_AGAIN, .value = KICKS - 1 },
};

#define WRITES	(ARRAY_SIZE(each_write) - 1)

static uint32_t flags_of(const struct guest_op *op)
{
	return (op->op & ~0xfULL) == GUEST_OUT ? PIO : 0;
}

static uint64_t value_of(const struct guest_op *op)
{
	return low_bytes(op->value, op->op & 0xf);
}

/* Nobody serves the requests: the guest gets to its end by kicks alone. */
static void kicks(uint32_t more_flags, unsigned long vm_flags)
{
	unsigned long notified;
	int events[WRITES];
	struct guest guest;
	unsigned int i;

	guest_new(&guest, 0, vm_flags);
	for (i = 0; i < WRITES; i++) {
		const struct guest_op *op = &each_write[i];

		events[i] = event_new();
		check_result(ioeventfd(guest.fd, events[i],
				       flags_of(op) | more_flags, op->address,
				       op->op & 0xf,
				       more_flags ? value_of(op) : 0), 0,
			     "assign %u", i);
	}
	guest_program(&guest, each_write, ARRAY_SIZE(each_write));
	notified = hv_calls(HC_NOTIFY_REQUEST);
	guest_start(&guest);
	check(guest_done(&guest, LIMIT_MS), "the guest is not done");
	for (i = 0; i < WRITES; i++)
		check_equal(event_count(events[i]), KICKS, "kicks of %u", i);
	check(!wait_for_request(&guest, 0), "the device model has a request");
	check_equal(hv_calls(HC_NOTIFY_REQUEST) - notified,
		    vm_flags & ACRN_VM_FLAG_POLLING ? 0 : KICKS * WRITES,
		    "HC_NOTIFY");
	guest_end(&guest);
	for (i = 0; i < WRITES; i++)
		close(events[i]);
}

TEST(any_data, "each kind and length: a write is a kick")
{
	kicks(0, 0);
}

TEST(matching_data, "the same with data match")
{
	kicks(DATAMATCH, 0);
}

/* Nobody but the driver knows of the kick: it has to try once more itself. */
TEST(notify_refused, "[D11] a kick whose completion the hypervisor refuses to hear of at first")
{
	const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 1, .address = PORT },
		{ .op = GUEST_AGAIN, .value = 9 },
	};
	int event = event_new();
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(ioeventfd(guest.fd, event, PIO, PORT, 1, 0), 0, "assign");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	hv_fail(HC_NOTIFY_REQUEST, 4, 2, -EBUSY, TESTBED_FAIL_REFUSE);
	guest_start(&guest);
	check(guest_done(&guest, LIMIT_MS), "the guest waits for ever");
	check_equal(event_count(event), 10, "kicks");
	guest_end(&guest);
}

static bool check_clean(struct guest *guest, struct access *access, void *data)
{
	uint64_t value = *(uint64_t *)data;

	check_equal(access->address, MMIO + 8, "address");
	check_equal(access->value, low_bytes(value, access->size),
		    "value of %u bytes", (unsigned int)access->size);
	return true;
}

/* ACRN hands all of RAX out when STOS writes a part of it. */
TEST(junk_above, "[D5] no more of a value counts, or is seen, than is written")
{
	uint64_t value = 0x1122334455667788;
	unsigned int size;

	for (size = 1; size <= 8; size *= 2) {
		const struct guest_op ops[] = {
			{ .op = GUEST_STOS + size + GUEST_TIMES(1),
			  .address = MMIO, .value = value },
			{ .op = GUEST_STOS + size + GUEST_TIMES(1),
			  .address = MMIO + 8, .value = value },
		};
		int event = event_new();
		struct guest guest;

		guest_new(&guest, 0, 0);
		check_result(ioeventfd(guest.fd, event, DATAMATCH, MMIO, size,
				       low_bytes(value, size)), 0, "assign");
		guest_program(&guest, ops, ARRAY_SIZE(ops));
		guest_start(&guest);
		serve_until_done(&guest, check_clean, &value, LIMIT_MS);
		check_equal(event_count(event), 1, "kicks of %u bytes", size);
		guest_end(&guest);
		close(event);
	}
}

TEST(polling, "a VM in polling mode")
{
	kicks(0, ACRN_VM_FLAG_POLLING);
	kicks(DATAMATCH, ACRN_VM_FLAG_POLLING);
}

/* As the queues of virtio: one address, an eventfd for each number */
TEST(by_data, "one address, an eventfd for each value")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT, .value = 0 },
		{ .op = GUEST_OUT + 2, .address = PORT, .value = 1 },
		{ .op = GUEST_OUT + 2, .address = PORT, .value = 0x10001 },
		{ .op = GUEST_OUT + 2, .address = PORT, .value = 2 },
		{ .op = GUEST_STORE + 8, .address = MMIO,
		  .value = 0x100000000ULL },
		{ .op = GUEST_STORE + 8, .address = MMIO, .value = 0 },
	};
	int queue0 = event_new(), queue1 = event_new(), wide = event_new();
	struct others others;
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(ioeventfd(guest.fd, queue0, PIO | DATAMATCH, PORT, 2, 0),
		     0, "assign queue 0");
	check_result(ioeventfd(guest.fd, queue1, PIO | DATAMATCH, PORT, 2, 1),
		     0, "assign queue 1");
	check_result(ioeventfd(guest.fd, wide, DATAMATCH, MMIO, 8,
			       0x100000000ULL), 0, "assign 64 bits");
	run_guest(&guest, ops, ARRAY_SIZE(ops), &others);
	check_equal(event_count(queue0), 1, "queue 0");
	check_equal(event_count(queue1), 2, "queue 1");
	check_equal(event_count(wide), 1, "64 bits");
	check_equal(others.count, 2, "requests");
	check_equal(others.access[0].value, 2, "what was written");
	check_equal(others.access[1].address, MMIO, "where");
	check_equal(others.access[1].value, 0, "what was written");

	check_result(ioeventfd(guest.fd, queue0, PIO | DATAMATCH | DEASSIGN,
			       PORT, 2, 0), 0, "deassign queue 0");
	rerun_guest(&guest, ops, ARRAY_SIZE(ops), &others);
	check_equal(event_count(queue0), 0, "queue 0");
	check_equal(event_count(queue1), 2, "queue 1");
	check_equal(others.count, 3, "requests");
	guest_end(&guest);
}

/* What does not match in everything is the device model's. */
TEST(no_match, "what does not match is the device model's")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 1, .address = PORT },
		{ .op = GUEST_OUT + 4, .address = PORT },
		{ .op = GUEST_OUT + 2, .address = PORT + 1 },
		{ .op = GUEST_OUT + 2, .address = PORT - 1 },
		{ .op = GUEST_IN + 2, .address = PORT },
		{ .op = GUEST_LOAD + 4, .address = MMIO },
		{ .op = GUEST_STORE + 8, .address = MMIO },
		{ .op = GUEST_STORE + 2, .address = MMIO },
		{ .op = GUEST_STORE + 4, .address = MMIO + 4 },
		{ .op = GUEST_OUT + 2, .address = PORT },
		{ .op = GUEST_STORE + 4, .address = MMIO },
	};
	int port = event_new(), mmio = event_new(), low = event_new();
	struct others others;
	struct guest guest;
	unsigned int i;

	guest_new(&guest, 0, 0);
	/* the same number, the other kind of address; first, so found first */
	check_result(ioeventfd(guest.fd, low, 0, PORT, 2, 0), 0, "assign");
	check_result(ioeventfd(guest.fd, port, PIO, PORT, 2, 0), 0, "assign");
	check_result(ioeventfd(guest.fd, mmio, 0, MMIO, 4, 0), 0, "assign");
	run_guest(&guest, ops, ARRAY_SIZE(ops), &others);
	check_equal(others.count, ARRAY_SIZE(ops) - 2, "requests");
	for (i = 0; i < others.count; i++) {
		check_equal(others.access[i].address, ops[i].address,
			    "address of %u", i);
		check_equal(others.access[i].size, ops[i].op & 0xf,
			    "size of %u", i);
	}
	check_equal(event_count(port), 1, "kicks of the port");
	check_equal(event_count(mmio), 1, "kicks of the address");
	check_equal(event_count(low), 0, "kicks of the other kind");
	guest_end(&guest);
}

TEST(conflicts, "conflicts")
{
	int a = event_new(), b = event_new(), fd = vm_in_state(VM_CREATED, 0);

	check_result(ioeventfd(fd, a, PIO, PORT, 2, 0), 0, "all data");
	check_result(ioeventfd(fd, a, PIO, PORT, 2, 0), -EEXIST, "again");
	check_result(ioeventfd(fd, b, PIO, PORT, 2, 0), -EEXIST, "another fd");
	check_result(ioeventfd(fd, b, PIO | DATAMATCH, PORT, 2, 3), -EEXIST,
		     "some data under all");
	check_result(ioeventfd(fd, b, PIO, PORT, 4, 0), 0, "another size");
	check_result(ioeventfd(fd, b, PIO, PORT + 1, 2, 0), 0,
		     "an address beside it");
	check_result(ioeventfd(fd, b, 0, PORT, 2, 0), 0, "memory");

	check_result(ioeventfd(fd, a, DATAMATCH, MMIO, 4, 1), 0, "data 1");
	check_result(ioeventfd(fd, a, DATAMATCH, MMIO, 4, 2), 0, "data 2");
	check_result(ioeventfd(fd, b, DATAMATCH, MMIO, 4, 1), -EEXIST,
		     "data 1 again");
	check_result(ioeventfd(fd, b, 0, MMIO, 4, 0), -EEXIST,
		     "all data over some");
	check_result(ioeventfd(fd, b, DATAMATCH, MMIO, 4, 0), 0, "data 0");
	check_result(ioeventfd(fd, a, DATAMATCH | DEASSIGN, MMIO, 4, 1), 0,
		     "deassign");
	check_result(ioeventfd(fd, b, DATAMATCH, MMIO, 4, 1), 0,
		     "data 1 is free");
}

TEST(deassign_what, "deassigning names all of it")
{
	int a = event_new(), b = event_new(), fd = vm_in_state(VM_CREATED, 0);
	const uint32_t off = DATAMATCH | DEASSIGN;

	check_result(ioeventfd(fd, a, off, MMIO, 4, 1), -ENOENT, "nothing");
	check_result(ioeventfd(fd, a, DATAMATCH, MMIO, 4, 1), 0, "assign");
	check_result(ioeventfd(fd, b, off, MMIO, 4, 1), -ENOENT, "another fd");
	check_result(ioeventfd(fd, a, off, MMIO + 4, 4, 1), -ENOENT, "address");
	check_result(ioeventfd(fd, a, off, MMIO, 8, 1), -ENOENT, "size");
	check_result(ioeventfd(fd, a, off, MMIO, 4, 2), -ENOENT, "data");
	check_result(ioeventfd(fd, a, DEASSIGN, MMIO, 4, 1), -ENOENT,
		     "no data");
	check_result(ioeventfd(fd, a, off | PIO, PORT, 4, 1), -ENOENT, "kind");
	check_result(ioeventfd(fd, a, off, MMIO, 4, 1), 0, "deassign");
	check_result(ioeventfd(fd, a, off, MMIO, 4, 1), -ENOENT, "once more");
}

/* acrn-dm's order at the end: PAUSE, the client, then its devices */
TEST(deassign_late, "deassigning while paused, and without a client")
{
	int event = event_new();
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(ioeventfd(guest.fd, event, PIO, PORT, 2, 0), 0, "assign");
	check_result(ioeventfd(guest.fd, event, 0, MMIO, 2, 0), 0, "assign");
	guest_start(&guest);
	check_result(ioeventfd(guest.fd, event, PIO, PORT, 4, 0), 0, "assign");
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check_result(ioeventfd(guest.fd, event, PIO | DEASSIGN, PORT, 2, 0), 0,
		     "deassign, paused");
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	guest.client = 0;
	check_result(ioeventfd(guest.fd, event, DEASSIGN, MMIO, 2, 0), 0,
		     "deassign without a client");
	guest_end(&guest);
	close(event);
}

/* Kicks need no client either. */
TEST(no_client, "kicks without a client")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT },
		{ .op = GUEST_AGAIN, .value = KICKS - 1 },
	};
	int event = event_new();
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	guest.client = 0;
	check_result(ioeventfd(guest.fd, event, PIO, PORT, 2, 0), 0, "assign");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(guest_done(&guest, LIMIT_MS), "the guest is not done");
	check_equal(event_count(event), KICKS, "kicks");
	guest_end(&guest);
}

TEST(leftovers, "what is left goes with the VM")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT },
	};
	int event = event_new(), i, fd = hsm_open();
	struct others others;
	struct guest guest;

	for (i = 0; i < 3; i++) {
		vm_to_state(fd, VM_STARTED, 0);
		check_result(ioeventfd(fd, event, PIO, PORT, 2, 0), 0,
			     "assign");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
	vm_to_state(fd, VM_STARTED, 0);
	check_result(ioeventfd(fd, event, PIO, PORT, 2, 0), 0, "assign");
	close(fd);
	guest_new(&guest, 0, 0);
	run_guest(&guest, ops, ARRAY_SIZE(ops), &others);
	check_equal(others.count, 1, "requests");
	check_equal(event_count(event), 0, "kicks");
	guest_end(&guest);
}

/* The driver holds the eventfd, whatever becomes of the fd. */
TEST(closed, "an eventfd that is closed")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT },
		{ .op = GUEST_AGAIN, .value = KICKS - 1 },
	};
	int event = event_new(), copy = dup(event);
	struct others others;
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(ioeventfd(guest.fd, event, PIO, PORT, 2, 0), 0, "assign");
	close(event);
	run_guest(&guest, ops, ARRAY_SIZE(ops), &others);
	check_equal(event_count(copy), KICKS, "kicks");
	close(copy);
	rerun_guest(&guest, ops, ARRAY_SIZE(ops), &others);
	check_equal(others.count, 0, "requests");
	guest_end(&guest);
}

/* As many as KVM allows: each more would cost the interrupts of all VMs time. */
TEST(bounded, "[D2] 1000 of them in a VM, and one more: ENOSPC")
{
	int fd = vm_in_state(VM_CREATED, 0), event = event_new();
	int other = vm_in_state(VM_CREATED, 1);
	unsigned int i;

	for (i = 0; i < IOEVENTFDS_MAX; i++)
		check_result(ioeventfd(fd, event, DATAMATCH, MMIO, 4, i), 0,
			     "ioeventfd %u", i);
	check_result(ioeventfd(fd, event, DATAMATCH, MMIO, 4, i), -ENOSPC,
		     "one more");
	check_result(ioeventfd(fd, event, 0, MMIO + 8, 4, 0), -ENOSPC,
		     "at another address");
	check_result(ioeventfd(other, event, DATAMATCH, MMIO, 4, i), 0,
		     "another VM's");
	check_result(ioeventfd(fd, event, DATAMATCH | DEASSIGN, MMIO, 4, 7), 0,
		     "deassign");
	check_result(ioeventfd(fd, event, DATAMATCH, MMIO, 4, i), 0,
		     "one for another");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_to_state(fd, VM_CREATED, 0);
	for (i = 0; i < IOEVENTFDS_MAX; i++)
		check_result(ioeventfd(fd, event, DATAMATCH, MMIO, 4, i), 0,
			     "ioeventfd %u of the next VM", i);
}

TEST(bad_arguments, "bad arguments")
{
	static const struct {
		const char *what;
		struct acrn_ioeventfd argument;
	} bad[] = {
		{ "flag 3", { .flags = 8, .addr = MMIO, .len = 4 } },
		{ "flag 31", { .flags = 1U << 31, .addr = MMIO, .len = 4 } },
		{ "reserved", { .addr = MMIO, .len = 4, .reserved = 1 } },
		{ "length 0", { .addr = MMIO, .len = 0 } },
		{ "length 3", { .addr = MMIO, .len = 3 } },
		{ "length 16", { .addr = MMIO, .len = 16 } },
		{ "length -1", { .addr = MMIO, .len = ~0U } },
		{ "a port of 8", { .flags = PIO, .addr = PORT, .len = 8 } },
		{ "port 0x10000", { .flags = PIO, .addr = 0x10000, .len = 1 } },
		{ "over the last port",
		  { .flags = PIO, .addr = 0xffff, .len = 2 } },
		{ "port -2", { .flags = PIO, .addr = -2ULL, .len = 1 } },
		{ "over the last address", { .addr = -4ULL, .len = 8 } },
		{ "too much data", { .flags = DATAMATCH, .addr = MMIO,
		  .len = 1, .data = 0x100 } },
		{ "too much data", { .flags = DATAMATCH, .addr = MMIO,
		  .len = 4, .data = 1ULL << 32 } },
	};
	int event = event_new(), null = open("/dev/null", O_RDWR);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned char *pages = get_pages(2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct acrn_ioeventfd argument = bad[i].argument;

		argument.fd = event;
		check_result(hsm_ioctl(fd, IC_EVENT_IOEVENTFD, &argument),
			     -EINVAL, "%s", bad[i].what);
		argument.flags |= DEASSIGN;
		check_result(hsm_ioctl(fd, IC_EVENT_IOEVENTFD, &argument),
			     -EINVAL, "deassign, %s", bad[i].what);
	}
	check_result(ioeventfd(fd, -1, 0, MMIO, 4, 0), -EBADF, "fd -1");
	check_result(ioeventfd(fd, 1000, 0, MMIO, 4, 0), -EBADF, "fd 1000");
	check_result(ioeventfd(fd, null, 0, MMIO, 4, 0), -EINVAL, "no eventfd");
	check_result(ioeventfd(fd, fd, 0, MMIO, 4, 0), -EINVAL, "the VM");
	check_result(ioeventfd(fd, -1, DEASSIGN, MMIO, 4, 0), -EBADF,
		     "deassign fd -1");
	check_result(hsm_ioctl(fd, IC_EVENT_IOEVENTFD, NULL), -EFAULT, "NULL");
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	check_result(hsm_ioctl(fd, IC_EVENT_IOEVENTFD, pages + PAGE_SIZE - 31),
		     -EFAULT, "one byte short");
	/* the last that are good */
	check_result(ioeventfd(fd, event, PIO, 0xffff, 1, 0), 0, "port");
	check_result(ioeventfd(fd, event, PIO | DATAMATCH, 0xfffc, 4, ~0U), 0,
		     "port");
}

TEST(states, "each state")
{
	static const int results[VM_STATES] = { -ENODEV, 0, 0, 0, -EBUSY };
	int event = event_new();
	enum vm_state state;

	for (state = VM_EMPTY; state < VM_STATES; state++) {
		int fd = vm_in_state(state, 0);
		unsigned long calls = hv_calls(HC_NOTIFY_REQUEST);

		check_result(ioeventfd(fd, event, PIO, PORT, 2, 0),
			     results[state], "assign in %s",
			     vm_state_names[state]);
		check_result(ioeventfd(fd, event, PIO | DEASSIGN, PORT, 2, 0),
			     results[state], "deassign in %s",
			     vm_state_names[state]);
		check_equal(hv_calls(HC_NOTIFY_REQUEST), calls, "HC_NOTIFY");
		hv_behave();
		if (state != VM_EMPTY)
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
	}
}

static atomic_bool stop;

static void *assign_thread(void *data)
{
	struct guest *guest = data;
	int event = event_new();
	uint64_t count = 0;

	while (!atomic_load(&stop)) {
		check_result(ioeventfd(guest->fd, event, PIO, PORT, 2, 0), 0,
			     "assign");
		usleep(random() % 1000);
		check_result(ioeventfd(guest->fd, event, PIO | DEASSIGN, PORT,
				       2, 0), 0, "deassign");
		usleep(random() % 1000);
		count += event_count(event);
	}
	close(event);
	return (void *)count;
}

/* Each write is a kick or a request, none is both and none is lost. */
TIMED_TEST(comes_and_goes, 120, "two vCPUs kick while it is assigned and deassigned")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT },
		{ .op = GUEST_AGAIN, .value = 3000 - 1 },
	};
	struct others others;
	struct guest guest;
	pthread_t thread;
	unsigned int i;
	void *count;

	guest_new_vcpus(&guest, 0, 0, 2);
	for (i = 0; i < 2; i++)
		guest_program_vcpu(&guest, i, ops, ARRAY_SIZE(ops));
	check(!pthread_create(&thread, NULL, assign_thread, &guest),
	      "pthread_create");
	memset(&others, 0, sizeof(others));
	guest_start(&guest);
	serve_until_done(&guest, record, &others, 4 * LIMIT_MS);
	atomic_store(&stop, true);
	pthread_join(thread, &count);
	check_equal((uint64_t)count + others.count, 6000, "kicks and requests");
	check(count && others.count, "%llu kicks, %u requests",
	      (unsigned long long)(uint64_t)count, others.count);
	report("%llu kicks, %u requests", (unsigned long long)(uint64_t)count,
	       others.count);
	guest_end(&guest);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
