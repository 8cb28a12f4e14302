// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The kernel around the driver: its log, its modules, what debugfs shows */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"

#define DEBUGFS		"/sys/kernel/debug"
#define DRIVER_DEBUGFS	DEBUGFS "/acrn_hsm"
#define TRACING		"/sys/kernel/tracing"
#define CACHES		"/sys/kernel/slab"

/**
 * mount_filesystems() - mount what the tests read, where nobody has yet
 */
void mount_filesystems(void)
{
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	mount("tracefs", TRACING, "tracefs", 0, NULL);
}

/**
 * read_text() - read a small file
 * @path: the file
 * @text: where to, NUL terminated
 * @size: room there; what does not fit is cut off
 *
 * Return: 0 or a negative errno.
 */
int read_text(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (length < size - 1) {
		n = read(fd, text + length, size - 1 - length);
		if (n <= 0)
			break;
		length += n;
	}
	text[length] = '\0';
	close(fd);
	return 0;
}

/**
 * write_text() - write to a small file
 * @path: the file
 * @text: what to write, in one go
 *
 * Return: 0 or a negative errno.
 */
int write_text(const char *path, const char *text)
{
	ssize_t length = strlen(text);
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, length) != length)
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * log_open() - look at the kernel's log from now on
 *
 * Return: a file for the other log functions.  Each of them consumes the lines
 * that came since.
 */
int log_open(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	check(log >= 0, "/dev/kmsg: %s", strerror(errno));
	lseek(log, 0, SEEK_END);
	return log;
}

void log_close(int log)
{
	close(log);
}

/* The message of the next record of the log */
static const char *log_line(int log, char *record, size_t size)
{
	char *text, *end;
	ssize_t n;

	do {
		n = read(log, record, size - 1);
	} while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n <= 0)
		return NULL;
	record[n] = '\0';
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	return text;
}

/**
 * log_count() - count lines of the log
 * @log: from log_open()
 * @text: what the lines begin with
 *
 * Return: the number of lines.
 */
unsigned int log_count(int log, const char *text)
{
	char record[8192];
	unsigned int count = 0;
	const char *line;

	while ((line = log_line(log, record, sizeof(record))))
		if (!strncmp(line, text, strlen(text)))
			count++;
	return count;
}

/**
 * log_mentions() - count lines of the log
 * @log: from log_open()
 * @text: what the lines have anywhere
 *
 * Return: the number of lines.
 */
unsigned int log_mentions(int log, const char *text)
{
	char record[8192];
	unsigned int count = 0;
	const char *line;

	while ((line = log_line(log, record, sizeof(record))))
		count += !!strstr(line, text);
	return count;
}

/* KCSAN finds races all over the kernel; here those of the driver count. */
static bool is_foreign_race(const char *line)
{
	return strstr(line, "KCSAN: data-race") && !strstr(line, "[acrn]");
}

/**
 * log_warnings() - count and report what should never be in the log
 * @log: from log_open()
 *
 * Return: the number of lines.
 */
unsigned int log_warnings(int log)
{
	static const char *const signs[] = {
		"WARNING:", "BUG:", "BUG ", "Oops", "Call Trace:",
		"general protection fault", "UBSAN:", "KASAN:", "KFENCE:",
		"refcount_t:", "possible circular locking",
		"possible recursive locking", "suspicious RCU usage",
		"blocked for more than", "soft lockup", "rcu_sched",
		"list_add corruption", "list_del corruption",
	};
	char record[8192];
	unsigned int i, count = 0;
	const char *line;

	while ((line = log_line(log, record, sizeof(record)))) {
		for (i = 0; i < ARRAY_SIZE(signs); i++) {
			if (!strstr(line, signs[i]) || is_foreign_race(line))
				continue;
			report("kernel: %s", line);
			count++;
			break;
		}
	}
	return count;
}

