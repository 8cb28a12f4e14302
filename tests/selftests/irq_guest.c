// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Interrupts that arrive in a User VM: what goes in through the driver is taken by
 * a vCPU, the right one, and as often as it was sent.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "vm.h"

#define APIC(reg)	(0xfee00000 + (reg))
#define APIC_TPR	APIC(0x80)
#define APIC_EOI	APIC(0xb0)
#define APIC_LDR	APIC(0xd0)
#define APIC_DFR	APIC(0xe0)
#define APIC_SVR	APIC(0xf0)
#define APIC_ICR	APIC(0x300)
#define APIC_ICR_DEST	APIC(0x310)
#define APIC_TIMER	APIC(0x320)
#define APIC_LINT0	APIC(0x350)
#define APIC_INITIAL	APIC(0x380)
#define APIC_CURRENT	APIC(0x390)
#define APIC_DIVIDE	APIC(0x3e0)
#define IOAPIC_SELECT	0xfec00000
#define IOAPIC_WINDOW	0xfec00010

#define SVR_ON		0x1ff
#define LINT_EXTINT	0x700
#define TIMER_PERIODIC	(1 << 17)
#define TIMER_DEADLINE	(2 << 17)
#define DIVIDE_BY_1	0xb
#define ICR_NMI		0x4400
#define ICR_INIT	0x4500
#define ICR_STARTUP	0x4600
#define ICR_SELF	0x40000
#define ICR_ALL		0x80000
#define ICR_OTHERS	0xc0000
#define ICR_LOGICAL	0x800
#define ICR_DEST(id)	((uint64_t)(id) << 24)

#define PIN_LEVEL	0x8000
#define PIN_LOW_ACTIVE	0x2000
#define PIN_MASKED	0x10000
#define PIN		5
#define PIN_INDEX	(0x10 + 2 * PIN)
#define MSI_TO(id)	(MSI_ADDR | (id) << 12)
#define MSI_LOGICAL	4

#define MSR_APIC_BASE	0x1b
#define APIC_X2_ON	0xfee00d00	/* enabled, x2APIC, first vCPU */
#define X2_EOI		0x80b
#define X2_SVR		0x80f
#define X2_ICR		0x830
#define X2_SELF_IPI	0x83f
#define MSR_TSC_DEADLINE 0x6e0

#define VECTOR		0x51
#define OTHER		0x62
#define NMI		2
#define PIC_BASE	0x20

/* Words by which the two sides wait for each other */
#define READY		GUEST_FREE
#define GO		(GUEST_FREE + 4)
#define LIMIT_MS	20000
#define SETTLE_MS	50
#define MANY		1000

#define DO(op, address, value)	{ GUEST_##op, address, value }
#define POKE(address, value)	{ GUEST_STORE + 4, address, value }
#define OUT(port, value)	{ GUEST_OUT + 1, port, value }
#define SETUP			DO(SETUP_IRQS, 0, 0)
#define APIC_ON			POKE(APIC_SVR, SVR_ON)
#define SAY_READY(n)		POKE(READY, n)
#define WAIT_FOR_GO(n)		DO(WAIT, GO, n)
#define HALT			DO(HALT, 0, 0)
#define WINDOW			DO(WINDOW, 0, 0)
#define EOI			POKE(APIC_EOI, 0)
#define SELECT_PIN		POKE(IOAPIC_SELECT, PIN_INDEX)
#define SET_PIN(value)		POKE(IOAPIC_WINDOW, value)

#define PROGRAM(guest, vcpu, ...)					\
	do {								\
		const struct guest_op ops[] = { __VA_ARGS__ };		\
									\
		guest_program_vcpu(guest, vcpu, ops, ARRAY_SIZE(ops));	\
	} while (0)

static void new_guest(struct guest *guest, unsigned int vcpus)
{
	guest_new_vcpus(guest, 0, 0, vcpus);
	guest_add_irqs(guest);
}

static void wait_for(struct guest *guest, unsigned int address, uint32_t value)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;

	while (guest_word(guest, address) != value) {
		check(now_us() < end, "the guest does not come to %u", value);
		usleep(200);
	}
}

static void say_go(struct guest *guest, uint32_t value)
{
	*(volatile uint32_t *)(guest->memory + GO) = value;
}

static void check_done(struct guest *guest, unsigned int vcpu)
{
	check(guest_vcpu_done(guest, vcpu, LIMIT_MS), "vCPU %u is not done", vcpu);
}

