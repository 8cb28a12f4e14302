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

/* A call with an argument that is good for it */
static int plain_call(int fd, unsigned int n)
{
	static union argument argument;
	struct acrn_intr_monitor monitor = { .cmd = ACRN_INTR_MONITOR_GET };

	switch (n) {
	case 0:
		return vm_destroy(fd);
	case 1:
		return vm_start(fd);
	case 2:
		return vm_pause(fd);
	case 3:
		return vm_reset(fd);
	case 4:
		return vm_create_vcpu(fd, 0);
	case 5:
		return vm_set_regs(fd);
	case 6:
		return msi_inject(fd, MSI_ADDR, 0);
	case 7:
		return irqline_set(fd, 0, ACRN_IRQLINE_HIGH);
	case 8:
		return hsm_ioctl(fd, IC_VM_INTR_MONITOR, &monitor);
	case 9:
		return client_notify(fd, 1, 0);
	case 10:
		return client_create(fd);
	case 11:
		return client_attach(fd, 1);
	case 12:
		return client_destroy(fd, 1);
	case 13:
		return clear_requests(fd);
	case 14:
		return memseg_set(fd, 0, get_pages(1), PAGE_SIZE);
	case 15:
		return memseg_unset(fd, 0, PAGE_SIZE);
	case 16:
		return ioeventfd(fd, event_new(), ACRN_IOEVENTFD_PIO, 0x80, 1, 0);
	case 17:
		return irqfd(fd, event_new(), 0, MSI_ADDR, 0);
	default:
		op_fill(OP_CREATE_VM, &argument, 3, 0);
		return hsm_ioctl(fd, IC_CREATE_VM, &argument);
	}
}

#define PLAIN_CALLS	19

static int a2_call_n(int fd, unsigned int n)
{
	struct acrn_intr_monitor monitor = { .cmd = ACRN_INTR_MONITOR_GET };
	struct acrn_msi_entry msi = { .msi_addr = MSI_ADDR };
	struct acrn_irqfd irqfd = { .fd = event_new(), .msi = msi };
	uint64_t question = ACRN_PM_PX_COUNT;

	switch (n) {
	case 0:
		return a2_call(fd, ACRN_A2_DESTROY_VM);
	case 1:
		return a2_call(fd, ACRN_A2_START_VM);
	case 2:
		return a2_call(fd, ACRN_A2_PAUSE_VM);
	case 3:
		return a2_call(fd, ACRN_A2_RESET_VM);
	case 4:
		return a2_set_regs(fd);
	case 5:
		return hsm_ioctl(fd, ACRN_A2_INJECT_MSI, &msi);
	case 6:
		return hsm_ioctl(fd, ACRN_A2_SET_IRQLINE, NULL);
	case 7:
		return hsm_ioctl(fd, ACRN_A2_VM_INTR_MONITOR, &monitor);
	case 8:
		return a2_notify(fd, VMID(0), 0);
	case 9:
		return a2_call(fd, ACRN_A2_CREATE_IOREQ_CLIENT);
	case 10:
		return a2_call(fd, ACRN_A2_ATTACH_IOREQ_CLIENT);
	case 11:
		return a2_call(fd, ACRN_A2_DESTROY_IOREQ_CLIENT);
	case 12:
		return a2_call(fd, ACRN_A2_CLEAR_VM_IOREQ);
	case 13:
		return a2_memseg_set(fd, 0, get_pages(1), PAGE_SIZE);
	case 14:
		return a2_memseg_unset(fd, 0, PAGE_SIZE);
	case 15:
		return a2_ioeventfd(fd, event_new(), ACRN_IOEVENTFD_PIO, 0x80, 1, 0);
	case 16:
		return hsm_ioctl(fd, ACRN_A2_IRQFD, &irqfd);
	case 17:
		return hsm_ioctl(fd, ACRN_A2_PM_GET_CPU_STATE, &question);
	default:
		return a2_create(fd, 3);
	}
}

#define A2_CALLS	19

TEST(plain_on_a2, "the plain numbers on a VM of the second contract: EINVAL")
{
	struct acrn_api_version version;
	int fd = hsm_open();
	unsigned long before;
	unsigned int n;

	check_result(a2_create(fd, 0), 0, "CREATE_VM");
	before = hv_calls(HC_ANY);
	for (n = 0; n < PLAIN_CALLS; n++)
		check_result(plain_call(fd, n), -EINVAL, "plain call %u", n);
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

	for (n = 0; n < A2_CALLS; n++)
		check_result(a2_call_n(fd, n), -EINVAL, "call %u", n);
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
		plain_call(shared_fd, 4 + i % 14);
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
		a2_call_n(shared_fd, 4 + i % 13);
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
