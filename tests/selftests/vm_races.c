// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Calls that race on one file.  Whatever two threads do at the same moment must
 * have the results and the end of one of the two orders in which they could
 * have done it.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define VCPU			1	/* what IC_CREATE_VCPU is to create */

/**
 * struct rival - the second thread
 * @wake: a round is coming
 * @ready: number of the round it is ready for
 * @go: number of the round it may begin
 * @done: number of the round it has ended
 * @op: what to do in the round
 * @fd: on which file
 * @delay: how long to hesitate
 * @result: what came of it
 */
static struct rival {
	sem_t wake;
	atomic_uint ready;
	atomic_uint go;
	atomic_uint done;
	enum op op;
	int fd;
	unsigned int delay;
	int result;
} rival;

static void hesitate(unsigned int turns)
{
	while (turns--)
		__builtin_ia32_pause();
}

/* Spins, for both are to begin in the same moment; but not for ever */
static void await(atomic_uint *number, unsigned int value)
{
	unsigned int turns = 0;

	while (atomic_load(number) != value) {
		__builtin_ia32_pause();
		if (++turns % 1024 == 0)
			sched_yield();
	}
}

static void *rival_thread(void *unused)
{
	unsigned int round;

	for (round = 1;; round++) {
		sem_wait(&rival.wake);
		atomic_store(&rival.ready, round);
		await(&rival.go, round);
		hesitate(rival.delay);
		rival.result = op_run(rival.op, rival.fd, 0, VCPU);
		atomic_store(&rival.done, round);
	}
	return NULL;
}

static void start_rival(void)
{
	pthread_t thread;

	sem_init(&rival.wake, 0, 0);
	check(!pthread_create(&thread, NULL, rival_thread, NULL),
	      "pthread_create");
}

/*
 * Let both begin: @offset is -4 to 4, from a good deal before the other thread
 * to a good deal after it.
 */
static void begin_round(unsigned int round, enum op op, int fd, int offset)
{
	rival.op = op;
	rival.fd = fd;
	rival.delay = offset < 0 ? -offset * 60 : 0;
	sem_post(&rival.wake);
	await(&rival.ready, round);
	atomic_store(&rival.go, round);
	hesitate(offset > 0 ? offset * 60 : 0);
}

static bool one_order(enum op first, int first_result, enum op second,
		      int second_result, struct vm_model vm,
		      const struct vm_model *end)
{
	return op_expect(first, &vm, VCPU) == first_result &&
	       op_expect(second, &vm, VCPU) == second_result &&
	       vm.state == end->state && vm.vcpus == end->vcpus;
}

/* Give a VM what it can have, so that it can also be taken away */
static void equip(int fd, struct vm_model *vm)
{
	static const enum op ops[] = {
		OP_CREATE_IOREQ_CLIENT, OP_SET_MEMSEG, OP_EVENT_IOEVENTFD,
		OP_EVENT_IRQFD,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++)
		check_result(op_run(ops[i], fd, 0, VCPU),
			     op_expect(ops[i], vm, VCPU), "%s",
			     op_info[ops[i]].name);
}

