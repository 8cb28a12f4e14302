// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run - a small device model: runs a guest in a User VM.
 *
 * It is also the example of how to use /dev/acrn_hsm; README.rst says what is in
 * which file.
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "loader.h"
#include "virtio.h"

#define MEMORY_MIN	(4UL << 20)
#define MEMORY_MAX	(2UL << 30)	/* devices are above */
#define MEMORY_STEP	(2UL << 20)
#define MEMORY_PROGRAM	(64UL << 20)	/* if nothing else is said */
#define MEMORY_LINUX	(256UL << 20)
#define DISK_SLOT	1

/**
 * struct options - what was asked for
 * @guest: what to run; @program or @kernel is set
 * @disk: file that is its disk, or NULL
 * @memory: bytes of its RAM
 * @hugepages: take them from huge pages
 * @vcpus: how many
 * @uuid: the VM's configuration in the hypervisor
 * @trace: print each request
 * @stats: print counters at the end
 */
struct options {
	struct guest guest;
	const char *disk;
	size_t memory;
	bool hugepages;
	unsigned int vcpus;
	uint8_t uuid[16];
	bool trace;
	bool stats;
};

static void stop(int signal)
{
	(void)signal;
	bus_end(BUS_STOPPED);
}

/* They are let through only while the request loop waits. */
static void stop_on_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = stop };
	sigset_t blocked;
	unsigned int i;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static size_t parse_size(const char *text)
{
	char *end;
	unsigned long long size = strtoull(text, &end, 0);
	unsigned int shift = 0;

	switch (*end) {
	case 'G':
		shift = 30;
		break;
	case 'M':
		shift = 20;
		break;
	case 'K':
		shift = 10;
		break;
	}
	if (shift)
		end++;
	if (end == text || *end || size > MEMORY_MAX >> shift ||
	    size << shift < MEMORY_MIN || (size << shift) % MEMORY_STEP)
		errx(2, "%s: memory is 4M to 2G, in steps of 2M", text);
	return size << shift;
}

static unsigned int parse_vcpus(const char *text)
{
	char *end;
	unsigned long vcpus = strtoul(text, &end, 0);

	if (end == text || *end || !vcpus || vcpus > ACRN_MAX_VCPUS)
		errx(2, "%s: there are 1 to %d vCPUs", text, ACRN_MAX_VCPUS);
	return vcpus;
}

static void parse_uuid(const char *text, uint8_t uuid[16])
{
	unsigned int i, byte;
	int length;

	for (i = 0; i < 16; i++) {
		if (*text == '-')
			text++;
		if (sscanf(text, "%2x%n", &byte, &length) != 1 || length != 2)
			break;
		uuid[i] = byte;
		text += length;
	}
	if (i < 16 || *text)
		errx(2, "a uuid is 32 hexadecimal digits");
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: hsm-run [OPTION...] GUEST\n"
		"       hsm-run [OPTION...] --kernel BZIMAGE [--initrd FILE] [--append TEXT]\n"
		"       hsm-run [--device NODE] --demo\n"
		"\n"
		"Runs a guest in a User VM: GUEST, a 64-bit ELF file or a flat binary, or a Linux\n"
		"kernel.  Its COM1 is the terminal.  Ctrl-C ends it; if Linux runs in a terminal,\n"
		"Ctrl-C goes to it, and Ctrl-] ends it.\n"
		"\n"
		"The exit status is what GUEST writes to port 0xf4, or 0 when Linux switches the\n"
		"machine off, or 1.  A guest that resets the machine is started again.\n"
		"\n"
		"  --kernel FILE  a Linux kernel\n"
		"  --initrd FILE  its initial file system\n"
		"  --append TEXT  its command line, default \"console=ttyS0\"\n"
		"  --disk FILE    a disk, a virtio block device\n"
		"  --memory SIZE  4M to 2G, default 64M, for Linux 256M\n"
		"  --hugepages    take the memory from huge pages only\n"
		"  --vcpus N      default 1\n"
		"  --uuid UUID    of the VM's configuration in the hypervisor\n"
		"  --trace        print each I/O request\n"
		"  --stats        at the end, print what the disk did\n"
		"  --device NODE  the driver's node, default %s\n"
		"  --demo         lead a VM through its life, one line for each step; under\n"
		"                 the test hypervisor each is marked in the hypervisor's log\n"
		"  --help         this text\n",
		vm_node);
}

