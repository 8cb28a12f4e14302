// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the ioctls with Linux's own numbers, ACRN_A2_*, which acrn-dm v2.6 to
 * v3.3 makes, and programs written for <linux/acrn.h>.
 *
 * Their structures become those of the plain numbers, with which the driver works.
 * There is one client at most, and it has no id: a call means the one there is.
 */
#include <linux/bits.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include <linux/acrn/acrn_a2_defs.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl_table.h"
#include "acrn_irq.h"
#include "acrn_vm_mngt.h"

/* An id that no client has */
#define ACRN_A2_NO_CLIENT	(-1)

ACRN_COPY_IN(a2_platform_info, struct acrn_a2_platform_info)
ACRN_COPY_OUT(a2_platform_info, struct acrn_a2_platform_info)
ACRN_COPY_IN(msi, struct acrn_msi_entry)
ACRN_COPY_IN(intr_monitor, struct acrn_intr_monitor)
ACRN_COPY_OUT(intr_monitor, struct acrn_intr_monitor)
ACRN_COPY_IN(pio, struct acrn_a2_pio_region)
ACRN_COPY_IN(irqfd, struct acrn_irqfd)

static int acrn_in_create_vm(struct file *filp, union acrn_ioctl_arg *arg,
			     unsigned long user)
{
	struct acrn_a2_create_vm create;

	if (copy_from_user(&create, (void __user *)user, sizeof(create)))
		return -EFAULT;

	arg->create_vm = (struct acrn_create_vm) {
		.reserved0 = create.reserved0,
		.reserved1 = create.reserved1,
		.vm_flag = create.vm_flag,
		.req_buf = create.ioreq_buf,
		.cpu_affinity = create.cpu_affinity,
	};
	memcpy(arg->create_vm.uuid, create.name, sizeof(create.name));
	return 0;
}

static int acrn_out_create_vm(const union acrn_ioctl_arg *arg,
			      unsigned long user)
{
	struct acrn_a2_create_vm create = {
		.vmid = arg->create_vm.vmid,
		.vcpu_num = arg->create_vm.vcpu_num,
		.vm_flag = arg->create_vm.vm_flag,
		.ioreq_buf = arg->create_vm.req_buf,
		.cpu_affinity = arg->create_vm.cpu_affinity,
	};

	memcpy(create.name, arg->create_vm.uuid, sizeof(create.name));
	return copy_to_user((void __user *)user, &create, sizeof(create)) ?
	       -EFAULT : 0;
}

static int acrn_in_set_vcpu_regs(struct file *filp, union acrn_ioctl_arg *arg,
				 unsigned long user)
{
	const size_t size = offsetof(struct acrn_a2_set_vcpu_regs, padding);

	BUILD_BUG_ON(offsetof(struct acrn_set_vcpu_regs, vcpu_regs.reserved_16) !=
		     size);
	memset(&arg->set_vcpu_regs, 0, sizeof(arg->set_vcpu_regs));
	return copy_from_user(&arg->set_vcpu_regs, (void __user *)user, size) ?
	       -EFAULT : 0;
}

static int acrn_in_notify(struct file *filp, union acrn_ioctl_arg *arg,
			  unsigned long user)
{
	const struct acrn_vm *vm = filp->private_data;
	struct acrn_a2_ioreq_notify notify;

	if (copy_from_user(&notify, (void __user *)user, sizeof(notify)))
		return -EFAULT;

	arg->notify.vcpu = notify.vcpu;
	arg->notify.client_id = notify.vmid == READ_ONCE(vm->vmid) ?
		READ_ONCE(vm->ioreq.dm_id) : ACRN_A2_NO_CLIENT;
	return 0;
}

static int acrn_in_memseg(struct file *filp, union acrn_ioctl_arg *arg,
			  unsigned long user)
{
	struct acrn_a2_memmap map;

	if (copy_from_user(&map, (void __user *)user, sizeof(map)))
		return -EFAULT;

	arg->memseg = (struct acrn_memseg) {
		.type = map.type,
		.gpa = map.user_vm_pa,
		.base = map.base,
		.len = map.len,
		.prot = map.attr & ~ACRN_A2_MEMMAP_CACHE_TYPES,
	};
	return 0;
}

