// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * PM_GET_CPU_STATE: what the hypervisor knows of performance and idle states, asked
 * with either number.  The test hypervisor has three of one and two of the other, with
 * rubbish in between.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "control.h"
#include "harness.h"
#include "vm.h"

#define RUBBISH		0x5a
#define ROOM		64

/* A question and what lies where the answer goes */
union question {
	uint64_t command;
	struct acrn_px_data px;
	struct acrn_cx_data cx;
	struct acrn_a2_cx_data a2_cx;
	uint8_t bytes[ROOM];
};

/* With which it is asked */
static unsigned int number = IC_PM_GET_CPU_STATE;

static int ask(int fd, union question *q, uint64_t command)
{
	memset(q, RUBBISH, sizeof(*q));
	q->command = command;
	return hsm_ioctl(fd, number, q);
}

static uint64_t command(unsigned int type, unsigned int state)
{
	return state << 8 | type;
}

/* check_it(VM): once with each number, on a VM that was made with the same ones */
static void with_both_numbers(void (*check_it)(int fd))
{
	int fd = vm_in_state(VM_CREATED, 0);

	number = IC_PM_GET_CPU_STATE;
	check_it(fd);
	close(fd);
	fd = hsm_open();
	check_result(a2_create(fd, 0), 0, "CREATE_VM");
	number = ACRN_A2_PM_GET_CPU_STATE;
	check_it(fd);
	close(fd);
}

static void check_untouched(const union question *q, unsigned int from)
{
	for (; from < ROOM; from++)
		check_equal(q->bytes[from], RUBBISH, "byte %u", from);
}

static void check_counts(int fd)
{
	union question q;

	check_result(ask(fd, &q, command(ACRN_PM_PX_COUNT, 0)), 0, "P-states");
	check_equal(q.command, 3, "P-states");
	check_untouched(&q, sizeof(q.command));
	check_result(ask(fd, &q, command(ACRN_PM_CX_COUNT, 0)), 0, "C-states");
	check_equal(q.command, 2, "C-states");
	check_untouched(&q, sizeof(q.command));
}

TEST(counts, "counts are 8 bytes, and only one of them the hypervisor's")
{
	with_both_numbers(check_counts);
}

static void check_performance(int fd)
{
	union question q;
	unsigned int i;
	uint64_t last = 0;

	for (i = 0; i < 3; i++) {
		check_result(ask(fd, &q, command(ACRN_PM_PX_DATA, i)), 0, "P-state %u", i);
		check(q.px.core_frequency && (!last || q.px.core_frequency < last),
		      "P-state %u has %lu MHz", i, (unsigned long)q.px.core_frequency);
		last = q.px.core_frequency;
		check_untouched(&q, sizeof(q.px));
	}
	check_result(ask(fd, &q, command(ACRN_PM_PX_DATA, 3)), -EIO, "P-state 3");
	check_untouched(&q, sizeof(q.command));
}

TEST(performance, "a P-state is 48 bytes, from number 0 on")
{
	with_both_numbers(check_performance);
}

static void check_cx(const struct acrn_cx_data *cx, unsigned int i)
{
	check_equal(cx->type, i, "type of C-state %u", i);
	check(cx->latency && cx->power, "C-state %u has no latency or power", i);
	check_equal(cx->reserved0, 0, "padding");
	check_equal(cx->reserved1[0] | cx->reserved1[1] | cx->reserved1[2], 0, "padding");
}

/* Hypervisors from v2.6 on leave no room before the address. */
static void check_a2_cx(const struct acrn_a2_cx_data *cx, unsigned int i)
{
	check_equal(cx->type, i, "type of C-state %u", i);
	check(cx->latency && cx->power, "C-state %u has no latency or power", i);
	check_equal(cx->reserved0[0] | cx->reserved0[1] | cx->reserved0[2], 0, "padding");
	check_equal(cx->reserved1, 0, "padding");
}

static void check_idle(int fd)
{
	union question q;
	unsigned int i;

	for (i = 1; i <= 2; i++) {
		check_result(ask(fd, &q, command(ACRN_PM_CX_DATA, i)), 0, "C-state %u", i);
		if (hv_generation() < 26)
			check_cx(&q.cx, i);
		else
			check_a2_cx(&q.a2_cx, i);
		check_untouched(&q, sizeof(q.cx));
	}
	check_result(ask(fd, &q, command(ACRN_PM_CX_DATA, 0)), -EIO, "C-state 0");
	check_result(ask(fd, &q, command(ACRN_PM_CX_DATA, 3)), -EIO, "C-state 3");
	check_untouched(&q, sizeof(q.command));
}

TEST(idle, "a C-state is 32 bytes, from number 1 on, and zero where it says nothing")
{
	with_both_numbers(check_idle);
}

