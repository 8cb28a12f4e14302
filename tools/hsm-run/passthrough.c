// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: PCI devices of the Service VM that the guest gets, as acrn-dm gives them on
 * hypervisors up to v1.5.
 *
 * The guest uses a device's memory directly: each BAR is mapped to where the guest has
 * put it.  Ports are read and written for the guest, and so is the configuration space
 * behind the header, but for what would have the device reset, asleep, or interrupting
 * the Service VM.
 *
 * What is set up here is undone in the opposite order.  Where hsm-run ends in another
 * way, by an error or a signal, the driver does so when the node is closed.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "passthrough.h"
#include "pci.h"

#define PAGE		4096U
#define PATH_SIZE	80
#define CONFIG_LIMIT	PCI_CFG_SPACE_SIZE

/* Of a line of the file "resource" in sysfs */
#define RESOURCE_IO	0x100
#define RESOURCE_MEM	0x200
#define RESOURCE_PREFETCH 0x2000

/**
 * struct passthrough - a device that the guest gets
 * @pci: as the guest sees it
 * @vm: the guest's VM
 * @name: as sysfs names it
 * @bdf: where it is in the Service VM, and
 * @virt_bdf: in the guest: bus << 8 | device << 3 | function
 * @config: its configuration space, a file
 * @command: what was in the command register
 * @kept: registers to which the guest's writes do not go
 * @msi: where its MSI capability is; 0: the guest does not get MSIs
 * @line: where Linux has its line, an interrupt of the platform; 0: it has none
 * @pin: the pin of the guest's I/O APIC for its line; 0: the guest does not get that
 * @files: of BARs with ports: where these can be read and written
 * @hpa: of BARs with memory: where that is
 * @gpa: and where the guest has it; 0: nowhere
 */
struct passthrough {
	struct pci_device pci;
	struct vm *vm;
	char name[sizeof("0000:00:00.0")];
	uint16_t bdf;
	uint16_t virt_bdf;
	int config;
	uint16_t command;
	bool kept[CONFIG_LIMIT];
	unsigned int msi;
	unsigned int line;
	unsigned int pin;
	int files[PCI_BARS];
	uint64_t hpa[PCI_BARS];
	uint64_t gpa[PCI_BARS];
};

static struct passthrough devices[PASSTHROUGH_MAX];
static unsigned int count;

static struct passthrough *passed(struct pci_device *pci)
{
	return container_of(pci, struct passthrough, pci);
}

static void path_of(const struct passthrough *p, const char *file,
		    char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "/sys/bus/pci/devices/%s/%s", p->name, file);
}

static int open_file(const struct passthrough *p, const char *file, int flags)
{
	char path[PATH_SIZE];

	path_of(p, file, path);
	return open(path, flags | O_CLOEXEC);
}

/* What cannot be read is all ones, as on a bus. */
static uint32_t read_config(const struct passthrough *p, unsigned int reg,
			    unsigned int size)
{
	uint32_t value = 0;

	if (pread(p->config, &value, size, reg) != (ssize_t)size)
		return ~0U;
	return value;
}

static void write_config(const struct passthrough *p, unsigned int reg,
			 unsigned int size, uint32_t value)
{
	if (pwrite(p->config, &value, size, reg) != (ssize_t)size)
		warn("%s: register %#x", p->name, reg);
}

/* Of the capabilities the guest sees MSI, and sees that as the only one, with one vector. */
static uint32_t own_read(struct pci_device *pci, unsigned int reg,
			 unsigned int size)
{
	const struct passthrough *p = passed(pci);
	uint32_t value = read_config(p, reg, size);
	unsigned int next = p->msi + PCI_CAP_LIST_NEXT;

	if (p->msi && next >= reg && next < reg + size)
		value &= ~(0xffU << 8 * (next - reg));
	if (p->msi && p->msi + PCI_MSI_FLAGS >= reg && p->msi + PCI_MSI_FLAGS < reg + size)
		value &= ~(PCI_MSI_FLAGS_QMASK << 8 * (p->msi + PCI_MSI_FLAGS - reg));
	return value;
}

static void own_write(struct pci_device *pci, unsigned int reg,
		      unsigned int size, uint32_t value)
{
	const struct passthrough *p = passed(pci);
	unsigned int i;

	for (i = reg; i < reg + size; i++) {
		if (p->kept[i])
			return;
	}
	write_config(p, reg, size, value);
}

