/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Carrying out a sequence of calls.
 */
#ifndef EXECUTE_H
#define EXECUTE_H

#include <stdbool.h>

#include "sequence.h"

void execute_init(unsigned int worker);
bool execute(const struct sequence *seq, unsigned int *fresh);

#endif /* EXECUTE_H */
