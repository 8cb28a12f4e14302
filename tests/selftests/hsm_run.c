// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* hsm-run, the small device model, and the guest hello */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define HSM_RUN		"/bin/hsm-run"
#define HELLO		"/guests/hello"
#define GUEST		"/tmp/guest"
#define SECOND_UUID	"495ae2e5-2603-4d64-af76-d4bc5a8ec0e5"
#define NR_HUGEPAGES	"/proc/sys/vm/nr_hugepages"

/* A running hsm-run, its output (both streams) and what was read of it */
struct run {
	pid_t pid;
	int output;
	size_t length;
	char text[65536];
};

static void start_run(struct run *run, const char *const argv[])
{
	int ends[2];

	check(!pipe2(ends, O_CLOEXEC), "pipe");
	run->pid = fork();
	check(run->pid >= 0, "fork");
	if (!run->pid) {
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execv(HSM_RUN, (char *const *)argv);
		_exit(127);
	}
	close(ends[1]);
	run->output = ends[0];
	run->length = 0;
	run->text[0] = '\0';
}

/* Read on until the text is there; false: the output has ended without it */
static bool wait_for(struct run *run, const char *text)
{
	ssize_t got;

	while (!strstr(run->text, text)) {
		got = read(run->output, run->text + run->length,
			   sizeof(run->text) - 1 - run->length);
		if (got <= 0)
			return false;
		run->length += got;
		run->text[run->length] = '\0';
	}
	return true;
}

static void expect_text(struct run *run, const char *text)
{
	check(wait_for(run, text), "no \"%s\" in the output:\n%s", text,
	      run->text);
}

static void expect_end(struct run *run, int status)
{
	int ended;

	/* Nobody says that: all is read. */
	wait_for(run, "\1");
	check(waitpid(run->pid, &ended, 0) == run->pid, "waitpid");
	check(WIFEXITED(ended), "hsm-run ended with %#x:\n%s", ended,
	      run->text);
	check(WEXITSTATUS(ended) == status, "exit status %d, expected %d:\n%s",
	      WEXITSTATUS(ended), status, run->text);
	close(run->output);
}

#define RUN(...)	((const char *const[]){ HSM_RUN, __VA_ARGS__, NULL })

static struct run run, other;

static void hello(void)
{
	start_run(&run, RUN(HELLO));
	expect_text(&run, "Hello from a User VM.\n");
	expect_text(&run, "Hypervisor: ACRNACRNACRN\n");
	expect_text(&run, "Memory: 64 MiB, vCPUs: 1\n");
	expect_text(&run, "is as the guest says\n");
	expect_text(&run, "The host finds the same. Bye.\n");
	expect_end(&run, 0);
}

static void options(void)
{
	start_run(&run, RUN("--memory", "8M", "--vcpus", "2", HELLO));
	expect_text(&run, "Memory: 8 MiB, vCPUs: 2\n");
	expect_end(&run, 0);
}

static void trace(void)
{
	start_run(&run, RUN("--trace", "--memory", "8M", HELLO));
	expect_text(&run, "vcpu0 pio write 0x3f8 size 1 value 0x48 uart\n");
	expect_text(&run, "vcpu0 mmio write 0xd0000000 size 8 value 0x200000 checker\n");
	expect_text(&run, "vcpu0 mmio read 0xd0000030 size 8 value 0x1 checker\n");
	expect_text(&run, "vcpu0 pio write 0xf4 size 1 value 0 exit\n");
	expect_end(&run, 0);
}

static void two_at_once(void)
{
	start_run(&run, RUN("--memory", "16M", HELLO));
	start_run(&other, RUN("--memory", "16M", "--uuid", SECOND_UUID, HELLO));
	expect_text(&run, "The host finds the same. Bye.\n");
	expect_text(&other, "The host finds the same. Bye.\n");
	expect_end(&run, 0);
	expect_end(&other, 0);
}

static void write_guest(const unsigned char *bytes, size_t size)
{
	int fd = open(GUEST, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, GUEST);
	close(fd);
}

