/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The interrupt controllers of a User VM: a local APIC for each vCPU, an I/O APIC
 * and a pair of 8259 PICs.
 *
 * All of their state is under vm->irq_lock: it is changed by hypercalls on the
 * Service VM's CPUs as well as by the vCPUs, each on its own.
 */
#ifndef HV_VAPIC_H
#define HV_VAPIC_H

#include "types.h"

struct vcpu;
struct vm;

#define IOAPIC_PINS	24U
#define PIC_LINES	16U
#define LAPIC_LVTS	6
#define VECTORS		256

/* The crystal that CPUID tells of; it drives the timer of the local APICs */
#define CRYSTAL_KHZ	25000U

/* How an interrupt is delivered: in the ICR, an MSI and an I/O APIC's entry */
enum irq_mode {
	IRQ_FIXED,
	IRQ_LOWEST,
	IRQ_SMI,
	IRQ_NMI = 4,
	IRQ_INIT,
	IRQ_SIPI,
	IRQ_EXTINT,
};

/**
 * struct irq_message - an interrupt on its way to one or more local APICs
 * @from: the vCPU that sends it and need not be kicked, or NULL
 * @dest: APIC id, or a set of them
 * @logical: @dest is a set
 * @mode: what it does there
 * @vector: with which vector
 * @level: it wants an EOI
 */
struct irq_message {
	const struct vcpu *from;
	u32 dest;
	bool logical;
	enum irq_mode mode;
	u8 vector;
	bool level;
};

/**
 * struct vlapic - a local APIC
 * @base: MSR_APIC_BASE
 * @tpr: task priority
 * @ldr: logical id, in xAPIC mode
 * @dfr: destination format
 * @svr: spurious vector; software enable
 * @icr_low: interrupt command
 * @icr_high: its destination
 * @divide: the timer's divider
 * @initial: the timer's initial count
 * @lvt: timer, thermal, performance, LINT0, LINT1, error
 * @irr: vectors that were requested, a bit each
 * @isr: vectors that are being served
 * @tmr: vectors whose EOI goes to the I/O APIC
 * @deadline: TSC value at which the timer fires; 0: it does not
 * @period: TSC ticks after which it fires again, or 0
 * @nmi: an NMI is pending
 * @init: an INIT is pending
 * @wait_sipi: start-up IPIs are taken
 * @sipi: SIPI_CAME and the vector of one
 * @taken: how often each vector was taken by the vCPU
 */
struct vlapic {
	u64 base;
	u32 tpr;
	u32 ldr;
	u32 dfr;
	u32 svr;
	u32 icr_low;
	u32 icr_high;
	u32 divide;
	u32 initial;
	u32 lvt[LAPIC_LVTS];
	u32 irr[VECTORS / 32];
	u32 isr[VECTORS / 32];
	u32 tmr[VECTORS / 32];
	u64 deadline;
	u64 period;
	bool nmi;
	bool init;
	bool wait_sipi;
	u32 sipi;
	u64 taken[VECTORS];
};

#define SIPI_CAME	0x100U

#define BASE_X2APIC	BIT(10)
#define BASE_ENABLE	BIT(11)
#define SVR_ENABLE	BIT(8)
#define LVT_MASKED	BIT(16)
#define LVT_MODE(lvt)	((lvt) >> 8 & 7)

/**
 * struct vioapic - an I/O APIC
 * @select: the register that the window shows
 * @id: as written
 * @lines: state of the input lines, a bit each; high: 1
 * @passed: lines of devices that the VM was given: 1 in @lines is that one asks for an
 *	interrupt, whether that is high or low
 * @served: of those: served since the hypervisor's CPU looked
 * @pin: redirection entries
 */
struct vioapic {
	u32 select;
	u32 id;
	u32 lines;
	u32 passed;
	u32 served;
	u64 pin[IOAPIC_PINS];
};

/**
 * struct pic_chip - an 8259
 * @base: vector of its line 0
 * @irr: lines that request
 * @isr: lines that are being served
 * @imr: lines that are masked
 * @lines: state of the input lines
 * @level: lines that are level-triggered (ELCR)
 * @icw: the initialization word that comes next, 0: none
 * @wants_icw4: ICW1 announced an ICW4
 * @auto_eoi: ICW4 asked for it
 * @read_isr: reads of the command port give the ISR, not the IRR
 */
