// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * I/O request clients in the kernel, through the module client, which uses the
 * driver's interface for other modules.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kclient.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define PORT		0x700
#define PORTS		0x10
#define MMIO		0xd0000000UL
#define MMIO_SIZE	0x1000
#define PROMPT_MS	5000

/* A client with a range of ports and one of MMIO */
static int new_kclient(unsigned int config, unsigned long how)
{
	int fd = kclient_open();

	check_result(kclient_create(fd, VMID(config), how), 0, "create");
	check_result(kclient_add(fd, ACRN_IOREQ_PIO, PORT, PORT + PORTS - 1), 0,
		     "add ports");
	check_result(kclient_add(fd, ACRN_IOREQ_MMIO, MMIO,
				 MMIO + MMIO_SIZE - 1), 0, "add MMIO");
	return fd;
}

/* What comes to the device model though it is the client's */
static bool not_mine(struct guest *guest, struct access *access, void *data)
{
	fail("the device model got %s of %#llx", access->write ? "a write" :
	     "a read", (unsigned long long)access->address);
}

#define OTHER_ANSWER	0x7e57

static bool count_mine(struct guest *guest, struct access *access, void *data)
{
	++*(unsigned int *)data;
	access->value = OTHER_ANSWER;
	return true;
}

/* Reads of all sizes of what is wholly, partly or not the client's */
static void reads(unsigned long how, unsigned long flags)
{
	static const struct {
		unsigned int op;
		uint64_t address;
		bool inside;
	} all[] = {
		{ GUEST_IN + 1, PORT, true },
		{ GUEST_IN + 2, PORT, true },
		{ GUEST_IN + 4, PORT + PORTS - 4, true },
		{ GUEST_IN + 1, PORT + PORTS - 1, true },
		{ GUEST_IN + 4, PORT + PORTS - 3, false },
		{ GUEST_IN + 2, PORT + PORTS - 1, false },
		{ GUEST_IN + 1, PORT + PORTS, false },
		{ GUEST_IN + 1, PORT - 1, false },
		{ GUEST_IN + 2, PORT - 1, false },
		{ GUEST_LOAD + 1, MMIO, true },
		{ GUEST_LOAD + 8, MMIO, true },
		{ GUEST_LOAD + 2, MMIO + 0x123, true },
		{ GUEST_LOAD + 4, MMIO + MMIO_SIZE - 4, true },
		{ GUEST_LOAD + 4, MMIO + MMIO_SIZE, false },
		{ GUEST_LOAD + 8, MMIO - 8, false },
		{ GUEST_LOAD + 4, PORT + 0x40000000, false },
	};
	struct guest_op ops[ARRAY_SIZE(all)] = { 0 };
	unsigned int i, outside = 0, served = 0;
	struct client_seen seen;
	struct guest guest;
	int client;

	guest_new(&guest, 0, flags);
	client = new_kclient(0, how);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		ops[i].op = all[i].op;
		ops[i].address = all[i].address;
		outside += !all[i].inside;
	}
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, count_mine, &served, PROMPT_MS);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		check_equal(guest_result(&guest, i),
			    low_bytes(all[i].inside ?
				      CLIENT_ANSWER(all[i].address) :
				      OTHER_ANSWER, all[i].op & 0xf),
			    "read %u", i);
	kclient_seen(client, &seen);
	check_equal(seen.requests, ARRAY_SIZE(all) - outside,
		    "requests of the client");
	check_equal(served, outside, "requests of the device model");
	check_equal(seen.completed, how == CLIENT_SOON ? seen.requests : 0,
		    "completions");
	close(client);
	guest_end(&guest);
}

TEST(at_once, "a client answers at once what is wholly its own")
{
	reads(CLIENT_AT_ONCE, 0);
}

TEST(soon, "a client answers later")
{
	reads(CLIENT_SOON, 0);
}

TEST(of_polling_vm, "[B9] of a VM in polling mode")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);

	reads(CLIENT_AT_ONCE, ACRN_VM_FLAG_POLLING);
	reads(CLIENT_SOON, ACRN_VM_FLAG_POLLING);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
}

