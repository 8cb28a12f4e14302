/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The life of a User VM as a list of steps, each of which is a call that may
 * fail: for programs that make everything fail in turn.
 */
#ifndef LIFE_H
#define LIFE_H

#include <stdbool.h>

#include "guest.h"

/**
 * struct life - a User VM and what its steps need
 * @guest: the User VM; its file is -1 while it is not open
 * @scattered: memory for a memseg of several batches
 * @event: the ioeventfd's eventfd
 * @msi_event: the irqfd's eventfd
 * @notifications: how often the hypervisor was told of a request before the
 *	guest was started
 * @cpus: one for each of its vCPUs
 * @stuck: a vCPU waits for a notification that was refused
 */
struct life {
	struct guest guest;
	void *scattered;
	int event;
	int msi_event;
	unsigned long notifications;
	uint64_t cpus;
	bool stuck;
};

#define LIFE_LOST_MAX	2

/**
 * struct life_step - a step
 * @name: the call
 * @run: makes the call; 0 or a negative errno
 * @waits: it is no call but waits for the guest
 * @plain: there is no such call among Linux's numbers
 * @runs: it needs a vCPU
 * @tidy: not necessary: closing the file does it as well
 * @destroys: nothing of the VM is left after it
 * @lost: hypercalls whose failure it does not tell, 0: no more
 * @again: its result when it is made again after it has failed
 */
struct life_step {
	const char *name;
	int (*run)(struct life *life);
	bool waits;
	bool plain;
	bool runs;
	bool tidy;
	bool destroys;
	unsigned int lost[LIFE_LOST_MAX];
	int again;
};

#define LIFE_STEPS	32

extern const struct life_step life_steps[LIFE_STEPS];

void life_prepare(struct life *life, bool a2);
bool life_has(const struct life *life, unsigned int step);
void life_begin(struct life *life);
int life_run(struct life *life, unsigned int step);
bool life_loses(unsigned int step, unsigned int call);
void life_end(struct life *life);

#endif /* LIFE_H */
