// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The test hypervisor's book of devices that User VMs were given: what ACRN answers,
 * and what it does wrong, which is a complaint.  Hypercalls are made without the driver.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "harness.h"
#include "kernel.h"
#include "raw_hypercall.h"
#include "vm.h"

#define DEVICE		0x0b	/* 00:01.3, the ACPI function of QEMU's machine */
#define NO_DEVICE	0xf8	/* 00:1f.0 */
#define TPM		0xfed40000UL
#define INTX		0
#define MSI		1
#define MSIX		2
#define TABLE_MAX	96

static unsigned long release;

static void check_raw(long answer, long expected, const char *what)
{
	check(answer == expected, "%s: answers %ld, expected %ld", what, answer,
	      expected);
}

static uint64_t block(const void *data, size_t size)
{
	memcpy(raw_at(RAW_PARAM), data, size);
	return raw_gpa(RAW_PARAM);
}

static void end_vm(unsigned int config)
{
	raw_call(HC_PAUSE_VM, VMID(config), 0);
	raw_call(HC_DESTROY_VM, VMID(config), 0);
}

/* A new VM, and no device given away */
static void begin(void)
{
	unsigned char param[56] = { 0 };
	unsigned long reg[4];
	unsigned int i;

	raw_open();
	hv_expect(TESTBED_FOREVER);
	for (i = 0; i < MAX_VMS; i++)
		end_vm(i);
	hv_expect(0);
	hv_behave();
	check_result(hv_command(TESTBED_GENERATION, reg), 0, "TESTBED_GENERATION");
	release = reg[0];
	for (i = 0; i < 2; i++) {
		vm_fill_create((void *)param, i);
		((struct acrn_create_vm *)param)->req_buf = 0;
		check_raw(raw_call(HC_CREATE_VM, block(param, sizeof(param)), 0),
			  0, "CREATE_VM");
	}
}

static void end(unsigned long complaints)
{
	hv_expect(complaints);
	end_vm(0);
	check_equal(hv_expect(0), complaints, "complaints at DESTROY_VM");
	end_vm(1);
}

/* Is this release without a call?  Then it says that it does not know it. */
static bool is_absent(unsigned long first, unsigned long last, unsigned int call)
{
	long unknown = release < 22 ? -1 : release < 30 ? -EINVAL : -ENOTTY;

	if (release >= first && release <= last)
		return false;
	check_raw(raw_call(call, VMID(0), raw_gpa(RAW_PARAM)), unknown,
		  "what it does not know");
	end(0);
	return true;
}

static long intr(unsigned int call, unsigned int config, uint32_t type,
		 uint32_t first, uint32_t second)
{
	const struct {
		uint32_t type;
		uint16_t virt_bdf, phys_bdf;
		uint32_t first, second;
		uint64_t rest;
	} param = { type, 0x18, DEVICE, first, second };

	return raw_call(call, VMID(config), block(&param, sizeof(param)));
}

static void assign(unsigned int config)
{
	check_raw(raw_call(HC_ASSIGN_PTDEV, VMID(config), DEVICE), 0,
		  "ASSIGN_PTDEV");
}

TEST(ptdev, "v1.x: a device is given, once, and given back")
{
	begin();
	if (is_absent(13, 13, HC_ASSIGN_PTDEV))
		return;
	assign(0);
	check_raw(raw_call(HC_ASSIGN_PTDEV, VMID(0), DEVICE), -1, "again");
	check_raw(raw_call(HC_ASSIGN_PTDEV, VMID(1), DEVICE), -1, "to another");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(1), DEVICE), -1,
		  "back from another");
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), 0, "SET of an MSI");
	check_raw(intr(HC_RESET_PTDEV_INTR, 0, MSIX, 1, 0), 0, "RESET of it as MSI-X");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(0), DEVICE), 0, "back");
	/* it knows nothing of which devices there are */
	check_raw(raw_call(HC_ASSIGN_PTDEV, VMID(0), NO_DEVICE), 0, "no device");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(0), NO_DEVICE), 0, "back");
	hv_expect(3);
	check_raw(raw_call(HC_ASSIGN_PTDEV, VMID(2), DEVICE), -EINVAL,
		  "to a VM that is off");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(2), DEVICE), -1,
		  "from a VM that is off");
	check_raw(raw_call(HC_ASSIGN_PTDEV, VMID(0), 1UL << 46), -EIO,
		  "a BDF that is nowhere");
	check_equal(hv_expect(0), 3, "complaints");
	end(0);
}

