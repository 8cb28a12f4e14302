// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run - a small device model: runs a guest in a User VM.
 *
 * It is also the example of how to use /dev/acrn_hsm; README.rst says what is in
 * which file.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>

#include "devices.h"
#include "loader.h"
#include "options.h"
#include "passthrough.h"
#include "virtio.h"

#define DISK_SLOT	1

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

static void add_devices(struct vm *vm, const struct options *o)
{
	unsigned int i;

	checker_add(vm);
	uart_add(vm);
	pit_add(vm);
	rtc_add(vm);
	power_add(vm);	/* its reset port is inside of a port of PCI */
	pci_add_bus(vm);
	if (o->disk)
		virtio_blk_add(vm, o->disk, DISK_SLOT);
	for (i = 0; i < o->passthroughs; i++)
		passthrough_add(vm, o->passthrough[i]);
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
		how = bus_run(vm, o->silence, o->trace);
		if (how != BUS_RESET || !o->reboot)
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
		if (o->guest.kernel.bytes)
			return 0;
		warnx("the guest switched itself off");
		return 1;
	case BUS_RESET:
		warnx("the guest resets the machine");
		return 10;
	case BUS_PANIC:
		warnx("the guest's kernel has panicked");
		return 11;
	case BUS_SHUTDOWN:
		warnx("the guest shut down: a triple fault");
		return 12;
	case BUS_SILENT:
		warnx("the guest has asked for nothing for %u s", o->silence);
		return 13;
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
	fprintf(stderr, "longest time without a question: %llu ms\n",
		(unsigned long long)bus_longest_silence());
}

int main(int argc, char **argv)
{
	struct options options;
	struct vm vm = { 0 };
	enum bus_end how;

	options_parse(argc, argv, &options);
	if (options.demo)
		return demo() ? 0 : 1;
	stop_on_signals();
	vm_create(&vm, options.uuid, options.vcpus);
	vm_add_memory(&vm, options.memory, options.hugepages);
	add_devices(&vm, &options);
	how = run(&vm, &options);
	vm_stop(&vm);
	passthrough_give_back();
	vm_destroy(&vm);
	if (options.stats)
		print_stats();
	return exit_status(how, &options);
}
