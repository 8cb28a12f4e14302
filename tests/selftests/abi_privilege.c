// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Who may do what: the node's mode, and the flags that need a capability */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define NOBODY	65534

static const unsigned long hardware_flags[] = {
	ACRN_VM_FLAG_RT,
	ACRN_VM_FLAG_RT_V1_6,
	ACRN_VM_FLAG_HIGHEST_SEVERITY,
	1UL << 7, 1UL << 8, 1UL << 9, 1UL << 10, 1UL << 11, 1UL << 12, 1UL << 13,
	ACRN_VM_FLAG_LAPIC_PASSTHROUGH | ACRN_VM_FLAG_RT,
	ACRN_VM_FLAG_RT | ACRN_VM_FLAG_SECURE_WORLD,
};

static void become_nobody(void)
{
	check(!setresgid(NOBODY, NOBODY, NOBODY), "setresgid");
	check(!setresuid(NOBODY, NOBODY, NOBODY), "setresuid");
}

/* Keep root's user id and a single capability, or none with -1 */
static void keep_capability(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (capability >= 0) {
		data[capability / 32].effective = 1U << capability % 32;
		data[capability / 32].permitted = 1U << capability % 32;
	}
	check(!syscall(SYS_capset, &header, data), "capset: %s",
	      strerror(errno));
}

static void open_as_nobody(void *data)
{
	become_nobody();
	check(open(HSM_NODE, O_RDWR) < 0 && errno == EACCES,
	      "open: %s", strerror(errno));
	check(open(HSM_NODE, O_RDONLY) < 0 && errno == EACCES,
	      "open for reading: %s", strerror(errno));
}

TEST(node_mode, "[A9] the mode of the node keeps others out")
{
	in_child(open_as_nobody, NULL);
}

/* The node's mode would protect nothing if a file that is only read did it all. */
TEST(read_only, "[D10] a file opened for reading tells version and platform, and no more")
{
	int fd = open(HSM_NODE, O_RDONLY | O_CLOEXEC);
	unsigned long calls = hv_calls(HC_ANY);
	enum op op;

	check(fd >= 0, "open for reading: %s", strerror(errno));
	for (op = 0; op < OPS; op++)
		if (op != OP_GET_API_VERSION && op != OP_GET_PLATFORM_INFO)
			check_result(op_run(op, fd, 0, 0), -EBADF, "%s",
				     op_info[op].name);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(op_run(OP_GET_API_VERSION, fd, 0, 0), 0,
		     "GET_API_VERSION");
	check_result(op_run(OP_GET_PLATFORM_INFO, fd, 0, 0), 0,
		     "GET_PLATFORM_INFO");
}

static void check_hardware_flags(int fd)
{
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hardware_flags); i++)
		check_result(vm_create_flags(fd, 0, hardware_flags[i]), -EPERM,
			     "flags %#lx", hardware_flags[i]);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

static void live_as_nobody(void *data)
{
	struct acrn_create_vm create;
	int fd = *(int *)data;

	become_nobody();
	check_hardware_flags(fd);

	/* a bad argument is told before a missing right, that before the state */
	vm_fill_create(&create, 0);
	create.vm_flag = ACRN_VM_FLAG_RT;
	create.reserved0 = 1;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), -EINVAL,
		     "CREATE_VM with a reserved field");
	check_result(vm_create_flags(fd, 0, ACRN_VM_FLAG_POLLING), 0,
		     "CREATE_VM");
	check_result(vm_create_flags(fd, 0, ACRN_VM_FLAG_RT), -EPERM,
		     "CREATE_VM in CREATED");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM");
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_result(vm_reset(fd), 0, "RESET_VM");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

TEST(inherited_by_nobody, "[A9] without any right a VM of one's own memory runs")
{
	int fd = hsm_open();

	in_child(live_as_nobody, &fd);
}

struct caller {
	int fd;
	int capability;
};

static void create_with_capability(void *data)
{
	struct caller *caller = data;
	unsigned int i;

	keep_capability(caller->capability);
	for (i = 0; i < ARRAY_SIZE(hardware_flags); i++) {
		check_result(vm_create_flags(caller->fd, 0, hardware_flags[i]),
			     0, "flags %#lx", hardware_flags[i]);
		check_result(vm_destroy(caller->fd), 0, "DESTROY_VM");
	}
}

TEST(one_is_enough, "[A8] [A9] CAP_SYS_RAWIO or CAP_SYS_ADMIN allows all flags")
{
	struct caller caller = { hsm_open(), CAP_SYS_RAWIO };

	in_child(create_with_capability, &caller);
	caller.capability = CAP_SYS_ADMIN;
	in_child(create_with_capability, &caller);
}

static void create_without_capability(void *data)
{
	struct caller *caller = data;

	keep_capability(caller->capability);
	check_hardware_flags(caller->fd);
	check_result(vm_create(caller->fd, 0), 0, "CREATE_VM without flags");
	check_result(vm_destroy(caller->fd), 0, "DESTROY_VM");
}

TEST(others_are_not, "[A8] [A9] other capabilities do not")
{
	static const int capabilities[] = {
		-1, CAP_DAC_OVERRIDE, CAP_NET_ADMIN, CAP_SYS_BOOT, CAP_IPC_LOCK,
	};
	struct caller caller = { .fd = hsm_open() };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		caller.capability = capabilities[i];
		in_child(create_without_capability, &caller);
	}
}

static void root_of_namespace(void *data)
{
	become_nobody();
	if (unshare(CLONE_NEWUSER)) {
		report("no user namespaces here: %s", strerror(errno));
		return;
	}
	/* in there the process has all capabilities */
	check_hardware_flags(*(int *)data);
}

TEST(in_user_namespace, "[A9] nor do those of a user namespace")
{
	int fd = hsm_open();

	in_child(root_of_namespace, &fd);
}

static void create_beyond_limit(void *data)
{
	struct rlimit none = { 0, 0 };
	int fd = *(int *)data;
	unsigned long calls = hv_calls(HC_ANY);
	struct acrn_create_vm create;

	check(!setrlimit(RLIMIT_MEMLOCK, &none), "setrlimit");
	become_nobody();
	check_result(vm_create(fd, 0), -ENOMEM, "CREATE_VM");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	vm_fill_create(&create, 0);
	create.req_buf = 0;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), 0,
		     "CREATE_VM without an I/O request page");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

static void create_within_limit(void *data)
{
	struct rlimit page = { PAGE_SIZE, PAGE_SIZE };
	int fd = *(int *)data, other = hsm_open();
	unsigned int i;

	check(!setrlimit(RLIMIT_MEMLOCK, &page), "setrlimit");
	become_nobody();
	for (i = 0; i < 5; i++) {
		check_result(vm_create(fd, 0), 0, "CREATE_VM");
		check_result(vm_create(other, 1), -ENOMEM, "a second VM");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
}

static void create_with_right(void *data)
{
	struct rlimit none = { 0, 0 };
	int fd = *(int *)data;

	check(!setrlimit(RLIMIT_MEMLOCK, &none), "setrlimit");
	keep_capability(CAP_IPC_LOCK);
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

TEST(memlock, "the I/O request page is charged to RLIMIT_MEMLOCK")
{
	int fd = hsm_open();

	in_child(create_beyond_limit, &fd);
	in_child(create_within_limit, &fd);
	in_child(create_with_right, &fd);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
