// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Four VMs whose device models are killed at any moment, again and again, while
 * CPUs of the Service VM come and go; the module is reloaded between rounds.  In
 * the end all is as in the beginning.
 *
 * In the environment: SOAK_SECONDS, how long; SOAK_SEED, of the random numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "events.h"
#include "guest.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define PORT		0x640
#define SIGNAL_PORT	0x650
#define ROUND_S		10
#define GONE_MS		20000
#define SHORTEST_US	100	/* a device model's life */
#define LIFE_BITS	17	/* the longest is about 2^LIFE_BITS us */
#define OBJECTS_MORE	1500	/* of the kernel's caches: noise of others */
#define MEMORY_MORE_KB	16384
#define HSM_RUN		"/bin/hsm-run"
#define HELLO		"/guests/hello"

/* What all processes of a round share */
static struct shared {
	bool stop;
	unsigned long lives[MAX_VMS];
	unsigned long requests[MAX_VMS];
	unsigned long signals[MAX_VMS];
	unsigned long hotplugs;
} *shared;

static unsigned int seconds = 30, seed = 1;

static bool stopping(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_ACQUIRE);
}

/* The storm: MSIs for a VM that comes and goes */
static void *signal_for_ever(void *data)
{
	const int *event = data;

	for (;;) {
		event_signal(*event);
		__atomic_add_fetch(&shared->signals[event[1]], 1,
				   __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool answer(struct guest *guest, struct access *access, void *data)
{
	access->value = 0;
	__atomic_add_fetch(&shared->requests[guest->config], 1,
			   __ATOMIC_RELAXED);
	return true;
}

static void start_guest(struct guest *guest)
{
	const struct guest_op ops[] = {
		{ .op = GUEST_OUT + 1, .address = SIGNAL_PORT },
		{ .op = GUEST_IN + 4, .address = PORT },
		{ .op = GUEST_LOAD + 4, .address = 0xd0000000 },
		{ .op = GUEST_AGAIN, .value = FOR_EVER },
	};

	guest_program(guest, ops, ARRAY_SIZE(ops));
	guest_set_regs(guest);
	guest_start(guest);
}

/* One call or another of a device model's life, until it is killed */
static void live(struct guest *guest)
{
	unsigned int i;

	for (i = 0;; i++) {
		if (wait_for_request(guest, 1))
			serve_once(guest, answer, NULL);
		if (i % 32 == 31) {
			check_result(vm_pause(guest->fd), 0, "PAUSE_VM");
			check_result(vm_reset(guest->fd), 0, "RESET_VM");
			start_guest(guest);
		}
	}
}

static void device_model(void *data)
{
	unsigned int config = (long)data;
	static int signalled[2];
	struct guest guest;
	pthread_t thread;

	guest_new(&guest, config, config % 2 ? ACRN_VM_FLAG_POLLING : 0);
	signalled[0] = event_new();
	signalled[1] = config;
	check_result(irqfd(guest.fd, signalled[0], 0, MSI_ADDR, 0x41), 0,
		     "IRQFD");
	check_result(ioeventfd(guest.fd, event_new(), ACRN_IOEVENTFD_PIO,
			       SIGNAL_PORT, 1, 0), 0, "IOEVENTFD");
	check(!pthread_create(&thread, NULL, signal_for_ever, signalled),
	      "pthread_create");
	start_guest(&guest);
	live(&guest);
}

static void run_hsm_run(void *data)
{
	unsigned int config = (long)data, i;
	unsigned char bytes[16];
	char uuid[33];

	vm_uuid(config, bytes);
	for (i = 0; i < sizeof(bytes); i++)
		sprintf(uuid + 2 * i, "%02x", bytes[i]);
	dup2(open("/dev/null", O_RDWR), STDOUT_FILENO);
	execl(HSM_RUN, HSM_RUN, "--memory", "8M", "--uuid", uuid, HELLO, NULL);
	fail("%s: %s", HSM_RUN, strerror(errno));
}

/* Short lives as often as long ones */
static void random_wait(unsigned int *random)
{
	unsigned int us = 1U << rand_r(random) % LIFE_BITS;

	usleep(SHORTEST_US + us + rand_r(random) % us);
}

static void kill_for_ever(void *data)
{
	unsigned int config = (long)data, random = seed * MAX_VMS + config;
	pid_t pid;

	while (!stopping()) {
		pid = start_child(rand_r(&random) % 4 ? device_model :
							run_hsm_run, data);
		random_wait(&random);
		kill_child(pid);
		check(vm_gone(config, GONE_MS), "VM %u is left", VMID(config));
		shared->lives[config]++;
	}
}

/* The last CPU: upcalls come to the first one. */
static long last_cpu(void)
{
	return sysconf(_SC_NPROCESSORS_CONF) - 1;
}

/*
 * Since 6.12, Linux counts a CPU's deadline server as one of its tasks.  When a CPU
 * goes off it looks for tasks before it stops the server, and now and then finds it:
 * "Dying CPU not properly vacated!"  A server that gets no time is never on.  It
 * stays so; it only matters to real-time tasks, of which there are none.
 */
static bool hotplug_works(void)
{
	unsigned int major, minor;
	struct utsname kernel;
	char path[80];

	check(!uname(&kernel) &&
	      sscanf(kernel.release, "%u.%u", &major, &minor) == 2, "uname");
	if (major < 6 || (major == 6 && minor < 12))
		return true;
	snprintf(path, sizeof(path),
		 "/sys/kernel/debug/sched/fair_server/cpu%ld/runtime",
		 last_cpu());
	return !write_text(path, "0");
}

static void hotplug_for_ever(void *data)
{
	unsigned int random = seed;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%ld/online",
		 last_cpu());
	while (!stopping()) {
		ret = write_text(path, "0");
		check(!ret || ret == -EBUSY, "CPU off: %s", result_name(ret));
		sleep_ms(rand_r(&random) % 200);
		ret = write_text(path, "1");
		check_result(ret, 0, "CPU on");
		sleep_ms(100 + rand_r(&random) % 400);
		shared->hotplugs++;
	}
}

static void soak_round(bool with_hotplug)
{
	pid_t killers[MAX_VMS], hotplug = 0;
	unsigned long i;

	shared->stop = false;
	if (with_hotplug)
		hotplug = start_child(hotplug_for_ever, NULL);
	for (i = 0; i < MAX_VMS; i++)
		killers[i] = start_child(kill_for_ever, (void *)i);
	sleep_ms(ROUND_S * 1000);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELEASE);
	if (hotplug)
		end_child(hotplug);
	for (i = 0; i < MAX_VMS; i++)
		end_child(killers[i]);
}

static void reload(void)
{
	uint64_t end = now_us() + GONE_MS * 1000;
	int ret;

	while ((ret = driver_unload()) == -EWOULDBLOCK && now_us() < end)
		sleep_ms(50);
	check_result(ret, 0, "rmmod");
	check_result(driver_load(), 0, "insmod");
}

/**
 * struct usage - what must not become more
 * @account: the hypervisor's
 * @pins: pages
 * @objects: of the kernel's caches
 * @free_kb: memory that is available, or free in a CPU's list
 * @listed_kb: of that, in the lists
 * @meminfo: what the kernel says of memory, for people
 */
struct usage {
	struct hv_account account;
	long pins;
	long objects;
	long free_kb;
	long listed_kb;
	char meminfo[4096];
};

/*
 * Each CPU has a list of free pages, which since Linux 6.7 grows to tens of megabytes as
 * long as there is much to do, and stays when the CPU is idle.  MemAvailable is without it.
 */
static long listed_kb(void)
{
	static char text[65536];
	const char *at = text;
	long pages = 0;

	check(!read_text("/proc/zoneinfo", text, sizeof(text)), "/proc/zoneinfo");
	while ((at = strstr(at, " count:"))) {
		at += strlen(" count:");
		pages += strtol(at, NULL, 10);
	}
	return pages * (PAGE_SIZE / 1024);
}

static long available_kb(struct usage *usage)
{
	char *line;
	long kb;

	check(!read_text("/proc/meminfo", usage->meminfo, sizeof(usage->meminfo)),
	      "/proc/meminfo");
	line = strstr(usage->meminfo, "MemAvailable:");
	check(line && sscanf(line, "MemAvailable: %ld", &kb) == 1,
	      "no MemAvailable");
	usage->listed_kb = listed_kb();
	return kb + usage->listed_kb;
}

/* Where it is that memory has gone */
static void report_memory(const struct usage *before, const struct usage *now)
{
	const char *line, *then;
	char name[32];
	long kb[2];

	for (line = now->meminfo; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%31[^:]: %ld", name, &kb[1]) != 2)
			continue;
		then = strstr(before->meminfo, name);
		if (then && sscanf(then, "%*[^:]: %ld", &kb[0]) == 1 && kb[0] != kb[1])
			report("%s: %ld KiB, now %ld", name, kb[0], kb[1]);
	}
}

static void get_usage(struct usage *usage)
{
	/* what is freed only after a while */
	sleep_ms(1000);
	write_text("/proc/sys/vm/drop_caches", "3");
	sleep_ms(1000);
	hv_get_account(&usage->account);
	usage->pins = pinned_pages();
	usage->objects = slab_objects();
	usage->free_kb = available_kb(usage);
}

/* Memory that the kernel keeps for a while is not lost: it comes when it is asked for. */
static long free_kb_at_last(struct usage *now, long wanted)
{
	uint64_t end = now_us() + GONE_MS * 1000;
	long kb;

	while ((kb = available_kb(now)) <= wanted && now_us() < end) {
		write_text("/proc/sys/vm/compact_memory", "1");
		write_text("/proc/sys/vm/drop_caches", "3");
		sleep_ms(500);
	}
	return kb;
}

static void check_usage(const struct usage *before, struct usage *now)
{
	now->free_kb = free_kb_at_last(now, before->free_kb - MEMORY_MORE_KB);
	report("%ld slab objects and %ld KiB more than after the first round; in CPUs' lists %ld KiB, then %ld",
	       now->objects - before->objects,
	       before->free_kb - now->free_kb, before->listed_kb, now->listed_kb);
	if (before->free_kb - now->free_kb >= MEMORY_MORE_KB)
		report_memory(before, now);
	check_equal(now->account.vms, before->account.vms, "VMs");
	check_equal(now->account.vcpus, before->account.vcpus, "vCPUs");
	check_equal(now->account.pages, before->account.pages, "pages mapped");
	check_equal(now->account.complaints, before->account.complaints,
		    "complaints");
	check_equal(now->pins, before->pins, "pages pinned");
	check_equal(shown_vms(), 0, "VMs in the driver");
	check(now->objects - before->objects < OBJECTS_MORE, "slab objects");
	check(before->free_kb - now->free_kb < MEMORY_MORE_KB, "memory");
}

static void report_counts(void)
{
	unsigned long lives = 0, requests = 0, signals = 0;
	unsigned int i;

	for (i = 0; i < MAX_VMS; i++) {
		lives += shared->lives[i];
		requests += shared->requests[i];
		signals += shared->signals[i];
		check(shared->lives[i], "VM %u never lived", VMID(i));
	}
	report("%lu device models killed, %lu requests, %lu signals of eventfds, %lu times a CPU off and on",
	       lives, requests, signals, shared->hotplugs);
}

TEST(soak, "device models killed, CPUs off and on, modules reloaded")
{
	unsigned int round, rounds = (seconds + ROUND_S - 1) / ROUND_S;
	bool hotplug = hotplug_works();
	struct usage before, now;

	allow_seconds(3 * seconds + 120);
	if (!hotplug)
		report("CPUs stay on: this kernel's scheduler would warn");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED, "mmap");
	for (round = 0; round < rounds; round++) {
		seed += round;
		soak_round(hotplug);
		reload();
		/* the first one fills caches */
		if (!round)
			get_usage(&before);
	}
	report_counts();
	get_usage(&now);
	check_usage(&before, &now);
}

int main(void)
{
	const char *text = getenv("SOAK_SECONDS");

	if (text && atoi(text))
		seconds = atoi(text);
	text = getenv("SOAK_SEED");
	if (text)
		seed = atoi(text);
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
