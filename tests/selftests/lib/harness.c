// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The tests' harness.  Each test runs in a process of its own: whatever it
 * breaks, its files are closed and its memory is gone when the checks that
 * follow it are made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "harness.h"
#include "kernel.h"

enum {
	EXIT_PASS,
	EXIT_FAIL,
	EXIT_SKIP = 4,
};

static struct test *first_test;

/* A test that takes longer than this is worth a remark */
#define SLOW_US		3000000

/* What a test says of itself; memory that all processes of the program share */
static struct said {
	char skip_reason[256];
	long lost_pages;
} *said;

/**
 * report() - a line of diagnosis in the TAP output
 * @format: as for printf(), without a newline
 */
void report(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s\n", text);
	fflush(stdout);
}

/**
 * fail_at() - say why the test failed and end the calling process
 * @file: where the failed check stands
 * @line: where the failed check stands
 * @format: what was wrong
 */
void fail_at(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	report("%s:%d: %s", file, line, text);
	_exit(EXIT_FAIL);
}

/**
 * skip() - end the test, which cannot be made here
 * @format: why not
 *
 * Context: the test's own process, not one of its children.
 */
void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said->skip_reason, sizeof(said->skip_reason), format, args);
	va_end(args);
	_exit(EXIT_SKIP);
}

/**
 * lose_pages() - that many are to stay pinned when the test ends, for ever
 * @count: pages
 */
void lose_pages(unsigned int count)
{
	said->lost_pages += count;
}

/**
 * result_name() - the name of a result
 * @result: 0 or more, or a negative errno
 *
 * Return: a string in a buffer of the calling thread, good for a few calls.
 */
const char *result_name(int result)
{
	static __thread char text[4][32];
	static __thread unsigned int turn;
	char *buffer = text[turn++ % ARRAY_SIZE(text)];
	const char *name = result < 0 ? strerrorname_np(-result) : NULL;

	if (name)
		snprintf(buffer, sizeof(text[0]), "%s", name);
	else
		snprintf(buffer, sizeof(text[0]), "%d", result);
	return buffer;
}

void check_result_at(const char *file, int line, int result, int expected,
		     const char *format, ...)
{
	char text[256];
	va_list args;

	if (result == expected)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_at(file, line, "%s: %s, expected %s", text, result_name(result),
		result_name(expected));
}

void check_equal_at(const char *file, int line, uint64_t value,
		    uint64_t expected, const char *format, ...)
{
	char text[256];
	va_list args;

	if (value == expected)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_at(file, line, "%s: %#llx, expected %#llx", text,
		(unsigned long long)value, (unsigned long long)expected);
}

/* The parent may be gone before its death is a signal: an orphan would stay */
static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAIL);
}

/**
 * start_child() - run a part of the test in another process
 * @run: the part
 * @data: its argument
 *
 * Return: the process; end_child() or kill_child() must follow.
 */
pid_t start_child(void (*run)(void *data), void *data)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	check(pid >= 0, "fork: %s", strerror(errno));
	if (pid)
		return pid;

	die_with(parent);
	run(data);
	fflush(stdout);
	_exit(EXIT_PASS);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		check(errno == EINTR, "waitpid: %s", strerror(errno));
	return status;
}

/**
 * end_child() - wait for a process that must end well
 * @pid: the process
 */
