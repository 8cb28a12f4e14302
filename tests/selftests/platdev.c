// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Devices that are no PCI devices: their registers from v2.1 on, their ports and lines
 * from v3.3 on.  The device is that of platdev.ko.
 *
 * The hypervisor complains of ranges that a destroyed VM still has, and of what is given
 * to two; a complaint fails the test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "a2.h"
#include "capability.h"
#include "harness.h"
#include "iomem.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "raw_hypercall.h"
#include "vm.h"

#define GPA		0xf0000000UL
#define REGS		0xfed40000UL
#define REGS_SIZE	0x5000UL
#define REGS_2		0xfed50000UL
#define REGS_2_SIZE	0x2000UL
#define REGS_3		0xfed60000UL
#define HOLE		0xfed80000UL
#define HPET		0xfed00000UL
#define PORT		0x2e8
#define PORT_LOST	0x3e8
#define PORTS		8
#define PIN		16
#define LINE		10
#define ABANDON		"/sys/kernel/debug/acrn_hsm/abandon"
#define NAME		"ACRN VM 1"
#define RACES		100
#define SLOW_US		200	/* for the other to come meanwhile */

/* The driver tries again about once a second. */
#define REAPED_MS	4000

static int fd;

static bool has_mmio(void)
{
	return hv_generation() >= 21;
}

static bool has_ports(void)
{
	return hv_generation() >= 33;
}

static void begin(void)
{
	if (access("/sys/module/platdev", F_OK))
		check_result(module_load("platdev", ""), 0, "insmod platdev");
	fd = pt_create(0, 0);
}

static int give(int file)
{
	return pt_mmio(file, true, GPA, REGS, REGS_SIZE);
}

static int take(int file)
{
	return pt_mmio(file, false, GPA, REGS, REGS_SIZE);
}

static bool listed(const char *path, const char *line)
{
	static char text[16384];

	check_result(read_text(path, text, sizeof(text)), 0, "%s", path);
	return strstr(text, line);
}

static bool in_iomem(void)
{
	return listed("/proc/iomem", "fed40000-fed44fff : " NAME);
}

static bool in_ioports(void)
{
	return listed("/proc/ioports", "02e8-02ef : " NAME);
}

/* The driver refuses it: the hypervisor does not hear of it. */
static void refused(int result, uint64_t gpa, uint64_t hpa, uint64_t size,
		    const char *what)
{
	unsigned long calls = hv_calls(HC_ANY);

	check_result(pt_mmio(fd, true, gpa, hpa, size), result, "%s", what);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls for %s", what);
}

/* Nobody has anything: all can be given to another VM, and taken back. */
static void check_free(const char *when)
{
	int other = pt_create(2, 0);

	if (has_mmio()) {
		check_result(give(other), 0, "%s: give the registers", when);
		check_result(take(other), 0, "%s: take them", when);
	}
	if (has_ports()) {
		check_result(pt_pio(other, true, PORT, PORTS), 0, "%s: ports", when);
		check_result(pt_pio(other, false, PORT, PORTS), 0, "%s: back", when);
		check_result(pt_line(other, true, PIN, LINE), 0, "%s: line", when);
		check_result(pt_line(other, false, PIN, LINE), 0, "%s: back", when);
	}
	close(other);
}

/* ACRN says that it has taken back what it has not, if it finds something else there. */
TEST(places, "nothing else is where the registers are in the VM")
{
	struct acrn_a2_mmiodev two = {
		.res = {
			{ .user_pa = GPA, .host_pa = REGS, .size = REGS_SIZE },
			{ .user_pa = GPA + REGS_SIZE - PAGE_SIZE, .host_pa = REGS_2,
			  .size = REGS_2_SIZE },
		},
	};
	unsigned long calls;

	begin();
	if (!has_mmio())
		return;
	check_result(give(fd), 0, "ASSIGN_MMIODEV");
	calls = hv_calls(HC_ANY);
	check_result(pt_map(fd, GPA + PAGE_SIZE, REGS_3, PAGE_SIZE), -EEXIST,
		     "SET_MEMSEG there");
	check_result(pt_unmap(fd, GPA, REGS_SIZE), -ENOENT, "UNSET_MEMSEG");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(take(fd), 0, "DEASSIGN_MMIODEV");

	check_result(pt_map(fd, GPA + PAGE_SIZE, REGS_3, PAGE_SIZE), 0, "SET_MEMSEG");
	refused(-EEXIST, GPA, REGS, REGS_SIZE, "registers over a memseg");
	check_result(pt_unmap(fd, GPA + PAGE_SIZE, PAGE_SIZE), 0, "UNSET_MEMSEG");
	if (pt_is_a2()) {
		calls = hv_calls(HC_ANY);
		check_result(hsm_ioctl(fd, ACRN_A2_ASSIGN_MMIODEV, &two), -EEXIST,
			     "ranges over each other");
		check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	}
	check_free("after it was refused");
}