static void check_own_vm(int fd)
{
	union question q;
	unsigned int vmid;

	/* Of none of the others is there a VM, and the hypervisor would complain. */
	for (vmid = 0; vmid < 256; vmid++)
		check_result(ask(fd, &q, command(ACRN_PM_PX_COUNT, 0) | vmid << 24), 0,
			     "vmid %u", vmid);
}

static void check_vcpus(int fd)
{
	union question q;
	unsigned int vcpu;

	/* all alike, as far as the hypervisor knows */
	for (vcpu = 0; vcpu < 256; vcpu++) {
		check_result(ask(fd, &q, command(ACRN_PM_PX_COUNT, 0) | vcpu << 16), 0,
			     "vCPU %u", vcpu);
		check_equal(q.command, 3, "P-states");
	}
}

TEST(vcpus, "a question may be about any vCPU")
{
	with_both_numbers(check_vcpus);
}

static void check_indices(int fd)
{
	union question q;
	unsigned int i;

	for (i = 4; i < 256; i++) {
		check_result(ask(fd, &q, command(ACRN_PM_PX_DATA, i)), -EIO, "P-state %u", i);
		check_result(ask(fd, &q, command(ACRN_PM_CX_DATA, i)), -EIO, "C-state %u", i);
	}
}

TEST(indices, "states that there are not")
{
	with_both_numbers(check_indices);
}

TEST(own_vm, "a question is about the VM of the file, whichever it names")
{
	with_both_numbers(check_own_vm);
}

static void check_refused(int fd)
{
	static const struct {
		uint64_t command;
		int result;
	} bad[] = {
		{ 4, -EINVAL }, { 0xff, -EINVAL },
		{ 1ULL << 32, -EINVAL }, { 1ULL << 63, -EINVAL },
	};
	unsigned long calls = hv_calls(HC_PM_GET_CPU_STATE);
	int empty = hsm_open();
	union question q;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		check_result(ask(fd, &q, bad[i].command), bad[i].result, "0x%lx",
			     (unsigned long)bad[i].command);
		check_untouched(&q, sizeof(q.command));
	}
	check_result(ask(empty, &q, 0), -ENODEV, "without a VM");
	check_equal(hv_calls(HC_PM_GET_CPU_STATE), calls, "hypercalls");

	hv_refuse(HC_PM_GET_CPU_STATE, 1, HV_FAILED);
	check_result(ask(fd, &q, 0), -EIO, "refused");
	check_untouched(&q, sizeof(q.command));
	hv_fail(HC_PM_GET_CPU_STATE, 0, 1, 0, TESTBED_FAIL_UNWRITTEN);
	check_result(ask(fd, &q, 0), -EIO, "RAX unwritten");
}

TEST(refused, "questions that are none, and answers that are none")
{
	with_both_numbers(check_refused);
}

/* Bytes of an answer */
static const unsigned int sizes[] = {
	[ACRN_PM_PX_COUNT] = sizeof(uint64_t),
	[ACRN_PM_PX_DATA] = sizeof(struct acrn_px_data),
	[ACRN_PM_CX_COUNT] = sizeof(uint64_t),
	[ACRN_PM_CX_DATA] = sizeof(struct acrn_cx_data),
};

static void check_pointers(int fd)
{
	uint8_t *page = get_pages(2);
	unsigned int i, type;
	uint64_t *at;

	check(!munmap(page + PAGE_SIZE, PAGE_SIZE), "munmap");
	for (type = 0; type < ARRAY_SIZE(sizes); type++) {
		for (i = 8; i <= sizes[type]; i += 8) {
			at = (void *)(page + PAGE_SIZE - i);
			*at = command(type, 1);
			check_result(hsm_ioctl(fd, number, at),
				     i < sizes[type] ? -EFAULT : 0, "type %u, %u bytes",
				     type, i);
		}
	}
	check_result(hsm_ioctl(fd, number, page + PAGE_SIZE), -EFAULT,
		     "no question");
	check_result(hsm_ioctl(fd, number, NULL), -EFAULT, "NULL");
}

TEST(pointers, "an answer that cannot be written, at each byte of it")
{
	with_both_numbers(check_pointers);
}

TEST(states, "in each state there is of a VM; from v2.2 on in CREATED only")
{
	enum vm_state state;
	union question q;
	unsigned int type;
	bool told;
	int fd;

	for (state = VM_CREATED; state <= VM_PAUSED; state++) {
		fd = vm_in_state(state, 0);
		told = state == VM_CREATED || hv_generation() < 22;
		for (type = 0; type < ARRAY_SIZE(sizes); type++) {
			check_result(ask(fd, &q, command(type, 1)), told ? 0 : -EIO,
				     "type %u in %s", type, vm_state_names[state]);
			check_untouched(&q, told ? sizes[type] : sizeof(q.command));
		}
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
	}
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
