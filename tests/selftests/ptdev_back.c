// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How the PCI devices of a User VM come back: in which order, when the hypervisor refuses,
 * when the device model is killed, when the VM runs on, when the device is unplugged.
 *
 * The hypervisor complains of what would make ACRN panic, or leave a device that writes to
 * memory that is free; a complaint fails the test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "control.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "ptdev.h"
#include "raw_hypercall.h"
#include "vm.h"

#define INTX		ACRN_PTDEV_IRQ_INTX
#define MSI		ACRN_PTDEV_IRQ_MSI
#define MSIX		ACRN_PTDEV_IRQ_MSIX
#define PIN		16
#define LINE		11
#define GPA		0x80000000UL
#define ABANDON		"/sys/kernel/debug/acrn_hsm/abandon"
#define KILLS		80
#define LIVES		20

/* The driver tries again about once a second. */
#define REAPED_MS	4000

static int fd;
static uint64_t bar;
static size_t bar_size;

static void find_devices(void)
{
	pci_start();
	bar = pci_bar(PCI_EDU, 0, &bar_size);
}

/* What a VM has of its devices, step by step; each must succeed. */
static int step_assign(void)
{
	return pt_assign(fd, PCI_EDU);
}

static int step_map(void)
{
	return pt_map(fd, GPA, bar, bar_size);
}

static int step_msi(void)
{
	return pt_by_bdf() ? pt_set(fd, PCI_EDU, MSI, 1, 0) : 0;
}

static int step_line(void)
{
	return pt_set(fd, PCI_EDU, INTX, PIN, LINE);
}

static int step_other(void)
{
	return pt_assign(fd, PCI_E1000E);
}

static int step_msix(void)
{
	return pt_by_bdf() ? pt_set(fd, PCI_E1000E, MSIX, 5, 0) : 0;
}

static int step_reset_other(void)
{
	return pt_by_bdf() ? pt_reset(fd, PCI_E1000E, MSIX, 5) : 0;
}

static int step_back_other(void)
{
	return pt_deassign(fd, PCI_E1000E);
}

static int step_reset_line(void)
{
	return pt_reset(fd, PCI_EDU, INTX, PIN);
}

static int step_back(void)
{
	return pt_deassign(fd, PCI_EDU);
}

static int (*const steps[])(void) = {
	step_assign, step_map, step_msi, step_line, step_other, step_msix,
	step_reset_other, step_back_other, step_reset_line, step_back,
};

#define ALL_GIVEN	6

/* The guest moves the registers. */
static int step_unmap(void)
{
	return pt_unmap(fd, GPA, bar_size);
}

static int step_map_there(void)
{
	return pt_map(fd, 2 * GPA, bar, bar_size);
}

static int step_unmap_there(void)
{
	return pt_unmap(fd, 2 * GPA, bar_size);
}

static int step_start(void)
{
	return pt_start(fd);
}

static int step_pause(void)
{
	return pt_pause(fd);
}

static int step_clear(void)
{
	return pt_is_a2() ? a2_call(fd, ACRN_A2_CLEAR_VM_IOREQ) :
			    hsm_ioctl(fd, IC_CLEAR_VM_IOREQ, NULL);
}

static int step_reset_msi(void)
{
	return pt_by_bdf() ? pt_reset(fd, PCI_EDU, MSIX, 1) : 0;
}

/* From v2.1 on the device is lost then: it is given in CREATED only. */
static int step_assign_again(void)
{
	return hv_generation() < 21 ? pt_assign(fd, PCI_EDU) : 0;
}

static int step_line_again(void)
{
	return hv_generation() < 21 ? pt_set(fd, PCI_EDU, INTX, PIN, LINE) : 0;
}

static int step_reset_vm(void)
{
	return pt_reset_vm(fd);
}

/* A guest moves the registers and reboots: acrn-dm ends its devices and begins anew. */
static int (*const reset_steps[])(void) = {
	step_assign, step_map, step_msi, step_line, step_start, step_unmap, step_map_there,
	step_pause, step_clear, step_reset_msi, step_reset_line, step_unmap_there, step_back,
	step_assign_again, step_map, step_line_again, step_reset_vm, step_start,
};

static void make_list(int (*const *what)(void), unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		check_result(what[i](), 0, "step %u", i);
}

