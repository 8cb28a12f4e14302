// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Coverage by KCOV: the driver is built so that each block of its code says
 * that it runs, to the thread that runs it.  Interrupts and kernel threads do
 * not count.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "coverage.h"
#include "harness.h"
#include "kernel.h"

#define KCOV_NODE	"/sys/kernel/debug/kcov"
#define TRACE_WORDS	32768
#define TEXT_MAX	0x40000		/* of the module's code */
#define BLOCKS_MAX	4096
#define PAIRS		65536
#define NAME_SIZE	64

/**
 * struct block - a block of the driver's code
 * @offset: where it says that it runs, from the beginning of .text
 * @function: the function that it is in
 */
static struct block {
	uint32_t offset;
	char function[NAME_SIZE];
} blocks[BLOCKS_MAX];

static unsigned int block_count;
/* The number of the block + 1, by offset */
static uint16_t block_at[TEXT_MAX];

/* What all processes have found so far: blocks, and pairs of successive ones */
static struct found {
	uint8_t blocks[BLOCKS_MAX];
	uint8_t pairs[PAIRS];
} *found;

static uint64_t text_base;
/* KCOV's buffer of this thread: the number of addresses, then the addresses */
static __thread uint64_t *trace;

static void read_blocks(FILE *file)
{
	char section[NAME_SIZE], function[NAME_SIZE];
	unsigned int offset;

	while (fscanf(file, "%63s %x %63s", section, &offset, function) == 3) {
		/*
		 * What runs while the module comes and goes is not for us, nor what
		 * runs in interrupts only, with all that is inlined there.
		 */
		if (strcmp(section, ".text") || !strcmp(function, "acrn_ioreq_upcall"))
			continue;
		check(block_count < BLOCKS_MAX && offset < TEXT_MAX,
		      "the module is too large");
		blocks[block_count].offset = offset;
		memcpy(blocks[block_count].function, function,
		       sizeof(function));
		block_at[offset] = ++block_count;
	}
}

/**
 * coverage_init() - prepare to look at coverage
 * @path: a file with the blocks of the module, see blocks.awk
 *
 * Return: false: this kernel has no KCOV, or the module is not built for it.
 */
bool coverage_init(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file || access(KCOV_NODE, F_OK)) {
		if (file)
			fclose(file);
		return false;
	}
	read_blocks(file);
	fclose(file);
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(found != MAP_FAILED, "mmap: %s", strerror(errno));
	return block_count;
}

/**
 * coverage_look() - look at what the calling thread does from now on
 */
void coverage_look(void)
{
	char text[32];
	int fd;

	if (!block_count)
		return;
	if (!text_base) {
		check(!read_text("/sys/module/acrn/sections/.text", text,
				 sizeof(text)), "where is the module?");
		text_base = strtoull(text, NULL, 16);
	}
	fd = open(KCOV_NODE, O_RDWR | O_CLOEXEC);
	check(fd >= 0, KCOV_NODE ": %s", strerror(errno));
	check(!ioctl(fd, KCOV_INIT_TRACE, TRACE_WORDS), "KCOV_INIT_TRACE: %s",
	      strerror(errno));
	trace = mmap(NULL, TRACE_WORDS * sizeof(*trace),
		     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	check(trace != MAP_FAILED, "mmap of kcov: %s", strerror(errno));
	check(!ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC), "KCOV_ENABLE: %s",
	      strerror(errno));
}

void coverage_begin(void)
{
	if (trace)
		__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
}

static bool is_new(uint8_t *flag)
{
	if (*flag)
		return false;
	*flag = 1;
	return true;
}

/**
 * coverage_end() - what has this thread done since coverage_begin()?
 *
 * Return: how many blocks, or pairs of them, nobody has come to before.
 */
unsigned int coverage_end(void)
{
	unsigned int fresh = 0, block, last = 0;
	uint64_t count, offset, i;

	if (!trace)
		return 0;
	count = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	for (i = 1; i <= count && i < TRACE_WORDS; i++) {
		offset = trace[i] - text_base;
		block = offset < TEXT_MAX ? block_at[offset] : 0;
		if (!block)
			continue;
		fresh += is_new(&found->blocks[block - 1]);
		fresh += is_new(&found->pairs[(last * 31 + block) % PAIRS]);
		last = block;
	}
	return fresh;
}

unsigned int coverage_reached(void)
{
	unsigned int i, reached = 0;

	for (i = 0; i < block_count; i++)
		reached += found->blocks[i];
	return reached;
}

unsigned int coverage_blocks(void)
{
	return block_count;
}

/**
 * coverage_report() - say where nobody came
 */
void coverage_report(void)
{
	unsigned int i, first = 0, reached = 0;

	for (i = 0; i < block_count; i++) {
		reached += found->blocks[i];
		if (i + 1 < block_count &&
		    !strcmp(blocks[i].function, blocks[i + 1].function))
			continue;
		if (reached <= i - first)
			report("reached %u of %u in %s", reached,
			       i - first + 1, blocks[i].function);
		first = i + 1;
		reached = 0;
	}
}
