// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The test hypervisor itself: ACRN's states and error codes, the complaints,
 * the misbehaviour.  What the other tests prove about the driver rests on it.
 * Hypercalls are made without the driver, which owns the upcall's vector only.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "raw_hypercall.h"
#include "vm.h"

#define HYPERVISOR	0x10000000UL	/* where it is, see its hv.lds */
#define PROGRAM		0x1000
#define LIMIT_MS	5000

/* Put a parameter block into the window; its address as the hypervisor has it */
static uint64_t block(const void *data, size_t size)
{
	memcpy(raw_at(RAW_PARAM), data, size);
	return raw_gpa(RAW_PARAM);
}

static long raw_create(unsigned int config, unsigned long flags)
{
	struct acrn_create_vm create;

	vm_fill_create(&create, config);
	create.vmid = 0;
	create.req_buf = 0;
	create.vm_flag = flags;
	return raw_call(HC_CREATE_VM, block(&create, sizeof(create)), 0);
}

static long raw_create_vcpu(unsigned int config)
{
	struct acrn_create_vcpu vcpu = { 0 };

	return raw_call(HC_CREATE_VCPU, VMID(config),
			block(&vcpu, sizeof(vcpu)));
}

static long raw_set_regs(unsigned int config, unsigned int vcpu)
{
	struct acrn_set_vcpu_regs set;

	vm_fill_regs_at(&set, PROGRAM);
	set.vcpu_id = vcpu;
	return raw_call(HC_SET_VCPU_REGS, VMID(config),
			block(&set, sizeof(set)));
}

static unsigned int io_page_offset(unsigned int config)
{
	return RAW_IO_PAGE + config * PAGE_SIZE;
}

static long raw_set_io_page(unsigned int config)
{
	uint64_t gpa = raw_gpa(io_page_offset(config));

	return raw_call(HC_SET_IOREQ_BUFFER, VMID(config),
			block(&gpa, sizeof(gpa)));
}

static long raw_simple(unsigned int call, unsigned int config)
{
	return raw_call(call, VMID(config), 0);
}

static void check_raw(long answer, long expected, const char *what)
{
	check(answer == expected, "%s: answers %ld, expected %ld", what,
	      answer, expected);
}

static void check_state(unsigned int config, unsigned long state)
{
	check_equal(hv_vm_state(VMID(config)), state, "state of VM %u",
		    VMID(config));
}

static void expect(unsigned long complaints)
{
	hv_expect(complaints);
}

static void check_expected(unsigned long complaints)
{
	check_equal(hv_expect(0), complaints, "complaints");
}

/* A VM with one vCPU and a page, never started */
static void raw_vm(unsigned int config, unsigned long flags)
{
	check_raw(raw_create(config, flags), 0, "CREATE_VM");
	check_raw(raw_set_io_page(config), 0, "SET_IOREQ_BUFFER");
	check_raw(raw_create_vcpu(config), 0, "CREATE_VCPU");
	check_raw(raw_set_regs(config, 0), 0, "SET_VCPU_REGS");
}

/* Memory in which it halts */
static void raw_map_code(unsigned int config)
{
	*((unsigned char *)raw_at(RAW_GUEST) + PROGRAM) = 0xf4;	/* hlt */
	check_raw(raw_map(VMID(config), REGION_ADD, 0, RAW_GUEST, RAW_GUEST_SIZE),
		  0, "mapping memory");
}

static void raw_vm_with_code(unsigned int config, unsigned long flags)
{
	raw_vm(config, flags);
	raw_map_code(config);
}

static void raw_destroy(unsigned int config)
{
	check_raw(raw_simple(HC_PAUSE_VM, config), 0, "PAUSE_VM");
	check_raw(raw_simple(HC_DESTROY_VM, config), 0, "DESTROY_VM");
	check_state(config, TESTBED_VM_OFF);
}

/* What an earlier test that failed has left would fail this one too */
static void open_clean(void)
{
	unsigned int i;

	raw_open();
	hv_behave();
	hv_expect(TESTBED_FOREVER);
	for (i = 0; i < MAX_VMS; i++) {
		if (hv_vm_state(VMID(i)) == TESTBED_VM_STARTED)
			hv_guest_off(VMID(i));
		raw_simple(HC_PAUSE_VM, i);
		raw_simple(HC_DESTROY_VM, i);
	}
	hv_expect(0);
}

static sigjmp_buf out_of_signal;

static void on_signal(int number)
{
	siglongjmp(out_of_signal, number);
}

static long vmcall(void)
{
	register unsigned long r8 asm("r8") = 0x80000000UL;
	long rax = 0;

	asm volatile("vmcall"
		     : "+a"(rax)
		     : "r"(r8), "D"(0), "S"(0)
		     : "memory");
	return rax;
}

