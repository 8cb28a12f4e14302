// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The calls of the second contract */
#include <string.h>

#include "a2.h"

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
