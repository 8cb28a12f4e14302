// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The Service VM hibernates, as far as the kernel's own test of that goes: its
 * processes are frozen for a while, and nothing is written.
 */
#include <errno.h>
#include <string.h>

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

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
