// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Loading and unloading the module, and when each of them is refused */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

static void unload(void)
{
	check_result(driver_unload(), 0, "rmmod");
	check(access(HSM_NODE, F_OK), "the node is still there");
}

static void load(void)
{
	check_result(driver_load(), 0, "insmod");
	check(!access(HSM_NODE, F_OK), "there is no node");
}

/* Loading fails with @error after @calls hypercalls, and the log says so in @lines */
static void check_refused_with(const char *parameters, int error,
			       unsigned long calls, unsigned int lines,
			       const char *why)
{
	unsigned long before = hv_calls(HC_ANY);
	int log = log_open();

	check_result(driver_load_with(parameters), error, "insmod, %s", why);
	check_equal(hv_calls(HC_ANY), before + calls, "hypercalls, %s", why);
	check_equal(log_count(log, "acrn: "), lines, "lines in the log, %s", why);
	check(!driver_loaded(), "the module is there, %s", why);
	check(access(HSM_NODE, F_OK), "the node is there, %s", why);
	check(access("/sys/kernel/debug/acrn_hsm", F_OK),
	      "debugfs has something, %s", why);
	log_close(log);
}

static void check_refused(int error, unsigned long calls, const char *why)
{
	check_refused_with("", error, calls, 1, why);
}

TEST(not_acrn, "no ACRN: ENODEV, and no VMCALL")
{
	unload();
	hv_cpuid(true, false);
	check_refused(-ENODEV, 0, "no signature");
	hv_cpuid(false, false);
	check_refused(-ENODEV, 0, "neither signature nor privilege");
	hv_behave();
	load();
}

TEST(beside_another, "beside another driver with this node: EBUSY, and no VMCALL")
{
	int log;

	unload();
	log = log_open();
	check_result(module_load("peer", ""), 0, "insmod peer");
	check_result(driver_load(), -EBUSY, "insmod");
	check(!driver_loaded(), "the module is there");
	check_equal(log_count(log, "acrn: another driver has /dev/acrn_hsm"),
		    1, "lines that say so");
	check_equal(log_warnings(log), 0, "warnings");
	check(!access(HSM_NODE, F_OK), "the other one's node is gone");
	check_result(module_unload("peer"), 0, "rmmod peer");
	log_close(log);
	load();
}

TEST(not_privileged, "no privilege: EPERM, no VMCALL, and silence")
{
	unload();
	hv_cpuid(false, true);
	check_refused_with("", -EPERM, 0, 0, "no privilege");
	check_refused_with("dyndbg=+p", -EPERM, 0, 1, "no privilege, debugging");
	hv_behave();
	load();
}

TEST(other_versions, "a hypervisor of another major version: EINVAL")
{
	static const struct {
		unsigned long major, minor;
		int error;
	} versions[] = {
		{ 0, 0, -EINVAL }, { 0, 9, -EINVAL }, { 1, 0, 0 },
		{ 1, 5, 0 }, { 1, 0xffffffff, 0 }, { 2, 0, -EINVAL },
		{ 0xffffffff, 0, -EINVAL },
	};
	unsigned int i;

	unload();
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		hv_api_version(versions[i].major, versions[i].minor);
		if (versions[i].error) {
			check_refused(versions[i].error, 1, "wrong version");
			continue;
		}
		load();
		close(vm_in_state(VM_STARTED, 0));
		unload();
	}
	hv_behave();
	load();
}

TEST(version_fails, "[A17] a hypervisor that does not tell its version")
{
	static const struct {
		int answer, error;
	} failures[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { -EFAULT, -EIO },
		{ -ENODEV, -ENODEV }, { -95, -EIO },
	};
	unsigned int i;

	unload();
	for (i = 0; i < ARRAY_SIZE(failures); i++) {
		hv_refuse(HC_GET_API_VERSION, 1, failures[i].answer);
		check_refused(failures[i].error, 1, "no version");
	}
	hv_fail(HC_GET_API_VERSION, 0, 1, 0, TESTBED_FAIL_UNWRITTEN);
	check_refused(-EIO, 1, "RAX not written");
	load();
}

TEST(says_what_it_found, "[A19] the module says what it found, and no more")
{
	int log, lines;

	unload();
	log = log_open();
	load();
	check_equal(log_count(log, "acrn: ACRN hypervisor with API version 1.0"),
		    1, "lines that tell the version");
	unload();
	check_equal(log_count(log, "acrn: "), 0, "lines when it is unloaded");
	load();
	lines = log_count(log, "acrn: ");
	check(lines <= 2, "%d lines when it is loaded", lines);
}

/* The names of 2019's other driver are not this one's to take. */
TEST(other_nodes, "there is one node, and no /dev/acrn_vhm")
{
	check(!access(HSM_NODE, F_OK), "no " HSM_NODE);
	check(access("/dev/acrn_vhm", F_OK), "there is /dev/acrn_vhm");
	check(access("/sys/class/vhm", F_OK), "there is /sys/class/vhm");
}

TEST(hundred_times, "loaded and unloaded 100 times")
{
	long pinned = pinned_pages(), objects = 0;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		/* by now, whatever is made once is there */
		if (i == 20)
			objects = slab_objects();
		unload();
		load();
		if (i % 10 == 0)
			close(vm_in_state(VM_STARTED, i / 10 % MAX_VMS));
		else
			close(hsm_open());
	}
	check_equal(pinned_pages(), pinned, "pinned pages");
	check_slab_growth(objects, 60);
}

static void check_in_use(const char *why)
{
	check_result(driver_unload(), -EWOULDBLOCK, "rmmod, %s", why);
	check(driver_loaded(), "unloaded, %s", why);
}

TEST(in_use, "[A10] rmmod is refused while a file is open or a VM runs")
{
	struct vm_model started = { VM_STARTED, 1 };
	int fd = hsm_open();
	int copy;

	check_in_use("file open");
	vm_to_state(fd, VM_STARTED, 0);
	check_in_use("VM running");
	vm_check(0, &started);
	copy = dup(fd);
	close(fd);
	check_in_use("one of two files open");
	check_result(vm_destroy(copy), 0, "DESTROY_VM");
	check_in_use("VM destroyed, file open");
	close(copy);
	unload();
	load();
	close(vm_in_state(VM_STARTED, 0));
}

/* Another process opens while this one unloads: one of them is first */
static void open_for_ever(void *data)
{
	for (;;) {
		int fd = open(HSM_NODE, O_RDWR | O_CLOEXEC);

		if (fd < 0)
			continue;
		if (!vm_create(fd, 0) && !vm_create_vcpu(fd, 0) &&
		    !vm_set_memory(fd))
			vm_start(fd);
		close(fd);
	}
}

TEST(against_open, "[A10] rmmod against open()")
{
	unsigned int unloaded = 0;
	uint64_t end = now_us() + 5000000;
	pid_t pid = start_child(open_for_ever, NULL);

	while (now_us() < end) {
		if (driver_unload())
			continue;
		check_result(driver_load(), 0, "insmod");
		unloaded++;
	}
	kill_child(pid);
	report("unloaded %u times", unloaded);
	check(unloaded, "never unloaded");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
