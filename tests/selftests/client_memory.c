// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guest memory of clients in the kernel: memory that they hold, and pages that are
 * write-protected for them, through the module client.
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
#include <unistd.h>

#include "failalloc.h"
#include "guest.h"
#include "harness.h"
#include "kclient.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA		0x40000000UL
#define MMIO_GPA	0x50000000UL
#define DEVICE		0xfec00000UL	/* the IOAPIC */
#define PROT_RW		(ACRN_PROT_READ | ACRN_PROT_WRITE)
#define PROT_RX		(ACRN_PROT_READ | ACRN_PROT_EXEC)
#define CLIENT_PAGES	65536UL		/* that a client can hold */
#define PROMPT_MS	5000
#define ALLOCATIONS_MAX	100

static int hold(int client, uint64_t gpa, uint64_t len, uint32_t prot)
{
	struct client_map map = { .gpa = gpa, .len = len, .prot = prot };
	int ret = kclient_map(client, &map);

	return ret ? ret : (int)map.id;
}

static int must_hold(int client, uint64_t gpa, uint64_t len)
{
	int id = hold(client, gpa, len, PROT_RW);

	check(id >= 0, "holding %#llx: %s", (unsigned long long)gpa,
	      result_name(id));
	return id;
}

static int new_client(unsigned int config, unsigned long how)
{
	int client = kclient_open();

	check_result(kclient_create(client, VMID(config), how), 0, "create");
	return client;
}

/* A VM with memory at GPA, which is also the guest's program's */
static void *new_guest(struct guest *guest, enum memory_kind kind, size_t size)
{
	void *memory = memory_get(kind, size);

	guest_new(guest, 0, 0);
	check_result(memseg_set(guest->fd, GPA, memory, size), 0, "SET_MEMSEG");
	return memory;
}

static bool nobody(struct guest *guest, struct access *access, void *data)
{
	fail("the device model got a request of type %u for %#llx", access->type,
	     (unsigned long long)access->address);
}

/* The guest does what it is told, from its reset on */
static void run_again(struct guest *guest, const struct guest_op *ops, unsigned int count)
{
	check_result(vm_pause(guest->fd), 0, "PAUSE_VM");
	check_result(vm_reset(guest->fd), 0, "RESET_VM");
	guest_set_regs(guest);
	guest_program(guest, ops, count);
	guest_start(guest);
	serve_until_done(guest, nobody, NULL, PROMPT_MS);
}

static uint32_t rights(uint64_t gpa)
{
	struct hv_run run;

	check(hv_memory(VMID(0), gpa, &run) && run.gpa == gpa,
	      "the VM does not reach %#llx", (unsigned long long)gpa);
	return run.prot & PROT_ALL;
}

static const struct {
	uint64_t at, len;
} stretches[] = {
	{ 0, PAGES(8) },		{ 0, 8 },
	{ PAGES(8) - 8, 8 },		{ PAGES(1) - 4, 8 },
	{ PAGES(2), PAGES(1) },		{ PAGES(3) + 0x123, PAGES(2) },
	{ PAGES(7), PAGES(1) },
};

static void see_the_same(int client, char *memory)
{
	unsigned int i, id;
	uint64_t word;

	for (i = 0; i < ARRAY_SIZE(stretches); i++) {
		uint64_t at = stretches[i].at, last = stretches[i].len - 8;

		id = must_hold(client, GPA + at, stretches[i].len);
		word = 0x1122334455660000 + i;
		memcpy(memory + at, &word, sizeof(word));
		check_equal(kclient_load(client, id, 0), word, "stretch %u", i);
		kclient_store(client, id, last, ~word);
		memcpy(&word, memory + at + last, sizeof(word));
		check_equal(word, ~(0x1122334455660000 + i), "stretch %u", i);
		check_result(kclient_unmap(client, id), 0, "unmap");
	}
}

TEST(is_the_guests, "what a client holds is what the guest has")
{
	static const enum memory_kind kinds[] = {
		MEMORY_PRIVATE, MEMORY_SHARED, MEMORY_MEMFD, MEMORY_THP,
	};
	struct guest guest;
	unsigned int i;
	char *memory;
	int client;

	guest_new(&guest, 0, 0);
	client = new_client(0, CLIENT_NEVER);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = memory_get(kinds[i], HUGE_2M);
		check_result(memseg_set(guest.fd, GPA, memory, HUGE_2M), 0,
			     "SET_MEMSEG of %s", memory_kind_names[kinds[i]]);
		see_the_same(client, memory);
		see_the_same(client, memory);
		check_result(memseg_unset(guest.fd, GPA, HUGE_2M), 0,
			     "UNSET_MEMSEG");
	}
	/* no page beside the one before it: then there are lists of segments */
	memory = memory_scattered(300);
	check_result(memseg_set(guest.fd, GPA, memory, PAGES(300)), 0, "SET_MEMSEG");
	see_the_same(client, memory);
	i = must_hold(client, GPA + PAGES(1), PAGES(299));
	*(uint64_t *)(memory + PAGES(299)) = 0x77;
	check_equal(kclient_load(client, i, PAGES(298)), 0x77, "the last page");
	close(client);
	guest_end(&guest);
}

