// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Interrupts of a real device that a User VM was given: they come to its guest, as often
 * as the device asks and the guest serves it, and not after the device went back.
 *
 * The device is an edu, whose line follows registers of its own, and which has an MSI.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "control.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "ptdev.h"
#include "vm.h"

/* What edu asks for is in a register: it asks while that is not 0 */
#define EDU_RAISE	0x60
#define EDU_SERVED	0x64
#define ALL		0xffffffff

/* Its MSI capability: control, address, upper half of that, data */
#define MSI		0x40
#define MSI_CONTROL	(MSI + 2)
#define MSI_ADDRESS	(MSI + 4)
#define MSI_UPPER	(MSI + 8)
#define MSI_DATA	(MSI + 12)
#define MSI_ENABLE	1
#define EDU_DEVICE	0x11e81234	/* what its first registers say */
#define MSI_VECTORS	0x70	/* in the control register: how many are used */
#define TO_VCPU_0	0xfee00000

#define GPA		0xc0000000UL

#define APIC_EOI	0xfee000b0
#define APIC_SVR	0xfee000f0
#define SVR_ON		0x1ff
#define IOAPIC_SELECT	0xfec00000
#define IOAPIC_WINDOW	0xfec00010
#define PIN		17
#define PIN_INDEX	(0x10 + 2 * PIN)
#define PIN_LEVEL	0x8000
#define PIN_LOW_ACTIVE	0x2000	/* as PCI's lines are */
#define PIN_MASKED	0x10000
#define VECTOR		0x51
#define OTHER_VECTOR	0x61
#define PCI_PIN		(VECTOR | PIN_LEVEL | PIN_LOW_ACTIVE)

#define READY		GUEST_FREE
#define GO		(GUEST_FREE + 4)
#define LIMIT_MS	20000
#define SETTLE_MS	50
#define MANY		200

#define DO(op, address, value)	{ GUEST_##op, address, value }
#define POKE(address, value)	{ GUEST_STORE + 4, address, value }
#define SETUP		DO(SETUP_IRQS, 0, 0)
#define APIC_ON		POKE(APIC_SVR, SVR_ON)
#define SELECT_PIN	POKE(IOAPIC_SELECT, PIN_INDEX)
#define SET_PIN(value)	POKE(IOAPIC_WINDOW, value)
#define RAISE		POKE(GPA + EDU_RAISE, 1)
#define SERVE		POKE(GPA + EDU_SERVED, ALL)
#define EOI		POKE(APIC_EOI, 0)
#define HALT		DO(HALT, 0, 0)
#define WINDOW		DO(WINDOW, 0, 0)

#define PROGRAM(guest, ...)						\
	do {								\
		const struct guest_op ops[] = { __VA_ARGS__ };		\
									\
		guest_program(guest, ops, ARRAY_SIZE(ops));		\
	} while (0)

/* What Linux has routed its line to: not always what the firmware had */
static unsigned int line_of(unsigned int bdf)
{
	char path[80], line[16];

	pci_path(bdf, "irq", path, sizeof(path));
	check_result(read_text(path, line, sizeof(line)), 0, "%s", path);
	return strtoul(line, NULL, 10);
}

static void new_guest(struct guest *guest)
{
	if (hv_generation() > 26)
		guest_new_a2(guest, 0, 0, 0);
	else
		guest_new(guest, 0, 0);
	guest_add_irqs(guest);
}

/* A guest gets a device and its registers */
static void give(struct guest *guest, unsigned int bdf)
{
	uint64_t hpa;
	size_t size;

	check(pci_there(bdf), "no device: run with --devices");
	pci_enable(bdf);
	hpa = pci_bar(bdf, 0, &size);
	pci_registers(bdf)[EDU_SERVED / 4] = ALL;
	check_result(pt_assign(guest->fd, bdf), 0, "ASSIGN");
	check_result(pt_map(guest->fd, GPA, hpa, size), 0, "SET_MEMSEG");
}

