// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guest memory: whatever it is made of, the User VM reaches exactly what was
 * asked for, and goes on to reach that whatever user space does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA	0x40000000UL

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

/* Some of the memory and nothing around it */
static void check_part(int fd, const char *memory, size_t first, size_t count)
{
	struct pins before;
	char when[64];

	snprintf(when, sizeof(when), "pages %zu to %zu", first,
		 first + count - 1);
	pins_get(&before);
	check_result(memseg_set(fd, GPA, memory + PAGES(first), PAGES(count)),
		     0, "SET_MEMSEG, %s", when);
	check_sees(VMID(0), GPA, memory + PAGES(first), PAGES(count));
	pins_check(&before, count, when);
	check_result(memseg_unset(fd, GPA, PAGES(count)), 0,
		     "UNSET_MEMSEG, %s", when);
	check_sees_nothing(VMID(0));
	pins_check(&before, 0, "after UNSET_MEMSEG");
}

/* Parts that begin and end everywhere in huge pages of which there are two */
static void kind(enum memory_kind kind)
{
	static const struct {
		unsigned int first, count;
	} parts[] = {
		{ 0, 1 }, { 1, 1 }, { 511, 1 }, { 511, 2 }, { 512, 1 },
		{ 0, 511 }, { 0, 512 }, { 1, 511 }, { 1, 512 }, { 100, 600 },
		{ 512, 512 }, { 1023, 1 }, { 0, 1024 },
	};
	char *memory = memory_get(kind, 2 * HUGE_2M);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	memory_touch(memory, 2 * HUGE_2M);
	if (kind == MEMORY_THP && !has_huge_page(memory))
		skip("no transparent huge page to be had");
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		check_part(fd, memory, parts[i].first, parts[i].count);
}

TEST(kind_private, "[B14] [R15] exactly the asked range: private memory")
{
	kind(MEMORY_PRIVATE);
}

TEST(kind_shared, "[B14] [R15] exactly the asked range: shared memory")
{
	kind(MEMORY_SHARED);
}

TEST(kind_memfd, "[B14] [R15] exactly the asked range: memfd")
{
	kind(MEMORY_MEMFD);
}

TEST(kind_thp, "[B14] [R15] exactly the asked range: transparent huge pages")
{
	kind(MEMORY_THP);
}

TEST(kind_huge_2m, "[B14] [R15] exactly the asked range: 2 MiB pages")
{
	kind(MEMORY_HUGE_2M);
}

TEST(kind_huge_2m_private, "[B14] [R15] exactly the asked range: 2 MiB pages, private")
{
	kind(MEMORY_HUGE_2M_PRIVATE);
}

TIMED_TEST(kind_huge_1g, 200, "[B14] [R15] exactly the asked range: a 1 GiB page")
{
	static const struct {
		size_t first, count;
	} parts[] = {
		{ 0, 1 }, { 262143, 1 }, { 511, 514 }, { 0, 262144 },
		{ 1, 262143 },
	};
	char *memory = memory_get(MEMORY_HUGE_1G, HUGE_1G);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		check_part(fd, memory, parts[i].first, parts[i].count);
}

/* Memory that nobody has touched is there nevertheless. */
TEST(untouched, "memory that nobody has touched")
{
	static const enum memory_kind kinds[] = {
		MEMORY_PRIVATE, MEMORY_SHARED, MEMORY_MEMFD, MEMORY_THP,
		MEMORY_HUGE_2M, MEMORY_HUGE_2M_PRIVATE,
	};
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;
	char *memory;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = memory_get(kinds[i], HUGE_2M);
		check_part(fd, memory, 3, 17);
	}
}

/* Memory that was only read is the zero page until somebody writes. */
TEST(only_read, "memory that was only read")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(8));
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	for (i = 0; i < 8; i++)
		check(!*(volatile char *)(memory + PAGES(i)), "not zero");
	check_part(fd, memory, 0, 8);
	check_equal(physical_runs(memory, PAGES(8)) > 0, true, "runs");
}

/* A memseg of pieces, back to back, each of another kind */
struct piece {
	enum memory_kind kind;
	size_t size;
};

static void mix(const struct piece *pieces, unsigned int count, size_t align,
		size_t first, size_t skip_end)
{
	int fd = vm_in_state(VM_CREATED, 0);
	size_t size = 0, at = 0;
	unsigned int i;
	char *memory;

	for (i = 0; i < count; i++)
		size += pieces[i].size;
	memory = address_space(size, align);
	for (i = 0; i < count; i++) {
		memory_at(pieces[i].kind, memory + at, pieces[i].size);
		memory_touch(memory + at, pieces[i].size);
		at += pieces[i].size;
	}
	check_part(fd, memory, 0, size / PAGE_SIZE);
	check_part(fd, memory, first, size / PAGE_SIZE - first - skip_end);
}

