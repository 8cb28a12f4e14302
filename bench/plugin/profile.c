// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A plugin for QEMU's TCG: counts what is executed between two markers of the client,
 * by the address of the translated block, and writes "CPU ADDRESS INSTRUCTIONS", all
 * hexadecimal, to the file counts.
 *
 * Debian's QEMU takes plugins but comes without their header.  What is used of
 * it, version 1 of the interface as of QEMU 4.2 to 8.1, is declared here.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT	__attribute__((visibility("default")))
#define CPUS	4

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
typedef void (*exec_callback)(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*callback)(qemu_plugin_id_t id,
							    struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_callback callback,
					  int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    exec_callback callback, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;

/* Translated code, which may be there more than once */
struct block {
	uint64_t address;
	uint64_t instructions;
	uint64_t executed[CPUS];
	struct block *next;
};

static struct block *blocks;
static bool counting;

/* nopl 0x1badf001(%rax) and nopl 0x1badf002(%rax), as main.c has them */
static const uint8_t begin_marker[] = { 0x0f, 0x1f, 0x80, 0x01, 0xf0, 0xad, 0x1b };
static const uint8_t end_marker[] = { 0x0f, 0x1f, 0x80, 0x02, 0xf0, 0xad, 0x1b };

static void executed(unsigned int cpu, void *data)
{
	struct block *block = data;

	if (counting)
		block->executed[cpu < CPUS ? cpu : CPUS - 1]++;
}

static void begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counting = true;
}

static void end(unsigned int cpu, void *data)
{
	FILE *file = fopen("counts", "w");
	const struct block *block;
	unsigned int i;

	(void)cpu;
	(void)data;
	counting = false;
	for (block = blocks; file && block; block = block->next) {
		for (i = 0; i < CPUS; i++) {
			if (block->executed[i])
				fprintf(file, "%x %lx %lx\n", i, block->address,
					block->executed[i] * block->instructions);
		}
	}
	if (file)
		fclose(file);
}

static bool is(const struct qemu_plugin_insn *insn, const uint8_t marker[7])
{
	return qemu_plugin_insn_size(insn) == 7 &&
	       !memcmp(qemu_plugin_insn_data(insn), marker, 7);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, count = qemu_plugin_tb_n_insns(tb);
	struct block *block = calloc(1, sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	block->instructions = count;
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0, block);
	for (i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (is(insn, begin_marker))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, 0, NULL);
		else if (is(insn, end_marker))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, 0, NULL);
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc,
			       char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
