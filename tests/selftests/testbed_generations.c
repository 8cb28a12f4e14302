// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The test hypervisor as a release of ACRN: what it answers as v1.3, v1.6, v2.4,
 * v2.6 and v3.3.  One boot is one release.  Hypercalls are made without the driver.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "harness.h"
#include "kernel.h"
#include "raw_hypercall.h"
#include "vm.h"

#define PROGRAM		0x1000
#define AFFINITY	40	/* offset in CREATE_VM's block */
#define FLAG_RT		(1UL << 4)
#define FLAG_RT_OLD	(1UL << 5)
#define RING		0x2000	/* in the window */
#define RING_MAGIC	0x5aa57aa71aa13aa3UL
#define ID_ASYNCIO	64
#define ID_VM_EVENT	65
#define TRIPLE_FAULT	2

/**
 * struct rules - what a release does
 * @number: as TESTBED_GENERATION says it
 * @unknown: an unknown hypercall
 * @no_vm: a call for a VM that is off
 * @not_paused: RESET_VM in CREATED
 * @rt: flag of real-time VMs
 * @makes_vcpus: CREATE_VM makes the vCPUs
 * @strict: of states, memory and CPUs, as from v2.4 on
 */
static const struct rules {
	unsigned long number;
	long unknown;
	long no_vm;
	long not_paused;
	unsigned long rt;
	bool makes_vcpus;
	bool strict;
} all_rules[] = {
	{ 13, -1, -1, -EINVAL, FLAG_RT_OLD, false, false },
	{ 16, -1, -1, -EINVAL, FLAG_RT, true, false },
	{ 24, -EINVAL, -EINVAL, -1, FLAG_RT, true, true },
	{ 26, -EINVAL, -EINVAL, -1, FLAG_RT, true, true },
	{ 33, -ENOTTY, -ENOTTY, -1, FLAG_RT, true, true },
};

static const struct rules *rules;
static unsigned long cpus;	/* those of all configurations */

static void check_raw(long answer, long expected, const char *what)
{
	check(answer == expected, "%s: answers %ld, expected %ld", what, answer,
	      expected);
}

static uint64_t block(const void *data, size_t size)
{
	memcpy(raw_at(RAW_PARAM), data, size);
	return raw_gpa(RAW_PARAM);
}

static long simple(unsigned int call, unsigned int config)
{
	return raw_call(call, VMID(config), 0);
}

static void begin(void)
{
	unsigned long reg[4];
	unsigned int i;

	raw_open();
	hv_behave();
	check_result(hv_command(TESTBED_GENERATION, reg), 0, "TESTBED_GENERATION");
	cpus = reg[1];
	for (i = 0; i < ARRAY_SIZE(all_rules); i++)
		if (all_rules[i].number == reg[0])
			rules = &all_rules[i];
	check(rules, "release %lu/10", reg[0]);
	/* what an earlier test that failed has left */
	hv_expect(TESTBED_FOREVER);
	for (i = 0; i < MAX_VMS; i++) {
		if (hv_vm_state(VMID(i)) == TESTBED_VM_STARTED)
			hv_guest_off(VMID(i));
		simple(HC_PAUSE_VM, i);
		simple(HC_DESTROY_VM, i);
	}
	hv_expect(0);
}

/* CREATE_VM; what was written back stays in the window */
static long create(unsigned int config, unsigned long flags, uint64_t affinity)
{
	unsigned char param[56] = { 0 };
	struct acrn_create_vm *create = (void *)param;

	vm_fill_create(create, config);
	create->vmid = 0;
	create->req_buf = 0;
	create->vm_flag = flags;
	memcpy(param + AFFINITY, &affinity, sizeof(affinity));
	return raw_call(HC_CREATE_VM, block(param, sizeof(param)), 0);
}

static const struct acrn_create_vm *created(void)
{
	return raw_at(RAW_PARAM);
}

static long create_vcpu(unsigned int config)
{
	struct acrn_create_vcpu vcpu = { 0 };

	return raw_call(HC_CREATE_VCPU, VMID(config), block(&vcpu, sizeof(vcpu)));
}

