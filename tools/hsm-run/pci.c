// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: a PCI bus: its host bridge, and how configuration space is reached.
 *
 * The driver makes requests for configuration space of accesses to the ports 0xcf8
 * and 0xcfc.
 * BARs have addresses from the start, as after a PC's firmware, and can be moved.
 */
#include <err.h>
#include <string.h>

#include "pci.h"

#define PCI_FUNCTIONS	8	/* of a device */
#define SLOTS		8
#define BAR(n)		(PCI_BASE_ADDRESS_0 + 4 * (n))

static struct pci_device *slots[SLOTS];

static void set16(uint8_t *at, uint16_t value)
{
	at[0] = value;
	at[1] = value >> 8;
}

static void set32(uint8_t *at, uint32_t value)
{
	set16(at, value);
	set16(at + 2, value >> 16);
}

/* The windows follow the BARs while the guest has such accesses enabled. */
static void update_windows(struct pci_device *pci)
{
	uint16_t command = pci_get16(pci, PCI_COMMAND);
	unsigned int i;

	for (i = 0; i < PCI_BARS; i++) {
		struct pci_bar *bar = &pci->bars[i];
		uint32_t value = pci_get16(pci, BAR(i)) |
				 (uint32_t)pci_get16(pci, BAR(i) + 2) << 16;

		bar->window.start = value & -bar->size;
		bar->window.size = command & (pci_is_ports(bar) ? PCI_COMMAND_IO :
					      PCI_COMMAND_MEMORY) ? bar->size : 0;
	}
	if (pci->moved)
		pci->moved(pci);
}

static void config_write(struct pci_device *pci, unsigned int reg,
			 unsigned int size, uint32_t value)
{
	unsigned int i;

	for (i = reg; i < reg + size; i++, value >>= 8)
		pci->config[i] = (pci->config[i] & ~pci->writable[i]) |
				 (value & pci->writable[i]);
	if (reg < BAR(PCI_BARS) && reg + size > PCI_COMMAND)
		update_windows(pci);
	if (pci->msix_capability)
		msix_update(pci);
}

/* NULL: nothing is there */
static struct pci_device *find(uint64_t offset)
{
	uint64_t function = offset / BUS_CONFIG_SIZE;

	/* One bus, and a function for each device */
	if (function % PCI_FUNCTIONS || function / PCI_FUNCTIONS >= SLOTS)
		return NULL;
	return slots[function / PCI_FUNCTIONS];
}

static uint64_t config_space_read(struct device *device, uint64_t offset,
				  unsigned int size)
{
	struct pci_device *pci = find(offset);
	unsigned int reg = offset % BUS_CONFIG_SIZE;
	uint32_t value = 0;

	(void)device;
	if (!pci || size > sizeof(value) || reg + size > sizeof(pci->config))
		return ~0UL;
	if (pci->read_own && reg >= PCI_STD_HEADER_SIZEOF)
		return pci->read_own(pci, reg, size);
	memcpy(&value, pci->config + reg, size);
	return value;
}

static void config_space_write(struct device *device, uint64_t offset,
			       unsigned int size, uint64_t value)
{
	struct pci_device *pci = find(offset);
	unsigned int reg = offset % BUS_CONFIG_SIZE;

	(void)device;
	if (!pci || size > sizeof(uint32_t) || reg + size > sizeof(pci->config))
		return;
	if (pci->write_own && reg >= PCI_STD_HEADER_SIZEOF)
		pci->write_own(pci, reg, size, value);
	else
		config_write(pci, reg, size, value);
}

static void reset_function(struct pci_device *pci)
{
	unsigned int i;

	set16(pci->config + PCI_COMMAND, 0);
	for (i = 0; i < PCI_BARS; i++)
		set32(pci->config + BAR(i), pci->bars[i].home | pci->bars[i].flags);
	update_windows(pci);
	if (pci->msix_capability)
		msix_reset(pci);
	if (pci->reset)
		pci->reset(pci);
}

static void slots_reset(struct device *device)
{
	unsigned int i;

	(void)device;
	for (i = 0; i < SLOTS; i++) {
		if (slots[i])
			reset_function(slots[i]);
	}
}

