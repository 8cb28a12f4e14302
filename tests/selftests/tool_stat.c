// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* acrn-stat, and the tracepoints and columns that it reads */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define ACRN_STAT	"/bin/acrn-stat"
#define INSTANCES	"/sys/kernel/tracing/instances"
#define PIO		ACRN_IOEVENTFD_PIO
#define MMIO		0xd0000000UL
#define KICK		0x520
#define PCI_PORT	0xcf8
#define LIMIT_MS	20000

/* What it printed, and what it said on stderr */
static char output[65536];

/**
 * struct stat_run - a running acrn-stat
 * @pid: its process
 * @fd: what it prints
 */
struct stat_run {
	pid_t pid;
	int fd;
};

static void stat_start(struct stat_run *run, const char * const *argv)
{
	int fds[2];

	check(!pipe(fds), "pipe: %s", strerror(errno));
	run->pid = fork();
	if (!run->pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execv(ACRN_STAT, (char **)argv);
		_exit(127);
	}
	close(fds[1]);
	run->fd = fds[0];
}

/* Its exit status; 128 and more: it died of a signal */
static int stat_end(struct stat_run *run)
{
	size_t used = 0;
	ssize_t size;
	int status;

	while ((size = read(run->fd, output + used, sizeof(output) - 1 - used)) > 0)
		used += size;
	output[used] = 0;
	close(run->fd);
	waitpid(run->pid, &status, 0);
	report("%s", output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int instances(void)
{
	DIR *dir = opendir(INSTANCES);
	struct dirent *entry;
	int count = 0;

	check(dir, INSTANCES ": %s", strerror(errno));
	while ((entry = readdir(dir)))
		count += !strncmp(entry->d_name, "acrn-stat", 9);
	closedir(dir);
	return count;
}

static bool tracing(pid_t pid)
{
	char path[256], state = '0';
	int fd;

	snprintf(path, sizeof(path),
		 INSTANCES "/acrn-stat-%d/events/acrn/acrn_hypercall_exit/enable", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	if (read(fd, &state, 1) != 1)
		state = '0';
	close(fd);
	return state == '1';
}

static void wait_until_tracing(struct stat_run *run)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;

	while (!tracing(run->pid)) {
		check(now_us() < end, "acrn-stat does not trace");
		sleep_ms(10);
	}
}

/* The number behind "NAME": in the object that begins at @from, or fails */
static uint64_t number_in(const char *from, const char *name)
{
	char quoted[64];
	const char *found;

	snprintf(quoted, sizeof(quoted), "\"%s\": ", name);
	check(from, "no object with %s", name);
	found = strstr(from, quoted);
	check(found, "no %s", name);
	return strtoull(found + strlen(quoted), NULL, 0);
}

static bool answer(struct guest *guest, struct access *access, void *data)
{
	access->value = 0;
	return true;
}

static const struct guest_op ops[] = {
	{ GUEST_OUT + 1, 0x3f8, 'a', 0 },
	{ GUEST_OUT + 2, 0x510, 1, 0 },
	{ GUEST_IN + 4, 0x514, 0, 0 },
	{ GUEST_STORE + 4, MMIO, 1, 0 },
	{ GUEST_LOAD + 8, MMIO + 8, 0, 0 },
	{ GUEST_OUT + 2, KICK, 0, 0 },
	{ GUEST_OUT + 4, PCI_PORT, 1U << 31, 0 },
	{ .op = GUEST_AGAIN, .value = 9 },
};

TEST(counts, "a VM's requests, who answered them, interrupts and hypercalls")
{
	static const char * const argv[] = {
		ACRN_STAT, "--once", "--json", "--interval", "5", NULL
	};
	int event = event_new();
	const char *vm, *hypercall;
	struct stat_run run;
	struct guest guest;
	unsigned int i;

	guest_new(&guest, 0, 0);
	check_result(ioeventfd(guest.fd, event, PIO, KICK, 2, 0), 0, "ioeventfd");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	stat_start(&run, argv);
	wait_until_tracing(&run);
	for (i = 0; i < 7; i++)
		check_result(msi_inject(guest.fd, MSI_ADDR, 0x30), 0, "MSI");
	guest_start(&guest);
	serve_until_done(&guest, answer, NULL, LIMIT_MS);
	check_result(stat_end(&run), 0, "acrn-stat");
	check_equal(event_count(event), 10, "kicks");

	vm = strstr(output, "\"vmid\": ");
	check_equal(number_in(vm, "pid"), getpid(), "pid");
	check_equal(number_in(vm, "vcpus"), 1, "vCPUs");
	check_equal(number_in(vm, "memory_kib"), GUEST_SIZE >> 10, "memory");
	check(strstr(vm, "\"state\": \"started\""), "another state");
	check(strstr(vm, "\"owner\": \"tool_stat\""), "another owner");
	check_equal(number_in(vm, "PIO"), 50, "PIO");
	check_equal(number_in(vm, "MMIO"), 20, "MMIO");
	check_equal(number_in(vm, "PCICFG"), 0, "PCICFG");
	check_equal(number_in(vm, "dm"), 50, "by the device model");
	check_equal(number_in(vm, "ioeventfd"), 10, "by the ioeventfd");
	check_equal(number_in(vm, "client"), 0, "by kernel clients");
	check_equal(number_in(vm, "driver"), 10, "by the driver");
	check_equal(number_in(vm, "nobody"), 0, "by nobody");
	check_equal(number_in(vm, "writes"), 50, "writes");
	check_equal(number_in(vm, "completed"), 70, "completed");
	check_equal(number_in(vm, "msis"), 7, "MSIs");
	check_equal(number_in(vm, "failures"), 0, "failures");
	check(number_in(vm, "p99_us") >= number_in(vm, "median_us"), "99 %% are less than 50 %%");
	check(number_in(vm, "p99_us"), "nothing took a microsecond");
	hypercall = strstr(output, "\"NOTIFY_REQUEST_FINISH\"");
	check_equal(number_in(hypercall, "new_calls"), 70, "completions told");
	hypercall = strstr(output, "\"INJECT_MSI\"");
	check_equal(number_in(hypercall, "new_calls"), 7, "MSIs told");
	check_equal(number_in(output, "lost"), 0, "lost events");
	guest_end(&guest);
	close(event);
}

TEST(table, "a table for people, and nothing left behind")
{
	static const char * const argv[] = { ACRN_STAT, "-1", "-i", "0.5", NULL };
	int fd = vm_in_state(VM_STARTED, 0);
	struct stat_run run;

	stat_start(&run, argv);
	check_result(stat_end(&run), 0, "acrn-stat");
	check(strstr(output, "VMID STATE"), "no header");
	check(strstr(output, " started  tool_stat/"), "no VM");
	check(strstr(output, "CREATE_VM"), "no hypercall");
	check_equal(instances(), 0, "trace instances");
	close(fd);
}

TEST(no_vms, "no VM: valid, and empty")
{
	static const char * const argv[] = { ACRN_STAT, "-1j", "-i", "0.1", NULL };
	struct stat_run run;

	stat_start(&run, argv);
	check_result(stat_end(&run), 0, "acrn-stat");
	check(strstr(output, "\"vms\": []"), "VMs");
}

TEST(ends, "ended by a signal it cleans up; after SIGKILL the next one does")
{
	static const char * const argv[] = { ACRN_STAT, "-j", NULL };
	static const char * const next[] = { ACRN_STAT, "-1j", "-i", "0.1", NULL };
	struct stat_run run;

	stat_start(&run, argv);
	wait_until_tracing(&run);
	kill(run.pid, SIGTERM);
	check_result(stat_end(&run), 0, "acrn-stat");
	check_equal(instances(), 0, "trace instances after SIGTERM");

	stat_start(&run, argv);
	wait_until_tracing(&run);
	kill(run.pid, SIGKILL);
	check_result(stat_end(&run), 128 + SIGKILL, "acrn-stat");
	check_equal(instances(), 1, "trace instances after SIGKILL");
	stat_start(&run, next);
	check_result(stat_end(&run), 0, "acrn-stat");
	check_equal(instances(), 0, "trace instances after the next one");
}

TEST(misuse, "what it does not understand, and a driver that is not there")
{
	static const char * const wrong[][4] = {
		{ ACRN_STAT, "--interval", "0", NULL },
		{ ACRN_STAT, "--interval", "1x", NULL },
		{ ACRN_STAT, "--vm", "65536", NULL },
		{ ACRN_STAT, "--nonsense", NULL },
		{ ACRN_STAT, "1", NULL },
	};
	static const char * const argv[] = { ACRN_STAT, "-1", NULL };
	struct stat_run run;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		stat_start(&run, wrong[i]);
		check_result(stat_end(&run), 2, "acrn-stat %s", wrong[i][1]);
	}
	check_result(driver_unload(), 0, "rmmod");
	stat_start(&run, argv);
	check_result(stat_end(&run), 1, "acrn-stat without the driver");
	check(strstr(output, "is the module acrn loaded"), "no hint");
	check_equal(instances(), 0, "trace instances");
	check_result(driver_load(), 0, "insmod");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
