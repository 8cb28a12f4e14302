// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A device's DMA goes to the memory of the VM that has it, and to no other: not to what
 * the VM has no more, not to another VM's, and not to the Service VM's.
 *
 * The device is an edu, which copies between memory and a buffer of its own, a tenth of a
 * second after it was told to.  The test tells it, as the guest would.
 */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "a2.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "vm.h"

#define DMA_FROM	0x80
#define DMA_TO		0x88
#define DMA_COUNT	0x90
#define DMA_COMMAND	0x98
#define DMA_RUN		1	/* 0 again when it is done */
#define DMA_TO_MEMORY	2
#define DMA_BUFFER	0x40000	/* where the device has its own, 4 KiB */
#define SOME		2048	/* bytes: QEMU 7.2 ends if it is to copy all 4 KiB */

#define GPA		0x4000000UL
#define LIMIT_MS	20000
#define SIZE		(2 * PAGE_SIZE)

static volatile uint32_t *registers;
static unsigned char *memory;
static volatile bool *told;	/* the device was, shared with another process */
static int fd;

static int give_memory(uint64_t gpa, void *page, size_t size)
{
	return pt_is_a2() ? a2_memseg_set(fd, gpa, page, size) : memseg_set(fd, gpa, page, size);
}

static int take_memory(uint64_t gpa, size_t size)
{
	return pt_is_a2() ? a2_memseg_unset(fd, gpa, size) : memseg_unset(fd, gpa, size);
}

static void tell(uint64_t from, uint64_t to, unsigned int command)
{
	registers[DMA_FROM / 4] = from;
	registers[DMA_TO / 4] = to;
	registers[DMA_COUNT / 4] = SOME;
	registers[DMA_COMMAND / 4] = DMA_RUN | command;
}

static void wait_done(void)
{
	uint64_t limit = now_us() + LIMIT_MS * 1000ULL;

	while (registers[DMA_COMMAND / 4] & DMA_RUN) {
		check(now_us() < limit, "the device is not through");
		usleep(1000);
	}
}

static void read_memory(uint64_t gpa)
{
	tell(gpa, DMA_BUFFER, 0);
	wait_done();
}

static void write_memory(uint64_t gpa)
{
	tell(DMA_BUFFER, gpa, DMA_TO_MEMORY);
	wait_done();
}

static bool is_all(const unsigned char *page, unsigned char byte)
{
	return page[0] == byte && !memcmp(page, page + 1, SOME - 1);
}

/* A VM with a device that may do DMA, and two pages of memory */
static void begin(uint64_t gpa)
{
	check(pci_there(PCI_EDU), "no device: run with --devices");
	pci_enable(PCI_EDU);
	registers = pci_registers(PCI_EDU);
	memory = memory_get(MEMORY_SHARED, SIZE);
	fd = pt_create(0, 0);
	check_result(give_memory(gpa, memory, SIZE), 0, "SET_MEMSEG");
	check_result(pt_assign(fd, PCI_EDU), 0, "ASSIGN");
	pci_set_master(PCI_EDU);
}

/* The device copies the first page of the memory to the second. */
static void begin_and_copy(void)
{
	begin(GPA);
	memset(memory, 0x5a, PAGE_SIZE);
	read_memory(GPA);
	write_memory(GPA + PAGE_SIZE);
	check(is_all(memory + PAGE_SIZE, 0x5a), "it did not write what it had read");
}

TEST(own, "a device reads and writes the memory of its VM")
{
	begin_and_copy();
	check(is_all(memory, 0x5a), "it wrote somewhere else");
	/* the next VM has other memory there */
	memset(memory + PAGE_SIZE, 0, PAGE_SIZE);
	close(fd);
	fd = pt_create(1, 0);
	check_result(give_memory(GPA, memory_get(MEMORY_SHARED, SIZE), SIZE), 0, "SET_MEMSEG");
	check_result(pt_assign(fd, PCI_EDU), 0, "ASSIGN");
	pci_set_master(PCI_EDU);
	write_memory(GPA + PAGE_SIZE);
	check(is_all(memory + PAGE_SIZE, 0), "it wrote to the memory of the VM before");
	close(fd);
}

TEST(taken, "nothing is written to memory that the VM has no more")
{
	begin_and_copy();
	check_result(take_memory(GPA, SIZE), 0, "UNSET_MEMSEG");
	memset(memory, 0, SIZE);
	write_memory(GPA);
	write_memory(GPA + PAGE_SIZE);
	check(is_all(memory, 0) && is_all(memory + PAGE_SIZE, 0), "it wrote to memory taken away");
	close(fd);
}

static uint64_t physical(const void *page)
{
	uint64_t address;

	physical_pages(page, &address, 1);
	return address;
}

TEST(back, "a device that went back reads and writes the memory of the Service VM")
{
	unsigned char *pages = memory_get(MEMORY_SHARED, SIZE);

	memset(pages, 0x3c, PAGE_SIZE);
	memset(pages + PAGE_SIZE, 0, PAGE_SIZE);
	begin_and_copy();
	check_result(pt_deassign(fd, PCI_EDU), 0, "DEASSIGN");
	close(fd);
	pci_set_master(PCI_EDU);
	read_memory(physical(pages));
	write_memory(physical(pages + PAGE_SIZE));
	check(is_all(pages + PAGE_SIZE, 0x3c), "it did not");
}

/* Killed while the device is about to write */
static void device_model(void *data)
{
	uint64_t gpa = physical(data);

	begin(gpa);
	memset(memory, 0x5a, PAGE_SIZE);
	read_memory(gpa);
	write_memory(gpa + PAGE_SIZE);
	check(is_all(memory + PAGE_SIZE, 0x5a), "it does not write");
	tell(DMA_BUFFER, gpa, DMA_TO_MEMORY);
	*told = true;
	pause();
}

/* Where its VM had memory, as the guest sees it, the Service VM has some, too. */
TEST(killed, "killed while the device writes: it does not go on in the Service VM")
{
	unsigned char *page = memory_get(MEMORY_SHARED, SIZE);
	pid_t child;

	told = (volatile bool *)(page + PAGE_SIZE);
	memset(page, 1, PAGE_SIZE);
	*told = false;
	child = start_child(device_model, page);
	while (!*told)
		usleep(100);
	kill_child(child);
	check_owner(PCI_EDU, 0, "killed");
	check(!pci_is_master(PCI_EDU), "the device may do DMA");
	registers = pci_registers(PCI_EDU);
	wait_done();
	check(is_all(page, 1), "the Service VM's memory was written to");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	pci_disable(PCI_EDU);
	return failed;
}
