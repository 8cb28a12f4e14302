// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * I/O requests of string instructions: each element in memory is a request, in the
 * order of the direction flag, and what the guest has in its memory and registers
 * afterwards is what a model of the instruction says.
 */
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "harness.h"
#include "memseg.h"
#include "vm.h"

#define PORT		0x2f8
#define MMIO		0xd0000000UL
#define OTHER_MMIO	0xe0000000UL
#define RAM		GUEST_FREE
#define RAM_SIZE	(GUEST_STATUS - GUEST_FREE)
#define LIMIT_MS	30000
#define ACCESSES_MAX	512

/* Each count has an area of two pages; in its middle the pages meet. */
#define AREA		0x2000UL
#define MIDDLE		0x1000UL

static const unsigned int counts[] = { 0, 1, 11, 150 };

/**
 * struct log - requests
 * @access: what was asked, and answered
 * @count: how many
 */
struct log {
	struct access access[ACCESSES_MAX];
	unsigned int count;
};

/**
 * struct string_insn - a string instruction
 * @name: what is shown
 * @op: GUEST_INS...
 * @sizes: how many of the sizes 1, 2, 4 and 8 it has
 * @to: where it writes to, in memory: RAM, MMIO or 0: not to memory
 * @from: where it reads from, in memory, as @to
 */
struct string_insn {
	const char *name;
	unsigned int op;
	unsigned int sizes;
	uint64_t to;
	uint64_t from;
};

/**
 * struct model - what has to come of it
 * @log: the requests
 * @ram: the guest's memory from RAM on
 * @result: of each operation
 */
struct model {
	struct log log;
	unsigned char ram[RAM_SIZE];
	uint64_t result[ARRAY_SIZE(counts)];
};

/* What the n-th request is answered with, if it reads */
static uint64_t answer(unsigned int n)
{
	return 0x9d8c7b6a59483726ULL * (n + 1);
}

static bool record(struct guest *guest, struct access *access, void *data)
{
	struct log *log = data;

	check(log->count < ACCESSES_MAX, "too many requests");
	if (!access->write)
		access->value = answer(log->count);
	log->access[log->count++] = *access;
	return true;
}

/* A request that has to come; returns what it reads. */
static uint64_t expect(struct model *model, unsigned int type, bool write,
		       uint64_t address, unsigned int size, uint64_t value)
{
	struct access *access = &model->log.access[model->log.count];

	*access = (struct access) {
		.type = type,
		.write = write,
		.address = address,
		.size = size,
		.value = write ? value : answer(model->log.count),
	};
	model->log.count++;
	return low_bytes(access->value, size);
}

static bool is_ram(uint64_t address)
{
	return address < GUEST_SIZE;
}

static uint64_t model_load(struct model *model, uint64_t address,
			   unsigned int size)
{
	uint64_t value = 0;

	if (!is_ram(address))
		return expect(model, ACRN_IOREQ_MMIO, false, address, size, 0);
	memcpy(&value, model->ram + address - RAM, size);
	return value;
}

static void model_store(struct model *model, uint64_t address,
			unsigned int size, uint64_t value)
{
	value = low_bytes(value, size);
	if (is_ram(address))
		memcpy(model->ram + address - RAM, &value, size);
	else
		expect(model, ACRN_IOREQ_MMIO, true, address, size, value);
}

/*
 * Done @count times from @to and @from on; returns the operation's result.  RAX is
 * @rax, or for INS and OUTS the one address in memory.
 */
static uint64_t model_run(struct model *model, const struct string_insn *insn,
			  unsigned int size, int step, unsigned int count,
			  uint64_t to, uint64_t from, uint64_t rax)
{
	uint64_t value;

	/* ACRN takes these, however often they are repeated, for one IN or OUT */
	if (insn->op == GUEST_INS || insn->op == GUEST_OUTS) {
		expect(model, ACRN_IOREQ_PIO, insn->op == GUEST_OUTS, PORT,
		       size, low_bytes(from, size));
		return insn->op == GUEST_OUTS ? from : to;
	}
	for (; count; count--, to += step, from += step) {
		switch (insn->op) {
		case GUEST_MOVS:
			value = model_load(model, from, size);
			model_store(model, to, size, value);
			break;
		case GUEST_STOS:
			model_store(model, to, size, rax);
			break;
		case GUEST_LODS:
			value = model_load(model, from, size);
			rax = read_into(rax, value, size);
			break;
		}
	}
	return insn->op == GUEST_LODS ? rax : to;
}

