// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Giving a PCI device to a User VM: which, to whom, by whom, when; its interrupts and its
 * registers.  The calls are those of the hypervisor's release.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "capability.h"
#include "control.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "vm.h"

#define INTX		ACRN_PTDEV_IRQ_INTX
#define MSI		ACRN_PTDEV_IRQ_MSI
#define MSIX		ACRN_PTDEV_IRQ_MSIX
#define PIN		16	/* in the User VM */
#define LINE		11	/* of the device */
#define SETS_MAX	96	/* that v1.x has room for */
#define E1000E_VECTORS	5
#define E1000E_LAST_BAR	3	/* of 0, 1 and 3, but for that of ports */
#define GPA		0x80000000UL
#define RACES		200
#define REFUSAL(name)	"0000:00:" name ": cannot be given to a VM: "
#define GROUP		"/sys/module/pcidrv/parameters/group"
#define HOLD		"/sys/module/pcidrv/parameters/hold"
#define SLEEPS_US	5000000

static int fd;

static void begin(void)
{
	pci_start();
	fd = pt_create(0, 0);
}

static void given(int file, unsigned int bdf)
{
	check_result(pt_assign(file, bdf), 0, "ASSIGN of 0x%x", bdf);
}

static void give_back(int file, unsigned int bdf)
{
	check_result(pt_deassign(file, bdf), 0, "DEASSIGN of 0x%x", bdf);
	check_owner(bdf, 0, "given back");
}

/* What is refused is refused by the driver. */
static void refused(unsigned int bdf, int result, const char *said)
{
	unsigned long calls = hv_calls(HC_ANY);
	int log = log_open();

	check_result(pt_assign(fd, bdf), result, "ASSIGN of 0x%x", bdf);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_equal(log_mentions(log, said), 1, "lines \"%s\" in the log", said);
	log_close(log);
}

TEST(once, "a device is given to one VM, and given back")
{
	int other;

	begin();
	other = pt_create(1, 0);
	given(fd, PCI_EDU);
	check_owner(PCI_EDU, VMID(0), "given");
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "a VM has it");
	check_result(pt_assign(other, PCI_EDU), -EBUSY, "ASSIGN to another VM");
	check_result(pt_deassign(other, PCI_EDU), -ENOENT, "DEASSIGN from another VM");
	check_owner(PCI_EDU, VMID(0), "still given");
	given(other, PCI_EDU_2);
	give_back(fd, PCI_EDU);
	check_result(pt_deassign(fd, PCI_EDU), -ENOENT, "DEASSIGN again");
	given(other, PCI_EDU);
	check_owner(PCI_EDU, VMID(1), "given to the other VM");
	given(fd, PCI_E1000E);
	give_back(fd, PCI_E1000E);
	give_back(other, PCI_EDU);
	give_back(other, PCI_EDU_2);
}

/* The form of the other releases: the hypervisor does not know the call. */
TEST(other_form, "a device asked for as device models of other releases do")
{
	struct acrn_pcidev pcidev = { .phys_bdf = PCI_EDU, .virt_bdf = PT_VIRT_BDF };
	int unknown = hv_generation() >= 22 ? -EINVAL : -EIO;
	uint16_t bdf = PCI_EDU;

	begin();
	if (pt_is_a2())
		skip("Linux's numbers have one form only");
	if (pt_by_bdf()) {
		check_result(hsm_ioctl(fd, IC_ASSIGN_PCIDEV, &pcidev), unknown,
			     "ASSIGN_PCIDEV");
		check_result(hsm_ioctl(fd, IC_DEASSIGN_PCIDEV, &pcidev), -ENOENT,
			     "DEASSIGN_PCIDEV");
	} else {
		check_result(hsm_ioctl(fd, IC_ASSIGN_PTDEV, &bdf), unknown,
			     "ASSIGN_PTDEV");
		check_result(hsm_ioctl(fd, IC_DEASSIGN_PTDEV, &bdf), -ENOENT,
			     "DEASSIGN_PTDEV");
	}
	check_owner(PCI_EDU, 0, "refused");
	given(fd, PCI_EDU);
	give_back(fd, PCI_EDU);
}