/* With an @offset above 0 the VM has more, see equip() */
static void race(int fd, enum op mine, enum op other, enum vm_state state,
		 unsigned int round, int offset)
{
	struct vm_model begin = { state, state == VM_EMPTY ? 0 : 1 };
	struct vm_model end;
	int result;

	vm_to_state(fd, state, 0);
	if (offset > 0)
		equip(fd, &begin);
	begin_round(round, other, fd, offset);
	result = op_run(mine, fd, 0, VCPU);
	await(&rival.done, round);

	vm_look(0, &end);
	check(one_order(mine, result, other, rival.result, begin, &end) ||
	      one_order(other, rival.result, mine, result, begin, &end),
	      "%s: %s and %s: %s in %s led to %s with %u vCPUs",
	      op_info[mine].name, result_name(result), op_info[other].name,
	      result_name(rival.result), vm_state_names[state],
	      vm_state_names[end.state], end.vcpus);
	if (end.state != VM_EMPTY)
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* No device is there to be given: they look at the VM's state, and no more. */
static bool is_of_devices(enum op op)
{
	return op >= OP_ASSIGN_PTDEV && op <= OP_REMOVE_HV_VDEV;
}

/*
 * More orders can matter where both calls change the VM's state.  Of the others, a
 * pair with an offset below 0 is the same pair turned round, with one above 0.
 */
static bool worth_trying(enum op mine, enum op other, int offset)
{
	if ((is_of_devices(mine) && other >= OP_INJECT_MSI) ||
	    (is_of_devices(other) && mine >= OP_INJECT_MSI))
		return false;
	return (mine < OP_INJECT_MSI && other < OP_INJECT_MSI) ||
	       offset == 0 || offset == 3;
}

static void race_all_pairs(int first_offset, int last_offset)
{
	unsigned int round = 0;
	int offset;
	enum vm_state state;
	enum op mine, other;
	int fd = hsm_open();

	start_rival();
	for (offset = first_offset; offset <= last_offset; offset++)
		for (mine = 0; mine < OPS; mine++)
			for (other = 0; other < OPS; other++)
				for (state = VM_EMPTY; state <= VM_PAUSED &&
				     worth_trying(mine, other, offset);
				     state++)
					race(fd, mine, other, state, ++round,
					     offset);
	report("%u rounds", round);
}

TIMED_TEST(all_pairs, 180, "[A5] [A6] [A12] all pairs of ioctls in all states, on two CPUs")
{
	race_all_pairs(-4, 4);
}

/* With slow hypercalls the second call always meets the first inside of one */
TIMED_TEST(all_pairs_slowly, 120, "[A5] [A6] all pairs with slow hypercalls")
{
	hv_delay(HC_ANY, 300);
	race_all_pairs(0, 0);
}

/* The file is closed while the other thread is in a call on it */
TIMED_TEST(against_close, 120, "[A5] [A14] each ioctl against close()")
{
	unsigned int round = 0;
	enum vm_state state;
	enum op op;
	int offset;

	start_rival();
	for (offset = -4; offset <= 4; offset++) {
		for (op = 0; op < OPS; op++) {
			for (state = VM_EMPTY; state <= VM_PAUSED; state++) {
				int fd = vm_in_state(state, 0);

				begin_round(++round, op, fd, offset);
				close(fd);
				await(&rival.done, round);
				check(vm_gone(0, 0), "%s against close() in %s left a VM",
				      op_info[op].name, vm_state_names[state]);
			}
		}
	}
}

static atomic_bool stop;

/* Calls that would do something to any VM, on a file that may have none */
static void *intruder_thread(void *data)
{
	static const enum op ops[] = {
		OP_START_VM, OP_CREATE_VCPU, OP_SET_VCPU_REGS, OP_PAUSE_VM,
	};
	int fd = (long)data;
	unsigned int i;

	for (i = 0; !atomic_load(&stop); i++)
		op_run(ops[i % ARRAY_SIZE(ops)], fd, 0, 0);
	return NULL;
}

/*
 * A file's VM is destroyed and its id given to another file's VM, while a
 * thread goes on calling on the first file: nothing of it may reach the other.
 */
TIMED_TEST(id_given_again, 120, "[A5] a call never reaches the VM that has the id next")
{
	struct vm_model created = { VM_CREATED, 0 };
	int first = hsm_open(), second = hsm_open();
	unsigned int i, k;
	pthread_t thread;

	check(!pthread_create(&thread, NULL, intruder_thread,
			      (void *)(long)first), "pthread_create");
	for (i = 0; i < 400; i++) {
		check_result(vm_create(first, 0), 0, "first CREATE_VM");
		hesitate(random() % 2000);
		check_result(vm_destroy(first), 0, "DESTROY_VM");
		check_result(vm_create(second, 0), 0, "second CREATE_VM");
		for (k = 0; k < 3; k++) {
			hesitate(300);
			vm_check(0, &created);
		}
		check_result(vm_destroy(second), 0, "DESTROY_VM");
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
}

static void *life_thread(void *data)
{
	unsigned int config = (long)data, i;
	struct vm_model paused = { VM_PAUSED, 1 };

	for (i = 0; i < 60; i++) {
		int fd = vm_in_state(VM_PAUSED, config);

		vm_check(config, &paused);
		check_result(vm_reset(fd), 0, "RESET_VM");
		check_result(vm_start(fd), 0, "START_VM");
		if (i % 2)
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
		check(vm_gone(config, 0), "VM %u is left", VMID(config));
	}
	return NULL;
}

TIMED_TEST(four_lives, 120, "[A15] four threads, four files, four VMs")
{
	pthread_t threads[MAX_VMS];
	unsigned int i;

	for (i = 0; i < MAX_VMS; i++)
		check(!pthread_create(&threads[i], NULL, life_thread,
				      (void *)(long)i), "pthread_create");
	for (i = 0; i < MAX_VMS; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
