/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * A User VM that is given one device of each kind, and gives them back: a list of steps,
 * for programs that make everything fail in turn.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include <stdbool.h>

/**
 * struct devices_step - a step
 * @name: the call
 * @run: makes the call; 0 or a negative errno
 * @expected: what it says when nothing fails
 * @since: the release of ACRN from which on it says 0; else @expected
 * @until: the last one; 0: all
 * @tidy: not necessary: closing the file does it as well
 * @silent: it does not tell that a hypercall failed
 */
struct devices_step {
	const char *name;
	int (*run)(void);
	int expected;
	unsigned int since;
	unsigned int until;
	bool tidy;
	bool silent;
};

#define DEVICES_STEPS	20

extern const struct devices_step devices_steps[DEVICES_STEPS];

void devices_begin(void);
void devices_end(void);
int devices_run(unsigned int step);
int devices_expect(unsigned int step);
void devices_check_back(const char *when);

#endif /* DEVICES_H */