TEST(user_vmcall, "VMCALL in user space is SIGSEGV")
{
	unsigned long calls = hv_calls(HC_ANY);
	int number;

	signal(SIGILL, on_signal);
	signal(SIGSEGV, on_signal);
	number = sigsetjmp(out_of_signal, 1);
	if (!number)
		fail("VMCALL in user space answers %ld", vmcall());
	check_equal(number, SIGSEGV, "signal");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(unknown_calls, "unknown hypercalls")
{
	static const unsigned int calls[] = {
		0x0f, 0x17, 0x1f, 0x7f, 0x81, 0xfe, 0x100, 0x10000010,
	};
	unsigned int i;

	open_clean();
	expect(ARRAY_SIZE(calls));
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		check_raw(raw_call(calls[i], 0, 0), -1, "unknown call");
	check_expected(ARRAY_SIZE(calls));
}

TEST(api_version, "the API version")
{
	struct acrn_api_version *version;

	open_clean();
	version = raw_at(RAW_PARAM);
	check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0), 0,
		  "GET_API_VERSION");
	check_equal(version->major_version, 1, "major version");
	check_equal(version->minor_version, 0, "minor version");
	hv_api_version(7, 8);
	check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0), 0,
		  "GET_API_VERSION");
	check_equal(version->major_version, 7, "major version");
	check_equal(version->minor_version, 8, "minor version");
}

/* Pointers are checked against the real map of memory, and for alignment */
TEST(bad_blocks, "parameter blocks that are nowhere, the hypervisor's, or not aligned")
{
	static const uint64_t bad[] = {
		0xfee00000UL,			/* the local APIC */
		0xffff888000000000UL,		/* an address, but no physical one */
		1UL << 46,			/* far beyond all memory */
		HYPERVISOR,
		~7UL,
	};
	struct acrn_create_vcpu *vcpu;
	unsigned int i;

	open_clean();
	raw_vm(0, 0);
	expect(5 * ARRAY_SIZE(bad));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		check_raw(raw_call(HC_GET_API_VERSION, bad[i], 0), -1,
			  "GET_API_VERSION");
		check_raw(raw_call(HC_CREATE_VM, bad[i], 0), -1, "CREATE_VM");
		check_raw(raw_call(HC_CREATE_VCPU, VMID(0), bad[i]), -1,
			  "CREATE_VCPU");
		check_raw(raw_call(HC_SET_VCPU_REGS, VMID(0), bad[i]), -1,
			  "SET_VCPU_REGS");
		check_raw(raw_call(HC_SET_IOREQ_BUFFER, VMID(0), bad[i]), -1,
			  "SET_IOREQ_BUFFER");
	}
	check_expected(5 * ARRAY_SIZE(bad));

	vcpu = raw_at(4);
	memset(vcpu, 0, sizeof(*vcpu));
	expect(1);
	check_raw(raw_call(HC_CREATE_VCPU, VMID(0), raw_gpa(4)), 0,
		  "CREATE_VCPU with a block that is not aligned");
	check_expected(1);
	raw_destroy(0);
}

TEST(off_vms, "calls for VMs that are off or do not exist")
{
	static const unsigned int calls[] = {
		HC_DESTROY_VM, HC_START_VM, HC_PAUSE_VM, HC_CREATE_VCPU,
		HC_RESET_VM, HC_SET_VCPU_REGS, HC_SET_IOREQ_BUFFER,
		HC_NOTIFY_REQUEST, HC_INJECT_MSI, HC_SET_IRQLINE, HC_WRITE_PROTECT,
	};
	static const uint64_t vmids[] = { 0, 1, 4, 5, 0xffff, 0x10001 };
	unsigned int i, k;

	open_clean();
	expect(ARRAY_SIZE(calls) * ARRAY_SIZE(vmids));
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		for (k = 0; k < ARRAY_SIZE(vmids); k++)
			check_raw(raw_call(calls[i], vmids[k],
					   raw_gpa(RAW_PARAM)), -1,
				  "call for a VM that is off");
	check_expected(ARRAY_SIZE(calls) * ARRAY_SIZE(vmids));
}

TEST(create, "CREATE_VM")
{
	struct acrn_create_vm *param, before;
	struct hv_vm vm;

	open_clean();
	param = raw_at(RAW_PARAM);
	check_raw(raw_create(0, 0), 0, "CREATE_VM");
	check_equal(param->vmid, VMID(0), "vmid");
	check_raw(raw_create(0, 0), -1, "CREATE_VM of one that lives");
	check_equal(param->vmid, 0, "vmid after a failure");

	vm_fill_create(&before, 1);
	before.uuid[0] ^= 0x80;
	check_raw(raw_call(HC_CREATE_VM, block(&before, sizeof(before)), 0),
		  -1, "CREATE_VM with an unknown uuid");
	check(!memcmp(param, &before, sizeof(before)), "the block has changed");

	check_raw(raw_create(1, ACRN_VM_FLAG_LAPIC_PASSTHROUGH), -1,
		  "LAPIC passthrough without RT");
	check_raw(raw_create(1, 0), -1, "CREATE_VM of what that has spoilt");
	check_raw(raw_create(1, ~0UL), 0, "CREATE_VM with all flags");
	hv_get_vm(VMID(1), &vm);
	check_equal(vm.flags, ACRN_VM_FLAG_SECURE_WORLD |
		    ACRN_VM_FLAG_LAPIC_PASSTHROUGH | ACRN_VM_FLAG_POLLING |
		    ACRN_VM_FLAG_RT, "flags that are kept");

	vm_fill_create(&before, 2);
	before.req_buf = 0;
	before.reserved2[7] = 1;
	expect(1);
	check_raw(raw_call(HC_CREATE_VM, block(&before, sizeof(before)), 0), 0,
		  "CREATE_VM with a reserved field");
	check_expected(1);
	/* no more than the id is written */
	before.vmid = VMID(2);
	check(!memcmp(param, &before, sizeof(before)), "the block has changed");
	raw_destroy(0);
	raw_destroy(1);
	raw_destroy(2);
}

