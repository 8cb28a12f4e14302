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

#define PCI_BARS	2	/* of a device: 32-bit memory */
#define PCI_BAR_SIZE	0x1000U
#define MSIX_VECTORS	2
#define MSIX_TABLE_BAR	1
#define MSIX_PENDING	0x800	/* in that BAR */

struct pci_device;

/**
 * struct pci_bar - memory of a device
 * @window: the part of the bus that the guest gave it
 * @home: its address after a reset
 * @owner: the device
 * @read: as of struct device; NULL: there is no such BAR
 * @write: as of struct device
 */
struct pci_bar {
	struct device window;
	uint32_t home;
	struct pci_device *owner;
	uint64_t (*read)(struct pci_device *pci, uint64_t offset,
			 unsigned int size);
	void (*write)(struct pci_device *pci, uint64_t offset,
		      unsigned int size, uint64_t value);
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
 * @moved: the guest has changed where the BARs are; or NULL
 * @reset: called when the machine is reset
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

/* msix.c */
void msix_init(struct pci_device *pci);
void msix_reset(struct pci_device *pci);
void msix_update(struct pci_device *pci);
void msix_signal(struct pci_device *pci, unsigned int vector);

#endif /* HSM_RUN_PCI_H */
