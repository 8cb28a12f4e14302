// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: what can be seen in debugfs, in the folder acrn_hsm:
 *
 * hypervisor	which ACRN this is
 * vms		the VMs: vmid, state, number of vCPUs, references
 * devices	the PCI devices that VMs have
 * hypercalls	the hypercalls: how often made, how often failed
 * abandon	written to: the vmid of a DYING VM to give up on
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "acrn_drv_internal.h"

static struct dentry *acrn_debugfs;

static int acrn_debugfs_hypervisor_show(struct seq_file *s, void *unused)
{
	acrn_platform_show(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(acrn_debugfs_hypervisor);

static int acrn_debugfs_vms_show(struct seq_file *s, void *unused)
{
	acrn_vms_show(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(acrn_debugfs_vms);

static int acrn_debugfs_devices_show(struct seq_file *s, void *unused)
{
	acrn_ptdev_show(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(acrn_debugfs_devices);

static int acrn_debugfs_hypercalls_show(struct seq_file *s, void *unused)
{
	acrn_hc_show(s);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(acrn_debugfs_hypercalls);

static int acrn_debugfs_abandon_set(void *unused, u64 vmid)
{
	return vmid < ACRN_INVALID_VMID ? acrn_vm_abandon(vmid) : -ENOENT;
}
DEFINE_DEBUGFS_ATTRIBUTE(acrn_debugfs_abandon_fops, NULL, acrn_debugfs_abandon_set,
			 "%llu\n");

/* Nothing depends on the files, so nothing is done about a failure. */
void acrn_debugfs_init(void)
{
	acrn_debugfs = debugfs_create_dir("acrn_hsm", NULL);
	debugfs_create_file("hypervisor", 0400, acrn_debugfs, NULL,
			    &acrn_debugfs_hypervisor_fops);
	debugfs_create_file("vms", 0400, acrn_debugfs, NULL,
			    &acrn_debugfs_vms_fops);
	debugfs_create_file("devices", 0400, acrn_debugfs, NULL,
			    &acrn_debugfs_devices_fops);
	debugfs_create_file("hypercalls", 0400, acrn_debugfs, NULL,
			    &acrn_debugfs_hypercalls_fops);
	debugfs_create_file_unsafe("abandon", 0200, acrn_debugfs, NULL,
				   &acrn_debugfs_abandon_fops);
}

void acrn_debugfs_exit(void)
{
	debugfs_remove(acrn_debugfs);
}
