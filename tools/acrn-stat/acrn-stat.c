// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * acrn-stat: what the User VMs of ACRN's Service VM do, per second.
 *
 * What does not change with every request is read in debugfs.  What does is counted
 * here, from the driver's tracepoints: in a trace instance of its own, which is gone
 * when this ends, so that nothing is traced while nobody looks.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define INSTANCES	"/sys/kernel/tracing/instances"
#define VMS		"/sys/kernel/debug/acrn_hsm/vms"
#define HYPERCALLS	"/sys/kernel/debug/acrn_hsm/hypercalls"

#define VCPUS		16
/* KiB for each CPU: about 100,000 events, of an interval at most */
#define BUFFER_KB	"8192"

/* As acrn_ioreq_take prints them */
static const char * const type_names[] = { "PIO", "MMIO", "PCICFG", "WP", "other" };
static const char * const by_names[] = { "dm", "ioeventfd", "client", "driver", "nobody" };

/**
 * struct vm - a User VM
 * @vmid: the hypervisor's number
 * @shown: debugfs has it now
 * @state: as debugfs says it
 * @pid: the process that created it, 0: not known
 * @owner: the name of that process
 * @vcpus: how many vCPUs it has
 * @memory_kib: of memory, KiB
 * @types: requests in this interval, by type
 * @by: the same, by who answered them
 * @writes: how many of them were writes
 * @msis: MSIs injected in this interval
 * @hypercalls: hypercalls about this VM in this interval
 * @failures: those that the hypervisor refused
 * @taken: per vCPU: when its request was taken, us, 0: there is none
 * @latencies: from there to completion, us, in this interval
 * @count: how many of them
 * @room: for how many there is memory
 */
struct vm {
	unsigned int vmid;
	bool shown;
	char state[16];
	unsigned int pid;
	char owner[32];
	unsigned int vcpus;
	unsigned long long memory_kib;
	unsigned long types[ARRAY_SIZE(type_names)];
	unsigned long by[ARRAY_SIZE(by_names)];
	unsigned long writes;
	unsigned long msis;
	unsigned long hypercalls;
	unsigned long failures;
	uint64_t taken[VCPUS];
	uint32_t *latencies;
	size_t count;
	size_t room;
};

/* A hypercall: how often it was made, all in all and in this interval */
struct hypercall {
	char name[32];
	unsigned long long calls, failures;
	unsigned long long new_calls, new_failures;
};

static struct vm *vms;
static size_t vm_count;
static struct hypercall hypercalls[128];
static size_t hypercall_count;
static unsigned long long lost, lost_before;

static char instance[sizeof(INSTANCES) + 32];
static int pipe_fd = -1;
static volatile sig_atomic_t stopped;

/* Options */
static bool once, json;
static double interval = 1;
static long only_vm = -1;

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("acrn-stat: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static struct vm *vm_get(unsigned int vmid)
{
	size_t i;

	for (i = 0; i < vm_count; i++) {
		if (vms[i].vmid == vmid)
			return &vms[i];
	}
	vms = realloc(vms, (vm_count + 1) * sizeof(*vms));
	if (!vms)
		die("out of memory");
	memset(&vms[vm_count], 0, sizeof(*vms));
	vms[vm_count].vmid = vmid;
	return &vms[vm_count++];
}

static void add_latency(struct vm *vm, uint64_t us)
{
	if (vm->count == vm->room) {
		vm->room = vm->room ? 2 * vm->room : 1024;
		vm->latencies = realloc(vm->latencies,
					vm->room * sizeof(*vm->latencies));
		if (!vm->latencies)
			die("out of memory");
	}
	vm->latencies[vm->count++] = us > UINT32_MAX ? UINT32_MAX : us;
}

/* Which of the names it is, or the last one */
static size_t find_name(const char *name, const char * const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count - 1; i++) {
		if (!strcmp(name, names[i]))
			break;
	}
	return i;
}

/*
 * An event, a line of trace_pipe.  The task's name, in front, can be anything, but is
 * too short to hold what is looked for here.
 */
