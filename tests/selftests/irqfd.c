// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * irqfds: a signal of the eventfd is one MSI, whoever signals it; and their end,
 * from whichever of three sides it comes: deassigned, the eventfd closed, the VM
 * destroyed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define ADDR		0xfee01008UL
#define DATA		0x4123
#define PORT		0x650
#define LIMIT_MS	20000
#define DEASSIGN	ACRN_IRQFD_DEASSIGN
#define LONG_STORM_SECONDS 3600
#define STORM_US	8000000ULL

static void assign(int fd, int event)
{
	check_result(irqfd(fd, event, 0, ADDR, DATA), 0, "assign");
}

static void deassign(int fd, int event)
{
	check_result(irqfd(fd, event, DEASSIGN, 0, 0), 0, "deassign");
}

static void check_msis(unsigned int config, unsigned long count,
		       const char *when)
{
	check_equal(hv_msis(VMID(config)), count, "MSIs, %s", when);
}

TEST(signals, "a signal is one MSI")
{
	int event = event_new(), fd = vm_in_state(VM_STARTED, 0);
	struct hv_irqs irqs;
	unsigned int i;

	assign(fd, event);
	check_msis(0, 0, "not signalled");
	for (i = 1; i <= 500; i++) {
		event_signal(event);
		hv_get_irqs(VMID(0), &irqs);
		check_equal(irqs.msis, i, "MSIs");
		check_equal(irqs.msi_addr, ADDR, "address");
		check_equal(irqs.msi_data, DATA, "data");
		check_equal(event_count(event), 0, "what is left to read");
	}
	deassign(fd, event);
	event_signal(event);
	check_msis(0, 500, "deassigned");
	check_equal(event_count(event), 1, "what is left to read");
}

TEST(many, "many, each with its own MSI")
{
	int events[64], fd = vm_in_state(VM_STARTED, 0);
	struct hv_irqs irqs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		events[i] = event_new();
		check_result(irqfd(fd, events[i], 0, MSI_ADDR + i * 4096, i),
			     0, "assign");
	}
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		event_signal(events[i]);
		hv_get_irqs(VMID(0), &irqs);
		check_equal(irqs.msis, i + 1, "MSIs");
		check_equal(irqs.msi_addr, MSI_ADDR + i * 4096, "address");
		check_equal(irqs.msi_data, i, "data");
	}
	for (i = 0; i < ARRAY_SIZE(events); i += 2)
		deassign(fd, events[i]);
	for (i = 0; i < ARRAY_SIZE(events); i++)
		event_signal(events[i]);
	check_msis(0, 64 + 32, "half of them deassigned");
}

static int shared_event;

static void child_signals(void *data)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		event_signal(shared_event);
}

TEST(another_process, "signalled by another process")
{
	int fd = vm_in_state(VM_STARTED, 0);

	shared_event = event_new();
	assign(fd, shared_event);
	in_child(child_signals, NULL);
	check_msis(0, 100, "signalled by another process");
}

/* A blocking write would wait if nobody took what is written. */
TEST(never_full, "signals of any value; the eventfd never is full")
{
	uint64_t most = ~0ULL - 1;
	int event = event_new(), fd = vm_in_state(VM_STARTED, 0);
	unsigned int i;

	assign(fd, event);
	for (i = 0; i < 10; i++)
		check(write(event, &most, sizeof(most)) == sizeof(most),
		      "write: %s", strerror(errno));
	check_msis(0, 10, "a signal of any value is one");
}

static void *write_thread(void *data)
{
	event_signal(*(int *)data);
	return NULL;
}

/* Who waits to write to a full counter has to hear that it was taken. */
TEST(full_counter, "[D8] assigned to a full counter, on which somebody waits to write")
{
	int event = eventfd(0, EFD_CLOEXEC), fd = vm_in_state(VM_STARTED, 0);
	uint64_t most = ~0ULL - 1;
	struct timespec limit;
	pthread_t thread;

	check(write(event, &most, sizeof(most)) == sizeof(most), "write: %s",
	      strerror(errno));
	check(!pthread_create(&thread, NULL, write_thread, &event),
	      "pthread_create");
	sleep_ms(100);
	check(pthread_tryjoin_np(thread, NULL), "the write did not wait");
	assign(fd, event);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 10;
	check(!pthread_timedjoin_np(thread, NULL, &limit),
	      "the writer waits on");
	check_msis(0, 2, "signalled before, and by the writer");
	deassign(fd, event);
}

