// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Each hypercall failing in each way: what user space sees, what state follows */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "raw_hypercall.h"
#include "vm.h"

/* A hypercall, and an ioctl and a state in which that makes it */
static const struct point {
	unsigned long call;
	enum op op;
	enum vm_state state;
} points[] = {
	{ HC_CREATE_VM, OP_CREATE_VM, VM_EMPTY },
	{ HC_SET_IOREQ_BUFFER, OP_CREATE_VM, VM_EMPTY },
	{ HC_CREATE_VCPU, OP_CREATE_VCPU, VM_CREATED },
	{ HC_SET_VCPU_REGS, OP_SET_VCPU_REGS, VM_CREATED },
	{ HC_SET_VCPU_REGS, OP_SET_VCPU_REGS, VM_PAUSED },
	{ HC_START_VM, OP_START_VM, VM_CREATED },
	{ HC_PAUSE_VM, OP_PAUSE_VM, VM_CREATED },
	{ HC_PAUSE_VM, OP_PAUSE_VM, VM_STARTED },
	{ HC_PAUSE_VM, OP_PAUSE_VM, VM_PAUSED },
	{ HC_RESET_VM, OP_RESET_VM, VM_PAUSED },
};

static struct vm_model model_in(enum vm_state state)
{
	return (struct vm_model){ state, state == VM_EMPTY ? 0 : 1 };
}

/* The call fails, nothing has changed, and the next one works */
static void check_failure(const struct point *point, int answer,
			  enum testbed_fail how, int result)
{
	struct vm_model vm = model_in(point->state);
	int fd = vm_in_state(point->state, 0);
	long pinned = process_pinned_kb();

	hv_fail(point->call, 0, 1, answer, how);
	check_result(op_run(point->op, fd, 0, 1), result,
		     "%s in %s, hypercall %#lx says %s",
		     op_info[point->op].name, vm_state_names[point->state],
		     point->call, result_name(answer));
	vm_check(0, &vm);
	check_equal(process_pinned_kb(), pinned, "pinned memory");
	check_result(op_run(point->op, fd, 0, 1), op_expect(point->op, &vm, 1),
		     "%s after the failure", op_info[point->op].name);
	vm_check(0, &vm);
	close(fd);
}

TIMED_TEST(refused, 120, "[A17] [A19] each hypercall refused with each code")
{
	int log = log_open();
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(points); i++) {
		for (k = 0; k < VM_ANSWERS; k++) {
			/* By that ACRN says that it has reset the VM. */
			if (points[i].call == HC_RESET_VM &&
			    vm_answers[k].answer == -ETIMEDOUT)
				continue;
			check_failure(&points[i], vm_answers[k].answer,
				      TESTBED_FAIL_REFUSE, vm_answers[k].result);
		}
	}
	check_equal(log_count(log, "acrn: "), 0, "lines in the log");
}

TEST(unwritten, "[A17] each hypercall leaving RAX unwritten")
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		check_failure(&points[i], 0, TESTBED_FAIL_UNWRITTEN, -EIO);
}

TEST(positive, "[A18] positive results never reach user space")
{
	static const int values[] = { 1, 22, 0x7fffffff };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(points); i++) {
		for (k = 0; k < ARRAY_SIZE(values); k++) {
			struct vm_model vm = model_in(points[i].state);
			int fd = vm_in_state(points[i].state, 0);

			hv_fail(points[i].call, 0, 1, values[k],
				TESTBED_FAIL_AFTER);
			check_result(op_run(points[i].op, fd, 0, 1),
				     op_expect(points[i].op, &vm, 1),
				     "%s, hypercall %#lx says %d",
				     op_info[points[i].op].name,
				     points[i].call, values[k]);
			vm_check(0, &vm);
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
			close(fd);
		}
	}
}

TEST(destroy_positive, "[A18] nor that of DESTROY_VM")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = vm_in_state(VM_STARTED, 0);

	hv_fail(HC_DESTROY_VM, 0, 1, 1, TESTBED_FAIL_AFTER);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_check(0, &empty);
}

