// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the ioctls of 2019, IC_*, which acrn-dm v1.0 to v2.5 makes.
 *
 * Their structures are the driver's own, so they are but copied.
 */
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl_table.h"
#include "acrn_irq.h"
#include "acrn_vm_mngt.h"

ACRN_COPY_OUT(api_version, struct acrn_api_version)
ACRN_COPY_IN(platform_info, struct acrn_platform_info)
ACRN_COPY_OUT(platform_info, struct acrn_platform_info)
ACRN_COPY_IN(create_vm, struct acrn_create_vm)
ACRN_COPY_OUT(create_vm, struct acrn_create_vm)
ACRN_COPY_IN(create_vcpu, struct acrn_create_vcpu)
ACRN_COPY_IN(set_vcpu_regs, struct acrn_set_vcpu_regs)
ACRN_COPY_IN(notify, struct acrn_ioreq_notify)
ACRN_COPY_IN(memseg, struct acrn_memseg)
ACRN_COPY_IN(msi, struct acrn_msi_entry)
ACRN_COPY_IN(intr_monitor, struct acrn_intr_monitor)
ACRN_COPY_OUT(intr_monitor, struct acrn_intr_monitor)
ACRN_COPY_IN(bdf, u16)
ACRN_COPY_IN(pcidev, struct acrn_pcidev)
ACRN_COPY_IN(vdev, struct acrn_vdev)
ACRN_COPY_IN(ioeventfd, struct acrn_ioeventfd)
ACRN_COPY_IN(irqfd, struct acrn_irqfd)

static int acrn_in_mmiodev(struct file *filp, union acrn_ioctl_arg *arg,
			   unsigned long user)
{
	struct acrn_mmiodev dev;

	if (copy_from_user(&dev, (void __user *)user, sizeof(dev)))
		return -EFAULT;

	memset(&arg->mmiodev, 0, sizeof(arg->mmiodev));
	arg->mmiodev.ranges[0] = (struct acrn_mmio_range) {
		.gpa = dev.gpa,
		.hpa = dev.hpa,
		.size = dev.size,
	};
	arg->mmiodev.param.ic = (struct acrn_mmiodev) {
		.gpa = dev.gpa,
		.hpa = dev.hpa,
		.size = dev.size,
	};
	return 0;
}

/* More arguments and results that are numbers and no pointers */
static int acrn_in_client(struct file *filp, union acrn_ioctl_arg *arg,
			  unsigned long user)
{
	arg->client.id = user;
	arg->client.nonblock = filp->f_flags & O_NONBLOCK;
	return 0;
}

static int acrn_out_client_id(const union acrn_ioctl_arg *arg,
			      unsigned long user)
{
	return arg->client.id;
}

static int acrn_out_client_gone(const union acrn_ioctl_arg *arg,
				unsigned long user)
{
	return arg->client.gone;
}

static int acrn_ioctl_get_api_version(struct acrn_vm *vm,
				      union acrn_ioctl_arg *arg)
{
	arg->api_version = (struct acrn_api_version) {
		.major_version = ACRN_API_VERSION_MAJOR,
		.minor_version = ACRN_API_VERSION_MINOR,
	};
	return 0;
}

static int acrn_ioctl_ic_create_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	vm->contract = &acrn_ic_contract;
	return acrn_ioctl_create_vm(vm, arg);
}

#define ROW(...)	ACRN_ROW(IC_, acrn_ic_contract, ACRN_LEGAL_IC, __VA_ARGS__)

