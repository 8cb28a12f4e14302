// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* kill -9 of the process that has a VM, at every step of its life */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

static const struct vm_model empty = { VM_EMPTY, 0 };

/* A life; each ioctl must succeed */
static const enum op life[] = {
	OP_GET_API_VERSION, OP_CREATE_VM, OP_CREATE_VCPU, OP_SET_VCPU_REGS,
	OP_START_VM, OP_PAUSE_VM, OP_RESET_VM, OP_SET_VCPU_REGS, OP_START_VM,
	OP_PAUSE_VM, OP_DESTROY_VM, OP_CREATE_VM, OP_CREATE_VCPU, OP_START_VM,
	OP_DESTROY_VM,
};

/* What victim and test tell each other, in memory that both have */
static struct shared {
	unsigned int steps;		/* how far the victim is to go */
	unsigned int step;		/* how far it is */
} *shared;

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED, "mmap");
}

static void reached(unsigned int step)
{
	__atomic_store_n(&shared->step, step, __ATOMIC_SEQ_CST);
}

static void wait_for_step(unsigned int step)
{
	while (__atomic_load_n(&shared->step, __ATOMIC_SEQ_CST) != step)
		usleep(100);
}

/* What is started needs memory to start in; after RESET_VM it still has it. */
static int live(int fd, enum op op)
{
	if (op == OP_START_VM)
		vm_set_memory(fd);
	return op_run(op, fd, 0, 0);
}

static void live_to_step(void *data)
{
	int fd = hsm_open();
	unsigned int i;

	for (i = 0; i < shared->steps; i++)
		check_result(live(fd, life[i]), 0, "%s, step %u",
			     op_info[life[i]].name, i);
	reached(i + 1);
	pause();
}

TEST(after_each_step, "[A1] [A7] killed after each step of a life")
{
	unsigned int steps;
	pid_t pid;

	share();
	for (steps = 0; steps <= ARRAY_SIZE(life); steps++) {
		shared->steps = steps;
		reached(0);
		pid = start_child(live_to_step, NULL);
		wait_for_step(steps + 1);
		kill_child(pid);
		vm_check(0, &empty);
	}
}

/* Runs up to a step, says so, and is killed inside of that */
static void die_in_step(void *data)
{
	int fd = hsm_open();
	unsigned int i;

	for (i = 0; i < shared->steps; i++)
		check_result(live(fd, life[i]), 0, "%s, step %u",
			     op_info[life[i]].name, i);
	hv_delay(HC_ANY, 20000);
	reached(1);
	live(fd, life[i]);
	pause();
}

TEST(inside_each_step, "[A3] [A5] killed inside each step of a life")
{
	unsigned int step, wait;
	pid_t pid;

	share();
	for (step = 0; step < ARRAY_SIZE(life); step++) {
		for (wait = 0; wait < 60; wait += 15) {
			shared->steps = step;
			reached(0);
			pid = start_child(die_in_step, NULL);
			wait_for_step(1);
			sleep_ms(wait);
			kill_child(pid);
			hv_behave();
			vm_check(0, &empty);
		}
	}
}

static void *call_for_ever(void *data)
{
	int fd = (long)data;
	unsigned int i;

	for (i = 0;; i++)
		live(fd, life[i % ARRAY_SIZE(life)]);
	return NULL;
}

static void live_for_ever(void *data)
{
	int fd = hsm_open();
	pthread_t thread;
	unsigned int i;

	for (i = 0; i < 3; i++)
		pthread_create(&thread, NULL, call_for_ever, (void *)(long)fd);
	reached(1);
	call_for_ever((void *)(long)fd);
}

TEST(any_time, "[A5] killed at any time, with four threads calling")
{
	unsigned int i;
	pid_t pid;

	share();
	srandom(1);
	for (i = 0; i < 150; i++) {
		reached(0);
		pid = start_child(live_for_ever, NULL);
		wait_for_step(1);
		usleep(random() % 5000);
		kill_child(pid);
		vm_check(0, &empty);
	}
}

/* The victims' threads wait for the lock that the first holds in a slow call */
TEST(waiting_threads, "[A5] killed while threads wait for a slow call")
{
	uint64_t start;
	pid_t pid;

	share();
	hv_delay(HC_CREATE_VM, 200000);
	reached(0);
	pid = start_child(live_for_ever, NULL);
	wait_for_step(1);
	sleep_ms(50);
	start = now_us();
	kill_child(pid);
	check(now_us() - start < 1000000, "it took %llu us to die",
	      (unsigned long long)(now_us() - start));
	vm_check(0, &empty);
}

TEST(refused_destroy, "[A7] killed, and the hypervisor refuses to destroy")
{
	pid_t pid;

	share();
	shared->steps = 5;
	reached(0);
	pid = start_child(live_to_step, NULL);
	wait_for_step(6);
	hv_refuse(HC_DESTROY_VM, 2, -EINVAL);
	kill_child(pid);
	check(vm_gone(0, 5000), "the VM is left");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
