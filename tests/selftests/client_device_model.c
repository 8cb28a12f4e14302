// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The device model's client: CREATE, ATTACH and DESTROY_IOREQ_CLIENT, and
 * poll(), as a device model relies on them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

#define PORT		0x620
#define PROMPT_MS	3000	/* a blocked call returns within this */
#define BLOCKED_MS	60	/* one that has not by then is blocked */

/**
 * struct waiter - a thread in ATTACH_IOREQ_CLIENT
 * @fd: the file
 * @client: the client
 * @thread: the thread
 * @tid: its id, once it runs
 * @attached: it is about to make the call
 * @result: of the call
 * @returned: the call has returned
 */
struct waiter {
	int fd;
	int client;
	pthread_t thread;
	pid_t tid;
	int attached;
	int result;
	int returned;
};

static void *attach_thread(void *data)
{
	struct waiter *waiter = data;

	__atomic_store_n(&waiter->tid, gettid(), __ATOMIC_RELEASE);
	__atomic_store_n(&waiter->attached, 1, __ATOMIC_RELEASE);
	waiter->result = client_attach(waiter->fd, waiter->client);
	__atomic_store_n(&waiter->returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

static bool has_returned(struct waiter *waiter, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ULL;

	while (!__atomic_load_n(&waiter->returned, __ATOMIC_ACQUIRE)) {
		if (now_us() > end)
			return false;
		usleep(200);
	}
	return true;
}

/* Starts a thread that blocks in ATTACH */
static void start_waiter(struct waiter *waiter, int fd, int client)
{
	*waiter = (struct waiter){ .fd = fd, .client = client };
	check(!pthread_create(&waiter->thread, NULL, attach_thread, waiter),
	      "pthread_create");
	while (!__atomic_load_n(&waiter->attached, __ATOMIC_ACQUIRE))
		usleep(100);
	check(!has_returned(waiter, BLOCKED_MS), "ATTACH does not wait: %s",
	      result_name(waiter->result));
}

static void check_returns(struct waiter *waiter, int result, const char *why)
{
	check(has_returned(waiter, PROMPT_MS), "ATTACH does not return, %s",
	      why);
	pthread_join(waiter->thread, NULL);
	check_result(waiter->result, result, "ATTACH, %s", why);
}

static int vm_with_client(unsigned int config, enum vm_state state,
			  int *client)
{
	int fd = vm_in_state(state, config);

	*client = client_create(fd);
	check(*client > 0, "CREATE_IOREQ_CLIENT: %s", result_name(*client));
	return fd;
}

TEST(one_client, "one client at a time: EEXIST")
{
	enum vm_state state;
	int client, fd;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		fd = vm_with_client(0, state, &client);
		check_result(client_create(fd), -EEXIST, "a second client");
		check_result(client_destroy(fd, client), 0, "DESTROY");
		check(client_create(fd) > client, "the id is not fresh");
		check_result(client_create(fd), -EEXIST, "a second client");
		close(fd);
	}
}

TEST(fresh_ids, "ids are positive, fresh, and never given again")
{
	int fd = vm_in_state(VM_CREATED, 0), id, last = 0;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		id = client_create(fd);
		check(id > last, "id %s after %d", result_name(id), last);
		check_result(client_destroy(fd, id), 0, "DESTROY");
		check_result(client_attach(fd, id), 1, "ATTACH of the last");
		check_result(client_destroy(fd, id), -EINVAL, "DESTROY again");
		last = id;
		if (i % 50 == 25) {
			/* the ids of one VM on a file are not the next one's */
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
			vm_to_state(fd, VM_CREATED, 0);
		}
	}
}

