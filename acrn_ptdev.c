// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: PCI devices given to User VMs.
 *
 * The hypervisor does not keep account of them well enough: depending on its
 * release, a device that its VM still has when it is destroyed makes the hypervisor
 * panic, or goes on writing to memory that is somebody else's by then.  So the driver
 * remembers each with every interrupt that was mapped, and all of it goes back before
 * the VM is destroyed: interrupts, then registers, then the device.
 *
 * What the hypervisor is told on the way back is what it was told on the way there,
 * not what the device model says then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/*
 * ACRN up to v1.5 adds an entry to a table of the VM at each SET_PTDEV_INTR_INFO
 * and does not look at its end, which is here.
 */
#define ACRN_PTDEV_SETS_MAX	96

/* How often, 20 ms apart, it is tried to lock a device, or to reset it */
#define ACRN_PTDEV_TRIES	50

#define ACRN_PTDEV_PINS		256
/* What the MSI-X capability can express */
#define ACRN_PTDEV_VECTORS_MAX	2048

/**
 * struct acrn_ptdev_intr - interrupts of a device that the hypervisor maps
 * @node: in &acrn_ptdev.intrs
 * @param: with which they were mapped
 */
struct acrn_ptdev_intr {
	struct list_head node;
	struct acrn_hc_ptdev_irq param;
};

/**
 * struct acrn_ptdev - a PCI device that a User VM has
 * @given: as one of the things that the VM was given
 * @owned: in acrn_ptdevs, under acrn_ptdevs_lock
 * @vm: the VM; NULL: it was given up, and the device with it.  Under
 *	acrn_ptdevs_lock
 * @pdev: the device, with a reference
 * @bdf: where it is: bus << 8 | device << 3 | function
 * @intrs: list of &struct acrn_ptdev_intr
 * @bars: its registers; NULL: it does not have these
 * @by_bdf: assigned by its BDF alone, as by device models up to v1.5
 * @param: how it is named to the hypervisor, unless @by_bdf; aligned as all blocks
 *	for it are
 */
struct acrn_ptdev {
	struct acrn_given given;
	struct list_head owned;
	struct acrn_vm *vm;
	struct pci_dev *pdev;
	u16 bdf;
	struct list_head intrs;
	struct acrn_claim *bars[PCI_STD_NUM_BARS];
	bool by_bdf;
	struct acrn_pcidev param __aligned(8);
};

#define acrn_to_ptdev(ptr)	container_of(ptr, struct acrn_ptdev, given)

/*
 * One device at a time is taken, so that of two in one IOMMU group the second sees
 * the first.  Taken with a VM locked, and before any device is.
 */
static DEFINE_MUTEX(acrn_ptdev_taking);

/*
 * Guards the list of all devices that any VM has: a device has one owner.  Innermost:
 * taken with a VM or a device locked, as when Linux binds a driver to the device.
 */
static DEFINE_MUTEX(acrn_ptdevs_lock);
static LIST_HEAD(acrn_ptdevs);

