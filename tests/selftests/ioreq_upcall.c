// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How upcalls arrive: by the kernel's hook, which only kernels with
 * CONFIG_ACRN_GUEST have, or by an interrupt of the driver's own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"
#include "vm.h"

/* Upcalls go to the Service VM's first CPU. */
#define UPCALL_CPU	0
#define OTHER_CPU	1

/* Rows of /proc/interrupts; the kernel has its own only where it has the hook */
#define HOOK_ROW	" HYP:"
#define IRQ_ROW		" acrn_hsm"

#define HOOK_LINE	"acrn: upcalls arrive at the kernel's vector 0xf3"
#define IRQ_LINE	"acrn: upcalls arrive at vector 0x"

#define SPURIOUS	1000
#define REQUESTS	200
#define RELOADS		30
#define WAKE_SECONDS	10
#define PORT		0x510

/**
 * struct way - a way for upcalls to arrive
 * @parameter: of the module
 * @line: what the module says
 * @row: where the kernel counts them
 */
struct way {
	const char *parameter;
	const char *line;
	const char *row;
};

static const struct way hook_way = { "upcall=hook", HOOK_LINE, HOOK_ROW };
static const struct way irq_way = { "upcall=irq", IRQ_LINE, IRQ_ROW };

/* Adds up what all CPUs have in a row of /proc/interrupts; -1: no such row */
static long interrupts(const char *row)
{
	static char text[65536];
	char *line, *next = text, *end;
	long sum = 0, count;

	check(!read_text("/proc/interrupts", text, sizeof(text)),
	      "cannot read /proc/interrupts");
	while ((line = strsep(&next, "\n"))) {
		/* so that a row's first word has a blank before it, too */
		if (line > text)
			*--line = ' ';
		if (strstr(line, row))
			break;
	}
	if (!line)
		return -1;
	line = strchr(line, ':') + 1;
	while (count = strtol(line, &end, 10), end != line) {
		sum += count;
		line = end;
	}
	return sum;
}

/* With PREEMPT_RT the driver has no use for the kernel's: it runs in hard interrupts. */
static bool has_hook(void)
{
	struct utsname name;

	return interrupts(HOOK_ROW) >= 0 && !uname(&name) &&
	       !strstr(name.version, "PREEMPT_RT");
}

/* The ways there are on this kernel */
static unsigned int get_ways(const struct way *ways[2])
{
	unsigned int count = 0;

	ways[count++] = &irq_way;
	if (has_hook())
		ways[count++] = &hook_way;
	return count;
}

static void unload(void)
{
	check_result(driver_unload(), 0, "rmmod");
	check_equal(interrupts(IRQ_ROW), -1, "rows of the driver when unloaded");
}

static void load(const char *parameters)
{
	check_result(driver_load_with(parameters), 0, "insmod, %s", parameters);
}

static void load_way(const struct way *way)
{
	unload();
	load(way->parameter);
}

static void send_upcalls(unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		unsigned long reg[4] = { 1 };

		check_result(hv_command(TESTBED_UPCALL, reg), 0, "UPCALL");
	}
}

/**
 * struct answers - a device model that counts
 * @requests: how many it has handled
 */
struct answers {
	unsigned int requests;
};

/* Even requests write what their number is, odd ones read it. */
static bool answer(struct guest *guest, struct access *access, void *data)
{
	struct answers *answers = data;
	unsigned int number = answers->requests++;

	check_equal(access->address, PORT, "port");
	check_equal(access->write, number % 2 == 0, "direction");
	if (access->write)
		check_equal(access->value, number, "value written");
	access->value = number;
	return true;
}

static void *attach(void *data)
{
	struct guest *guest = data;

	check_result(client_attach(guest->fd, guest->client), 0,
		     "ATTACH_IOREQ_CLIENT");
	return NULL;
}

/* Nothing but an upcall wakes a device model that waits already. */
static void wake_by_request(struct guest *guest)
{
	volatile uint32_t *go = (volatile uint32_t *)(guest->memory + GUEST_FREE);
	struct timespec limit;
	pthread_t thread;

	check(!pthread_create(&thread, NULL, attach, guest), "no thread");
	sleep_ms(50);
	*go = 1;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAKE_SECONDS;
	check(!pthread_timedjoin_np(thread, NULL, &limit),
	      "a request does not wake the device model");
}

