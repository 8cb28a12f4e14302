/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: a virtio queue, as the device sees it.
 */
#ifndef HSM_RUN_VIRTQUEUE_H
#define HSM_RUN_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vm.h"

#define VIRTQUEUE_MAX	128	/* buffers of a queue, and parts of a chain */

/**
 * struct virtqueue - a split queue
 * @size: entries, as the guest chose, a power of 2
 * @descriptors: guest-physical address of the table of buffers
 * @driver: of the ring of what the guest offers
 * @device: of the ring of what is done
 * @enabled: the guest has set it up
 * @broken: what the guest wrote there makes no sense
 * @next: where in the guest's ring we are
 * @done: where in ours
 */
struct virtqueue {
	uint16_t size;
	uint64_t descriptors;
	uint64_t driver;
	uint64_t device;
	bool enabled;
	bool broken;
	uint16_t next;
	uint16_t done;
};

/**
 * struct chain - a request: buffers of the guest, in our memory
 * @head: names it
 * @readable: how many of @parts we may read; they come first
 * @count: how many there are; the rest we may write
 * @parts: the buffers
 */
struct chain {
	uint16_t head;
	unsigned int readable;
	unsigned int count;
	struct iovec parts[VIRTQUEUE_MAX];
};

void virtqueue_reset(struct virtqueue *queue);
bool virtqueue_take(struct vm *vm, struct virtqueue *queue, struct chain *chain);
void virtqueue_give(struct vm *vm, struct virtqueue *queue,
		    const struct chain *chain, uint32_t written);
bool virtqueue_wants_interrupt(struct vm *vm, struct virtqueue *queue);

#endif /* HSM_RUN_VIRTQUEUE_H */
