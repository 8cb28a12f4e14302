// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* vCPUs: their ids, their number, and the physical CPUs they take */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "vm.h"

static unsigned int free_pcpus(void)
{
	struct hv_probe probe;

	hv_probe(&probe);
	return probe.user_pcpus;
}

static void check_vcpus(unsigned int vcpus)
{
	struct vm_model vm = { VM_CREATED, vcpus };

	vm_check(0, &vm);
}

TEST(ids_in_order, "[A16] ids come in order, each once")
{
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int id;

	check_result(vm_create_vcpu(fd, 0), -EEXIST, "vCPU 0 again");
	for (id = 2; id < ACRN_MAX_VCPUS; id++)
		check_result(vm_create_vcpu(fd, id), -EINVAL,
			     "vCPU %u before vCPU 1", id);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_vcpus(1);
	check_result(vm_create_vcpu(fd, 1), 0, "vCPU 1");
	check_result(vm_create_vcpu(fd, 0), -EEXIST, "vCPU 0 again");
	check_result(vm_create_vcpu(fd, 1), -EEXIST, "vCPU 1 again");
	check_vcpus(2);
}

TEST(after_reset, "[A16] RESET_VM leaves the vCPUs")
{
	int fd = vm_in_state(VM_PAUSED, 0);

	check_result(vm_reset(fd), 0, "RESET_VM");
	check_vcpus(1);
	check_result(vm_create_vcpu(fd, 0), -EEXIST, "vCPU 0 after RESET_VM");
	check_result(vm_create_vcpu(fd, 1), 0, "vCPU 1 after RESET_VM");
	check_vcpus(2);
}

TEST(after_destroy, "[A16] the next VM on the file begins with vCPU 0")
{
	int fd = vm_in_state(VM_CREATED, 0);

	check_result(vm_create_vcpu(fd, 1), 0, "vCPU 1");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_vcpus(0);
	check_result(vm_create_vcpu(fd, 1), -EINVAL, "vCPU 1 of the next VM");
	check_result(vm_create_vcpu(fd, 0), 0, "vCPU 0 of the next VM");
}

TEST(failure_takes_no_id, "[A16] a failure takes no id")
{
	int fd = vm_in_state(VM_CREATED, 0);

	hv_refuse(HC_CREATE_VCPU, 1, HV_FAILED);
	check_result(vm_create_vcpu(fd, 1), -EIO, "vCPU 1");
	check_vcpus(1);
	check_result(vm_create_vcpu(fd, 2), -EINVAL, "vCPU 2");
	check_result(vm_create_vcpu(fd, 1), 0, "vCPU 1 once more");
	check_vcpus(2);
}

TEST(registers_of_no_vcpu, "registers of vCPUs that do not exist")
{
	struct acrn_set_vcpu_regs regs;
	unsigned long calls;
	unsigned int id;
	int fd = hsm_open();

	vm_fill_regs(&regs);
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	calls = hv_calls(HC_ANY);
	for (id = 0; id < ACRN_MAX_VCPUS; id++) {
		regs.vcpu_id = id;
		check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &regs), -EINVAL,
			     "SET_VCPU_REGS of vCPU %u", id);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(vm_create_vcpu(fd, 0), 0, "vCPU 0");
	check_result(vm_create_vcpu(fd, 1), 0, "vCPU 1");
	regs.vcpu_id = 1;
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &regs), 0,
		     "SET_VCPU_REGS of vCPU 1");
	regs.vcpu_id = 2;
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &regs), -EINVAL,
		     "SET_VCPU_REGS of vCPU 2");
}

/* vCPUs until there is no physical CPU left, or the VM can have no more */
static unsigned int fill(int fd)
{
	unsigned int id = 0;

	while (!vm_create_vcpu(fd, id))
		id++;
	return id;
}

TEST(last_pcpu, "the last physical CPU, and one more")
{
	unsigned int pcpus = free_pcpus(), total = 0, i;
	struct vm_model vm[MAX_VMS];
	int fd[MAX_VMS];

	if (pcpus >= MAX_VMS * TESTBED_MAX_VCPUS)
		skip("the VMs cannot take all of %u physical CPUs", pcpus);
	for (i = 0; i < MAX_VMS; i++) {
		fd[i] = hsm_open();
		check_result(vm_create(fd[i], i), 0, "CREATE_VM");
		vm[i] = (struct vm_model){ VM_CREATED, fill(fd[i]) };
		total += vm[i].vcpus;
	}
	check_equal(total, pcpus, "vCPUs");
	for (i = 0; i < MAX_VMS; i++) {
		check_result(vm_create_vcpu(fd[i], vm[i].vcpus), -EIO,
			     "a vCPU for which no physical CPU is left");
		vm_check(i, &vm[i]);
	}
	check_result(vm_set_regs(fd[0]), 0, "SET_VCPU_REGS");
	check_result(vm_set_memory(fd[0]), 0, "SET_MEMSEG");
	check_result(vm_start(fd[0]), 0, "START_VM");

	check_result(vm_destroy(fd[0]), 0, "DESTROY_VM");
	i = MAX_VMS - 1;
	check_result(vm_create_vcpu(fd[i], vm[i].vcpus), 0,
		     "a vCPU on a physical CPU that is free again");
}

TEST(more_than_a_vm_can_have, "as many vCPUs as a VM can have, and one more")
{
	unsigned int pcpus = free_pcpus();
	int fd = hsm_open();

	if (pcpus <= TESTBED_MAX_VCPUS)
		skip("needs more than %u physical CPUs for User VMs",
		     TESTBED_MAX_VCPUS);
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_equal(fill(fd), TESTBED_MAX_VCPUS, "vCPUs");
	check_result(vm_create_vcpu(fd, TESTBED_MAX_VCPUS), -EINVAL,
		     "one more");
	check_vcpus(TESTBED_MAX_VCPUS);
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM");
}

/* A hypervisor that allows more vCPUs than there are slots is not even asked. */
TEST(more_than_slots, "as many vCPUs as there are slots, and one more")
{
	unsigned int pcpus = free_pcpus();
	unsigned long calls;
	int fd = hsm_open();

	if (pcpus < ACRN_MAX_VCPUS)
		skip("needs %u physical CPUs for User VMs", ACRN_MAX_VCPUS);
	hv_vcpu_limit(TESTBED_VCPU_SLOTS);
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_equal(fill(fd), ACRN_MAX_VCPUS, "vCPUs");
	calls = hv_calls(HC_CREATE_VCPU);
	check_result(vm_create_vcpu(fd, ACRN_MAX_VCPUS), -EINVAL, "one more");
	check_equal(hv_calls(HC_CREATE_VCPU), calls, "HC_CREATE_VCPU");
	check_vcpus(ACRN_MAX_VCPUS);
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM");
}

TEST(pcpus_of_their_own, "each vCPU has a physical CPU of its own")
{
	unsigned long first, second, third;
	int fd = vm_in_state(VM_STARTED, 1), two = hsm_open();

	check_result(vm_create(two, 0), 0, "CREATE_VM");
	check_result(vm_create_vcpu(two, 0), 0, "vCPU 0");
	check_result(vm_create_vcpu(two, 1), 0, "vCPU 1");
	first = hv_vcpu(VMID(1), 0, TESTBED_REG_PCPU);
	second = hv_vcpu(VMID(0), 0, TESTBED_REG_PCPU);
	third = hv_vcpu(VMID(0), 1, TESTBED_REG_PCPU);
	check(first != second && second != third && first != third,
	      "physical CPUs %lu, %lu and %lu", first, second, third);
	close(fd);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
