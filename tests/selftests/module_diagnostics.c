// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* What the driver shows: debugfs, tracepoints, the kernel's log */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define EVENTS		"/sys/kernel/tracing/events/acrn"
#define NAME_CHARACTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static void check_shown(unsigned int config, const char *state,
			unsigned int vcpus, unsigned int refs)
{
	struct shown_vm vm;

	check(shown_vm(VMID(config), &vm), "VM %u is not shown", VMID(config));
	check(!strcasecmp(vm.state, state), "state %s, expected %s", vm.state,
	      state);
	check_equal(vm.vcpus, vcpus, "vCPUs");
	check_equal(vm.refs, refs, "references");
}

TEST(vms, "[A37] debugfs shows the VMs")
{
	int first = vm_in_state(VM_STARTED, 0);
	int second = hsm_open();

	check_equal(shown_vms(), 1, "VMs");
	check_shown(0, "started", 1, 1);
	check_result(vm_create(second, 3), 0, "CREATE_VM");
	check_shown(3, "created", 0, 1);
	check_result(vm_pause(first), 0, "PAUSE_VM");
	check_shown(0, "paused", 1, 1);
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(vm_destroy(first), -EINVAL, "DESTROY_VM");
	check_shown(0, "dying", 1, 2);
	close(first);
	check_shown(0, "dying", 1, 1);
	hv_behave();
	check(vm_gone(0, 3000), "the VM is left");
	check_equal(shown_vms(), 1, "VMs");
}

TEST(hypercalls, "[A37] debugfs counts the hypercalls as the hypervisor does")
{
	static const struct {
		const char *name;
		unsigned long call;
	} all[] = {
		{ "CREATE_VM", HC_CREATE_VM },
		{ "DESTROY_VM", HC_DESTROY_VM },
		{ "START_VM", HC_START_VM },
		{ "PAUSE_VM", HC_PAUSE_VM },
		{ "CREATE_VCPU", HC_CREATE_VCPU },
		{ "RESET_VM", HC_RESET_VM },
		{ "SET_VCPU_REGS", HC_SET_VCPU_REGS },
		{ "SET_IOREQ_BUFFER", HC_SET_IOREQ_BUFFER },
	};
	unsigned long real[ARRAY_SIZE(all)], calls[ARRAY_SIZE(all)];
	unsigned long failures, now;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		real[i] = hv_calls(all[i].call);
		shown_calls(all[i].name, &calls[i], &failures);
	}
	fd = vm_in_state(VM_PAUSED, 0);
	check_result(vm_reset(fd), 0, "RESET_VM");
	close(fd);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		shown_calls(all[i].name, &now, &failures);
		check(now > calls[i], "%s is not counted", all[i].name);
		check_equal(now - calls[i], hv_calls(all[i].call) - real[i],
			    "%s, against what the hypervisor saw",
			    all[i].name);
	}
}

/*
 * A line of the trace ends in "acrn_EVENT: NAME vmid=N ..."; what comes from
 * "acrn_" on is kept.  Lines of others are left out.
 */
static unsigned int read_trace(char *text, size_t size, char **lines,
			       unsigned int max)
{
	char *line, *event;
	unsigned int count = 0;

	check_result(read_text(TRACE, text, size), 0, "trace");
	while ((line = strsep(&text, "\n"))) {
		event = strstr(line, " acrn_");
		if (line[0] != '#' && event && count < max)
			lines[count++] = event + 1;
	}
	return count;
}