TEST(no_client_without_page, "[R4] no client without a VM and a page")
{
	struct acrn_create_vm create;
	int fd = hsm_open();

	check_result(client_create(fd), -ENODEV, "no VM");
	check_result(client_attach(fd, 1), -ENODEV, "ATTACH, no VM");
	check_result(client_destroy(fd, 1), -ENODEV, "DESTROY, no VM");
	vm_fill_create(&create, 0);
	create.req_buf = 0;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), 0, "CREATE_VM");
	check_result(client_create(fd), -EINVAL, "no page");
	check_result(client_attach(fd, 1), -EINVAL, "ATTACH, no page");
	check_result(client_notify(fd, 1, 0), -EINVAL, "NOTIFY, no page");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_to_state(fd, VM_DYING, 0);
	check_result(client_create(fd), -EBUSY, "dying");
	check_result(client_attach(fd, 1), -EBUSY, "ATTACH, dying");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* Numbers that were never a client's, as the argument of a call by value */
static void check_never_given(int fd, unsigned int number, int client)
{
	const unsigned long ids[] = {
		0, client + 1, client + 100, INT_MAX, -1UL, -client,
		1UL << 31, 1UL << 32, (1UL << 32) + client,
		(1UL << 63) + client, (1UL << 16) + client,
		(unsigned long)&client,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++)
		check_result(hsm_ioctl(fd, number, (void *)ids[i]), -EINVAL,
			     "client %#lx", ids[i]);
}

TEST(never_given, "ids that were never given: EINVAL")
{
	int client, fd = vm_with_client(0, VM_STARTED, &client);

	check_never_given(fd, IC_ATTACH_IOREQ_CLIENT, client);
	check_never_given(fd, IC_DESTROY_IOREQ_CLIENT, client);
	check_result(client_destroy(fd, client), 0, "DESTROY");
	check_never_given(fd, IC_ATTACH_IOREQ_CLIENT, client);
	check_never_given(fd, IC_DESTROY_IOREQ_CLIENT, client);
}

/* An id is good for the VM that it was given to, and for no other. */
TEST(other_vms_client, "[R1] ids of another VM")
{
	int one, many = 0, fd = vm_with_client(0, VM_STARTED, &one);
	int other = vm_in_state(VM_STARTED, 1);
	struct waiter waiter;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		many = client_create(other);
		check(many > 0, "CREATE_IOREQ_CLIENT");
		if (i < 4)
			check_result(client_destroy(other, many), 0,
				     "DESTROY");
	}
	check_result(client_attach(fd, many), -EINVAL, "ATTACH");
	check_result(client_destroy(fd, many), -EINVAL, "DESTROY");
	check_result(client_notify(fd, many, 0), -EINVAL, "NOTIFY");
	/* the other's client has heard nothing of it */
	start_waiter(&waiter, other, many);
	check_result(client_destroy(other, many), 0, "DESTROY");
	check_returns(&waiter, 1, "destroyed");
}

TEST(gone_for_ever, "ATTACH returns 1 for ever once its client is gone")
{
	enum vm_state state;
	int client, next, fd;
	unsigned int i;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		fd = vm_with_client(0, state, &client);
		check_result(client_destroy(fd, client), 0, "DESTROY");
		for (i = 0; i < 100; i++)
			check_result(client_attach(fd, client), 1, "ATTACH");
		next = client_create(fd);
		for (i = 0; i < 100; i++)
			check_result(client_attach(fd, client), 1,
				     "ATTACH, the next is there");
		check_result(client_destroy(fd, next), 0, "DESTROY");
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		check(client_attach(fd, client) != 0, "ATTACH, no VM");
		close(fd);
	}
}

static void count_signal(int signal)
{
}

static void handle_signal(int number, int flags)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = flags,
	};

	check(!sigaction(number, &action, NULL), "sigaction");
}

/* A device model stops for ever at anything but 0. */
static void signals_with(int flags)
{
	int client, fd = vm_with_client(0, VM_STARTED, &client);
	struct waiter waiter;
	unsigned int i;

	handle_signal(SIGUSR1, flags);
	for (i = 0; i < 20; i++) {
		start_waiter(&waiter, fd, client);
		pthread_kill(waiter.thread, SIGUSR1);
		check_returns(&waiter, 0, "signal");
	}
}

TEST(signals, "ATTACH returns 0 on a signal")
{
	signals_with(0);
}

TEST(restarting_signals, "ATTACH returns 0 on a signal with SA_RESTART")
{
	signals_with(SA_RESTART);
}

