// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * NOTIFY_REQUEST_FINISH and CLEAR_VM_IOREQ: a request is completed once, by the
 * client that has it, and the hypervisor hears of it only if its VM runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "guest.h"
#include "harness.h"
#include "vm.h"

#define PORT		0x630
#define PROMPT_MS	5000
#define SLOW_CALL_US	1000000	/* a hypercall that is made to take long */
#define SLOW_BEGUN_MS	300	/* after that time it has surely begun */

/* A guest that reads a port, says so, and reads again, and so on */
static void new_asking_guest(struct guest *guest, unsigned long flags)
{
	const struct guest_op ops[] = {
		{ .op = GUEST_IN + 4, .address = PORT },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};

	guest_new(guest, 0, flags);
	guest_program(guest, ops, ARRAY_SIZE(ops));
}

static void wait_until_asked(struct guest *guest)
{
	check(wait_for_request(guest, PROMPT_MS), "no request comes");
	check(slot_is_mine(guest, 0), "the request is not the client's");
}

static void wait_for_loop(struct guest *guest, uint64_t loop)
{
	uint64_t end = now_us() + PROMPT_MS * 1000;

	while (guest_status(guest)->loops < loop)
		check(now_us() < end, "the guest did not get to loop %llu",
		      (unsigned long long)loop);
}

/* The call is refused, and nobody has noticed. */
static void check_refused(struct guest *guest, int client, unsigned int vcpu,
			  const char *why)
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);

	check_result(client_notify(guest->fd, client, vcpu), -EINVAL,
		     "NOTIFY of vCPU %#x, %s", vcpu, why);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY, %s",
		    why);
}

static const unsigned int no_vcpus[] = {
	1, 2, 7, 8, 15, 16, 17, 0x100, 0xffff, 0x10000, 0x10001, 0x7fffffff,
	0x80000000, 0xffffffff,
};

static void check_no_vcpu(struct guest *guest, const char *why)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(no_vcpus); i++)
		check_refused(guest, guest->client, no_vcpus[i], why);
}

static void answer_once(struct guest *guest, uint64_t value, uint64_t loop)
{
	slot_answer(guest, 0, value);
	check_result(client_notify(guest->fd, guest->client, 0), 0, "NOTIFY");
	wait_for_loop(guest, loop);
	check_equal(guest_result(guest, 0), value, "what the guest read");
}

TEST(other_slots, "[B10] [R2] slots that are another vCPU's, and that do not exist")
{
	struct guest guest;

	new_asking_guest(&guest, 0);
	check_no_vcpu(&guest, "not started");
	check_refused(&guest, guest.client, 0, "not started");
	guest_start(&guest);
	wait_until_asked(&guest);
	check_no_vcpu(&guest, "asked");
	check(slot_is_mine(&guest, 0), "the request has gone");
	answer_once(&guest, 11, 1);
	wait_until_asked(&guest);
	check_no_vcpu(&guest, "asked again");
	answer_once(&guest, 12, 2);
	guest_end(&guest);
}

TEST(wrong_client, "[B10] [R1] another client's request")
{
	struct guest guest;
	int old;

	new_asking_guest(&guest, 0);
	old = guest.client;
	check_result(client_destroy(guest.fd, old), 0, "DESTROY");
	guest_start(&guest);
	sleep_ms(50);
	check_refused(&guest, old, 0, "no client");
	check_refused(&guest, 0, 0, "client 0, there is none");
	guest.client = client_create(guest.fd);
	wait_until_asked(&guest);
	check_refused(&guest, old, 0, "the client before");
	check_refused(&guest, 0, 0, "client 0");
	check_refused(&guest, -1, 0, "client -1");
	check_refused(&guest, guest.client + 1, 0, "the next client");
	check_refused(&guest, 0x7fffffff, 0, "the last client");
	check_refused(&guest, guest.client + 0x10000, 0, "client + 0x10000");
	answer_once(&guest, 13, 1);
	guest_end(&guest);
}

