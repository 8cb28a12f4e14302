/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Rings in the Service VM's memory: asynchronous I/O and VM events (v3.3).
 */
#ifndef HV_SBUF_H
#define HV_SBUF_H

#include "vms.h"

enum asyncio_result {
	ASYNCIO_NONE,	/* nobody wants that write */
	ASYNCIO_SENT,
	ASYNCIO_FULL,	/* again later */
};

void sbuf_begin(struct vm *vm);
void sbuf_end(struct vm *vm);
void sbuf_forget(void);
s64 hc_setup_sbuf(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_asyncio_assign(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_asyncio_deassign(struct cpu *cpu, u64 vmid, u64 param);
enum asyncio_result asyncio_write(struct vm *vm, u32 type, u64 address, u64 value);
bool vm_event_send(struct vm *vm, u32 type);

#endif /* HV_SBUF_H */
