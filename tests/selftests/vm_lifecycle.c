// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The life of a User VM as a device model leads it, alone and beside others */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/acrn/acrn_a2_defs.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

TEST(node, "[A9] the node is a character device for root only")
{
	struct stat node;

	check(!stat(HSM_NODE, &node), HSM_NODE ": %s", strerror(errno));
	check(S_ISCHR(node.st_mode), "not a character device");
	check_equal(node.st_mode & 07777, 0600, "mode");
	check_equal(node.st_uid, 0, "owner");
}

TEST(api_version, "GET_API_VERSION says 1.0")
{
	struct acrn_api_version version = { ~0U, ~0U };
	int fd = hsm_open();

	check_result(hsm_ioctl(fd, IC_GET_API_VERSION, &version), 0, "result");
	check_equal(version.major_version, 1, "major version");
	check_equal(version.minor_version, 0, "minor version");
}

static void check_state(enum vm_state state, unsigned int vcpus)
{
	struct vm_model vm = { state, vcpus };

	vm_check(0, &vm);
}

TEST(whole_life, "the whole life, driver and hypervisor agree at each step")
{
	int fd = hsm_open();

	check_state(VM_EMPTY, 0);
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_state(VM_CREATED, 0);
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_state(VM_CREATED, 1);
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_start(fd), 0, "START_VM");
	check_state(VM_STARTED, 1);
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_state(VM_PAUSED, 1);
	check_result(vm_pause(fd), 0, "PAUSE_VM again");
	check_state(VM_PAUSED, 1);
	check_result(vm_reset(fd), 0, "RESET_VM");
	check_state(VM_CREATED, 1);
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_start(fd), 0, "START_VM after RESET_VM");
	check_state(VM_STARTED, 1);
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_state(VM_EMPTY, 0);
	close(fd);
	check_state(VM_EMPTY, 0);
}

TEST(create_writes_back, "CREATE_VM writes back the id and leaves the rest")
{
	struct acrn_create_vm in, out;
	int fd = hsm_open();

	vm_fill_create(&in, 1);
	in.vmid = ACRN_INVALID_VMID;
	in.vcpu_num = 2;
	in.vm_flag = ACRN_VM_FLAG_SECURE_WORLD;
	out = in;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &out), 0, "CREATE_VM");
	check_equal(out.vmid, VMID(1), "vmid");
	check_equal(out.req_buf, in.req_buf, "req_buf");
	in.vmid = out.vmid;
	in.vcpu_num = out.vcpu_num;
	check(!memcmp(&in, &out, sizeof(in)), "something else was changed");
}

TEST(flags_reach_hypervisor, "[A8] known flags reach the hypervisor")
{
	unsigned long all = ACRN_VM_FLAG_SECURE_WORLD |
			    ACRN_VM_FLAG_LAPIC_PASSTHROUGH |
			    ACRN_VM_FLAG_POLLING | ACRN_VM_FLAG_RT;
	struct hv_vm vm;
	int fd = hsm_open();

	check_result(vm_create_flags(fd, 0, all), 0, "CREATE_VM");
	hv_get_vm(VMID(0), &vm);
	check_equal(vm.flags, all, "flags in the hypervisor");
}

/* ACRN v1.3 fails there, and every later CREATE_VM of the uuid with it. */
TEST(passthrough_needs_rt, "[D13] a VM with local APICs of its own has to be a real-time VM")
{
	static const unsigned long others[] = {
		0, ACRN_VM_FLAG_SECURE_WORLD, ACRN_VM_FLAG_POLLING,
		ACRN_VM_FLAG_HIGHEST_SEVERITY,
	};
	unsigned long calls = hv_calls(HC_ANY);
	int fd = hsm_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		check_result(vm_create_flags(fd, 0, others[i] |
					     ACRN_VM_FLAG_LAPIC_PASSTHROUGH),
			     -EINVAL, "CREATE_VM, flags %#lx and passthrough",
			     others[i]);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(vm_create_flags(fd, 0, ACRN_VM_FLAG_RT |
				     ACRN_VM_FLAG_LAPIC_PASSTHROUGH), 0,
		     "CREATE_VM, real-time and passthrough");
}

TEST(create_twice, "[A2] CREATE_VM twice: the first VM is not lost")
{
	struct vm_model vm = { VM_STARTED, 1 };
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned long creates = hv_calls(HC_CREATE_VM);

	check_result(vm_create(fd, 0), -EBUSY, "same configuration again");
	check_result(vm_create(fd, 1), -EBUSY, "another configuration");
	check_equal(hv_calls(HC_CREATE_VM), creates, "HC_CREATE_VM");
	vm_check(0, &vm);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check(vm_gone(0, 0), "the first VM is left");
}

