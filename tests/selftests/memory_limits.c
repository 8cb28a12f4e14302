// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guest memory that cannot be had: an error, and nothing is mapped, pinned or
 * charged, and what was there before is as it was.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capability.h"
#include "harness.h"
#include "iomem.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA	0x40000000UL
#define DEVICE	0xfec00000UL	/* the IOAPIC */

static uint64_t physical_limit(void)
{
	unsigned int eax, ebx, ecx, edx;

	check(__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx),
	      "no CPUID leaf 0x80000008");
	return 1ULL << (eax & 0xff);
}

/* Each argument is refused, in words that tell which one it was */
static void check_refused(int fd, unsigned int number,
			  const struct acrn_memseg *memseg, int error,
			  const char *why)
{
	unsigned long calls = hv_calls(HC_SET_MEMORY_REGIONS);
	struct acrn_memseg copy = *memseg;
	struct pins before;

	pins_get(&before);
	check_result(hsm_ioctl(fd, number, &copy), error, "%s", why);
	check_equal(hv_calls(HC_SET_MEMORY_REGIONS), calls, "hypercalls, %s",
		    why);
	pins_check(&before, 0, why);
}

struct bad {
	const char *why;
	struct acrn_memseg memseg;
};

static void bad_arguments(int fd, unsigned int number, const struct bad *bad,
			  unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		check_refused(fd, number, &bad[i].memseg, -EINVAL, bad[i].why);
	check_sees_nothing(VMID(0));
}

TEST(bad_ranges, "[B14] [R15] ranges not aligned, empty, too long, that wrap")
{
	uint64_t base = (uintptr_t)memory_get(MEMORY_PRIVATE, PAGES(4));
	uint64_t limit = physical_limit();
	const struct bad bad[] = {
		{ "len 0", { 0, 1, GPA, base, 0, 7 } },
		{ "len 1", { 0, 1, GPA, base, 1, 7 } },
		{ "len 4095", { 0, 1, GPA, base, 4095, 7 } },
		{ "len 4097", { 0, 1, GPA, base, 4097, 7 } },
		{ "len 6144", { 0, 1, GPA, base, 6144, 7 } },
		{ "len -4096", { 0, 1, GPA, base, -4096ULL, 7 } },
		{ "len 1 << 63", { 0, 1, GPA, base, 1ULL << 63, 7 } },
		{ "len 1 << 52", { 0, 1, GPA, base, 1ULL << 52, 7 } },
		{ "len as all physical memory", { 0, 1, GPA, base, limit, 7 } },
		{ "gpa 1", { 0, 1, 1, base, 4096, 7 } },
		{ "gpa 2048", { 0, 1, 2048, base, 4096, 7 } },
		{ "gpa is not aligned", { 0, 1, GPA + 8, base, 4096, 7 } },
		{ "gpa -4096", { 0, 1, -4096ULL, base, 4096, 7 } },
		{ "gpa wraps", { 0, 1, -4096ULL, base, 8192, 7 } },
		{ "gpa 1 << 63", { 0, 1, 1ULL << 63, base, 4096, 7 } },
		{ "gpa at the limit", { 0, 1, limit, base, 4096, 7 } },
		{ "gpa across the limit", { 0, 1, limit - 4096, base, 8192, 7 } },
		{ "base + 1", { 0, 1, GPA, base + 1, 4096, 7 } },
		{ "base + 2048", { 0, 1, GPA, base + 2048, 4096, 7 } },
		{ "base wraps", { 0, 1, GPA, -4096ULL, 8192, 7 } },
		{ "base wraps to 0", { 0, 1, GPA, -4096ULL, 4096 * 2, 7 } },
		{ "MMIO at the limit", { 1, 0, GPA, limit, 4096, 7 } },
		{ "MMIO across the limit", { 1, 0, GPA, limit - 4096, 8192, 7 } },
		{ "MMIO base not aligned", { 1, 0, GPA, DEVICE + 16, 4096, 7 } },
		{ "MMIO len not aligned", { 1, 0, GPA, DEVICE, 16, 7 } },
		{ "MMIO wraps", { 1, 0, GPA, -4096ULL, 8192, 7 } },
	};
	int fd = vm_in_state(VM_CREATED, 0);

	bad_arguments(fd, IC_SET_MEMSEG, bad, ARRAY_SIZE(bad));
}

