// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: devices given to User VMs that are no PCI devices, such as a TPM or a serial
 * port: their registers, their ports, their lines.
 *
 * Newer hypervisors do not ask what they are told to give: any address will do, their own
 * memory too.  So what is given has to be a device's, and nobody's in Linux, whose tables
 * of resources also say that the VM has it.  The hypervisor does not take it back when
 * the VM is destroyed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/container_of.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/processor.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/**
 * struct acrn_mmiodev_given - registers of a device
 * @given: as one of the things that the VM was given
 * @vm: the VM
 * @name: in /proc/iomem
 * @claims: the registers; NULL: no range
 * @places: where they are in the VM; NULL: no range
 * @listed: Linux's table of resources has them
 * @arg: which they are, and the hypervisor's block
 *
 * The name is apart: if the VM is given up, it stays with the ranges.
 */
struct acrn_mmiodev_given {
	struct acrn_given given;
	struct acrn_vm *vm;
	char *name;
	struct acrn_claim *claims[ACRN_MMIODEV_RANGES];
	struct acrn_mapping *places[ACRN_MMIODEV_RANGES];
	bool listed[ACRN_MMIODEV_RANGES];
	struct acrn_mmiodev_arg arg;
};

/**
 * struct acrn_pio_given - ports of a device
 * @given: as one of the things that the VM was given
 * @name: in /proc/ioports; apart as the other is
 * @param: which they are
 */
struct acrn_pio_given {
	struct acrn_given given;
	char *name;
	struct acrn_a2_pio_region param;
};

/**
 * struct acrn_line_given - the line of a device that is no PCI device
 * @given: as one of the things that the VM was given
 * @param: which it is
 */
struct acrn_line_given {
	struct acrn_given given;
	struct acrn_hc_ptdev_irq param;
};

#define acrn_to_mmiodev(ptr)	container_of(ptr, struct acrn_mmiodev_given, given)
#define acrn_to_pio(ptr)	container_of(ptr, struct acrn_pio_given, given)
#define acrn_to_line(ptr)	container_of(ptr, struct acrn_line_given, given)

/* For the tables of resources, which keep the pointer */
static char *acrn_resource_name(const struct acrn_vm *vm)
{
	return kasprintf(GFP_KERNEL_ACCOUNT, "ACRN VM %u", vm->vmid);
}

static int acrn_platdev_has(struct device *dev, void *res)
{
	const struct platform_device *pdev = to_platform_device(dev);
	const struct resource *its = pdev->resource;

	return its <= (struct resource *)res &&
	       (struct resource *)res < its + pdev->num_resources;
}

/*
 * Has Linux note that a range is in use.  It has to lie in the registers of a device of
 * which a firmware's table or a driver has told Linux: not in a hole, or in what is
 * reserved beside RAM, where the hypervisor may be.
 */
static int acrn_range_request(const struct acrn_mmio_range *range, const char *name)
{
	u64 last = range->hpa + range->size - 1;
	const struct resource *res;

	res = request_mem_region(range->hpa, range->size, name);
	if (!res) {
		pr_notice_ratelimited("registers %#llx-%#llx cannot be given to a VM: they are in use, or not of one device\n",
				      range->hpa, last);
		return -EBUSY;
	}
	if (bus_for_each_dev(&platform_bus_type, NULL, res->parent, acrn_platdev_has))
		return 0;

	release_mem_region(range->hpa, range->size);
	pr_notice_ratelimited("registers %#llx-%#llx cannot be given to a VM: no device is known there, or a PCI device\n",
			      range->hpa, last);
	return -EINVAL;
}

static void acrn_mmiodev_unreserve(struct acrn_mmiodev_given *dev)
{
	unsigned int i;

	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		if (dev->places[i])
			acrn_mm_unreserve(dev->vm, dev->places[i]);
	}
}

static void acrn_mmiodev_unlist(struct acrn_mmiodev_given *dev, unsigned int i)
{
	const struct acrn_mmio_range *range = &dev->arg.ranges[i];

	if (dev->listed[i])
		release_mem_region(range->hpa, range->size);
	dev->listed[i] = false;
}

static void acrn_mmiodev_unclaim(struct acrn_mmiodev_given *dev)
{
	unsigned int i;

	acrn_mmiodev_unreserve(dev);
	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		acrn_claim_drop(dev->claims[i]);
		acrn_mmiodev_unlist(dev, i);
	}
}

