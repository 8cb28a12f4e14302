// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Devices that the Service VM gives to User VMs, with ACRN's rules and with what it
 * does wrong.  Only a device's interrupts are given in truth, and its DMA if the machine
 * has an IOMMU.  What matters is who has what, and what ACRN answers.
 *
 * v1.x has two books: to which VM the IOMMU sends a device's DMA, and in which VM's
 * table of PCI functions it is.  ASSIGN changes the first, SET_PTDEV_INTR the second,
 * and when they differ at DESTROY_VM, ACRN panics.  Later releases have one.
 *
 * All of it is under hv_lock.
 */
#include "generation.h"
#include "report.h"
#include "abi.h"
#include "cpu.h"
#include "pci.h"
#include "ram.h"
#include "iommu.h"
#include "vms.h"
#include "intx.h"
#include "msi.h"
#include "devices.h"

#define BDFS		0x10000
#define NOT_PCI		0xffffU	/* v3.3: an interrupt of something else */
#define FUNCTIONS_MAX	96	/* of a VM, since CREATE_VM */
#define VECTORS_MAX	16	/* of an MSI-X device */
#define PINS_MAX	16	/* of a VM that have a line */
#define VIRTUAL_PINS	48
#define GSIS		120
#define RANGES		8	/* of a VM, of MMIO and of ports */
#define VDEVS		8

#define HEADER_BRIDGE	1
#define BUS_0_FUNCTIONS	256

static u8 dma_owner[BDFS];	/* vmid, 0: the Service VM, TESTBED_NOBODY */
static u8 function_owner[BDFS];
static bool is_device[BUS_0_FUNCTIONS];
static struct hc_pcidev blocks[BUS_0_FUNCTIONS];	/* what ASSIGN_PCIDEV said last */
static bool changed;	/* who has what, since all was the Service VM's */

struct range {
	u64 start;
	u64 size;
};

struct pin {
	u16 phys_bdf;
	u32 virt;
	u32 phys;
	bool used;
};

struct vdev {
	u64 id;		/* 0: none */
	u16 slot;
};

/**
 * struct given - what a VM has
 * @functions: how often a function was put into its table
 * @pins: lines of devices
 * @mmio: ranges of memory
 * @ports: ranges of ports
 * @vdevs: virtual devices
 */
static struct given {
	u32 functions;
	struct pin pins[PINS_MAX];
	struct range mmio[RANGES];
	struct range ports[RANGES];
	struct vdev vdevs[VDEVS];
} given[TESTBED_MAX_VMS];

static struct given *given_to(const struct vm *vm)
{
	return &given[vm->vmid - 1];
}

static void set_dma(u32 bdf, u32 owner)
{
	const struct vm *vm = vm_find(owner);

	dma_owner[bdf] = owner;
	if (owner)
		iommu_give(bdf, vm ? vm->npt : NULL, owner);
	else
		iommu_give_back(bdf);
}

/**
 * devices_find() - look which PCI devices there are, before the Service VM does
 *
 * On bus 0; bridges are none that could be given.
 */
void devices_find(void)
{
	u32 bdf;

	for (bdf = 0; bdf < BUS_0_FUNCTIONS; bdf++) {
		is_device[bdf] = (u16)pci_read(bdf, PCI_ID) != 0xffff &&
				 (pci_read(bdf, PCI_HEADER) >> 16 & 0x7f) != HEADER_BRIDGE;
		if (is_device[bdf])
			msi_find(bdf);
	}
}

/**
 * devices_forget() - as after a reboot: the Service VM has what no VM has
 */
void devices_forget(void)
{
	u32 bdf;

	if (!changed)
		return;
	changed = false;
	for (bdf = 0; bdf < BDFS; bdf++) {
		if (dma_owner[bdf] && !vm_find(dma_owner[bdf]))
			set_dma(bdf, 0);
		if (!vm_find(function_owner[bdf]))
			function_owner[bdf] = 0;
		changed |= dma_owner[bdf] || function_owner[bdf];
	}
}

