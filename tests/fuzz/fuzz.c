// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A fuzzer for /dev/acrn_hsm.  One execution is one sequence of calls, from a
 * file just opened to nothing left.  Workers, processes of three threads, make
 * sequences up or mutate those that came to code where none had come before.
 *
 * In the environment:
 *	FUZZ_SEED	the same sequences again, as far as they come to the same code
 *	FUZZ_SECONDS	how long
 *	FUZZ_WORKERS	how many workers, 1 or 2
 *	FUZZ_REPLAY	a file with sequences: run these, and nothing else
 *	FUZZ_SAVE	not 0: print all sequences that are worth keeping
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "coverage.h"
#include "execute.h"
#include "harness.h"
#include "kernel.h"
#include "ring.h"
#include "sequence.h"

#define CORPUS_DIR	"/fuzz/corpus"
#define BLOCKS		"/fuzz/blocks"
#define CORPUS_MAX	2048
#define WORKERS_MAX	2
#define ROUND_MS	2000	/* then all is looked at */
#define SETTLE_MS	3000
#define HANG_MS		60000	/* a sequence does not take that long */
#define SHARE_NEEDED	50	/* percent of the blocks, or the fuzzer is broken */

/* What the workers and the test share */
static struct shared {
	unsigned int corpus_lock;
	unsigned int corpus_count;
	unsigned int hold;		/* workers shall wait */
	struct {
		unsigned int holding;
		unsigned long executions;
		unsigned long calls;
	} workers[WORKERS_MAX];
	struct sequence corpus[CORPUS_MAX];
} *shared;

static struct ring_entry *ring;
static uint64_t seed = 1;
static unsigned int seconds = 40, worker_count = WORKERS_MAX;
static bool rude;

static unsigned int number_from(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

static void corpus_lock(void)
{
	while (__atomic_exchange_n(&shared->corpus_lock, 1, __ATOMIC_ACQUIRE))
		usleep(100);
}

static void corpus_unlock(void)
{
	__atomic_store_n(&shared->corpus_lock, 0, __ATOMIC_RELEASE);
}

/* When it is full, an old one makes room. */
static void corpus_add(const struct sequence *seq, struct dice *dice)
{
	unsigned int n;

	corpus_lock();
	if (shared->corpus_count < CORPUS_MAX)
		n = shared->corpus_count++;
	else
		n = dice_below(dice, CORPUS_MAX);
	shared->corpus[n] = *seq;
	corpus_unlock();
}

/* The shorter one of two */
static bool corpus_pick(struct sequence *seq, struct dice *dice)
{
	const struct sequence *a, *b;
	bool some;

	corpus_lock();
	some = shared->corpus_count;
	if (some) {
		a = &shared->corpus[dice_below(dice, shared->corpus_count)];
		b = &shared->corpus[dice_below(dice, shared->corpus_count)];
		*seq = a->count < b->count ? *a : *b;
	}
	corpus_unlock();
	return some;
}

static void corpus_load(void)
{
	DIR *dir = opendir(CORPUS_DIR);
	struct dice dice = { seed };
	struct dirent *entry;
	struct sequence seq;
	char path[512];
	FILE *file;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CORPUS_DIR "/%s", entry->d_name);
		file = fopen(path, "re");
		check(file, "%s: %s", path, strerror(errno));
		while (sequence_read(file, &seq))
			corpus_add(&seq, &dice);
		fclose(file);
	}
	closedir(dir);
}

static void next_sequence(struct sequence *seq, struct dice *dice,
			  unsigned long n)
{
	struct sequence other;

	/* First what is known */
	if (n < shared->corpus_count && n < CORPUS_MAX / 2) {
		corpus_lock();
		*seq = shared->corpus[n];
		corpus_unlock();
	} else if (dice_one_in(dice, 4) || !corpus_pick(seq, dice)) {
		sequence_make(seq, dice, rude);
	} else {
		corpus_pick(&other, dice);
		sequence_mutate(seq, &other, dice, rude);
	}
	if (!rude)
		sequence_tame(seq);
}

static bool run_one(const struct sequence *seq, unsigned int *fresh)
{
	struct ring_entry *entry = ring_begin(ring, seq);

	if (!execute(seq, fresh))
		return false;
	ring_end(entry);
	return true;
}

static void work(void *data)
{
	unsigned int worker = (long)data, fresh;
	unsigned long n;
	struct sequence seq;
	struct dice dice;

	execute_init(worker);
	for (n = 0;; n++) {
		while (__atomic_load_n(&shared->hold, __ATOMIC_ACQUIRE)) {
			__atomic_store_n(&shared->workers[worker].holding, 1,
					 __ATOMIC_RELEASE);
			usleep(1000);
		}
		__atomic_store_n(&shared->workers[worker].holding, 0,
				 __ATOMIC_RELEASE);
		dice_init(&dice, seed, worker * 2 + rude, n);
		next_sequence(&seq, &dice, n);
		seq.worker = worker;
		seq.number = n;
		check(run_one(&seq, &fresh), "worker %u: a VM is left", worker);
		if (fresh)
			corpus_add(&seq, &dice);
		shared->workers[worker].calls += seq.count;
		__atomic_add_fetch(&shared->workers[worker].executions, 1,
				   __ATOMIC_RELEASE);
	}
}

