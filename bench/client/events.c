// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What a running guest waits for: kicks (ioeventfds), I/O requests that the device
 * model answers, interrupts (irqfds).
 */
#include <poll.h>
#include <unistd.h>

#include <sys/eventfd.h>

#include "bench.h"
#include "events.h"

#define TIMES	1000
#define ANSWER	7

static uint64_t seen[TIMES], notified[TIMES];

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	CHECK(fd < 0);
	return fd;
}

void kick(const char *id, enum access kind, unsigned int others)
{
	int fd = new_eventfd();
	struct vm vm;
	unsigned int i;

	if (!wanted(id))
		return;
	vm_new(&vm, 0);
	CHECK(drv_create_client(&vm));
	for (i = 0; i < others; i++)
		CHECK(drv_ioeventfd(&vm, fd, MEMORY_WRITE, MMIO + 0x1000 + 16 * i));
	CHECK(drv_ioeventfd(&vm, fd, kind, kind == PORT_WRITE ? PORT : MMIO));
	vm_program(&vm, kind, TIMES, false);
	profile_begin(id, TIMES);
	CHECK(drv_start(&vm));
	vm_wait(&vm);
	profile_end(id);
	for (i = 0; i < TIMES; i++)
		samples[i] = vm_after(&vm, i) - vm_before(&vm, i);
	row(id, TIMES);
	vm_end(&vm);
	close(fd);
}

/* Until user space has read the eventfd */
static void kick_read(const char *id)
{
	int fd = new_eventfd();
	uint64_t value;
	struct vm vm;
	unsigned int i;

	if (!wanted(id))
		return;
	vm_new(&vm, 0);
	CHECK(drv_create_client(&vm));
	CHECK(drv_ioeventfd(&vm, fd, PORT_WRITE, PORT));
	vm_program(&vm, PORT_WRITE, TIMES, true);
	profile_begin(id, TIMES);
	CHECK(drv_start(&vm));
	for (i = 0; i < TIMES; i++) {
		CHECK(read(fd, &value, sizeof(value)) != sizeof(value));
		seen[i] = now();
		CHECK(value != 1);
		vm_go(&vm, i + 1);
	}
	vm_wait(&vm);
	profile_end(id);
	for (i = 0; i < TIMES; i++)
		samples[i] = seen[i] - vm_before(&vm, i);
	row(id, TIMES);
	vm_end(&vm);
	close(fd);
}

void serve(struct vm *vm, unsigned int count, bool by_poll)
{
	struct pollfd p = { .fd = vm->fd, .events = POLLIN };
	unsigned int done = 0;

	while (done < count) {
		if (by_poll)
			CHECK(poll(&p, 1, -1) != 1);
		else
			CHECK(drv_attach(vm));
		if (!drv_is_mine(vm))
			continue;
		vm->slots[0].value = ANSWER;
		seen[done % TIMES] = now();
		CHECK(drv_notify(vm));
		notified[done % TIMES] = now();
		done++;
	}
}

static void round_trip(const char *id, const char *notify_id, enum access kind, bool by_poll)
{
	struct vm vm;
	unsigned int i;

	if (!wanted(id))
		return;
	vm_new(&vm, 0);
	CHECK(drv_create_client(&vm));
	vm_program(&vm, kind, TIMES, false);
	profile_begin(id, TIMES);
	CHECK(drv_start(&vm));
	serve(&vm, TIMES, by_poll);
	vm_wait(&vm);
	profile_end(id);
	CHECK(vm_value(&vm) != ANSWER);
	for (i = 0; i < TIMES; i++)
		samples[i] = vm_after(&vm, i) - vm_before(&vm, i);
	row(id, TIMES);
	for (i = 0; i < TIMES; i++)
		samples[i] = notified[i] - seen[i];
	if (notify_id)
		row(notify_id, TIMES);
	vm_end(&vm);
}

static int signal_eventfd(int fd)
{
	uint64_t one = 1;

	return write(fd, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
}

void irqfds(const char *signal_id, const char *assign_id, unsigned int count)
{
	unsigned int i, n = 0, vms = vms_for(count);
	struct vm vm;
	int *fds;

	if (!wanted(signal_id) && !wanted(assign_id))
		return;
	fds = calloc(count, sizeof(*fds));
	CHECK(!fds);
	for (i = 0; i < count; i++)
		fds[i] = new_eventfd();
	for (;; vm_end(&vm)) {
		vm_new(&vm, 0);
		for (i = 0; i < count; i++) {
			if (i == count - 1 && vms == 1)
				profile_begin(assign_id, 1);
			TIMED(n, drv_irqfd(&vm, fds[i]));
			n += i >= count - last_of(count);
		}
		if (!--vms)
			break;
	}
	profile_end(assign_id);
	row(assign_id, n);
	MEASURE(signal_id, TIMES / 4, signal_eventfd(fds[count / 2]));
	vm_end(&vm);
	for (i = 0; i < count; i++)
		close(fds[i]);
	free(fds);
}

void events(void)
{
	kick("kick_pio", PORT_WRITE, 0);
	kick_read("kick_pio_read");
	kick("kick_mmio", MEMORY_WRITE, 0);
	round_trip("pio", "notify", PORT_READ, false);
	if (driver_is_ours || driver_is_floor)
		round_trip("pio_poll", NULL, PORT_READ, true);
	irqfds("irqfd", "irqfd_assign", 1);
}