TEST(registers, "registers are given to one VM, and given back")
{
	int other;

	begin();
	other = pt_create(1, 0);
	if (!has_mmio()) {
		check_result(give(fd), -EIO, "ASSIGN_MMIODEV");
		check(!in_iomem(), "still in /proc/iomem");
		return;
	}
	check_result(give(fd), 0, "ASSIGN_MMIODEV");
	check(in_iomem(), "not in /proc/iomem");
	refused(-EBUSY, GPA, REGS, REGS_SIZE, "the same again");
	refused(-EBUSY, GPA, REGS + PAGE_SIZE, PAGE_SIZE, "a part of it");
	check_result(give(other), -EBUSY, "to another VM");
	check_result(take(other), -ENOENT, "from another VM");
	check_result(pt_mmio(fd, false, GPA, REGS, PAGE_SIZE), -ENOENT, "a part back");
	check_result(pt_mmio(fd, false, GPA + PAGE_SIZE, REGS, REGS_SIZE), -ENOENT,
		     "back from elsewhere");
	check_result(pt_mmio(other, true, 2 * GPA, REGS_2, REGS_2_SIZE), 0,
		     "another range to another VM");
	check_result(take(fd), 0, "DEASSIGN_MMIODEV");
	check(!in_iomem(), "still in /proc/iomem");
	check_result(take(fd), -ENOENT, "again");
	check_result(give(other), 0, "to another VM after all");
	close(other);
	check_free("closed");
}

TEST(three_ranges, "v2.6 and later: a device with three ranges")
{
	struct acrn_a2_mmiodev dev = {
		.name = "MMIODEV",
		.res = {
			{ GPA, REGS, REGS_SIZE }, { 2 * GPA, REGS_2, REGS_2_SIZE },
			{ 3 * GPA, REGS_2, REGS_2_SIZE },
		},
	};

	begin();
	if (hv_generation() < 26)
		return;
	check_result(hsm_ioctl(fd, ACRN_A2_ASSIGN_MMIODEV, &dev), -EBUSY,
		     "one of them twice");
	check_free("refused");
	dev.res[2].host_pa = REGS_3;
	check_result(hsm_ioctl(fd, ACRN_A2_ASSIGN_MMIODEV, &dev), -EBUSY,
		     "more than is there");
	dev.res[2].size = PAGE_SIZE;
	check_result(hsm_ioctl(fd, ACRN_A2_ASSIGN_MMIODEV, &dev), 0, "ASSIGN");
	/* as acrn-dm does */
	memset(dev.name, 0, sizeof(dev.name));
	check_result(hsm_ioctl(fd, ACRN_A2_DEASSIGN_MMIODEV, &dev), 0, "DEASSIGN");
	check_free("given back");
	check_result(hsm_ioctl(fd, ACRN_A2_ASSIGN_MMIODEV, &dev), 0, "ASSIGN");
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	check_free("destroyed");
}

/* A page that Linux keeps others away from, where RAM ends within a large block; 0: none */
static uint64_t ram_buffer(void)
{
	static char text[16384];
	char *line, *next, *end;
	uint64_t start;

	check_result(read_text("/proc/iomem", text, sizeof(text)), 0, "/proc/iomem");
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (!strstr(line, " : RAM buffer"))
			continue;
		start = (strtoull(line, &end, 16) + PAGE_SIZE - 1) & -PAGE_SIZE;
		if (strtoull(end + 1, NULL, 16) > start + PAGE_SIZE)
			return start;
	}
	return 0;
}