/* The guest's own count, and the hypervisor's */
static void check_taken(struct guest *guest, unsigned int vcpu, unsigned int vector,
			unsigned int count)
{
	check_equal(guest_irqs(guest, vcpu, vector), count,
		    "interrupts 0x%x that vCPU %u counted", vector, vcpu);
	check_equal(hv_taken(VMID(0), vcpu, vector), count,
		    "interrupts 0x%x that vCPU %u was given", vector, vcpu);
}

static void inject(struct guest *guest, uint64_t addr, uint64_t data)
{
	check_result(msi_inject(guest->fd, addr, data), 0, "INJECT_MSI");
}

static void set_line(struct guest *guest, unsigned int line, unsigned int op)
{
	check_result(irqline_set(guest->fd, line, op), 0, "SET_IRQLINE");
}

TEST(msi_ends_halt, "an MSI ends a halt")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SAY_READY(1), HALT, EOI);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	sleep_ms(SETTLE_MS);
	check(!guest_status(&guest)->done, "the halt ended by itself");
	inject(&guest, MSI_TO(0), VECTOR);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 1);
	guest_end(&guest);
}

static void wait_for_loops(struct guest *guest, uint64_t loops)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;

	while (guest_status(guest)->loops < loops)
		check(now_us() < end, "interrupt %lu does not come", loops);
}

/* One after the other is answered: as many as were sent */
TEST(all_arrive, "1000 MSIs are 1000 interrupts")
{
	struct guest guest;
	unsigned int i;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SAY_READY(1), HALT, EOI, DO(AGAIN, 0, MANY - 1));
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	for (i = 0; i < MANY; i++) {
		inject(&guest, MSI_TO(0), VECTOR);
		wait_for_loops(&guest, i + 1);
	}
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, MANY);
	guest_end(&guest);
}

TEST(irqfds_arrive, "1000 signals of an irqfd are 1000 interrupts")
{
	struct guest guest;
	unsigned int i;
	int event;

	new_guest(&guest, 1);
	event = event_new();
	check_result(irqfd(guest.fd, event, 0, MSI_TO(0), VECTOR), 0, "IRQFD");
	PROGRAM(&guest, 0, SETUP, APIC_ON, SAY_READY(1), HALT, EOI, DO(AGAIN, 0, MANY - 1));
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	for (i = 0; i < MANY; i++) {
		event_signal(event);
		wait_for_loops(&guest, i + 1);
	}
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, MANY);
	guest_end(&guest);
	close(event);
}

/* To one by its id, to one by its logical id, to both, to none */
TEST(destinations, "MSIs go to whom they are for")
{
	struct guest guest;
	unsigned int i;

	new_guest(&guest, 2);
	for (i = 0; i < 2; i++)
		PROGRAM(&guest, i, SETUP, APIC_ON, POKE(APIC_DFR, ~0U),
			POKE(APIC_LDR, ICR_DEST(i ? 4 : 2)), POKE(READY + 8 + 4 * i, 1),
			WAIT_FOR_GO(1), WINDOW, EOI, WINDOW, EOI, WINDOW, EOI);
	guest_start(&guest);
	wait_for(&guest, READY + 8, 1);
	wait_for(&guest, READY + 12, 1);
	inject(&guest, MSI_TO(1), 0x50);
	inject(&guest, MSI_TO(2) | MSI_LOGICAL, 0x60);
	inject(&guest, MSI_TO(6) | MSI_LOGICAL, 0x70);
	inject(&guest, MSI_TO(5), 0x80);
	say_go(&guest, 1);
	check_done(&guest, 0);
	check_done(&guest, 1);
	check_taken(&guest, 0, 0x50, 0);
	check_taken(&guest, 1, 0x50, 1);
	check_taken(&guest, 0, 0x60, 1);
	check_taken(&guest, 1, 0x60, 0);
	check_taken(&guest, 0, 0x70, 1);
	check_taken(&guest, 1, 0x70, 1);
	check_taken(&guest, 0, 0x80, 0);
	check_taken(&guest, 1, 0x80, 0);
	guest_end(&guest);
}

TEST(edge_line, "an edge-triggered line")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SELECT_PIN, SET_PIN(VECTOR),
		SAY_READY(1), HALT, EOI, WINDOW, SAY_READY(2), HALT, EOI, WINDOW);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	set_line(&guest, PIN, ACRN_IRQLINE_HIGH);
	wait_for(&guest, READY, 2);
	/* Up already, then down: no edge */
	set_line(&guest, PIN, ACRN_IRQLINE_HIGH);
	set_line(&guest, PIN, ACRN_IRQLINE_LOW);
	sleep_ms(SETTLE_MS);
	check_taken(&guest, 0, VECTOR, 1);
	set_line(&guest, PIN, ACRN_IRQLINE_HIGH);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 2);
	guest_end(&guest);
}

