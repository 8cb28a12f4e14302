/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: a PCI bus with a few devices, and MSI-X.
 */
#ifndef HSM_RUN_PCI_H
#define HSM_RUN_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/pci_regs.h>

#include "bus.h"

/* What the host bridge passes on, as dsdt.asl says */
#define PCI_MEMORY	0xc0000000U
#define PCI_MEMORY_END	0xd0000000U
#define PCI_PORTS	0xc000U
#define PCI_PORTS_END	0xd000U

#define PCI_BARS	6
#define PCI_BAR_SIZE	0x1000U	/* of devices that are made here */
#define MSIX_VECTORS	2
#define MSIX_TABLE_BAR	1
#define MSIX_PENDING	0x800	/* in that BAR */

struct pci_device;

/**
 * struct pci_bar - memory or ports of a device
 * @window: the part of the bus that the guest gave it; accesses come to it as requests
 *	if there is @read
 * @size: bytes, a power of 2; 0: there is no such BAR
 * @flags: PCI_BASE_ADDRESS_SPACE_IO for ports, PCI_BASE_ADDRESS_MEM_PREFETCH
 * @home: its address after a reset
 * @owner: the device
 * @read: as of struct device
 * @write: as of struct device
 */
struct pci_bar {
	struct device window;
	uint32_t size;
	uint32_t flags;
	uint32_t home;
	struct pci_device *owner;
	uint64_t (*read)(struct pci_bar *bar, uint64_t offset, unsigned int size);
	void (*write)(struct pci_bar *bar, uint64_t offset, unsigned int size,
		      uint64_t value);
};

/**
 * struct msix_vector - an interrupt of a device
 * @entry: as in the table: address, data, control
 * @event: the eventfd whose signals inject it
 * @routed: it is an irqfd now, with @msi
 * @msi: what is injected
 * @pending: it came while it was masked
 */
struct msix_vector {
	uint32_t entry[4];
	int event;
	bool routed;
	struct acrn_msi_entry msi;
	bool pending;
};

/**
 * struct pci_device - a device on the bus
 * @name: for messages
 * @config: configuration space
 * @writable: bits of it that the guest can change
 * @bars: memory
 * @capability: end of the capabilities in @config
 * @link: where the offset of the next capability goes
 * @msix_capability: where MSI-X's is, 0: there is none
 * @vectors: its interrupts
 * @moved: the guest has written to the command register or to a BAR; or NULL
 * @reset: called when the machine is reset; or NULL
 * @read_own: reads registers behind the header, in place of @config; or NULL
 * @write_own: writes such registers; there is one if there is @read_own
 */
struct pci_device {
	const char *name;
	uint8_t config[PCI_CFG_SPACE_SIZE];
	uint8_t writable[PCI_CFG_SPACE_SIZE];
	struct pci_bar bars[PCI_BARS];
	unsigned int capability;
	unsigned int link;
	unsigned int msix_capability;
	struct msix_vector vectors[MSIX_VECTORS];
	void (*moved)(struct pci_device *pci);
	void (*reset)(struct pci_device *pci);
	uint32_t (*read_own)(struct pci_device *pci, unsigned int reg,
			     unsigned int size);
	void (*write_own)(struct pci_device *pci, unsigned int reg,
			  unsigned int size, uint32_t value);
};

/* pci.c */
void pci_add_bus(struct vm *vm);
void pci_init(struct pci_device *pci, const char *name, uint16_t vendor,
	      uint16_t device, uint32_t class_revision);
void pci_add_capability(struct pci_device *pci, const void *capability,
			unsigned int size);
void pci_add(struct vm *vm, struct pci_device *pci, unsigned int slot);

static inline uint16_t pci_get16(const struct pci_device *pci, unsigned int reg)
{
	return pci->config[reg] | pci->config[reg + 1] << 8;
}

static inline bool pci_is_ports(const struct pci_bar *bar)
{
	return bar->flags & PCI_BASE_ADDRESS_SPACE_IO;
}

/* msix.c */
void msix_init(struct pci_device *pci);
void msix_reset(struct pci_device *pci);
void msix_update(struct pci_device *pci);
void msix_signal(struct pci_device *pci, unsigned int vector);

#endif /* HSM_RUN_PCI_H */