TEST(not_ram, "what is not RAM of the VM cannot be held")
{
	static const struct {
		uint64_t gpa, len;
		uint32_t prot;
		int result;
	} cases[] = {
		/* 4 pages with all rights at GPA, then 4 others, then 1 of read-only */
		{ GPA, PAGES(4), PROT_RW, 0 },
		{ GPA, PAGES(4) + 1, PROT_RW, -ENOENT },
		{ GPA + PAGES(3), PAGES(2), PROT_RW, -ENOENT },
		{ GPA + PAGES(4) - 1, 2, ACRN_PROT_READ, -ENOENT },
		{ GPA - 1, 2, PROT_RW, -ENOENT },
		{ GPA - PAGES(1), PAGES(1), PROT_RW, -ENOENT },
		{ GPA + PAGES(8) - 1, 1, PROT_RW, 0 },
		{ GPA + PAGES(8), 1, ACRN_PROT_READ, 0 },
		{ GPA + PAGES(8), 1, ACRN_PROT_WRITE, -EACCES },
		{ GPA + PAGES(8), 1, PROT_RW, -EACCES },
		{ GPA + PAGES(9), 1, ACRN_PROT_READ, -ENOENT },
		{ MMIO_GPA, PAGES(1), ACRN_PROT_READ, -ENOENT },
		{ MMIO_GPA, 4, PROT_RW, -ENOENT },
		{ GPA, 0, PROT_RW, -EINVAL },
		{ GPA, 1, 0, -EINVAL },
		{ GPA, 1, ACRN_PROT_EXEC | ACRN_PROT_READ, -EINVAL },
		{ GPA, 1, 0x80000001, -EINVAL },
		{ ~0ULL, 2, PROT_RW, -EINVAL },
		{ ~0ULL, 1, PROT_RW, -ENOENT },
		{ ~0ULL - 0xfff, PAGES(1), PROT_RW, -ENOENT },
		{ GPA, ~0ULL, PROT_RW, -EINVAL },
		{ GPA, ~0ULL - GPA, PROT_RW, -ENOSPC },
		{ GPA, PAGES(CLIENT_PAGES), PROT_RW, -ENOENT },
		{ GPA + 1, PAGES(CLIENT_PAGES), PROT_RW, -ENOSPC },
		{ GPA, PAGES(CLIENT_PAGES) + 1, PROT_RW, -ENOSPC },
		{ 1ULL << 63, PAGES(1), PROT_RW, -ENOENT },
	};
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(9));
	struct guest guest;
	unsigned int i;
	int client, id;

	guest_new(&guest, 0, 0);
	check_result(memseg_set(guest.fd, GPA, memory, PAGES(4)), 0, "SET_MEMSEG");
	check_result(memseg_set(guest.fd, GPA + PAGES(4), memory + PAGES(4), PAGES(4)),
		     0, "SET_MEMSEG");
	check_result(memseg_set_prot(guest.fd, GPA + PAGES(8), memory + PAGES(8),
				     PAGES(1), ACRN_PROT_READ), 0, "SET_MEMSEG");
	check_result(memseg_set_mmio(guest.fd, MMIO_GPA, DEVICE, PAGES(1), PROT_RW), 0,
		     "SET_MEMSEG of MMIO");
	client = new_client(0, CLIENT_NEVER);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		id = hold(client, cases[i].gpa, cases[i].len, cases[i].prot);
		check_result(id < 0 ? id : 0, cases[i].result, "case %u", i);
		if (id >= 0)
			check_result(kclient_unmap(client, id), 0, "unmap");
	}
	close(client);
	guest_end(&guest);
}

static unsigned long free_huge_pages(void)
{
	char text[32];

	check_result(read_text("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
			       text, sizeof(text)), 0, "free_hugepages");
	return strtoul(text, NULL, 10);
}

/*
 * Of huge pages there is a count of those that are free: so it can be seen when the
 * kernel has one back.
 */
TEST(outlives_memseg, "memory that is held outlives its memseg, and goes back once")
{
	struct guest guest;
	struct pins before;
	unsigned long all;
	int client, ids[2];
	char *memory;

	if (!huge_pages_reserve(HUGE_2M, 3))
		skip("no huge pages");
	guest_new(&guest, 0, 0);
	all = free_huge_pages();
	pins_get(&before);
	memory = memory_get(MEMORY_HUGE_2M, 3 * HUGE_2M);
	memory_touch(memory, 3 * HUGE_2M);
	check_result(memseg_set(guest.fd, GPA, memory, 3 * HUGE_2M), 0, "SET_MEMSEG");
	check_equal(free_huge_pages(), all - 3, "free huge pages");
	client = new_client(0, CLIENT_NEVER);
	ids[0] = must_hold(client, GPA + HUGE_2M + PAGES(5), PAGES(2));
	ids[1] = must_hold(client, GPA + 2 * HUGE_2M - 8, 16);
	kclient_store(client, ids[0], 8, 0x600df00d);

	check_result(memseg_unset(guest.fd, GPA, 3 * HUGE_2M), 0, "UNSET_MEMSEG");
	pins_check(&before, 0, "the memseg is gone");
	check_result(hold(client, GPA + HUGE_2M, 8, PROT_RW), -ENOENT,
		     "holding what is no more the guest's");
	munmap(memory, 3 * HUGE_2M);
	check_equal(free_huge_pages(), all - 2, "free huge pages");
	/* what the kernel gives out now is not what the client holds */
	memset(memory_get(MEMORY_HUGE_2M, HUGE_2M), 0xee, HUGE_2M);
	check_equal(free_huge_pages(), all - 3, "free huge pages");
	check_equal(kclient_load(client, ids[0], 0), 512 + 6, "what is held");
	check_equal(kclient_load(client, ids[0], 8), 0x600df00d, "what is held");
	check_equal(kclient_load(client, ids[1], 8), 1025, "what is held");
	kclient_store(client, ids[1], 0, 1);

	check_result(kclient_unmap(client, ids[1]), 0, "unmap");
	check_equal(free_huge_pages(), all - 2, "free huge pages");
	check_result(kclient_unmap(client, ids[1]), -ENOENT, "unmap twice");
	/* the other goes with the client */
	close(client);
	check_equal(free_huge_pages(), all - 1, "free huge pages");
	guest_end(&guest);
	check(huge_pages_reserve(HUGE_2M, 0), "giving huge pages back");
}