/* A timer that fires all the time, while requests are served */
static bool answer(struct guest *guest, struct access *access, void *data)
{
	unsigned int *count = data;

	access->value = ++*count;
	return true;
}

static void request_loop(struct guest *guest, unsigned int loops)
{
	const struct guest_op ops[] = {
		{ .op = GUEST_IN + 4, .address = PORT },
		{ .op = GUEST_AGAIN, .value = loops - 1 },
	};

	guest_program(guest, ops, ARRAY_SIZE(ops));
}

TEST(signal_storm, "1400 signals a second while requests are served")
{
	static const int flags[] = { 0, SA_RESTART };
	struct itimerval often = { { 0, 700 }, { 0, 700 } }, never = { 0 };
	unsigned int i, count;
	struct guest guest;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		handle_signal(SIGALRM, flags[i]);
		guest_new(&guest, 0, 0);
		request_loop(&guest, 500);
		guest_start(&guest);
		setitimer(ITIMER_REAL, &often, NULL);
		count = 0;
		while (!guest_status(&guest)->done) {
			check_result(client_attach(guest.fd, guest.client), 0,
				     "ATTACH");
			serve_once(&guest, answer, &count);
		}
		setitimer(ITIMER_REAL, &never, NULL);
		check_equal(count, 500, "requests");
		check_equal(guest_result(&guest, 0), 500, "the last answer");
		guest_end(&guest);
	}
}

/* Stopped and continued, without a handler */
static void stopped(void *data)
{
	int client, fd = vm_with_client(0, VM_STARTED, &client);

	for (;;)
		check_result(client_attach(fd, client), 0, "ATTACH");
}

TEST(stop_and_continue, "ATTACH stopped and continued")
{
	pid_t pid = start_child(stopped, NULL);
	unsigned int i;

	sleep_ms(100);
	for (i = 0; i < 20; i++) {
		kill(pid, SIGSTOP);
		sleep_ms(5);
		kill(pid, SIGCONT);
		sleep_ms(5);
	}
	kill_child(pid);
}

TEST(request_wakes, "ATTACH returns when a request comes, and as long as it is there")
{
	unsigned int count = 0, i;
	struct waiter waiter;
	struct guest guest;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	start_waiter(&waiter, guest.fd, guest.client);
	guest_start(&guest);
	check_returns(&waiter, 0, "request");
	/* it is there until it is done */
	for (i = 0; i < 50; i++)
		check_result(client_attach(guest.fd, guest.client), 0,
			     "ATTACH");
	check_equal(serve_once(&guest, answer, &count), 1, "requests");
	start_waiter(&waiter, guest.fd, guest.client);
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	check_returns(&waiter, 1, "destroyed");
	guest.client = 0;
	guest_end(&guest);
}

TEST(no_wait, "[D10] ATTACH of a file with O_NONBLOCK does not wait")
{
	unsigned int count = 0;
	struct guest guest;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	check(!fcntl(guest.fd, F_SETFL, O_NONBLOCK), "fcntl: %s",
	      strerror(errno));
	check_result(client_attach(guest.fd, guest.client), -EAGAIN,
		     "ATTACH without a request");
	guest_start(&guest);
	check(wait_for_request(&guest, PROMPT_MS), "no request comes");
	check_result(client_attach(guest.fd, guest.client), 0,
		     "ATTACH with a request");
	serve_once(&guest, answer, &count);
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	check_result(client_attach(guest.fd, guest.client), 1,
		     "ATTACH of a client that is gone");
	guest.client = 0;
	guest_end(&guest);
}

TEST(two_waiters, "two threads in ATTACH")
{
	struct waiter waiters[2];
	unsigned int count = 0;
	struct guest guest;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	start_waiter(&waiters[0], guest.fd, guest.client);
	start_waiter(&waiters[1], guest.fd, guest.client);
	guest_start(&guest);
	check_returns(&waiters[0], 0, "request");
	check_returns(&waiters[1], 0, "request, the other");
	check_equal(serve_once(&guest, answer, &count), 1, "requests");
	start_waiter(&waiters[0], guest.fd, guest.client);
	start_waiter(&waiters[1], guest.fd, guest.client);
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	check_returns(&waiters[0], 1, "destroyed");
	check_returns(&waiters[1], 1, "destroyed, the other");
	guest.client = 0;
	guest_end(&guest);
}