TEST(bad_kinds, "types and rights that do not exist")
{
	uint64_t base = (uintptr_t)memory_get(MEMORY_PRIVATE, PAGES(4));
	const struct bad bad[] = {
		{ "type 2", { 2, 0, GPA, base, 4096, 7 } },
		{ "type -1", { -1U, 0, GPA, base, 4096, 7 } },
		{ "type 1 << 16", { 1 << 16, 0, GPA, base, 4096, 7 } },
		{ "using_vma 2", { 0, 2, GPA, base, 4096, 7 } },
		{ "using_vma -1", { 0, -1U, GPA, base, 4096, 7 } },
		{ "using_vma of MMIO", { 1, 1, GPA, DEVICE, 4096, 7 } },
		{ "prot 0", { 0, 1, GPA, base, 4096, 0 } },
		{ "prot W", { 0, 1, GPA, base, 4096, 2 } },
		{ "prot X", { 0, 1, GPA, base, 4096, 4 } },
		{ "prot WX", { 0, 1, GPA, base, 4096, 6 } },
		{ "prot 8", { 0, 1, GPA, base, 4096, 8 } },
		{ "prot with a cache type", { 0, 1, GPA, base, 4096, 0x47 } },
		{ "prot of MMIO with one", { 1, 0, GPA, DEVICE, 4096, 0x107 } },
		{ "prot -1", { 0, 1, GPA, base, 4096, -1U } },
		{ "prot 0 of MMIO", { 1, 0, GPA, DEVICE, 4096, 0 } },
	};
	int fd = vm_in_state(VM_CREATED, 0);

	bad_arguments(fd, IC_SET_MEMSEG, bad, ARRAY_SIZE(bad));
}

TEST(bad_unset, "UNSET_MEMSEG of ranges that cannot be")
{
	uint64_t limit = physical_limit();
	const struct bad bad[] = {
		{ "unset: type 2", { 2, 0, GPA, 0, 4096, 0 } },
		{ "unset: len 0", { 0, 1, GPA, 0, 0, 0 } },
		{ "unset: len 1", { 0, 1, GPA, 0, 1, 0 } },
		{ "unset: gpa 1", { 0, 1, GPA + 1, 0, 4096, 0 } },
		{ "unset: gpa wraps", { 0, 1, -4096ULL, 0, 8192, 0 } },
		{ "unset: gpa at the limit", { 0, 1, limit, 0, 4096, 0 } },
	};
	int fd = vm_in_state(VM_CREATED, 0);

	bad_arguments(fd, IC_UNSET_MEMSEG, bad, ARRAY_SIZE(bad));
}

/* Addresses that are not the process's */
TEST(no_user_address, "addresses that are no user memory")
{
	static const uint64_t addresses[] = {
		0, 0x1000, 0x7ffffffff000, 0x800000000000, 0x7fffffffffff000,
		0xff00000000000000, 0xffff800000000000, 0xffffffff81000000,
		0xffffffffffffe000,
	};
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct acrn_memseg memseg = {
			.gpa = GPA, .base = addresses[i], .len = 4096,
			.prot = PROT_ALL,
		};
		char why[64];

		snprintf(why, sizeof(why), "base %#llx",
			 (unsigned long long)addresses[i]);
		check_refused(fd, IC_SET_MEMSEG, &memseg, -EFAULT, why);
	}
	check_sees_nothing(VMID(0));
}