TEST(mix_2m_4k, "2 MiB and 4 KiB pages back to back in one memseg")
{
	static const struct piece pieces[] = {
		{ MEMORY_HUGE_2M, 2 * HUGE_2M },
		{ MEMORY_PRIVATE, PAGES(40) },
		{ MEMORY_SHARED, HUGE_2M - PAGES(40) },
		{ MEMORY_HUGE_2M_PRIVATE, HUGE_2M },
	};

	mix(pieces, ARRAY_SIZE(pieces), HUGE_2M, 300, 200);
}

TEST(mix_all, "all kinds of pages back to back in one memseg")
{
	static const struct piece pieces[] = {
		{ MEMORY_MEMFD, HUGE_2M },
		{ MEMORY_THP, HUGE_2M },
		{ MEMORY_HUGE_2M, HUGE_2M },
		{ MEMORY_SHARED, PAGES(1) },
		{ MEMORY_PRIVATE, HUGE_2M - PAGES(1) },
		{ MEMORY_HUGE_2M_PRIVATE, HUGE_2M },
		{ MEMORY_THP, HUGE_2M },
		{ MEMORY_HUGE_2M, HUGE_2M },
	};

	mix(pieces, ARRAY_SIZE(pieces), HUGE_2M, 1, 1);
}

TIMED_TEST(mix_1g_2m_4k, 200, "1 GiB, 2 MiB and 4 KiB pages back to back")
{
	static const struct piece pieces[] = {
		{ MEMORY_HUGE_1G, HUGE_1G },
		{ MEMORY_HUGE_2M, 2 * HUGE_2M },
		{ MEMORY_SHARED, PAGES(20) },
	};

	mix(pieces, ARRAY_SIZE(pieces), HUGE_1G, 262000, 7);
}

/* The guest reads what is there, and what it writes is there. */
TEST(guest_uses, "the guest reads and writes memory of each kind")
{
	static const enum memory_kind kinds[] = {
		MEMORY_PRIVATE, MEMORY_SHARED, MEMORY_MEMFD, MEMORY_THP,
		MEMORY_HUGE_2M, MEMORY_HUGE_2M_PRIVATE,
	};
	static const unsigned int offsets[] = {
		0, 8, 4088, 4096, 2 * MIB - 8, 2 * MIB, 4 * MIB - 8,
	};
	struct guest_op ops[2 * ARRAY_SIZE(offsets)] = { 0 };
	unsigned int i, j;
	struct guest guest;
	char *memory;

	guest_new(&guest, 0, 0);
	for (j = 0; j < ARRAY_SIZE(offsets); j++) {
		ops[2 * j].op = GUEST_LOAD + 8;
		ops[2 * j].address = GPA + offsets[j];
		ops[2 * j + 1].op = GUEST_STORE + 8;
		ops[2 * j + 1].address = GPA + offsets[j];
		ops[2 * j + 1].value = 0x123456789abc0000 + j;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = memory_get(kinds[i], 2 * HUGE_2M);
		for (j = 0; j < ARRAY_SIZE(offsets); j++)
			*(uint64_t *)(memory + offsets[j]) = i << 16 | j;
		check_result(memseg_set(guest.fd, GPA, memory, 2 * HUGE_2M), 0,
			     "SET_MEMSEG of %s", memory_kind_names[kinds[i]]);
		guest_program(&guest, ops, ARRAY_SIZE(ops));
		guest_start(&guest);
		check(guest_done(&guest, 5000), "the guest is not done, %s",
		      memory_kind_names[kinds[i]]);
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			check_equal(guest_result(&guest, 2 * j), i << 16 | j,
				    "read by the guest at %#x, %s", offsets[j],
				    memory_kind_names[kinds[i]]);
			check_equal(*(uint64_t *)(memory + offsets[j]),
				    0x123456789abc0000 + j,
				    "written by the guest at %#x, %s",
				    offsets[j], memory_kind_names[kinds[i]]);
		}
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(memseg_unset(guest.fd, GPA, 2 * HUGE_2M), 0,
			     "UNSET_MEMSEG");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
	}
	guest_end(&guest);
}

