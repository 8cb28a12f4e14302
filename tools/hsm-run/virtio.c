// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: virtio devices on PCI, as virtio 1.0 describes them.
 *
 * The guest sets a device up through registers in BAR 0: accesses that come as I/O
 * requests.  Then it works with the queue in its memory only.  Its notification
 * is an ioeventfd, which the driver signals without the vCPU waiting for us, and
 * our interrupt is an irqfd.
 */
#include <err.h>
#include <string.h>
#include <sys/eventfd.h>

#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "virtio.h"

#define VENDOR		0x1af4
#define MODERN_ID(id)	(0x1040 + (id))
#define REVISION	1

/* What is where in BAR 0 */
#define COMMON		0x000
#define ISR		0x200
#define CONFIG		0x400
#define NOTIFY		0x800
#define NOTIFY_SIZE	2	/* bytes that the guest writes there */

#define ISR_QUEUE	1
#define ISR_CONFIG	2

#define FIELD(name)	offsetof(struct virtio_pci_common_cfg, name)

static void update_kick(struct pci_device *pci)
{
	struct virtio *v = container_of(pci, struct virtio, pci);
	const struct device *window = &pci->bars[0].window;
	uint64_t gpa = window->size ? window->start + NOTIFY : 0;

	if (gpa == v->kick_gpa)
		return;
	if (v->kick_gpa)
		vm_ioeventfd(window->vm, v->kick.fd, v->kick_gpa, NOTIFY_SIZE,
			     false);
	v->kick_gpa = 0;
	if (gpa && vm_ioeventfd(window->vm, v->kick.fd, gpa, NOTIFY_SIZE, true))
		v->kick_gpa = gpa;
}

static void device_reset(struct virtio *v)
{
	v->accepted = 0;
	memset(v->select, 0, sizeof(v->select));
	v->queue_select = 0;
	v->status = 0;
	v->isr = 0;
	v->config_vector = VIRTIO_MSI_NO_VECTOR;
	v->queue_vector = VIRTIO_MSI_NO_VECTOR;
	virtqueue_reset(&v->queue);
}

static void function_reset(struct pci_device *pci)
{
	device_reset(container_of(pci, struct virtio, pci));
}

/* The guest's driver has to reset it. */
static void give_up(struct virtio *v)
{
	warnx("%s: the guest's queue makes no sense", v->pci.name);
	v->queue.broken = true;
	v->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	v->isr |= ISR_CONFIG;
	msix_signal(&v->pci, v->config_vector);
}

static void work(struct virtio *v)
{
	struct virtqueue *queue = &v->queue;
	struct vm *vm = virtio_vm(v);
	static struct chain chain;
	unsigned long done = 0;
	int64_t written;

	if (!(v->status & VIRTIO_CONFIG_S_DRIVER_OK) || queue->broken)
		return;
	while (virtqueue_take(vm, queue, &chain)) {
		written = v->handle(v, &chain);
		if (written < 0) {
			queue->broken = true;
			break;
		}
		virtqueue_give(vm, queue, &chain, written);
		done++;
	}
	v->counts.requests += done;
	if (done && virtqueue_wants_interrupt(vm, queue)) {
		v->counts.interrupts++;
		v->isr |= ISR_QUEUE;
		msix_signal(&v->pci, v->queue_vector);
	}
	if (queue->broken)
		give_up(v);
}

static void kicked(struct watch *watch)
{
	struct virtio *v = container_of(watch, struct virtio, kick);
	eventfd_t times;

	if (!eventfd_read(watch->fd, &times)) {
		bus_asked();
		v->counts.kicks += times;
		work(v);
	}
}

/* What the registers of struct virtio_pci_common_cfg hold now */
static struct virtio_pci_common_cfg common_registers(const struct virtio *v)
{
	struct virtio_pci_common_cfg c = {
		.device_feature_select = v->select[0],
		.guest_feature_select = v->select[1],
		.msix_config = v->config_vector,
		.num_queues = 1,
		.device_status = v->status,
		.queue_select = v->queue_select,
	};

	if (v->select[0] < 2)
		c.device_feature = v->offered >> 32 * v->select[0];
	if (v->select[1] < 2)
		c.guest_feature = v->accepted >> 32 * v->select[1];
	if (v->queue_select) {
		c.queue_msix_vector = VIRTIO_MSI_NO_VECTOR;
		return c;	/* no such queue: its size is 0 */
	}
	c.queue_size = v->queue.size;
	c.queue_msix_vector = v->queue_vector;
	c.queue_enable = v->queue.enabled;
	c.queue_desc_lo = v->queue.descriptors;
	c.queue_desc_hi = v->queue.descriptors >> 32;
	c.queue_avail_lo = v->queue.driver;
	c.queue_avail_hi = v->queue.driver >> 32;
	c.queue_used_lo = v->queue.device;
	c.queue_used_hi = v->queue.device >> 32;
	return c;
}

static void write_features(struct virtio *v, uint32_t value)
{
	unsigned int shift = 32 * v->select[1];

	if (v->select[1] > 1 || v->status & VIRTIO_CONFIG_S_FEATURES_OK)
		return;
	v->accepted &= ~(0xffffffffUL << shift);
	v->accepted |= (uint64_t)value << shift;
}

static void write_status(struct virtio *v, uint8_t status)
{
	bool agreed = !(v->accepted & ~v->offered) &&
		      v->accepted & 1UL << VIRTIO_F_VERSION_1;

	if (!status) {
		device_reset(v);
		return;
	}
	if (status & VIRTIO_CONFIG_S_FEATURES_OK && !agreed)
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	v->status = status | (v->status & VIRTIO_CONFIG_S_NEEDS_RESET);
}