TEST(create_destroy_create, "[A4] create-destroy-create on one file")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	enum vm_state state;
	int fd = hsm_open();

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		vm_to_state(fd, state, 0);
		check_result(vm_destroy(fd), 0, "DESTROY_VM in %s",
			     vm_state_names[state]);
		vm_check(0, &empty);
		check_result(vm_destroy(fd), -ENODEV, "second DESTROY_VM");
	}
	/* and the last of several is destroyed by close() too */
	vm_to_state(fd, VM_STARTED, 1);
	close(fd);
	check(vm_gone(1, 0), "close() did not destroy the VM");
}

TEST(close_without_destroy, "close() without DESTROY_VM, in each state")
{
	enum vm_state state;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		close(vm_in_state(state, 0));
		check(vm_gone(0, 0), "left in state %s", vm_state_names[state]);
	}
}

TEST(close_without_vm, "[A1] close() without a VM makes no hypercall")
{
	unsigned long calls = hv_calls(HC_ANY);
	int fd;

	close(hsm_open());
	fd = hsm_open();
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM without a VM");
	close(fd);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(before_create, "[A1] calls before CREATE_VM make no hypercall")
{
	unsigned long calls = hv_calls(HC_ANY);
	int fd = hsm_open();

	check_result(vm_start(fd), -ENODEV, "START_VM");
	check_result(vm_pause(fd), -ENODEV, "PAUSE_VM");
	check_result(vm_reset(fd), -ENODEV, "RESET_VM");
	check_result(vm_create_vcpu(fd, 0), -ENODEV, "CREATE_VCPU");
	check_result(vm_set_regs(fd), -ENODEV, "SET_VCPU_REGS");
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(destroy_pauses_first, "[A7] DESTROY_VM and close() pause first")
{
	enum vm_state state;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		int fd = vm_in_state(state, 0);
		unsigned long pauses = hv_calls(HC_PAUSE_VM);

		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		check_equal(hv_calls(HC_PAUSE_VM), pauses + 1,
			    "HC_PAUSE_VM for DESTROY_VM in %s",
			    vm_state_names[state]);
		close(fd);

		fd = vm_in_state(state, 0);
		pauses = hv_calls(HC_PAUSE_VM);
		close(fd);
		check_equal(hv_calls(HC_PAUSE_VM), pauses + 1,
			    "HC_PAUSE_VM for close() in %s",
			    vm_state_names[state]);
	}
}

TEST(start_needs, "START_VM needs an I/O request page and a vCPU")
{
	struct acrn_create_vm create;
	unsigned long starts = hv_calls(HC_START_VM);
	int fd = hsm_open();

	vm_fill_create(&create, 0);
	create.req_buf = 0;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), 0,
		     "CREATE_VM without an I/O request page");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), -EINVAL,
		     "START_VM without an I/O request page");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");

	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), -EINVAL, "START_VM without a vCPU");
	check_equal(hv_calls(HC_START_VM), starts, "HC_START_VM");
}

/* What vCPU 0 starts with, and what that needs */
static const struct start {
	const char *name;
	uint64_t cr0, cr3, cs_base, rip;
	uint32_t cs_ar;
	uint64_t gpa;
	uint32_t prot;
} starts[] = {
	{ "16 bits at the reset vector", 0x30, 0, 0xffff0000, 0xfff0, 0x9f,
	  0xfffff000, ACRN_PROT_READ | ACRN_PROT_EXEC },
	{ "16 bits at 0", 0x30, 0, 0, 0, 0x9f, 0,
	  ACRN_PROT_READ | ACRN_PROT_EXEC },
	{ "16 bits, the last byte of a page", 0x30, 0, 0x12340, 0xcbf, 0x9b,
	  0x12000, ACRN_PROT_READ | ACRN_PROT_EXEC },
	{ "32 bits at 16 MiB", 0x31, 0, 0, 0x1000200, 0xc09b, 0x1000000,
	  ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC },
	/* as the CPU does it: no carry beyond 32 bits */
	{ "32 bits, once round", 0x31, 0, 0xfffff000, 0x3000, 0xc09b, 0x2000,
	  ACRN_PROT_READ | ACRN_PROT_EXEC },
	/* RIP is in the guest's own hands, its page tables are not */
	{ "32 bits with paging", 0x80000031, 0x345018, 0, 0xc0100000, 0xc09b,
	  0x345000, ACRN_PROT_READ },
};

