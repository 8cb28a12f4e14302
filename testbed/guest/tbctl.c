// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * tbctl - the shell's access to the test hypervisor's control channel, and the
 * way to end the machine with a status, with or without the hypervisor.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "testbed_control.h"

/* QEMU's isa-debug-exit ends with status value << 1 | 1; see testbed/run */
#define DEBUG_EXIT_PORT		0xf4
#define DEBUG_EXIT_MARK		0x40

/* A debug console of QEMU's: whatever is written there is a sign of life */
#define LIFE_PORT		0x402

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))

static const char *const commands[] = {
	[TESTBED_PROBE]		= "probe",
	[TESTBED_MARK]		= "mark",
	[TESTBED_FAIL]		= "fail",
	[TESTBED_BEHAVE]	= "behave",
	[TESTBED_DELAY]		= "delay",
	[TESTBED_CPUID]		= "cpuid",
	[TESTBED_API_VERSION]	= "api-version",
	[TESTBED_COUNT]		= "count",
	[TESTBED_ACCOUNT]	= "account",
	[TESTBED_EXPECT]	= "expect",
	[TESTBED_VM]		= "vm",
	[TESTBED_VCPU]		= "vcpu",
	[TESTBED_GUEST_OFF]	= "guest-off",
	[TESTBED_UPCALL]	= "upcall",
	[TESTBED_SCRIBBLE]	= "scribble",
	[TESTBED_POWER_OFF]	= "poweroff",
};

static int usage(void)
{
	size_t i;

	fprintf(stderr, "usage: tbctl COMMAND [NUMBER...]\n"
		"mark takes a text; account fails if anything is left; poweroff takes\n"
		"the status, and works without the test hypervisor too.  The others\n"
		"print RBX, RCX, RSI and RDI.  See testbed_control.h.  Commands:\n"
		" beat");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stderr, " %s", commands[i]);
	fprintf(stderr, "\n");
	return 2;
}

static int find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i]))
			return i;
	}
	return -1;
}

static bool on_testbed(void)
{
	unsigned long reg[4] = { 0 };

	return !testbed_call(TESTBED_PROBE, reg) && reg[0] == TESTBED_MAGIC;
}

/* What the serial ports have not sent yet would be lost with the machine. */
static void drain(const char *tty)
{
	int fd = open(tty, O_WRONLY | O_NOCTTY);

	if (fd >= 0) {
		tcdrain(fd);
		close(fd);
	}
}

static int power_off(unsigned long status)
{
	unsigned long reg[4] = { status };

	drain("/dev/ttyS0");
	drain("/dev/ttyS1");
	if (on_testbed())
		testbed_call(TESTBED_POWER_OFF, reg);
	else
		outl(status | DEBUG_EXIT_MARK, DEBUG_EXIT_PORT);
	/* Still here: no such device.  The runner takes this for a failure. */
	reboot(RB_POWER_OFF);
	return 1;
}

/* Tells testbed/run every second that processes run. */
static int beat(void)
{
	static const struct sched_param first = { .sched_priority = 1 };

	if (iopl(3) || mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &first)) {
		perror("tbctl beat");
		return 2;
	}
	for (;;) {
		outb('.', LIFE_PORT);
		sleep(1);
	}
}

int main(int argc, char **argv)
{
	unsigned long reg[4] = { 0 };
	int command, result, i;

	if (argc < 2 || argc > 6)
		return usage();
	if (!strcmp(argv[1], "beat"))
		return beat();
	command = find_command(argv[1]);
	if (command < 0)
		return usage();

	if (command == TESTBED_MARK && argc == 3) {
		memcpy(reg, argv[2], strnlen(argv[2], sizeof(reg)));
	} else {
		for (i = 2; i < argc; i++)
			reg[i - 2] = strtoul(argv[i], NULL, 0);
	}

	if (iopl(3)) {
		perror("tbctl: iopl");
		return 2;
	}
	if (command == TESTBED_POWER_OFF)
		return power_off(reg[0]);
	if (!on_testbed()) {
		fprintf(stderr, "tbctl: not on the test hypervisor\n");
		return 3;
	}

	result = testbed_call(command, reg);
	if (result) {
		fprintf(stderr, "tbctl: %s: %s\n", argv[1], strerror(-result));
		return 1;
	}
	switch (command) {
	case TESTBED_MARK:
	case TESTBED_BEHAVE:
		return 0;
	case TESTBED_ACCOUNT:
		printf("vms=%lu vcpus=%lu pages=%lu complaints=%lu\n",
		       reg[0], reg[1], reg[2], reg[3]);
		return reg[0] || reg[1] || reg[2] || reg[3];
	default:
		printf("%#lx %#lx %#lx %#lx\n", reg[0], reg[1], reg[2], reg[3]);
		return 0;
	}
}
