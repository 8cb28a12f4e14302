// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: split virtio queues.
 *
 * All of a queue lies in the guest's memory, where the guest can change it at any
 * moment.  So each thing is read once, checked, and used as it was read; what makes
 * no sense breaks the queue, until the guest resets the device.
 */
#include <string.h>

#include <linux/virtio_ring.h>

#include "virtqueue.h"

#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))

/**
 * virtqueue_reset() - as the guest finds it at first
 * @queue: the queue
 */
void virtqueue_reset(struct virtqueue *queue)
{
	memset(queue, 0, sizeof(*queue));
	queue->size = VIRTQUEUE_MAX;
}

static struct vring_avail *driver_ring(struct vm *vm, const struct virtqueue *q)
{
	if (q->driver % 2)
		return NULL;
	return vm_memory(vm, q->driver, sizeof(struct vring_avail) +
			 q->size * sizeof(uint16_t));
}

static struct vring_used *device_ring(struct vm *vm, const struct virtqueue *q)
{
	if (q->device % 4)
		return NULL;
	return vm_memory(vm, q->device, sizeof(struct vring_used) +
			 q->size * sizeof(struct vring_used_elem));
}

static struct vring_desc *descriptors(struct vm *vm, const struct virtqueue *q)
{
	if (q->descriptors % 16)
		return NULL;
	return vm_memory(vm, q->descriptors,
			 q->size * sizeof(struct vring_desc));
}

/* One buffer; false: it makes no sense */
static bool add_part(struct vm *vm, struct chain *chain,
		     const struct vring_desc *d)
{
	struct iovec *part = &chain->parts[chain->count];
	bool writable = d->flags & VRING_DESC_F_WRITE;

	/* Indirect ones were not offered; what is read comes first. */
	if (d->flags & VRING_DESC_F_INDIRECT ||
	    (!writable && chain->readable != chain->count))
		return false;
	part->iov_base = vm_memory(vm, d->addr, d->len);
	part->iov_len = d->len;
	chain->count++;
	if (!writable)
		chain->readable++;
	return part->iov_base && d->len;
}

static bool walk(struct vm *vm, const struct virtqueue *q, struct chain *chain)
{
	struct vring_desc *table = descriptors(vm, q), d;
	uint16_t i = chain->head;

	chain->readable = 0;
	chain->count = 0;
	if (!table)
		return false;
	do {
		/* As many as there are at most, or they go in circles. */
		if (i >= q->size || chain->count == q->size)
			return false;
		d.addr = READ_ONCE(table[i].addr);
		d.len = READ_ONCE(table[i].len);
		d.flags = READ_ONCE(table[i].flags);
		d.next = READ_ONCE(table[i].next);
		if (!add_part(vm, chain, &d))
			return false;
		i = d.next;
	} while (d.flags & VRING_DESC_F_NEXT);
	return true;
}

/**
 * virtqueue_take() - the next request of the guest
 * @vm: its VM
 * @queue: the queue
 * @chain: filled in
 *
 * Return: whether there was one.
 */
bool virtqueue_take(struct vm *vm, struct virtqueue *queue, struct chain *chain)
{
	struct vring_avail *ring;
	uint16_t waiting;

	if (!queue->enabled || queue->broken)
		return false;
	ring = driver_ring(vm, queue);
	if (!ring) {
		queue->broken = true;
		return false;
	}
	waiting = __atomic_load_n(&ring->idx, __ATOMIC_ACQUIRE) - queue->next;
	if (!waiting)
		return false;
	chain->head = READ_ONCE(ring->ring[queue->next % queue->size]);
	if (waiting > queue->size || !walk(vm, queue, chain)) {
		queue->broken = true;
		return false;
	}
	queue->next++;
	return true;
}

/**
 * virtqueue_give() - say that a request is done
 * @vm: its VM
 * @queue: the queue
 * @chain: the request
 * @written: bytes written to its buffers
 */
void virtqueue_give(struct vm *vm, struct virtqueue *queue,
		    const struct chain *chain, uint32_t written)
{
	struct vring_used *ring = device_ring(vm, queue);

	if (!ring) {
		queue->broken = true;
		return;
	}
	ring->ring[queue->done % queue->size] = (struct vring_used_elem) {
		.id = chain->head, .len = written,
	};
	queue->done++;
	__atomic_store_n(&ring->idx, queue->done, __ATOMIC_RELEASE);
}

/**
 * virtqueue_wants_interrupt() - does the guest want to hear of what is done?
 * @vm: its VM
 * @queue: the queue
 *
 * Return: true if so.
 */
bool virtqueue_wants_interrupt(struct vm *vm, struct virtqueue *queue)
{
	struct vring_avail *ring = driver_ring(vm, queue);

	/* What is done must be visible before the guest's wish is looked at. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring && !(READ_ONCE(ring->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}