TEST(states, "each call in each state")
{
	open_clean();
	check_raw(raw_create(0, 0), 0, "CREATE_VM");
	check_raw(raw_create_vcpu(0), 0, "CREATE_VCPU");
	check_raw(raw_simple(HC_START_VM, 0), -1, "START_VM without a page");
	check_raw(raw_set_io_page(0), 0, "SET_IOREQ_BUFFER");
	check_raw(raw_simple(HC_RESET_VM, 0), -EINVAL, "RESET_VM in CREATED");
	expect(1);
	check_raw(raw_set_regs(0, 1), 0, "SET_VCPU_REGS of no vCPU");
	check_expected(1);
	check_raw(raw_set_regs(0, 0), 0, "SET_VCPU_REGS");
	raw_map_code(0);

	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM");
	check_state(0, TESTBED_VM_STARTED);
	check_raw(raw_simple(HC_START_VM, 0), -1, "START_VM in STARTED");
	check_raw(raw_set_regs(0, 0), -1, "SET_VCPU_REGS in STARTED");
	check_raw(raw_set_io_page(0), -1, "SET_IOREQ_BUFFER in STARTED");
	check_raw(raw_simple(HC_RESET_VM, 0), -EINVAL, "RESET_VM in STARTED");

	check_raw(raw_simple(HC_PAUSE_VM, 0), 0, "PAUSE_VM");
	check_state(0, TESTBED_VM_PAUSED);
	check_raw(raw_simple(HC_PAUSE_VM, 0), 0, "PAUSE_VM in PAUSED");
	check_raw(raw_simple(HC_START_VM, 0), -1, "START_VM in PAUSED");
	check_raw(raw_set_io_page(0), -1, "SET_IOREQ_BUFFER in PAUSED");
	check_raw(raw_set_regs(0, 0), 0, "SET_VCPU_REGS in PAUSED");

	check_raw(raw_simple(HC_RESET_VM, 0), 0, "RESET_VM");
	check_state(0, TESTBED_VM_CREATED);
	check_raw(raw_simple(HC_PAUSE_VM, 0), 0, "PAUSE_VM in CREATED");
	check_state(0, TESTBED_VM_PAUSED);
	check_raw(raw_simple(HC_DESTROY_VM, 0), 0, "DESTROY_VM");
	check_state(0, TESTBED_VM_OFF);

	/* it pauses by itself, but later hypervisors do not: a complaint */
	raw_vm_with_code(0, 0);
	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM");
	expect(1);
	check_raw(raw_simple(HC_DESTROY_VM, 0), 0, "DESTROY_VM in STARTED");
	check_expected(1);
}

/* What makes ACRN lose a physical CPU */
TEST(cannot_enter, "nothing mapped at RIP or CR3, and EFER without LMA in 64-bit mode")
{
	struct acrn_set_vcpu_regs set;

	open_clean();
	raw_vm(0, 0);
	expect(1);
	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM without memory");
	check_expected(1);
	raw_destroy(0);

	raw_vm_with_code(0, 0);
	vm_fill_regs_at(&set, PROGRAM);
	set.vcpu_regs.cr0 = 0x80000031;
	set.vcpu_regs.cr3 = RAW_GUEST_SIZE;
	check_raw(raw_call(HC_SET_VCPU_REGS, VMID(0), block(&set, sizeof(set))),
		  0, "SET_VCPU_REGS with paging");
	expect(1);
	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM without page tables");
	check_expected(1);
	raw_destroy(0);

	raw_vm_with_code(0, 0);
	vm_fill_regs_at(&set, PROGRAM);
	set.vcpu_regs.cr0 = 0x80000031;
	set.vcpu_regs.cr4 = 0x20;
	set.vcpu_regs.ia32_efer = 0x100;
	check_raw(raw_call(HC_SET_VCPU_REGS, VMID(0), block(&set, sizeof(set))),
		  0, "SET_VCPU_REGS with LME and paging");
	expect(1);
	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM");
	check_expected(1);
	raw_destroy(0);
}

