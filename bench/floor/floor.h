/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What floor.ko can be asked for.  Shared with the clients.
 *
 * FLOOR_CALL() and its kin make one hypercall for the VM of the last FLOOR_CREATE:
 * nothing is checked, and nothing copied but what the hypervisor needs.
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

/* the argument is the hypercall's second parameter */
#define FLOOR_CALL(nr)		(0x7100 | (nr))
/* the argument points to the parameter block */
#define FLOOR_CALL16(nr)	(0x7200 | (nr))
#define FLOOR_CALL304(nr)	(0x7300 | (nr))

/* HC_CREATE_VM; the argument points to its block, which is written back */
#define FLOOR_CREATE		0x7001
/* as FLOOR_CALL16, for another VM; the argument points to struct floor_call */
#define FLOOR_CALL_VM(nr)	(0x7400 | (nr))
/* maps the window to GPA 0 of the VM; the argument: bytes */
#define FLOOR_GUEST_MEMORY	0x7002
/* makes the window's last page the VM's I/O request page */
#define FLOOR_IOREQ_PAGE	0x7003
/* upcalls: signal this eventfd and complete, or with -1: wake FLOOR_WAIT */
#define FLOOR_UPCALL		0x7004
/* returns when there is a request */
#define FLOOR_WAIT		0x7006
/* completes the request */
#define FLOOR_DONE		0x7007
/* the argument: an eventfd; each signal makes HC_INJECT_MSI */
#define FLOOR_IRQFD		0x7008
/* pins pages and maps them; the argument points to struct floor_range */
#define FLOOR_PIN		0x7009
#define FLOOR_UNPIN		0x700a
/* does nothing */
#define FLOOR_NOTHING		0x700b

struct floor_call {
	unsigned char param[16];
	unsigned short vmid;
};

struct floor_range {
	unsigned long addr;
	unsigned long len;
	unsigned long gpa;
};

/* what mmap() of the node gives: contiguous, known to the module */
#define FLOOR_WINDOW		(1UL << 20)

#endif