TEST(panics, "v1.x: what makes ACRN panic")
{
	begin();
	if (is_absent(13, 13, HC_ASSIGN_PTDEV))
		return;
	hv_expect(1);
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), 0, "SET without ASSIGN");
	check_equal(hv_expect(0), 1, "complaints");
	end(1);

	begin();
	assign(0);
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), 0, "SET");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(0), DEVICE), 0,
		  "back without RESET");
	end(1);

	/* a SET that fails has given the function all the same */
	begin();
	assign(0);
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSIX, 17, 0), -1, "SET of too many");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(0), DEVICE), 0, "back");
	end(1);

	begin();
	assign(0);
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSIX, 17, 0), -1, "SET of too many");
	check_raw(intr(HC_RESET_PTDEV_INTR, 0, MSIX, 17, 0), -1, "RESET of as many");
	check_raw(intr(HC_RESET_PTDEV_INTR, 0, MSIX, 0, 0), 0, "RESET of none");
	check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(0), DEVICE), 0, "back");
	end(0);
}

TEST(kept, "v1.x: a device with SET comes back by itself, one without does not")
{
	begin();
	if (is_absent(13, 13, HC_ASSIGN_PTDEV))
		return;
	assign(0);
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), 0, "SET");
	end(0);

	begin();
	assign(0);
	end(1);
}

TEST(table, "v1.x: each SET takes a place in a table")
{
	unsigned int i;

	begin();
	if (is_absent(13, 13, HC_ASSIGN_PTDEV))
		return;
	assign(0);
	for (i = 0; i < TABLE_MAX; i++)
		check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), 0, "SET");
	hv_expect(1);
	check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), 0, "one too many");
	check_equal(hv_expect(0), 1, "complaints");
	end(0);
}

TEST(lines, "lines of devices")
{
	long full;

	begin();
	full = release == 13 ? RAW_UNWRITTEN : -1;
	if (release == 13)
		assign(0);
	else
		check_raw(intr(HC_SET_PTDEV_INTR, 0, INTX, 16, 11), -1, "not assigned");
	if (release != 13) {
		const uint32_t pcidev[16] = { 0, DEVICE << 16 | 0x18 };

		check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(0),
				   block(pcidev, sizeof(pcidev))), 0,
			  "ASSIGN_PCIDEV");
		check_raw(intr(HC_SET_PTDEV_INTR, 0, MSI, 1, 0), -1, "an MSI");
	}
	check_raw(intr(HC_SET_PTDEV_INTR, 0, INTX, 16, 11), 0, "SET");
	check_raw(intr(HC_SET_PTDEV_INTR, 0, INTX, 48, 11), full, "pin 48");
	check_raw(intr(HC_SET_PTDEV_INTR, 0, INTX, 16, 120), full, "line 120");
	check_raw(intr(HC_RESET_PTDEV_INTR, 0, INTX, 16, 0), 0, "RESET");
	check_raw(intr(HC_RESET_PTDEV_INTR, 0, 3, 0, 0), -1, "type 3");
	if (release == 13)
		check_raw(raw_call(HC_DEASSIGN_PTDEV, VMID(0), DEVICE), 0, "back");
	end(0);
}

