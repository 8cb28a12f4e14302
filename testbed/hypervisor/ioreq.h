/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * I/O requests and the upcall.
 */
#ifndef HV_IOREQ_H
#define HV_IOREQ_H

#include "vms.h"
#include "abi.h"

struct ioreq_slot *ioreq_slots(struct vm *vm);
s64 hc_set_ioreq_buffer(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_notify_request_finish(struct cpu *cpu, u64 vmid, u64 vcpu_id);
void ioreq_free_all(struct vm *vm);
void ioreq_post(struct vcpu *vcpu, enum ioreq_type type, u64 address, u64 value);
bool ioreq_finished(struct vcpu *vcpu, u64 *value);
u64 ioreq_look_again(const struct vcpu *vcpu);
s64 hc_set_callback_vector(struct cpu *cpu, u64 vector, u64 unused);
void send_upcall(void);

#endif /* HV_IOREQ_H */
