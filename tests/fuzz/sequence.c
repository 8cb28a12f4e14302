// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Sequences of calls: making them up, mutating them, writing them down.
 *
 * The arguments are small numbers where they can be: a file is the number of a
 * slot, an address an offset in the arena.  So a sequence means the same in
 * every run.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "sequence.h"

#define ARENA_SIZE	(ARENA_PAGES * PAGE_SIZE)
#define LINE_SIZE	512
#define CALLS_USUAL	10	/* that few sequences have more than */

/* What an argument is, and so which values are interesting */
enum kind {
	KIND_END,
	KIND_FILE,
	KIND_CONFIG,
	KIND_VCPU,
	KIND_VM_FLAGS,
	KIND_IO_PAGE,
	KIND_PAGE,
	KIND_GPA,
	KIND_LENGTH,
	KIND_PROT,
	KIND_FLAG,
	KIND_SEGMENT,
	KIND_RIP,
	KIND_CR0,
	KIND_EFER,
	KIND_CLIENT,
	KIND_EVENT,
	KIND_EVENT_FLAGS,
	KIND_ADDRESS,
	KIND_SIZE,
	KIND_DATA,
	KIND_MSI,
	KIND_GSI,
	KIND_SMALL,
	KIND_NUMBER,
	KIND_SLOT,
	KIND_WORD,
	KIND_HYPERCALL,
	KIND_RESULT,
	KIND_US,
	KIND_WHERE,
	KIND_AT,
	KIND_BYTE,
	KIND_BDF,
	KIND_PLATDEV,
	KIND_VDEV,
};

struct values {
	unsigned int count;
	const uint64_t *values;
};

#define VALUES(...)						\
	{ sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),	\
	  (const uint64_t[]){ __VA_ARGS__ } }

