// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Each allocation that a call makes, and each copy from and to user space, fails
 * once.  The call fails for that reason or goes on all the same; after a failure
 * it works when it is made again, and in the end nothing is left.
 *
 * For kernels with fault injection.  On others, allocations.c makes allocations
 * fail with kprobes, though fewer of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client.h"
#include "failnth.h"
#include "harness.h"
#include "kernel.h"
#include "life.h"
#include "memseg.h"
#include "vm.h"

#define CLIENT_NODE	"/dev/acrn_client"

/* Looking for leaks takes a while, and needs several looks to be sure. */
#define LEAKS		DEBUGFS "kmemleak"
#define LEAKS_SECONDS	300

static void set_up(void)
{
	if (!failnth_begin())
		skip("the kernel cannot inject faults");
}

static bool is_injected(int result)
{
	return result == -ENOMEM || result == -EFAULT;
}

static struct life life;
static struct hv_account account;
static struct pins before;

static void check_nothing_left(const char *when, unsigned int n)
{
	struct hv_account now;

	hv_get_account(&now);
	check_equal(now.vms, account.vms, "%s, point %u: VMs", when, n);
	check_equal(now.vcpus, account.vcpus, "%s, point %u: vCPUs", when, n);
	check_equal(now.pages, account.pages, "%s, point %u: pages", when, n);
	check_equal(shown_vms(), 0, "%s, point %u: VMs in debugfs", when, n);
	pins_check(&before, 0, when);
}

static void begin(bool a2)
{
	set_up();
	life_prepare(&life, a2);
	hv_get_account(&account);
	pins_get(&before);
}

static bool has_step(unsigned int step, bool tidy)
{
	return life_has(&life, step) && (tidy || !life_steps[step].tidy);
}

/* A life in which one step fails at its n-th point.  Returns whether it has one. */
static bool live(unsigned int failing, unsigned int n, bool tidy,
		 unsigned int *failures)
{
	bool met = false;
	unsigned int step;
	int ret;

	life_begin(&life);
	for (step = 0; step < LIFE_STEPS; step++) {
		if (!has_step(step, tidy))
			continue;
		if (step == failing)
			failnth_arm(n);
		ret = life_run(&life, step);
		if (step == failing) {
			met = !failnth_disarm();
			if (ret && met && is_injected(ret)) {
				++*failures;
				ret = life_run(&life, step);
			}
		}
		check_result(ret, 0, "%s, point %u of %s", life_steps[step].name,
			     n, life_steps[failing].name);
	}
	check_nothing_left(life_steps[failing].name, n);
	return met;
}

static void walk_step(unsigned int step, bool tidy)
{
	failnth_walk(life_steps[step].name, live, step, tidy);
}

static void walk_calls(bool a2)
{
	unsigned int step;

	begin(a2);
	for (step = 0; step < LIFE_STEPS; step++)
		if (!life_steps[step].waits && has_step(step, true))
			walk_step(step, true);
}

TIMED_TEST(each_call, 300, "[B14] each point of each call in the life of a VM")
{
	walk_calls(false);
}

/* Without vCPUs if the hypervisor waits to be told of each; then it does not run. */
TIMED_TEST(each_a2_call, 300, "[B14] and of each call with Linux's numbers")
{
	walk_calls(true);
}

TEST(closing, "each point of close() with everything left to it")
{
	begin(false);
	walk_step(LIFE_STEPS - 1, false);
}

/**
 * struct call - a call and the one that takes it back
 * @name: what it is called
 * @run: makes it; 0 or a negative errno
 * @undo: takes it back, or NULL
 */
struct call {
	const char *name;
	int (*run)(void);
	int (*undo)(void);
};

/* From the n-th point on; returns the number of points, and checks the failures. */
static void walk_call(const struct call *call, unsigned int n, unsigned int by)
{
	unsigned int failures = 0;
	bool met = true;
	int ret;

	for (; met; n += by) {
		check(n < POINTS_MAX, "no end of %s", call->name);
		failnth_arm(n);
		ret = call->run();
		met = !failnth_disarm();
		if (met && is_injected(ret)) {
			failures++;
			ret = call->run();
		}
		check_result(ret, 0, "%s, point %u", call->name, n);
		if (call->undo)
			check_result(call->undo(), 0, "after %s, point %u",
				     call->name, n);
	}
	report("%s: %u points, %u of those tried fail the call", call->name,
	       n - by - 1, failures);
	check(failures, "%s: none fails", call->name);
}

/* How many points it has, when none fails */
static unsigned int count_points(int (*run)(void), int expected)
{
	unsigned int left;
	int ret;

	failnth_arm(POINTS_MAX);
	ret = run();
	left = failnth_disarm();
	check_result(ret, expected, "the call whose points are counted");
	return POINTS_MAX - left;
}