/* One element of more than a byte lies on both pages. */
static uint64_t first_element(uint64_t base, unsigned int area,
			      unsigned int size, int step, unsigned int count)
{
	return base + area * AREA + MIDDLE - size / 2 - (int)(count / 2) * step;
}

static void prepare(struct model *model, struct guest_op *ops,
		    const struct string_insn *insn, unsigned int size, bool down)
{
	int step = down ? -(int)size : (int)size;
	unsigned int i;

	memset(model, 0, sizeof(*model));
	for (i = 0; i < RAM_SIZE; i++)
		model->ram[i] = i * 7 + i / 256;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		uint64_t to = 0, from = 0, rax = 0x8796a5b4c3d2e1f0ULL * (i + 1);
		struct guest_op *op = &ops[i];

		if (insn->to)
			to = first_element(insn->to, i, size, step, counts[i]);
		if (insn->from)
			from = first_element(insn->from, i, size, step,
					     counts[i]);
		op->op = (insn->op + size) | (down ? GUEST_DOWN : 0) |
			 GUEST_TIMES(counts[i]);
		op->address = insn->op == GUEST_INS || insn->op == GUEST_OUTS ?
			      PORT : insn->to ? to : from;
		op->value = insn->op == GUEST_INS ? to :
			    insn->op == GUEST_OUTS || insn->op == GUEST_MOVS ?
			    from : rax;
		model->result[i] = model_run(model, insn, size, step, counts[i],
					     to, from, rax);
	}
}

static void check_log(const struct log *seen, const struct log *expected,
		      const char *what)
{
	unsigned int i;

	for (i = 0; i < seen->count && i < expected->count; i++) {
		const struct access *a = &seen->access[i];
		const struct access *b = &expected->access[i];

		check_equal(a->type, b->type, "%s: type of %u", what, i);
		check_equal(a->write, b->write, "%s: direction of %u", what, i);
		check_equal(a->address, b->address, "%s: address of %u", what,
			    i);
		check_equal(a->size, b->size, "%s: size of %u", what, i);
		check_equal(a->value, b->value, "%s: value of %u", what, i);
	}
	check_equal(seen->count, expected->count, "%s: requests", what);
}

static void run(const struct string_insn *insn, unsigned int size, bool down)
{
	struct guest_op ops[ARRAY_SIZE(counts)];
	static struct model model;
	static struct log log;
	struct guest guest;
	char what[64];
	unsigned int i;

	snprintf(what, sizeof(what), "%s, size %u, %s", insn->name, size,
		 down ? "down" : "up");
	memset(&log, 0, sizeof(log));
	guest_new(&guest, 0, 0);
	prepare(&model, ops, insn, size, down);
	for (i = 0; i < RAM_SIZE; i++)
		guest.memory[RAM + i] = i * 7 + i / 256;
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, record, &log, LIMIT_MS);
	check_log(&log, &model.log, what);
	for (i = 0; i < ARRAY_SIZE(counts); i++)
		check_equal(guest_result(&guest, i), model.result[i],
			    "%s: result with count %u", what, counts[i]);
	for (i = 0; i < RAM_SIZE; i++)
		check_equal(guest.memory[RAM + i], model.ram[i],
			    "%s: the guest's memory at %#x", what, RAM + i);
	guest_end(&guest);
}

static void run_all(const struct string_insn *insn)
{
	unsigned int i;

	for (i = 0; i < insn->sizes; i++) {
		run(insn, 1U << i, false);
		run(insn, 1U << i, true);
	}
}

TEST(port_input, "rep ins, which is one request")
{
	run_all(&(struct string_insn){ "ins", GUEST_INS, 3, RAM, 0 });
}

TEST(port_output, "rep outs, which is one request")
{
	run_all(&(struct string_insn){ "outs", GUEST_OUTS, 3, 0, RAM });
}

TEST(fill, "rep stos to a device")
{
	run_all(&(struct string_insn){ "stos", GUEST_STOS, 4, MMIO, 0 });
}

TEST(load, "rep lods from a device")
{
	run_all(&(struct string_insn){ "lods", GUEST_LODS, 4, 0, MMIO });
}

TEST(copy_to_device, "rep movs to a device")
{
	run_all(&(struct string_insn){
		"movs to a device", GUEST_MOVS, 4, MMIO, RAM });
}

TEST(copy_from_device, "rep movs from a device")
{
	run_all(&(struct string_insn){
		"movs from a device", GUEST_MOVS, 4, RAM, MMIO });
}

TIMED_TEST(copy_between_devices, 120, "rep movs between devices")
{
	run_all(&(struct string_insn){
		"movs between devices", GUEST_MOVS, 4, MMIO, OTHER_MMIO });
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