TEST(twice, "[B10] a request is completed once")
{
	struct guest_op ops[] = {
		{ .op = GUEST_IN + 4, .address = PORT },
		{ .op = GUEST_WAIT, .address = GUEST_FREE, .value = 1 },
	};
	struct guest guest;

	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	check_refused(&guest, guest.client, 0, "nothing asked");
	guest_start(&guest);
	wait_until_asked(&guest);
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check_refused(&guest, guest.client, 0, "twice");
	sleep_ms(50);
	check_refused(&guest, guest.client, 0, "the slot is free");
	*(volatile uint32_t *)(guest.memory + GUEST_FREE) = 1;
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	check_refused(&guest, guest.client, 0, "halted");
	guest_end(&guest);
}

/* The order of acrn-dm's end: the client is destroyed, then comes a NOTIFY. */
TEST(late, "[B10] a late NOTIFY, in the order of acrn-dm")
{
	struct guest guest;
	int client;

	new_asking_guest(&guest, 0);
	client = guest.client;
	guest_start(&guest);
	wait_until_asked(&guest);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check_result(client_destroy(guest.fd, client), 0, "DESTROY");
	check_refused(&guest, client, 0, "client destroyed");
	check_result(vm_destroy(guest.fd), 0, "DESTROY_VM");
	check_result(client_notify(guest.fd, client, 0), -ENODEV,
		     "NOTIFY, VM destroyed");
}

/*
 * A request that is completed while the VM is paused: nobody is told, for the
 * vCPU must not run.
 */
TEST(while_paused, "a request of a paused VM costs no hypercall")
{
	unsigned long notified;
	struct guest guest;

	new_asking_guest(&guest, 0);
	guest_start(&guest);
	wait_until_asked(&guest);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	notified = hv_calls(HC_NOTIFY_REQUEST);
	slot_answer(&guest, 0, 14);
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check_refused(&guest, guest.client, 0, "twice");
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_PAUSED, "state");
	check_equal(guest_status(&guest)->loops, 0, "loops of the guest");
	check_result(clear_requests(guest.fd), 0, "CLEAR_VM_IOREQ");
	check_result(vm_reset(guest.fd), 0, "RESET_VM");
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	guest_set_regs(&guest);
	guest_start(&guest);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	wait_until_asked(&guest);
	answer_once(&guest, 15, 1);
	guest_end(&guest);
}

/* Looks on from another CPU: the one that makes the call does nothing else. */
static void start_slow(pthread_t *thread, void *(*call)(void *), int *fd)
{
	run_on_cpu(0);
	check(!pthread_create(thread, NULL, call, fd), "pthread_create");
	sleep_ms(SLOW_BEGUN_MS);
}

/* What was completed while a PAUSE was tried that failed is told afterwards. */
static void *pause_thread(void *data)
{
	run_on_cpu(1);
	return (void *)(long)vm_pause(*(int *)data);
}

static void complete_while_pause_fails(struct guest *guest, uint64_t value)
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	pthread_t thread;
	void *result;

	hv_refuse(HC_PAUSE_VM, 1, -EINVAL);
	hv_delay(HC_PAUSE_VM, SLOW_CALL_US);
	start_slow(&thread, pause_thread, &guest->fd);
	slot_answer(guest, 0, value);
	check_result(client_notify(guest->fd, guest->client, 0), 0, "NOTIFY");
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified,
		    "HC_NOTIFY during the PAUSE");
	pthread_join(thread, &result);
	check_result((long)result, -EINVAL, "PAUSE_VM");
}

TEST(pause_fails, "a PAUSE that fails makes up for it")
{
	unsigned long notified;
	struct guest guest;

	new_asking_guest(&guest, 0);
	guest_start(&guest);
	wait_until_asked(&guest);
	notified = hv_calls(HC_NOTIFY_REQUEST);
	complete_while_pause_fails(&guest, 16);
	hv_behave();
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified + 1,
		    "HC_NOTIFY after the PAUSE");
	wait_for_loop(&guest, 1);
	check_equal(guest_result(&guest, 0), 16, "what the guest read");
	wait_until_asked(&guest);
	answer_once(&guest, 17, 2);
	guest_end(&guest);
}