/* What comes up more often stands there more often. */
static const struct values values[] = {
	/* 0 to 2, and once more: with a call of the other contract */
	[KIND_FILE] = VALUES(0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 5),
	[KIND_CONFIG] = VALUES(0, 0, 0, 0, 1, 1, 1, 2),
	[KIND_VCPU] = VALUES(0, 0, 0, 0, 1, 1, 2, 7, 8, 15, 16, 17, 0xffff),
	[KIND_VM_FLAGS] = VALUES(0, 0, 0, 0, 0, 4, 4, 1, 2, 0x20, 0x22, 0x40,
				 0x18, 0x80, ~0ULL),
	[KIND_IO_PAGE] = VALUES(0x1000, 0x1000, 0x1000, 0x1000, 0x2000, 0x3000,
				0, 0x1008, ~0xfffULL, 0xffff800000000000,
				0x7fffffffe000, 0x800000000000),
	[KIND_PAGE] = VALUES(0x3000, 0x3000, 0x4000, 0x5000, 0x6000, 0x8000,
			     0x10000, 0x20000, 0x3f000, 0x1000, 0x2000, 0x3001,
			     ~0xfffULL, 0xffff888000000000, 0x7ffffffff000),
	[KIND_GPA] = VALUES(0, 0, 0, 0x1000, 0x1000, 0x2000, 0x8000, 0x10000,
			    0x90000, 0x100000, 0xd0000000, 0x100000000,
			    0x7ffffff000, 0xfffffff000, 0xfffffffffffff000, 1),
	[KIND_LENGTH] = VALUES(0x1000, 0x1000, 0x2000, 0x4000, 0x8000, 0x10000,
			       0x3d000, 0x40000, 0, 0x1001, 0x200000,
			       0x8000000000, 0xfffffffffffff000),
	[KIND_PROT] = VALUES(7, 7, 7, 7, 1, 3, 5, 0, 2, 4, 8, 0x47),
	[KIND_FLAG] = VALUES(0, 0, 0, 1, 1, 2, 0xffffffff),
	[KIND_SEGMENT] = VALUES(0, 0, 0, 0, 0, 0, 1, 1, 2),
	[KIND_RIP] = VALUES(0x1000, 0x1000, 0x1000, 0, 0x8000, 0xfff0,
			    0x90000, ~0ULL),
	[KIND_CR0] = VALUES(0x30, 0x30, 0x30, 0x10, 0x31, 0x80000031, 0,
			    0xffffffff),
	[KIND_EFER] = VALUES(0, 0, 0, 0x500, 0xd01, ~0ULL),
	[KIND_CLIENT] = VALUES(1, 1, 1, 1, 2, 3, 0, 0xffffffff, 0x100000001,
			       0x7fffffff, ~0ULL),
	[KIND_EVENT] = VALUES(0, 0, 0, 0, 1, 1, 2, 3, EVENT_NONE, EVENT_HSM,
			      EVENT_OTHER),
	[KIND_EVENT_FLAGS] = VALUES(0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 5, 6, 7, 8,
				    0x80000000),
	[KIND_ADDRESS] = VALUES(0x10, 0x10, 0x10, 0x20, 0x90000, 0x90000,
				0x91000, 0xffff, 0xfffc, 0x10000, ~0ULL),
	[KIND_SIZE] = VALUES(1, 1, 1, 2, 4, 8, 0, 3, 0xffffffff),
	[KIND_DATA] = VALUES(0x41, 0x41, 0, 1, 0xff, 0x100, 0xffffffff, ~0ULL),
	[KIND_MSI] = VALUES(0xfee00000, 0xfee00000, 0xfee01000, 0, 0x1000,
			    ~0ULL),
	[KIND_GSI] = VALUES(0, 1, 4, 16, 23, 255, 0xffffffff),
	[KIND_SMALL] = VALUES(0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 0xffffffff),
	[KIND_NUMBER] = VALUES(0x43000000, 0x43000010, 0x43000016, 0x43000017,
			       0x43000030, 0x43000050, 0x43000060, 0x43000072,
			       0x43000003, 0x8100a203, 0xc030a210, 0xa211, 0xa217,
			       0x4008a290, 0x4008a2a0, 0x4004a2a1,
			       0x43000057, 0x43000059, 0x4068a257, 0x40c0a259,
			       0x400ca25b, 0x430000ff, 0x43000110, 0x43010010, 0x44000010,
			       0x10, 0, 0x5401, 0x5421, 0x5450, 0x5451,
			       0xffffffff, 0x143000010),
	[KIND_SLOT] = VALUES(0, 0, 0, 0, 1, 2, 15),
	/* type, polling, direction, address, size, value, client, state */
	[KIND_WORD] = VALUES(0, 1, 16, 18, 20, 22, 33, 34, 34, 34, 34),
	[KIND_HYPERCALL] = VALUES(0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x23,
				  0x24, 0x25, 0x30, 0x31, 0x31, 0x42, 0x42,
				  0x50, 0x51, 0x53, 0x54, 0x55, 0x56, 0x57,
				  0x58, 0x59, 0x5a, 0x80, 0xff),
	[KIND_RESULT] = VALUES(-1, -1, -22, -5, -12, -16, -110, -14, -19, -13,
			       1, 0x7fffffff, -4095, -4096),
	[KIND_US] = VALUES(0, 1, 10, 50, 100, 200, 500),
	[KIND_WHERE] = VALUES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
			      0, 1, 2, 3, 4, 5, 6, 7),
	[KIND_AT] = VALUES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	[KIND_BYTE] = VALUES(1, 1, 2, 4, 0x10, 0x80, 0xff),
	/* those of "testbed/run --devices", and what cannot be given */
	[KIND_BDF] = VALUES(0x80, 0x80, 0x80, 0x80, 0x80, 0x88, 0x88, 0x90, 0x98,
			    0xa0, 0, 0xf8, 0xffff),
	/* registers of tests/modules/platdev, ports, and what cannot be given */
	[KIND_PLATDEV] = VALUES(0xfed40000, 0xfed40000, 0xfed40000, 0xfed50000,
				0xfed60000, 0xfed41000, 0x200, 0x3f8, 0xcf8, 0xffff,
				0x100000, 0xfee00000, 0xfffffffffffff000),
	/* shared memory, a serial line, a root port, and none */
	[KIND_VDEV] = VALUES(0x11101af4, 0x11101af4, 0x90020000, 0x9d14ffff,
			     0x9d148086, 0x100000000, 0),
};