TEST(real_time, "real-time VMs cannot be paused")
{
	open_clean();
	raw_vm_with_code(1, ACRN_VM_FLAG_RT);
	check_raw(raw_simple(HC_START_VM, 1), 0, "START_VM");
	check_raw(raw_simple(HC_PAUSE_VM, 1), 0, "PAUSE_VM");
	check_state(1, TESTBED_VM_STARTED);
	check_raw(raw_simple(HC_RESET_VM, 1), -EINVAL, "RESET_VM");
	check_raw(raw_simple(HC_DESTROY_VM, 1), -EINVAL, "DESTROY_VM");
	check_state(1, TESTBED_VM_STARTED);
	hv_guest_off(VMID(1));
	check_state(1, TESTBED_VM_POWERING_OFF);
	raw_destroy(1);

	raw_vm(1, ACRN_VM_FLAG_RT);
	raw_destroy(1);
}

TEST(vcpus, "physical CPUs run out")
{
	struct hv_account account;
	struct hv_probe probe;
	unsigned int i;

	open_clean();
	hv_probe(&probe);
	check_raw(raw_create(0, 0), 0, "CREATE_VM");
	for (i = 0; i < probe.user_pcpus && i < TESTBED_MAX_VCPUS; i++)
		check_raw(raw_create_vcpu(0), 0, "CREATE_VCPU");
	check_raw(raw_create_vcpu(0),
		  probe.user_pcpus > TESTBED_MAX_VCPUS ? -EINVAL : -1,
		  "CREATE_VCPU of one too many");
	hv_get_account(&account);
	check_equal(account.vms, 1, "VMs in the account");
	check_equal(account.vcpus, i, "vCPUs in the account");
	raw_destroy(0);
}

TEST(memory_rules, "memory: what is refused, and what only seems to work")
{
	struct raw_regions regions = { .vmid = VMID(0) };
	struct raw_region *region;
	struct hv_account account;

	open_clean();
	raw_vm(0, 0);
	region = raw_at(RAW_REGIONS);

	check_raw(raw_map(VMID(0), REGION_ADD, 0, RAW_GUEST, 0x3000), 0,
		  "adding");
	hv_get_account(&account);
	check_equal(account.pages, 3, "pages");
	check_raw(raw_map(VMID(0), REGION_DELETE, 0x1000, RAW_GUEST, 0x1000),
		  0, "deleting");
	hv_get_account(&account);
	check_equal(account.pages, 2, "pages");

	expect(1);
	regions.regions_gpa = raw_gpa(RAW_REGIONS);
	check_raw(raw_call(HC_SET_MEMORY_REGIONS,
			   block(&regions, sizeof(regions)), 0), -1,
		  "no regions");
	check_expected(1);

	/* ACRN says yes to these and does not do what was asked */
	expect(3);
	check_raw(raw_map(VMID(0), REGION_ADD, 0x0, RAW_GUEST, 0x1000), 0,
		  "what is mapped already");
	check_raw(raw_map(VMID(0), REGION_DELETE, 0x20000, RAW_GUEST, 0x1000),
		  0, "deleting what is not there");
	check_raw(raw_map(VMID(0), REGION_ADD, 1UL << 40, RAW_GUEST, 0x1000),
		  0, "beyond the guest's end");
	check_expected(3);

	expect(1);
	check_raw(raw_map(VMID(0), REGION_ADD, 0x10000, RAW_GUEST, 0x800),
		  -EINVAL, "half a page");
	check_expected(1);

	/* whoever was told of a failure cannot know what there is */
	check_raw(raw_map(VMID(0), REGION_DELETE, 0x20000, RAW_GUEST, 0x1000),
		  0, "deleting what is not there");

	expect(1);
	*region = (struct raw_region) {
		REGION_ADD, REGION_RAM, 0x30000, HYPERVISOR, 0x1000
	};
	regions.count = 1;
	check_raw(raw_call(HC_SET_MEMORY_REGIONS,
			   block(&regions, sizeof(regions)), 0), -EINVAL,
		  "the hypervisor's own memory");
	check_expected(1);
	hv_get_account(&account);
	check_equal(account.pages, 2, "pages");
	raw_destroy(0);
	hv_get_account(&account);
	check_equal(account.pages, 0, "pages");
}

static long raw_protect(unsigned int config, unsigned int set, uint64_t gpa)
{
	const struct {
		uint64_t set, gpa;
	} param = { set, gpa };

	return raw_call(HC_WRITE_PROTECT, VMID(config), block(&param, sizeof(param)));
}

static void check_rights(uint64_t gpa, uint64_t expected, const char *when)
{
	struct hv_run run;

	check(hv_memory(VMID(0), gpa, &run) && run.gpa == gpa, "nothing at %#llx",
	      (unsigned long long)gpa);
	check_equal(run.prot & PROT_ALL, expected, "rights, %s", when);
}

