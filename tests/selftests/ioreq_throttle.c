// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Requests that the kernel answers in upcalls: a VM that makes too many of them is
 * held back for a while, and nothing is lost by that.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define SIGNAL_PORT	0x650
#define ASK_PORT	0x660
#define VCPUS		3
#define KICKS		2000		/* of each vCPU */
#define SLOW_KICKS	40
#define ASKS		20
#define ROUNDS		60
#define LIMIT_MS	40000

static const struct guest_op without_end[] = {
	{ .op = GUEST_OUT + 1, .address = SIGNAL_PORT },
	{ .op = GUEST_AGAIN, .value = FOR_EVER },
};

/*
 * How often it was held back so far.  From debugfs: switching a tracepoint patches the
 * kernel's code, which QEMU with threads does not survive.
 */
static unsigned long held_back(void)
{
	struct shown_vm vm;

	check(shown_vm(VMID(0), &vm), "the VM is not shown");
	return vm.deferred;
}

static int new_guest(struct guest *guest, unsigned int vcpus)
{
	int event = event_new();

	guest_new_vcpus(guest, 0, 0, vcpus);
	check_result(ioeventfd(guest->fd, event, ACRN_IOEVENTFD_PIO, SIGNAL_PORT,
			       1, 0), 0, "IOEVENTFD");
	return event;
}

static void program_all(struct guest *guest, const struct guest_op *ops,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < VCPUS; i++)
		guest_program_vcpu(guest, i, ops, count);
}

/* The device model's pace for requests that it has to answer */
static bool answer_slowly(struct guest *guest, struct access *access, void *data)
{
	check_equal(access->address, ASK_PORT, "address");
	usleep(5000);
	++*(unsigned int *)data;
	return true;
}

static bool answer(struct guest *guest, struct access *access, void *data)
{
	check_equal(access->address, ASK_PORT, "address");
	++*(unsigned int *)data;
	return true;
}

/* VM 0, with one vCPU that kicks now and then, and what is wrong with how it does */
static void kick_now_and_then(const char *beside)
{
	const struct guest_op kicks[] = {
		{ .op = GUEST_OUT + 1, .address = SIGNAL_PORT },
		{ .op = GUEST_IN + 1, .address = ASK_PORT },
		{ .op = GUEST_AGAIN, .value = SLOW_KICKS - 1 },
		{ .op = GUEST_END },
	};
	unsigned int asked = 0;
	unsigned long held;
	struct guest guest;
	int event = new_guest(&guest, 1);

	guest_program(&guest, kicks, ARRAY_SIZE(kicks));
	guest_start(&guest);
	serve_until_done(&guest, answer_slowly, &asked, LIMIT_MS);
	held = held_back();
	check_equal(event_count(event), SLOW_KICKS, "signals");
	check_equal(asked, SLOW_KICKS, "requests for the device model");
	report("beside %s: held back %lu times in %u kicks", beside, held,
	       SLOW_KICKS);
	/* A busy machine may make a kick look like one too many. */
	check(held <= SLOW_KICKS / 4, "held back %lu times in %u kicks", held,
	      SLOW_KICKS);
	guest_end(&guest);
}

TIMED_TEST(too_many, 120, "a VM that kicks without pause is held back, and no kick is lost")
{
	const struct guest_op kicks[] = {
		{ .op = GUEST_OUT + 1, .address = SIGNAL_PORT },
		{ .op = GUEST_AGAIN, .value = KICKS - 1 },
		{ .op = GUEST_END },
	};
	unsigned int asked = 0;
	unsigned long held;
	struct guest guest;
	int event = new_guest(&guest, VCPUS);

	program_all(&guest, kicks, ARRAY_SIZE(kicks));
	guest_start(&guest);
	serve_until_done(&guest, answer, &asked, LIMIT_MS);
	held = held_back();
	check_equal(event_count(event), VCPUS * KICKS, "signals");
	check_equal(asked, 0, "requests for the device model");
	check(held, "never held back");
	report("held back %lu times in %u kicks", held, VCPUS * KICKS);
}

