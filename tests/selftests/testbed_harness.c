// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The harness itself: what the other tests prove rests on it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static void end_well(void *unused)
{
}

static void be_traced_and_start_child(void *unused)
{
	check_result(ptrace(PTRACE_TRACEME, 0, 0, 0), 0, "PTRACE_TRACEME");
	raise(SIGSTOP);
	start_child(end_well, NULL);
	pause();
}

static int wait_until(pid_t pid, int signal)
{
	int status;

	check(waitpid(pid, &status, __WALL) == pid, "waitpid: %s", strerror(errno));
	check(WIFSTOPPED(status) && WSTOPSIG(status) == signal,
	      "status %#x, expected a stop by signal %d", status, signal);
	return status;
}

/* The child is held before its first instruction until its parent is gone. */
TEST(orphan, "[D14] a child whose parent died before it began does not go on")
{
	unsigned long pid;
	pid_t parent;
	int status;

	check_result(prctl(PR_SET_CHILD_SUBREAPER, 1), 0, "PR_SET_CHILD_SUBREAPER");
	parent = start_child(be_traced_and_start_child, NULL);
	wait_until(parent, SIGSTOP);
	check_result(ptrace(PTRACE_SETOPTIONS, parent, 0,
			    PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL),
		     0, "PTRACE_SETOPTIONS");
	check_result(ptrace(PTRACE_CONT, parent, 0, 0), 0, "PTRACE_CONT");
	status = wait_until(parent, SIGTRAP);
	check_equal(status >> 16, PTRACE_EVENT_FORK, "the parent's stop");
	check_result(ptrace(PTRACE_GETEVENTMSG, parent, 0, &pid), 0, "PTRACE_GETEVENTMSG");
	wait_until(pid, SIGSTOP);
	kill_child(parent);

	check_result(ptrace(PTRACE_DETACH, pid, 0, 0), 0, "PTRACE_DETACH");
	check(waitpid(pid, &status, 0) == (pid_t)pid, "waitpid: %s", strerror(errno));
	check(WIFEXITED(status) && WEXITSTATUS(status),
	      "the child's status is %#x: it went on", status);
}

int main(void)
{
	return run_tests(0);
}