/* Who completed it has its answer already: nobody but the driver can tell again. */
TEST(pause_fails_not_told, "and if the hypervisor does not take that, it is told again")
{
	unsigned long refused;
	struct guest guest;

	new_asking_guest(&guest, 0);
	guest_start(&guest);
	wait_until_asked(&guest);
	refused = hv_refused(HC_NOTIFY_REQUEST);
	hv_refuse(HC_NOTIFY_REQUEST, 1, -EINVAL);
	complete_while_pause_fails(&guest, 19);
	wait_for_loop(&guest, 1);
	check_equal(guest_result(&guest, 0), 19, "what the guest read");
	check_equal(hv_refused(HC_NOTIFY_REQUEST) - refused, 1, "HC_NOTIFY refused");
	hv_behave();
	wait_until_asked(&guest);
	answer_once(&guest, 20, 2);
	guest_end(&guest);
}

/* A request that comes while a PAUSE is tried that fails is not lost. */
TEST(pause_fails_before_request, "a request that comes while a PAUSE fails")
{
	struct guest_op ops[] = {
		{ .op = GUEST_WAIT, .address = GUEST_FREE, .value = 1 },
		{ .op = GUEST_IN + 4, .address = PORT },
	};
	struct guest guest;
	pthread_t thread;
	void *result;

	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	hv_refuse(HC_PAUSE_VM, 1, -EINVAL);
	hv_delay(HC_PAUSE_VM, SLOW_CALL_US);
	start_slow(&thread, pause_thread, &guest.fd);
	*(volatile uint32_t *)(guest.memory + GUEST_FREE) = 1;
	pthread_join(thread, &result);
	check_result((long)result, -EINVAL, "PAUSE_VM");
	hv_behave();
	wait_until_asked(&guest);
	slot_answer(&guest, 0, 18);
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check(guest_done(&guest, PROMPT_MS), "the guest is not done");
	check_equal(guest_result(&guest, 1), 18, "what the guest read");
	guest_end(&guest);
}

static void *attach_thread(void *data)
{
	struct guest *guest = data;

	return (void *)(long)client_attach(guest->fd, guest->client);
}

/*
 * The upcall of a request that comes while a PAUSE is tried is not answered.
 * When that fails, a device model that waits already has to be woken: it makes
 * no call that would look once more.
 */
TEST(pause_fails_wakes, "[D12] and its device model, which waits, is woken")
{
	struct guest_op ops[] = {
		{ .op = GUEST_WAIT, .address = GUEST_FREE, .value = 1 },
		{ .op = GUEST_IN + 4, .address = PORT },
	};
	pthread_t waiter, thread;
	struct timespec limit;
	struct guest guest;
	uint64_t end;
	void *result;

	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(!pthread_create(&waiter, NULL, attach_thread, &guest),
	      "pthread_create");
	hv_refuse(HC_PAUSE_VM, 1, -EINVAL);
	hv_delay(HC_PAUSE_VM, SLOW_CALL_US);
	start_slow(&thread, pause_thread, &guest.fd);
	*(volatile uint32_t *)(guest.memory + GUEST_FREE) = 1;
	end = now_us() + PROMPT_MS * 1000;
	while (__atomic_load_n(&guest.slots->processed, __ATOMIC_ACQUIRE) ==
	       ACRN_IOREQ_FREE)
		check(now_us() < end, "no request");
	pthread_join(thread, &result);
	check_result((long)result, -EINVAL, "PAUSE_VM");
	hv_behave();
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += PROMPT_MS / 1000;
	check(!pthread_timedjoin_np(waiter, &result, &limit),
	      "the device model sleeps on");
	check_result((long)result, 0, "ATTACH_IOREQ_CLIENT");
	check(slot_is_mine(&guest, 0), "the request is not the client's");
	guest_end(&guest);
}