/*
 * Who waits until it can be written to is an asynchronous poll, whose end signals the same
 * eventfd: not while the driver holds its lock.
 */
TEST(full_counter_polled, "assigned to a full counter that signals itself when it is not full")
{
	int event = event_new(), fd = vm_in_state(VM_STARTED, 0);
	struct iocb poll_out = {
		.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = event, .aio_buf = POLLOUT,
		.aio_flags = IOCB_FLAG_RESFD, .aio_resfd = event,
	}, *one = &poll_out;
	uint64_t most = ~0ULL - 1, end;
	struct io_event done;
	aio_context_t aio = 0;

	check(write(event, &most, sizeof(most)) == sizeof(most), "write: %s",
	      strerror(errno));
	check(!syscall(SYS_io_setup, 1, &aio), "io_setup: %s", strerror(errno));
	check(syscall(SYS_io_submit, aio, 1, &one) == 1, "io_submit: %s", strerror(errno));
	check_equal(syscall(SYS_io_getevents, aio, 0, 1, &done, NULL), 0,
		    "ends while it is full");
	assign(fd, event);
	check_equal(syscall(SYS_io_getevents, aio, 1, 1, &done, NULL), 1, "ends");
	/* The kernel tells of the end first, and then signals. */
	for (end = now_us() + LIMIT_MS * 1000ULL; hv_msis(VMID(0)) < 2 && now_us() < end;)
		usleep(1000);
	check_msis(0, 2, "signalled before, and by the end");
	deassign(fd, event);
	check(!syscall(SYS_io_destroy, aio), "io_destroy: %s", strerror(errno));
}

/* A signal takes 1 of its count, as a read() does; what was there before stays. */
TEST(semaphore, "[D8] an eventfd that is a semaphore")
{
	uint64_t one;
	unsigned int i;
	int event = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	int fd = vm_in_state(VM_STARTED, 0);

	assign(fd, event);
	check_msis(0, 1, "signalled before");
	event_signal(event);
	check_msis(0, 2, "signalled");
	deassign(fd, event);
	for (i = 0; i < 2; i++)
		check(read(event, &one, sizeof(one)) == sizeof(one) && one == 1,
		      "what is left to read, %u", i);
	check(read(event, &one, sizeof(one)) < 0 && errno == EAGAIN,
	      "more than that");
	check_msis(0, 2, "signalled");
}

TEST(signalled_before, "signalled before it is assigned")
{
	int event = event_new(), fd = vm_in_state(VM_STARTED, 0);

	event_signal(event);
	event_signal(event);
	assign(fd, event);
	check_msis(0, 1, "signalled before");
	check_equal(event_count(event), 0, "what is left to read");
	event_signal(event);
	check_msis(0, 2, "signalled");
}

TEST(each_state, "each state")
{
	static const int results[VM_STATES] = { -ENODEV, 0, 0, 0, -EBUSY };
	enum vm_state state;

	for (state = VM_EMPTY; state < VM_STATES; state++) {
		int event = event_new(), fd = vm_in_state(state, 0);
		unsigned long calls = hv_calls(HC_INJECT_MSI);

		check_result(irqfd(fd, event, 0, ADDR, DATA), results[state],
			     "assign in %s", vm_state_names[state]);
		event_signal(event);
		check_equal(hv_calls(HC_INJECT_MSI) - calls, !results[state],
			    "HC_INJECT_MSI in %s", vm_state_names[state]);
		check_result(irqfd(fd, event, DEASSIGN, 0, 0), results[state],
			     "deassign in %s", vm_state_names[state]);
		hv_behave();
		if (state != VM_EMPTY)
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
		close(event);
	}
}

TEST(twice, "twice, and in two VMs")
{
	int event = event_new(), copy = dup(event);
	int fd = vm_in_state(VM_STARTED, 0), fd1 = vm_in_state(VM_STARTED, 1);

	assign(fd, event);
	check_result(irqfd(fd, event, 0, ADDR, DATA), -EBUSY, "again");
	check_result(irqfd(fd, copy, 0, ADDR, DATA + 1), -EBUSY, "a copy");
	assign(fd1, event);
	event_signal(copy);
	check_equal(hv_msis(VMID(0)) + hv_msis(VMID(1)), 1,
		    "MSIs of both VMs: the first takes the signal");
	deassign(fd, copy);
	check_result(irqfd(fd, event, DEASSIGN, 0, 0), -ENOENT, "once more");
	assign(fd, event);
}