/* A VM with a page, memory with a program in real mode, and registers */
static void new_vm(unsigned int config, unsigned long flags,
		   const unsigned char *program, size_t size)
{
	uint64_t page = raw_gpa(RAW_IO_PAGE + config * PAGE_SIZE);
	struct acrn_set_vcpu_regs set;

	check_raw(create(config, flags, 0), 0, "CREATE_VM");
	check_raw(create_vcpu(config), 0, "CREATE_VCPU");
	check_raw(raw_call(HC_SET_IOREQ_BUFFER, VMID(config),
			   block(&page, sizeof(page))), 0, "SET_IOREQ_BUFFER");
	memcpy((char *)raw_at(RAW_GUEST) + PROGRAM, program, size);
	check_raw(raw_map(VMID(config), REGION_ADD, 0, RAW_GUEST,
			  RAW_GUEST_SIZE), 0, "SET_MEMORY_REGIONS");
	vm_fill_regs_at(&set, PROGRAM);
	check_raw(raw_call(HC_SET_VCPU_REGS, VMID(config),
			   block(&set, sizeof(set))), 0, "SET_VCPU_REGS");
}

static void destroy(unsigned int config)
{
	check_raw(simple(HC_PAUSE_VM, config), 0, "PAUSE_VM");
	check_raw(simple(HC_DESTROY_VM, config), 0, "DESTROY_VM");
	check_equal(hv_vm_state(VMID(config)), TESTBED_VM_OFF, "state");
}

static const unsigned char halts[] = {
	0xf4,				/* 1:	hlt */
	0xeb, 0xfd,			/*	jmp 1b */
};

TEST(unknown_calls, "an unknown hypercall, and one for a VM that is off")
{
	begin();
	/* with these a driver finds out what it runs on: no complaint */
	check_raw(raw_call(0xff, 0, 0), rules->unknown, "beyond the table");
	hv_expect(TESTBED_FOREVER);
	check_raw(raw_call(0x7f, 0, 0), rules->unknown, "unknown call");
	check_raw(raw_call(0x17f, 0, 0), rules->unknown, "unknown call");
	check_raw(simple(HC_START_VM, 0), rules->no_vm, "START_VM of none");
	check_raw(raw_call(0x1000, raw_gpa(RAW_PARAM), 0),
		  rules->strict ? 0 : -1, "more than a byte of the id");
	check_equal(hv_expect(0), rules->strict ? 3 : 4, "complaints");
}

TEST(create_makes_vcpus, "who makes vCPUs")
{
	unsigned long one, two, made;
	struct hv_vm vm;

	begin();
	one = cpus & -cpus;
	two = one | ((cpus & ~one) & -(cpus & ~one));
	/* v1.4 to v1.6 are not told for which CPUs */
	made = rules->strict ? 2 : rules->makes_vcpus;
	check_raw(create(0, 0, two), 0, "CREATE_VM");
	check_equal(created()->vmid, VMID(0), "vmid");
	check_equal(created()->vcpu_num, made, "vcpu_num");
	hv_get_vm(VMID(0), &vm);
	check_equal(vm.vcpus, made, "vCPUs");
	check_raw(create_vcpu(0), 0, "CREATE_VCPU");
	hv_get_vm(VMID(0), &vm);
	check_equal(vm.vcpus, made ? made : 1, "vCPUs");
	destroy(0);
	if (!rules->strict)
		return;

	check_raw(create(0, 0, 0), 0, "CREATE_VM with no affinity");
	check_equal(created()->vcpu_num, 1, "vcpu_num");
	/* all CPUs, but one has gone: the VM cannot be made, and that is a 0 */
	check_raw(create(1, 0, cpus), 0, "CREATE_VM with too many vCPUs");
	check_equal(created()->vmid, ACRN_INVALID_VMID, "vmid");
	check_equal(hv_vm_state(VMID(1)), TESTBED_VM_OFF, "state");
	check_raw(create(1, 0, ~cpus), -1, "CREATE_VM on others' CPUs");
	destroy(0);
	check_raw(create(1, 0, cpus), 0, "CREATE_VM with all CPUs");
	destroy(1);
}

