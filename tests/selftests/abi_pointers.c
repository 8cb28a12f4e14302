// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Bad pointers in every argument, on the way in and on the way out */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

/* Two pages: one of memory, then one of another kind */
static unsigned char *page_before(int protection)
{
	unsigned char *pages = get_pages(2);

	memset(pages, 0, PAGE_SIZE);
	if (protection < 0)
		munmap(pages + PAGE_SIZE, PAGE_SIZE);
	else
		mprotect(pages + PAGE_SIZE, PAGE_SIZE, protection);
	return pages;
}

#define UNMAPPED	(-1)

static void *nowhere[] = {
	NULL,
	(void *)1,
	(void *)0xfff,
	(void *)0x0000800000000000UL,	/* the first address not canonical */
	(void *)0x8000000000000000UL,
	(void *)0xffff888000000000UL,	/* the kernel's direct mapping */
	(void *)0xffffffff81000000UL,	/* its text */
	(void *)0xffffffffff600000UL,	/* vsyscall */
	(void *)-1L,
	(void *)-64L,			/* wraps around with most arguments */
};

/* What the argument of @op gets from @pointer */
static void check_fault(int fd, enum op op, void *pointer, const char *what)
{
	check_result(hsm_ioctl(fd, op_info[op].number, pointer), -EFAULT,
		     "%s with %s %p", op_info[op].name, what, pointer);
}

static void check_fault_everywhere(int fd, enum op op)
{
	unsigned char *hole = page_before(UNMAPPED) + PAGE_SIZE;
	unsigned char *none = page_before(PROT_NONE) + PAGE_SIZE;
	union argument good;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		check_fault(fd, op, nowhere[i], "pointer");
	check_fault(fd, op, hole, "an unmapped page");
	check_fault(fd, op, none, "a page without rights");
	op_fill(op, &good, 0, 1);
	for (i = 1; i < op_info[op].size; i++) {
		memcpy(hole - i, &good, i);
		check_fault(fd, op, hole - i, "half a structure");
		memcpy(none - i, &good, i);
		check_fault(fd, op, none - i, "half a structure");
	}
}

TEST(in_and_out, "[A17] bad pointers to all arguments, in all states")
{
	enum vm_state state;
	enum op op;

	for (state = VM_EMPTY; state <= VM_PAUSED; state++) {
		struct vm_model vm = { state, state == VM_EMPTY ? 0 : 1 };
		int fd = vm_in_state(state, 0);
		unsigned long calls = hv_calls(HC_ANY);

		for (op = 0; op < OPS; op++)
			if (op_info[op].size)
				check_fault_everywhere(fd, op);
		check_equal(hv_calls(HC_ANY), calls, "hypercalls");
		vm_check(0, &vm);
		close(fd);
	}
}

TEST(ignored, "calls that ignore their argument take any")
{
	static const enum op ops[] = {
		OP_START_VM, OP_PAUSE_VM, OP_RESET_VM, OP_DESTROY_VM,
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		int fd = vm_in_state(VM_CREATED, 0);

		for (k = 0; k < ARRAY_SIZE(ops); k++)
			check_result(hsm_ioctl(fd, op_info[ops[k]].number,
					       nowhere[i]), 0, "%s with %p",
				     op_info[ops[k]].name, nowhere[i]);
		close(fd);
	}
}

TEST(read_only_in, "arguments that are only read may be read-only")
{
	union argument *argument = get_pages(1);
	int fd = vm_in_state(VM_CREATED, 0);

	op_fill(OP_CREATE_VCPU, argument, 0, 1);
	mprotect(argument, PAGE_SIZE, PROT_READ);
	check_result(hsm_ioctl(fd, IC_CREATE_VCPU, argument), 0, "CREATE_VCPU");
	mprotect(argument, PAGE_SIZE, PROT_READ | PROT_WRITE);
	op_fill(OP_SET_VCPU_REGS, argument, 0, 0);
	mprotect(argument, PAGE_SIZE, PROT_READ);
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, argument), 0,
		     "SET_VCPU_REGS");
}

TEST(read_only_version, "a version that cannot be written")
{
	unsigned char *edge = page_before(PROT_READ) + PAGE_SIZE;
	unsigned int i;
	int fd = hsm_open();

	for (i = 0; i < sizeof(struct acrn_api_version); i++)
		check_fault(fd, OP_GET_API_VERSION, edge - i,
			    "a read-only page");
}

/* The argument of CREATE_VM ends @below bytes below a page that is read-only */
static void *half_read_only(unsigned int below)
{
	unsigned char *pages = get_pages(2);
	unsigned char *argument = pages + PAGE_SIZE - below;

	vm_fill_create((struct acrn_create_vm *)argument, 0);
	mprotect(pages + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	return argument;
}

TEST(create_cannot_copy_out, "[A3] CREATE_VM that cannot copy out leaves no VM")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = hsm_open();
	unsigned int below;

	for (below = 0; below < sizeof(struct acrn_create_vm); below++) {
		unsigned long creates = hv_calls(HC_CREATE_VM);
		unsigned long destroys = hv_calls(HC_DESTROY_VM);
		void *argument = half_read_only(below);

		check_fault(fd, OP_CREATE_VM, argument, "a read-only page");
		check_equal(hv_calls(HC_CREATE_VM), creates + 1,
			    "HC_CREATE_VM");
		check_equal(hv_calls(HC_DESTROY_VM), destroys + 1,
			    "HC_DESTROY_VM");
		vm_check(0, &empty);
		check_equal(process_pinned_kb(), 0, "pinned memory");
		check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
	}
	vm_to_state(fd, VM_PAUSED, 0);
}

TEST(create_cannot_be_undone, "[A3] [A7] and neither when the VM cannot be destroyed at once")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = hsm_open();

	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_fault(fd, OP_CREATE_VM, half_read_only(8), "a read-only page");
	check_result(vm_create(fd, 0), -EBUSY, "CREATE_VM");
	check_result(vm_start(fd), -EBUSY, "START_VM");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_PAUSED,
		    "state in the hypervisor");
	check_result(vm_destroy(fd), -EINVAL, "refused DESTROY_VM");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_check(0, &empty);
}

TEST(io_page, "[A8] bad pointers to the I/O request page")
{
	unsigned char *read_only = page_before(PROT_READ) + PAGE_SIZE;
	unsigned char *none = page_before(PROT_NONE) + PAGE_SIZE;
	unsigned char *hole = page_before(UNMAPPED) + PAGE_SIZE;
	void *const pages[] = {
		read_only, none, hole, (void *)PAGE_SIZE,
		(void *)0x0000800000000000UL, (void *)0x8000000000000000UL,
		(void *)0xffff888000000000UL, (void *)0xffffffffff600000UL,
		(void *)-PAGE_SIZE,
	};
	struct vm_model empty = { VM_EMPTY, 0 };
	struct acrn_create_vm create;
	int fd = hsm_open();
	unsigned long calls;
	unsigned int i;

	memset(read_only - PAGE_SIZE, 1, PAGE_SIZE);
	calls = hv_calls(HC_ANY);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		vm_fill_create(&create, 0);
		create.req_buf = (unsigned long)pages[i];
		check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), -EFAULT,
			     "req_buf %p", pages[i]);
		vm_check(0, &empty);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_equal(process_pinned_kb(), 0, "pinned memory");
	vm_to_state(fd, VM_STARTED, 0);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