TEST(writes, "writes arrive as they were made")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 1, PORT + 3, 0x11223344, 0 },
		{ GUEST_OUT + 2, PORT + 4, 0x11223344, 0 },
		{ GUEST_OUT + 4, PORT + 8, 0x11223344, 0 },
		{ GUEST_STORE + 1, MMIO + 1, 0x1122334455667788, 0 },
		{ GUEST_STORE + 2, MMIO + 2, 0x1122334455667788, 0 },
		{ GUEST_STORE + 4, MMIO + 4, 0x1122334455667788, 0 },
		{ GUEST_STORE + 8, MMIO + 8, 0x1122334455667788, 0 },
	};
	unsigned int i, size;
	struct client_seen seen;
	struct guest guest;
	int client;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, CLIENT_AT_ONCE);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		size = ops[i].op & 0xf;
		guest_program(&guest, &ops[i], 1);
		guest_start(&guest);
		serve_until_done(&guest, not_mine, NULL, PROMPT_MS);
		kclient_seen(client, &seen);
		check_equal(seen.requests, i + 1, "requests");
		check_equal(seen.type, i < 3 ? ACRN_IOREQ_PIO : ACRN_IOREQ_MMIO,
			    "type");
		check_equal(seen.write, 1, "direction");
		check_equal(seen.size, size, "size");
		check_equal(seen.addr, ops[i].address, "address");
		check_equal(seen.value, low_bytes(ops[i].value, size),
			    "value");
		check_equal(seen.vcpu, 0, "vCPU");
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
	}
	close(client);
	guest_end(&guest);
}

static void wait_for_requests(int client, uint64_t count)
{
	uint64_t end = now_us() + PROMPT_MS * 1000;

	while (kclient_requests(client) < count) {
		check(now_us() < end, "the client gets no request");
		usleep(500);
	}
}

static void program_reads(struct guest *guest, uint64_t loops)
{
	const struct guest_op ops[] = {
		{ .op = GUEST_IN + 4, .address = PORT },
		{ .op = GUEST_AGAIN, .value = loops },
	};
	unsigned int i;

	for (i = 0; i < guest->vcpus; i++)
		guest_program_vcpu(guest, i, ops, ARRAY_SIZE(ops));
}

TEST(completed_later, "[R2] a request is completed once, by its client")
{
	static const unsigned int no_vcpus[] = {
		1, 8, 15, 16, 0x10000, 0x80000000, 0xffffffff,
	};
	struct guest guest;
	int client, other;
	unsigned int i;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, CLIENT_NEVER);
	other = kclient_open();
	check_result(kclient_create(other, VMID(0), CLIENT_NEVER), 0, "create");
	program_reads(&guest, 0);
	check_result(kclient_complete(client, 0, 1), -EINVAL, "no request");
	guest_start(&guest);
	wait_for_requests(client, 1);
	check(!wait_for_request(&guest, 50), "the device model is asked");
	check_result(client_notify(guest.fd, guest.client, 0), -EINVAL,
		     "NOTIFY by the device model");
	for (i = 0; i < ARRAY_SIZE(no_vcpus); i++)
		check_result(kclient_complete(client, no_vcpus[i], 1), -EINVAL,
			     "vCPU %#x", no_vcpus[i]);
	check_result(kclient_complete(other, 0, 1), -EINVAL, "other client");
	check(!guest_done(&guest, 50), "the guest did not wait");
	check_result(kclient_complete(client, 0, 0xfeed1234), 0, "complete");
	check_result(kclient_complete(client, 0, 2), -EINVAL, "twice");
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	check_equal(guest_result(&guest, 0), 0xfeed1234, "read");
	close(other);
	close(client);
	guest_end(&guest);
}

