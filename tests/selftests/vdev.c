// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* PCI devices that the hypervisor emulates, from v2.2 on */
#include <errno.h>
#include <unistd.h>

#include "a2.h"
#include "capability.h"
#include "harness.h"
#include "kernel.h"
#include "ptdev.h"
#include "vm.h"

#define LEGACY(n)	((uint64_t)(n) << 32 | PT_IVSHMEM)
#define SLOT		0x20
#define ROOM		8		/* for so many of a VM, in the test hypervisor */

static int fd;

static int change(bool add, uint64_t id, uint64_t slot)
{
	return pt_vdev(fd, add, id, slot);
}

static int add(uint64_t slot)
{
	return change(true, PT_IVSHMEM, slot);
}

static int take(uint64_t slot)
{
	return change(false, PT_IVSHMEM, slot);
}

/* The hypervisor has room for ROOM more: nothing was left. */
static void check_none(void)
{
	unsigned int i;

	for (i = 0; i < ROOM; i++)
		check_result(add(0x100 + i), 0, "device %u", i);
	check_result(add(0x100 + ROOM), -EINVAL, "one more");
	for (i = 0; i < ROOM; i++)
		check_result(take(0x100 + i), 0, "device %u back", i);
}

TEST(added, "added and removed, once")
{
	unsigned long calls;

	fd = pt_create(0, 0);
	calls = hv_calls(HC_ANY);
	check_result(take(SLOT), -ENOENT, "remove what there is not");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(add(SLOT), 0, "add");
	calls = hv_calls(HC_ANY);
	check_result(add(SLOT), -EEXIST, "add again");
	check_result(change(true, PT_IVSHMEM + 1, SLOT), -EEXIST, "add another kind there");
	check_result(change(true, PT_IVSHMEM, 1UL << 32 | SLOT), -EEXIST, "the same slot");
	check_result(change(false, PT_IVSHMEM + 1, SLOT), -ENOENT, "remove another kind");
	check_result(take(SLOT + 1), -ENOENT, "remove from another slot");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(take(SLOT), 0, "remove");
	check_result(take(SLOT), -ENOENT, "remove again");
	/* what is no PCI device has no slot */
	check_result(change(true, LEGACY(1), 0), 0, "add one that is no PCI device");
	check_result(change(true, LEGACY(2), 0), 0, "add another");
	check_result(change(true, LEGACY(2), 0), -EEXIST, "add it again");
	check_result(change(false, LEGACY(1), 0), 0, "remove one");
	check_result(change(false, LEGACY(2), 0), 0, "remove the other");
	check_result(change(true, 0, SLOT), -EINVAL, "what the hypervisor does not know");
	check_none();
}

/* ACRN removes a real device as if it were of the kind that it is told, and panics. */
TEST(real_device, "never where a real device is, nor that where one of these is")
{
	unsigned long calls;

	pci_start();
	fd = pt_create(0, 0);
	check_result(pt_assign(fd, PCI_EDU), 0, "ASSIGN");
	calls = hv_calls(HC_ANY);
	check_result(add(PT_VIRT_BDF), -EEXIST, "add where a real device is");
	check_result(add(0xffff0000 | PT_VIRT_BDF), -EEXIST, "the same slot");
	check_result(add(PT_NO_PCI), -EEXIST, "add where nothing is");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(pt_deassign(fd, PCI_EDU), 0, "DEASSIGN");

	check_result(add(PT_VIRT_BDF), 0, "add");
	calls = hv_calls(HC_ANY);
	check_result(pt_assign(fd, PCI_EDU), -EEXIST, "ASSIGN where it is");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(take(PT_VIRT_BDF), 0, "remove");
	check_result(pt_assign(fd, PCI_EDU), 0, "ASSIGN when it is gone");
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
}

TEST(bad_pointers, "bad pointers")
{
	fd = pt_create(0, 0);
	check_result(hsm_ioctl(fd, pt_is_a2() ? ACRN_A2_CREATE_VDEV : IC_ADD_HV_VDEV, NULL),
		     -EFAULT, "add");
	check_result(hsm_ioctl(fd, pt_is_a2() ? ACRN_A2_DESTROY_VDEV : IC_REMOVE_HV_VDEV,
			       NULL), -EFAULT, "remove");
}

static void in_other_process(void *data)
{
	check_result(add(SLOT + 1), -EPERM, "add");
	check_result(take(SLOT), -EPERM, "remove");
}

/* It is no hardware, and whose it may be is the hypervisor's configuration. */
static void without_capability(void *data)
{
	keep_capability(-1);
	fd = pt_create(1, 0);
	check_result(add(SLOT), 0, "add");
	check_result(take(SLOT), 0, "remove");
}

TEST(states, "when, and by whom")
{
	in_child(without_capability, NULL);
	fd = pt_create(0, 0);
	check_result(add(SLOT), 0, "add");
	in_child(in_other_process, NULL);
	check_result(pt_start(fd), 0, "START_VM");
	check_result(add(SLOT + 1), -EBUSY, "add to a VM that runs");
	check_result(take(SLOT), -EBUSY, "remove from a VM that runs");
	check_result(pt_pause(fd), 0, "PAUSE_VM");
	check_result(pt_reset_vm(fd), 0, "RESET_VM");
	check_result(add(SLOT), -EEXIST, "RESET_VM keeps it");
	check_result(take(SLOT), 0, "remove");
	check_none();
}

TEST(refused, "refused in each way")
{
	static const enum testbed_fail hows[] = {
		TESTBED_FAIL_REFUSE, TESTBED_FAIL_UNWRITTEN, TESTBED_FAIL_AFTER,
	};
	unsigned int i;

	fd = pt_create(0, 0);
	for (i = 0; i < ARRAY_SIZE(hows); i++) {
		hv_fail(HC_ADD_VDEV, 0, 1, HV_FAILED, hows[i]);
		check_result(add(SLOT), -EIO, "add");
		check_none();
	}
	check_result(add(SLOT), 0, "add");
	hv_refuse(HC_REMOVE_VDEV, 1, HV_FAILED);
	check_result(take(SLOT), -EIO, "remove");
	check_result(take(SLOT), 0, "remove at last");
	check_none();
}

static void live(void *data)
{
	fd = pt_create(0, 0);
	check_result(add(SLOT), 0, "add");
	check_result(add(SLOT + 8), 0, "add");
	pause();
}

TEST(destroyed, "removed before the VM is destroyed, however that comes about")
{
	unsigned long calls;

	fd = pt_create(0, 0);
	check_result(add(SLOT), 0, "add");
	check_result(add(SLOT + 8), 0, "add");
	calls = hv_calls(HC_REMOVE_VDEV);
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	check_equal(hv_calls(HC_REMOVE_VDEV) - calls, 2, "HC_REMOVE_VDEV");
	close(fd);

	/* what it does not remove goes with the VM */
	fd = pt_create(0, 0);
	check_result(add(SLOT), 0, "add");
	hv_refuse(HC_REMOVE_VDEV, TESTBED_FOREVER, HV_FAILED);
	close(fd);
	hv_behave();
	check(vm_gone(0, 1000), "the VM is left");
	fd = pt_create(0, 0);
	check_none();
}

TEST(killed, "removed when the device model is killed")
{
	unsigned long added = hv_calls(HC_ADD_VDEV), calls = hv_calls(HC_REMOVE_VDEV);
	pid_t pid = start_child(live, NULL);

	while (hv_calls(HC_ADD_VDEV) - added < 2)
		sleep_ms(1);
	kill_child(pid);
	check_equal(hv_calls(HC_REMOVE_VDEV) - calls, 2, "HC_REMOVE_VDEV");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