/* A memseg from page 4 to 11 is there; none that touches it can be added. */
TEST(overlap, "overlaps: EEXIST, and nothing has changed")
{
	static const struct {
		unsigned int first, count;
	} others[] = {
		{ 4, 8 }, { 4, 1 }, { 11, 1 }, { 7, 2 }, { 3, 2 }, { 11, 2 },
		{ 0, 16 }, { 3, 10 }, { 0, 5 }, { 4, 12 }, { 0, 12 },
	};
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(32));
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;
	char why[64];

	memory_touch(memory, PAGES(32));
	check_result(memseg_set(fd, GPA + PAGES(4), memory, PAGES(8)), 0,
		     "SET_MEMSEG");
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		struct acrn_memseg memseg = {
			.gpa = GPA + PAGES(others[i].first),
			.base = (uintptr_t)memory + PAGES(16),
			.len = PAGES(others[i].count),
			.prot = PROT_ALL,
		};

		snprintf(why, sizeof(why), "pages %u to %u", others[i].first,
			 others[i].first + others[i].count - 1);
		check_refused(fd, IC_SET_MEMSEG, &memseg, -EEXIST, why);
		memseg.type = ACRN_MEMSEG_MMIO;
		memseg.base = DEVICE;
		check_refused(fd, IC_SET_MEMSEG, &memseg, -EEXIST, why);
		check_sees(VMID(0), GPA + PAGES(4), memory, PAGES(8));
	}
	check_result(memseg_unset(fd, GPA + PAGES(4), PAGES(8)), 0,
		     "UNSET_MEMSEG");
	check_result(memseg_set(fd, GPA, memory, PAGES(16)), 0,
		     "SET_MEMSEG of all");
}

TEST(neighbours, "neighbours do not overlap")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(32));
	int fd = vm_in_state(VM_CREATED, 0);

	memory_touch(memory, PAGES(32));
	check_result(memseg_set(fd, GPA + PAGES(4), memory + PAGES(4),
				PAGES(8)), 0, "SET_MEMSEG");
	check_result(memseg_set(fd, GPA + PAGES(12), memory + PAGES(12),
				PAGES(20)), 0, "SET_MEMSEG of the next");
	check_result(memseg_set(fd, GPA, memory, PAGES(4)), 0,
		     "SET_MEMSEG of the one before");
	check_sees(VMID(0), GPA, memory, PAGES(32));
}

/* Only what was set as one can be unset, and as one */
TEST(not_set, "[B14] UNSET_MEMSEG of what was not set: ENOENT")
{
	static const struct {
		unsigned int first, count;
	} others[] = {
		{ 4, 7 }, { 4, 9 }, { 5, 7 }, { 3, 8 }, { 5, 8 }, { 0, 4 },
		{ 12, 1 }, { 4, 1 }, { 11, 1 }, { 0, 16 },
	};
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(32));
	int fd = vm_in_state(VM_CREATED, 0);
	struct acrn_memseg memseg = { 0 };
	unsigned int i;

	memory_touch(memory, PAGES(32));
	memseg.gpa = GPA;
	memseg.len = PAGES(8);
	check_refused(fd, IC_UNSET_MEMSEG, &memseg, -ENOENT, "nothing there");
	check_result(memseg_set(fd, GPA + PAGES(4), memory, PAGES(8)), 0,
		     "SET_MEMSEG");
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		char why[64];

		memseg.gpa = GPA + PAGES(others[i].first);
		memseg.len = PAGES(others[i].count);
		snprintf(why, sizeof(why), "unset pages %u to %u",
			 others[i].first,
			 others[i].first + others[i].count - 1);
		check_refused(fd, IC_UNSET_MEMSEG, &memseg, -ENOENT, why);
	}
	memseg.gpa = GPA + PAGES(4);
	memseg.len = PAGES(8);
	memseg.type = ACRN_MEMSEG_MMIO;
	check_refused(fd, IC_UNSET_MEMSEG, &memseg, -ENOENT, "other type");
	check_sees(VMID(0), GPA + PAGES(4), memory, PAGES(8));
	check_result(memseg_unset(fd, GPA + PAGES(4), PAGES(8)), 0,
		     "UNSET_MEMSEG");
	memseg.type = ACRN_MEMSEG_RAM;
	check_refused(fd, IC_UNSET_MEMSEG, &memseg, -ENOENT, "unset twice");
}

