// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* PCI devices that are given to User VMs */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "control.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "vm.h"

#define DEVICES		"/sys/bus/pci/devices/"
#define PROBE		"/sys/bus/pci/drivers_probe"
#define RESCAN		"/sys/bus/pci/rescan"
#define SHOWN		"/sys/kernel/debug/acrn_hsm/devices"

#define COMMAND		4	/* register of the configuration space */
#define COMMAND_MASTER	4

#define V_1_6		16
#define V_2_6		26

static void name_of(unsigned int bdf, char *name, size_t size)
{
	snprintf(name, size, "0000:%02x:%02x.%x", bdf >> 8 & 0xff, bdf >> 3 & 0x1f,
		 bdf & 7);
}

/**
 * pci_path() - a file of a device in sysfs
 * @bdf: the device
 * @file: the file
 * @path: filled in
 * @size: room there
 */
void pci_path(unsigned int bdf, const char *file, char *path, size_t size)
{
	char name[16];

	name_of(bdf, name, sizeof(name));
	snprintf(path, size, DEVICES "%s/%s", name, file);
}

bool pci_there(unsigned int bdf)
{
	char path[80];

	pci_path(bdf, "config", path, sizeof(path));
	return !access(path, F_OK);
}

static int write_file(unsigned int bdf, const char *file, const char *text)
{
	char path[80];

	pci_path(bdf, file, path, sizeof(path));
	return write_text(path, text);
}

/**
 * pci_drivers() - have the tests' drivers, and no group
 * @parameters: of pcidrv.ko
 */
void pci_drivers(const char *parameters)
{
	if (!access("/sys/module/pcidrv", F_OK))
		check_result(module_unload("pcidrv"), 0, "rmmod pcidrv");
	check_result(module_load("pcidrv", parameters), 0, "insmod pcidrv");
}

/* The devices, with no driver; the tests' drivers are there. */
void pci_start(void)
{
	static const unsigned int bdfs[] = { PCI_EDU, PCI_EDU_2, PCI_E1000E };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bdfs); i++) {
		check(pci_there(bdfs[i]), "no device 0x%x: run with --devices", bdfs[i]);
		pci_unbind(bdfs[i]);
	}
	pci_drivers("");
}

/**
 * pci_bind() - bind a device to a driver
 * @bdf: the device, which has none
 * @driver: the driver
 */
void pci_bind(unsigned int bdf, const char *driver)
{
	char name[16];

	name_of(bdf, name, sizeof(name));
	check_result(write_file(bdf, "driver_override", driver), 0, "driver_override");
	check_result(write_text(PROBE, name), 0, "drivers_probe");
}

/* From its driver, if it has one */
void pci_unbind(unsigned int bdf)
{
	char name[16];

	name_of(bdf, name, sizeof(name));
	write_file(bdf, "driver/unbind", name);
	write_file(bdf, "driver_override", "\n");
}

void pci_remove(unsigned int bdf)
{
	check_result(write_file(bdf, "remove", "1"), 0, "remove");
	check(!pci_there(bdf), "0x%x is still there", bdf);
}

void pci_rescan(void)
{
	check_result(write_text(RESCAN, "1"), 0, RESCAN);
}

/**
 * pci_bar() - where a device's registers are
 * @bdf: the device
 * @bar: which of them
 * @size: set to how many bytes
 *
 * Return: the physical address.
 */
uint64_t pci_bar(unsigned int bdf, unsigned int bar, size_t *size)
{
	uint64_t start, end;
	char path[80], text[2048], *line = text;

	pci_path(bdf, "resource", path, sizeof(path));
	check_result(read_text(path, text, sizeof(text)), 0, "%s", path);
	while (bar--)
		line = strchr(line, '\n') + 1;
	start = strtoull(line, &line, 16);
	end = strtoull(line, NULL, 16);
	check(start, "0x%x has no such BAR", bdf);
	*size = end - start + 1;
	return start;
}

