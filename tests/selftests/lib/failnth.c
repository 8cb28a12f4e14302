// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The kernel's fault injection */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failnth.h"
#include "harness.h"
#include "kernel.h"

static int fail_nth;

/**
 * failnth_begin() - prepare the kernel, and the calling thread
 *
 * By default only allocations that cannot sleep fail, and loudly.
 *
 * Return: false if the kernel cannot inject faults.
 */
bool failnth_begin(void)
{
	static const struct {
		const char *file, *value;
	} settings[] = {
		{ DEBUGFS "failslab/verbose", "0" },
		{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/verbose", "0" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ DEBUGFS "fail_page_alloc/min-order", "0" },
		{ DEBUGFS "fail_usercopy/verbose", "0" },
	};
	unsigned int i;

	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		return false;
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		check_result(write_text(settings[i].file, settings[i].value), 0,
			     "write to %s", settings[i].file);
	return true;
}

/**
 * failnth_arm() - have something fail
 * @n: at which point from now on, of those that the calling thread comes to
 */
void failnth_arm(unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	check(pwrite(fail_nth, text, length, 0) == length, "fail-nth: %s",
	      strerror(errno));
}

/**
 * failnth_disarm() - nothing is to fail any more
 *
 * Reading the number is a copy to user space as well, and fails if it is the one.
 *
 * Return: how many points were left, 0: one has failed.
 */
unsigned int failnth_disarm(void)
{
	char text[16] = "";
	unsigned int left = 1;

	if (pread(fail_nth, text, sizeof(text) - 1, 0) > 0)
		left = strtoul(text, NULL, 10);
	while (left && pwrite(fail_nth, "0", 1, 0) != 1)
		;
	return left;
}

/**
 * failnth_walk() - have each point of a call fail, once
 * @name: the call's
 * @live: makes all calls
 * @step: which one of them it is
 * @tidy: for @live
 */
void failnth_walk(const char *name, failnth_life *live, unsigned int step, bool tidy)
{
	unsigned int n = 1, failures = 0;

	while (live(step, n, tidy, &failures))
		check(++n < POINTS_MAX, "no end of %s", name);
	report("%s: %u points, %u of them fail the call", name, n - 1, failures);
}