TEST(states, "DESTROY_VM and RESET_VM by state")
{
	begin();
	new_vm(0, 0, halts, sizeof(halts));
	check_raw(simple(HC_RESET_VM, 0), rules->not_paused, "RESET_VM");
	if (!rules->strict) {
		check_raw(simple(HC_DESTROY_VM, 0), 0, "DESTROY_VM in CREATED");
		return;
	}
	hv_expect(2);
	check_raw(simple(HC_DESTROY_VM, 0), -1, "DESTROY_VM in CREATED");
	check_raw(simple(HC_START_VM, 0), 0, "START_VM");
	check_raw(simple(HC_DESTROY_VM, 0), -1, "DESTROY_VM in STARTED");
	check_equal(hv_expect(0), 2, "complaints");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_STARTED, "state");
	destroy(0);
}

TEST(real_time, "the flag of real-time VMs, and who may touch one")
{
	struct acrn_msi_entry msi = { 0xfee00000, 0x30 };
	struct hv_vm vm;
	long expected;

	begin();
	expected = rules->strict ? -1 : 0;
	check_raw(create(0, FLAG_RT | FLAG_RT_OLD, 0), 0, "CREATE_VM");
	hv_get_vm(VMID(0), &vm);
	check_equal(vm.flags, rules->rt, "flags that are kept");
	destroy(0);

	new_vm(0, rules->rt, halts, sizeof(halts));
	check_raw(raw_call(HC_INJECT_MSI, VMID(0), block(&msi, sizeof(msi))), 0,
		  "INJECT_MSI in CREATED");
	check_raw(simple(HC_START_VM, 0), 0, "START_VM");
	check_raw(raw_call(HC_INJECT_MSI, VMID(0), block(&msi, sizeof(msi))),
		  expected, "INJECT_MSI");
	check_raw(raw_call(HC_SET_IRQLINE, VMID(0), ACRN_IRQLINE(3, 0)), expected,
		  "SET_IRQLINE");
	check_raw(raw_map(VMID(0), REGION_DELETE, 0x8000, RAW_GUEST, 0x1000),
		  expected, "SET_MEMORY_REGIONS");
	check_raw(simple(HC_PAUSE_VM, 0), 0, "PAUSE_VM");
	check_raw(simple(HC_RESET_VM, 0), rules->not_paused, "RESET_VM");
	check_raw(simple(HC_DESTROY_VM, 0), rules->strict ? -1 : -EINVAL,
		  "DESTROY_VM");
	check_equal(hv_vm_state(VMID(0)), TESTBED_VM_STARTED, "state");
	hv_guest_off(VMID(0));
	destroy(0);
}

TEST(memory, "deleting memory: what is not there, and by which type")
{
	struct hv_account account;
	bool strict;

	begin();
	strict = rules->strict;
	new_vm(0, 0, halts, sizeof(halts));
	hv_expect(1);
	check_raw(raw_map(VMID(0), REGION_DELETE, 0x20000, RAW_GUEST, 0x1000),
		  strict ? -EINVAL : 0, "deleting what is not there");
	check_equal(hv_expect(0), 1, "complaints");
	/* a type that nobody should use: v1.3 adds, later ones delete */
	hv_expect(1);
	check_raw(raw_map(VMID(0), 1, strict ? 0x8000 : 0x20000, RAW_GUEST,
			  0x1000), 0, "type 1");
	check_equal(hv_expect(0), 1, "complaints");
	hv_get_account(&account);
	check_equal(account.pages,
		    RAW_GUEST_SIZE / PAGE_SIZE + (strict ? -1 : 1), "pages");
	destroy(0);
}

