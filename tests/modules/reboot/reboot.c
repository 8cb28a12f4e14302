// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * reboot: when this is loaded, the driver hears that the kernel is about to stop or to
 * start another one, and nobody else does.
 *
 * What the kernel itself calls cannot be tested any further from inside.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/string.h>

static int reboot_heard(struct notifier_block *nb, unsigned long event, void *data)
{
	return NOTIFY_DONE;
}

/* The first in the kernel's list, from which it is seen who follows */
static struct notifier_block reboot_first = {
	.notifier_call = reboot_heard,
	.priority = INT_MAX,
};

static bool reboot_is_driver_s(const struct notifier_block *nb)
{
	char name[64];

	snprintf(name, sizeof(name), "%ps", nb->notifier_call);
	return strstr(name, "[acrn]");
}

static int __init reboot_init(void)
{
	struct notifier_block *nb;
	int called = 0;
	int ret;

	ret = register_reboot_notifier(&reboot_first);
	if (ret)
		return ret;
	/* The test loads and unloads modules one after the other: the list stays. */
	for (nb = rcu_dereference_raw(reboot_first.next); nb;
	     nb = rcu_dereference_raw(nb->next)) {
		if (!reboot_is_driver_s(nb))
			continue;
		nb->notifier_call(nb, SYS_RESTART, NULL);
		called++;
	}
	unregister_reboot_notifier(&reboot_first);
	return called == 1 ? 0 : -ENOENT;
}

static void __exit reboot_exit(void)
{
}

module_init(reboot_init);
module_exit(reboot_exit);

MODULE_DESCRIPTION("What a kernel that stops tells the ACRN HSM, for its tests");
MODULE_LICENSE("Dual BSD/GPL");
