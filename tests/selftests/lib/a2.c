// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The calls of the second contract */
#include <errno.h>
#include <string.h>

#include "a2.h"
#include "events.h"
#include "harness.h"
#include "memseg.h"
#include "ptdev.h"

/* Of the ops' arguments */
#define OP_HPA		0xfed80000UL	/* where there is no device */
#define OP_PORT		0x2e8

const struct a2_op a2_ops[A2_OPS] = {
	{ "CREATE_VM", ACRN_A2_CREATE_VM, 48, { 0, -EBUSY, -EBUSY } },
	{ "DESTROY_VM", ACRN_A2_DESTROY_VM, 0, { -ENODEV, 0, 0 } },
	{ "PAUSE_VM", ACRN_A2_PAUSE_VM, 0, { -ENODEV, 0, 0 } },
	{ "RESET_VM", ACRN_A2_RESET_VM, 0, { -ENODEV, -EBUSY, 0 } },
	{ "INJECT_MSI", ACRN_A2_INJECT_MSI, 16, { -ENODEV, 0, 0 } },
	{ "VM_INTR_MONITOR", ACRN_A2_VM_INTR_MONITOR, 392, { -ENODEV, 0, 0 } },
	{ "SET_IRQLINE", ACRN_A2_SET_IRQLINE, 0, { -ENODEV, 0, 0 } },
	{ "NOTIFY_REQUEST_FINISH", ACRN_A2_NOTIFY_REQUEST_FINISH, 8,
	  { -ENODEV, -EINVAL, -EINVAL } },
	{ "CREATE_IOREQ_CLIENT", ACRN_A2_CREATE_IOREQ_CLIENT, 0,
	  { -ENODEV, 0, 0 } },
	{ "ATTACH_IOREQ_CLIENT", ACRN_A2_ATTACH_IOREQ_CLIENT, 0,
	  { -ENODEV, -ENODEV, -ENODEV } },
	{ "DESTROY_IOREQ_CLIENT", ACRN_A2_DESTROY_IOREQ_CLIENT, 0,
	  { -ENODEV, 0, 0 } },
	{ "CLEAR_VM_IOREQ", ACRN_A2_CLEAR_VM_IOREQ, 0, { -ENODEV, 0, 0 } },
	{ "SET_MEMSEG", ACRN_A2_SET_MEMSEG, 32, { -ENODEV, 0, 0 } },
	{ "UNSET_MEMSEG", ACRN_A2_UNSET_MEMSEG, 32,
	  { -ENODEV, -ENOENT, -ENOENT } },
	{ "IOEVENTFD", ACRN_A2_IOEVENTFD, 32, { -ENODEV, 0, 0 } },
	{ "PM_GET_CPU_STATE", ACRN_A2_PM_GET_CPU_STATE, 8, { -ENODEV, 0, 0 } },
	{ "IRQFD", ACRN_A2_IRQFD, 24, { -ENODEV, 0, 0 } },
	{ "SET_PTDEV_INTR", ACRN_A2_SET_PTDEV_INTR, 20,
	  { -ENODEV, -ENOENT, -ENOENT } },
	{ "RESET_PTDEV_INTR", ACRN_A2_RESET_PTDEV_INTR, 20,
	  { -ENODEV, -ENOENT, -ENOENT } },
	{ "ASSIGN_PCIDEV", ACRN_A2_ASSIGN_PCIDEV, 36, { -ENODEV, -ENXIO, -ENXIO } },
	{ "DEASSIGN_PCIDEV", ACRN_A2_DEASSIGN_PCIDEV, 36,
	  { -ENODEV, -ENOENT, -ENOENT } },
	{ "ASSIGN_MMIODEV", ACRN_A2_ASSIGN_MMIODEV, 104,
	  { -ENODEV, -EINVAL, -EINVAL } },
	{ "DEASSIGN_MMIODEV", ACRN_A2_DEASSIGN_MMIODEV, 104,
	  { -ENODEV, -ENOENT, -ENOENT } },
	{ "CREATE_VDEV", ACRN_A2_CREATE_VDEV, 192, { -ENODEV, 0, -EINVAL }, 22 },
	{ "DESTROY_VDEV", ACRN_A2_DESTROY_VDEV, 192, { -ENODEV, -ENOENT, -ENOENT } },
	{ "ASSIGN_PIO_REGION", ACRN_A2_ASSIGN_PIO_REGION, 12,
	  { -ENODEV, 0, -EINVAL }, 33 },
	{ "DEASSIGN_PIO_REGION", ACRN_A2_DEASSIGN_PIO_REGION, 12,
	  { -ENODEV, -ENOENT, -ENOENT } },
};

/* A valid argument; configurations have the same uuid in both contracts. */
void a2_fill_create(struct acrn_a2_create_vm *create, unsigned int config)
{
	memset(create, 0, sizeof(*create));
	vm_uuid(config, create->name);
	create->ioreq_buf = (unsigned long)vm_io_page(config);
}

/* The registers of a device model of the other contract */
void a2_take_regs(struct acrn_a2_set_vcpu_regs *set,
		  const struct acrn_vcpu_regs *regs)
{
	memset(set, 0, sizeof(*set));
	memcpy(set->vcpu_regs, regs, sizeof(set->vcpu_regs));
	/* what a compiler leaves there */
	memset(set->padding, 0x5a, sizeof(set->padding));
}

void a2_fill_regs(struct acrn_a2_set_vcpu_regs *set)
{
	struct acrn_set_vcpu_regs regs;

	vm_fill_regs(&regs);
	a2_take_regs(set, &regs.vcpu_regs);
}

int a2_create(int fd, unsigned int config)
{
	return a2_create_flags(fd, config, 0);
}

