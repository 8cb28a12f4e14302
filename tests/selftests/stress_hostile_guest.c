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
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define HOSTILE		0		/* configurations */
#define OTHER		1
#define HOSTILE_VCPUS	3
#define PORT		0x640
#define SIGNAL_PORT	0x650
#define FIXED_PAGE	0x40000000UL
#define LAPIC_PAGE	0xfee00000UL
#define PHASE_MS	2000
#define TRIES		4		/* of what is measured */
#define LINES_MAX	20		/* in the kernel's log, from a whole test */
#define ACCESSES	6000
#define PHYSICAL_BITS	39		/* that page tables of the guest cover */

/**
 * enum kind - what a guest does without end
 * @ASKS: requests, which its device model answers
 * @ASKS_DEAF: requests, which nobody answers
 * @SIGNALS: writes to an eventfd
 * @WRITES: writes to memory that it may only read and run, which nobody but the driver
 *	answers
 * @COMPUTES: no requests
 */
enum kind {
	ASKS,
	ASKS_DEAF,
	SIGNALS,
	WRITES,
	COMPUTES,
};

/**
 * struct dm - a VM and its device model, a process that this one watches
 * @config: the VM's configuration
 * @vcpus: how many it has
 * @kind: what the guest does
 * @ready: the guest runs
 * @stop: it shall end
 * @requests: how many it has answered, or writes to the eventfd it has seen, or
 *	how often the driver has held the VM back
 * @pid: the process
 */
struct dm {
	unsigned int config;
	unsigned int vcpus;
	enum kind kind;
	bool ready;
	bool stop;
	unsigned long requests;
	pid_t pid;
};

static bool answer(struct guest *guest, struct access *access, void *data)
{
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
	const struct guest_op write[] = {
		{ .op = GUEST_STORE + 1, .address = FIXED_PAGE },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	const struct guest_op compute[] = {
		{ .op = GUEST_COUNT, .address = GUEST_FREE },
		{ .op = GUEST_END },
	};
	const struct guest_op *ops[] = {
		[ASKS] = ask,
		[ASKS_DEAF] = ask,
		[SIGNALS] = signal,
		[WRITES] = write,
		[COMPUTES] = compute,
	};
	unsigned int i;

	for (i = 0; i < dm->vcpus; i++)
		guest_program_vcpu(guest, i, ops[dm->kind], 2);
}

static unsigned long held_back(const struct dm *dm)
{
	struct shown_vm shown;

	check(shown_vm(VMID(dm->config), &shown), "the VM is not shown");
	return shown.deferred;
}

static void dm_run(void *data)
{
	struct dm *dm = data;
	struct guest guest;
	int event = -1;

	guest_new_vcpus(&guest, dm->config, 0, dm->vcpus);
	dm_program(&guest, dm);
	if (dm->kind == SIGNALS) {
		event = event_new();
		check_result(ioeventfd(guest.fd, event, ACRN_IOEVENTFD_PIO,
				       SIGNAL_PORT, 1, 0), 0, "IOEVENTFD");
	}
	if (dm->kind == WRITES)
		check_result(memseg_set_prot(guest.fd, FIXED_PAGE,
					     memory_get(MEMORY_PRIVATE, PAGE_SIZE),
					     PAGE_SIZE,
					     ACRN_PROT_READ | ACRN_PROT_EXEC), 0,
			     "SET_MEMSEG");
	guest_start(&guest);
	__atomic_store_n(&dm->ready, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&dm->stop, __ATOMIC_ACQUIRE)) {
		if (dm->kind != ASKS) {
			sleep_ms(200);
			if (dm->kind == WRITES)
				dm->requests = held_back(dm);
			else
				dm->requests += event < 0 ? 0 : event_count(event);
		} else if (wait_for_request(&guest, 10)) {
			dm->requests += serve_once(&guest, answer, NULL);
		}
	}
	guest_end(&guest);
}

/* Memory that children share */
static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	check(memory != MAP_FAILED, "mmap");
	return memory;
}

static struct dm *dm_new(unsigned int config, unsigned int vcpus, enum kind kind)
{
	struct dm *dm = shared(sizeof(*dm));

	dm->config = config;
	dm->vcpus = vcpus;
	dm->kind = kind;
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

/**
 * struct worker - a process of the Service VM on the CPU to which upcalls come
 * @stop: it shall end
 * @rounds: how much it has done
 * @pid: the process
 */
struct worker {
	bool stop;
	unsigned long rounds;
	pid_t pid;
};

static void worker_run(void *data)
{
	struct worker *worker = data;
	unsigned int i;

	run_on_cpu(0);
	while (!__atomic_load_n(&worker->stop, __ATOMIC_ACQUIRE)) {
		for (i = 0; i < 1000; i++)
			__asm__ volatile("" : : : "memory");
		worker->rounds++;
	}
}

static struct worker *worker_start(void)
{
	struct worker *worker = shared(sizeof(*worker));

	worker->pid = start_child(worker_run, worker);
	return worker;
}

static void worker_end(struct worker *worker)
{
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELEASE);
	end_child(worker->pid);
}

