// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The life of a User VM as a list of steps */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "control.h"
#include "events.h"
#include "harness.h"
#include "kernel.h"
#include "life.h"
#include "memseg.h"
#include "vm.h"

#define CONFIG		0
#define VCPUS		2
#define PORT_READ	0x310	/* for the device model */
#define PORT_EVENT	0x320	/* the ioeventfd */
#define NOTIFICATIONS	2	/* of both */

/* Three batches, the last not full */
#define SCATTERED_PAGES	300
#define SCATTERED_GPA	0x40000000UL
#define MMIO_GPA	0x80000000UL
#define MMIO_HPA	0xfec00000UL

#define MSI_VECTOR	0x41

#define WAIT_MS		20000

/* A call that has the same argument in both contracts */
#define CALL(life, name, argument)	\
	call(life, IC_##name, ACRN_A2_##name, argument)

static int call(struct life *life, unsigned int plain, unsigned int a2,
		void *argument)
{
	return hsm_ioctl(life->guest.fd, life->guest.a2 ? a2 : plain, argument);
}

static int run_open(struct life *life)
{
	life->guest.fd = open(HSM_NODE, O_RDWR | O_CLOEXEC);
	return life->guest.fd < 0 ? -errno : 0;
}

static int run_version(struct life *life)
{
	struct acrn_api_version version;

	return hsm_ioctl(life->guest.fd, IC_GET_API_VERSION, &version);
}

/* With its vCPUs, where the hypervisor makes them */
static int run_create(struct life *life)
{
	struct acrn_create_vm plain;
	struct acrn_a2_create_vm a2;

	if (life->guest.a2) {
		a2_fill_create(&a2, CONFIG);
		a2.cpu_affinity = life->cpus;
		return hsm_ioctl(life->guest.fd, ACRN_A2_CREATE_VM, &a2);
	}
	vm_fill_create(&plain, CONFIG);
	plain.cpu_affinity = life->cpus;
	return hsm_ioctl(life->guest.fd, IC_CREATE_VM, &plain);
}

static int run_vcpu_0(struct life *life)
{
	return vm_create_vcpu(life->guest.fd, 0);
}

static int run_vcpu_1(struct life *life)
{
	return vm_create_vcpu(life->guest.fd, 1);
}

static int set_memory(struct life *life, uint64_t gpa, void *memory, size_t size)
{
	return life->guest.a2 ? a2_memseg_set(life->guest.fd, gpa, memory, size) :
				memseg_set(life->guest.fd, gpa, memory, size);
}

static int run_set_program(struct life *life)
{
	return set_memory(life, 0, life->guest.memory, GUEST_SIZE);
}

static int run_set_scattered(struct life *life)
{
	return set_memory(life, SCATTERED_GPA, life->scattered,
			  PAGES(SCATTERED_PAGES));
}

static int run_unset_scattered(struct life *life)
{
	if (life->guest.a2)
		return a2_memseg_unset(life->guest.fd, SCATTERED_GPA,
				       PAGES(SCATTERED_PAGES));
	return memseg_unset(life->guest.fd, SCATTERED_GPA,
			    PAGES(SCATTERED_PAGES));
}

static int run_set_mmio(struct life *life)
{
	if (life->guest.a2)
		return a2_memseg(life->guest.fd, ACRN_A2_SET_MEMSEG,
				 ACRN_A2_MEMMAP_MMIO, ACRN_A2_MEMMAP_READ,
				 MMIO_GPA, (void *)MMIO_HPA, PAGES(1));
	return memseg_set_mmio(life->guest.fd, MMIO_GPA, MMIO_HPA, PAGES(1),
			       ACRN_PROT_READ);
}

static int run_unset_mmio(struct life *life)
{
	if (life->guest.a2)
		return a2_memseg_unset(life->guest.fd, MMIO_GPA, PAGES(1));
	return memseg_unset_mmio(life->guest.fd, MMIO_GPA, PAGES(1));
}

static int run_regs(struct life *life)
{
	struct acrn_a2_set_vcpu_regs a2_regs;
	struct acrn_set_vcpu_regs regs;

	guest_fill_regs(&regs);
	if (!life->guest.a2)
		return hsm_ioctl(life->guest.fd, IC_SET_VCPU_REGS, &regs);
	a2_take_regs(&a2_regs, &regs.vcpu_regs);
	return hsm_ioctl(life->guest.fd, ACRN_A2_SET_VCPU_REGS, &a2_regs);
}

/* Where clients have no ids, it is 0. */
static int run_client(struct life *life)
{
	int ret = CALL(life, CREATE_IOREQ_CLIENT, NULL);

	if (ret < 0)
		return ret;
	life->guest.client = ret;
	return 0;
}

static int run_destroy_client(struct life *life)
{
	return CALL(life, DESTROY_IOREQ_CLIENT,
		    (void *)(long)life->guest.client);
}

static int set_ioeventfd(struct life *life, uint32_t flags)
{
	struct acrn_ioeventfd argument = {
		.fd = life->event,
		.flags = ACRN_IOEVENTFD_PIO | flags,
		.addr = PORT_EVENT,
		.len = 4,
	};

	return call(life, IC_EVENT_IOEVENTFD, ACRN_A2_IOEVENTFD, &argument);
}

static int run_ioeventfd(struct life *life)
{
	return set_ioeventfd(life, 0);
}

static int run_ioeventfd_gone(struct life *life)
{
	return set_ioeventfd(life, ACRN_IOEVENTFD_DEASSIGN);
}

static int set_irqfd(struct life *life, uint32_t flags)
{
	struct acrn_irqfd argument = {
		.fd = life->msi_event,
		.flags = flags,
		.msi = { .msi_addr = MSI_ADDR, .msi_data = MSI_VECTOR },
	};

	return call(life, IC_EVENT_IRQFD, ACRN_A2_IRQFD, &argument);
}

static int run_irqfd(struct life *life)
{
	return set_irqfd(life, 0);
}

static int run_irqfd_gone(struct life *life)
{
	return set_irqfd(life, ACRN_IRQFD_DEASSIGN);
}

static int run_monitor(struct life *life)
{
	struct acrn_intr_monitor monitor = {
		.cmd = ACRN_INTR_MONITOR_GET, .buf_cnt = 8,
	};

	return CALL(life, VM_INTR_MONITOR, &monitor);
}

static int run_power(struct life *life)
{
	uint64_t question = ACRN_PM_CX_COUNT;

	return CALL(life, PM_GET_CPU_STATE, &question);
}

static int run_start(struct life *life)
{
	return CALL(life, START_VM, NULL);
}

static int wait_request(struct life *life)
{
	return wait_for_request(&life->guest, WAIT_MS) ? 0 : -ETIME;
}

static int run_attach(struct life *life)
{
	return guest_attach(&life->guest);
}

static int run_notify(struct life *life)
{
	int ret;

	slot_answer(&life->guest, 0, 1);
	ret = guest_notify(&life->guest, 0);
	life->stuck |= ret;
	return ret;
}

/* The upcall signals first, and then tells the hypervisor. */
static int wait_event(struct life *life)
{
	struct pollfd poll_event = { .fd = life->event, .events = POLLIN };
	uint64_t end = now_us() + WAIT_MS * 1000ULL;

	if (life->stuck)
		return 0;
	if (poll(&poll_event, 1, WAIT_MS) != 1)
		return -ETIME;
	while (hv_calls(HC_NOTIFY_REQUEST) - life->notifications <
	       NOTIFICATIONS) {
		if (now_us() > end)
			return -ETIME;
		sleep_ms(1);
	}
	return 0;
}

static int run_msi(struct life *life)
{
	struct acrn_msi_entry msi = { .msi_addr = MSI_ADDR, .msi_data = MSI_VECTOR };

	return CALL(life, INJECT_MSI, &msi);
}

static int run_irqline(struct life *life)
{
	return CALL(life, SET_IRQLINE,
		    (void *)ACRN_IRQLINE(4, ACRN_IRQLINE_RAISING_PULSE));
}

static int run_signal(struct life *life)
{
	uint64_t one = 1;

	return write(life->msi_event, &one, sizeof(one)) < 0 ? -errno : 0;
}

static int run_pause(struct life *life)
{
	return CALL(life, PAUSE_VM, NULL);
}

static int run_clear(struct life *life)
{
	return CALL(life, CLEAR_VM_IOREQ, NULL);
}

static int run_reset(struct life *life)
{
	return CALL(life, RESET_VM, NULL);
}

static int run_destroy(struct life *life)
{
	return CALL(life, DESTROY_VM, NULL);
}

static int run_close(struct life *life)
{
	int fd = life->guest.fd;

	life->guest.fd = -1;
	return close(fd) ? -errno : 0;
}

#define LOSES(...)	.lost = { __VA_ARGS__ }
/* What becomes of requests in the upcall is not told to anybody. */
#define WAIT		.waits = true, .runs = true, LOSES(HC_NOTIFY_REQUEST)

const struct life_step life_steps[LIFE_STEPS] = {
	{ "open()", run_open },
	{ "GET_API_VERSION", run_version },
	{ "CREATE_VM", run_create },
	{ "CREATE_VCPU 0", run_vcpu_0, .plain = true },
	{ "CREATE_VCPU 1", run_vcpu_1, .plain = true },
	{ "SET_MEMSEG", run_set_program },
	{ "SET_MEMSEG, scattered", run_set_scattered },
	{ "SET_MEMSEG, MMIO", run_set_mmio },
	{ "SET_VCPU_REGS", run_regs, .runs = true },
	{ "CREATE_IOREQ_CLIENT", run_client },
	{ "EVENT_IOEVENTFD", run_ioeventfd },
	/* a VM that cannot take an interrupt has lost it */
	{ "EVENT_IRQFD", run_irqfd, LOSES(HC_INJECT_MSI) },
	{ "VM_INTR_MONITOR", run_monitor },
	{ "PM_GET_CPU_STATE", run_power },
	{ "START_VM", run_start, .runs = true },
	{ "a request", wait_request, WAIT },
	{ "ATTACH_IOREQ_CLIENT", run_attach, .runs = true },
	/* the request is finished all the same, only the vCPU waits on */
	{ "NOTIFY_REQUEST_FINISH", run_notify, .runs = true,
	  .again = -EINVAL },
	{ "the eventfd", wait_event, WAIT },
	{ "INJECT_MSI", run_msi },
	{ "SET_IRQLINE", run_irqline },
	{ "write() to the irqfd", run_signal, LOSES(HC_INJECT_MSI) },
	{ "PAUSE_VM", run_pause, .tidy = true },
	{ "CLEAR_VM_IOREQ", run_clear, .tidy = true },
	{ "RESET_VM", run_reset, .tidy = true },
	{ "UNSET_MEMSEG, MMIO", run_unset_mmio, .tidy = true },
	{ "UNSET_MEMSEG, scattered", run_unset_scattered, .tidy = true },
	{ "EVENT_IRQFD, deassign", run_irqfd_gone, .tidy = true },
	{ "EVENT_IOEVENTFD, deassign", run_ioeventfd_gone, .tidy = true },
	{ "DESTROY_IOREQ_CLIENT", run_destroy_client, .tidy = true },
	/* since v2.0 only what is paused is destroyed; the answer counts */
	{ "DESTROY_VM", run_destroy, LOSES(HC_PAUSE_VM), .tidy = true,
	  .destroys = true },
	/* a VM that cannot be destroyed is tried again */
	{ "close()", run_close, LOSES(HC_PAUSE_VM, HC_DESTROY_VM),
	  .destroys = true },
};

/**
 * life_prepare() - get what all lives use
 * @life: filled in
 * @a2: with Linux's numbers
 */
void life_prepare(struct life *life, bool a2)
{
	memset(life, 0, sizeof(*life));
	guest_prepare(&life->guest, CONFIG, VCPUS);
	life->guest.fd = -1;
	life->guest.a2 = a2;
	life->cpus = hv_some_cpus(VCPUS);
	life->scattered = memory_scattered(SCATTERED_PAGES);
	life->event = event_new();
	life->msi_event = event_new();
}

/**
 * life_has() - is a step part of a life?
 * @life: what life_prepare() made
 * @step: the step
 *
 * Linux's numbers have no call that makes vCPUs: where the hypervisor makes none
 * either, the VM cannot run.
 *
 * Return: whether it is.
 */
bool life_has(const struct life *life, unsigned int step)
{
	if (!life->guest.a2)
		return true;
	return !life_steps[step].plain &&
	       (!life_steps[step].runs || hv_makes_vcpus());
}

/**
 * life_begin() - before the first step of a life
 * @life: without a VM
 */
void life_begin(struct life *life)
{
	static const struct guest_op ops[] = {
		{ GUEST_IN + 4, PORT_READ, 0 },
		{ GUEST_OUT + 4, PORT_EVENT, 0x1234 },
	};

	/* as in a new process, the page has to be found first */
	madvise(life->guest.slots, PAGE_SIZE, MADV_DONTNEED);
	guest_program(&life->guest, ops, ARRAY_SIZE(ops));
	event_count(life->event);
	event_count(life->msi_event);
	/* so that assigning the irqfd injects at once */
	event_signal(life->msi_event);
	life->notifications = hv_calls(HC_NOTIFY_REQUEST);
	life->stuck = false;
}

/**
 * life_run() - make a step
 * @life: all steps before have been made
 * @step: which
 *
 * Return: 0 or a negative errno.
 */
int life_run(struct life *life, unsigned int step)
{
	return life_steps[step].run(life);
}

/**
 * life_loses() - does a step not tell that a hypercall failed?
 * @step: the step
 * @call: HC_*
 *
 * Return: whether it does not.
 */
bool life_loses(unsigned int step, unsigned int call)
{
	unsigned int i;

	for (i = 0; i < LIFE_LOST_MAX; i++)
		if (life_steps[step].lost[i] == call)
			return true;
	return false;
}

/**
 * life_end() - end a life early: destroy the VM if there is one, and close
 * @life: at any step
 */
void life_end(struct life *life)
{
	int ret;

	if (life->guest.fd < 0)
		return;
	ret = run_destroy(life);
	check(!ret || ret == -ENODEV, "DESTROY_VM at the end: %s",
	      result_name(ret));
	run_close(life);
}
