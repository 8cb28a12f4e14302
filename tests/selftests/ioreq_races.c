// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * I/O requests while everything around them changes: resets, clients that come
 * and go, processes that are killed, device models that stop.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define PORT		0x650
#define PROMPT_MS	5000

/*
 * The guest reads a port and writes back what it read; a right answer is one
 * more than the loops it has done.
 */
static void program_echo(struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < guest->vcpus; i++) {
		const struct guest_op ops[] = {
			{ .op = GUEST_IN + 4, .address = PORT },
			{ .op = GUEST_PASS },
			{ .op = GUEST_OUT + 4, .address = PORT },
			{ .op = GUEST_AGAIN, .value = FOR_EVER },
		};

		guest_program_vcpu(guest, i, ops, ARRAY_SIZE(ops));
	}
}

static uint32_t right_answer(struct guest *guest, unsigned int vcpu)
{
	return vcpu << 24 |
	       ((guest_vcpu_status(guest, vcpu)->loops + 1) & 0xffffff);
}

/* As long as @fd has requests for @client, right answers; any result is fine */
static unsigned int answer_requests(struct guest *guest, int client)
{
	struct guest mine = *guest;
	unsigned int vcpu, served = 0;
	struct access access;

	mine.client = client;
	for (vcpu = 0; vcpu < guest->vcpus; vcpu++) {
		if (!slot_is_mine(&mine, vcpu))
			continue;
		slot_read(&mine, vcpu, &access);
		if (!access.write)
			slot_answer(&mine, vcpu, right_answer(&mine, vcpu));
		served += !client_notify(guest->fd, client, vcpu);
	}
	return served;
}

static void check_goes_on(struct guest *guest, const char *when)
{
	uint64_t loops = guest_status(guest)->loops;
	uint64_t end = now_us() + PROMPT_MS * 1000;

	while (guest_status(guest)->loops < loops + 3) {
		check(now_us() < end, "the guest stands still, %s", when);
		if (wait_for_request(guest, 5))
			answer_requests(guest, guest->client);
	}
}

static void wait_until_asked(struct guest *guest)
{
	check(wait_for_request(guest, PROMPT_MS), "no request comes");
	check(slot_is_mine(guest, 0), "the request is not the client's");
}

static void reset(struct guest *guest)
{
	check_result(vm_pause(guest->fd), 0, "PAUSE_VM");
	check_result(clear_requests(guest->fd), 0, "CLEAR_VM_IOREQ");
	check(!slot_is_mine(guest, 0), "the request is still there");
	check_result(vm_reset(guest->fd), 0, "RESET_VM");
	guest_set_regs(guest);
	guest_start(guest);
}

/* acrn-dm resets the VM while it handles a request, which it never completes. */
TIMED_TEST(reset_with_request, 200, "1000 resets with a request open")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct guest guest;
	unsigned int i;

	guest_new(&guest, 0, 0);
	program_echo(&guest);
	guest_start(&guest);
	for (i = 0; i < 1000; i++) {
		wait_until_asked(&guest);
		reset(&guest);
	}
	check_equal(guest_status(&guest)->loops, 0, "loops of the guest");
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	check_goes_on(&guest, "after 1000 resets");
	guest_end(&guest);
}

/* Suspend to RAM: the same, but the VM stands still for a while. */
TIMED_TEST(suspend_with_request, 200, "1000 suspends with a request open")
{
	struct guest guest;
	unsigned int i;

	guest_new(&guest, 0, 0);
	program_echo(&guest);
	guest_start(&guest);
	for (i = 0; i < 1000; i++) {
		wait_until_asked(&guest);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		check_result(clear_requests(guest.fd), 0, "CLEAR_VM_IOREQ");
		check(!wait_for_request(&guest, i % 3), "a request comes");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
		guest_start(&guest);
		if (i % 5 == 0)
			check_goes_on(&guest, "resumed");
	}
	check_goes_on(&guest, "after 1000 suspends");
	guest_end(&guest);
}

/**
 * struct model - a device model in a thread of its own
 * @guest: its guest
 * @client: the client, which may change
 * @stop: it shall end
 * @served: requests it has completed
 * @thread: the thread
 */