TEST(pcidev, "v1.6 and later: ASSIGN_PCIDEV")
{
	uint32_t pcidev[16] = { 0, DEVICE << 16 | 0x18 };

	begin();
	if (is_absent(16, 33, HC_ASSIGN_PCIDEV))
		return;
	check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(0),
			   block(pcidev, sizeof(pcidev))), 0, "ASSIGN_PCIDEV");
	check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(1),
			   block(pcidev, sizeof(pcidev))), RAW_UNWRITTEN,
		  "to another");
	check_raw(raw_call(HC_PAUSE_VM, VMID(0), 0), 0, "PAUSE_VM");
	/* before v2.1 it would work: the device is there already */
	check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(0), block(pcidev, sizeof(pcidev))),
		  release < 21 ? RAW_UNWRITTEN : -EINVAL, "in PAUSED");
	check_raw(raw_call(HC_DEASSIGN_PCIDEV, VMID(0),
			   block(pcidev, sizeof(pcidev))), 0, "back");
	pcidev[1] = NO_DEVICE << 16;
	check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(1),
			   block(pcidev, sizeof(pcidev))), RAW_UNWRITTEN,
		  "no device");
	/* it comes back by itself */
	pcidev[1] = DEVICE << 16;
	check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(1),
			   block(pcidev, sizeof(pcidev))), 0, "ASSIGN_PCIDEV");
	end(0);
	begin();
	check_raw(raw_call(HC_ASSIGN_PCIDEV, VMID(0),
			   block(pcidev, sizeof(pcidev))), 0, "ASSIGN_PCIDEV");
	end(0);
}

static long mmiodev(unsigned int call, uint64_t gpa, uint64_t hpa, uint64_t size)
{
	const uint64_t old[16] = { gpa, hpa, size };
	const uint64_t new[13] = { 0, gpa, hpa, size };

	return raw_call(call, VMID(0),
			release >= 26 ? block(new, sizeof(new)) :
					block(old, sizeof(old)));
}

TEST(ranges, "v2.1 and later: memory and ports of devices")
{
	const struct {
		char name[8];
		uint16_t port, size;
	} pio = { "uart", 0x3f8, 8 };

	begin();
	if (is_absent(21, 33, HC_ASSIGN_MMIODEV))
		return;
	check_raw(mmiodev(HC_ASSIGN_MMIODEV, TPM, TPM, 0x5000), 0, "ASSIGN");
	check_raw(mmiodev(HC_ASSIGN_MMIODEV, TPM, TPM + 1, 0x5000), -EINVAL,
		  "not aligned");
	check_raw(mmiodev(HC_DEASSIGN_MMIODEV, TPM, TPM, 0x5000), 0, "DEASSIGN");
	check_raw(mmiodev(HC_DEASSIGN_MMIODEV, TPM, TPM, 0x5000),
		  release >= 26 ? 0 : -EINVAL, "what it does not have");
	hv_expect(1);
	check_raw(mmiodev(HC_ASSIGN_MMIODEV, TPM, 0x100000, 0x1000), 0, "memory");
	check_equal(hv_expect(0), 1, "complaints");
	hv_expect(1);
	check_raw(mmiodev(HC_DEASSIGN_MMIODEV, TPM, 0x100000, 0x1000), 0, "back");
	check_equal(hv_expect(0), 1, "complaints");
	if (release == 33)
		check_raw(raw_call(HC_ASSIGN_PIO, VMID(0),
				   block(&pio, sizeof(pio))), 0, "ports");
	else
		check_raw(mmiodev(HC_ASSIGN_MMIODEV, TPM, TPM, 0x5000), 0,
			  "ASSIGN");
	/* nobody gives these back */
	end(1);
}

TEST(vdevs, "v2.2 and later: devices that the hypervisor emulates")
{
	uint64_t vdev[24] = { 0x11101af4, 0x18 };

	begin();
	if (is_absent(22, 33, HC_ADD_VDEV))
		return;
	check_raw(raw_call(HC_ADD_VDEV, VMID(0), block(vdev, sizeof(vdev))), 0,
		  "ADD_VDEV");
	check_raw(raw_call(HC_REMOVE_VDEV, VMID(0), block(vdev, sizeof(vdev))), 0,
		  "REMOVE_VDEV");
	check_raw(raw_call(HC_REMOVE_VDEV, VMID(0), block(vdev, sizeof(vdev))),
		  -EINVAL, "REMOVE_VDEV again");
	vdev[0] = 0;
	check_raw(raw_call(HC_ADD_VDEV, VMID(0), block(vdev, sizeof(vdev))),
		  -EINVAL, "an unknown device");
	end(0);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