/* As it is again and again */
TEST(held_twice, "the same memory, held by two clients and many times")
{
	char *memory;
	struct guest guest;
	int clients[2], ids[2][20];
	unsigned int i;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(16));
	clients[0] = new_client(0, CLIENT_NEVER);
	clients[1] = new_client(0, CLIENT_NEVER);
	for (i = 0; i < 20; i++) {
		ids[0][i] = must_hold(clients[0], GPA, PAGES(16));
		ids[1][i] = must_hold(clients[1], GPA + PAGES(i % 8), PAGES(8));
	}
	kclient_store(clients[0], ids[0][3], PAGES(7), 0x33);
	for (i = 0; i < 8; i++)
		check_equal(kclient_load(clients[1], ids[1][i], PAGES(7 - i)), 0x33,
			    "the other client's, %u", i);
	check_result(memseg_unset(guest.fd, GPA, PAGES(16)), 0, "UNSET_MEMSEG");
	close(clients[0]);
	for (i = 0; i < 8; i++)
		check_equal(kclient_load(clients[1], ids[1][i], PAGES(7 - i)), 0x33,
			    "when one is gone, %u", i);
	check_equal(*(uint64_t *)(memory + PAGES(7)), 0x33, "the process's");
	close(clients[1]);
	guest_end(&guest);
}

TEST(limit, "a client holds 256 MiB and no more")
{
	struct guest guest;
	unsigned int i, count = CLIENT_PAGES * PAGE_SIZE / HUGE_2M;
	int clients[2], id;

	new_guest(&guest, MEMORY_PRIVATE, HUGE_2M);
	clients[0] = new_client(0, CLIENT_NEVER);
	clients[1] = new_client(0, CLIENT_NEVER);
	for (i = 0; i < count; i++)
		id = must_hold(clients[0], GPA, HUGE_2M);
	check_result(hold(clients[0], GPA, 1, PROT_RW), -ENOSPC, "one more byte");
	must_hold(clients[1], GPA, HUGE_2M);
	check_result(kclient_unmap(clients[0], id), 0, "unmap");
	must_hold(clients[0], GPA, HUGE_2M - PAGES(1));
	check_result(hold(clients[0], GPA + PAGES(1) - 1, 2, PROT_RW), -ENOSPC,
		     "two bytes, two pages");
	must_hold(clients[0], GPA, PAGES(1));
	check_result(hold(clients[0], GPA, 1, PROT_RW), -ENOSPC, "one more byte");
	/* what was refused counts for nothing */
	check_result(kclient_destroy(clients[0]), 0, "destroy");
	check_result(kclient_create(clients[0], VMID(0), CLIENT_NEVER), 0, "create");
	for (i = 0; i < 200; i++)
		check_result(hold(clients[0], GPA + 1, HUGE_2M, PROT_RW), -ENOENT,
			     "beyond the end");
	must_hold(clients[0], GPA, HUGE_2M);
	close(clients[0]);
	close(clients[1]);
	guest_end(&guest);
}

static void serve_and_wait(void *data)
{
	struct guest guest;
	uint64_t *memory = new_guest(&guest, MEMORY_HUGE_2M, HUGE_2M);
	const struct guest_op ops[] = {
		{ GUEST_STORE + 8, GPA + PAGES(2), 0x99, 0 },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};

	memory[0] = 0x5eed;
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	__atomic_store_n((int *)data, 1, __ATOMIC_RELEASE);
	pause();
}

