// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run - a small device model: runs a guest in a User VM.
 *
 * It is also the example of how to use /dev/acrn_hsm.  vm.c has the life of the
 * VM, loader.c how its guest gets into it, bus.c the loop that answers its I/O
 * requests, the other files its devices.
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "vm.h"

#define MEMORY_MIN	(4UL << 20)
#define MEMORY_MAX	(2UL << 30)	/* devices are above */
#define MEMORY_STEP	(2UL << 20)

static void stop(int signal)
{
	(void)signal;
	bus_stop = true;
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

static int usage(FILE *out, int status)
{
	fprintf(out,
		"usage: hsm-run [OPTION...] GUEST\n"
		"       hsm-run [--device NODE] --demo\n"
		"\n"
		"Runs GUEST, a 64-bit ELF file or a flat binary, in a User VM.  Its COM1 is\n"
		"the terminal; what it writes to port 0xf4 is the exit status.  Ctrl-C ends it.\n"
		"\n"
		"  --memory SIZE  of the guest, 4M to 2G, default 64M\n"
		"  --hugepages    take the memory from huge pages only\n"
		"  --vcpus N      default 1\n"
		"  --uuid UUID    of the VM's configuration in the hypervisor\n"
		"  --trace        print each I/O request\n"
		"  --device NODE  the driver's node, default %s\n"
		"  --demo         lead a VM through its life, one line for each step; under\n"
		"                 the test hypervisor each is marked in the hypervisor's log\n"
		"  --help         this text\n",
		vm_node);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "memory", required_argument, NULL, 'm' },
		{ "hugepages", no_argument, NULL, 'H' },
		{ "vcpus", required_argument, NULL, 'v' },
		{ "uuid", required_argument, NULL, 'u' },
		{ "trace", no_argument, NULL, 't' },
		{ "device", required_argument, NULL, 'n' },
		{ "demo", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool hugepages = false, trace = false, run_demo = false;
	size_t memory = 64UL << 20;
	unsigned int vcpus = 1;
	struct vm vm = { 0 };
	uint8_t uuid[16];
	int option;

	memcpy(uuid, vm_default_uuid, sizeof(uuid));
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'm':
			memory = parse_size(optarg);
			break;
		case 'H':
			hugepages = true;
			break;
		case 'v':
			vcpus = parse_vcpus(optarg);
			break;
		case 'u':
			parse_uuid(optarg, uuid);
			break;
		case 't':
			trace = true;
			break;
		case 'n':
			vm_node = optarg;
			break;
		case 'd':
			run_demo = true;
			break;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, 2);
		}
	}
	if (argc - optind != !run_demo)
		return usage(stderr, 2);
	if (run_demo)
		return demo() ? 0 : 1;

	stop_on_signals();
	vm_create(&vm, uuid, vcpus);
	vm_add_memory(&vm, memory, hugepages);
	load_guest(&vm, argv[optind]);
	vm_start(&vm);
	bus_run(&vm, trace);
	vm_destroy(&vm);

	if (bus_exit_status < 0) {
		warnx("stopped before the guest ended");
		return 1;
	}
	return bus_exit_status;
}