TEST(start_fails, "a START that fails")
{
	struct guest guest;

	new_asking_guest(&guest, 0);
	hv_refuse(HC_START_VM, 1, HV_FAILED);
	check_result(vm_start(guest.fd), -EIO, "START_VM");
	check_refused(&guest, guest.client, 0, "not started");
	guest_start(&guest);
	wait_until_asked(&guest);
	answer_once(&guest, 19, 1);
	guest_end(&guest);
}

TEST(hypervisor_refuses, "[B20] a hypervisor that refuses")
{
	static const struct {
		int answer, error;
	} errors[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { -EFAULT, -EIO },
	};
	struct guest guest;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		new_asking_guest(&guest, 0);
		guest_start(&guest);
		wait_until_asked(&guest);
		hv_refuse(HC_NOTIFY_REQUEST, 1, errors[i].answer);
		check_result(client_notify(guest.fd, guest.client, 0),
			     errors[i].error, "NOTIFY");
		check_refused(&guest, guest.client, 0, "once more");
		guest_end(&guest);
	}
}

/* After PAUSE and CLEAR, the old request is never heard of again. */
TEST(cleared, "[B12] CLEAR_VM_IOREQ forgets requests at once")
{
	unsigned long notified;
	struct guest guest;

	new_asking_guest(&guest, 0);
	guest_start(&guest);
	wait_until_asked(&guest);
	check_result(clear_requests(guest.fd), -EBUSY, "CLEAR, started");
	check(slot_is_mine(&guest, 0), "the request has gone");
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check(slot_is_mine(&guest, 0), "the request has gone");
	check_result(clear_requests(guest.fd), 0, "CLEAR_VM_IOREQ");
	notified = hv_calls(HC_NOTIFY_REQUEST);
	check(!slot_is_mine(&guest, 0), "the request is still there");
	check(!wait_for_request(&guest, 100), "poll says there is a request");
	check_refused(&guest, guest.client, 0, "cleared");
	check_result(clear_requests(guest.fd), 0, "CLEAR_VM_IOREQ again");
	check_result(vm_reset(guest.fd), 0, "RESET_VM");
	check(!wait_for_request(&guest, 50), "poll says there is a request");
	check_refused(&guest, guest.client, 0, "reset");
	check_equal(guest.slots->processed, ACRN_IOREQ_FREE,
		    "state of the slot");
	guest_set_regs(&guest);
	guest_start(&guest);
	wait_until_asked(&guest);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
	answer_once(&guest, 20, 1);
	guest_end(&guest);
}

/*
 * A real-time VM runs on when it has been paused, and its requests have to be
 * answered: the ordinary PAUSE, CLEAR, RESET of a device model must not take one
 * away from it.
 */
TEST(real_time_not_cleared, "[D6] CLEAR_VM_IOREQ leaves a real-time VM that runs on its requests")
{
	struct guest guest;

	new_asking_guest(&guest, ACRN_VM_FLAG_RT);
	guest_start(&guest);
	wait_until_asked(&guest);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_STARTED,
		    "state in the hypervisor");
	clear_requests(guest.fd);
	check(vm_reset(guest.fd) < 0, "a VM that runs was reset");
	answer_once(&guest, 23, 1);
	wait_until_asked(&guest);
	answer_once(&guest, 24, 2);
	hv_guest_off(VMID(0));
	guest_end(&guest);
}

/* As a real-time VM by its configuration does, whatever its flags are */
TEST(reset_refused, "what was answered before RESET_VM was refused reaches a VM that runs on")
{
	struct guest guest;

	new_asking_guest(&guest, 0);
	guest_start(&guest);
	wait_until_asked(&guest);
	hv_fail(HC_PAUSE_VM, 0, 1, 0, TESTBED_FAIL_REFUSE);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	slot_answer(&guest, 0, 25);
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check_result(vm_reset(guest.fd), -EINVAL, "RESET_VM of one that runs");
	wait_for_loop(&guest, 1);
	check_equal(guest_result(&guest, 0), 25, "what the guest read");
	wait_until_asked(&guest);
	answer_once(&guest, 26, 2);
	guest_end(&guest);
}

