// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * peer: another driver that has the node acrn_hsm, as Linux's own one does where it
 * is part of the kernel.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

static const struct file_operations peer_fops = {
	.owner = THIS_MODULE,
};

static struct miscdevice peer = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "acrn_hsm",
	.fops = &peer_fops,
};
module_misc_device(peer);

MODULE_DESCRIPTION("Another driver for /dev/acrn_hsm");
MODULE_LICENSE("Dual BSD/GPL");