/* Each combination of rights that includes reading, and the cache type */
TEST(rights, "rights as asked for, and write-back")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(16));
	int fd = vm_in_state(VM_CREATED, 0);
	struct seen seen[4] = { 0 };
	unsigned int i;

	memory_touch(memory, PAGES(16));
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		uint32_t prot = ACRN_PROT_READ | i << 1;

		seen[i].gpa = GPA + PAGES(4 * i);
		seen[i].size = PAGES(4);
		seen[i].memory = memory + PAGES(4 * i);
		seen[i].prot = prot | PROT_WB;
		check_result(memseg_set_prot(fd, seen[i].gpa, seen[i].memory,
					     seen[i].size, prot), 0,
			     "SET_MEMSEG with prot %u", prot);
	}
	check_seen(VMID(0), seen, ARRAY_SIZE(seen));
	for (i = 0; i < ARRAY_SIZE(seen); i++)
		check_result(memseg_unset(fd, seen[i].gpa, seen[i].size), 0,
			     "UNSET_MEMSEG");
	check_sees_nothing(VMID(0));
}

static bool count_write(struct guest *guest, struct access *access, void *data)
{
	check(access->write && access->type == ACRN_IOREQ_MMIO,
	      "the device model is asked for something else");
	check_equal(access->address, GPA + 8, "address");
	check_equal(access->value, 22, "value");
	++*(unsigned int *)data;
	return true;
}

/* The guest reads such memory, and what it writes goes to the device model. */
TEST(read_only_to_guest, "a guest does not write to read-only memory")
{
	struct guest_op ops[] = {
		{ .op = GUEST_LOAD + 8, .address = GPA + 8 },
		{ .op = GUEST_STORE + 8, .address = GPA + 8, .value = 22 },
		{ .op = GUEST_LOAD + 8, .address = GPA + 8 },
	};
	uint64_t *memory = memory_get(MEMORY_PRIVATE, PAGES(1));
	unsigned int writes = 0;
	struct guest guest;

	memory[1] = 11;
	guest_new(&guest, 0, 0);
	check_result(memseg_set_prot(guest.fd, GPA, memory, PAGES(1),
				     ACRN_PROT_READ), 0, "SET_MEMSEG");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, count_write, &writes, 5000);
	check_equal(writes, 1, "writes that the device model got");
	check_equal(guest_result(&guest, 0), 11, "read");
	check_equal(guest_result(&guest, 2), 11, "read after the write");
	check_equal(memory[1], 11, "the memory");
	guest_end(&guest);
}

TEST(using_vma, "using_vma may be 0 or 1, padding anything")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(1));
	int fd = vm_in_state(VM_CREATED, 0);
	struct acrn_memseg memseg = {
		.gpa = GPA,
		.base = (uintptr_t)memory,
		.len = PAGES(1),
		.prot = PROT_ALL,
		.padding = 0xffffffff,
	};

	for (memseg.using_vma = 0; memseg.using_vma < 2; memseg.using_vma++) {
		check_result(hsm_ioctl(fd, IC_SET_MEMSEG, &memseg), 0,
			     "SET_MEMSEG, using_vma %u", memseg.using_vma);
		check_sees(VMID(0), GPA, memory, PAGES(1));
		check_result(hsm_ioctl(fd, IC_UNSET_MEMSEG, &memseg), 0,
			     "UNSET_MEMSEG");
	}
}

TEST(aliases, "the same memory at several addresses, in two VMs")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(32));
	int fd = vm_in_state(VM_CREATED, 0), other = vm_in_state(VM_CREATED, 1);
	struct seen seen[] = {
		{ .gpa = 0, .size = PAGES(32), .memory = memory },
		{ .gpa = GPA, .size = PAGES(32), .memory = memory },
		{ .gpa = GPA + PAGES(32), .size = PAGES(7),
		  .memory = memory + PAGES(9) },
	};
	struct pins before;
	unsigned int i;

	pins_get(&before);
	for (i = 0; i < ARRAY_SIZE(seen); i++)
		check_result(memseg_set(fd, seen[i].gpa, seen[i].memory,
					seen[i].size), 0, "SET_MEMSEG");
	check_result(memseg_set(other, GPA, memory, PAGES(32)), 0,
		     "SET_MEMSEG of the other VM");
	check_seen(VMID(0), seen, ARRAY_SIZE(seen));
	check_sees(VMID(1), GPA, memory, PAGES(32));
	pins_check(&before, 32 + 32 + 7 + 32, "with aliases");
	check_result(memseg_unset(fd, GPA, PAGES(32)), 0, "UNSET_MEMSEG");
	seen[1] = seen[2];
	check_seen(VMID(0), seen, 2);
	check_sees(VMID(1), GPA, memory, PAGES(32));
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_sees(VMID(1), GPA, memory, PAGES(32));
}