TEST(pulses, "pulses of a line")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SELECT_PIN, SET_PIN(VECTOR), SAY_READY(1), HALT, EOI,
		SAY_READY(2), HALT, EOI, SAY_READY(3), WAIT_FOR_GO(1), WINDOW);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	set_line(&guest, PIN, ACRN_IRQLINE_RAISING_PULSE);
	wait_for(&guest, READY, 2);
	set_line(&guest, PIN, ACRN_IRQLINE_FALLING_PULSE);
	wait_for(&guest, READY, 3);
	/* It ended up high */
	set_line(&guest, PIN, ACRN_IRQLINE_HIGH);
	say_go(&guest, 1);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 2);
	guest_end(&guest);
}

/* Comes again after each EOI, as long as the line is active */
static void level_line(bool low_active)
{
	unsigned int on = low_active ? ACRN_IRQLINE_LOW : ACRN_IRQLINE_HIGH;
	unsigned int off = low_active ? ACRN_IRQLINE_HIGH : ACRN_IRQLINE_LOW;
	uint32_t pin = VECTOR | PIN_LEVEL | (low_active ? PIN_LOW_ACTIVE : 0);
	struct guest guest;

	new_guest(&guest, 1);
	set_line(&guest, PIN, off);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SELECT_PIN, SET_PIN(pin), WINDOW,
		SAY_READY(1), HALT, WINDOW, EOI, HALT, SAY_READY(2), WAIT_FOR_GO(1), EOI, WINDOW);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	check_taken(&guest, 0, VECTOR, 0);
	set_line(&guest, PIN, on);
	wait_for(&guest, READY, 2);
	check_taken(&guest, 0, VECTOR, 2);
	set_line(&guest, PIN, off);
	say_go(&guest, 1);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 2);
	guest_end(&guest);
}

TEST(level_high, "a level-triggered line comes again until it is low")
{
	level_line(false);
}

TEST(level_low, "a level-triggered line that is active when low")
{
	level_line(true);
}

TEST(masked_pin, "a masked line waits")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SELECT_PIN,
		SET_PIN(VECTOR | PIN_LEVEL | PIN_MASKED), SAY_READY(1),
		WAIT_FOR_GO(1), WINDOW, SAY_READY(2), WAIT_FOR_GO(2),
		SELECT_PIN, SET_PIN(VECTOR | PIN_LEVEL), WINDOW);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	set_line(&guest, PIN, ACRN_IRQLINE_HIGH);
	say_go(&guest, 1);
	wait_for(&guest, READY, 2);
	check_taken(&guest, 0, VECTOR, 0);
	say_go(&guest, 2);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 1);
	guest_end(&guest);
}

/* The task priority holds back; a vector being served holds back lower ones */
TEST(priorities, "priorities hold interrupts back")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, POKE(APIC_TPR, 0x60), SAY_READY(1), WAIT_FOR_GO(1),
		WINDOW, SAY_READY(2), WAIT_FOR_GO(2), POKE(APIC_TPR, 0), WINDOW,
		SAY_READY(3), WAIT_FOR_GO(3), EOI, WINDOW, EOI, WINDOW);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	inject(&guest, MSI_TO(0), 0x50);
	inject(&guest, MSI_TO(0), 0x60);
	say_go(&guest, 1);
	wait_for(&guest, READY, 2);
	check_taken(&guest, 0, 0x60, 0);
	say_go(&guest, 2);
	wait_for(&guest, READY, 3);
	check_taken(&guest, 0, 0x60, 1);
	check_taken(&guest, 0, 0x50, 0);
	say_go(&guest, 3);
	check_done(&guest, 0);
	check_taken(&guest, 0, 0x60, 1);
	check_taken(&guest, 0, 0x50, 1);
	guest_end(&guest);
}

/* 25 MHz: 250000 counts are 10 ms, and not less */
TEST(timer_one_shot, "the timer fires once")
{
	struct guest guest;
	uint64_t begin;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, POKE(APIC_DIVIDE, DIVIDE_BY_1), POKE(APIC_TIMER, VECTOR),
		WAIT_FOR_GO(1), POKE(APIC_INITIAL, 250000), HALT, EOI, WINDOW);
	guest_start(&guest);
	begin = now_us();
	say_go(&guest, 1);
	check_done(&guest, 0);
	check(now_us() - begin >= 9000, "it fired after %lu us", now_us() - begin);
	sleep_ms(SETTLE_MS);
	check_taken(&guest, 0, VECTOR, 1);
	guest_end(&guest);
}