/* The device model is killed while it runs; the client is another process's. */
TIMED_TEST(vm_killed, 120, "the VM's process is killed while its memory is held and protected")
{
	int *runs = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct vm_model empty = { VM_EMPTY, 0 };
	long pinned = pinned_pages();
	int client, id, other;
	unsigned int i, k;
	unsigned long all;
	pid_t pid;

	check(runs != MAP_FAILED, "mmap");
	if (!huge_pages_reserve(HUGE_2M, 1))
		skip("no huge pages");
	all = free_huge_pages();
	for (i = 0; i < 4; i++) {
		*runs = 0;
		pid = start_child(serve_and_wait, runs);
		while (!__atomic_load_n(runs, __ATOMIC_ACQUIRE))
			usleep(200);
		client = new_client(0, CLIENT_APPLIES);
		other = new_client(0, CLIENT_APPLIES);
		id = must_hold(client, GPA, PAGES(16));
		must_hold(other, GPA, PAGES(16));
		check_result(kclient_protect(client, GPA + PAGES(2)), 0, "protect");
		kclient_store(client, id, PAGES(15), 0xabc);
		usleep(i * 611 % 2000);
		kill_child(pid);
		vm_check(0, &empty);
		check_equal(pinned_pages(), pinned, "pinned pages");
		check_equal(free_huge_pages(), all - 1, "free huge pages");
		check_equal(kclient_load(client, id, 0), 0x5eed, "what is held");
		check_equal(kclient_load(client, id, PAGES(15)), 0xabc, "what is held");
		for (k = 0; k < 16; k++)
			kclient_store(client, id, PAGES(k), k);
		check_result(hold(client, GPA, 8, PROT_RW), -ENODEV, "hold, no VM");
		check_result(kclient_protect(client, GPA), -ENODEV, "protect, no VM");
		check_result(kclient_unprotect(client, GPA + PAGES(2)), -ENODEV,
			     "unprotect, no VM");
		if (i % 2)
			check_result(kclient_unmap(client, id), 0, "unmap");
		/* the huge page goes with the last one that holds it */
		close(i == 2 ? other : client);
		check_equal(free_huge_pages(), all - 1, "free huge pages");
		close(i == 2 ? client : other);
		check_equal(free_huge_pages(), all, "free huge pages");
	}
	check(huge_pages_reserve(HUGE_2M, 0), "giving huge pages back");
}

/* Destroyed, created anew with the same vmid on the same file, and still not the client's */
TEST(next_vm, "the next VM of the same vmid is not the client's")
{
	unsigned long calls;
	struct guest guest;
	char *memory;
	int client, id;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(4));
	client = new_client(0, CLIENT_NEVER);
	id = must_hold(client, GPA, PAGES(4));
	check_result(kclient_protect(client, GPA), 0, "protect");
	kclient_store(client, id, 0, 0x11);
	check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
	calls = hv_calls(HC_WRITE_PROTECT);
	vm_to_state(guest.fd, VM_CREATED, 0);
	check_result(memseg_set(guest.fd, GPA, memory, PAGES(4)), 0, "SET_MEMSEG");
	check_result(hold(client, GPA, 8, PROT_RW), -ENODEV, "hold");
	check_result(kclient_protect(client, GPA + PAGES(1)), -ENODEV, "protect");
	check_equal(kclient_load(client, id, 0), 0x11, "what is held");
	close(client);
	check_equal(hv_calls(HC_WRITE_PROTECT), calls, "HC_VM_WRITE_PROTECT_PAGE");
	check_equal(rights(GPA), PROT_ALL, "rights");
	/* nobody has its pages any more */
	client = new_client(0, CLIENT_NEVER);
	check_result(kclient_protect(client, GPA), 0, "protect by another client");
	close(client);
	close(guest.fd);
}

TEST(writes, "writes to a protected page come to the client, and reads do not")
{
	struct guest_op ops[9];
	struct client_seen seen;
	struct guest guest;
	unsigned int i;
	uint64_t *memory;
	int client;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(4));
	client = new_client(0, CLIENT_APPLIES);
	must_hold(client, GPA, PAGES(4));
	check_result(kclient_protect(client, GPA + PAGES(1)), 0, "protect");
	check_equal(rights(GPA), PROT_ALL, "rights of the page before");
	check_equal(rights(GPA + PAGES(1)), PROT_RX, "rights");
	check_equal(rights(GPA + PAGES(2)), PROT_ALL, "rights of the page after");

	for (i = 0; i < 4; i++) {
		ops[2 * i] = (struct guest_op) {
			GUEST_STORE + (1 << i), GPA + PAGES(1) + 8 * i,
			0x8877665544332211, 0
		};
		ops[2 * i + 1] = (struct guest_op) {
			GUEST_LOAD + 8, GPA + PAGES(1) + 8 * i, 0, 0
		};
	}
	ops[8] = (struct guest_op) { GUEST_STORE + 8, GPA + PAGES(2), 0x22, 0 };
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, nobody, NULL, PROMPT_MS);
	kclient_seen(client, &seen);
	check_equal(seen.requests, 4, "requests");
	check_equal(seen.applied, 4, "writes that were done");
	check_equal(seen.type, ACRN_IOREQ_WP, "type");
	check_equal(seen.write, 1, "direction");
	check_equal(seen.addr, GPA + PAGES(1) + 24, "address");
	for (i = 0; i < 4; i++) {
		check_equal(guest_result(&guest, 2 * i + 1),
			    low_bytes(ops[0].value, 1 << i), "what the guest reads");
		check_equal(memory[PAGES(1) / 8 + i], low_bytes(ops[0].value, 1 << i),
			    "memory");
	}
	check_equal(memory[PAGES(2) / 8], 0x22, "the page after");

	/* a reset changes nothing of it */
	run_again(&guest, ops, 2);
	kclient_seen(client, &seen);
	check_equal(seen.requests, 5, "requests");

	check_result(kclient_unprotect(client, GPA + PAGES(1)), 0, "unprotect");
	check_equal(rights(GPA + PAGES(1)), PROT_ALL, "rights");
	memory[PAGES(1) / 8 + 3] = 0;
	run_again(&guest, ops, 9);
	kclient_seen(client, &seen);
	check_equal(seen.requests, 5, "requests");
	check_equal(memory[PAGES(1) / 8 + 3], ops[0].value, "memory");
	close(client);
	guest_end(&guest);
}