TEST(write_protection, "write protection: what is refused, and what is done though it is wrong")
{
	static const uint32_t rights[] = {
		PROT_ALL, ACRN_PROT_READ | ACRN_PROT_WRITE,
		ACRN_PROT_READ | ACRN_PROT_EXEC,
	};
	struct raw_regions regions = { .vmid = VMID(0), .count = ARRAY_SIZE(rights) };
	struct raw_region *region;
	unsigned int i;

	open_clean();
	raw_vm(0, 0);
	region = raw_at(RAW_REGIONS);
	for (i = 0; i < ARRAY_SIZE(rights); i++)
		region[i] = (struct raw_region) {
			REGION_ADD, PROT_WB | rights[i], 0x10000 + PAGES(i),
			raw_gpa(RAW_GUEST) + PAGES(i), PAGES(1)
		};
	regions.regions_gpa = raw_gpa(RAW_REGIONS);
	check_raw(raw_call(HC_SET_MEMORY_REGIONS, block(&regions, sizeof(regions)), 0),
		  0, "adding");

	check_raw(raw_protect(0, 1, 0x10000), 0, "protecting");
	check_rights(0x10000, ACRN_PROT_READ | ACRN_PROT_EXEC, "protected");
	check_raw(raw_protect(0, 1, 0x10000), 0, "protecting twice");
	check_raw(raw_protect(0, 0, 0x10000), 0, "undoing it");
	check_rights(0x10000, PROT_ALL, "not protected");
	check_raw(raw_protect(0, 0, 0x10000), 0, "undoing it twice");
	check_rights(0x10000, PROT_ALL, "not protected");

	expect(4);
	check_raw(raw_protect(0, 1, 0x10008), -EINVAL, "an address that is not aligned");
	check_raw(raw_protect(0, 1, 0x20000), -EINVAL, "nothing there");
	check_raw(raw_protect(0, 1, ~0xfffUL), -EINVAL, "beyond the guest's end");
	check_raw(raw_protect(0, 2, 0x10000), 0, "a flag that is not 0 or 1");
	check_expected(4);
	check_raw(raw_protect(0, 0, 0x10000), 0, "undoing it");

	/* writes to it come as MMIO */
	expect(1);
	check_raw(raw_protect(0, 1, 0x11000), 0, "what cannot be executed");
	check_expected(1);
	check_rights(0x11000, ACRN_PROT_READ, "protected");
	/* the guest gets what it never had */
	expect(1);
	check_raw(raw_protect(0, 0, 0x12000), 0, "what was never protected");
	check_expected(1);
	check_rights(0x12000, PROT_ALL, "not protected");
	raw_destroy(0);
}

/* The guest asks and computes, and then asks 1000 times. */
static const unsigned char io_program[] = {
	0xba, 0x00, 0x05,		/*	mov $0x500, %dx */
	0xb0, 0x41,			/*	mov $'A', %al */
	0xee,				/*	out %al, %dx */
	0xed,				/*	in %dx, %ax */
	0x40,				/*	inc %ax */
	0xef,				/*	out %ax, %dx */
	0x66, 0xb8, 0x78, 0x56, 0x34, 0x12, /*	mov $0x12345678, %eax */
	0x66, 0xef,			/*	out %eax, %dx */
	0xa1, 0x00, 0x20,		/*	mov 0x2000, %ax */
	0xef,				/*	out %ax, %dx */
	0xc7, 0x06, 0x02, 0x20, 0xfe, 0xca, /*	movw $0xcafe, 0x2002 */
	0xb9, 0xe8, 0x03,		/*	mov $1000, %cx */
	0xec,				/* 1:	in %dx, %al */
	0xe2, 0xfd,			/*	loop 1b */
	0xba, 0x01, 0x05,		/*	mov $0x501, %dx */
	0xee,				/*	out %al, %dx */
	0xf4,				/* 2:	hlt */
	0xeb, 0xfd,			/*	jmp 2b */
};

struct request {
	uint32_t direction;
	uint64_t port;
	uint64_t size;
	uint32_t value;
};

static volatile uint32_t *slot(unsigned int config)
{
	return raw_at(io_page_offset(config));
}

static void await_request(unsigned int config, struct request *request)
{
	volatile uint32_t *s = slot(config);
	uint64_t end = now_us() + LIMIT_MS * 1000;

	while (s[IO_SLOT_STATE / 4] != IO_PENDING) {
		check(now_us() < end, "no request");
		sched_yield();
	}
	request->direction = s[16];
	request->port = s[18];
	request->size = s[20];
	request->value = s[22];
}

static void answer(unsigned int config, uint32_t value)
{
	volatile uint32_t *s = slot(config);

	s[IO_SLOT_STATE / 4] = IO_PROCESSING;
	s[22] = value;
	__sync_synchronize();
	s[IO_SLOT_STATE / 4] = IO_COMPLETE;
	check_raw(raw_simple(HC_NOTIFY_REQUEST, config), 0, "NOTIFY");
}

static void check_request(const struct request *request, uint32_t direction,
			  uint64_t size, uint32_t value)
{
	check_equal(request->direction, direction, "direction");
	check_equal(request->port, 0x500, "port");
	check_equal(request->size, size, "size");
	if (direction)
		check_equal(request->value, value, "value");
}