static int start_with(int fd, const struct start *start)
{
	struct acrn_set_vcpu_regs set;

	vm_fill_regs(&set);
	set.vcpu_regs.cr0 = start->cr0;
	set.vcpu_regs.cr3 = start->cr3;
	set.vcpu_regs.cs_base = start->cs_base;
	set.vcpu_regs.rip = start->rip;
	set.vcpu_regs.cs_ar = start->cs_ar;
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &set), 0,
		     "SET_VCPU_REGS, %s", start->name);
	return vm_start(fd);
}

static int map_for(int fd, const struct start *start, int64_t offset,
		   uint32_t prot)
{
	struct acrn_memseg segment = {
		.type = ACRN_MEMSEG_RAM,
		.prot = prot,
		.base = (uintptr_t)get_pages(1),
		.len = PAGE_SIZE,
		.gpa = start->gpa + offset,
	};

	/* no page below the first, none above the last that 32 bits reach */
	if (segment.gpa > start->gpa + PAGE_SIZE)
		return 0;
	/* HLT, wherever it begins */
	memset((void *)(uintptr_t)segment.base, 0xf4, PAGE_SIZE);
	return hsm_ioctl(fd, IC_SET_MEMSEG, &segment);
}

/* Without it a real ACRN loses a physical CPU, and PAUSE_VM never ends. */
TEST(start_needs_memory, "[D13] START_VM needs memory where the VM starts")
{
	unsigned long calls = hv_calls(HC_START_VM);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		const struct start *start = &starts[i];
		int fd = hsm_open();

		check_result(vm_create(fd, 0), 0, "CREATE_VM");
		check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
		check_result(start_with(fd, start), -EINVAL, "START_VM, %s",
			     start->name);
		check_result(map_for(fd, start, -PAGE_SIZE, 7), 0, "SET_MEMSEG");
		check_result(map_for(fd, start, PAGE_SIZE, 7), 0, "SET_MEMSEG");
		check_result(vm_start(fd), -EINVAL, "START_VM between, %s",
			     start->name);
		check_equal(hv_calls(HC_START_VM), calls, "HC_START_VM");
		check_state(VM_CREATED, 1);
		check_result(map_for(fd, start, 0, start->prot), 0, "SET_MEMSEG");
		check_result(vm_start(fd), 0, "START_VM, %s", start->name);
		check_equal(hv_calls(HC_START_VM), ++calls, "HC_START_VM");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
	}
}

TEST(start_needs_code, "[D13] memory that it may run")
{
	int fd = hsm_open();

	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(map_for(fd, &starts[0], 0, ACRN_PROT_READ | ACRN_PROT_WRITE),
		     0, "SET_MEMSEG");
	check_result(vm_start(fd), -EINVAL, "START_VM");
}

/* RESET_VM puts vCPU 0 there again, whatever it was set to. */
TEST(start_at_reset, "[D13] vCPU 0 starts at the reset vector if nobody sets it")
{
	unsigned int i;
	int fd;

	for (i = 0; i < 2; i++) {
		fd = hsm_open();
		check_result(vm_create(fd, 0), 0, "CREATE_VM");
		check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
		check_result(vm_start(fd), -EINVAL, "START_VM");
		if (i) {
			check_result(map_for(fd, &starts[1], 0, 7), 0,
				     "SET_MEMSEG at 0");
			check_result(start_with(fd, &starts[1]), 0, "START_VM");
			check_result(vm_pause(fd), 0, "PAUSE_VM");
			check_result(vm_reset(fd), 0, "RESET_VM");
			check_result(vm_start(fd), -EINVAL, "START_VM again");
		}
		check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
		check_result(vm_start(fd), 0, "START_VM");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
	}
}

/* SET_VCPU_REGS of another vCPU, or one that failed, changes nothing. */
TEST(start_is_vcpu_0_s, "[D13] other vCPUs may be set to anywhere")
{
	struct acrn_set_vcpu_regs set;
	int fd = vm_in_state(VM_CREATED, 0);

	check_result(vm_create_vcpu(fd, 1), 0, "CREATE_VCPU");
	vm_fill_regs_at(&set, 0x1000);
	hv_refuse(HC_SET_VCPU_REGS, 1, HV_FAILED);
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &set), -EIO,
		     "SET_VCPU_REGS, refused");
	set.vcpu_id = 1;
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &set), 0,
		     "SET_VCPU_REGS of vCPU 1");
	check_result(vm_start(fd), 0, "START_VM");
}

TEST(pause_before_start, "PAUSE_VM of a VM that never ran")
{
	int fd = vm_in_state(VM_CREATED, 0);

	check_result(vm_pause(fd), 0, "PAUSE_VM in CREATED");
	check_state(VM_PAUSED, 1);
	check_result(vm_start(fd), -EBUSY, "START_VM in PAUSED");
	check_result(vm_reset(fd), 0, "RESET_VM");
	check_result(vm_start(fd), 0, "START_VM");
	check_state(VM_STARTED, 1);
}