/* The kernel numbers eventfds, and gives a number again when nobody uses the eventfd. */
static int event_id(int event)
{
	char path[64], text[512], *id;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", event);
	check_result(read_text(path, text, sizeof(text)), 0, "%s", path);
	id = strstr(text, "eventfd-id:");
	check(id, "%s has no id", path);
	return atoi(id + strlen("eventfd-id:"));
}

static int next_event_id(void)
{
	int event = event_new(), id = event_id(event);

	close(event);
	return id;
}

/* The last fd that is closed ends it; the next call gives back what it held. */
TEST(closed, "the eventfd is closed")
{
	int fd = vm_in_state(VM_STARTED, 0), first = next_event_id(), event, copy;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		event = event_new();
		check(event_id(event) <= first + 1,
		      "%u were closed, and more than one is kept", i);
		copy = dup(event);
		assign(fd, event);
		close(event);
		event_signal(copy);
		check_msis(0, i + 1, "one of two is closed");
		close(copy);
	}
	event = event_new();
	check_result(irqfd(fd, event, DEASSIGN, 0, 0), -ENOENT, "deassign");
	close(event);
	check_equal(next_event_id(), first, "the id that is free");
}

/* Closed in any order, some before the VM is told to end and one after */
TEST(many_closed, "many eventfds are closed, and the VM dies")
{
	int events[64], fd = vm_in_state(VM_STARTED, 0), first = next_event_id();
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(events); i++) {
			events[i] = event_new();
			assign(fd, events[i]);
		}
		for (i = 0; i < ARRAY_SIZE(events) - 1; i++)
			close(events[i * 37 % (ARRAY_SIZE(events) - 1)]);
		event_signal(events[i]);
		check_msis(0, 1, "one is open");
		if (round == 1)
			deassign(fd, events[i]);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(events[i]);
		check_equal(next_event_id(), first, "the id that is free");
		vm_to_state(fd, VM_STARTED, 0);
	}
}

TEST(vm_dies, "the VM dies first")
{
	int events[20], fd = hsm_open();
	unsigned long calls;
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		events[i] = event_new();
	for (round = 0; round < 5; round++) {
		vm_to_state(fd, VM_STARTED, 0);
		check_msis(0, 0, "a new VM");
		for (i = 0; i < ARRAY_SIZE(events); i++)
			assign(fd, events[i]);
		for (i = 0; i < ARRAY_SIZE(events); i++)
			event_signal(events[i]);
		check_msis(0, ARRAY_SIZE(events), "signalled");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		calls = hv_calls(HC_INJECT_MSI);
		for (i = 0; i < ARRAY_SIZE(events); i++)
			event_signal(events[i]);
		vm_to_state(fd, VM_CREATED, 0);
		for (i = 0; i < ARRAY_SIZE(events); i++)
			event_signal(events[i]);
		check_msis(0, 0, "the VM has died");
		check_equal(hv_calls(HC_INJECT_MSI), calls, "HC_INJECT_MSI");
		for (i = 0; i < ARRAY_SIZE(events); i++)
			check_equal(event_count(events[i]), 2, "left to read");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
	vm_to_state(fd, VM_STARTED, 0);
	assign(fd, events[0]);
	close(fd);
	check(vm_gone(0, 0), "the VM is left");
	event_signal(events[0]);
}

TEST(dying, "a VM that is dying")
{
	int event = event_new(), fd = vm_in_state(VM_STARTED, 0);
	unsigned long calls;

	assign(fd, event);
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM");
	calls = hv_calls(HC_INJECT_MSI);
	event_signal(event);
	check_equal(hv_calls(HC_INJECT_MSI), calls, "HC_INJECT_MSI");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* Nobody to tell: the signal is lost, and the next one is not. */
TEST(refused, "[B20] a hypervisor that refuses")
{
	int event = event_new(), fd = vm_in_state(VM_STARTED, 0);

	assign(fd, event);
	hv_refuse(HC_INJECT_MSI, 1, HV_FAILED);
	event_signal(event);
	check_msis(0, 0, "refused");
	event_signal(event);
	check_msis(0, 1, "not refused");
}

TEST(bad_arguments, "bad arguments")
{
	static const uint32_t flags[] = { 2, 3, 4, 0x100, 0x80000000, ~0U };
	int event = event_new(), null = open("/dev/null", O_RDWR);
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned char *pages = get_pages(2);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		check_result(irqfd(fd, event, flags[i], ADDR, DATA), -EINVAL,
			     "flags %#x", flags[i]);
	check_result(irqfd(fd, -1, 0, ADDR, DATA), -EBADF, "fd -1");
	check_result(irqfd(fd, 1000, 0, ADDR, DATA), -EBADF, "fd 1000");
	check_result(irqfd(fd, null, 0, ADDR, DATA), -EINVAL, "no eventfd");
	check_result(irqfd(fd, fd, 0, ADDR, DATA), -EINVAL, "the VM");
	check_result(irqfd(fd, -1, DEASSIGN, 0, 0), -EBADF, "deassign fd -1");
	check_result(irqfd(fd, null, DEASSIGN, 0, 0), -EINVAL,
		     "deassign no eventfd");
	check_result(irqfd(fd, event, DEASSIGN, 0, 0), -ENOENT,
		     "deassign what is not");
	check_result(hsm_ioctl(fd, IC_EVENT_IRQFD, NULL), -EFAULT, "NULL");
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	check_result(hsm_ioctl(fd, IC_EVENT_IRQFD, pages + PAGE_SIZE - 23),
		     -EFAULT, "one byte short");
}

enum ending {
	NOT_ENDED,
	DEASSIGNED,
	CLOSED,
};

static void memory_signals(unsigned int count, enum ending ending)
{
	struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT },
		{ .op = GUEST_AGAIN, .value = count - 1 },
	};
	int event = event_new();
	struct guest guest;

	guest_new(&guest, 0, 0);
	check_result(ioeventfd(guest.fd, event, ACRN_IOEVENTFD_PIO, PORT, 2, 0),
		     0, "assign the ioeventfd");
	assign(guest.fd, event);
	if (ending == DEASSIGNED)
		deassign(guest.fd, event);
	if (ending == CLOSED)
		close(event);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(guest_done(&guest, LIMIT_MS), "the guest is not done");
	check_msis(0, ending ? 0 : count, "kicked");
	if (ending != CLOSED) {
		check_equal(event_count(event), ending ? count : 0, "left to read");
		close(event);
	}
	guest_end(&guest);
}