/* A guest that has the device and its line */
static void begin(struct guest *guest)
{
	new_guest(guest);
	give(guest, PCI_EDU);
	check_result(pt_set(guest->fd, PCI_EDU, ACRN_PTDEV_IRQ_INTX, PIN, line_of(PCI_EDU)),
		     0, "SET");
}

static void end(struct guest *guest)
{
	check_result(pt_pause(guest->fd), 0, "PAUSE_VM");
	check_result(pt_deassign(guest->fd, PCI_EDU), 0, "DEASSIGN");
	guest_end(guest);
}

static unsigned long taken(void)
{
	return hv_taken(VMID(0), 0, VECTOR);
}

/* How often the hypervisor heard the device's line */
static unsigned long heard(void)
{
	unsigned long reg[4] = { line_of(PCI_EDU) };

	check_result(hv_command(TESTBED_LINE, reg), 0, "TESTBED_LINE");
	return reg[0];
}

static void wait_for(struct guest *guest, uint32_t value)
{
	uint64_t limit = now_us() + LIMIT_MS * 1000ULL;

	while (guest_word(guest, READY) != value) {
		check(now_us() < limit, "the guest does not come to %u", value);
		usleep(200);
	}
}

static void wait_until_heard(unsigned long before)
{
	uint64_t limit = now_us() + LIMIT_MS * 1000ULL;

	while (heard() == before) {
		check(now_us() < limit, "the line is not heard");
		usleep(200);
	}
}

static void go(struct guest *guest, uint32_t value)
{
	*(volatile uint32_t *)(guest->memory + GO) = value;
}

static void wait_for_more(unsigned long than)
{
	uint64_t limit = now_us() + LIMIT_MS * 1000ULL;

	while (taken() <= than) {
		check(now_us() < limit, "no more than %lu interrupts", than);
		usleep(200);
	}
}

TEST(all_arrive, "each time that the device asks is one interrupt")
{
	struct guest guest;

	begin(&guest);
	PROGRAM(&guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(PCI_PIN), WINDOW, RAISE, HALT,
		SERVE, EOI, WINDOW, DO(AGAIN, 0, MANY - 1));
	guest_start(&guest);
	check(guest_done(&guest, LIMIT_MS), "the guest is not through");
	check_equal(taken(), MANY, "interrupts");
	check_equal(guest_irqs(&guest, 0, VECTOR), MANY, "interrupts that the guest counted");
	end(&guest);
}

TEST(masked, "a line that the guest has masked waits, and keeps nobody busy")
{
	unsigned long before;
	struct guest guest;

	begin(&guest);
	before = heard();
	PROGRAM(&guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(PCI_PIN | PIN_MASKED), RAISE,
		POKE(READY, 1), DO(WAIT, GO, 1), WINDOW, SET_PIN(PCI_PIN), HALT, SERVE, EOI,
		WINDOW);
	guest_start(&guest);
	wait_for(&guest, 1);
	wait_until_heard(before);
	sleep_ms(SETTLE_MS);
	check_equal(taken(), 0, "interrupts while it is masked");
	/* the device asks on, but the hypervisor does not hear that until it is served */
	check_equal(heard() - before, 1, "times that the line was heard");
	go(&guest, 1);
	check(guest_done(&guest, LIMIT_MS), "the guest is not through");
	check_equal(taken(), 1, "interrupts");
	end(&guest);
}

/* One that asks for ever, of which the guest thinks that it has served it */
static void begin_storm(struct guest *guest)
{
	begin(guest);
	PROGRAM(guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(PCI_PIN), RAISE, HALT, EOI,
		DO(AGAIN, 0, FOR_EVER));
	guest_start(guest);
	wait_for_more(MANY);
}

/*
 * The guest, begun anew, waits for one that must not come: it is not through then.  A line
 * that is nobody's is low, so it may not be low that stands for a request.
 */
static void expect_none(struct guest *guest, const char *when)
{
	check_result(pt_reset_vm(guest->fd), 0, "RESET_VM");
	guest_set_regs(guest);
	*(volatile uint32_t *)(guest->memory + READY) = 0;
	PROGRAM(guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(VECTOR | PIN_LEVEL),
		POKE(READY, 1), HALT);
	guest_start(guest);
	wait_for(guest, 1);
	pci_registers(PCI_EDU)[EDU_RAISE / 4] = 2;
	check(!guest_done(guest, SETTLE_MS), "an interrupt %s", when);
	check(pci_registers(PCI_EDU)[EDU_RAISE / 4], "the device does not ask");
}

