/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The kernel's fault injection: the n-th point of a thread at which something can fail,
 * an allocation or a copy from or to user space, fails.
 */
#ifndef FAILNTH_H
#define FAILNTH_H

#include <stdbool.h>

#define DEBUGFS		"/sys/kernel/debug/"

/* More than any call here comes to */
#define POINTS_MAX	100000

bool failnth_begin(void);
void failnth_arm(unsigned int n);
unsigned int failnth_disarm(void);

#endif /* FAILNTH_H */