static void take_event(char *line)
{
	char *event = strstr(line, ": acrn_"), *time = event;
	char type[16], direction[8], by[16], name[32];
	unsigned int vmid, vcpu;
	uint64_t seconds, us;
	struct vm *vm;
	long rax;

	if (!event)
		return;
	while (time > line && !isspace((unsigned char)time[-1]))
		time--;
	if (sscanf(time, "%lu.%lu", &seconds, &us) != 2)
		return;
	us += seconds * 1000000;
	event += 2;

	if (sscanf(event, "acrn_ioreq_take: vmid=%u vcpu=%u %15s %7s addr=%*s size=%*s by=%15s",
		   &vmid, &vcpu, type, direction, by) == 5) {
		vm = vm_get(vmid);
		vm->types[find_name(type, type_names, ARRAY_SIZE(type_names))]++;
		vm->by[find_name(by, by_names, ARRAY_SIZE(by_names))]++;
		vm->writes += !strcmp(direction, "write");
		if (vcpu < VCPUS)
			vm->taken[vcpu] = us;
	} else if (sscanf(event, "acrn_ioreq_finish: vmid=%u vcpu=%u", &vmid, &vcpu) == 2) {
		vm = vm_get(vmid);
		if (vcpu < VCPUS && vm->taken[vcpu] && vm->taken[vcpu] <= us)
			add_latency(vm, us - vm->taken[vcpu]);
		if (vcpu < VCPUS)
			vm->taken[vcpu] = 0;
	} else if (sscanf(event, "acrn_hypercall_exit: %31s vmid=%u rax=%ld",
			  name, &vmid, &rax) == 3) {
		vm = vm_get(vmid);
		vm->hypercalls++;
		vm->failures += rax < 0;
		vm->msis += !strcmp(name, "INJECT_MSI");
	}
}

static void read_events(void)
{
	static char buffer[65536];
	static size_t used;
	char *line, *end;
	ssize_t size;

	for (;;) {
		size = read(pipe_fd, buffer + used, sizeof(buffer) - 1 - used);
		if (size <= 0)
			return;
		used += size;
		buffer[used] = 0;
		line = buffer;
		while ((end = strchr(line, '\n'))) {
			*end = 0;
			take_event(line);
			line = end + 1;
		}
		used -= line - buffer;
		memmove(buffer, line, used);
		if (used == sizeof(buffer) - 1)
			used = 0;
	}
}

static bool put(const char *file, const char *value)
{
	char path[256];
	int fd;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", instance, file);
	fd = open(path, O_WRONLY);
	ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	if (fd >= 0)
		close(fd);
	return ok;
}

static void trace_end(void)
{
	if (pipe_fd >= 0)
		close(pipe_fd);
	pipe_fd = -1;
	if (*instance)
		rmdir(instance);
	*instance = 0;
}

/* What one that was killed has left */
static void trace_clean(void)
{
	DIR *dir = opendir(INSTANCES);
	struct dirent *entry;
	char path[300];
	int pid;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "acrn-stat-%d", &pid) != 1 ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), INSTANCES "/%s", entry->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
}

/* Without tracefs, there is still something to show. */
static void trace_begin(void)
{
	static const char * const events[] = {
		"events/acrn/acrn_ioreq_take/enable",
		"events/acrn/acrn_ioreq_finish/enable",
		"events/acrn/acrn_hypercall_exit/enable",
	};
	char path[sizeof(instance) + 16];
	size_t i;

	trace_clean();
	snprintf(instance, sizeof(instance), INSTANCES "/acrn-stat-%d", getpid());
	if (mkdir(instance, 0700)) {
		fprintf(stderr, "acrn-stat: no tracing: %s: %s\n", instance, strerror(errno));
		*instance = 0;
		return;
	}
	atexit(trace_end);
	snprintf(path, sizeof(path), "%s/trace_pipe", instance);
	pipe_fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (pipe_fd < 0)
		die("%s: %s", path, strerror(errno));
	/* One clock for all CPUs, for what one takes another one may finish */
	if (!put("trace_clock", "mono") || !put("buffer_size_kb", BUFFER_KB))
		die("%s: %s", instance, strerror(errno));
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!put(events[i], "1"))
			die("%s/%s: %s", instance, events[i], strerror(errno));
	}
}

/* Events that were overwritten before they were read */
static void read_lost(void)
{
	unsigned long long sum = 0, n;
	char path[sizeof(instance) + 64], line[128];
	unsigned int cpu;
	FILE *file;

	if (pipe_fd < 0)
		return;
	for (cpu = 0; cpu < 8192; cpu++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%u/stats", instance, cpu);
		file = fopen(path, "r");
		if (!file)
			break;
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, "overrun: %llu", &n) == 1 ||
			    sscanf(line, "dropped events: %llu", &n) == 1)
				sum += n;
		}
		fclose(file);
	}
	lost = sum - lost_before;
	lost_before = sum;
}