/* For the log: which device it is, and what to do. */
#define acrn_ptdev_refuse(pdev, fmt, ...)				\
	dev_notice_ratelimited(&(pdev)->dev,				\
			       "cannot be given to a VM: " fmt "\n", ##__VA_ARGS__)

/* Drivers that keep others away from a device and do nothing with it themselves */
static bool acrn_ptdev_is_stub(const struct device_driver *driver)
{
	static const char * const stubs[] = { "pci-stub", "vfio-pci", "pciback" };

	return match_string(stubs, ARRAY_SIZE(stubs), driver->name) >= 0;
}

static struct acrn_ptdev *acrn_ptdev_at(u16 bdf)
{
	struct acrn_ptdev *dev;

	lockdep_assert_held(&acrn_ptdevs_lock);
	list_for_each_entry(dev, &acrn_ptdevs, owned) {
		if (dev->bdf == bdf)
			return dev;
	}
	return NULL;
}

/* The ABI knows one segment. */
static bool acrn_ptdev_can_be(const struct pci_dev *pdev)
{
	return !pci_domain_nr(pdev->bus);
}

/* Does another VM have it, or nobody whom Linux could trust? */
static bool acrn_ptdev_is_taken(const struct acrn_vm *vm, struct pci_dev *pdev)
{
	const struct acrn_ptdev *dev = NULL;
	bool taken;

	mutex_lock(&acrn_ptdevs_lock);
	if (acrn_ptdev_can_be(pdev))
		dev = acrn_ptdev_at(pci_dev_id(pdev));
	taken = dev && dev->vm != vm;
	mutex_unlock(&acrn_ptdevs_lock);
	return taken;
}

static bool acrn_ptdev_is_bridge(const struct pci_dev *pdev)
{
	return pdev->hdr_type != PCI_HEADER_TYPE_NORMAL || pdev->subordinate ||
	       pdev->class >> 16 == PCI_BASE_CLASS_BRIDGE;
}

/*
 * All that is behind such a bridge has the same requester id: that of the bridge.  It
 * may be on a bus behind another one, and on conventional PCI there are no ids at all.
 */
static bool acrn_ptdev_shares_id(struct pci_dev *pdev)
{
	struct pci_dev *bridge;

	for (bridge = pci_upstream_bridge(pdev); bridge;
	     bridge = pci_upstream_bridge(bridge)) {
		if (!pci_is_pcie(bridge))
			return true;
		switch (pci_pcie_type(bridge)) {
		case PCI_EXP_TYPE_ROOT_PORT:
		case PCI_EXP_TYPE_UPSTREAM:
		case PCI_EXP_TYPE_DOWNSTREAM:
			break;
		default:
			return true;
		}
	}
	return false;
}

/*
 * Locks a device, with a VM locked.  Not for as long as it takes: who removes a device
 * waits for its VM, and may have another device locked meanwhile, as who switches off
 * the virtual functions of one has.
 */
static bool acrn_ptdev_lock(struct pci_dev *pdev)
{
	unsigned int tries;

	for (tries = 0; tries < ACRN_PTDEV_TRIES; tries++) {
		if (device_trylock(&pdev->dev))
			return true;
		msleep(20);
	}
	acrn_ptdev_refuse(pdev, "somebody has it locked");
	return false;
}

/* Does what it can: some devices cannot be reset, and it waits no longer than above. */
static void acrn_ptdev_reset(struct pci_dev *pdev)
{
	unsigned int tries;

	for (tries = 0; tries < ACRN_PTDEV_TRIES; tries++) {
		if (pci_try_reset_function(pdev) != -EAGAIN)
			return;
		msleep(20);
	}
	dev_warn_ratelimited(&pdev->dev,
			     "comes back without a reset: somebody has it locked\n");
}

/* Another device that the hardware cannot tell from ours, or keep apart from it */
static int acrn_ptdev_check_neighbour(const struct acrn_vm *vm,
				      struct pci_dev *pdev, struct pci_dev *other)
{
	bool idle;

	if (!acrn_ptdev_lock(other))
		return -EBUSY;
	idle = !other->dev.driver || acrn_ptdev_is_stub(other->dev.driver);
	device_unlock(&other->dev);
	if (idle && !acrn_ptdev_is_taken(vm, other))
		return 0;
	acrn_ptdev_refuse(pdev, "%s, which is in the same IOMMU group, is in use",
			  pci_name(other));
	return -EBUSY;
}

/* Can the hardware keep it apart from what is not the VM's? */
static int acrn_ptdev_check_isolation(const struct acrn_vm *vm,
				      struct pci_dev *pdev)
{
	struct iommu_group *group = iommu_group_get(&pdev->dev), *its;
	struct pci_dev *other = NULL;
	int ret = 0;

	lockdep_assert_held(&acrn_ptdev_taking);

	if (!group) {
		if (!acrn_ptdev_shares_id(pdev))
			return 0;
		acrn_ptdev_refuse(pdev, "it is behind a bridge to conventional PCI");
		return -EBUSY;
	}
	for_each_pci_dev(other) {
		if (other == pdev || acrn_ptdev_is_bridge(other))
			continue;
		its = iommu_group_get(&other->dev);
		iommu_group_put(its);
		if (its == group)
			ret = acrn_ptdev_check_neighbour(vm, pdev, other);
		if (ret) {
			pci_dev_put(other);
			break;
		}
	}
	iommu_group_put(group);
	return ret;
}

/* Does Linux use it?  As the device is locked, no driver is bound to it meanwhile. */
static int acrn_ptdev_check_use(struct pci_dev *pdev)
{
	const struct device_driver *driver = pdev->dev.driver;

	device_lock_assert(&pdev->dev);

	if (driver && !acrn_ptdev_is_stub(driver)) {
		acrn_ptdev_refuse(pdev, "the driver %s has it; bind it to pci-stub",
				  driver->name);
		return -EBUSY;
	}
	if (pdev->msi_enabled || pdev->msix_enabled || pci_num_vf(pdev) ||
	    pci_is_dev_assigned(pdev)) {
		acrn_ptdev_refuse(pdev, "it is in use");
		return -EBUSY;
	}
	return 0;
}

/* Puts it on the list of those that have an owner, if nobody else has it. */
static int acrn_ptdev_own(struct acrn_ptdev *dev)
{
	struct pci_dev *pdev = dev->pdev;
	int ret;

	if (!acrn_ptdev_lock(pdev))
		return -EBUSY;
	mutex_lock(&acrn_ptdevs_lock);
	if (acrn_ptdev_at(dev->bdf)) {
		acrn_ptdev_refuse(pdev, "a VM has it");
		ret = -EBUSY;
	} else {
		ret = acrn_ptdev_check_use(pdev);
	}
	if (!ret) {
		pci_set_dev_assigned(pdev);
		list_add_tail(&dev->owned, &acrn_ptdevs);
	}
	mutex_unlock(&acrn_ptdevs_lock);
	device_unlock(&pdev->dev);
	return ret;
}

static void acrn_ptdev_unclaim(struct acrn_ptdev *dev)
{
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		acrn_claim_drop(dev->bars[i]);
}

/* No other VM may have its registers, or get them. */
static int acrn_ptdev_claim(struct acrn_ptdev *dev)
{
	struct pci_dev *pdev = dev->pdev;
	struct acrn_claim *bar;
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		/* What has no address yet says 0: that is not where it is. */
		if (!(pci_resource_flags(pdev, i) & IORESOURCE_MEM) ||
		    pci_resource_flags(pdev, i) & IORESOURCE_UNSET ||
		    !pci_resource_len(pdev, i))
			continue;
		bar = acrn_claim_make(dev->vm, pci_resource_start(pdev, i),
				      pci_resource_end(pdev, i), true);
		if (IS_ERR(bar)) {
			acrn_ptdev_unclaim(dev);
			return PTR_ERR(bar);
		}
		dev->bars[i] = bar;
	}
	return 0;
}