/**
 * devices_begin() - a VM begins without devices
 * @vm: the VM
 */
void devices_begin(struct vm *vm)
{
	memset(given_to(vm), 0, sizeof(struct given));
}

static void end_functions_1x(struct vm *vm)
{
	u32 bdf;

	for (bdf = 0; bdf < BDFS; bdf++) {
		if (function_owner[bdf] == vm->vmid) {
			function_owner[bdf] = 0;
			if (dma_owner[bdf] != vm->vmid)
				complain("DESTROY_VM: vm%u has the function 0x%x, but not its DMA: ACRN panics",
					 vm->vmid, bdf);
			else
				set_dma(bdf, 0);
		}
		if (dma_owner[bdf] == vm->vmid) {
			set_dma(bdf, TESTBED_NOBODY);
			complain("DESTROY_VM: vm%u keeps the DMA of 0x%x, which goes to memory that is free",
				 vm->vmid, bdf);
		}
	}
}

static u32 ranges_left(const struct range *r)
{
	u32 i, n = 0;

	for (i = 0; i < RANGES; i++)
		n += r[i].size != 0;
	return n;
}

/**
 * devices_end() - a VM is destroyed
 * @vm: the VM
 */
void devices_end(struct vm *vm)
{
	struct given *g = given_to(vm);
	u32 bdf, i;

	for (i = 0; i < PINS_MAX; i++)
		if (g->pins[i].used)
			intx_stop(vm, g->pins[i].phys, g->pins[i].virt);
	msi_end(vm);
	if (!changed)
		return;
	if (generation->number < GENERATION_1_6) {
		end_functions_1x(vm);
		return;
	}
	for (bdf = 0; bdf < BDFS; bdf++)
		if (dma_owner[bdf] == vm->vmid)
			set_dma(bdf, 0);
	if (ranges_left(g->mmio) || ranges_left(g->ports))
		complain("DESTROY_VM: vm%u keeps ranges of memory or ports until the next boot",
			 vm->vmid);
}

/**
 * devices_owner() - who has a device
 * @bdf: the device
 * @dma: set to the VM to which its DMA goes
 * @function: set to the VM in whose table of functions it is, in v1.x
 *
 * Return: false if there is no such BDF.
 */
bool devices_owner(u64 bdf, u64 *dma, u64 *function)
{
	if (bdf >= BDFS)
		return false;
	*dma = dma_owner[bdf];
	*function = function_owner[bdf];
	return true;
}

/**
 * devices_block() - what HC_ASSIGN_PCIDEV was told of a device
 * @bdf: the device
 * @n: which word of the last such block
 * @value: set to it
 *
 * Return: false if there is no such device or word.
 */
bool devices_block(u64 bdf, u64 n, u64 *value)
{
	if (bdf >= BUS_0_FUNCTIONS || n >= sizeof(blocks[0]) / sizeof(u32))
		return false;
	*value = ((const u32 *)&blocks[bdf])[n];
	return true;
}

/* By value, or, which nobody should use any more, in memory */
static bool get_bdf(u64 param, u32 *bdf)
{
	const u16 *block;

	*bdf = param;
	if (param < BDFS)
		return true;
	complain("a BDF in memory, at 0x%lx", param);
	block = service_ram(param, sizeof(*block));
	if (block)
		*bdf = *block;
	return block;
}

/**
 * hc_assign_ptdev() - HC_ASSIGN_PTDEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: BDF, or the address of one
 *
 * Return: 0; -EINVAL if the VM is off, -EIO if the address is bad; -1 if the device is not
 * the Service VM's.
 */
s64 hc_assign_ptdev(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "ASSIGN_PTDEV");
	u32 bdf;

	if (!vm)
		return -EINVAL;
	if (!get_bdf(param, &bdf))
		return -EIO;
	note(cpu, " bdf=0x%x", bdf);
	if (dma_owner[bdf])
		return -1;
	set_dma(bdf, vm->vmid);
	changed = true;
	return 0;
}

