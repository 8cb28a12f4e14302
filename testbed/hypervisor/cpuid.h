/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What guests see of CPUID.
 */
#ifndef HV_CPUID_H
#define HV_CPUID_H

#include "vms.h"
#include "cpu.h"

/**
 * struct cpuid_view - what the Service VM's CPUID shows
 * @signature: ACRN's signature
 * @privileged: that it is the privileged VM
 */
struct cpuid_view {
	bool signature;
	bool privileged;
};

extern struct cpuid_view cpuid_view;
void cpuid_service(struct vmcb *vmcb, struct gregs *regs);
void cpuid_user(struct vcpu *vcpu);

#endif /* HV_CPUID_H */
