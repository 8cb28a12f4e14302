// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The I/O request page in the hands of those who do not keep to its rules: the
 * device model, which can write to it at any time, and the hypervisor.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "vm.h"

#define PORT		0x640
#define PROMPT_MS	5000
#define QUIET_MS	50	/* what has not happened by then, does not */

static void upcalls(unsigned int count)
{
	unsigned long reg[4] = { count };

	check_result(hv_command(TESTBED_UPCALL, reg), 0, "upcalls");
}

/* The hypervisor says that all is well, and does nothing. */
static void feign_notify(void)
{
	hv_refuse(HC_NOTIFY_REQUEST, TESTBED_FOREVER, 0);
}

static uint32_t slot_state(struct guest *guest, unsigned int vcpu)
{
	return __atomic_load_n(&guest->slots[vcpu].processed, __ATOMIC_ACQUIRE);
}

static void set_slot_state(struct guest *guest, unsigned int vcpu,
			   uint32_t state)
{
	__atomic_store_n(&guest->slots[vcpu].processed, state,
			 __ATOMIC_RELEASE);
}

static bool state_becomes(struct guest *guest, unsigned int vcpu,
			  uint32_t state, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ULL;

	while (slot_state(guest, vcpu) != state) {
		if (now_us() > end)
			return false;
		usleep(200);
	}
	return true;
}

/* A request that no guest made; the state is the last to be written. */
static void forge(struct guest *guest, unsigned int vcpu, uint32_t type,
		  uint64_t address, uint32_t state)
{
	struct acrn_io_request *slot = &guest->slots[vcpu];

	memset(slot, 0, offsetof(struct acrn_io_request, processed));
	slot->type = type;
	slot->reqs.mmio.address = address;
	slot->reqs.mmio.size = 4;
	set_slot_state(guest, vcpu, state);
}

/* A guest that runs and asks for nothing */
static void new_quiet_guest(struct guest *guest, unsigned int vcpus)
{
	const struct guest_op count = {
		.op = GUEST_COUNT, .address = GUEST_FREE,
	};
	unsigned int i;

	guest_new_vcpus(guest, 0, 0, vcpus);
	for (i = 0; i < vcpus; i++)
		guest_program_vcpu(guest, i, &count, 1);
	guest_start(guest);
	check(guest_counts(guest, GUEST_FREE), "the guest does not run");
}

TEST(lost_upcall, "a lost upcall is made up for by ATTACH and poll()")
{
	struct guest guest;

	new_quiet_guest(&guest, 1);
	feign_notify();
	forge(&guest, 0, ACRN_IOREQ_PIO, PORT, ACRN_IOREQ_PENDING);
	sleep_ms(QUIET_MS);
	check_equal(slot_state(&guest, 0), ACRN_IOREQ_PENDING,
		    "state without an upcall");
	check_result(client_attach(guest.fd, guest.client), 0, "ATTACH");
	check(slot_is_mine(&guest, 0), "ATTACH did not find the request");
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check_equal(slot_state(&guest, 0), ACRN_IOREQ_COMPLETE, "state");

	forge(&guest, 0, ACRN_IOREQ_PIO, PORT, ACRN_IOREQ_PENDING);
	sleep_ms(QUIET_MS);
	check_equal(slot_state(&guest, 0), ACRN_IOREQ_PENDING,
		    "state without an upcall");
	check(wait_for_request(&guest, 0), "poll() did not find the request");
	check(slot_is_mine(&guest, 0), "poll() did not take the request");
	guest_end(&guest);
}