/* A device goes back as it came, whatever the device model says then. */
TEST(described, "from v1.6 on: what the device model says of the device reaches the hypervisor")
{
	struct acrn_pcidev said = {
		.type = 1, .virt_bdf = 0x28, .phys_bdf = PCI_EDU, .intr_line = 0x12,
		.intr_pin = 3,
		.bar = { 0xc0000000, 0xc1000004, 0xc2, 0xc3000000, 0xc401, 0xc5000000 },
	};
	uint32_t words[offsetof(struct acrn_pcidev, reserved1) / sizeof(uint32_t)];
	unsigned long reg[4];
	unsigned int i;

	begin();
	if (pt_by_bdf())
		return;
	memcpy(words, &said, sizeof(words));
	check_result(hsm_ioctl(fd, pt_is_a2() ? ACRN_A2_ASSIGN_PCIDEV : IC_ASSIGN_PCIDEV,
			       &said), 0, "ASSIGN");
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		reg[0] = PCI_EDU;
		reg[1] = i;
		check_result(hv_command(TESTBED_DEVICE_BLOCK, reg), 0, "TESTBED_DEVICE_BLOCK");
		check_equal(reg[0], words[i], "word %u", i);
	}
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), -EINVAL, "SET, of another place");
	give_back(fd, PCI_EDU);
}

TEST(which, "what is no device, or a bridge")
{
	begin();
	refused(PCI_NOTHING, -ENXIO, "there is no device 00:1f.0 to give to a VM");
	refused(0xffff, -ENXIO, "there is no device ff:1f.7");
	refused(PCI_HOST_BRIDGE, -EINVAL, REFUSAL("00.0") "it is a bridge");
	refused(PCI_BRIDGE, -EINVAL, REFUSAL("14.0") "it is a bridge");
}

TEST(bound, "a driver has it")
{
	int log;

	begin();
	pci_bind(PCI_EDU, DRIVER_ORDINARY);
	refused(PCI_EDU, -EBUSY,
		REFUSAL("10.0") "the driver pcidrv has it; bind it to pci-stub");
	pci_unbind(PCI_EDU);
	pci_bind(PCI_EDU, DRIVER_STUB);
	given(fd, PCI_EDU);
	/* too late for the kernel to refuse it, but not to tell */
	pci_unbind(PCI_EDU);
	log = log_open();
	pci_bind(PCI_EDU, DRIVER_ORDINARY);
	check_equal(log_mentions(log, "a driver is being bound to it, but VM 1 has it"), 1,
		    "lines in the log");
	pci_unbind(PCI_EDU);
	give_back(fd, PCI_EDU);
	log = log_open();
	pci_bind(PCI_EDU, DRIVER_ORDINARY);
	check_equal(log_mentions(log, "is being bound"), 0, "lines for one that no VM has");
	pci_unbind(PCI_EDU);
}

TEST(in_use, "somebody uses it through a driver that keeps others away")
{
	begin();
	pci_drivers("msi=1");
	pci_bind(PCI_EDU, DRIVER_STUB);
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "it is in use");
	pci_unbind(PCI_EDU);
	/* which has MSI-X */
	pci_bind(PCI_E1000E, DRIVER_STUB);
	refused(PCI_E1000E, -EBUSY, REFUSAL("12.0") "it is in use");
	pci_unbind(PCI_E1000E);
	pci_drivers("assigned=1");
	pci_bind(PCI_EDU, DRIVER_STUB);
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "it is in use");
	pci_unbind(PCI_EDU);
	given(fd, PCI_EDU);
	give_back(fd, PCI_EDU);
}

static void *bind_it(void *data)
{
	pci_bind(PCI_EDU, DRIVER_ORDINARY);
	return NULL;
}

/* Who has a device locked may wait for a VM, so a VM does not wait for a device. */
TEST(locked, "a driver has it locked and does not come to an end")
{
	pthread_t thread;
	char driver[80];

	begin();
	pci_drivers("hold=1");
	pci_path(PCI_EDU, "driver", driver, sizeof(driver));
	pthread_create(&thread, NULL, bind_it, NULL);
	while (access(driver, F_OK))
		usleep(1000);
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "somebody has it locked");
	given(fd, PCI_EDU_2);
	give_back(fd, PCI_EDU_2);
	check_result(write_text(HOLD, "0"), 0, HOLD);
	pthread_join(thread, NULL);
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "the driver pcidrv has it");
	pci_unbind(PCI_EDU);
	given(fd, PCI_EDU);
	give_back(fd, PCI_EDU);
}