TEST(which, "what is no device's, a PCI device's, or in use")
{
	struct iomem ranges[64];
	unsigned int i, count = iomem_read(ranges, 64);
	uint64_t bar, buffer;
	size_t size;

	begin();
	refused(-EINVAL, GPA, HOLE, PAGE_SIZE, "what nobody knows");
	refused(-EINVAL, GPA, iomem_hypervisor(), PAGE_SIZE, "the hypervisor");
	for (i = 0; i < count; i++)
		if (ranges[i].ram && ranges[i].size > PAGE_SIZE)
			refused(-EBUSY, GPA, ranges[i].start, PAGE_SIZE, "RAM");
	buffer = ram_buffer();
	report("RAM buffer: %#lx", buffer);
	if (buffer)
		refused(-EINVAL, GPA, buffer, PAGE_SIZE, "what is reserved beside RAM");
	bar = pci_bar(PCI_EDU, 0, &size);
	refused(-EINVAL, GPA, bar, size, "registers of a PCI device");
	refused(-EINVAL, GPA, bar, PAGE_SIZE, "some of them");
	refused(-EBUSY, GPA, HPET, PAGE_SIZE, "what Linux uses");
	refused(-EBUSY, GPA, REGS, REGS_SIZE + PAGE_SIZE, "what goes beyond a device");
	refused(-EBUSY, GPA, REGS - PAGE_SIZE, 2 * PAGE_SIZE, "what begins before it");
	refused(-EINVAL, GPA + 1, REGS, REGS_SIZE, "a GPA within a page");
	refused(-EINVAL, GPA, REGS + 1, REGS_SIZE, "an HPA within a page");
	refused(-EINVAL, GPA, REGS, REGS_SIZE - 1, "a part of a page");
	refused(-EINVAL, GPA, REGS, 0, "nothing");
	refused(-EINVAL, GPA, REGS, -PAGE_SIZE, "too much");
	refused(-EINVAL, -PAGE_SIZE, REGS, REGS_SIZE, "an overflow of the GPA");
	refused(-EINVAL, GPA, -PAGE_SIZE, 2 * PAGE_SIZE, "an overflow of the HPA");
	if (has_mmio())
		check_result(give(fd), 0, "ASSIGN_MMIODEV");
}

TEST(memsegs, "registers in memsegs: of nobody else's device, and gone with it")
{
	int other;

	begin();
	if (!has_mmio())
		return;
	other = pt_create(1, 0);
	check_result(pt_map(other, GPA, REGS, PAGE_SIZE), 0, "SET_MEMSEG");
	refused(-EBUSY, GPA, REGS, REGS_SIZE, "what another VM has in a memseg");
	check_result(pt_unmap(other, GPA, PAGE_SIZE), 0, "UNSET_MEMSEG");
	check_result(give(fd), 0, "ASSIGN_MMIODEV");
	check_result(pt_map(other, GPA, REGS, PAGE_SIZE), -EBUSY, "SET_MEMSEG");
	check_result(pt_map(fd, 2 * GPA, REGS, PAGE_SIZE), 0, "SET_MEMSEG, its own");
	check_result(take(fd), 0, "DEASSIGN_MMIODEV");
	check_result(pt_unmap(fd, 2 * GPA, PAGE_SIZE), -ENOENT, "UNSET_MEMSEG");
	check_result(pt_map(other, GPA, REGS, PAGE_SIZE), 0, "SET_MEMSEG");
}

static void without_capability(void *data)
{
	int file;

	keep_capability(-1);
	file = pt_create(1, 0);
	check_result(give(file), -EPERM, "ASSIGN_MMIODEV");
	check_result(take(file), -ENOENT, "DEASSIGN_MMIODEV");
	if (!has_ports())
		return;
	check_result(pt_pio(file, true, PORT, PORTS), -EPERM, "ASSIGN_PIO_REGION");
	check_result(pt_pio(file, false, PORT, PORTS), -ENOENT, "DEASSIGN_PIO_REGION");
	check_result(pt_line(file, true, PIN, LINE), -EPERM, "SET");
	check_result(pt_line(file, false, PIN, LINE), -ENOENT, "RESET");
}

static void in_other_process(void *data)
{
	check_result(give(fd), -EPERM, "ASSIGN_MMIODEV");
	check_result(take(fd), -EPERM, "DEASSIGN_MMIODEV");
	if (!has_ports())
		return;
	check_result(pt_pio(fd, true, PORT, PORTS), -EPERM, "ASSIGN_PIO_REGION");
	check_result(pt_pio(fd, false, PORT, PORTS), -EPERM, "DEASSIGN_PIO_REGION");
}

