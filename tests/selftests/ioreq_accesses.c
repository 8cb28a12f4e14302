// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * I/O requests: what a guest does arrives at the device model as it was done,
 * and what the device model answers is what the guest gets.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "memseg.h"
#include "vm.h"

#define MMIO	0xd0000000UL
#define LIMIT_MS 20000

/* What the device model saw, and what it answered */
struct seen_accesses {
	struct access access[GUEST_OPS_MAX];
	unsigned int count;
	uint64_t answer;
};

/* Answers have more bits than the guest asked for: those are not its business. */
static bool record(struct guest *guest, struct access *access, void *data)
{
	struct seen_accesses *seen = data;

	check(seen->count < GUEST_OPS_MAX, "too many requests");
	seen->access[seen->count++] = *access;
	if (!access->write)
		access->value = seen->answer * seen->count;
	return true;
}

/* What RAX is after a read; ACRN leaves its upper half alone for IN to EAX too. */
static uint64_t read_by(unsigned int kind, uint64_t rax, uint64_t value,
			unsigned int size)
{
	if (kind == GUEST_IN && size == 4)
		return (rax & ~0xffffffffULL) | (uint32_t)value;
	return read_into(rax, value, size);
}

static void check_accesses(struct guest *guest, const struct guest_op *ops,
			   unsigned int count, struct seen_accesses *seen)
{
	unsigned int i;

	check_equal(seen->count, count, "requests");
	for (i = 0; i < count; i++) {
		const struct access *access = &seen->access[i];
		unsigned int kind = ops[i].op & ~0xfU;
		unsigned int size = ops[i].op & 0xf;
		bool write = kind == GUEST_OUT || kind == GUEST_STORE;

		check_equal(access->type, kind == GUEST_IN || kind == GUEST_OUT ?
			    ACRN_IOREQ_PIO : ACRN_IOREQ_MMIO, "type of %u", i);
		check_equal(access->write, write, "direction of %u", i);
		check_equal(access->address, ops[i].address, "address of %u",
			    i);
		check_equal(access->size, size, "size of %u", i);
		if (write)
			check_equal(access->value, low_bytes(ops[i].value, size),
				    "value of %u", i);
		else
			check_equal(guest_result(guest, i),
				    read_by(kind, ops[i].value,
					    seen->answer * (i + 1), size),
				    "what %u reads", i);
	}
}

static void do_and_check(const struct guest_op *ops, unsigned int count,
			 uint64_t answer, unsigned long flags)
{
	static struct seen_accesses seen;
	struct guest guest;

	memset(&seen, 0, sizeof(seen));
	seen.answer = answer;
	guest_new(&guest, 0, flags);
	guest_program(&guest, ops, count);
	guest_start(&guest);
	serve_until_done(&guest, record, &seen, LIMIT_MS);
	check_accesses(&guest, ops, count, &seen);
	guest_end(&guest);
}

#define RAX	0xa1b2c3d4e5f60718ULL

static unsigned int port_ops(struct guest_op *ops)
{
	static const unsigned int ports[] = {
		0x510, 0x3f8, 0x61, 0x2001, 0xcf4, 0xd00, 0xffff, 0,
	};
	unsigned int i, size, count = 0;

	for (i = 0; i < ARRAY_SIZE(ports); i++)
		for (size = 1; size <= 4; size *= 2) {
			if (ports[i] + size > 0x10000)
				continue;
			ops[count++] = (struct guest_op) {
				GUEST_OUT + size, ports[i], RAX * (i + 3), 0
			};
			ops[count++] = (struct guest_op) {
				GUEST_IN + size, ports[i], RAX * (i + 5), 0
			};
		}
	return count;
}

TEST(ports, "port I/O of each size, both ways")
{
	struct guest_op ops[GUEST_OPS_MAX];
	unsigned int count = port_ops(ops);

	do_and_check(ops, count, 0x0123456789abcdefULL, 0);
	do_and_check(ops, count, ~0ULL, 0);
	do_and_check(ops, count, 0, 0);
}

static unsigned int memory_ops(struct guest_op *ops)
{
	static const uint64_t addresses[] = {
		MMIO, MMIO + 4, MMIO + 0xff8, MMIO + 0x1001, 0xfed00010,
		GUEST_SIZE, 0x1234567000, 0x7ffffff8,
	};
	unsigned int i, size, count = 0;

	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		for (size = 1; size <= 8; size *= 2) {
			ops[count++] = (struct guest_op) {
				GUEST_STORE + size, addresses[i], RAX * (i + 3),
				0
			};
			ops[count++] = (struct guest_op) {
				GUEST_LOAD + size, addresses[i], RAX * (i + 5),
				0
			};
		}
	return count;
}

