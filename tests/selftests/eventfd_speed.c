// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How fast eventfds are: a guest's kick, until the guest goes on and until a thread
 * that waits for it has answered; and the signal of an irqfd, until its MSI is
 * injected.
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "vm.h"

#define DOORBELL	0xd0000000UL
#define ANSWER		0x8000		/* in the guest's memory */
#define KICKS		3000
#define SIGNALS		3000
#define LIMIT_US	60000000

static struct guest guest;
static int event;

/* How long the guest takes for these operations */
static uint64_t run(const struct guest_op *ops, unsigned int count)
{
	uint64_t begin, us;

	guest_program(&guest, ops, count);
	begin = now_us();
	guest_start(&guest);
	while (!guest_done(&guest, 1))
		check(now_us() - begin < LIMIT_US, "the guest is not done");
	us = now_us() - begin;
	guest_end(&guest);
	return us;
}

static void set_up(void)
{
	guest_new(&guest, 0, 0);
	event = eventfd(0, EFD_CLOEXEC);
	check(event >= 0, "eventfd");
	check_result(ioeventfd(guest.fd, event, 0, DOORBELL, 4, 0), 0, "IOEVENTFD");
}

TIMED_TEST(kicks, 120, "kicks")
{
	const struct guest_op ops[] = {
		{ .op = GUEST_STORE + 4, .address = DOORBELL },
		{ .op = GUEST_AGAIN, .value = KICKS - 1 },
	};
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	uint64_t us;

	set_up();
	us = run(ops, ARRAY_SIZE(ops));
	check_equal(event_count(event), KICKS, "signals");
	check_equal(hv_calls(HC_NOTIFY_REQUEST) - notified, KICKS, "HC_NOTIFY");
	report("kick: the guest goes on after %llu us",
	       (unsigned long long)us / KICKS);
}

/* The guest waits for 1, then for 0, and so on. */
static void *answer(void *data)
{
	volatile uint64_t *word = (uint64_t *)(guest.memory + ANSWER);
	unsigned int i;

	for (i = 0; i < KICKS; i++) {
		check_equal(event_count(event), 1, "signals at once");
		*word = !*word;
	}
	return NULL;
}

TIMED_TEST(answered_kicks, 120, "kicks that a thread answers")
{
	const struct guest_op ops[] = {
		{ .op = GUEST_STORE + 4, .address = DOORBELL },
		{ .op = GUEST_WAIT, .address = ANSWER, .value = 1 },
		{ .op = GUEST_STORE + 4, .address = DOORBELL },
		{ .op = GUEST_WAIT, .address = ANSWER, .value = 0 },
		{ .op = GUEST_AGAIN, .value = KICKS / 2 - 1 },
	};
	pthread_t thread;
	uint64_t us;

	set_up();
	check(!pthread_create(&thread, NULL, answer, NULL), "pthread_create");
	us = run(ops, ARRAY_SIZE(ops));
	pthread_join(thread, NULL);
	report("kick: a thread has answered it after %llu us",
	       (unsigned long long)us / KICKS);
}

TIMED_TEST(signals, 120, "MSIs")
{
	unsigned long msis;
	uint64_t begin, fd_us, ioctl_us;
	unsigned int i;

	guest_new(&guest, 0, 0);
	event = event_new();
	check_result(irqfd(guest.fd, event, 0, MSI_ADDR, 0x40), 0, "IRQFD");
	msis = hv_msis(VMID(0));
	begin = now_us();
	for (i = 0; i < SIGNALS; i++)
		event_signal(event);
	fd_us = now_us() - begin;
	check_equal(hv_msis(VMID(0)) - msis, SIGNALS, "MSIs of the irqfd");

	begin = now_us();
	for (i = 0; i < SIGNALS; i++)
		msi_inject(guest.fd, MSI_ADDR, 0x40);
	ioctl_us = now_us() - begin;
	check_equal(hv_msis(VMID(0)) - msis, 2 * SIGNALS, "MSIs");
	guest_end(&guest);
	report("MSI: injected after %llu.%llu us by an irqfd, after %llu.%llu us by IC_INJECT_MSI",
	       (unsigned long long)fd_us / SIGNALS,
	       (unsigned long long)fd_us * 10 / SIGNALS % 10,
	       (unsigned long long)ioctl_us / SIGNALS,
	       (unsigned long long)ioctl_us * 10 / SIGNALS % 10);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
