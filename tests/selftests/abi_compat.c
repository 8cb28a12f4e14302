// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The ioctls as a 32-bit program makes them: through INT 0x80, with arguments
 * below 4 GiB.
 */
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

/* Numbers of 32-bit system calls */
#define GETPID_32	20
#define IOCTL_32	54

static long call_32(unsigned int number, unsigned int a, unsigned int b,
		    unsigned int c)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(a), "c"(b), "d"(c)
		     : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static sigjmp_buf no_call_32;

static void on_signal(int number)
{
	siglongjmp(no_call_32, 1);
}

static void need_call_32(void)
{
	if (sigsetjmp(no_call_32, 1))
		skip("this kernel runs no 32-bit programs");
	signal(SIGSEGV, on_signal);
	if (call_32(GETPID_32, 0, 0, 0) != getpid())
		skip("this kernel runs no 32-bit programs");
	signal(SIGSEGV, SIG_DFL);
}

static void *low_page(void)
{
	void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	check(page != MAP_FAILED, "mmap: %s", strerror(errno));
	return page;
}

static int ioctl_32(int fd, unsigned int number, const void *argument)
{
	return call_32(IOCTL_32, fd, number, (unsigned long)argument);
}

TEST(whole_life, "[A25] the whole life as a 32-bit program")
{
	union argument *argument = low_page();
	struct vm_model vm = { VM_EMPTY, 0 };
	static const enum op life[] = {
		OP_CREATE_VM, OP_CREATE_VCPU, OP_SET_VCPU_REGS, OP_START_VM,
		OP_PAUSE_VM, OP_RESET_VM, OP_SET_VCPU_REGS, OP_START_VM,
		OP_DESTROY_VM, OP_CREATE_VM,
	};
	unsigned int i;
	int fd;

	need_call_32();
	fd = hsm_open();
	check_result(ioctl_32(fd, IC_GET_API_VERSION, argument), 0,
		     "GET_API_VERSION");
	check_equal(argument->version.major_version, 1, "major version");
	for (i = 0; i < ARRAY_SIZE(life); i++) {
		op_fill(life[i], argument, 2, 0);
		if (life[i] == OP_CREATE_VM)
			argument->create.req_buf = (unsigned long)low_page();
		check_result(ioctl_32(fd, op_info[life[i]].number, argument),
			     op_expect(life[i], &vm, 0), "%s",
			     op_info[life[i]].name);
		vm_check(2, &vm);
		if (life[i] == OP_CREATE_VM) {
			check_equal(argument->create.vmid, VMID(2), "vmid");
			check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
			vm.bare = false;
		}
	}
}

TEST(errors, "[A25] errors are the same")
{
	union argument *argument = low_page();
	int fd;

	need_call_32();
	fd = hsm_open();
	check_result(ioctl_32(fd, ACRN_IC(0xff), argument), -ENOTTY,
		     "unknown");
	check_result(ioctl_32(fd, IC_CREATE_VM, NULL), -EFAULT, "CREATE_VM");
	check_result(ioctl_32(fd, IC_START_VM, NULL), -ENODEV, "START_VM");
	op_fill(OP_CREATE_VM, argument, 0, 0);
	argument->create.reserved0 = 1;
	check_result(ioctl_32(fd, IC_CREATE_VM, argument), -EINVAL,
		     "CREATE_VM with a reserved field");
	op_fill(OP_SET_VCPU_REGS, argument, 0, 0);
	argument->regs.vcpu_regs.reserved_16[3] = 1;
	check_result(ioctl_32(fd, IC_SET_VCPU_REGS, argument), -EINVAL,
		     "SET_VCPU_REGS with a reserved field");
}

TEST(last_bytes, "[A25] structures have the same size")
{
	struct acrn_set_vcpu_regs *set = low_page();
	int fd;

	need_call_32();
	fd = vm_in_state(VM_CREATED, 0);

	/* all 304 bytes are read, and no more than those */
	set = (struct acrn_set_vcpu_regs *)((char *)set + PAGE_SIZE -
					    sizeof(*set));
	vm_fill_regs(set);
	check_result(ioctl_32(fd, IC_SET_VCPU_REGS, set), 0,
		     "SET_VCPU_REGS at the end of a page");
}

/* What a 32-bit program built with <linux/acrn.h> calls */
#define A2_SET_VCPU_REGS_32	0x4124a216
#define A2_VM_INTR_MONITOR_32	0x4004a224
#define A2_REGS_SIZE_32		292

TEST(linux_contract, "Linux's numbers, two of which are others in 32-bit programs")
{
	struct acrn_a2_create_vm *create = low_page();
	struct acrn_a2_set_vcpu_regs *regs = low_page();
	struct acrn_intr_monitor *monitor = low_page();
	int fd;

	need_call_32();
	fd = hsm_open();
	a2_fill_create(create, 2);
	create->ioreq_buf = (unsigned long)low_page();
	check_result(ioctl_32(fd, ACRN_A2_CREATE_VM, create), 0, "CREATE_VM");
	check_equal(create->vmid, VMID(2), "vmid");

	/* with vCPU 0, or without any: then it is an id that is not there */
	regs = (void *)((char *)regs + PAGE_SIZE - A2_REGS_SIZE_32);
	memset(regs, 0, A2_REGS_SIZE_32);
	if (create->vcpu_num) {
		struct acrn_a2_set_vcpu_regs whole;

		a2_fill_regs(&whole);
		memcpy(regs, &whole, A2_REGS_SIZE_32);
	}
	check_result(ioctl_32(fd, A2_SET_VCPU_REGS_32, regs),
		     create->vcpu_num ? 0 : -EINVAL,
		     "SET_VCPU_REGS at the end of a page");
	check_result(ioctl_32(fd, A2_SET_VCPU_REGS_32, (char *)regs + 8), -EFAULT,
		     "SET_VCPU_REGS beyond it");
	monitor->cmd = ACRN_INTR_MONITOR_GET;
	monitor->buf_cnt = 2;
	check_result(ioctl_32(fd, A2_VM_INTR_MONITOR_32, monitor), 0,
		     "VM_INTR_MONITOR");
	check_result(ioctl_32(fd, ACRN_A2_SET_IRQLINE, (void *)4), 0,
		     "SET_IRQLINE");
	check_result(ioctl_32(fd, ACRN_A2_CREATE_IOREQ_CLIENT, NULL), 0,
		     "CREATE_IOREQ_CLIENT");
	check_result(ioctl_32(fd, IC_PAUSE_VM, NULL), -EINVAL,
		     "PAUSE_VM with a plain number");

	/* 64-bit programs have no such numbers */
	check_result(hsm_ioctl(fd, A2_SET_VCPU_REGS_32, regs), -ENOTTY,
		     "SET_VCPU_REGS of a 64-bit program");
	check_result(hsm_ioctl(fd, A2_VM_INTR_MONITOR_32, monitor), -ENOTTY,
		     "VM_INTR_MONITOR of a 64-bit program");
	check_result(ioctl_32(fd, ACRN_A2_DESTROY_VM, NULL), 0, "DESTROY_VM");
	close(fd);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