/**
 * struct op - a call that sequences are made of
 * @name: as written down
 * @weight: how often it comes
 * @rude: it makes the hypervisor misbehave, or writes what only others may
 * @args: its arguments
 */
struct op {
	const char *name;
	unsigned int weight;
	bool rude;
	struct {
		const char *name;
		enum kind kind;
	} args[ARGS_MAX];
};

#define ARG_FILE	{ "file", KIND_FILE }
#define ARG_EVENT	{ "event", KIND_EVENT }
#define ARG_WHERE	{ "where", KIND_WHERE }
/* The byte before "at" is changed by "xor" */
#define ARG_AT		{ "at", KIND_AT }
#define ARG_XOR		{ "xor", KIND_BYTE }
#define ARG_PAGE	{ "at", KIND_PAGE }
#define ARG_LENGTH	{ "len", KIND_LENGTH }

static const struct op ops[CALL_OPS] = {
	[CALL_OPEN] = { "open", 4, .args = { ARG_FILE } },
	[CALL_CLOSE] = { "close", 4, .args = { ARG_FILE } },
	[CALL_DUP] = { "dup", 2, .args = { ARG_FILE, { "to", KIND_FILE } } },
	[CALL_GET_API_VERSION] = {
		"get_api_version", 1, .args = { ARG_FILE, ARG_WHERE },
	},
	[CALL_CREATE_VM] = {
		"create_vm", 10, .args = {
			ARG_FILE, { "config", KIND_CONFIG },
			{ "vcpus", KIND_VCPU }, { "flags", KIND_VM_FLAGS },
			{ "page", KIND_IO_PAGE }, ARG_WHERE, ARG_AT, ARG_XOR,
		},
	},
	[CALL_DESTROY_VM] = { "destroy_vm", 5, .args = { ARG_FILE } },
	[CALL_START_VM] = { "start_vm", 8, .args = { ARG_FILE } },
	[CALL_PAUSE_VM] = { "pause_vm", 6, .args = { ARG_FILE } },
	[CALL_RESET_VM] = { "reset_vm", 5, .args = { ARG_FILE } },
	[CALL_CREATE_VCPU] = {
		"create_vcpu", 8, .args = {
			ARG_FILE, { "vcpu", KIND_VCPU }, { "pcpu", KIND_VCPU },
			ARG_WHERE, ARG_AT, ARG_XOR,
		},
	},
	[CALL_SET_VCPU_REGS] = {
		"set_vcpu_regs", 6, .args = {
			ARG_FILE, { "vcpu", KIND_VCPU }, { "rip", KIND_RIP },
			{ "cr0", KIND_CR0 }, { "efer", KIND_EFER }, ARG_WHERE,
			ARG_AT, ARG_XOR,
		},
	},
	[CALL_INJECT_MSI] = {
		"inject_msi", 4, .args = {
			ARG_FILE, { "addr", KIND_MSI }, { "data", KIND_DATA },
			ARG_WHERE,
		},
	},
	[CALL_SET_IRQLINE] = {
		"set_irqline", 4, .args = {
			ARG_FILE, { "gsi", KIND_GSI }, { "op", KIND_SMALL },
		},
	},
	[CALL_INTR_MONITOR] = {
		"intr_monitor", 3, .args = {
			ARG_FILE, { "cmd", KIND_SMALL }, { "count", KIND_GSI },
			ARG_WHERE,
		},
	},
	[CALL_CREATE_CLIENT] = { "create_client", 6, .args = { ARG_FILE } },
	[CALL_ATTACH] = {
		"attach", 6, .args = { ARG_FILE, { "client", KIND_CLIENT } },
	},
	[CALL_NOTIFY] = {
		"notify", 9, .args = {
			ARG_FILE, { "client", KIND_CLIENT },
			{ "vcpu", KIND_VCPU }, ARG_WHERE,
		},
	},
	[CALL_DESTROY_CLIENT] = {
		"destroy_client", 4, .args = {
			ARG_FILE, { "client", KIND_CLIENT },
		},
	},
	[CALL_CLEAR_IOREQ] = { "clear_ioreq", 3, .args = { ARG_FILE } },
	[CALL_SET_MEMSEG] = {
		"set_memseg", 12, .args = {
			ARG_FILE, { "type", KIND_SEGMENT },
			{ "vma", KIND_FLAG }, { "gpa", KIND_GPA },
			{ "base", KIND_PAGE }, { "len", KIND_LENGTH },
			{ "prot", KIND_PROT }, ARG_WHERE, ARG_AT, ARG_XOR,
		},
	},
	[CALL_UNSET_MEMSEG] = {
		"unset_memseg", 8, .args = {
			ARG_FILE, { "type", KIND_SEGMENT },
			{ "gpa", KIND_GPA }, { "len", KIND_LENGTH }, ARG_WHERE,
			ARG_AT, ARG_XOR,
		},
	},
	[CALL_IOEVENTFD] = {
		"ioeventfd", 8, .args = {
			ARG_FILE, ARG_EVENT, { "flags", KIND_EVENT_FLAGS },
			{ "addr", KIND_ADDRESS }, { "len", KIND_SIZE },
			{ "data", KIND_DATA }, ARG_WHERE, ARG_AT, ARG_XOR,
		},
	},
	[CALL_IRQFD] = {
		"irqfd", 8, .args = {
			ARG_FILE, ARG_EVENT, { "flags", KIND_SMALL },
			{ "addr", KIND_MSI }, { "data", KIND_DATA }, ARG_WHERE,
			ARG_AT, ARG_XOR,
		},
	},
	/* An in-kernel client, of the module client */
	[CALL_KCLIENT_CREATE] = {
		"kclient_create", 4, .args = {
			{ "config", KIND_CONFIG }, { "how", KIND_SMALL },
		},
	},
	[CALL_KCLIENT_DESTROY] = { "kclient_destroy", 2 },
	[CALL_KCLIENT_ADD] = {
		"kclient_add", 4, .args = {
			{ "type", KIND_SMALL }, { "start", KIND_ADDRESS },
			{ "last", KIND_ADDRESS },
		},
	},
	[CALL_KCLIENT_DEL] = {
		"kclient_del", 1, .args = {
			{ "type", KIND_SMALL }, { "start", KIND_ADDRESS },
			{ "last", KIND_ADDRESS },
		},
	},
	[CALL_KCLIENT_COMPLETE] = {
		"kclient_complete", 4, .args = {
			{ "vcpu", KIND_VCPU }, { "result", KIND_DATA },
		},
	},
	[CALL_IOCTL] = {
		"ioctl", 3, .args = {
			ARG_FILE, { "number", KIND_NUMBER },
			{ "fill", KIND_DATA }, ARG_WHERE,
		},
	},
	[CALL_POLL] = { "poll", 4, .args = { ARG_FILE, { "wait", KIND_FLAG } } },
	[CALL_EVENT_WRITE] = {
		"event_write", 6, .args = { ARG_EVENT, { "count", KIND_DATA } },
	},
	[CALL_EVENT_READ] = { "event_read", 2, .args = { ARG_EVENT } },
	[CALL_EVENT_CLOSE] = { "event_close", 4, .args = { ARG_EVENT } },
	[CALL_MMAP] = {
		"mmap", 2, .args = { ARG_PAGE, ARG_LENGTH, { "how", KIND_SMALL } },
	},
	[CALL_MUNMAP] = { "munmap", 2, .args = { ARG_PAGE, ARG_LENGTH } },
	[CALL_MPROTECT] = {
		"mprotect", 2, .args = { ARG_PAGE, ARG_LENGTH, { "prot", KIND_PROT } },
	},
	[CALL_MADVISE] = {
		"madvise", 2, .args = { ARG_PAGE, ARG_LENGTH, { "advice", KIND_SMALL } },
	},
	[CALL_SIGNAL] = { "signal", 3, .args = { { "to", KIND_SMALL } } },
	[CALL_FORK] = { "fork", 1, .args = { { "how", KIND_SMALL } } },
	[CALL_RIGHTS] = { "rights", 1, .args = { { "all", KIND_FLAG } } },
	[CALL_SLEEP] = { "sleep", 2, .args = { { "us", KIND_US } } },
	[CALL_POKE] = {
		"poke", 16, .rude = true, .args = {
			{ "page", KIND_IO_PAGE }, { "slot", KIND_SLOT },
			{ "word", KIND_WORD }, { "value", KIND_SMALL },
		},
	},
	[CALL_HV_FAIL] = {
		"hv_fail", 10, .rude = true, .args = {
			{ "call", KIND_HYPERCALL }, { "skip", KIND_SMALL },
			{ "count", KIND_SMALL }, { "result", KIND_RESULT },
			{ "how", KIND_SMALL },
		},
	},
	[CALL_HV_DELAY] = {
		"hv_delay", 2, .rude = true, .args = {
			{ "call", KIND_HYPERCALL }, { "us", KIND_US },
		},
	},
	[CALL_HV_UPCALL] = {
		"hv_upcall", 8, .rude = true, .args = { { "count", KIND_SMALL } },
	},
	[CALL_HV_SCRIBBLE] = {
		"hv_scribble", 6, .rude = true, .args = {
			{ "config", KIND_CONFIG }, { "slot", KIND_SLOT },
			{ "word", KIND_WORD }, { "value", KIND_SMALL },
		},
	},
	[CALL_HV_GUEST_OFF] = {
		"hv_guest_off", 1, .rude = true, .args = {
			{ "config", KIND_CONFIG },
		},
	},
	[CALL_PTDEV] = {
		"ptdev", 8, .args = {
			ARG_FILE, { "what", KIND_SMALL }, { "bdf", KIND_BDF },
			ARG_WHERE,
		},
	},
	[CALL_PTDEV_INTR] = {
		"ptdev_intr", 6, .args = {
			ARG_FILE, { "reset", KIND_FLAG }, { "type", KIND_SMALL },
			{ "bdf", KIND_BDF }, { "count", KIND_SMALL }, ARG_WHERE,
			ARG_AT, ARG_XOR,
		},
	},
	[CALL_PM] = {
		"pm", 3, .args = {
			ARG_FILE, { "type", KIND_SMALL },
			{ "state", KIND_SMALL }, ARG_WHERE,
		},
	},
	[CALL_PLATDEV] = {
		"platdev", 6, .args = {
			ARG_FILE, { "what", KIND_SMALL }, { "hpa", KIND_PLATDEV },
			{ "gpa", KIND_GPA }, ARG_LENGTH, ARG_WHERE, ARG_AT, ARG_XOR,
		},
	},
	[CALL_VDEV] = {
		"vdev", 4, .args = {
			ARG_FILE, { "remove", KIND_FLAG }, { "id", KIND_VDEV },
			{ "bdf", KIND_BDF }, ARG_WHERE, ARG_AT, ARG_XOR,
		},
	},
	[CALL_KCLIENT_MEMORY] = {
		"kclient_memory", 8, .args = {
			{ "what", KIND_SMALL }, { "gpa", KIND_GPA }, ARG_LENGTH,
			{ "prot", KIND_PROT }, { "map", KIND_SLOT },
		},
	},
};

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

