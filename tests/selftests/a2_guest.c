// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * User VMs of the second contract that run, and their I/O requests.  Nothing of it
 * works on a hypervisor that waits for CREATE_VCPU, as v1.x does.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "a2.h"
#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kclient.h"
#include "kernel.h"
#include "memseg.h"

#define PORT		0x620
#define MMIO		0xd0000000UL
#define ANSWER		0x1122334455667788ULL
#define LIMIT_MS	20000

static void need_vcpus(void)
{
	if (!hv_makes_vcpus())
		skip("this hypervisor makes no vCPUs, and nobody speaks this to it");
}

static bool answer(struct guest *guest, struct access *access, void *data)
{
	++*(unsigned int *)data;
	if (!access->write)
		access->value = ANSWER;
	return true;
}

TEST(life, "a VM's life as acrn-dm v3.3 leads it, resets included")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 4, PORT, 0x12345678, 0 },
		{ GUEST_IN + 4, PORT, 0, 0 },
		{ GUEST_LOAD + 8, MMIO, 0, 0 },
		{ GUEST_STORE + 2, MMIO, 0x4321, 0 },
	};
	unsigned int i, requests;
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	check_equal(guest.vcpus, 1, "vCPUs");
	for (i = 0; i < 3; i++) {
		requests = 0;
		guest_program(&guest, ops, ARRAY_SIZE(ops));
		guest_start(&guest);
		serve_until_done(&guest, answer, &requests, LIMIT_MS);
		check_equal(requests, ARRAY_SIZE(ops), "requests");
		check_equal(low_bytes(guest_result(&guest, 1), 4),
			    low_bytes(ANSWER, 4), "what IN read");
		check_equal(guest_result(&guest, 2), ANSWER, "what was loaded");
		check_result(a2_call(guest.fd, ACRN_A2_START_VM), -EBUSY,
			     "START_VM of one that runs");
		check_result(a2_call(guest.fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
		check_result(a2_call(guest.fd, ACRN_A2_CLEAR_VM_IOREQ), 0,
			     "CLEAR_VM_IOREQ");
		check_result(a2_call(guest.fd, ACRN_A2_RESET_VM), 0, "RESET_VM");
		guest_set_regs(&guest);
	}
	guest_end(&guest);
}

TEST(vcpus, "a vCPU for each CPU that was asked for")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 1, PORT, 0x11, 0 }, { GUEST_IN + 2, PORT, 0, 0 },
	};
	unsigned int i, requests = 0;
	struct shown_vm shown;
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 1, 0, hv_some_cpus(3));
	check_equal(guest.vcpus, 3, "vCPUs");
	check(shown_vm(VMID(1), &shown), "debugfs does not show the VM");
	check_equal(shown.vcpus, 3, "vCPUs in debugfs");
	for (i = 0; i < guest.vcpus; i++)
		guest_program_vcpu(&guest, i, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, answer, &requests, LIMIT_MS);
	check_equal(requests, 3 * ARRAY_SIZE(ops), "requests");
	guest_end(&guest);
}

static void *attach_loop(void *data)
{
	struct guest *guest = data;
	unsigned int requests = 0;
	int ret;

	do {
		ret = a2_call(guest->fd, ACRN_A2_ATTACH_IOREQ_CLIENT);
		if (!ret)
			serve_once(guest, answer, &requests);
	} while (!ret);
	check_result(ret, -ENODEV, "ATTACH at the end");
	return (void *)(long)requests;
}

TEST(attach, "a thread in ATTACH, as device models have one")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 1, PORT, 0x11, 0 }, { GUEST_IN + 2, PORT, 0, 0 },
		{ GUEST_AGAIN, 0, 50, 0 },
	};
	struct guest guest;
	pthread_t thread;
	void *requests;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	pthread_create(&thread, NULL, attach_loop, &guest);
	guest_start(&guest);
	check(guest_done(&guest, LIMIT_MS), "the guest is not done");
	guest_end(&guest);
	pthread_join(thread, &requests);
	check((long)requests >= 102, "%ld requests", (long)requests);
}

static uint32_t slot_word(struct guest *guest)
{
	return *(volatile uint32_t *)((char *)&guest->slots[0] +
				      ACRN_A2_SLOT_KERNEL_HANDLED);
}