void end_child(pid_t pid)
{
	int status = wait_for(pid);

	if (WIFSIGNALED(status))
		fail("a child process died of signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != EXIT_PASS)
		_exit(EXIT_FAIL);
}

void in_child(void (*run)(void *data), void *data)
{
	end_child(start_child(run, data));
}

/**
 * kill_child() - kill -9 a process and wait until it is gone
 * @pid: the process; it may have ended well already
 */
void kill_child(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	status = wait_for(pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_PASS)
		_exit(EXIT_FAIL);
}

/**
 * get_pages() - fresh zeroed pages that nobody has touched
 * @count: how many
 *
 * Return: the first of them.
 */
void *get_pages(unsigned int count)
{
	void *pages = mmap(NULL, count * PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(pages != MAP_FAILED, "mmap: %s", strerror(errno));
	return pages;
}

void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

/*
 * Who asks again and again waits for another CPU, and QEMU may run them in turns: only
 * PAUSE ends a turn, see testbed/README.rst.
 */
uint64_t now_us(void)
{
	struct timespec t;

	__builtin_ia32_pause();
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/* State of the machine that a test must leave as it found it */
struct leftovers {
	struct hv_account account;
	long pinned_pages;
	unsigned int vms_shown;
};

static void look_for_leftovers(struct leftovers *l, unsigned int needs)
{
	memset(l, 0, sizeof(*l));
	if (needs & NEED_HYPERVISOR)
		hv_get_account(&l->account);
	if (needs & NEED_DRIVER)
		l->vms_shown = shown_vms();
	l->pinned_pages = pinned_pages();
}

static bool same_leftovers(const struct leftovers *now,
			   const struct leftovers *before)
{
	return now->account.vms == before->account.vms &&
	       now->account.vcpus == before->account.vcpus &&
	       now->account.pages == before->account.pages &&
	       now->account.complaints == before->account.complaints &&
	       now->pinned_pages == before->pinned_pages &&
	       now->vms_shown == before->vms_shown;
}

static void report_leftovers(const struct leftovers *now,
			     const struct leftovers *before)
{
	report("left behind: %ld VMs, %ld vCPUs, %ld pages mapped, %ld pages pinned, %d VMs in debugfs; the hypervisor complained %ld times",
	       (long)(now->account.vms - before->account.vms),
	       (long)(now->account.vcpus - before->account.vcpus),
	       (long)(now->account.pages - before->account.pages),
	       now->pinned_pages - before->pinned_pages,
	       (int)(now->vms_shown - before->vms_shown),
	       (long)(now->account.complaints - before->account.complaints));
}

/*
 * Let the driver's retries clean up so that the next test starts from scratch.  A
 * real-time VM cannot be destroyed before it has powered itself off.
 */
static void settle(struct leftovers *l, const struct leftovers *before,
		   unsigned int needs)
{
	unsigned int i;

	for (i = 1; needs & NEED_HYPERVISOR && i <= TESTBED_MAX_VMS; i++) {
		unsigned long reg[4] = { i };

		if (hv_vm_state(i) == TESTBED_VM_STARTED)
			hv_command(TESTBED_GUEST_OFF, reg);
	}
	for (i = 0; i < 30; i++) {
		sleep_ms(100);
		look_for_leftovers(l, needs);
		if (same_leftovers(l, before))
			break;
	}
}

/**
 * allow_seconds() - end the test if it takes longer than this from now on
 * @seconds: how long; longer on a kernel that is slow for its checks
 *
 * Context: the test's own process.
 */
void allow_seconds(unsigned int seconds)
{
	/* the testbed says how slow */
	const char *slowness = getenv("TEST_SLOWNESS");

	alarm(seconds * (slowness ? atoi(slowness) : 1));
}

static bool passed(int status, uint64_t took_us)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == EXIT_PASS;
	if (WTERMSIG(status) == SIGALRM)
		report("timed out after %u s", (unsigned int)(took_us / 1000000));
	else
		report("died of signal %d", WTERMSIG(status));
	return false;
}

static bool run_test(const struct test *test, unsigned int number,
		     unsigned int needs)
{
	struct leftovers before, now;
	unsigned int warnings;
	int status, log;
	bool ok, skipped;
	pid_t parent = getpid(), pid;
	uint64_t start, took;

	if (needs & NEED_DRIVER && !driver_ready())
		report("the driver does not load");
	look_for_leftovers(&before, needs);
	log = log_open();
	memset(said, 0, sizeof(*said));
	start = now_us();
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(EXIT_FAIL);
	}
	if (!pid) {
		die_with(parent);
		allow_seconds(test->seconds);
		test->run();
		fflush(stdout);
		_exit(EXIT_PASS);
	}
	status = wait_for(pid);
	took = now_us() - start;
	skipped = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP;
	ok = skipped || passed(status, took);
	if (took > SLOW_US)
		report("took %u s", (unsigned int)(took / 1000000));

	if (needs & NEED_HYPERVISOR)
		hv_behave();
	before.pinned_pages += said->lost_pages;
	look_for_leftovers(&now, needs);
	if (!same_leftovers(&now, &before)) {
		report_leftovers(&now, &before);
		settle(&now, &before, needs);
		ok = false;
	}
	warnings = log_warnings(log);
	if (warnings) {
		report("%u warnings in the kernel's log", warnings);
		ok = false;
	}
	log_close(log);

	printf("%sok %u - %s%s%s\n", ok ? "" : "not ", number, test->name,
	       ok && skipped ? " # SKIP " : "",
	       ok && skipped ? said->skip_reason : "");
	fflush(stdout);
	return ok;
}

static bool have_needs(unsigned int needs)
{
	if (geteuid()) {
		printf("Bail out! the tests need root\n");
		return false;
	}
	if (needs & NEED_HYPERVISOR && !hv_open()) {
		printf("Bail out! the test hypervisor does not answer\n");
		return false;
	}
	if (needs & NEED_DRIVER && !driver_ready()) {
		printf("Bail out! the driver does not load\n");
		return false;
	}
	if (needs & NEED_RAWHC && !rawhc_ready()) {
		printf("Bail out! rawhc.ko does not load\n");
		return false;
	}
	return true;
}

/**
 * add_test() - one more test of this program
 * @test: the test
 *
 * Context: TEST(), before main(); in which order is the compiler's choice.
 */
void add_test(struct test *test)
{
	struct test **place = &first_test;

	while (*place && (*place)->line < test->line)
		place = &(*place)->next;
	test->next = *place;
	*place = test;
}

/**
 * run_tests() - what main() of a test program does: runs its tests
 * @needs: NEED_*
 *
 * Return: exit status of the program.
 */
int run_tests(unsigned int needs)
{
	unsigned int count = 0, failed = 0;
	struct test *test;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (test = first_test; test; test = test->next)
		count++;
	printf("TAP version 13\n1..%u\n", count);
	mount_filesystems();
	if (!have_needs(needs))
		return EXIT_FAIL;
	said = mmap(NULL, sizeof(*said), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (said == MAP_FAILED) {
		perror("mmap");
		return EXIT_FAIL;
	}
	if (needs & NEED_HYPERVISOR)
		hv_behave();
	for (count = 1, test = first_test; test; test = test->next)
		if (!run_test(test, count++, needs))
			failed++;
	return failed ? EXIT_FAIL : EXIT_PASS;
}

/**
 * run_on_cpu() - run on this CPU only
 * @cpu: one of the Service VM's
 *
 * Context: for the calling thread; others of the process are left where they are.
 */
void run_on_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	check(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity: %s",
	      strerror(errno));
}
