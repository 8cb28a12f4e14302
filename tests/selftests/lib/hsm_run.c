// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* hsm-run as a process of a test */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hsm_run.h"
#include "kernel.h"

/* Nothing said for so long: it hangs.  Kernels boot in some seconds */
#define SILENCE_MS	120000

/* How much of the output a failed test shows */
#define SHOWN		400

/* What testbed/run puts there with --linux */
#define LINUX_OPTIONS	"/guests/options"

/**
 * run_linux_options() - a command line with which Linux boots quickly
 * @more: what else is to stand there
 *
 * Return: a buffer that the next call overwrites.
 */
const char *run_linux_options(const char *more)
{
	static char line[1024];
	size_t size;

	check(!read_text(LINUX_OPTIONS, line, sizeof(line)),
	      "no %s: testbed/run has the option --linux", LINUX_OPTIONS);
	size = strlen(line);
	check(strlen(more) < sizeof(line) - size, "a long command line");
	memcpy(line + size, more, strlen(more) + 1);
	return line;
}

static const char *last_output(const struct run *run)
{
	return run->text + (run->length > SHOWN ? run->length - SHOWN : 0);
}

static void start(struct run *run, const char *const argv[], bool typing)
{
	int in[2], out[2];

	check(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC), "pipe");
	run->pid = fork();
	check(run->pid >= 0, "fork");
	if (!run->pid) {
		/* A test that fails does not end it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	run->input = in[1];
	run->output = out[0];
	run->length = 0;
	run->seen = 0;
	run->text[0] = '\0';
	if (!typing) {
		close(run->input);
		run->input = -1;
	}
}

/**
 * run_start() - start hsm-run, with nothing to read
 * @run: filled in
 * @argv: its arguments, RUN()
 */
void run_start(struct run *run, const char *const argv[])
{
	start(run, argv, false);
}

/**
 * run_start_typing() - start hsm-run; run_type() is what it reads
 * @run: filled in
 * @argv: its arguments, RUN()
 */
void run_start_typing(struct run *run, const char *const argv[])
{
	start(run, argv, true);
}

/**
 * run_type() - type something
 * @run: started with run_start_typing()
 * @text: what
 */
void run_type(struct run *run, const char *text)
{
	size_t size = strlen(text);

	check(write(run->input, text, size) == (ssize_t)size, "write: %s",
	      strerror(errno));
}

/* More output; false: it has ended */
static bool read_more(struct run *run)
{
	struct pollfd output = { .fd = run->output, .events = POLLIN };
	ssize_t got;
	int ready;

	ready = poll(&output, 1, SILENCE_MS);
	check(ready > 0, "hsm-run is silent; the last of its output:\n%s",
	      last_output(run));
	check(run->length < sizeof(run->text) - 1, "too much output");
	got = read(run->output, run->text + run->length,
		   sizeof(run->text) - 1 - run->length);
	if (got <= 0)
		return false;
	run->length += got;
	run->text[run->length] = '\0';
	return true;
}

/**
 * run_expect() - wait until it prints something
 * @run: the process
 * @text: what; of what was printed, only what comes after the last match counts
 *
 * Return: what follows it in the output, as far as that has come.
 */
const char *run_expect(struct run *run, const char *text)
{
	const char *found;

	while (!(found = strstr(run->text + run->seen, text)))
		check(read_more(run), "no \"%s\" in the output:\n%s", text,
		      last_output(run));
	found += strlen(text);
	run->seen = found - run->text;
	return found;
}

/**
 * run_expect_end() - wait until it ends
 * @run: the process
 * @status: with which it has to
 */
void run_expect_end(struct run *run, int status)
{
	int ended;

	while (read_more(run))
		;
	check(waitpid(run->pid, &ended, 0) == run->pid, "waitpid");
	check(WIFEXITED(ended), "hsm-run ended with %#x:\n%s", ended,
	      last_output(run));
	check(WEXITSTATUS(ended) == status, "exit status %d, expected %d:\n%s",
	      WEXITSTATUS(ended), status, last_output(run));
	close(run->output);
	if (run->input >= 0)
		close(run->input);
}

/**
 * run_kill() - kill -9
 * @run: the process, which has not ended
 */
void run_kill(struct run *run)
{
	int status;

	kill(run->pid, SIGKILL);
	check(waitpid(run->pid, &status, 0) == run->pid && WIFSIGNALED(status),
	      "status %#x", status);
	close(run->output);
	if (run->input >= 0)
		close(run->input);
}