static void acrn_ptdev_disown(struct acrn_ptdev *dev)
{
	mutex_lock(&acrn_ptdevs_lock);
	list_del(&dev->owned);
	pci_clear_dev_assigned(dev->pdev);
	mutex_unlock(&acrn_ptdevs_lock);
}

/* Takes a device away from Linux. */
static struct acrn_ptdev *acrn_ptdev_take(struct acrn_vm *vm, u16 bdf)
{
	struct acrn_ptdev *dev;
	int ret;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);
	if (!dev)
		return ERR_PTR(-ENOMEM);

	dev->vm = vm;
	dev->bdf = bdf;
	INIT_LIST_HEAD(&dev->intrs);
	dev->pdev = pci_get_domain_bus_and_slot(0, PCI_BUS_NUM(bdf), bdf & 0xff);
	if (!dev->pdev) {
		pr_notice_ratelimited("there is no device %02x:%02x.%x to give to a VM\n",
				      PCI_BUS_NUM(bdf), PCI_SLOT(bdf), PCI_FUNC(bdf));
		ret = -ENXIO;
		goto err_free;
	}
	if (acrn_ptdev_is_bridge(dev->pdev)) {
		acrn_ptdev_refuse(dev->pdev, "it is a bridge");
		ret = -EINVAL;
		goto err_pdev;
	}

	mutex_lock(&acrn_ptdev_taking);
	ret = acrn_ptdev_check_isolation(vm, dev->pdev);
	if (!ret)
		ret = acrn_ptdev_own(dev);
	mutex_unlock(&acrn_ptdev_taking);
	if (ret)
		goto err_pdev;
	ret = acrn_ptdev_claim(dev);
	if (ret == -EBUSY)
		acrn_ptdev_refuse(dev->pdev, "another VM has its registers");
	if (ret)
		goto err_disown;

	/* Before it goes: from then on, its registers may be out of our reach. */
	pm_runtime_get_sync(&dev->pdev->dev);
	return dev;

