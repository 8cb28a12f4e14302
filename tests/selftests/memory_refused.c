// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guest memory, and a hypervisor that refuses: what it may still use stays
 * pinned, everything else is given back.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "iomem.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA		0x40000000UL
#define BATCHES		5
#define COUNT		(BATCHES * BATCH_REGIONS - 7)
#define REAPED_MS	3000

/*
 * The batches up to the n-th, and one to delete all.  Since v2.4 that is refused if
 * something is missing: then what came before, and the batch's own regions, of which
 * the first that is not there ends it.
 */
static unsigned int roll_back_calls(enum testbed_fail how, unsigned int n)
{
	bool done = how == TESTBED_FAIL_AFTER;

	if (hv_generation() < 24 || (done && n == BATCHES - 1))
		return n + 2;
	return n + 2 + (n > 0) + (done ? BATCH_REGIONS : 1);
}

/* A refusal of the n-th batch, and all is as if nothing had been asked for */
static void refused_batches(enum testbed_fail how, int answer, int error)
{
	char *memory = memory_scattered(COUNT);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls;
	struct pins before;
	unsigned int n;
	char why[32];

	pins_get(&before);
	for (n = 0; n < BATCHES; n++) {
		snprintf(why, sizeof(why), "batch %u refused", n);
		hv_fail(HC_SET_MEMORY_REGIONS, n, 1, answer, how);
		calls = hv_calls(HC_SET_MEMORY_REGIONS);
		check_result(memseg_set(fd, GPA, memory, PAGES(COUNT)), error,
			     "SET_MEMSEG, %s", why);
		check_equal(hv_calls(HC_SET_MEMORY_REGIONS) - calls,
			    roll_back_calls(how, n), "hypercalls, %s", why);
		check_sees_nothing(VMID(0));
		pins_check(&before, 0, why);
		check_result(memseg_set(fd, GPA, memory, PAGES(COUNT)), 0,
			     "SET_MEMSEG again");
		check_sees(VMID(0), GPA, memory, PAGES(COUNT));
		check_result(memseg_unset(fd, GPA, PAGES(COUNT)), 0,
			     "UNSET_MEMSEG");
	}
}

TEST(refused, "[B14] the n-th batch is refused: all is rolled back")
{
	refused_batches(TESTBED_FAIL_REFUSE, -EINVAL, -EINVAL);
}

TEST(refused_after, "[B14] the n-th batch is carried out, but answered with a failure")
{
	refused_batches(TESTBED_FAIL_AFTER, HV_FAILED, -EIO);
}

TEST(unwritten, "[B14] the answer to the n-th batch is not written")
{
	refused_batches(TESTBED_FAIL_UNWRITTEN, 0, -EIO);
}

/* A part that is refused takes nothing from its neighbours. */
TEST(neighbours_stay, "rolling back takes nothing from neighbours")
{
	char *memory = memory_scattered(COUNT);
	int fd = vm_in_state(VM_CREATED, 0);
	struct seen seen[] = {
		{ .gpa = GPA, .size = PAGES(4), .memory = memory },
		{ .gpa = GPA + PAGES(304), .size = PAGES(20),
		  .memory = memory + PAGES(304) },
	};
	struct pins before;

	check_result(memseg_set(fd, GPA, memory, PAGES(4)), 0, "SET_MEMSEG");
	check_result(memseg_set(fd, GPA + PAGES(304), memory + PAGES(304),
				PAGES(20)), 0, "SET_MEMSEG");
	pins_get(&before);
	hv_fail(HC_SET_MEMORY_REGIONS, 1, 1, -EINVAL, TESTBED_FAIL_REFUSE);
	check_result(memseg_set(fd, GPA + PAGES(4), memory + PAGES(4),
				PAGES(300)), -EINVAL, "SET_MEMSEG");
	check_seen(VMID(0), seen, ARRAY_SIZE(seen));
	pins_check(&before, 0, "refused");
}

