// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* hsm-run, the small device model, and the guest hello */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <asm/bootparam.h>

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
static void start_endless(const char *option, const char *value)
{
	static const unsigned char code[] = {
		0x66, 0xba, 0xf8, 0x03,	/*	mov	$0x3f8, %dx */
		0xb0, 0x78,		/*	mov	$'x', %al */
		0xee,			/*	out	%al, %dx */
		0xe4, 0x80,		/* 1:	in	$0x80, %al */
		0xeb, 0xfc,		/*	jmp	1b */
	};

	write_guest(code, sizeof(code));
	run_start(&run, RUN("--memory", "8M", option, value, GUEST));
	run_expect(&run, "x");
}

TEST(interrupted, "SIGINT, SIGTERM and SIGHUP end it cleanly")
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		start_endless("--vcpus", "1");
		kill(run.pid, signals[i]);
		run_expect(&run, "stopped before the guest ended\n");
		run_expect_end(&run, 1);
	}
}

TEST(killed, "killed in the middle of requests")
{
	start_endless("--vcpus", "1");
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

/* It ends with the status, and has said one line, which ends in text */
static void expect_refusal_of(struct run *who, const char *const argv[], int status,
			      const char *text)
{
	size_t length = strlen(text);

	run_start(who, argv);
	run_expect_end(who, status);
	if (who->length < length + 1 ||
	    strchr(who->text, '\n') != who->text + who->length - 1 ||
	    memcmp(who->text + who->length - 1 - length, text, length))
		fail("wanted a line that ends in '%s', got '%s'", text, who->text);
}

static void expect_refusal(const char *const argv[], int status, const char *text)
{
	expect_refusal_of(&run, argv, status, text);
}

TEST(bad_sizes, "memory that is no size, or not one that there is")
{
	static const char *const bad[] = {
		"", "G", "64", "3M", "5M", "4G", "64MM", "64m", "0x", "0xM",
		" 64M", "64M ", "64 M", "+64M", "-64M", "0x-4000000", "0x 4000000",
		"-18446744073709551552M", "18446744073709551680M",
		"18014398509482048K", "99999999999999999999999",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refusal(RUN("--memory", bad[i], HELLO), 2,
			       "memory is 4M to 2G, in steps of 2M");
}

TEST(bad_numbers, "a number of vCPUs that is none, or too large")
{
	static const char *const bad[] = {
		"", "0", "17", "one", "1 ", " 1", "+1", "-1", "1M", "0x", "1,",
		"-18446744073709551615", "4294967297", "18446744073709551617",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refusal(RUN("--vcpus", bad[i], HELLO), 2,
			       "there are 1 to 16 vCPUs");
}

TEST(bad_seconds, "a number of seconds that is none, or too large")
{
	static const char *const bad[] = {
		"", "0", "86401", "ten", "10s", "10 ", " 10", "+10", "-10", "1.5",
		"-18446744073709551606", "4294967306", "18446744073709551626",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refusal(RUN("--silence", bad[i], HELLO), 2,
			       "silence is 1 to 86400 seconds");
}

TEST(bad_uuids, "a uuid that is none")
{
	static const char *const bad[] = {
		"", "1234", "d2795438-25d6-11e8-864e-cb7a18b3464",
		"d2795438-25d6-11e8-864e-cb7a18b346430",
		"-d2795438-25d6-11e8-864e-cb7a18b34643",
		"d2795438-25d6-11e8-864e-cb7a18b34643-",
		"d279543825d6-11e8-864e-cb7a18b34643",
		"d2-795438-25d6-11e8-864e-cb7a18b34643",
		"d2795438--25d6-11e8-864e-cb7a18b34643",
		"0xd2795438-25d6-11e8-864e-cb7a18b346",
		"0x79543825d611e8864ecb7a18b34643",
		" d279543825d611e8864ecb7a18b34643",
		"+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1",
		"-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1",
		" 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
		"g2795438-25d6-11e8-864e-cb7a18b34643",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect_refusal(RUN("--uuid", bad[i], HELLO), 2,
			       "a uuid is 32 hexadecimal digits");
}

TEST(numbers, "numbers and uuids in other forms")
{
	run_start(&run, RUN("--memory", "0x800000", "--vcpus", "02", "--uuid",
			    "D279543825D611E8864ECB7A18B34643", HELLO));
	run_expect(&run, "Memory: 8 MiB, vCPUs: 2\n");
	run_expect_end(&run, 0);
}

TEST(bad_usage, "options that do not exist or do not go together")
{
	run_start(&run, RUN("--none", "such", HELLO));
	run_expect_end(&run, 2);
	run_start(&run, RUN("--trace"));
	run_expect_end(&run, 2);
	run_start(&run, RUN("--initrd", HELLO, HELLO));
	run_expect_end(&run, 2);
	run_start(&run, RUN("--demo", HELLO));
	run_expect_end(&run, 2);
}

/* As much of a kernel as a loader looks at: the header, and code that ends at once */
#define SETUP_SECTS	4
#define SETUP		((1 + SETUP_SECTS) * 512)
#define CODE		4096

static struct {
	unsigned char bytes[SETUP + CODE];
	struct setup_header *header;
} kernel = { .header = (struct setup_header *)(kernel.bytes + 0x1f1) };

static void make_kernel(void)
{
	static const unsigned char code[] = {
		0xb0, 0x2a,		/*	mov	$42, %al */
		0xe6, 0xf4,		/*	out	%al, $0xf4 */
		0xeb, 0xfe,		/* 1:	jmp	1b */
	};

	*kernel.header = (struct setup_header){
		.setup_sects = SETUP_SECTS,
		.syssize = CODE / 16,
		.boot_flag = 0xaa55,
		.jump = (0x1f1 + sizeof(*kernel.header) - 0x202) << 8 | 0xeb,
		.header = 0x53726448,
		.version = 0x20f,
		.loadflags = LOADED_HIGH,
		.xloadflags = XLF_KERNEL_64,
		.initrd_addr_max = 0x7fffffff,
		.cmdline_size = 2047,
		.pref_address = 16 << 20,
		.init_size = 2 << 20,
	};
	memcpy(kernel.bytes + SETUP + 0x200, code, sizeof(code));
}

static void expect_no_kernel(size_t size, const char *text)
{
	write_guest(kernel.bytes, size);
	expect_refusal(RUN("--memory", "32M", "--kernel", GUEST), 1, text);
}

static void expect_kernel(void)
{
	write_guest(kernel.bytes, sizeof(kernel.bytes));
	run_start(&run, RUN("--memory", "32M", "--kernel", GUEST));
	run_expect_end(&run, 42);
}

TEST(half_kernel, "a kernel's file that is not complete")
{
	static const size_t sizes[] = {
		1024, SETUP - 1, SETUP, SETUP + 1, SETUP + CODE / 2, SETUP + CODE - 1,
	};
	unsigned int i;

	make_kernel();
	expect_kernel();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_no_kernel(sizes[i], "only a part of a kernel");
	expect_no_kernel(1023, "not a Linux kernel");
}

TEST(odd_kernel, "a kernel whose header is wrong")
{
	const size_t size = sizeof(kernel.bytes);

	make_kernel();
	kernel.header->setup_sects = 0;		/* means 4 */
	expect_kernel();
	kernel.header->setup_sects = 0xff;
	expect_no_kernel(size, "only a part of a kernel");

	make_kernel();
	kernel.header->syssize = (CODE >> 4) + 1;
	expect_no_kernel(size, "only a part of a kernel");
	kernel.header->syssize = 0xffffffff;
	expect_no_kernel(size, "only a part of a kernel");
	kernel.header->syssize = 0;
	expect_no_kernel(size, "its header makes no sense");
	kernel.header->syssize = 0x200 >> 4;	/* the entry is behind that */
	expect_no_kernel(size, "its header makes no sense");

	make_kernel();
	kernel.header->init_size = 0;
	expect_no_kernel(size, "its header makes no sense");
	kernel.header->init_size = CODE - 1;
	expect_no_kernel(size, "its header makes no sense");
	kernel.header->init_size = 0xffffffff;
	expect_no_kernel(size, "0xffffffff bytes at 0x1000000");

	make_kernel();
	kernel.header->pref_address = -1ULL << 20;
	expect_no_kernel(size, "0x200000 bytes at 0xfffffffffff00000");
	kernel.header->pref_address = 0;
	expect_no_kernel(size, "not a bzImage");
}

static void make_disk(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd >= 0 && !ftruncate(fd, 1 << 20), name);
	close(fd);
}

TEST(one_writer, "a disk that one VM writes to is no other's")
{
	make_disk(DISK);
	start_endless("--disk", DISK);
	expect_refusal_of(&other, RUN("--memory", "8M", "--uuid", SECOND_UUID,
				      "--disk", DISK, HELLO),
			  1, DISK ": in use by another VM");
	kill(run.pid, SIGTERM);
	run_expect_end(&run, 1);

	run_start(&other, RUN("--memory", "8M", "--disk", DISK, HELLO));
	run_expect_end(&other, 0);
}

TEST(many_readers, "a disk that nobody may write to is for all")
{
	check(!mkdir("/tmp/ro", 0700) && !mount("none", "/tmp/ro", "tmpfs", 0, NULL),
	      "tmpfs");
	make_disk("/tmp/ro/disk");
	check(!mount(NULL, "/tmp/ro", NULL, MS_REMOUNT | MS_RDONLY, NULL), "read-only");

	start_endless("--disk", "/tmp/ro/disk");
	run_start(&other, RUN("--memory", "8M", "--uuid", SECOND_UUID,
			      "--disk", "/tmp/ro/disk", HELLO));
	run_expect_end(&other, 0);
	kill(run.pid, SIGTERM);
	run_expect_end(&run, 1);
	check(!umount("/tmp/ro") && !rmdir("/tmp/ro"), "umount");
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
	make_disk(DISK);
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
