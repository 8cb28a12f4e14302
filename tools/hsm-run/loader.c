// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: loads a program as the guest.
 *
 * It is a 64-bit ELF file or a flat binary, which goes to 1 MiB and is entered at
 * its first byte.  Either finds the size of its RAM in RDI and the number of vCPUs
 * in RSI; entry.c has the rest of its state.
 */
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"

/**
 * file_open() - map a file; ends the program if that fails
 * @file: filled in
 * @name: its name
 */
void file_open(struct file *file, const char *name)
{
	struct stat status;
	void *bytes;
	int fd;

	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status))
		err(1, "%s", name);
	if (status.st_size < SELFMAG)
		errx(1, "%s: too short for a guest", name);
	bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		err(1, "%s", name);
	close(fd);
	*file = (struct file){ name, bytes, status.st_size };
}

static void load_bytes(struct vm *vm, uint64_t gpa, const uint8_t *bytes,
		       uint64_t size)
{
	if (gpa < ENTRY_END)
		errx(1, "the guest wants to lie at %#lx, below %#lx",
		     (unsigned long)gpa, ENTRY_END);
	memcpy(vm_must_have(vm, gpa, size), bytes, size);
}

static uint64_t load_elf(struct vm *vm, const struct file *file)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;
	size_t size = file->size;
	unsigned int i;

	if (size < sizeof(*header) || header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_machine != EM_X86_64 ||
	    header->e_phentsize != sizeof(Elf64_Phdr) ||
	    header->e_phoff > size ||
	    header->e_phnum > (size - header->e_phoff) / sizeof(Elf64_Phdr))
		errx(1, "%s: not a 64-bit ELF file", file->name);

	for (i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		uint8_t *rest;

		memcpy(&segment,
		       file->bytes + header->e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD)
			continue;
		if (segment.p_offset > size ||
		    segment.p_filesz > size - segment.p_offset ||
		    segment.p_filesz > segment.p_memsz)
			errx(1, "%s: segment %u is not in the file", file->name,
			     i);
		load_bytes(vm, segment.p_paddr, file->bytes + segment.p_offset,
			   segment.p_filesz);
		/* After a reset it is not zero any more. */
		rest = vm_must_have(vm, segment.p_paddr, segment.p_memsz);
		memset(rest + segment.p_filesz, 0,
		       segment.p_memsz - segment.p_filesz);
	}
	return header->e_entry;
}

/**
 * load_program() - load a program
 * @vm: a VM with memory, not running
 * @file: the program
 */
void load_program(struct vm *vm, const struct file *file)
{
	struct acrn_vcpu_regs regs;

	entry_prepare(vm, &regs);
	regs.gprs.rdi = vm->memory_size;
	regs.gprs.rsi = vm->vcpus;
	if (!memcmp(file->bytes, ELFMAG, SELFMAG)) {
		regs.rip = load_elf(vm, file);
	} else {
		load_bytes(vm, HIGH_MEMORY_GPA, file->bytes, file->size);
		regs.rip = HIGH_MEMORY_GPA;
	}
	vm_set_regs(vm, &regs);
}
