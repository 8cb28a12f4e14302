/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * rawhc: hypercalls from user space, for tests of the hypervisor.
 *
 * mmap() of the node gives the window: RAWHC_WINDOW bytes of physically
 * contiguous memory, in which the caller builds what the hypervisor is to read,
 * or the memory of a guest.  There is one window, and it stays where it is until
 * the module is unloaded.
 */
#ifndef RAWHC_H
#define RAWHC_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define RAWHC_WINDOW		0x80000

/**
 * struct rawhc_call - a hypercall
 * @id: R8
 * @p1: RDI
 * @p2: RSI
 * @rax: in: what RAX holds before; out: after
 */
struct rawhc_call {
	__aligned_u64 id;
	__aligned_u64 p1;
	__aligned_u64 p2;
	__aligned_u64 rax;
};

#define RAWHC_CALL	_IOWR('r', 1, struct rawhc_call)
/* The guest-physical address of the window */
#define RAWHC_ADDRESS	_IOR('r', 2, __u64)

#endif /* RAWHC_H */