/**
 * hc_deassign_ptdev() - HC_DEASSIGN_PTDEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: BDF, or the address of one
 *
 * Return: 0; -1 if the VM is off, the address is bad or the device is not the VM's.
 */
s64 hc_deassign_ptdev(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "DEASSIGN_PTDEV");
	u32 bdf;

	if (!vm || !get_bdf(param, &bdf))
		return -1;
	note(cpu, " bdf=0x%x", bdf);
	if (dma_owner[bdf] != vm->vmid)
		return -1;
	set_dma(bdf, 0);
	return 0;
}

static bool in_state(const struct vm *vm, bool paused_too)
{
	return !generation->strict_states || vm->state == TESTBED_VM_CREATED ||
	       (paused_too && vm->state == TESTBED_VM_PAUSED);
}

static s64 change_pcidev(struct cpu *cpu, u64 vmid, u64 param, bool assign)
{
	struct vm *vm = vm_get(vmid, assign ? "ASSIGN_PCIDEV" : "DEASSIGN_PCIDEV");
	const struct hc_pcidev *block;
	u32 bdf;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "PCIDEV's block");
	if (!block)
		return -1;
	bdf = block->phys_bdf;
	note(cpu, " bdf=0x%x", bdf);
	if (!in_state(vm, !assign))
		return -EINVAL;
	if (bdf >= BUS_0_FUNCTIONS || !is_device[bdf] ||
	    dma_owner[bdf] != (assign ? 0 : vm->vmid))
		return -ENODEV;
	if (assign)
		blocks[bdf] = *block;
	else if (block->virt_bdf != blocks[bdf].virt_bdf)
		return -ENODEV;
	set_dma(bdf, assign ? vm->vmid : 0);
	changed = true;
	return 0;
}

/**
 * hc_assign_pcidev() - HC_ASSIGN_PCIDEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_pcidev
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad; -EINVAL if the
 * VM is not CREATED; -ENODEV if there is no such device to be given.
 */
s64 hc_assign_pcidev(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_pcidev(cpu, vmid, param, true);
}

/**
 * hc_deassign_pcidev() - HC_DEASSIGN_PCIDEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_pcidev, of which the BDFs count
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad; -EINVAL if the
 * VM is neither CREATED nor PAUSED; -ENODEV if the device is not the VM's.
 */
s64 hc_deassign_pcidev(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_pcidev(cpu, vmid, param, false);
}

static struct pin *find_pin(struct given *g, const struct hc_ptdev_irq *p)
{
	u32 i;

	for (i = 0; i < PINS_MAX; i++)
		if (g->pins[i].used && g->pins[i].virt == p->virt_pin)
			return &g->pins[i];
	return NULL;
}

static bool line_is_taken(const struct vm *vm, u32 phys)
{
	u32 i, k;

	for (i = 0; i < TESTBED_MAX_VMS; i++)
		for (k = 0; i != vm->vmid - 1 && k < PINS_MAX; k++)
			if (vm_find(i + 1) && given[i].pins[k].used &&
			    given[i].pins[k].phys == phys)
				return true;
	return false;
}

static bool add_pin(struct vm *vm, const struct hc_ptdev_irq *p)
{
	struct given *g = given_to(vm);
	struct pin *pin = find_pin(g, p);
	u32 i;

	if (p->virt_pin >= VIRTUAL_PINS || p->phys_pin >= GSIS || line_is_taken(vm, p->phys_pin))
		return false;
	for (i = 0; !pin && i < PINS_MAX; i++)
		if (!g->pins[i].used)
			pin = &g->pins[i];
	if (!pin)
		return false;
	if (pin->used)
		intx_stop(vm, pin->phys, pin->virt);
	*pin = (struct pin){ p->phys_bdf, p->virt_pin, p->phys_pin, true };
	if (!p->pic_pin && dma_owner[p->phys_bdf] == vm->vmid)
		intx_pass(vm, p->phys_pin, p->virt_pin);
	return true;
}

