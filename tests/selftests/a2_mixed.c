// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Calls of both contracts on one file: a VM belongs to the contract that created
 * it, whoever has the file.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "a2.h"
#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"

#define ROUNDS		300

TEST(plain_on_a2, "the plain numbers on a VM of the second contract: EINVAL")
{
	struct acrn_api_version version;
	int fd = hsm_open();
	unsigned long before;
	enum op op;

	check_result(a2_create(fd, 0), 0, "CREATE_VM");
	before = hv_calls(HC_ANY);
	for (op = OP_CREATE_VM; op < OPS; op++)
		check_result(op_run(op, fd, 3, 0), -EINVAL, "%s",
			     op_info[op].name);
	check_equal(hv_calls(HC_ANY), before, "hypercalls");
	check_result(hsm_ioctl(fd, IC_GET_API_VERSION, &version), 0,
		     "GET_API_VERSION, which needs no VM");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_CREATED, "state");
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");

	/* an empty file is anybody's */
	check_result(vm_create(fd, 0), 0, "CREATE_VM with a plain number");
	check_result(a2_call(fd, ACRN_A2_PAUSE_VM), -EINVAL, "PAUSE_VM");
	check_result(vm_pause(fd), 0, "PAUSE_VM with a plain number");
	close(fd);
}

TEST(a2_on_plain, "the second contract on a VM of the plain numbers: EINVAL")
{
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long before = hv_calls(HC_ANY);
	unsigned int n;

	for (n = 0; n < A2_OPS; n++)
		check_result(a2_op_run(fd, &a2_ops[n]), -EINVAL, "%s",
			     a2_ops[n].name);
	check_result(a2_call(fd, ACRN_A2_START_VM), -EINVAL, "START_VM");
	check_result(a2_set_regs(fd), -EINVAL, "SET_VCPU_REGS");
	check_equal(hv_calls(HC_ANY), before, "hypercalls");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_CREATED, "state");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_result(a2_create(fd, 0), 0, "CREATE_VM of the second contract");
	close(fd);
}

TEST(dying, "a VM that is dying is still its contract's")
{
	int fd = hsm_open();

	check_result(a2_create(fd, 0), 0, "CREATE_VM");
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), -EINVAL, "DESTROY_VM");
	check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM with a plain number");
	check_result(a2_call(fd, ACRN_A2_PAUSE_VM), -EBUSY, "PAUSE_VM");
	check_result(vm_pause(fd), -EINVAL, "PAUSE_VM with a plain number");
	hv_behave();
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM at last");
	close(fd);
}

TEST(refused_create, "a CREATE_VM that failed leaves the file to anybody")
{
	int fd = hsm_open();

	hv_refuse(HC_CREATE_VM, 1, -1);
	check_result(a2_create(fd, 0), -EIO, "CREATE_VM");
	check_result(vm_create(fd, 0), 0, "CREATE_VM with a plain number");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	hv_refuse(HC_CREATE_VM, 1, -1);
	check_result(vm_create(fd, 0), -EIO, "CREATE_VM with a plain number");
	check_result(a2_create(fd, 0), 0, "CREATE_VM");
	close(fd);
}

static void other_process(void *data)
{
	int fd = *(int *)data;

	check_result(vm_pause(fd), -EINVAL, "PAUSE_VM with a plain number");
	check_result(a2_call(fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	check_result(vm_create(fd, 0), 0, "CREATE_VM with a plain number");
}

TEST(passed_on, "a file that goes from a client of one to a client of the other")
{
	int fd = hsm_open();

	check_result(a2_create(fd, 0), 0, "CREATE_VM");
	in_child(other_process, &fd);
	check_result(a2_call(fd, ACRN_A2_PAUSE_VM), -EINVAL, "PAUSE_VM");
	check_result(vm_pause(fd), 0, "PAUSE_VM with a plain number");
	check_result(memseg_set(fd, 0, get_pages(1), PAGE_SIZE), -EPERM,
		     "SET_MEMSEG of who did not create it");
	close(fd);
}

static int shared_fd;

static void *plain_thread(void *data)
{
	unsigned int i;

	(void)data;
	for (i = 0; i < ROUNDS; i++) {
		vm_create(shared_fd, 0);
		op_run(OP_CREATE_VM + i % (OPS - OP_CREATE_VM), shared_fd, 0, 0);
		vm_pause(shared_fd);
		vm_destroy(shared_fd);
	}
	return NULL;
}

static void *a2_thread(void *data)
{
	unsigned int i;

	(void)data;
	for (i = 0; i < ROUNDS; i++) {
		a2_create(shared_fd, 0);
		a2_op_run(shared_fd, &a2_ops[i % A2_OPS]);
		a2_call(shared_fd, ACRN_A2_PAUSE_VM);
		a2_call(shared_fd, ACRN_A2_DESTROY_VM);
	}
	return NULL;
}

/* Whatever comes of it, nothing is left and nothing was done to another VM. */
TEST(two_threads, "both contracts at once, from two threads")
{
	int bystander = vm_in_state(VM_CREATED, 1);
	struct vm_model model = { VM_CREATED, 1 };
	pthread_t plain, a2;

	shared_fd = hsm_open();
	pthread_create(&plain, NULL, plain_thread, NULL);
	pthread_create(&a2, NULL, a2_thread, NULL);
	pthread_join(plain, NULL);
	pthread_join(a2, NULL);
	close(shared_fd);
	check(vm_gone(0, 3000), "the VM is still there");
	vm_check(1, &model);
	close(bystander);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