static void *epoll_thread(void *data)
{
	struct epoll_event event;

	epoll_wait(*(int *)data, &event, 1, 2 * PROMPT_MS);
	return NULL;
}

/* Who asks to be woken alone is not the only one. */
TEST(exclusive_epoll, "a thread in ATTACH beside one in an epoll that is exclusive")
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int poller = epoll_create1(EPOLL_CLOEXEC);
	unsigned int count = 0;
	struct waiter waiter;
	struct guest guest;
	pthread_t thread;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	check(!epoll_ctl(poller, EPOLL_CTL_ADD, guest.fd, &event), "epoll_ctl: %s",
	      strerror(errno));
	check(!pthread_create(&thread, NULL, epoll_thread, &poller), "pthread_create");
	start_waiter(&waiter, guest.fd, guest.client);
	guest_start(&guest);
	check_returns(&waiter, 0, "request");
	pthread_join(thread, NULL);
	check_equal(serve_once(&guest, answer, &count), 1, "requests");
	guest_end(&guest);
	close(poller);
}

TEST(destroy_vm_wakes, "[B4] DESTROY_VM wakes ATTACH")
{
	enum vm_state state;
	struct waiter waiter;
	int client, fd;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		fd = vm_with_client(0, state, &client);
		start_waiter(&waiter, fd, client);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		check_returns(&waiter, 1, "VM destroyed");
		close(fd);
	}
	/* also when the hypervisor refuses */
	fd = vm_with_client(0, VM_STARTED, &client);
	start_waiter(&waiter, fd, client);
	hv_refuse(HC_DESTROY_VM, 1, -EINVAL);
	check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM");
	check_returns(&waiter, 1, "VM dying");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* All that can be called while a thread waits works, and does not wait. */
TEST(blocks_nobody, "a waiting ATTACH makes nobody else wait")
{
	char *memory = memory_get(MEMORY_PRIVATE, PAGES(4));
	int client, fd = vm_with_client(0, VM_CREATED, &client);
	struct acrn_api_version version;
	uint64_t start = now_us();
	struct waiter waiter;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	start_waiter(&waiter, fd, client);
	check_result(hsm_ioctl(fd, IC_GET_API_VERSION, &version), 0,
		     "GET_API_VERSION");
	check_result(vm_create(fd, 0), -EBUSY, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 1), 0, "CREATE_VCPU");
	check_result(memseg_set(fd, 0, memory, PAGES(4)), 0, "SET_MEMSEG");
	check_result(memseg_unset(fd, 0, PAGES(4)), 0, "UNSET_MEMSEG");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_start(fd), 0, "START_VM");
	check_result(client_notify(fd, client, 0), -EINVAL, "NOTIFY");
	check_result(client_create(fd), -EEXIST, "CREATE_IOREQ_CLIENT");
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_result(clear_requests(fd), 0, "CLEAR_VM_IOREQ");
	check_result(vm_reset(fd), 0, "RESET_VM");
	check_result(poll(&poll_fd, 1, 0), 0, "poll");
	check(!has_returned(&waiter, BLOCKED_MS), "ATTACH returned");
	check_result(client_destroy(fd, client), 0, "DESTROY");
	check_returns(&waiter, 1, "destroyed");
	check(now_us() - start < 10000000, "something waited");
}

static void exit_while_waiting(void *data)
{
	int client, fd = vm_with_client(0, VM_STARTED, &client);
	struct waiter waiter;

	start_waiter(&waiter, fd, client);
	/* the file stays open until the call returns, which it never does */
	if (data)
		close(fd);
}

TEST(process_ends, "[R6] a process ends with a thread in ATTACH")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	int yes;

	in_child(exit_while_waiting, NULL);
	vm_check(0, &empty);
	in_child(exit_while_waiting, &yes);
	vm_check(0, &empty);
}