/* v1.x gives the function before it looks at anything else. */
static s64 set_intr_1x(struct vm *vm, const struct hc_ptdev_irq *p)
{
	struct given *g = given_to(vm);

	function_owner[p->phys_bdf] = vm->vmid;
	changed = true;
	if (dma_owner[p->phys_bdf] != vm->vmid)
		complain("SET_PTDEV_INTR: vm%u was not assigned 0x%x", vm->vmid, p->phys_bdf);
	if (++g->functions > FUNCTIONS_MAX)
		complain("SET_PTDEV_INTR: vm%u: ACRN writes past the end of its table", vm->vmid);
	if (p->type == PTDEV_INTX)
		return add_pin(vm, p) ? 0 : -ENODEV;
	if (p->type > PTDEV_MSIX || p->virt_pin > VECTORS_MAX)
		return -1;
	if (p->type == PTDEV_MSI && dma_owner[p->phys_bdf] == vm->vmid &&
	    !msi_pass(vm, p->phys_bdf))
		return -ENODEV;
	return 0;
}

static s64 set_intr(struct vm *vm, const struct hc_ptdev_irq *p)
{
	bool pci = generation->number < GENERATION_3_3 || p->phys_bdf != NOT_PCI;

	if (p->type != PTDEV_INTX || !in_state(vm, false) ||
	    (pci && (dma_owner[p->phys_bdf] != vm->vmid ||
		     p->virt_bdf != blocks[p->phys_bdf].virt_bdf)))
		return -1;
	return add_pin(vm, p) ? 0 : -1;
}

static void check_irq(const struct hc_ptdev_irq *p)
{
	bool line = p->type == PTDEV_INTX;

	if (p->pic_pin > line || p->reserved[0] || p->reserved[1] || p->reserved[2] || p->padding)
		complain("PTDEV_INTR: pic_pin %u, or the padding is not zero", p->pic_pin);
	if (!line && p->phys_pin)
		complain("PTDEV_INTR: %u in place of a pin", p->phys_pin);
}

/**
 * hc_set_ptdev_intr() - HC_SET_PTDEV_INTR_INFO
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_ptdev_irq
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad or the device, its
 * kind of interrupt or the state is wrong; in v1.x -ENODEV if there is no room.
 */
s64 hc_set_ptdev_intr(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "SET_PTDEV_INTR");
	const struct hc_ptdev_irq *block;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "PTDEV_INTR's block");
	if (!block)
		return -1;
	note(cpu, " type=%u bdf=0x%x", block->type, block->phys_bdf);
	check_irq(block);
	return generation->number < GENERATION_1_6 ? set_intr_1x(vm, block) :
						     set_intr(vm, block);
}

/**
 * hc_reset_ptdev_intr() - HC_RESET_PTDEV_INTR_INFO
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_ptdev_irq
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad or the kind of
 * interrupt, their number or the state is wrong.
 */
s64 hc_reset_ptdev_intr(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "RESET_PTDEV_INTR");
	const struct hc_ptdev_irq *block;
	struct pin *pin;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "PTDEV_INTR's block");
	if (!block)
		return -1;
	note(cpu, " type=%u bdf=0x%x", block->type, block->phys_bdf);
	check_irq(block);
	if (generation->number < GENERATION_1_6) {
		if (block->type > PTDEV_MSIX ||
		    (block->type != PTDEV_INTX && block->virt_pin > VECTORS_MAX))
			return -1;
		if (function_owner[block->phys_bdf] == vm->vmid)
			function_owner[block->phys_bdf] = 0;
		if (block->type != PTDEV_INTX)
			msi_stop(vm, block->phys_bdf);
	} else if (block->type != PTDEV_INTX || !in_state(vm, true)) {
		return -1;
	}
	pin = block->type == PTDEV_INTX ? find_pin(given_to(vm), block) : NULL;
	if (pin) {
		intx_stop(vm, pin->phys, pin->virt);
		pin->used = false;
	}
	return 0;
}