/* From Linux and from other VMs */
static struct acrn_claim *acrn_range_claim(struct acrn_vm *vm,
					   const struct acrn_mmio_range *range,
					   const char *name)
{
	struct acrn_claim *claim;
	int ret;

	ret = acrn_range_request(range, name);
	if (ret)
		return ERR_PTR(ret);
	claim = acrn_claim_make(vm, range->hpa, range->hpa + range->size - 1, true);
	if (IS_ERR(claim))
		release_mem_region(range->hpa, range->size);
	return claim;
}

/*
 * In the VM there may be nothing else.  When they go back the hypervisor looks whether
 * all of a range is there, and if not, it takes nothing of it and says that it did.
 */
static int acrn_mmiodev_claim(struct acrn_vm *vm, struct acrn_mmiodev_given *dev)
{
	const struct acrn_mmio_range *range;
	struct acrn_mapping *place;
	struct acrn_claim *claim;
	unsigned int i;
	int ret;

	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		range = &dev->arg.ranges[i];
		if (!range->size)
			continue;
		claim = acrn_range_claim(vm, range, dev->name);
		if (IS_ERR(claim)) {
			ret = PTR_ERR(claim);
			goto err_unclaim;
		}
		dev->claims[i] = claim;
		dev->listed[i] = true;
		place = acrn_mm_reserve(vm, range->gpa, range->size);
		if (IS_ERR(place)) {
			ret = PTR_ERR(place);
			goto err_unclaim;
		}
		dev->places[i] = place;
	}
	return 0;

err_unclaim:
	acrn_mmiodev_unclaim(dev);
	return ret;
}

/* The guest must not keep in a memseg what goes back. */
static int acrn_mmiodev_take_back(struct acrn_vm *vm, struct acrn_given *given)
{
	struct acrn_mmiodev_given *dev = acrn_to_mmiodev(given);
	const struct acrn_claim *claim;
	unsigned int i;
	int ret;

	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		claim = dev->claims[i];
		if (!claim)
			continue;
		ret = acrn_mm_unmap_mmio(vm, claim->start, claim->last);
		if (ret)
			return ret;
	}
	return acrn_hc_deassign_mmiodev(vm->vmid, &dev->arg.param);
}

static void acrn_mmiodev_release(struct acrn_given *given, bool ending)
{
	struct acrn_mmiodev_given *dev = acrn_to_mmiodev(given);

	acrn_mmiodev_unclaim(dev);
	kfree(dev->name);
	kfree(dev);
}

/* Linux goes on taking the ranges for used, under that name; the claims stay, too. */
static void acrn_mmiodev_lose(struct acrn_given *given)
{
	struct acrn_mmiodev_given *dev = acrn_to_mmiodev(given);

	acrn_mmiodev_unreserve(dev);
	kfree(dev);
}

static const char *acrn_mmiodev_name(const struct acrn_given *given)
{
	return "registers of a device";
}

static const struct acrn_given_kind acrn_mmiodev_kind = {
	.take_back = acrn_mmiodev_take_back,
	.release = acrn_mmiodev_release,
	.lose = acrn_mmiodev_lose,
	.name = acrn_mmiodev_name,
};

int acrn_check_mmiodev(const union acrn_ioctl_arg *arg)
{
	const struct acrn_mmio_range *range;
	u64 limit = 1ULL << boot_cpu_data.x86_phys_bits;
	bool any = false;
	unsigned int i;

	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		range = &arg->mmiodev.ranges[i];
		if (!PAGE_ALIGNED(range->gpa | range->hpa | range->size))
			return -EINVAL;
		if (range->size > limit || range->gpa > limit - range->size ||
		    range->hpa > limit - range->size)
			return -EINVAL;
		any |= range->size;
	}
	return any ? 0 : -EINVAL;
}

/* Device models need not say the name again. */
static bool acrn_mmiodev_is(const struct acrn_given *given, const void *key)
{
	const struct acrn_mmiodev_arg *asked = key;

	return !memcmp(acrn_to_mmiodev(given)->arg.ranges, asked->ranges,
		       sizeof(asked->ranges));
}

int acrn_ioctl_assign_mmiodev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_mmiodev_given *dev;
	int ret;

	lockdep_assert_held(&vm->lock);

	dev = kzalloc(sizeof(*dev), GFP_KERNEL_ACCOUNT);
	if (!dev)
		return -ENOMEM;
	dev->vm = vm;
	dev->arg = arg->mmiodev;
	dev->name = acrn_resource_name(vm);
	if (!dev->name) {
		ret = -ENOMEM;
		goto err_free;
	}
	ret = acrn_mmiodev_claim(vm, dev);
	if (ret)
		goto err_name;

	ret = acrn_hc_assign_mmiodev(vm->vmid, &dev->arg.param);
	if (ret)
		goto err_deassign;
	acrn_given_add(vm, &dev->given, &acrn_mmiodev_kind, true);
	return 0;

