// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guest memory while everything around it changes: many threads, mappings that
 * come and go, processes that are killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define GPA	0x40000000UL
#define BIG	(200UL << 20)	/* what is not pinned in a moment */
#define AREA	0x1000000UL	/* of guest addresses, for each thread */

/**
 * struct mapper - a thread that maps and unmaps
 * @fd: the file
 * @gpa: where in the guest
 * @memory: the memory
 * @pages: how much of it
 * @rounds: how often; of threads that go on until they are told to end: 1: end
 * @seed: of its random numbers
 * @mapped: how often it worked
 * @thread: the thread
 */
struct mapper {
	int fd;
	uint64_t gpa;
	char *memory;
	unsigned int pages;
	unsigned int rounds;
	unsigned int seed;
	unsigned int mapped;
	pthread_t thread;
};

static void start_mapper(struct mapper *mapper, void *(*run)(void *data))
{
	check(!pthread_create(&mapper->thread, NULL, run, mapper),
	      "pthread_create");
}

/* In an area that is this thread's alone, everything has to work. */
static void *map_alone(void *data)
{
	struct mapper *m = data;
	unsigned int i, first, count;

	for (i = 0; i < m->rounds; i++) {
		first = rand_r(&m->seed) % m->pages;
		count = 1 + rand_r(&m->seed) % (m->pages - first);
		check_result(memseg_set(m->fd, m->gpa + PAGES(first),
					m->memory + PAGES(first), PAGES(count)),
			     0, "SET_MEMSEG");
		check_result(memseg_unset(m->fd, m->gpa + PAGES(first),
					  PAGES(count)), 0, "UNSET_MEMSEG");
		m->mapped++;
	}
	return NULL;
}

TIMED_TEST(storm, 120, "four threads, two VMs, 600 mappings")
{
	int fd[2] = { vm_in_state(VM_STARTED, 0), vm_in_state(VM_CREATED, 1) };
	char *memory = memory_get(MEMORY_SHARED, PAGES(600));
	struct mapper mappers[4];
	struct pins before;
	unsigned int i;

	pins_get(&before);
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		mappers[i] = (struct mapper) {
			.fd = fd[i % 2], .gpa = GPA + i * AREA,
			.memory = memory, .pages = 600, .rounds = 150,
			.seed = i,
		};
		start_mapper(&mappers[i], map_alone);
	}
	for (i = 0; i < ARRAY_SIZE(mappers); i++)
		pthread_join(mappers[i].thread, NULL);
	check_sees_nothing(VMID(0));
	check_sees_nothing(VMID(1));
	pins_check(&before, 0, "after the storm");
}

/* All threads want the same places: who comes second is told so. */
static void *map_contended(void *data)
{
	struct mapper *m = data;
	unsigned int i;
	int ret;

	for (i = 0; i < m->rounds; i++) {
		uint64_t gpa = GPA + PAGES(8 * (rand_r(&m->seed) % 8));

		ret = memseg_set(m->fd, gpa, m->memory, PAGES(8));
		check(!ret || ret == -EEXIST, "SET_MEMSEG: %s",
		      result_name(ret));
		m->mapped += !ret;
		gpa = GPA + PAGES(8 * (rand_r(&m->seed) % 8));
		ret = memseg_unset(m->fd, gpa, PAGES(8));
		check(!ret || ret == -ENOENT, "UNSET_MEMSEG: %s",
		      result_name(ret));
		m->mapped -= !ret;
	}
	return NULL;
}

TIMED_TEST(contended, 120, "four threads want the same places")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(8));
	int fd = vm_in_state(VM_STARTED, 0);
	struct mapper mappers[4];
	unsigned int i, left = 0;
	struct pins before;

	pins_get(&before);
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		mappers[i] = (struct mapper) {
			.fd = fd, .memory = memory, .rounds = 500, .seed = i,
		};
		start_mapper(&mappers[i], map_contended);
	}
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		pthread_join(mappers[i].thread, NULL);
		left += mappers[i].mapped;
	}
	pins_check(&before, 8 * left, "after the contest");
	for (i = 0; i < 8; i++)
		left -= !memseg_unset(fd, GPA + PAGES(8 * i), PAGES(8));
	check_equal(left, 0, "memsegs that nobody can unset");
	check_sees_nothing(VMID(0));
	pins_check(&before, 0, "all unset");
}