/* The name of a process; its own choice, so nothing that a terminal would obey */
static void read_owner(struct vm *vm)
{
	char path[64], *c;
	FILE *file;

	snprintf(vm->owner, sizeof(vm->owner), "?");
	snprintf(path, sizeof(path), "/proc/%u/comm", vm->pid);
	file = vm->pid ? fopen(path, "r") : NULL;
	if (!file)
		return;
	if (fgets(vm->owner, sizeof(vm->owner), file))
		vm->owner[strcspn(vm->owner, "\n")] = 0;
	fclose(file);
	for (c = vm->owner; *c; c++) {
		if (!isprint((unsigned char)*c) || *c == '"' || *c == '\\')
			*c = '?';
	}
}

/* One column of a line of "vms" */
static void take_column(struct vm *vm, const char *name, const char *value)
{
	if (!strcmp(name, "state"))
		snprintf(vm->state, sizeof(vm->state), "%s", value);
	else if (!strcmp(name, "vcpus"))
		vm->vcpus = strtoul(value, NULL, 0);
	else if (!strcmp(name, "pid"))
		vm->pid = strtoul(value, NULL, 0);
	else if (!strcmp(name, "memory"))
		vm->memory_kib = strtoull(value, NULL, 0);
}

/* Columns are known by their names: there may be more than today. */
static void read_vms(void)
{
	static const char blanks[] = { ' ', '\n', 0 };
	char header[512], line[512], *name, *value, *names, *values;
	FILE *file = fopen(VMS, "r");
	struct vm *vm;
	size_t i;

	if (!file)
		die("%s: %s%s", VMS, strerror(errno), errno == ENOENT ?
		    " (is the module acrn loaded, and debugfs mounted?)" : "");
	for (i = 0; i < vm_count; i++)
		vms[i].shown = false;
	if (!fgets(header, sizeof(header), file))
		die("%s is empty", VMS);
	while (fgets(line, sizeof(line), file)) {
		char copy[sizeof(header)];

		memcpy(copy, header, sizeof(copy));
		name = strtok_r(copy, blanks, &names);
		value = strtok_r(line, blanks, &values);
		if (!name || !value || strcmp(name, "vmid"))
			die("%s has another form", VMS);
		vm = vm_get(strtoul(value, NULL, 0));
		vm->shown = true;
		while ((name = strtok_r(NULL, blanks, &names)) &&
		       (value = strtok_r(NULL, blanks, &values)))
			take_column(vm, name, value);
		read_owner(vm);
	}
	fclose(file);
}