/**
 * dice_init() - the numbers of one sequence
 * @dice: the generator
 * @seed: of the run
 * @stream: of the worker
 * @n: which of its sequences
 */
void dice_init(struct dice *dice, uint64_t seed, uint64_t stream, uint64_t n)
{
	dice->state = mix(mix(mix(seed + 1) ^ stream) ^ n);
}

uint64_t dice_roll(struct dice *dice)
{
	dice->state += 0x9e3779b97f4a7c15ULL;
	return mix(dice->state);
}

unsigned int dice_below(struct dice *dice, unsigned int n)
{
	return dice_roll(dice) % n;
}

bool dice_one_in(struct dice *dice, unsigned int n)
{
	return !dice_below(dice, n);
}

static uint64_t any_value(struct dice *dice, enum kind kind)
{
	const struct values *from = &values[kind];
	uint64_t value = from->values[dice_below(dice, from->count)];

	if (kind == KIND_WORD && dice_one_in(dice, 8))
		return dice_below(dice, 64);
	/* one that changes a byte, if any is changed at all */
	if (kind == KIND_AT && dice_one_in(dice, 10))
		return 1 + dice_below(dice, 80);
	if (!dice_one_in(dice, 24))
		return value;
	switch (kind) {
	case KIND_FILE:
	case KIND_WHERE:
	case KIND_US:
	case KIND_AT:
		return value;
	case KIND_PAGE:
	case KIND_IO_PAGE:
		return dice_below(dice, ARENA_PAGES) * PAGE_SIZE;
	default:
		break;
	}
	switch (dice_below(dice, 3)) {
	case 0:
		return value ^ 1ULL << dice_below(dice, 64);
	case 1:
		return value + dice_below(dice, 5) - 2;
	default:
		return dice_roll(dice) >> dice_below(dice, 64);
	}
}

