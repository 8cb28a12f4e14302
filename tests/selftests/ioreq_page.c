// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The I/O request page: the hypervisor and the process see the same page */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define SLOTS		ACRN_MAX_VCPUS
#define VALUE_OFFSET	88	/* of a port request, in its slot */

static uint32_t *slot_word(void *page, unsigned int slot, unsigned int offset)
{
	return (uint32_t *)((char *)page + slot * IO_SLOT_SIZE + offset);
}

/* What the hypervisor writes is what the process reads */
static void check_shared(unsigned int config, void *page, uint32_t value)
{
	hv_scribble(VMID(config), 3, VALUE_OFFSET, value);
	check_equal(*(volatile uint32_t *)slot_word(page, 3, VALUE_OFFSET),
		    value, "what the hypervisor wrote");
}

/* The physical address of a page, or 0 if it is not in memory */
static uint64_t physical_address(void *page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry = 0;

	check(fd >= 0, "pagemap: %s", strerror(errno));
	check(pread(fd, &entry, sizeof(entry),
		    (uintptr_t)page / PAGE_SIZE * sizeof(entry)) ==
	      sizeof(entry), "pagemap: %s", strerror(errno));
	close(fd);
	if (!(entry >> 63))
		return 0;
	return (entry & ((1ULL << 55) - 1)) * PAGE_SIZE;
}

static int create_with_page(int fd, unsigned int config, void *page)
{
	struct acrn_create_vm create;

	vm_fill_create(&create, config);
	create.req_buf = (unsigned long)page;
	return hsm_ioctl(fd, IC_CREATE_VM, &create);
}

TEST(untouched_page, "[A8] an untouched page of the process becomes the page")
{
	void *page = get_pages(1);
	struct hv_vm vm;
	unsigned int i;
	int fd = hsm_open();

	check_result(create_with_page(fd, 0, page), 0, "CREATE_VM");
	for (i = 0; i < SLOTS; i++)
		check_equal(*slot_word(page, i, IO_SLOT_STATE), IO_FREE,
			    "state of slot %u", i);
	hv_get_vm(VMID(0), &vm);
	check_equal(vm.io_page, physical_address(page),
		    "the page in the hypervisor");
	check_shared(0, page, 0x12345678);
}

TEST(no_page, "no page is no page")
{
	struct hv_vm vm;
	int fd = hsm_open();

	check_result(create_with_page(fd, 0, NULL), 0, "CREATE_VM");
	hv_get_vm(VMID(0), &vm);
	check_equal(vm.io_page, 0, "the page in the hypervisor");
	check_equal(process_pinned_kb(), 0, "pinned memory");
}

static void wait_a_while(void *data)
{
	pause();
}

TEST(fork_and_write, "fork() does not part hypervisor and process")
{
	void *page = vm_io_page(0);
	int fd = vm_in_state(VM_CREATED, 0);
	pid_t pid;

	check_shared(0, page, 1);
	pid = start_child(wait_a_while, NULL);
	/* would get the process a copy of its own if the page were not pinned */
	*slot_word(page, 5, VALUE_OFFSET) = 7;
	check_shared(0, page, 2);
	kill_child(pid);
	*slot_word(page, 5, VALUE_OFFSET) = 8;
	check_shared(0, page, 3);
	close(fd);
}

/* The page is made in a process that has forked before: it has no copy of it */
static void page_of_parent(void *data)
{
	void *page = vm_io_page(1);
	int fd = hsm_open();

	check_result(create_with_page(fd, 1, page), 0, "CREATE_VM");
	check_shared(1, page, 4);
}

TEST(cow_page, "a page shared since a fork() is copied before it is pinned")
{
	void *page = vm_io_page(1);

	memset(page, 0x55, PAGE_SIZE);
	in_child(page_of_parent, NULL);
	check_equal(*slot_word(page, 3, VALUE_OFFSET), 0x55555555,
		    "the parent's page");
}