TEST(privilege, "who may: those who may reach hardware, with a VM of their own")
{
	begin();
	in_child(without_capability, NULL);
	in_child(in_other_process, NULL);
	check_free("refused");
}

TEST(bad_pointers, "bad pointers")
{
	begin();
	check_result(hsm_ioctl(fd, has_ports() ? ACRN_A2_ASSIGN_MMIODEV :
			       IC_ASSIGN_MMIODEV, NULL), -EFAULT, "ASSIGN_MMIODEV");
	if (has_ports())
		check_result(hsm_ioctl(fd, ACRN_A2_ASSIGN_PIO_REGION, NULL), -EFAULT,
			     "ASSIGN_PIO_REGION");
}

/* @ret: -EBUSY is the driver's answer, -EIO for a line the hypervisor's */
static bool got(int ret, int refusal, const char *what)
{
	check(!ret || ret == refusal, "%s: %s", what, result_name(ret));
	return !ret;
}

static void *give_again(void *data)
{
	int file = (long)data;
	unsigned int i;

	for (i = 0; i < RACES; i++) {
		if (got(give(file), -EBUSY, "ASSIGN_MMIODEV"))
			check_result(take(file), 0, "DEASSIGN_MMIODEV");
		if (!has_ports())
			continue;
		if (got(pt_pio(file, true, PORT, PORTS), -EBUSY, "ASSIGN_PIO_REGION"))
			check_result(pt_pio(file, false, PORT, PORTS), 0, "DEASSIGN");
		if (got(pt_line(file, true, PIN, LINE), -EIO, "SET"))
			check_result(pt_line(file, false, PIN, LINE), 0, "RESET");
	}
	return NULL;
}

TEST(race, "two VMs want the same")
{
	pthread_t thread;

	begin();
	if (!has_mmio())
		return;
	hv_delay(HC_DEASSIGN_MMIODEV, SLOW_US);
	hv_delay(HC_DEASSIGN_PIO, SLOW_US);
	pthread_create(&thread, NULL, give_again, (void *)(long)pt_create(1, 0));
	give_again((void *)(long)fd);
	pthread_join(thread, NULL);
	hv_behave();
	check_free("after the race");
}

static void give_all(void)
{
	if (has_mmio())
		check_result(give(fd), 0, "ASSIGN_MMIODEV");
	if (!has_ports())
		return;
	check_result(pt_pio(fd, true, PORT, PORTS), 0, "ASSIGN_PIO_REGION");
	check_result(pt_line(fd, true, PIN, LINE), 0, "SET");
}

TEST(states, "given to a VM that was not started, kept by RESET_VM")
{
	begin();
	give_all();
	check_result(pt_start(fd), 0, "START_VM");
	check_result(give(fd), -EBUSY, "ASSIGN to a VM that runs");
	check_result(take(fd), -EBUSY, "DEASSIGN from a VM that runs");
	check_result(pt_pause(fd), 0, "PAUSE_VM");
	if (has_mmio())
		check_result(pt_mmio(fd, true, 2 * GPA, REGS_2, REGS_2_SIZE), -EINVAL,
			     "ASSIGN to a VM that was paused");
	check_result(pt_reset_vm(fd), 0, "RESET_VM");
	if (has_mmio()) {
		check(in_iomem(), "RESET_VM does not keep it");
		check_result(take(fd), 0, "DEASSIGN_MMIODEV");
	}
	if (has_ports()) {
		check(in_ioports(), "RESET_VM does not keep the ports");
		check_result(pt_pio(fd, false, PORT, PORTS), 0, "DEASSIGN_PIO_REGION");
		check_result(pt_line(fd, false, PIN, LINE), 0, "RESET");
	}
	check_free("given back");
}