static const struct acrn_ioctl acrn_ic_ioctls[] = {
	ROW(GET_API_VERSION, get_api_version, ACRN_IN_ANY,
	    OUT(api_version), .unlocked = true),
	ROW(GET_PLATFORM_INFO, get_platform_info, ACRN_IN_ANY,
	    IN(platform_info), OUT(platform_info),
	    .needs_cap = acrn_platform_needs_cap, .unlocked = true),

	ROW(CREATE_VM, ic_create_vm, ACRN_IN(EMPTY), IN(create_vm), OUT(create_vm),
	    .check = acrn_check_create_vm, .needs_cap = acrn_create_vm_needs_cap,
	    .undo = acrn_ioctl_destroy_vm),
	ROW(DESTROY_VM, destroy_vm, ACRN_IN_LIVE | ACRN_IN(DYING)),
	ROW(START_VM, start_vm, ACRN_IN(CREATED)),
	ROW(PAUSE_VM, pause_vm, ACRN_IN_LIVE),
	ROW(RESET_VM, reset_vm, ACRN_IN(PAUSED)),
	ROW(CREATE_VCPU, create_vcpu, ACRN_IN(CREATED), IN(create_vcpu),
	    .check = acrn_check_create_vcpu, .owner = true),
	ROW(SET_VCPU_REGS, set_vcpu_regs, ACRN_IN(CREATED) | ACRN_IN(PAUSED),
	    IN(set_vcpu_regs), .check = acrn_check_set_vcpu_regs, .owner = true),

	ROW(INJECT_MSI, inject_msi, ACRN_IN_LIVE, IN(msi), .unlocked = true),
	ROW(SET_IRQLINE, set_irqline, ACRN_IN_LIVE, IN(irqline),
	    .check = acrn_check_set_irqline, .unlocked = true),
	ROW(VM_INTR_MONITOR, intr_monitor, ACRN_IN_LIVE,
	    IN(intr_monitor), OUT(intr_monitor), .check = acrn_check_intr_monitor),

	ROW(NOTIFY_REQUEST_FINISH, notify_request_finish, ACRN_IN_LIVE,
	    IN(notify), .unlocked = true),
	ROW(CREATE_IOREQ_CLIENT, create_ioreq_client, ACRN_IN_LIVE,
	    OUT(client_id)),
	ROW(ATTACH_IOREQ_CLIENT, attach_ioreq_client, ACRN_IN_LIVE,
	    IN(client), OUT(client_gone), .unlocked = true),
	ROW(DESTROY_IOREQ_CLIENT, destroy_ioreq_client, ACRN_IN_LIVE, IN(client)),
	ROW(CLEAR_VM_IOREQ, clear_vm_ioreq, ACRN_IN(CREATED) | ACRN_IN(PAUSED)),

	ROW(SET_MEMSEG, set_memseg, ACRN_IN_LIVE, IN(memseg),
	    .check = acrn_check_set_memseg, .needs_cap = acrn_memseg_needs_cap,
	    .owner = true),
	ROW(UNSET_MEMSEG, unset_memseg, ACRN_IN_LIVE, IN(memseg),
	    .check = acrn_check_memseg, .owner = true),

	ROW(ASSIGN_PTDEV, assign_ptdev, ACRN_IN_STILL, IN(bdf),
	    .needs_cap = acrn_ptdev_needs_cap, .owner = true),
	ROW(DEASSIGN_PTDEV, deassign_ptdev, ACRN_IN_STILL, IN(bdf), .owner = true),
	ROW(SET_PTDEV_INTR_INFO, set_ptdev_intr, ACRN_IN_STILL, IN(ptdev_irq),
	    .check = acrn_check_ptdev_intr, .needs_cap = acrn_ptdev_needs_cap,
	    .owner = true),
	ROW(RESET_PTDEV_INTR_INFO, reset_ptdev_intr, ACRN_IN_STILL, IN(ptdev_irq),
	    .check = acrn_check_ptdev_intr, .owner = true),
	ROW(ASSIGN_PCIDEV, assign_pcidev, ACRN_IN_STILL, IN(pcidev),
	    .needs_cap = acrn_ptdev_needs_cap, .owner = true),
	ROW(DEASSIGN_PCIDEV, deassign_pcidev, ACRN_IN_STILL, IN(pcidev),
	    .owner = true),

	ROW(ASSIGN_MMIODEV, assign_mmiodev, ACRN_IN_STILL, IN(mmiodev),
	    .check = acrn_check_mmiodev, .needs_cap = acrn_ptdev_needs_cap,
	    .owner = true),
	ROW(DEASSIGN_MMIODEV, deassign_mmiodev, ACRN_IN_STILL, IN(mmiodev),
	    .check = acrn_check_mmiodev, .owner = true),

	ROW(ADD_HV_VDEV, add_vdev, ACRN_IN_STILL, IN(vdev), .owner = true),
	ROW(REMOVE_HV_VDEV, remove_vdev, ACRN_IN_STILL, IN(vdev), .owner = true),

	ROW(PM_GET_CPU_STATE, pm_state, ACRN_IN_LIVE, IN(pm_state), OUT(pm_state),
	    .check = acrn_check_pm_state),

	ROW(EVENT_IOEVENTFD, ioeventfd, ACRN_IN_LIVE, IN(ioeventfd),
	    .check = acrn_check_ioeventfd),
	ROW(EVENT_IRQFD, irqfd, ACRN_IN_LIVE, IN(irqfd),
	    .check = acrn_check_irqfd),
};

/* The row of an ioctl of this table, or NULL: there is no such ioctl */
const struct acrn_ioctl *acrn_ic_find(unsigned int cmd)
{
	return acrn_ioctl_row(acrn_ic_ioctls, ARRAY_SIZE(acrn_ic_ioctls),
			      cmd & 0xff, cmd);
}

ACRN_DISPATCHER(acrn_ic_run_set_irqline, acrn_ic_ioctls, IC_, SET_IRQLINE)
ACRN_DISPATCHER(acrn_ic_run_inject_msi, acrn_ic_ioctls, IC_, INJECT_MSI)
ACRN_DISPATCHER(acrn_ic_run_notify, acrn_ic_ioctls, IC_, NOTIFY_REQUEST_FINISH)
ACRN_DISPATCHER(acrn_ic_run_attach, acrn_ic_ioctls, IC_, ATTACH_IOREQ_CLIENT)
ACRN_DISPATCHER(acrn_ic_run_set_vcpu_regs, acrn_ic_ioctls, IC_, SET_VCPU_REGS)

/* For each vector of each device of a VM, when it starts */
ACRN_DISPATCHER(acrn_ic_run_irqfd, acrn_ic_ioctls, IC_, EVENT_IRQFD)

/* For all others */
static noinline long acrn_ic_run(struct file *filp,
				 const struct acrn_ioctl *ioctl,
				 unsigned long user)
{
	return acrn_ioctl_run(filp, ioctl, user);
}

ACRN_QUICK_DISPATCHER(acrn_ic_run_pause_vm, acrn_pause_again, acrn_ic_run,
		      acrn_ic_ioctls, IC_, PAUSE_VM)

/**
 * acrn_ic_ioctl() - an ioctl of 2019 that is not frequent, or with a number that nobody has
 * @filp: the open node
 * @cmd: the number
 * @user: what user space gave with it
 *
 * Return: what the ioctl returns; -ENOTTY: there is no such ioctl.
 */
long acrn_ic_ioctl(struct file *filp, unsigned int cmd, unsigned long user)
{
	const struct acrn_ioctl *ioctl;

	if (cmd == IC_EVENT_IRQFD)
		return acrn_ic_run_irqfd(filp, user);
	ioctl = acrn_ic_find(cmd);
	return ioctl ? acrn_ic_run(filp, ioctl, user) : -ENOTTY;
}

const struct acrn_contract acrn_ic_contract = {
	.legal = ACRN_LEGAL_IC,
	.client_ids = true,
};

#ifdef ACRN_KUNIT
#include "tests/kunit/ic_test.c"
#endif