TEST(timer_periodic, "the timer fires again and again")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, POKE(APIC_DIVIDE, DIVIDE_BY_1),
		POKE(APIC_TIMER, VECTOR | TIMER_PERIODIC), POKE(APIC_INITIAL, 50000),
		HALT, EOI, HALT, EOI, HALT, EOI, POKE(APIC_INITIAL, 0),
		DO(LOAD + 4, APIC_CURRENT, 7));
	guest_start(&guest);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 3);
	check_equal(guest_result(&guest, 12), 0, "the count of a stopped timer");
	guest_end(&guest);
}

TEST(timer_deadline, "the timer fires at a time of the TSC")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, POKE(APIC_TIMER, VECTOR | TIMER_DEADLINE),
		DO(WRMSR, MSR_TSC_DEADLINE, 1ULL << 62), WINDOW,
		DO(RDMSR, MSR_TSC_DEADLINE, 0), DO(WRMSR, MSR_TSC_DEADLINE, 1), HALT, EOI,
		DO(RDMSR, MSR_TSC_DEADLINE, 7), WINDOW);
	guest_start(&guest);
	check_done(&guest, 0);
	check_equal(guest_result(&guest, 5), 1ULL << 62, "the deadline");
	check_equal(guest_result(&guest, 9), 0, "the deadline after it");
	check_taken(&guest, 0, VECTOR, 1);
	guest_end(&guest);
}

TEST(between_vcpus, "vCPUs interrupt each other")
{
	struct guest guest;

	new_guest(&guest, 3);
	PROGRAM(&guest, 0, SETUP, APIC_ON, DO(WAIT, READY + 8, 1), DO(WAIT, READY + 12, 1),
		POKE(APIC_ICR_DEST, ICR_DEST(2)), POKE(APIC_ICR, 0x4050),
		POKE(APIC_ICR, ICR_OTHERS | 0x4060), POKE(APIC_ICR, ICR_ALL | 0x4070),
		POKE(APIC_ICR, ICR_SELF | 0x4080), SAY_READY(1), WINDOW, EOI, WINDOW, EOI);
	PROGRAM(&guest, 1, SETUP, APIC_ON, POKE(READY + 8, 1), DO(WAIT, READY, 1), WINDOW, EOI,
		WINDOW, EOI, WINDOW);
	PROGRAM(&guest, 2, SETUP, APIC_ON, POKE(READY + 12, 1), DO(WAIT, READY, 1), WINDOW, EOI,
		WINDOW, EOI, WINDOW);
	guest_start(&guest);
	check_done(&guest, 0);
	check_done(&guest, 1);
	check_done(&guest, 2);
	check_taken(&guest, 0, 0x50, 0);
	check_taken(&guest, 1, 0x50, 0);
	check_taken(&guest, 2, 0x50, 1);
	check_taken(&guest, 0, 0x60, 0);
	check_taken(&guest, 1, 0x60, 1);
	check_taken(&guest, 2, 0x60, 1);
	check_taken(&guest, 0, 0x70, 1);
	check_taken(&guest, 1, 0x70, 1);
	check_taken(&guest, 2, 0x70, 1);
	check_taken(&guest, 0, 0x80, 1);
	check_taken(&guest, 1, 0x80, 0);
	guest_end(&guest);
}

/* It needs no permission of the flags, and no EOI. */
TEST(nmi, "an NMI")
{
	uint64_t counter = GUEST_STATUS + GUEST_STRIDE + GUEST_IRQ_COUNTS + 4 * NMI;
	struct guest guest;

	new_guest(&guest, 2);
	PROGRAM(&guest, 0, SETUP, APIC_ON, DO(WAIT, READY, 1), POKE(APIC_ICR_DEST, ICR_DEST(1)),
		POKE(APIC_ICR, ICR_NMI), DO(WAIT, counter, 1), POKE(APIC_ICR, ICR_NMI));
	PROGRAM(&guest, 1, SETUP, APIC_ON, SAY_READY(1), DO(WAIT, counter, 2));
	guest_start(&guest);
	check_done(&guest, 0);
	check_done(&guest, 1);
	check_taken(&guest, 1, NMI, 2);
	guest_end(&guest);
}