/*
 * Memory of which one page, at one of several places, is none that can be had.
 * More than are pinned at once lie before the last of the places.
 */
#define SPOILED_PAGES	1300

static void spoiled(void (*spoil)(void *page), enum memory_kind kind)
{
	static const unsigned int places[] = { 0, 1, 600, SPOILED_PAGES - 1 };
	struct acrn_memseg memseg = {
		.gpa = GPA, .len = PAGES(SPOILED_PAGES), .prot = PROT_ALL,
	};
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;
	char *memory;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		char why[32];

		memory = memory_get(kind, PAGES(SPOILED_PAGES));
		memory_touch(memory, PAGES(SPOILED_PAGES));
		spoil(memory + PAGES(places[i]));
		memseg.base = (uintptr_t)memory;
		snprintf(why, sizeof(why), "page %u", places[i]);
		check_refused(fd, IC_SET_MEMSEG, &memseg, -EFAULT, why);
		check_sees_nothing(VMID(0));
		/* what is good of it can be had */
		if (places[i] > 1) {
			check_result(memseg_set(fd, GPA, memory,
						PAGES(places[i])), 0,
				     "SET_MEMSEG without %s", why);
			check_sees(VMID(0), GPA, memory, PAGES(places[i]));
			check_result(memseg_unset(fd, GPA, PAGES(places[i])),
				     0, "UNSET_MEMSEG");
		}
		munmap(memory, PAGES(SPOILED_PAGES));
	}
	close(fd);
}

static void make_hole(void *page)
{
	munmap(page, PAGE_SIZE);
}

static void make_inaccessible(void *page)
{
	mprotect(page, PAGE_SIZE, PROT_NONE);
}

static void make_read_only(void *page)
{
	mprotect(page, PAGE_SIZE, PROT_READ);
}

static void map_pfn(void *page)
{
	int fd = open(RAWHC_NODE, O_RDWR | O_CLOEXEC);

	check(mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, fd, 0) == page, "mmap of rawhc: %s",
	      strerror(errno));
	close(fd);
}

static void map_device(void *page)
{
	int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);

	/* the VGA's window, which every kernel lets one map */
	check(mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, fd, 0xa0000) == page,
	      "mmap of /dev/mem: %s", strerror(errno));
	close(fd);
}

static void *map_file(void *page, int flags)
{
	int fd = open("/dev/filemem", O_RDWR | O_CLOEXEC);
	void *mapped;

	check(fd >= 0, "/dev/filemem: %s", strerror(errno));
	mapped = mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
	check(mapped != MAP_FAILED, "mmap of filemem: %s", strerror(errno));
	close(fd);
	return mapped;
}

static void map_shared_file(void *page)
{
	map_file(page, MAP_SHARED | MAP_FIXED);
}

/* A page of a file that has no such page: an access would be SIGBUS */
static void map_beyond_file(void *page)
{
	int fd = memfd_create("short", MFD_CLOEXEC);

	check(mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, fd, 0) == page, "mmap: %s",
	      strerror(errno));
	close(fd);
}

TEST(holes, "[B14] [R15] holes in the memory")
{
	spoiled(make_hole, MEMORY_PRIVATE);
	spoiled(make_hole, MEMORY_SHARED);
	spoiled(make_hole, MEMORY_THP);
}

TEST(no_access, "memory without access")
{
	spoiled(make_inaccessible, MEMORY_PRIVATE);
}