/* In the testbed the modules are in /modules, elsewhere where one says. */
static int module_open(const char *name)
{
	const char *dir = getenv("ACRN_MODULES");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.ko", dir ? dir : "/modules", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/**
 * module_load() - insmod
 * @name: the module
 * @parameters: as on insmod's command line
 *
 * Return: 0 or a negative errno.
 */
int module_load(const char *name, const char *parameters)
{
	int fd, ret = 0;

	fd = module_open(name);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * module_unload() - rmmod, without waiting for the module to become unused
 * @name: the module
 *
 * Return: 0 or a negative errno, -EWOULDBLOCK: it is in use.
 */
int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/**
 * driver_load() - insmod acrn.ko
 *
 * Return: 0 or a negative errno.
 */
int driver_load(void)
{
	return driver_load_with("");
}

/**
 * driver_load_with() - insmod acrn.ko with parameters
 * @parameters: "name=value name=value..."
 *
 * Return: 0 or a negative errno.
 */
int driver_load_with(const char *parameters)
{
	return module_load("acrn", parameters);
}

/**
 * driver_unload() - rmmod acrn, without waiting for it to become unused
 *
 * Return: 0 or a negative errno, -EWOULDBLOCK: it is in use.
 */
int driver_unload(void)
{
	return module_unload("acrn");
}

bool driver_loaded(void)
{
	return !access("/sys/module/acrn", F_OK);
}

bool driver_ready(void)
{
	if (!driver_loaded() && driver_load())
		return false;
	return !access(HSM_NODE, F_OK);
}

/**
 * irq_count() - how many interrupts the kernel has allocated
 *
 * Return: the number, with those that nobody has requested.
 */
unsigned int irq_count(void)
{
	DIR *dir = opendir("/sys/kernel/irq");
	unsigned int count = 0;
	struct dirent *entry;

	check(dir, "/sys/kernel/irq: %s", strerror(errno));
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

bool rawhc_ready(void)
{
	if (access("/sys/module/rawhc", F_OK) && module_load("rawhc", ""))
		return false;
	return !access(RAWHC_NODE, F_OK);
}

static bool read_shown(const char *name, char *text, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DRIVER_DEBUGFS "/%s", name);
	return !read_text(path, text, size);
}

static bool parse_vm(const char *line, unsigned int *vmid, struct shown_vm *vm)
{
	return sscanf(line, "%u %15s %u %u %*d %*u %lu", vmid, vm->state,
		      &vm->vcpus, &vm->refs, &vm->deferred) == 5;
}

/**
 * shown_vms() - how many VMs the driver has
 *
 * Return: the number of lines in debugfs that tell of a VM; 0 if the driver is
 * not loaded.
 */
unsigned int shown_vms(void)
{
	char text[4096], *line, *next = text;
	unsigned int vmid, count = 0;
	struct shown_vm vm;

	if (!read_shown("vms", text, sizeof(text)))
		return 0;
	while ((line = strsep(&next, "\n")))
		count += parse_vm(line, &vmid, &vm);
	return count;
}

/**
 * shown_vm() - what debugfs says of a VM
 * @vmid: the VM
 * @vm: filled in if the VM is there
 *
 * Return: whether the VM is there.
 */
bool shown_vm(unsigned int vmid, struct shown_vm *vm)
{
	char text[4096], *line, *next = text;
	struct shown_vm found;
	unsigned int id;

	if (!read_shown("vms", text, sizeof(text)))
		return false;
	while ((line = strsep(&next, "\n"))) {
		if (parse_vm(line, &id, &found) && id == vmid) {
			*vm = found;
			return true;
		}
	}
	return false;
}

/**
 * shown_calls() - the driver's counters of a hypercall
 * @name: its name in debugfs
 * @calls: filled in
 * @failures: filled in
 */
void shown_calls(const char *name, unsigned long *calls,
		 unsigned long *failures)
{
	char text[4096], *line, *next = text, found[32];

	check(read_shown("hypercalls", text, sizeof(text)),
	      "no hypercalls in debugfs");
	while ((line = strsep(&next, "\n")))
		if (sscanf(line, "%31s %lu %lu", found, calls, failures) == 3 &&
		    !strcmp(found, name))
			return;
	fail("%s is not in hypercalls of debugfs", name);
}

static void trace_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "/%s", file);
	check_result(write_text(path, text), 0, "%s", path);
}