static int poll_now(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	int ret = poll(&poll_fd, 1, 0);

	check(ret >= 0, "poll: %s", strerror(errno));
	return ret ? poll_fd.revents : 0;
}

static void check_poll(int fd, int expected, const char *when)
{
	check_equal(poll_now(fd), expected, "poll, %s", when);
}

TEST(poll_says, "[B22] poll() says POLLIN and POLLHUP")
{
	unsigned int count = 0;
	struct guest guest;
	int client;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	check_poll(guest.fd, 0, "a client");
	guest_start(&guest);
	check(wait_for_request(&guest, PROMPT_MS), "no POLLIN");
	check_poll(guest.fd, POLLIN, "a request");
	check_poll(guest.fd, POLLIN, "still a request");
	check_result(client_attach(guest.fd, guest.client), 0, "ATTACH");
	check_poll(guest.fd, POLLIN, "attached");
	check_equal(serve_once(&guest, answer, &count), 1, "requests");
	check_poll(guest.fd, 0, "served");
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	check_poll(guest.fd, POLLHUP, "no client");
	client = client_create(guest.fd);
	check_poll(guest.fd, 0, "another client");
	check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
	check_poll(guest.fd, POLLHUP, "no VM");
	check(client > 0, "CREATE_IOREQ_CLIENT");
}

TEST(poll_before, "poll() says nothing before there was a client")
{
	int fd = hsm_open();

	check_poll(fd, 0, "no VM");
	vm_to_state(fd, VM_STARTED, 0);
	check_poll(fd, 0, "never a client");
}

