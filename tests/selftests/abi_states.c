// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Each ioctl in each state of the VM: the result, and who may make hypercalls */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

/* As with v1.3.  A DYING VM is one whose destruction the hypervisor goes on refusing. */
static const int results[OPS][VM_STATES] = {
	/*			EMPTY	CREATED	STARTED	PAUSED	DYING */
	[OP_GET_API_VERSION] = { 0,	0,	0,	0,	0 },
	[OP_GET_PLATFORM_INFO] = { 0,	0,	0,	0,	0 },
	[OP_CREATE_VM] =  { 0,		-EBUSY,	-EBUSY,	-EBUSY,	-EBUSY },
	[OP_DESTROY_VM] = { -ENODEV,	0,	0,	0,	-EINVAL },
	[OP_START_VM] =   { -ENODEV,	0,	-EBUSY,	-EBUSY,	-EBUSY },
	[OP_PAUSE_VM] =   { -ENODEV,	0,	0,	0,	-EBUSY },
	[OP_CREATE_VCPU] = { -ENODEV,	0,	-EBUSY,	-EBUSY,	-EBUSY },
	[OP_RESET_VM] =   { -ENODEV,	-EBUSY,	-EBUSY,	0,	-EBUSY },
	[OP_SET_VCPU_REGS] = { -ENODEV,	0,	-EBUSY,	0,	-EBUSY },
	[OP_INJECT_MSI] = { -ENODEV,	0,	0,	0,	-EBUSY },
	[OP_VM_INTR_MONITOR] = { -ENODEV, 0,	0,	0,	-EBUSY },
	[OP_SET_IRQLINE] = { -ENODEV,	0,	0,	0,	-EBUSY },
	[OP_PM_GET_CPU_STATE] = { -ENODEV, 0,	0,	0,	-EBUSY },
	[OP_CREATE_IOREQ_CLIENT] = { -ENODEV, 0, 0,	0,	-EBUSY },
	/* of no client: one that there is would make it wait */
	[OP_ATTACH_IOREQ_CLIENT] = { -ENODEV, -EINVAL, -EINVAL, -EINVAL, -EBUSY },
	[OP_DESTROY_IOREQ_CLIENT] = { -ENODEV, -EINVAL, -EINVAL, -EINVAL, -EBUSY },
	[OP_NOTIFY_REQUEST_FINISH] = { -ENODEV, -EINVAL, -EINVAL, -EINVAL, -EBUSY },
	[OP_CLEAR_VM_IOREQ] = { -ENODEV, 0,	-EBUSY,	0,	-EBUSY },
	[OP_SET_MEMSEG] = { -ENODEV,	0,	0,	0,	-EBUSY },
	[OP_UNSET_MEMSEG] = { -ENODEV,	-ENOENT, -ENOENT, -ENOENT, -EBUSY },
	/* of a device that is not there: ptdev_given has those that are */
	[OP_ASSIGN_PTDEV] = { -ENODEV,	-ENXIO,	-EBUSY,	-ENXIO,	-EBUSY },
	[OP_DEASSIGN_PTDEV] = { -ENODEV, -ENOENT, -EBUSY, -ENOENT, -EBUSY },
	[OP_SET_PTDEV_INTR] = { -ENODEV, -ENOENT, -EBUSY, -ENOENT, -EBUSY },
	[OP_RESET_PTDEV_INTR] = { -ENODEV, -ENOENT, -EBUSY, -ENOENT, -EBUSY },
	[OP_ASSIGN_PCIDEV] = { -ENODEV,	-ENXIO,	-EBUSY,	-ENXIO,	-EBUSY },
	[OP_DEASSIGN_PCIDEV] = { -ENODEV, -ENOENT, -EBUSY, -ENOENT, -EBUSY },
	/* nobody knows of a device there */
	[OP_ASSIGN_MMIODEV] = { -ENODEV, -EINVAL, -EBUSY, -EINVAL, -EBUSY },
	[OP_DEASSIGN_MMIODEV] = { -ENODEV, -ENOENT, -EBUSY, -ENOENT, -EBUSY },
	/* there are none before v2.2 */
	[OP_ADD_HV_VDEV] = { -ENODEV,	-EIO,	-EBUSY,	-EIO,	-EBUSY },
	[OP_REMOVE_HV_VDEV] = { -ENODEV, -ENOENT, -EBUSY, -ENOENT, -EBUSY },
	[OP_EVENT_IOEVENTFD] = { -ENODEV, 0,	0,	0,	-EBUSY },
	[OP_EVENT_IRQFD] = { -ENODEV,	0,	0,	0,	-EBUSY },
};

/*
 * Hypercalls but for HC_PAUSE_VM and HC_DESTROY_VM, which the driver makes by
 * itself too while it has a VM that is dying.
 */
static unsigned long asked_for_calls(void)
{
	return hv_calls(HC_ANY) - hv_calls(HC_PAUSE_VM) -
	       hv_calls(HC_DESTROY_VM);
}