/* From the guest's write to the MSI in the upcall, with no process in between */
TEST(fed_by_ioeventfd, "fed by an ioeventfd")
{
	memory_signals(500, NOT_ENDED);
	memory_signals(500, DEASSIGNED);
	memory_signals(500, CLOSED);
}

/* Two vCPUs of a VM ring another VM, while that dies and comes again. */
TIMED_TEST(fed_by_another_vm, 120, "fed by another VM, which outlives it")
{
	static const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 2, .address = PORT },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};
	int event = event_new(), fd = hsm_open();
	unsigned long msis = 0;
	struct guest guest;
	unsigned int i;

	guest_new_vcpus(&guest, 0, 0, 2);
	for (i = 0; i < 2; i++)
		guest_program_vcpu(&guest, i, ops, ARRAY_SIZE(ops));
	check_result(ioeventfd(guest.fd, event, ACRN_IOEVENTFD_PIO, PORT, 2, 0),
		     0, "assign the ioeventfd");
	guest_start(&guest);
	for (i = 0; i < 200; i++) {
		vm_to_state(fd, VM_CREATED, 1);
		assign(fd, event);
		usleep(random() % 3000);
		if (i % 3 == 0)
			deassign(fd, event);
		msis += hv_msis(VMID(1));
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		check_result(vm_create(fd, 1), 0, "CREATE_VM");
		check_msis(1, 0, "of the next VM");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
	check(msis, "no MSI at all");
	report("%lu MSIs", msis);
	guest_end(&guest);
}

/* For the storms: an eventfd that other threads use while it comes and goes */
static atomic_int target = -1;
static atomic_uint go, gone;
static atomic_bool stop;

static void *one_signal_thread(void *unused)
{
	unsigned int round, turns;

	for (round = 1;; round++) {
		for (turns = 0; atomic_load(&go) != round; turns++) {
			if (atomic_load(&stop))
				return NULL;
			if (turns % 64 == 63)
				usleep(20);
		}
		for (turns = round % 64 * 8; turns; turns--)
			__builtin_ia32_pause();
		event_signal(atomic_load(&target));
		atomic_store(&gone, round);
	}
}

static void await_gone(unsigned int round)
{
	while (atomic_load(&gone) != round)
		usleep(20);
}