/* What the client had not completed, the device model gets. */
TEST(destroyed_with_request, "a client goes, and the device model gets its request")
{
	unsigned int served = 0;
	struct guest guest;
	int client;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, CLIENT_NEVER);
	program_reads(&guest, 0);
	guest_start(&guest);
	wait_for_requests(client, 1);
	check(!wait_for_request(&guest, 50), "the device model is asked");
	check_result(kclient_destroy(client), 0, "destroy");
	check(wait_for_request(&guest, PROMPT_MS), "nobody is asked");
	serve_until_done(&guest, count_mine, &served, PROMPT_MS);
	check_equal(served, 1, "requests of the device model");
	check_equal(guest_result(&guest, 0), OTHER_ANSWER, "read");
	check_result(kclient_complete(client, 0, 1), -ENODEV, "no client");
	close(client);
	guest_end(&guest);
}

static void *attach_thread(void *data)
{
	struct guest *guest = data;

	return (void *)(long)client_attach(guest->fd, guest->client);
}

/* The device model waits already, and looks at nothing of its own accord. */
TEST(destroyed_with_request_wakes, "[D12] and it is woken if it waits")
{
	struct timespec limit;
	struct guest guest;
	pthread_t thread;
	void *result;
	int client;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, CLIENT_NEVER);
	program_reads(&guest, 0);
	guest_start(&guest);
	wait_for_requests(client, 1);
	check(!pthread_create(&thread, NULL, attach_thread, &guest),
	      "pthread_create");
	sleep_ms(100);
	check(pthread_tryjoin_np(thread, &result), "ATTACH does not wait");
	check_result(kclient_destroy(client), 0, "destroy");
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += PROMPT_MS / 1000;
	check(!pthread_timedjoin_np(thread, &result, &limit),
	      "the device model sleeps on");
	check_result((long)result, 0, "ATTACH_IOREQ_CLIENT");
	check(slot_is_mine(&guest, 0), "the request is not the client's");
	close(client);
	guest_end(&guest);
}

/* Ranges that overlap are refused, within a VM and for the same type. */
TEST(ranges, "[R7] ranges that overlap, and 64-bit addresses")
{
	static const struct {
		uint64_t start, last;
		int result;
	} ranges[] = {
		{ 0x100, 0x1ff, 0 },		{ 0x200, 0x200, 0 },
		{ 0xff, 0xff, 0 },		{ 0x100, 0x1ff, -EEXIST },
		{ 0x150, 0x150, -EEXIST },	{ 0, 0x100, -EEXIST },
		{ 0x1ff, 0x300, -EEXIST },	{ 0, ~0ULL, -EEXIST },
		{ 0x200, 0x1ff, -EINVAL },	{ ~0ULL, 0, -EINVAL },
		{ 0x8000000000000000, 0x8000000000000fff, 0 },
		{ ~0ULL - 7, ~0ULL, 0 },	{ ~0ULL, ~0ULL, -EEXIST },
		{ 0x7fffffffffffffff, 0x8000000000000000, -EEXIST },
	};
	static const uint32_t no_types[] = { ACRN_IOREQ_PCICFG, 4, 0xffffffff };
	struct guest guests[2];
	int clients[3];
	unsigned int i;

	guest_new(&guests[0], 0, 0);
	guest_new(&guests[1], 1, 0);
	for (i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = kclient_open();
	check_result(kclient_create(clients[0], VMID(0), 0), 0, "create");
	check_result(kclient_create(clients[1], VMID(0), 0), 0, "create");
	check_result(kclient_create(clients[2], VMID(1), 0), 0, "create");
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		check_result(kclient_add(clients[0], ACRN_IOREQ_MMIO,
					 ranges[i].start, ranges[i].last),
			     ranges[i].result, "add %u", i);
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		if (!ranges[i].result)
			check_result(kclient_add(clients[1], ACRN_IOREQ_MMIO,
						 ranges[i].start,
						 ranges[i].last), -EEXIST,
				     "add %u by another client", i);
	for (i = 0; i < ARRAY_SIZE(no_types); i++)
		check_result(kclient_add(clients[0], no_types[i], 1, 2),
			     -EINVAL, "type %#x", no_types[i]);
	check_result(kclient_add(clients[1], ACRN_IOREQ_PIO, 0x100, 0x1ff), 0,
		     "add of another type");
	check_result(kclient_add(clients[1], ACRN_IOREQ_WP, 0x100, 0x1ff), 0,
		     "add of another type");
	check_result(kclient_add(clients[2], ACRN_IOREQ_MMIO, 0x100, 0x1ff), 0,
		     "add in another VM");

	check_result(kclient_del(clients[0], ACRN_IOREQ_MMIO, 0x100, 0x1fe),
		     -ENOENT, "del of a part");
	check_result(kclient_del(clients[0], ACRN_IOREQ_PIO, 0x100, 0x1ff),
		     -ENOENT, "del of another type");
	check_result(kclient_del(clients[1], ACRN_IOREQ_MMIO, 0x100, 0x1ff),
		     -ENOENT, "del of another client's");
	check_result(kclient_del(clients[0], ACRN_IOREQ_MMIO, 0x100, 0x1ff), 0,
		     "del");
	check_result(kclient_del(clients[0], ACRN_IOREQ_MMIO, 0x100, 0x1ff),
		     -ENOENT, "del twice");
	check_result(kclient_add(clients[1], ACRN_IOREQ_MMIO, 0x100, 0x1ff), 0,
		     "add by another client");
	for (i = 0; i < ARRAY_SIZE(clients); i++)
		close(clients[i]);
	guest_end(&guests[0]);
	guest_end(&guests[1]);
}

TEST(no_such_vm, "[R4] no client without a VM")
{
	static const unsigned int vmids[] = { 0, 1, 2, 5, 0x7fff, 0xffff };
	struct acrn_create_vm create;
	int client = kclient_open(), fd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmids); i++)
		check_result(kclient_create(client, vmids[i], 0), -ENODEV,
			     "vmid %#x", vmids[i]);
	fd = hsm_open();
	vm_fill_create(&create, 0);
	create.req_buf = 0;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), 0, "CREATE_VM");
	check_result(kclient_create(client, VMID(0), 0), -ENODEV, "no page");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_to_state(fd, VM_DYING, 0);
	check_result(kclient_create(client, VMID(0), 0), -ENODEV, "dying");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	close(client);
}

