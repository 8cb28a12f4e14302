// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The guest really runs: with the registers it was given, on a processor of its
 * own, until it is paused or gone.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define TABLES			0x7654000UL	/* of the guest in 64-bit mode */
#define CODE_64			0x1000000UL
#define EXIT_IO			0x7b
#define RUN_MS			50	/* what does not count by then stands still */
#define LIMIT_MS		10000

/* The guest's program, in real mode: it says that it started, then counts. */
#define PROGRAM		0x1000
#define COUNTER		0x2000
#define STARTS		0x2004
static const unsigned char counting[] = {
	0x66, 0xff, 0x06, 0x04, 0x20,	/*	incl STARTS */
	0x66, 0xff, 0x06, 0x00, 0x20,	/* 1:	incl COUNTER */
	0xeb, 0xf9,			/*	jmp 1b */
};

/* One that asks the device model for something */
#define PORT		0x510
#define VALUE		0xcafe
static const unsigned char asking[] = {
	0xba, 0x10, 0x05,		/*	mov $PORT, %dx */
	0xb8, 0xfe, 0xca,		/*	mov $VALUE, %ax */
	0xef,				/*	out %ax, %dx */
	0xeb, 0xfe,			/* 1:	jmp 1b */
};

static const unsigned char ask_at_once[] = {
	0xe6, 0x10,			/*	out %al, $0x10 */
	0xeb, 0xfe,			/* 1:	jmp 1b */
};

static unsigned long first(unsigned int reg)
{
	return hv_vcpu(VMID(0), 0, TESTBED_FIRST | reg);
}

static unsigned long exits(unsigned int config)
{
	return hv_vcpu(VMID(config), 0, TESTBED_REG_EXITS);
}

/* Each register something else, and none of them 0 */
static void fill_gprs(struct acrn_gp_regs *gprs, __u64 seed)
{
	__u64 *reg = &gprs->rax;
	unsigned int i;

	for (i = 0; i < sizeof(*gprs) / sizeof(*reg); i++)
		reg[i] = seed + i * 0x0101010101010101ULL;
}

static void wait_for_exit(unsigned long before)
{
	uint64_t end = now_us() + LIMIT_MS * 1000;

	while (exits(0) == before) {
		check(now_us() < end, "the guest does not run");
		sleep_ms(1);
	}
}

static void check_first_registers(const struct acrn_vcpu_regs *regs)
{
	static const char *const names[] = {
		"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
		"R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15",
	};
	const __u64 *gprs = &regs->gprs.rax;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		check_equal(first(TESTBED_REG_RAX + i), gprs[i], "%s",
			    names[i]);
	check_equal(first(TESTBED_REG_RIP), regs->rip, "RIP");
	check_equal(first(TESTBED_REG_CR0), regs->cr0, "CR0");
	check_equal(first(TESTBED_REG_CR3), regs->cr3, "CR3");
	check_equal(first(TESTBED_REG_CR4), regs->cr4, "CR4");
	check_equal(first(TESTBED_REG_EFER), regs->ia32_efer, "EFER");
	check_equal(first(TESTBED_REG_RFLAGS), regs->rflags, "RFLAGS");
	check_equal(first(TESTBED_REG_CS_BASE), regs->cs_base, "CS base");
	check_equal(first(TESTBED_REG_CS_SEL), regs->cs_sel, "CS");
	check_equal(first(TESTBED_REG_CS_LIMIT), regs->cs_limit, "CS limit");
	check_equal(first(TESTBED_REG_DS_SEL), regs->ds_sel, "DS");
	check_equal(first(TESTBED_REG_GDT_BASE), regs->gdt.base, "GDT base");
	check_equal(first(TESTBED_REG_GDT_LIMIT), regs->gdt.limit,
		    "GDT limit");
	check_equal(first(TESTBED_REG_IDT_BASE), regs->idt.base, "IDT base");
	check_equal(first(TESTBED_REG_IDT_LIMIT), regs->idt.limit,
		    "IDT limit");
	check_equal(first(TESTBED_REG_EXIT_CODE), EXIT_IO,
		    "reason of the first exit");
}

static void run_with(int fd, const struct acrn_set_vcpu_regs *set)
{
	struct acrn_set_vcpu_regs copy = *set;
	unsigned long before = exits(0);

	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &copy), 0,
		     "SET_VCPU_REGS");
	check_result(vm_start(fd), 0, "START_VM");
	wait_for_exit(before);
	check_first_registers(&set->vcpu_regs);
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_result(vm_reset(fd), 0, "RESET_VM");
}

