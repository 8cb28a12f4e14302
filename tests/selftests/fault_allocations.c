// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The kernel runs out of memory, at each allocation in turn: an error and
 * nothing is left, or it goes on all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "failalloc.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "vm.h"

#define NODE		"/dev/failalloc"
#define GPA		0x40000000UL
#define STEPS_MAX	3000

static int failalloc;

static void open_failalloc(void)
{
	if (access(NODE, F_OK))
		check_result(module_load("failalloc", ""), 0,
			     "insmod failalloc");
	failalloc = open(NODE, O_RDWR | O_CLOEXEC);
	check(failalloc >= 0, NODE ": %s", strerror(errno));
}

static void arm_plan(unsigned int skip, unsigned int count, bool in_init)
{
	struct failalloc_plan plan = { skip, count, in_init };

	check(!ioctl(failalloc, FAILALLOC_ARM, &plan), "FAILALLOC_ARM: %s",
	      strerror(errno));
}

static void arm(unsigned int skip, unsigned int count)
{
	arm_plan(skip, count, false);
}

static struct failalloc_result disarm(void)
{
	struct failalloc_result result;

	check(!ioctl(failalloc, FAILALLOC_END, &result), "FAILALLOC_END: %s",
	      strerror(errno));
	return result;
}

/**
 * struct step - something that allocates
 * @prepare: what has to be done before it, or NULL
 * @run: do it; its result
 * @undo: take back what it did when it succeeded
 * @failed: after it has failed, that nothing has come of it
 * @in_init: it loads a module, whose initialization is what counts
 */
struct step {
	void (*prepare)(void);
	int (*run)(void);
	void (*undo)(void);
	void (*failed)(void);
	bool in_init;
};

/*
 * Once with a single allocation that fails, once with all from there on, for
 * each allocation that the step makes.
 */
static void each_allocation(const struct step *step, unsigned int count)
{
	unsigned int skip, failures = 0, spared = 0;
	struct failalloc_result result;
	struct pins before;
	int ret;

	for (skip = 0; skip < STEPS_MAX; skip++) {
		if (step->prepare)
			step->prepare();
		pins_get(&before);
		arm_plan(skip, count, step->in_init);
		ret = step->run();
		result = disarm();
		check(!ret || ret == -ENOMEM, "allocation %u fails: %s", skip,
		      result_name(ret));
		check(!ret || result.failed, "it fails without reason: %s",
		      result_name(ret));
		if (ret) {
			failures++;
			pins_check(&before, 0, "failed");
			if (step->failed)
				step->failed();
		} else {
			step->undo();
			pins_check(&before, 0, "undone");
		}
		if (result.seen <= skip)
			break;
		spared += result.spared && count == 1;
	}
	check(skip < STEPS_MAX, "no end of allocations");
	report("%s: %u allocations, %u of them fail the call, %u left out",
	       count == 1 ? "one fails" : "all fail from there on", skip,
	       failures, spared);
	check(failures, "it does not allocate anything");
}

static void exhaust(const struct step *step)
{
	each_allocation(step, 1);
	each_allocation(step, FAILALLOC_ALL);
}

static int fd;