static unsigned int refs(unsigned int config)
{
	struct shown_vm vm;

	check(shown_vm(VMID(config), &vm), "the VM is not shown");
	return vm.refs;
}

/* A client keeps the object, not the VM and not its memory. */
TEST(outlives_vm, "[R5] [R6] a client outlives its VM, but keeps no memory")
{
	long pinned = pinned_pages();
	struct guest guest;
	unsigned int i;
	int client;

	for (i = 0; i < 3; i++) {
		guest_new(&guest, 0, 0);
		check_equal(refs(0), 1, "references");
		client = new_kclient(0, CLIENT_NEVER);
		check_equal(refs(0), 2, "references");
		program_reads(&guest, 0);
		guest_start(&guest);
		wait_for_requests(client, 1);
		if (i == 0)
			check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
		else
			close(guest.fd);
		check_equal(pinned_pages(), pinned, "pinned pages");
		check_equal(hv_vm_state(VMID(0)), TESTBED_VM_OFF, "state");
		check_result(kclient_complete(client, 0, 1), -EINVAL,
			     "complete");
		check_result(kclient_add(client, ACRN_IOREQ_PIO, 1, 2), -ENODEV,
			     "add");
		check_result(kclient_del(client, ACRN_IOREQ_PIO, PORT,
					 PORT + PORTS - 1), -ENODEV, "del");
		if (i == 0) {
			/* the next VM of that file is not this client's */
			vm_to_state(guest.fd, VM_STARTED, 0);
			check_result(kclient_add(client, ACRN_IOREQ_PIO, 1, 2),
				     -ENODEV, "add");
			check_result(kclient_complete(client, 0, 1), -EINVAL,
				     "complete");
			close(guest.fd);
		}
		munmap(guest.memory, GUEST_SIZE);
		close(client);
	}
	guest_new(&guest, 0, 0);
	check_equal(refs(0), 1, "references");
	guest_end(&guest);
}

