/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Sequences of calls: what the fuzzer makes up, keeps, writes down and carries
 * out.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CALLS_MAX	24
#define ARGS_MAX	10
#define THREADS		3	/* that make the calls of a sequence */

/* What a sequence has to play with */
#define FILES		3
#define EVENTS		4
#define CONFIGS		2
#define ARENA_PAGES	64UL

/* Values of "event" beyond the eventfds: other files */
#define EVENT_NONE	EVENTS		/* no file */
#define EVENT_HSM	(EVENTS + 1)	/* the node itself */
#define EVENT_OTHER	(EVENTS + 2)	/* a file of another kind */

/* Values of "where": what the argument of an ioctl points to */
enum where {
	WHERE_GOOD,
	WHERE_NULL,
	WHERE_NOTHING,		/* no memory */
	WHERE_READ_ONLY,
	WHERE_END,		/* the end of a page with nothing behind */
	WHERE_KERNEL,
	WHERE_NON_CANONICAL,
	WHERE_ARENA,		/* where guest memory and request pages are */
};

enum call_op {
	CALL_OPEN,
	CALL_CLOSE,
	CALL_DUP,
	CALL_GET_API_VERSION,
	CALL_CREATE_VM,
	CALL_DESTROY_VM,
	CALL_START_VM,
	CALL_PAUSE_VM,
	CALL_RESET_VM,
	CALL_CREATE_VCPU,
	CALL_SET_VCPU_REGS,
	CALL_INJECT_MSI,
	CALL_SET_IRQLINE,
	CALL_INTR_MONITOR,
	CALL_CREATE_CLIENT,
	CALL_ATTACH,
	CALL_NOTIFY,
	CALL_DESTROY_CLIENT,
	CALL_CLEAR_IOREQ,
	CALL_SET_MEMSEG,
	CALL_UNSET_MEMSEG,
	CALL_IOEVENTFD,
	CALL_IRQFD,
	CALL_KCLIENT_CREATE,
	CALL_KCLIENT_DESTROY,
	CALL_KCLIENT_ADD,
	CALL_KCLIENT_DEL,
	CALL_KCLIENT_COMPLETE,
	CALL_IOCTL,
	CALL_POLL,
	CALL_EVENT_WRITE,
	CALL_EVENT_READ,
	CALL_EVENT_CLOSE,
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MPROTECT,
	CALL_MADVISE,
	CALL_SIGNAL,
	CALL_FORK,
	CALL_RIGHTS,
	CALL_SLEEP,
	CALL_POKE,
	CALL_HV_FAIL,
	CALL_HV_DELAY,
	CALL_HV_UPCALL,
	CALL_HV_SCRIBBLE,
	CALL_HV_GUEST_OFF,
	CALL_PTDEV,
	CALL_PTDEV_INTR,
	CALL_PM,
	CALL_PLATDEV,
	CALL_VDEV,
	CALL_KCLIENT_MEMORY,
	CALL_OPS,
};

/**
 * struct call - a call
 * @op: enum call_op
 * @thread: which thread makes it
 * @unused: zero
 * @arg: its arguments, in the order of the table in sequence.c
 */
struct call {
	uint8_t op;
	uint8_t thread;
	uint8_t unused[6];
	uint64_t arg[ARGS_MAX];
};

/**
 * struct sequence - a sequence of calls
 * @worker: the worker that runs it, which decides on the configurations of VMs
 * @count: number of @calls in use
 * @number: the worker's how manyth it is
 * @calls: the calls
 */
struct sequence {
	uint32_t worker;
	uint32_t count;
	uint64_t number;
	struct call calls[CALLS_MAX];
};

/* A generator of random numbers: the same from the same state */
struct dice {
	uint64_t state;
};

void dice_init(struct dice *dice, uint64_t seed, uint64_t stream, uint64_t n);
uint64_t dice_roll(struct dice *dice);
bool dice_one_in(struct dice *dice, unsigned int n);
unsigned int dice_below(struct dice *dice, unsigned int n);

void sequence_make(struct sequence *seq, struct dice *dice, bool rude);
void sequence_mutate(struct sequence *seq, const struct sequence *other,
		     struct dice *dice, bool rude);
void sequence_tame(struct sequence *seq);
void sequence_print(FILE *out, const char *prefix, const struct sequence *seq);
bool sequence_read(FILE *in, struct sequence *seq);

#endif /* SEQUENCE_H */
