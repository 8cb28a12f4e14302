/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Operations that are measured with one of a kind there, and with many.
 */
#ifndef BENCH_EVENTS_H
#define BENCH_EVENTS_H

/* With so many other ioeventfds */
void kick(const char *id, enum access kind, unsigned int others);
/* The signal of one of so many, and the assignment of the last */
void irqfds(const char *signal_id, const char *assign_id, unsigned int count);
/* Be the device model of a VM for so many requests */
void serve(struct vm *vm, unsigned int count, bool by_poll);

#endif