/* RESET alone forgets requests as well, whether or not they were completed. */
TEST(reset_clears, "RESET_VM forgets requests")
{
	struct guest guest;
	unsigned int i;

	new_asking_guest(&guest, 0);
	for (i = 0; i < 20; i++) {
		guest_status(&guest)->loops = 0;
		guest_start(&guest);
		wait_until_asked(&guest);
		if (i % 2)
			answer_once(&guest, 100 + i, 1);
		if (i % 2)
			wait_until_asked(&guest);
		check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
		if (i % 4 > 1)
			check_result(client_notify(guest.fd, guest.client, 0),
				     0, "NOTIFY");
		check_result(vm_reset(guest.fd), 0, "RESET_VM");
		check(!wait_for_request(&guest, 10),
		      "poll says there is a request");
		check_refused(&guest, guest.client, 0, "reset");
		guest_set_regs(&guest);
	}
	guest_end(&guest);
}

/*
 * The hypervisor frees all slots when it resets the VM: from then on, a slot must
 * not become COMPLETE any more, or the VM's next request finds it taken.
 */
static void *reset_thread(void *data)
{
	run_on_cpu(1);
	return (void *)(long)vm_reset(*(int *)data);
}

TEST(completed_while_reset, "nothing is completed once RESET_VM has begun")
{
	struct guest guest;
	pthread_t thread;
	void *result;

	new_asking_guest(&guest, 0);
	guest_start(&guest);
	wait_until_asked(&guest);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	hv_delay(HC_RESET_VM, SLOW_CALL_US);
	start_slow(&thread, reset_thread, &guest.fd);
	/* It may yet turn out that the VM is not reset. */
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	pthread_join(thread, &result);
	check_result((long)result, 0, "RESET_VM");
	check_equal(guest.slots->processed, ACRN_IOREQ_FREE,
		    "state of the slot");
	guest_end(&guest);
}

/* A polling VM's requests cost no hypercall, whatever state it is in. */
TEST(polling, "a VM in polling mode")
{
	unsigned long notified = hv_calls(HC_NOTIFY_REQUEST);
	struct guest guest;

	new_asking_guest(&guest, ACRN_VM_FLAG_POLLING);
	guest_start(&guest);
	wait_until_asked(&guest);
	check_equal(guest.slots->completion_polling, 1, "polling");
	answer_once(&guest, 21, 1);
	wait_until_asked(&guest);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	check_result(client_notify(guest.fd, guest.client, 0), 0, "NOTIFY");
	check_refused(&guest, guest.client, 0, "twice");
	check_result(vm_reset(guest.fd), 0, "RESET_VM");
	guest_set_regs(&guest);
	guest_start(&guest);
	wait_until_asked(&guest);
	answer_once(&guest, 22, 2);
	guest_end(&guest);
	check_equal(hv_calls(HC_NOTIFY_REQUEST), notified, "HC_NOTIFY");
}

TEST(bad_states, "states and arguments")
{
	int fd = hsm_open();

	check_result(client_notify(fd, 1, 0), -ENODEV, "NOTIFY, no VM");
	check_result(clear_requests(fd), -ENODEV, "CLEAR, no VM");
	check_result(hsm_ioctl(fd, IC_NOTIFY_REQUEST_FINISH, NULL), -EFAULT,
		     "NOTIFY, NULL");
	vm_to_state(fd, VM_CREATED, 0);
	check_result(clear_requests(fd), 0, "CLEAR, created");
	check_result(client_notify(fd, 1, 0), -EINVAL, "NOTIFY, no client");
	check_result(vm_start(fd), 0, "START_VM");
	check_result(clear_requests(fd), -EBUSY, "CLEAR, started");
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_to_state(fd, VM_DYING, 0);
	check_result(client_notify(fd, 1, 0), -EBUSY, "NOTIFY, dying");
	check_result(clear_requests(fd), -EBUSY, "CLEAR, dying");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
