// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How fast requests are: per second, and how long one takes from the guest's
 * instruction to the next one, as the device model's loop of ATTACH and NOTIFY
 * serves them.
 */
#include <pthread.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "vm.h"

#define PORT	0x660
#define REQUESTS 3000

/**
 * struct meter - a device model that takes the time
 * @guest: its guest
 * @served: requests
 * @handled_us: time between the return of ATTACH and that of the last NOTIFY
 * @thread: the thread
 */
struct meter {
	struct guest guest;
	unsigned long served;
	uint64_t handled_us;
	pthread_t thread;
};

static bool answer(struct guest *guest, struct access *access, void *data)
{
	access->value = 1;
	return true;
}

static void *serve(void *data)
{
	struct meter *meter = data;
	struct guest *guest = &meter->guest;
	uint64_t start;

	while (!client_attach(guest->fd, guest->client)) {
		start = now_us();
		meter->served += serve_once(guest, answer, NULL);
		meter->handled_us += now_us() - start;
	}
	return NULL;
}

static void start(struct meter *meter, unsigned int config,
		  unsigned long flags, unsigned int vcpus, unsigned int op)
{
	const struct guest_op ops[] = {
		{ .op = op + 4, .address = op == GUEST_IN ? PORT : 0xd0000000 },
		{ .op = GUEST_AGAIN, .value = REQUESTS - 1 },
	};
	unsigned int i;

	guest_new_vcpus(&meter->guest, config, flags, vcpus);
	for (i = 0; i < vcpus; i++)
		guest_program_vcpu(&meter->guest, i, ops, ARRAY_SIZE(ops));
	meter->served = 0;
	meter->handled_us = 0;
	check(!pthread_create(&meter->thread, NULL, serve, meter),
	      "pthread_create");
	guest_start(&meter->guest);
}

static void finish(struct meter *meter)
{
	uint64_t end = now_us() + 60000000;

	while (!all_done(&meter->guest)) {
		check(now_us() < end, "the guest is not done");
		usleep(1000);
	}
}

static void end(struct meter *meter)
{
	check_result(client_destroy(meter->guest.fd, meter->guest.client), 0,
		     "DESTROY_IOREQ_CLIENT");
	meter->guest.client = 0;
	pthread_join(meter->thread, NULL);
	check_equal(meter->served, REQUESTS * meter->guest.vcpus, "requests");
	guest_end(&meter->guest);
}

static void measure(const char *what, unsigned int vms, unsigned int vcpus,
		    unsigned long flags, unsigned int op)
{
	unsigned long total = vms * vcpus * REQUESTS;
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct meter meters[MAX_VMS];
	uint64_t begin, us, handled_us = 0;
	unsigned int i;

	for (i = 0; i < vms; i++)
		start(&meters[i], i, flags, vcpus, op);
	begin = now_us();
	for (i = 0; i < vms; i++)
		finish(&meters[i]);
	us = now_us() - begin;
	for (i = 0; i < vms; i++) {
		handled_us += meters[i].handled_us;
		end(&meters[i]);
	}
	notified = hv_calls(HC_NOTIFY_REQUEST) - notified;
	check_equal(notified, flags & ACRN_VM_FLAG_POLLING ? 0 : total,
		    "HC_NOTIFY");
	report("%-34s %6llu requests/s, %5llu us each, of them %4llu us in handling and NOTIFY; %lu.%02lu hypercalls each",
	       what, (unsigned long long)(total * 1000000 / us),
	       (unsigned long long)(us * vms * vcpus / total),
	       (unsigned long long)(handled_us / total), notified / total,
	       notified * 100 / total % 100);
}

TIMED_TEST(one_vcpu, 120, "port I/O")
{
	measure("port I/O, 1 vCPU", 1, 1, 0, GUEST_IN);
}

TIMED_TEST(mmio, 120, "MMIO")
{
	measure("MMIO, 1 vCPU", 1, 1, 0, GUEST_LOAD);
}

TIMED_TEST(polling, 120, "port I/O of a VM in polling mode")
{
	measure("port I/O, 1 vCPU, polling", 1, 1, ACRN_VM_FLAG_POLLING,
		GUEST_IN);
}

TIMED_TEST(four_vcpus, 120, "port I/O of four vCPUs")
{
	measure("port I/O, 4 vCPUs", 1, 4, 0, GUEST_IN);
}

TIMED_TEST(four_vms, 120, "port I/O of four VMs")
{
	measure("port I/O, 4 VMs", 4, 1, 0, GUEST_IN);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
