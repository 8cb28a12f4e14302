// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Debian's kernel in User VMs, run by hsm-run: it boots, uses a disk through
 * ioeventfd and irqfd, resets the machine in each way, and switches it off.
 *
 * The guest's init carries out what is typed (testbed/linux-guest/commands).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "hsm_run.h"
#include "vm.h"

#define KERNEL		"/guests/vmlinuz"
#define INITRD		"/guests/initrd.img"
#define DISK		"/tmp/disk"
#define DISK_BLOCKS	256
#define BLOCK		4096U
#define READY		"guest: ready\r\n"
#define REBOOTS		9	/* three in each way */
#define REBOOTS_SLOW	3	/* on the debug kernel */

/* Exit statuses of hsm-run */
#define END_RESET	10
#define END_PANIC	11
#define END_SHUTDOWN	12
#define END_SILENT	13

/* One UART to look for: every access to a port is a request to hsm-run. */
#define OPTIONS		"8250.nr_uarts=1 JOB=commands"

static struct run run, other;

static void start_linux(struct run *guest, const char *vcpus, const char *disk,
			const char *uuid)
{
	run_start_typing(guest, RUN("--kernel", KERNEL, "--initrd", INITRD,
				    "--vcpus", vcpus, "--disk", disk,
				    "--memory", "160M", "--stats",
				    "--uuid", uuid, "--append",
				    run_linux_options(OPTIONS)));
}

static void boot(struct run *guest, const char *vcpus, const char *disk)
{
	uint64_t begin = now_us();

	start_linux(guest, vcpus, disk, FIRST_UUID);
	run_expect(guest, READY);
	report("booted with %s vCPUs in %llu ms", vcpus,
	       (unsigned long long)(now_us() - begin) / 1000);
}

/* The output of a command, in a buffer that the next one overwrites */
static const char *ask(struct run *guest, const char *command)
{
	static char answer[256];
	char line[512];
	size_t start, size;

	snprintf(line, sizeof(line), "echo \"[$(%s)]\"\n", command);
	run_type(guest, line);
	run_expect(guest, "[");
	start = guest->seen;
	run_expect(guest, "]\r\n");
	size = guest->seen - strlen("]\r\n") - start;
	check(size < sizeof(answer), "a long answer");
	memcpy(answer, guest->text + start, size);
	answer[size] = '\0';
	return answer;
}

static void expect_answer(struct run *guest, const char *command,
			  const char *expected)
{
	const char *answer = ask(guest, command);

	check(!strcmp(answer, expected), "%s: \"%s\", expected \"%s\"", command,
	      answer, expected);
}

static unsigned long ask_number(struct run *guest, const char *command)
{
	return strtoul(ask(guest, command), NULL, 10);
}

static void switch_off(struct run *guest)
{
	run_type(guest, "poweroff -f\n");
	run_expect_end(guest, 0);
}

static void make_disk(void)
{
	static unsigned char bytes[DISK_BLOCKS * BLOCK];
	unsigned int i, seed = 1;
	int fd;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = rand_r(&seed) >> 8;
	fd = open(DISK, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(fd >= 0 && write(fd, bytes, sizeof(bytes)) == sizeof(bytes), DISK);
	close(fd);
}

/* The checksum of the first blocks of a file, as the host sees it */
static const char *checksum(const char *file, unsigned int blocks)
{
	static char sum[65];
	char command[128];
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "dd if=%s bs=%u count=%u 2>/dev/null | sha256sum", file, BLOCK,
		 blocks);
	pipe = popen(command, "re");
	check(pipe && fread(sum, 1, 64, pipe) == 64, command);
	pclose(pipe);
	return sum;
}

static void check_disk(struct run *guest, const char *file, unsigned int blocks)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "dd if=/dev/vda bs=%u count=%u iflag=direct 2>/dev/null | sha256sum | cut -c 1-64",
		 BLOCK, blocks);
	expect_answer(guest, command, checksum(file, blocks));
}

/* Interrupts of the disk's queue that all vCPUs of the guest took */
static unsigned long interrupts_seen(struct run *guest)
{
	return ask_number(guest,
			  "awk '/virtio0-req/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts");
}

