/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * client: an I/O request client in the kernel, driven from user space.
 *
 * Each open file of the node is a client, once CLIENT_CREATE has made it one;
 * it lives until CLIENT_DESTROY or until the file is closed.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* How a client handles requests */
#define CLIENT_AT_ONCE	0	/* in its handler */
#define CLIENT_SOON	1	/* a little later, in a worker */
#define CLIENT_NEVER	2	/* when CLIENT_COMPLETE says so */
#define CLIENT_INJECTS	3	/* in its handler, which injects an MSI first */
#define CLIENT_APPLIES	4	/* in its handler, which writes to guest memory that it holds */

/* So many stretches of guest memory can it hold */
#define CLIENT_MAPS	160

/**
 * struct client_range - addresses to handle, or to handle no more
 * @type: ACRN_IOREQ_*
 * @start: the first
 * @last: the last
 */
struct client_range {
	__u32 type;
	__u32 reserved;
	__aligned_u64 start;
	__aligned_u64 last;
};

/**
 * struct client_complete - a request that is done
 * @vcpu: whose
 * @result: what it reads
 */
struct client_complete {
	__u32 vcpu;
	__u32 reserved;
	__aligned_u64 result;
};

/**
 * struct client_msi - an MSI to inject
 * @addr: the address that a device would write to
 * @data: what it would write
 */
struct client_msi {
	__aligned_u64 addr;
	__aligned_u64 data;
};

/**
 * struct client_map - guest memory to hold
 * @gpa: where it begins
 * @len: bytes
 * @prot: ACRN_PROT_*
 * @id: set to its number, below CLIENT_MAPS
 */
struct client_map {
	__aligned_u64 gpa;
	__aligned_u64 len;
	__u32 prot;
	__u32 id;
};

/**
 * struct client_word - 8 bytes of guest memory that is held
 * @id: the memory's number
 * @offset: from where it begins
 * @value: what is there, or is to be
 */
struct client_word {
	__u32 id;
	__u32 reserved;
	__aligned_u64 offset;
	__aligned_u64 value;
};

/**
 * struct client_seen - what the client has seen
 * @requests: how many
 * @outside: how many of them were not wholly inside of its ranges
 * @completed: how many it has completed after its handler had returned
 * @refused: how many of those, and of its MSIs, the driver did not accept
 * @applied: how many writes it has done in memory that it holds
 * @type: of the last one
 * @size: of the last one
 * @write: of the last one
 * @vcpu: of the last one
 * @addr: of the last one
 * @value: of the last one
 */
struct client_seen {
	__aligned_u64 requests;
	__aligned_u64 outside;
	__aligned_u64 completed;
	__aligned_u64 refused;
	__aligned_u64 applied;
	__u32 type;
	__u32 size;
	__u32 write;
	__u32 vcpu;
	__aligned_u64 addr;
	__aligned_u64 value;
};

/* What a read of an address gets, other than by CLIENT_COMPLETE */
#define CLIENT_ANSWER(addr)	((addr) * 0x0101010101010101ULL + 0x11)

/* The MSI of CLIENT_INJECTS; its data is the vCPU */
#define CLIENT_MSI_ADDR		0xfee0c000ULL

/* By value: the vmid in the low half, CLIENT_* in the high half */
#define CLIENT_CREATE	_IO('c', 1)
#define CLIENT_DESTROY	_IO('c', 2)
#define CLIENT_ADD	_IOW('c', 3, struct client_range)
#define CLIENT_DEL	_IOW('c', 4, struct client_range)
#define CLIENT_COMPLETE	_IOW('c', 5, struct client_complete)
#define CLIENT_SEEN	_IOR('c', 6, struct client_seen)
#define CLIENT_MSI	_IOW('c', 7, struct client_msi)
#define CLIENT_MAP	_IOWR('c', 8, struct client_map)
#define CLIENT_LOAD	_IOWR('c', 9, struct client_word)
#define CLIENT_STORE	_IOW('c', 10, struct client_word)
/* By value: the number of guest memory */
#define CLIENT_UNMAP	_IO('c', 11)
/* By value: the guest-physical address of a page */
#define CLIENT_PROTECT	_IO('c', 12)
#define CLIENT_UNPROTECT _IO('c', 13)

#endif /* CLIENT_H */