/* As if the guest had written, and the upcall were yet to come */
static void write_without_upcall(struct guest *guest, uint64_t gpa, uint64_t value)
{
	struct acrn_io_request *slot = guest->slots;

	memset(slot, 0, offsetof(struct acrn_io_request, processed));
	slot->type = ACRN_IOREQ_WP;
	slot->reqs.mmio.direction = ACRN_IOREQ_WRITE;
	slot->reqs.mmio.address = gpa;
	slot->reqs.mmio.size = 8;
	slot->reqs.mmio.value = value;
	__atomic_store_n(&slot->processed, ACRN_IOREQ_PENDING, __ATOMIC_RELEASE);
}

TEST(pending_writes, "a write that is on its way is done before its page is given up")
{
	struct client_seen seen;
	struct guest guest;
	uint64_t *memory;
	int client;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(2));
	client = new_client(0, CLIENT_APPLIES);
	must_hold(client, GPA, PAGES(2));
	guest_program(&guest, NULL, 0);
	guest_start(&guest);
	serve_until_done(&guest, nobody, NULL, PROMPT_MS);
	hv_refuse(HC_NOTIFY_REQUEST, TESTBED_FOREVER, 0);

	check_result(kclient_protect(client, GPA), 0, "protect");
	write_without_upcall(&guest, GPA + 16, 0x61);
	check_result(kclient_unprotect(client, GPA), 0, "unprotect");
	kclient_seen(client, &seen);
	check_equal(seen.applied, 1, "writes that were done");
	check_equal(memory[2], 0x61, "memory");
	check_equal(guest.slots->processed, ACRN_IOREQ_COMPLETE, "state of the slot");

	check_result(kclient_protect(client, GPA), 0, "protect");
	write_without_upcall(&guest, GPA + 24, 0x62);
	check_result(kclient_destroy(client), 0, "destroy");
	check_equal(memory[3], 0x62, "memory");
	check_equal(guest.slots->processed, ACRN_IOREQ_COMPLETE, "state of the slot");
	close(client);
	guest_end(&guest);
}

/* In a 2 MiB page of the hypervisor's, and at the ends of a memseg */
TEST(one_page, "one page is protected, of however large ones")
{
	static const uint64_t pages[] = { 0, 1, 255, 511 };
	struct guest guest;
	unsigned int i;
	int client;

	new_guest(&guest, MEMORY_THP, HUGE_2M);
	client = new_client(0, CLIENT_NEVER);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		check_result(kclient_protect(client, GPA + PAGES(pages[i])), 0,
			     "protect page %u", i);
	for (i = 0; i < 512; i++)
		check_equal(rights(GPA + PAGES(i)),
			    i < 2 || i == 255 || i == 511 ? PROT_RX : PROT_ALL,
			    "rights of page %u", i);
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		check_result(kclient_unprotect(client, GPA + PAGES(pages[i])), 0,
			     "unprotect page %u", i);
	for (i = 0; i < 512; i++)
		check_equal(rights(GPA + PAGES(i)), PROT_ALL, "rights of page %u", i);
	close(client);
	guest_end(&guest);
}