static unsigned long executions(void)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < worker_count; i++)
		sum += __atomic_load_n(&shared->workers[i].executions,
				       __ATOMIC_ACQUIRE);
	return sum;
}

/* The end of the test, and what led to it */
static void found(const char *what)
{
	report("seed %llu, the last sequences, for a replay:",
	       (unsigned long long)seed);
	ring_print(stdout, "#| ", ring, worker_count);
	fflush(stdout);
	fail("%s", what);
}

static void look_for_dead(const pid_t *pids)
{
	unsigned int i;
	int status;

	for (i = 0; i < worker_count; i++)
		if (waitpid(pids[i], &status, WNOHANG) == pids[i])
			found("a worker has ended");
}

/* All workers between two sequences */
static void hold_workers(const pid_t *pids)
{
	uint64_t end = now_us() + HANG_MS * 1000ULL;
	unsigned int i;

	__atomic_store_n(&shared->hold, 1, __ATOMIC_RELEASE);
	for (i = 0; i < worker_count; i++) {
		while (!__atomic_load_n(&shared->workers[i].holding,
					__ATOMIC_ACQUIRE)) {
			look_for_dead(pids);
			if (now_us() > end)
				found("a sequence does not end");
			usleep(1000);
		}
	}
}

static void release_workers(void)
{
	unsigned int i;

	for (i = 0; i < worker_count; i++)
		__atomic_store_n(&shared->workers[i].holding, 0,
				 __ATOMIC_RELEASE);
	__atomic_store_n(&shared->hold, 0, __ATOMIC_RELEASE);
}

struct state {
	struct hv_account account;
	long pinned;
	unsigned int vms;
};

static void get_state(struct state *state)
{
	hv_get_account(&state->account);
	state->pinned = pinned_pages();
	state->vms = shown_vms();
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->account.vms == b->account.vms &&
	       a->account.vcpus == b->account.vcpus &&
	       a->account.pages == b->account.pages &&
	       a->account.complaints == b->account.complaints &&
	       a->pinned == b->pinned && a->vms == b->vms;
}

/* Between two sequences all has to be as it was at the beginning. */
static void check_state(const struct state *before, int log)
{
	struct state now;
	unsigned int i;

	if (log_warnings(log))
		found("a warning in the kernel's log");
	/* What a worker of the driver destroys may be gone but for its pins. */
	for (i = 0; i < SETTLE_MS / 100; i++) {
		get_state(&now);
		if (same_state(&now, before))
			return;
		sleep_ms(100);
	}
	report("%ld VMs, %ld vCPUs, %ld pages mapped, %ld pinned, %d VMs shown, %ld complaints more than at the beginning",
	       (long)(now.account.vms - before->account.vms),
	       (long)(now.account.vcpus - before->account.vcpus),
	       (long)(now.account.pages - before->account.pages),
	       now.pinned - before->pinned, (int)(now.vms - before->vms),
	       (long)(now.account.complaints - before->account.complaints));
	found("something is left of the sequences");
}

static void say_how_far(uint64_t us)
{
	unsigned long n = executions(), calls = 0;
	unsigned int i;

	for (i = 0; i < worker_count; i++)
		calls += shared->workers[i].calls;
	report("%lu executions, %lu calls, in %llu s: %llu executions a second",
	       n, calls, (unsigned long long)(us / 1000000),
	       (unsigned long long)(n * 1000000 / (us + 1)));
	if (coverage_blocks())
		report("reached %u of %u blocks of the driver; %u sequences kept",
		       coverage_reached(), coverage_blocks(),
		       shared->corpus_count);
}

static void run_workers(unsigned int for_seconds)
{
	uint64_t begin = now_us(), said = begin, end;
	struct state before;
	pid_t pids[WORKERS_MAX];
	unsigned long i;
	int log;

	memset(shared->workers, 0, sizeof(shared->workers));
	shared->hold = 0;
	get_state(&before);
	log = log_open();
	for (i = 0; i < worker_count; i++)
		pids[i] = start_child(work, (void *)i);
	end = begin + for_seconds * 1000000ULL;
	while (now_us() < end) {
		sleep_ms(ROUND_MS);
		hold_workers(pids);
		check_state(&before, log);
		if (now_us() - said > 60000000) {
			said = now_us();
			say_how_far(said - begin);
		}
		release_workers();
	}
	hold_workers(pids);
	for (i = 0; i < worker_count; i++)
		kill_child(pids[i]);
	say_how_far(now_us() - begin);
	log_close(log);
}