TEST(storm_reset, "a device that never ceases to ask, until its line is taken away")
{
	unsigned long calls = hv_calls(HC_ANY);
	struct guest guest;

	begin_storm(&guest);
	/* the Service VM hears nothing of it, and computes as ever */
	check(hv_calls(HC_ANY) - calls < MANY, "hypercalls");
	check_result(pt_pause(guest.fd), 0, "PAUSE_VM");
	check_result(pt_reset(guest.fd, PCI_EDU, ACRN_PTDEV_IRQ_INTX, PIN), 0, "RESET");
	expect_none(&guest, "after RESET");
	end(&guest);
}

TEST(storm_deassign, "the same, until the device goes back")
{
	struct guest guest;

	begin_storm(&guest);
	check_result(pt_pause(guest.fd), 0, "PAUSE_VM");
	check_result(pt_deassign(guest.fd, PCI_EDU), 0, "DEASSIGN");
	expect_none(&guest, "after DEASSIGN");
	guest_end(&guest);
}

/* The next one with the same pin is another VM, which was given nothing. */
TEST(storm_destroy, "the same, until the VM is destroyed")
{
	struct guest guest;

	begin_storm(&guest);
	guest_end(&guest);
	pci_registers(PCI_EDU)[EDU_RAISE / 4] = 2;
	new_guest(&guest);
	PROGRAM(&guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(VECTOR | PIN_LEVEL),
		POKE(READY, 1), HALT);
	guest_start(&guest);
	wait_for(&guest, 1);
	sleep_ms(SETTLE_MS);
	check_equal(taken(), 0, "interrupts of the next VM");
	guest_end(&guest);
}

/* As a device model does that sees configuration space for its guest */
static void write_config(unsigned int bdf, unsigned int reg, uint32_t value,
			 unsigned int size)
{
	char path[80];
	int fd;

	pci_path(bdf, "config", path, sizeof(path));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd >= 0 && pwrite(fd, &value, size, reg) == (ssize_t)size, "%s", path);
	close(fd);
}

static uint32_t read_config(unsigned int bdf, unsigned int reg, unsigned int size)
{
	uint32_t value = 0;
	char path[80];
	int fd;

	pci_path(bdf, "config", path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && pread(fd, &value, size, reg) == (ssize_t)size, "%s", path);
	close(fd);
	return value;
}

static void set_msi(unsigned int bdf, uint32_t address, uint32_t data)
{
	write_config(bdf, MSI_ADDRESS, address, 4);
	write_config(bdf, MSI_UPPER, 0, 4);
	write_config(bdf, MSI_DATA, data, 2);
}

static void switch_msi(unsigned int bdf, bool on)
{
	write_config(bdf, MSI_CONTROL, on ? MSI_ENABLE : 0, 2);
}

/* A guest that has a device and its MSI, which it wants as a vector */
static void give_msi(struct guest *guest, unsigned int bdf, unsigned int vector)
{
	give(guest, bdf);
	check_result(pt_set(guest->fd, bdf, ACRN_PTDEV_IRQ_MSI, 1, 0), 0, "SET");
	pci_set_master(bdf);
	set_msi(bdf, TO_VCPU_0, vector);
	switch_msi(bdf, true);
}

static void begin_msi(struct guest *guest)
{
	if (!pt_by_bdf())
		skip("the test hypervisor has no MSIs of devices from v1.6 on");
	new_guest(guest);
	give_msi(guest, PCI_EDU, VECTOR);
}

#define ALL_MSIS(guest, number)						\
	PROGRAM(guest, SETUP, APIC_ON, WINDOW, RAISE, HALT, SERVE, EOI, WINDOW,	\
		DO(AGAIN, 0, (number) - 1))