TEST(protect_rules, "pages that cannot be protected, and who may undo it")
{
	static const struct {
		uint64_t gpa;
		int result;
	} refused[] = {
		{ GPA + 1, -EINVAL },		{ GPA + 0x800, -EINVAL },
		{ ~0ULL, -EINVAL },		{ GPA + PAGES(7), -ENOENT },
		{ GPA - PAGES(1), -ENOENT },	{ ~0ULL - 0xfff, -ENOENT },
		{ 1ULL << 52, -ENOENT },	{ MMIO_GPA, -ENOENT },
		{ GPA + PAGES(4), -EACCES },	{ GPA + PAGES(5), -EACCES },
		{ GPA + PAGES(6), -EACCES },
	};
	static const uint32_t prots[] = { PROT_RX, PROT_RW, ACRN_PROT_READ };
	unsigned long calls = hv_calls(HC_WRITE_PROTECT);
	int clients[2];
	struct guest guest;
	unsigned int i;
	char *memory;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(4));
	for (i = 0; i < ARRAY_SIZE(prots); i++)
		check_result(memseg_set_prot(guest.fd, GPA + PAGES(4 + i), memory,
					     PAGES(1), prots[i]), 0, "SET_MEMSEG");
	check_result(memseg_set_mmio(guest.fd, MMIO_GPA, DEVICE, PAGES(1), PROT_ALL), 0,
		     "SET_MEMSEG of MMIO");
	clients[0] = new_client(0, CLIENT_NEVER);
	clients[1] = new_client(0, CLIENT_NEVER);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		check_result(kclient_protect(clients[0], refused[i].gpa),
			     refused[i].result, "protect %u", i);
		check_result(kclient_unprotect(clients[0], refused[i].gpa), -ENOENT,
			     "unprotect %u", i);
	}
	check_equal(hv_calls(HC_WRITE_PROTECT), calls, "HC_VM_WRITE_PROTECT_PAGE");

	check_result(kclient_protect(clients[0], GPA), 0, "protect");
	check_result(kclient_protect(clients[0], GPA), -EEXIST, "protect twice");
	check_result(kclient_protect(clients[1], GPA), -EEXIST, "protect, another client");
	check_result(kclient_unprotect(clients[1], GPA), -ENOENT, "another client's");
	check_result(kclient_unprotect(clients[0], GPA + 8), -ENOENT, "not its beginning");
	check_result(kclient_add(clients[1], ACRN_IOREQ_WP, GPA + 8, GPA + 15), -EEXIST,
		     "a range in a protected page");
	check_result(kclient_add(clients[1], ACRN_IOREQ_MMIO, GPA, GPA + 15), 0,
		     "a range of another type");
	check_result(kclient_del(clients[0], ACRN_IOREQ_WP, GPA, GPA + 0xfff), -ENOENT,
		     "a protected page is no range");
	check_result(kclient_add(clients[1], ACRN_IOREQ_WP, GPA + PAGES(1),
				 GPA + PAGES(2) - 1), 0, "a range");
	check_result(kclient_unprotect(clients[1], GPA + PAGES(1)), -ENOENT,
		     "a range is no protected page");
	check_result(kclient_protect(clients[1], GPA + PAGES(1)), -EEXIST,
		     "protect a page in a range");
	check_equal(hv_calls(HC_WRITE_PROTECT), calls + 1, "HC_VM_WRITE_PROTECT_PAGE");
	check_equal(rights(GPA), PROT_RX, "rights");
	check_equal(rights(GPA + PAGES(1)), PROT_ALL, "rights");

	/* its client goes, and the next one can have it */
	check_result(kclient_destroy(clients[0]), 0, "destroy");
	check_equal(rights(GPA), PROT_ALL, "rights");
	check_result(kclient_protect(clients[1], GPA), 0, "protect");
	check_result(kclient_unprotect(clients[1], GPA), 0, "unprotect");
	close(clients[0]);
	close(clients[1]);
	guest_end(&guest);
}

/* It goes with its memseg; what comes there next has its own rights. */
TEST(protected_unset, "a protected page is taken from the VM, and comes again")
{
	static const uint32_t prots[] = { PROT_ALL, PROT_RX, ACRN_PROT_READ, PROT_RW };
	unsigned long calls;
	struct guest guest;
	unsigned int i;
	char *memory;
	int client;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(4));
	client = new_client(0, CLIENT_APPLIES);
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		check_result(kclient_protect(client, GPA), 0, "protect");
		check_result(memseg_unset(guest.fd, GPA, PAGES(4)), 0, "UNSET_MEMSEG");
		check_result(memseg_set_prot(guest.fd, GPA, memory, PAGES(4), prots[i]),
			     0, "SET_MEMSEG");
		check_equal(rights(GPA), prots[i], "rights");
		check_result(kclient_protect(client, GPA), -EEXIST, "protect twice");
		check_result(kclient_unprotect(client, GPA), 0, "unprotect");
		check_equal(rights(GPA), prots[i], "rights");
		check_result(memseg_unset(guest.fd, GPA, PAGES(4)), 0, "UNSET_MEMSEG");
		check_result(memseg_set(guest.fd, GPA, memory, PAGES(4)), 0, "SET_MEMSEG");
	}
	/* MMIO, and nothing */
	check_result(kclient_protect(client, GPA), 0, "protect");
	check_result(memseg_unset(guest.fd, GPA, PAGES(4)), 0, "UNSET_MEMSEG");
	calls = hv_calls(HC_WRITE_PROTECT);
	check_result(memseg_set_mmio(guest.fd, GPA, DEVICE, PAGES(1), PROT_ALL), 0,
		     "SET_MEMSEG of MMIO");
	check_result(kclient_unprotect(client, GPA), 0, "unprotect");
	check_equal(hv_calls(HC_WRITE_PROTECT), calls, "HC_VM_WRITE_PROTECT_PAGE");
	check_result(memseg_unset_mmio(guest.fd, GPA, PAGES(1)), 0, "UNSET_MEMSEG");
	check_result(memseg_set(guest.fd, GPA, memory, PAGES(4)), 0, "SET_MEMSEG");
	check_result(kclient_protect(client, GPA), 0, "protect");
	check_result(memseg_unset(guest.fd, GPA, PAGES(4)), 0, "UNSET_MEMSEG");
	close(client);
	check_equal(hv_calls(HC_WRITE_PROTECT), calls + 1, "HC_VM_WRITE_PROTECT_PAGE");
	guest_end(&guest);
}

