// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Loads the Service VM's kernel, by Linux's 64-bit boot protocol.  Multiboot
 * module 0 is a bzImage (its string holds the command line behind the file's
 * name), module 1 the initramfs.
 */
#include "console.h"
#include "start.h"
#include "ram.h"
#include "boot.h"

#define E820_MAX	128
#define E820_RAM	1
#define E820_RESERVED	2

/* Offsets in the zero page, and in the setup header that starts at 0x1f1 */
#define ZP_RSDP		0x070
#define ZP_E820_COUNT	0x1e8
#define ZP_SETUP_SECTS	0x1f1
#define ZP_HEADER_END	0x201
#define ZP_MAGIC	0x202
#define ZP_LOADER	0x210
#define ZP_INITRD	0x218
#define ZP_INITRD_SIZE	0x21c
#define ZP_CMDLINE	0x228
#define ZP_XLOADFLAGS	0x236
#define ZP_PREF_ADDRESS	0x258
#define ZP_INIT_SIZE	0x260
#define ZP_E820		0x2d0
#define XLF_KERNEL_64	BIT(0)
#define ENTRY_64	0x200

struct multiboot_info {
	u32 flags;
	u32 mem_lower;
	u32 mem_upper;
	u32 boot_device;
	u32 cmdline;
	u32 mods_count;
	u32 mods_addr;
	u32 syms[4];
	u32 mmap_length;
	u32 mmap_addr;
};

struct multiboot_module {
	u32 start;
	u32 end;
	u32 string;
	u32 reserved;
};

struct multiboot_mmap {
	u32 size;	/* of what follows */
	u64 start;
	u64 length;
	u32 type;
} __packed;

struct e820 {
	u64 start;
	u64 size;
	u32 type;
} __packed;

static SHARED u8 zero_page[PAGE_SIZE] __aligned(4096);
static SHARED char command_line[2048];

static void zp32(u32 offset, u32 value)
{
	memcpy(zero_page + offset, &value, sizeof(value));
}

static void zp64(u32 offset, u64 value)
{
	memcpy(zero_page + offset, &value, sizeof(value));
}

static void add_range(u64 start, u64 end, u32 type)
{
	struct e820 e = { start, end - start, type };
	u32 n = zero_page[ZP_E820_COUNT];

	if (start >= end)
		return;
	if (n == E820_MAX)
		panic("more than %u ranges in the memory map", E820_MAX);
	memcpy(zero_page + ZP_E820 + n * sizeof(e), &e, sizeof(e));
	zero_page[ZP_E820_COUNT]++;
	if (type == E820_RAM)
		ram_add(start, end);
}

/* The firmware's map, with the hypervisor's memory cut out */
static void build_memory_map(const struct multiboot_info *info)
{
	u64 p = info->mmap_addr, h0 = (u64)hv_start, h1 = (u64)hv_end;
	bool cut = false;

	while (p < info->mmap_addr + info->mmap_length) {
		const struct multiboot_mmap *m = (void *)p;
		u64 end = m->start + m->length;

		if (m->start <= h0 && h1 <= end && m->type == E820_RAM) {
			add_range(m->start, h0, E820_RAM);
			add_range(h0, h1, E820_RESERVED);
			add_range(h1, end, E820_RAM);
			cut = true;
		} else {
			add_range(m->start, end, m->type);
		}
		p += m->size + sizeof(m->size);
	}
	if (!cut)
		panic("less RAM than the hypervisor needs (384 MiB)");
}

/**
 * multiboot_command_line() - the hypervisor's own command line
 * @multiboot_info: as the boot loader left it
 *
 * Return: the text.
 */
const char *multiboot_command_line(u32 multiboot_info)
{
	const struct multiboot_info *info = (void *)(u64)multiboot_info;

	return (void *)(u64)info->cmdline;
}

/**
 * linux_load() - put the Service VM's kernel into its place
 * @multiboot_info: as the boot loader left it
 * @boot_params: set to the address of the zero page
 *
 * Return: address of the kernel's 64-bit entry point.
 */
u64 linux_load(u32 multiboot_info, u64 *boot_params)
{
	const struct multiboot_info *info = (void *)(u64)multiboot_info;
	const struct multiboot_module *mod = (void *)(u64)info->mods_addr;
	u64 setup, load, size;
	const u8 *image;
	const char *s;
	u32 i, n;

	if (!info->mods_count)
		panic("no kernel: give one with -initrd");
	image = (u8 *)(u64)mod[0].start;
	if (memcmp(image + ZP_MAGIC, "HdrS", 4) || !(image[ZP_XLOADFLAGS] & XLF_KERNEL_64))
		panic("the first module is not a 64-bit bzImage");
	setup = ((image[ZP_SETUP_SECTS] ? image[ZP_SETUP_SECTS] : 4) + 1) * 512UL;
	size = mod[0].end - mod[0].start - setup;
	memcpy(&load, image + ZP_PREF_ADDRESS, sizeof(load));
	memcpy(&n, image + ZP_INIT_SIZE, sizeof(n));
	if (load + n > (u64)hv_start)
		panic("the kernel needs memory up to 0x%lx", load + n);

	n = ZP_MAGIC + image[ZP_HEADER_END];
	memcpy(zero_page + ZP_SETUP_SECTS, image + ZP_SETUP_SECTS, n - ZP_SETUP_SECTS);
	build_memory_map(info);
	zero_page[ZP_LOADER] = 0xff;
	if (info->mods_count > 1) {
		zp32(ZP_INITRD, mod[1].start);
		zp32(ZP_INITRD_SIZE, mod[1].end - mod[1].start);
	}
	s = (const char *)(u64)mod[0].string;
	while (*s && *s != ' ')
		s++;
	for (i = 0; *s && i < sizeof(command_line) - 1; i++)
		command_line[i] = *s++;
	zp32(ZP_CMDLINE, (u32)(u64)command_line);
	zp64(ZP_RSDP, acpi_build());
	memcpy((void *)load, image + setup, size);
	*boot_params = (u64)zero_page;
	return load + ENTRY_64;
}