static void flat_binary(void)
{
	static const unsigned char code[] = {
		0xb0, 0x2a,		/*	mov	$42, %al */
		0xe6, 0xf4,		/*	out	%al, $0xf4 */
		0xeb, 0xfe,		/* 1:	jmp	1b */
	};

	write_guest(code, sizeof(code));
	start_run(&run, RUN(GUEST));
	expect_end(&run, 42);
}

/* Prints and never ends; asks a port that nobody answers at, again and again */
static void start_endless(void)
{
	static const unsigned char code[] = {
		0x66, 0xba, 0xf8, 0x03,	/*	mov	$0x3f8, %dx */
		0xb0, 0x78,		/*	mov	$'x', %al */
		0xee,			/*	out	%al, %dx */
		0xe4, 0x80,		/* 1:	in	$0x80, %al */
		0xeb, 0xfc,		/*	jmp	1b */
	};

	write_guest(code, sizeof(code));
	start_run(&run, RUN("--memory", "8M", GUEST));
	expect_text(&run, "x");
}

static void interrupted(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		start_endless();
		kill(run.pid, signals[i]);
		expect_text(&run, "stopped before the guest ended\n");
		expect_end(&run, 1);
	}
}

static void killed(void)
{
	int status;

	start_endless();
	kill(run.pid, SIGKILL);
	check(waitpid(run.pid, &status, 0) == run.pid && WIFSIGNALED(status),
	      "status %#x", status);
	close(run.output);
}

static void no_guest(void)
{
	unsigned char elf[64] = { 0x7f, 'E', 'L', 'F', 2 };

	start_run(&run, RUN("/tmp/there-is-no-such-file"));
	expect_text(&run, "No such file or directory\n");
	expect_end(&run, 1);

	write_guest(elf, sizeof(elf));
	start_run(&run, RUN(GUEST));
	expect_text(&run, "not a 64-bit ELF file\n");
	expect_end(&run, 1);

	write_guest(elf, 3);
	start_run(&run, RUN(GUEST));
	expect_text(&run, "too short for a guest\n");
	expect_end(&run, 1);
}

static void bad_options(void)
{
	static const char *const bad[][2] = {
		{ "--memory", "3M" }, { "--memory", "64" }, { "--memory", "4G" },
		{ "--memory", "5M" }, { "--memory", "" }, { "--vcpus", "0" },
		{ "--vcpus", "17" }, { "--uuid", "1234" }, { "--none", "such" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		start_run(&run, RUN(bad[i][0], bad[i][1], HELLO));
		expect_end(&run, 2);
	}
	start_run(&run, RUN("--trace"));
	expect_end(&run, 2);
}

static void set_hugepages(const char *count)
{
	int fd = open(NR_HUGEPAGES, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		skip("this kernel has no huge pages");
	check(write(fd, count, strlen(count)) == (ssize_t)strlen(count),
	      NR_HUGEPAGES);
	close(fd);
}

static void hugepages(void)
{
	set_hugepages("0");
	start_run(&run, RUN("--hugepages", "--memory", "16M", HELLO));
	expect_text(&run, "8 huge pages: Cannot allocate memory\n");
	expect_end(&run, 1);

	set_hugepages("8");
	start_run(&run, RUN("--hugepages", "--memory", "16M", HELLO));
	expect_end(&run, 0);
	set_hugepages("0");
}

static void demo(void)
{
	start_run(&run, RUN("--demo"));
	expect_text(&run, "step 17: close -> 0");
	expect_end(&run, 0);
}

static const struct test tests[] = {
	{ "a guest computes, prints, and is verified by its host", hello },
	{ "memory and vCPUs as asked for", options },
	{ "--trace shows the requests of each kind", trace },
	{ "two at once", two_at_once },
	{ "a flat binary, and its exit status", flat_binary },
	{ "SIGINT, SIGTERM and SIGHUP end it cleanly", interrupted },
	{ "killed in the middle of requests", killed },
	{ "no guest, half a guest", no_guest },
	{ "options that make no sense", bad_options },
	{ "--hugepages takes huge pages only", hugepages },
	{ "--demo", demo },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests),
			 NEED_HYPERVISOR | NEED_DRIVER);
}