static void expect_power(const char *status)
{
	uint64_t limit = now_us() + SLEEPS_US;
	char path[80], text[16];

	pci_path(PCI_EDU, "power/runtime_status", path, sizeof(path));
	do {
		usleep(1000);
		check_result(read_text(path, text, sizeof(text)), 0, "%s", path);
		text[strcspn(text, "\n")] = 0;
	} while (strcmp(text, status) && now_us() < limit);
	check(!strcmp(text, status), "it is %s, not %s", text, status);
}

TEST(awake, "one that sleeps is woken before it is given, and may sleep afterwards")
{
	char control[80];

	begin();
	pci_path(PCI_EDU, "power/control", control, sizeof(control));
	if (access(control, F_OK))
		skip("no power management in this kernel");
	check_result(write_text(control, "auto"), 0, "%s", control);
	expect_power("suspended");
	given(fd, PCI_EDU);
	expect_power("active");
	give_back(fd, PCI_EDU);
	expect_power("suspended");
	given(fd, PCI_EDU);
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	expect_power("suspended");
	check_result(write_text(control, "on"), 0, "%s", control);
}

TEST(group, "others in its IOMMU group are in use")
{
	int other, result;

	begin();
	/* the edu devices and the bridge, which does not count */
	result = write_text(GROUP, "0x80,0x88,0xa0");
	if (result == -ENODEV)
		skip("no IOMMU groups in this kernel");
	check_result(result, 0, GROUP);
	other = pt_create(1, 0);
	pci_bind(PCI_EDU_2, DRIVER_ORDINARY);
	refused(PCI_EDU, -EBUSY,
		REFUSAL("10.0") "0000:00:11.0, which is in the same IOMMU group, is in use");
	given(fd, PCI_E1000E);
	pci_unbind(PCI_EDU_2);
	given(fd, PCI_EDU);
	check_result(pt_assign(other, PCI_EDU_2), -EBUSY, "ASSIGN to another VM");
	given(fd, PCI_EDU_2);
	give_back(fd, PCI_EDU);
	give_back(fd, PCI_EDU_2);
	give_back(fd, PCI_E1000E);
}

static void without_capability(void *data)
{
	unsigned long calls = hv_calls(HC_ANY);

	keep_capability(-1);
	fd = pt_create(1, 0);
	calls = hv_calls(HC_ANY);
	check_result(pt_assign(fd, PCI_EDU), -EPERM, "ASSIGN");
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), -EPERM, "SET");
	check_result(pt_deassign(fd, PCI_EDU), -ENOENT, "DEASSIGN");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN), -ENOENT, "RESET");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

static void with_rawio(void *data)
{
	keep_capability(CAP_SYS_RAWIO);
	fd = pt_create(1, 0);
	given(fd, PCI_EDU);
	give_back(fd, PCI_EDU);
}

/* The VM is that of the parent. */
static void in_other_process(void *data)
{
	check_result(pt_assign(fd, PCI_EDU_2), -EPERM, "ASSIGN");
	check_result(pt_deassign(fd, PCI_EDU), -EPERM, "DEASSIGN");
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), -EPERM, "SET");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN), -EPERM, "RESET");
}

TEST(privilege, "who may: those who may reach hardware, with a VM of their own")
{
	begin();
	in_child(without_capability, NULL);
	in_child(with_rawio, NULL);
	given(fd, PCI_EDU);
	in_child(in_other_process, NULL);
	check_owner(PCI_EDU, VMID(0), "after another process");
	give_back(fd, PCI_EDU);
}

TEST(refused_by_hypervisor, "ASSIGN fails in each way: nobody has it but the Service VM")
{
	static const enum testbed_fail hows[] = {
		TESTBED_FAIL_REFUSE, TESTBED_FAIL_UNWRITTEN, TESTBED_FAIL_AFTER,
	};
	unsigned int i;

	begin();
	for (i = 0; i < ARRAY_SIZE(hows); i++) {
		hv_fail(pt_hc_assign(), 0, 1, HV_FAILED, hows[i]);
		check_result(pt_assign(fd, PCI_EDU), -EIO, "ASSIGN");
		check_owner(PCI_EDU, 0, "refused");
		given(fd, PCI_EDU);
		give_back(fd, PCI_EDU);
	}
}