static struct range *find_range(struct range *r, u64 start, u64 size)
{
	u32 i;

	for (i = 0; i < RANGES; i++)
		if (r[i].start == start && r[i].size == size)
			return &r[i];
	return NULL;
}

/* Does any VM but @vm have a part of it? */
static bool other_has(const struct vm *vm, bool ports, u64 start, u64 size)
{
	const struct range *r;
	u32 i, k;

	for (i = 0; i < TESTBED_MAX_VMS; i++) {
		if (i == vm->vmid - 1 || !vm_find(i + 1))
			continue;
		r = ports ? given[i].ports : given[i].mmio;
		for (k = 0; k < RANGES; k++)
			if (r[k].start < start + size && start < r[k].start + r[k].size)
				return true;
	}
	return false;
}

static s64 change_range(struct range *ranges, u64 start, u64 size, bool add)
{
	struct range *r = add ? find_range(ranges, 0, 0) : find_range(ranges, start, size);

	if (!r)
		return -EINVAL;
	*r = add ? (struct range){ start, size } : (struct range){ 0, 0 };
	changed = true;
	return 0;
}

static s64 change_mmio(struct vm *vm, u64 gpa, u64 hpa, u64 size, bool add)
{
	struct range *ranges = given_to(vm)->mmio;

	if ((gpa | hpa | size) & ~PAGE_MASK)
		return -EINVAL;
	if (!size)
		return 0;
	/* v2.6 and later put anything that there is into the VM, or into the Service VM. */
	if (in_hypervisor(hpa, size) || service_ram(hpa, PAGE_SIZE))
		complain("MMIODEV: vm%u: 0x%lx is no device", vm->vmid, hpa);
	if (other_has(vm, false, hpa, size))
		complain("MMIODEV: vm%u: another VM has 0x%lx", vm->vmid, hpa);
	if (generation->number >= GENERATION_2_6 && !add && !find_range(ranges, hpa, size))
		return 0;
	return change_range(ranges, hpa, size, add);
}

static s64 change_mmiodev(struct cpu *cpu, u64 vmid, u64 param, bool add)
{
	struct vm *vm = vm_get(vmid, add ? "ASSIGN_MMIODEV" : "DEASSIGN_MMIODEV");
	bool named = generation->number >= GENERATION_2_6;
	u64 size = named ? sizeof(struct hc_mmiodev) : sizeof(struct hc_mmiodev_old);
	const struct hc_mmiodev_old *old;
	const struct hc_mmiodev *new;
	s64 result = 0;
	u32 i;

	if (!vm)
		return generation->no_vm;
	old = param_block(param, size, "MMIODEV's block");
	new = (const void *)old;
	if (!old)
		return -1;
	if (!in_state(vm, !add))
		return -EINVAL;
	if (!named)
		return old->size ? change_mmio(vm, old->gpa, old->hpa, old->size, add) : -EINVAL;
	/* One that is wrong stops it: those before are done. */
	for (i = 0; !result && i < ARRAY_SIZE(new->res); i++)
		result = change_mmio(vm, new->res[i].user_pa, new->res[i].host_pa,
				     new->res[i].size, add);
	return result;
}

/**
 * hc_assign_mmiodev() - HC_ASSIGN_MMIODEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_mmiodev_old or struct hc_mmiodev
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad; -EINVAL if the
 * range or the state is wrong.
 */
s64 hc_assign_mmiodev(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_mmiodev(cpu, vmid, param, true);
}

/**
 * hc_deassign_mmiodev() - HC_DEASSIGN_MMIODEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_mmiodev_old or struct hc_mmiodev
 *
 * Return: as hc_assign_mmiodev().
 */
s64 hc_deassign_mmiodev(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_mmiodev(cpu, vmid, param, false);
}

