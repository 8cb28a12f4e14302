// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A VM is given a device of each kind, and gives them back; each hypercall on the way
 * fails once, at each of its calls, and on kernels with fault injection each allocation
 * and each copy. The call says so and works when it is made again, and in the end the
 * Service VM has all devices.  It has them also when the process is killed at any call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices.h"
#include "failnth.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define CALLS_MAX	100

static const struct {
	unsigned int call;
	const char *name;
	unsigned int since, until;	/* releases; 0: all */
} calls[] = {
	{ HC_ASSIGN_PTDEV, "ASSIGN_PTDEV", 0, 13 },
	{ HC_DEASSIGN_PTDEV, "DEASSIGN_PTDEV", 0, 13 },
	{ HC_SET_PTDEV_INTR, "SET_PTDEV_INTR" },
	{ HC_RESET_PTDEV_INTR, "RESET_PTDEV_INTR" },
	{ HC_ASSIGN_PCIDEV, "ASSIGN_PCIDEV", 16 },
	{ HC_DEASSIGN_PCIDEV, "DEASSIGN_PCIDEV", 16 },
	{ HC_ASSIGN_MMIODEV, "ASSIGN_MMIODEV", 21 },
	{ HC_DEASSIGN_MMIODEV, "DEASSIGN_MMIODEV", 21 },
	{ HC_ADD_VDEV, "ADD_VDEV", 22 },
	{ HC_REMOVE_VDEV, "REMOVE_VDEV", 22 },
	{ HC_ASSIGN_PIO, "ASSIGN_PIO_REGION", 33 },
	{ HC_DEASSIGN_PIO, "DEASSIGN_PIO_REGION", 33 },
	{ HC_SET_MEMORY_REGIONS, "SET_MEMORY_REGIONS" },
	{ HC_RESET_VM, "RESET_VM" },
	{ HC_PAUSE_VM, "PAUSE_VM" },
	{ HC_DESTROY_VM, "DESTROY_VM" },
};

/*
 * Where nothing is left, DESTROY_VM is made even if PAUSE_VM was refused, of which the
 * hypervisor complains.
 */
static bool is_made(unsigned int i, bool tidy)
{
	unsigned int release = hv_generation();

	if (calls[i].call == HC_PAUSE_VM && tidy)
		return false;
	return release >= calls[i].since &&
	       (!calls[i].until || release <= calls[i].until);
}

/**
 * struct failure - one failure of a hypercall
 * @call: index in calls[]
 * @nth: at which of its calls, from 0
 * @how: what the hypervisor does
 * @answer: what it answers
 * @result: what user space has to be told
 */
struct failure {
	unsigned int call;
	unsigned int nth;
	enum testbed_fail how;
	int answer;
	int result;
};

static const char *story(const struct failure *f, unsigned int step)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s, hypercall %s no. %u says %s (%d)",
		 devices_steps[step].name, calls[f->call].name, f->nth,
		 result_name(f->answer), f->how);
	return text;
}

/* A life with one failure.  Returns whether it came to it. */
static bool live(const struct failure *f, bool tidy)
{
	unsigned int call = calls[f->call].call, step, where = 0;
	unsigned long first = hv_calls(call), before;
	bool met = false, here;
	int ret;

	hv_fail(call, f->nth, 1, f->answer, f->how);
	for (step = 0; step < DEVICES_STEPS; step++) {
		if (devices_steps[step].tidy && !tidy)
			continue;
		before = hv_calls(call);
		ret = devices_run(step);
		here = !met && before - first <= f->nth && hv_calls(call) - first > f->nth;
		if (here) {
			met = true;
			where = step;
			if (!devices_steps[step].silent)
				check_result(ret, f->result, "%s", story(f, step));
			if (ret)
				ret = devices_run(step);
		}
		check_result(ret, devices_expect(step), "%s, %s", devices_steps[step].name,
			     met ? story(f, where) : "no failure");
	}
	hv_behave();
	devices_check_back(met ? story(f, where) : "no failure");
	return met;
}