static uint16_t checked_vector(uint16_t vector)
{
	return vector < MSIX_VECTORS ? vector : VIRTIO_MSI_NO_VECTOR;
}

/* A queue's addresses are written in halves or whole; not while it works */
static void write_queue(struct virtio *v, uint64_t offset, unsigned int size,
			uint64_t value)
{
	struct virtqueue *q = &v->queue;
	uint64_t *address = NULL;

	if (v->queue_select || q->enabled)
		return;
	if (offset == FIELD(queue_size)) {
		if (value && value <= VIRTQUEUE_MAX && !(value & (value - 1)))
			q->size = value;
	} else if (offset == FIELD(queue_enable)) {
		q->enabled = value == 1;
	} else if (offset >= FIELD(queue_used_lo)) {
		address = &q->device;
		offset -= FIELD(queue_used_lo);
	} else if (offset >= FIELD(queue_avail_lo)) {
		address = &q->driver;
		offset -= FIELD(queue_avail_lo);
	} else if (offset >= FIELD(queue_desc_lo)) {
		address = &q->descriptors;
		offset -= FIELD(queue_desc_lo);
	}
	if (address && offset + size <= sizeof(*address))
		memcpy((uint8_t *)address + offset, &value, size);
}

static void write_common(struct virtio *v, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	switch (offset) {
	case FIELD(device_feature_select):
		v->select[0] = value;
		break;
	case FIELD(guest_feature_select):
		v->select[1] = value;
		break;
	case FIELD(guest_feature):
		write_features(v, value);
		break;
	case FIELD(msix_config):
		v->config_vector = checked_vector(value);
		break;
	case FIELD(device_status):
		write_status(v, value);
		break;
	case FIELD(queue_select):
		v->queue_select = value;
		break;
	case FIELD(queue_msix_vector):
		if (!v->queue_select)
			v->queue_vector = checked_vector(value);
		break;
	default:
		if (offset >= FIELD(queue_size))
			write_queue(v, offset, size, value);
	}
}

static uint64_t registers_read(struct pci_bar *bar, uint64_t offset,
			       unsigned int size)
{
	struct virtio *v = container_of(bar->owner, struct virtio, pci);
	struct virtio_pci_common_cfg common;
	uint64_t value = 0;

	if (offset + size <= COMMON + sizeof(common)) {
		common = common_registers(v);
		memcpy(&value, (uint8_t *)&common + offset, size);
	} else if (offset == ISR) {
		value = v->isr;
		v->isr = 0;
	} else if (offset >= CONFIG && offset + size <= CONFIG + v->config_size) {
		memcpy(&value, (const uint8_t *)v->config + offset - CONFIG,
		       size);
	}
	return value;
}

static void registers_write(struct pci_bar *bar, uint64_t offset,
			    unsigned int size, uint64_t value)
{
	struct virtio *v = container_of(bar->owner, struct virtio, pci);

	if (offset + size <= COMMON + sizeof(struct virtio_pci_common_cfg))
		write_common(v, offset, size, value);
	else if (offset == NOTIFY)
		work(v);	/* by a write that is no match for the ioeventfd */
}

static void add_capability(struct virtio *v, uint8_t type, uint32_t offset,
			   uint32_t size)
{
	struct virtio_pci_notify_cap capability = {
		.cap = {
			.cap_vndr = PCI_CAP_ID_VNDR,
			.cap_len = sizeof(capability.cap),
			.cfg_type = type,
			.offset = offset,
			.length = size,
		},
	};

	/* One queue: what its number is multiplied by does not matter. */
	if (type == VIRTIO_PCI_CAP_NOTIFY_CFG)
		capability.cap.cap_len = sizeof(capability);
	pci_add_capability(&v->pci, &capability, capability.cap.cap_len);
}

/**
 * virtio_add() - plug a device in
 * @vm: its VM
 * @virtio: offered, config, config_size and handle are set
 * @name: for messages
 * @id: the kind of device, VIRTIO_ID_*
 * @class_revision: PCI class code, revision 0
 * @slot: device number on the bus
 */
void virtio_add(struct vm *vm, struct virtio *virtio, const char *name,
		unsigned int id, uint32_t class_revision, unsigned int slot)
{
	struct pci_device *pci = &virtio->pci;

	pci_init(pci, name, VENDOR, MODERN_ID(id), class_revision | REVISION);
	add_capability(virtio, VIRTIO_PCI_CAP_COMMON_CFG, COMMON,
		       sizeof(struct virtio_pci_common_cfg));
	add_capability(virtio, VIRTIO_PCI_CAP_NOTIFY_CFG, NOTIFY, NOTIFY_SIZE);
	add_capability(virtio, VIRTIO_PCI_CAP_ISR_CFG, ISR, 1);
	add_capability(virtio, VIRTIO_PCI_CAP_DEVICE_CFG, CONFIG,
		       virtio->config_size);
	msix_init(pci);
	pci->bars[0].size = PCI_BAR_SIZE;
	pci->bars[0].read = registers_read;
	pci->bars[0].write = registers_write;
	pci->moved = update_kick;
	pci->reset = function_reset;
	virtio->kick.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (virtio->kick.fd < 0)
		err(1, "eventfd");
	virtio->kick.ready = kicked;
	bus_watch(&virtio->kick);
	pci_add(vm, pci, slot);
}