static struct device config_space = {
	.name = "pci-config",
	.type = ACRN_IOREQ_PCICFG,
	.start = 0,
	.size = BUS_CONFIG_FUNCTIONS * BUS_CONFIG_SIZE,
	.read = config_space_read,
	.write = config_space_write,
	.reset = slots_reset,
};

static uint64_t window_read(struct device *device, uint64_t offset,
			    unsigned int size)
{
	struct pci_bar *bar = container_of(device, struct pci_bar, window);

	return bar->read(bar, offset, size);
}

static void window_write(struct device *device, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	struct pci_bar *bar = container_of(device, struct pci_bar, window);

	bar->write(bar, offset, size, value);
}

/**
 * pci_init() - fill in what is the same for all devices
 * @pci: the device, all zero
 * @name: for messages
 * @vendor: vendor ID
 * @device: device ID
 * @class_revision: class code and, in the low byte, revision
 */
void pci_init(struct pci_device *pci, const char *name, uint16_t vendor,
	      uint16_t device, uint32_t class_revision)
{
	pci->name = name;
	set16(pci->config + PCI_VENDOR_ID, vendor);
	set16(pci->config + PCI_DEVICE_ID, device);
	set32(pci->config + PCI_CLASS_REVISION, class_revision);
	set16(pci->config + PCI_SUBSYSTEM_VENDOR_ID, vendor);
	set16(pci->config + PCI_SUBSYSTEM_ID, device);
	set16(pci->writable + PCI_COMMAND,
	      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	      PCI_COMMAND_INTX_DISABLE);
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;
	pci->capability = PCI_STD_HEADER_SIZEOF;
	pci->link = PCI_CAPABILITY_LIST;
}

/**
 * pci_add_capability() - add a capability to the list
 * @pci: the device
 * @capability: what it holds; the byte of the link is filled in here
 * @size: bytes
 */
void pci_add_capability(struct pci_device *pci, const void *capability,
			unsigned int size)
{
	unsigned int at = pci->capability;

	if (at + size > sizeof(pci->config))
		errx(1, "%s: too many capabilities", pci->name);
	memcpy(pci->config + at, capability, size);
	pci->config[at + PCI_CAP_LIST_NEXT] = 0;
	pci->config[pci->link] = at;
	pci->link = at + PCI_CAP_LIST_NEXT;
	pci->capability = (at + size + 3) & ~3U;
	pci->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
}

/* Where a BAR is after a reset: at the first address that is left */
static uint32_t find_home(const struct pci_device *pci, const struct pci_bar *bar)
{
	static uint32_t next_memory = PCI_MEMORY, next_port = PCI_PORTS;
	uint32_t *next = pci_is_ports(bar) ? &next_port : &next_memory;
	uint32_t end = pci_is_ports(bar) ? PCI_PORTS_END : PCI_MEMORY_END;
	uint32_t home = (*next + bar->size - 1) & -bar->size;

	if (home < *next || home > end || bar->size > end - home)
		errx(1, "%s: no room on the bus for a BAR of %#x bytes", pci->name,
		     bar->size);
	*next = home + bar->size;
	return home;
}

/**
 * pci_add() - plug a device in
 * @vm: its VM
 * @pci: the device, with its BARs' size, flags, read() and write()
 * @slot: device number on the bus
 */
void pci_add(struct vm *vm, struct pci_device *pci, unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < PCI_BARS; i++) {
		struct pci_bar *bar = &pci->bars[i];

		if (!bar->size)
			continue;
		bar->owner = pci;
		bar->home = find_home(pci, bar);
		bar->window = (struct device) {
			.name = pci->name,
			.type = pci_is_ports(bar) ? ACRN_IOREQ_PIO : ACRN_IOREQ_MMIO,
			.read = window_read,
			.write = window_write,
			.vm = vm,
		};
		set32(pci->writable + BAR(i), -bar->size);
		if (bar->read)
			bus_add(vm, &bar->window);
	}
	slots[slot] = pci;
}

/**
 * pci_add_bus() - add the bus, with its host bridge in slot 0
 * @vm: its VM
 */
void pci_add_bus(struct vm *vm)
{
	static struct pci_device bridge;

	/* A vendor that no driver looks for, as in acrn-dm */
	pci_init(&bridge, "host-bridge", 0x1275, 0x1275, 0x06000000);
	pci_add(vm, &bridge, 0);
	bus_add(vm, &config_space);
}
