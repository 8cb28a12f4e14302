// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Guests that do their worst: as many requests as they can, from all vCPUs at
 * once, anywhere.  That may cost their own device model's time, but neither
 * another VM's nor the Service VM's, and must not fill the kernel's log.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "guests.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define HOSTILE		0		/* configurations */
#define OTHER		1
#define HOSTILE_VCPUS	3
#define PORT		0x640
#define SIGNAL_PORT	0x650
#define LAPIC_PAGE	0xfee00000UL
#define PHASE_MS	2000
#define TRIES		4		/* of what is measured */
#define LINES_MAX	20		/* in the kernel's log, from a whole test */
#define ACCESSES	6000
#define PHYSICAL_BITS	39		/* that page tables of the guest cover */

/**
 * struct dm - a VM and its device model, a process that this one watches
 * @config: the VM's configuration
 * @vcpus: how many it has
 * @deaf: it does not answer
 * @signals: writes to SIGNAL_PORT are an eventfd's
 * @ready: the guest runs
 * @stop: it shall end
 * @requests: how many it has answered
 * @pid: the process
 */
struct dm {
	unsigned int config;
	unsigned int vcpus;
	bool deaf;
	bool signals;
	bool ready;
	bool stop;
	unsigned long requests;
	pid_t pid;
};

static bool answer(struct guest *guest, struct access *access, void *data)
{
	(void)guest;
	(void)data;
	access->value = 0x5a;
	return true;
}

