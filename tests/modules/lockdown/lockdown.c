// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * lockdown: while this is loaded, the kernel says that it is locked down for the
 * sake of its integrity.
 *
 * A kernel that really is stays so, and keeps the tests themselves from the ports
 * that they talk to the test hypervisor through.
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/security.h>

/* The question's argument is kept until its answer. */
static int lockdown_asked(struct kretprobe_instance *call, struct pt_regs *regs)
{
	*(unsigned long *)call->data = regs_get_kernel_argument(regs, 0);
	return 0;
}

static int lockdown_answered(struct kretprobe_instance *call,
			     struct pt_regs *regs)
{
	unsigned long what = *(unsigned long *)call->data;

	/* Ports stay: the tests need them. */
	if (what <= LOCKDOWN_INTEGRITY_MAX && what != LOCKDOWN_IOPORT)
		regs_set_return_value(regs, -EPERM);
	return 0;
}

static struct kretprobe lockdown_probe = {
	.kp.symbol_name = "security_locked_down",
	.entry_handler = lockdown_asked,
	.handler = lockdown_answered,
	.data_size = sizeof(unsigned long),
};

static int __init lockdown_init(void)
{
	return register_kretprobe(&lockdown_probe);
}

static void __exit lockdown_exit(void)
{
	unregister_kretprobe(&lockdown_probe);
}

module_init(lockdown_init);
module_exit(lockdown_exit);

MODULE_DESCRIPTION("A kernel that is locked down, for tests of the ACRN HSM");
MODULE_LICENSE("Dual BSD/GPL");