/* What the driver does without the VM's lock, it does to a VM that is PAUSED only. */
TEST(pause_again, "PAUSE_VM again: while it is PAUSED, reset, and of the next VM")
{
	int fd = vm_in_state(VM_PAUSED, 0);
	unsigned long calls = hv_calls(HC_PAUSE_VM);

	check_result(vm_pause(fd), 0, "PAUSE_VM in PAUSED");
	check_equal(hv_calls(HC_PAUSE_VM) - calls, 1, "HC_PAUSE_VM");
	check_state(VM_PAUSED, 1);
	check_result(hsm_ioctl(fd, ACRN_A2_PAUSE_VM, NULL), -EINVAL,
		     "PAUSE_VM of another kind of device model");
	check_equal(hv_calls(HC_PAUSE_VM) - calls, 1, "HC_PAUSE_VM after that");

	check_result(vm_reset(fd), 0, "RESET_VM");
	check_result(vm_pause(fd), 0, "PAUSE_VM when it was reset");
	check_state(VM_PAUSED, 1);
	check_result(vm_start(fd), -EBUSY, "START_VM in PAUSED");

	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_result(vm_pause(fd), -ENODEV, "PAUSE_VM without a VM");
	vm_to_state(fd, VM_CREATED, 0);
	check_result(vm_pause(fd), 0, "PAUSE_VM of the next VM");
	check_state(VM_PAUSED, 1);
	check_result(vm_start(fd), -EBUSY, "START_VM of the next VM");
}

TEST(same_configuration, "two files, one configuration: only one gets the VM")
{
	struct vm_model vm = { VM_STARTED, 1 }, empty = { VM_EMPTY, 0 };
	int first = vm_in_state(VM_STARTED, 0);
	int second = hsm_open();

	check_result(vm_create(second, 0), -EIO, "CREATE_VM");
	check_result(vm_start(second), -ENODEV, "START_VM");
	close(second);
	vm_check(0, &vm);
	check_result(vm_destroy(first), 0, "DESTROY_VM");
	vm_check(0, &empty);
}

TEST(unknown_configuration, "[A17] an unknown configuration is EIO")
{
	struct acrn_create_vm create;
	int fd = hsm_open();

	vm_fill_create(&create, 0);
	create.uuid[15] ^= 1;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), -EIO, "CREATE_VM");
	check_result(vm_start(fd), -ENODEV, "START_VM");
	vm_to_state(fd, VM_STARTED, 0);
}

TEST(four_vms, "four VMs at once do not touch each other")
{
	struct vm_model started = { VM_STARTED, 1 };
	struct vm_model paused = { VM_PAUSED, 1 };
	struct vm_model empty = { VM_EMPTY, 0 };
	struct hv_account account;
	unsigned int i;
	int fd[MAX_VMS];

	for (i = 0; i < MAX_VMS; i++)
		fd[i] = vm_in_state(VM_STARTED, i);
	hv_get_account(&account);
	check_equal(account.vms, MAX_VMS, "VMs in the hypervisor");
	check_equal(shown_vms(), MAX_VMS, "VMs in the driver");

	check_result(vm_pause(fd[2]), 0, "PAUSE_VM of one");
	check_result(vm_destroy(fd[1]), 0, "DESTROY_VM of another");
	vm_check(0, &started);
	vm_check(1, &empty);
	vm_check(2, &paused);
	vm_check(3, &started);

	/* a freed id goes to the next who asks, and not the old file */
	close(fd[3]);
	vm_to_state(fd[1], VM_STARTED, 3);
	vm_check(3, &started);
	vm_to_state(hsm_open(), VM_PAUSED, 1);
	vm_check(1, &paused);
	vm_check(0, &started);
}

TEST(empty_files, "[A11] files without a VM cost and show nothing")
{
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int i;

	for (i = 0; i < 500; i++)
		hsm_open();
	check_equal(shown_vms(), 0, "VMs in the driver");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	vm_in_state(VM_STARTED, 0);
	check_equal(shown_vms(), 1, "VMs in the driver");
}

static void lives(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		int fd = hsm_open();

		close(hsm_open());
		vm_to_state(fd, VM_PAUSED, i % MAX_VMS);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		vm_to_state(fd, VM_CREATED, i % MAX_VMS);
		vm_create(fd, 0);
		close(fd);
	}
}

/* Leaking one object of 600 lives would be seen, the noise is far below that */
TIMED_TEST(no_memory_leak, 120, "600 lives leak no kernel memory")
{
	long before;

	lives(50);
	before = slab_objects();
	lives(600);
	check_slab_growth(before, 450);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