static void read_hypercalls(void)
{
	FILE *file = fopen(HYPERCALLS, "r");
	unsigned long long calls, failures;
	struct hypercall *hc;
	char line[256], name[32];
	size_t i = 0;

	if (!file)
		die("%s: %s", HYPERCALLS, strerror(errno));
	while (fgets(line, sizeof(line), file) && i < ARRAY_SIZE(hypercalls)) {
		if (sscanf(line, "%31s %llu %llu", name, &calls, &failures) != 3)
			continue;
		hc = &hypercalls[i++];
		/* Loaded anew, it counts from zero. */
		if (strcmp(hc->name, name) || calls < hc->calls)
			memset(hc, 0, sizeof(*hc));
		memcpy(hc->name, name, sizeof(hc->name));
		hc->new_calls = calls - hc->calls;
		hc->new_failures = failures - hc->failures;
		hc->calls = calls;
		hc->failures = failures;
	}
	hypercall_count = i;
	fclose(file);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Of sorted latencies, the one that so many per cent do not exceed, us */
static uint32_t percentile(const struct vm *vm, unsigned int percent)
{
	size_t rank = (vm->count * percent + 99) / 100;

	return vm->latencies[rank ? rank - 1 : 0];
}

static void forget_interval(void)
{
	size_t i, to = 0;

	for (i = 0; i < vm_count; i++) {
		if (!vms[i].shown) {
			free(vms[i].latencies);
			continue;
		}
		memset(vms[i].types, 0, sizeof(vms[i].types));
		memset(vms[i].by, 0, sizeof(vms[i].by));
		vms[i].writes = 0;
		vms[i].msis = 0;
		vms[i].hypercalls = 0;
		vms[i].failures = 0;
		vms[i].count = 0;
		vms[to++] = vms[i];
	}
	vm_count = to;
}

static bool wanted(const struct vm *vm)
{
	return vm->shown && (only_vm < 0 || vm->vmid == (unsigned long)only_vm);
}

static void print_json(double seconds)
{
	const struct vm *vm;
	const char *comma = "";
	size_t i, k;

	printf("{\"interval\": %.3f, \"tracing\": %s, \"lost\": %llu, \"vms\": [",
	       seconds, pipe_fd < 0 ? "false" : "true", lost);
	for (i = 0; i < vm_count; i++) {
		vm = &vms[i];
		if (!wanted(vm))
			continue;
		printf("%s{\"vmid\": %u, \"state\": \"%s\", \"pid\": %u, \"owner\": \"%s\", \"vcpus\": %u, \"memory_kib\": %llu",
		       comma, vm->vmid, vm->state, vm->pid, vm->owner, vm->vcpus, vm->memory_kib);
		comma = ", ";
		if (pipe_fd >= 0) {
			printf(", \"requests\": {");
			for (k = 0; k < ARRAY_SIZE(type_names); k++)
				printf("%s\"%s\": %lu", k ? ", " : "", type_names[k], vm->types[k]);
			printf("}, \"answered_by\": {");
			for (k = 0; k < ARRAY_SIZE(by_names); k++)
				printf("%s\"%s\": %lu", k ? ", " : "", by_names[k], vm->by[k]);
			printf("}, \"writes\": %lu, \"msis\": %lu, \"hypercalls\": %lu, \"failures\": %lu, \"completed\": %zu",
			       vm->writes, vm->msis, vm->hypercalls, vm->failures, vm->count);
			if (vm->count)
				printf(", \"median_us\": %u, \"p99_us\": %u",
				       percentile(vm, 50), percentile(vm, 99));
		}
		printf("}");
	}
	printf("], \"hypercalls\": {");
	comma = "";
	for (i = 0; i < hypercall_count; i++) {
		printf("%s\"%s\": {\"calls\": %llu, \"failures\": %llu, \"new_calls\": %llu, \"new_failures\": %llu}",
		       comma, hypercalls[i].name, hypercalls[i].calls, hypercalls[i].failures,
		       hypercalls[i].new_calls, hypercalls[i].new_failures);
		comma = ", ";
	}
	printf("}}\n");
	fflush(stdout);
}

/* "256M" and the like */
static const char *size_text(unsigned long long kib)
{
	static char text[32];

	if (kib >= 10ULL << 20)
		snprintf(text, sizeof(text), "%lluG", kib >> 20);
	else if (kib >= 10ULL << 10)
		snprintf(text, sizeof(text), "%lluM", kib >> 10);
	else
		snprintf(text, sizeof(text), "%lluK", kib);
	return text;
}

static void print_vm(const struct vm *vm, double seconds)
{
	char owner[48];
	size_t k;

	snprintf(owner, sizeof(owner), "%s/%u", vm->owner, vm->pid);
	printf("%5u %-8s %-20.20s %5u %7s", vm->vmid, vm->state, owner, vm->vcpus,
	       size_text(vm->memory_kib));
	if (pipe_fd >= 0) {
		for (k = 0; k < 3; k++)
			printf(" %7.0f", vm->types[k] / seconds);
		for (k = 0; k < 3; k++)
			printf(" %7.0f", vm->by[k] / seconds);
		printf(" %7.0f %7.0f %6.0f", vm->msis / seconds,
		       vm->hypercalls / seconds, vm->failures / seconds);
		if (vm->count)
			printf(" %7u %7u", percentile(vm, 50), percentile(vm, 99));
		else
			printf(" %7s %7s", "-", "-");
	}
	putchar('\n');
}

static void print_table(double seconds)
{
	size_t i;

	printf("%5s %-8s %-20s %5s %7s", "VMID", "STATE", "OWNER/PID", "VCPUS", "MEMORY");
	if (pipe_fd >= 0)
		printf(" %7s %7s %7s %7s %7s %7s %7s %7s %6s %7s %7s", "PIO/s", "MMIO/s",
		       "PCI/s", "DM/s", "KICK/s", "KERN/s", "MSI/s", "HC/s", "FAIL/s",
		       "MED us", "99% us");
	putchar('\n');
	for (i = 0; i < vm_count; i++) {
		if (wanted(&vms[i]))
			print_vm(&vms[i], seconds);
	}

	printf("\n%-24s %10s %10s %10s %10s\n", "HYPERCALL", "CALLS", "FAILED",
	       "CALLS/s", "FAILED/s");
	for (i = 0; i < hypercall_count; i++) {
		const struct hypercall *hc = &hypercalls[i];

		if (hc->calls)
			printf("%-24s %10llu %10llu %10.0f %10.0f\n", hc->name, hc->calls,
			       hc->failures, hc->new_calls / seconds,
			       hc->new_failures / seconds);
	}
	if (lost)
		printf("\n%llu events were lost: the numbers of VMs are too low.\n", lost);
	fflush(stdout);
}

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* Until it has passed; "q" ends the program. */
static void wait_interval(double begin)
{
	struct pollfd fds[] = {
		{ .fd = pipe_fd, .events = POLLIN },
		{ .fd = once || json ? -1 : STDIN_FILENO, .events = POLLIN },
	};
	double left;
	char key;

	while (!stopped && (left = begin + interval - now()) > 0) {
		/* Often enough that the buffers do not overflow, seldom enough to
		 * find more than one event.
		 */
		poll(&fds[1], 1, left > 0.02 ? 20 : (int)(left * 1000) + 1);
		if (pipe_fd >= 0)
			read_events();
		if (fds[1].revents & POLLIN) {
			if (read(STDIN_FILENO, &key, 1) == 1 && key == 'q')
				stopped = 1;
		} else if (fds[1].revents) {
			fds[1].fd = -1;
		}
	}
	if (pipe_fd >= 0)
		read_events();
}

static struct termios terminal;
static bool terminal_changed;

static void terminal_restore(void)
{
	if (terminal_changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
}

/* Keys come at once and are not shown. */
static void terminal_set(void)
{
	struct termios raw;

	if (once || json || tcgetattr(STDIN_FILENO, &terminal))
		return;
	raw = terminal;
	raw.c_lflag &= ~(ICANON | ECHO);
	atexit(terminal_restore);
	terminal_changed = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void usage(FILE *out)
{
	fputs("usage: acrn-stat [OPTION...]\n"
	      "\n"
	      "Shows what the User VMs of ACRN's Service VM do.  \"q\" or Ctrl-C ends it.\n"
	      "\n"
	      "  -1, --once              one interval only, then end\n"
	      "  -j, --json              a line of JSON for each interval\n"
	      "  -i, --interval SECONDS  0.1 to 3600, default 1\n"
	      "  -v, --vm VMID           this VM only\n"
	      "  -h, --help              this text\n", out);
}

static double number(const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= min && value <= max)) {
		fprintf(stderr, "acrn-stat: not a number from %g to %g: %s\n", min, max, text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, '1' },
		{ "json", no_argument, NULL, 'j' },
		{ "interval", required_argument, NULL, 'i' },
		{ "vm", required_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct sigaction action = { .sa_handler = stop };
	double begin, seconds;
	size_t i;
	int option;

	while ((option = getopt_long(argc, argv, "1ji:v:h", options, NULL)) >= 0) {
		switch (option) {
		case '1':
			once = true;
			break;
		case 'j':
			json = true;
			break;
		case 'i':
			interval = number(optarg, 0.1, 3600);
			break;
		case 'v':
			only_vm = number(optarg, 0, 65535);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return 2;
	}

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
	read_vms();
	read_hypercalls();
	trace_begin();
	terminal_set();
	while (!stopped) {
		begin = now();
		wait_interval(begin);
		seconds = now() - begin;
		if (stopped)
			break;
		read_vms();
		read_hypercalls();
		read_lost();
		for (i = 0; i < vm_count; i++)
			qsort(vms[i].latencies, vms[i].count, sizeof(uint32_t), compare);
		if (json) {
			print_json(seconds);
		} else {
			if (!once)
				fputs("\033[H\033[2J", stdout);
			print_table(seconds);
		}
		if (once || ferror(stdout))
			break;
		forget_interval();
	}
	return ferror(stdout) ? 1 : 0;
}
