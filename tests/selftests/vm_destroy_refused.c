// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* VMs that the hypervisor refuses to destroy: kept, retried, in the end gone */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "raw_hypercall.h"
#include "vm.h"

/* The driver tries again about once a second. */
#define REAPED_MS	3000

#define ABANDON		"/sys/kernel/debug/acrn_hsm/abandon"

static const struct vm_model empty = { VM_EMPTY, 0 };

static int write_vmid(const char *path, unsigned int vmid)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", vmid);
	return write_text(path, text);
}

static bool is_dying(unsigned int config)
{
	struct shown_vm vm;

	return shown_vm(VMID(config), &vm) && !strcasecmp(vm.state, "dying");
}

static void check_reaped(unsigned int config)
{
	check(vm_gone(config, REAPED_MS), "VM %u is left", VMID(config));
}

static void refuse(void)
{
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
}

/* First: after many refusals the kernel limits the rate of such lines */
TEST(told_once, "[A19] the log tells it once")
{
	int log = log_open();
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned int lines;

	refuse();
	close(fd);
	sleep_ms(2500);
	lines = log_count(log, "acrn: ");
	hv_behave();
	check_equal(lines, 1, "lines in the log");
	check_reaped(0);
}

TEST(destroyed_by_hand, "[A6] refused, tried again by the caller, destroyed")
{
	enum vm_state state;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		int fd = vm_in_state(state, 0);

		refuse();
		check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM");
		check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM again");
		check(is_dying(0), "the VM is not shown as dying");
		hv_behave();
		check_result(vm_destroy(fd), 0, "DESTROY_VM at last");
		vm_check(0, &empty);
		vm_to_state(fd, VM_STARTED, 0);
		close(fd);
	}
}

TEST(reaped_while_open, "[A7] refused, then destroyed by the driver: the file is empty")
{
	int fd = vm_in_state(VM_DYING, 0);

	hv_behave();
	check_reaped(0);
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
	vm_to_state(fd, VM_STARTED, 0);
}

TEST(reaped_after_close, "[A7] refused and closed: kept with its page until it is gone")
{
	struct pins empty;
	int fd;

	pins_get(&empty);
	fd = vm_in_state(VM_DYING, 0);
	close(fd);
	check(is_dying(0), "the VM is not shown as dying");
	check(hv_vm_state(VMID(0)) != TESTBED_VM_OFF, "the VM is off");
	check_equal(pinned_pages() - empty.pages, 1 + VM_START_PAGES, "pinned pages");
	sleep_ms(1500);
	check(is_dying(0), "the VM is not shown as dying after retries");
	hv_behave();
	check_reaped(0);
	pins_back(&empty, REAPED_MS, "destroyed");
}

/*
 * The hypervisor still has the VM afterwards, and its memory; the test asks it to
 * destroy it itself.
 */
TEST(abandoned, "[D11] given up on: the file can have another VM, the module can go")
{
	long pinned = pinned_pages();
	unsigned int lost = 1 + VM_START_PAGES;
	int fd = vm_in_state(VM_PAUSED, 0);

	check_result(write_vmid(ABANDON, VMID(0)), -ENOENT, "give up on a VM that lives");
	refuse();
	check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM");
	check_result(write_text(ABANDON, "12345"), -ENOENT, "give up on a stranger");
	check_result(write_text(ABANDON, "65536"), -ENOENT, "give up on what is no id");
	check_result(write_vmid(ABANDON, VMID(0)), 0, "give up");
	check(!is_dying(0), "the VM is shown as dying");
	check_result(write_vmid(ABANDON, VMID(0)), -ENOENT, "give up again");
	check_result(vm_destroy(fd), -ENODEV, "DESTROY_VM");
	hv_behave();
	sleep_ms(1500);
	check(hv_vm_state(VMID(0)) != TESTBED_VM_OFF, "it was destroyed all the same");
	vm_to_state(fd, VM_STARTED, 1);
	close(fd);
	check_equal(pinned_pages(), pinned + lost, "pages that stay pinned");
	check_result(driver_unload(), 0, "rmmod");
	check_equal(pinned_pages(), pinned + lost, "pages that stay pinned without the module");
	lose_pages(lost);
	raw_open();
	check_equal(raw_call(HC_DESTROY_VM, VMID(0), 0), 0, "HC_DESTROY_VM");
}

