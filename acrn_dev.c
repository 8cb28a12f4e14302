// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the device node, the table of its ioctls, module init and exit.
 *
 * Every ioctl takes the same way: found in the table, its argument copied in,
 * checked by itself, then against the caller's rights, then against the state
 * of the VM under its lock; then its function runs, and the result is copied
 * out.  What a function gets is therefore well-formed, allowed and legal.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>
/* After the two above, which it does not include itself in all kernels */
#include <asm/acrn.h>

#include "acrn_drv_internal.h"
#include "acrn_trace.h"

/* Values of struct acrn_ioctl.states */
#define ACRN_IN(state)			BIT(ACRN_VM_##state)
#define ACRN_IN_LIVE							\
	(ACRN_IN(CREATED) | ACRN_IN(STARTED) | ACRN_IN(PAUSED))
#define ACRN_IN_ANY			0

/* Values of struct acrn_ioctl.dir; 0: there is no argument */
#define ACRN_ARG_IN			BIT(0)
#define ACRN_ARG_OUT			BIT(1)
#define ACRN_ARG_VALUE			BIT(2)

/**
 * struct acrn_ioctl - an ioctl
 * @cmd: its number; 0 in rows of the table that stand for no ioctl
 * @states: the states of the VM in which it is legal, ACRN_IN() or'ed.
 *	%ACRN_IN_ANY: it has nothing to do with the VM, which is not locked then
 * @size: of what the argument points to, bytes
 * @dir: whether that is copied in, out, both or not at all, or whether the
 *	argument is a number and no pointer
 * @unlocked: @func does its own locking; the state may change under it
 * @builder: only the address space that created the VM may do this to it
 * @check: is the argument well-formed?  Or NULL: there is nothing to check
 * @reaches_hw: does this argument ask for something that reaches hardware, and
 *	so needs a capability?  Or NULL: never
 * @func: does it; its result is the ioctl's
 * @undo: takes back what @func did, if its result cannot be copied out.  Or
 *	NULL: @func changed nothing
 */