/* @bar: one with ports */
static int file_of(struct pci_bar *bar)
{
	return passed(bar->owner)->files[bar - bar->owner->bars];
}

static uint64_t ports_read(struct pci_bar *bar, uint64_t offset, unsigned int size)
{
	uint32_t value = 0;

	if (pread(file_of(bar), &value, size, offset) != (ssize_t)size)
		return ~0UL;
	return value;
}

static void ports_write(struct pci_bar *bar, uint64_t offset, unsigned int size,
			uint64_t value)
{
	if (pwrite(file_of(bar), &value, size, offset) != (ssize_t)size)
		warn("%s: port %#llx", bar->owner->name, (unsigned long long)offset);
}

static void unmap(struct passthrough *p, unsigned int i)
{
	if (p->gpa[i])
		vm_map_mmio(p->vm, p->gpa[i], p->hpa[i], p->pci.bars[i].size, false);
	p->gpa[i] = 0;
}

/*
 * A guest that looks how large a BAR is moves it to where it cannot be meant to be:
 * there is something else, or nothing that the bus would pass on.
 */
static uint64_t wanted_gpa(const struct pci_bar *bar)
{
	uint64_t start = bar->window.start;

	if (!bar->window.size || start < PCI_MEMORY || start + bar->size > PCI_MEMORY_END)
		return 0;
	return start;
}

