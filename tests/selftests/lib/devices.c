// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* A User VM that is given one device of each kind */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "a2.h"
#include "devices.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "vm.h"

#define BAR_GPA		0x80000000UL
#define REGS_GPA	0xf0000000UL
#define REGS		0xfed40000UL	/* of platdev.ko */
#define REGS_SIZE	0x5000UL
#define PORT		0x2e8
#define PORTS		8
#define PIN		16
#define LINE		11
#define PIN_2		17
#define LINE_2		10
#define REAPED_MS	4000

static int fd = -1;
static uint64_t bar;
static size_t bar_size;

static int run_open(void)
{
	fd = open(HSM_NODE, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

static int run_create(void)
{
	struct acrn_create_vm create;
	struct acrn_a2_create_vm a2;

	/* without an I/O request page: it is not started */
	a2_fill_create(&a2, 0);
	a2.ioreq_buf = 0;
	vm_fill_create(&create, 0);
	create.req_buf = 0;
	return pt_is_a2() ? hsm_ioctl(fd, ACRN_A2_CREATE_VM, &a2) :
			    hsm_ioctl(fd, IC_CREATE_VM, &create);
}

static int run_assign(void)
{
	return pt_assign(fd, PCI_EDU);
}

static int run_map(void)
{
	return pt_map(fd, BAR_GPA, bar, bar_size);
}

static int run_msi(void)
{
	return pt_set(fd, PCI_EDU, ACRN_PTDEV_IRQ_MSI, 1, 0);
}

static int run_line(void)
{
	return pt_set(fd, PCI_EDU, ACRN_PTDEV_IRQ_INTX, PIN, LINE);
}

static int run_mmio(void)
{
	return pt_mmio(fd, true, REGS_GPA, REGS, REGS_SIZE);
}

static bool has_ports(void)
{
	return hv_generation() >= 33;
}

static int run_ports(void)
{
	return has_ports() ? pt_pio(fd, true, PORT, PORTS) : 0;
}

static int run_other_line(void)
{
	return pt_line(fd, true, PIN_2, LINE_2);
}

static int run_vdev(void)
{
	return pt_vdev(fd, true, PT_IVSHMEM, 0x20);
}

static int run_vdev_back(void)
{
	return pt_vdev(fd, false, PT_IVSHMEM, 0x20);
}

static int run_other_line_back(void)
{
	return pt_line(fd, false, PIN_2, LINE_2);
}

static int run_ports_back(void)
{
	return has_ports() ? pt_pio(fd, false, PORT, PORTS) : 0;
}

static int run_mmio_back(void)
{
	return pt_mmio(fd, false, REGS_GPA, REGS, REGS_SIZE);
}

static int run_line_back(void)
{
	return pt_reset(fd, PCI_EDU, ACRN_PTDEV_IRQ_INTX, PIN);
}

static int run_msi_back(void)
{
	return pt_reset(fd, PCI_EDU, ACRN_PTDEV_IRQ_MSI, 1);
}

static int run_unmap(void)
{
	return pt_unmap(fd, BAR_GPA, bar_size);
}

static int run_deassign(void)
{
	return pt_deassign(fd, PCI_EDU);
}

static int run_destroy(void)
{
	return pt_destroy(fd);
}

static int run_close(void)
{
	int file = fd;

	fd = -1;
	return close(file) ? -errno : 0;
}

const struct devices_step devices_steps[DEVICES_STEPS] = {
	{ "open()", run_open },
	{ "CREATE_VM", run_create },
	{ "ASSIGN", run_assign },
	{ "SET_MEMSEG", run_map },
	{ "SET of an MSI", run_msi, -EINVAL, .until = 13 },
	{ "SET of a line", run_line },
	{ "ASSIGN_MMIODEV", run_mmio, -EIO, .since = 21 },
	{ "ASSIGN_PIO_REGION", run_ports },
	{ "SET of no PCI device's", run_other_line, -ENOENT, .since = 33 },
	{ "ADD_VDEV", run_vdev, -EIO, .since = 22 },
	{ "REMOVE_VDEV", run_vdev_back, -ENOENT, .since = 22, .tidy = true },
	{ "RESET of no PCI device's", run_other_line_back, -ENOENT, .since = 33,
	  .tidy = true },
	{ "DEASSIGN_PIO_REGION", run_ports_back, .tidy = true },
	{ "DEASSIGN_MMIODEV", run_mmio_back, -ENOENT, .since = 21, .tidy = true },
	{ "RESET of a line", run_line_back, .tidy = true },
	{ "RESET of an MSI", run_msi_back, -ENOENT, .until = 13, .tidy = true },
	{ "UNSET_MEMSEG", run_unmap, .tidy = true },
	{ "DEASSIGN", run_deassign, .tidy = true },
	/* newer hypervisors only destroy what is paused; the answer counts */
	{ "DESTROY_VM", run_destroy, .tidy = true, .silent = true },
	/* a VM that cannot be destroyed is tried again */
	{ "close()", run_close, .silent = true },
};

/* What all lives use */
void devices_begin(void)
{
	pci_start();
	bar = pci_bar(PCI_EDU, 0, &bar_size);
	if (access("/sys/module/platdev", F_OK))
		check_result(module_load("platdev", ""), 0, "insmod platdev");
}

void devices_end(void)
{
	module_unload("platdev");
	module_unload("pcidrv");
}

int devices_run(unsigned int step)
{
	return devices_steps[step].run();
}

/* What it says when nothing fails */
int devices_expect(unsigned int step)
{
	const struct devices_step *s = &devices_steps[step];
	unsigned int release = hv_generation();

	return release < s->since || (s->until && release > s->until) ? s->expected : 0;
}

/**
 * devices_check_back() - the VM is gone, and the Service VM has all devices
 * @when: for messages
 */
void devices_check_back(const char *when)
{
	static char text[16384];

	check(vm_gone(0, REAPED_MS), "%s: the VM is left", when);
	check_owner(PCI_EDU, 0, when);
	check_result(read_text("/proc/iomem", text, sizeof(text)), 0, "/proc/iomem");
	check(!strstr(text, "fed40000-fed44fff : ACRN VM"), "%s: registers are not back",
	      when);
	check_result(read_text("/proc/ioports", text, sizeof(text)), 0, "/proc/ioports");
	check(!strstr(text, "02e8-02ef : ACRN VM"), "%s: ports are not back", when);
}