static void make_steps(unsigned int count)
{
	make_list(steps, count);
}

static void check_back(const char *when)
{
	check_owner(PCI_EDU, 0, when);
	check_owner(PCI_E1000E, 0, when);
}

static void check_gone(const char *when)
{
	check(vm_gone(0, REAPED_MS), "%s: the VM is left", when);
	check_back(when);
}

static bool is_dying(void)
{
	struct shown_vm vm;

	return shown_vm(VMID(0), &vm) && !strcasecmp(vm.state, "dying");
}

/* Up to a state that a device can be given in, or past it */
static void go_to(enum vm_state state)
{
	if (state == VM_STARTED || state == VM_PAUSED)
		check_result(pt_start(fd), 0, "START_VM");
	if (state == VM_PAUSED)
		check_result(pt_pause(fd), 0, "PAUSE_VM");
}

TEST(destroyed, "destroyed or closed in each state, after each step")
{
	unsigned int count, close_only;
	enum vm_state state;

	find_devices();
	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		for (count = 0; count <= ARRAY_SIZE(steps); count++) {
			for (close_only = 0; close_only < 2; close_only++) {
				fd = pt_create(0, 0);
				make_steps(count);
				go_to(state);
				if (!close_only)
					check_result(pt_destroy(fd), 0, "DESTROY_VM");
				close(fd);
				check_gone("destroyed");
			}
		}
	}
}

/* What is called on the way back, the last device first, in v1.x and later */
static const char *const calls_1_3[] = {
	"PAUSE_VM", "RESET_VM", "PAUSE_VM",
	"RESET_PTDEV_INTR_INFO", "DEASSIGN_PTDEV",
	"RESET_PTDEV_INTR_INFO", "RESET_PTDEV_INTR_INFO", "VM_SET_MEMORY_REGIONS",
	"DEASSIGN_PTDEV", "DESTROY_VM",
	NULL
};

static const char *const calls_later[] = {
	"PAUSE_VM", "RESET_VM", "PAUSE_VM",
	"DEASSIGN_PCIDEV",
	"RESET_PTDEV_INTR_INFO", "VM_SET_MEMORY_REGIONS", "DEASSIGN_PCIDEV", "DESTROY_VM",
	NULL
};

/* The trace has these hypercalls, in this order, and no other. */
static void check_traced(const char *const *expected)
{
	FILE *trace = fopen(TRACE, "r");
	char line[512], name[64];
	const char *at;

	check(trace, TRACE);
	while (fgets(line, sizeof(line), trace)) {
		at = strstr(line, " acrn_hypercall_enter: ");
		if (!at || sscanf(at, " acrn_hypercall_enter: %63s", name) != 1)
			continue;
		check(*expected && !strcmp(name, *expected), "%s, expected %s", name,
		      *expected ? *expected : "no more");
		expected++;
	}
	check(!*expected, "no %s", *expected);
	fclose(trace);
}

TEST(order, "interrupts go back first, then registers, then the device, then the VM")
{
	find_devices();
	fd = pt_create(0, 0);
	make_steps(ALL_GIVEN);
	trace_start("acrn_hypercall_enter");
	check_result(pt_destroy(fd), 0, "DESTROY_VM");
	trace_stop();
	check_traced(pt_by_bdf() ? calls_1_3 : calls_later);
}

TEST(silent, "a device that went back does not go on, and what Linux had is as before")
{
	find_devices();
	fd = pt_create(0, 0);
	make_steps(ALL_GIVEN);
	pci_set_master(PCI_EDU);
	check_result(pt_deassign(fd, PCI_EDU), 0, "DEASSIGN");
	check(!pci_is_master(PCI_EDU), "it is a bus master after DEASSIGN");
	pci_set_master(PCI_E1000E);
	close(fd);
	check_gone("closed");
	check(!pci_is_master(PCI_E1000E), "it is a bus master after close()");
	pci_bind(PCI_EDU, DRIVER_ORDINARY);
	pci_unbind(PCI_EDU);
}