TEST(read_only, "[F12] memory that is read-only")
{
	spoiled(make_read_only, MEMORY_PRIVATE);
	spoiled(make_read_only, MEMORY_SHARED);
	spoiled(make_read_only, MEMORY_THP);
}

TEST(read_only_file, "a file opened for reading")
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct acrn_memseg memseg = {
		.gpa = GPA, .len = PAGES(4), .prot = ACRN_PROT_READ,
	};
	int fd = vm_in_state(VM_CREATED, 0);

	memseg.base = (uintptr_t)mmap(NULL, PAGES(4), PROT_READ, MAP_SHARED,
				      file, 0);
	check_refused(fd, IC_SET_MEMSEG, &memseg, -EFAULT, "shared");
	memseg.base = (uintptr_t)mmap(NULL, PAGES(4), PROT_READ, MAP_PRIVATE,
				      file, 0);
	check_refused(fd, IC_SET_MEMSEG, &memseg, -EFAULT, "private");
	check_sees_nothing(VMID(0));
}

TEST(pfn, "[B15] [F12] memory that is no memory: PFN mappings")
{
	spoiled(map_pfn, MEMORY_PRIVATE);
	spoiled(map_device, MEMORY_PRIVATE);
}

TEST(beyond_file, "memory beyond the end of its file")
{
	spoiled(map_beyond_file, MEMORY_PRIVATE);
}

/* Linux itself refuses it since 6.5. */
TEST(file_on_disk, "[D11] memory of a file whose file system has to hear of writes")
{
	void *memory;
	int fd;

	check_result(module_load("filemem", ""), 0, "insmod filemem");
	spoiled(map_shared_file, MEMORY_PRIVATE);
	/* what is written to a private mapping is no file's any more */
	fd = vm_in_state(VM_CREATED, 0);
	memory = map_file(NULL, MAP_PRIVATE);
	check_result(memseg_set(fd, GPA, memory, PAGE_SIZE), 0,
		     "SET_MEMSEG of a private mapping");
	close(fd);
	munmap(memory, PAGE_SIZE);
	check_result(module_unload("filemem"), 0, "rmmod filemem");
}

static void limit_locked(unsigned long pages)
{
	struct rlimit limit = { PAGES(pages), PAGES(pages) };

	check(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit: %s",
	      strerror(errno));
}

static void check_too_much(int fd, uint64_t gpa, const char *memory,
			   unsigned int pages)
{
	struct acrn_memseg memseg = {
		.gpa = gpa, .base = (uintptr_t)memory, .len = PAGES(pages),
		.prot = PROT_ALL,
	};
	char why[32];

	snprintf(why, sizeof(why), "%u pages", pages);
	check_refused(fd, IC_SET_MEMSEG, &memseg, -ENOMEM, why);
}

/* The page of the I/O requests counts as well. */
static void within_limit(void *data)
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(300));
	int fd;

	keep_capability(-1);
	limit_locked(100);
	fd = hsm_open();
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_too_much(fd, GPA, memory, 100);
	check_too_much(fd, GPA, memory, 300);
	check_result(memseg_set(fd, GPA, memory, PAGES(99)), 0,
		     "SET_MEMSEG of 99 pages");
	check_equal(process_pinned_kb(), 400, "charged, KiB");
	check_too_much(fd, 0, memory, 1);
	check_result(memseg_unset(fd, GPA, PAGES(99)), 0, "UNSET_MEMSEG");
	check_equal(process_pinned_kb(), 4, "charged, KiB");
	check_result(memseg_set(fd, GPA, memory, PAGES(50)), 0,
		     "SET_MEMSEG of 50 pages");
	check_result(memseg_set(fd, 0, memory, PAGES(49)), 0,
		     "SET_MEMSEG of 49 pages");
	check_too_much(fd, GPA * 2, memory, 1);
	/* what mlock() locks comes out of the same limit */
	check(mlock(memory, PAGE_SIZE) && errno == ENOMEM, "mlock: %s",
	      strerror(errno));
	check_result(memseg_unset(fd, 0, PAGES(49)), 0, "UNSET_MEMSEG");
	check(!mlock(memory, PAGES(20)), "mlock: %s", strerror(errno));
	check_too_much(fd, 0, memory, 30);
	check_result(memseg_set(fd, 0, memory, PAGES(29)), 0,
		     "SET_MEMSEG of 29 pages");
	munlock(memory, PAGES(20));
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_equal(process_pinned_kb(), 0, "charged, KiB");
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(memseg_set(fd, GPA, memory, PAGES(99)), 0,
		     "SET_MEMSEG in another VM");
}