/* Whatever the hypervisor says, nobody is left with a page that nobody answers for. */
TEST(refused, "the hypervisor refuses to protect a page, and to undo it")
{
	static const struct {
		enum testbed_fail how;
		int answer, result;
	} ways[] = {
		{ TESTBED_FAIL_REFUSE, HV_FAILED, -EIO },
		{ TESTBED_FAIL_REFUSE, -EINVAL, -EINVAL },
		{ TESTBED_FAIL_UNWRITTEN, -ENODEV, -EIO },
		{ TESTBED_FAIL_AFTER, HV_FAILED, -EIO },
	};
	int clients[2], log;
	struct client_seen seen;
	struct guest guest;
	struct guest_op op = { GUEST_STORE + 8, GPA, 0x44, 0 };
	unsigned int i;
	uint64_t *memory;

	memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(4));
	guest_program(&guest, NULL, 0);
	guest_start(&guest);
	serve_until_done(&guest, nobody, NULL, PROMPT_MS);
	clients[0] = new_client(0, CLIENT_APPLIES);
	clients[1] = new_client(0, CLIENT_NEVER);
	must_hold(clients[0], GPA, PAGES(4));
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		hv_fail(HC_WRITE_PROTECT, 0, 1, ways[i].answer, ways[i].how);
		check_result(kclient_protect(clients[0], GPA), ways[i].result,
			     "protect, %u", i);
		check_equal(rights(GPA), PROT_ALL, "rights, %u", i);
		check_result(kclient_unprotect(clients[0], GPA), -ENOENT,
			     "unprotect, %u", i);
		check_result(kclient_protect(clients[1], GPA), 0,
			     "protect by another client, %u", i);
		check_result(kclient_unprotect(clients[1], GPA), 0, "unprotect, %u", i);
	}
	for (i = 0; i < 3; i++) {
		check_result(kclient_protect(clients[0], GPA), 0, "protect, %u", i);
		hv_fail(HC_WRITE_PROTECT, 0, 1, ways[i].answer, ways[i].how);
		check_result(kclient_unprotect(clients[0], GPA), ways[i].result,
			     "unprotect, %u", i);
		/* it is the client's still */
		memory[0] = 0;
		run_again(&guest, &op, 1);
		check_equal(memory[0], 0x44, "memory");
		kclient_seen(clients[0], &seen);
		check_equal(seen.applied, i + 1, "writes that were done");
		check_result(kclient_unprotect(clients[0], GPA), 0, "unprotect, %u", i);
	}

	check_result(kclient_protect(clients[0], GPA), 0, "protect");
	hv_refuse(HC_WRITE_PROTECT, TESTBED_FOREVER, HV_FAILED);
	log = log_open();
	check_result(kclient_destroy(clients[0]), 0, "destroy");
	check_equal(log_mentions(log, "stays write-protected"), 1, "lines in the log");
	log_close(log);
	hv_behave();
	check_equal(rights(GPA), PROT_RX, "rights");
	run_again(&guest, &op, 1);
	/* who protects it again is its client */
	check_result(kclient_protect(clients[1], GPA), 0, "protect");
	check_result(kclient_unprotect(clients[1], GPA), 0, "unprotect");
	check_equal(rights(GPA), PROT_ALL, "rights");
	close(clients[0]);
	close(clients[1]);
	guest_end(&guest);
}

/* Each allocation of a call fails once: then nothing has come of it. */
static void starve(int client, int failalloc, int (*call)(int client), const char *what)
{
	struct failalloc_plan plan = { .count = 1 };
	struct failalloc_result result;
	unsigned int failed = 0;
	int ret;

	for (plan.skip = 0; plan.skip < ALLOCATIONS_MAX; plan.skip++) {
		check(!ioctl(failalloc, FAILALLOC_ARM, &plan), "FAILALLOC_ARM");
		ret = call(client);
		check(!ioctl(failalloc, FAILALLOC_END, &result), "FAILALLOC_END");
		if (!result.failed)
			break;
		failed++;
		if (ret < 0)
			check_result(ret, -ENOMEM, "%s, allocation %u", what, plan.skip);
		else
			check_result(kclient_destroy(client), 0, "destroy");
		if (ret >= 0)
			check_result(kclient_create(client, VMID(0), CLIENT_NEVER), 0,
				     "create");
	}
	check(!result.failed && failed, "%s: %u allocations failed", what, failed);
	check(ret >= 0, "%s: %s", what, result_name(ret));
	report("%s: %u allocations failed", what, failed);
}

static int hold_scattered(int client)
{
	return hold(client, GPA, PAGES(600), PROT_RW);
}

static int protect_first(int client)
{
	return kclient_protect(client, GPA);
}