TEST(lines, "a line: what is wrong is refused before the hypervisor hears of it")
{
	unsigned long calls;

	begin();
	calls = hv_calls(HC_ANY);
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), -ENOENT, "SET without ASSIGN");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN), -ENOENT, "RESET without ASSIGN");
	given(fd, PCI_EDU);
	calls = hv_calls(HC_ANY);
	check_result(pt_set(fd, PCI_EDU, 3, PIN, LINE), -EINVAL, "type 3");
	check_result(pt_reset(fd, PCI_EDU, ~0U, PIN), -EINVAL, "type -1");
	check_result(pt_set(fd, PCI_EDU, INTX, 256, LINE), -EINVAL, "pin 256");
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, 256), -EINVAL, "line 256");
	check_result(pt_set(fd, PCI_EDU_2, INTX, PIN, LINE), -ENOENT, "another device");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN), -ENOENT, "RESET without SET");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), 0, "SET");
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), 0, "SET again");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN + 1), -ENOENT, "RESET of another pin");
	check_result(pt_reset(fd, PCI_EDU, MSIX, 1), -ENOENT, "RESET of MSI-X");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN), 0, "RESET");
	check_result(pt_reset(fd, PCI_EDU, INTX, PIN), -ENOENT, "RESET again");
	/* the hypervisor has 48 pins, and says so with RAX unwritten or -1 */
	check_result(pt_set(fd, PCI_EDU, INTX, 48, LINE), -EIO, "pin 48");
	check_equal(hv_device(PCI_EDU).function, 0, "function after a failure");
	give_back(fd, PCI_EDU);
}

/* @call: with an argument of 20 bytes at the end of memory, and then with less */
static void check_size(unsigned int call)
{
	struct acrn_ptdev_irq irq = {
		.phys_bdf = PCI_EDU, .virt_bdf = PT_VIRT_BDF, .virt_pin = PIN, .phys_pin = LINE,
	};
	char *memory = get_pages(2);

	check(!mprotect(memory + PAGE_SIZE, PAGE_SIZE, PROT_NONE), "mprotect");
	memory += PAGE_SIZE - 20;
	memcpy(memory, &irq, 20);
	check_result(hsm_ioctl(fd, call, memory), 0, "20 bytes");
	memcpy(memory + 1, &irq, 19);
	check_result(hsm_ioctl(fd, call, memory + 1), -EFAULT, "19 bytes");
	irq.is_pic_pin = 2;
	check_result(hsm_ioctl(fd, call, &irq), -EINVAL, "is_pic_pin is 2");
	check_result(hsm_ioctl(fd, call, NULL), -EFAULT, "NULL");
}

TEST(sizes, "20 bytes are read")
{
	bool a2 = hv_generation() >= 26;

	begin();
	given(fd, PCI_EDU);
	check_size(a2 ? ACRN_A2_SET_PTDEV_INTR : IC_SET_PTDEV_INTR_INFO);
	check_size(a2 ? ACRN_A2_RESET_PTDEV_INTR : IC_RESET_PTDEV_INTR_INFO);
	check_result(hsm_ioctl(fd, a2 ? ACRN_A2_ASSIGN_PCIDEV : IC_ASSIGN_PCIDEV, NULL),
		     -EFAULT, "ASSIGN_PCIDEV");
	check_result(hsm_ioctl(fd, a2 ? ACRN_A2_DEASSIGN_PCIDEV : IC_DEASSIGN_PCIDEV,
			       NULL), -EFAULT, "DEASSIGN_PCIDEV");
	give_back(fd, PCI_EDU);
}

/* The kernel knows better; and the hypervisor complains of what it does not know. */
static void say_too_much(unsigned int call)
{
	struct acrn_ptdev_irq irq = {
		.type = MSIX, .phys_bdf = PCI_E1000E, .virt_bdf = PT_VIRT_BDF,
		.virt_pin = E1000E_VECTORS, .phys_pin = ~0U, .is_pic_pin = ~0U, .padding = ~0U,
	};

	check_result(hsm_ioctl(fd, call, &irq), 0, "with a size and an address of its table");
}

