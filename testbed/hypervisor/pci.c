// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Configuration space of the machine's PCI devices.
 *
 * It is the Service VM's.  Who comes between two accesses of its leaves the address as it
 * was, and comes only when these are intercepted, see msi.c, or before there are any.
 */
#include "pci.h"

#define LINKS_MAX	48	/* capabilities that fit */

static u32 select(u32 bdf, u32 reg)
{
	u32 address = inl(PCI_PORT_ADDRESS);

	outl(PCI_PORT_ADDRESS, PCI_ENABLE | bdf << 8 | (reg & 0xfc));
	return address;
}

/**
 * pci_read() - read a register
 * @bdf: the device
 * @reg: its first byte, a multiple of 4
 *
 * Return: what is in its 4 bytes.
 */
u32 pci_read(u32 bdf, u32 reg)
{
	u32 address = select(bdf, reg);
	u32 value = inl(PCI_PORT_DATA);

	outl(PCI_PORT_ADDRESS, address);
	return value;
}

/**
 * pci_write() - write a register
 * @bdf: the device
 * @reg: its first byte, a multiple of 4
 * @value: what goes there
 */
void pci_write(u32 bdf, u32 reg, u32 value)
{
	u32 address = select(bdf, reg);

	outl(PCI_PORT_DATA, value);
	outl(PCI_PORT_ADDRESS, address);
}

/**
 * pci_find_capability() - find a capability of a device
 * @bdf: the device
 * @id: which
 *
 * Return: where its registers begin; 0: there is none.
 */
u32 pci_find_capability(u32 bdf, u32 id)
{
	u32 at, links, head;

	if (!(pci_read(bdf, PCI_COMMAND) & PCI_HAS_CAPABILITIES))
		return 0;
	at = pci_read(bdf, PCI_CAPABILITIES) & 0xfc;
	for (links = 0; at && links < LINKS_MAX; links++) {
		head = pci_read(bdf, at);
		if ((head & 0xff) == id)
			return at;
		at = head >> 8 & 0xfc;
	}
	return 0;
}