/* What device models do not know is answered for them: with all ones. */
TEST(unknown_types, "[B9] [B11] types that no device model knows: all ones")
{
	static const uint32_t types[] = {
		ACRN_IOREQ_WP, 4, 5, 0x100, 0x10000, 0x7fffffff, 0x80000000,
		0xffffffff,
	};
	unsigned long notified;
	struct guest guest;
	unsigned int i;

	new_quiet_guest(&guest, 1);
	feign_notify();
	notified = hv_calls(HC_NOTIFY_REQUEST);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		forge(&guest, 0, types[i], 0x12345000, ACRN_IOREQ_PENDING);
		upcalls(1);
		check(state_becomes(&guest, 0, ACRN_IOREQ_COMPLETE, PROMPT_MS),
		      "type %#x is in state %u", types[i],
		      slot_state(&guest, 0));
		check_equal(guest.slots->reqs.mmio.value, ~0ULL,
			    "answer to type %#x", types[i]);
		check(!wait_for_request(&guest, 0),
		      "type %#x is for the device model", types[i]);
		check_equal(hv_calls(HC_NOTIFY_REQUEST), notified + i + 1,
			    "HC_NOTIFY");
	}
	check_result(client_notify(guest.fd, guest.client, 0), -EINVAL,
		     "NOTIFY");
	guest_end(&guest);
}

/*
 * A request comes as it stands in the slot, but for what lies above the bytes that
 * are written; and so does its answer.  @request is what makes it, with any address
 * and value.
 */
static void known_type(struct guest *guest, uint32_t type,
		       const union acrn_io_request_data *request)
{
	union acrn_io_request_data seen = *request;
	struct acrn_io_request *slot = guest->slots;

	if (seen.mmio.direction == ACRN_IOREQ_WRITE) {
		if (type == ACRN_IOREQ_MMIO)
			seen.mmio.value = low_bytes(seen.mmio.value,
						    seen.mmio.size);
		else
			seen.pio.value = low_bytes(seen.pio.value,
						   seen.pio.size);
	}

	forge(guest, 0, type, 0, ACRN_IOREQ_FREE);
	slot->reqs = *request;
	set_slot_state(guest, 0, ACRN_IOREQ_PENDING);
	upcalls(1);
	check(wait_for_request(guest, PROMPT_MS), "type %u does not come",
	      type);
	check(slot_is_mine(guest, 0), "type %u does not come", type);
	check_equal(slot->type, type, "type");
	check(!memcmp(&slot->reqs, &seen, sizeof(slot->reqs)),
	      "a request of type %u has changed", type);
	slot_answer(guest, 0, 0x55aa1234);
	check_result(client_notify(guest->fd, guest->client, 0), 0,
		     "NOTIFY of type %u", type);
	check_equal(slot_state(guest, 0), ACRN_IOREQ_COMPLETE, "state");
	check_equal(slot->reqs.pio.value, 0x55aa1234, "answer to type %u",
		    type);
}

/* Those that they do know come, also the one this hypervisor never makes. */
TEST(known_types, "types that device models know, each size and direction")
{
	union acrn_io_request_data request;
	unsigned int size, direction;
	struct guest guest;

	new_quiet_guest(&guest, 1);
	feign_notify();
	for (size = 1; size <= 4; size *= 2)
		for (direction = ACRN_IOREQ_READ;
		     direction <= ACRN_IOREQ_WRITE; direction++) {
			memset(&request, 0x99, sizeof(request));
			request.mmio.direction = direction;
			request.mmio.size = size;
			known_type(&guest, ACRN_IOREQ_PIO, &request);
			known_type(&guest, ACRN_IOREQ_MMIO, &request);
			request.pci = (struct acrn_pci_request) {
				.direction = direction, .size = size,
				.value = 0x12345678, .bus = 1, .dev = 2,
				.func = 3, .reg = 0x44,
			};
			known_type(&guest, ACRN_IOREQ_PCICFG, &request);
		}
	guest_end(&guest);
}

