// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: what the hypervisor knows of the CPUs' performance and idle states.
 * Device models make ACPI's _PSS and _CST of it.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/* Where the hypercall's command names the VM: what a caller says there is ignored */
#define ACRN_PM_VMID_SHIFT	24
#define ACRN_PM_VMID_MAX	0xff

int acrn_in_pm_state(struct file *filp, union acrn_ioctl_arg *arg,
		     unsigned long user)
{
	return get_user(arg->pm_state.cmd, (u64 __user *)user);
}

/* As much as its type says */
int acrn_out_pm_state(const union acrn_ioctl_arg *arg, unsigned long user)
{
	const union acrn_pm_data *data = &arg->pm_state.data;
	void __user *to = (void __user *)user;
	u64 count = data->count;

	switch (ACRN_PM_TYPE(arg->pm_state.cmd)) {
	case ACRN_PM_PX_DATA:
		return copy_to_user(to, &data->px, sizeof(data->px)) ? -EFAULT : 0;
	case ACRN_PM_CX_DATA:
		return copy_to_user(to, &data->cx, sizeof(data->cx)) ? -EFAULT : 0;
	default:
		return copy_to_user(to, &count, sizeof(count)) ? -EFAULT : 0;
	}
}

int acrn_check_pm_state(const union acrn_ioctl_arg *arg)
{
	u64 cmd = arg->pm_state.cmd;

	return upper_32_bits(cmd) || ACRN_PM_TYPE(cmd) > ACRN_PM_CX_DATA ?
	       -EINVAL : 0;
}

/* What ACRN leaves on its stack between the fields of an idle state stays here */
static void acrn_clear_cx_padding(union acrn_pm_data *data)
{
	if (acrn_hv_packs_cx()) {
		memset(data->a2_cx.reserved0, 0, sizeof(data->a2_cx.reserved0));
		data->a2_cx.reserved1 = 0;
	} else {
		data->cx.reserved0 = 0;
		memset(data->cx.reserved1, 0, sizeof(data->cx.reserved1));
	}
}

int acrn_ioctl_pm_state(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_pm_state_arg *pm = &arg->pm_state;
	u32 cmd = pm->cmd & ((1U << ACRN_PM_VMID_SHIFT) - 1);
	union acrn_pm_data *param = &vm->param.pm_data;
	int ret;

	lockdep_assert_held(&vm->lock);

	if (vm->vmid > ACRN_PM_VMID_MAX)
		return -EIO;

	/* It writes one byte of a count, and leaves out padding. */
	memset(param, 0, sizeof(*param));
	ret = acrn_hc_pm_get_cpu_state(cmd | (u32)vm->vmid << ACRN_PM_VMID_SHIFT,
				       vm->vmid, param);
	if (ret)
		return ret;

	pm->data = *param;
	if (ACRN_PM_TYPE(cmd) == ACRN_PM_CX_DATA)
		acrn_clear_cx_padding(&pm->data);
	return 0;
}