/**
 * trace_start() - clear the trace and record events of the driver only
 * @event: the event, or "" for all
 */
void trace_start(const char *event)
{
	FILE *trace;
	char file[64];

	trace_write("events/enable", "0");
	trace = fopen(TRACE, "w");	/* that clears it */
	check(trace && !fclose(trace), "%s: %s", TRACE, strerror(errno));
	/*
	 * Names of tasks are not recorded: for those Linux changes the code of its
	 * scheduler, and with threads QEMU has CPUs that execute it as it was before
	 */
	trace_write("options/record-cmd", "0");
	snprintf(file, sizeof(file), "events/acrn/%s/enable", event);
	trace_write(file, "1");
}

/**
 * trace_stop() - record no more; what was recorded can still be read
 */
void trace_stop(void)
{
	trace_write("events/enable", "0");
}

/**
 * trace_count() - how often an event was recorded
 * @event: the event
 *
 * Return: the number of lines of the trace with it.
 */
unsigned int trace_count(const char *event)
{
	FILE *file = fopen(TRACE, "r");
	unsigned int count = 0;
	char line[512], mark[64];

	check(file, "%s: %s", TRACE, strerror(errno));
	snprintf(mark, sizeof(mark), " %s: ", event);
	while (fgets(line, sizeof(line), file))
		count += line[0] != '#' && strstr(line, mark);
	fclose(file);
	return count;
}

/* The value in a file whose lines are "name value" or "name: value unit" */
static long named_value(const char *path, const char *name)
{
	size_t length = strlen(name);
	char text[16384], *line, *next = text;

	if (read_text(path, text, sizeof(text)))
		return -1;
	while ((line = strsep(&next, "\n")))
		if (!strncmp(line, name, length) &&
		    (line[length] == ' ' || line[length] == ':'))
			return atol(line + length + 1);
	return -1;
}

/**
 * pinned_pages() - pages that anybody in the kernel has pinned
 *
 * Return: the number.
 */
long pinned_pages(void)
{
	char text[2];

	/* fold the counters of all CPUs into the one that is shown */
	read_text("/proc/sys/vm/stat_refresh", text, sizeof(text));
	return named_value("/proc/vmstat", "nr_foll_pin_acquired") -
	       named_value("/proc/vmstat", "nr_foll_pin_released");
}

/**
 * process_pinned_kb() - what is charged to this process for pinned memory
 *
 * Return: KiB.
 */
long process_pinned_kb(void)
{
	return named_value("/proc/self/status", "VmLck") +
	       named_value("/proc/self/status", "VmPin");
}

/*
 * Objects that are free count as used while a CPU holds their slab, and while KASAN
 * keeps them to find who still uses them.  A cache that is shrunk gives up both.
 */
static void shrink_caches(void)
{
	DIR *dir = opendir(CACHES);
	struct dirent *entry;
	char path[PATH_MAX];

	check(dir, "%s: %s", CACHES, strerror(errno));
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "kmalloc-", 8))
			continue;
		snprintf(path, sizeof(path), CACHES "/%s/shrink", entry->d_name);
		check_result(write_text(path, "1"), 0, "%s", path);
	}
	closedir(dir);
}

/**
 * slab_objects() - objects in use in the kernel's general purpose caches
 *
 * Return: the number.
 */
long slab_objects(void)
{
	static char text[131072];
	char *line, *next = text;
	long objects = 0, active;

	shrink_caches();
	check(!read_text("/proc/slabinfo", text, sizeof(text)),
	      "cannot read slabinfo");
	while ((line = strsep(&next, "\n")))
		if (!strncmp(line, "kmalloc-", 8) &&
		    sscanf(line, "%*s %ld", &active) == 1)
			objects += active;
	return objects;
}

/**
 * check_slab_growth() - the kernel has hardly more objects in use than before
 * @before: slab_objects() then
 * @more: how many more are too many
 */
void check_slab_growth(long before, long more)
{
	long growth = slab_objects() - before;

	report("%ld objects more", growth);
	check(growth < more, "%ld objects more", growth);
}