TEST(limit, "[B14] RLIMIT_MEMLOCK is kept, and charges are given back")
{
	in_child(within_limit, NULL);
}

static void beyond_limit(void *data)
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(300));
	int fd;

	limit_locked(0);
	keep_capability(CAP_IPC_LOCK);
	fd = hsm_open();
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(memseg_set(fd, GPA, memory, PAGES(300)), 0,
		     "SET_MEMSEG");
	check_equal(process_pinned_kb(), 301 * 4, "charged, KiB");
}

TEST(limit_of_privileged, "CAP_IPC_LOCK may go beyond it")
{
	in_child(beyond_limit, NULL);
}

static void no_room_for_page(void *data)
{
	int fd = hsm_open();

	keep_capability(-1);
	limit_locked(0);
	check_result(vm_create(fd, 0), -ENOMEM, "CREATE_VM");
	check_equal(process_pinned_kb(), 0, "charged, KiB");
}

TEST(limit_at_create, "RLIMIT_MEMLOCK and the I/O request page")
{
	in_child(no_room_for_page, NULL);
}

/*
 * As VFIO's, the account is the address space's.  What was pinned before execve() stays
 * so, is nobody's to map any more, and is given back without being taken from the new
 * address space's account.
 */
static void before_execve(void *data)
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(300));
	char number[16];
	int fd;

	keep_capability(-1);
	limit_locked(100);
	fd = open(HSM_NODE, O_RDWR);
	check(fd >= 0, HSM_NODE ": %s", strerror(errno));
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_result(memseg_set(fd, GPA, memory, PAGES(99)), 0, "SET_MEMSEG");
	check_equal(process_pinned_kb(), 400, "charged, KiB");
	snprintf(number, sizeof(number), "%d", fd);
	execl("/proc/self/exe", "memory_limits", number, NULL);
	fail("execl: %s", strerror(errno));
}

static int after_execve(int fd)
{
	struct hv_run run = { 0 };
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(300));

	check(hv_open(), "no test hypervisor");
	/* root has got them again */
	keep_capability(-1);
	check_equal(process_pinned_kb(), 0, "charged after execve(), KiB");
	check(hv_memory(VMID(0), 0, &run) && run.gpa == GPA,
	      "the VM has lost its memory");
	check_result(memseg_set(fd, 0, memory, PAGE_SIZE), -EPERM, "SET_MEMSEG");
	check_result(memseg_unset(fd, GPA, PAGES(99)), -EPERM, "UNSET_MEMSEG");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_equal(process_pinned_kb(), 0, "charged after DESTROY_VM, KiB");

	/* a VM of its own has the whole limit, and no more */
	check_result(vm_create(fd, 0), 0, "CREATE_VM");
	check_too_much(fd, GPA, memory, 100);
	check_result(memseg_set(fd, GPA, memory, PAGES(99)), 0, "SET_MEMSEG");
	check_equal(process_pinned_kb(), 400, "charged, KiB");
	close(fd);
	check_equal(process_pinned_kb(), 0, "charged after close(), KiB");
	return 0;
}

TEST(over_execve, "[D11] RLIMIT_MEMLOCK over execve()")
{
	in_child(before_execve, NULL);
}

/* A file that another process has the VM of */
struct theirs {
	int fd;
	char *memory;
};