err_deassign:
	/* It may have been done, or a part of it.  What was not, this does not change. */
	acrn_hc_deassign_mmiodev(vm->vmid, &dev->arg.param);
	acrn_mmiodev_unclaim(dev);
err_name:
	kfree(dev->name);
err_free:
	kfree(dev);
	return ret;
}

int acrn_ioctl_deassign_mmiodev(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_given *given;

	given = acrn_given_find(vm, &acrn_mmiodev_kind, acrn_mmiodev_is, &arg->mmiodev);
	return given ? acrn_given_take_back(vm, given, false) : -ENOENT;
}

static bool acrn_mmiodev_is_in(const struct acrn_mmiodev_given *dev, unsigned int i,
			       const struct resource *res)
{
	const struct acrn_mmio_range *range = &dev->arg.ranges[i];

	return dev->listed[i] && range->hpa >= res->start && range->hpa <= res->end;
}

static bool acrn_mmiodev_has(const struct acrn_given *given, const void *key)
{
	unsigned int i;

	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		if (acrn_mmiodev_is_in(acrn_to_mmiodev(given), i, key))
			return true;
	}
	return false;
}

/*
 * From v2.1 on the hypervisor takes nothing from a VM that runs.  Then only other VMs are
 * kept away from the registers: Linux drops all that its table has below the device's.
 */
static void acrn_mmiodev_keep(struct acrn_mmiodev_given *dev, const struct resource *res)
{
	unsigned int i;

	for (i = 0; i < ACRN_MMIODEV_RANGES; i++) {
		if (acrn_mmiodev_is_in(dev, i, res))
			acrn_mmiodev_unlist(dev, i);
	}
}

/* A VM must not have registers any longer whose device is being removed from Linux. */
static void acrn_mmiodev_unplug(struct acrn_vm *vm, struct device *device,
				const struct resource *res)
{
	struct acrn_given *given;
	int ret;

	mutex_lock(&vm->lock);
	while ((given = acrn_given_find(vm, &acrn_mmiodev_kind, acrn_mmiodev_has, res))) {
		ret = acrn_given_take_back(vm, given, false);
		if (!ret)
			continue;
		dev_warn_ratelimited(device, "removed while VM %u has it, which keeps it (%d)\n",
				     vm->vmid, ret);
		acrn_mmiodev_keep(acrn_to_mmiodev(given), res);
	}
	mutex_unlock(&vm->lock);
}

static int acrn_pio_take_back(struct acrn_vm *vm, struct acrn_given *given)
{
	return acrn_hc_deassign_pio(vm->vmid, &acrn_to_pio(given)->param);
}

static void acrn_pio_release(struct acrn_given *given, bool ending)
{
	struct acrn_pio_given *pio = acrn_to_pio(given);

	release_region(pio->param.port, pio->param.size);
	kfree(pio->name);
	kfree(pio);
}

/* Linux goes on taking the ports for used, under that name. */
static void acrn_pio_lose(struct acrn_given *given)
{
	kfree(acrn_to_pio(given));
}

static const char *acrn_pio_name(const struct acrn_given *given)
{
	return "ports of a device";
}

static const struct acrn_given_kind acrn_pio_kind = {
	.take_back = acrn_pio_take_back,
	.release = acrn_pio_release,
	.lose = acrn_pio_lose,
	.name = acrn_pio_name,
};

int acrn_check_pio(const union acrn_ioctl_arg *arg)
{
	const struct acrn_a2_pio_region *pio = &arg->pio;

	return pio->size && pio->port + pio->size <= 0x10000 ? 0 : -EINVAL;
}

static bool acrn_pio_is(const struct acrn_given *given, const void *key)
{
	const struct acrn_a2_pio_region *had = &acrn_to_pio(given)->param, *asked = key;

	return had->port == asked->port && had->size == asked->size;
}

int acrn_ioctl_assign_pio(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_pio_given *pio;
	int ret;

	lockdep_assert_held(&vm->lock);

	pio = kmalloc(sizeof(*pio), GFP_KERNEL_ACCOUNT);
	if (!pio)
		return -ENOMEM;
	pio->param = arg->pio;
	pio->name = acrn_resource_name(vm);
	if (!pio->name) {
		ret = -ENOMEM;
		goto err_free;
	}
	if (!request_region(pio->param.port, pio->param.size, pio->name)) {
		pr_notice_ratelimited("ports %#x-%#x cannot be given to a VM: they are in use\n",
				      pio->param.port,
				      pio->param.port + pio->param.size - 1);
		ret = -EBUSY;
		goto err_name;
	}

	ret = acrn_hc_assign_pio(vm->vmid, &pio->param);
	if (ret)
		goto err_deassign;
	acrn_given_add(vm, &pio->given, &acrn_pio_kind, true);
	return 0;

err_deassign:
	/* It may have been done all the same; else this does nothing. */
	acrn_hc_deassign_pio(vm->vmid, &pio->param);
	release_region(pio->param.port, pio->param.size);
err_name:
	kfree(pio->name);
err_free:
	kfree(pio);
	return ret;
}

