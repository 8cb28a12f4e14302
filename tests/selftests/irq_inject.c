// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * INJECT_MSI and SET_IRQLINE: from many threads, in every state, while other
 * calls hold the VM.  Each that succeeds is counted by the hypervisor, in the
 * VM that was meant.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "events.h"
#include "harness.h"
#include "memseg.h"
#include "vm.h"

#define THREADS		8
#define GSIS		120	/* the hypervisor's limit */
#define LONG_US		600000	/* a call that takes long */

static atomic_bool stop;

/**
 * struct injector - a thread that injects
 * @thread: the thread
 * @fd: into which file's VM
 * @left: how many, 0: until it is told to stop
 * @sent: those that succeeded
 * @refused: those that did not, as there was no VM
 */
struct injector {
	pthread_t thread;
	int fd;
	unsigned long left;
	unsigned long sent;
	unsigned long refused;
};

/* MSIs and lines in turn: both at once would hide what one of them loses. */
static int inject_any(int fd, unsigned long n)
{
	return n % 2 ? irqline_set(fd, n % GSIS, n / 2 % 4) :
		       msi_inject(fd, MSI_ADDR + (n & 0xff) * 4096, n);
}

static void *injector_thread(void *data)
{
	struct injector *injector = data;
	unsigned long n = 0;

	do {
		int result = inject_any(injector->fd, n++);

		if (!result)
			injector->sent++;
		else if (result == -ENODEV || result == -EBUSY)
			injector->refused++;
		else
			fail("injecting: %s", result_name(result));
	} while (injector->left ? n < injector->left : !atomic_load(&stop));
	return NULL;
}

static void start_injectors(struct injector *injectors, unsigned int count,
			    int fd, unsigned long each)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		injectors[i] = (struct injector){ .fd = fd, .left = each };
		check(!pthread_create(&injectors[i].thread, NULL,
				      injector_thread, &injectors[i]),
		      "pthread_create");
	}
}

static unsigned long join_injectors(struct injector *injectors,
				    unsigned int count)
{
	unsigned long sent = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		pthread_join(injectors[i].thread, NULL);
		sent += injectors[i].sent;
	}
	return sent;
}

TEST(states, "each state")
{
	static const int results[VM_STATES] = { -ENODEV, 0, 0, 0, -EBUSY };
	enum vm_state state;

	for (state = VM_EMPTY; state < VM_STATES; state++) {
		unsigned long msis = hv_calls(HC_INJECT_MSI);
		unsigned long lines = hv_calls(HC_SET_IRQLINE);
		int fd = vm_in_state(state, 0);

		check_result(msi_inject(fd, MSI_ADDR, 0x31), results[state],
			     "INJECT_MSI in %s", vm_state_names[state]);
		check_result(irqline_set(fd, 4, 0), results[state],
			     "SET_IRQLINE in %s", vm_state_names[state]);
		check_equal(hv_calls(HC_INJECT_MSI) - msis, !results[state],
			    "HC_INJECT_MSI in %s", vm_state_names[state]);
		check_equal(hv_calls(HC_SET_IRQLINE) - lines, !results[state],
			    "HC_SET_IRQLINE in %s", vm_state_names[state]);
		hv_behave();
		if (state != VM_EMPTY)
			check_result(vm_destroy(fd), 0, "DESTROY_VM");
		check_result(msi_inject(fd, MSI_ADDR, 0x31), -ENODEV,
			     "INJECT_MSI, destroyed");
		check_result(irqline_set(fd, 4, 0), -ENODEV,
			     "SET_IRQLINE, destroyed");
		close(fd);
	}
}