/* acrn-dm says what it wants to unmap by address and length only. */
static int acrn_in_unset_memseg(struct file *filp, union acrn_ioctl_arg *arg,
				unsigned long user)
{
	int ret;

	ret = acrn_in_memseg(filp, arg, user);
	arg->memseg.type = ACRN_MEMSEG_ANY;
	return ret;
}

static int acrn_in_ioeventfd(struct file *filp, union acrn_ioctl_arg *arg,
			     unsigned long user)
{
	if (copy_from_user(&arg->ioeventfd, (void __user *)user,
			   sizeof(arg->ioeventfd)))
		return -EFAULT;

	/* A wish that is not granted: the write is done in the upcall anyway. */
	arg->ioeventfd.flags &= ~ACRN_A2_IOEVENTFD_ASYNCIO;
	return 0;
}

static int acrn_in_pcidev(struct file *filp, union acrn_ioctl_arg *arg,
			  unsigned long user)
{
	const size_t size = sizeof(struct acrn_a2_pcidev);

	BUILD_BUG_ON(offsetofend(struct acrn_pcidev, bar) != size);
	memset(&arg->pcidev, 0, sizeof(arg->pcidev));
	return copy_from_user(&arg->pcidev, (void __user *)user, size) ?
	       -EFAULT : 0;
}

/* How the hypervisor is to cache registers */
#define ACRN_A2_MEM_TYPES	GENMASK_ULL(5, 3)

static int acrn_in_mmiodev(struct file *filp, union acrn_ioctl_arg *arg,
			   unsigned long user)
{
	struct acrn_a2_mmiodev *param = &arg->mmiodev.param.a2;
	struct acrn_a2_mmio_range *res;
	unsigned int i;

	memset(&arg->mmiodev, 0, sizeof(arg->mmiodev));
	if (copy_from_user(param, (void __user *)user, sizeof(*param)))
		return -EFAULT;

	for (i = 0; i < ACRN_A2_MMIODEV_RANGES; i++) {
		res = &param->res[i];
		/* The hypervisor takes offence at an address even then. */
		if (!res->size)
			memset(res, 0, sizeof(*res));
		res->mem_type &= ACRN_A2_MEM_TYPES;
		arg->mmiodev.ranges[i] = (struct acrn_mmio_range) {
			.gpa = res->user_pa,
			.hpa = res->host_pa,
			.size = res->size,
		};
	}
	return 0;
}

static int acrn_in_vdev(struct file *filp, union acrn_ioctl_arg *arg,
			unsigned long user)
{
	const size_t size = sizeof(struct acrn_a2_vdev);

	BUILD_BUG_ON(offsetofend(struct acrn_vdev, args) != size);
	memset(&arg->vdev, 0, sizeof(arg->vdev));
	return copy_from_user(&arg->vdev, (void __user *)user, size) ? -EFAULT : 0;
}

/* The client that there is, which has no id for device models of this contract */
static int acrn_in_client(struct file *filp, union acrn_ioctl_arg *arg,
			  unsigned long user)
{
	const struct acrn_vm *vm = filp->private_data;

	arg->client.id = READ_ONCE(vm->ioreq.dm_id);
	arg->client.nonblock = filp->f_flags & O_NONBLOCK;
	return 0;
}

static int acrn_out_client_gone(const union acrn_ioctl_arg *arg,
				unsigned long user)
{
	return arg->client.gone ? -ENODEV : 0;
}

static int acrn_ioctl_a2_create_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	vm->contract = &acrn_a2_contract;
	return acrn_ioctl_create_vm(vm, arg);
}

static int acrn_ioctl_a2_attach(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	return arg->client.id ? acrn_ioctl_attach_ioreq_client(vm, arg) : -ENODEV;
}

static int acrn_ioctl_a2_destroy_client(struct acrn_vm *vm,
					union acrn_ioctl_arg *arg)
{
	arg->client.id = vm->ioreq.dm_id;
	return arg->client.id ? acrn_ioctl_destroy_ioreq_client(vm, arg) : 0;
}