/* The retries pause once for each time they try to destroy */
static unsigned long unpaired_pauses(void)
{
	return hv_calls(HC_PAUSE_VM) - hv_calls(HC_DESTROY_VM);
}

/* What the hypervisor's release makes of it */
static int expected_result(enum op op, enum vm_state state)
{
	/* all there are were made by CREATE_VM */
	if (op == OP_CREATE_VCPU && state == VM_CREATED && hv_makes_vcpus())
		return -EINVAL;
	if (hv_generation() < 22 || (state != VM_CREATED && state != VM_STARTED &&
				     state != VM_PAUSED))
		return results[op][state];
	if (op == OP_ADD_HV_VDEV && state != VM_STARTED)
		return state == VM_CREATED ? 0 : -EINVAL;
	if (op == OP_PM_GET_CPU_STATE && state != VM_CREATED)
		return -EIO;
	return results[op][state];
}

static void one_call(enum op op, enum vm_state state)
{
	int expected = expected_result(op, state);
	struct vm_model vm = { state, state == VM_EMPTY ? 0 : 1 };
	unsigned long calls, pauses;
	int fd, result;

	fd = vm_in_state(state, 0);
	calls = asked_for_calls();
	pauses = unpaired_pauses();
	result = op_run(op, fd, 0, 1);
	check_result(result, expected, "%s in %s", op_info[op].name,
		     vm_state_names[state]);
	/* EIO is the hypervisor's, and what becomes of a virtual device */
	if (expected && expected != -EIO && op != OP_ADD_HV_VDEV) {
		check_equal(asked_for_calls(), calls,
			    "hypercalls for %s, refused in %s",
			    op_info[op].name, vm_state_names[state]);
		if (state != VM_DYING)
			check_equal(unpaired_pauses(), pauses, "HC_PAUSE_VM");
	}
	check_result(op_expect(op, &vm, 1), expected,
		     "op_expect() of %s in %s", op_info[op].name,
		     vm_state_names[state]);
	if (state == VM_DYING) {
		hv_behave();
		check_result(vm_destroy(fd), 0, "DESTROY_VM at last");
	} else {
		vm_check(0, &vm);
	}
	close(fd);
}

static void all_calls(enum vm_state state)
{
	enum op op;

	for (op = 0; op < OPS; op++)
		one_call(op, state);
}

TEST(empty, "[A1] [A17] each ioctl without a VM")
{
	all_calls(VM_EMPTY);
}

TEST(created, "[A2] each ioctl in CREATED")
{
	all_calls(VM_CREATED);
}

TEST(started, "each ioctl in STARTED")
{
	all_calls(VM_STARTED);
}

TEST(paused, "each ioctl in PAUSED")
{
	all_calls(VM_PAUSED);
}

TEST(dying, "[A6] [A7] each ioctl on a VM that is dying")
{
	all_calls(VM_DYING);
}

/* The state is looked at last: a bad argument is bad in every state */
TEST(bad_arguments_first, "[A17] numbers and arguments are checked before the state")
{
	enum vm_state state;

	for (state = VM_EMPTY; state < VM_STATES; state++) {
		struct acrn_create_vcpu vcpu = { .vcpu_id = ACRN_MAX_VCPUS };
		struct acrn_create_vm create;
		struct acrn_set_vcpu_regs regs;
		int fd = vm_in_state(state, 0);
		unsigned long calls = asked_for_calls();

		vm_fill_create(&create, 0);
		create.reserved1 = 1;
		vm_fill_regs(&regs);
		regs.reserved0[0] = 1;
		check_result(hsm_ioctl(fd, ACRN_IC(0xff), NULL), -ENOTTY,
			     "unknown in %s", vm_state_names[state]);
		check_result(hsm_ioctl(fd, IC_CREATE_VM, NULL), -EFAULT,
			     "CREATE_VM in %s", vm_state_names[state]);
		check_result(hsm_ioctl(fd, IC_CREATE_VCPU, NULL), -EFAULT,
			     "CREATE_VCPU in %s", vm_state_names[state]);
		check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, NULL), -EFAULT,
			     "SET_VCPU_REGS in %s", vm_state_names[state]);
		check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), -EINVAL,
			     "CREATE_VM in %s", vm_state_names[state]);
		check_result(hsm_ioctl(fd, IC_CREATE_VCPU, &vcpu), -EINVAL,
			     "CREATE_VCPU in %s", vm_state_names[state]);
		check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &regs), -EINVAL,
			     "SET_VCPU_REGS in %s", vm_state_names[state]);
		check_equal(asked_for_calls(), calls, "hypercalls in %s",
			    vm_state_names[state]);
		if (state == VM_DYING) {
			hv_behave();
			check_result(vm_destroy(fd), 0, "DESTROY_VM at last");
		}
		close(fd);
	}
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
