// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* hsm-run as a device model of both contracts, with hypervisors of all times */
#define _GNU_SOURCE
#include <stdio.h>

#include "control.h"
#include "harness.h"
#include "hsm_run.h"

#define HELLO		"/guests/hello"

static struct run run, other;

static void check_hello(unsigned int vcpus)
{
	char text[64];

	snprintf(text, sizeof(text), "Memory: 64 MiB, vCPUs: %u\n", vcpus);
	run_expect(&run, text);
	run_expect(&run, "The host finds the same. Bye.\n");
	run_expect_end(&run, 0);
}

static const char *two_cpus(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%#lx", hv_some_cpus(2));
	return text;
}

TEST(plain, "the plain numbers")
{
	run_start(&run, RUN(HELLO));
	check_hello(1);
	run_start(&run, RUN("--abi", "plain", "--cpus", two_cpus(), HELLO));
	check_hello(hv_makes_vcpus() ? 2 : 1);
}

TEST(linux_numbers, "Linux's numbers")
{
	run_start(&run, RUN("--abi", "linux", HELLO));
	if (!hv_makes_vcpus()) {
		run_expect(&run, "the hypervisor made no vCPUs: it wants --abi plain\n");
		run_expect_end(&run, 1);
		return;
	}
	check_hello(1);
	run_start(&run, RUN("--abi", "linux", "--cpus", two_cpus(), HELLO));
	check_hello(2);
}

TEST(beside, "one of each, at once")
{
	if (!hv_makes_vcpus())
		skip("this hypervisor makes no vCPUs for Linux's numbers");
	run_start(&run, RUN("--abi", "linux", HELLO));
	run_start(&other, RUN("--abi", "plain", "--uuid", SECOND_UUID, HELLO));
	run_expect(&other, "The host finds the same. Bye.\n");
	run_expect_end(&other, 0);
	check_hello(1);
}

TEST(bad_options, "ABIs and CPUs that make no sense")
{
	run_start(&run, RUN("--abi", "acrn", HELLO));
	run_expect(&run, "acrn: an ABI is plain or linux\n");
	run_expect_end(&run, 2);
	run_start(&run, RUN("--cpus", "0", HELLO));
	run_expect(&run, "0: CPUs are a number with a bit for each\n");
	run_expect_end(&run, 2);
	run_start(&run, RUN("--cpus", "1,2", HELLO));
	run_expect(&run, "1,2: CPUs are a number with a bit for each\n");
	run_expect_end(&run, 2);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