TEST(any_state, "memory comes and goes in each state of the VM")
{
	char *memory = memory_get(MEMORY_SHARED, PAGES(8));
	enum vm_state state;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		int fd = vm_in_state(state, 0);

		check_part(fd, memory, 1, 5);
		close(fd);
	}
}

/* Memory given to a VM that runs and waits for it, and taken from it again */
TEST(while_running, "[B14] memory is given to and taken from a running VM")
{
	struct guest_op ops[] = {
		{ .op = GUEST_LOAD + 4, .address = GPA },
		{ .op = GUEST_WAIT, .address = GPA, .value = 2 },
		{ .op = GUEST_STORE + 4, .address = GPA + 4, .value = 77 },
		{ .op = GUEST_COUNT, .address = GPA + 8 },
	};
	volatile uint32_t *word = memory_get(MEMORY_SHARED, PAGES(1));
	struct guest guest;
	uint32_t count;
	int i;

	*word = 1;
	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	check_result(memseg_set(guest.fd, GPA, (void *)word, PAGES(1)), 0,
		     "SET_MEMSEG");
	guest_start(&guest);
	sleep_ms(20);
	check_equal(word[1], 0, "what the guest writes later");
	*word = 2;
	for (i = 0; i < 1000 && !word[2]; i++)
		sleep_ms(5);
	check_equal(guest_result(&guest, 0), 1, "what the guest read");
	check_equal(word[1], 77, "what the guest writes");
	check(word[2], "the guest does not count");
	check_result(memseg_unset(guest.fd, GPA, PAGES(1)), 0, "UNSET_MEMSEG");
	count = word[2];
	sleep_ms(50);
	check_equal(word[2], count, "memory that the guest has lost");
	guest_end(&guest);
}

TEST(replaced, "[B14] memory is replaced by other memory")
{
	char *first = memory_get(MEMORY_PRIVATE, PAGES(64));
	char *second = memory_get(MEMORY_SHARED, PAGES(64));
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	for (i = 0; i < 20; i++) {
		char *memory = i % 2 ? first : second;

		check_result(memseg_set(fd, GPA, memory, PAGES(64)), 0,
			     "SET_MEMSEG");
		check_sees(VMID(0), GPA, memory, PAGES(64));
		check_result(memseg_unset(fd, GPA, PAGES(64)), 0,
			     "UNSET_MEMSEG");
	}
}

/* The device model's system reset: memory is not set up again. */
TEST(survives_reset, "memory survives RESET_VM")
{
	struct guest_op ops[] = {
		{ .op = GUEST_LOAD + 4, .address = GPA },
		{ .op = GUEST_STORE + 4, .address = GPA + 4, .value = 99 },
	};
	uint32_t *memory = memory_get(MEMORY_PRIVATE, PAGES(300));
	struct seen seen[2] = { 0 };
	struct guest guest;
	struct pins pins;
	unsigned int i;

	guest_new(&guest, 0, 0);
	check_result(memseg_set(guest.fd, GPA, memory, PAGES(300)), 0,
		     "SET_MEMSEG");
	seen[0].size = GUEST_SIZE;
	seen[0].memory = guest.memory;
	seen[1].gpa = GPA;
	seen[1].size = PAGES(300);
	seen[1].memory = memory;
	pins_get(&pins);
	for (i = 0; i < 10; i++) {
		memory[0] = 1000 + i;
		memory[1] = 0;
		guest_program(&guest, ops, ARRAY_SIZE(ops));
		guest_start(&guest);
		check(guest_done(&guest, 5000), "the guest is not done");
		check_equal(guest_result(&guest, 0), 1000 + i, "read");
		check_equal(memory[1], 99, "written");
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(clear_requests(guest.fd), 0, "CLEAR_VM_IOREQ");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		check_seen(VMID(0), seen, ARRAY_SIZE(seen));
		pins_check(&pins, 0, "after RESET_VM");
		guest_set_regs(&guest);
	}
	guest_end(&guest);
}

static void wait_to_be_killed(void *data)
{
	pause();
}

static void scribble(void *data)
{
	memset(data, 0xee, PAGES(16));
}

