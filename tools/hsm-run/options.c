// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: reads the command line.  What it does not understand as a whole ends
 * the program with status 2.
 */
#include <ctype.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define MEMORY_MIN	(4UL << 20)
#define MEMORY_MAX	(2UL << 30)	/* devices are above */
#define MEMORY_STEP	(2UL << 20)
#define MEMORY_PROGRAM	(64UL << 20)	/* if nothing else is said */
#define MEMORY_LINUX	(256UL << 20)
#define SILENCE_MAX	86400

/*
 * Decimal, or hexadecimal after 0x: digits only, for strtoull() takes spaces and
 * signs as well.  UINT64_MAX, which no option has, if there is no number or it is
 * too large.
 */
static uint64_t parse_number(const char *text, const char **end)
{
	int base = text[0] == '0' && tolower(text[1]) == 'x' ? 16 : 10;
	char *rest;
	uint64_t number;

	if (base == 16)
		text += 2;
	*end = text;
	if (base == 16 ? !isxdigit(text[0]) : !isdigit(text[0]))
		return UINT64_MAX;
	number = strtoull(text, &rest, base);
	*end = rest;
	return number;
}

static size_t parse_size(const char *text)
{
	const char *unit;
	uint64_t size = parse_number(text, &unit);
	unsigned int shift = 0;

	switch (*unit) {
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
	if (unit[shift ? 1 : 0] || size > MEMORY_MAX >> shift ||
	    size << shift < MEMORY_MIN || (size << shift) % MEMORY_STEP)
		errx(2, "%s: memory is 4M to 2G, in steps of 2M", text);
	return size << shift;
}

static unsigned int parse_vcpus(const char *text)
{
	const char *end;
	uint64_t vcpus = parse_number(text, &end);

	if (*end || !vcpus || vcpus > ACRN_MAX_VCPUS)
		errx(2, "%s: there are 1 to %d vCPUs", text, ACRN_MAX_VCPUS);
	return vcpus;
}

static unsigned int parse_silence(const char *text)
{
	const char *end;
	uint64_t seconds = parse_number(text, &end);

	if (*end || !seconds || seconds > SILENCE_MAX)
		errx(2, "%s: silence is 1 to %d seconds", text, SILENCE_MAX);
	return seconds;
}

static uint64_t parse_cpus(const char *text)
{
	const char *end;
	uint64_t cpus = parse_number(text, &end);

	if (*end || !cpus || cpus == UINT64_MAX)
		errx(2, "%s: CPUs are a number with a bit for each", text);
	return cpus;
}

/* With the segment, which can only be 0, or without */
static void parse_device(const char *text, struct options *o)
{
	unsigned int bus, device, function;
	int length = 0;

	if (sscanf(text, "0000:%2x:%2x.%1x%n", &bus, &device, &function, &length) != 3)
		sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &function, &length);
	if (!length || text[length] || device > 31 || function > 7)
		errx(2, "%s: a PCI device is bus:device.function, as lspci shows it", text);
	if (o->passthroughs == PASSTHROUGH_MAX)
		errx(2, "at most %d devices can be passed through", PASSTHROUGH_MAX);
	o->passthrough[o->passthroughs++] = bus << 8 | device << 3 | function;
}

/* Is it Linux's? */
static bool parse_abi(const char *text)
{
	bool is_linux = !strcmp(text, "linux");

	if (!is_linux && strcmp(text, "plain"))
		errx(2, "%s: an ABI is plain or linux", text);
	return is_linux;
}

/* With dashes where they belong, or without any */
static void parse_uuid(const char *text, uint8_t uuid[16])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool dashes = strchr(text, '-');
	const char *f, *t = text;
	unsigned int nibbles = 0;
	char digit[2] = "";

	for (f = form; *f; f++) {
		if (*f == '-') {
			if (dashes && *t++ != '-')
				break;
			continue;
		}
		if (!isxdigit(*t))
			break;
		digit[0] = *t++;
		uuid[nibbles / 2] = uuid[nibbles / 2] << 4 |
				    strtoul(digit, NULL, 16);
		nibbles++;
	}
	if (*f || *t)
		errx(2, "%s: a uuid is 32 hexadecimal digits", text);
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
		"machine off, or 1.  A guest that resets the machine is started again.  For a\n"
		"guest that does not end well: 10 if it resets the machine and shall not, 11 for\n"
		"a panic of its kernel, 12 for a triple fault, 13 if it has gone silent.\n"
		"\n"
		"  --kernel FILE  a Linux kernel\n"
		"  --initrd FILE  its initial file system\n"
		"  --append TEXT  its command line, default \"console=ttyS0\"\n"
		"  --disk FILE    a disk, a virtio block device\n"
		"  --passthrough BB:DD.F  a PCI device of the Service VM, with hypervisors up to\n"
		"                 v1.5; can be given again for more\n"
		"  --memory SIZE  4M to 2G, default 64M, for Linux 256M\n"
		"  --hugepages    take the memory from huge pages only\n"
		"  --vcpus N      default 1; hypervisors since v1.4 decide by --cpus\n"
		"  --cpus MASK    CPUs it may run on, a bit for each\n"
		"  --abi ABI      plain: the numbers of acrn-dm up to v2.5, the default;\n"
		"                 linux: those of <linux/acrn.h>\n"
		"  --uuid UUID    of the VM's configuration in the hypervisor\n"
		"  --no-reboot    end when the guest resets the machine\n"
		"  --silence N    end when the guest has asked for nothing for N seconds\n"
		"  --trace        print each I/O request\n"
		"  --stats        at the end, print what the disk did, and the longest silence\n"
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

