// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the device node, module init and exit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>
/* After the two above, which it does not include itself in all kernels */
#include <asm/acrn.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"
#include "acrn_trace.h"

/* Those that are made again and again have a dispatcher each, and are found first. */
static __always_inline long acrn_ioctl(struct file *filp, unsigned int cmd,
				       unsigned long user)
{
	switch (cmd) {
	case IC_SET_IRQLINE:
		return acrn_ic_run_set_irqline(filp, user);
	case IC_INJECT_MSI:
		return acrn_ic_run_inject_msi(filp, user);
	case IC_NOTIFY_REQUEST_FINISH:
		return acrn_ic_run_notify(filp, user);
	case IC_ATTACH_IOREQ_CLIENT:
		return acrn_ic_run_attach(filp, user);
	case IC_PAUSE_VM:
		return acrn_ic_run_pause_vm(filp, user);
	case IC_SET_VCPU_REGS:
		return acrn_ic_run_set_vcpu_regs(filp, user);
	case ACRN_A2_SET_IRQLINE:
		return acrn_a2_run_set_irqline(filp, user);
	case ACRN_A2_INJECT_MSI:
		return acrn_a2_run_inject_msi(filp, user);
	case ACRN_A2_NOTIFY_REQUEST_FINISH:
		return acrn_a2_run_notify(filp, user);
	case ACRN_A2_ATTACH_IOREQ_CLIENT:
		return acrn_a2_run_attach(filp, user);
	case ACRN_A2_PAUSE_VM:
		return acrn_a2_run_pause_vm(filp, user);
	case ACRN_A2_SET_VCPU_REGS:
		return acrn_a2_run_set_vcpu_regs(filp, user);
	default:
		return _IOC_TYPE(cmd) == ACRN_A2_TYPE ?
			acrn_a2_ioctl(filp, cmd, user) :
			acrn_ic_ioctl(filp, cmd, user);
	}
}

static noinline long acrn_ioctl_traced(struct file *filp, unsigned int cmd,
				       unsigned long user)
{
	struct acrn_vm *vm = filp->private_data;
	long ret;

	trace_acrn_ioctl_enter(cmd, READ_ONCE(vm->vmid));
	ret = acrn_ioctl(filp, cmd, user);
	trace_acrn_ioctl_exit(cmd, READ_ONCE(vm->vmid), ret);
	return ret;
}

/* Traces apart: what they need of registers would cost every call something. */
static long acrn_dev_ioctl(struct file *filp, unsigned int cmd,
			   unsigned long user)
{
	if (trace_acrn_ioctl_enter_enabled() || trace_acrn_ioctl_exit_enabled())
		return acrn_ioctl_traced(filp, cmd, user);
	return acrn_ioctl(filp, cmd, user);
}

#ifdef CONFIG_COMPAT
/* No argument needs more than this: values are numbers, pages or descriptors. */
static long acrn_dev_compat_ioctl(struct file *filp, unsigned int cmd,
				  unsigned long user)
{
	return acrn_dev_ioctl(filp, acrn_a2_native_cmd(cmd),
			      (unsigned long)compat_ptr(user));
}
#endif

static int acrn_dev_open(struct inode *inode, struct file *filp)
{
	struct acrn_vm *vm;

	vm = acrn_vm_new();
	if (!vm)
		return -ENOMEM;

	filp->private_data = vm;
	return 0;
}

static int acrn_dev_release(struct inode *inode, struct file *filp)
{
	acrn_vm_close(filp->private_data);
	return 0;
}

static __poll_t acrn_dev_poll(struct file *filp, poll_table *wait)
{
	return acrn_ioreq_poll(filp->private_data, filp, wait);
}

static const struct file_operations acrn_fops = {
	.owner = THIS_MODULE,
	.open = acrn_dev_open,
	.release = acrn_dev_release,
	.poll = acrn_dev_poll,
	.unlocked_ioctl = acrn_dev_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = acrn_dev_compat_ioctl,
#endif
};

static struct miscdevice acrn_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "acrn_hsm",
	.mode = 0600,
	.fops = &acrn_fops,
	.groups = acrn_cpu_node_groups,
};