/* What parent and child write after a fork parts them, not parent and VM. */
TEST(fork_after, "what is written after fork() does not part process and VM")
{
	static const enum memory_kind kinds[] = {
		MEMORY_PRIVATE, MEMORY_THP, MEMORY_HUGE_2M_PRIVATE,
	};
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;
	char *memory;
	pid_t child;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = memory_get(kinds[i], HUGE_2M);
		memory_touch(memory, HUGE_2M);
		check_result(memseg_set(fd, GPA, memory, PAGES(16)), 0,
			     "SET_MEMSEG of %s", memory_kind_names[kinds[i]]);
		child = start_child(wait_to_be_killed, NULL);
		memset(memory, 0x11, PAGES(16));
		check_sees(VMID(0), GPA, memory, PAGES(16));
		kill_child(child);
		memset(memory, 0x22, PAGES(16));
		check_sees(VMID(0), GPA, memory, PAGES(16));
		in_child(scribble, memory);
		check_sees(VMID(0), GPA, memory, PAGES(16));
		check_equal(memory[0], 0x22, "what the child wrote");
		check_result(memseg_unset(fd, GPA, PAGES(16)), 0,
			     "UNSET_MEMSEG");
	}
}

static void map_in_child(void *data)
{
	int fd = vm_in_state(VM_CREATED, 1);
	char *memory = data;

	check_result(memseg_set(fd, GPA, memory, PAGES(16)), 0, "SET_MEMSEG");
	check_sees(VMID(1), GPA, memory, PAGES(16));
	memset(memory, 0x33, PAGES(16));
	check_sees(VMID(1), GPA, memory, PAGES(16));
}

/* Pages that parent and child still share are the child's own when pinned. */
TEST(fork_before, "what is shared since a fork() is copied before it is pinned")
{
	static const enum memory_kind kinds[] = {
		MEMORY_PRIVATE, MEMORY_THP, MEMORY_HUGE_2M_PRIVATE,
	};
	unsigned int i, j;
	char *memory;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = memory_get(kinds[i], HUGE_2M);
		memset(memory, 0x44, PAGES(32));
		in_child(map_in_child, memory);
		for (j = 0; j < PAGES(32); j++)
			check_equal(memory[j], 0x44, "the parent's memory, %s",
				    memory_kind_names[kinds[i]]);
	}
}

/* Nothing the kernel does to memory moves what a VM has. */
TEST(stays, "[R10] memory stays where it is")
{
	static const enum memory_kind kinds[] = {
		MEMORY_PRIVATE, MEMORY_SHARED, MEMORY_MEMFD, MEMORY_THP,
	};
	int fd = vm_in_state(VM_CREATED, 0);
	uint64_t before[512], after[512];
	unsigned int i;
	char *memory;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		memory = memory_get(kinds[i], HUGE_2M);
		memory_touch(memory, HUGE_2M);
		check_result(memseg_set(fd, GPA, memory, PAGES(512)), 0,
			     "SET_MEMSEG of %s", memory_kind_names[kinds[i]]);
		physical_pages(memory, before, 512);
		madvise(memory, HUGE_2M, MADV_MERGEABLE);
		madvise(memory, HUGE_2M, MADV_PAGEOUT);
		madvise(memory, HUGE_2M, MADV_COLD);
		madvise(memory, HUGE_2M, MADV_HUGEPAGE);
		write_text("/proc/sys/vm/compact_memory", "1");
		write_text("/proc/sys/vm/drop_caches", "3");
		memory_touch(memory, HUGE_2M);
		physical_pages(memory, after, 512);
		check(!memcmp(before, after, sizeof(before)),
		      "%s has moved", memory_kind_names[kinds[i]]);
		check_sees(VMID(0), GPA, memory, PAGES(512));
		check_result(memseg_unset(fd, GPA, PAGES(512)), 0,
			     "UNSET_MEMSEG");
	}
}

static bool among(uint64_t page, const uint64_t *pages, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pages[i] == page)
			return true;
	return false;
}