/* States that a slot never has, and those that only the driver gives it */
TEST(forged_states, "[B13] states that the driver did not write")
{
	static const uint32_t states[] = {
		ACRN_IOREQ_COMPLETE, ACRN_IOREQ_PROCESSING, ACRN_IOREQ_FREE, 4,
		0x100, 0x80000000, 0xffffffff,
	};
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct guest guest;
	unsigned int i;

	new_quiet_guest(&guest, 1);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		forge(&guest, 0, ACRN_IOREQ_PIO, PORT, states[i]);
		guest.slots->client = guest.client;
		upcalls(1);
		check(!wait_for_request(&guest, QUIET_MS),
		      "state %#x is a request", states[i]);
		check_result(client_notify(guest.fd, guest.client, 0), -EINVAL,
			     "NOTIFY in state %#x", states[i]);
		check_equal(slot_state(&guest, 0), states[i], "state");
	}
	set_slot_state(&guest, 0, ACRN_IOREQ_FREE);
	guest_end(&guest);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
}

/* Slots of vCPUs that the VM does not have are nobody's business. */
TEST(no_such_vcpus, "[B10] [R3] slots of vCPUs that do not exist")
{
	struct guest guest;
	unsigned int i;

	new_quiet_guest(&guest, 2);
	for (i = 2; i < ACRN_MAX_VCPUS; i++)
		forge(&guest, i, ACRN_IOREQ_PIO, PORT, ACRN_IOREQ_PENDING);
	upcalls(1);
	check(!wait_for_request(&guest, QUIET_MS), "there is a request");
	for (i = 2; i < ACRN_MAX_VCPUS; i++) {
		check_equal(slot_state(&guest, i), ACRN_IOREQ_PENDING,
			    "state of slot %u", i);
		check_result(client_notify(guest.fd, guest.client, i), -EINVAL,
			     "NOTIFY of slot %u", i);
	}
	/* those that it has are looked at, whatever stands in others */
	feign_notify();
	forge(&guest, 1, ACRN_IOREQ_PIO, PORT, ACRN_IOREQ_PENDING);
	upcalls(1);
	check(wait_for_request(&guest, PROMPT_MS), "no request comes");
	check(slot_is_mine(&guest, 1), "no request in slot 1");
	check_result(client_notify(guest.fd, guest.client, 1), 0, "NOTIFY");
	guest_end(&guest);
}

/* What stands in the page of a VM that does not run, the hypervisor did not ask. */
TEST(not_running, "the page of a VM that does not run")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct guest guest;

	guest_new(&guest, 0, 0);
	forge(&guest, 0, ACRN_IOREQ_PIO, PORT, ACRN_IOREQ_PENDING);
	upcalls(1);
	check(!wait_for_request(&guest, QUIET_MS), "created: a request");
	check_equal(slot_state(&guest, 0), ACRN_IOREQ_PENDING, "state");
	set_slot_state(&guest, 0, ACRN_IOREQ_FREE);
	guest_program(&guest, NULL, 0);
	guest_start(&guest);
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	forge(&guest, 0, ACRN_IOREQ_WP, PORT, ACRN_IOREQ_PENDING);
	upcalls(1);
	check(!wait_for_request(&guest, QUIET_MS), "paused: a request");
	check_equal(slot_state(&guest, 0), ACRN_IOREQ_PENDING, "state");
	guest_end(&guest);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
}

