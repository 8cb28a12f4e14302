// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: when the Service VM hibernates, stops, or starts another kernel.
 *
 * User VMs write to the Service VM's memory whatever its kernel is doing.  An image
 * for hibernation would be of moving memory, and the kernel that kexec starts would
 * have its memory written to.
 */
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include "acrn_drv_internal.h"

static int acrn_pm_notify(struct notifier_block *nb, unsigned long event,
			  void *unused)
{
	int ret;

	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		ret = acrn_vms_close();
		if (ret)
			acrn_vms_open();
		return notifier_from_errno(ret);
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		/* The hypervisor may have started anew since the image was made. */
		acrn_upcall_resume();
		acrn_vms_open();
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block acrn_pm_nb = {
	.notifier_call = acrn_pm_notify,
};

static int acrn_reboot_notify(struct notifier_block *nb, unsigned long event,
			      void *unused)
{
	acrn_vms_close();
	acrn_vms_destroy_all();
	return NOTIFY_DONE;
}

static struct notifier_block acrn_reboot_nb = {
	.notifier_call = acrn_reboot_notify,
};

int acrn_shutdown_init(void)
{
	int ret;

	ret = register_pm_notifier(&acrn_pm_nb);
	if (ret)
		return ret;

	ret = register_reboot_notifier(&acrn_reboot_nb);
	if (ret)
		unregister_pm_notifier(&acrn_pm_nb);
	return ret;
}

void acrn_shutdown_exit(void)
{
	unregister_reboot_notifier(&acrn_reboot_nb);
	unregister_pm_notifier(&acrn_pm_nb);
}
