/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * failalloc: makes chosen allocations in the kernel fail.
 *
 * What is armed on an open file counts for the thread that armed it, and for
 * what the kernel allocates while it works for that thread.
 */
#ifndef FAILALLOC_H
#define FAILALLOC_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FAILALLOC_ALL	0xffffffffU	/* in place of a count */

/**
 * struct failalloc_plan - which allocations fail
 * @skip: so many are let through first
 * @count: so many then fail; 0: none
 * @in_init: only those count that are made while a module that the thread loads
 *	is initialized
 */
struct failalloc_plan {
	__u32 skip;
	__u32 count;
	__u32 in_init;
};

/**
 * struct failalloc_result - what came of it
 * @seen: allocations since it was armed
 * @failed: those that were made to fail
 * @spared: those that were not, because the kernel would not survive it
 */
struct failalloc_result {
	__u32 seen;
	__u32 failed;
	__u32 spared;
};

#define FAILALLOC_ARM	_IOW('f', 1, struct failalloc_plan)
/* Tells what came of it, and disarms */
#define FAILALLOC_END	_IOR('f', 2, struct failalloc_result)

#endif /* FAILALLOC_H */
