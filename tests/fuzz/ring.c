// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The last sequences of each worker.  When the machine is lost, they are still
 * in its memory, which testbed/run --keep-memory leaves behind as a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness.h"
#include "ring.h"

#define RING_MAGIC	0x6e69725a5a554641ULL
#define RING_MAGIC_2	0x52494e47a5c3f00dULL
#define RECOVER_MAX	4096

/**
 * struct ring_entry - a sequence, in a page of its own
 * @magic: RING_MAGIC and RING_MAGIC_2
 * @run: tells one run of the fuzzer from another one
 * @order: when it began
 * @running: it has not ended
 * @seq: the sequence
 */
struct ring_entry {
	uint64_t magic[2];
	uint64_t run;
	uint64_t order;
	uint64_t running;
	struct sequence seq;
} __attribute__((aligned(PAGE_SIZE)));

_Static_assert(sizeof(struct ring_entry) == PAGE_SIZE, "an entry is a page");

/**
 * ring_new() - memory for the last sequences
 * @workers: of so many workers
 * @run: a number that no other run has
 *
 * Return: the ring, which child processes share.
 */
struct ring_entry *ring_new(unsigned int workers, uint64_t run)
{
	unsigned int i, count = workers * RING_ENTRIES;
	struct ring_entry *ring;

	ring = mmap(NULL, count * sizeof(*ring), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(ring != MAP_FAILED, "mmap: %s", strerror(errno));
	for (i = 0; i < count; i++)
		ring[i].run = run;
	return ring;
}

/**
 * ring_begin() - a sequence is about to be run
 * @ring: the ring
 * @seq: the sequence
 *
 * Return: its entry, for ring_end().
 */
struct ring_entry *ring_begin(struct ring_entry *ring,
			      const struct sequence *seq)
{
	static unsigned int next;
	struct ring_entry *entry = &ring[seq->worker * RING_ENTRIES +
					 next++ % RING_ENTRIES];

	entry->magic[0] = 0;
	memcpy(&entry->seq, seq, sizeof(*seq));
	entry->order = now_us();
	entry->running = 1;
	entry->magic[1] = RING_MAGIC_2;
	__atomic_store_n(&entry->magic[0], RING_MAGIC, __ATOMIC_RELEASE);
	return entry;
}

void ring_end(struct ring_entry *entry)
{
	__atomic_store_n(&entry->running, 0, __ATOMIC_RELEASE);
}

static bool is_entry(const struct ring_entry *entry)
{
	return entry->magic[0] == RING_MAGIC &&
	       entry->magic[1] == RING_MAGIC_2 && entry->order &&
	       entry->seq.count <= CALLS_MAX;
}

/* The oldest first, what was running when all ended last */
static int compare(const void *a, const void *b)
{
	const struct ring_entry *x = *(const struct ring_entry *const *)a;
	const struct ring_entry *y = *(const struct ring_entry *const *)b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	if (x->running != y->running)
		return x->running < y->running ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return 0;
}

static void print_sorted(FILE *out, const char *prefix,
			 const struct ring_entry **entries, unsigned int count)
{
	unsigned int i;

	qsort(entries, count, sizeof(entries[0]), compare);
	for (i = 0; i < count; i++) {
		if (entries[i]->running)
			fprintf(out, "%s# was running:\n", prefix);
		sequence_print(out, prefix, &entries[i]->seq);
	}
}

/**
 * ring_print() - write the last sequences down, for a replay
 * @out: where to
 * @prefix: before each line
 * @ring: the ring
 * @workers: as given to ring_new()
 */
void ring_print(FILE *out, const char *prefix, const struct ring_entry *ring,
		unsigned int workers)
{
	static const struct ring_entry *found[RECOVER_MAX];
	unsigned int i, count = 0;

	for (i = 0; i < workers * RING_ENTRIES && count < RECOVER_MAX; i++)
		if (is_entry(&ring[i]))
			found[count++] = &ring[i];
	print_sorted(out, prefix, found, count);
}

/**
 * ring_recover() - find the last sequences in the memory of a machine
 * @path: the file
 *
 * They are printed, those of the last run.
 *
 * Return: exit status.
 */
int ring_recover(const char *path)
{
	static struct ring_entry pages[RECOVER_MAX], page;
	static const struct ring_entry *found[RECOVER_MAX];
	unsigned int i, count = 0;
	uint64_t run = 0;
	FILE *file = fopen(path, "re");

	if (!file) {
		perror(path);
		return 1;
	}
	while (fread(&page, sizeof(page), 1, file) == 1) {
		if (!is_entry(&page) || page.run < run)
			continue;
		if (page.run > run)
			count = 0;
		run = page.run;
		if (count < RECOVER_MAX)
			pages[count++] = page;
	}
	fclose(file);
	for (i = 0; i < count; i++)
		found[i] = &pages[i];
	print_sorted(stdout, "", found, count);
	fprintf(stderr, "%u sequences\n", count);
	return count ? 0 : 1;
}