/* All that move are unmapped before any is mapped: one may go where another was. */
static void moved(struct pci_device *pci)
{
	struct passthrough *p = passed(pci);
	uint64_t gpa;
	unsigned int i;

	for (i = 0; i < PCI_BARS; i++) {
		if (p->hpa[i] && wanted_gpa(&pci->bars[i]) != p->gpa[i])
			unmap(p, i);
	}
	for (i = 0; i < PCI_BARS; i++) {
		gpa = p->hpa[i] ? wanted_gpa(&pci->bars[i]) : 0;
		if (gpa && !p->gpa[i] &&
		    vm_map_mmio(p->vm, gpa, p->hpa[i], pci->bars[i].size, true))
			p->gpa[i] = gpa;
	}
	/* The device itself is always to be reached: whether the guest does is above. */
	write_config(p, PCI_COMMAND, 2, pci_get16(pci, PCI_COMMAND) |
		     PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
}

/* Linux resets it and keeps where its BARs are.  Not all devices can be reset. */
static void function_reset(struct pci_device *pci)
{
	int file = open_file(passed(pci), "reset", O_WRONLY);

	if (file < 0)
		return;
	if (write(file, "1", 1) != 1)
		warn("%s: resetting it", pci->name);
	close(file);
}

/*
 * Linux lets it decode addresses, and has its line routed.  It refuses where a driver has
 * the device, one that only keeps others away: there moved() does the first of the two.
 */
static void enable(const struct passthrough *p, bool on)
{
	int file = open_file(p, "enable", O_WRONLY);

	if (file < 0 || (write(file, on ? "1" : "0", 1) != 1 && errno != EBUSY))
		warn("%s: enable", p->name);
	close(file);
}

/* Why the Service VM does not give a device, and what helps */
static void __attribute__((noreturn)) refused(const struct passthrough *p)
{
	char path[PATH_SIZE], driver[256];
	const char *name;
	ssize_t length;

	if (errno == EPERM)
		errx(1, "%s: who gives devices to VMs needs CAP_SYS_RAWIO, and a kernel that is not locked down",
		     p->name);
	if (errno != EBUSY)
		err(1, "%s: ASSIGN_PTDEV", p->name);

	path_of(p, "driver", path);
	length = readlink(path, driver, sizeof(driver) - 1);
	if (length < 0)
		errx(1, "%s: another VM has it, or it cannot be told apart from another device; the kernel's log says which",
		     p->name);
	driver[length] = '\0';
	name = strrchr(driver, '/');
	errx(1, "%s: the Service VM's driver %s has it; this takes it away:\n\techo %s >%s/unbind",
	     p->name, name ? name + 1 : driver, p->name, path);
}

/* The guest would get all of the page, and with it what else is there. */
static void __attribute__((noreturn)) shares_page(const struct passthrough *p,
						  unsigned int bar)
{
	errx(1, "%s: BAR %u has no pages of its own; this gives it some:\n"
	     "\techo %s >/sys/bus/pci/resource_alignment\n"
	     "\techo 1 >/sys/bus/pci/devices/%s/remove\n"
	     "\techo 1 >/sys/bus/pci/rescan",
	     p->name, bar, p->name, p->name);
}

static void add_bar(struct passthrough *p, unsigned int i, uint64_t start,
		    uint64_t size, uint64_t flags)
{
	struct pci_bar *bar = &p->pci.bars[i];
	char file[sizeof("resource0")];

	if (size > PCI_MEMORY_END - PCI_MEMORY)
		errx(1, "%s: BAR %u is too large", p->name, i);
	bar->size = size;
	if (flags & RESOURCE_IO) {
		snprintf(file, sizeof(file), "resource%u", i);
		p->files[i] = open_file(p, file, O_RDWR);
		if (p->files[i] < 0)
			err(1, "%s: %s", p->name, file);
		bar->flags = PCI_BASE_ADDRESS_SPACE_IO;
		bar->read = ports_read;
		bar->write = ports_write;
		return;
	}
	if (start % PAGE || size % PAGE)
		shares_page(p, i);
	p->hpa[i] = start;
	bar->flags = flags & RESOURCE_PREFETCH ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0;
}

/* The guest sees BARs of 64 bits as some of 32. */
static void add_bars(struct passthrough *p)
{
	unsigned long long start, end, flags;
	char path[PATH_SIZE];
	unsigned int i;
	FILE *file;

	path_of(p, "resource", path);
	file = fopen(path, "re");
	if (!file)
		err(1, "%s", path);
	for (i = 0; i < PCI_BARS; i++) {
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
			errx(1, "%s: what is this?", path);
		if (flags & (RESOURCE_IO | RESOURCE_MEM) && start)
			add_bar(p, i, start, end - start + 1, flags);
	}
	fclose(file);
}

/* Registers that the guest must not write to, or may again */
static void keep(struct passthrough *p, unsigned int reg, unsigned int size, bool kept)
{
	while (size-- && reg < CONFIG_LIMIT)
		p->kept[reg++] = kept;
}

static void keep_capabilities(struct passthrough *p)
{
	static const struct {
		uint8_t id;
		uint8_t size;
	} known[] = {
		{ PCI_CAP_ID_PM, PCI_PM_SIZEOF },
		{ PCI_CAP_ID_MSI, PCI_MSI_PENDING_64 + 4 },
		{ PCI_CAP_ID_MSIX, PCI_CAP_MSIX_SIZEOF },
		{ PCI_CAP_ID_EXP, PCI_CAP_EXP_ENDPOINT_SIZEOF_V2 },
		{ PCI_CAP_ID_AF, PCI_CAP_AF_SIZEOF },
	};
	unsigned int at = 0, links, i;

	if (read_config(p, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST)
		at = read_config(p, PCI_CAPABILITY_LIST, 1) & ~3U;
	for (links = 0; at >= PCI_STD_HEADER_SIZEOF && links < CONFIG_LIMIT / 4; links++) {
		uint8_t id = read_config(p, at, 1);

		for (i = 0; i < ARRAY_SIZE(known); i++) {
			if (known[i].id == id)
				keep(p, at, known[i].size, true);
		}
		if (id == PCI_CAP_ID_MSI)
			p->msi = at;
		at = read_config(p, at + PCI_CAP_LIST_NEXT, 1) & ~3U;
	}
}

static struct acrn_ptdev_irq msi_of(const struct passthrough *p)
{
	return (struct acrn_ptdev_irq) {
		.type = ACRN_PTDEV_IRQ_MSI,
		.virt_bdf = p->virt_bdf,
		.phys_bdf = p->bdf,
		.virt_pin = 1,	/* vectors */
	};
}

/* The register PCI_INTERRUPT_LINE has what the firmware chose, and Linux may choose again. */
static unsigned int linux_line(const struct passthrough *p)
{
	int file = open_file(p, "irq", O_RDONLY);
	char text[16];
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

	if (size <= 0) {
		warn("%s: irq", p->name);
		size = 0;
	}
	if (file >= 0)
		close(file);
	text[size] = '\0';
	return strtoul(text, NULL, 10);
}

static struct acrn_ptdev_irq line_of(const struct passthrough *p)
{
	return (struct acrn_ptdev_irq) {
		.type = ACRN_PTDEV_IRQ_INTX,
		.virt_bdf = p->virt_bdf,
		.phys_bdf = p->bdf,
		.virt_pin = p->pin,
		.phys_pin = p->line,
	};
}

/* How many bytes its capability has, of which the last may be those that mask vectors */
static unsigned int msi_size(const struct passthrough *p)
{
	uint16_t flags = read_config(p, p->msi + PCI_MSI_FLAGS, 2);
	bool wide = flags & PCI_MSI_FLAGS_64BIT;

	if (flags & PCI_MSI_FLAGS_MASKBIT)
		return wide ? PCI_MSI_PENDING_64 + 4 : PCI_MSI_PENDING_32 + 4;
	return wide ? PCI_MSI_DATA_64 + 2 : PCI_MSI_DATA_32 + 2;
}

/*
 * The guest gets what the hypervisor passes on, and sees nothing else.  What it writes to
 * these registers goes to the device's: ACRN looks there, and the device gets something else.
 */
static void add_msi(struct passthrough *p)
{
	struct acrn_ptdev_irq irq = msi_of(p);

	if (p->msi && !vm_set_interrupt(p->vm, &irq, true))
		p->msi = 0;
	if (p->msi) {
		p->pci.config[PCI_CAPABILITY_LIST] = p->msi;
		p->pci.config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
		keep(p, p->msi, msi_size(p), false);
	}
}

static void add_line(struct passthrough *p)
{
	struct acrn_ptdev_irq irq;

	if (!read_config(p, PCI_INTERRUPT_PIN, 1))
		return;
	p->line = linux_line(p);
	if (!p->line)
		return;
	p->pin = PASSTHROUGH_IRQ + (p - devices);
	irq = line_of(p);
	if (!vm_set_interrupt(p->vm, &irq, true))
		p->pin = 0;
	if (p->pin) {
		p->pci.config[PCI_INTERRUPT_PIN] = 1;
		p->pci.config[PCI_INTERRUPT_LINE] = p->pin;
	}
}

static void copy_header(struct passthrough *p)
{
	struct pci_device *pci = &p->pci;
	unsigned int i;

	pci_init(pci, p->name, read_config(p, PCI_VENDOR_ID, 2),
		 read_config(p, PCI_DEVICE_ID, 2),
		 read_config(p, PCI_CLASS_REVISION, 4));
	for (i = PCI_SUBSYSTEM_VENDOR_ID; i < PCI_SUBSYSTEM_VENDOR_ID + 4; i++)
		pci->config[i] = read_config(p, i, 1);
	pci->moved = moved;
	pci->reset = function_reset;
	pci->read_own = own_read;
	pci->write_own = own_write;
}

/**
 * passthrough_add() - give a device to the guest, in the next slot
 * @vm: its VM, not started yet
 * @bdf: the device: bus << 8 | device << 3 | function
 */
void passthrough_add(struct vm *vm, uint16_t bdf)
{
	unsigned int slot = PASSTHROUGH_SLOT + count;
	struct passthrough *p = &devices[count];

	p->vm = vm;
	p->bdf = bdf;
	p->virt_bdf = slot << 3;
	snprintf(p->name, sizeof(p->name), "0000:%02x:%02x.%x", bdf >> 8,
		 bdf >> 3 & 31, bdf & 7U);
	p->config = open_file(p, "config", O_RDWR);
	if (p->config < 0)
		err(1, "%s: its configuration space", p->name);
	p->command = read_config(p, PCI_COMMAND, 2);
	copy_header(p);
	keep_capabilities(p);
	add_bars(p);

	if (!vm_assign(vm, bdf))
		refused(p);
	count++;
	enable(p, true);
	add_msi(p);
	add_line(p);
	pci_add(vm, &p->pci, slot);
}

static void give_back(struct passthrough *p)
{
	struct acrn_ptdev_irq irq;
	unsigned int i;

	irq = line_of(p);
	if (p->pin)
		vm_set_interrupt(p->vm, &irq, false);
	irq = msi_of(p);
	if (p->msi) {
		write_config(p, p->msi + PCI_MSI_FLAGS, 2, 0);
		vm_set_interrupt(p->vm, &irq, false);
	}
	for (i = 0; i < PCI_BARS; i++)
		unmap(p, i);
	vm_deassign(p->vm, p->bdf);
	enable(p, false);
	write_config(p, PCI_COMMAND, 2, p->command);
	close(p->config);
}

/**
 * passthrough_give_back() - the Service VM gets its devices back
 *
 * The VM must not run any more.
 */
void passthrough_give_back(void)
{
	while (count)
		give_back(&devices[--count]);
}