TEST(keeps_module, "rmmod is refused while a client is there")
{
	int client = kclient_open();

	check_result(driver_unload(), -EWOULDBLOCK, "rmmod acrn");
	check_result(module_unload("client"), -EWOULDBLOCK, "rmmod client");
	close(client);
	check_result(driver_unload(), -EWOULDBLOCK, "rmmod acrn");
	check_result(module_unload("client"), 0, "rmmod client");
	check_result(driver_unload(), 0, "rmmod acrn");
	check_result(driver_load(), 0, "insmod acrn");
}

static void upcall(void)
{
	unsigned long reg[4] = { 1 };

	check_result(hv_command(TESTBED_UPCALL, reg), 0, "upcall");
}

/* A request written by the device model, of what no guest can ask for */
static void forge(struct guest *guest, uint32_t type, uint64_t address,
		  uint64_t size)
{
	struct acrn_io_request *slot = guest->slots;

	memset(slot, 0, offsetof(struct acrn_io_request, processed));
	slot->type = type;
	slot->reqs.mmio.address = address;
	slot->reqs.mmio.size = size;
	__atomic_store_n(&slot->processed, ACRN_IOREQ_PENDING,
			 __ATOMIC_RELEASE);
	upcall();
}

/* Whatever a slot says, a client sees nothing but its ranges. */
TEST(forged_requests, "[B13] forged requests do not reach beyond a client's ranges")
{
	static const struct {
		uint32_t type;
		uint64_t address, size;
	} forged[] = {
		{ ACRN_IOREQ_PIO, -1ULL, 2 },	{ ACRN_IOREQ_PIO, -1ULL, 4 },
		{ ACRN_IOREQ_PIO, -2ULL, 4 },	{ ACRN_IOREQ_PIO, -3ULL, 4 },
		{ ACRN_IOREQ_MMIO, -1ULL, 8 },	{ ACRN_IOREQ_MMIO, -7ULL, 8 },
		{ ACRN_IOREQ_MMIO, -1ULL, 2 },	{ ACRN_IOREQ_MMIO, -2ULL, 8 },
		{ ACRN_IOREQ_MMIO, -3ULL, 4 },	{ ACRN_IOREQ_PIO, 0, 0 },
		{ ACRN_IOREQ_PIO, 0, 3 },	{ ACRN_IOREQ_PIO, 0, 8 },
		{ ACRN_IOREQ_PIO, 0, -1ULL },	{ ACRN_IOREQ_PIO, 0, 1ULL << 32 },
		{ ACRN_IOREQ_MMIO, 0, 0 },	{ ACRN_IOREQ_MMIO, 0, 16 },
		{ ACRN_IOREQ_MMIO, 0, (1ULL << 32) + 4 },
		{ ACRN_IOREQ_MMIO, 0, -1ULL },
		{ ACRN_IOREQ_PCICFG, 0, 4 },
	};
	struct client_seen seen;
	struct guest guest;
	unsigned int i;
	int client;

	guest_new(&guest, 0, 0);
	client = kclient_open();
	check_result(kclient_create(client, VMID(0), CLIENT_AT_ONCE), 0,
		     "create");
	check_result(kclient_add(client, ACRN_IOREQ_PIO, 0, 0x100), 0, "add");
	check_result(kclient_add(client, ACRN_IOREQ_MMIO, 0, 0x100), 0, "add");
	check_result(kclient_add(client, ACRN_IOREQ_MMIO, -0x100ULL, -2ULL), 0,
		     "add at the end");
	guest_program(&guest, NULL, 0);
	guest_start(&guest);
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	hv_refuse(HC_NOTIFY_REQUEST, TESTBED_FOREVER, 0);
	for (i = 0; i < ARRAY_SIZE(forged); i++) {
		forge(&guest, forged[i].type, forged[i].address,
		      forged[i].size);
		check(wait_for_request(&guest, PROMPT_MS),
		      "request %u does not come to the device model", i);
		kclient_seen(client, &seen);
		check_equal(seen.requests, 0, "requests, %u", i);
		check_result(client_notify(guest.fd, guest.client, 0), 0,
			     "NOTIFY");
	}
	close(client);
	guest_end(&guest);
}

