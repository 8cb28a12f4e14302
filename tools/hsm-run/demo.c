// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: the demo, which leads a User VM through its life, slowly.
 *
 * Each step is a function of its own, and demo_steps[] has the order in which a
 * device model takes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "testbed_control.h"

#include "vm.h"

#define WATCH_MS	50		/* how long to look at the guest */
#define WATCH_TRIES	200		/* what else runs may leave it no turn */
#define RAM_SIZE	0x10000		/* of the guest, from its address 0 on */

/* The guest's program, in real mode: it says that it started, then counts. */
#define PROGRAM		0x1000
#define COUNTER		0x2000
#define STARTS		0x2004
static const unsigned char program[] = {
	0x66, 0xff, 0x06, 0x04, 0x20,	/*	incl STARTS */
	0x66, 0xff, 0x06, 0x00, 0x20,	/* 1:	incl COUNTER */
	0xeb, 0xf9,			/*	jmp 1b */
};

/*
 * The page in which the guest's I/O requests will arrive.  The driver pins it
 * and shares it with the hypervisor, from IC_CREATE_VM until the VM is gone.
 */
static unsigned char io_page[4096] __attribute__((aligned(4096)));

static int hsm = -1;			/* the open node: one VM */
static unsigned char *ram;		/* the guest's */
static unsigned int step_number;
static bool on_testbed;			/* the test hypervisor takes our marks */

/* Begin a step; the hypervisor's log gets a mark, if it is the test hypervisor */
static void begin(const char *what)
{
	unsigned long text[4] = { 0 };

	step_number++;
	if (on_testbed) {
		snprintf((char *)text, sizeof(text), "step %u %s", step_number,
			 what);
		testbed_call(TESTBED_MARK, text);
	}
	printf("step %u: %s -> ", step_number, what);
	fflush(stdout);
}

/* End the step; returns whether it went well */
static bool __attribute__((format(printf, 2, 3)))
end(bool ok, const char *remark, ...)
{
	int error = errno;
	va_list args;

	if (ok) {
		printf("0 (");
		va_start(args, remark);
		vprintf(remark, args);
		va_end(args);
		printf(")\n");
	} else {
		printf("-1 (%s)\n", strerror(error));
	}
	return ok;
}

static bool open_node(void)
{
	begin("open");
	hsm = open(vm_node, O_RDWR | O_CLOEXEC);
	return end(hsm >= 0, "%s; this file is one VM", vm_node);
}

static bool get_version(void)
{
	struct acrn_api_version version = { 0 };
	int ret;

	begin("IC_GET_API_VERSION");
	ret = ioctl(hsm, IC_GET_API_VERSION, &version);
	return end(!ret, "the interface is %u.%u", version.major_version,
		   version.minor_version);
}

static bool create_vm(void)
{
	struct acrn_create_vm vm = { .req_buf = (unsigned long)io_page };
	int ret;

	memcpy(vm.uuid, vm_default_uuid, sizeof(vm.uuid));
	begin("IC_CREATE_VM");
	ret = ioctl(hsm, IC_CREATE_VM, &vm);
	return end(!ret, "it is VM %u", vm.vmid);
}

static bool set_memory(void)
{
	struct acrn_memseg memory = {
		.type = ACRN_MEMSEG_RAM,
		.gpa = 0,
		.len = RAM_SIZE,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC,
	};
	int ret;

	begin("IC_SET_MEMSEG");
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		return end(false, "no memory");
	memcpy(ram + PROGRAM, program, sizeof(program));
	memory.base = (unsigned long)ram;
	ret = ioctl(hsm, IC_SET_MEMSEG, &memory);
	return end(!ret, "%u KiB of ours are its RAM, with a program in it",
		   RAM_SIZE / 1024);
}

static bool create_vcpu(void)
{
	struct acrn_create_vcpu vcpu = { .vcpu_id = 0 };
	int ret;

	begin("IC_CREATE_VCPU");
	ret = ioctl(hsm, IC_CREATE_VCPU, &vcpu);
	return end(!ret, "vCPU %u", vcpu.vcpu_id);
}

static bool set_registers(void)
{
	struct acrn_set_vcpu_regs set = {
		.vcpu_id = 0,
		.vcpu_regs = {
			.rip = PROGRAM,
			.gprs.rsp = 0x8000,
			.cr0 = 0x30,		/* real mode */
			.cs_ar = 0x9b,
			.cs_limit = 0xffff,
		},
	};
	int ret;

	begin("IC_SET_VCPU_REGS");
	ret = ioctl(hsm, IC_SET_VCPU_REGS, &set);
	return end(!ret, "it will start at 0x%x", PROGRAM);
}

static bool start(void)
{
	int ret;

	begin("IC_START_VM");
	ret = ioctl(hsm, IC_START_VM, NULL);
	return end(!ret, "the guest runs");
}

static bool pause_vm(void)
{
	int ret;

	begin("IC_PAUSE_VM");
	ret = ioctl(hsm, IC_PAUSE_VM, NULL);
	return end(!ret, "the guest stands still");
}

static bool reset(void)
{
	int ret;

	begin("IC_RESET_VM");
	ret = ioctl(hsm, IC_RESET_VM, NULL);
	return end(!ret, "its memory stays, its registers do not");
}

static bool destroy(void)
{
	int ret;

	begin("IC_DESTROY_VM");
	ret = ioctl(hsm, IC_DESTROY_VM, NULL);
	return end(!ret, "the VM is gone");
}

static bool close_node(void)
{
	int ret;

	begin("close");
	ret = close(hsm);
	hsm = -1;
	return end(!ret, "this would have destroyed the VM too");
}

static unsigned int guest_word(unsigned int address)
{
	return *(volatile unsigned int *)(ram + address);
}

/* How far the guest counts while we look at it */
static unsigned int watch(void)
{
	struct timespec time = { 0, WATCH_MS * 1000000L };
	unsigned int before = guest_word(COUNTER);

	while (nanosleep(&time, &time) && errno == EINTR)
		;
	return guest_word(COUNTER) - before;
}

static bool watch_running(void)
{
	unsigned int tries = WATCH_TRIES, counted;

	begin("watch");
	do {
		counted = watch();
	} while (!counted && --tries);
	errno = ETIME;
	return end(counted, "start number %u; the guest counted to %u",
		   guest_word(STARTS), guest_word(COUNTER));
}

static bool watch_paused(void)
{
	unsigned int counted;

	begin("watch");
	counted = watch();
	errno = EBUSY;
	return end(!counted, "in %u ms the guest counted no further", WATCH_MS);
}

static bool (*const demo_steps[])(void) = {
	open_node,
	get_version,
	create_vm,
	set_memory,
	create_vcpu,
	set_registers,
	start,
	watch_running,
	pause_vm,
	watch_paused,
	reset,
	set_registers,
	start,
	watch_running,
	pause_vm,
	destroy,
	close_node,
};

/**
 * demo() - the steps, one by one, until one fails
 *
 * Whatever fails, the end of the process closes the node, which ends the VM.
 *
 * Return: whether all went well.
 */
bool demo(void)
{
	unsigned long reg[4] = { 0 };
	unsigned int i;

	on_testbed = !ioperm(TESTBED_PORT, 4, 1) &&
		     !testbed_call(TESTBED_PROBE, reg) &&
		     reg[0] == TESTBED_MAGIC;
	for (i = 0; i < ARRAY_SIZE(demo_steps); i++) {
		if (!demo_steps[i]()) {
			fprintf(stderr, "hsm-run: step %u failed\n",
				step_number);
			return false;
		}
	}
	return true;
}
