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