TEST(port_io, "a guest computes, and asks 1006 times")
{
	unsigned char *guest;
	struct request request;
	unsigned int n = 0;

	open_clean();
	raw_vm(0, 0);
	guest = raw_at(RAW_GUEST);
	memcpy(guest + PROGRAM, io_program, sizeof(io_program));
	guest[0x2000] = 0xef;
	guest[0x2001] = 0xbe;
	check_raw(raw_map(VMID(0), REGION_ADD, 0, RAW_GUEST, RAW_GUEST_SIZE),
		  0, "mapping memory");
	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM");

	await_request(0, &request);
	check_request(&request, 1, 1, 'A');
	answer(0, 0);
	await_request(0, &request);
	check_request(&request, 0, 2, 0);
	answer(0, 0xffff1233);
	await_request(0, &request);
	check_request(&request, 1, 2, 0x1234);
	answer(0, 0);
	await_request(0, &request);
	check_request(&request, 1, 4, 0x12345678);
	answer(0, 0);
	await_request(0, &request);
	check_request(&request, 1, 2, 0xbeef);
	answer(0, 0);
	for (;;) {
		await_request(0, &request);
		answer(0, n);
		if (request.port == 0x501)
			break;
		n++;
	}
	check_equal(n, 1000, "requests in the loop");
	check_equal(request.value, 999 & 0xff, "the last byte that was read");
	check_equal(*(uint16_t *)(guest + 0x2002), 0xcafe,
		    "what the guest wrote to its memory");
	raw_destroy(0);
}

/* All of RAX, and 64 bits of a result, where a byte and a word are written */
static const unsigned char junk_program[] = {
	0xbb, 0x00, 0x20,		/*	mov $0x2000, %bx */
	0x8e, 0xc3,			/*	mov %bx, %es */
	0x31, 0xff,			/*	xor %di, %di */
	0x66, 0xb8, 0x78, 0x56, 0x34, 0x12, /*	mov $0x12345678, %eax */
	0xaa,				/*	stosb */
	0x26, 0x83, 0x0d, 0x80,		/*	orw $-128, %es:(%di) */
	0xf4,				/* 1:	hlt */
	0xeb, 0xfd,			/*	jmp 1b */
};

static uint64_t slot_value(unsigned int config)
{
	return slot(config)[22] | (uint64_t)slot(config)[23] << 32;
}

TEST(junk, "what a request has above what is written")
{
	struct request request;

	open_clean();
	raw_vm(0, 0);
	memcpy((char *)raw_at(RAW_GUEST) + PROGRAM, junk_program,
	       sizeof(junk_program));
	check_raw(raw_map(VMID(0), REGION_ADD, 0, RAW_GUEST, RAW_GUEST_SIZE),
		  0, "mapping memory");
	check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM");
	await_request(0, &request);
	check_equal(request.size, 1, "size of STOS");
	check_equal(slot_value(0), 0x12345678, "value of STOS");
	answer(0, 0);
	await_request(0, &request);
	check_equal(request.direction, 0, "direction of OR's first");
	slot(0)[23] = 0x5a5a5a5a;
	answer(0, 1);
	await_request(0, &request);
	check_equal(request.size, 2, "size of OR");
	check_equal(slot_value(0), 0xffffffffffffff81, "value of OR");
	answer(0, 0);
	raw_destroy(0);
}

TEST(stopped_in_mid_request, "a guest stopped in the middle of a request, 100 times")
{
	struct request request;
	unsigned int i;

	open_clean();
	raw_vm(0, 0);
	memcpy((char *)raw_at(RAW_GUEST) + PROGRAM, io_program,
	       sizeof(io_program));
	check_raw(raw_map(VMID(0), REGION_ADD, 0, RAW_GUEST, RAW_GUEST_SIZE),
		  0, "mapping memory");
	for (i = 0; i < 100; i++) {
		check_raw(raw_set_regs(0, 0), 0, "SET_VCPU_REGS");
		check_raw(raw_simple(HC_START_VM, 0), 0, "START_VM");
		await_request(0, &request);
		check_request(&request, 1, 1, 'A');
		check_raw(raw_simple(HC_PAUSE_VM, 0), 0, "PAUSE_VM");
		check_raw(raw_simple(HC_RESET_VM, 0), 0, "RESET_VM");
		check_equal(slot(0)[IO_SLOT_STATE / 4], IO_FREE,
			    "state of the slot");
	}
	raw_destroy(0);
}