TEST(kernel_handled, "a slot says whether the kernel handles its request")
{
	static const struct guest_op ops[] = { { GUEST_IN + 4, PORT, 0, 0 } };
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(wait_for_request(&guest, LIMIT_MS), "no request");
	check_equal(slot_word(&guest), 0, "the word of one for the device model");
	check(slot_is_mine(&guest, 0), "the request is not the device model's");

	/* none for a device model that is not there, and for the next one again */
	check_result(a2_call(guest.fd, ACRN_A2_DESTROY_IOREQ_CLIENT), 0,
		     "DESTROY_IOREQ_CLIENT");
	check_equal(slot_word(&guest), 1, "the word without a client");
	check_result(guest_notify(&guest, 0), -EINVAL, "NOTIFY without a client");
	check_result(a2_call(guest.fd, ACRN_A2_CREATE_IOREQ_CLIENT), 0,
		     "CREATE_IOREQ_CLIENT");
	check_equal(slot_word(&guest), 0, "the word for the next client");
	check_result(a2_notify(guest.fd, VMID(1), 0), -EINVAL,
		     "NOTIFY for another VM");
	check_result(guest_notify(&guest, 0), 0, "NOTIFY");
	check_result(guest_notify(&guest, 0), -EINVAL, "NOTIFY once more");
	check(guest_done(&guest, LIMIT_MS), "the guest is not done");
	guest_end(&guest);
}

TEST(kernel_client, "a request of a client in the kernel is not the device model's")
{
	static const struct guest_op ops[] = { { GUEST_IN + 4, PORT, 0, 0 } };
	struct client_seen seen = { 0 };
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;
	struct guest guest;
	int client;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	client = kclient_open();
	check_result(kclient_create(client, VMID(0), CLIENT_NEVER), 0, "create");
	check_result(kclient_add(client, ACRN_IOREQ_PIO, PORT, PORT + 3), 0, "add");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	while (!seen.requests) {
		check(now_us() < end, "no request");
		kclient_seen(client, &seen);
	}
	check_equal(slot_word(&guest), 1, "the word of one for the kernel");
	check(!wait_for_request(&guest, 50), "poll() sees it");
	check_result(guest_notify(&guest, 0), -EINVAL, "NOTIFY");
	check_result(kclient_complete(client, 0, 0xfeed1234), 0, "complete");
	check(guest_done(&guest, LIMIT_MS), "the guest is not done");
	check_equal(guest_result(&guest, 0), 0xfeed1234, "what it read");
	close(client);
	guest_end(&guest);
}

static bool is_config(struct guest *guest, struct access *access, void *data)
{
	check_equal(access->type, ACRN_IOREQ_PCICFG, "type of the request");
	check_equal(access->address, PCI_ADDRESS(0, 4, 0, 0x12), "its address");
	check_equal(access->size, 2, "its size");
	return answer(guest, access, data);
}

TEST(pci_ports, "PCI's ports are requests for configuration space")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 4, 0xcf8, 0x80002010, 0 },
		{ GUEST_IN + 2, 0xcfe, 0, 0 },
	};
	unsigned int requests = 0;
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, is_config, &requests, LIMIT_MS);
	check_equal(requests, 1, "requests");
	check_equal(guest_result(&guest, 1), low_bytes(ANSWER, 2), "the register");
	guest_end(&guest);
}