TEST(reset_keeps, "RESET_VM keeps the devices")
{
	find_devices();
	fd = pt_create(0, 0);
	make_steps(ALL_GIVEN);
	go_to(VM_PAUSED);
	check_result(pt_reset_vm(fd), 0, "RESET_VM");
	check_owner(PCI_EDU, VMID(0), "reset");
	check_owner(PCI_E1000E, VMID(0), "reset");
	make_steps(0);
	check_result(step_reset_line(), 0, "RESET of the line");
	check_result(step_back(), 0, "DEASSIGN");
	close(fd);
	check_gone("closed");
}

/* On the way back each of these can be refused. */
static const unsigned int way_back[] = {
	HC_RESET_PTDEV_INTR, HC_SET_MEMORY_REGIONS, HC_DEASSIGN_PTDEV, HC_DEASSIGN_PCIDEV,
};

TEST(deassign_refused, "DEASSIGN refused at each step, in each way: it can be made again")
{
	static const enum testbed_fail hows[] = {
		TESTBED_FAIL_REFUSE, TESTBED_FAIL_UNWRITTEN,
	};
	unsigned int i, how;
	unsigned long calls;
	int ret;

	find_devices();
	for (i = 0; i < ARRAY_SIZE(way_back); i++) {
		for (how = 0; how < ARRAY_SIZE(hows); how++) {
			fd = pt_create(0, 0);
			make_steps(ALL_GIVEN);
			calls = hv_calls(way_back[i]);
			hv_fail(way_back[i], 0, 1, HV_FAILED, hows[how]);
			ret = step_back();
			calls = hv_calls(way_back[i]) - calls;
			check_result(ret, calls ? -EIO : 0, "DEASSIGN, hypercall %#x",
				     way_back[i]);
			hv_behave();
			if (calls) {
				check_owner(PCI_EDU, VMID(0), "refused");
				check_result(step_back(), 0, "DEASSIGN again");
			}
			check_owner(PCI_EDU, 0, "given back");
			close(fd);
			check_gone("closed");
		}
	}
}

/*
 * As long as the hypervisor does not take back what it would not take back by itself, the
 * VM is there, and so are its devices.
 */
static void refused_at_close(unsigned int call, bool dies)
{
	int other = pt_create(1, 0);

	fd = pt_create(0, 0);
	make_steps(ALL_GIVEN);
	hv_refuse(call, TESTBED_FOREVER, HV_FAILED);
	close(fd);
	check_equal(is_dying(), dies, "hypercall %#x refused: the VM is dying", call);
	if (dies) {
		check(hv_vm_state(VMID(0)) != TESTBED_VM_OFF, "the VM was destroyed");
		if (hv_device(PCI_EDU).dma)
			check_result(pt_assign(other, PCI_EDU), -EBUSY, "ASSIGN to another");
		sleep_ms(1200);
		check(is_dying(), "the VM is not dying any more");
	}
	hv_behave();
	check_gone("reaped");
	close(other);
}

TIMED_TEST(close_refused, 120, "close() refused at each step: no VM is destroyed that has a device")
{
	unsigned int i;

	find_devices();
	refused_at_close(HC_RESET_VM, true);
	refused_at_close(HC_DESTROY_VM, true);
	for (i = 0; i < ARRAY_SIZE(way_back); i++)
		refused_at_close(way_back[i], pt_by_bdf() &&
				 way_back[i] != HC_DEASSIGN_PCIDEV);
}

TEST(runs_on, "a real-time VM that runs on keeps its devices until it stops")
{
	find_devices();
	fd = pt_create(0, pt_by_bdf() ? ACRN_VM_FLAG_RT : ACRN_VM_FLAG_RT_V1_6);
	make_steps(ALL_GIVEN);
	go_to(VM_STARTED);
	close(fd);
	check(is_dying(), "the VM is not dying");
	sleep_ms(1500);
	check_owner(PCI_EDU, VMID(0), "while it runs");
	check(is_dying(), "the VM is not dying any more");
	hv_guest_off(VMID(0));
	check_gone("stopped");
}

/* ETIMEDOUT: it was reset, but a physical CPU did not come back. */
TEST(reset_timed_out, "a VM whose reset ended with ETIMEDOUT stands still, and gives all back")
{
	find_devices();
	fd = pt_create(0, 0);
	make_steps(ALL_GIVEN);
	go_to(VM_STARTED);
	hv_fail(HC_RESET_VM, 0, TESTBED_FOREVER, -ETIMEDOUT, TESTBED_FAIL_AFTER);
	close(fd);
	check_gone("closed");
}