TEST(vmid_invalid, "[A1] vmid 0xffff with result 0 is a failure")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = hsm_open();
	unsigned long others;

	hv_fail(HC_CREATE_VM, 0, 1, 0, TESTBED_FAIL_VMID);
	others = hv_calls(HC_ANY) - hv_calls(HC_CREATE_VM);
	check_result(vm_create(fd, 0), -EIO, "CREATE_VM");
	check_equal(hv_calls(HC_ANY) - hv_calls(HC_CREATE_VM), others,
		    "hypercalls for a VM that is none");
	vm_check(0, &empty);
	check_equal(process_pinned_kb(), 0, "pinned memory");
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
	vm_to_state(fd, VM_STARTED, 0);
}

TEST(vcpu_num_invalid, "[A16] more vCPUs than there are slots is a failure")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = hsm_open();

	hv_fail(HC_CREATE_VM, 0, 1, 0, TESTBED_FAIL_VCPU_NUM);
	check_result(vm_create(fd, 0), -EIO, "CREATE_VM");
	vm_check(0, &empty);
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
	vm_to_state(fd, VM_STARTED, 0);
}

/* Success, but no id was written: what the caller left there is no id */
TEST(vmid_unwritten, "[A1] a vmid that was not written is a failure")
{
	struct acrn_create_vm create;
	int fd = hsm_open();

	vm_fill_create(&create, 0);
	create.vmid = 3;
	hv_refuse(HC_CREATE_VM, 1, 0);
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), -EIO, "CREATE_VM");
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
}

TEST(destroy_refused, "[A6] DESTROY_VM refused with each code")
{
	unsigned int i;

	for (i = 0; i < VM_ANSWERS; i++) {
		struct vm_model vm = { VM_EMPTY, 0 };
		int fd;

		if (vm_answers[i].answer == -ETIMEDOUT)
			continue;
		fd = vm_in_state(VM_STARTED, 0);
		hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, vm_answers[i].answer);
		check_result(vm_destroy(fd), vm_answers[i].result,
			     "DESTROY_VM, the hypervisor says %s",
			     result_name(vm_answers[i].answer));
		check_result(vm_start(fd), -EBUSY, "START_VM");
		hv_behave();
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		vm_check(0, &vm);
		close(fd);
	}
}

TEST(destroy_unwritten, "[A6] DESTROY_VM leaving RAX unwritten")
{
	int fd = vm_in_state(VM_STARTED, 0);

	hv_fail(HC_DESTROY_VM, 0, TESTBED_FOREVER, 0, TESTBED_FAIL_UNWRITTEN);
	check_result(vm_destroy(fd), -EIO, "DESTROY_VM");
	check_result(vm_create(fd, 0), -EBUSY, "CREATE_VM");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* ETIMEDOUT: the VM is off, but a physical CPU did not come back */
TEST(destroy_timed_out, "DESTROY_VM with ETIMEDOUT has destroyed the VM")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = vm_in_state(VM_STARTED, 0);

	hv_fail(HC_DESTROY_VM, 0, 1, -ETIMEDOUT, TESTBED_FAIL_AFTER);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_check(0, &empty);
	check_equal(process_pinned_kb(), 0, "pinned memory");
	vm_to_state(fd, VM_STARTED, 0);
	hv_fail(HC_DESTROY_VM, 0, 1, -ETIMEDOUT, TESTBED_FAIL_AFTER);
	close(fd);
	check(vm_gone(0, 0), "close() left the VM");
}

TEST(destroy_unpausable, "DESTROY_VM of a VM that cannot be paused")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = vm_in_state(VM_STARTED, 0);

	hv_refuse(HC_PAUSE_VM, 1, HV_FAILED);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_check(0, &empty);
}

TEST(io_page_refused, "[A3] the I/O request page refused, and the VM cannot go")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd = hsm_open();

	hv_refuse(HC_SET_IOREQ_BUFFER, 1, HV_FAILED);
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(vm_create(fd, 0), -EIO, "CREATE_VM");
	check_result(vm_create(fd, 0), -EBUSY, "CREATE_VM while it is dying");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_check(0, &empty);
}

/*
 * The hypervisor gives an id out that another VM of the driver's has.  Here that
 * is brought about behind the driver's back.
 */