TEST(memory, "MMIO of each size, both ways")
{
	struct guest_op ops[GUEST_OPS_MAX];
	unsigned int count = memory_ops(ops);

	do_and_check(ops, count, 0x0123456789abcdefULL, 0);
	do_and_check(ops, count, ~0ULL, 0);
	do_and_check(ops, count, 0, 0);
}

/* The hypervisor polls for the result; nobody needs to tell it. */
TEST(polling, "a VM in polling mode: the same, without hypercalls")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct guest_op ops[GUEST_OPS_MAX];
	unsigned int count = port_ops(ops);

	do_and_check(ops, count, 0x0123456789abcdefULL, ACRN_VM_FLAG_POLLING);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	count = memory_ops(ops);
	do_and_check(ops, count, 0x0123456789abcdefULL, ACRN_VM_FLAG_POLLING);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
}

/* The n-th read of a vCPU is answered with n, its n-th write has to be n. */
struct counting {
	uint64_t reads[ACRN_MAX_VCPUS];
	uint64_t writes[ACRN_MAX_VCPUS];
};

/* What each vCPU of each VM gets is different from what all others get. */
static uint64_t counted(struct guest *guest, unsigned int vcpu, uint64_t n)
{
	return (uint64_t)guest->config << 28 | (uint64_t)vcpu << 24 | n;
}

static bool count_up(struct guest *guest, struct access *access, void *data)
{
	struct counting *counting = data;
	unsigned int vcpu = access->vcpu;

	check_equal(access->address, 0x600 + vcpu, "port, vCPU %u", vcpu);
	if (access->write)
		check_equal(access->value,
			    counted(guest, vcpu, ++counting->writes[vcpu]),
			    "write, VM %u, vCPU %u", VMID(guest->config),
			    vcpu);
	else
		access->value = counted(guest, vcpu, ++counting->reads[vcpu]);
	return true;
}

/* Read, write what was read, and so on */
static void program_counting(struct guest *guest, unsigned int loops)
{
	unsigned int i;

	for (i = 0; i < guest->vcpus; i++) {
		const struct guest_op ops[] = {
			{ .op = GUEST_IN + 4, .address = 0x600 + i },
			{ .op = GUEST_PASS },
			{ .op = GUEST_OUT + 4, .address = 0x600 + i },
			{ .op = GUEST_AGAIN, .value = loops - 1 },
		};

		guest_program_vcpu(guest, i, ops, ARRAY_SIZE(ops));
	}
}

static void check_counting(struct guest *guest,
			   const struct counting *counting, unsigned int loops)
{
	unsigned int i;

	for (i = 0; i < guest->vcpus; i++) {
		check_equal(counting->reads[i], loops, "reads of vCPU %u", i);
		check_equal(counting->writes[i], loops, "writes of vCPU %u",
			    i);
	}
}

#define LOOPS	1000

/* Each of many requests comes once and in order, and costs one hypercall. */
TEST(each_once, "each request comes once, and costs one hypercall")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct counting counting = { 0 };
	struct guest guest;

	guest_new(&guest, 0, 0);
	program_counting(&guest, LOOPS);
	guest_start(&guest);
	serve_until_done(&guest, count_up, &counting, 60000);
	check_counting(&guest, &counting, LOOPS);
	check_equal(hv_calls(HC_NOTIFY_REQUEST) - notified, 2 * LOOPS,
		    "HC_NOTIFY");
	guest_end(&guest);
}

/* A slot for each of them is in use, so far as there are physical CPUs. */
TIMED_TEST(many_vcpus, 120, "[B10] [R3] a vCPU for each slot, all at once")
{
	struct counting counting = { 0 };
	struct hv_probe probe;
	struct guest guest;
	unsigned int vcpus;

	/* twice what ACRN v1.3 allows, for the driver has so many slots */
	hv_vcpu_limit(ACRN_MAX_VCPUS);
	hv_probe(&probe);
	vcpus = probe.user_pcpus < ACRN_MAX_VCPUS ?
		probe.user_pcpus : ACRN_MAX_VCPUS;
	report("%u vCPUs", vcpus);
	guest_new_vcpus(&guest, 0, 0, vcpus);
	program_counting(&guest, 300);
	guest_start(&guest);
	serve_until_done(&guest, count_up, &counting, 100000);
	check_counting(&guest, &counting, 300);
	guest_end(&guest);
}