/* What victim and test tell each other, in memory that both have */
static unsigned int *reached;

/* The victim's steps */
static int (*const *list)(void);

static void live_to_step(void *data)
{
	fd = pt_create(0, 0);
	make_list(list, (unsigned long)data);
	__atomic_store_n(reached, 1, __ATOMIC_SEQ_CST);
	pause();
}

/* Inside the step after these */
static void die_in_step(void *data)
{
	unsigned long count = (unsigned long)data;

	fd = pt_create(0, 0);
	make_list(list, count);
	hv_delay(HC_ANY, 10000);
	__atomic_store_n(reached, 1, __ATOMIC_SEQ_CST);
	list[count]();
	pause();
}

static void live_for_ever(void *data)
{
	unsigned int i;

	for (;;) {
		fd = pt_create(0, 0);
		__atomic_store_n(reached, 1, __ATOMIC_SEQ_CST);
		/* v1.x counts what a VM has been given; if the kill is late, it is full */
		for (i = 0; i < LIVES; i++) {
			make_steps(ARRAY_SIZE(steps));
			munmap(get_pages(1), PAGE_SIZE);
		}
		close(fd);
	}
}

static pid_t start_victim(void (*victim)(void *data), unsigned long data)
{
	pid_t pid;

	*reached = 0;
	pid = start_child(victim, (void *)data);
	while (!__atomic_load_n(reached, __ATOMIC_SEQ_CST))
		usleep(100);
	return pid;
}

static void kill_after(void (*victim)(void *data), unsigned long data,
		       unsigned int us)
{
	pid_t pid = start_victim(victim, data);

	usleep(us);
	kill_child(pid);
	hv_behave();
	check_gone("killed");
}

/* Does the VM reach the device's registers, wherever it has them? */
static bool reaches_registers(void)
{
	struct hv_run run = { 0 };

	while (hv_memory(VMID(0), run.gpa + run.size, &run)) {
		if (run.hpa == bar)
			return true;
	}
	return false;
}

/* Registers of a device that the VM has go back, and no other memory does. */
static void kill_after_step(unsigned int count)
{
	pid_t pid = start_victim(live_to_step, count);
	unsigned long calls = hv_calls(HC_SET_MEMORY_REGIONS);
	bool has = hv_device(PCI_EDU).dma == VMID(0) && reaches_registers();

	kill_child(pid);
	check_gone("killed");
	check_equal(hv_calls(HC_SET_MEMORY_REGIONS) - calls, has,
		    "ranges unmapped after step %u", count);
}

static void share(void)
{
	reached = mmap(NULL, sizeof(*reached), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(reached != MAP_FAILED, "mmap");
}

TEST(killed, "killed after each step, and inside each")
{
	unsigned int count, us;

	find_devices();
	share();
	list = steps;
	for (count = 0; count <= ARRAY_SIZE(steps); count++)
		kill_after_step(count);
	for (count = 0; count < ARRAY_SIZE(steps); count++)
		for (us = 0; us < 40000; us += 9000)
			kill_after(die_in_step, count, us);
}

TEST(killed_in_reset, "the same, while the guest moves its registers and is reset in place")
{
	unsigned int count, us;

	find_devices();
	share();
	list = reset_steps;
	for (count = 1; count <= ARRAY_SIZE(reset_steps); count++)
		kill_after_step(count);
	for (count = 0; count < ARRAY_SIZE(reset_steps); count++)
		for (us = 0; us < 20000; us += 15000)
			kill_after(die_in_step, count, us);
}

TIMED_TEST(killed_any_time, 120, "killed at any time")
{
	unsigned int i;

	find_devices();
	share();
	srandom(1);
	for (i = 0; i < KILLS; i++)
		kill_after(live_for_ever, 0, random() % 10000);
}

TEST(unplugged, "a device that is unplugged: its VM loses it at once, if it can")
{
	bool keeps;
	enum vm_state state;
	int log;

	find_devices();
	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		fd = pt_create(0, 0);
		make_steps(ALL_GIVEN);
		go_to(state);
		/* later hypervisors take nothing from a VM that runs */
		keeps = state == VM_STARTED && !pt_by_bdf();
		log = log_open();
		pci_remove(PCI_EDU);
		check_owner(PCI_EDU, keeps ? VMID(0) : 0, "unplugged");
		check_owner(PCI_E1000E, VMID(0), "the other");
		check_equal(log_mentions(log, "removed while VM 1 has it"), keeps,
			    "lines in the log");
		log_close(log);
		/* the same again, which is new to Linux */
		pci_rescan();
		check(pci_there(PCI_EDU), "it did not come back");
		/* later ones give nothing to a VM that was paused, either */
		if (state == VM_CREATED || (state == VM_PAUSED && pt_by_bdf()))
			check_result(step_assign(), 0, "ASSIGN again");
		close(fd);
		check_gone("closed");
		fd = pt_create(0, 0);
		make_steps(1);
		close(fd);
		check_gone("closed");
	}
}

