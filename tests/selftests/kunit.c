// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The driver's KUnit tests, as TAP: a suite is a test here.  They are in a
 * driver that is built for them, beside the one that is tested else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"

/* The suite that a test is about; its file has what KUnit printed of it. */
static void run_suite(const char *suite)
{
	unsigned int passed = 0, failed = 0;
	char path[128], text[32768], *line, *next = text;
	int ret;

	ret = driver_loaded() ? driver_unload() : 0;
	check_result(ret, 0, "rmmod");
	if (access("/sys/module/kunit", F_OK)) {
		ret = module_load("kunit", "");
		if (ret == -ENOENT)
			skip("there is no KUnit for this kernel");
		check_result(ret, 0, "insmod kunit");
	}
	check_result(module_load("acrn_kunit", ""), 0, "insmod acrn_kunit");
	snprintf(path, sizeof(path), "/sys/kernel/debug/kunit/%s/results", suite);
	ret = read_text(path, text, sizeof(text));
	check_result(driver_unload(), 0, "rmmod");
	check_result(ret, 0, "%s", path);

	while ((line = strsep(&next, "\n"))) {
		line += strspn(line, " ");
		if (!strncmp(line, "ok ", 3)) {
			passed++;
		} else if (*line) {
			failed += !strncmp(line, "not ok ", 7);
			report("%s", line);
		}
	}
	check(!failed, "%u of its cases failed", failed);
	/* a case, and the line of the suite itself */
	check(passed >= 2, "%s ran no test", suite);
}

TEST(hypercall, "acrn_hypercall: errors of the hypervisor")
{
	run_suite("acrn_hypercall");
}

TEST(mm, "acrn_mm: segments of pages, and the tree of memsegs")
{
	run_suite("acrn_mm");
}

TEST(ioreq, "acrn_ioreq: whose an access is")
{
	run_suite("acrn_ioreq");
}

TEST(ioeventfd, "acrn_ioeventfd: which ioeventfds there can be")
{
	run_suite("acrn_ioeventfd");
}

TEST(ic, "acrn_ic: the table of the ioctls")
{
	run_suite("acrn_ic");
}

TEST(a2, "acrn_a2: the table of Linux's ioctls")
{
	run_suite("acrn_a2");
}

TEST(platform, "acrn_platform: which ACRN it is")
{
	run_suite("acrn_platform");
}

TEST(dev, "acrn_dev: which ioctl is legal when")
{
	run_suite("acrn_dev");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR);

	module_unload("kunit");
	return failed;
}