TEST(errors, "[B20] errors of the hypervisor")
{
	static const struct {
		int answer, error;
	} errors[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { -EFAULT, -EIO },
		{ -ENOMEM, -ENOMEM }, { -EBUSY, -EBUSY }, { -EACCES, -EACCES },
		{ -ENODEV, -ENODEV }, { -95, -EIO },
	};
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(8));
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		hv_refuse(HC_SET_MEMORY_REGIONS, 1, errors[i].answer);
		check_result(memseg_set(fd, GPA, memory, PAGES(8)),
			     errors[i].error, "SET_MEMSEG, answer %d",
			     errors[i].answer);
		check_result(memseg_set(fd, GPA, memory, PAGES(8)), 0,
			     "SET_MEMSEG");
		hv_refuse(HC_SET_MEMORY_REGIONS, 1, errors[i].answer);
		check_result(memseg_unset(fd, GPA, PAGES(8)), errors[i].error,
			     "UNSET_MEMSEG, answer %d", errors[i].answer);
		check_result(memseg_unset(fd, GPA, PAGES(8)), 0,
			     "UNSET_MEMSEG");
	}
}

/* Positive answers are no failures. */
TEST(positive, "positive answers are successes")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(8));
	int fd = vm_in_state(VM_CREATED, 0);

	hv_fail(HC_SET_MEMORY_REGIONS, 0, 2, 5, TESTBED_FAIL_AFTER);
	check_result(memseg_set(fd, GPA, memory, PAGES(8)), 0, "SET_MEMSEG");
	check_result(memseg_unset(fd, GPA, PAGES(8)), 0, "UNSET_MEMSEG");
	check_sees_nothing(VMID(0));
}

/*
 * The hypervisor refuses a batch, and to take back those before as well, twice where
 * the driver asks for all and then for these.
 */
static int stuck_memory(char *memory, struct pins *before)
{
	unsigned int refusals = hv_generation() < 24 ? 2 : 3;
	int fd = vm_in_state(VM_CREATED, 0);

	pins_get(before);
	hv_fail(HC_SET_MEMORY_REGIONS, 2, refusals, -EINVAL, TESTBED_FAIL_REFUSE);
	check_result(memseg_set(fd, GPA, memory, PAGES(COUNT)), -EINVAL,
		     "SET_MEMSEG");
	return fd;
}

static void check_stuck(const struct pins *before)
{
	struct pins now;

	pins_get(&now);
	check_equal(now.mapped - before->mapped, 2 * BATCH_REGIONS,
		    "pages that the VM reaches");
	check_equal(now.pages - before->pages, COUNT, "pinned pages");
	check_equal(now.charged - before->charged, COUNT, "charged pages");
}

TEST(refused_roll_back, "the roll-back is refused: the memory stays pinned")
{
	char *memory = memory_scattered(COUNT);
	struct pins before;
	int fd = stuck_memory(memory, &before);

	check_stuck(&before);
	check_sees(VMID(0), GPA, memory, PAGES(2 * BATCH_REGIONS));
	/* its place is taken until it is gone */
	check_result(memseg_set(fd, GPA + PAGES(COUNT - 1), memory, PAGES(1)),
		     -EEXIST, "SET_MEMSEG over it");
	check_result(memseg_set(fd, GPA + PAGES(COUNT), memory, PAGES(1)), 0,
		     "SET_MEMSEG behind it");
	check_result(memseg_unset(fd, GPA + PAGES(COUNT), PAGES(1)), 0,
		     "UNSET_MEMSEG");
	check_stuck(&before);
	if (hv_generation() >= 24) {
		check_result(memseg_unset(fd, GPA, PAGES(COUNT)), -EINVAL,
			     "UNSET_MEMSEG of what is mapped in part");
		check_stuck(&before);
		return;
	}
	/* the caller may try to take it back himself */
	check_result(memseg_unset(fd, GPA, PAGES(COUNT)), 0, "UNSET_MEMSEG");
	check_sees_nothing(VMID(0));
	pins_check(&before, 0, "taken back");
}

TEST(stuck_until_destroyed, "[B2] and is given back when the VM is destroyed")
{
	char *memory = memory_scattered(COUNT);
	struct pins empty, before;
	int fd;

	pins_get(&empty);
	fd = stuck_memory(memory, &before);
	munmap(memory, PAGES(COUNT));
	check_stuck(&before);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	pins_check(&empty, 0, "destroyed");
}