/* What arrives is what was sent. */
TEST(msi_contents, "an MSI arrives as it was sent")
{
	static const struct acrn_msi_entry msis[] = {
		{ MSI_ADDR, 0 }, { 0xfeeff00c, 0x4041 },
		{ 0xfeefffff, 0xffffffff }, { 0xfee01004, ~0ULL },
		{ 0xfee00ffc, 0x8000000000000001ULL },
	};
	int fd = vm_in_state(VM_STARTED, 0);
	struct hv_irqs irqs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msis); i++) {
		check_result(msi_inject(fd, msis[i].msi_addr,
					msis[i].msi_data), 0, "INJECT_MSI");
		hv_get_irqs(VMID(0), &irqs);
		check_equal(irqs.msis, i + 1, "MSIs");
		check_equal(irqs.msi_addr, msis[i].msi_addr, "address");
		check_equal(irqs.msi_data, msis[i].msi_data, "data");
	}
	check_equal(irqs.lines, 0, "lines");
}

/* Where an MSI may go is for the hypervisor to say. */
TEST(bad_addresses, "addresses that are none of MSIs")
{
	static const uint64_t addresses[] = {
		0, 0xfed00000, 0xfef00000, 0x1fed00000, ~0ULL,
	};
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++)
		check_result(msi_inject(fd, addresses[i], 0), -EIO,
			     "INJECT_MSI to %#llx",
			     (unsigned long long)addresses[i]);
	check_equal(hv_msis(VMID(0)), 0, "MSIs");
}

TEST(line_contents, "each line, each of the four ways")
{
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned long last, total = 0;
	unsigned int gsi, op;

	for (gsi = 0; gsi < GSIS; gsi++)
		for (op = 0; op < 4; op++) {
			check_result(irqline_set(fd, gsi, op), 0,
				     "SET_IRQLINE %u, %u", gsi, op);
			check_equal(hv_irqlines(VMID(0), op, &last), gsi + 1,
				    "how often so");
			check_equal(last, ACRN_IRQLINE(gsi, op), "the last");
		}
	for (op = 0; op < 4; op++)
		total += hv_irqlines(VMID(0), op, &last);
	check_equal(total, 4 * GSIS, "lines");
	check_equal(hv_msis(VMID(0)), 0, "MSIs");
}

TEST(bad_lines, "lines and ways that do not exist")
{
	static const uint32_t ops[] = { 4, 5, 0x100, 0x80000000, ~0U };
	static const uint32_t gsis[] = { GSIS, 0x100, 0x80000000, ~0U };
	enum vm_state state;
	unsigned int i;

	for (state = VM_EMPTY; state <= VM_PAUSED; state++) {
		int fd = vm_in_state(state, 0);
		unsigned long calls = hv_calls(HC_ANY);

		for (i = 0; i < ARRAY_SIZE(ops); i++)
			check_result(irqline_set(fd, 0, ops[i]), -EINVAL,
				     "op %#x in %s", ops[i],
				     vm_state_names[state]);
		check_equal(hv_calls(HC_ANY), calls, "hypercalls in %s",
			    vm_state_names[state]);
		for (i = 0; state != VM_EMPTY && i < ARRAY_SIZE(gsis); i++)
			check_result(irqline_set(fd, gsis[i], 0), -EIO,
				     "gsi %#x", gsis[i]);
		close(fd);
	}
}

