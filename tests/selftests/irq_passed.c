// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Interrupts of a real device that a User VM was given: they come to its guest, as often
 * as the device asks and the guest serves it, and not after the device went back.
 *
 * The device is an edu, whose line follows registers of its own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "ptdev.h"
#include "vm.h"

/* What edu asks for is in a register: it asks while that is not 0 */
#define EDU_RAISE	0x60
#define EDU_SERVED	0x64
#define ALL		0xffffffff

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

/* As the Service VM sees it, whoever has it */
static volatile uint32_t *registers_of(unsigned int bdf)
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

static void new_guest(struct guest *guest)
{
	if (hv_generation() > 26)
		guest_new_a2(guest, 0, 0, 0);
	else
		guest_new(guest, 0, 0);
	guest_add_irqs(guest);
}

/* Until then, Linux has its line go nowhere. */
static void enable(void)
{
	char path[80], enabled[16];

	pci_path(PCI_EDU, "enable", path, sizeof(path));
	check_result(read_text(path, enabled, sizeof(enabled)), 0, "%s", path);
	if (enabled[0] == '0')
		check_result(write_text(path, "1"), 0, "%s", path);
}

/* A guest that has the device, its registers and its line */
static void begin(struct guest *guest)
{
	uint64_t hpa;
	size_t size;

	check(pci_there(PCI_EDU), "no device: run with --devices");
	enable();
	hpa = pci_bar(PCI_EDU, 0, &size);
	registers_of(PCI_EDU)[EDU_SERVED / 4] = ALL;
	new_guest(guest);
	check_result(pt_assign(guest->fd, PCI_EDU), 0, "ASSIGN");
	check_result(pt_map(guest->fd, GPA, hpa, size), 0, "SET_MEMSEG");
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

static void wait_for(struct guest *guest, uint32_t value)
{
	uint64_t limit = now_us() + LIMIT_MS * 1000ULL;

	while (guest_word(guest, READY) != value) {
		check(now_us() < limit, "the guest does not come to %u", value);
		usleep(200);
	}
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

TEST(masked, "a line that the guest has masked waits")
{
	struct guest guest;

	begin(&guest);
	PROGRAM(&guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(PCI_PIN | PIN_MASKED), RAISE,
		POKE(READY, 1), DO(WAIT, GO, 1), WINDOW, SET_PIN(PCI_PIN), HALT, SERVE, EOI,
		WINDOW);
	guest_start(&guest);
	wait_for(&guest, 1);
	sleep_ms(SETTLE_MS);
	check_equal(taken(), 0, "interrupts while it is masked");
	*(volatile uint32_t *)(guest.memory + GO) = 1;
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
	registers_of(PCI_EDU)[EDU_RAISE / 4] = 2;
	check(!guest_done(guest, SETTLE_MS), "an interrupt %s", when);
	check(registers_of(PCI_EDU)[EDU_RAISE / 4], "the device does not ask");
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
	registers_of(PCI_EDU)[EDU_RAISE / 4] = 2;
	new_guest(&guest);
	PROGRAM(&guest, SETUP, APIC_ON, SELECT_PIN, SET_PIN(VECTOR | PIN_LEVEL),
		POKE(READY, 1), HALT);
	guest_start(&guest);
	wait_for(&guest, 1);
	sleep_ms(SETTLE_MS);
	check_equal(taken(), 0, "interrupts of the next VM");
	guest_end(&guest);
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);
	char path[80];

	registers_of(PCI_EDU)[EDU_SERVED / 4] = ALL;
	pci_path(PCI_EDU, "enable", path, sizeof(path));
	write_text(path, "0");
	return failed;
}
