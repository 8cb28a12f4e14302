/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Physical CPUs.
 *
 * Locks.  hv_lock orders everything that changes VMs, vCPUs or who owns a
 * pCPU.  Its holder may wait for a pCPU to leave a User VM or the Service VM:
 * neither waits for hv_lock in return, since pCPUs that run User VMs never
 * take it, and a Service VM CPU that waits for it leaves when asked to (its
 * instruction has then not happened).  vm->mem_lock, vm->irq_lock and vm->sbuf_lock are
 * taken inside hv_lock or alone; the console's lock is innermost.
 */
#ifndef HV_CPU_H
#define HV_CPU_H

#include "config.h"
#include "svm.h"

/* A guest's general registers, less RAX and RSP (in the VMCB); start.S knows the order */
struct gregs {
	u64 rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
};

struct vcpu;

/**
 * struct cpu - a physical CPU
 * @service_vmcb: the Service VM's CPU while it runs here
 * @hsave: where VMRUN saves the host's state
 * @service_regs: its general registers
 * @id: APIC id, and index in cpus[]
 * @online: it has been started
 * @in_service: it runs the Service VM
 * @park: it must leave the Service VM; set by the holder of hv_lock, or by
 *	itself
 * @for_users: User VMs may have it; under hv_lock
 * @owner: the vCPU that was given this pCPU, or NULL; under hv_lock
 * @run: the vCPU that shall run here now; under hv_lock
 * @running: the vCPU that does
 * @timer: TSC value for which this CPU's timer is set, 0: it is off
 * @timer_known: that is so; not after an interrupt
 * @turn_end: TSC value at which it gives way to other CPUs
 * @noting: the hypercall under way gets a line of the log
 * @note: details for that
 */
struct cpu {
	struct vmcb service_vmcb;
	u8 hsave[PAGE_SIZE] __aligned(4096);
	struct gregs service_regs;
	u32 id;
	bool online;
	bool in_service;
	bool park;
	bool for_users;
	struct vcpu *owner;
	struct vcpu *run;
	struct vcpu *running;
	u64 timer;
	bool timer_known;
	u64 turn_end;
	bool noting;
	char note[160];
};

extern struct cpu cpus[MAX_CPUS];
extern u32 cpu_count;
extern u32 tsc_khz;
void cpu_init(struct cpu *cpu);
void calibrate_clocks(u16 pm_timer);
void start_other_cpus(void);
void lapic_take(void);
void lapic_give_back(bool first);
void lapic_hear_pics(void);
void cpu_sleep(struct cpu *cpu);
void cpu_take_interrupts(void);
void cpu_set_timer(struct cpu *cpu, u64 tsc);
u64 tsc_after(u32 microseconds);
void send_ipi(u32 apic_id, u32 icr_low);
void kick_cpu(struct cpu *cpu);
bool wait_unparked(struct cpu *cpu, u64 microseconds);
bool hv_lock(struct cpu *cpu);
void hv_unlock(void);

#define ICR_NMI		0x4400U
#define ICR_INIT	0xc500U
#define ICR_STARTUP	0x4600U
#define ICR_FIXED	0x4000U

#endif /* HV_CPU_H */