/* VMCALL must not be executed before this has said 0. */
static int __init acrn_detect(void)
{
	u32 base = acrn_cpuid_base();

	if (!base) {
		pr_info("no ACRN hypervisor here\n");
		return -ENODEV;
	}
	/* The features follow the signature, wherever that is. */
	if (!(cpuid_eax(base + 1) & ACRN_FEATURE_PRIVILEGED_VM)) {
		/* No error: udev tries in every VM of ACRN, at each boot. */
		pr_debug("this is not ACRN's Service VM\n");
		return -EPERM;
	}
	return 0;
}

/*
 * Where Linux's own driver is part of the kernel, it has the node already, the
 * upcalls too.  To find out by registering the node would be answered with a stack
 * dump.
 */
static int __init acrn_check_alone(void)
{
	struct path path;

	if (kern_path("/sys/class/misc/acrn_hsm", 0, &path))
		return 0;
	path_put(&path);
	pr_err("another driver has /dev/%s, perhaps the kernel's own\n",
	       acrn_miscdev.name);
	return -EBUSY;
}

static int __init acrn_check_version(void)
{
	struct acrn_api_version *version;
	int ret;

	version = kzalloc(sizeof(*version), GFP_KERNEL);
	if (!version)
		return -ENOMEM;

	ret = acrn_hc_get_api_version(version);
	if (ret) {
		pr_err("the hypervisor does not tell its API version (%d)\n", ret);
	} else if (version->major_version != ACRN_API_VERSION_MAJOR) {
		pr_err("the hypervisor has API version %u.%u, need %u.x\n",
		       version->major_version, version->minor_version,
		       ACRN_API_VERSION_MAJOR);
		ret = -EINVAL;
	} else {
		ret = acrn_platform_init();
		if (!ret)
			pr_info("ACRN hypervisor with API version %u.%u (%s)\n",
				version->major_version, version->minor_version,
				acrn_platform_name());
	}
	kfree(version);
	return ret;
}

static int __init acrn_init(void)
{
	int ret;

	ret = acrn_detect();
	if (ret)
		return ret;

	ret = acrn_check_alone();
	if (ret)
		return ret;

	ret = acrn_check_version();
	if (ret)
		return ret;

	ret = acrn_upcall_init();
	if (ret)
		return ret;

	ret = acrn_ptdev_init();
	if (ret)
		goto err_upcall;

	ret = acrn_platdev_init();
	if (ret)
		goto err_ptdev;

	ret = acrn_cpu_init();
	if (ret)
		goto err_platdev;

	ret = acrn_shutdown_init();
	if (ret)
		goto err_cpu;

	acrn_debugfs_init();
	/* Last: from here on the node can be opened. */
	ret = misc_register(&acrn_miscdev);
	if (ret) {
		pr_err("cannot register /dev/%s (%d)\n", acrn_miscdev.name, ret);
		goto err_debugfs;
	}
	return 0;

err_debugfs:
	acrn_debugfs_exit();
	acrn_shutdown_exit();
err_cpu:
	acrn_cpu_exit();
err_platdev:
	acrn_platdev_exit();
err_ptdev:
	acrn_ptdev_exit();
err_upcall:
	acrn_upcall_exit();
	return ret;
}

static void __exit acrn_exit(void)
{
	misc_deregister(&acrn_miscdev);
	acrn_debugfs_exit();
	acrn_shutdown_exit();
	acrn_cpu_exit();
	acrn_vms_exit();
	acrn_platdev_exit();
	acrn_ptdev_exit();
	acrn_given_exit();
	acrn_upcall_exit();
}

#ifdef ACRN_KUNIT
#include "acrn_dispatch.h"
#include "tests/kunit/dev_test.c"
#endif

module_init(acrn_init);
module_exit(acrn_exit);

MODULE_DESCRIPTION("ACRN Hypervisor Service Module");
/* What packages take their version from; DKMS also tells modules apart by it. */
MODULE_VERSION("0.9");
MODULE_LICENSE("Dual BSD/GPL");