TEST(bad_pointers, "bad pointers")
{
	static void *const nowhere[] = {
		NULL, (void *)1, (void *)0x0000800000000000UL,
		(void *)0xffff888000000000UL, (void *)-1L, (void *)-8L,
	};
	unsigned char *pages = get_pages(2);
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		check_result(hsm_ioctl(fd, IC_INJECT_MSI, nowhere[i]), -EFAULT,
			     "INJECT_MSI with %p", nowhere[i]);
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	for (i = 1; i < sizeof(struct acrn_msi_entry); i++)
		check_result(hsm_ioctl(fd, IC_INJECT_MSI,
				       pages + PAGE_SIZE - i), -EFAULT,
			     "INJECT_MSI with %u bytes", i);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(refused, "[B20] a hypervisor that refuses")
{
	static const struct {
		int answer, error;
	} errors[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { -EFAULT, -EIO },
		{ -ENOMEM, -ENOMEM }, { -EBUSY, -EBUSY }, { -ENODEV, -ENODEV },
		{ -EACCES, -EACCES }, { -ETIMEDOUT, -ETIMEDOUT }, { -77, -EIO },
	};
	int fd = vm_in_state(VM_STARTED, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		hv_refuse(HC_INJECT_MSI, 1, errors[i].answer);
		check_result(msi_inject(fd, MSI_ADDR, 1), errors[i].error,
			     "INJECT_MSI, answer %d", errors[i].answer);
		hv_refuse(HC_SET_IRQLINE, 1, errors[i].answer);
		check_result(irqline_set(fd, 1, 0), errors[i].error,
			     "SET_IRQLINE, answer %d", errors[i].answer);
	}
	hv_fail(HC_INJECT_MSI, 0, 1, 0, TESTBED_FAIL_UNWRITTEN);
	check_result(msi_inject(fd, MSI_ADDR, 1), -EIO, "RAX unwritten");
	hv_fail(HC_SET_IRQLINE, 0, 1, 0, TESTBED_FAIL_UNWRITTEN);
	check_result(irqline_set(fd, 1, 0), -EIO, "RAX unwritten");
	check_equal(hv_msis(VMID(0)), 0, "MSIs");
	check_result(msi_inject(fd, MSI_ADDR, 1), 0, "INJECT_MSI");
	check_equal(hv_msis(VMID(0)), 1, "MSIs");
}

/* As a reset of the system does it, again and again, with the same VM */
TIMED_TEST(while_reset, 120, "8 threads, while the VM is paused, reset and started")
{
	struct injector injectors[THREADS];
	unsigned long sent;
	unsigned int i;
	struct hv_irqs irqs;
	int fd = vm_in_state(VM_CREATED, 0);

	start_injectors(injectors, THREADS, fd, 2000);
	for (i = 0; i < 100; i++) {
		check_result(vm_start(fd), 0, "START_VM");
		check_result(vm_pause(fd), 0, "PAUSE_VM");
		check_result(vm_reset(fd), 0, "RESET_VM");
		check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	}
	sent = join_injectors(injectors, THREADS);
	check_equal(sent, THREADS * 2000, "sent");
	hv_get_irqs(VMID(0), &irqs);
	check_equal(irqs.msis, sent / 2, "MSIs");
	check_equal(irqs.lines, sent / 2, "lines");
}

static unsigned long refusals(void)
{
	return hv_refused(HC_INJECT_MSI) + hv_refused(HC_SET_IRQLINE);
}

static unsigned long injections(void)
{
	return hv_calls(HC_INJECT_MSI) + hv_calls(HC_SET_IRQLINE);
}

/* Two VMs of two files: each gets all of its own, though one comes and goes. */
TIMED_TEST(while_destroyed, 120, "8 threads, while the VM is destroyed and created")
{
	unsigned long before = injections(), bad = refusals(), sent, other;
	struct injector injectors[THREADS], neighbour;
	int fd = hsm_open(), fd1 = vm_in_state(VM_STARTED, 1);
	struct hv_irqs irqs;
	unsigned int i;

	start_injectors(injectors, THREADS, fd, 0);
	start_injectors(&neighbour, 1, fd1, 0);
	for (i = 0; i < 150; i++) {
		vm_to_state(fd, VM_STARTED + i % 2, 0);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
	atomic_store(&stop, true);
	sent = join_injectors(injectors, THREADS);
	other = join_injectors(&neighbour, 1);
	check_equal(neighbour.refused, 0, "refused to the neighbour");
	hv_get_irqs(VMID(1), &irqs);
	check_equal(irqs.msis + irqs.lines, other, "the neighbour's");
	check_equal(injections() - before, sent + other, "hypercalls");
	check_equal(refusals(), bad, "hypercalls that were refused");
	check(sent, "nothing was sent");
	report("%lu sent to VMs that came and went", sent);
}

/* The vmid passes to another file's VM, which nobody injects into. */
TIMED_TEST(id_given_again, 120, "an interrupt never reaches the VM that has the id next")
{
	struct injector injectors[THREADS];
	int first = hsm_open(), second = hsm_open();
	unsigned long sent;
	struct hv_irqs irqs;
	unsigned int i;

	start_injectors(injectors, THREADS, first, 0);
	for (i = 0; i < 150; i++) {
		check_result(vm_create(first, 0), 0, "first CREATE_VM");
		usleep(random() % 2000);
		check_result(vm_destroy(first), 0, "DESTROY_VM");
		check_result(vm_create(second, 0), 0, "second CREATE_VM");
		usleep(1000);
		hv_get_irqs(VMID(0), &irqs);
		check_equal(irqs.msis + irqs.lines, 0,
			    "the second VM's interrupts");
		check_result(vm_destroy(second), 0, "DESTROY_VM");
	}
	atomic_store(&stop, true);
	sent = join_injectors(injectors, THREADS);
	check(sent, "nothing was sent");
	report("%lu sent to VMs that came and went", sent);
}

/* Threads that make a long call */
static atomic_bool long_call_done;

static void *long_start(void *data)
{
	run_on_cpu(1);
	check_result(vm_start((long)data), 0, "START_VM");
	atomic_store(&long_call_done, true);
	return NULL;
}

static void *long_memseg(void *data)
{
	void *memory = memory_get(MEMORY_PRIVATE, PAGES(4));

	run_on_cpu(1);
	check_result(memseg_set((long)data, 0, memory, PAGES(4)), 0,
		     "SET_MEMSEG");
	atomic_store(&long_call_done, true);
	return NULL;
}

static void during(void *(*call)(void *data), unsigned long hypercall,
		   const char *what)
{
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls = 0;
	pthread_t thread;
	bool done;

	atomic_store(&long_call_done, false);
	hv_delay(hypercall, LONG_US);
	/* The CPU that makes the long call does nothing else meanwhile. */
	run_on_cpu(0);
	check(!pthread_create(&thread, NULL, call, (void *)(long)fd),
	      "pthread_create");
	sleep_ms(LONG_US / 1000 / 4);
	do {
		check_result(msi_inject(fd, MSI_ADDR, calls), 0, "INJECT_MSI");
		check_result(irqline_set(fd, calls % GSIS, 0), 0,
			     "SET_IRQLINE");
		done = atomic_load(&long_call_done);
		calls++;
	} while (!done && calls < 100);
	check(!done, "injecting took as long as %s", what);
	check_equal(hv_msis(VMID(0)), calls, "MSIs");
	pthread_join(thread, NULL);
	hv_behave();
	check_result(vm_destroy(fd), 0, "DESTROY_VM");
	close(fd);
}

TEST(during_start, "START_VM does not hold interrupts up")
{
	during(long_start, HC_START_VM, "START_VM");
}

TEST(during_memseg, "SET_MEMSEG does not hold interrupts up")
{
	during(long_memseg, HC_SET_MEMORY_REGIONS, "SET_MEMSEG");
}

static void child_injects(void *data)
{
	check_result(msi_inject((long)data, MSI_ADDR, 7), 0, "INJECT_MSI");
	check_result(irqline_set((long)data, 7, 1), 0, "SET_IRQLINE");
}

/* Building a VM is its creator's; interrupts come from whoever has the file. */
TEST(another_process, "from another process")
{
	int fd = vm_in_state(VM_STARTED, 0);
	struct hv_irqs irqs;

	in_child(child_injects, (void *)(long)fd);
	hv_get_irqs(VMID(0), &irqs);
	check_equal(irqs.msis, 1, "MSIs");
	check_equal(irqs.lines, 1, "lines");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
