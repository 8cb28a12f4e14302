/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: what the driver offers to other kernel modules.
 *
 * An I/O request client handles accesses of a User VM to ranges of its choice
 * inside the kernel; what no such client asked for goes to the device model.  It
 * can also hold memory of the VM, and have writes to pages of it as requests.
 */
#ifndef _LINUX_ACRN_DRV_H
#define _LINUX_ACRN_DRV_H

#include <linux/types.h>

#include <linux/acrn/acrn_ioctl_defs.h>

struct acrn_ioreq_client;

/**
 * struct acrn_io_access - an access of a User VM
 * @type: %ACRN_IOREQ_PIO, %ACRN_IOREQ_MMIO or %ACRN_IOREQ_WP
 * @size: bytes: 1, 2, 4 or 8
 * @write: it writes
 * @addr: port or guest-physical address
 * @value: what is written
 */
struct acrn_io_access {
	u32 type;
	u32 size;
	bool write;
	u64 addr;
	u64 value;
};

/**
 * typedef acrn_ioreq_handler_t - handle an access
 * @data: as given to acrn_ioreq_client_create()
 * @vcpu: the vCPU that waits for it
 * @access: the access, wholly inside a range of the client
 * @result: where what is read goes, if it is done at once
 *
 * Called with the VM's request lock held and, but on PREEMPT_RT, interrupts off: it must not
 * sleep and must not call any function of this header but acrn_inject_msi().
 *
 * Return: true: done.  false: acrn_ioreq_complete() will be called later.
 */
typedef bool (*acrn_ioreq_handler_t)(void *data, unsigned int vcpu,
				     const struct acrn_io_access *access,
				     u64 *result);

/**
 * struct acrn_guest_map - guest memory that a client holds
 * @gpa: where it begins in the User VM
 * @len: bytes
 * @addr: where it begins in the kernel; the guest can change what is there at any time,
 *	so that what is looked at more than once has to be copied first
 *
 * To be read only.
 */
struct acrn_guest_map {
	u64 gpa;
	u64 len;
	void *addr;
};

struct acrn_ioreq_client *acrn_ioreq_client_create(u16 vmid,
						   acrn_ioreq_handler_t handler,
						   void *data);
void acrn_ioreq_client_destroy(struct acrn_ioreq_client *client);
int acrn_ioreq_client_add_range(struct acrn_ioreq_client *client, u32 type,
				u64 start, u64 last);
int acrn_ioreq_client_del_range(struct acrn_ioreq_client *client, u32 type,
				u64 start, u64 last);
int acrn_ioreq_complete(struct acrn_ioreq_client *client, unsigned int vcpu,
			u64 result);
struct acrn_guest_map *acrn_ioreq_client_map(struct acrn_ioreq_client *client,
					     u64 gpa, u64 len, u32 prot);
void acrn_ioreq_client_unmap(struct acrn_guest_map *map);
int acrn_ioreq_client_protect(struct acrn_ioreq_client *client, u64 gpa);
int acrn_ioreq_client_unprotect(struct acrn_ioreq_client *client, u64 gpa);
int acrn_inject_msi(struct acrn_ioreq_client *client, u64 addr, u64 data);

#endif /* _LINUX_ACRN_DRV_H */
