/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The calls of the second contract, ACRN_A2_*, as its device models make them.
 */
#ifndef A2_H
#define A2_H

#include <stddef.h>
#include <stdint.h>

#include <linux/acrn/acrn_a2_defs.h>

#include "vm.h"

#define A2_OP_GPA	0x100000UL	/* of the memory that a2_op_run() sets */

union a2_argument {
	struct acrn_a2_create_vm create;
	struct acrn_a2_set_vcpu_regs regs;
	struct acrn_a2_memmap memmap;
	struct acrn_a2_ioreq_notify notify;
	struct acrn_msi_entry msi;
	struct acrn_intr_monitor monitor;
	struct acrn_ioeventfd ioeventfd;
	struct acrn_irqfd irqfd;
	struct acrn_a2_ptdev_irq irq;
	struct acrn_a2_pcidev pcidev;
	struct acrn_a2_mmiodev mmiodev;
	struct acrn_a2_vdev vdev;
	struct acrn_a2_pio_region pio;
	unsigned char bytes[512];
};

/**
 * struct a2_op - a call
 * @name: its name
 * @number: its number
 * @size: of its argument, bytes that are read or written; 0: it has none
 * @results: in EMPTY, CREATED without vCPUs, and PAUSED, with a valid argument
 * @since: hypervisors before this release do not know it, newer ones decide; 0: none
 */
struct a2_op {
	const char *name;
	unsigned int number;
	unsigned int size;
	int results[3];
	unsigned int since;
};

/* All but START_VM and SET_VCPU_REGS, which need a vCPU, and GET_PLATFORM_INFO */
#define A2_OPS		27

extern const struct a2_op a2_ops[A2_OPS];

void a2_op_fill(const struct a2_op *op, union a2_argument *argument);
int a2_op_run(int fd, const struct a2_op *op);

void a2_fill_create(struct acrn_a2_create_vm *create, unsigned int config);
void a2_fill_regs(struct acrn_a2_set_vcpu_regs *set);
void a2_take_regs(struct acrn_a2_set_vcpu_regs *set,
		  const struct acrn_vcpu_regs *regs);

int a2_create(int fd, unsigned int config);
int a2_create_flags(int fd, unsigned int config, unsigned long flags);
int a2_set_regs(int fd);
int a2_call(int fd, unsigned int number);
int a2_memseg(int fd, unsigned int number, uint32_t type, uint32_t attr,
	      uint64_t gpa, const void *base, size_t size);
int a2_memseg_set(int fd, uint64_t gpa, const void *memory, size_t size);
int a2_memseg_unset(int fd, uint64_t gpa, size_t size);
int a2_notify(int fd, unsigned int vmid, unsigned int vcpu);
int a2_ioeventfd(int fd, int event, uint32_t flags, uint64_t addr, uint32_t len,
		 uint64_t data);

#endif /* A2_H */