static void map_into_other(void *data)
{
	struct theirs *theirs = data;
	uint64_t base = (uintptr_t)theirs->memory;
	struct acrn_memseg memseg = {
		.gpa = GPA * 2, .base = base, .len = PAGES(4), .prot = PROT_ALL,
	};

	check_refused(theirs->fd, IC_SET_MEMSEG, &memseg, -EPERM, "RAM");
	memseg.type = ACRN_MEMSEG_MMIO;
	memseg.base = DEVICE;
	check_refused(theirs->fd, IC_SET_MEMSEG, &memseg, -EPERM, "MMIO");
	memseg.type = ACRN_MEMSEG_RAM;
	memseg.gpa = GPA;
	check_refused(theirs->fd, IC_UNSET_MEMSEG, &memseg, -EPERM, "unset");
}

TEST(other_process, "another process may not map into the VM")
{
	struct theirs theirs = {
		.fd = vm_in_state(VM_CREATED, 0),
		.memory = memory_get(MEMORY_SHARED, PAGES(4)),
	};

	memory_touch(theirs.memory, PAGES(4));
	check_result(memseg_set(theirs.fd, GPA, theirs.memory, PAGES(4)), 0,
		     "SET_MEMSEG");
	in_child(map_into_other, &theirs);
	check_sees(VMID(0), GPA, theirs.memory, PAGES(4));
	check_result(memseg_unset(theirs.fd, GPA, PAGES(4)), 0,
		     "UNSET_MEMSEG");
}

struct right {
	int capability;
	int result;
};

static void map_device_with(void *data)
{
	const struct right *right = data;
	int fd = vm_in_state(VM_CREATED, 0);
	struct acrn_memseg memseg = {
		.type = ACRN_MEMSEG_MMIO, .gpa = GPA, .base = DEVICE,
		.len = PAGES(1), .prot = ACRN_PROT_READ,
	};

	keep_capability(right->capability);
	if (right->result) {
		check_refused(fd, IC_SET_MEMSEG, &memseg, right->result,
			      "MMIO");
		return;
	}
	check_result(hsm_ioctl(fd, IC_SET_MEMSEG, &memseg), 0, "SET_MEMSEG");
	/* to give it up needs none */
	keep_capability(-1);
	check_result(hsm_ioctl(fd, IC_UNSET_MEMSEG, &memseg), 0,
		     "UNSET_MEMSEG");
	check_sees_nothing(VMID(0));
}

TEST(device_needs_right, "[B15] MMIO needs a capability")
{
	static struct right rights[] = {
		{ -1, -EPERM },
		{ CAP_IPC_LOCK, -EPERM },
		{ CAP_NET_ADMIN, -EPERM },
		{ CAP_SYS_RAWIO, 0 },
		{ CAP_SYS_ADMIN, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rights); i++)
		in_child(map_device_with, &rights[i]);
}

/*
 * A locked-down kernel gives physical memory to nobody, root or not.  Memory of
 * processes, and flags that only concern the VM, are another thing.
 */
TEST(locked_down, "[D7] no MMIO while the kernel is locked down")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(1));
	int result, device, ram, fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls;

	check_result(memseg_set_mmio(fd, GPA, DEVICE, PAGES(1), ACRN_PROT_READ),
		     0, "SET_MEMSEG before");
	check_result(memseg_unset_mmio(fd, GPA, PAGES(1)), 0, "UNSET_MEMSEG");
	result = module_load("lockdown", "");
	if (result == -ENOENT)
		skip("this kernel has no security_locked_down()");
	check_result(result, 0, "insmod lockdown");
	calls = hv_calls(HC_ANY);
	device = memseg_set_mmio(fd, GPA, DEVICE, PAGES(1), ACRN_PROT_READ);
	calls = hv_calls(HC_ANY) - calls;
	ram = memseg_set(fd, GPA, memory, PAGES(1));
	check_result(module_unload("lockdown"), 0, "rmmod lockdown");
	check_result(device, -EPERM, "SET_MEMSEG of MMIO");
	check_equal(calls, 0, "hypercalls");
	check_result(ram, 0, "SET_MEMSEG of memory");
}