static void __attribute__((noreturn)) misused(void)
{
	usage(stderr);
	exit(2);
}

static void parse_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "initrd", required_argument, NULL, 'i' },
		{ "append", required_argument, NULL, 'a' },
		{ "disk", required_argument, NULL, 'D' },
		{ "memory", required_argument, NULL, 'm' },
		{ "hugepages", no_argument, NULL, 'H' },
		{ "vcpus", required_argument, NULL, 'v' },
		{ "uuid", required_argument, NULL, 'u' },
		{ "trace", no_argument, NULL, 't' },
		{ "stats", no_argument, NULL, 's' },
		{ "device", required_argument, NULL, 'n' },
		{ "demo", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *kernel = NULL, *initrd = NULL;
	bool run_demo = false;
	int option;

	memcpy(o->uuid, vm_default_uuid, sizeof(o->uuid));
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'k':
			kernel = optarg;
			break;
		case 'i':
			initrd = optarg;
			break;
		case 'a':
			o->guest.command_line = optarg;
			break;
		case 'D':
			o->disk = optarg;
			break;
		case 'm':
			o->memory = parse_size(optarg);
			break;
		case 'H':
			o->hugepages = true;
			break;
		case 'v':
			o->vcpus = parse_vcpus(optarg);
			break;
		case 'u':
			parse_uuid(optarg, o->uuid);
			break;
		case 't':
			o->trace = true;
			break;
		case 's':
			o->stats = true;
			break;
		case 'n':
			vm_node = optarg;
			break;
		case 'd':
			run_demo = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			misused();
		}
	}
	if (argc - optind != !(run_demo || kernel) || (run_demo && kernel) ||
	    (!kernel && (initrd || o->guest.command_line)))
		misused();
	if (run_demo)
		exit(demo() ? 0 : 1);

	if (!kernel) {
		file_open(&o->guest.program, argv[optind]);
		return;
	}
	file_open(&o->guest.kernel, kernel);
	if (initrd)
		file_open(&o->guest.initrd, initrd);
	if (!o->guest.command_line)
		o->guest.command_line = "console=ttyS0";
}

static void add_devices(struct vm *vm, const struct options *o)
{
	checker_add(vm);
	uart_add(vm);
	pit_add(vm);
	rtc_add(vm);
	power_add(vm);	/* its reset port is inside of a port of PCI */
	pci_add_bus(vm);
	if (o->disk)
		virtio_blk_add(vm, o->disk, DISK_SLOT);
	terminal_open(o->guest.kernel.bytes);
}

/* From reset to reset, until something else ends it */
static enum bus_end run(struct vm *vm, const struct options *o)
{
	enum bus_end how;

	for (;;) {
		bus_reset();
		if (o->guest.kernel.bytes)
			load_linux(vm, &o->guest);
		else
			load_program(vm, &o->guest.program);
		vm_start(vm);
		how = bus_run(vm, o->trace);
		if (how != BUS_RESET)
			return how;
		vm_reset(vm);
	}
}

static int exit_status(enum bus_end how, const struct options *o)
{
	switch (how) {
	case BUS_EXIT:
		return bus_exit_status;
	case BUS_POWER_OFF:
		/* ACRN tells of a triple fault in the same way. */
		if (o->guest.kernel.bytes)
			return 0;
		warnx("the guest switched itself off, or shut down");
		return 1;
	default:
		warnx("stopped before the guest ended");
		return 1;
	}
}

static void print_stats(void)
{
	const struct virtio_counts *counts = virtio_blk_counts();

	fprintf(stderr, "disk: %lu kicks, %lu requests, %lu interrupts\n",
		counts->kicks, counts->requests, counts->interrupts);
}

int main(int argc, char **argv)
{
	struct options options = { .vcpus = 1 };
	struct vm vm = { 0 };
	enum bus_end how;

	parse_options(argc, argv, &options);
	if (!options.memory)
		options.memory = options.guest.kernel.bytes ? MEMORY_LINUX :
							      MEMORY_PROGRAM;
	stop_on_signals();
	vm_create(&vm, options.uuid, options.vcpus);
	vm_add_memory(&vm, options.memory, options.hugepages);
	add_devices(&vm, &options);
	how = run(&vm, &options);
	vm_destroy(&vm);
	if (options.stats)
		print_stats();
	return exit_status(how, &options);
}