/* Writes to protected pages are for clients only: nobody else knows them. */
TEST(write_protected, "writes to protected pages")
{
	struct guest guest;
	unsigned long notified;
	int client;

	guest_new(&guest, 0, 0);
	client = kclient_open();
	check_result(kclient_create(client, VMID(0), CLIENT_NEVER), 0,
		     "create");
	check_result(kclient_add(client, ACRN_IOREQ_WP, 0x5000, 0x5fff), 0,
		     "add");
	guest_program(&guest, NULL, 0);
	guest_start(&guest);
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	hv_refuse(HC_NOTIFY_REQUEST, TESTBED_FOREVER, 0);
	forge(&guest, ACRN_IOREQ_WP, 0x5008, 8);
	wait_for_requests(client, 1);
	check_equal(guest.slots->processed, ACRN_IOREQ_PROCESSING, "state");
	check_result(kclient_complete(client, 0, 0), 0, "complete");
	check_equal(guest.slots->processed, ACRN_IOREQ_COMPLETE, "state");
	/* with its client gone it is answered, and not given to who exits at it */
	forge(&guest, ACRN_IOREQ_WP, 0x5010, 4);
	wait_for_requests(client, 2);
	notified = hv_calls(HC_NOTIFY_REQUEST);
	check_result(kclient_destroy(client), 0, "destroy");
	check(!wait_for_request(&guest, 50), "the device model is asked");
	check_equal(guest.slots->processed, ACRN_IOREQ_COMPLETE, "state");
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified + 1, "HC_NOTIFY");
	close(client);
	guest_end(&guest);
}

/*
 * A guest writes to a page that it may only read and execute, which is what the
 * hypervisor takes for a protected one: the client is asked, if there is one, and
 * the device model never.
 */
TEST(guest_writes_protected, "writes to protected pages, by a guest")
{
	static const uint64_t page = 0x40000000;
	uint64_t *memory = memory_get(MEMORY_PRIVATE, PAGE_SIZE);
	struct guest_op ops[8];
	struct client_seen seen;
	struct guest guest;
	unsigned int i;
	int client;

	for (i = 0; i < 4; i++) {
		ops[2 * i] = (struct guest_op) {
			GUEST_STORE + (1 << i), page + 8 * i,
			0x8877665544332211, 0
		};
		ops[2 * i + 1] = (struct guest_op) {
			GUEST_LOAD + 8, page + 8 * i, 0, 0
		};
		memory[i] = i + 1;
	}
	guest_new(&guest, 0, 0);
	check_result(memseg_set_prot(guest.fd, page, memory, PAGE_SIZE,
				     ACRN_PROT_READ | ACRN_PROT_EXEC), 0,
		     "SET_MEMSEG");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, not_mine, NULL, PROMPT_MS);

	client = kclient_open();
	check_result(kclient_create(client, VMID(0), CLIENT_SOON), 0, "create");
	check_result(kclient_add(client, ACRN_IOREQ_WP, page, page + 0xfff), 0,
		     "add");
	for (i = 0; i < 4; i++) {
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
		guest_program(&guest, &ops[2 * i], 2);
		guest_start(&guest);
		serve_until_done(&guest, not_mine, NULL, PROMPT_MS);
		kclient_seen(client, &seen);
		check_equal(seen.requests, i + 1, "requests");
		check_equal(seen.type, ACRN_IOREQ_WP, "type");
		check_equal(seen.write, 1, "direction");
		check_equal(seen.size, 1 << i, "size");
		check_equal(seen.addr, page + 8 * i, "address");
		check_equal(seen.value, low_bytes(ops[0].value, 1 << i),
			    "value");
		check_equal(guest_result(&guest, 1), i + 1, "what it reads");
		check_equal(memory[i], i + 1, "the memory");
	}
	close(client);
	guest_end(&guest);
}