static enum call_op any_op(struct dice *dice, bool rude)
{
	unsigned int op, total = 0, n;

	for (op = 0; op < CALL_OPS; op++)
		if (rude || !ops[op].rude)
			total += ops[op].weight;
	n = dice_below(dice, total);
	for (op = 0;; op++) {
		if (!rude && ops[op].rude)
			continue;
		if (n < ops[op].weight)
			return op;
		n -= ops[op].weight;
	}
}

static void fill_args(struct call *call, struct dice *dice)
{
	unsigned int i;

	memset(call->arg, 0, sizeof(call->arg));
	for (i = 0; i < ARGS_MAX && ops[call->op].args[i].kind; i++)
		call->arg[i] = any_value(dice, ops[call->op].args[i].kind);
}

static void make_call(struct call *call, struct dice *dice, bool rude)
{
	memset(call, 0, sizeof(*call));
	call->op = any_op(dice, rude);
	fill_args(call, dice);
}

static void add(struct sequence *seq, const struct call *call)
{
	if (seq->count < CALLS_MAX)
		seq->calls[seq->count++] = *call;
}

/* A life as device models lead it, up to some point: most calls need one. */
static void make_life(struct sequence *seq, struct dice *dice)
{
	static const struct call life[] = {
		{ .op = CALL_CREATE_VM, .arg = { 0, 0, 0, 0, 0x1000 } },
		{ .op = CALL_CREATE_VCPU },
		{ .op = CALL_SET_MEMSEG,
		  .arg = { 0, 0, 0, 0, 0x3000, 0x10000, 7 } },
		{ .op = CALL_SET_VCPU_REGS, .arg = { 0, 0, 0x1000, 0x30 } },
		{ .op = CALL_CREATE_CLIENT },
		{ .op = CALL_START_VM },
		{ .op = CALL_ATTACH, .arg = { 0, 1 } },
		{ .op = CALL_NOTIFY, .arg = { 0, 1 } },
	};
	unsigned int i, length = dice_below(dice, ARRAY_SIZE(life) + 1);

	bool last = dice_one_in(dice, 4);

	for (i = 0; i < length; i++) {
		struct call call = life[i];

		if (dice_one_in(dice, 10))
			continue;
		/* the file whose device model speaks Linux's contract */
		if (last)
			call.arg[0] = FILES - 1;
		add(seq, &call);
	}
}