TEST(misbehaviour, "it misbehaves as told")
{
	struct acrn_api_version *version;
	uint64_t start;
	unsigned int i;

	open_clean();
	version = raw_at(RAW_PARAM);

	hv_fail(HC_GET_API_VERSION, 2, 3, -77, TESTBED_FAIL_REFUSE);
	for (i = 0; i < 8; i++) {
		version->major_version = 99;
		check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0),
			  i >= 2 && i < 5 ? -77 : 0, "the third to fifth");
		check_equal(version->major_version, i >= 2 && i < 5 ? 99 : 1,
			    "what was written");
	}

	hv_fail(HC_GET_API_VERSION, 0, 1, -19, TESTBED_FAIL_REFUSE);
	check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0), -19,
		  "refused");
	hv_fail(HC_GET_API_VERSION, 0, 1, 0, TESTBED_FAIL_UNWRITTEN);
	check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0),
		  RAW_UNWRITTEN, "RAX unwritten");

	version->major_version = 99;
	hv_fail(HC_GET_API_VERSION, 0, 1, 5, TESTBED_FAIL_AFTER);
	check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0), 5,
		  "done, but another result");
	check_equal(version->major_version, 1, "what was written");

	hv_fail(HC_CREATE_VM, 0, 1, 0, TESTBED_FAIL_VMID);
	check_raw(raw_create(0, 0), 0, "CREATE_VM with an invalid vmid");
	check_equal(((struct acrn_create_vm *)raw_at(RAW_PARAM))->vmid,
		    ACRN_INVALID_VMID, "vmid");
	check_state(0, TESTBED_VM_OFF);

	hv_fail(HC_CREATE_VM, 0, 1, 0, TESTBED_FAIL_VCPU_NUM);
	check_raw(raw_create(0, 0), 0, "CREATE_VM with too many vCPUs");
	check_equal(((struct acrn_create_vm *)raw_at(RAW_PARAM))->vcpu_num,
		    ACRN_MAX_VCPUS + 1, "vcpu_num");
	check_state(0, TESTBED_VM_CREATED);
	check_raw(raw_simple(HC_DESTROY_VM, 0), 0, "DESTROY_VM");

	hv_refuse(HC_ANY, TESTBED_FOREVER, -5);
	for (i = 0; i < 10; i++)
		check_raw(raw_simple(HC_PAUSE_VM, 0), -5, "any call");
	hv_behave();
	expect(1);
	check_raw(raw_simple(HC_PAUSE_VM, 0), -1, "PAUSE_VM");
	check_expected(1);

	hv_delay(HC_GET_API_VERSION, 50000);
	start = now_us();
	check_raw(raw_call(HC_GET_API_VERSION, raw_gpa(RAW_PARAM), 0), 0,
		  "delayed");
	check(now_us() - start >= 50000, "it took %llu us",
	      (unsigned long long)(now_us() - start));
}

TEST(bad_commands, "commands that make no sense")
{
	unsigned long reg[4] = { 5 };

	check_result(hv_command(TESTBED_VM, reg), -EINVAL, "VM 5");
	reg[0] = 1;
	check_result(hv_command(TESTBED_VCPU, reg), -EINVAL, "vCPU of no VM");
	check_result(hv_command(TESTBED_GUEST_OFF, reg), -EINVAL,
		     "switching off no VM");
	check_result(hv_command(TESTBED_SCRIBBLE, reg), -EINVAL,
		     "scribbling into no VM");
	check_result(hv_command(TESTBED_MEMORY, reg), -EINVAL,
		     "memory of no VM");
	reg[0] = 0;
	check_result(hv_command(TESTBED_VCPU_LIMIT, reg), -EINVAL, "no vCPU");
	reg[0] = TESTBED_VCPU_SLOTS + 1;
	check_result(hv_command(TESTBED_VCPU_LIMIT, reg), -EINVAL,
		     "more vCPUs than slots");
	check(hv_command(12345, reg) < 0, "an unknown command");
}

/* The local APIC id of a CPU of the Service VM, or -1 */
static int apic_id(unsigned int cpu)
{
	unsigned int current = ~0U;
	char line[256];
	int id = -1;
	FILE *f = fopen("/proc/cpuinfo", "r");

	check(f, "/proc/cpuinfo");
	while (id < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "processor : %u", &current) == 1)
			continue;
		if (current == cpu && sscanf(line, "apicid : %d", &id) == 1)
			break;
	}
	fclose(f);
	return id;
}

static unsigned int user_pcpus(void)
{
	struct hv_probe probe;

	hv_probe(&probe);
	return probe.user_pcpus;
}

static void online(unsigned int cpu, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 cpu);
	check_result(write_text(path, on ? "1" : "0"), 0, "%s", path);
}

/* VMs with vCPUs until there is no physical CPU left */
static unsigned int fill(void)
{
	unsigned int config, vcpus = 0;
	struct hv_account account;

	for (config = 0; config < MAX_VMS; config++) {
		check_raw(raw_create(config, 0), 0, "CREATE_VM");
		while (!raw_create_vcpu(config))
			vcpus++;
	}
	hv_get_account(&account);
	check_equal(account.vcpus, vcpus, "vCPUs in the account");
	return vcpus;
}

static void destroy_all(void)
{
	unsigned int config;

	for (config = 0; config < MAX_VMS; config++)
		raw_destroy(config);
}