int acrn_ioctl_deassign_pio(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_given *given;

	given = acrn_given_find(vm, &acrn_pio_kind, acrn_pio_is, &arg->pio);
	return given ? acrn_given_take_back(vm, given, false) : -ENOENT;
}

static int acrn_line_take_back(struct acrn_vm *vm, struct acrn_given *given)
{
	return acrn_hc_reset_ptdev_intr_info(vm->vmid, &acrn_to_line(given)->param);
}

static void acrn_line_release(struct acrn_given *given, bool ending)
{
	kfree(acrn_to_line(given));
}

static const char *acrn_line_name(const struct acrn_given *given)
{
	return "the line of a device";
}

static const struct acrn_given_kind acrn_line_kind = {
	.take_back = acrn_line_take_back,
	.release = acrn_line_release,
	.name = acrn_line_name,
};

static bool acrn_line_is(const struct acrn_given *given, const void *key)
{
	const struct acrn_hc_ptdev_irq *asked = key;

	return acrn_to_line(given)->param.virt_pin == asked->virt_pin;
}

/**
 * acrn_line_set() - map the line of a device that is no PCI device
 * @vm: the locked VM
 * @irq: from which pin to which; its BDFs name no device
 *
 * Return: 0 or a negative errno; -ENOENT: with this hypervisor there are none.
 */
int acrn_line_set(struct acrn_vm *vm, const struct acrn_hc_ptdev_irq *irq)
{
	struct acrn_line_given *line;
	struct acrn_given *old;
	int ret;

	/* v1.x would put a function 0xffff into the VM's table, and panic later. */
	if (!acrn_hv_has_lines())
		return -ENOENT;
	if (irq->type != ACRN_PTDEV_IRQ_INTX || irq->virt_bdf != ACRN_NO_PCI_DEVICE)
		return -EINVAL;

	line = kmalloc(sizeof(*line), GFP_KERNEL_ACCOUNT);
	if (!line)
		return -ENOMEM;
	line->param = *irq;
	ret = acrn_hc_set_ptdev_intr_info(vm->vmid, &line->param);
	if (ret) {
		kfree(line);
		return ret;
	}
	/* The pin is mapped once, to what was asked for last. */
	old = acrn_given_find(vm, &acrn_line_kind, acrn_line_is, irq);
	if (old) {
		list_del(&old->node);
		kfree(acrn_to_line(old));
	}
	/* The hypervisor takes lines back from a VM that it destroys. */
	acrn_given_add(vm, &line->given, &acrn_line_kind, false);
	return 0;
}

/* @irq: as it was mapped, as far as the pin */
int acrn_line_reset(struct acrn_vm *vm, const struct acrn_hc_ptdev_irq *irq)
{
	struct acrn_given *given;

	if (irq->type != ACRN_PTDEV_IRQ_INTX || irq->virt_bdf != ACRN_NO_PCI_DEVICE)
		return -ENOENT;
	given = acrn_given_find(vm, &acrn_line_kind, acrn_line_is, irq);
	return given ? acrn_given_take_back(vm, given, false) : -ENOENT;
}

static int acrn_platdev_bus_event(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct platform_device *pdev = to_platform_device(data);
	const struct resource *res;
	struct acrn_vm *vm;
	unsigned int i;
	u64 next;

	if (event != BUS_NOTIFY_DEL_DEVICE)
		return NOTIFY_DONE;

	for (i = 0; i < pdev->num_resources; i++) {
		res = &pdev->resource[i];
		if (resource_type(res) != IORESOURCE_MEM)
			continue;
		next = res->start;
		while ((vm = acrn_claims_owner_get(&next, res->end))) {
			acrn_mmiodev_unplug(vm, data, res);
			acrn_vm_put(vm);
		}
	}
	return NOTIFY_OK;
}

static struct notifier_block acrn_platdev_nb = {
	.notifier_call = acrn_platdev_bus_event,
};

int acrn_platdev_init(void)
{
	return bus_register_notifier(&platform_bus_type, &acrn_platdev_nb);
}

void acrn_platdev_exit(void)
{
	bus_unregister_notifier(&platform_bus_type, &acrn_platdev_nb);
}