err_disown:
	acrn_ptdev_disown(dev);
err_pdev:
	pci_dev_put(dev->pdev);
err_free:
	kfree(dev);
	return ERR_PTR(ret);
}

/* What a guest had a device do must not go on. */
static void acrn_ptdev_silence(struct pci_dev *pdev)
{
	/* If it is no more, another one may be in its place. */
	if (device_is_registered(&pdev->dev))
		pci_clear_master(pdev);
}

/**
 * acrn_ptdev_return() - give a device back to Linux
 * @dev: a device that the hypervisor has given back to the Service VM; freed
 * @reset: its device model will not reset it
 */
static void acrn_ptdev_return(struct acrn_ptdev *dev, bool reset)
{
	struct acrn_ptdev_intr *intr, *next;
	struct pci_dev *pdev = dev->pdev;

	acrn_ptdev_silence(pdev);
	if (reset && device_is_registered(&pdev->dev))
		acrn_ptdev_reset(pdev);
	pm_runtime_put(&pdev->dev);

	acrn_ptdev_unclaim(dev);
	acrn_ptdev_disown(dev);
	list_for_each_entry_safe(intr, next, &dev->intrs, node)
		kfree(intr);
	pci_dev_put(pdev);
	kfree(dev);
}

static int acrn_ptdev_intr_unmap(struct acrn_vm *vm, struct acrn_ptdev_intr *intr)
{
	int ret = acrn_hc_reset_ptdev_intr_info(vm->vmid, &intr->param);

	if (ret)
		return ret;
	list_del(&intr->node);
	kfree(intr);
	return 0;
}

