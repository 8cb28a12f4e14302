/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * hsm-run: virtio devices on PCI, with one queue.
 */
#ifndef HSM_RUN_VIRTIO_H
#define HSM_RUN_VIRTIO_H

#include <stdint.h>

#include "bus.h"
#include "pci.h"
#include "virtqueue.h"

/**
 * struct virtio_counts - what happened since the start
 * @kicks: times that the guest's notification was heard of
 * @requests: requests done
 * @interrupts: signals of the queue
 */
struct virtio_counts {
	unsigned long kicks;
	unsigned long requests;
	unsigned long interrupts;
};

/**
 * struct virtio - a device
 * @pci: on the bus
 * @offered: features, VIRTIO_F_*
 * @config: what is special to this kind of device
 * @config_size: bytes
 * @handle: carries out a request; returns the number of bytes written to it, or
 *	less than 0: it makes no sense
 * @accepted: features that the guest took
 * @select: which 32 of the features the guest sees, of offered and accepted
 * @queue_select: the queue that the guest sees
 * @status: VIRTIO_CONFIG_S_*
 * @isr: what interrupts were for, for guests without MSI-X
 * @config_vector: interrupt for changes of @status
 * @queue_vector: interrupt of @queue
 * @queue: the queue
 * @kick: an ioeventfd: signalled when the guest writes to its notification
 *	register
 * @kick_gpa: where that is now, or 0
 * @counts: for --stats
 */
struct virtio {
	struct pci_device pci;
	uint64_t offered;
	const void *config;
	unsigned int config_size;
	int64_t (*handle)(struct virtio *virtio, const struct chain *chain);
	uint64_t accepted;
	uint32_t select[2];
	uint16_t queue_select;
	uint8_t status;
	uint8_t isr;
	uint16_t config_vector;
	uint16_t queue_vector;
	struct virtqueue queue;
	struct watch kick;
	uint64_t kick_gpa;
	struct virtio_counts counts;
};

/* The VM of a device that is plugged in */
static inline struct vm *virtio_vm(struct virtio *virtio)
{
	return virtio->pci.bars[0].window.vm;
}

void virtio_add(struct vm *vm, struct virtio *virtio, const char *name,
		unsigned int id, uint32_t class_revision, unsigned int slot);

/* virtio_blk.c */
void virtio_blk_add(struct vm *vm, const char *file, unsigned int slot);
const struct virtio_counts *virtio_blk_counts(void);

#endif /* HSM_RUN_VIRTIO_H */