TEST(unmapped_page, "[A7] munmap() before DESTROY_VM harms nobody")
{
	void *page = get_pages(1), *again;
	long pinned = pinned_pages();
	int fd = hsm_open();

	check_result(create_with_page(fd, 0, page), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM");
	munmap(page, PAGE_SIZE);
	again = mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	check(again == page, "mmap");
	memset(again, 0x66, PAGE_SIZE);
	hv_scribble(VMID(0), 3, VALUE_OFFSET, 0xbad);
	check_equal(*slot_word(again, 3, VALUE_OFFSET), 0x66666666,
		    "a page that is not the hypervisor's");
	check_equal(pinned_pages(), pinned + 1 + VM_START_PAGES,
		    "pinned pages");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	check_equal(pinned_pages(), pinned, "pinned pages");
}

TEST(shared_memory, "shared memory as the page")
{
	int memory = memfd_create("iopage", MFD_CLOEXEC);
	int fd = hsm_open();
	void *one, *two;

	check(memory >= 0 && !ftruncate(memory, PAGE_SIZE), "memfd");
	one = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, memory,
		   0);
	two = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, memory, 0);
	check(one != MAP_FAILED && two != MAP_FAILED, "mmap");
	check_result(create_with_page(fd, 0, one), 0, "CREATE_VM");
	check_shared(0, two, 9);
	/* what is pinned outlives the file it came from */
	check(!ftruncate(memory, 0), "ftruncate");
	close(memory);
	hv_scribble(VMID(0), 3, VALUE_OFFSET, 10);
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

TEST(inside_huge_page, "a page inside a huge page")
{
	size_t size = 2UL << 20;
	char *huge = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *page;
	int fd = hsm_open();

	check(huge != MAP_FAILED, "mmap");
	huge = (char *)(((uintptr_t)huge + size - 1) & ~(size - 1));
	madvise(huge, size, MADV_HUGEPAGE);
	memset(huge, 0, size);
	page = huge + 77 * PAGE_SIZE;
	check_result(create_with_page(fd, 0, page), 0, "CREATE_VM");
	check_shared(0, page, 11);
	check_equal(process_pinned_kb(), 4, "pinned memory");
	/* splits the huge page, which must not part the two views */
	munmap(huge, 77 * PAGE_SIZE);
	check_shared(0, page, 12);
}

TEST(charged, "the page is charged as locked memory and given back")
{
	enum vm_state state;
	unsigned int i;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		int fd = vm_in_state(state, 0);

		check_equal(process_pinned_kb(), 4 + VM_START_KB,
			    "pinned memory");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		check_equal(process_pinned_kb(), 0, "pinned memory");
		vm_to_state(fd, state, 0);
		check_equal(process_pinned_kb(), 4 + VM_START_KB,
			    "pinned memory");
		close(fd);
		check_equal(process_pinned_kb(), 0, "pinned memory");
	}
	for (i = 0; i < MAX_VMS; i++)
		vm_in_state(VM_CREATED, i);
	check_equal(process_pinned_kb(), (4 + VM_START_KB) * MAX_VMS,
		    "pinned memory");
}

static void destroy(void *data)
{
	check_result(vm_destroy(*(int *)data), 0, "DESTROY_VM");
	check_equal(process_pinned_kb(), 0, "pinned memory of the other");
}

TEST(charge_given_back_by_another, "and given back when another process destroys the VM")
{
	int fd = vm_in_state(VM_CREATED, 0);

	check_equal(process_pinned_kb(), 4 + VM_START_KB, "pinned memory");
	in_child(destroy, &fd);
	check_equal(process_pinned_kb(), 0, "pinned memory");
}

TEST(one_page_for_two, "two VMs with one page")
{
	void *page = get_pages(1);
	int first = hsm_open(), second = hsm_open();

	/* a bad idea of the caller's that harms nobody else */
	check_result(create_with_page(first, 0, page), 0, "CREATE_VM");
	check_result(create_with_page(second, 1, page), 0, "CREATE_VM");
	check_result(vm_destroy(first), 0, "DESTROY_VM");
	check_shared(1, page, 13);
}

TEST(read_only_file, "a page of a read-only file")
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = hsm_open();
	void *page;

	page = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	check(page != MAP_FAILED, "mmap: %s", strerror(errno));
	check_result(create_with_page(fd, 0, page), -EFAULT, "CREATE_VM");
	check_equal(process_pinned_kb(), 0, "pinned memory");
}

TEST(device_memory, "[A8] memory that is not the process's own")
{
	int file = open(RAWHC_NODE, O_RDWR | O_CLOEXEC);
	int fd = hsm_open();
	void *page;

	check(file >= 0, RAWHC_NODE ": %s", strerror(errno));
	page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file,
		    0);
	check(page != MAP_FAILED, "mmap: %s", strerror(errno));
	check_result(create_with_page(fd, 0, page), -EFAULT, "CREATE_VM");
	check_equal(process_pinned_kb(), 0, "pinned memory");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