TEST(vectors, "MSI and MSI-X, as device models up to v1.5 map and unmap them")
{
	begin();
	given(fd, PCI_EDU);
	given(fd, PCI_E1000E);
	if (!pt_by_bdf()) {
		/* from v1.6 on they are the hypervisor's own business */
		check_result(pt_set(fd, PCI_EDU, MSI, 1, 0), -EINVAL, "MSI");
		check_result(pt_set(fd, PCI_E1000E, MSIX, 1, 0), -EINVAL, "MSI-X");
		return;
	}
	check_result(pt_set(fd, PCI_EDU, MSI, 2, 0), -EINVAL, "more than it has");
	check_result(pt_set(fd, PCI_EDU, MSIX, 1, 0), -EINVAL, "MSI-X, which it has not");
	check_result(pt_set(fd, PCI_E1000E, MSIX, E1000E_VECTORS + 1, 0), -EINVAL,
		     "more than it has");
	check_result(pt_set(fd, PCI_E1000E, MSIX, ~0U, 0), -EINVAL, "-1");
	check_equal(hv_device(PCI_EDU).function, 0, "function");
	check_result(pt_set(fd, PCI_EDU, MSI, 1, 0), 0, "SET of an MSI");
	check_equal(hv_device(PCI_EDU).function, VMID(0), "function");
	check_result(pt_reset(fd, PCI_EDU, MSIX, 1), 0, "RESET of it as MSI-X");
	check_equal(hv_device(PCI_EDU).function, 0, "function");
	check_result(pt_set(fd, PCI_E1000E, MSIX, E1000E_VECTORS, 0), 0, "SET of MSI-X");
	/* so many that the hypervisor would refuse; it is told what was mapped */
	check_result(pt_reset(fd, PCI_E1000E, MSIX, 2048), 0, "RESET of more");
	check_equal(hv_device(PCI_E1000E).function, 0, "function");
	check_result(pt_reset(fd, PCI_E1000E, MSIX, 2049), -EINVAL, "RESET of 2049");
	say_too_much(IC_SET_PTDEV_INTR_INFO);
	say_too_much(IC_RESET_PTDEV_INTR_INFO);
	check_equal(hv_device(PCI_E1000E).function, 0, "function");
	give_back(fd, PCI_EDU);
	give_back(fd, PCI_E1000E);
}

static void reset_vm(void)
{
	check_result(pt_start(fd), 0, "START_VM");
	check_result(pt_pause(fd), 0, "PAUSE_VM");
	check_result(pt_reset_vm(fd), 0, "RESET_VM");
}

TEST(table_full, "v1.x: no SET is made for which the hypervisor has no room")
{
	unsigned int i;

	begin();
	given(fd, PCI_EDU);
	given(fd, PCI_E1000E);
	check_result(pt_set(fd, PCI_EDU, INTX, 48, LINE), -EIO, "SET, which takes room too");
	for (i = 1; i < SETS_MAX; i++) {
		unsigned int bdf = i & 1 ? PCI_EDU : PCI_E1000E;

		check_result(pt_set(fd, bdf, INTX, PIN, LINE), 0, "SET %u", i);
		check_result(pt_reset(fd, bdf, INTX, PIN), 0, "RESET %u", i);
		/* gives none back */
		if (i == SETS_MAX / 2)
			reset_vm();
	}
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), pt_by_bdf() ? -ENOSPC : 0,
		     "one more");
	give_back(fd, PCI_EDU);
	give_back(fd, PCI_E1000E);
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	close(fd);
	fd = pt_create(0, 0);
	given(fd, PCI_EDU);
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), 0, "SET in a new VM");
	give_back(fd, PCI_EDU);
}

/* acrn-dm v1.3 does this with each device whose set-up fails half-way. */
TEST(without_reset, "DEASSIGN with interrupts mapped: they are unmapped first")
{
	begin();
	given(fd, PCI_EDU);
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), 0, "SET of a line");
	if (pt_by_bdf())
		check_result(pt_set(fd, PCI_EDU, MSI, 1, 0), 0, "SET of an MSI");
	give_back(fd, PCI_EDU);
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
}

