/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: the loop of the device model, and how requests find their devices.
 */
#ifndef HSM_RUN_BUS_H
#define HSM_RUN_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm.h"

#define container_of(pointer, type, member)				\
	((type *)((char *)(pointer) - offsetof(type, member)))

/* Configuration space as a range of addresses */
#define BUS_CONFIG_SIZE		4096UL
#define BUS_CONFIG_FUNCTIONS	65536UL

/**
 * struct device - something at a range of ports or addresses
 * @name: for --trace
 * @type: ACRN_IOREQ_PIO, ACRN_IOREQ_MMIO or ACRN_IOREQ_PCICFG
 * @start: first port or guest-physical address; of configuration space, where
 *	functions are BUS_CONFIG_SIZE apart, in the order of their numbers
 * @size: how many; 0: it is not to be seen now
 * @read: gives the value of @size bytes at @offset from @start
 * @write: takes one
 * @reset: brings it to the state of a machine that was just switched on; NULL:
 *	it has no state
 * @vm: set by bus_add()
 */
struct device {
	const char *name;
	uint32_t type;
	uint64_t start;
	uint64_t size;
	uint64_t (*read)(struct device *device, uint64_t offset,
			 unsigned int size);
	void (*write)(struct device *device, uint64_t offset, unsigned int size,
		      uint64_t value);
	void (*reset)(struct device *device);
	struct vm *vm;
};

/**
 * struct watch - a file that the loop waits for beside requests
 * @fd: the file; -1: not now
 * @ready: called when it can be read; must read, or set @fd to -1
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch);
};

/* How a run ended */
enum bus_end {
	BUS_RUNS,
	BUS_STOPPED,	/* the user or a signal said so */
	BUS_EXIT,	/* the guest wrote to the exit port */
	BUS_POWER_OFF,
	BUS_RESET,	/* the guest wants to start anew */
	BUS_PANIC,	/* its kernel says so */
	BUS_SHUTDOWN,	/* a triple fault */
	BUS_SILENT,	/* it has asked for nothing for too long */
};

/* The byte that the guest wrote to the exit port */
extern int bus_exit_status;

/* Where two devices overlap, the first that was added answers. */
void bus_add(struct vm *vm, struct device *device);
void bus_watch(struct watch *watch);
void bus_reset(void);
/* The first one counts; safe in signal handlers */
void bus_end(enum bus_end how);
/* The guest has asked for something: a request, or a kick */
void bus_asked(void);
uint64_t bus_longest_silence(void);
enum bus_end bus_run(struct vm *vm, unsigned int silence, bool trace);

#endif /* HSM_RUN_BUS_H */