TEST(ports, "v3.3: ports")
{
	unsigned long calls;

	begin();
	if (!has_ports()) {
		check_result(pt_pio(fd, true, PORT, PORTS),
			     hv_generation() < 30 ? -EINVAL : -EIO, "ASSIGN");
		return;
	}
	check_result(pt_pio(fd, true, PORT, PORTS), 0, "ASSIGN");
	check(in_ioports(), "not in /proc/ioports");
	calls = hv_calls(HC_ANY);
	check_result(pt_pio(fd, true, PORT, PORTS), -EBUSY, "ASSIGN again");
	check_result(pt_pio(fd, true, PORT - 1, 2), -EBUSY, "ASSIGN of some");
	check_result(pt_pio(fd, true, 0xcf8, 8), -EBUSY, "ASSIGN of what Linux uses");
	check_result(pt_pio(fd, true, PORT, 0), -EINVAL, "ASSIGN of none");
	check_result(pt_pio(fd, true, 0xffff, 2), -EINVAL, "ASSIGN beyond the end");
	check_result(pt_pio(fd, false, PORT, 4), -ENOENT, "DEASSIGN of some");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(pt_pio(fd, true, 0xffff, 1), 0, "ASSIGN of the last one");
	check_result(pt_pio(fd, false, PORT, PORTS), 0, "DEASSIGN");
	check_result(pt_pio(fd, false, PORT, PORTS), -ENOENT, "DEASSIGN again");
	check_free("given back");
}

TEST(lines, "v3.3: lines")
{
	struct acrn_a2_ptdev_irq irq = { .virt_bdf = 0x18, .phys_bdf = PT_NO_PCI };
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int i;

	begin();
	calls = hv_calls(HC_ANY);
	if (!has_ports()) {
		check_result(pt_line(fd, true, PIN, LINE), -ENOENT, "SET");
		check_result(pt_line(fd, false, PIN, LINE), -ENOENT, "RESET");
		check_equal(hv_calls(HC_ANY), calls, "hypercalls");
		return;
	}
	check_result(hsm_ioctl(fd, ACRN_A2_SET_PTDEV_INTR, &irq), -EINVAL,
		     "SET, in the VM a PCI device");
	irq.virt_bdf = PT_NO_PCI;
	irq.type = ACRN_PTDEV_IRQ_MSI;
	check_result(hsm_ioctl(fd, ACRN_A2_SET_PTDEV_INTR, &irq), -EINVAL, "an MSI");
	check_result(pt_line(fd, false, PIN, LINE), -ENOENT, "RESET");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(pt_line(fd, true, 48, LINE), -EIO, "SET of pin 48");
	/* what the hypervisor remembers once, the driver does, too */
	for (i = 0; i < 3; i++)
		check_result(pt_line(fd, true, PIN, LINE + i), 0, "SET");
	check_result(pt_line(fd, true, PIN + 1, LINE), 0, "SET of another");
	check_result(pt_line(fd, false, PIN, 0), 0, "RESET");
	check_result(pt_line(fd, false, PIN, 0), -ENOENT, "RESET again");
	calls = hv_calls(HC_RESET_PTDEV_INTR);
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	check_equal(hv_calls(HC_RESET_PTDEV_INTR) - calls, 1, "HC_RESET_PTDEV_INTR");
	check_free("destroyed");
}

TEST(refused_by_hypervisor, "refused in each way: nobody has it but the Service VM")
{
	static const enum testbed_fail hows[] = {
		TESTBED_FAIL_REFUSE, TESTBED_FAIL_UNWRITTEN, TESTBED_FAIL_AFTER,
	};
	unsigned int i;

	begin();
	for (i = 0; has_mmio() && i < ARRAY_SIZE(hows); i++) {
		hv_fail(HC_ASSIGN_MMIODEV, 0, 1, HV_FAILED, hows[i]);
		check_result(give(fd), -EIO, "ASSIGN_MMIODEV");
		check_free("refused");
	}
	for (i = 0; has_ports() && i < ARRAY_SIZE(hows); i++) {
		hv_fail(HC_ASSIGN_PIO, 0, 1, HV_FAILED, hows[i]);
		check_result(pt_pio(fd, true, PORT, PORTS), -EIO, "ASSIGN_PIO_REGION");
		check_free("refused");
		hv_fail(HC_SET_PTDEV_INTR, 0, 1, HV_FAILED, hows[i]);
		check_result(pt_line(fd, true, PIN, LINE), -EIO, "SET");
		check_result(pt_line(fd, true, PIN, LINE), 0, "SET");
		check_result(pt_line(fd, false, PIN, LINE), 0, "RESET");
	}
	/* on the way back, it can be tried again */
	give_all();
	if (has_mmio()) {
		hv_refuse(HC_DEASSIGN_MMIODEV, 1, HV_FAILED);
		check_result(take(fd), -EIO, "DEASSIGN_MMIODEV");
		check(in_iomem(), "it is said not to have it");
		check_result(take(fd), 0, "DEASSIGN_MMIODEV");
	}
	if (has_ports()) {
		hv_refuse(HC_DEASSIGN_PIO, 1, HV_FAILED);
		check_result(pt_pio(fd, false, PORT, PORTS), -EIO, "DEASSIGN");
		check(in_ioports(), "it is said not to have them");
		check_result(pt_pio(fd, false, PORT, PORTS), 0, "DEASSIGN");
		hv_refuse(HC_RESET_PTDEV_INTR, 1, HV_FAILED);
		check_result(pt_line(fd, false, PIN, LINE), -EIO, "RESET");
		check_result(pt_line(fd, false, PIN, LINE), 0, "RESET");
	}
	check_free("given back");
}