#define ROW(...)	ACRN_ROW(ACRN_A2_, acrn_a2_contract, ACRN_LEGAL_A2, __VA_ARGS__)

static const struct acrn_ioctl acrn_a2_ioctls[] = {
	ROW(GET_PLATFORM_INFO, a2_get_platform_info, ACRN_IN_ANY,
	    IN(a2_platform_info), OUT(a2_platform_info),
	    .needs_cap = acrn_a2_platform_needs_cap, .unlocked = true),

	ROW(CREATE_VM, a2_create_vm, ACRN_IN(EMPTY), IN(create_vm), OUT(create_vm),
	    .check = acrn_check_create_vm, .needs_cap = acrn_create_vm_needs_cap,
	    .undo = acrn_ioctl_destroy_vm),
	ROW(DESTROY_VM, destroy_vm, ACRN_IN_LIVE | ACRN_IN(DYING)),
	ROW(START_VM, start_vm, ACRN_IN(CREATED)),
	ROW(PAUSE_VM, pause_vm, ACRN_IN_LIVE),
	ROW(RESET_VM, reset_vm, ACRN_IN(PAUSED)),
	ROW(SET_VCPU_REGS, set_vcpu_regs, ACRN_IN(CREATED) | ACRN_IN(PAUSED),
	    IN(set_vcpu_regs), .check = acrn_check_set_vcpu_regs, .owner = true),

	ROW(INJECT_MSI, inject_msi, ACRN_IN_LIVE, IN(msi), .unlocked = true),
	ROW(SET_IRQLINE, set_irqline, ACRN_IN_LIVE, IN(irqline),
	    .check = acrn_check_set_irqline, .unlocked = true),
	ROW(VM_INTR_MONITOR, intr_monitor, ACRN_IN_LIVE,
	    IN(intr_monitor), OUT(intr_monitor), .check = acrn_check_intr_monitor),

	ROW(PM_GET_CPU_STATE, pm_state, ACRN_IN_LIVE, IN(pm_state), OUT(pm_state),
	    .check = acrn_check_pm_state),

	ROW(NOTIFY_REQUEST_FINISH, notify_request_finish, ACRN_IN_LIVE,
	    IN(notify), .unlocked = true),
	ROW(CREATE_IOREQ_CLIENT, create_ioreq_client, ACRN_IN_LIVE),
	ROW(ATTACH_IOREQ_CLIENT, a2_attach, ACRN_IN_LIVE,
	    IN(client), OUT(client_gone), .unlocked = true),
	ROW(DESTROY_IOREQ_CLIENT, a2_destroy_client, ACRN_IN_LIVE),
	ROW(CLEAR_VM_IOREQ, clear_vm_ioreq, ACRN_IN(CREATED) | ACRN_IN(PAUSED)),

	ROW(SET_MEMSEG, set_memseg, ACRN_IN_LIVE, IN(memseg),
	    .check = acrn_check_set_memseg, .needs_cap = acrn_memseg_needs_cap,
	    .owner = true),
	ROW(UNSET_MEMSEG, unset_memseg, ACRN_IN_LIVE, IN(unset_memseg),
	    .check = acrn_check_memseg_range, .owner = true),

	ROW(SET_PTDEV_INTR, set_ptdev_intr, ACRN_IN_STILL, IN(ptdev_irq),
	    .check = acrn_check_ptdev_intr, .needs_cap = acrn_ptdev_needs_cap,
	    .owner = true),
	ROW(RESET_PTDEV_INTR, reset_ptdev_intr, ACRN_IN_STILL, IN(ptdev_irq),
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
	ROW(ASSIGN_PIO_REGION, assign_pio, ACRN_IN_STILL, IN(pio),
	    .check = acrn_check_pio, .needs_cap = acrn_ptdev_needs_cap, .owner = true),
	ROW(DEASSIGN_PIO_REGION, deassign_pio, ACRN_IN_STILL, IN(pio),
	    .check = acrn_check_pio, .owner = true),

	ROW(CREATE_VDEV, add_vdev, ACRN_IN_STILL, IN(vdev), .owner = true),
	ROW(DESTROY_VDEV, remove_vdev, ACRN_IN_STILL, IN(vdev), .owner = true),

	ROW(IOEVENTFD, ioeventfd, ACRN_IN_LIVE, IN(ioeventfd),
	    .check = acrn_check_ioeventfd),
	ROW(IRQFD, irqfd, ACRN_IN_LIVE, IN(irqfd), .check = acrn_check_irqfd),
};

/* The row of an ioctl of this table, or NULL: there is no such ioctl */
const struct acrn_ioctl *acrn_a2_find(unsigned int cmd)
{
	return acrn_ioctl_row(acrn_a2_ioctls, ARRAY_SIZE(acrn_a2_ioctls),
			      cmd & 0xff, cmd);
}

ACRN_DISPATCHER(acrn_a2_run_set_irqline, acrn_a2_ioctls, ACRN_A2_, SET_IRQLINE)
ACRN_DISPATCHER(acrn_a2_run_inject_msi, acrn_a2_ioctls, ACRN_A2_, INJECT_MSI)
ACRN_DISPATCHER(acrn_a2_run_notify, acrn_a2_ioctls, ACRN_A2_, NOTIFY_REQUEST_FINISH)
ACRN_DISPATCHER(acrn_a2_run_attach, acrn_a2_ioctls, ACRN_A2_, ATTACH_IOREQ_CLIENT)
ACRN_DISPATCHER(acrn_a2_run_set_vcpu_regs, acrn_a2_ioctls, ACRN_A2_, SET_VCPU_REGS)

/* For each vector of each device of a VM, when it starts */
ACRN_DISPATCHER(acrn_a2_run_irqfd, acrn_a2_ioctls, ACRN_A2_, IRQFD)

/* For all others */
static noinline long acrn_a2_run(struct file *filp,
				 const struct acrn_ioctl *ioctl,
				 unsigned long user)
{
	return acrn_ioctl_run(filp, ioctl, user);
}

ACRN_QUICK_DISPATCHER(acrn_a2_run_pause_vm, acrn_pause_again, acrn_a2_run,
		      acrn_a2_ioctls, ACRN_A2_, PAUSE_VM)

/**
 * acrn_a2_ioctl() - an ioctl with one of Linux's own numbers that is not frequent
 * @filp: the open node
 * @cmd: the number
 * @user: what user space gave with it
 *
 * Return: what the ioctl returns; -ENOTTY: there is no such ioctl.
 */
long acrn_a2_ioctl(struct file *filp, unsigned int cmd, unsigned long user)
{
	const struct acrn_ioctl *ioctl;

	if (cmd == ACRN_A2_IRQFD)
		return acrn_a2_run_irqfd(filp, user);
	ioctl = acrn_a2_find(cmd);
	return ioctl ? acrn_a2_run(filp, ioctl, user) : -ENOTTY;
}

const struct acrn_contract acrn_a2_contract = {
	.legal = ACRN_LEGAL_A2,
	.client_ids = false,
};

/* What 32-bit programs built with <linux/acrn.h> call, where a size differs */
#define ACRN_A2_VM_INTR_MONITOR_32	_IOC(_IOC_WRITE, ACRN_A2_TYPE, 0x24, 4)
#define ACRN_A2_SET_VCPU_REGS_32	_IOC(_IOC_WRITE, ACRN_A2_TYPE, 0x16, 292)

/**
 * acrn_a2_native_cmd() - what a 32-bit program means by a number
 * @cmd: the number
 *
 * Return: the number that a 64-bit program has for it.
 */
unsigned int acrn_a2_native_cmd(unsigned int cmd)
{
	switch (cmd) {
	case ACRN_A2_VM_INTR_MONITOR_32:
		return ACRN_A2_VM_INTR_MONITOR;
	case ACRN_A2_SET_VCPU_REGS_32:
		return ACRN_A2_SET_VCPU_REGS;
	default:
		return cmd;
	}
}

#ifdef ACRN_KUNIT
#include "tests/kunit/a2_test.c"
#endif