/* Each request comes once, in order, and each answer gets back. */
static void serve_requests(void)
{
	struct guest_op ops[1 + REQUESTS] = {
		{ GUEST_WAIT, GUEST_FREE, 1 },
	};
	struct answers answers = { 0 };
	struct guest guest;
	unsigned int i;

	for (i = 0; i < REQUESTS; i++)
		ops[1 + i] = (struct guest_op) {
			.op = (i % 2 ? GUEST_IN : GUEST_OUT) + 4,
			.address = PORT,
			.value = i % 2 ? 0 : i,
		};
	guest_new(&guest, 0, 0);
	guest_program(&guest, ops, ARRAY_SIZE(ops));
	guest_start(&guest);
	wake_by_request(&guest);
	serve_until_done(&guest, answer, &answers, 30000);
	check_equal(answers.requests, REQUESTS, "requests");
	for (i = 1; i < REQUESTS; i += 2)
		check_equal(guest_result(&guest, 1 + i), i, "value read");
	guest_end(&guest);
}

/*
 * Loaded with these parameters, upcalls arrive this way and no other, the module
 * says so once, and it gives back what it took.
 */
static void check_way(const char *parameters, const struct way *way)
{
	const struct way *other = way == &irq_way ? &hook_way : &irq_way;
	unsigned long calls = hv_calls(HC_SET_CALLBACK_VECTOR);
	long before, others, count;
	int log;

	unload();
	log = log_open();
	load(parameters);
	check_equal(log_count(log, way->line), 1, "lines \"%s\"", way->line);
	log_close(log);

	before = interrupts(way->row);
	others = interrupts(other->row);
	check(before >= 0, "no row%s in /proc/interrupts", way->row);
	run_on_cpu(UPCALL_CPU);
	send_upcalls(10);
	check_equal(interrupts(way->row), before + 10, "interrupts counted");
	check_equal(interrupts(other->row), others, "interrupts the other way");

	/* Fewer if the device model asks before the interrupt comes */
	before = interrupts(way->row);
	serve_requests();
	count = interrupts(way->row) - before;
	check(count > REQUESTS / 2 && count <= REQUESTS,
	      "%ld interrupts for %u requests", count, REQUESTS);
	check_equal(interrupts(other->row), others, "interrupts the other way");

	unload();
	check_equal(hv_calls(HC_SET_CALLBACK_VECTOR), calls + 3,
		    "HC_SET_CALLBACK_VECTOR: unload, load, unload");
	others = interrupts(HOOK_ROW);
	send_upcalls(1);
	check_equal(interrupts(HOOK_ROW), others < 0 ? others : others + 1,
		    "interrupts of the kernel's vector after unloading");
	load("");
}

/* The module does not load with these parameters, says why, and leaves nothing. */
static void check_not_loaded(const char *parameters, int error)
{
	int log = log_open();

	check_result(driver_load_with(parameters), error, "insmod, %s",
		     parameters);
	check(log_count(log, "acrn: "), "insmod, %s: it does not say why",
	      parameters);
	log_close(log);
	check(!driver_loaded(), "the module is there");
	check(access(HSM_NODE, F_OK), "the node is there");
	check_equal(interrupts(IRQ_ROW), -1, "rows of the driver");
	run_on_cpu(UPCALL_CPU);
	send_upcalls(3);
	load("");
	serve_requests();
}

static void check_refused(const char *parameters, int error)
{
	unload();
	check_not_loaded(parameters, error);
}

TEST(by_irq, "upcall=irq: an interrupt of the driver's own")
{
	check_way("upcall=irq", &irq_way);
}

TEST(by_hook, "upcall=hook: the kernel's, EOPNOTSUPP where there is none")
{
	if (has_hook())
		check_way("upcall=hook", &hook_way);
	else
		check_refused("upcall=hook", -EOPNOTSUPP);
}

TEST(by_itself, "upcall=auto: the hook where there is one")
{
	const struct way *way = has_hook() ? &hook_way : &irq_way;

	check_way("upcall=auto", way);
	check_way("", way);
}

TEST(by_nonsense, "upcall=nonsense: EINVAL")
{
	static const char *const nonsense[] = {
		"upcall=", "upcall=nonsense", "upcall=HOOK", "upcall=irqs",
		"upcall=hook,irq", "upcall=0",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nonsense); i++)
		check_refused(nonsense[i], -EINVAL);
}

TEST(vector_refused, "the hypervisor refuses the vector")
{
	static const struct {
		int answer, error;
	} failures[] = {
		{ HV_FAILED, -EIO }, { -EINVAL, -EINVAL }, { -ENODEV, -ENODEV },
	};
	const struct way *ways[2];
	unsigned int i, j, count = get_ways(ways);

	for (i = 0; i < count; i++)
		for (j = 0; j < ARRAY_SIZE(failures); j++) {
			/* Unloading calls it, too. */
			unload();
			hv_refuse(HC_SET_CALLBACK_VECTOR, 1,
				  failures[j].answer);
			check_not_loaded(ways[i]->parameter, failures[j].error);
		}
}