static void check_gone(const char *when)
{
	check(vm_gone(0, REAPED_MS), "%s: the VM is left", when);
	check(!in_iomem() && !in_ioports(), "%s: still in Linux's tables", when);
	check_free(when);
}

static void live(void *data)
{
	fd = pt_create(0, 0);
	give_all();
	check_result(pt_start(fd), 0, "START_VM");
	pause();
}

TEST(destroyed, "given back when the VM ends, however that comes about")
{
	unsigned long started = hv_calls(HC_START_VM);
	pid_t pid;

	begin();
	give_all();
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	check_gone("destroyed");
	close(fd);
	fd = pt_create(0, 0);
	give_all();
	check_result(pt_start(fd), 0, "START_VM");
	close(fd);
	check_gone("closed");
	started = hv_calls(HC_START_VM);
	pid = start_child(live, NULL);
	while (hv_calls(HC_START_VM) == started)
		sleep_ms(1);
	kill_child(pid);
	check_gone("killed");
}

static void unplug(void)
{
	check_result(module_unload("platdev"), 0, "rmmod platdev");
}

static void plug(void)
{
	check_result(module_load("platdev", ""), 0, "insmod platdev");
}

TEST(unplugged, "a device that is removed from Linux: its VM loses it, if it can")
{
	int other, log;

	begin();
	if (!has_mmio())
		return;
	other = pt_create(1, 0);
	check_result(give(fd), 0, "ASSIGN_MMIODEV");
	check_result(pt_mmio(other, true, GPA, REGS_2, REGS_2_SIZE), 0, "another VM's");
	check_result(pt_map(fd, 2 * GPA, REGS, PAGE_SIZE), 0, "SET_MEMSEG");
	unplug();
	check(!in_iomem(), "still in /proc/iomem");
	check_result(take(fd), -ENOENT, "DEASSIGN_MMIODEV");
	check_result(pt_unmap(fd, 2 * GPA, PAGE_SIZE), -ENOENT, "UNSET_MEMSEG");
	check_result(pt_mmio(other, false, GPA, REGS_2, REGS_2_SIZE), -ENOENT, "another VM's");
	refused(-EINVAL, GPA, REGS, REGS_SIZE, "what is no device's any more");
	plug();
	check_free("plugged in again");

	/* one that runs keeps it: nobody else gets it, until it ends */
	check_result(give(fd), 0, "ASSIGN_MMIODEV");
	check_result(pt_start(fd), 0, "START_VM");
	log = log_open();
	unplug();
	check_equal(log_mentions(log, "removed while VM 1 has it, which keeps it"), 1,
		    "lines in the log");
	check(!in_iomem(), "in /proc/iomem, below a device that is gone");
	plug();
	check_result(give(other), -EBUSY, "to another VM");
	log = log_open();
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	check_equal(log_mentions(log, "nonexistent resource"), 0, "lines in the log");
	check_free("destroyed");
}

static bool is_dying(void)
{
	struct shown_vm vm;

	return shown_vm(VMID(0), &vm) && !strcasecmp(vm.state, "dying");
}

/* @stays: the VM must not be destroyed as long as it is refused */
static void refused_at_close(unsigned int call, bool stays)
{
	fd = pt_create(0, 0);
	give_all();
	hv_refuse(call, TESTBED_FOREVER, HV_FAILED);
	close(fd);
	check_equal(is_dying(), stays, "hypercall %#x refused: the VM is dying", call);
	hv_behave();
	check_gone("allowed");
}

