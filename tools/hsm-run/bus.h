/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: the devices of the User VM, and how its requests find them.
 */
#ifndef HSM_RUN_BUS_H
#define HSM_RUN_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

/**
 * struct device - something at a range of ports or addresses
 * @name: for --trace
 * @type: ACRN_IOREQ_PIO or ACRN_IOREQ_MMIO
 * @start: first port or guest-physical address
 * @size: how many
 * @read: gives the value of @size bytes at @offset from @start
 * @write: takes one
 */
struct device {
	const char *name;
	uint32_t type;
	uint64_t start;
	uint64_t size;
	uint64_t (*read)(struct vm *vm, uint64_t offset, unsigned int size);
	void (*write)(struct vm *vm, uint64_t offset, unsigned int size,
		      uint64_t value);
};

extern const struct device uart, exit_port, checker;

/* Set by whatever ends the run; looked at after each request and signal */
extern volatile bool bus_stop;
/* How the guest ended: its word to the exit port, or -1: it did not */
extern int bus_exit_status;

void bus_run(struct vm *vm, bool trace);

#endif /* HSM_RUN_BUS_H */