TEST(stuck_mmio, "[D9] MMIO is refused, and to give it back")
{
	int fd = vm_in_state(VM_CREATED, 0);
	struct seen seen = {
		.gpa = GPA, .size = PAGES(1), .hpa = 0xfec00000,
		.prot = ACRN_PROT_READ | PROT_UC,
	};

	/* once more, should the driver take back what never was there */
	hv_refuse(HC_SET_MEMORY_REGIONS, 2, HV_FAILED);
	check_result(memseg_set_mmio(fd, GPA, seen.hpa, seen.size,
				     ACRN_PROT_READ), -EIO, "SET_MEMSEG");
	check_sees_nothing(VMID(0));
	hv_behave();
	check_result(memseg_set_mmio(fd, GPA, seen.hpa, seen.size,
				     ACRN_PROT_READ), 0, "SET_MEMSEG");
	hv_refuse(HC_SET_MEMORY_REGIONS, 1, HV_FAILED);
	check_result(memseg_unset_mmio(fd, GPA, seen.size), -EIO,
		     "UNSET_MEMSEG");
	check_seen(VMID(0), &seen, 1);
	check_result(memseg_unset_mmio(fd, GPA, seen.size), 0,
		     "UNSET_MEMSEG");
	check_sees_nothing(VMID(0));
}

/* The hypervisor's own memory is no RAM of Linux; it refuses to give it away. */
TEST(hypervisors_own, "[B15] the hypervisor does not give itself away")
{
	int fd = vm_in_state(VM_CREATED, 0);

	hv_expect(1);
	check_result(memseg_set_mmio(fd, GPA, iomem_hypervisor(), PAGES(1),
				     ACRN_PROT_READ), -EINVAL, "SET_MEMSEG");
	check_equal(hv_expect(0), 1, "complaints");
	check_sees_nothing(VMID(0));
}

TEST(refused_unset, "UNSET_MEMSEG is refused: all is as it was")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(200));
	int fd = vm_in_state(VM_CREATED, 0);
	struct pins before;
	unsigned int i;

	pins_get(&before);
	memory_touch(memory, PAGES(200));
	check_result(memseg_set(fd, GPA, memory, PAGES(200)), 0, "SET_MEMSEG");
	for (i = 0; i < 3; i++) {
		hv_refuse(HC_SET_MEMORY_REGIONS, 1, -EINVAL);
		check_result(memseg_unset(fd, GPA, PAGES(200)), -EINVAL,
			     "UNSET_MEMSEG");
		check_sees(VMID(0), GPA, memory, PAGES(200));
		pins_check(&before, 200, "refused");
		check_result(memseg_set(fd, GPA, memory, PAGES(1)), -EEXIST,
			     "SET_MEMSEG over it");
	}
	check_result(memseg_unset(fd, GPA, PAGES(200)), 0, "UNSET_MEMSEG");
	pins_check(&before, 0, "taken back");
}

/* The pins of a VM that cannot be destroyed stay, with or without its process. */
TEST(dying, "[B2] [F2] a VM that is dying keeps its memory")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(200));
	struct pins empty, before;
	int fd;

	pins_get(&empty);
	fd = vm_in_state(VM_STARTED, 0);
	pins_get(&before);
	check_result(memseg_set(fd, GPA, memory, PAGES(200)), 0, "SET_MEMSEG");
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM");
	pins_check(&before, 200, "dying");
	munmap(memory, PAGES(200));
	close(fd);
	pins_check(&before, 200, "closed");
	sleep_ms(1200);
	pins_check(&before, 200, "after a retry");
	hv_behave();
	check(vm_gone(0, REAPED_MS), "the VM is left");
	pins_back(&empty, REAPED_MS, "destroyed");
}

static void die_with_memory(void *data)
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(200));
	int fd = vm_in_state(VM_STARTED, 0);

	memory_touch(memory, PAGES(200));
	check_result(memseg_set(fd, GPA, memory, PAGES(200)), 0, "SET_MEMSEG");
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
}

TEST(process_gone, "[B2] also when its process is gone")
{
	struct hv_account account;
	struct pins empty;

	pins_get(&empty);
	in_child(die_with_memory, NULL);
	hv_get_account(&account);
	check_equal(account.pages, 200 + VM_START_PAGES, "pages that the VM reaches");
	check_equal(pinned_pages() - empty.pages, 201 + VM_START_PAGES,
		    "pinned pages");
	hv_behave();
	check(vm_gone(0, REAPED_MS), "the VM is left");
	pins_back(&empty, REAPED_MS, "destroyed");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
