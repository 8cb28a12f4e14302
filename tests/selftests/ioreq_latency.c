// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What upcalls cost a task with a deadline, on a kernel with PREEMPT_RT: as cyclictest
 * does, a thread of high priority sleeps until points in time, and how late it wakes
 * up is measured, on the CPU that upcalls come to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "vm.h"

#define PORT		0x640
#define SIGNAL_PORT	0x650
#define UPCALL_CPU	0
#define PRIORITY	80		/* above threads of interrupts, which have 50 */
#define PERIOD_NS	2000000
#define PERIODS		1000
#define NS		1000000000L

/* Later than beside a guest that asks for nothing; the next deadline is farther away */
#define COST_MAX_NS	500000

static long late[PERIODS];

static int compare(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

static void *sleeper(void *data)
{
	struct timespec due, now;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &due);
	for (i = 0; i < PERIODS; i++) {
		due.tv_nsec += PERIOD_NS;
		if (due.tv_nsec >= NS) {
			due.tv_nsec -= NS;
			due.tv_sec++;
		}
		if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL))
			return "clock_nanosleep";
		clock_gettime(CLOCK_MONOTONIC, &now);
		late[i] = (now.tv_sec - due.tv_sec) * NS + now.tv_nsec - due.tv_nsec;
		/* What was missed is not made up for. */
		if (late[i] > PERIOD_NS)
			due = now;
	}
	return NULL;
}

/* Returns the longest, in nanoseconds */
static long measure(const char *beside)
{
	const struct sched_param param = { .sched_priority = PRIORITY };
	pthread_attr_t attr;
	pthread_t thread;
	cpu_set_t cpu;
	void *failed;

	CPU_ZERO(&cpu);
	CPU_SET(UPCALL_CPU, &cpu);
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	pthread_attr_setaffinity_np(&attr, sizeof(cpu), &cpu);
	check_result(-pthread_create(&thread, &attr, sleeper, NULL), 0,
		     "a thread of SCHED_FIFO");
	pthread_join(thread, &failed);
	check(!failed, "%s", (char *)failed);

	qsort(late, PERIODS, sizeof(*late), compare);
	report("beside %s: late by %ld us in the middle, %ld us in 99%%, %ld us at most",
	       beside, late[PERIODS / 2] / 1000, late[PERIODS * 99 / 100] / 1000,
	       late[PERIODS - 1] / 1000);
	return late[PERIODS - 1];
}

static void need_rt(void)
{
	struct utsname name;

	check(!uname(&name), "uname");
	if (!strstr(name.version, "PREEMPT_RT"))
		skip("this kernel has no PREEMPT_RT");
}

static void start(struct guest *guest, const struct guest_op *ops)
{
	guest_new_vcpus(guest, 0, 0, 1);
	guest_program_vcpu(guest, 0, ops, 2);
	guest_start(guest);
}

/* How late it is beside a guest whose vCPU computes, which costs nothing but what the
 * machine itself takes
 */
static long beside_nothing(void)
{
	const struct guest_op compute[] = {
		{ .op = GUEST_COUNT, .address = GUEST_FREE },
		{ .op = GUEST_END },
	};
	struct guest guest;
	long longest;

	start(&guest, compute);
	longest = measure("a guest that computes");
	guest_end(&guest);
	return longest;
}

static void check_cost(long longest, long nothing)
{
	check(longest - nothing < COST_MAX_NS, "late by %ld us, and %ld us beside nothing",
	      longest / 1000, nothing / 1000);
}

TIMED_TEST(kicks, 120, "a deadline beside a guest that kicks without end")
{
	const struct guest_op kick[] = {
		{ .op = GUEST_OUT + 1, .address = SIGNAL_PORT },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	long nothing, longest;
	unsigned long signals;
	struct guest guest;
	int event;

	need_rt();
	measure("no guest");
	nothing = beside_nothing();

	event = event_new();
	guest_new_vcpus(&guest, 0, 0, 1);
	check_result(ioeventfd(guest.fd, event, ACRN_IOEVENTFD_PIO, SIGNAL_PORT,
			       1, 0), 0, "IOEVENTFD");
	guest_program_vcpu(&guest, 0, kick, ARRAY_SIZE(kick));
	guest_start(&guest);
	longest = measure("a guest that kicks");
	signals = event_count(event);
	report("%lu kicks", signals);
	guest_end(&guest);
	check(signals >= PERIODS, "only %lu kicks", signals);
	check_cost(longest, nothing);
}

static bool stop;

static bool answer(struct guest *guest, struct access *access, void *data)
{
	access->value = 0x5a;
	return true;
}

static void *serve(void *data)
{
	struct guest *guest = data;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if (wait_for_request(guest, 10))
			serve_once(guest, answer, NULL);
	}
	return NULL;
}

TIMED_TEST(asks, 120, "a deadline beside a guest that asks its device model without end")
{
	const struct guest_op ask[] = {
		{ .op = GUEST_IN + 1, .address = PORT },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	long nothing, longest;
	struct guest guest;
	pthread_t thread;

	need_rt();
	nothing = beside_nothing();
	start(&guest, ask);
	check_result(-pthread_create(&thread, NULL, serve, &guest), 0, "a thread");
	longest = measure("a guest that asks");
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	report("%llu requests", (unsigned long long)guest_vcpu_status(&guest, 0)->loops);
	guest_end(&guest);
	check_cost(longest, nothing);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
