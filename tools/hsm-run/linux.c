// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: loads a Linux kernel by its 64-bit boot protocol.
 *
 * The kernel goes where it prefers to be, the initrd to the end of memory, and a
 * page of boot parameters, the command line and the ACPI tables below 1 MiB.
 */
#include <err.h>
#include <string.h>

#include <asm/bootparam.h>

#include "loader.h"

#define SETUP_HEADER	0x1f1		/* where it is in the file and in boot_params */
#define HEADER_MAGIC	0x53726448	/* "HdrS" */
#define VERSION_MIN	0x20c		/* has xloadflags */
#define ENTRY_64	0x200		/* from where the kernel is loaded */
#define SECTOR		512
#define PARAGRAPH	16		/* unit of syssize */
#define PAGE		4096UL
#define LOADER_UNKNOWN	0xff

#define RAM		1		/* types of struct boot_e820_entry */
#define RESERVED	2

static void check_header(const struct file *kernel,
			 const struct setup_header *header)
{
	if (header->boot_flag != 0xaa55 || header->header != HEADER_MAGIC)
		errx(1, "%s: not a Linux kernel", kernel->name);
	if (header->version < VERSION_MIN ||
	    !(header->xloadflags & XLF_KERNEL_64))
		errx(1, "%s: the kernel cannot be entered in 64-bit mode",
		     kernel->name);
	if (!(header->loadflags & LOADED_HIGH) ||
	    header->pref_address < HIGH_MEMORY_GPA)
		errx(1, "%s: not a bzImage", kernel->name);
}

/* As far as the file has it: older kernels have a shorter one */
static struct setup_header get_header(const struct file *kernel)
{
	struct setup_header header = { 0 };
	size_t end;

	if (kernel->size < 2 * SECTOR)
		errx(1, "%s: not a Linux kernel", kernel->name);
	/* The target of the jump at 0x200, right behind the header */
	end = 0x202 + kernel->bytes[0x201];
	if (end > SETUP_HEADER + sizeof(header))
		end = SETUP_HEADER + sizeof(header);
	if (end > kernel->size)
		end = kernel->size;
	memcpy(&header, kernel->bytes + SETUP_HEADER, end - SETUP_HEADER);
	check_header(kernel, &header);
	return header;
}

/*
 * The protected-mode part, which decompresses itself.  What a file has behind it,
 * such as a signature, is not for the guest.
 */
static void load_kernel(struct vm *vm, const struct file *kernel,
			const struct setup_header *header)
{
	unsigned int sectors = header->setup_sects ? header->setup_sects : 4;
	size_t setup = (1 + sectors) * SECTOR;
	size_t size = (size_t)header->syssize * PARAGRAPH;

	if (kernel->size < setup || kernel->size - setup < size)
		errx(1, "%s: only a part of a kernel", kernel->name);
	/* It also has to hold the entry, and needs no less room than it takes */
	if (size <= ENTRY_64 || header->init_size < size)
		errx(1, "%s: its header makes no sense", kernel->name);
	vm_must_have(vm, header->pref_address, header->init_size);
	memcpy(vm_must_have(vm, header->pref_address, size),
	       kernel->bytes + setup, size);
}

static void load_initrd(struct vm *vm, const struct file *initrd,
			struct setup_header *header)
{
	uint64_t end = vm->memory_size, kernel_end, start;

	if (!initrd->bytes)
		return;
	if (end > (uint64_t)header->initrd_addr_max + 1)
		end = (uint64_t)header->initrd_addr_max + 1;
	kernel_end = header->pref_address + header->init_size;
	if (kernel_end > end || initrd->size > end - kernel_end)
		errx(1, "%s: not enough memory behind the kernel for it",
		     initrd->name);
	start = (end - initrd->size) & -PAGE;
	if (start < kernel_end)
		errx(1, "%s: not enough memory behind the kernel for it",
		     initrd->name);
	memcpy(vm_must_have(vm, start, initrd->size), initrd->bytes,
	       initrd->size);
	header->ramdisk_image = start;
	header->ramdisk_size = initrd->size;
}

static void set_command_line(struct vm *vm, const char *text,
			     struct setup_header *header)
{
	size_t size = strlen(text) + 1;

	if (size - 1 > header->cmdline_size ||
	    size > EBDA_GPA - COMMAND_LINE_GPA)
		errx(1, "the kernel takes a command line of %u characters",
		     header->cmdline_size);
	memcpy(vm_must_have(vm, COMMAND_LINE_GPA, size), text, size);
	header->cmd_line_ptr = COMMAND_LINE_GPA;
}

static void set_memory_map(struct vm *vm, struct boot_params *params)
{
	const struct boot_e820_entry map[] = {
		{ 0, EBDA_GPA, RAM },
		{ EBDA_GPA, HIGH_MEMORY_GPA - EBDA_GPA, RESERVED },
		{ HIGH_MEMORY_GPA, vm->memory_size - HIGH_MEMORY_GPA, RAM },
	};

	memcpy(params->e820_table, map, sizeof(map));
	params->e820_entries = ARRAY_SIZE(map);
}

/**
 * load_linux() - load a kernel
 * @vm: a VM with memory, not running
 * @guest: the kernel and what goes with it
 */
void load_linux(struct vm *vm, const struct guest *guest)
{
	struct setup_header header = get_header(&guest->kernel);
	struct boot_params *params;
	struct acrn_vcpu_regs regs;

	/* Before a reset there may have been anything. */
	memset(vm_must_have(vm, 0, HIGH_MEMORY_GPA), 0, HIGH_MEMORY_GPA);
	params = vm_must_have(vm, BOOT_PARAMS_GPA, sizeof(*params));

	load_kernel(vm, &guest->kernel, &header);
	load_initrd(vm, &guest->initrd, &header);
	set_command_line(vm, guest->command_line, &header);
	set_memory_map(vm, params);
	header.type_of_loader = LOADER_UNKNOWN;
	params->hdr = header;
	params->acpi_rsdp_addr = acpi_build(vm);

	entry_prepare(vm, &regs);
	regs.rip = header.pref_address + ENTRY_64;
	regs.gprs.rsi = BOOT_PARAMS_GPA;
	vm_set_regs(vm, &regs);
}