TEST(platform_info, "GET_PLATFORM_INFO")
{
	unsigned char *info;
	unsigned int at;
	uint64_t configs;

	begin();
	info = raw_at(RAW_PARAM);
	memset(info, 0, 256);
	memset(info + 152, 0xa7, 104);
	if (rules->number >= 30) {
		check_raw(raw_call(HC_GET_PLATFORM_INFO, raw_gpa(RAW_PARAM), 0),
			  rules->unknown, "GET_PLATFORM_INFO");
		return;
	}
	check_raw(raw_call(HC_GET_PLATFORM_INFO, raw_gpa(RAW_PARAM), 0), 0,
		  "GET_PLATFORM_INFO");
	check(*(uint16_t *)info >= 2, "%u CPUs", *(uint16_t *)info);
	check_equal(*(uint16_t *)(info + 128), TESTBED_MAX_VCPUS, "max_vcpus");
	/* v1.x overwrites all, with rubbish; v2.x what it has to say */
	check((info[200] == 0xa7) == rules->strict, "byte 200: %#x",
	      info[200]);
	if (!rules->strict)
		return;
	/* v2.6 laid them out anew */
	at = rules->number >= 26 ? 130 : 138;
	check_equal(*(uint16_t *)(info + at), TESTBED_MAX_VMS, "max_vms");
	check(*(uint32_t *)(info + at + 2) >= 72, "size of a configuration: %u",
	      *(uint32_t *)(info + at + 2));
	configs = raw_gpa(RAW_GUEST);
	memcpy(info + at + 6, &configs, sizeof(configs));
	check_raw(raw_call(HC_GET_PLATFORM_INFO, raw_gpa(RAW_PARAM), 0), 0,
		  "GET_PLATFORM_INFO with a table");
	check(!strcmp((char *)raw_at(RAW_GUEST) + 4, "testbed vm1"), "name: %.32s",
	      (char *)raw_at(RAW_GUEST) + 4);
	hv_expect(1);
	configs = 1UL << 46;
	memcpy(info + at + 6, &configs, sizeof(configs));
	check_raw(raw_call(HC_GET_PLATFORM_INFO, raw_gpa(RAW_PARAM), 0), -1,
		  "GET_PLATFORM_INFO with a table nowhere");
	check_equal(hv_expect(0), 1, "complaints");
}

static long power(unsigned int type, unsigned int index)
{
	memset(raw_at(RAW_PARAM), 0xa7, 64);
	return raw_call(HC_PM_GET_CPU_STATE, VMID(0) << 24 | index << 8 | type,
			raw_gpa(RAW_PARAM));
}

TEST(power_data, "PM_GET_CPU_STATE")
{
	unsigned char *data;
	unsigned int n, i;

	begin();
	data = raw_at(RAW_PARAM);
	new_vm(0, 0, halts, sizeof(halts));
	check_raw(power(0, 0), 0, "number of P-states");
	n = data[0];
	check(n && data[1] == 0xa7, "one byte is written");
	for (i = 0; i < n; i++)
		check_raw(power(1, i), 0, "a P-state");
	check_equal(data[48], 0xa7, "the byte after it");
	check_raw(power(1, n), -1, "one too many");
	check_raw(power(2, 0), 0, "number of C-states");
	n = data[0];
	check_raw(power(3, 0), -1, "C-state 0");
	for (i = 1; i <= n; i++) {
		check_raw(power(3, i), 0, "a C-state");
		check_equal(data[rules->number >= 26 ? 12 : 16], i, "its type");
	}
	check_raw(power(3, i), -1, "one too many");
	check_raw(power(4, 0), -1, "an unknown type");
	check_raw(simple(HC_START_VM, 0), 0, "START_VM");
	check_raw(power(0, 0), rules->strict ? -1 : 0, "in STARTED");
	destroy(0);
}

TEST(names, "a VM that is created by a name of its own")
{
	struct acrn_create_vm *param;
	unsigned char name[16] = "guest";

	begin();
	check_raw(create(0, 0, 0), 0, "CREATE_VM");
	param = raw_at(RAW_PARAM);
	memset(param, 0, 56);
	memcpy(param->uuid, name, sizeof(name));
	if (rules->number != 33) {
		check_raw(raw_call(HC_CREATE_VM, raw_gpa(RAW_PARAM), 0), -1,
			  "CREATE_VM by name");
		destroy(0);
		return;
	}
	check_raw(raw_call(HC_CREATE_VM, raw_gpa(RAW_PARAM), 0), 0,
		  "CREATE_VM by name");
	check_equal(param->vmid, VMID(MAX_VMS - 1), "vmid");
	param->vmid = 0;
	/* behind the end of the string */
	param->uuid[sizeof(name) - 1] = 1;
	hv_expect(1);
	check_raw(raw_call(HC_CREATE_VM, raw_gpa(RAW_PARAM), 0), -1,
		  "CREATE_VM by the same name");
	check_equal(hv_expect(0), 1, "complaints");
	destroy(0);
	destroy(MAX_VMS - 1);
}