/**
 * struct cost - what happened in a while
 * @rounds: of the worker, a second
 * @requests: of the other VM, a second
 * @served: of the VM beside it, a second
 * @own: CPU time of that one's device model, per mille
 */
struct cost {
	unsigned long rounds;
	unsigned long requests;
	unsigned long served;
	unsigned long own;
};

static struct cost measure(const struct worker *worker, const struct dm *other,
			   const struct dm *beside)
{
	const struct cost was = {
		worker->rounds, other->requests, beside->requests,
		process_us(beside->pid),
	};
	uint64_t begin = now_us(), us;

	sleep_ms(PHASE_MS);
	us = now_us() - begin;
	return (struct cost) {
		(worker->rounds - was.rounds) * 1000000 / us,
		(other->requests - was.requests) * 1000000 / us,
		(beside->requests - was.served) * 1000000 / us,
		(process_us(beside->pid) - was.own) * 1000 / us,
	};
}

/* What a process of the Service VM and another VM get beside a VM of a kind */
static struct cost cost_beside(enum kind kind)
{
	static const char *const names[] = {
		[ASKS] = "that asks",
		[ASKS_DEAF] = "that waits",
		[SIGNALS] = "that signals",
		[WRITES] = "that writes",
		[COMPUTES] = "that computes",
	};
	struct dm *beside = dm_new(HOSTILE, HOSTILE_VCPUS, kind);
	struct dm *other = dm_new(OTHER, 1, ASKS);
	struct worker *worker = worker_start();
	struct cost cost;

	dm_start(other);
	dm_start(beside);
	cost = measure(worker, other, beside);
	dm_end(beside);
	dm_end(other);
	worker_end(worker);
	report("beside a VM %s: a worker does %lu rounds/s, another VM %lu requests/s; its own: %lu/s, with %lu %% of a CPU",
	       names[kind], cost.rounds, cost.requests, cost.served, cost.own / 10);
	return cost;
}

/**
 * struct bounds - what a hostile VM may cost others
 * @calm: the kind of VM to compare with, which uses the machine as much
 * @rounds: what the worker has to keep, percent
 * @requests: what the other VM has to keep, percent
 * @own: what its own device model may use, per mille of a CPU
 */
struct bounds {
	enum kind calm;
	unsigned int rounds;
	unsigned int requests;
	unsigned int own;
};

static bool within(const struct bounds *bounds, const struct cost *calm,
		   const struct cost *hostile)
{
	return calm->rounds && calm->requests &&
	       hostile->rounds * 100 >= calm->rounds * bounds->rounds &&
	       hostile->requests * 100 >= calm->requests * bounds->requests &&
	       hostile->own <= bounds->own;
}

/* The machine may be busy with something else meanwhile, but not each time. */
static void not_harmed(enum kind kind, const struct bounds *bounds)
{
	struct cost calm, hostile;
	unsigned int lines, i;
	int log = log_open();

	for (i = 0; i < TRIES; i++) {
		calm = cost_beside(bounds->calm);
		hostile = cost_beside(kind);
		if (within(bounds, &calm, &hostile))
			break;
	}
	lines = log_count(log, "");
	log_close(log);
	check(lines <= LINES_MAX, "%u lines in the kernel's log", lines);
	check(i < TRIES, "the worker must keep %u %%, the other VM %u %%, and its own device model need no more than %u per mille of a CPU",
	      bounds->rounds, bounds->requests, bounds->own);
	check(kind == ASKS_DEAF || hostile.served,
	      "nothing of the hostile VM was served");
}

/* It costs upcalls and its device model's time. */
TEST(asking, "requests without end: another VM is served")
{
	const struct bounds bounds = { COMPUTES, 33, 33, 1000 };

	not_harmed(ASKS, &bounds);
}

/* One request of each vCPU waits: then it cannot do anything any more. */
TEST(not_answered, "requests that nobody answers cost nothing")
{
	const struct bounds bounds = { COMPUTES, 60, 60, 100 };

	not_harmed(ASKS_DEAF, &bounds);
}

/*
 * Requests that interrupts answer, without a device model that would hold this one up.
 * Interrupts may take a quarter of their CPU's time for that, and their own cost comes on
 * top.  What is left is the scheduler's, which gives as much of it to the work item that
 * answers the rest as to the worker: a quarter to a half was measured.  Here it must not
 * starve; that there is a limit at all, ioreq_throttle sees.
 */
TEST(signalling, "an ioeventfd without end: another VM is served")
{
	const struct bounds bounds = { ASKS_DEAF, 10, 20, 100 };

	not_harmed(SIGNALS, &bounds);
}

TEST(writing, "[D2] writes without end to memory it may not write to: another VM is served")
{
	const struct bounds bounds = { ASKS_DEAF, 10, 20, 100 };

	not_harmed(WRITES, &bounds);
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

TIMED_TEST(everywhere, 120, "every port and address, every size, from three vCPUs")
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
TIMED_TEST(never_still, 120, "vCPUs that ask while their VM is paused and reset")
{
	const struct dm all = { .vcpus = HOSTILE_VCPUS, .kind = ASKS };
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

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
