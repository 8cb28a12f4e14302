// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * CPUs that the Service VM gives to the hypervisor.  They do not come back, so this
 * wants a boot of its own, with four CPUs in the Service VM: 1, 2 and 3 are given.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "capability.h"
#include "control.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define OFFLINE		"/sys/class/acrn/acrn_hsm/offline_cpu"
#define REMOVE		"/sys/devices/virtual/misc/acrn_hsm/remove_cpu"
#define GIVEN		"/sys/devices/virtual/misc/acrn_hsm/given_cpus"

/* Linux waits ten seconds for a CPU that does not come */
#define AT_ONCE_US	3000000

static int set_online(unsigned int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	return write_text(path, online ? "1" : "0");
}

static bool is_online(unsigned int cpu)
{
	char path[64], text[8];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	check_result(read_text(path, text, sizeof(text)), 0, "%s", path);
	return text[0] == '1';
}

static int give(const char *path, unsigned int cpu)
{
	char text[16];

	snprintf(text, sizeof(text), "%u\n", cpu);
	return write_text(path, text);
}

static void check_given(const char *expected)
{
	char text[64];

	check_result(read_text(GIVEN, text, sizeof(text)), 0, GIVEN);
	text[strcspn(text, "\n")] = 0;
	check(!strcmp(text, expected), "given_cpus is \"%s\", not \"%s\"", text, expected);
}

static unsigned long cpus_of_users(void)
{
	struct hv_probe probe;

	hv_probe(&probe);
	return probe.user_pcpus;
}

TEST(modes, "the files are there, and only root writes to them")
{
	struct stat st;

	check(!stat(OFFLINE, &st), OFFLINE);
	check_equal(st.st_mode & 07777, 0200, "mode of offline_cpu");
	check(!stat(REMOVE, &st), REMOVE);
	check_equal(st.st_mode & 07777, 0200, "mode of remove_cpu");
	check(!stat(GIVEN, &st), GIVEN);
	check_equal(st.st_mode & 07777, 0444, "mode of given_cpus");
	check_given("");
}

TEST(bad_writes, "what is no CPU that can be given is refused")
{
	static const struct {
		const char *text;
		int result;
	} bad[] = {
		{ "", 0 },		/* nothing is written at all */
		{ "\n", -EINVAL },
		{ "one\n", -EINVAL },
		{ "-1\n", -EINVAL },
		{ "1 2\n", -EINVAL },
		{ "0x1\n", -EINVAL },
		{ "4294967297\n", -ERANGE },
		{ "0\n", -EINVAL },
		{ "4\n", -ENODEV },
		{ "8191\n", -ENODEV },
		{ "8192\n", -ENODEV },
		{ "4294967295\n", -ENODEV },
		{ "99999999999999999999\n", -ERANGE },
	};
	unsigned long calls = hv_calls(HC_SOS_OFFLINE_CPU);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		check_result(write_text(OFFLINE, bad[i].text), bad[i].result,
			     "offline_cpu, \"%s\"", bad[i].text);
		check_result(write_text(REMOVE, bad[i].text), bad[i].result,
			     "remove_cpu, \"%s\"", bad[i].text);
	}
	check_equal(hv_calls(HC_SOS_OFFLINE_CPU), calls, "hypercalls");
	check_given("");
}

TEST(online_cpu, "offline_cpu does not take a CPU that runs")
{
	unsigned long calls = hv_calls(HC_SOS_OFFLINE_CPU);

	check_result(give(OFFLINE, 1), -EBUSY, "offline_cpu of a CPU that is online");
	check_equal(hv_calls(HC_SOS_OFFLINE_CPU), calls, "hypercalls");
	check(is_online(1), "CPU 1 is offline");
	run_on_cpu(1);
	check_given("");
}

static void write_without_rights(void *data)
{
	int *fds = data;

	keep_capability(CAP_DAC_OVERRIDE);
	check(write(fds[0], "1\n", 2) < 0 && errno == EPERM, "offline_cpu");
	check(write(fds[1], "1\n", 2) < 0 && errno == EPERM, "remove_cpu");
}

TEST(no_rights, "a file that somebody else opened gives nothing")
{
	int fds[2] = { open(OFFLINE, O_WRONLY), open(REMOVE, O_WRONLY) };

	check(fds[0] >= 0 && fds[1] >= 0, "open");
	in_child(write_without_rights, fds);
	check(is_online(1), "CPU 1 is offline");
}