TEST(close_refused, "close() refused: no VM is destroyed that has what would be lost")
{
	begin();
	close(fd);
	if (has_mmio())
		refused_at_close(HC_DEASSIGN_MMIODEV, true);
	if (!has_ports())
		return;
	refused_at_close(HC_DEASSIGN_PIO, true);
	refused_at_close(HC_RESET_PTDEV_INTR, false);
}

TEST(order, "what was given last goes back first")
{
	static const char *const calls[] = {
		" PAUSE_VM ", " RESET_VM ", " PAUSE_VM ", " RESET_PTDEV_INTR_INFO ",
		" DEASSIGN_PIO_REGION ", " DEASSIGN_MMIODEV ", " DESTROY_VM ",
	};
	FILE *trace;
	char line[512];
	unsigned int next = 0;

	begin();
	if (!has_ports())
		return;
	give_all();
	trace_start("acrn_hypercall_enter");
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	trace_stop();
	trace = fopen(TRACE, "r");
	check(trace, TRACE);
	while (fgets(line, sizeof(line), trace)) {
		if (!strstr(line, " acrn_hypercall_enter: "))
			continue;
		check(next < ARRAY_SIZE(calls) && strstr(line, calls[next]),
		      "call %u is: %s", next, line);
		next++;
	}
	fclose(trace);
	check_equal(next, ARRAY_SIZE(calls), "hypercalls");
}

/* To the hypervisor the VM lives on: the test ends it itself. */
TEST(lost, "a VM that is given up takes what it was given with it")
{
	const uint64_t old[16] = { GPA, REGS_3, PAGE_SIZE };
	const uint64_t new[13] = { 0, GPA, REGS_3, PAGE_SIZE };
	struct acrn_a2_pio_region pio = { "uart", PORT_LOST, PORTS };
	int log;

	begin();
	close(fd);
	if (!has_mmio())
		return;
	raw_open();
	/* without a page, which would be lost for good */
	fd = pt_create_bare(0);
	check_result(pt_mmio(fd, true, GPA, REGS_3, PAGE_SIZE), 0, "ASSIGN");
	if (has_ports())
		check_result(pt_pio(fd, true, PORT_LOST, PORTS), 0, "ASSIGN");
	hv_refuse(HC_DEASSIGN_MMIODEV, TESTBED_FOREVER, -EINVAL);
	hv_refuse(HC_DEASSIGN_PIO, TESTBED_FOREVER, -EINVAL);
	check_result(pt_destroy(fd), -EINVAL, "DESTROY_VM");
	log = log_open();
	check_result(write_text(ABANDON, "1"), 0, "give up");
	check_equal(log_mentions(log, "registers of a device: lost with VM 1"), 1,
		    "lines in the log");
	hv_behave();
	close(fd);
	fd = pt_create(1, 0);
	refused(-EBUSY, GPA, REGS_3, PAGE_SIZE, "what is lost");
	check_result(pt_map(fd, GPA, REGS_3, PAGE_SIZE), -EBUSY, "SET_MEMSEG of it");
	close(fd);
	/* its names outlive the module */
	check_result(driver_unload(), 0, "rmmod");
	check(listed("/proc/iomem", "fed60000-fed60fff : " NAME), "not in /proc/iomem");
	check_result(driver_load(), 0, "insmod");
	fd = pt_create(1, 0);
	refused(-EBUSY, GPA, REGS_3, PAGE_SIZE, "what is lost, with a new module");
	if (has_ports())
		check_result(pt_pio(fd, true, PORT_LOST, 1), -EBUSY, "lost ports");

	memcpy(raw_at(RAW_PARAM), has_ports() ? new : old,
	       has_ports() ? sizeof(new) : sizeof(old));
	raw_call(HC_DEASSIGN_MMIODEV, VMID(0), raw_gpa(RAW_PARAM));
	memcpy(raw_at(RAW_PARAM), &pio, sizeof(pio));
	raw_call(HC_DEASSIGN_PIO, VMID(0), raw_gpa(RAW_PARAM));
	raw_call(HC_PAUSE_VM, VMID(0), 0);
	check_equal(raw_call(HC_DESTROY_VM, VMID(0), 0), 0, "HC_DESTROY_VM");
	close(fd);
	check_free("after that");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);

	module_unload("platdev");
	return failed;
}