/* The User VM must not keep the registers of a device that is not its own. */
static int acrn_ptdev_unmap_bars(struct acrn_vm *vm, const struct acrn_ptdev *dev)
{
	const struct acrn_claim *bar;
	unsigned int i;
	int ret;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		bar = dev->bars[i];
		if (!bar)
			continue;
		ret = acrn_mm_unmap_mmio(vm, bar->start, bar->last);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Has the hypervisor give a device back to the Service VM.  Whatever fails can be
 * tried again: what was given back is not on any list any more.
 */
static int acrn_ptdev_take_back(struct acrn_vm *vm, struct acrn_given *given)
{
	struct acrn_ptdev *dev = acrn_to_ptdev(given);
	struct acrn_ptdev_intr *intr, *next;
	int ret;

	list_for_each_entry_safe(intr, next, &dev->intrs, node) {
		ret = acrn_ptdev_intr_unmap(vm, intr);
		if (ret)
			return ret;
	}
	ret = acrn_ptdev_unmap_bars(vm, dev);
	if (ret)
		return ret;
	if (!dev->by_bdf)
		return acrn_hc_deassign_pcidev(vm->vmid, &dev->param);
	/* Or it would go on in the Service VM's memory, at the same addresses. */
	acrn_ptdev_silence(dev->pdev);
	return acrn_hc_deassign_ptdev(vm->vmid, dev->bdf);
}

static void acrn_ptdev_release(struct acrn_given *given, bool ending)
{
	/* A device model that lives on resets it. */
	acrn_ptdev_return(acrn_to_ptdev(given), ending);
}

static void acrn_ptdev_lose(struct acrn_given *given)
{
	mutex_lock(&acrn_ptdevs_lock);
	acrn_to_ptdev(given)->vm = NULL;
	mutex_unlock(&acrn_ptdevs_lock);
}

static const char *acrn_ptdev_name(const struct acrn_given *given)
{
	return pci_name(acrn_to_ptdev(given)->pdev);
}

/* Device models that give it by its BDF alone say it with the interrupts only. */
static int acrn_ptdev_slot(const struct acrn_given *given)
{
	const struct acrn_ptdev *dev = acrn_to_ptdev(given);

	return dev->by_bdf ? -1 : dev->param.virt_bdf;
}

static const struct acrn_given_kind acrn_ptdev_kind = {
	.take_back = acrn_ptdev_take_back,
	.release = acrn_ptdev_release,
	.lose = acrn_ptdev_lose,
	.name = acrn_ptdev_name,
	.slot = acrn_ptdev_slot,
};

static bool acrn_ptdev_is_at(const struct acrn_given *given, const void *bdf)
{
	return acrn_to_ptdev(given)->bdf == *(const u16 *)bdf;
}

static struct acrn_ptdev *acrn_ptdev_find(struct acrn_vm *vm, u16 bdf)
{
	struct acrn_given *given;

	given = acrn_given_find(vm, &acrn_ptdev_kind, acrn_ptdev_is_at, &bdf);
	return given ? acrn_to_ptdev(given) : NULL;
}

/*
 * An answer that says no may come after it was done: whatever it was, the VM does not
 * have the device afterwards.  Of one that it does not have, this does nothing.
 */
static void acrn_ptdev_assign_failed(struct acrn_ptdev *dev)
{
	if (dev->by_bdf)
		acrn_hc_deassign_ptdev(dev->vm->vmid, dev->bdf);
	else
		acrn_hc_deassign_pcidev(dev->vm->vmid, &dev->param);
	acrn_ptdev_return(dev, false);
}

/* @param: what the device model says of the device, or NULL: nothing but @bdf */
static int acrn_ptdev_assign(struct acrn_vm *vm, u16 bdf,
			     const struct acrn_pcidev *param)
{
	struct acrn_ptdev *dev;
	int ret;

	lockdep_assert_held(&vm->lock);

	dev = acrn_ptdev_take(vm, bdf);
	if (IS_ERR(dev))
		return PTR_ERR(dev);

	dev->by_bdf = !param;
	if (param) {
		dev->param = *param;
		ret = acrn_hc_assign_pcidev(vm->vmid, &dev->param);
		/* On the way back the two BDFs say which. */
		dev->param = (struct acrn_pcidev) {
			.virt_bdf = param->virt_bdf,
			.phys_bdf = param->phys_bdf,
		};
	} else {
		ret = acrn_hc_assign_ptdev(vm->vmid, bdf);
	}
	if (ret) {
		acrn_ptdev_assign_failed(dev);
		return ret;
	}
	/* Of the others the hypervisor takes back by itself what a destroyed VM had. */
	acrn_given_add(vm, &dev->given, &acrn_ptdev_kind, dev->by_bdf);
	return 0;
}

/* A device is hardware. */
bool acrn_ptdev_needs_cap(const union acrn_ioctl_arg *arg)
{
	return true;
}

int acrn_ioctl_assign_ptdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	return acrn_ptdev_assign(vm, arg->bdf, NULL);
}

