// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: the loop of a device model.
 *
 * The node is readable when there is a request for our client; then each slot
 * in state PROCESSING with our id is one.  A request is answered by writing its
 * value (of a read) and IC_NOTIFY_REQUEST_FINISH; the slot's state is the
 * driver's and the hypervisor's business.
 *
 * IC_ATTACH_IOREQ_CLIENT waits as well, but would not notice a signal that came
 * just before; ppoll() does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "bus.h"

static const struct device * const devices[] = { &uart, &exit_port, &checker };

volatile bool bus_stop;
int bus_exit_status = -1;

static const struct device *find_device(uint32_t type, uint64_t address,
					uint64_t size)
{
	unsigned int i;

	/* Devices keep values in 64 bits. */
	if (size > sizeof(uint64_t))
		return NULL;

	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		const struct device *device = devices[i];

		if (device->type == type && address >= device->start &&
		    address - device->start < device->size &&
		    size <= device->size - (address - device->start))
			return device;
	}
	return NULL;
}

/* Where there is no device, writes are lost and reads give all ones. */
static uint64_t access_device(struct vm *vm, const struct device *device,
			      uint64_t address, unsigned int size, bool write,
			      uint64_t value)
{
	if (!device)
		return write ? value : ~0UL;
	if (!write)
		return device->read(vm, address - device->start, size);
	device->write(vm, address - device->start, size, value);
	return value;
}

static void handle(struct vm *vm, struct acrn_io_request *slot,
		   unsigned int vcpu, bool trace)
{
	static const char * const types[] = { "pio", "mmio", "pci" };
	struct acrn_mmio_request *mmio = &slot->reqs.mmio;
	struct acrn_pio_request *pio = &slot->reqs.pio;
	bool is_pio = slot->type == ACRN_IOREQ_PIO;
	/* Up to the value, both look alike. */
	bool write = mmio->direction == ACRN_IOREQ_WRITE;
	uint64_t value = is_pio ? pio->value : mmio->value;
	const struct device *device = NULL;

	if (slot->type <= ACRN_IOREQ_MMIO)
		device = find_device(slot->type, mmio->address, mmio->size);
	value = access_device(vm, device, mmio->address, mmio->size, write,
			      value);
	if (!write && slot->type == ACRN_IOREQ_MMIO)
		mmio->value = value;
	else if (!write)	/* the value of PCI requests lies here as well */
		pio->value = value;

	if (trace)
		fprintf(stderr, "vcpu%u %s %s %#llx size %llu value %#llx%s%s\n",
			vcpu, types[slot->type], write ? "write" : "read",
			(unsigned long long)mmio->address,
			(unsigned long long)mmio->size,
			(unsigned long long)value, device ? " " : "",
			device ? device->name : "");
}

static void answer_requests(struct vm *vm, bool trace)
{
	unsigned int vcpu;

	for (vcpu = 0; vcpu < vm->vcpus; vcpu++) {
		struct acrn_io_request *slot = &vm->slots[vcpu];
		struct acrn_ioreq_notify notify = {
			.client_id = vm->client,
			.vcpu = vcpu,
		};

		if (__atomic_load_n(&slot->processed, __ATOMIC_ACQUIRE) !=
		    ACRN_IOREQ_PROCESSING || slot->client != vm->client)
			continue;
		if (slot->type > ACRN_IOREQ_PCICFG)
			errx(1, "request of unknown type %u", slot->type);
		handle(vm, slot, vcpu, trace);
		if (ioctl(vm->fd, IC_NOTIFY_REQUEST_FINISH, &notify))
			err(1, "IC_NOTIFY_REQUEST_FINISH");
	}
}

/**
 * bus_run() - answer the VM's requests until the guest or the user ends it
 * @vm: a started VM
 * @trace: print each request
 *
 * The signals that set bus_stop are blocked but while it waits.
 */
void bus_run(struct vm *vm, bool trace)
{
	struct pollfd node = { .fd = vm->fd, .events = POLLIN };
	sigset_t none;

	sigemptyset(&none);
	while (!bus_stop) {
		if (ppoll(&node, 1, NULL, &none) < 0) {
			if (errno != EINTR)
				err(1, "ppoll");
			continue;
		}
		if (node.revents & POLLHUP)
			errx(1, "the I/O request client is gone");
		answer_requests(vm, trace);
	}
}
