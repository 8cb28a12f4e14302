// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: loads a guest and sets the first vCPU up to enter it.
 *
 * A guest is a 64-bit ELF file or a flat binary, which goes to 1 MiB and is
 * entered at its first byte.  Either is entered in 64-bit mode, with the first
 * 4 GiB mapped one to one, interrupts off, no stack, the size of its RAM in
 * RDI and the number of vCPUs in RSI.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm.h"

#define GDT_GPA		0x500UL
#define PML4_GPA	0x1000UL
#define PDPT_GPA	0x2000UL
#define PD_GPA		0x3000UL	/* four of them: a GiB each */
#define LOWEST_GPA	0x7000UL	/* what is below is ours */
#define FLAT_GPA	0x100000UL

#define PAGE_PRESENT	(1UL << 0)
#define PAGE_WRITE	(1UL << 1)
#define PAGE_HUGE	(1UL << 7)

#define CS_SELECTOR	0x08
#define DATA_SELECTOR	0x10

static const uint64_t gdt[] = {
	0,
	0x00af9b000000ffff,	/* 64-bit code */
	0x00cf93000000ffff,	/* data */
};

/* Guest memory that the loader itself needs and the guest must have */
static void *must_have(struct vm *vm, uint64_t gpa, uint64_t size)
{
	void *p = vm_memory(vm, gpa, size);

	if (!p || gpa < GDT_GPA)
		errx(1, "the guest does not fit: %#lx bytes at %#lx",
		     (unsigned long)size, (unsigned long)gpa);
	return p;
}

static void make_tables(struct vm *vm)
{
	uint64_t *pml4 = must_have(vm, PML4_GPA, 4096);
	uint64_t *pdpt = must_have(vm, PDPT_GPA, 4096);
	uint64_t *pd = must_have(vm, PD_GPA, 4 * 4096);
	unsigned long i;

	pml4[0] = PDPT_GPA | PAGE_PRESENT | PAGE_WRITE;
	for (i = 0; i < 4; i++)
		pdpt[i] = (PD_GPA + i * 4096) | PAGE_PRESENT | PAGE_WRITE;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = i << 21 | PAGE_PRESENT | PAGE_WRITE | PAGE_HUGE;
	memcpy(must_have(vm, GDT_GPA, sizeof(gdt)), gdt, sizeof(gdt));
}

static void load_bytes(struct vm *vm, uint64_t gpa, const uint8_t *bytes,
		       uint64_t size)
{
	if (gpa < LOWEST_GPA)
		errx(1, "the guest wants to lie at %#lx, below %#lx",
		     (unsigned long)gpa, LOWEST_GPA);
	memcpy(must_have(vm, gpa, size), bytes, size);
}

static uint64_t load_elf(struct vm *vm, const uint8_t *file, size_t size)
{
	const Elf64_Ehdr *header = (const void *)file;
	unsigned int i;

	if (size < sizeof(*header) || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_machine != EM_X86_64 ||
	    header->e_phentsize != sizeof(Elf64_Phdr) ||
	    header->e_phoff > size ||
	    header->e_phnum > (size - header->e_phoff) / sizeof(Elf64_Phdr))
		errx(1, "not a 64-bit ELF file");

	for (i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, file + header->e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_offset > size ||
		    segment.p_filesz > size - segment.p_offset ||
		    segment.p_filesz > segment.p_memsz)
			errx(1, "segment %u is not in the file", i);
		must_have(vm, segment.p_paddr, segment.p_memsz);
		load_bytes(vm, segment.p_paddr, file + segment.p_offset,
			   segment.p_filesz);
	}
	return header->e_entry;
}

/**
 * load_guest() - load a guest
 * @vm: a VM with memory, not started
 * @file: the guest
 */
void load_guest(struct vm *vm, const char *file)
{
	struct acrn_vcpu_regs regs = {
		.gprs = { .rdi = vm->memory_size, .rsi = vm->vcpus },
		.gdt = { .base = GDT_GPA, .limit = sizeof(gdt) - 1 },
		.rip = FLAT_GPA,
		.cr0 = 0x80000011,	/* PG, ET, PE */
		.cr3 = PML4_GPA,
		.cr4 = 0x20,		/* PAE */
		.ia32_efer = 0x500,	/* LMA, LME */
		.rflags = 2,
		.cs_ar = 0xa09b,	/* 64-bit code */
		.cs_limit = 0xffffffff,
		.cs_sel = CS_SELECTOR,
		.ss_sel = DATA_SELECTOR,
		.ds_sel = DATA_SELECTOR,
		.es_sel = DATA_SELECTOR,
		.fs_sel = DATA_SELECTOR,
		.gs_sel = DATA_SELECTOR,
	};
	struct stat status;
	const uint8_t *bytes;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		err(1, "%s", file);
	if (status.st_size < SELFMAG)
		errx(1, "%s: too short for a guest", file);
	bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		err(1, "%s", file);

	make_tables(vm);
	if (!memcmp(bytes, ELFMAG, SELFMAG))
		regs.rip = load_elf(vm, bytes, status.st_size);
	else
		load_bytes(vm, FLAT_GPA, bytes, status.st_size);
	vm_set_regs(vm, &regs);

	munmap((void *)bytes, status.st_size);
	close(fd);
}
