// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Where there is no ACRN the module refuses to load and executes no VMCALL */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "control.h"
#include "harness.h"
#include "kernel.h"

/*
 * VMCALL would raise an exception here and take insmod with it; the kernel would
 * log that, which fails the test.
 */
TEST(refused, "off ACRN the module does not load: ENODEV")
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		int log = log_open();

		check_result(driver_load(), -ENODEV, "insmod");
		check_equal(log_count(log, "acrn: no ACRN"), 1,
			    "lines in the log that say why");
		log_close(log);
		check(!driver_loaded(), "the module is there");
		check(access(HSM_NODE, F_OK), "the node is there");
		check(access("/sys/kernel/debug/acrn_hsm", F_OK),
		      "debugfs has something");
	}
}

int main(void)
{
	if (hv_open()) {
		printf("TAP version 13\n1..0 # SKIP on the test hypervisor\n");
		return 0;
	}
	return run_tests(0);
}