int a2_create_flags(int fd, unsigned int config, unsigned long flags)
{
	struct acrn_a2_create_vm create;

	a2_fill_create(&create, config);
	create.vm_flag = flags;
	return hsm_ioctl(fd, ACRN_A2_CREATE_VM, &create);
}

int a2_set_regs(int fd)
{
	struct acrn_a2_set_vcpu_regs set;

	a2_fill_regs(&set);
	return hsm_ioctl(fd, ACRN_A2_SET_VCPU_REGS, &set);
}

/* A call whose argument is ignored */
int a2_call(int fd, unsigned int number)
{
	return hsm_ioctl(fd, number, (void *)0x5a5a5a5aUL);
}

int a2_memseg(int fd, unsigned int number, uint32_t type, uint32_t attr,
	      uint64_t gpa, const void *base, size_t size)
{
	struct acrn_a2_memmap map = {
		.type = type,
		.attr = attr,
		.user_vm_pa = gpa,
		.base = (unsigned long)base,
		.len = size,
	};

	return hsm_ioctl(fd, number, &map);
}

int a2_memseg_set(int fd, uint64_t gpa, const void *memory, size_t size)
{
	return a2_memseg(fd, ACRN_A2_SET_MEMSEG, ACRN_A2_MEMMAP_RAM,
			 ACRN_A2_MEMMAP_READ | ACRN_A2_MEMMAP_WRITE |
			 ACRN_A2_MEMMAP_EXEC, gpa, memory, size);
}

/* As acrn-dm does it for a device's ROM: only address and length are set. */
int a2_memseg_unset(int fd, uint64_t gpa, size_t size)
{
	return a2_memseg(fd, ACRN_A2_UNSET_MEMSEG, ACRN_A2_MEMMAP_MMIO,
			 0xdeadbeef, gpa, (void *)0x123456789abcdefUL, size);
}

int a2_notify(int fd, unsigned int vmid, unsigned int vcpu)
{
	struct acrn_a2_ioreq_notify notify = {
		.vmid = vmid,
		.reserved = 0x5a5a,	/* Linux's sample does not set it */
		.vcpu = vcpu,
	};

	return hsm_ioctl(fd, ACRN_A2_NOTIFY_REQUEST_FINISH, &notify);
}

int a2_ioeventfd(int fd, int event, uint32_t flags, uint64_t addr, uint32_t len,
		 uint64_t data)
{
	struct acrn_ioeventfd argument = {
		.fd = event,
		.flags = flags,
		.addr = addr,
		.len = len,
		.data = data,
	};

	return hsm_ioctl(fd, ACRN_A2_IOEVENTFD, &argument);
}

/* Where no device is, but for what the hypervisor emulates and ports */
static void fill_device(unsigned int number, union a2_argument *argument)
{
	switch (number) {
	case ACRN_A2_SET_PTDEV_INTR:
	case ACRN_A2_RESET_PTDEV_INTR:
		argument->irq.phys_bdf = PCI_NOTHING;
		break;
	case ACRN_A2_ASSIGN_PCIDEV:
	case ACRN_A2_DEASSIGN_PCIDEV:
		argument->pcidev.phys_bdf = PCI_NOTHING;
		break;
	case ACRN_A2_ASSIGN_MMIODEV:
	case ACRN_A2_DEASSIGN_MMIODEV:
		argument->mmiodev.res[0].host_pa = OP_HPA;
		argument->mmiodev.res[0].size = PAGE_SIZE;
		break;
	case ACRN_A2_CREATE_VDEV:
	case ACRN_A2_DESTROY_VDEV:
		argument->vdev.id = PT_IVSHMEM;
		break;
	case ACRN_A2_ASSIGN_PIO_REGION:
	case ACRN_A2_DEASSIGN_PIO_REGION:
		argument->pio.port = OP_PORT;
		argument->pio.size = 8;
	}
}

/**
 * a2_op_fill() - a valid argument for a call
 * @op: the call
 * @argument: filled in
 */
void a2_op_fill(const struct a2_op *op, union a2_argument *argument)
{
	memset(argument, 0, sizeof(*argument));
	switch (op->number) {
	case ACRN_A2_CREATE_VM:
		a2_fill_create(&argument->create, 0);
		break;
	case ACRN_A2_INJECT_MSI:
		argument->msi.msi_addr = MSI_ADDR;
		break;
	case ACRN_A2_NOTIFY_REQUEST_FINISH:
		argument->notify.vmid = VMID(0);
		break;
	case ACRN_A2_SET_MEMSEG:
	case ACRN_A2_UNSET_MEMSEG:
		argument->memmap.attr = ACRN_A2_MEMMAP_READ;
		argument->memmap.user_vm_pa = A2_OP_GPA;
		argument->memmap.base =
			(unsigned long)memory_get(MEMORY_PRIVATE, PAGE_SIZE);
		argument->memmap.len = PAGE_SIZE;
		break;
	case ACRN_A2_IOEVENTFD:
		argument->ioeventfd.fd = event_new();
		argument->ioeventfd.flags = ACRN_IOEVENTFD_PIO;
		argument->ioeventfd.addr = 0x80;
		argument->ioeventfd.len = 1;
		break;
	case ACRN_A2_IRQFD:
		argument->irqfd.fd = event_new();
		argument->irqfd.msi.msi_addr = MSI_ADDR;
		break;
	default:
		fill_device(op->number, argument);
	}
}

/* Make a call with a valid argument */
int a2_op_run(int fd, const struct a2_op *op)
{
	union a2_argument argument;

	a2_op_fill(op, &argument);
	return hsm_ioctl(fd, op->number, op->size ? &argument : NULL);
}
