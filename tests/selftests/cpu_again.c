// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The last CPU of the Service VM is taken and comes back, again and again, beside VMs
 * whose requests are served meanwhile: those of one by the kernel, those of the other by
 * a device model that runs on that CPU.  In the end it stays away: where Linux has two
 * CPUs it is given to the hypervisor, and else all but one are only switched off, for
 * cpu_given comes next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define OFFLINE		"/sys/class/acrn/acrn_hsm/offline_cpu"
#define REMOVE		"/sys/devices/virtual/misc/acrn_hsm/remove_cpu"
#define GIVEN		"/sys/devices/virtual/misc/acrn_hsm/given_cpus"

#define PORT		0x650
#define ROUNDS		20
#define LIVES		5
#define POLL_MS		20
#define LIMIT_MS	20000

static unsigned int cpus, last;
static struct guest by_kernel, by_model;
static pthread_t model;
static bool stop;

static void set_online(unsigned int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	check_result(write_text(path, online ? "1" : "0"), 0, "CPU %u %s", cpu,
		     online ? "on" : "off");
}

static int give(const char *path)
{
	char text[16];

	snprintf(text, sizeof(text), "%u\n", last);
	return write_text(path, text);
}

static bool take_any(struct guest *guest, struct access *access, void *data)
{
	return true;
}

static void *serve(void *data)
{
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if (wait_for_request(&by_model, POLL_MS))
			serve_once(&by_model, take_any, NULL);
	}
	return NULL;
}

/* Linux moves it elsewhere when the CPU goes, and not back. */
static void model_to_last_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(last, &set);
	check(!pthread_setaffinity_np(model, sizeof(set), &set), "pthread_setaffinity_np");
}

static void start_guest(struct guest *guest, unsigned int config)
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 4, PORT, 1 }, { GUEST_AGAIN, 0, FOR_EVER },
	};

	guest_new(guest, config, 0);
	guest_program(guest, ops, ARRAY_SIZE(ops));
	if (guest == &by_kernel)
		check_result(ioeventfd(guest->fd, event_new(), ACRN_IOEVENTFD_PIO, PORT, 4, 0),
			     0, "EVENT_IOEVENTFD");
	guest_start(guest);
}

static void begin(void)
{
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	last = cpus - 1;
	check(last, "Linux has one CPU");
	start_guest(&by_kernel, 0);
	start_guest(&by_model, 1);
	stop = false;
	check(!pthread_create(&model, NULL, serve, NULL), "pthread_create");
}

static void end(void)
{
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(model, NULL);
	guest_end(&by_kernel);
	guest_end(&by_model);
}

/* Each has written to its port, and been told that it may go on, since it was called. */
static void check_served(const char *when, unsigned int round)
{
	uint64_t limit = now_us() + LIMIT_MS * 1000ULL;
	uint64_t kernel = guest_status(&by_kernel)->loops;
	uint64_t model_loops = guest_status(&by_model)->loops;

	while (guest_status(&by_kernel)->loops < kernel + 2 ||
	       guest_status(&by_model)->loops < model_loops + 2) {
		check(now_us() < limit, "%s, round %u: a VM is not served", when, round);
		usleep(500);
	}
}

static void check_online(unsigned int expected, const char *when)
{
	check_equal(sysconf(_SC_NPROCESSORS_ONLN), expected, "%s: CPUs that are online", when);
}

TEST(removed, "remove_cpu of a CPU that the hypervisor does not take, again and again")
{
	unsigned int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		model_to_last_cpu();
		hv_refuse(HC_SOS_OFFLINE_CPU, 1, HV_FAILED);
		check_result(give(REMOVE), -EIO, "remove_cpu");
		check_online(cpus, "refused");
		check_served("refused", i);
	}
	end();
}

TEST(off_and_on, "a CPU goes off and on, and is asked for in between, again and again")
{
	unsigned int i;

	begin();
	for (i = 0; i < ROUNDS; i++) {
		model_to_last_cpu();
		check_result(give(OFFLINE), -EBUSY, "offline_cpu of a CPU that is on");
		set_online(last, false);
		hv_refuse(HC_SOS_OFFLINE_CPU, 1, HV_FAILED);
		check_result(give(OFFLINE), -EIO, "offline_cpu");
		check_served("off", i);
		set_online(last, true);
		check_online(cpus, "on again");
		check_served("on", i);
	}
	end();
}

static unsigned long cpus_of_users(void)
{
	struct hv_probe probe;

	hv_probe(&probe);
	return probe.user_pcpus;
}

static void check_given(unsigned int cpu)
{
	char text[16], expected[16];

	snprintf(expected, sizeof(expected), "%u\n", cpu);
	check_result(read_text(GIVEN, text, sizeof(text)), 0, GIVEN);
	check(!strcmp(text, expected), "given_cpus is %s", text);
}

TEST(one_left, "with one CPU left, VMs are served and come and go")
{
	static const struct guest_op once[] = { { GUEST_STORE + 4, GUEST_FREE, 1 } };
	unsigned long users = cpus_of_users();
	unsigned int cpu, i;
	struct guest guest;

	begin();
	if (cpus == 2) {
		check_result(give(REMOVE), 0, "remove_cpu");
		check_equal(cpus_of_users(), ++users, "CPUs for User VMs");
		check_given(last);
	} else {
		for (cpu = 1; cpu <= last; cpu++)
			set_online(cpu, false);
	}
	check_online(1, "taken");
	check_served("taken", 0);
	for (i = 0; i < LIVES; i++) {
		/* on all CPUs that the others leave: a CPU that was given is the first */
		guest_new_vcpus(&guest, 2, 0, users - 2);
		guest_program(&guest, once, ARRAY_SIZE(once));
		guest_start(&guest);
		check(guest_done(&guest, LIMIT_MS), "life %u: the guest is not through", i);
		guest_end(&guest);
		check_served("beside another VM", i);
	}
	end();
	if (cpus == 2)
		return;
	for (cpu = 1; cpu <= last; cpu++)
		set_online(cpu, true);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