TEST(no_memory, "memory runs out")
{
	unsigned long all = hv_calls(HC_WRITE_PROTECT);
	char *memory = memory_scattered(600);
	int failalloc, client;
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(memseg_set(guest.fd, GPA, memory, PAGES(600)), 0, "SET_MEMSEG");
	client = new_client(0, CLIENT_NEVER);
	if (access("/dev/failalloc", F_OK))
		check_result(module_load("failalloc", ""), 0, "insmod failalloc");
	failalloc = open("/dev/failalloc", O_RDWR | O_CLOEXEC);
	check(failalloc >= 0, "failalloc: %s", strerror(errno));
	starve(client, failalloc, hold_scattered, "hold");
	starve(client, failalloc, protect_first, "protect");
	check_equal(rights(GPA), PROT_RX, "rights");
	check_equal(hv_calls(HC_WRITE_PROTECT), all + 1, "HC_VM_WRITE_PROTECT_PAGE");
	close(failalloc);
	close(client);
	guest_end(&guest);
	check_result(module_unload("failalloc"), 0, "rmmod failalloc");
}

TEST(keeps_modules, "rmmod is refused while guest memory is held")
{
	struct guest guest;
	int client, id;

	new_guest(&guest, MEMORY_PRIVATE, PAGES(4));
	client = new_client(0, CLIENT_NEVER);
	id = must_hold(client, GPA, PAGES(4));
	guest_end(&guest);
	check_result(driver_unload(), -EWOULDBLOCK, "rmmod acrn");
	check_result(module_unload("client"), -EWOULDBLOCK, "rmmod client");
	kclient_store(client, id, 0, 1);
	close(client);
	check_result(module_unload("client"), 0, "rmmod client");
	check_result(driver_unload(), 0, "rmmod acrn");
	check_result(driver_load(), 0, "insmod acrn");
}

/**
 * struct storm - what goes on beside each other
 * @fd: the VM's file
 * @memory: of the guest, 16 pages at GPA
 * @stop: end
 * @held: how often memory was held
 * @protected: how often pages were protected
 */
struct storm {
	int fd;
	char *memory;
	int stop;
	unsigned int held;
	unsigned int protected;
};

static bool goes_on(struct storm *storm)
{
	return !__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE);
}

static void *come_and_go(void *data)
{
	struct storm *storm = data;

	while (goes_on(storm)) {
		check_result(memseg_unset(storm->fd, GPA, PAGES(16)), 0, "UNSET_MEMSEG");
		check_result(memseg_set(storm->fd, GPA, storm->memory, PAGES(16)), 0,
			     "SET_MEMSEG");
		usleep(500);
	}
	return NULL;
}

static void *hold_and_protect(void *data)
{
	struct storm *storm = data;
	unsigned int i, page;
	int client, id, ret;

	for (i = 0; goes_on(storm); i++) {
		client = new_client(0, CLIENT_APPLIES);
		for (page = 0; page < 8; page++) {
			id = hold(client, GPA + PAGES(page), PAGES(4), PROT_RW);
			check(id >= 0 || id == -ENOENT, "hold: %s", result_name(id));
			ret = kclient_protect(client, GPA + PAGES(page + i % 8));
			check(!ret || ret == -ENOENT || ret == -EEXIST, "protect: %s",
			      result_name(ret));
			__atomic_add_fetch(&storm->protected, !ret, __ATOMIC_RELAXED);
			if (id < 0)
				continue;
			__atomic_add_fetch(&storm->held, 1, __ATOMIC_RELAXED);
			kclient_store(client, id, PAGES(2), i);
			kclient_load(client, id, PAGES(3));
			if (page % 2)
				check_result(kclient_unmap(client, id), 0, "unmap");
			if (!ret && page % 4)
				check_result(kclient_unprotect(client, GPA +
							       PAGES(page + i % 8)),
					     0, "unprotect");
		}
		close(client);
	}
	return NULL;
}

/* What is not there, or is protected for a client that has gone meanwhile */
static bool answer_all(struct guest *guest, struct access *access, void *data)
{
	access->value = 0;
	return true;
}

TIMED_TEST(storm, 120, "memory comes and goes while clients hold and protect it")
{
	struct guest_op ops[10] = { 0 };
	struct storm storm = { 0 };
	pthread_t threads[3];
	struct guest guest;
	uint64_t end;
	unsigned int i;

	storm.memory = new_guest(&guest, MEMORY_PRIVATE, PAGES(16));
	storm.fd = guest.fd;
	for (i = 0; i < 8; i++)
		ops[i] = (struct guest_op) {
			GUEST_STORE + 8, GPA + PAGES(2 * i) + 8 * i, i, 0
		};
	ops[8] = (struct guest_op) { .op = GUEST_AGAIN, .value = FOR_EVER };
	guest_program(&guest, ops, 9);
	guest_start(&guest);
	/* so that not both of them load the module */
	close(kclient_open());
	check(!pthread_create(&threads[0], NULL, come_and_go, &storm), "thread");
	check(!pthread_create(&threads[1], NULL, hold_and_protect, &storm), "thread");
	check(!pthread_create(&threads[2], NULL, hold_and_protect, &storm), "thread");
	for (end = now_us() + 1500000; now_us() < end;) {
		serve_once(&guest, answer_all, NULL);
		usleep(200);
	}
	__atomic_store_n(&storm.stop, 1, __ATOMIC_RELEASE);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	report("held %u times, protected %u times", storm.held, storm.protected);
	check(storm.held && storm.protected, "nothing was tried");
	check_equal(rights(GPA + PAGES(3)), PROT_ALL, "rights");
	guest_end(&guest);
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	module_unload("client");
	return failed;
}