static void walk(enum testbed_fail how, int answer, int result, bool tidy)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		struct failure f = {
			.call = i, .how = how, .answer = answer, .result = result,
		};

		if (!is_made(i, tidy))
			continue;
		while (live(&f, tidy))
			check(++f.nth < CALLS_MAX, "no end of %s", calls[i].name);
		if (tidy && !result)
			report("%s: %u calls", calls[i].name, f.nth);
		check(f.nth || (calls[i].call == HC_RESET_VM && tidy), "%s is never made",
		      calls[i].name);
	}
}

TIMED_TEST(complete, 120, "each hypercall occurs, and positive answers are successes")
{
	devices_begin();
	walk(TESTBED_FAIL_AFTER, 1, 0, true);
}

TIMED_TEST(refused, 240, "each hypercall refused")
{
	devices_begin();
	walk(TESTBED_FAIL_REFUSE, HV_FAILED, -EIO, true);
	walk(TESTBED_FAIL_UNWRITTEN, 0, -EIO, true);
}

TIMED_TEST(left_over, 240, "each hypercall refused, with everything left to close()")
{
	devices_begin();
	walk(TESTBED_FAIL_REFUSE, HV_FAILED, -EIO, false);
}

#define SLOW_US		10000	/* what a hypercall takes */

/* The victim has come to the step at which it is to die; shared with it */
static bool *reached;

static void live_until_killed(void *data)
{
	unsigned long step, last = (unsigned long)data;

	for (step = 0; step < last; step++)
		check_result(devices_run(step), devices_expect(step), "%s",
			     devices_steps[step].name);
	hv_delay(HC_ANY, SLOW_US);
	__atomic_store_n(reached, true, __ATOMIC_SEQ_CST);
	devices_run(last);
	pause();
}

static void kill_in(unsigned long step, unsigned int us)
{
	pid_t pid;

	*reached = false;
	pid = start_child(live_until_killed, (void *)step);
	while (!__atomic_load_n(reached, __ATOMIC_SEQ_CST))
		usleep(100);
	usleep(us);
	kill_child(pid);
	hv_behave();
	devices_check_back(devices_steps[step].name);
}

TIMED_TEST(killed, 120, "killed inside each call, and after it")
{
	unsigned long step;

	devices_begin();
	reached = mmap(NULL, sizeof(*reached), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(reached != MAP_FAILED, "mmap");
	for (step = 0; step < DEVICES_STEPS; step++) {
		kill_in(step, SLOW_US / 2);
		kill_in(step, 4 * SLOW_US);
	}
}

/* When Linux's tables of resources are out of memory, they do not say so. */
static bool is_injected(int result)
{
	return result == -ENOMEM || result == -EFAULT || result == -EBUSY;
}

/* A life in which one step fails at its n-th point.  Returns whether it has one. */
static bool live_nth(unsigned int failing, unsigned int n, bool tidy,
		     unsigned int *failures)
{
	bool met = false;
	unsigned int step;
	int ret;

	for (step = 0; step < DEVICES_STEPS; step++) {
		if (devices_steps[step].tidy && !tidy)
			continue;
		if (step == failing)
			failnth_arm(n);
		ret = devices_run(step);
		if (step == failing) {
			met = !failnth_disarm();
			if (met && is_injected(ret)) {
				++*failures;
				ret = devices_run(step);
			}
		}
		check_result(ret, devices_expect(step), "%s, point %u of %s",
			     devices_steps[step].name, n, devices_steps[failing].name);
	}
	devices_check_back(devices_steps[failing].name);
	return met;
}

static void walk_step(unsigned int step, bool tidy)
{
	failnth_walk(devices_steps[step].name, live_nth, step, tidy);
}

TIMED_TEST(each_point, 300, "each point of each call at which the kernel can fail")
{
	unsigned int step;

	if (!failnth_begin())
		skip("the kernel cannot inject faults");
	devices_begin();
	/* from CREATE_VM on; what is common to all files is fault_nth's */
	for (step = 2; step < DEVICES_STEPS - 1; step++)
		walk_step(step, true);
	walk_step(DEVICES_STEPS - 1, false);
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	devices_end();
	return failed;
}
