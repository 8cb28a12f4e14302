// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* samples/minimal.c, the smallest device model */
#include <string.h>

#include "harness.h"
#include "hsm_run.h"

#define MINIMAL		((const char *const[]){ "/bin/minimal", NULL })

static struct run run;

TEST(prints, "it prints what its guest writes, and nothing else")
{
	run_start(&run, MINIMAL);
	run_expect_end(&run, 0);
	check(!strcmp(run.text, "Hello from a guest\n"), "it said: %s", run.text);
}

TEST(again, "its VM is gone when it ends, so it can run again")
{
	int i;

	for (i = 0; i < 3; i++) {
		run_start(&run, MINIMAL);
		run_expect(&run, "Hello from a guest\n");
		run_expect_end(&run, 0);
	}
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