/* Most sequences have one thread: what it does it does faster. */
static void spread(struct sequence *seq, struct dice *dice)
{
	unsigned int i, threads = 2 + dice_below(dice, THREADS - 1);
	unsigned int from = dice_below(dice, seq->count + 1);

	if (!dice_one_in(dice, 4))
		return;
	for (i = from; i < seq->count; i++)
		seq->calls[i].thread = dice_below(dice, threads);
}

/**
 * sequence_make() - make a sequence up
 * @seq: the sequence
 * @dice: where chance comes from
 * @rude: with calls that make the hypervisor misbehave
 */
void sequence_make(struct sequence *seq, struct dice *dice, bool rude)
{
	unsigned int more = 1 + dice_below(dice, 5);
	struct call call;

	memset(seq, 0, sizeof(*seq));
	if (!dice_one_in(dice, 3))
		make_life(seq, dice);
	while (more--) {
		make_call(&call, dice, rude);
		add(seq, &call);
	}
	spread(seq, dice);
}

static void remove_call(struct sequence *seq, unsigned int n)
{
	seq->count--;
	memmove(&seq->calls[n], &seq->calls[n + 1],
		(seq->count - n) * sizeof(seq->calls[0]));
}

static void insert_call(struct sequence *seq, unsigned int n,
			const struct call *call)
{
	if (seq->count == CALLS_MAX)
		remove_call(seq, CALLS_MAX - 1);
	if (n > seq->count)
		n = seq->count;
	memmove(&seq->calls[n + 1], &seq->calls[n],
		(seq->count - n) * sizeof(seq->calls[0]));
	seq->calls[n] = *call;
	seq->count++;
}

