// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * bench-DRIVER [--profile OPERATION] PART...: prints "ROW|driver|operation|median|
 * smallest|largest|samples" for each operation of these parts.
 */
#include <fcntl.h>
#include <sys/io.h>
#include <sys/resource.h>

#include "bench.h"

uint64_t samples[SAMPLES_MAX];
const char *profiled;
int floor_fd;

static uint64_t stamp_cost;

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void row(const char *id, unsigned int count)
{
	if (profiled)
		return;
	qsort(samples, count, sizeof(samples[0]), compare);
	printf("ROW|%s|%s|%lu|%lu|%lu|%u\n", driver_name, id, samples[count / 2] - stamp_cost,
	       samples[0] - stamp_cost, samples[count - 1] - stamp_cost, count);
}

void number(const char *id, uint64_t value)
{
	if (!profiled)
		printf("ROW|%s|%s|%lu|%lu|%lu|1\n", driver_name, id, value, value, value);
}

bool wanted(const char *id)
{
	return !profiled || !strcmp(profiled, id);
}

/* The markers that the plugin knows: nopl 0x1badf001(%rax), nopl 0x1badf002(%rax) */
void profile_begin(const char *id, unsigned int count)
{
	if (!profiled || strcmp(profiled, id))
		return;
	printf("PROFILE|%s|%s|%u\n", driver_name, id, count);
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x01, 0xf0, 0xad, 0x1b" : : : "memory");
}

void profile_end(const char *id)
{
	if (profiled && !strcmp(profiled, id))
		__asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x02, 0xf0, 0xad, 0x1b"
				 : : : "memory");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{ "calls", calls }, { "memory", memory }, { "events", events },
		{ "vms", vms }, { "scale", scale },
	};
	struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY }, files = { 4096, 4096 };
	unsigned int i;
	int arg = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	CHECK(setrlimit(RLIMIT_MEMLOCK, &no_limit));
	CHECK(setrlimit(RLIMIT_NOFILE, &files));
	floor_fd = open("/dev/floor", O_RDWR | O_CLOEXEC);
	CHECK(floor_fd < 0);
	if (argc > 2 && !strcmp(argv[1], "--profile")) {
		profiled = argv[2];
		arg = 3;
	}
	for (i = 0; i < SAMPLES_MAX; i++) {
		uint64_t begin = now();

		samples[i] = now() - begin;
	}
	qsort(samples, SAMPLES_MAX, sizeof(samples[0]), compare);
	stamp_cost = samples[SAMPLES_MAX / 2];
	for (; arg < argc; arg++) {
		for (i = 0; i < ARRAY_SIZE(parts); i++)
			if (!strcmp(argv[arg], parts[i].name))
				parts[i].run();
	}
	printf("DONE|%s\n", driver_name);
	return 0;
}
