// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_ptdev.c, which includes this: what needs other machines to be seen */
#include <kunit/test.h>

/* A device below a bridge, as the kernel would have found it */
struct acrn_test_bus {
	struct pci_bus root;
	struct pci_bus upper_bus;
	struct pci_bus bus;
	struct pci_dev upper;
	struct pci_dev bridge;
	struct pci_dev pdev;
};

/* Behind a bridge to conventional PCI, all devices look like the bridge. */
static void acrn_test_shares_id(struct kunit *test)
{
	struct acrn_test_bus *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->upper_bus.parent = &t->root;
	t->upper_bus.self = &t->upper;
	t->upper.bus = &t->root;
	t->upper.pcie_cap = 0x40;
	t->upper.pcie_flags_reg = PCI_EXP_TYPE_ROOT_PORT << 4;
	t->bus.parent = &t->upper_bus;
	t->bus.self = &t->bridge;
	t->bridge.bus = &t->upper_bus;
	t->pdev.bus = &t->bus;
	/* a bridge from PCI to PCI */
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_shares_id(&t->pdev));
	t->bridge.pcie_cap = 0x40;
	t->bridge.pcie_flags_reg = PCI_EXP_TYPE_DOWNSTREAM << 4;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_shares_id(&t->pdev));
	t->bridge.pcie_flags_reg = PCI_EXP_TYPE_PCI_BRIDGE << 4;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_shares_id(&t->pdev));
	/* not the last one, but the one before */
	t->bridge.pcie_flags_reg = PCI_EXP_TYPE_DOWNSTREAM << 4;
	t->upper.pcie_flags_reg = PCI_EXP_TYPE_PCI_BRIDGE << 4;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_shares_id(&t->pdev));
	t->pdev.bus = &t->root;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_shares_id(&t->pdev));
}

static void acrn_test_is_bridge(struct kunit *test)
{
	struct pci_dev *pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	pdev->class = PCI_CLASS_NETWORK_ETHERNET << 8;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_is_bridge(pdev));
	pdev->hdr_type = PCI_HEADER_TYPE_BRIDGE;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_is_bridge(pdev));
	pdev->hdr_type = PCI_HEADER_TYPE_CARDBUS;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_is_bridge(pdev));
	pdev->hdr_type = PCI_HEADER_TYPE_NORMAL;
	pdev->class = PCI_CLASS_BRIDGE_ISA << 8;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_is_bridge(pdev));
}

static void acrn_test_intr_matches(struct kunit *test)
{
	const struct acrn_hc_ptdev_irq line = { ACRN_PTDEV_IRQ_INTX, 1, 2, { 3 }, 4 };
	const struct acrn_hc_ptdev_irq msi = { ACRN_PTDEV_IRQ_MSI, 1, 2, { 1 } };
	struct acrn_hc_ptdev_irq asked = line;

	KUNIT_EXPECT_TRUE(test, acrn_ptdev_intr_matches(&line, &asked));
	asked.phys_pin = 0;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_intr_matches(&line, &asked));
	asked.virt_pin = 0;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_intr_matches(&line, &asked));
	asked = msi;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_intr_matches(&line, &asked));
	asked.type = ACRN_PTDEV_IRQ_MSIX;
	asked.vector_cnt = 7;
	KUNIT_EXPECT_TRUE(test, acrn_ptdev_intr_matches(&msi, &asked));
	asked.virt_bdf = 2;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_intr_matches(&msi, &asked));
	asked.virt_bdf = 1;
	asked.phys_bdf = 1;
	KUNIT_EXPECT_FALSE(test, acrn_ptdev_intr_matches(&msi, &asked));
}

static struct kunit_case acrn_ptdev_cases[] = {
	KUNIT_CASE(acrn_test_shares_id),
	KUNIT_CASE(acrn_test_is_bridge),
	KUNIT_CASE(acrn_test_intr_matches),
	{}
};

static struct kunit_suite acrn_ptdev_suite = {
	.name = "acrn_ptdev",
	.test_cases = acrn_ptdev_cases,
};

kunit_test_suite(acrn_ptdev_suite);