struct acrn_ioctl {
	unsigned int cmd;
	u16 states;
	u16 size;
	u8 dir;
	bool unlocked;
	bool builder;
	int (*check)(const union acrn_ioctl_arg *arg);
	bool (*reaches_hw)(const union acrn_ioctl_arg *arg);
	int (*func)(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
	int (*undo)(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
};

static int acrn_ioctl_get_api_version(struct acrn_vm *vm,
				      union acrn_ioctl_arg *arg)
{
	arg->api_version.major_version = ACRN_API_VERSION_MAJOR;
	arg->api_version.minor_version = ACRN_API_VERSION_MINOR;
	return 0;
}

static const struct acrn_ioctl acrn_ioctls[] = {
	[IC_GET_API_VERSION & 0xff] = {
		.cmd = IC_GET_API_VERSION,
		.states = ACRN_IN_ANY,
		.size = sizeof(struct acrn_api_version),
		.dir = ACRN_ARG_OUT,
		.func = acrn_ioctl_get_api_version,
	},
	[IC_CREATE_VM & 0xff] = {
		.cmd = IC_CREATE_VM,
		.states = ACRN_IN(EMPTY),
		.size = sizeof(struct acrn_create_vm),
		.dir = ACRN_ARG_IN | ACRN_ARG_OUT,
		.check = acrn_check_create_vm,
		.reaches_hw = acrn_create_vm_reaches_hw,
		.func = acrn_ioctl_create_vm,
		.undo = acrn_ioctl_destroy_vm,
	},
	[IC_DESTROY_VM & 0xff] = {
		.cmd = IC_DESTROY_VM,
		.states = ACRN_IN_LIVE | ACRN_IN(DYING),
		.func = acrn_ioctl_destroy_vm,
	},
	[IC_START_VM & 0xff] = {
		.cmd = IC_START_VM,
		.states = ACRN_IN(CREATED),
		.func = acrn_ioctl_start_vm,
	},
	[IC_PAUSE_VM & 0xff] = {
		.cmd = IC_PAUSE_VM,
		.states = ACRN_IN_LIVE,
		.func = acrn_ioctl_pause_vm,
	},
	[IC_CREATE_VCPU & 0xff] = {
		.cmd = IC_CREATE_VCPU,
		.states = ACRN_IN(CREATED),
		.size = sizeof(struct acrn_create_vcpu),
		.dir = ACRN_ARG_IN,
		.builder = true,
		.check = acrn_check_create_vcpu,
		.func = acrn_ioctl_create_vcpu,
	},
	[IC_RESET_VM & 0xff] = {
		.cmd = IC_RESET_VM,
		.states = ACRN_IN(PAUSED),
		.func = acrn_ioctl_reset_vm,
	},
	[IC_SET_VCPU_REGS & 0xff] = {
		.cmd = IC_SET_VCPU_REGS,
		.states = ACRN_IN(CREATED) | ACRN_IN(PAUSED),
		.size = sizeof(struct acrn_set_vcpu_regs),
		.dir = ACRN_ARG_IN,
		.builder = true,
		.check = acrn_check_set_vcpu_regs,
		.func = acrn_ioctl_set_vcpu_regs,
	},
	[IC_INJECT_MSI & 0xff] = {
		.cmd = IC_INJECT_MSI,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_msi_entry),
		.dir = ACRN_ARG_IN,
		.unlocked = true,
		.func = acrn_ioctl_inject_msi,
	},
	[IC_VM_INTR_MONITOR & 0xff] = {
		.cmd = IC_VM_INTR_MONITOR,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_intr_monitor),
		.dir = ACRN_ARG_IN | ACRN_ARG_OUT,
		.check = acrn_check_intr_monitor,
		.func = acrn_ioctl_intr_monitor,
	},
	[IC_SET_IRQLINE & 0xff] = {
		.cmd = IC_SET_IRQLINE,
		.states = ACRN_IN_LIVE,
		.dir = ACRN_ARG_VALUE,
		.unlocked = true,
		.check = acrn_check_set_irqline,
		.func = acrn_ioctl_set_irqline,
	},
	[IC_NOTIFY_REQUEST_FINISH & 0xff] = {
		.cmd = IC_NOTIFY_REQUEST_FINISH,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_ioreq_notify),
		.dir = ACRN_ARG_IN,
		.unlocked = true,
		.func = acrn_ioctl_notify_request_finish,
	},
	[IC_CREATE_IOREQ_CLIENT & 0xff] = {
		.cmd = IC_CREATE_IOREQ_CLIENT,
		.states = ACRN_IN_LIVE,
		.func = acrn_ioctl_create_ioreq_client,
	},
	[IC_ATTACH_IOREQ_CLIENT & 0xff] = {
		.cmd = IC_ATTACH_IOREQ_CLIENT,
		.states = ACRN_IN_LIVE,
		.dir = ACRN_ARG_VALUE,
		.unlocked = true,
		.func = acrn_ioctl_attach_ioreq_client,
	},
	[IC_DESTROY_IOREQ_CLIENT & 0xff] = {
		.cmd = IC_DESTROY_IOREQ_CLIENT,
		.states = ACRN_IN_LIVE,
		.dir = ACRN_ARG_VALUE,
		.func = acrn_ioctl_destroy_ioreq_client,
	},
	[IC_CLEAR_VM_IOREQ & 0xff] = {
		.cmd = IC_CLEAR_VM_IOREQ,
		.states = ACRN_IN(CREATED) | ACRN_IN(PAUSED),
		.func = acrn_ioctl_clear_vm_ioreq,
	},
	[IC_SET_MEMSEG & 0xff] = {
		.cmd = IC_SET_MEMSEG,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_memseg),
		.dir = ACRN_ARG_IN,
		.builder = true,
		.check = acrn_check_set_memseg,
		.reaches_hw = acrn_memseg_reaches_hw,
		.func = acrn_ioctl_set_memseg,
	},
	[IC_UNSET_MEMSEG & 0xff] = {
		.cmd = IC_UNSET_MEMSEG,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_memseg),
		.dir = ACRN_ARG_IN,
		.builder = true,
		.check = acrn_check_memseg,
		.func = acrn_ioctl_unset_memseg,
	},
	[IC_EVENT_IOEVENTFD & 0xff] = {
		.cmd = IC_EVENT_IOEVENTFD,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_ioeventfd),
		.dir = ACRN_ARG_IN,
		.check = acrn_check_ioeventfd,
		.func = acrn_ioctl_ioeventfd,
	},
	[IC_EVENT_IRQFD & 0xff] = {
		.cmd = IC_EVENT_IRQFD,
		.states = ACRN_IN_LIVE,
		.size = sizeof(struct acrn_irqfd),
		.dir = ACRN_ARG_IN,
		.check = acrn_check_irqfd,
		.func = acrn_ioctl_irqfd,
	},
};

static const struct acrn_ioctl *acrn_ioctl_find(unsigned int cmd)
{
	unsigned int nr = cmd & 0xff;

	if (nr >= ARRAY_SIZE(acrn_ioctls))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(acrn_ioctls));
	return acrn_ioctls[nr].cmd == cmd ? &acrn_ioctls[nr] : NULL;
}