static void check_msis(unsigned int config, unsigned long msis, uint64_t addr,
		       uint64_t data)
{
	struct hv_irqs irqs;

	hv_get_irqs(VMID(config), &irqs);
	check_equal(irqs.msis, msis, "MSIs");
	check_equal(irqs.msi_addr, addr, "address of the last");
	check_equal(irqs.msi_data, data, "data of the last");
}

/* MSIs go to the client's VM, from any context, and never to the next VM. */
TEST(injects, "MSIs, from the handler too, and not for the next VM")
{
	struct guest guest;
	int client;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, CLIENT_INJECTS);
	check_result(kclient_msi(client, 0xfee01000, 0x31), 0, "MSI, CREATED");
	check_msis(0, 1, 0xfee01000, 0x31);
	program_reads(&guest, 99);
	guest_start(&guest);
	serve_until_done(&guest, not_mine, NULL, PROMPT_MS);
	check_equal(kclient_requests(client), 100, "requests");
	check_msis(0, 101, CLIENT_MSI_ADDR, 0);
	hv_refuse(HC_INJECT_MSI, 1, HV_FAILED);
	check_result(kclient_msi(client, 0xfee01000, 0x32), -EIO,
		     "MSI that is refused");
	check_result(kclient_msi(client, 0xfee02000, 0x33), 0, "MSI, STARTED");
	check_msis(0, 102, 0xfee02000, 0x33);

	check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
	check_result(kclient_msi(client, 0xfee01000, 0x34), -ENODEV,
		     "MSI, no VM");
	vm_to_state(guest.fd, VM_STARTED, 0);
	check_result(kclient_msi(client, 0xfee01000, 0x35), -ENODEV,
		     "MSI, another VM");
	check_equal(hv_msis(VMID(0)), 0, "MSIs of another VM");
	close(client);
	client = new_kclient(0, CLIENT_NEVER);
	check_result(kclient_msi(client, 0xfee03000, 0x36), 0, "MSI of its own");
	check_msis(0, 1, 0xfee03000, 0x36);
	close(client);
	close(guest.fd);
}

/* A request that the client has when the VM is reset is nobody's any more. */
TIMED_TEST(reset, 120, "200 resets with a request of the client's open")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct guest guest;
	unsigned int i;
	int client;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, CLIENT_NEVER);
	program_reads(&guest, 0);
	for (i = 0; i < 200; i++) {
		guest_start(&guest);
		wait_for_requests(client, i + 1);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		if (i % 2)
			check_result(clear_requests(guest.fd), 0,
				     "CLEAR_VM_IOREQ");
		else if (i % 4)
			check_result(kclient_complete(client, 0, 1), 0,
				     "complete while paused");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		check_result(kclient_complete(client, 0, 1), -EINVAL,
			     "complete after the reset");
		guest_set_regs(&guest);
	}
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	guest_start(&guest);
	wait_for_requests(client, i + 1);
	check_result(kclient_complete(client, 0, 7), 0, "complete");
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	check_equal(guest_result(&guest, 0), 7, "read");
	close(client);
	guest_end(&guest);
}

/* Resets while the worker completes: it may be late, but does no harm. */
TIMED_TEST(reset_while_completing, 120, "200 resets while a worker completes requests")
{
	struct guest guest;
	unsigned int i;
	int client;

	guest_new_vcpus(&guest, 0, 0, 2);
	client = new_kclient(0, CLIENT_SOON);
	program_reads(&guest, FOR_EVER);
	srandom(1);
	for (i = 0; i < 200; i++) {
		guest_start(&guest);
		usleep(random() % 2000);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
	}
	guest_start(&guest);
	sleep_ms(20);
	close(client);
	guest_end(&guest);
}

/* The same answer, whoever gives it */
static bool answer_as_client(struct guest *guest, struct access *access,
			     void *data)
{
	access->value = CLIENT_ANSWER(access->address);
	return true;
}