static int client_fd;

static int client_call(unsigned long number, void *argument)
{
	return ioctl(client_fd, number, argument) ? -errno : 0;
}

static int make_client(void)
{
	return client_call(CLIENT_CREATE, (void *)(unsigned long)VMID(0));
}

static int end_client(void)
{
	return client_call(CLIENT_DESTROY, NULL);
}

static int add_range(void)
{
	struct client_range range = { ACRN_IOREQ_PIO, 0, 0x400, 0x41f };

	return client_call(CLIENT_ADD, &range);
}

static int del_range(void)
{
	struct client_range range = { ACRN_IOREQ_PIO, 0, 0x400, 0x41f };

	return client_call(CLIENT_DEL, &range);
}

TEST(kernel_clients, "each point of a client in the kernel")
{
	static const struct call create = {
		"a client in the kernel", make_client, end_client
	};
	static const struct call add = { "a range of it", add_range, del_range };
	int fd;

	set_up();
	if (access(CLIENT_NODE, F_OK))
		check_result(module_load("client", ""), 0, "insmod client");
	client_fd = open(CLIENT_NODE, O_RDWR | O_CLOEXEC);
	check(client_fd >= 0, CLIENT_NODE ": %s", strerror(errno));
	fd = vm_in_state(VM_CREATED, 0);
	walk_call(&create, 1, 1);
	check_result(make_client(), 0, "create");
	walk_call(&add, 1, 1);
	close(client_fd);
	close(fd);
	check_result(module_unload("client"), 0, "rmmod client");
}

static int read_file(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text)) <= 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int read_vms(void)
{
	return read_file(DEBUGFS "acrn_hsm/vms");
}

static int read_hypercalls(void)
{
	return read_file(DEBUGFS "acrn_hsm/hypercalls");
}

TEST(debugfs, "each point of what debugfs shows")
{
	static const struct call vms = { "reading vms", read_vms };
	static const struct call hypercalls = {
		"reading hypercalls", read_hypercalls
	};
	int fd;

	set_up();
	fd = vm_in_state(VM_STARTED, 0);
	walk_call(&vms, 1, 1);
	walk_call(&hypercalls, 1, 1);
	close(fd);
}

/* Loads do not all have the same number of points before the module's own. */
#define MARGIN		30

static int module_file;

static int load(void)
{
	/*
	 * With the kernel's hook for upcalls: when the kernel has not made an
	 * interrupt's directory in /proc, it warns that it cannot remove it.
	 */
	return syscall(SYS_finit_module, module_file, "upcall=hook", 0) ?
	       -errno : 0;
}

static void open_module(void)
{
	const char *dir = getenv("ACRN_MODULES");
	char path[256];

	snprintf(path, sizeof(path), "%s/acrn.ko", dir ? dir : "/modules");
	module_file = open(path, O_RDONLY | O_CLOEXEC);
	check(module_file >= 0, "%s: %s", path, strerror(errno));
}

/*
 * Most of loading is the kernel's own.  The module's part comes last.  Where it
 * begins is found by a hypervisor that is none: then it ends at once.
 */
TIMED_TEST(loading, 300, "each point of loading the module")
{
	static const struct call call = { "insmod", load, driver_unload };
	unsigned int start, end;

	set_up();
	open_module();
	check_result(driver_unload(), 0, "rmmod");
	hv_cpuid(true, false);
	start = count_points(load, -ENODEV);
	hv_behave();
	end = count_points(load, 0);
	check_result(driver_unload(), 0, "rmmod");
	report("%u points to load it, about %u of them its own", end,
	       end - start);
	check(end > start, "it has no points of its own");
	walk_call(&call, start > MARGIN ? start - MARGIN : 1, 1);
	check_result(driver_load(), 0, "insmod");
}

static bool has_kmemleak(void)
{
	/* without memory for it, or switched off, it does not take commands */
	return !write_text(LEAKS, "scan");
}

/* An object that was freed long ago is not found, one that leaked each time. */
TIMED_TEST(nothing_leaked, LEAKS_SECONDS, "nothing has leaked")
{
	static char text[1 << 20];
	unsigned int i;

	set_up();
	if (!has_kmemleak())
		skip("needs the kernel parameter kmemleak=on");
	/* what is younger than some seconds does not count */
	for (i = 0; i < 3; i++) {
		sleep_ms(6000);
		check(has_kmemleak(), "kmemleak gave up");
	}
	check_result(read_text(LEAKS, text, sizeof(text)), 0, LEAKS);
	if (text[0])
		report("%.400s", text);
	check(!strstr(text, "acrn"), "the driver has leaked something");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