/* What hsm-run says at the end that the disk did */
static void read_stats(struct run *guest, unsigned long *kicks,
		       unsigned long *requests, unsigned long *interrupts)
{
	const char *stats = strstr(guest->text, "disk: ");
	unsigned long silence;

	check(stats && sscanf(stats,
			      "disk: %lu kicks, %lu requests, %lu interrupts\n"
			      "longest time without a question: %lu ms",
			      kicks, requests, interrupts, &silence) == 4,
	      "no statistics");
	/* While its kernel unpacks itself */
	check(silence > 100, "%lu ms without a question", silence);
}

/* Of what the guest took since its VM was created */
static void check_counts(struct run *guest)
{
	check_equal(interrupts_seen(guest), hv_msis(VMID(0)),
		    "interrupts that the guest saw");
}

/*
 * Each request, made and waited for one after the other, is one kick, one signal
 * of the irqfd, one MSI in the hypervisor and one interrupt in the guest.
 */
static void reads_counted(struct run *guest)
{
	unsigned long seen = interrupts_seen(guest), msis = hv_msis(VMID(0));
	uint64_t begin = now_us();

	check_disk(guest, DISK, DISK_BLOCKS);
	report("%u reads of the disk: %llu us each", DISK_BLOCKS,
	       (unsigned long long)(now_us() - begin) / DISK_BLOCKS);
	check_equal(hv_msis(VMID(0)) - msis, DISK_BLOCKS, "MSIs of the reads");
	check_equal(interrupts_seen(guest) - seen, DISK_BLOCKS,
		    "interrupts of the reads");
}

TIMED_TEST(one_vcpu, 240, "1 vCPU: boot, disk, power-off; each interrupt is counted")
{
	unsigned long msis, kicks, requests, interrupts;

	make_disk();
	boot(&run, "1", DISK);
	expect_answer(&run, "nproc", "1");
	expect_answer(&run, "grep -c -w hypervisor /proc/cpuinfo", "1");
	reads_counted(&run);
	check_counts(&run);
	msis = hv_msis(VMID(0));
	switch_off(&run);
	read_stats(&run, &kicks, &requests, &interrupts);
	report("%lu kicks, %lu requests, %lu signals, %lu MSIs", kicks, requests,
	       interrupts, msis);
	check_equal(interrupts, msis, "signals of the irqfd");
	check(kicks <= requests, "more kicks than requests");
}

TIMED_TEST(two_vcpus, 300, "2 vCPUs: the same, with a reboot and writes")
{
	char before[65];

	make_disk();
	memcpy(before, checksum(DISK, DISK_BLOCKS), sizeof(before));
	boot(&run, "2", DISK);
	expect_answer(&run, "nproc", "2");
	expect_answer(&run, "grep -c -w hypervisor /proc/cpuinfo", "2");
	reads_counted(&run);
	check_counts(&run);

	run_type(&run, "reboot -f\n");
	run_expect(&run, READY);
	expect_answer(&run, "nproc", "2");
	expect_answer(&run,
		      "head -c 65536 /bin/busybox | dd of=/dev/vda bs=4k seek=16 conv=fsync 2>/dev/null && echo $?",
		      "0");
	check(strcmp(checksum(DISK, DISK_BLOCKS), before), "nothing was written");
	reads_counted(&run);
	/* Behind its end there is nothing. */
	expect_answer(&run, "dd if=/dev/vda bs=4k skip=256 2>/dev/null | wc -c",
		      "0");
	switch_off(&run);
}

/*
 * By ACPI's reset register, by port 0xcf9 itself, and by the keyboard controller.
 * In the end the guest shuts down by a triple fault.
 */
