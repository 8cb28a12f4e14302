// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* hsm-run, the small device model, and the guest hello */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "hsm_run.h"

#define HELLO		"/guests/hello"
#define MEDDLE		"/guests/meddle"
#define DISK		"/tmp/disk"
#define GUEST		"/tmp/guest"
#define NR_HUGEPAGES	"/proc/sys/vm/nr_hugepages"

static struct run run, other;

TEST(hello, "a guest computes, prints, and is verified by its host")
{
	run_start(&run, RUN(HELLO));
	run_expect(&run, "Hello from a User VM.\n");
	run_expect(&run, "Hypervisor: ACRNACRNACRN\n");
	run_expect(&run, "Memory: 64 MiB, vCPUs: 1\n");
	run_expect(&run, "is as the guest says\n");
	run_expect(&run, "The host finds the same. Bye.\n");
	run_expect_end(&run, 0);
}

TEST(options, "memory and vCPUs as asked for")
{
	run_start(&run, RUN("--memory", "8M", "--vcpus", "2", HELLO));
	run_expect(&run, "Memory: 8 MiB, vCPUs: 2\n");
	run_expect_end(&run, 0);
}

TEST(trace, "--trace shows the requests of each kind")
{
	run_start(&run, RUN("--trace", "--memory", "8M", HELLO));
	run_expect(&run, "vcpu0 pio write 0x3f8 size 1 value 0x48 uart\n");
	run_expect(&run, "vcpu0 mmio write 0xd0000000 size 8 value 0x200000 checker\n");
	run_expect(&run, "vcpu0 mmio read 0xd0000030 size 8 value 0x1 checker\n");
	run_expect(&run, "vcpu0 pio write 0xf4 size 1 value 0 exit\n");
	run_expect_end(&run, 0);
}

TEST(two_at_once, "two at once")
{
	run_start(&run, RUN("--memory", "16M", HELLO));
	run_start(&other, RUN("--memory", "16M", "--uuid", SECOND_UUID, HELLO));
	run_expect(&run, "The host finds the same. Bye.\n");
	run_expect(&other, "The host finds the same. Bye.\n");
	run_expect_end(&run, 0);
	run_expect_end(&other, 0);
}

static void write_guest(const unsigned char *bytes, size_t size)
{
	int fd = open(GUEST, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, GUEST);
	close(fd);
}

TEST(flat_binary, "a flat binary, and its exit status")
{
	static const unsigned char code[] = {
		0xb0, 0x2a,		/*	mov	$42, %al */
		0xe6, 0xf4,		/*	out	%al, $0xf4 */
		0xeb, 0xfe,		/* 1:	jmp	1b */
	};

	write_guest(code, sizeof(code));
	run_start(&run, RUN(GUEST));
	run_expect_end(&run, 42);
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
	run_start(&run, RUN("--memory", "8M", GUEST));
	run_expect(&run, "x");
}

TEST(interrupted, "SIGINT, SIGTERM and SIGHUP end it cleanly")
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		start_endless();
		kill(run.pid, signals[i]);
		run_expect(&run, "stopped before the guest ended\n");
		run_expect_end(&run, 1);
	}
}

TEST(killed, "killed in the middle of requests")
{
	start_endless();
	run_kill(&run);
}

TEST(no_guest, "no guest, half a guest")
{
	unsigned char elf[64] = { 0x7f, 'E', 'L', 'F', 2 };

	run_start(&run, RUN("/tmp/there-is-no-such-file"));
	run_expect(&run, "No such file or directory\n");
	run_expect_end(&run, 1);

	write_guest(elf, sizeof(elf));
	run_start(&run, RUN(GUEST));
	run_expect(&run, "not a 64-bit ELF file\n");
	run_expect_end(&run, 1);

	write_guest(elf, 3);
	run_start(&run, RUN(GUEST));
	run_expect(&run, "too short for a guest\n");
	run_expect_end(&run, 1);
}

TEST(bad_options, "options that make no sense")
{
	static const char *const bad[][2] = {
		{ "--memory", "3M" }, { "--memory", "64" }, { "--memory", "4G" },
		{ "--memory", "5M" }, { "--memory", "" }, { "--vcpus", "0" },
		{ "--vcpus", "17" }, { "--uuid", "1234" }, { "--none", "such" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		run_start(&run, RUN(bad[i][0], bad[i][1], HELLO));
		run_expect_end(&run, 2);
	}
	run_start(&run, RUN("--trace"));
	run_expect_end(&run, 2);
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

TEST(hugepages, "--hugepages takes huge pages only")
{
	set_hugepages("0");
	run_start(&run, RUN("--hugepages", "--memory", "16M", HELLO));
	run_expect(&run, "8 huge pages: Cannot allocate memory\n");
	run_expect_end(&run, 1);

	set_hugepages("8");
	run_start(&run, RUN("--hugepages", "--memory", "16M", HELLO));
	run_expect_end(&run, 0);
	set_hugepages("0");
}

/* The disk's content may be lost, and hsm-run may complain, but not die */
TIMED_TEST(meddle, 120, "a guest that means no good")
{
	int fd = open(DISK, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && !ftruncate(fd, 1 << 20), DISK);
	close(fd);
	run_start(&run, RUN("--memory", "8M", "--disk", DISK, "--stats", MEDDLE));
	run_expect(&run, "virtio-blk: the guest's queue makes no sense\n");
	run_expect_end(&run, 0);
}

TEST(demo, "--demo")
{
	run_start(&run, RUN("--demo"));
	run_expect(&run, "step 17: close -> 0");
	run_expect_end(&run, 0);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