struct model {
	struct guest *guest;
	int client;
	int stop;
	unsigned long served;
	pthread_t thread;
};

static void *model_thread(void *data)
{
	struct model *model = data;
	int client, ret;

	while (!__atomic_load_n(&model->stop, __ATOMIC_ACQUIRE)) {
		client = __atomic_load_n(&model->client, __ATOMIC_ACQUIRE);
		ret = client_attach(model->guest->fd, client);
		if (!ret)
			model->served += answer_requests(model->guest, client);
		else
			check(ret == 1 || ret == -ENODEV, "ATTACH: %s",
			      result_name(ret));
	}
	return NULL;
}

static void start_model(struct model *model, struct guest *guest)
{
	*model = (struct model){ .guest = guest, .client = guest->client };
	check(!pthread_create(&model->thread, NULL, model_thread, model),
	      "pthread_create");
}

/* The client has to be gone, or ATTACH waits for ever. */
static void join_model(struct model *model)
{
	__atomic_store_n(&model->stop, 1, __ATOMIC_RELEASE);
	pthread_join(model->thread, NULL);
}

static void stop_model(struct model *model)
{
	check_result(client_destroy(model->guest->fd, model->guest->client), 0,
		     "DESTROY_IOREQ_CLIENT");
	model->guest->client = 0;
	join_model(model);
}

/*
 * Requests are completed while the VM is being paused.  The hypervisor
 * complains if it is told of one whose vCPU does not wait for it.
 */
static void reset_while_served(unsigned long flags, unsigned int vcpus)
{
	struct model model;
	struct guest guest;
	unsigned int i;

	guest_new_vcpus(&guest, 0, flags, vcpus);
	program_echo(&guest);
	guest_start(&guest);
	start_model(&model, &guest);
	srandom(3);
	for (i = 0; i < 400; i++) {
		usleep(random() % 1500);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		if (i % 2)
			check_result(clear_requests(guest.fd), 0,
				     "CLEAR_VM_IOREQ");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		guest_set_regs(&guest);
		guest_start(&guest);
	}
	check_goes_on(&guest, "after 400 resets");
	stop_model(&model);
	report("%lu requests served", model.served);
	guest_end(&guest);
}

TIMED_TEST(reset_while_serving, 200, "400 resets while requests are served")
{
	reset_while_served(0, 1);
}

TIMED_TEST(reset_while_serving_vcpus, 200, "400 resets while three vCPUs' requests are served")
{
	reset_while_served(0, 3);
}

TIMED_TEST(reset_while_polling, 200, "400 resets of a polling VM while requests are served")
{
	reset_while_served(ACRN_VM_FLAG_POLLING, 2);
}

/* No request is lost or answered wrongly when its client goes. */
TIMED_TEST(clients_come_and_go, 200, "[B4] [B6] 400 clients come and go while requests fly")
{
	struct model model;
	struct guest guest;
	unsigned int i;

	guest_new_vcpus(&guest, 0, 0, 2);
	program_echo(&guest);
	guest_start(&guest);
	start_model(&model, &guest);
	srandom(4);
	for (i = 0; i < 400; i++) {
		usleep(random() % 2000);
		check_result(client_destroy(guest.fd, guest.client), 0,
			     "DESTROY_IOREQ_CLIENT");
		if (i % 2)
			usleep(random() % 500);
		guest.client = client_create(guest.fd);
		check(guest.client > 0, "CREATE_IOREQ_CLIENT: %s",
		      result_name(guest.client));
		__atomic_store_n(&model.client, guest.client, __ATOMIC_RELEASE);
	}
	check_goes_on(&guest, "after 400 clients");
	stop_model(&model);
	report("%lu requests served, %llu loops", model.served,
	       (unsigned long long)guest_status(&guest)->loops);
	check(guest_status(&guest)->loops > 100, "only %llu loops",
	      (unsigned long long)guest_status(&guest)->loops);
	guest_end(&guest);
}

/* ATTACH and the end of its client in the same moment: it must not wait. */
static void *attach_once(void *data)
{
	struct model *model = data;

	return (void *)(long)client_attach(model->guest->fd, model->client);
}