static bool acrn_may_reach_hw(void)
{
	return capable(CAP_SYS_RAWIO) || capable(CAP_SYS_ADMIN);
}

/* Does the state of the VM allow it now? */
static int acrn_ioctl_legal(const struct acrn_vm *vm,
			    const struct acrn_ioctl *ioctl)
{
	enum acrn_vm_state state = READ_ONCE(vm->state);

	if (ioctl->states & BIT(state))
		return 0;
	return state == ACRN_VM_EMPTY ? -ENODEV : -EBUSY;
}

static int acrn_ioctl_call(struct acrn_vm *vm, const struct acrn_ioctl *ioctl,
			   union acrn_ioctl_arg *arg, void __user *argp)
{
	int ret;

	if (ioctl->states != ACRN_IN_ANY) {
		ret = acrn_ioctl_legal(vm, ioctl);
		if (ret)
			return ret;
	}

	ret = ioctl->func(vm, arg);
	if (ret || !(ioctl->dir & ACRN_ARG_OUT))
		return ret;

	if (copy_to_user(argp, arg, ioctl->size)) {
		if (ioctl->undo)
			ioctl->undo(vm, arg);
		return -EFAULT;
	}
	return 0;
}

static int acrn_ioctl_run(struct acrn_vm *vm, const struct acrn_ioctl *ioctl,
			  unsigned long ioctl_arg)
{
	void __user *argp = (void __user *)ioctl_arg;
	union acrn_ioctl_arg arg;
	int ret;

	if (ioctl->dir & ACRN_ARG_VALUE)
		arg.value = ioctl_arg;
	else if (!(ioctl->dir & ACRN_ARG_IN))
		memset(&arg, 0, ioctl->size);
	else if (copy_from_user(&arg, argp, ioctl->size))
		return -EFAULT;

	if (ioctl->check) {
		ret = ioctl->check(&arg);
		if (ret)
			return ret;
	}
	if (ioctl->reaches_hw && ioctl->reaches_hw(&arg) && !acrn_may_reach_hw())
		return -EPERM;

	if (ioctl->unlocked || ioctl->states == ACRN_IN_ANY)
		return acrn_ioctl_call(vm, ioctl, &arg, argp);

	/* A process being killed need not wait for the other threads' calls. */
	if (mutex_lock_killable(&vm->lock))
		return -EINTR;
	/* A VM that is not there is nobody's. */
	if (ioctl->builder && vm->mm && vm->mm != current->mm)
		ret = -EPERM;
	else
		ret = acrn_ioctl_call(vm, ioctl, &arg, argp);
	mutex_unlock(&vm->lock);
	return ret;
}

static long acrn_dev_ioctl(struct file *filp, unsigned int cmd,
			   unsigned long ioctl_arg)
{
	const struct acrn_ioctl *ioctl = acrn_ioctl_find(cmd);
	struct acrn_vm *vm = filp->private_data;
	int ret;

	if (!ioctl)
		return -ENOTTY;

	trace_acrn_ioctl_enter(cmd, READ_ONCE(vm->vmid));
	ret = acrn_ioctl_run(vm, ioctl, ioctl_arg);
	trace_acrn_ioctl_exit(cmd, READ_ONCE(vm->vmid), ret);
	return ret;
}

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
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice acrn_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "acrn_hsm",
	.mode = 0600,
	.fops = &acrn_fops,
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

static int __init acrn_check_api_version(void)
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
		pr_info("ACRN hypervisor with API version %u.%u\n",
			version->major_version, version->minor_version);
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

	ret = acrn_check_api_version();
	if (ret)
		return ret;

	ret = acrn_irqfd_init();
	if (ret)
		return ret;

	ret = acrn_upcall_init();
	if (ret)
		goto err_irqfd;

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
	acrn_upcall_exit();
err_irqfd:
	acrn_irqfd_exit();
	return ret;
}

static void __exit acrn_exit(void)
{
	misc_deregister(&acrn_miscdev);
	acrn_debugfs_exit();
	acrn_vms_exit();
	acrn_upcall_exit();
	acrn_irqfd_exit();
}

#ifdef ACRN_KUNIT
#include "tests/kunit/dev_test.c"
#endif

module_init(acrn_init);
module_exit(acrn_exit);

MODULE_DESCRIPTION("ACRN Hypervisor Service Module");
/* What packages take their version from; DKMS also tells modules apart by it. */
MODULE_VERSION("0.9");
MODULE_LICENSE("Dual BSD/GPL");