/* As acrn-dm ends: the memory is unmapped while the VM still has it. */
static void unmapped_first(enum memory_kind kind)
{
	char *memory = memory_get(kind, HUGE_2M), *other;
	uint64_t mine[512], others[2048];
	struct hv_run run = { 0 };
	struct pins empty, before;
	unsigned int i, pages = 0;
	int fd;

	pins_get(&empty);
	fd = vm_in_state(VM_STARTED, 0);
	pins_get(&before);
	memory_touch(memory, HUGE_2M);
	check_result(memseg_set(fd, GPA, memory, HUGE_2M), 0, "SET_MEMSEG");
	physical_pages(memory, mine, 512);
	munmap(memory, HUGE_2M);
	pins_check(&before, 512, "after munmap()");

	/* nobody else gets the pages */
	other = memory_get(MEMORY_PRIVATE, PAGES(2048));
	memory_touch(other, PAGES(2048));
	physical_pages(other, others, 2048);
	for (i = 0; i < 512; i++)
		check(!among(mine[i], others, 2048),
		      "a page of the VM is somebody else's");
	/* and the VM keeps them */
	while (hv_memory(VMID(0), run.gpa + run.size, &run) &&
	       run.gpa != VM_START_PAGE)
		for (i = 0; i < run.size / PAGE_SIZE; i++, pages++)
			check(pages < 512 && run.hpa + PAGES(i) == mine[pages],
			      "page %u of the VM is another one", pages);
	check_equal(pages, 512, "pages of the VM");

	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	pins_check(&empty, 0, "after DESTROY_VM");
}

TEST(unmapped_private, "private memory unmapped before DESTROY_VM")
{
	unmapped_first(MEMORY_PRIVATE);
}

TEST(unmapped_shared, "shared memory unmapped before DESTROY_VM")
{
	unmapped_first(MEMORY_SHARED);
}

TEST(unmapped_huge, "huge pages unmapped before DESTROY_VM")
{
	unmapped_first(MEMORY_HUGE_2M);
}

/* hugetlb pages are free again in the moment in which DESTROY_VM returns. */
TEST(huge_pages_come_back, "huge pages are free again when DESTROY_VM or close() returns")
{
	char free_before[32], free_now[32];
	static const char path[] =
		"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages";
	int fd = vm_in_state(VM_CREATED, 0);
	char *memory;
	unsigned int i;

	check(!read_text(path, free_before, sizeof(free_before)), "%s", path);
	for (i = 0; i < 2; i++) {
		memory = memory_get(MEMORY_HUGE_2M, 4 * HUGE_2M);
		check_result(memseg_set(fd, GPA, memory, 4 * HUGE_2M), 0,
			     "SET_MEMSEG");
		munmap(memory, 4 * HUGE_2M);
		read_text(path, free_now, sizeof(free_now));
		check_equal(atoi(free_now), atoi(free_before) - 4,
			    "free huge pages while the VM has them");
		if (i)
			close(fd);
		else
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		read_text(path, free_now, sizeof(free_now));
		check_equal(atoi(free_now), atoi(free_before),
			    "free huge pages, VM gone");
		if (!i)
			check_result(vm_create(fd, 0), 0, "CREATE_VM");
	}
}

static void pinned_once(enum memory_kind kind)
{
	char *memory = memory_get(kind, 4 * HUGE_2M);
	int fd = vm_in_state(VM_CREATED, 0);
	struct pins before, now;
	unsigned int i;

	memory_touch(memory, 4 * HUGE_2M);
	for (i = 0; kind == MEMORY_THP && i < 4; i++) {
		if (!has_huge_page(memory + i * HUGE_2M))
			skip("no transparent huge page to be had");
	}
	pins_get(&before);
	/* the end of the first, two, the beginning of the last */
	check_result(memseg_set(fd, GPA, memory + PAGES(500), PAGES(1500)), 0,
		     "SET_MEMSEG");
	pins_get(&now);
	check_equal(now.pages - before.pages, 4, "pins");
	check_equal(now.charged - before.charged, 1500, "pages charged");
	check_sees(VMID(0), GPA, memory + PAGES(500), PAGES(1500));
	check_result(memseg_unset(fd, GPA, PAGES(1500)), 0, "UNSET_MEMSEG");
	pins_check(&before, 0, "after UNSET_MEMSEG");
}

TEST(huge_pages_pinned_once, "a huge page is pinned once, whatever part of it is mapped")
{
	pinned_once(MEMORY_HUGE_2M);
}

TEST(thp_pinned_once, "and so is a transparent huge page")
{
	pinned_once(MEMORY_THP);
}

/*
 * Of a transparent huge page any part can be mapped, anywhere: one in which pages were
 * replaced, one of which a part has moved so that it begins in the middle of another's
 * place, one that is mapped in two pieces with other rights.
 */
