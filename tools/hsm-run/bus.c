// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: the loop of a device model.
 *
 * The node is readable when there is a request for our client; then each slot
 * in state PROCESSING with our id is one.  A request is answered by writing its
 * value (of a read) and IC_NOTIFY_REQUEST_FINISH; the slot's state is the
 * driver's and the hypervisor's business.
 *
 * IC_ATTACH_IOREQ_CLIENT waits as well, but for requests only; ppoll() waits for
 * eventfds, timers and the terminal too, and notices a signal that came just
 * before.  All devices run in this one thread and need no locks.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "bus.h"

#define MAX_DEVICES	32
#define MAX_WATCHES	16

static struct device *devices[MAX_DEVICES];
static unsigned int device_count;
static struct watch *watches[MAX_WATCHES];
static unsigned int watch_count;

static volatile sig_atomic_t ended = BUS_RUNS;
int bus_exit_status;

/* When the guest last asked for something; and the longest time for which it did not: ms */
static uint64_t asked, longest_silence;

/**
 * bus_add() - add a device
 * @vm: its VM
 * @device: the device
 */
void bus_add(struct vm *vm, struct device *device)
{
	if (device_count == MAX_DEVICES)
		errx(1, "too many devices");
	device->vm = vm;
	devices[device_count++] = device;
}

/**
 * bus_watch() - wait for one more file
 * @watch: the file
 */
void bus_watch(struct watch *watch)
{
	if (watch_count == MAX_WATCHES)
		errx(1, "too many files");
	watches[watch_count++] = watch;
}

/**
 * bus_reset() - bring all devices to the state in which a machine starts
 */
void bus_reset(void)
{
	unsigned int i;

	for (i = 0; i < device_count; i++) {
		if (devices[i]->reset)
			devices[i]->reset(devices[i]);
	}
}

/**
 * bus_end() - have bus_run() return
 * @how: what it returns
 */
void bus_end(enum bus_end how)
{
	if (ended == BUS_RUNS)
		ended = how;
}

static uint64_t ms_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000UL + now.tv_nsec / 1000000;
}

/**
 * bus_asked() - the guest is alive
 */
void bus_asked(void)
{
	uint64_t now = ms_now();

	if (now - asked > longest_silence)
		longest_silence = now - asked;
	asked = now;
}

/**
 * bus_longest_silence() - the longest time for which a running guest asked for nothing
 *
 * Return: milliseconds.
 */
uint64_t bus_longest_silence(void)
{
	return longest_silence;
}

static struct device *find_device(uint32_t type, uint64_t address,
				  uint64_t size)
{
	unsigned int i;

	/* Devices keep values in 64 bits. */
	if (size > sizeof(uint64_t))
		return NULL;

	for (i = 0; i < device_count; i++) {
		struct device *device = devices[i];

		if (device->type == type && address >= device->start &&
		    address - device->start < device->size &&
		    size <= device->size - (address - device->start))
			return device;
	}
	return NULL;
}

/* Where there is no device, writes are lost and reads give all ones. */
static uint64_t access_device(struct device *device, uint64_t address,
			      unsigned int size, bool write, uint64_t value)
{
	if (!device)
		return write ? value : ~0UL;
	if (!write)
		return device->read(device, address - device->start, size);
	device->write(device, address - device->start, size, value);
	return value;
}

/* Where in configuration space, as a range of addresses */
static uint64_t config_address(const struct acrn_pci_request *pci)
{
	uint64_t function = (pci->bus & 255) << 8 | (pci->dev & 31) << 3 |
			    (pci->func & 7);

	return function * BUS_CONFIG_SIZE + pci->reg % BUS_CONFIG_SIZE;
}

static void handle(struct acrn_io_request *slot, unsigned int vcpu, bool trace)
{
	static const char * const types[] = { "pio", "mmio", "pci" };
	struct acrn_mmio_request *mmio = &slot->reqs.mmio;
	struct acrn_pio_request *pio = &slot->reqs.pio;
	/* Direction, size and value are where they are in all. */
	bool write = mmio->direction == ACRN_IOREQ_WRITE;
	uint64_t value = slot->type == ACRN_IOREQ_MMIO ? mmio->value : pio->value;
	uint64_t address = slot->type == ACRN_IOREQ_PCICFG ?
			   config_address(&slot->reqs.pci) : mmio->address;
	struct device *device = find_device(slot->type, address, mmio->size);

	value = access_device(device, address, mmio->size, write, value);
	if (!write && slot->type == ACRN_IOREQ_MMIO)
		mmio->value = value;
	else if (!write)
		pio->value = value;

	if (trace)
		fprintf(stderr, "vcpu%u %s %s %#llx size %llu value %#llx%s%s\n",
			vcpu, types[slot->type], write ? "write" : "read",
			(unsigned long long)address,
			(unsigned long long)mmio->size,
			(unsigned long long)value, device ? " " : "",
			device ? device->name : "");
}

static void answer_requests(struct vm *vm, bool trace)
{
	unsigned int vcpu;

	for (vcpu = 0; vcpu < vm->vcpus; vcpu++) {
		struct acrn_io_request *slot = &vm->slots[vcpu];

		if (!vm_request_is_ours(vm, vcpu))
			continue;
		if (slot->type > ACRN_IOREQ_PCICFG)
			errx(1, "request of unknown type %u", slot->type);
		bus_asked();
		handle(slot, vcpu, trace);
		/* Who asked for a reset shall not run on until it comes. */
		if (ended == BUS_RESET)
			return;
		vm_finish_request(vm, vcpu);
	}
}

/* Waits for any of the files, for a signal, or for as long as the guest may be silent */
static int wait_for(struct pollfd *files, unsigned int count, unsigned int silence)
{
	uint64_t silent, most = silence * 1000UL;
	struct timespec left = { 0 };
	sigset_t none;

	sigemptyset(&none);
	if (!silence)
		return ppoll(files, count, NULL, &none);
	silent = ms_now() - asked;
	if (silent >= most)
		bus_end(BUS_SILENT);
	else
		left.tv_sec = (most - silent + 999) / 1000;
	return ppoll(files, count, &left, &none);
}

/**
 * bus_run() - answer the VM's requests until something ends the run
 * @vm: a started VM
 * @silence: seconds for which the guest need not ask for anything, or 0: for ever
 * @trace: print each request
 *
 * The signals that call bus_end() are blocked but while it waits.
 *
 * Return: how it ended.
 */
enum bus_end bus_run(struct vm *vm, unsigned int silence, bool trace)
{
	struct pollfd files[1 + MAX_WATCHES];
	enum bus_end how;
	unsigned int i;

	asked = ms_now();
	while (ended == BUS_RUNS) {
		files[0] = (struct pollfd){ .fd = vm->fd, .events = POLLIN };
		for (i = 0; i < watch_count; i++)
			files[1 + i] = (struct pollfd){
				.fd = watches[i]->fd, .events = POLLIN,
			};
		if (wait_for(files, 1 + watch_count, silence) < 0) {
			if (errno != EINTR)
				err(1, "ppoll");
			continue;
		}
		if (files[0].revents & POLLHUP)
			errx(1, "the I/O request client is gone");
		answer_requests(vm, trace);
		for (i = 0; i < watch_count && ended == BUS_RUNS; i++) {
			/* A request just before may have switched it off. */
			if (files[1 + i].revents && watches[i]->fd >= 0)
				watches[i]->ready(watches[i]);
		}
	}
	how = ended;
	if (how == BUS_RESET)
		ended = BUS_RUNS;
	return how;
}
