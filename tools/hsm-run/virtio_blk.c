// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * hsm-run: a virtio block device, whose content is a file.
 *
 * A request is a header, data, and a byte for the result, each in one or more
 * buffers.  It is carried out at once, so the guest's vCPUs go on meanwhile but
 * other requests wait.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

#include "virtio.h"

#define SECTOR		512
#define CLASS_STORAGE	0x01800000	/* mass storage, of another kind */

static struct virtio_blk_config config = {
	.seg_max = VIRTQUEUE_MAX - 2,	/* header and result */
	.blk_size = SECTOR,
};

static int disk = -1;

/* Bytes from the front of the buffers; what was taken is not there any more */
static bool take(struct iovec *parts, unsigned int count, void *to, size_t size)
{
	unsigned int i;
	size_t n;

	for (i = 0; i < count && size; i++) {
		n = parts[i].iov_len < size ? parts[i].iov_len : size;
		memcpy(to, parts[i].iov_base, n);
		parts[i].iov_base = (uint8_t *)parts[i].iov_base + n;
		parts[i].iov_len -= n;
		to = (uint8_t *)to + n;
		size -= n;
	}
	return !size;
}

/* Where the last byte of the buffers is, which is not there any more, or NULL */
static uint8_t *take_last(struct iovec *parts, unsigned int count)
{
	struct iovec *last;

	if (!count)
		return NULL;
	last = &parts[count - 1];
	last->iov_len--;
	return (uint8_t *)last->iov_base + last->iov_len;
}

/* Read or write; false: not all of it is on the disk, or that failed */
static bool transfer(uint64_t sector, const struct iovec *parts,
		     unsigned int count, bool write)
{
	uint64_t size = 0, end = config.capacity * SECTOR;
	ssize_t done;
	unsigned int i;

	for (i = 0; i < count; i++)
		size += parts[i].iov_len;
	if (sector > config.capacity || size % SECTOR ||
	    size > end - sector * SECTOR)
		return false;
	done = write ? pwritev(disk, parts, count, sector * SECTOR) :
		       preadv(disk, parts, count, sector * SECTOR);
	return done >= 0 && (uint64_t)done == size;
}

static int64_t handle(struct virtio *virtio, const struct chain *request)
{
	static struct iovec parts[VIRTQUEUE_MAX];
	struct iovec *in = parts + request->readable;
	unsigned int i, ins = request->count - request->readable;
	struct virtio_blk_outhdr header;
	int64_t written = 1;	/* the result */
	uint8_t *result;
	bool good;

	memcpy(parts, request->parts, request->count * sizeof(parts[0]));
	if (!take(parts, request->readable, &header, sizeof(header)))
		return -1;
	result = take_last(in, ins);
	if (!result)
		return -1;
	switch (header.type) {
	case VIRTIO_BLK_T_IN:
		good = transfer(header.sector, in, ins, false);
		for (i = 0; good && i < ins; i++)
			written += in[i].iov_len;
		break;
	case VIRTIO_BLK_T_OUT:
		good = !(virtio->offered & 1UL << VIRTIO_BLK_F_RO) &&
		       transfer(header.sector, parts, request->readable, true);
		break;
	case VIRTIO_BLK_T_FLUSH:
		good = !fdatasync(disk);
		break;
	default:
		*result = VIRTIO_BLK_S_UNSUPP;
		return written;
	}
	*result = good ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
	return written;
}

static struct virtio blk = {
	.offered = 1UL << VIRTIO_F_VERSION_1 | 1UL << VIRTIO_BLK_F_SEG_MAX |
		   1UL << VIRTIO_BLK_F_BLK_SIZE | 1UL << VIRTIO_BLK_F_FLUSH,
	.config = &config,
	.config_size = offsetof(struct virtio_blk_config, blk_size) +
		       sizeof(config.blk_size),
	.handle = handle,
};

/**
 * virtio_blk_counts() - what the device did
 *
 * Return: its counters.
 */
const struct virtio_counts *virtio_blk_counts(void)
{
	return &blk.counts;
}

/*
 * One VM may write to a file, or any number may read it: two file systems on the
 * same blocks destroy each other.  The lock ends with the file descriptor, so with
 * this process at the latest.
 */
static void lock(const char *file, bool write)
{
	struct flock whole = {
		.l_type = write ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
	};

	if (!fcntl(disk, F_OFD_SETLK, &whole))
		return;
	if (errno == EAGAIN || errno == EACCES)
		errx(1, "%s: in use by another VM", file);
	err(1, "%s: lock", file);
}

/**
 * virtio_blk_add() - plug a disk in; ends the program if that fails
 * @vm: its VM
 * @file: what is on it; the disk is read-only if the file is
 * @slot: device number on the bus
 */
void virtio_blk_add(struct vm *vm, const char *file, unsigned int slot)
{
	off_t size;

	disk = open(file, O_RDWR | O_CLOEXEC);
	if (disk < 0) {
		disk = open(file, O_RDONLY | O_CLOEXEC);
		blk.offered |= 1UL << VIRTIO_BLK_F_RO;
	}
	if (disk < 0)
		err(1, "%s", file);
	lock(file, !(blk.offered & 1UL << VIRTIO_BLK_F_RO));
	size = lseek(disk, 0, SEEK_END);
	if (size < SECTOR)
		errx(1, "%s: smaller than a sector", file);
	config.capacity = size / SECTOR;
	virtio_add(vm, &blk, "virtio-blk", VIRTIO_ID_BLOCK, CLASS_STORAGE, slot);
}