struct machine {
	struct guest guest;
	struct counting counting;
	pthread_t thread;
};

static void *serve_machine(void *data)
{
	struct machine *machine = data;

	serve_until_done(&machine->guest, count_up, &machine->counting, 100000);
	return NULL;
}

/* So many VMs with so many vCPUs each, and a device model for each VM */
static void serve_machines(unsigned int vms, unsigned int vcpus)
{
	struct machine machines[MAX_VMS] = { 0 };
	unsigned int i;

	report("%u VMs of %u vCPUs", vms, vcpus);
	for (i = 0; i < vms; i++) {
		guest_new_vcpus(&machines[i].guest, i, 0, vcpus);
		program_counting(&machines[i].guest, 300);
		guest_start(&machines[i].guest);
		check(!pthread_create(&machines[i].thread, NULL, serve_machine,
				      &machines[i]), "pthread_create");
	}
	for (i = 0; i < vms; i++) {
		pthread_join(machines[i].thread, NULL);
		check_counting(&machines[i].guest, &machines[i].counting, 300);
		guest_end(&machines[i].guest);
	}
}

TIMED_TEST(many_vms, 120, "[B8] [R8] four VMs, all at once")
{
	serve_machines(MAX_VMS, 1);
}

/* Large ones: that a slot has the same number in both must not matter. */
TIMED_TEST(two_large_vms, 120, "[B10] two large VMs, all their vCPUs at once")
{
	struct hv_probe probe;
	unsigned int vcpus;

	hv_probe(&probe);
	vcpus = probe.user_pcpus / 2 < TESTBED_MAX_VCPUS ?
		probe.user_pcpus / 2 : TESTBED_MAX_VCPUS;
	serve_machines(2, vcpus);
}

static void check_slot(struct guest *guest, unsigned int state, int client,
		       const char *when)
{
	uint64_t end = now_us() + 2000000;
	volatile struct acrn_io_request *slot = guest->slots;

	while (slot->processed != state && now_us() < end)
		usleep(500);
	check_equal(slot->processed, state, "state of the slot, %s", when);
	if (client >= 0)
		check_equal(slot->client, client, "client, %s", when);
}

/* Whose the slot is at each moment, by what stands in it */
TEST(slot_life, "the life of a slot")
{
	struct guest_op ops[] = {
		{ GUEST_IN + 2, 0x610, 0x1234567, 0 },
	};
	struct guest guest;
	unsigned int i;

	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	for (i = 0; i < ACRN_MAX_VCPUS; i++)
		check_equal(guest.slots[i].processed, ACRN_IOREQ_FREE,
			    "state of slot %u", i);
	guest_start(&guest);
	check_slot(&guest, ACRN_IOREQ_PROCESSING, guest.client, "asked");
	check_equal(guest.slots->completion_polling, 0, "polling");
	for (i = 1; i < ACRN_MAX_VCPUS; i++)
		check_equal(guest.slots[i].processed, ACRN_IOREQ_FREE,
			    "state of slot %u", i);
	check(!guest_done(&guest, 50), "the guest did not wait");
	slot_answer(&guest, 0, 0xabcd);
	check(!guest_done(&guest, 50), "the guest did not wait");
	check_slot(&guest, ACRN_IOREQ_PROCESSING, guest.client, "answered");
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check_slot(&guest, ACRN_IOREQ_FREE, -1, "notified");
	check(guest_done(&guest, 2000), "the guest is not done");
	check_equal(guest_result(&guest, 0), 0x123abcd, "read");
	guest_end(&guest);
}

/* A request that comes before there is a client waits for one. */
TEST(waits_for_client, "a request waits for its client")
{
	struct guest_op ops[] = {
		{ GUEST_IN + 4, 0x610, 0, 0 },
	};
	struct seen_accesses seen = { .answer = 77 };
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(client_destroy(guest.fd, guest.client), 0,
		     "DESTROY_IOREQ_CLIENT");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check_slot(&guest, ACRN_IOREQ_PROCESSING, 0, "no client");
	check(!guest_done(&guest, 100), "the guest did not wait");
	guest.client = client_create(guest.fd);
	check(guest.client > 0, "CREATE_IOREQ_CLIENT");
	check_slot(&guest, ACRN_IOREQ_PROCESSING, guest.client, "a client");
	serve_until_done(&guest, record, &seen, LIMIT_MS);
	check_equal(guest_result(&guest, 0), 77, "read");
	guest_end(&guest);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
