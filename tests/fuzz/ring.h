/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The last sequences of each worker, where they outlive the machine: each in a
 * page of memory that can be told from all others.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sequence.h"

#define RING_ENTRIES	256	/* of each worker */

struct ring_entry;

struct ring_entry *ring_new(unsigned int workers, uint64_t run);
struct ring_entry *ring_begin(struct ring_entry *ring,
			      const struct sequence *seq);
void ring_end(struct ring_entry *entry);
void ring_print(FILE *out, const char *prefix, const struct ring_entry *ring,
		unsigned int workers);
int ring_recover(const char *path);

#endif /* RING_H */