TIMED_TEST(attach_against_destroy, 200, "[B4] ATTACH against DESTROY_IOREQ_CLIENT")
{
	struct model models[2];
	struct guest guest;
	unsigned int i, j;
	void *result;

	guest_new(&guest, 0, 0);
	srandom(5);
	for (i = 0; i < 500; i++) {
		for (j = 0; j < ARRAY_SIZE(models); j++) {
			models[j] = (struct model){ &guest, guest.client };
			check(!pthread_create(&models[j].thread, NULL,
					      attach_once, &models[j]),
			      "pthread_create");
		}
		if (i % 3)
			usleep(random() % 300);
		check_result(client_destroy(guest.fd, guest.client), 0,
			     "DESTROY_IOREQ_CLIENT");
		if (i % 2)
			guest.client = client_create(guest.fd);
		for (j = 0; j < ARRAY_SIZE(models); j++) {
			pthread_join(models[j].thread, &result);
			check_result((long)result, 1, "ATTACH");
		}
		if (i % 2 == 0)
			guest.client = client_create(guest.fd);
	}
	guest_end(&guest);
}

/* The VM goes while requests fly and threads wait. */
TIMED_TEST(destroyed_while_served, 200, "[B4] [B7] DESTROY_VM while requests fly")
{
	struct model models[2];
	struct guest guest;
	unsigned int i;

	srandom(6);
	for (i = 0; i < 60; i++) {
		guest_new_vcpus(&guest, 0, 0, 2);
		program_echo(&guest);
		guest_start(&guest);
		start_model(&models[0], &guest);
		start_model(&models[1], &guest);
		usleep(random() % 5000);
		check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
		join_model(&models[0]);
		join_model(&models[1]);
		munmap(guest.memory, GUEST_SIZE);
		close(guest.fd);
	}
}

/* What a victim and its test share */
static struct shared {
	uint64_t loops;
	int running;
} *shared;

static void share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED, "mmap");
}

/* A device model that serves until it is killed; @data: its configuration */
static void serve_for_ever(void *data)
{
	unsigned int config = *(unsigned int *)data;
	struct model models[2];
	struct guest guest;

	guest_new_vcpus(&guest, config, 0, config ? 1 : 2);
	program_echo(&guest);
	guest_start(&guest);
	start_model(&models[0], &guest);
	start_model(&models[1], &guest);
	for (;;) {
		__atomic_store_n(&shared->loops, guest_status(&guest)->loops,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&shared->running, 1, __ATOMIC_RELEASE);
		usleep(300);
	}
}

static pid_t start_serving(unsigned int *config)
{
	uint64_t end = now_us() + PROMPT_MS * 1000;
	pid_t pid;

	__atomic_store_n(&shared->running, 0, __ATOMIC_RELEASE);
	pid = start_child(serve_for_ever, config);
	while (!__atomic_load_n(&shared->running, __ATOMIC_ACQUIRE)) {
		check(now_us() < end, "the device model does not start");
		usleep(200);
	}
	return pid;
}

TIMED_TEST(killed, 200, "[R6] [R9] killed while requests fly")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	long pinned = pinned_pages();
	unsigned int i, config = 0;
	pid_t pid;

	share();
	srandom(7);
	for (i = 0; i < 60; i++) {
		pid = start_serving(&config);
		usleep(random() % 8000);
		kill_child(pid);
		vm_check(0, &empty);
		check_equal(pinned_pages(), pinned, "pinned pages");
	}
}

/* Killed anywhere, from the moment of open() on */
TIMED_TEST(killed_early, 200, "[R6] killed while a guest is set up")
{
	struct vm_model empty = { VM_EMPTY, 0 };
	unsigned int i, config = 0;
	pid_t pid;

	share();
	srandom(8);
	for (i = 0; i < 60; i++) {
		pid = start_child(serve_for_ever, &config);
		usleep(random() % 20000);
		kill_child(pid);
		vm_check(0, &empty);
	}
}