int acrn_ioctl_assign_pcidev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	/* The hypervisor would take it for the virtual device there when that goes. */
	if (acrn_given_has_slot(vm, &acrn_ptdev_kind, arg->pcidev.virt_bdf))
		return -EEXIST;
	return acrn_ptdev_assign(vm, arg->pcidev.phys_bdf, &arg->pcidev);
}

/* For both forms of the call: a device goes back as it came. */
static int acrn_ptdev_deassign_bdf(struct acrn_vm *vm, u16 bdf)
{
	struct acrn_ptdev *dev = acrn_ptdev_find(vm, bdf);

	/* Device models also give back what they did not get. */
	return dev ? acrn_given_take_back(vm, &dev->given, false) : -ENOENT;
}

int acrn_ioctl_deassign_ptdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	return acrn_ptdev_deassign_bdf(vm, arg->bdf);
}

int acrn_ioctl_deassign_pcidev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	return acrn_ptdev_deassign_bdf(vm, arg->pcidev.phys_bdf);
}

/**
 * acrn_in_ptdev_irq() - bring the argument of (RE)SET_PTDEV_INTR_INFO in
 * @filp: of no meaning
 * @arg: filled in
 * @user: where it is, in either contract
 *
 * Device models from v1.6 on have INTx only, which ends after 20 bytes.  Of MSI and
 * MSI-X nothing is used but the number of vectors, which lies in these bytes too.
 *
 * Return: 0, -EFAULT or -EINVAL.
 */
int acrn_in_ptdev_irq(struct file *filp, union acrn_ioctl_arg *arg,
		      unsigned long user)
{
	struct acrn_a2_ptdev_irq irq;

	static_assert(sizeof(irq) == offsetof(struct acrn_ptdev_irq, padding));
	if (copy_from_user(&irq, (void __user *)user, sizeof(irq)))
		return -EFAULT;

	arg->ptdev_irq = (struct acrn_hc_ptdev_irq) {
		.type = irq.type,
		.virt_bdf = irq.virt_bdf,
		.phys_bdf = irq.phys_bdf,
		.virt_pin = irq.virt_pin,
	};
	if (irq.type != ACRN_PTDEV_IRQ_INTX)
		return 0;
	if (irq.is_pic_pin > 1)
		return -EINVAL;
	arg->ptdev_irq.phys_pin = irq.phys_pin;
	arg->ptdev_irq.pic_pin = irq.is_pic_pin;
	return 0;
}

