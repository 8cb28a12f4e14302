// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: MSI-X: a device's interrupts, each an eventfd.
 *
 * While the guest lets an interrupt through, its eventfd is an irqfd: who signals
 * it, here or in another thread or process, has the driver inject the MSI at once.
 * An irqfd's MSI is fixed, so when the guest writes another one, or masks it, the
 * irqfd is taken back and assigned anew.
 */
#include <err.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pci.h"

enum {
	ADDRESS_LOW,
	ADDRESS_HIGH,
	DATA,
	CONTROL,
};

#define TABLE_SIZE	(MSIX_VECTORS * PCI_MSIX_ENTRY_SIZE)

static bool lets_through(const struct pci_device *pci,
			 const struct msix_vector *vector)
{
	uint16_t flags = pci_get16(pci, pci->msix_capability + PCI_MSIX_FLAGS);

	return flags & PCI_MSIX_FLAGS_ENABLE &&
	       !(flags & PCI_MSIX_FLAGS_MASKALL) &&
	       !(vector->entry[CONTROL] & PCI_MSIX_ENTRY_CTRL_MASKBIT);
}

static void unroute(struct vm *vm, struct msix_vector *vector)
{
	if (vector->routed)
		vm_irqfd(vm, vector->event, NULL);
	vector->routed = false;
}

static void route(struct vm *vm, struct msix_vector *vector)
{
	struct acrn_msi_entry msi = {
		.msi_addr = vector->entry[ADDRESS_LOW] |
			    (uint64_t)vector->entry[ADDRESS_HIGH] << 32,
		.msi_data = vector->entry[DATA],
	};

	if (vector->routed && !memcmp(&msi, &vector->msi, sizeof(msi)))
		return;
	unroute(vm, vector);
	vector->msi = msi;
	vector->routed = vm_irqfd(vm, vector->event, &msi);
}

static void update_vector(struct pci_device *pci, struct msix_vector *vector)
{
	struct vm *vm = pci->bars[MSIX_TABLE_BAR].window.vm;

	if (!lets_through(pci, vector)) {
		unroute(vm, vector);
		return;
	}
	route(vm, vector);
	if (vector->pending && vector->routed) {
		vector->pending = false;
		eventfd_write(vector->event, 1);
	}
}

/**
 * msix_update() - the guest has written to the configuration space
 * @pci: the device
 */
void msix_update(struct pci_device *pci)
{
	unsigned int i;

	for (i = 0; i < MSIX_VECTORS; i++)
		update_vector(pci, &pci->vectors[i]);
}

/**
 * msix_signal() - interrupt the guest
 * @pci: the device
 * @vector: index in the table; of none there is: nothing happens
 */
void msix_signal(struct pci_device *pci, unsigned int vector)
{
	struct msix_vector *v = &pci->vectors[vector];

	if (vector >= MSIX_VECTORS)
		return;
	if (v->routed)
		eventfd_write(v->event, 1);
	else
		v->pending = true;
}

static uint64_t table_read(struct pci_bar *bar, uint64_t offset,
			   unsigned int size)
{
	struct pci_device *pci = bar->owner;
	uint64_t value = 0;
	unsigned int i;

	if (offset >= MSIX_PENDING && offset < MSIX_PENDING + 8) {
		for (i = 0; i < MSIX_VECTORS; i++)
			value |= (uint64_t)pci->vectors[i].pending << i;
		return value >> 8 * (offset - MSIX_PENDING);
	}
	if (offset % size || offset >= TABLE_SIZE)
		return 0;
	memcpy(&value, (uint8_t *)pci->vectors[offset / PCI_MSIX_ENTRY_SIZE].entry +
	       offset % PCI_MSIX_ENTRY_SIZE, size);
	return value;
}

/* Entries are written by 4 or 8 bytes; nothing else is defined. */
static void table_write(struct pci_bar *bar, uint64_t offset,
			unsigned int size, uint64_t value)
{
	struct pci_device *pci = bar->owner;
	struct msix_vector *vector;

	if (size < 4 || offset % size || offset >= TABLE_SIZE)
		return;
	vector = &pci->vectors[offset / PCI_MSIX_ENTRY_SIZE];
	memcpy((uint8_t *)vector->entry + offset % PCI_MSIX_ENTRY_SIZE, &value,
	       size);
	/* An entry in use is masked first, so this sees whole ones only. */
	update_vector(pci, vector);
}

/**
 * msix_reset() - no interrupts, as at the start
 * @pci: the device
 */
void msix_reset(struct pci_device *pci)
{
	struct vm *vm = pci->bars[MSIX_TABLE_BAR].window.vm;
	unsigned int i;

	pci->config[pci->msix_capability + PCI_MSIX_FLAGS + 1] &=
		~(pci->writable[pci->msix_capability + PCI_MSIX_FLAGS + 1]);
	for (i = 0; i < MSIX_VECTORS; i++) {
		struct msix_vector *vector = &pci->vectors[i];

		unroute(vm, vector);
		memset(vector->entry, 0, sizeof(vector->entry));
		vector->entry[CONTROL] = PCI_MSIX_ENTRY_CTRL_MASKBIT;
		vector->pending = false;
	}
}

/**
 * msix_init() - give a device MSI-X, with the table in a BAR of its own
 * @pci: the device, not plugged in yet
 */
void msix_init(struct pci_device *pci)
{
	struct {
		uint8_t id;
		uint8_t next;
		uint16_t flags;
		uint32_t table;
		uint32_t pending;
	} capability = {
		.id = PCI_CAP_ID_MSIX,
		.flags = MSIX_VECTORS - 1,
		.table = MSIX_TABLE_BAR,
		.pending = MSIX_TABLE_BAR | MSIX_PENDING,
	};
	unsigned int i;

	pci->msix_capability = pci->capability;
	pci_add_capability(pci, &capability, sizeof(capability));
	pci->writable[pci->msix_capability + PCI_MSIX_FLAGS + 1] =
		(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
	pci->bars[MSIX_TABLE_BAR].size = PCI_BAR_SIZE;
	pci->bars[MSIX_TABLE_BAR].read = table_read;
	pci->bars[MSIX_TABLE_BAR].write = table_write;
	for (i = 0; i < MSIX_VECTORS; i++) {
		pci->vectors[i].event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (pci->vectors[i].event < 0)
			err(1, "eventfd");
	}
}
