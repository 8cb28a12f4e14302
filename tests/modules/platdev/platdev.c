// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * platdev: a device that is no PCI device, which has no driver, as a TPM of which the
 * firmware tells.  Nothing is at its addresses.
 */
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/module.h>
#include <linux/platform_device.h>

static const struct resource platdev_resources[] = {
	DEFINE_RES_MEM(0xfed40000, 0x5000),
	DEFINE_RES_MEM(0xfed50000, 0x2000),
	DEFINE_RES_MEM(0xfed60000, 0x1000),
};

static struct platform_device *platdev;

static int __init platdev_init(void)
{
	platdev = platform_device_register_simple("platdev", PLATFORM_DEVID_NONE,
						  platdev_resources,
						  ARRAY_SIZE(platdev_resources));
	return PTR_ERR_OR_ZERO(platdev);
}

static void __exit platdev_exit(void)
{
	platform_device_unregister(platdev);
}

module_init(platdev_init);
module_exit(platdev_exit);

MODULE_DESCRIPTION("A device that is no PCI device, for tests of the ACRN HSM");
MODULE_LICENSE("Dual BSD/GPL");