static int run_open(void)
{
	fd = open(HSM_NODE, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

static void undo_open(void)
{
	close(fd);
}

TEST(opening, "open()")
{
	static const struct step step = { .run = run_open, .undo = undo_open };

	open_failalloc();
	exhaust(&step);
}

static struct acrn_create_vm create;

/* Each time with a page that nobody has touched */
static void prepare_create(void)
{
	vm_fill_create(&create, 0);
	create.req_buf = (unsigned long)get_pages(1);
}

static int run_create(void)
{
	return hsm_ioctl(fd, IC_CREATE_VM, &create);
}

static void undo_create(void)
{
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

static void check_no_vm(void)
{
	static const struct vm_model empty = { VM_EMPTY, 0 };

	vm_check(0, &empty);
}

TEST(creating, "CREATE_VM")
{
	static const struct step step = {
		prepare_create, run_create, undo_create, check_no_vm
	};

	open_failalloc();
	fd = hsm_open();
	exhaust(&step);
}

static char *memory;
static unsigned int pages;

static int run_set(void)
{
	return memseg_set(fd, GPA, memory, PAGES(pages));
}

static void undo_set(void)
{
	check_sees(VMID(0), GPA, memory, PAGES(pages));
	check_result(memseg_unset(fd, GPA, PAGES(pages)), 0, "UNSET_MEMSEG");
	check_sees_nothing(VMID(0));
}

static const struct step set_memseg = {
	.run = run_set,
	.undo = undo_set,
};

TEST(mapping, "SET_MEMSEG")
{
	open_failalloc();
	fd = vm_in_state(VM_CREATED, 0);
	pages = 20;
	memory = memory_get(MEMORY_PRIVATE, PAGES(pages));
	memory_touch(memory, PAGES(pages));
	exhaust(&set_memseg);
}

/* So many runs that there is more to remember of them than fits into a page */
TEST(mapping_many_runs, "[B14] SET_MEMSEG of many runs")
{
	open_failalloc();
	fd = vm_in_state(VM_CREATED, 0);
	pages = 1200;
	memory = memory_scattered(pages);
	exhaust(&set_memseg);
}

/* The pages themselves are allocated on the way. */
static void forget_pages(void)
{
	check(!madvise(memory, PAGES(pages), MADV_DONTNEED), "madvise: %s",
	      strerror(errno));
}

TEST(mapping_untouched, "[B14] SET_MEMSEG of memory that has to be found first")
{
	static const struct step step = {
		.prepare = forget_pages,
		.run = run_set,
		.undo = undo_set,
	};

	open_failalloc();
	fd = vm_in_state(VM_CREATED, 0);
	pages = 30;
	memory = memory_get(MEMORY_PRIVATE, PAGES(pages));
	exhaust(&step);
}

#define MANY	300

/* In the middle of many others, where the bookkeeping is at its largest */
static struct seen seen[MANY];

static void set_many(void)
{
	unsigned int i;

	fd = vm_in_state(VM_CREATED, 0);
	memory = memory_get(MEMORY_PRIVATE, PAGES(MANY));
	memory_touch(memory, PAGES(MANY));
	for (i = 0; i < MANY; i++) {
		seen[i] = (struct seen) {
			.gpa = GPA + PAGES(2 * i),
			.size = PAGES(1),
			.memory = memory + PAGES(i),
		};
		check_result(memseg_set(fd, seen[i].gpa, seen[i].memory,
					PAGES(1)), 0, "SET_MEMSEG %u", i);
	}
}

static unsigned int place;

/* Always somewhere else: nodes get full at some places only. */
static void other_place(void)
{
	place = (place + 37) % MANY;
}

static int run_set_between(void)
{
	return memseg_set(fd, GPA + PAGES(2 * place + 1), memory, PAGES(1));
}

static void undo_set_between(void)
{
	check_result(memseg_unset(fd, GPA + PAGES(2 * place + 1), PAGES(1)), 0,
		     "UNSET_MEMSEG");
}

static void check_many(void)
{
	check_seen(VMID(0), seen, MANY);
}

TEST(mapping_between, "SET_MEMSEG among many others")
{
	static const struct step step = {
		other_place, run_set_between, undo_set_between, check_many
	};

	open_failalloc();
	set_many();
	exhaust(&step);
}

/*
 * To give memory up must work when there is none, and not for show: what is
 * gone can be set again, what is there can not.
 */
TEST(unmapping, "UNSET_MEMSEG works without memory")
{
	unsigned int i, n, failed = 0;
	int ret, again;

	open_failalloc();
	set_many();
	for (i = 0; i < MANY; i++) {
		n = i * 77 % MANY;
		arm(0, FAILALLOC_ALL);
		ret = memseg_unset(fd, seen[n].gpa, PAGES(1));
		disarm();
		check(!ret || ret == -ENOMEM, "UNSET_MEMSEG: %s",
		      result_name(ret));
		again = memseg_set(fd, seen[n].gpa, seen[n].memory, PAGES(1));
		check_result(again, ret ? -EEXIST : 0,
			     "SET_MEMSEG after UNSET_MEMSEG said %s",
			     result_name(ret));
		failed += !!ret;
	}
	check_many();
	check_equal(failed, 0, "memsegs that could not be given up");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* The memory is not there at all, and nor is that to say so. */
TEST(roll_back, "SET_MEMSEG can be rolled back without memory")
{
	unsigned int i, n;
	struct pins before;

	open_failalloc();
	set_many();
	pins_get(&before);
	for (i = 0; i < MANY; i++) {
		n = i * 77 % MANY;
		hv_expect(1);
		hv_refuse(HC_SET_MEMORY_REGIONS, 1, -EINVAL);
		/* what comes before the hypercall is let through */
		for (unsigned int skip = 0; skip < 12; skip++) {
			int ret;

			arm(skip, FAILALLOC_ALL);
			ret = memseg_set(fd, GPA + PAGES(2 * n + 1), memory,
					 PAGES(1));
			disarm();
			if (ret != -ENOMEM)
				break;
		}
		hv_expect(0);
		hv_behave();
		pins_check(&before, 0, "rolled back");
		check_result(memseg_set(fd, GPA + PAGES(2 * n + 1), memory,
					PAGES(1)), 0, "SET_MEMSEG again");
		check_result(memseg_unset(fd, GPA + PAGES(2 * n + 1), PAGES(1)),
			     0, "UNSET_MEMSEG");
	}
	check_many();
}

static int run_assign(void)
{
	return pt_assign(fd, PCI_EDU);
}

static void undo_assign(void)
{
	check_result(pt_deassign(fd, PCI_EDU), 0, "DEASSIGN");
}

static void check_not_assigned(void)
{
	check_owner(PCI_EDU, 0, "failed");
}

TEST(assigning, "giving a PCI device to a VM")
{
	static const struct step step = {
		.run = run_assign,
		.undo = undo_assign,
		.failed = check_not_assigned,
	};

	open_failalloc();
	pci_start();
	fd = pt_create(0, 0);
	exhaust(&step);
}

static int run_set_line(void)
{
	return pt_set(fd, PCI_EDU, ACRN_PTDEV_IRQ_INTX, 16, 11);
}

static void undo_set_line(void)
{
	check_result(pt_reset(fd, PCI_EDU, ACRN_PTDEV_IRQ_INTX, 16), 0, "RESET");
}

static void check_no_function(void)
{
	check_equal(hv_device(PCI_EDU).function, 0, "function");
}

TEST(mapping_lines, "mapping the line of a device")
{
	static const struct step step = {
		.run = run_set_line,
		.undo = undo_set_line,
		.failed = check_no_function,
	};

	open_failalloc();
	pci_start();
	fd = pt_create(0, 0);
	check_result(run_assign(), 0, "ASSIGN");
	exhaust(&step);
}

/* To give devices back must work when there is no memory. */
TEST(giving_back, "a VM with a device is destroyed without memory")
{
	int ret;

	open_failalloc();
	pci_start();
	fd = pt_create(0, 0);
	check_result(run_assign(), 0, "ASSIGN");
	check_result(run_set_line(), 0, "SET");
	arm(0, FAILALLOC_ALL);
	ret = pt_destroy(fd);
	disarm();
	check_result(ret, 0, "DESTROY_VM");
	check_owner(PCI_EDU, 0, "destroyed");
}

#define HSM_DEBUGFS	"/sys/kernel/debug/acrn_hsm"
#define HSM_DEVICE	"/sys/class/misc/acrn_hsm"

static unsigned int irqs_before;

/* The module has gone, and all that it had made has. */
static void check_unloaded(void)
{
	static char text[65536];

	check(!driver_loaded(), "the module is there");
	check(access(HSM_NODE, F_OK), "the node is there");
	check(access(HSM_DEVICE, F_OK), "the device is there");
	check(access(HSM_DEBUGFS, F_OK), "debugfs has something");
	check(!read_text("/proc/interrupts", text, sizeof(text)),
	      "cannot read /proc/interrupts");
	check(!strstr(text, "acrn_hsm"), "the interrupt is there");
	check_equal(irq_count(), irqs_before, "interrupts that are allocated");
}

/* Loaded without some of it, as its directory in debugfs, it has to work. */
static void undo_load(void)
{
	close(vm_in_state(VM_STARTED, 0));
	check_result(driver_unload(), 0, "rmmod");
	check_unloaded();
}

TIMED_TEST(loading, 200, "insmod")
{
	static const struct step step = {
		.run = driver_load,
		.undo = undo_load,
		.failed = check_unloaded,
		.in_init = true,
	};
	long before;

	open_failalloc();
	check_result(driver_unload(), 0, "rmmod");
	irqs_before = irq_count();
	each_allocation(&step, 1);
	before = slab_objects();
	each_allocation(&step, FAILALLOC_ALL);
	check_slab_growth(before, 40);
	check_result(driver_load(), 0, "insmod");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	module_unload("failalloc");
	module_unload("pcidrv");
	return failed;
}
