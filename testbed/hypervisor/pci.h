/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Configuration space of the machine's PCI devices.
 */
#ifndef HV_PCI_H
#define HV_PCI_H

#include "types.h"

#define PCI_PORT_ADDRESS 0xcf8
#define PCI_PORT_DATA	0xcfc	/* 4 bytes */
#define PCI_ENABLE	BIT(31)	/* in the address */

#define PCI_ID		0x00
#define PCI_COMMAND	0x04	/* the upper half is the status */
#define PCI_HAS_CAPABILITIES BIT(16 + 4)
#define PCI_HEADER	0x0c
#define PCI_CAPABILITIES 0x34
#define PCI_CAP_MSI	5

u32 pci_read(u32 bdf, u32 reg);
void pci_write(u32 bdf, u32 reg, u32 value);
u32 pci_find_capability(u32 bdf, u32 id);

#endif /* HV_PCI_H */