TEST(vmid_given_twice, "[A5] a vmid that another VM has is a failure")
{
	struct vm_model started = { VM_STARTED, 1 };
	int first = hsm_open(), second = hsm_open();
	int log;

	raw_open();
	check_result(vm_create(first, 0), 0, "CREATE_VM");
	check(!raw_call(HC_PAUSE_VM, VMID(0), 0), "HC_PAUSE_VM");
	check(!raw_call(HC_DESTROY_VM, VMID(0), 0), "HC_DESTROY_VM");
	log = log_open();
	check_result(vm_create(second, 0), -EIO, "CREATE_VM of the other");
	check_equal(log_count(log, "acrn: "), 1, "lines in the log");
	check_result(vm_start(second), -ENODEV, "START_VM of the other");
	check_result(vm_destroy(second), -ENODEV, "DESTROY_VM of the other");

	/* the id is the first one's, whatever became of the VM behind it */
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_CREATED,
		    "state in the hypervisor");
	check_result(vm_destroy(first), 0, "DESTROY_VM");
	vm_to_state(second, VM_STARTED, 0);
	vm_check(0, &started);
}

/* The id is also taken if that other VM is dying. */
TEST(vmid_of_dying, "[D12] a vmid that a dying VM has is a failure")
{
	struct vm_model started = { VM_STARTED, 1 };
	int first = vm_in_state(VM_CREATED, 0), second = hsm_open();

	raw_open();
	hv_refuse(HC_DESTROY_VM, 1, -EINVAL);
	check_result(vm_destroy(first), -EINVAL, "DESTROY_VM");
	/* before the driver tries again, in a second */
	check(!raw_call(HC_DESTROY_VM, VMID(0), 0), "HC_DESTROY_VM");
	check_result(vm_create(second, 0), -EIO, "CREATE_VM of the other");
	check_result(vm_destroy(first), 0, "DESTROY_VM");
	vm_to_state(second, VM_STARTED, 0);
	vm_check(0, &started);
}

/*
 * Nor is it free while the driver tries again to destroy that VM, which it may
 * still fail to.
 */
TEST(vmid_of_retried, "[D11] a vmid of a dying VM that the driver tries to destroy is a failure")
{
	int first = vm_in_state(VM_CREATED, 0), second = hsm_open();
	uint64_t dying;

	raw_open();
	hv_refuse(HC_DESTROY_VM, 1, -EINVAL);
	check_result(vm_destroy(first), -EINVAL, "DESTROY_VM");
	dying = now_us();
	/*
	 * The driver's next call may find that it is gone, and the one after that
	 * too: it can keep the CPU from this process until both are made.
	 */
	hv_expect(2);
	check(!raw_call(HC_DESTROY_VM, VMID(0), 0), "HC_DESTROY_VM");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_OFF, "state");
	/* It pauses the VM first. */
	hv_delay(HC_PAUSE_VM, 3000000);
	while (now_us() - dying < 2000000)
		sleep_ms(10);
	check_result(vm_create(second, 0), -EIO, "CREATE_VM of the other");
	hv_behave();
	check(vm_gone(0, 6000), "the first VM is left");
	check_result(vm_create(second, 0), 0, "CREATE_VM of the other");
	hv_expect(0);
}

TEST(counted, "failures are counted in debugfs")
{
	unsigned long calls, failures, calls_after, failures_after;
	int fd = vm_in_state(VM_CREATED, 0);

	shown_calls("START_VM", &calls, &failures);
	hv_refuse(HC_START_VM, 1, HV_FAILED);
	check_result(vm_start(fd), -EIO, "START_VM");
	check_result(vm_start(fd), 0, "START_VM");
	shown_calls("START_VM", &calls_after, &failures_after);
	check_equal(calls_after, calls + 2, "calls in debugfs");
	check_equal(failures_after, failures + 1, "failures in debugfs");
}

TEST(reset_timed_out, "RESET_VM with ETIMEDOUT has reset the VM")
{
	struct vm_model vm = model_in(VM_CREATED);
	int fd = vm_in_state(VM_PAUSED, 0), log = log_open();

	hv_fail(HC_RESET_VM, 0, 1, -ETIMEDOUT, TESTBED_FAIL_AFTER);
	check_result(vm_reset(fd), 0, "RESET_VM");
	vm_check(0, &vm);
	check_equal(log_mentions(log, "reset, but a physical CPU did not come back"), 1,
		    "lines in the log");
	check_result(vm_start(fd), 0, "START_VM");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
