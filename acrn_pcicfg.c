// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: PCI configuration space behind the ports 0xcf8 and 0xcfc.
 *
 * A guest writes the address of a register to the one port and accesses it through
 * the other.  A device model gets one request instead, with the address in it: those
 * of ACRN v1.5 and later know nothing of the ports.
 *
 * The ports belong to the chipset, so the address is the VM's, not the vCPU's.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/lockdep.h>

#include "acrn_drv_internal.h"

#define ACRN_PCI_ADDRESS_PORT	0xcf8
#define ACRN_PCI_DATA_PORT	0xcfc
#define ACRN_PCI_DATA_PORTS	4

/* What the address port holds */
#define ACRN_PCI_ENABLE		BIT(31)
#define ACRN_PCI_BUS		GENMASK(23, 16)
#define ACRN_PCI_DEV		GENMASK(15, 11)
#define ACRN_PCI_FUNC		GENMASK(10, 8)
#define ACRN_PCI_REG		GENMASK(7, 2)
/* Where registers above 255 can be reached like this, their number goes on here. */
#define ACRN_PCI_REG_UPPER	GENMASK(27, 24)

static bool acrn_pcicfg_is_data(const struct acrn_io_access *access)
{
	u64 offset = access->addr - ACRN_PCI_DATA_PORT;

	return offset < ACRN_PCI_DATA_PORTS &&
	       access->size <= ACRN_PCI_DATA_PORTS - offset;
}

static u32 acrn_pcicfg_reg(u32 address)
{
	return FIELD_GET(ACRN_PCI_REG_UPPER, address) << 8 |
	       (address & ACRN_PCI_REG);
}

static void acrn_pcicfg_fill(struct acrn_io_request *slot, u32 address,
			     const struct acrn_io_access *access)
{
	struct acrn_pci_request *pci = &slot->reqs.pci;

	/* Direction, size and value are where they were. */
	WRITE_ONCE(pci->bus, FIELD_GET(ACRN_PCI_BUS, address));
	WRITE_ONCE(pci->dev, FIELD_GET(ACRN_PCI_DEV, address));
	WRITE_ONCE(pci->func, FIELD_GET(ACRN_PCI_FUNC, address));
	WRITE_ONCE(pci->reg, acrn_pcicfg_reg(address) +
			     (access->addr - ACRN_PCI_DATA_PORT));
	WRITE_ONCE(slot->type, ACRN_IOREQ_PCICFG);
}

/* Parts of it are other registers of a chipset: the reset control is at 0xcf9. */
static bool acrn_pcicfg_is_address(const struct acrn_io_access *access)
{
	return access->addr == ACRN_PCI_ADDRESS_PORT && access->size == 4;
}

/**
 * acrn_pcicfg_is_driver_s() - is it the driver that answers this access?
 * @ioreq: the VM's, its lock held
 * @access: what nobody else in the kernel answers, an acrn_pcicfg_is_port()
 *
 * Return: whether it is one to the address, or to data without an address.
 */
bool acrn_pcicfg_is_driver_s(const struct acrn_ioreq *ioreq,
			     const struct acrn_io_access *access)
{
	lockdep_assert_held(&ioreq->wait.lock);

	return acrn_pcicfg_is_address(access) ||
	       (acrn_pcicfg_is_data(access) &&
		!(ioreq->pci_address & ACRN_PCI_ENABLE));
}

/* Answers what acrn_pcicfg_is_driver_s().  Returns what is read. */
u64 acrn_pcicfg_answer(struct acrn_ioreq *ioreq,
		       const struct acrn_io_access *access)
{
	lockdep_assert_held(&ioreq->wait.lock);

	if (!acrn_pcicfg_is_address(access))
		return ~0ULL;
	if (access->write)
		ioreq->pci_address = access->value;
	return ioreq->pci_address;
}

/**
 * acrn_pcicfg_convert() - make of an access to data what it means
 * @ioreq: the VM's, its lock held
 * @vcpu: the slot, which is changed
 * @access: what it holds, an acrn_pcicfg_is_port(); left alone if it is not to data
 */
void acrn_pcicfg_convert(struct acrn_ioreq *ioreq, unsigned int vcpu,
			 const struct acrn_io_access *access)
{
	lockdep_assert_held(&ioreq->wait.lock);

	if (acrn_pcicfg_is_data(access))
		acrn_pcicfg_fill(&ioreq->slots[vcpu], ioreq->pci_address, access);
}