TEST(refused_at_close, "[A7] refused at close(), in each state")
{
	enum vm_state state;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		int fd = vm_in_state(state, 0);

		refuse();
		close(fd);
		check(is_dying(0), "the VM is not shown as dying");
		hv_behave();
		check_reaped(0);
	}
}

TEST(refused_a_few_times, "[A7] refused three times")
{
	unsigned long destroys = hv_calls(HC_DESTROY_VM);
	int fd = vm_in_state(VM_STARTED, 0);

	hv_refuse(HC_DESTROY_VM, 3, -EBUSY);
	close(fd);
	check(vm_gone(0, 2 * REAPED_MS), "the VM is left");
	check_equal(hv_calls(HC_DESTROY_VM), destroys + 4, "HC_DESTROY_VM");
}

TEST(retries_are_slow, "[A7] retries come about once a second")
{
	unsigned long destroys;

	close(vm_in_state(VM_DYING, 0));
	destroys = hv_calls(HC_DESTROY_VM);
	sleep_ms(3500);
	destroys = hv_calls(HC_DESTROY_VM) - destroys;
	hv_behave();
	check(destroys >= 2 && destroys <= 5, "%lu retries in 3.5 s", destroys);
	check_reaped(0);
}

TEST(real_time_vm, "[A7] a running real-time VM lives until it powers itself off")
{
	int fd = hsm_open();

	check_result(vm_create_flags(fd, 1, ACRN_VM_FLAG_RT), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_start(fd), 0, "START_VM");
	check_result(vm_destroy(fd), -EINVAL, "DESTROY_VM");
	check_equal(hv_vm_state(VMID(1)), TESTBED_VM_STARTED,
		    "state in the hypervisor");
	check_result(vm_start(fd), -EBUSY, "START_VM");
	close(fd);
	sleep_ms(1500);
	check_equal(hv_vm_state(VMID(1)), TESTBED_VM_STARTED,
		    "state in the hypervisor");
	check(is_dying(1), "the VM is not shown as dying");
	hv_guest_off(VMID(1));
	check_reaped(1);
}

TEST(real_time_vm_that_is_off, "a real-time VM that is off can be reset and destroyed")
{
	int fd = hsm_open();

	check_result(vm_create_flags(fd, 1, ACRN_VM_FLAG_RT), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM");
	hv_guest_off(VMID(1));
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_result(vm_reset(fd), 0, "RESET_VM");
	check_result(vm_start(fd), 0, "START_VM");
	hv_guest_off(VMID(1));
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	vm_check(1, &empty);
}

TEST(all_at_once, "[A7] four VMs dying at once")
{
	unsigned int i;
	int fd[MAX_VMS];

	for (i = 0; i < MAX_VMS; i++)
		fd[i] = vm_in_state(VM_STARTED, i);
	refuse();
	for (i = 0; i < MAX_VMS; i++)
		close(fd[i]);
	check_equal(shown_vms(), MAX_VMS, "VMs in the driver");
	hv_behave();
	for (i = 0; i < MAX_VMS; i++)
		check_reaped(i);
}

TEST(others_live_on, "[A7] a VM that is dying costs others nothing")
{
	struct vm_model started = { VM_STARTED, 1 };
	int fd = hsm_open();

	close(vm_in_state(VM_DYING, 0));
	check_result(vm_create(fd, 0), -EIO, "CREATE_VM of the same");
	vm_to_state(fd, VM_STARTED, 1);
	vm_check(1, &started);
	hv_behave();
	check_reaped(0);
	vm_check(1, &started);
}

static void *destroy_thread(void *fd)
{
	return (void *)(long)vm_destroy((long)fd);
}

TEST(destroyed_by_two, "[A6] two refused at once: both are told so")
{
	int fd = vm_in_state(VM_STARTED, 0);
	pthread_t thread;
	void *other;
	int mine;

	refuse();
	hv_delay(HC_DESTROY_VM, 20000);
	check(!pthread_create(&thread, NULL, destroy_thread, (void *)(long)fd),
	      "pthread_create");
	mine = vm_destroy(fd);
	pthread_join(thread, &other);
	check_result(mine, -EINVAL, "DESTROY_VM");
	check_result((long)other, -EINVAL, "DESTROY_VM of the other thread");
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
}

/* The ioctl arrives while the driver's own retry is inside the hypervisor */
TEST(destroyed_during_retry, "[A5] DESTROY_VM meets the driver's own retry")
{
	int fd = vm_in_state(VM_DYING, 0);
	unsigned long pauses;
	unsigned int i;
	int result;

	hv_behave();
	hv_delay(HC_PAUSE_VM, 100000);
	hv_delay(HC_DESTROY_VM, 100000);
	pauses = hv_calls(HC_PAUSE_VM);
	for (i = 0; i < REAPED_MS / 5 && hv_calls(HC_PAUSE_VM) == pauses; i++)
		sleep_ms(5);
	result = vm_destroy(fd);
	check(result == 0 || result == -ENODEV, "DESTROY_VM: %s",
	      result_name(result));
	hv_behave();
	vm_check(0, &empty);
	vm_to_state(fd, VM_STARTED, 0);
	sleep_ms(1500);
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_STARTED,
		    "state of the new VM");
}