TEST(set_fails, "a SET that fails leaves nothing behind")
{
	begin();
	given(fd, PCI_EDU);
	/* carried out, and denied */
	hv_fail(HC_SET_PTDEV_INTR, 0, 1, HV_FAILED, TESTBED_FAIL_AFTER);
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), -EIO, "SET");
	check_equal(hv_device(PCI_EDU).function, 0, "function");
	/* and then it cannot even be undone, until the device goes back */
	hv_fail(HC_SET_PTDEV_INTR, 0, 1, HV_FAILED, TESTBED_FAIL_AFTER);
	hv_refuse(HC_RESET_PTDEV_INTR, 1, HV_FAILED);
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), -EIO, "SET");
	hv_behave();
	give_back(fd, PCI_EDU);
	/* with another one mapped, the function stays with the VM */
	given(fd, PCI_EDU);
	check_result(pt_set(fd, PCI_EDU, INTX, PIN, LINE), 0, "SET");
	check_result(pt_set(fd, PCI_EDU, INTX, 48, LINE), -EIO, "SET of pin 48");
	if (pt_by_bdf())
		check_equal(hv_device(PCI_EDU).function, VMID(0), "function");
	give_back(fd, PCI_EDU);
}

TEST(registers, "a guest uses the device's registers, until it goes back")
{
	const struct guest_op ops[] = {
		{ GUEST_LOAD + 4, GPA, 0 },
		{ GUEST_STORE + 4, GPA + 4, 0x12345678 },
		{ GUEST_LOAD + 4, GPA + 4, 0 },
	};
	struct seen seen[] = { { 0, GUEST_SIZE }, { GPA } };
	struct guest guest;
	uint64_t hpa;
	size_t size;

	pci_start();
	if (hv_generation() >= 26)
		guest_new_a2(&guest, 0, 0, 0);
	else
		guest_new(&guest, 0, 0);
	hpa = pci_bar(PCI_EDU, 0, &size);
	given(guest.fd, PCI_EDU);
	check_result(pt_map(guest.fd, GPA, hpa, size), 0, "SET_MEMSEG");
	/* part of another device's, which stays */
	seen[0].memory = guest.memory;
	seen[1].hpa = pci_bar(PCI_EDU_2, 0, &seen[1].size);
	seen[1].gpa = 2 * GPA;
	seen[1].prot = ACRN_PROT_READ | ACRN_PROT_WRITE | PROT_UC;
	check_result(pt_map(guest.fd, 2 * GPA, seen[1].hpa, seen[1].size), 0,
		     "SET_MEMSEG");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(guest_done(&guest, 10000), "the guest is not through");
	check_equal(guest_result(&guest, 0), EDU_ID, "its id");
	/* edu's second register reads as the complement of what was written */
	check_equal((uint32_t)guest_result(&guest, 2), ~0x12345678U, "its liveness");
	check_result(pt_pause(guest.fd), 0, "PAUSE_VM");
	give_back(guest.fd, PCI_EDU);
	check_seen(VMID(0), seen, 2);
	guest_end(&guest);
}

/* The driver refuses it: the hypervisor does not hear of it. */
static void not_mapped(int file, uint64_t hpa, size_t size, const char *what)
{
	unsigned long calls = hv_calls(HC_ANY);

	check_result(pt_map(file, GPA, hpa, size), -EBUSY, "SET_MEMSEG of %s", what);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(others_registers, "registers of a device that another VM has")
{
	uint64_t hpa, hpa_2, hpa_3;
	size_t size, size_2, size_3;
	int other;

	begin();
	other = pt_create(1, 0);
	hpa = pci_bar(PCI_EDU, 0, &size);
	hpa_2 = pci_bar(PCI_EDU_2, 0, &size_2);
	hpa_3 = pci_bar(PCI_E1000E, E1000E_LAST_BAR, &size_3);

	check_result(pt_map(other, GPA, hpa + PAGE_SIZE, PAGE_SIZE), 0, "SET_MEMSEG");
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "another VM has its registers");
	check_owner(PCI_EDU, 0, "refused");
	check_result(pt_unmap(other, GPA, PAGE_SIZE), 0, "UNSET_MEMSEG");

	given(fd, PCI_EDU);
	not_mapped(other, hpa, size, "all");
	not_mapped(other, hpa, PAGE_SIZE, "the first page");
	not_mapped(other, hpa + size - PAGE_SIZE, PAGE_SIZE, "the last page");
	not_mapped(other, hpa - PAGE_SIZE, 2 * PAGE_SIZE, "what reaches into it");
	check_result(pt_map(fd, GPA, hpa, size), 0, "SET_MEMSEG of the owner");
	check_result(pt_map(other, GPA, hpa_2, size_2), 0, "SET_MEMSEG of nobody's");
	check_result(pt_unmap(other, GPA, size_2), 0, "UNSET_MEMSEG");

	/* one that has some in several places */
	given(fd, PCI_E1000E);
	not_mapped(other, hpa_3, size_3, "its last");
	check_result(pt_map(fd, 2 * GPA, hpa_3, size_3), 0, "SET_MEMSEG of the owner");
	give_back(fd, PCI_E1000E);
	check_result(pt_unmap(fd, 2 * GPA, size_3), -ENOENT, "UNSET_MEMSEG");
	check_result(pt_map(other, GPA, hpa_3, size_3), 0, "SET_MEMSEG afterwards");
	check_result(pt_unmap(other, GPA, size_3), 0, "UNSET_MEMSEG");

	give_back(fd, PCI_EDU);
	check_result(pt_map(other, GPA, hpa, size), 0, "SET_MEMSEG afterwards");
	check_result(pt_map(fd, GPA, hpa, size), 0, "SET_MEMSEG, shared");
	refused(PCI_EDU, -EBUSY, REFUSAL("10.0") "another VM has its registers");
	close(other);
	given(fd, PCI_EDU);
	give_back(fd, PCI_EDU);
}