/* ACRN looks for it by its slot, and for what is no PCI device by its kind. */
static bool is_vdev(const struct vdev *vdev, u64 id, u16 slot)
{
	if (id >> 32)
		return vdev->id == id;
	return vdev->id && !(vdev->id >> 32) && vdev->slot == slot;
}

static struct vdev *find_vdev(struct given *g, u64 id, u16 slot)
{
	u32 i;

	for (i = 0; i < VDEVS; i++)
		if (is_vdev(&g->vdevs[i], id, slot))
			return &g->vdevs[i];
	return NULL;
}

static struct vdev *find_no_vdev(struct given *g)
{
	u32 i;

	for (i = 0; i < VDEVS; i++)
		if (!g->vdevs[i].id)
			return &g->vdevs[i];
	return NULL;
}

static s64 change_vdev(struct cpu *cpu, u64 vmid, u64 param, bool add)
{
	struct vm *vm = vm_get(vmid, add ? "ADD_VDEV" : "REMOVE_VDEV");
	const struct hc_vdev *block;
	struct vdev *vdev;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "VDEV's block");
	if (!block)
		return -1;
	note(cpu, " id=0x%lx slot=0x%lx", block->id, block->slot & 0xffff);
	if (!in_state(vm, !add) || !(u32)block->id)
		return -EINVAL;
	vdev = find_vdev(given_to(vm), block->id, block->slot);
	if (add && vdev)
		complain("ADD_VDEV: vm%u has one in slot 0x%lx", vm->vmid, block->slot & 0xffff);
	if (!add && vdev && vdev->id != block->id)
		complain("REMOVE_VDEV: vm%u: what is in slot 0x%lx is of another kind",
			 vm->vmid, block->slot & 0xffff);
	if (add)
		vdev = vdev ? NULL : find_no_vdev(given_to(vm));
	if (!vdev)
		return -EINVAL;
	*vdev = add ? (struct vdev){ block->id, block->slot } : (struct vdev){ 0 };
	return 0;
}

/**
 * hc_add_vdev() - HC_ADD_VDEV: a device that the hypervisor emulates
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_vdev
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad; -EINVAL if there
 * is no such device or the state is wrong.
 */
s64 hc_add_vdev(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_vdev(cpu, vmid, param, true);
}

/**
 * hc_remove_vdev() - HC_REMOVE_VDEV
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_vdev
 *
 * Return: as hc_add_vdev().
 */
s64 hc_remove_vdev(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_vdev(cpu, vmid, param, false);
}

static s64 change_pio(struct cpu *cpu, u64 vmid, u64 param, bool add)
{
	struct vm *vm = vm_get(vmid, add ? "ASSIGN_PIO_REGION" : "DEASSIGN_PIO_REGION");
	const struct hc_pio_region *block;

	if (!vm)
		return generation->no_vm;
	block = param_block(param, sizeof(*block), "PIO_REGION's block");
	if (!block)
		return -1;
	note(cpu, " ports=0x%x+%u", block->port, block->size);
	if (!in_state(vm, !add) || !block->size || block->port + block->size > 0x10000)
		return -EINVAL;
	if (other_has(vm, true, block->port, block->size)) {
		complain("PIO_REGION: vm%u: another VM has 0x%x", vm->vmid, block->port);
		return -EINVAL;
	}
	return change_range(given_to(vm)->ports, block->port, block->size, add);
}

/**
 * hc_assign_pio() - HC_ASSIGN_PIO_REGION
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_pio_region
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if the address is bad; -EINVAL if the
 * ports or the state are wrong.
 */
s64 hc_assign_pio(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_pio(cpu, vmid, param, true);
}

/**
 * hc_deassign_pio() - HC_DEASSIGN_PIO_REGION
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_pio_region
 *
 * Return: as hc_assign_pio().
 */
s64 hc_deassign_pio(struct cpu *cpu, u64 vmid, u64 param)
{
	return change_pio(cpu, vmid, param, false);
}