TEST(msi, "each MSI is one interrupt, with the vector that the guest wants, of its VM")
{
	struct guest guest, other;

	begin_msi(&guest);
	guest_new(&other, 1, 0);
	guest_add_irqs(&other);
	give_msi(&other, PCI_EDU_2, OTHER_VECTOR);
	ALL_MSIS(&guest, MANY);
	ALL_MSIS(&other, 2 * MANY);
	guest_start(&guest);
	guest_start(&other);
	check(guest_done(&guest, LIMIT_MS), "the guest is not through");
	check(guest_done(&other, LIMIT_MS), "the other guest is not through");
	check_equal(guest_irqs(&guest, 0, VECTOR), MANY, "interrupts");
	check_equal(guest_irqs(&other, 0, OTHER_VECTOR), 2 * MANY, "the other's");
	check_equal(guest_irqs(&guest, 0, OTHER_VECTOR), 0, "of the other");
	check_equal(guest_irqs(&other, 0, VECTOR), 0, "of the first at the other");
	/* the one goes back, the other still has its */
	end(&guest);
	check_result(pt_pause(other.fd), 0, "PAUSE_VM");
	check_result(pt_reset_vm(other.fd), 0, "RESET_VM");
	guest_set_regs(&other);
	ALL_MSIS(&other, MANY);
	guest_start(&other);
	check(guest_done(&other, LIMIT_MS), "the other guest is not through again");
	check_result(pt_pause(other.fd), 0, "PAUSE_VM");
	check_result(pt_deassign(other.fd, PCI_EDU_2), 0, "DEASSIGN");
	guest_end(&other);
}

TEST(msi_off, "an MSI that is switched off does not come, nor does one that is none")
{
	struct guest guest;

	begin_msi(&guest);
	switch_msi(PCI_EDU, false);
	PROGRAM(&guest, SETUP, APIC_ON, WINDOW, RAISE, SERVE, POKE(READY, 1), DO(WAIT, GO, 1),
		WINDOW, RAISE, SERVE, POKE(READY, 2), DO(WAIT, GO, 2),
		WINDOW, RAISE, SERVE, POKE(READY, 3), DO(WAIT, GO, 3),
		WINDOW, RAISE, SERVE, POKE(READY, 4), DO(WAIT, GO, 4), WINDOW, RAISE, HALT,
		SERVE, EOI, WINDOW);
	guest_start(&guest);
	wait_for(&guest, 1);
	/* not where MSIs go, though what would name vCPU 0 is there */
	set_msi(PCI_EDU, 0x12300000, VECTOR);
	switch_msi(PCI_EDU, true);
	go(&guest, 1);
	wait_for(&guest, 2);
	/* no vector */
	set_msi(PCI_EDU, TO_VCPU_0, 3);
	go(&guest, 2);
	wait_for(&guest, 3);
	/* far above where MSIs go */
	set_msi(PCI_EDU, TO_VCPU_0, VECTOR);
	write_config(PCI_EDU, MSI_UPPER, 1, 4);
	go(&guest, 3);
	wait_for(&guest, 4);
	sleep_ms(SETTLE_MS);
	check_equal(taken(), 0, "interrupts");
	set_msi(PCI_EDU, TO_VCPU_0, VECTOR);
	go(&guest, 4);
	check(guest_done(&guest, LIMIT_MS), "the guest is not through");
	check_equal(taken(), 1, "interrupts with it switched on");
	check_equal(guest_irqs(&guest, 0, VECTOR), 1, "interrupts that the guest counted");
	end(&guest);
}