/**
 * pci_registers() - the registers in a device's first BAR
 * @bdf: the device
 *
 * As the Service VM sees them, whoever has the device.
 *
 * Return: the first page of them.
 */
volatile uint32_t *pci_registers(unsigned int bdf)
{
	char path[80];
	void *p;
	int fd;

	pci_path(bdf, "resource0", path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	check(fd >= 0, "%s", path);
	p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(p != MAP_FAILED, "mmap");
	close(fd);
	return p;
}

/* Until then Linux has its line go nowhere, and it may not decode addresses. */
void pci_enable(unsigned int bdf)
{
	char path[80], enabled[16];

	pci_path(bdf, "enable", path, sizeof(path));
	check_result(read_text(path, enabled, sizeof(enabled)), 0, "%s", path);
	if (enabled[0] == '0')
		check_result(write_text(path, "1"), 0, "%s", path);
}

void pci_disable(unsigned int bdf)
{
	write_file(bdf, "enable", "0");
}

static uint16_t command_of(unsigned int bdf, int mode, int *fd)
{
	uint16_t command;
	char path[80];

	pci_path(bdf, "config", path, sizeof(path));
	*fd = open(path, mode | O_CLOEXEC);
	check(*fd >= 0 && pread(*fd, &command, sizeof(command), COMMAND) == sizeof(command),
	      "%s: %s", path, strerror(errno));
	return command;
}

bool pci_is_master(unsigned int bdf)
{
	int fd;
	bool master = command_of(bdf, O_RDONLY, &fd) & COMMAND_MASTER;

	close(fd);
	return master;
}

/* As a guest does */
void pci_set_master(unsigned int bdf)
{
	int fd;
	uint16_t command = command_of(bdf, O_RDWR, &fd) | COMMAND_MASTER;

	check(pwrite(fd, &command, sizeof(command), COMMAND) == sizeof(command),
	      "config: %s", strerror(errno));
	close(fd);
}

struct hv_device hv_device(unsigned int bdf)
{
	unsigned long reg[4] = { bdf };

	check_result(hv_command(TESTBED_DEVICE, reg), 0, "TESTBED_DEVICE");
	return (struct hv_device){ reg[0], reg[1] };
}

/**
 * shown_device() - what debugfs shows of a device
 * @bdf: the device
 * @owner: set to who has it
 * @size: room there
 *
 * Return: whether anybody has it.
 */
bool shown_device(unsigned int bdf, char *owner, size_t size)
{
	char text[1024], name[16], *line;

	name_of(bdf, name, sizeof(name));
	check_result(read_text(SHOWN, text, sizeof(text)), 0, SHOWN);
	line = strstr(text, name);
	if (!line)
		return false;
	snprintf(owner, size, "%.*s", (int)strcspn(line + strlen(name) + 1, "\n"),
		 line + strlen(name) + 1);
	return true;
}

/**
 * check_owner() - driver and hypervisor agree on who has a device
 * @bdf: the device
 * @vmid: who; 0: the Service VM
 * @when: for messages
 */
void check_owner(unsigned int bdf, unsigned int vmid, const char *when)
{
	char owner[16] = "0";

	check_equal(hv_device(bdf).dma, vmid, "%s: owner of 0x%x", when, bdf);
	if (!vmid)
		check_equal(hv_device(bdf).function, 0, "%s: function of 0x%x", when, bdf);
	shown_device(bdf, owner, sizeof(owner));
	check_equal(strtoul(owner, NULL, 10), vmid, "%s: shown owner of 0x%x", when, bdf);
}

/* Device models up to v1.5 say which device by a BDF, and no more. */
bool pt_by_bdf(void)
{
	return hv_generation() < V_1_6;
}

/* Device models from v2.6 on call with Linux's numbers. */
bool pt_is_a2(void)
{
	return hv_generation() >= V_2_6;
}

unsigned int pt_hc_assign(void)
{
	return pt_by_bdf() ? HC_ASSIGN_PTDEV : HC_ASSIGN_PCIDEV;
}

unsigned int pt_hc_deassign(void)
{
	return pt_by_bdf() ? HC_DEASSIGN_PTDEV : HC_DEASSIGN_PCIDEV;
}

/**
 * pt_create() - open the node and create a VM with one vCPU, and memory where it starts
 * @config: its configuration
 * @flags: its flags
 *
 * Return: the file.
 */
int pt_create(unsigned int config, unsigned long flags)
{
	int fd = hsm_open();

	if (pt_is_a2()) {
		check_result(a2_create_flags(fd, config, flags), 0, "CREATE_VM");
		check_result(a2_memseg_set(fd, VM_START_PAGE, vm_start_page(), PAGE_SIZE),
			     0, "SET_MEMSEG");
		return fd;
	}
	check_result(vm_create_flags(fd, config, flags), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	return fd;
}

/* The same, without an I/O request page and a vCPU of the driver's making */
int pt_create_bare(unsigned int config)
{
	struct acrn_a2_create_vm a2;
	struct acrn_create_vm create;
	int fd = hsm_open();

	a2_fill_create(&a2, config);
	a2.ioreq_buf = 0;
	vm_fill_create(&create, config);
	create.req_buf = 0;
	check_result(pt_is_a2() ? hsm_ioctl(fd, ACRN_A2_CREATE_VM, &a2) :
			       hsm_ioctl(fd, IC_CREATE_VM, &create), 0, "CREATE_VM");
	return fd;
}

int pt_start(int fd)
{
	return pt_is_a2() ? a2_call(fd, ACRN_A2_START_VM) : vm_start(fd);
}

int pt_pause(int fd)
{
	return pt_is_a2() ? a2_call(fd, ACRN_A2_PAUSE_VM) : vm_pause(fd);
}

int pt_reset_vm(int fd)
{
	return pt_is_a2() ? a2_call(fd, ACRN_A2_RESET_VM) : vm_reset(fd);
}

int pt_destroy(int fd)
{
	return pt_is_a2() ? a2_call(fd, ACRN_A2_DESTROY_VM) : vm_destroy(fd);
}

static int change(int fd, unsigned int bdf, bool assign)
{
	struct acrn_a2_pcidev a2 = { .virt_bdf = PT_VIRT_BDF, .phys_bdf = bdf };
	struct acrn_pcidev pcidev = { .virt_bdf = PT_VIRT_BDF, .phys_bdf = bdf };
	uint16_t by_bdf = bdf;

	/* what a compiler leaves there, and what v1.6 uses */
	a2.reserved = 0x5a5a;
	memset(pcidev.reserved1, 0x5a, sizeof(pcidev.reserved1));
	pcidev.padding = 0x5a5a5a5a;
	if (pt_is_a2())
		return hsm_ioctl(fd, assign ? ACRN_A2_ASSIGN_PCIDEV :
				 ACRN_A2_DEASSIGN_PCIDEV, &a2);
	if (pt_by_bdf())
		return hsm_ioctl(fd, assign ? IC_ASSIGN_PTDEV : IC_DEASSIGN_PTDEV,
				 &by_bdf);
	return hsm_ioctl(fd, assign ? IC_ASSIGN_PCIDEV : IC_DEASSIGN_PCIDEV, &pcidev);
}

int pt_assign(int fd, unsigned int bdf)
{
	return change(fd, bdf, true);
}

int pt_deassign(int fd, unsigned int bdf)
{
	return change(fd, bdf, false);
}

static int interrupts(int fd, unsigned int bdf, unsigned int type,
		      unsigned int first, unsigned int second, bool set)
{
	/* as far as they go, the same in both contracts */
	struct acrn_ptdev_irq irq = {
		.type = type, .virt_bdf = PT_VIRT_BDF, .phys_bdf = bdf,
		.virt_pin = first, .phys_pin = second,
	};

	if (pt_is_a2())
		return hsm_ioctl(fd, set ? ACRN_A2_SET_PTDEV_INTR :
				 ACRN_A2_RESET_PTDEV_INTR, &irq);
	return hsm_ioctl(fd, set ? IC_SET_PTDEV_INTR_INFO :
			 IC_RESET_PTDEV_INTR_INFO, &irq);
}

/* @first, @second: pins, or number of vectors and size of the table */
int pt_set(int fd, unsigned int bdf, unsigned int type, unsigned int first,
	   unsigned int second)
{
	return interrupts(fd, bdf, type, first, second, true);
}

int pt_reset(int fd, unsigned int bdf, unsigned int type, unsigned int first)
{
	return interrupts(fd, bdf, type, first, 0, false);
}

int pt_map(int fd, uint64_t gpa, uint64_t hpa, size_t size)
{
	if (pt_is_a2())
		return a2_memseg(fd, ACRN_A2_SET_MEMSEG, ACRN_A2_MEMMAP_MMIO,
				 ACRN_A2_MEMMAP_READ | ACRN_A2_MEMMAP_WRITE, gpa,
				 (void *)(uintptr_t)hpa, size);
	return memseg_set_mmio(fd, gpa, hpa, size, ACRN_PROT_READ | ACRN_PROT_WRITE);
}

int pt_unmap(int fd, uint64_t gpa, size_t size)
{
	return pt_is_a2() ? a2_memseg_unset(fd, gpa, size) : memseg_unset_mmio(fd, gpa, size);
}

/* One range of registers */
int pt_mmio(int fd, bool assign, uint64_t gpa, uint64_t hpa, uint64_t size)
{
	/* with what the driver is not to look at */
	struct acrn_a2_mmiodev a2 = {
		.res = { { 0 }, { gpa, hpa, size, ~0x38UL }, { 1, 2, 0, 3 } },
	};
	struct acrn_mmiodev mmio = {
		.gpa = gpa, .hpa = hpa, .size = size, .reserved = { 1, 2, 3 },
	};

	if (pt_is_a2())
		return hsm_ioctl(fd, assign ? ACRN_A2_ASSIGN_MMIODEV :
				 ACRN_A2_DEASSIGN_MMIODEV, &a2);
	return hsm_ioctl(fd, assign ? IC_ASSIGN_MMIODEV : IC_DEASSIGN_MMIODEV, &mmio);
}

/* There is no such call with the plain numbers. */
int pt_pio(int fd, bool assign, unsigned int port, unsigned int size)
{
	struct acrn_a2_pio_region pio = { "uart", port, size };

	return hsm_ioctl(fd, assign ? ACRN_A2_ASSIGN_PIO_REGION :
			 ACRN_A2_DEASSIGN_PIO_REGION, &pio);
}

int pt_line(int fd, bool set, unsigned int virt, unsigned int phys)
{
	struct acrn_ptdev_irq irq = {
		.virt_bdf = PT_NO_PCI, .phys_bdf = PT_NO_PCI,
		.virt_pin = virt, .phys_pin = phys,
	};

	if (pt_is_a2())
		return hsm_ioctl(fd, set ? ACRN_A2_SET_PTDEV_INTR :
				 ACRN_A2_RESET_PTDEV_INTR, &irq);
	return hsm_ioctl(fd, set ? IC_SET_PTDEV_INTR_INFO : IC_RESET_PTDEV_INTR_INFO,
			 &irq);
}

int pt_vdev(int fd, bool add, uint64_t id, uint64_t slot)
{
	struct acrn_a2_vdev a2 = { .id = id, .slot = slot };
	struct acrn_vdev vdev = { .id = id, .slot = slot };

	if (pt_is_a2())
		return hsm_ioctl(fd, add ? ACRN_A2_CREATE_VDEV : ACRN_A2_DESTROY_VDEV,
				 &a2);
	return hsm_ioctl(fd, add ? IC_ADD_HV_VDEV : IC_REMOVE_HV_VDEV, &vdev);
}