int acrn_check_ptdev_intr(const union acrn_ioctl_arg *arg)
{
	const struct acrn_hc_ptdev_irq *irq = &arg->ptdev_irq;

	switch (irq->type) {
	case ACRN_PTDEV_IRQ_INTX:
		return irq->virt_pin < ACRN_PTDEV_PINS &&
		       irq->phys_pin < ACRN_PTDEV_PINS ? 0 : -EINVAL;
	case ACRN_PTDEV_IRQ_MSI:
	case ACRN_PTDEV_IRQ_MSIX:
		return irq->vector_cnt <= ACRN_PTDEV_VECTORS_MAX ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* Is it something that this device can have? */
static int acrn_ptdev_check_set(const struct acrn_ptdev *dev,
				const struct acrn_hc_ptdev_irq *irq)
{
	int max;

	if (!dev->by_bdf && irq->virt_bdf != dev->param.virt_bdf)
		return -EINVAL;
	if (irq->type == ACRN_PTDEV_IRQ_INTX)
		return 0;
	/* From v1.6 on the hypervisor follows MSIs by itself. */
	if (!dev->by_bdf)
		return -EINVAL;
	max = irq->type == ACRN_PTDEV_IRQ_MSI ? pci_msi_vec_count(dev->pdev) :
						pci_msix_vec_count(dev->pdev);
	return max > 0 && irq->vector_cnt <= max ? 0 : -EINVAL;
}

/*
 * INTx is one class of interrupts, MSI and MSI-X are the other: device models map
 * what they call MSI and unmap it as MSI-X.
 */
static bool acrn_ptdev_intr_matches(const struct acrn_hc_ptdev_irq *mapped,
				    const struct acrn_hc_ptdev_irq *asked)
{
	if (mapped->virt_bdf != asked->virt_bdf ||
	    mapped->phys_bdf != asked->phys_bdf ||
	    !mapped->type != !asked->type)
		return false;
	return mapped->type != ACRN_PTDEV_IRQ_INTX ||
	       mapped->virt_pin == asked->virt_pin;
}

static struct acrn_ptdev_intr *
acrn_ptdev_intr_find(struct acrn_ptdev *dev, const struct acrn_hc_ptdev_irq *irq)
{
	struct acrn_ptdev_intr *intr;

	list_for_each_entry(intr, &dev->intrs, node) {
		if (acrn_ptdev_intr_matches(&intr->param, irq))
			return intr;
	}
	return NULL;
}

/*
 * When mapping fails, hypervisors up to v1.5 have moved the device's function to the
 * VM all the same.  No vectors: it is moved back, and that is all.
 */
static int acrn_ptdev_intr_undo(struct acrn_vm *vm, struct acrn_ptdev_intr *intr)
{
	intr->param.type = ACRN_PTDEV_IRQ_MSIX;
	intr->param.vector_cnt = 0;
	intr->param.phys_pin = 0;
	intr->param.pic_pin = 0;
	return acrn_hc_reset_ptdev_intr_info(vm->vmid, &intr->param);
}

/* Remembers what was mapped; of what was mapped before, as much as there is. */
static void acrn_ptdev_intr_add(struct acrn_ptdev *dev, struct acrn_ptdev_intr *new)
{
	struct acrn_ptdev_intr *old = acrn_ptdev_intr_find(dev, &new->param);

	if (!old) {
		list_add_tail(&new->node, &dev->intrs);
		return;
	}
	if (new->param.type == ACRN_PTDEV_IRQ_INTX ||
	    new->param.vector_cnt > old->param.vector_cnt)
		old->param = new->param;
	kfree(new);
}

int acrn_ioctl_set_ptdev_intr(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_hc_ptdev_irq *irq = &arg->ptdev_irq;
	struct acrn_ptdev_intr *intr;
	struct acrn_ptdev *dev;
	int ret;

	lockdep_assert_held(&vm->lock);

	if (irq->phys_bdf == ACRN_NO_PCI_DEVICE)
		return acrn_line_set(vm, irq);
	/* The hypervisor would give the VM a device that nobody assigned to it. */
	dev = acrn_ptdev_find(vm, irq->phys_bdf);
	if (!dev)
		return -ENOENT;
	ret = acrn_ptdev_check_set(dev, irq);
	if (ret)
		return ret;
	if (dev->by_bdf && vm->ptdev_sets == ACRN_PTDEV_SETS_MAX)
		return -ENOSPC;

	intr = kmalloc(sizeof(*intr), GFP_KERNEL_ACCOUNT);
	if (!intr)
		return -ENOMEM;
	intr->param = *irq;

	if (dev->by_bdf)
		vm->ptdev_sets++;
	ret = acrn_hc_set_ptdev_intr_info(vm->vmid, &intr->param);
	if (!ret)
		acrn_ptdev_intr_add(dev, intr);
	/* Where interrupts are mapped, the function goes back with them. */
	else if (!dev->by_bdf || !list_empty(&dev->intrs) ||
		 !acrn_ptdev_intr_undo(vm, intr))
		kfree(intr);
	/* What cannot be undone now has to be before the device goes back. */
	else
		list_add_tail(&intr->node, &dev->intrs);
	return ret;
}

int acrn_ioctl_reset_ptdev_intr(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_hc_ptdev_irq *irq = &arg->ptdev_irq;
	struct acrn_ptdev_intr *intr = NULL;
	struct acrn_ptdev *dev;

	lockdep_assert_held(&vm->lock);

	if (irq->phys_bdf == ACRN_NO_PCI_DEVICE)
		return acrn_line_reset(vm, irq);
	dev = acrn_ptdev_find(vm, irq->phys_bdf);
	if (dev)
		intr = acrn_ptdev_intr_find(dev, irq);
	return intr ? acrn_ptdev_intr_unmap(vm, intr) : -ENOENT;
}

/* The device is being removed from Linux: the VM must not have it any longer. */
static void acrn_ptdev_unplug(struct acrn_vm *vm, struct pci_dev *pdev)
{
	struct acrn_ptdev *dev;
	int ret = 0;

	mutex_lock(&vm->lock);
	dev = acrn_ptdev_find(vm, pci_dev_id(pdev));
	if (dev && dev->pdev == pdev)
		ret = acrn_given_take_back(vm, &dev->given, false);
	if (ret)
		dev_warn_ratelimited(&pdev->dev,
				     "removed while VM %u has it, which keeps it (%d)\n",
				     vm->vmid, ret);
	mutex_unlock(&vm->lock);
}

/* The VM that has it, with a reference, or NULL */
static struct acrn_vm *acrn_ptdev_owner_get(struct pci_dev *pdev)
{
	const struct acrn_ptdev *dev = NULL;
	struct acrn_vm *vm = NULL;

	mutex_lock(&acrn_ptdevs_lock);
	if (acrn_ptdev_can_be(pdev))
		dev = acrn_ptdev_at(pci_dev_id(pdev));
	/* Not zero: a VM that has devices is held by its file or by being DYING. */
	if (dev && dev->vm) {
		vm = dev->vm;
		acrn_vm_get(vm);
	}
	mutex_unlock(&acrn_ptdevs_lock);
	return vm;
}

static int acrn_ptdev_bus_event(struct notifier_block *nb, unsigned long event,
				void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);
	struct acrn_vm *vm;

	if (event != BUS_NOTIFY_BIND_DRIVER && event != BUS_NOTIFY_DEL_DEVICE)
		return NOTIFY_DONE;
	vm = acrn_ptdev_owner_get(pdev);
	if (!vm)
		return NOTIFY_DONE;

	if (event == BUS_NOTIFY_DEL_DEVICE)
		acrn_ptdev_unplug(vm, pdev);
	else
		dev_warn_ratelimited(&pdev->dev,
				     "a driver is being bound to it, but VM %u has it\n",
				     READ_ONCE(vm->vmid));
	acrn_vm_put(vm);
	return NOTIFY_OK;
}

static struct notifier_block acrn_ptdev_nb = {
	.notifier_call = acrn_ptdev_bus_event,
};

int acrn_ptdev_init(void)
{
	return bus_register_notifier(&pci_bus_type, &acrn_ptdev_nb);
}

/* No VM is left.  A device that is lost stays marked, and is kept. */
void acrn_ptdev_exit(void)
{
	struct acrn_ptdev_intr *intr, *after;
	struct acrn_ptdev *dev, *next;

	bus_unregister_notifier(&pci_bus_type, &acrn_ptdev_nb);
	list_for_each_entry_safe(dev, next, &acrn_ptdevs, owned) {
		list_for_each_entry_safe(intr, after, &dev->intrs, node)
			kfree(intr);
		kfree(dev);
	}
}

/* Prints the devices that VMs have, a line each. */
void acrn_ptdev_show(struct seq_file *s)
{
	const struct acrn_ptdev *dev;

	seq_puts(s, "device       vmid\n");
	mutex_lock(&acrn_ptdevs_lock);
	list_for_each_entry(dev, &acrn_ptdevs, owned) {
		if (dev->vm)
			seq_printf(s, "%s %4u\n", pci_name(dev->pdev),
				   READ_ONCE(dev->vm->vmid));
		else
			seq_printf(s, "%s lost\n", pci_name(dev->pdev));
	}
	mutex_unlock(&acrn_ptdevs_lock);
}

#ifdef ACRN_KUNIT
#include "tests/kunit/ptdev_test.c"
#endif
