// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The plain numbers on hypervisors since v1.4, which make the vCPUs with the VM, as
 * acrn-dm v1.4 to v2.5 uses them.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define PORT		0x620
#define LIMIT_MS	20000

static int create(int fd, uint64_t affinity, unsigned int vcpus, uint16_t *got)
{
	struct acrn_create_vm argument;
	int ret;

	vm_fill_create(&argument, 0);
	argument.vcpu_num = vcpus;
	argument.cpu_affinity = affinity;
	ret = hsm_ioctl(fd, IC_CREATE_VM, &argument);
	*got = argument.vcpu_num;
	if (!ret)
		check_equal(argument.cpu_affinity, affinity, "cpu_affinity");
	return ret;
}

TEST(created, "CREATE_VM says how many there are, and CREATE_VCPU makes none")
{
	unsigned long before;
	struct shown_vm shown;
	int fd = hsm_open();
	uint16_t vcpus;
	unsigned int i;

	check_result(create(fd, hv_user_cpus(), 0, &vcpus), 0, "CREATE_VM");
	check_equal(vcpus, __builtin_popcountl(hv_user_cpus()), "vCPUs");
	check(shown_vm(VMID(0), &shown), "debugfs does not show the VM");
	check_equal(shown.vcpus, vcpus, "vCPUs in debugfs");
	before = hv_calls(HC_ANY);
	for (i = 0; i < vcpus; i++)
		check_result(vm_create_vcpu(fd, i), 0, "CREATE_VCPU %u", i);
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU 0 again");
	for (i = vcpus; i < ACRN_MAX_VCPUS; i++)
		check_result(vm_create_vcpu(fd, i), -EINVAL, "CREATE_VCPU %u", i);
	check_equal(hv_calls(HC_ANY), before, "hypercalls");
	close(fd);
}

TEST(not_asked, "what the device model says of their number does not matter")
{
	int fd = hsm_open();
	uint16_t vcpus;

	check_result(create(fd, 0, ACRN_MAX_VCPUS, &vcpus), 0, "CREATE_VM");
	check_equal(vcpus, 1, "vCPUs");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS without CREATE_VCPU");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM without CREATE_VCPU");
	close(fd);
}

TEST(bad_affinity, "CPUs that there are not")
{
	int fd = hsm_open();
	uint16_t vcpus;

	check_result(create(fd, ~0ULL, 0, &vcpus), -EIO, "CREATE_VM on all");
	check_result(create(fd, 1ULL << 63, 0, &vcpus), -EIO, "CREATE_VM on 63");
	check_result(create(fd, 0, 0, &vcpus), 0, "CREATE_VM");
	close(fd);
}

static bool answer(struct guest *guest, struct access *access, void *data)
{
	++*(unsigned int *)data;
	return true;
}

TEST(runs, "several of them run, from reset to reset")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 1, PORT, 0x11, 0 }, { GUEST_IN + 2, PORT, 0, 0 },
	};
	unsigned int i, round, requests;
	struct guest guest;
	uint16_t vcpus;

	guest.fd = hsm_open();
	check_result(create(guest.fd, hv_user_cpus(), 0, &vcpus), 0, "CREATE_VM");
	guest_prepare(&guest, 0, vcpus);
	check_result(memseg_set(guest.fd, 0, guest.memory, GUEST_SIZE), 0,
		     "SET_MEMSEG");
	guest.client = client_create(guest.fd);
	for (round = 0; round < 2; round++) {
		requests = 0;
		guest_set_regs(&guest);
		for (i = 0; i < vcpus; i++)
			guest_program_vcpu(&guest, i, ops, ARRAY_SIZE(ops));
		guest_start(&guest);
		serve_until_done(&guest, answer, &requests, LIMIT_MS);
		check_equal(requests, vcpus * ARRAY_SIZE(ops), "requests");
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(clear_requests(guest.fd), 0, "CLEAR_VM_IOREQ");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
	}
	guest_end(&guest);
}

/*
 * Bit 4 is a real-time VM's here; it runs on when it is paused.  The hypervisor takes
 * no notification for it, so it has to poll.
 */
TEST(real_time, "a real-time VM is answered until the hypervisor has stopped it")
{
	static const struct guest_op ops[] = {
		{ GUEST_IN + 4, PORT, 0, 0 }, { GUEST_AGAIN, 0, FOR_EVER, 0 },
	};
	unsigned int requests = 0, before;
	struct guest guest;

	guest_new(&guest, 0, ACRN_VM_FLAG_RT_V1_6 | ACRN_VM_FLAG_POLLING);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(wait_for_request(&guest, LIMIT_MS), "no request");
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	serve_once(&guest, answer, &requests);
	check(wait_for_request(&guest, LIMIT_MS), "no request after PAUSE_VM");
	check_result(vm_reset(guest.fd), -EIO, "RESET_VM of one that runs");
	before = requests;
	while (requests < before + 10) {
		check(wait_for_request(&guest, LIMIT_MS),
		      "no request after RESET_VM");
		serve_once(&guest, answer, &requests);
	}
	hv_guest_off(VMID(0));
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM when it is off");
	check_result(vm_reset(guest.fd), 0, "RESET_VM when it is off");
	guest_end(&guest);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