static void dm_program(struct guest *guest, const struct dm *dm)
{
	const struct guest_op ask[] = {
		{ .op = GUEST_IN + 1, .address = PORT },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	const struct guest_op signal[] = {
		{ .op = GUEST_OUT + 1, .address = SIGNAL_PORT },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	unsigned int i;

	for (i = 0; i < dm->vcpus; i++)
		guest_program_vcpu(guest, i, dm->signals ? signal : ask, 2);
}

static void dm_run(void *data)
{
	struct dm *dm = data;
	struct guest guest;

	guest_new_vcpus(&guest, dm->config, 0, dm->vcpus);
	dm_program(&guest, dm);
	if (dm->signals)
		check_result(ioeventfd(guest.fd, event_new(), ACRN_IOEVENTFD_PIO,
				       SIGNAL_PORT, 1, 0), 0, "IOEVENTFD");
	guest_start(&guest);
	__atomic_store_n(&dm->ready, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&dm->stop, __ATOMIC_ACQUIRE)) {
		if (dm->deaf)
			sleep_ms(200);
		else if (wait_for_request(&guest, 10))
			dm->requests += serve_once(&guest, answer, NULL);
	}
	guest_end(&guest);
}

static struct dm *dm_new(unsigned int config, unsigned int vcpus)
{
	struct dm *dm = mmap(NULL, sizeof(*dm), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	check(dm != MAP_FAILED, "mmap");
	dm->config = config;
	dm->vcpus = vcpus;
	return dm;
}

static void dm_start(struct dm *dm)
{
	dm->pid = start_child(dm_run, dm);
	while (!__atomic_load_n(&dm->ready, __ATOMIC_ACQUIRE))
		usleep(1000);
}

static void dm_end(struct dm *dm)
{
	__atomic_store_n(&dm->stop, true, __ATOMIC_RELEASE);
	end_child(dm->pid);
}

/* CPU time that a process has used */
static uint64_t process_us(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	check(!clock_getcpuclockid(pid, &clock) && !clock_gettime(clock, &t),
	      "no clock of process %d", pid);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/* Time that the CPUs of the Service VM were idle */
static uint64_t idle_us(void)
{
	unsigned long long idle, iowait;
	char text[256];

	check(!read_text("/proc/stat", text, sizeof(text)), "/proc/stat");
	check(sscanf(text, "cpu %*u %*u %*u %llu %llu", &idle, &iowait) == 2,
	      "/proc/stat: %s", text);
	return (idle + iowait) * 1000000 / sysconf(_SC_CLK_TCK);
}

/**
 * struct cost - what happened in a while
 * @requests: of the other VM, a second
 * @hostile: CPU time of the hostile VM's device model, per mille
 * @rest: of the Service VM but for the two device models, per mille
 */
struct cost {
	unsigned long requests;
	long hostile;
	long rest;
};

static struct cost measure(struct dm *other, struct dm *hostile)
{
	uint64_t begin = now_us(), idle = idle_us(), us;
	uint64_t mine = process_us(other->pid);
	uint64_t theirs = hostile ? process_us(hostile->pid) : 0;
	unsigned long requests = other->requests;
	struct cost cost;
	long busy;

	sleep_ms(PHASE_MS);
	us = now_us() - begin;
	requests = other->requests - requests;
	mine = process_us(other->pid) - mine;
	theirs = hostile ? process_us(hostile->pid) - theirs : 0;
	busy = us * sysconf(_SC_NPROCESSORS_ONLN) - (idle_us() - idle);
	cost.requests = requests * 1000000 / us;
	cost.hostile = theirs * 1000 / us;
	cost.rest = (busy - (long)mine - (long)theirs) * 1000 / (long)us;
	return cost;
}

static void say(const char *when, const struct cost *cost)
{
	report("%s: the other VM has %lu requests/s; CPU time: %ld %% of a CPU for the hostile device model, %ld %% for neither",
	       when, cost->requests, cost->hostile / 10, cost->rest / 10);
}

/**
 * struct bounds - what a hostile VM may cost others
 * @share: what the other VM has to keep of its requests, percent
 * @own: what its own device model may use, per mille of a CPU
 * @rest: what it may cost beyond what its device model uses
 */
struct bounds {
	unsigned int share;
	long own;
	long rest;
};

static bool within(const struct bounds *bounds, const struct cost *alone,
		   const struct cost *with)
{
	return alone->requests &&
	       with->requests * 100 >= alone->requests * bounds->share &&
	       with->hostile <= bounds->own &&
	       with->rest - alone->rest <= with->hostile + bounds->rest;
}

/* The other VM alone and beside a hostile one */
static bool try_beside(struct dm *hostile, const struct bounds *bounds)
{
	struct dm *other = dm_new(OTHER, 1);
	struct cost alone, with;

	dm_start(other);
	alone = measure(other, NULL);
	say("alone", &alone);
	dm_start(hostile);
	with = measure(other, hostile);
	say("beside it", &with);
	dm_end(hostile);
	dm_end(other);
	return within(bounds, &alone, &with);
}

/* The machine may be busy with something else meanwhile, but not each time. */
static void not_harmed(bool deaf, bool signals, const struct bounds *bounds)
{
	unsigned int lines, i;
	int log = log_open();
	struct dm *hostile;

	for (i = 0; i < TRIES; i++) {
		hostile = dm_new(HOSTILE, HOSTILE_VCPUS);
		hostile->deaf = deaf;
		hostile->signals = signals;
		if (try_beside(hostile, bounds))
			break;
	}
	lines = log_count(log, "");
	log_close(log);
	check(lines <= LINES_MAX, "%u lines in the kernel's log", lines);
	check(i < TRIES, "the other VM must keep %u %%, and no more than %ld per mille of a CPU be used beside the device model",
	      bounds->share, bounds->rest);
	check(deaf || signals || hostile->requests,
	      "the hostile VM had no requests");
}

/* Its interrupts may cost as much as its device model, at most. */
static void asking(void)
{
	const struct bounds bounds = { 5, 1000, 100 };

	not_harmed(false, false, &bounds);
}

/* One request of each vCPU waits: then it cannot do anything any more. */
static void not_answered(void)
{
	const struct bounds bounds = { 40, 100, 150 };

	not_harmed(true, false, &bounds);
}

/*
 * Requests that interrupts answer: no device model holds this one up, and it has
 * the CPU that upcalls come to.  Whoever runs there gets on slowly, and is
 * charged for it; but nobody comes to a stand.
 */
static void signalling(void)
{
	const struct bounds bounds = { 1, 1100, 1100 };

	not_harmed(false, true, &bounds);
}

/**
 * struct hammer - a guest that tries everything
 * @asked: per vCPU: what it asks for
 * @turns: how often it was answered
 * @seed: of the random numbers
 */
struct hammer {
	struct guest_op asked[HOSTILE_VCPUS];
	unsigned int turns;
	unsigned int seed;
};

static uint64_t any_address(struct hammer *hammer)
{
	uint64_t address, random = (uint64_t)rand_r(&hammer->seed) << 31 |
				   rand_r(&hammer->seed);

	do {
		/* small ones as often as large ones, and all vCPUs at one place */
		switch (rand_r(&hammer->seed) % 4) {
		case 0:
			return 0xd0000000;
		case 1:
			address = GUEST_SIZE + random % 0x100000;
			break;
		default:
			address = random % (1ULL << PHYSICAL_BITS);
		}
		random = random * 5 + GUEST_SIZE;
	} while (address < GUEST_SIZE || address / PAGE_SIZE == LAPIC_PAGE / PAGE_SIZE ||
		 (address + 8) / PAGE_SIZE != address / PAGE_SIZE);
	return address;
}

/* What a vCPU does next stands in its memory, where its device model puts it. */
static void next_access(struct guest *guest, struct hammer *hammer,
			unsigned int vcpu)
{
	static const unsigned int ops[] = {
		GUEST_IN, GUEST_OUT, GUEST_LOAD, GUEST_STORE,
	};
	volatile struct guest_op *to = guest_vcpu_op(guest, vcpu, 0);
	struct guest_op op = { .op = ops[rand_r(&hammer->seed) % ARRAY_SIZE(ops)] };
	unsigned int size_bits = rand_r(&hammer->seed) %
				 (op.op < GUEST_LOAD ? 3 : 4);

	op.address = op.op < GUEST_LOAD ? (unsigned int)rand_r(&hammer->seed) % 0x10000 :
					  any_address(hammer);
	op.op += 1U << size_bits;
	op.value = (uint64_t)rand_r(&hammer->seed) << 32 | rand_r(&hammer->seed);
	hammer->asked[vcpu] = op;
	to->op = op.op;
	to->address = op.address;
	to->value = op.value;
}

static bool hammered(struct guest *guest, struct access *access, void *data)
{
	struct hammer *hammer = data;
	const struct guest_op *asked = &hammer->asked[access->vcpu];
	unsigned int kind = asked->op & ~15U, size = asked->op & 15;
	bool write = kind == GUEST_OUT || kind == GUEST_STORE;
	uint64_t mask = size == 8 ? ~0ULL : (1ULL << 8 * size) - 1;

	check_equal(access->type, kind < GUEST_LOAD ? ACRN_IOREQ_PIO :
		    ACRN_IOREQ_MMIO, "type");
	check_equal(access->write, write, "direction");
	check_equal(access->address, asked->address, "address");
	check_equal(access->size, size, "size");
	if (write)
		check_equal(access->value & mask, asked->value & mask, "value");
	access->value = hammer->turns;
	if (++hammer->turns < ACCESSES)
		next_access(guest, hammer, access->vcpu);
	else
		guest_vcpu_op(guest, access->vcpu, 0)->op = GUEST_END;
	return true;
}

static void everywhere(void)
{
	const struct guest_op ops[] = {
		{ .op = GUEST_IN + 1 },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	struct hammer hammer = { .seed = 7 };
	struct guest guest;
	unsigned int i, lines;
	int log = log_open();

	guest_new_vcpus(&guest, HOSTILE, 0, HOSTILE_VCPUS);
	for (i = 0; i < HOSTILE_VCPUS; i++) {
		guest_program_vcpu(&guest, i, ops, ARRAY_SIZE(ops));
		next_access(&guest, &hammer, i);
	}
	guest_start(&guest);
	serve_until_done(&guest, hammered, &hammer, 100000);
	check(hammer.turns >= ACCESSES, "only %u accesses", hammer.turns);
	guest_end(&guest);
	lines = log_count(log, "");
	log_close(log);
	check(lines <= LINES_MAX, "%u lines in the kernel's log", lines);
}

/* Its vCPUs ask all the time while it is paused, reset and started. */
static void never_still(void)
{
	const struct dm all = { .vcpus = HOSTILE_VCPUS };
	unsigned int i, served = 0, lines;
	int log = log_open();
	struct guest guest;

	guest_new_vcpus(&guest, HOSTILE, 0, HOSTILE_VCPUS);
	for (i = 0; i < 100; i++) {
		dm_program(&guest, &all);
		guest_start(&guest);
		if (i % 4 && wait_for_request(&guest, 1000))
			served += serve_once(&guest, answer, NULL);
		if (i % 8 == 7)
			usleep(1000);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		if (i % 2)
			check_result(clear_requests(guest.fd), 0,
				     "CLEAR_VM_IOREQ");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
	}
	check(served, "it never had a request");
	guest_end(&guest);
	lines = log_count(log, "");
	log_close(log);
	check(lines <= LINES_MAX, "%u lines in the kernel's log", lines);
}

static const struct test tests[] = {
	{ "every port and address, every size, from three vCPUs", everywhere, 120 },
	{ "vCPUs that ask while their VM is paused and reset", never_still, 120 },
	{ "requests without end: another VM is served", asking },
	{ "requests that nobody answers cost nothing", not_answered },
	{ "an ioeventfd without end: another VM is served", signalling },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests),
			 NEED_HYPERVISOR | NEED_DRIVER);
}