/* The memory is mapped, unmapped, protected and replaced while it is pinned. */
static void *change_mappings(void *data)
{
	struct mapper *m = data;

	while (!__atomic_load_n(&m->rounds, __ATOMIC_ACQUIRE)) {
		char *page = m->memory + PAGES(rand_r(&m->seed) % m->pages);

		switch (rand_r(&m->seed) % 5) {
		case 0:
			munmap(page, PAGE_SIZE);
			break;
		case 1:
			mprotect(page, PAGE_SIZE, PROT_READ);
			break;
		case 2:
			madvise(page, PAGE_SIZE, MADV_DONTNEED);
			break;
		default:
			mmap(page, PAGES(4), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		}
		/* whole again for a while, so that some can be mapped */
		if (rand_r(&m->seed) % 8)
			continue;
		mmap(m->memory, PAGES(m->pages), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		usleep(500);
	}
	return NULL;
}

TIMED_TEST(changing_mappings, 120, "memory that changes while it is mapped")
{
	/* the last pages stay, so that mappings of 4 pages fit */
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(64));
	struct mapper changer = { .memory = memory, .pages = 60 };
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i, mapped = 0;
	struct pins before;
	int ret;

	pins_get(&before);
	start_mapper(&changer, change_mappings);
	for (i = 0; i < 2000; i++) {
		ret = memseg_set(fd, GPA, memory, PAGES(60));
		check(!ret || ret == -EFAULT, "SET_MEMSEG: %s",
		      result_name(ret));
		if (ret)
			continue;
		mapped++;
		check_result(memseg_unset(fd, GPA, PAGES(60)), 0,
			     "UNSET_MEMSEG");
	}
	__atomic_store_n(&changer.rounds, 1, __ATOMIC_RELEASE);
	pthread_join(changer.thread, NULL);
	report("%u of %u times the memory could be mapped", mapped, i);
	pins_check(&before, 0, "in the end");
	check_sees_nothing(VMID(0));
}

/* The VM goes and comes while threads map memory into it. */
static void *map_into_whatever(void *data)
{
	struct mapper *m = data;
	int ret;

	while (!__atomic_load_n(&m->rounds, __ATOMIC_ACQUIRE)) {
		ret = memseg_set(m->fd, m->gpa, m->memory, PAGES(m->pages));
		m->mapped += !ret;
		check(!ret || ret == -ENODEV || ret == -EEXIST,
		      "SET_MEMSEG: %s", result_name(ret));
		ret = memseg_unset(m->fd, m->gpa, PAGES(m->pages));
		check(!ret || ret == -ENODEV || ret == -ENOENT,
		      "UNSET_MEMSEG: %s", result_name(ret));
	}
	return NULL;
}

TIMED_TEST(vm_comes_and_goes, 120, "a VM that comes and goes while memory is mapped into it")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(300));
	struct mapper mappers[2];
	struct pins before;
	int fd = hsm_open();
	unsigned int i;

	pins_get(&before);
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		mappers[i] = (struct mapper) {
			.fd = fd, .gpa = GPA + i * AREA, .memory = memory,
			.pages = 300,
		};
		start_mapper(&mappers[i], map_into_whatever);
	}
	for (i = 0; i < 100; i++) {
		vm_to_state(fd, VM_CREATED + i % 3, 0);
		usleep(3000);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
	for (i = 0; i < ARRAY_SIZE(mappers); i++) {
		__atomic_store_n(&mappers[i].rounds, 1, __ATOMIC_RELEASE);
		pthread_join(mappers[i].thread, NULL);
		report("mapped %u times", mappers[i].mapped);
	}
	pins_check(&before, 0, "in the end");
}

/* A process that maps and unmaps until it is killed */
struct victim {
	enum memory_kind kind;
	size_t size;
	bool touched;
};

static int *victim_runs;

static void map_for_ever(void *data)
{
	const struct victim *victim = data;
	int fd = vm_in_state(VM_STARTED, 0);
	char *memory = memory_get(victim->kind, victim->size);

	if (victim->touched)
		memory_touch(memory, victim->size);
	__atomic_store_n(victim_runs, 1, __ATOMIC_RELEASE);
	for (;;) {
		check_result(memseg_set(fd, GPA, memory, victim->size), 0,
			     "SET_MEMSEG");
		check_result(memseg_unset(fd, GPA, victim->size), 0,
			     "UNSET_MEMSEG");
	}
}