static void *come_and_go(void *data)
{
	static const unsigned long how[] = {
		CLIENT_AT_ONCE, CLIENT_SOON, CLIENT_NEVER,
	};
	int *stop = data, client;
	unsigned int i;

	for (i = 0; !__atomic_load_n(stop, __ATOMIC_ACQUIRE); i++) {
		client = new_kclient(0, how[i % ARRAY_SIZE(how)]);
		usleep(i * 37 % 1500);
		close(client);
	}
	report("%u clients", i);
	return NULL;
}

/* Each request is served, by the client or by the device model. */
TIMED_TEST(clients_come_and_go, 120, "[B4] [R5] clients come and go while requests fly")
{
	unsigned int i, stop = 0;
	struct guest guest;
	pthread_t thread;

	guest_new_vcpus(&guest, 0, 0, 2);
	program_reads(&guest, 3000);
	check(!pthread_create(&thread, NULL, come_and_go, &stop),
	      "pthread_create");
	guest_start(&guest);
	serve_until_done(&guest, answer_as_client, NULL, 60000);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	for (i = 0; i < guest.vcpus; i++)
		check_equal(guest_vcpu_op(&guest, i, 0)->result,
			    low_bytes(CLIENT_ANSWER(PORT), 4), "read of vCPU %u",
			    i);
	guest_end(&guest);
}

/* It need not take its ranges back first. */
TEST(ranges_go_too, "a client goes with its ranges")
{
	struct guest guest;
	unsigned int i;
	long objects;

	guest_new(&guest, 0, 0);
	close(new_kclient(0, CLIENT_NEVER));
	objects = slab_objects();
	for (i = 0; i < 200; i++)
		close(new_kclient(0, CLIENT_NEVER));
	check_slab_growth(objects, 150);
	guest_end(&guest);
}

static void serve_and_wait(void *data)
{
	struct guest guest;

	guest_new(&guest, 0, 0);
	program_reads(&guest, FOR_EVER);
	guest_start(&guest);
	__atomic_store_n((int *)data, 1, __ATOMIC_RELEASE);
	pause();
}

/* The process with the VM is killed; the client is another one's. */
TIMED_TEST(vm_killed, 120, "[R6] [R9] the VM's process is killed")
{
	static const unsigned long how[] = {
		CLIENT_AT_ONCE, CLIENT_SOON, CLIENT_NEVER,
	};
	int *runs = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct vm_model empty = { VM_EMPTY, 0 };
	long pinned = pinned_pages();
	unsigned int i;
	int client;
	pid_t pid;

	check(runs != MAP_FAILED, "mmap");
	for (i = 0; i < 30; i++) {
		*runs = 0;
		pid = start_child(serve_and_wait, runs);
		while (!__atomic_load_n(runs, __ATOMIC_ACQUIRE))
			usleep(200);
		client = new_kclient(0, how[i % ARRAY_SIZE(how)]);
		usleep(i * 211 % 3000);
		kill_child(pid);
		vm_check(0, &empty);
		check_equal(pinned_pages(), pinned, "pinned pages");
		close(client);
	}
}

#define REQUESTS	5000

static void measure(unsigned long how, const char *what)
{
	struct guest guest;
	uint64_t us;
	int client;

	guest_new(&guest, 0, 0);
	client = new_kclient(0, how);
	program_reads(&guest, REQUESTS - 1);
	us = now_us();
	guest_start(&guest);
	check(guest_done(&guest, 60000), "the guest is not done");
	us = now_us() - us;
	check_equal(kclient_requests(client), REQUESTS, "requests");
	check(!wait_for_request(&guest, 0), "the device model is asked");
	report("%s: %llu requests/s, %llu us each", what,
	       (unsigned long long)(REQUESTS * 1000000ULL / us),
	       (unsigned long long)(us / REQUESTS));
	close(client);
	guest_end(&guest);
}

TIMED_TEST(speed, 120, "requests per second")
{
	measure(CLIENT_AT_ONCE, "in the handler");
	measure(CLIENT_SOON, "in a worker");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	module_unload("client");
	return failed;
}