TEST(a_few, "a VM that kicks now and then is not")
{
	kick_now_and_then("no other VM");
}

/* What others do not use is not theirs to keep from it ... */
TIMED_TEST(beside_idle, 120, "[D3] nor beside VMs that run and do nothing")
{
	const struct guest_op idle[] = {
		{ .op = GUEST_COUNT, .address = GUEST_FREE },
		{ .op = GUEST_END },
	};
	struct guest others[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		guest_new(&others[i], 1 + i, 0);
		guest_program(&others[i], idle, ARRAY_SIZE(idle));
		guest_start(&others[i]);
	}
	kick_now_and_then("VMs that do nothing");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		guest_end(&others[i]);
}

/* ... and what one uses too much of is not taken from the others. */
TIMED_TEST(beside_many, 120, "[D3] nor beside a VM that kicks without pause")
{
	int event = event_new();
	struct guest other;
	struct shown_vm shown;

	guest_new_vcpus(&other, 1, 0, VCPUS - 1);
	check_result(ioeventfd(other.fd, event, ACRN_IOEVENTFD_PIO, SIGNAL_PORT,
			       1, 0), 0, "IOEVENTFD");
	guest_program_vcpu(&other, 0, without_end, ARRAY_SIZE(without_end));
	guest_program_vcpu(&other, 1, without_end, ARRAY_SIZE(without_end));
	guest_start(&other);
	kick_now_and_then("a VM that kicks without pause");
	check(shown_vm(VMID(1), &shown), "the other VM is not shown");
	check(shown.deferred, "the other VM was never held back");
	guest_end(&other);
}

/* What a vCPU asks its device model is answered while the others kick. */
TEST(another_vcpu, "another vCPU has its requests answered")
{
	const struct guest_op asks[] = {
		{ .op = GUEST_IN + 1, .address = ASK_PORT },
		{ .op = GUEST_AGAIN, .value = ASKS - 1 },
		{ .op = GUEST_END },
	};
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;
	unsigned int asked = 0;
	struct guest guest;
	int event = new_guest(&guest, VCPUS);

	program_all(&guest, without_end, ARRAY_SIZE(without_end));
	guest_program_vcpu(&guest, 0, asks, ARRAY_SIZE(asks));
	guest_start(&guest);
	while (!guest_vcpu_done(&guest, 0, 0)) {
		check(now_us() < end, "%u of %u requests answered", asked, ASKS);
		if (wait_for_request(&guest, 100))
			serve_once(&guest, answer, &asked);
	}
	check_equal(asked, ASKS, "requests for the device model");
	check(event_count(event), "no signals");
}

/* Paused and reset at any moment, held back or not, it can start again. */
TIMED_TEST(paused, 120, "paused and reset while it is held back")
{
	unsigned int round;
	struct guest guest;
	int event = new_guest(&guest, VCPUS);

	for (round = 0; round < ROUNDS; round++) {
		program_all(&guest, without_end, ARRAY_SIZE(without_end));
		guest_start(&guest);
		usleep(random() % 20000);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		event_count(event);
		usleep(random() % 10000);
		check_equal(event_count(event), 0, "signals of a paused VM");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
	}
	check(held_back(), "never held back");
}

/* What goes on after it was held back must not meet the next VM, or none. */
TIMED_TEST(destroyed, 120, "destroyed while it is held back")
{
	struct guest guest;
	unsigned long held = 0;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		int event = new_guest(&guest, VCPUS);

		program_all(&guest, without_end, ARRAY_SIZE(without_end));
		guest_start(&guest);
		usleep(random() % 20000);
		held += held_back();
		if (round % 2) {
			guest_end(&guest);
		} else {
			close(guest.fd);
			munmap(guest.memory, GUEST_SIZE);
		}
		close(event);
	}
	check(held, "never held back");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
