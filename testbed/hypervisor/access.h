/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * A User VM's accesses to devices.
 */
#ifndef HV_ACCESS_H
#define HV_ACCESS_H

#include "vms.h"

void access_port(struct vcpu *vcpu);
void access_memory(struct vcpu *vcpu, u64 gpa, bool write);
void access_shutdown(struct vcpu *vcpu);
bool access_cr4(struct vcpu *vcpu);
bool access_answered(struct vcpu *vcpu);

#endif /* HV_ACCESS_H */