TIMED_TEST(reboots, 900, "reboots of one VM, in three ways, and a triple fault")
{
	static const char *const ways[] = { "acpi", "pci", "kbd" };
	unsigned int count = getenv("TEST_SLOWNESS") ? REBOOTS_SLOW : REBOOTS;
	unsigned long resets = hv_calls(HC_RESET_VM);
	unsigned long creates = hv_calls(HC_CREATE_VM);
	unsigned int i;
	uint64_t begin;
	char line[96];

	make_disk();
	/* To move itself to a random address takes a kernel the longest. */
	boot(&run, "1", DISK);
	begin = now_us();
	for (i = 0; i < count; i++) {
		snprintf(line, sizeof(line),
			 "echo %s >/sys/kernel/reboot/type; reboot -f\n",
			 ways[i % ARRAY_SIZE(ways)]);
		run_type(&run, line);
		run_expect(&run, READY);
	}
	report("%u reboots, %llu ms each", count,
	       (unsigned long long)(now_us() - begin) / 1000 / count);
	check_disk(&run, DISK, DISK_BLOCKS);
	run_type(&run, "echo triple >/sys/kernel/reboot/type; reboot -f\n");
	run_expect_end(&run, END_SHUTDOWN);
	check_equal(hv_calls(HC_RESET_VM) - resets, count, "RESET_VM");
	check_equal(hv_calls(HC_CREATE_VM) - creates, 1, "CREATE_VM");
}

/* A guest, run with an option, carries out a command, and hsm-run ends with a status */
static void end_by(const char *command, int status, const char *option, const char *value)
{
	char line[96];

	run_start_typing(&run, RUN("--kernel", KERNEL, "--initrd", INITRD, "--append",
				   run_linux_options(OPTIONS), option, value));
	run_expect(&run, READY);
	snprintf(line, sizeof(line), "%s\n", command);
	run_type(&run, line);
	run_expect_end(&run, status);
}

/*
 * A guest that does not end well is not one that was switched off.  The one that goes silent
 * boots first, at times without a question, and on Linux 6.1 the clock goes on while a busy
 * host lets it wait.
 */
TIMED_TEST(ends_badly, 300, "a guest that panics, goes silent, or resets and shall not")
{
	end_by("echo c >/proc/sysrq-trigger", END_PANIC, NULL, NULL);
	end_by("sleep 1000", END_SILENT, "--silence", "30");
	end_by("reboot -f", END_RESET, "--no-reboot", NULL);
}

/* Neither its console nor pvpanic has a driver yet: it has no memory for its initramfs. */
TIMED_TEST(early_panic, 120, "a guest that panics at once says so")
{
	run_start_typing(&run, RUN("--kernel", KERNEL, "--initrd", INITRD, "--append",
				   run_linux_options(OPTIONS " mem=2M")));
	run_expect(&run, "Kernel panic - not syncing");
	run_kill(&run);
}

/* Threads of the kernel that have the driver's name */
static unsigned int driver_threads(void)
{
	struct dirent *entry;
	unsigned int count = 0;
	char name[64], path[300];
	DIR *proc = opendir("/proc");
	FILE *file;

	check(proc, "/proc");
	while ((entry = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strncmp(name, "acrn", 4))
			count++;
		fclose(file);
	}
	closedir(proc);
	return count;
}

/* The second one's disk is the running hsm-run, which nobody may write to. */
TIMED_TEST(two_vms, 300, "two VMs at once, without a thread of the driver")
{
	make_disk();
	start_linux(&run, "2", DISK, FIRST_UUID);
	start_linux(&other, "2", HSM_RUN, SECOND_UUID);
	run_expect(&run, READY);
	run_expect(&other, READY);
	expect_answer(&other, "cat /sys/block/vda/ro", "1");
	check_disk(&other, HSM_RUN, 64);
	check_disk(&run, DISK, DISK_BLOCKS);
	check_equal(driver_threads(), 0, "threads of the driver");
	switch_off(&run);
	check_disk(&other, HSM_RUN, 64);
	switch_off(&other);
}

TIMED_TEST(killed, 240, "killed while the disk is busy; ended while it boots")
{
	make_disk();
	start_linux(&run, "2", DISK, FIRST_UUID);
	run_expect(&run, READY);
	run_type(&run, "echo begin; dd if=/dev/vda of=/dev/null bs=4k iflag=direct count=100000 & while :; do dd if=/dev/vda bs=4k of=/dev/null iflag=direct 2>/dev/null; done\n");
	run_expect(&run, "begin\r\n");
	sleep_ms(200);
	run_kill(&run);

	start_linux(&run, "2", DISK, FIRST_UUID);
	sleep_ms(1000);
	kill(run.pid, SIGTERM);
	run_expect(&run, "stopped before the guest ended\n");
	run_expect_end(&run, 1);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