static bool has_device, has_registers;

static void *map_again(void *data)
{
	int file = (long)data, ret;
	unsigned int i;
	uint64_t hpa;
	size_t size;

	hpa = pci_bar(PCI_EDU, 0, &size);
	for (i = 0; i < RACES; i++) {
		ret = pt_map(file, GPA, hpa, size);
		check(!ret || ret == -EBUSY, "SET_MEMSEG: %s", result_name(ret));
		if (ret)
			continue;
		__atomic_store_n(&has_registers, true, __ATOMIC_SEQ_CST);
		check(!__atomic_load_n(&has_device, __ATOMIC_SEQ_CST),
		      "one VM has the device, another one its registers");
		__atomic_store_n(&has_registers, false, __ATOMIC_SEQ_CST);
		check_result(pt_unmap(file, GPA, size), 0, "UNSET_MEMSEG");
	}
	return NULL;
}

TEST(registers_race, "one VM wants a device, another one its registers")
{
	pthread_t thread;
	unsigned int i;
	int ret;

	begin();
	pthread_create(&thread, NULL, map_again, (void *)(long)pt_create(1, 0));
	for (i = 0; i < RACES; i++) {
		ret = pt_assign(fd, PCI_EDU);
		check(!ret || ret == -EBUSY, "ASSIGN: %s", result_name(ret));
		if (ret)
			continue;
		__atomic_store_n(&has_device, true, __ATOMIC_SEQ_CST);
		check(!__atomic_load_n(&has_registers, __ATOMIC_SEQ_CST),
		      "one VM has the device, another one its registers");
		__atomic_store_n(&has_device, false, __ATOMIC_SEQ_CST);
		check_result(pt_deassign(fd, PCI_EDU), 0, "DEASSIGN");
	}
	pthread_join(thread, NULL);
	check_owner(PCI_EDU, 0, "after the race");
}

static void *give_again(void *data)
{
	int file = (long)data, ret;
	unsigned int i;

	for (i = 0; i < RACES; i++) {
		ret = pt_assign(file, PCI_EDU);
		check(!ret || ret == -EBUSY, "ASSIGN: %s", result_name(ret));
		if (!ret)
			check_result(pt_deassign(file, PCI_EDU), 0, "DEASSIGN");
	}
	return NULL;
}

TEST(race, "two VMs want the same device")
{
	pthread_t threads[2];
	unsigned int i;

	pci_start();
	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, give_again,
			       (void *)(long)pt_create(i, 0));
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	check_owner(PCI_EDU, 0, "after the race");
}

TEST(bind_race, "a driver wants the device, too")
{
	pthread_t thread;
	unsigned int i;

	begin();
	pthread_create(&thread, NULL, give_again, (void *)(long)fd);
	for (i = 0; i < RACES / 2; i++) {
		pci_bind(PCI_EDU, DRIVER_ORDINARY);
		pci_unbind(PCI_EDU);
	}
	pthread_join(thread, NULL);
	check_owner(PCI_EDU, 0, "after the race");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	module_unload("pcidrv");
	return failed;
}