TEST(cleared, "a request that is cleared is nobody's")
{
	static const struct guest_op ops[] = { { GUEST_IN + 4, PORT, 0, 0 } };
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(wait_for_request(&guest, LIMIT_MS), "no request");
	check_result(a2_call(guest.fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
	check_result(a2_call(guest.fd, ACRN_A2_CLEAR_VM_IOREQ), 0,
		     "CLEAR_VM_IOREQ");
	check(!slot_is_mine(&guest, 0), "it is still the device model's");
	check_result(guest_notify(&guest, 0), -EINVAL, "NOTIFY");
	check(!wait_for_request(&guest, 50), "poll() still sees it");
	guest_end(&guest);
}

TEST(events, "ioeventfds with flag 8 and irqfds work as without")
{
	static const struct guest_op ops[] = {
		{ GUEST_OUT + 4, PORT, 7, 0 }, { GUEST_OUT + 4, PORT, 8, 0 },
		{ GUEST_STORE + 4, MMIO, 9, 0 }, { GUEST_OUT + 4, PORT, 9, 0 },
	};
	int one = event_new(), other = event_new(), any = event_new();
	struct acrn_irqfd irqfd = { .msi.msi_addr = MSI_ADDR,
				    .msi.msi_data = 0x51 };
	unsigned int requests = 0;
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	/* two queues at one port, as vhost has them */
	check_result(a2_ioeventfd(guest.fd, one, ACRN_IOEVENTFD_PIO |
				  ACRN_IOEVENTFD_DATAMATCH |
				  ACRN_A2_IOEVENTFD_ASYNCIO, PORT, 4, 7), 0, "7");
	check_result(a2_ioeventfd(guest.fd, other, ACRN_IOEVENTFD_PIO |
				  ACRN_IOEVENTFD_DATAMATCH |
				  ACRN_A2_IOEVENTFD_ASYNCIO, PORT, 4, 8), 0, "8");
	check_result(a2_ioeventfd(guest.fd, any, ACRN_A2_IOEVENTFD_ASYNCIO, MMIO,
				  4, 0), 0, "MMIO");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, answer, &requests, LIMIT_MS);
	check_equal(requests, 1, "requests");
	check_equal(event_count(one), 1, "signals of 7");
	check_equal(event_count(other), 1, "signals of 8");
	check_equal(event_count(any), 1, "signals of MMIO");

	irqfd.fd = one;
	check_result(hsm_ioctl(guest.fd, ACRN_A2_IRQFD, &irqfd), 0, "IRQFD");
	event_signal(one);
	check_equal(hv_msis(VMID(0)), 1, "MSIs");
	guest_end(&guest);
}

TEST(no_rights, "memory of pages here and there, read-only for the guest")
{
	unsigned char *rom = memory_scattered(8);
	static const struct guest_op ops[] = {
		{ GUEST_LOAD + 8, 0x200000, 0, 0 },
		{ GUEST_LOAD + 8, 0x207ff8, 0, 0 },
	};
	unsigned int requests = 0;
	struct guest guest;

	need_vcpus();
	*(uint64_t *)rom = ANSWER;
	*(uint64_t *)(rom + 8 * PAGE_SIZE - 8) = ~ANSWER;
	guest_new_a2(&guest, 0, 0, 0);
	check_result(a2_memseg_unset(guest.fd, 0x200000, 8 * PAGE_SIZE), -ENOENT,
		     "UNSET_MEMSEG first, as for a GPU");
	check_result(a2_memseg(guest.fd, ACRN_A2_SET_MEMSEG, ACRN_A2_MEMMAP_RAM,
			       ACRN_A2_MEMMAP_READ, 0x200000, rom, 8 * PAGE_SIZE),
		     0, "SET_MEMSEG");
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	serve_until_done(&guest, answer, &requests, LIMIT_MS);
	check_equal(requests, 0, "requests");
	check_equal(guest_result(&guest, 0), ANSWER, "the first word");
	check_equal(guest_result(&guest, 1), ~ANSWER, "the last word");
	check_result(a2_memseg_unset(guest.fd, 0x200000, 8 * PAGE_SIZE), 0,
		     "UNSET_MEMSEG");
	guest_end(&guest);
}

TEST(same_name, "a second VM of the same name leaves the first one alone")
{
	struct hv_vm vm;
	int one, two;

	need_vcpus();
	one = hsm_open();
	two = hsm_open();
	check_result(a2_create(one, 2), 0, "CREATE_VM");
	check_result(a2_create(two, 2), hv_generation() >= 30 ? -EEXIST : -EIO,
		     "CREATE_VM with the same name");
	hv_get_vm(VMID(2), &vm);
	check_equal(vm.state, TESTBED_VM_CREATED, "state of the first");
	check_result(a2_call(one, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	check_result(a2_create(two, 2), 0, "CREATE_VM when the name is free");
	close(one);
	close(two);
}

TEST(left_alone, "closed in the middle of a request: the VM is gone")
{
	static const struct guest_op ops[] = { { GUEST_IN + 4, PORT, 0, 0 } };
	struct guest guest;

	need_vcpus();
	guest_new_a2(&guest, 0, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	check(wait_for_request(&guest, LIMIT_MS), "no request");
	close(guest.fd);
	check(vm_gone(0, 3000), "the VM is still there");
}

int main(void)
{
	int failed = run_tests(NEED_HYPERVISOR | NEED_DRIVER);

	module_unload("client");
	return failed;
}
