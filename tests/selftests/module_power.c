// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The Service VM hibernates, as far as the kernel's own test of that goes: its
 * processes are frozen for a while, and nothing is written.  And it stops, as far as
 * the driver is told of it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define STATE	"/sys/power/state"
#define TESTING	"/sys/power/pm_test"

/* The image would be of memory that User VMs go on writing to. */
static void need_hibernation(void)
{
	char text[64];

	if (read_text(STATE, text, sizeof(text)) || !strstr(text, "disk"))
		skip("this kernel does not hibernate");
	if (write_text(TESTING, "freezer"))
		skip("this kernel cannot try to hibernate");
}

TEST(refused, "[D11] no hibernation while there is a VM")
{
	struct vm_model started = { VM_STARTED, 1 };
	int fd;

	need_hibernation();
	fd = vm_in_state(VM_STARTED, 0);
	check_result(write_text(STATE, "disk"), -EBUSY, "hibernation");
	vm_check(0, &started);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_to_state(fd, VM_DYING, 0);
	check_result(write_text(STATE, "disk"), -EBUSY,
		     "hibernation while a VM is dying");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");

	/* and there can be VMs as before */
	vm_to_state(fd, VM_STARTED, 0);
	vm_check(0, &started);
}

TEST(possible, "[D11] hibernation with files open, and VMs after that")
{
	struct vm_model started = { VM_STARTED, 1 };
	unsigned long vectors;
	int fd = hsm_open();

	need_hibernation();
	vectors = hv_calls(HC_SET_CALLBACK_VECTOR);
	check_result(write_text(STATE, "disk"), 0, "hibernation");
	check(hv_calls(HC_SET_CALLBACK_VECTOR) > vectors,
	      "the hypervisor was not told again where upcalls arrive");
	vm_to_state(fd, VM_STARTED, 0);
	vm_check(0, &started);
}

/*
 * The next kernel, after a reboot or by kexec, must find no VM that goes on writing to
 * what is its memory then.
 */
TEST(stops, "[D11] the kernel stops: all VMs are destroyed, and there will be none")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int fd[MAX_VMS];
	unsigned int i;

	fd[0] = vm_in_state(VM_CREATED, 0);
	fd[1] = vm_in_state(VM_STARTED, 1);
	fd[2] = vm_in_state(VM_PAUSED, 2);
	fd[3] = hsm_open();
	check_result(module_load("reboot", ""), 0, "insmod reboot");
	check_result(module_unload("reboot"), 0, "rmmod reboot");
	for (i = 0; i < 3; i++) {
		vm_check(i, &empty);
		check_result(vm_start(fd[i]), -ENODEV, "START_VM");
	}
	check_equal(process_pinned_kb(), 0, "pinned memory");
	for (i = 0; i < MAX_VMS; i++) {
		check_result(vm_create(fd[i], i), -EBUSY, "CREATE_VM");
		close(fd[i]);
	}
	/* the kernel that did not stop after all */
	check_result(driver_unload(), 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
	close(vm_in_state(VM_STARTED, 0));
}

/* Nobody asks again once the next kernel runs: when the driver returns, all are gone. */
TEST(stops_for_good, "[D11] also those that the hypervisor refuses to destroy at first")
{
	int first = vm_in_state(VM_STARTED, 0), second = vm_in_state(VM_STARTED, 1);

	hv_refuse(HC_DESTROY_VM, 1, -EINVAL);
	check_result(vm_destroy(first), -EINVAL, "DESTROY_VM");
	hv_refuse(HC_DESTROY_VM, 3, -EINVAL);
	check_result(module_load("reboot", ""), 0, "insmod reboot");
	check(vm_gone(0, 0), "the VM that was dying before is left");
	check(vm_gone(1, 0), "the VM that ran is left");
	hv_behave();
	check_result(module_unload("reboot"), 0, "rmmod reboot");
	close(first);
	close(second);
	check_result(driver_unload(), 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
}

TEST(stops_all_the_same, "[D11] the kernel does not wait for ever for one that it refuses")
{
	int fd = vm_in_state(VM_STARTED, 0);

	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(module_load("reboot", ""), 0, "insmod reboot");
	check_result(module_unload("reboot"), 0, "rmmod reboot");
	check(!vm_gone(0, 0), "the hypervisor did not refuse");
	hv_behave();
	check(vm_gone(0, 5000), "the VM is left");
	close(fd);
	check_result(driver_unload(), 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