TEST(thp_in_pieces, "transparent huge pages of which not all is mapped")
{
	char *memory = memory_get(MEMORY_THP, 4 * HUGE_2M);
	char *moved = address_space(2 * HUGE_2M, HUGE_2M);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	memory_touch(memory, 4 * HUGE_2M);
	for (i = 0; i < 4; i++) {
		if (!has_huge_page(memory + i * HUGE_2M))
			skip("no transparent huge page to be had");
	}
	/* the first, one in the middle, the last page are others now */
	memory_at(MEMORY_PRIVATE, memory, PAGES(1));
	memory_at(MEMORY_SHARED, memory + HUGE_2M + PAGES(256), PAGES(1));
	memory_at(MEMORY_PRIVATE, memory + 3 * HUGE_2M - PAGES(1), PAGES(1));
	memory_touch(memory, 3 * HUGE_2M);
	check_part(fd, memory, 0, 2048);
	check_part(fd, memory, 1, 2047);
	check_part(fd, memory, 256, 1000);

	/* its second half stands where a huge page begins, then where none does */
	check(mremap(memory + 3 * HUGE_2M + PAGES(256), PAGES(256), PAGES(256),
		     MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved, "mremap");
	check(mremap(memory + 3 * HUGE_2M, PAGES(256), PAGES(256),
		     MREMAP_MAYMOVE | MREMAP_FIXED, moved + PAGES(256)) ==
	      moved + PAGES(256), "mremap");
	memory_at(MEMORY_SHARED, moved + HUGE_2M, PAGES(512));
	memory_touch(moved, 2 * HUGE_2M);
	check_part(fd, moved, 0, 1024);
	check_part(fd, moved, 100, 300);
	check_part(fd, moved, 256, 512);
}

TEST(truncated_file, "a file truncated while a VM has its memory")
{
	int file = memfd_create("memory", MFD_CLOEXEC);
	int fd = vm_in_state(VM_CREATED, 0);
	struct pins before;
	uint64_t pages[32];
	struct hv_run run;
	char *memory;

	pins_get(&before);
	check(file >= 0 && !ftruncate(file, PAGES(32)), "memfd");
	memory = mmap(NULL, PAGES(32), PROT_READ | PROT_WRITE, MAP_SHARED,
		      file, 0);
	check(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	memory_touch(memory, PAGES(32));
	check_result(memseg_set(fd, GPA, memory, PAGES(32)), 0, "SET_MEMSEG");
	physical_pages(memory, pages, 32);
	check(!ftruncate(file, 0), "ftruncate: %s", strerror(errno));
	close(file);
	check(hv_memory(VMID(0), 0, &run) && run.hpa == pages[0],
	      "the VM has lost its memory");
	pins_check(&before, 32, "file truncated");
	check_result(memseg_unset(fd, GPA, PAGES(32)), 0, "UNSET_MEMSEG");
	pins_check(&before, 0, "after UNSET_MEMSEG");
}

/* As few hypercalls as the ABI allows: 128 regions in each */
TEST(batches, "128 regions in each hypercall")
{
	static const unsigned int counts[] = {
		1, 2, 127, 128, 129, 255, 256, 257, 1000,
	};
	int fd = vm_in_state(VM_CREATED, 0);
	char *memory = memory_scattered(1000);
	unsigned long calls;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		calls = hv_calls(HC_SET_MEMORY_REGIONS);
		check_result(memseg_set(fd, GPA, memory, PAGES(counts[i])), 0,
			     "SET_MEMSEG of %u runs", counts[i]);
		check_equal(hv_calls(HC_SET_MEMORY_REGIONS) - calls,
			    (counts[i] + BATCH_REGIONS - 1) / BATCH_REGIONS,
			    "hypercalls for %u runs", counts[i]);
		check_sees(VMID(0), GPA, memory, PAGES(counts[i]));
		calls = hv_calls(HC_SET_MEMORY_REGIONS);
		check_result(memseg_unset(fd, GPA, PAGES(counts[i])), 0,
			     "UNSET_MEMSEG");
		check_equal(hv_calls(HC_SET_MEMORY_REGIONS) - calls, 1,
			    "hypercalls to unmap");
		check_sees_nothing(VMID(0));
	}
}

/* Pages that lie one after the other become one region, across huge pages */
TEST(long_runs, "neighbouring huge pages are one region")
{
	char *memory = memory_get(MEMORY_HUGE_2M, 8 * HUGE_2M);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls;

	memory_touch(memory, 8 * HUGE_2M);
	calls = hv_calls(HC_SET_MEMORY_REGIONS);
	check_result(memseg_set(fd, GPA, memory, 8 * HUGE_2M), 0,
		     "SET_MEMSEG");
	check_equal(hv_calls(HC_SET_MEMORY_REGIONS) - calls, 1, "hypercalls");
	check_sees(VMID(0), GPA, memory, 8 * HUGE_2M);
}

/* More than any table of fixed size would hold; set and unset in disorder */
TEST(many, "[B14] 1000 memsegs in one VM")
{
	const unsigned int count = 1000, step = 377;	/* no common factor */
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(2 * count));
	struct seen *seen = calloc(count, sizeof(*seen));
	struct pins empty, before;
	unsigned int i, n;
	int fd;

	memory_touch(memory, PAGES(2 * count));
	pins_get(&empty);
	fd = vm_in_state(VM_CREATED, 0);
	pins_get(&before);
	for (i = 0; i < count; i++) {
		n = i * step % count;
		/* pairs of neighbours in the guest with a hole between pairs */
		seen[n].gpa = GPA + PAGES(4 * (n / 2) + n % 2 * 2);
		seen[n].size = PAGES(1 + n % 2);
		seen[n].memory = memory + PAGES(2 * n);
		check_result(memseg_set(fd, seen[n].gpa, seen[n].memory,
					seen[n].size), 0, "SET_MEMSEG %u", n);
	}
	check_seen(VMID(0), seen, count);
	pins_check(&before, count + count / 2, "1000 memsegs");
	for (i = 0; i < count / 2; i++) {
		n = i * step % count;
		check_result(memseg_unset(fd, seen[n].gpa, seen[n].size), 0,
			     "UNSET_MEMSEG %u", n);
		seen[n].size = 0;
	}
	for (i = n = 0; i < count; i++)
		if (seen[i].size)
			seen[n++] = seen[i];
	check_seen(VMID(0), seen, n);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	pins_check(&empty, 0, "after DESTROY_VM");
	free(seen);
}

