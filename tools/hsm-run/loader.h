/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: getting a guest into memory, and the first vCPU to its entry.
 *
 * Each function can be called again after a reset.
 */
#ifndef HSM_RUN_LOADER_H
#define HSM_RUN_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "vm.h"

/* Guest-physical addresses */
#define ENTRY_START	0x500UL		/* what entry.c needs */
#define ENTRY_END	0x7000UL
#define BOOT_PARAMS_GPA	0x7000UL
#define COMMAND_LINE_GPA 0x8000UL
#define EBDA_GPA	0x9fc00UL	/* the end of low memory, by tradition */
#define ACPI_GPA	0xe0000UL
#define HIGH_MEMORY_GPA	0x100000UL

/* entry.c: 64-bit mode, memory mapped one to one */
void entry_prepare(struct vm *vm, struct acrn_vcpu_regs *regs);

/**
 * struct file - a file in memory
 * @name: its name, for messages
 * @bytes: what is in it
 * @size: how much
 */
struct file {
	const char *name;
	const uint8_t *bytes;
	size_t size;
};

void file_open(struct file *file, const char *name);

/**
 * struct guest - what runs in the VM
 * @program: a 64-bit ELF file or a flat binary, or
 * @kernel: a Linux kernel, a bzImage
 * @initrd: for @kernel, or no bytes
 * @command_line: for @kernel
 */
struct guest {
	struct file program;
	struct file kernel;
	struct file initrd;
	const char *command_line;
};

/* loader.c, linux.c */
void load_program(struct vm *vm, const struct file *file);
void load_linux(struct vm *vm, const struct guest *guest);

/* acpi.c; returns where the root pointer is */
uint64_t acpi_build(struct vm *vm);

#endif /* HSM_RUN_LOADER_H */
