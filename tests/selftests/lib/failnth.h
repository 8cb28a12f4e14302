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

/**
 * typedef failnth_life - calls in a row, of which one has something fail
 * @step: which call
 * @n: at which of its points
 * @tidy: make those too that are not necessary
 * @failures: counted up if the call failed for it
 *
 * Return: whether the call has that many points.
 */
typedef bool failnth_life(unsigned int step, unsigned int n, bool tidy,
			  unsigned int *failures);

bool failnth_begin(void);
void failnth_arm(unsigned int n);
unsigned int failnth_disarm(void);
void failnth_walk(const char *name, failnth_life *live, unsigned int step, bool tidy);

#endif /* FAILNTH_H */