TEST(keeps_module, "[A10] rmmod is refused while a VM is dying")
{
	int fd = vm_in_state(VM_DYING, 0);

	check_result(driver_unload(), -EWOULDBLOCK, "rmmod while open");
	close(fd);
	check_result(driver_unload(), -EWOULDBLOCK, "rmmod while dying");
	hv_behave();
	check_reaped(0);
	sleep_ms(50);
	check_result(driver_unload(), 0, "rmmod at last");
	check_result(driver_load(), 0, "insmod");
}

/* What would have tried again must not come when the module is gone. */
TEST(unload_before_retry, "[D12] rmmod before the driver's next try")
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		int fd = vm_in_state(VM_DYING, 0);

		hv_behave();
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
		check_result(driver_unload(), 0, "rmmod");
		sleep_ms(1500);
		check_result(driver_load(), 0, "insmod");
	}
}

/* Unloaded in the same moment in which the work that reaped is returning */
TEST(unload_at_once, "[A10] rmmod in the moment the last VM goes")
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		uint64_t end = now_us() + REAPED_MS * 1000ULL;

		close(vm_in_state(VM_DYING, 0));
		hv_behave();
		while (driver_unload())
			check(now_us() < end, "cannot be unloaded");
		check_result(driver_load(), 0, "insmod");
	}
}

static bool answer(struct guest *guest, struct access *access, void *data)
{
	++*(unsigned int *)data;
	return true;
}

/* As a VM does that is a real-time one by its configuration, whatever its flags */
TEST(not_paused, "a VM that was not paused, as RESET_VM tells, is answered again")
{
	static const struct guest_op ops[] = {
		{ GUEST_WAIT, GUEST_FREE, 1, 0 }, { GUEST_IN + 4, 0x620, 0, 0 },
	};
	unsigned int requests = 0;
	struct guest guest;

	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	hv_fail(HC_PAUSE_VM, 0, 1, 0, TESTBED_FAIL_REFUSE);
	check_result(vm_pause(guest.fd), 0, "PAUSE_VM");
	*(volatile uint64_t *)(guest.memory + GUEST_FREE) = 1;
	check(!wait_for_request(&guest, 300), "a paused VM is answered");
	check_result(vm_reset(guest.fd), -EINVAL, "RESET_VM of one that runs");
	serve_until_done(&guest, answer, &requests, 20000);
	check_equal(requests, 1, "requests");
	guest_end(&guest);
}

/* Nobody can have started this one: it has no page for requests. */
static void reset_without_page(uint64_t flags)
{
	struct acrn_create_vm create;
	int fd = hsm_open();

	vm_fill_create(&create, 0);
	create.vm_flag = flags;
	create.req_buf = 0;
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	hv_refuse(HC_RESET_VM, 1, -1);
	check_result(vm_reset(fd), -EIO, "RESET_VM");
	check_result(vm_reset(fd), 0, "RESET_VM once more");
	close(fd);
}

TEST(never_ran, "RESET_VM refused for a VM without an I/O request page")
{
	reset_without_page(0);
	reset_without_page(ACRN_VM_FLAG_RT);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