static const char smp_affinity[] = "/proc/irq/default_smp_affinity";

/* All interrupts that can go elsewhere leave the upcalls' CPU. */
static void move_interrupts(void)
{
	char path[64];
	unsigned int irq;

	for (irq = 0; irq < 256; irq++) {
		snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity", irq);
		write_text(path, "2");
	}
}

static void upcalls_elsewhere(void *data)
{
	check_way("upcall=irq", &irq_way);
}

/*
 * Integrators keep interrupts away from some CPUs.  Where that makes them begin
 * elsewhere, upcalls still have to arrive at the CPU to which ACRN sends them.
 */
TEST(default_affinity, "[D1] upcalls arrive where they are sent, wherever interrupts begin")
{
	char before[64];
	int status;
	pid_t pid;

	check_result(read_text(smp_affinity, before, sizeof(before)), 0,
		     "%s", smp_affinity);
	move_interrupts();
	check_result(write_text(smp_affinity, "2"), 0, "%s", smp_affinity);
	pid = start_child(upcalls_elsewhere, NULL);
	check(waitpid(pid, &status, 0) == pid, "waitpid");
	check_result(write_text(smp_affinity, before), 0, "%s", smp_affinity);
	check(!status, "upcalls do not arrive");
}

/* Only the first CPU's vectors will do; without one the module does not load. */
TEST(no_vector, "[D1] no vector on the first CPU: the module does not load")
{
	unload();
	check_result(module_load("vectors", ""), 0, "insmod vectors");
	check(driver_load_with("upcall=irq") < 0, "insmod without a vector");
	check(!driver_loaded(), "the module is loaded");
	check_result(module_unload("vectors"), 0, "rmmod vectors");
	load("upcall=irq");
}

/* Upcalls out of the blue, until the test ends or the process is killed */
static void rain(void *data)
{
	unsigned int *drops = data;

	run_on_cpu(UPCALL_CPU);
	for (;;) {
		send_upcalls(1);
		__atomic_add_fetch(drops, 1, __ATOMIC_RELAXED);
		usleep(1000);
	}
}

TEST(spurious, "1000 upcalls though nothing is pending")
{
	const struct way *ways[2];
	unsigned int i, count = get_ways(ways);
	long before;

	run_on_cpu(UPCALL_CPU);
	for (i = 0; i < count; i++) {
		load_way(ways[i]);
		before = interrupts(ways[i]->row);
		send_upcalls(SPURIOUS);
		check_equal(interrupts(ways[i]->row), before + SPURIOUS,
			    "interrupts counted, %s", ways[i]->parameter);
		serve_requests();
	}
}

TEST(spurious_among_requests, "1000 upcalls among requests")
{
	unsigned int *drops = memory_get(MEMORY_SHARED, PAGE_SIZE);
	const struct way *ways[2];
	unsigned int i, count = get_ways(ways);
	uint64_t end;
	pid_t pid;

	for (i = 0; i < count; i++) {
		load_way(ways[i]);
		*drops = 0;
		end = now_us() + 20000000;
		pid = start_child(rain, drops);
		do
			serve_requests();
		while (__atomic_load_n(drops, __ATOMIC_RELAXED) < SPURIOUS &&
		       now_us() < end);
		kill_child(pid);
		report("%s: %u upcalls nobody asked for", ways[i]->parameter,
		       *drops);
		check(*drops >= SPURIOUS, "only %u upcalls in 20 s", *drops);
	}
}

/* Handlers run on one CPU while the other takes away what they use. */
TEST(reload_in_rain, "the module comes and goes while upcalls rain")
{
	unsigned int *drops = memory_get(MEMORY_SHARED, PAGE_SIZE);
	const struct way *ways[2];
	unsigned int i, count = get_ways(ways);
	pid_t pid;

	run_on_cpu(OTHER_CPU);
	pid = start_child(rain, drops);
	for (i = 0; i < RELOADS; i++) {
		load_way(ways[i % count]);
		if (i % 8 == 7)
			serve_requests();
	}
	kill_child(pid);
	report("%u upcalls", *drops);
	check(*drops > RELOADS, "no upcalls between loading and unloading");
	load_way(ways[0]);
	serve_requests();
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