/* A vCPU that ran, and halts now, starts over. */
TEST(init_and_startup, "INIT and start-up of a vCPU that ran")
{
	struct guest guest;

	new_guest(&guest, 2);
	PROGRAM(&guest, 0, DO(WAIT, READY, 1), POKE(READY, 0),
		POKE(APIC_ICR, ICR_OTHERS | ICR_INIT),
		POKE(APIC_ICR, ICR_OTHERS | ICR_STARTUP | GUEST_AP_CODE >> 12),
		POKE(APIC_ICR, ICR_OTHERS | ICR_STARTUP | GUEST_AP_CODE >> 12),
		DO(WAIT, READY, 1));
	PROGRAM(&guest, 1, SAY_READY(1));
	guest_start(&guest);
	check_done(&guest, 0);
	guest_end(&guest);
}

TEST(x2apic, "x2APIC")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, DO(SETUP_IRQS, 0, 0), DO(WRMSR, MSR_APIC_BASE, APIC_X2_ON),
		DO(RDMSR, MSR_APIC_BASE, 0), DO(WRMSR, X2_SVR, SVR_ON),
		DO(WRMSR, X2_SELF_IPI, VECTOR), WINDOW, DO(WRMSR, X2_EOI, 0),
		DO(WRMSR, X2_ICR, 0x4000 | OTHER), WINDOW, DO(WRMSR, X2_EOI, 0),
		SAY_READY(1), HALT, DO(WRMSR, X2_EOI, 0));
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	inject(&guest, MSI_TO(0), 0x70);
	check_done(&guest, 0);
	check_equal(guest_result(&guest, 2), APIC_X2_ON, "IA32_APIC_BASE");
	check_taken(&guest, 0, VECTOR, 1);
	check_taken(&guest, 0, OTHER, 1);
	check_taken(&guest, 0, 0x70, 1);
	guest_end(&guest);
}

/* Both 8259s: line 3 of the first, line 12, which is 4 of the second */
TEST(pic, "the 8259s")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, POKE(APIC_LINT0, LINT_EXTINT),
		OUT(0x20, 0x11), OUT(0x21, PIC_BASE), OUT(0x21, 4), OUT(0x21, 1),
		OUT(0xa0, 0x11), OUT(0xa1, PIC_BASE + 8), OUT(0xa1, 2), OUT(0xa1, 1),
		OUT(0x21, 0xf3), OUT(0xa1, 0xef), DO(IN + 1, 0x21, 0),
		SAY_READY(1), HALT, OUT(0x20, 0x20),
		SAY_READY(2), HALT, OUT(0xa0, 0x20), OUT(0x20, 0x20), WINDOW);
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	set_line(&guest, 3, ACRN_IRQLINE_RAISING_PULSE);
	wait_for(&guest, READY, 2);
	check_equal(guest_result(&guest, 13), 0xf3, "the mask");
	set_line(&guest, 12, ACRN_IRQLINE_RAISING_PULSE);
	check_done(&guest, 0);
	check_taken(&guest, 0, PIC_BASE + 3, 1);
	check_taken(&guest, 0, PIC_BASE + 12, 1);
	guest_end(&guest);
}

/* What is pending when the VM is reset does not come afterwards. */
TEST(reset_forgets, "a reset forgets what is pending")
{
	struct guest guest;

	new_guest(&guest, 1);
	PROGRAM(&guest, 0, SETUP, APIC_ON, SAY_READY(1), DO(COUNT, READY + 8, 0));
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	inject(&guest, MSI_TO(0), VECTOR);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	inject(&guest, MSI_TO(0), OTHER);
	check_result(vm_reset(guest.fd), 0, "RESET_VM");
	PROGRAM(&guest, 0, SETUP, APIC_ON, WINDOW, WINDOW);
	guest_set_regs(&guest);
	guest_start(&guest);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 0);
	check_taken(&guest, 0, OTHER, 0);
	guest_end(&guest);
}

/* Lines are the devices'; a reset of the VM does not change them. */
TEST(reset_keeps_lines, "a reset keeps the state of lines")
{
	struct guest guest;

	new_guest(&guest, 1);
	set_line(&guest, PIN, ACRN_IRQLINE_HIGH);
	PROGRAM(&guest, 0, SETUP, SAY_READY(1));
	guest_start(&guest);
	wait_for(&guest, READY, 1);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check_result(vm_reset(guest.fd), 0, "RESET_VM");
	PROGRAM(&guest, 0, SETUP, APIC_ON, SELECT_PIN, SET_PIN(VECTOR | PIN_LEVEL),
		WINDOW);
	guest_set_regs(&guest);
	guest_start(&guest);
	check_done(&guest, 0);
	check_taken(&guest, 0, VECTOR, 1);
	guest_end(&guest);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