TEST(msi_registers, "its registers hold what was written, and no more vectors than one")
{
	struct guest guest;

	begin_msi(&guest);
	set_msi(PCI_EDU, TO_VCPU_0 | 0x4, 0x1234);
	write_config(PCI_EDU, MSI_UPPER, 0x56789abc, 4);
	write_config(PCI_EDU, MSI_CONTROL, MSI_ENABLE | MSI_VECTORS, 2);
	check_equal(read_config(PCI_EDU, MSI_ADDRESS, 4), TO_VCPU_0 | 0x4, "the address");
	check_equal(read_config(PCI_EDU, MSI_UPPER, 4), 0x56789abc, "its upper half");
	check_equal(read_config(PCI_EDU, MSI_DATA, 2), 0x1234, "the data");
	check_equal(read_config(PCI_EDU, MSI_DATA + 1, 1), 0x12, "a byte of it");
	check_equal(read_config(PCI_EDU, MSI_CONTROL, 2) & (MSI_ENABLE | MSI_VECTORS),
		    MSI_ENABLE, "the control register");
	check_equal(read_config(PCI_EDU, 0, 4), EDU_DEVICE, "what it is");
	check_equal(read_config(PCI_EDU_2, 0, 4), EDU_DEVICE, "what another device is");
	write_config(PCI_EDU, MSI_DATA + 1, 0x56, 1);
	check_equal(read_config(PCI_EDU, MSI_DATA, 2), 0x5634, "the data, half of it new");
	end(&guest);
	check(read_config(PCI_EDU, MSI_ADDRESS, 4) != (TO_VCPU_0 | 0x4),
	      "the address is kept for the Service VM");
}

/* One whose device raises it without end */
static void begin_msi_storm(struct guest *guest)
{
	unsigned long calls;

	begin_msi(guest);
	PROGRAM(guest, SETUP, APIC_ON, RAISE, WINDOW, EOI, DO(AGAIN, 0, FOR_EVER));
	guest_start(guest);
	wait_for_more(MANY);
	calls = hv_calls(HC_ANY);
	sleep_ms(SETTLE_MS);
	check(hv_calls(HC_ANY) - calls < MANY, "hypercalls");
}

/* As begun, and now the device goes on for somebody else, who is not that guest. */
static void expect_no_msi(struct guest *guest, const char *when)
{
	unsigned int i;

	guest_set_regs(guest);
	*(volatile uint32_t *)(guest->memory + READY) = 0;
	PROGRAM(guest, SETUP, APIC_ON, POKE(READY, 1), HALT);
	guest_start(guest);
	wait_for(guest, 1);
	pci_set_master(PCI_EDU);
	set_msi(PCI_EDU, TO_VCPU_0, VECTOR);
	switch_msi(PCI_EDU, true);
	for (i = 0; i < MANY; i++)
		pci_registers(PCI_EDU)[EDU_RAISE / 4] = 1;
	check(!guest_done(guest, SETTLE_MS), "an interrupt %s", when);
	switch_msi(PCI_EDU, false);
}

TEST(msi_reset, "a device that sends MSIs without end, until it may not any more")
{
	struct guest guest;

	begin_msi_storm(&guest);
	check_result(pt_pause(guest.fd), 0, "PAUSE_VM");
	/* as acrn-dm does it, whatever it has set */
	check_result(pt_reset(guest.fd, PCI_EDU, ACRN_PTDEV_IRQ_MSIX, 1), 0, "RESET");
	check_result(pt_reset_vm(guest.fd), 0, "RESET_VM");
	expect_no_msi(&guest, "after RESET");
	end(&guest);
}

TEST(msi_deassign, "the same, until the device goes back")
{
	struct guest guest;

	begin_msi_storm(&guest);
	check_result(pt_pause(guest.fd), 0, "PAUSE_VM");
	check_result(pt_deassign(guest.fd, PCI_EDU), 0, "DEASSIGN");
	check_result(pt_reset_vm(guest.fd), 0, "RESET_VM");
	expect_no_msi(&guest, "after DEASSIGN");
	guest_end(&guest);
}

TEST(msi_destroy, "the same, until the VM is destroyed, or its device model killed")
{
	struct guest guest;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin_msi_storm(&guest);
		if (i)
			guest_end(&guest);
		else
			close(guest.fd);
		new_guest(&guest);
		expect_no_msi(&guest, i ? "after DESTROY" : "after close()");
		guest_end(&guest);
	}
}

int main(void)
{
	static const unsigned int bdfs[] = { PCI_EDU, PCI_EDU_2 };
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bdfs); i++) {
		pci_registers(bdfs[i])[EDU_SERVED / 4] = ALL;
		pci_disable(bdfs[i]);
	}
	return failed;
}
