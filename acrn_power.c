// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: what the hypervisor knows of the CPUs' performance and idle states.
 * Device models make ACPI's _PSS and _CST of it.
 */
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/string.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/* Where the hypercall's command names the VM: what a caller says there is ignored */
#define ACRN_PM_VMID_SHIFT	24
#define ACRN_PM_VMID_MAX	0xff

int acrn_check_pm_state(const union acrn_ioctl_arg *arg)
{
	u64 cmd = arg->pm_state.cmd;

	return upper_32_bits(cmd) || ACRN_PM_TYPE(cmd) > ACRN_PM_CX_DATA ?
	       -EINVAL : 0;
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
	return 0;
}