TEST(replaced, "what is in the place of a device that a VM kept is not given to another")
{
	int other;

	find_devices();
	if (pt_by_bdf())
		hv_refuse(HC_DEASSIGN_PTDEV, 1, HV_FAILED);
	fd = pt_create(0, 0);
	other = pt_create(1, 0);
	make_steps(1);
	go_to(VM_STARTED);
	pci_remove(PCI_EDU);
	pci_rescan();
	check_owner(PCI_EDU, VMID(0), "replaced");
	check_result(pt_assign(other, PCI_EDU), -EBUSY, "ASSIGN");
	close(fd);
	check_gone("closed");
	check_result(pt_assign(other, PCI_EDU), 0, "ASSIGN");
	close(other);
	check(vm_gone(1, REAPED_MS), "the other VM is left");
	check_owner(PCI_EDU, 0, "closed");
}

TEST(loaded, "the module stays as long as a VM has a device")
{
	find_devices();
	fd = pt_create(0, 0);
	make_steps(ALL_GIVEN);
	check_result(driver_unload(), -EWOULDBLOCK, "rmmod");
	check_owner(PCI_EDU, VMID(0), "after rmmod");
	close(fd);
	check_gone("closed");
	check_result(driver_unload(), 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
}

/* To the hypervisor the VM lives on: the test ends it itself. */
TEST(lost, "a VM that is given up takes its devices with it")
{
	uint32_t block[16] = { 0, PCI_EDU << 16 | PT_VIRT_BDF };
	char owner[16];
	int log;

	find_devices();
	raw_open();
	/* without a page, which would be lost for good */
	fd = pt_create_bare(0);
	make_steps(1);
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	hv_refuse(pt_hc_deassign(), TESTBED_FOREVER, -EINVAL);
	check_result(pt_destroy(fd), -EINVAL, "DESTROY_VM");
	log = log_open();
	check_result(write_text(ABANDON, "1"), 0, "give up");
	check_equal(log_mentions(log, "lost with VM 1"), 1, "lines in the log");
	hv_behave();
	check(shown_device(PCI_EDU, owner, sizeof(owner)) && strstr(owner, "lost"),
	      "it is not shown as lost");
	close(fd);
	fd = pt_create(1, 0);
	check_result(pt_assign(fd, PCI_EDU), -EBUSY, "ASSIGN of a lost device");
	close(fd);
	check_result(driver_unload(), 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
	check(!shown_device(PCI_EDU, owner, sizeof(owner)), "shown by a new module");
	fd = pt_create(1, 0);
	check_result(pt_assign(fd, PCI_EDU), -EBUSY, "ASSIGN with a new module");
	memcpy(raw_at(RAW_PARAM), block, sizeof(block));
	raw_call(pt_hc_deassign(), VMID(0), pt_by_bdf() ? PCI_EDU : raw_gpa(RAW_PARAM));
	raw_call(HC_PAUSE_VM, VMID(0), 0);
	check_equal(raw_call(HC_DESTROY_VM, VMID(0), 0), 0, "HC_DESTROY_VM");
	/* as after a restart */
	pci_remove(PCI_EDU);
	pci_rescan();
	check_result(pt_assign(fd, PCI_EDU), 0, "ASSIGN after all");
	close(fd);
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);

	module_unload("pcidrv");
	return failed;
}
