// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The sample program that Linux has for its own driver, samples/acrn, as it is in
 * Debian's source: "vm-sample" in /bin.  It names no VM and zeroes less than it
 * should, and has to run all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define SAMPLE		"/bin/vm-sample"
#define REQUESTS	30
#define PROMPT_MS	10000

static pid_t start(int *output)
{
	int pipe_fds[2];
	pid_t pid;

	if (hv_generation() < 30)
		skip("only v3.x creates VMs that nobody configured");
	check(!access(SAMPLE, X_OK), SAMPLE ": %s", strerror(errno));
	check(!pipe2(pipe_fds, O_CLOEXEC), "pipe");
	pid = fork();
	check(pid >= 0, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipe_fds[1], STDOUT_FILENO);
		execl(SAMPLE, SAMPLE, NULL);
		_exit(127);
	}
	close(pipe_fds[1]);
	*output = pipe_fds[0];
	return pid;
}

/* Its output comes when its buffer is full: the hypervisor knows earlier. */
static void wait_for_requests(unsigned long before)
{
	uint64_t end = now_us() + PROMPT_MS * 1000ULL;

	while (hv_calls(HC_NOTIFY_REQUEST) - before < REQUESTS) {
		check(now_us() < end, "no %d requests", REQUESTS);
		sleep_ms(20);
	}
}

static void read_output(int output, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;

	do {
		n = read(output, text + length, size - 1 - length);
		if (n > 0)
			length += n;
	} while (n > 0 && length < size - 1);
	text[length] = '\0';
}

TEST(sample, "Linux's own sample runs a guest until it is interrupted")
{
	static const char * const lines[] = {
		"Created VM! [0]", "Set up VM memory! [0]",
		"Set up VM BSP registers! [0]", "Created IO request client! [0]",
		"Start VM! [0]", "Guest VM write PIO[3f8] with size[1]",
		"Guest VM read PIO[3f8] with size[1]",
		"Guest VM write PIO[80] with size[2]", "Destroy VM! [0]",
	};
	unsigned long before = hv_calls(HC_NOTIFY_REQUEST);
	static char text[1 << 20];
	const char *at = text;
	unsigned int i;
	int output, status;
	pid_t pid;

	pid = start(&output);
	wait_for_requests(before);
	kill(pid, SIGINT);
	read_output(output, text, sizeof(text));
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		at = strstr(at, lines[i]);
		check(at, "it does not say \"%s\" where it should, but: %.300s",
		      lines[i], text);
	}
	check(!status, "its status is %#x", status);
	check_equal(shown_vms(), 0, "VMs that are left");
}

TEST(killed, "killed: its VM goes with it")
{
	unsigned long before = hv_calls(HC_NOTIFY_REQUEST);
	uint64_t end;
	int output;
	pid_t pid;

	pid = start(&output);
	wait_for_requests(before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	end = now_us() + PROMPT_MS * 1000ULL;
	while (shown_vms()) {
		check(now_us() < end, "the VM is still there");
		sleep_ms(20);
	}
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