static void *poll_thread(void *data)
{
	struct waiter *waiter = data;
	struct pollfd poll_fd = { .fd = waiter->fd, .events = POLLIN };

	__atomic_store_n(&waiter->attached, 1, __ATOMIC_RELEASE);
	poll(&poll_fd, 1, 10000);
	waiter->result = poll_fd.revents;
	__atomic_store_n(&waiter->returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void start_polling(struct waiter *waiter, int fd)
{
	*waiter = (struct waiter){ .fd = fd };
	check(!pthread_create(&waiter->thread, NULL, poll_thread, waiter),
	      "pthread_create");
	while (!__atomic_load_n(&waiter->attached, __ATOMIC_ACQUIRE))
		usleep(100);
	check(!has_returned(waiter, BLOCKED_MS), "poll does not wait: %d",
	      waiter->result);
}

TEST(poll_wakes, "[B22] poll() wakes up")
{
	unsigned int count = 0;
	struct waiter waiter;
	struct guest guest;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	start_polling(&waiter, guest.fd);
	guest_start(&guest);
	check_returns(&waiter, POLLIN, "request");
	serve_once(&guest, answer, &count);
	start_polling(&waiter, guest.fd);
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	check_returns(&waiter, POLLHUP, "client destroyed");
	check(client_create(guest.fd) > 0, "CREATE_IOREQ_CLIENT");
	start_polling(&waiter, guest.fd);
	check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
	check_returns(&waiter, POLLHUP, "VM destroyed");
}

/* A guest whose request is there, and nobody's: there was no client yet */
static void guest_without_client(struct guest *guest)
{
	uint64_t end = now_us() + PROMPT_MS * 1000;

	guest->fd = hsm_open();
	guest_prepare(guest, 0, 1);
	check_result(vm_create(guest->fd, 0), 0, "CREATE_VM");
	check_result(vm_create_vcpu(guest->fd, 0), 0, "CREATE_VCPU");
	check_result(memseg_set(guest->fd, 0, guest->memory, GUEST_SIZE), 0,
		     "SET_MEMSEG");
	guest_set_regs(guest);
	request_loop(guest, 1);
	guest_start(guest);
	while (__atomic_load_n(&guest->slots->processed, __ATOMIC_ACQUIRE) !=
	       ACRN_IOREQ_PROCESSING)
		check(now_us() < end, "no request");
}

static void new_client(struct guest *guest)
{
	guest->client = client_create(guest->fd);
	check(guest->client > 0, "CREATE_IOREQ_CLIENT: %s",
	      result_name(guest->client));
}

TEST(poll_sees_client, "[D4] poll() wakes up when a client comes to a request")
{
	unsigned int count = 0;
	struct waiter waiter;
	struct guest guest;

	guest_without_client(&guest);
	start_polling(&waiter, guest.fd);
	new_client(&guest);
	check_returns(&waiter, POLLIN, "a client");
	check_equal(serve_once(&guest, answer, &count), 1, "requests");
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	guest_end(&guest);
}

static void epoll_sees_client(unsigned int flags)
{
	struct epoll_event event = { .events = EPOLLIN | flags };
	int poller = epoll_create1(EPOLL_CLOEXEC);
	struct guest guest;

	guest_without_client(&guest);
	check(!epoll_ctl(poller, EPOLL_CTL_ADD, guest.fd, &event),
	      "epoll_ctl: %s", strerror(errno));
	check_equal(epoll_wait(poller, &event, 1, 0), 0, "events before");
	new_client(&guest);
	check_equal(epoll_wait(poller, &event, 1, PROMPT_MS), 1,
		    "events after the client");
	check_equal(event.events, EPOLLIN, "event after the client");

	/* and another client, whose request it is then */
	check_result(client_destroy(guest.fd, guest.client), 0, "DESTROY");
	check_equal(epoll_wait(poller, &event, 1, PROMPT_MS), 1,
		    "events without a client");
	check(event.events & EPOLLHUP, "events without a client: %#x",
	      event.events);
	new_client(&guest);
	check_equal(epoll_wait(poller, &event, 1, PROMPT_MS), 1,
		    "events after the second client");
	check_equal(event.events, EPOLLIN, "event after the second client");
	guest_end(&guest);
	close(poller);
}

TEST(epoll_level_sees_client, "[D4] epoll wakes up when a client comes to a request")
{
	epoll_sees_client(0);
}

TEST(epoll_edge_sees_client, "[D4] and edge triggered")
{
	epoll_sees_client(EPOLLET);
}

/* Requests are served by a loop of epoll_wait() alone. */
static void epoll_serves(unsigned int flags)
{
	struct epoll_event event = { .events = EPOLLIN | flags };
	int poller = epoll_create1(EPOLL_CLOEXEC);
	unsigned int count = 0, events = 0;
	uint64_t end = now_us() + 20000000;
	struct guest guest;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 300);
	check(!epoll_ctl(poller, EPOLL_CTL_ADD, guest.fd, &event),
	      "epoll_ctl: %s", strerror(errno));
	guest_start(&guest);
	while (!guest_status(&guest)->done) {
		check(now_us() < end, "not done, %u requests served", count);
		if (epoll_wait(poller, &event, 1, 5) != 1)
			continue;
		events++;
		serve_once(&guest, answer, &count);
	}
	check_equal(count, 300, "requests");
	check(events >= 300, "only %u events", events);
	report("%u events for 300 requests", events);
	check_equal(epoll_wait(poller, &event, 1, 0), 0, "events left");
	guest_end(&guest);
	close(poller);
}

TEST(epoll_level, "epoll serves requests")
{
	epoll_serves(0);
}

TEST(epoll_edge, "epoll serves requests, edge triggered")
{
	epoll_serves(EPOLLET);
}

/* Nobody is told twice of a request that nobody has served yet. */
TEST(epoll_edge_once, "an edge is one event")
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int poller = epoll_create1(EPOLL_CLOEXEC);
	unsigned int count = 0;
	struct guest guest;

	guest_new(&guest, 0, 0);
	request_loop(&guest, 1);
	check(!epoll_ctl(poller, EPOLL_CTL_ADD, guest.fd, &event),
	      "epoll_ctl: %s", strerror(errno));
	guest_start(&guest);
	check_equal(epoll_wait(poller, &event, 1, PROMPT_MS), 1, "events");
	check_equal(epoll_wait(poller, &event, 1, BLOCKED_MS), 0,
		    "events for the same request");
	serve_once(&guest, answer, &count);
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	guest_end(&guest);
	close(poller);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