static void change_arg(struct call *call, struct dice *dice)
{
	unsigned int n = 0;

	while (n < ARGS_MAX && ops[call->op].args[n].kind)
		n++;
	if (n) {
		n = dice_below(dice, n);
		call->arg[n] = any_value(dice, ops[call->op].args[n].kind);
	}
}

static void mutate_once(struct sequence *seq, const struct sequence *other,
			struct dice *dice, bool rude)
{
	unsigned int n = seq->count ? dice_below(dice, seq->count) : 0, from;
	struct call call;

	switch (seq->count ? dice_below(dice, 8) : 0) {
	case 0:
	case 1:
		make_call(&call, dice, rude);
		insert_call(seq, dice_below(dice, seq->count + 1), &call);
		break;
	case 2:
		remove_call(seq, n);
		break;
	case 3:
		call = seq->calls[n];
		insert_call(seq, dice_below(dice, seq->count + 1), &call);
		break;
	case 4:
		/* The rest of another one */
		if (!other->count)
			break;
		seq->count = n;
		for (from = dice_below(dice, other->count); from < other->count;
		     from++)
			add(seq, &other->calls[from]);
		break;
	case 5:
		spread(seq, dice);
		break;
	default:
		change_arg(&seq->calls[n], dice);
	}
}

/* Many short ones find more than few long ones.  Some processes are enough. */
static void shorten(struct sequence *seq, struct dice *dice)
{
	unsigned int i = 0;

	while (i < seq->count) {
		if (seq->calls[i].op == CALL_FORK && !dice_one_in(dice, 8))
			remove_call(seq, i);
		else
			i++;
	}
	if (dice_one_in(dice, 16))
		return;
	while (seq->count > CALLS_USUAL)
		remove_call(seq, dice_below(dice, seq->count));
}

/**
 * sequence_mutate() - change a sequence a little
 * @seq: the sequence
 * @other: another one, of which it may take a part
 * @dice: where chance comes from
 * @rude: with calls that make the hypervisor misbehave
 */
void sequence_mutate(struct sequence *seq, const struct sequence *other,
		     struct dice *dice, bool rude)
{
	unsigned int times = 1 + dice_below(dice, 4);

	while (times--)
		mutate_once(seq, other, dice, rude);
	shorten(seq, dice);
}

static int arg_named(enum call_op op, const char *name)
{
	int i;

	for (i = 0; i < ARGS_MAX && ops[op].args[i].kind; i++)
		if (!strcmp(ops[op].args[i].name, name))
			return i;
	return -1;
}

