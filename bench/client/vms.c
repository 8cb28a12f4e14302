// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Several VMs at once: what one costs the others, and what all get done.
 */
#include <pthread.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include "bench.h"
#include "events.h"

#define KICKS		2000
#define REQUESTS	500

static const unsigned int counts[] = { 1, 2, 4, VMS_MAX };

#define for_each_count(n) \
	for (const unsigned int *p_ = counts; p_ < counts + 4 && ((n) = *p_); p_++)

static struct vm vm[VMS_MAX];

static const char *name(const char *what, unsigned int n)
{
	static char id[32];

	snprintf(id, sizeof(id), "%s_%u", what, n);
	return id;
}

/* So many VMs that run; the first ones make accesses, the others are halted */
static void start(unsigned int total, unsigned int active, enum access kind,
		  unsigned int count, int eventfd)
{
	unsigned int i;

	for (i = 0; i < total; i++) {
		vm_new(&vm[i], i);
		CHECK(drv_create_client(&vm[i]));
		if (eventfd >= 0)
			CHECK(drv_ioeventfd(&vm[i], eventfd, PORT_WRITE, PORT));
		vm_program(&vm[i], kind, i < active ? count : 0, false);
	}
	for (i = total; i-- > 0;) {
		CHECK(drv_start(&vm[i]));
		if (i >= active)
			vm_wait(&vm[i]);
	}
}

static void end(unsigned int total)
{
	unsigned int i;

	for (i = 0; i < total; i++)
		vm_end(&vm[i]);
}

/* From the first access of all to the last, shared out */
static uint64_t mean(unsigned int active, unsigned int count)
{
	uint64_t first = ~0UL, last = 0;
	unsigned int i;

	for (i = 0; i < active; i++) {
		if (vm_before(&vm[i], 0) < first)
			first = vm_before(&vm[i], 0);
		if (vm_after(&vm[i], count - 1) > last)
			last = vm_after(&vm[i], count - 1);
	}
	return (last - first) / (active * count);
}

static uint64_t longest(unsigned int active, unsigned int count)
{
	uint64_t most = 0;
	unsigned int i, k;

	for (i = 0; i < active; i++) {
		for (k = 0; k < count; k++) {
			uint64_t one = vm_after(&vm[i], k) - vm_before(&vm[i], k);

			if (one > most)
				most = one;
		}
	}
	return most;
}

/* Kicks without end, by one of them or by all */
static void kicks(const char *mean_id, const char *stall_id, unsigned int total,
		  unsigned int active)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	unsigned int i;

	CHECK(fd < 0);
	start(total, active, PORT_WRITE, KICKS, fd);
	for (i = 0; i < active; i++)
		vm_wait(&vm[i]);
	number(name(mean_id, total), mean(active, KICKS));
	number(name(stall_id, total), longest(active, KICKS));
	end(total);
	close(fd);
}

static void *device_model(void *data)
{
	serve(data, REQUESTS, false);
	return NULL;
}

/* Requests to user space, all VMs at once */
static void storm(unsigned int total)
{
	pthread_t thread[VMS_MAX];
	unsigned int i;

	for (i = 0; i < total; i++) {
		vm_new(&vm[i], i);
		CHECK(drv_create_client(&vm[i]));
		vm_program(&vm[i], PORT_READ, REQUESTS, false);
		CHECK(pthread_create(&thread[i], NULL, device_model, &vm[i]));
	}
	for (i = 0; i < total; i++)
		CHECK(drv_start(&vm[i]));
	for (i = 0; i < total; i++) {
		CHECK(pthread_join(thread[i], NULL));
		vm_wait(&vm[i]);
	}
	number(name("storm", total), mean(total, REQUESTS));
	end(total);
}

/* One asks its device model, the others run and are halted */
static void ask(unsigned int total)
{
	unsigned int i;

	start(total, 1, PORT_READ, REQUESTS, -1);
	serve(&vm[0], REQUESTS, false);
	vm_wait(&vm[0]);
	for (i = 0; i < REQUESTS; i++)
		samples[i] = vm_after(&vm[0], i) - vm_before(&vm[0], i);
	row(name("ask", total), REQUESTS);
	end(total);
}

/* One asks its device model while another kicks without end */
static void ask_beside_kicks(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);
	unsigned int i;

	CHECK(fd < 0);
	for (i = 0; i < 2; i++) {
		vm_new(&vm[i], i);
		CHECK(drv_create_client(&vm[i]));
	}
	CHECK(drv_ioeventfd(&vm[1], fd, PORT_WRITE, PORT));
	vm_program(&vm[0], PORT_READ, REQUESTS, false);
	vm_program(&vm[1], PORT_WRITE, 10000 * KICKS, false);
	CHECK(drv_start(&vm[1]));
	CHECK(drv_start(&vm[0]));
	serve(&vm[0], REQUESTS, false);
	vm_wait(&vm[0]);
	number("beside_kicks_longest", longest(1, REQUESTS));
	number("beside_kicks", mean(1, REQUESTS));
	end(2);
	close(fd);
}

void vms(void)
{
	unsigned int n;

	for_each_count(n)
		kicks("kicks", "stall", n, 1);
	for_each_count(n)
		kicks("all_kick", "all_stall", n, n);
	for_each_count(n)
		storm(n);
	for_each_count(n)
		ask(n);
	ask_beside_kicks();
}