static bool has_vcpu_on(unsigned long apic)
{
	unsigned int config, vcpu;
	struct hv_vm vm;

	for (config = 0; config < MAX_VMS; config++) {
		hv_get_vm(VMID(config), &vm);
		for (vcpu = 0; vcpu < vm.vcpus; vcpu++)
			if (hv_vcpu(VMID(config), vcpu,
				    TESTBED_REG_PCPU) == apic)
				return true;
	}
	return false;
}

TEST(handed_over_cpu, "a CPU handed over and taken back, 3 times")
{
	unsigned int cpu = get_nprocs() - 1, pcpus = user_pcpus(), i;
	int apic;

	check(cpu > 0, "there is one CPU only");
	open_clean();
	apic = apic_id(cpu);
	check(apic > 0, "CPU %u has no local APIC id", cpu);
	check_raw(raw_call(HC_SOS_OFFLINE_CPU, apic_id(0), 0), -1, "the first CPU");
	check_raw(raw_call(HC_SOS_OFFLINE_CPU, 200, 0), 0, "an unknown CPU");
	check_equal(fill(), pcpus, "vCPUs");
	check(!has_vcpu_on(apic), "a vCPU runs on the Service VM's CPU");
	destroy_all();

	for (i = 0; i < 3; i++) {
		online(cpu, false);
		check_raw(raw_call(HC_SOS_OFFLINE_CPU, apic, 0), 0,
			  "handing a CPU over");
		check_equal(user_pcpus(), pcpus + 1, "CPUs for User VMs");
		check_equal(fill(), pcpus + 1, "vCPUs");
		check(has_vcpu_on(apic), "no vCPU on CPU %u", cpu);
		destroy_all();
		online(cpu, true);
		check_equal(user_pcpus(), pcpus, "CPUs for User VMs");
	}
	check_equal(get_nprocs(), cpu + 1, "CPUs online");
}

static long raw_msi(uint64_t addr, uint64_t data)
{
	struct acrn_msi_entry msi = { addr, data };

	return raw_call(HC_INJECT_MSI, VMID(0), block(&msi, sizeof(msi)));
}

static long raw_monitor(unsigned int config, uint32_t cmd, uint32_t count)
{
	struct acrn_intr_monitor monitor = { .cmd = cmd, .buf_cnt = count };

	return raw_call(HC_VM_INTR_MONITOR, VMID(config),
			block(&monitor, sizeof(monitor)));
}

TEST(interrupts, "interrupts: what is counted, and what is refused")
{
	const struct acrn_intr_monitor *monitor;
	struct hv_irqs irqs;
	unsigned long last;

	open_clean();
	raw_vm(0, 0);
	monitor = raw_at(RAW_PARAM);
	check_raw(raw_msi(0xfee01234, 5), 0, "INJECT_MSI");
	check_raw(raw_msi(0xfed00000, 6), -1, "an address that is no MSI's");
	check_raw(raw_msi(0x1fee01234, 5), 0, "an address that is one below 4 GiB");
	check_raw(raw_call(HC_SET_IRQLINE, VMID(0), ACRN_IRQLINE(119, 2)), 0,
		  "SET_IRQLINE");
	check_raw(raw_call(HC_SET_IRQLINE, VMID(0), 120), -1, "line 120");
	hv_get_irqs(VMID(0), &irqs);
	check_equal(irqs.msis, 2, "MSIs");
	check_equal(irqs.msi_addr, 0x1fee01234, "address");
	check_equal(irqs.msi_data, 5, "data");
	check_equal(irqs.lines, 1, "lines");
	check_equal(hv_irqlines(VMID(0), 2, &last), 1, "raising pulses");
	check_equal(last, ACRN_IRQLINE(119, 2), "the last");
	check_raw(raw_monitor(0, 0, 48), 0, "VM_INTR_MONITOR");
	check_equal(monitor->buf_cnt, 4, "elements");
	check_equal(monitor->buffer[1], 2, "MSIs");
	check_equal(monitor->buffer[3], 1, "lines");

	expect(6);
	check_raw(raw_call(HC_SET_IRQLINE, VMID(0), ACRN_IRQLINE(0, 4)), 0,
		  "an operation that does not exist");
	check_raw(raw_monitor(0, 0, 49), -EINVAL, "49 elements");
	check_raw(raw_monitor(0, 2, 48), 0, "command 2");
	check_raw(raw_monitor(1, 0, 48), -EINVAL, "a VM that is off");
	check_raw(raw_call(HC_INJECT_MSI, VMID(0), HYPERVISOR), -1,
		  "INJECT_MSI with a block of the hypervisor's");
	check_raw(raw_call(HC_VM_INTR_MONITOR, VMID(0), HYPERVISOR), -EINVAL,
		  "VM_INTR_MONITOR with a block of the hypervisor's");
	check_expected(6);
	raw_destroy(0);
	raw_vm(0, 0);
	hv_get_irqs(VMID(0), &irqs);
	check_equal(irqs.msis + irqs.lines, 0, "interrupts of a new VM");
	raw_destroy(0);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER | NEED_RAWHC);
}
