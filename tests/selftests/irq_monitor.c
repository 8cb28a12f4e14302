// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * VM_INTR_MONITOR: the hypervisor works on a buffer of the driver's, and the
 * device model gets what it makes of that.  The test hypervisor's statistics
 * are two pairs: 0 and the MSIs, 1 and the interrupt lines.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "events.h"
#include "harness.h"
#include "vm.h"

#define COUNT	48

static int monitor(int fd, struct acrn_intr_monitor *m, uint32_t cmd,
		   uint32_t count)
{
	memset(m, 0x5a, sizeof(*m));
	m->cmd = cmd;
	m->buf_cnt = count;
	return hsm_ioctl(fd, IC_VM_INTR_MONITOR, m);
}

static void check_untouched(const struct acrn_intr_monitor *m,
			    unsigned int from)
{
	for (; from < COUNT; from++)
		check_equal(m->buffer[from], 0x5a5a5a5a5a5a5a5aULL,
			    "element %u", from);
}

static void check_counts(int fd, void *at, uint64_t msis, uint64_t lines)
{
	struct acrn_intr_monitor *m = at;

	check_result(monitor(fd, m, ACRN_INTR_MONITOR_GET, COUNT), 0,
		     "VM_INTR_MONITOR");
	check_equal(m->buf_cnt, 4, "elements");
	check_equal(m->buffer[0], 0, "first interrupt");
	check_equal(m->buffer[1], msis, "MSIs");
	check_equal(m->buffer[2], 1, "second interrupt");
	check_equal(m->buffer[3], lines, "lines");
	check_untouched(m, 4);
}

TEST(counters, "the counters are the hypervisor's")
{
	struct acrn_intr_monitor m;
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned int i;

	check_counts(fd, &m, 0, 0);
	for (i = 0; i < 5; i++)
		check_result(msi_inject(fd, MSI_ADDR, i), 0, "INJECT_MSI");
	for (i = 0; i < 3; i++)
		check_result(irqline_set(fd, i, i), 0, "SET_IRQLINE");
	check_result(vm_start(fd), 0, "START_VM");
	check_counts(fd, &m, 5, 3);
	check_result(vm_pause(fd), 0, "PAUSE_VM");
	check_counts(fd, &m, 5, 3);
}

/* Wherever the argument is: the hypervisor never sees that memory. */
TEST(any_buffer, "an argument at any address, over a page's end too")
{
	unsigned char *pages = get_pages(2);
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned int i;

	for (i = 0; i < sizeof(struct acrn_intr_monitor); i += 8)
		check_counts(fd, pages + PAGE_SIZE - i, 0, 0);
}

TEST(few_elements, "fewer elements than there are counters")
{
	struct acrn_intr_monitor m;
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned int count;

	check_result(msi_inject(fd, MSI_ADDR, 0), 0, "INJECT_MSI");
	for (count = 0; count < 4; count++) {
		check_result(monitor(fd, &m, ACRN_INTR_MONITOR_GET, count), 0,
			     "%u elements", count);
		check_equal(m.buf_cnt, count & ~1U, "elements");
		check_untouched(&m, count & ~1U);
	}
	check_equal(m.buffer[1], 1, "MSIs");
}

TEST(delay, "a delay")
{
	struct acrn_intr_monitor m = { .cmd = ACRN_INTR_MONITOR_SET_DELAY };
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned long calls = hv_calls(HC_VM_INTR_MONITOR);

	m.buf_cnt = 1;
	m.buffer[0] = 10;
	check_result(hsm_ioctl(fd, IC_VM_INTR_MONITOR, &m), 0, "delay 10 ms");
	m.buffer[0] = 0;
	check_result(hsm_ioctl(fd, IC_VM_INTR_MONITOR, &m), 0, "no delay");
	check_equal(hv_calls(HC_VM_INTR_MONITOR), calls + 2, "hypercalls");
}

TEST(bad_arguments, "bad arguments make no hypercall")
{
	static const uint32_t commands[] = { 2, 3, 0x100, 0x80000000, ~0U };
	static const uint32_t counts[] = { 49, 50, 0x100, 0x80000000, ~0U };
	unsigned char *pages = get_pages(2);
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned long calls = hv_calls(HC_ANY);
	struct acrn_intr_monitor m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		check_result(monitor(fd, &m, commands[i], COUNT), -EINVAL,
			     "command %#x", commands[i]);
		check_untouched(&m, 0);
		check_result(monitor(fd, &m, 0, counts[i]), -EINVAL,
			     "%#x elements", counts[i]);
		check_untouched(&m, 0);
	}
	check_result(hsm_ioctl(fd, IC_VM_INTR_MONITOR, NULL), -EFAULT, "NULL");
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	memset(pages, 0, PAGE_SIZE);
	check_result(hsm_ioctl(fd, IC_VM_INTR_MONITOR,
			       pages + PAGE_SIZE - sizeof(m) + 1), -EFAULT,
		     "one byte short");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	mprotect(pages, PAGE_SIZE, PROT_READ);
	check_result(hsm_ioctl(fd, IC_VM_INTR_MONITOR, pages), -EFAULT,
		     "read-only");
}

TEST(states, "each state")
{
	static const int results[VM_STATES] = { -ENODEV, 0, 0, 0, -EBUSY };
	struct acrn_intr_monitor m;
	enum vm_state state;

	for (state = VM_EMPTY; state < VM_STATES; state++) {
		int fd = vm_in_state(state, 0);

		check_result(monitor(fd, &m, 0, COUNT), results[state],
			     "VM_INTR_MONITOR in %s", vm_state_names[state]);
		if (results[state])
			check_untouched(&m, 0);
		hv_behave();
		if (state != VM_EMPTY)
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		close(fd);
	}
}

TEST(refused, "a hypervisor that refuses leaves the buffer as it was")
{
	static const struct {
		int answer, error;
	} errors[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { -EFAULT, -EIO },
		{ -ENOMEM, -ENOMEM }, { -EBUSY, -EBUSY }, { -77, -EIO },
	};
	struct acrn_intr_monitor m;
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		hv_refuse(HC_VM_INTR_MONITOR, 1, errors[i].answer);
		check_result(monitor(fd, &m, 0, COUNT), errors[i].error,
			     "VM_INTR_MONITOR, answer %d", errors[i].answer);
		check_equal(m.buf_cnt, COUNT, "elements");
		check_untouched(&m, 0);
	}
	hv_fail(HC_VM_INTR_MONITOR, 0, 1, 0, TESTBED_FAIL_UNWRITTEN);
	check_result(monitor(fd, &m, 0, COUNT), -EIO, "RAX unwritten");
	check_counts(fd, &m, 0, 0);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
