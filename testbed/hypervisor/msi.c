// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * MSIs of devices that User VMs were given, as in ACRN v1.x.
 *
 * The device model writes to the device's own registers where the guest wants them.  That
 * is kept here, and the device gets a vector of CPU 0, which no guest has: it passes on
 * to the guest what comes.  From v1.6 on ACRN has the guest's view of those registers
 * itself; this hypervisor does not.
 *
 * What is here is under hv_lock, but for msi_came.
 */
#include "start.h"
#include "cpu.h"
#include "pci.h"
#include "service_ports.h"
#include "vapic.h"
#include "vms.h"
#include "msi.h"

#define FUNCTIONS	256	/* on bus 0 */

/* Of the capability: the control register is the upper half of its first word */
#define CONTROL_ENABLE	BIT(16)
#define CONTROL_VECTORS	(7UL << 20)	/* how many are used */
#define CONTROL_64	BIT(23)
#define ADDRESS		4

/* The address, perhaps its upper half, and the data */
#define WORDS_MAX	3

/**
 * struct capability - where a device has its MSI
 * @at: first register; 0: it has none
 * @words: those from ADDRESS on
 */
static struct capability {
	u8 at;
	u8 words;
} capabilities[FUNCTIONS];

/**
 * struct msi - a device whose MSI is passed on
 * @vm: to which VM, or NULL
 * @bdf: the device
 * @wanted: what was written to its registers from ADDRESS on
 */
static struct msi {
	struct vm *vm;
	u32 bdf;
	u32 wanted[WORDS_MAX];
} msis[MSI_VECTORS];

/* A bit for each of them: it came; set by the stubs in start.S */
u32 msi_came;

static struct msi *find_msi(u32 bdf)
{
	u32 i;

	for (i = 0; i < MSI_VECTORS; i++)
		if (msis[i].vm && msis[i].bdf == bdf)
			return &msis[i];
	return NULL;
}

static struct msi *find_free(void)
{
	u32 i;

	for (i = 0; i < MSI_VECTORS; i++)
		if (!msis[i].vm)
			return &msis[i];
	return NULL;
}

/**
 * msi_find() - look whether a device has an MSI, before the Service VM does
 * @bdf: the device, on bus 0
 */
void msi_find(u32 bdf)
{
	u32 at = pci_find_capability(bdf, PCI_CAP_MSI);

	if (at)
		capabilities[bdf] = (struct capability){
			at, pci_read(bdf, at) & CONTROL_64 ? 3 : 2
		};
}

/* What the Service VM does with configuration space comes here as long as one is passed. */
static void intercept(bool on)
{
	service_ports_intercept(PCI_PORT_ADDRESS, 1, on);
	service_ports_intercept(PCI_PORT_DATA, 4, on);
}

/**
 * msi_pass() - pass the MSI of a device on to a VM
 * @vm: the VM
 * @bdf: the device
 *
 * Of one that has none, none will come.
 *
 * Return: false if there is no vector left.
 */
bool msi_pass(struct vm *vm, u32 bdf)
{
	struct msi *m = find_msi(bdf);

	if (bdf >= FUNCTIONS || !capabilities[bdf].at)
		return true;
	if (!m)
		m = find_free();
	if (!m)
		return false;
	*m = (struct msi){ .vm = vm, .bdf = bdf };
	intercept(true);
	return true;
}

static void stop(struct msi *m)
{
	u32 at = capabilities[m->bdf].at, i;

	pci_write(m->bdf, at, pci_read(m->bdf, at) & ~CONTROL_ENABLE);
	m->vm = NULL;
	for (i = 0; i < MSI_VECTORS; i++)
		if (msis[i].vm)
			return;
	intercept(false);
}

/**
 * msi_stop() - no longer do so
 * @vm: the VM
 * @bdf: the device
 */
void msi_stop(struct vm *vm, u32 bdf)
{
	struct msi *m = find_msi(bdf);

	if (m && m->vm == vm)
		stop(m);
}

/**
 * msi_end() - a VM is destroyed
 * @vm: the VM
 */
void msi_end(struct vm *vm)
{
	u32 i;

	for (i = 0; i < MSI_VECTORS; i++)
		if (msis[i].vm == vm)
			stop(&msis[i]);
}

/**
 * msi_waits() - did one come that has not been passed on?
 *
 * Return: true if so.  Without hv_lock.
 */
bool msi_waits(void)
{
	return READ_ONCE(msi_came);
}

static void pass(const struct msi *m)
{
	u32 words = capabilities[m->bdf].words;
	u32 address = m->wanted[0], data = m->wanted[words - 1];

	/* Above 4 GiB there is memory. */
	if (!is_msi_address(address) || (words == WORDS_MAX && m->wanted[1]))
		return;
	spin_lock(&m->vm->irq_lock);
	irq_deliver_msi_locked(m->vm, address, data);
	spin_unlock(&m->vm->irq_lock);
}

/**
 * msi_take() - pass on what came
 */
void msi_take(void)
{
	u32 came = __atomic_exchange_n(&msi_came, 0, __ATOMIC_SEQ_CST), i;

	for (i = 0; i < MSI_VECTORS; i++)
		if (came & 1U << i && msis[i].vm)
			pass(&msis[i]);
}

/* To this hypervisor's CPU 0, whatever has become of the device's registers */
static void aim(const struct msi *m)
{
	u32 at = capabilities[m->bdf].at + ADDRESS, words = capabilities[m->bdf].words;

	pci_write(m->bdf, at, MSI_BASE | cpus[0].id << MSI_DEST_SHIFT);
	if (words == WORDS_MAX)
		pci_write(m->bdf, at + 4, 0);
	pci_write(m->bdf, at + 4 * (words - 1), MSI_VECTOR + (m - msis));
}

/**
 * msi_register() - the Service VM reads or writes configuration space
 * @port: the port
 * @size: bytes
 * @in: it reads
 * @value: what it writes, which may be changed; set to what it reads
 *
 * Return: false if the device itself has to be asked, or told.
 */
bool msi_register(u32 port, u32 size, bool in, u32 *value)
{
	u32 address = inl(PCI_PORT_ADDRESS), at;
	struct msi *m;

	if (port < PCI_PORT_DATA || port + size > PCI_PORT_DATA + 4 || !(address & PCI_ENABLE))
		return false;
	m = find_msi(address >> 8 & 0xffff);
	at = (address & 0xfc) + (port & 3);
	if (!m || at < capabilities[m->bdf].at)
		return false;
	at -= capabilities[m->bdf].at;
	if (at < ADDRESS) {
		/* One vector is passed on, so the guest cannot have more. */
		if (!in)
			*value &= ~(CONTROL_VECTORS >> 8 * at);
		if (!in)
			aim(m);
		return false;
	}
	at -= ADDRESS;
	if (at >= 4 * capabilities[m->bdf].words)
		return false;
	if (in)
		memcpy(value, (u8 *)m->wanted + at, size);
	else
		memcpy((u8 *)m->wanted + at, value, size);
	return true;
}