TEST(tracepoints, "[A30] tracepoints tell each ioctl and each hypercall")
{
	static const char *const expected[] = {
		"acrn_ioctl_enter: CREATE_VM ",
		"acrn_hypercall_enter: CREATE_VM ",
		"acrn_hypercall_exit: CREATE_VM vmid=65535 rax=0",
		"acrn_hypercall_enter: SET_IOREQ_BUFFER vmid=1 p1=0x1 ",
		"acrn_hypercall_exit: SET_IOREQ_BUFFER vmid=1 rax=0",
		"acrn_ioctl_exit: CREATE_VM vmid=1 ret=0",
		"acrn_ioctl_enter: CREATE_VCPU vmid=1",
		"acrn_hypercall_enter: CREATE_VCPU vmid=1 p1=0x1 ",
		"acrn_hypercall_exit: CREATE_VCPU vmid=1 rax=0",
		"acrn_ioctl_exit: CREATE_VCPU vmid=1 ret=0",
		"acrn_ioctl_enter: SET_MEMSEG vmid=1",
		"acrn_hypercall_enter: VM_SET_MEMORY_REGIONS vmid=1 p1=",
		"acrn_hypercall_exit: VM_SET_MEMORY_REGIONS vmid=1 rax=0",
		"acrn_ioctl_exit: SET_MEMSEG vmid=1 ret=0",
		"acrn_ioctl_enter: START_VM vmid=1",
		"acrn_hypercall_enter: START_VM vmid=1 p1=0x1 p2=0x0",
		"acrn_hypercall_exit: START_VM vmid=1 rax=-1",
		"acrn_ioctl_exit: START_VM vmid=1 ret=-5",
		"acrn_ioctl_enter: RESET_VM vmid=1",
		"acrn_ioctl_exit: RESET_VM vmid=1 ret=-16",
		"acrn_ioctl_enter: DESTROY_VM vmid=1",
		"acrn_hypercall_enter: PAUSE_VM vmid=1 p1=0x1 p2=0x0",
		"acrn_hypercall_exit: PAUSE_VM vmid=1 rax=0",
		"acrn_hypercall_enter: DESTROY_VM vmid=1 p1=0x1 p2=0x0",
		"acrn_hypercall_exit: DESTROY_VM vmid=1 rax=0",
		"acrn_ioctl_exit: DESTROY_VM vmid=65535 ret=0",
	};
	static char text[65536];
	char *lines[64];
	unsigned int i, count;
	int fd = hsm_open();

	trace_start("");
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	hv_refuse(HC_START_VM, 1, HV_FAILED);
	check_result(vm_start(fd), -EIO, "START_VM");
	check_result(vm_reset(fd), -EBUSY, "RESET_VM");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	trace_stop();

	count = read_trace(text, sizeof(text), lines, ARRAY_SIZE(lines));
	for (i = 0; i < count && i < ARRAY_SIZE(expected); i++)
		check(!strncmp(lines[i], expected[i], strlen(expected[i])),
		      "event %u is \"%s\", expected \"%s\"", i, lines[i],
		      expected[i]);
	check_equal(count, ARRAY_SIZE(expected), "events");
}

/*
 * perf and other tools do as the format says, and know no type and no enum of the
 * driver: but for strings, numbers and fields (REC->name), it may only have this word
 */
static void check_format(const char *event)
{
	static char text[65536];
	char path[512], word[64];
	const char *next;
	int length;

	snprintf(path, sizeof(path), EVENTS "/%s/format", event);
	check_result(read_text(path, text, sizeof(text)), 0, "%s", path);
	next = strstr(text, "print fmt: ");
	check(next, "%s: no format", event);
	for (next += strlen("print fmt: "); *next; next += length) {
		length = 1;
		if (*next == '"') {
			length = strcspn(next + 1, "\"") + 2;
			check(next[length - 1] == '"', "%s: half a string", event);
		} else if (!strncmp(next, "REC->", 5)) {
			length = 5 + strspn(next + 5, NAME_CHARACTERS);
		} else if (isalnum(*next) || *next == '_') {
			length = strspn(next, NAME_CHARACTERS);
			snprintf(word, sizeof(word), "%.*s", length, next);
			check(isdigit(*word) || !strcmp(word, "__print_symbolic"),
			      "%s: its format has %s", event, word);
		}
	}
}

TEST(formats, "formats of tracepoints are clear outside the kernel")
{
	unsigned int count = 0;
	struct dirent *entry;
	DIR *dir;

	dir = opendir(EVENTS);
	check(dir, "%s: %s", EVENTS, strerror(errno));
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "acrn_", 5))
			continue;
		check_format(entry->d_name);
		count++;
	}
	closedir(dir);
	check(count > 4, "%u tracepoints", count);
}

TEST(quiet, "[A19] nothing that user space does fills the log")
{
	int log = log_open();
	unsigned int i;
	enum op op;

	for (i = 0; i < 100; i++) {
		int fd = hsm_open();

		for (op = 0; op < OPS; op++) {
			if (op == OP_CREATE_VM)
				continue;
			op_run(op, fd, 0, 0);
			hsm_ioctl(fd, op_info[op].number, (void *)1);
		}
		hsm_ioctl(fd, ACRN_IC(0xee), NULL);
		vm_create_flags(fd, 0, 1UL << 40);
		if (i % 10)
			continue;
		vm_to_state(fd, VM_PAUSED, 1);
		vm_create(fd, 1);
		vm_destroy(fd);
		close(fd);
	}
	check_equal(log_count(log, "acrn: "), 0, "lines in the log");
}

static void check_mode(const char *path)
{
	struct stat file;

	check(!stat(path, &file), "%s: %s", path, strerror(errno));
	check_equal(file.st_mode & 07777, 0400, "mode of %s", path);
}

TEST(readable_by_root_only, "debugfs is for root only")
{
	check_mode("/sys/kernel/debug/acrn_hsm/vms");
	check_mode("/sys/kernel/debug/acrn_hsm/hypercalls");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