/**
 * struct ring - as struct shared_buf of ACRN; 64 bytes, then the elements
 * @magic: RING_MAGIC
 * @count: of elements
 * @size: of one
 * @head: the reader's offset
 * @tail: the writer's
 * @flags: unused
 * @overruns: unused
 * @bytes: of all elements
 * @padding: unused
 */
struct ring {
	uint64_t magic;
	uint32_t count;
	uint32_t size;
	uint32_t head;
	uint32_t tail;
	uint64_t flags;
	uint32_t overruns;
	uint32_t bytes;
	unsigned char padding[24];
};

static volatile struct ring *new_ring(uint32_t size, uint32_t count)
{
	struct ring *ring = raw_at(RING);

	memset(ring, 0, PAGE_SIZE);
	*ring = (struct ring) {
		.magic = RING_MAGIC,
		.count = count,
		.size = size,
		.bytes = size * count,
	};
	return ring;
}

static long set_up(unsigned int id, uint64_t gpa)
{
	const struct {
		uint16_t cpu, zero;
		uint32_t id;
		uint64_t gpa;
	} param = { 0xffff, 0, id, gpa };

	return raw_call(HC_SETUP_SBUF, VMID(0), block(&param, sizeof(param)));
}

static int send_event(unsigned long type)
{
	unsigned long reg[4] = { VMID(0), type };

	return hv_command(TESTBED_EVENT, reg);
}

TEST(vm_events, "the ring of VM events")
{
	static const unsigned char dies[] = {
		0x0f, 0x01, 0x1e, 0x00, 0x30,	/* lidt 0x3000, which is all zero */
		0xcc,				/* int3 */
	};
	volatile struct ring *ring;
	uint64_t end;

	begin();
	new_vm(0, 0, dies, sizeof(dies));
	ring = new_ring(32, 4);
	if (rules->number != 33) {
		check_raw(set_up(ID_VM_EVENT, raw_gpa(RING)), rules->unknown,
			  "SETUP_SBUF");
		check_result(send_event(0), -ENOENT, "an event");
		destroy(0);
		return;
	}
	check_result(send_event(0), -ENOENT, "an event without a ring");
	check_raw(set_up(ID_VM_EVENT, 0), -1, "SETUP_SBUF of no page");
	check_raw(set_up(1, raw_gpa(RING)), -1, "SETUP_SBUF of another kind");
	ring->magic++;
	check_raw(set_up(ID_VM_EVENT, raw_gpa(RING)), -1, "SETUP_SBUF without magic");
	ring->magic--;
	check_raw(set_up(ID_VM_EVENT, raw_gpa(RING)), 0, "SETUP_SBUF");
	check_result(send_event(0), 0, "an event");
	check_result(send_event(1), 0, "an event");
	check_result(send_event(0), 0, "an event");
	check_result(send_event(0), -ENOENT, "an event when the ring is full");
	check_equal(ring->tail, 96, "tail");
	check_equal(*(uint32_t *)((char *)ring + 64 + 32), 1, "type of the second");
	ring->head = 64;
	check_raw(simple(HC_START_VM, 0), 0, "START_VM");
	end = now_us() + 5000000;
	while (ring->tail)
		check(now_us() < end, "no event of a triple fault");
	check_equal(*(uint32_t *)((char *)ring + 64 + 96), TRIPLE_FAULT, "type");

	/* what ACRN would believe, and write wherever it says */
	hv_expect(1);
	ring->tail = 0x100000;
	check_result(send_event(0), 0, "an event into a ring with a wrong tail");
	check_equal(hv_expect(0), 1, "complaints");
	destroy(0);
}