/* Signalled in the moment it is assigned: before or after, it is one MSI. */
TIMED_TEST(one_each, 120, "signalled while it is assigned: one MSI each")
{
	uint64_t end = now_us() + STORM_US / 2;
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int round = 0;
	pthread_t thread;

	check(!pthread_create(&thread, NULL, one_signal_thread, NULL),
	      "pthread_create");
	while (now_us() < end) {
		int event = event_new();

		atomic_store(&target, event);
		atomic_store(&go, ++round);
		assign(fd, event);
		await_gone(round);
		check_msis(0, round, "one for each round");
		deassign(fd, event);
		check_equal(event_count(event), 0, "left to read");
		close(event);
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	report("%u rounds", round);
}

/*
 * Others use the fd without knowing whether it is still the eventfd: it may be
 * closed, or be the next one by now.
 */
static void *signal_thread(void *data)
{
	uint64_t one = 1;
	ssize_t written;
	int event;

	while (!atomic_load(&stop)) {
		event = atomic_load(&target);
		if (event >= 0) {
			written = write(event, &one, sizeof(one));
			*(unsigned long *)data += written == sizeof(one);
		}
	}
	return NULL;
}

static void *copy_thread(void *unused)
{
	uint64_t one = 1;
	int copy;

	while (!atomic_load(&stop)) {
		copy = fcntl(atomic_load(&target), F_DUPFD_CLOEXEC, 100);
		if (copy < 0)
			continue;
		if (write(copy, &one, sizeof(one)) < 0)
			check(errno == EAGAIN, "write: %s", strerror(errno));
		close(copy);
	}
	return NULL;
}

/* How many rounds the storm has at least; more than the usual take their time. */
static unsigned long storm_rounds(void)
{
	const char *rounds = getenv("STORM_ROUNDS");

	return rounds ? strtoul(rounds, NULL, 10) : 0;
}

TIMED_TEST(storm, 120, "assigned, deassigned and closed under signals")
{
	uint64_t end = now_us() + STORM_US;
	unsigned long least = storm_rounds();
	unsigned int rounds = 0, lives = 0;
	unsigned long signalled[2] = { 0 };
	int fd = vm_in_state(VM_CREATED, 0);
	pthread_t threads[3];
	unsigned int i;

	if (least)
		allow_seconds(LONG_STORM_SECONDS);
	for (i = 0; i < 2; i++)
		check(!pthread_create(&threads[i], NULL, signal_thread,
				      &signalled[i]), "pthread_create");
	check(!pthread_create(&threads[2], NULL, copy_thread, NULL),
	      "pthread_create");
	while (now_us() < end || rounds < least) {
		int event = event_new();

		rounds++;
		atomic_store(&target, event);
		assign(fd, event);
		switch (random() % 4) {
		case 0:
			deassign(fd, event);
			break;
		case 1:
			for (i = 0; i < 4; i++) {
				deassign(fd, event);
				assign(fd, event);
			}
			rounds += 4;
			break;
		case 2:
			usleep(random() % 200);
			break;
		}
		atomic_store(&target, -1);
		close(event);
		if (rounds / 256 > lives) {
			lives++;
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
			vm_to_state(fd, VM_CREATED, 0);
		}
	}
	atomic_store(&stop, true);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	check(lives, "%u rounds are too few", rounds);
	check(signalled[0] && signalled[1], "no signal");
	report("%u rounds, %u VMs, %lu signals", rounds, lives + 1,
	       signalled[0] + signalled[1]);
}

/* The VM dies, by DESTROY_VM or by close(), under signals and HUPs. */
TIMED_TEST(storm_of_deaths, 120, "VMs die under signals")
{
	uint64_t end = now_us() + STORM_US / 2;
	unsigned long signalled = 0;
	unsigned int rounds = 0, i;
	pthread_t threads[2];

	check(!pthread_create(&threads[0], NULL, signal_thread, &signalled),
	      "pthread_create");
	check(!pthread_create(&threads[1], NULL, copy_thread, NULL),
	      "pthread_create");
	while (now_us() < end) {
		int fd = vm_in_state(VM_CREATED, 0), events[4];

		for (i = 0; i < ARRAY_SIZE(events); i++) {
			events[i] = event_new();
			atomic_store(&target, events[i]);
			assign(fd, events[i]);
		}
		if (rounds++ % 2)
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(events[0]);
		close(fd);
		atomic_store(&target, -1);
		for (i = 1; i < ARRAY_SIZE(events); i++)
			close(events[i]);
		check(vm_gone(0, 0), "the VM is left");
	}
	atomic_store(&stop, true);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	report("%u VMs, %lu signals", rounds, signalled);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
