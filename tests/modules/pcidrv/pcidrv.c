// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * pcidrv: what can be between a PCI device and a User VM: drivers, and a group.
 *
 * Two drivers that do nothing, for devices that are bound to them by name: "pcidrv", to
 * the driver under test one like any other, and "vfio-pci", one that keeps others away.
 * And an IOMMU group of the devices that are written to its parameter.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>

#define GROUP_MAX	4

static bool pcidrv_msi;
module_param_named(msi, pcidrv_msi, bool, 0);
MODULE_PARM_DESC(msi, "the driver vfio-pci uses MSIs, as when somebody uses its device");

static bool pcidrv_assigned;
module_param_named(assigned, pcidrv_assigned, bool, 0);
MODULE_PARM_DESC(assigned, "the driver vfio-pci has given its device to a VM of somebody else");

static bool pcidrv_hold;
module_param_named(hold, pcidrv_hold, bool, 0600);
MODULE_PARM_DESC(hold, "the driver pcidrv has its device locked and does not come to an end");

static struct pci_dev *pcidrv_members[GROUP_MAX];

static int pcidrv_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	while (READ_ONCE(pcidrv_hold) && !signal_pending(current))
		msleep_interruptible(20);
	return 0;
}

static int pcidrv_stub_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret;

	if (pcidrv_assigned)
		pci_set_dev_assigned(pdev);
	if (!pcidrv_msi)
		return 0;
	ret = pci_enable_device(pdev);
	if (ret)
		return ret;
	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_MSIX);
	if (ret < 0) {
		pci_disable_device(pdev);
		return ret;
	}
	return 0;
}

static void pcidrv_stub_remove(struct pci_dev *pdev)
{
	if (pcidrv_assigned)
		pci_clear_dev_assigned(pdev);
	if (!pci_dev_msi_enabled(pdev))
		return;
	pci_free_irq_vectors(pdev);
	pci_disable_device(pdev);
}

/* The group has no IOMMU for the kernel's own use of DMA. */
static struct pci_driver pcidrv_ordinary = {
	.name = "pcidrv",
	.probe = pcidrv_probe,
	.driver_managed_dma = true,
};

static struct pci_driver pcidrv_stub = {
	.name = "vfio-pci",
	.probe = pcidrv_stub_probe,
	.remove = pcidrv_stub_remove,
	.driver_managed_dma = true,
};

static void pcidrv_ungroup(void)
{
	unsigned int i;

	for (i = 0; i < GROUP_MAX && pcidrv_members[i]; i++) {
		iommu_group_remove_device(&pcidrv_members[i]->dev);
		pci_dev_put(pcidrv_members[i]);
		pcidrv_members[i] = NULL;
	}
}

static int pcidrv_add(struct iommu_group *group, unsigned int bdf, unsigned int i)
{
	struct pci_dev *pdev;
	int ret;

	pdev = pci_get_domain_bus_and_slot(0, PCI_BUS_NUM(bdf), bdf & 0xff);
	if (!pdev)
		return -ENXIO;
	ret = iommu_group_add_device(group, &pdev->dev);
	if (ret)
		pci_dev_put(pdev);
	else
		pcidrv_members[i] = pdev;
	return ret;
}

static int pcidrv_set_group(const char *val, const struct kernel_param *kp)
{
	struct iommu_group *group;
	int ints[GROUP_MAX + 1];
	int i, ret = 0;

	if (pcidrv_members[0])
		return -EBUSY;
	get_options(val, ARRAY_SIZE(ints), ints);
	group = iommu_group_alloc();
	if (IS_ERR(group))
		return PTR_ERR(group);

	for (i = 0; i < ints[0] && !ret; i++)
		ret = pcidrv_add(group, ints[i + 1], i);
	/* Its devices hold it. */
	iommu_group_put(group);
	if (ret)
		pcidrv_ungroup();
	return ret;
}

static const struct kernel_param_ops pcidrv_group_ops = {
	.set = pcidrv_set_group,
};
module_param_cb(group, &pcidrv_group_ops, NULL, 0200);
MODULE_PARM_DESC(group, "BDFs of devices that are put into an IOMMU group");

static int __init pcidrv_init(void)
{
	int ret;

	ret = pci_register_driver(&pcidrv_ordinary);
	if (ret)
		return ret;
	ret = pci_register_driver(&pcidrv_stub);
	if (ret)
		pci_unregister_driver(&pcidrv_ordinary);
	return ret;
}

static void __exit pcidrv_exit(void)
{
	pcidrv_ungroup();
	pci_unregister_driver(&pcidrv_stub);
	pci_unregister_driver(&pcidrv_ordinary);
}

module_init(pcidrv_init);
module_exit(pcidrv_exit);

MODULE_DESCRIPTION("Drivers and an IOMMU group for tests of passthrough");
MODULE_LICENSE("Dual BSD/GPL");