/* @program, if there is no kernel */
static void open_guest(struct options *options, const char *kernel,
		       const char *initrd, const char *program)
{
	struct guest *guest = &options->guest;

	if (!kernel) {
		file_open(&guest->program, program);
		return;
	}
	file_open(&guest->kernel, kernel);
	if (initrd)
		file_open(&guest->initrd, initrd);
	if (!guest->command_line)
		guest->command_line = "console=ttyS0";
}

/* What getopt_long() returns for an option; those with a flag return 0 */
enum {
	KERNEL = 1, INITRD, APPEND, DISK, PASSTHROUGH, MEMORY, VCPUS, CPUS, UUID, ABI,
	SILENCE, DEVICE, HELP = 'h',
};

/**
 * options_parse() - read the command line; ends the program if it is wrong
 * @argc: as main() got it
 * @argv: as main() got it
 * @options: filled in
 *
 * The files that the guest consists of are opened.
 */
void options_parse(int argc, char **argv, struct options *options)
{
	int hugepages = 0, trace = 0, stats = 0, demo = 0, no_reboot = 0;
	const struct option known[] = {
		{ "kernel", required_argument, NULL, KERNEL },
		{ "initrd", required_argument, NULL, INITRD },
		{ "append", required_argument, NULL, APPEND },
		{ "disk", required_argument, NULL, DISK },
		{ "passthrough", required_argument, NULL, PASSTHROUGH },
		{ "memory", required_argument, NULL, MEMORY },
		{ "hugepages", no_argument, &hugepages, true },
		{ "vcpus", required_argument, NULL, VCPUS },
		{ "cpus", required_argument, NULL, CPUS },
		{ "uuid", required_argument, NULL, UUID },
		{ "no-reboot", no_argument, &no_reboot, true },
		{ "silence", required_argument, NULL, SILENCE },
		{ "abi", required_argument, NULL, ABI },
		{ "trace", no_argument, &trace, true },
		{ "stats", no_argument, &stats, true },
		{ "device", required_argument, NULL, DEVICE },
		{ "demo", no_argument, &demo, true },
		{ "help", no_argument, NULL, HELP },
		{ 0 }
	};
	const char *kernel = NULL, *initrd = NULL;
	int option;

	*options = (struct options){ .vcpus = 1 };
	memcpy(options->uuid, vm_default_uuid, sizeof(options->uuid));
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 0:
			break;
		case KERNEL:
			kernel = optarg;
			break;
		case INITRD:
			initrd = optarg;
			break;
		case APPEND:
			options->guest.command_line = optarg;
			break;
		case DISK:
			options->disk = optarg;
			break;
		case PASSTHROUGH:
			parse_device(optarg, options);
			break;
		case MEMORY:
			options->memory = parse_size(optarg);
			break;
		case VCPUS:
			options->vcpus = parse_vcpus(optarg);
			break;
		case CPUS:
			vm_cpus = parse_cpus(optarg);
			break;
		case ABI:
			vm_linux_abi = parse_abi(optarg);
			break;
		case UUID:
			parse_uuid(optarg, options->uuid);
			break;
		case SILENCE:
			options->silence = parse_silence(optarg);
			break;
		case DEVICE:
			vm_node = optarg;
			break;
		case HELP:
			usage(stdout);
			exit(0);
		default:
			misused();
		}
	}
	options->hugepages = hugepages;
	options->reboot = !no_reboot;
	options->trace = trace;
	options->stats = stats;
	options->demo = demo;
	if (argc - optind != !(demo || kernel) || (demo && kernel) ||
	    (!kernel && (initrd || options->guest.command_line)))
		misused();
	if (options->passthroughs && vm_linux_abi)
		errx(2, "--passthrough needs --abi plain");
	if (!options->memory)
		options->memory = kernel ? MEMORY_LINUX : MEMORY_PROGRAM;
	if (!demo)
		open_guest(options, kernel, initrd, argv[optind]);
}
