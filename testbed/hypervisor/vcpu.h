/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * A User VM's vCPU: its registers, its life on its pCPU, how interrupts get into it.
 */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include "vms.h"
#include "abi.h"

/* vcpu_state.c */
u64 vcpu_efer(const struct vcpu *vcpu);
void vcpu_update_lme(struct vcpu *vcpu, bool lme);
void vcpu_init_maps(void);
void vcpu_reset(struct vcpu *vcpu, bool init);
void vcpu_record(struct vcpu *vcpu, struct exit_record *to);
void vcpu_set_regs(struct vcpu *vcpu, const struct hc_vcpu_regs *regs);

/* vcpu_irq.c */
void vcpu_inject(struct vcpu *vcpu, u32 vector);
void vcpu_offer_interrupts(struct vcpu *vcpu);
bool vcpu_has_work(struct vcpu *vcpu);
void vcpu_see_event(struct vcpu *vcpu);
void vcpu_iret_exit(struct vcpu *vcpu);
bool vcpu_event_waits(const struct vcpu *vcpu);

/* msr.c */
void vcpu_msr_exit(struct vcpu *vcpu);

/* vcpu.c */
void vcpu_run(struct cpu *cpu, struct vcpu *vcpu);

#endif /* HV_VCPU_H */