/* The first thing the guest does is to ask for something. */
static void run_at(int fd, const struct acrn_set_vcpu_regs *set, uint64_t start)
{
	char *page = memory_get(MEMORY_PRIVATE, PAGE_SIZE);
	uint64_t gpa = start & ~(PAGE_SIZE - 1);

	memcpy(page + start % PAGE_SIZE, ask_at_once, sizeof(ask_at_once));
	check_result(memseg_set(fd, gpa, page, PAGE_SIZE), 0, "SET_MEMSEG");
	run_with(fd, set);
}

static void real_mode(struct acrn_set_vcpu_regs *set)
{
	struct acrn_vcpu_regs *regs = &set->vcpu_regs;

	memset(set, 0, sizeof(*set));
	fill_gprs(&regs->gprs, 0x1122334455667788ULL);
	regs->rip = 0x2345;
	regs->cs_base = 0x12340;
	regs->cs_sel = 0x1234;
	regs->cs_ar = 0x9b;
	regs->cs_limit = 0xffff;
	regs->cr0 = 0x30;
	regs->rflags = 0x202;
	regs->ds_sel = 0x4321;
	regs->gdt.limit = 0x17;
	regs->gdt.base = 0x5000;
	regs->idt.limit = 0x3ff;
	regs->idt.base = 0x6000;
}

static void protected_mode(struct acrn_set_vcpu_regs *set)
{
	struct acrn_vcpu_regs *regs = &set->vcpu_regs;

	real_mode(set);
	fill_gprs(&regs->gprs, 0x00000000f0e0d0c0ULL);
	regs->rip = 0x1000200;
	regs->cs_base = 0;
	regs->cs_sel = 0x10;
	regs->cs_ar = 0xc09b;
	regs->cs_limit = 0xffffffff;
	regs->ds_sel = 0x18;
	regs->cr0 = 0x31;
	regs->gdt.base = 0xfedcb000;
	regs->rflags = 0x2;
}

static void long_mode(struct acrn_set_vcpu_regs *set)
{
	struct acrn_vcpu_regs *regs = &set->vcpu_regs;

	protected_mode(set);
	fill_gprs(&regs->gprs, 0xfedcba9876543210ULL);
	regs->rip = 0xffffffff81000000ULL;
	regs->cs_ar = 0xa09b;
	regs->cr0 = 0x80000031;
	regs->cr3 = TABLES;
	regs->cr4 = 0x20;
	regs->ia32_efer = 0x500;
	regs->idt.base = 0xfffffe0000000000ULL;
}

TEST(given_registers, "the guest's first registers are those it was given")
{
	struct acrn_set_vcpu_regs set;
	int fd = vm_in_state(VM_CREATED, 0);

	real_mode(&set);
	run_at(fd, &set, 0x12340 + 0x2345);
	protected_mode(&set);
	run_at(fd, &set, 0x1000200);
}

TEST(given_registers_64, "and in 64-bit mode")
{
	uint64_t *tables = memory_get(MEMORY_PRIVATE, 3 * PAGE_SIZE);
	int fd = vm_in_state(VM_CREATED, 0);
	struct acrn_set_vcpu_regs set;

	long_mode(&set);
	/* RIP's three levels: present, writable, the last one a page of 2 MiB */
	tables[511] = (TABLES + PAGE_SIZE) | 0x3;
	tables[512 + 510] = (TABLES + 2 * PAGE_SIZE) | 0x3;
	tables[2 * 512 + 8] = CODE_64 | 0x83;
	check_result(memseg_set(fd, TABLES, tables, 3 * PAGE_SIZE), 0,
		     "SET_MEMSEG");
	run_at(fd, &set, CODE_64);
}

#define MEMORY_SIZE	0x10000

/* Of each configuration; shared, so that a child's guest can be looked at */
static char *memories[MAX_VMS];

static uint32_t guest_word(unsigned int config, unsigned int gpa)
{
	return *(volatile uint32_t *)(memories[config] + gpa);
}

static void make_memory(unsigned int config)
{
	memories[config] = memory_get(MEMORY_SHARED, MEMORY_SIZE);
}

static void set_program_regs(int fd)
{
	struct acrn_set_vcpu_regs set;

	vm_fill_regs_at(&set, PROGRAM);
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &set), 0,
		     "SET_VCPU_REGS");
}