/* The driver knows what it has given to the device model. */
TEST(rewritten_while_handled, "[B13] a slot that is rewritten while it is handled")
{
	static const uint32_t states[] = {
		ACRN_IOREQ_PENDING, ACRN_IOREQ_COMPLETE, ACRN_IOREQ_FREE, 77,
		ACRN_IOREQ_PROCESSING,
	};
	struct guest_op ops[2 * ARRAY_SIZE(states)];
	struct guest guest;
	unsigned int i;

	/* it asks for the next only when it is told to */
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		ops[2 * i] = (struct guest_op) {
			.op = GUEST_IN + 4, .address = PORT,
		};
		ops[2 * i + 1] = (struct guest_op) {
			.op = GUEST_WAIT, .address = GUEST_FREE, .value = i + 1,
		};
	}
	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);

		check(wait_for_request(&guest, PROMPT_MS), "no request comes");
		memset(guest.slots, 0xa5,
		       offsetof(struct acrn_io_request, processed));
		set_slot_state(&guest, 0, states[i]);
		upcalls(10);
		sleep_ms(5);
		check_equal(slot_state(&guest, 0), states[i], "state");
		guest.slots->reqs.pio.value = 1000 + i;
		check_result(client_notify(guest.fd, guest.client, 0), 0,
			     "NOTIFY");
		check_result(client_notify(guest.fd, guest.client, 0), -EINVAL,
			     "NOTIFY again");
		check_equal(hv_calls(HC_NOTIFY_REQUEST), notified + 1,
			    "HC_NOTIFY");
		*(volatile uint32_t *)(guest.memory + GUEST_FREE) = i + 1;
	}
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	for (i = 0; i < ARRAY_SIZE(states); i++)
		check_equal(guest_result(&guest, 2 * i), 1000 + i, "read %u",
			    i);
	guest_end(&guest);
}

/**
 * struct scribbler - a thread that writes anything anywhere into a page
 * @page: the page
 * @stop: it shall end
 * @writes: how often it wrote
 * @thread: the thread
 */
struct scribbler {
	uint32_t *page;
	int stop;
	unsigned long writes;
	pthread_t thread;
};

/* Of all values, those that mean something are the most interesting. */
static uint32_t any_value(unsigned int *seed)
{
	static const uint32_t values[] = {
		0, 0, 0, 1, 2, 3, 4, 8, PORT, 0xcf8, 0xcfc, 0x80000000,
		0xffffffff, 0xfffffffc,
	};
	unsigned int n = rand_r(seed) % (ARRAY_SIZE(values) + 2);

	return n < ARRAY_SIZE(values) ? values[n] : (uint32_t)rand_r(seed);
}

static void *scribble_thread(void *data)
{
	/* type, direction, address, size, value, client, state */
	static const unsigned int words[] = { 0, 16, 18, 19, 20, 22, 33, 34 };
	struct scribbler *scribbler = data;
	unsigned int seed = 1, slot, word;

	while (!__atomic_load_n(&scribbler->stop, __ATOMIC_RELAXED)) {
		slot = rand_r(&seed) % ACRN_MAX_VCPUS;
		word = rand_r(&seed) % 64;
		if (word >= 8)
			word = words[word % 8];
		__atomic_store_n(&scribbler->page[slot * 64 + word],
				 any_value(&seed), __ATOMIC_RELAXED);
		scribbler->writes++;
	}
	return NULL;
}

static bool answer_loop(struct guest *guest, struct access *access, void *data)
{
	access->value = guest_status(guest)->loops + 5;
	return true;
}

static void asking(struct guest *guest, uint64_t loops)
{
	const struct guest_op ops[] = {
		{ .op = GUEST_IN + 4, .address = PORT },
		{ .op = GUEST_LOAD + 4, .address = 0xd0000000 },
		{ .op = GUEST_AGAIN, .value = loops },
	};
	unsigned int i;

	for (i = 0; i < guest->vcpus; i++)
		guest_program_vcpu(guest, i, ops, ARRAY_SIZE(ops));
}

/* A device model that is none: completes whatever, whether it was asked or not */
static void *careless_thread(void *data)
{
	struct guest *guest = data;
	struct pollfd poll_fd = { .fd = guest->fd, .events = POLLIN };
	unsigned int i = 0;
	int ret;

	while (poll(&poll_fd, 1, 1) >= 0 && !(poll_fd.revents & POLLHUP)) {
		ret = client_notify(guest->fd, guest->client,
				    i++ % (ACRN_MAX_VCPUS + 1));
		check(!ret || ret == -EINVAL, "NOTIFY: %s", result_name(ret));
	}
	return NULL;
}