static void behaving(void)
{
	rude = false;
	run_workers(seconds / 3);
}

static void misbehaving(void)
{
	rude = true;
	hv_expect(TESTBED_FOREVER);
	run_workers(seconds - seconds / 3);
	hv_expect(0);
}

static void coverage(void)
{
	if (!coverage_blocks())
		skip("no KCOV in this kernel");
	coverage_report();
	report("reached %u of %u blocks of the driver", coverage_reached(),
	       coverage_blocks());
	check(coverage_reached() * 100 >= coverage_blocks() * SHARE_NEEDED,
	      "that is less than %u %%", SHARE_NEEDED);
}

/*
 * Devices of each kind were really given and taken back: what the hypervisor refuses
 * leads nowhere.
 */
static void devices(void)
{
	static const struct {
		unsigned int call, since, until;	/* releases; 0: all */
	} calls[] = {
		{ HC_ASSIGN_PTDEV, 0, 13 },	{ HC_DEASSIGN_PTDEV, 0, 13 },
		{ HC_SET_PTDEV_INTR },		{ HC_RESET_PTDEV_INTR },
		{ HC_ASSIGN_PCIDEV, 16 },	{ HC_DEASSIGN_PCIDEV, 16 },
		{ HC_ASSIGN_MMIODEV, 21 },	{ HC_DEASSIGN_MMIODEV, 21 },
		{ HC_ADD_VDEV, 22 },		{ HC_REMOVE_VDEV, 22 },
		{ HC_ASSIGN_PIO, 33 },		{ HC_DEASSIGN_PIO, 33 },
	};
	unsigned int release = hv_generation(), i;
	unsigned long worked;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (release < calls[i].since ||
		    (calls[i].until && release > calls[i].until))
			continue;
		worked = hv_calls(calls[i].call) - hv_refused(calls[i].call);
		report("hypercall %#x worked %lu times", calls[i].call, worked);
		check(worked, "hypercall %#x never worked", calls[i].call);
	}
}

/* One after the other, with a look at everything after each */
static void replay(void)
{
	const char *path = getenv("FUZZ_REPLAY");
	unsigned int fresh, count = 0, worker = ~0U;
	FILE *file = fopen(path, "re");
	struct state before;
	struct sequence seq;
	int log;

	check(file, "%s: %s", path, strerror(errno));
	hv_expect(TESTBED_FOREVER);
	get_state(&before);
	log = log_open();
	while (sequence_read(file, &seq)) {
		if (seq.worker >= WORKERS_MAX)
			seq.worker = 0;
		if (worker == ~0U) {
			worker = seq.worker;
			execute_init(worker);
		}
		/* the worker only decides on the VMs' configurations */
		seq.worker = worker;
		sequence_print(stdout, "# ", &seq);
		fflush(stdout);
		check(run_one(&seq, &fresh), "a VM is left");
		check_state(&before, log);
		count++;
	}
	check(count, "no sequence in %s", path);
	report("%u sequences", count);
	hv_expect(0);
}

static void save_corpus(void)
{
	unsigned int i;

	for (i = 0; i < shared->corpus_count; i++)
		sequence_print(stdout, "#+ ", &shared->corpus[i]);
	fflush(stdout);
}

static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	check(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	return memory;
}

int main(int argc, char **argv)
{
	/* Chosen here, and not by TEST(): a replay is the only test */
	struct test tests[] = {
		{ "sequences of calls, the hypervisor behaves", behaving },
		{ "sequences of calls, the hypervisor misbehaves", misbehaving },
		{ "they come to most of the driver", coverage },
		{ "they give devices of each kind, and take them back", devices },
	};
	struct test replay_test = { "sequences of a file", replay };
	unsigned int i;
	int status;

	if (argc == 3 && !strcmp(argv[1], "--recover"))
		return ring_recover(argv[2]);
	seed = number_from("FUZZ_SEED", seed);
	seconds = number_from("FUZZ_SECONDS", seconds);
	worker_count = number_from("FUZZ_WORKERS", worker_count);
	if (!worker_count || worker_count > WORKERS_MAX)
		worker_count = WORKERS_MAX;
	shared = share(sizeof(*shared));
	ring = ring_new(worker_count, now_us());
	mount_filesystems();
	coverage_init(BLOCKS);
	module_load("acrn", "");
	module_load("client", "");
	module_load("platdev", "");
	if (getenv("FUZZ_REPLAY")) {
		replay_test.seconds = seconds + 120;
		add_test(&replay_test);
	} else {
		corpus_load();
		for (i = 0; i < ARRAY_SIZE(tests); i++) {
			tests[i].seconds = seconds + 120;
			tests[i].line = i;
			add_test(&tests[i]);
		}
	}
	status = run_tests(NEED_HYPERVISOR | NEED_DRIVER);
	module_unload("client");
	if (number_from("FUZZ_SAVE", 0))
		save_corpus();
	return status;
}
