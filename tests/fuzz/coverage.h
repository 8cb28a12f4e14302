/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Which blocks of the driver's code were reached, by KCOV.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <stdbool.h>

bool coverage_init(const char *blocks);
void coverage_look(void);
void coverage_begin(void);
unsigned int coverage_end(void);
unsigned int coverage_reached(void);
unsigned int coverage_blocks(void);
void coverage_report(void);

#endif /* COVERAGE_H */