static void end_careless(struct guest *guest, pthread_t thread)
{
	check_result(client_destroy(guest->fd, guest->client), 0,
		     "DESTROY_IOREQ_CLIENT");
	pthread_join(thread, NULL);
	guest->client = 0;
}

#define OTHERS_LOOPS	400

/*
 * One VM's page is written to by everybody while its vCPUs ask; the other VM
 * has to get right answers all the while.
 */
static void run_beside(struct guest *mad)
{
	struct guest sane;

	guest_new(&sane, 1, 0);
	asking(&sane, OTHERS_LOOPS - 1);
	guest_start(&sane);
	guest_start(mad);
	serve_until_done(&sane, answer_loop, NULL, 60000);
	check_equal(guest_status(&sane)->loops, OTHERS_LOOPS, "loops");
	check_equal(guest_result(&sane, 1), OTHERS_LOOPS + 4, "last answer");
	guest_end(&sane);
}

TIMED_TEST(scribbling, 200, "[B13] [B8] a thread scribbles over the page")
{
	struct scribbler scribbler = { 0 };
	struct guest mad;
	pthread_t careless;
	unsigned int i;

	hv_expect(TESTBED_FOREVER);
	for (i = 0; i < 5; i++) {
		guest_new_vcpus(&mad, 0, i % 2 ? ACRN_VM_FLAG_POLLING : 0, 3);
		asking(&mad, FOR_EVER);
		scribbler.page = (uint32_t *)mad.slots;
		scribbler.stop = 0;
		check(!pthread_create(&scribbler.thread, NULL, scribble_thread,
				      &scribbler), "pthread_create");
		check(!pthread_create(&careless, NULL, careless_thread, &mad),
		      "pthread_create");
		run_beside(&mad);
		check_result(vm_pause(mad.fd), 0, "PAUSE_VM");
		check_result(clear_requests(mad.fd), 0, "CLEAR_VM_IOREQ");
		check_result(vm_reset(mad.fd), 0, "RESET_VM");
		guest_set_regs(&mad);
		guest_start(&mad);
		upcalls(100);
		end_careless(&mad, careless);
		guest_end(&mad);
		scribbler.stop = 1;
		pthread_join(scribbler.thread, NULL);
	}
	hv_expect(0);
	report("%lu writes into the page", scribbler.writes);
}

/* The same by the hypervisor, which also tells of it */
static void *garbage_thread(void *data)
{
	struct scribbler *scribbler = data;
	unsigned int seed = 2;
	unsigned long reg[4];

	while (!__atomic_load_n(&scribbler->stop, __ATOMIC_RELAXED)) {
		reg[0] = VMID(0);
		reg[1] = rand_r(&seed) % ACRN_MAX_VCPUS;
		reg[2] = rand_r(&seed) % 2 ? IO_SLOT_STATE :
					     rand_r(&seed) % 64 * 4;
		reg[3] = any_value(&seed);
		hv_command(TESTBED_SCRIBBLE, reg);
		if (rand_r(&seed) % 4 == 0)
			upcalls(1);
		scribbler->writes++;
		usleep(50);
	}
	return NULL;
}

TIMED_TEST(garbage, 200, "[B9] [B13] the hypervisor writes garbage")
{
	struct scribbler scribbler = { 0 };
	struct guest mad;
	pthread_t careless;

	hv_expect(TESTBED_FOREVER);
	guest_new_vcpus(&mad, 0, 0, 3);
	asking(&mad, FOR_EVER);
	check(!pthread_create(&scribbler.thread, NULL, garbage_thread,
			      &scribbler), "pthread_create");
	check(!pthread_create(&careless, NULL, careless_thread, &mad),
	      "pthread_create");
	run_beside(&mad);
	end_careless(&mad, careless);
	guest_end(&mad);
	scribbler.stop = 1;
	pthread_join(scribbler.thread, NULL);
	hv_expect(0);
	report("%lu writes into the page", scribbler.writes);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
