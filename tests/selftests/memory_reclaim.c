// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What guests and the hypervisor write is not lost when the kernel needs memory
 * later: it has to be told that the pages were written to, for that happened
 * behind its back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mman.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "memseg.h"
#include "vm.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

#define GPA		0x40000000UL
#define TEXT		0x6d7920646174610aULL
#define WRITTEN		0x1122334455667788ULL
#define SCRIBBLED	0x5c12bb1eU
#define SLOT		5
#define SLOT_OFFSET	64

/*
 * From here on the kernel takes the contents for worthless, until somebody
 * writes to them.
 */
static void disown(void *memory)
{
	check(!madvise(memory, PAGE_SIZE, MADV_FREE), "MADV_FREE: %s",
	      strerror(errno));
}

/* As if memory was short: what is worthless goes. */
static void reclaim(void *memory)
{
	check(!madvise(memory, PAGE_SIZE, MADV_PAGEOUT), "MADV_PAGEOUT: %s",
	      strerror(errno));
}

/* If the kernel kept all it has, the other tests would prove nothing. */
TEST(worthless_pages_go, "the kernel takes back what is worthless")
{
	uint64_t *memory = memory_get(MEMORY_PRIVATE, PAGE_SIZE);

	run_on_cpu(0);
	memory[0] = TEXT;
	reclaim(memory);
	check_equal(memory[0], TEXT, "a page that is worth something");
	disown(memory);
	reclaim(memory);
	check_equal(memory[0], 0, "a page that is worthless");
}

static void guest_writes(bool unset)
{
	const struct guest_op op = {
		GUEST_STORE + 8, GPA + 8, WRITTEN, 0
	};
	uint64_t *memory = memory_get(MEMORY_PRIVATE, PAGE_SIZE);
	struct guest guest;

	run_on_cpu(0);
	memory[0] = TEXT;
	guest_new(&guest, 0, 0);
	check_result(memseg_set(guest.fd, GPA, memory, PAGE_SIZE), 0,
		     "SET_MEMSEG");
	disown(memory);
	guest_program(&guest, &op, 1);
	guest_start(&guest);
	check(guest_done(&guest, 5000), "the guest is not done");
	if (unset)
		check_result(memseg_unset(guest.fd, GPA, PAGE_SIZE), 0,
			     "UNSET_MEMSEG");
	guest_end(&guest);
	reclaim(memory);
	check_equal(memory[1], WRITTEN, "what the guest wrote");
	check_equal(memory[0], TEXT, "what was beside it");
}

TEST(until_unset, "what a guest wrote stays, after UNSET_MEMSEG")
{
	guest_writes(true);
}

TEST(until_destroyed, "what a guest wrote stays, after DESTROY_VM")
{
	guest_writes(false);
}

TEST(request_page, "what the hypervisor wrote to the I/O request page stays")
{
	unsigned char *page = vm_io_page(0);
	int fd = hsm_open();

	run_on_cpu(0);
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	disown(page);
	hv_scribble(VMID(0), SLOT, SLOT_OFFSET, SCRIBBLED);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	reclaim(page);
	check_equal(*(uint32_t *)(page + SLOT * IO_SLOT_SIZE + SLOT_OFFSET),
		    SCRIBBLED, "what the hypervisor wrote");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