static long asyncio(unsigned int call, uint32_t type, uint32_t match,
		    uint64_t address, uint64_t token, uint64_t data)
{
	const struct {
		uint32_t type, match;
		uint64_t address, token, data;
	} param = { type, match, address, token, data };

	return raw_call(call, VMID(0), block(&param, sizeof(param)));
}

TEST(asynchronous, "asynchronous I/O")
{
	static const unsigned char kicks[] = {
		0xba, 0x00, 0x05,		/*	mov $0x500, %dx */
		0xb8, 0x05, 0x00,		/*	mov $5, %ax */
		0xef,				/*	out %ax, %dx */
		0x40,				/*	inc %ax */
		0xef,				/*	out %ax, %dx */
		0xc6, 0x06, 0x00, 0x20, 0x01,	/*	movb $1, 0x2000 */
		0xf4,				/* 1:	hlt */
		0xeb, 0xfd,			/*	jmp 1b */
	};
	volatile unsigned char *done;
	volatile struct ring *ring;
	unsigned int i;
	uint64_t end;

	begin();
	new_vm(0, 0, kicks, sizeof(kicks));
	done = (unsigned char *)raw_at(RAW_GUEST) + 0x2000;
	*done = 0;
	ring = new_ring(8, 3);
	if (rules->number != 33) {
		check_raw(asyncio(HC_ASYNCIO_ASSIGN, 1, 0, 0x500, 7, 0),
			  rules->unknown, "ASYNCIO_ASSIGN");
		destroy(0);
		return;
	}
	check_raw(set_up(ID_ASYNCIO, raw_gpa(RING)), 0, "SETUP_SBUF");
	check_raw(asyncio(HC_ASYNCIO_ASSIGN, 1, 1, 0x500, 77, 5), 0, "one");
	check_raw(asyncio(HC_ASYNCIO_ASSIGN, 1, 1, 0x500, 88, 6), 0, "another");
	/* the table is full long before this ends: that is a 0 too */
	for (i = 0; i < 100; i++)
		check_raw(asyncio(HC_ASYNCIO_ASSIGN, 2, 0, 0x10000 + i, i, 0), 0,
			  "ASYNCIO_ASSIGN");
	for (i = 0; i < 100; i++)
		check_raw(asyncio(HC_ASYNCIO_DEASSIGN, 2, 0, 0x10000 + i, i, 0),
			  0, "ASYNCIO_DEASSIGN");
	check_raw(simple(HC_START_VM, 0), 0, "START_VM");
	end = now_us() + 5000000;
	while (!*done)
		check(now_us() < end, "the guest waits");
	check_equal(ring->tail, 16, "tail");
	check_equal(*(uint64_t *)((char *)ring + 64), 77, "the first token");
	check_equal(*(uint64_t *)((char *)ring + 72), 88, "the second");

	/* into a full ring: the guest's CPU tries until there is room */
	*done = 0;
	check_raw(simple(HC_PAUSE_VM, 0), 0, "PAUSE_VM");
	check_raw(simple(HC_RESET_VM, 0), 0, "RESET_VM");
	/* what is not taken away, the next VM in this place has */
	hv_expect(1);
	destroy(0);
	check_equal(hv_expect(0), 1, "complaints");
	new_vm(0, 0, kicks, sizeof(kicks));
	check_raw(set_up(ID_ASYNCIO, raw_gpa(RING)), 0, "SETUP_SBUF");
	check_raw(simple(HC_START_VM, 0), 0, "START_VM");
	sleep_ms(100);
	check_equal(*done, 0, "the guest went on");
	ring->head = 16;
	while (!*done)
		check(now_us() < end + 5000000, "the guest waits");
	check_raw(asyncio(HC_ASYNCIO_DEASSIGN, 1, 1, 0x500, 77, 5), 0, "one");
	check_raw(asyncio(HC_ASYNCIO_DEASSIGN, 1, 1, 0x500, 88, 6), 0, "another");
	destroy(0);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