TEST(refused, "what the hypervisor refuses is as it was before")
{
	unsigned long users = cpus_of_users();

	hv_refuse(HC_SOS_OFFLINE_CPU, 1, HV_FAILED);
	check_result(give(REMOVE, 1), -EIO, "remove_cpu");
	check(is_online(1), "CPU 1 did not come online again");
	run_on_cpu(1);

	check_result(set_online(2, false), 0, "CPU 2 off");
	hv_refuse(HC_SOS_OFFLINE_CPU, 1, HV_FAILED);
	check_result(give(OFFLINE, 2), -EIO, "offline_cpu");
	check(!is_online(2), "CPU 2 is online");
	hv_refuse(HC_SOS_OFFLINE_CPU, 1, HV_FAILED);
	check_result(give(REMOVE, 2), -EIO, "remove_cpu");
	check(!is_online(2), "CPU 2 came online, though it was off before");
	check_result(set_online(2, true), 0, "CPU 2 on");
	check_given("");
	check_equal(cpus_of_users(), users, "CPUs for User VMs");
}

/* What the threads of the race share */
struct race {
	bool stop;
	unsigned int given;
	unsigned int busy;
};

static void *give_for_ever(void *data)
{
	struct race *race = data;
	int ret;

	while (!__atomic_load_n(&race->stop, __ATOMIC_ACQUIRE)) {
		ret = give(OFFLINE, 3);
		if (ret == -EIO)
			race->given++;
		else if (ret == -EBUSY)
			race->busy++;
		else
			fail("offline_cpu: %d", ret);
	}
	return NULL;
}

/* The hypervisor complains when it is given a CPU that still runs. */
TEST(online_and_given_at_once, "a CPU that is brought online meanwhile is not given")
{
	struct race race = { 0 };
	unsigned int i, on = 0;
	pthread_t thread;
	int ret;

	hv_refuse(HC_SOS_OFFLINE_CPU, TESTBED_FOREVER, HV_FAILED);
	check(!pthread_create(&thread, NULL, give_for_ever, &race), "pthread_create");
	for (i = 0; i < 40; i++) {
		check_result(set_online(3, false), 0, "CPU 3 off");
		do {
			ret = set_online(3, true);
		} while (ret == -EBUSY);
		check_result(ret, 0, "CPU 3 on");
		on++;
	}
	__atomic_store_n(&race.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	hv_behave();
	report("%u times on, %u times asked for while off, %u times while on", on,
	       race.given, race.busy);
	check(is_online(3), "CPU 3 is offline");
	check_given("");
}

TEST(offline_cpu, "a CPU that is off is given, and cannot come online again")
{
	unsigned long users = cpus_of_users(), calls;
	uint64_t began;

	check_result(set_online(1, false), 0, "CPU 1 off");
	check_result(give(OFFLINE, 1), 0, "offline_cpu");
	check_equal(cpus_of_users(), users + 1, "CPUs for User VMs");
	check_given("1");

	began = now_us();
	check_result(set_online(1, true), -EBUSY, "CPU 1 on again");
	check(now_us() - began < AT_ONCE_US, "it took %lu us to say no",
	      (unsigned long)(now_us() - began));

	calls = hv_calls(HC_SOS_OFFLINE_CPU);
	check_result(give(OFFLINE, 1), 0, "offline_cpu, again");
	check_result(give(REMOVE, 1), 0, "remove_cpu of a CPU that is given");
	check_equal(hv_calls(HC_SOS_OFFLINE_CPU), calls, "hypercalls");
}

static void *remove_two(void *data)
{
	return (void *)(long)give(REMOVE, 2);
}

TEST(removed_by_two, "two who remove one CPU give it once")
{
	unsigned long users = cpus_of_users(), calls = hv_calls(HC_SOS_OFFLINE_CPU);
	pthread_t thread;
	void *result;

	check(is_online(2), "CPU 2 is offline");
	check(!pthread_create(&thread, NULL, remove_two, NULL), "pthread_create");
	check_result(give(REMOVE, 2), 0, "remove_cpu");
	pthread_join(thread, &result);
	check_result((long)result, 0, "remove_cpu of the other thread");
	check(!is_online(2), "CPU 2 is online");
	check_equal(hv_calls(HC_SOS_OFFLINE_CPU), calls + 1, "hypercalls");
	check_equal(cpus_of_users(), users + 1, "CPUs for User VMs");
	check_given("1-2");
}

/* Beside a VM that runs, and one that then gets the CPU */
TEST(beside_vms, "a CPU is given beside a VM that runs")
{
	int fd = vm_in_state(VM_STARTED, 0);

	check_result(give(REMOVE, 3), 0, "remove_cpu");
	check_given("1-3");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_STARTED, "state of the VM");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* Documented: who unloads the module has to know which CPUs are gone. */
TEST(after_reload, "a module loaded again does not know what was given")
{
	check_result(driver_unload(), 0, "unload");
	check_result(driver_load(), 0, "load");
	check_given("");
	check_result(give(OFFLINE, 1), 0, "offline_cpu of a CPU given before");
	check_given("1");
	check_result(set_online(1, true), -EBUSY, "CPU 1 on again");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