/* The IOAPIC: on every PC, in the way of nothing */
#define DEVICE	0xfec00000UL

TEST(device_memory, "MMIO is uncached, neither pinned nor charged, and can be unmapped")
{
	int fd = vm_in_state(VM_CREATED, 0);
	struct seen seen[] = {
		{ .gpa = GPA, .size = PAGES(1), .hpa = DEVICE,
		  .prot = ACRN_PROT_READ | ACRN_PROT_WRITE | PROT_UC },
		{ .gpa = GPA + PAGES(1), .size = PAGES(1), .hpa = DEVICE,
		  .prot = ACRN_PROT_READ | PROT_UC },
	};
	struct pins before;

	pins_get(&before);
	check_result(memseg_set_mmio(fd, GPA, DEVICE, PAGES(1),
				     ACRN_PROT_READ | ACRN_PROT_WRITE), 0,
		     "SET_MEMSEG of MMIO");
	check_result(memseg_set_mmio(fd, GPA + PAGES(1), DEVICE, PAGES(1),
				     ACRN_PROT_READ), 0, "SET_MEMSEG of MMIO");
	check_result(memseg_unset(fd, GPA, PAGES(1)), -ENOENT,
		     "UNSET_MEMSEG of RAM");
	check_seen(VMID(0), seen, ARRAY_SIZE(seen));
	check_equal(process_pinned_kb(), 4 * before.charged, "charged, KiB");
	check_equal(pinned_pages(), before.pages, "pinned pages");
	check_result(memseg_unset_mmio(fd, GPA, PAGES(1)), 0,
		     "UNSET_MEMSEG of MMIO");
	check_seen(VMID(0), seen + 1, 1);
	check_result(memseg_unset_mmio(fd, GPA + PAGES(1), PAGES(1)), 0,
		     "UNSET_MEMSEG of MMIO");
	check_sees_nothing(VMID(0));
}

TEST(given_back_at_close, "all memory is given back with the VM")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(700));
	struct pins before;
	int fd = hsm_open();
	unsigned int i;

	pins_get(&before);
	for (i = 0; i < 3; i++) {
		vm_to_state(fd, VM_CREATED + i, 0);
		check_result(memseg_set(fd, GPA, memory, PAGES(700)), 0,
			     "SET_MEMSEG");
		check_result(memseg_set_mmio(fd, 0, DEVICE, PAGES(1),
					     ACRN_PROT_READ), 0,
			     "SET_MEMSEG of MMIO");
		if (i == 2)
			close(fd);
		else
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		pins_check(&before, 0, "VM gone");
	}
}

int main(void)
{
	int failed;

	mount_filesystems();
	/* as many as the largest test needs at once, twice */
	huge_pages_reserve(HUGE_2M, 20);
	huge_pages_reserve(HUGE_1G, 1);
	failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);
	huge_pages_reserve(HUGE_2M, 0);
	huge_pages_reserve(HUGE_1G, 0);
	return failed;
}