static void share(void)
{
	victim_runs = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(victim_runs != MAP_FAILED, "mmap");
}

static void kill_mapping(struct victim *victim, unsigned int max_us)
{
	struct vm_model empty = { VM_EMPTY, 0 };
	struct pins before;
	uint64_t start;
	pid_t pid;

	pins_get(&before);
	__atomic_store_n(victim_runs, 0, __ATOMIC_RELEASE);
	pid = start_child(map_for_ever, victim);
	while (!__atomic_load_n(victim_runs, __ATOMIC_ACQUIRE))
		usleep(100);
	usleep(random() % max_us);
	start = now_us();
	kill_child(pid);
	check(now_us() - start < 5000000, "it took %llu us to die",
	      (unsigned long long)(now_us() - start));
	vm_check(0, &empty);
	pins_check(&before, 0, "killed");
}

TIMED_TEST(killed, 200, "killed while memory is mapped")
{
	struct victim victims[] = {
		{ MEMORY_PRIVATE, PAGES(2000), true },
		{ MEMORY_PRIVATE, PAGES(20000), false },
		{ MEMORY_MEMFD, PAGES(2000), true },
		{ MEMORY_THP, 8 * HUGE_2M, false },
	};
	unsigned int i;

	share();
	srandom(1);
	for (i = 0; i < 60; i++)
		kill_mapping(&victims[i % ARRAY_SIZE(victims)], 15000);
}

/* In memory that is shared: when it is killed, and what it saw before */
struct half_way {
	unsigned int percent;
	unsigned long calls;
};

/* Maps memory once to see how long that takes; on the second time it is killed meanwhile. */
static void map_twice(void *data)
{
	struct half_way *victim = data;
	int fd = vm_in_state(VM_CREATED, 0);
	char *memory = memory_get(MEMORY_PRIVATE, BIG);
	struct itimerval timer = { 0 };
	uint64_t took;

	/* Of pages that are not there yet the kernel itself would see the signal. */
	memory_touch(memory, BIG);
	took = now_us();
	check_result(memseg_set(fd, GPA, memory, BIG), 0, "SET_MEMSEG");
	took = now_us() - took;
	check_result(memseg_unset(fd, GPA, BIG), 0, "UNSET_MEMSEG");

	took = took * victim->percent / 100;
	timer.it_value.tv_sec = took / 1000000;
	timer.it_value.tv_usec = took % 1000000;
	victim->calls = hv_calls(HC_SET_MEMORY_REGIONS);
	check_result(setitimer(ITIMER_REAL, &timer, NULL), 0, "setitimer");
	memseg_set(fd, GPA, memory, BIG);
	pause();
}

/*
 * Whoever is killed while a lot of memory is pinned does not pin the rest: the
 * hypervisor never hears of it.  If it was done with that before the signal
 * came, that was not seen.
 */
TIMED_TEST(killed_while_pinning, 120, "[D12] killed while much memory is pinned: it ends at once")
{
	struct half_way *victim = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool in_time = false;
	struct pins before;
	int status;
	pid_t pid;

	check(victim != MAP_FAILED, "mmap: %s", strerror(errno));
	pins_get(&before);
	for (victim->percent = 50; victim->percent && !in_time; victim->percent -= 10) {
		pid = start_child(map_twice, victim);
		check(waitpid(pid, &status, 0) == pid, "waitpid: %s", strerror(errno));
		check(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM,
		      "status %#x, expected death by SIGALRM", status);
		in_time = hv_calls(HC_SET_MEMORY_REGIONS) == victim->calls;
		pins_check(&before, 0, "killed");
	}
	check(in_time, "all of it was pinned and mapped, each time");
}

/* The hypercalls take long, so that most are killed inside of one */
TIMED_TEST(killed_in_hypercall, 120, "killed in a hypercall")
{
	struct victim victim = { MEMORY_PRIVATE, PAGES(500), true };
	unsigned int i;

	share();
	srandom(2);
	hv_delay(HC_SET_MEMORY_REGIONS, 5000);
	for (i = 0; i < 20; i++)
		kill_mapping(&victim, 20000);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