static void tame_call(struct call *call)
{
	int where = arg_named(call->op, "where");

	if (where >= 0 && call->arg[where] == WHERE_ARENA)
		call->arg[where] = WHERE_GOOD;
	/* each VM has its own page, and no guest memory is there */
	if (call->op == CALL_CREATE_VM && call->arg[4] &&
	    call->arg[4] < ARENA_SIZE)
		call->arg[4] = call->arg[1] % CONFIGS * PAGE_SIZE + PAGE_SIZE;
	if (call->op == CALL_SET_MEMSEG && call->arg[4] < 3 * PAGE_SIZE)
		call->arg[4] = 3 * PAGE_SIZE;
	/* nor may they come there by a change */
	if (call->op == CALL_CREATE_VM || call->op == CALL_SET_MEMSEG)
		call->arg[arg_named(call->op, "at")] = 0;
}

/**
 * sequence_tame() - take out of a sequence what a device model must not do
 * @seq: the sequence, whose effects the hypervisor has no right to complain of
 *	then
 */
void sequence_tame(struct sequence *seq)
{
	unsigned int i = 0;

	while (i < seq->count) {
		if (ops[seq->calls[i].op].rude)
			remove_call(seq, i);
		else
			tame_call(&seq->calls[i++]);
	}
}

/**
 * sequence_print() - write a sequence down
 * @out: where to
 * @prefix: before each line
 * @seq: the sequence
 *
 * Arguments that are 0 are left out, an empty line is the end.
 */
void sequence_print(FILE *out, const char *prefix, const struct sequence *seq)
{
	unsigned int i, k;

	fprintf(out, "%ssequence %u %llu\n", prefix, seq->worker,
		(unsigned long long)seq->number);
	for (i = 0; i < seq->count && i < CALLS_MAX; i++) {
		const struct call *call = &seq->calls[i];
		const struct op *op = &ops[call->op];

		fprintf(out, "%s%s", prefix, op->name);
		for (k = 0; k < ARGS_MAX && op->args[k].kind; k++)
			if (call->arg[k])
				fprintf(out, " %s=%#llx", op->args[k].name,
					(unsigned long long)call->arg[k]);
		if (call->thread)
			fprintf(out, " thread=%u", call->thread);
		fputc('\n', out);
	}
	fprintf(out, "%s\n", prefix);
}

static bool read_call(struct call *call, char *line)
{
	char *word = strsep(&line, " "), *value, *end;
	unsigned long long number;
	int arg;

	memset(call, 0, sizeof(*call));
	while (strcmp(ops[call->op].name, word))
		if (++call->op == CALL_OPS)
			return false;
	while ((word = strsep(&line, " "))) {
		value = strchr(word, '=');
		if (!value)
			return false;
		*value++ = '\0';
		number = strtoull(value, &end, 0);
		if (end == value || *end)
			return false;
		arg = arg_named(call->op, word);
		if (arg >= 0)
			call->arg[arg] = number;
		else if (!strcmp(word, "thread") && number < THREADS)
			call->thread = number;
		else
			return false;
	}
	return true;
}

/**
 * sequence_read() - read a sequence that sequence_print() wrote
 * @in: where from; lines that begin with # are left out
 * @seq: the sequence
 *
 * The test fails if something else stands there.
 *
 * Return: false: there is no more.
 */
bool sequence_read(FILE *in, struct sequence *seq)
{
	unsigned long long number;
	bool begun = false;
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		if (!line[0]) {
			if (begun)
				return true;
			continue;
		}
		if (!begun) {
			memset(seq, 0, sizeof(*seq));
			check(sscanf(line, "sequence %u %llu", &seq->worker,
				     &number) == 2, "no sequence: %s", line);
			seq->number = number;
			begun = true;
			continue;
		}
		check(seq->count < CALLS_MAX &&
		      read_call(&seq->calls[seq->count], line),
		      "no call, or one too many: %s", line);
		seq->count++;
	}
	return begun;
}