struct pic_chip {
	u8 base;
	u8 irr;
	u8 isr;
	u8 imr;
	u8 lines;
	u8 level;
	u8 icw;
	bool wants_icw4;
	bool auto_eoi;
	bool read_isr;
};

/**
 * struct vpic - the pair: the second one hangs on line 2 of the first
 * @chip: master, slave
 */
struct vpic {
	struct pic_chip chip[2];
};

/* The address of an MSI says to whom it goes. */
#define MSI_BASE	0xfee00000U
#define MSI_BASE_MASK	0xfff00000U	/* ACRN looks at no more */
#define MSI_DEST_SHIFT	12
#define MSI_LOGICAL	BIT(2)

static inline bool is_msi_address(u32 addr)
{
	return (addr & MSI_BASE_MASK) == MSI_BASE;
}

/* vlapic.c; with "locked": vm->irq_lock is held */
bool vlapic_is_x2apic(const struct vlapic *l);
u32 vlapic_priority(const struct vlapic *l);
void vlapic_wake_locked(struct vcpu *vcpu, const struct vcpu *from);
void vlapic_receive_locked(struct vcpu *vcpu, const struct irq_message *msg);
void irq_deliver_locked(struct vm *vm, const struct irq_message *msg);

/**
 * irq_deliver_msi_locked() - an MSI goes to those it is for
 * @vm: the VM
 * @addr: its address, for which is_msi_address() is true
 * @data: its data
 */
static inline void irq_deliver_msi_locked(struct vm *vm, u32 addr, u32 data)
{
	irq_deliver_locked(vm, &(struct irq_message) {
		.dest = addr >> MSI_DEST_SHIFT & 0xff,
		.logical = addr & MSI_LOGICAL,
		.mode = data >> 8 & 7,
		.vector = data,
	});
}

bool vlapic_takes_extint_locked(const struct vcpu *vcpu);
u32 vlapic_pending_locked(const struct vcpu *vcpu);
void vlapic_accept_locked(struct vcpu *vcpu, u32 vector);
bool vlapic_eoi_locked(struct vlapic *l, u32 *vector);

/* vlapic_regs.c */
void vlapic_reset(struct vcpu *vcpu, bool init);
bool vlapic_owns(const struct vcpu *vcpu, u64 gpa);
u32 vlapic_access(struct vcpu *vcpu, u64 gpa, bool in, u32 value);
bool vlapic_read_msr(struct vcpu *vcpu, u32 msr, u64 *value);
bool vlapic_write_msr(struct vcpu *vcpu, u32 msr, u64 value);

/* vtimer.c */
void vtimer_start_locked(struct vcpu *vcpu);
void vtimer_set_deadline_locked(struct vcpu *vcpu, u64 tsc);
void vtimer_mode_changed_locked(struct vcpu *vcpu, u32 was);
u32 vtimer_count_locked(const struct vcpu *vcpu);
u64 vtimer_check(struct vcpu *vcpu);

/* vioapic.c */
void vioapic_reset_locked(struct vm *vm);
bool vioapic_owns(u64 gpa);
u32 vioapic_access(struct vcpu *vcpu, u64 gpa, bool in, u32 value);
void vioapic_pass_locked(struct vm *vm, u32 pin, bool on);
void vioapic_set_line_locked(struct vm *vm, u32 pin, bool high);
void vioapic_eoi_locked(struct vm *vm, u32 vector, const struct vcpu *from);

/* vpic.c */
void vpic_reset_locked(struct vm *vm);
bool vpic_owns(u32 port);
u32 vpic_access(struct vcpu *vcpu, u32 port, bool in, u32 value);
void vpic_set_line_locked(struct vm *vm, u32 line, bool high);
bool vpic_pending_locked(const struct vm *vm);
u32 vpic_acknowledge_locked(struct vm *vm);

#endif /* HV_VAPIC_H */