/* A VM that is to run a program in its memory, in real mode */
static int guest_with(unsigned int config, const void *program, size_t size)
{
	int fd = vm_in_state(VM_CREATED, config);

	memcpy(memories[config] + PROGRAM, program, size);
	check_result(memseg_set(fd, 0, memories[config], MEMORY_SIZE), 0,
		     "SET_MEMSEG");
	set_program_regs(fd);
	return fd;
}

static int guest_created(unsigned int config)
{
	return guest_with(config, counting, sizeof(counting));
}

static bool counts(unsigned int config)
{
	uint32_t before = guest_word(config, COUNTER);

	sleep_ms(RUN_MS);
	return guest_word(config, COUNTER) != before;
}

/* A busy machine may run the guest for moments only, and far apart. */
static void wait_until_it_counts(unsigned int config)
{
	uint64_t end = now_us() + LIMIT_MS * 1000;

	while (!counts(config))
		check(now_us() < end, "the guest of VM %u does not count",
		      VMID(config));
}

TEST(stands_still, "a paused guest stands still")
{
	unsigned long before;
	int fd;

	make_memory(0);
	fd = guest_created(0);
	check(!counts(0), "it counts before START_VM");
	check_result(vm_start(fd), 0, "START_VM");
	wait_until_it_counts(0);
	check_equal(guest_word(0, STARTS), 1, "starts");
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	before = exits(0);
	check(!counts(0), "it counts after PAUSE_VM");
	check_equal(exits(0), before, "exits of the guest");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

TEST(starts_over, "a reset guest starts over, 20 times")
{
	unsigned int i;
	int fd;

	make_memory(0);
	fd = guest_created(0);
	for (i = 1; i <= 20; i++) {
		set_program_regs(fd);
		check_result(vm_start(fd), 0, "START_VM");
		wait_until_it_counts(0);
		check_equal(guest_word(0, STARTS), i, "starts");
		check_result(vm_pause(fd), 0, "PAUSE_VM");
		check_result(vm_reset(fd), 0, "RESET_VM");
		check(!counts(0), "it counts after RESET_VM");
	}
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

TEST(dies_with_its_file, "four guests count until each is destroyed, closed or paused")
{
	unsigned int i;
	int fd[MAX_VMS];

	for (i = 0; i < MAX_VMS; i++) {
		make_memory(i);
		fd[i] = guest_created(i);
		check_result(vm_start(fd[i]), 0, "START_VM");
	}
	for (i = 0; i < MAX_VMS; i++)
		wait_until_it_counts(i);
	check_result(vm_destroy(fd[0]), 0, "DESTROY_VM");
	close(fd[1]);
	check_result(vm_pause(fd[2]), 0, "PAUSE_VM");
	for (i = 0; i < MAX_VMS - 1; i++)
		check(!counts(i), "VM %u still counts", VMID(i));
	wait_until_it_counts(3);
	check_result(vm_destroy(fd[2]), 0, "DESTROY_VM");
	check_result(vm_destroy(fd[3]), 0, "DESTROY_VM");
}

static void count_until_killed(void *data)
{
	int fd = guest_created(0);

	check_result(vm_start(fd), 0, "START_VM");
	pause();
}

TEST(dies_with_its_process, "[A7] a guest dies with the process that made it")
{
	pid_t pid;

	make_memory(0);
	pid = start_child(count_until_killed, NULL);
	wait_until_it_counts(0);
	kill_child(pid);
	check(!counts(0), "the guest still counts");
}

TEST(asks_through_page, "a request of the guest arrives in the process's page")
{
	uint32_t *slot = vm_io_page(0);
	volatile uint32_t *state = slot + IO_SLOT_STATE / 4;
	uint64_t end = now_us() + LIMIT_MS * 1000;
	int fd;

	make_memory(0);
	fd = guest_with(0, asking, sizeof(asking));
	check_equal(*state, IO_FREE, "state of the slot");
	check_result(vm_start(fd), 0, "START_VM");
	while (*state == IO_FREE)
		check(now_us() < end, "no request");
	check_equal(slot[0], 0, "type: port I/O");
	check_equal(slot[16], 1, "direction: write");
	check_equal(*(uint64_t *)(slot + 18), PORT, "port");
	check_equal(*(uint64_t *)(slot + 20), 2, "size");
	check_equal(slot[22], VALUE, "value");
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check(*state == IO_PENDING || *state == IO_PROCESSING,
	      "state after PAUSE_VM: %u", *state);
	check_result(vm_reset(fd), 0, "RESET_VM");
	check_equal(*state, IO_FREE, "state after RESET_VM");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