static void check_no_mmio(int fd, uint64_t hpa, uint64_t size)
{
	struct acrn_memseg memseg = {
		.type = ACRN_MEMSEG_MMIO, .gpa = GPA, .base = hpa, .len = size,
		.prot = ACRN_PROT_READ,
	};
	char why[64];

	snprintf(why, sizeof(why), "%#llx+%#llx", (unsigned long long)hpa,
		 (unsigned long long)size);
	check_refused(fd, IC_SET_MEMSEG, &memseg, -EINVAL, why);
}

TEST(never_ram, "[B15] MMIO is never the Service VM's RAM")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(1));
	int fd = vm_in_state(VM_CREATED, 0);
	struct iomem ranges[64];
	unsigned int i, count = iomem_read(ranges, ARRAY_SIZE(ranges));
	unsigned int ram = 0;
	uint64_t own;

	for (i = 0; i < count; i++) {
		uint64_t first = (ranges[i].start + PAGE_SIZE - 1) & -PAGE_SIZE;
		uint64_t last = (ranges[i].start + ranges[i].size - PAGE_SIZE) &
				-PAGE_SIZE;

		if (!ranges[i].ram)
			continue;
		ram++;
		check_no_mmio(fd, first, PAGE_SIZE);
		check_no_mmio(fd, last, PAGE_SIZE);
		/* and no range that touches it */
		if (first)
			check_no_mmio(fd, first - PAGE_SIZE, 2 * PAGE_SIZE);
		check_no_mmio(fd, last, 2 * PAGE_SIZE);
	}
	check(ram, "/proc/iomem has no RAM");
	check_no_mmio(fd, 0, GPA * 4);
	memory_touch(memory, PAGES(1));
	physical_pages(memory, &own, 1);
	check_no_mmio(fd, own, PAGE_SIZE);
	check_sees_nothing(VMID(0));
}

/* A file of no VM, and one of a VM that is dying */
TEST(no_vm, "a file without a VM, and one of a VM that is dying")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(1));
	int fd = hsm_open();

	check_result(memseg_set(fd, GPA, memory, PAGES(1)), -ENODEV,
		     "SET_MEMSEG");
	check_result(memseg_unset(fd, GPA, PAGES(1)), -ENODEV,
		     "UNSET_MEMSEG");
	vm_to_state(fd, VM_DYING, 0);
	check_result(memseg_set(fd, GPA, memory, PAGES(1)), -EBUSY,
		     "SET_MEMSEG, dying");
	check_result(memseg_unset(fd, GPA, PAGES(1)), -EBUSY,
		     "UNSET_MEMSEG, dying");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_result(memseg_set(fd, GPA, memory, PAGES(1)), -ENODEV,
		     "SET_MEMSEG");
	check_equal(process_pinned_kb(), 0, "charged, KiB");
}

TEST(bad_pointer, "an argument that cannot be read")
{
	struct acrn_memseg *memseg;
	char *pages = get_pages(2);
	int fd = vm_in_state(VM_CREATED, 0);

	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	/* the last 4 bytes of it are not there */
	memseg = (void *)(pages + PAGE_SIZE - sizeof(*memseg) + 4);
	check_result(hsm_ioctl(fd, IC_SET_MEMSEG, NULL), -EFAULT, "NULL");
	check_result(hsm_ioctl(fd, IC_SET_MEMSEG, memseg), -EFAULT, "cut off");
	check_result(hsm_ioctl(fd, IC_UNSET_MEMSEG, memseg), -EFAULT,
		     "cut off");
	check_sees_nothing(VMID(0));
}

int main(int argc, char **argv)
{
	if (argc == 2)
		return after_execve(atoi(argv[1]));
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