TEST(rmmod_refused, "[R13] rmmod is refused while requests fly")
{
	unsigned int i, config = 0;
	pid_t pid;

	share();
	pid = start_serving(&config);
	for (i = 0; i < 300; i++)
		check_result(driver_unload(), -EWOULDBLOCK, "rmmod");
	kill_child(pid);
	check_result(driver_unload(), 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
}

static uint64_t loops_in(unsigned int ms)
{
	uint64_t before = __atomic_load_n(&shared->loops, __ATOMIC_RELAXED);

	sleep_ms(ms);
	return __atomic_load_n(&shared->loops, __ATOMIC_RELAXED) - before;
}

#define PACE_MS		1000
#define PACE_TRIES	5

/*
 * The machine that this runs on has others to serve as well, which can halve
 * the pace at any time, but not each time.
 */
static bool keeps_pace(uint64_t alone, uint64_t beside, const char *what)
{
	report("%llu loops a second alone, %llu beside %s",
	       (unsigned long long)alone * 1000 / PACE_MS,
	       (unsigned long long)beside * 1000 / PACE_MS, what);
	return alone > 10 && beside > alone / 4 * 3;
}

/*
 * The device model of one VM stops with requests of all its vCPUs open; the
 * other's requests are served as fast as if it were not there.
 */
static bool keeps_pace_beside_stopped(void)
{
	unsigned int stopped_config = 0, config = 1;
	uint64_t alone, beside;
	pid_t stopped, other;

	other = start_serving(&config);
	loops_in(200);
	alone = loops_in(PACE_MS);
	kill_child(other);

	stopped = start_serving(&stopped_config);
	sleep_ms(100);
	kill(stopped, SIGSTOP);
	sleep_ms(50);
	other = start_serving(&config);
	loops_in(200);
	beside = loops_in(PACE_MS);
	kill(stopped, SIGCONT);
	kill_child(other);
	kill_child(stopped);
	return keeps_pace(alone, beside, "a stopped device model");
}

TIMED_TEST(stopped_model, 120, "[B8] a stopped device model costs others nothing")
{
	unsigned int i;

	share();
	for (i = 0; i < PACE_TRIES; i++)
		if (keeps_pace_beside_stopped())
			return;
	fail("slower than alone, each time");
}

/* A file without a VM, or with one that does not run, is in nobody's way. */
static bool keeps_pace_beside_idle(void)
{
	uint64_t alone = loops_in(PACE_MS), beside;
	unsigned int i;
	int fds[40];

	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = hsm_open();
	vm_to_state(fds[0], VM_CREATED, 0);
	vm_to_state(fds[1], VM_PAUSED, 2);
	beside = loops_in(PACE_MS);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	return keeps_pace(alone, beside, "idle files");
}

TIMED_TEST(idle_files, 120, "[R8] open files cost others nothing")
{
	unsigned int config = 1, i;
	pid_t other;

	share();
	other = start_serving(&config);
	loops_in(200);
	for (i = 0; i < PACE_TRIES && !keeps_pace_beside_idle(); i++)
		;
	kill_child(other);
	check(i < PACE_TRIES, "slower than alone, each time");
}

/* Whatever becomes of one VM and its clients, another one's requests go on. */
TIMED_TEST(others_come_and_go, 200, "[B6] VMs and clients come and go beside a VM that is served")
{
	struct guest steady, other;
	struct model model, others_model;
	uint64_t loops, end;
	unsigned int i;

	guest_new(&steady, 1, 0);
	program_echo(&steady);
	guest_start(&steady);
	start_model(&model, &steady);
	for (i = 0; i < 60; i++) {
		guest_new_vcpus(&other, 0, 0, 2);
		program_echo(&other);
		guest_start(&other);
		start_model(&others_model, &other);
		usleep(i * 97 % 2000);
		if (i % 2)
			stop_model(&others_model);
		check_result(vm_destroy(other.fd), 0, "DESTROY_VM");
		if (i % 2 == 0)
			join_model(&others_model);
		munmap(other.memory, GUEST_SIZE);
		close(other.fd);
		loops = guest_status(&steady)->loops;
		end = now_us() + PROMPT_MS * 1000;
		while (guest_status(&steady)->loops < loops + 2)
			check(now_us() < end, "the other VM stands still");
	}
	stop_model(&model);
	guest_end(&steady);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
