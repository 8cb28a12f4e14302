// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: PCI devices of User VMs that the hypervisor emulates: memory and serial
 * lines that VMs share, root ports.
 */
#include <linux/container_of.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/slab.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/**
 * struct acrn_vdev_given - a device that the hypervisor emulates
 * @given: as one of the things that the VM was given
 * @param: with which it was added
 */
struct acrn_vdev_given {
	struct acrn_given given;
	struct acrn_vdev param;
};

#define acrn_to_vdev(ptr)	container_of(ptr, struct acrn_vdev_given, given)

static int acrn_vdev_take_back(struct acrn_vm *vm, struct acrn_given *given)
{
	return acrn_hc_remove_vdev(vm->vmid, &acrn_to_vdev(given)->param);
}

static void acrn_vdev_release(struct acrn_given *given, bool ending)
{
	kfree(acrn_to_vdev(given));
}

static const char *acrn_vdev_name(const struct acrn_given *given)
{
	return "a virtual device";
}

static bool acrn_vdev_is_pci(const struct acrn_vdev *vdev)
{
	return !upper_32_bits(vdev->id);
}

static int acrn_vdev_slot(const struct acrn_given *given)
{
	const struct acrn_vdev *vdev = &acrn_to_vdev(given)->param;

	return acrn_vdev_is_pci(vdev) ? (u16)vdev->slot : -1;
}

static const struct acrn_given_kind acrn_vdev_kind = {
	.take_back = acrn_vdev_take_back,
	.release = acrn_vdev_release,
	.name = acrn_vdev_name,
	.slot = acrn_vdev_slot,
};

static bool acrn_vdev_is(const struct acrn_given *given, const void *key)
{
	const struct acrn_vdev *had = &acrn_to_vdev(given)->param, *asked = key;

	/* The hypervisor looks at 16 bits of the slot. */
	return had->id == asked->id && (u16)had->slot == (u16)asked->slot;
}

/*
 * The hypervisor finds a device by its slot, and takes it to be of the kind that it is
 * told, also when it is real.  So there is one in a slot, but for what is no PCI device
 * and has none.
 */
static bool acrn_vdev_can_be(struct acrn_vm *vm, const struct acrn_vdev *vdev)
{
	if (acrn_vdev_is_pci(vdev))
		return !acrn_given_has_slot(vm, NULL, vdev->slot);
	return !acrn_given_find(vm, &acrn_vdev_kind, acrn_vdev_is, vdev);
}

int acrn_ioctl_add_vdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_vdev_given *vdev;
	int ret;

	lockdep_assert_held(&vm->lock);

	if (!acrn_vdev_can_be(vm, &arg->vdev))
		return -EEXIST;

	vdev = kmalloc(sizeof(*vdev), GFP_KERNEL_ACCOUNT);
	if (!vdev)
		return -ENOMEM;
	vdev->param = arg->vdev;

	ret = acrn_hc_add_vdev(vm->vmid, &vdev->param);
	if (ret) {
		/* It may have been added all the same; else this does nothing. */
		acrn_hc_remove_vdev(vm->vmid, &vdev->param);
		kfree(vdev);
		return ret;
	}
	acrn_given_add(vm, &vdev->given, &acrn_vdev_kind, false);
	return 0;
}

int acrn_ioctl_remove_vdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_given *given;

	given = acrn_given_find(vm, &acrn_vdev_kind, acrn_vdev_is, &arg->vdev);
	return given ? acrn_given_take_back(vm, given, false) : -ENOENT;
}
