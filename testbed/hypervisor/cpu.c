// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Physical CPUs: SVM, the host's interrupt table, local APICs, start-up,
 * waiting, and the lock that orders the hypercalls.
 *
 * In the hypervisor GIF is 0: interrupts and NMIs wait.  They are let in only
 * at chosen places, where a stub acknowledges them.
 */
#include "config.h"
#include "console.h"
#include "svm.h"
#include "start.h"
#include "cpu.h"

#define LAPIC_BASE	0xfee00000UL
#define LAPIC_TPR	0x80
#define LAPIC_EOI	0xb0
#define LAPIC_SVR	0xf0
#define LAPIC_ICR_LOW	0x300
#define LAPIC_ICR_HIGH	0x310
#define LAPIC_LVT_TIMER	0x320
#define LAPIC_LVT_LINT0	0x350
#define LAPIC_LVT_LINT1	0x360
#define LAPIC_TIMER_INIT 0x380
#define LAPIC_TIMER_NOW	0x390
#define LAPIC_TIMER_DIV	0x3e0
#define LAPIC_MASKED	0x10000
#define LVT_EXTINT	0x700
#define LVT_NMI		0x400
#define ICR_BUSY	BIT(12)

#define WAKE_VECTOR	0xe0	/* of the host: ends a wait */
#define PM_TIMER_HZ	3579545UL
#define PM_TIMER_MASK	0xffffffU	/* it has 24 bits, which last for 4.6 s */
#define CALIBRATE_MS	50
#define SAMPLE_TRIES	10
#define TIMER_MAX_MS	1000
#define ROUNDS_PER_PAUSE 200	/* of a loop that waits for the clock */

struct cpu cpus[MAX_CPUS];
u32 cpu_count;
u32 tsc_khz;
static u32 lapic_timer_khz;
static struct spinlock big_lock;

struct gate {
	u16 offset_low;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_mid;
	u32 offset_high;
	u32 zero;
};

static struct gate idt[256];

static u32 lapic_read(u32 reg)
{
	return READ_ONCE(*(u32 *)(LAPIC_BASE + reg));
}

static void lapic_write(u32 reg, u32 val)
{
	WRITE_ONCE(*(u32 *)(LAPIC_BASE + reg), val);
}

static void set_gate(u32 vector, u64 handler)
{
	idt[vector] = (struct gate) {
		.offset_low = (u16)handler,
		.selector = 0x08,
		.type = 0x8e,
		.offset_mid = (u16)(handler >> 16),
		.offset_high = (u32)(handler >> 32),
	};
}

void host_exception(u64 vector, const u64 *frame, u64 cr2) __noreturn;

/**
 * host_exception() - called by the stubs in start.S
 * @vector: the exception
 * @frame: the CPU's stack frame, error code first where there is one
 * @cr2: CR2
 */
void host_exception(u64 vector, const u64 *frame, u64 cr2)
{
	panic("exception %lu in the hypervisor: cr2 %lx, frame %lx %lx %lx %lx",
	      vector, cr2, frame[0], frame[1], frame[2], frame[3]);
}

/* CR4: what FXRSTOR, XSETBV and XRSTOR in the hypervisor need */
static void enable_fpu_instructions(void)
{
	u32 a = 1, b, c = 0, d;
	u64 cr4;

	cpuid(&a, &b, &c, &d);
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_OSFXSR;
	if (c & BIT(26))
		cr4 |= CR4_OSXSAVE;
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}

/**
 * cpu_init() - make a CPU a host for guests
 * @cpu: the one that runs this
 */
void cpu_init(struct cpu *cpu)
{
	struct {
		u16 limit;
		u64 base;
	} __packed idtr;
	u32 i;

	if (!idt[0].selector) {
		for (i = 0; i < 32; i++)
			set_gate(i, exception_stubs[i]);
		for (; i < 256; i++)
			set_gate(i, (u64)irq_stub);
		set_gate(2, (u64)nmi_stub);
		for (i = 0; i < MSI_VECTORS; i++)
			set_gate(MSI_VECTOR + i, msi_stubs[i]);
	}
	idtr.limit = sizeof(idt) - 1;
	idtr.base = (u64)idt;
	__asm__ volatile("lidt %0" : : "m"(idtr));
	enable_fpu_instructions();
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_HSAVE_PA, (u64)cpu->hsave);
	__asm__ volatile("clgi");
}

static void delay(u32 microseconds)
{
	u64 end = rdtsc() + (u64)microseconds * tsc_khz / 1000;

	while (rdtsc() < end)
		cpu_relax();
}

struct sample {
	u64 tsc;
	u32 pm_timer;
	u32 lapic_timer;
};

/* All clocks at the same time: of some readings, the one that took the least */
static struct sample take_sample(u16 pm_timer)
{
	struct sample now, best = { 0 };
	u64 begin, took, least = ~0UL;
	u32 i;

	for (i = 0; i < SAMPLE_TRIES; i++) {
		begin = rdtsc();
		now.pm_timer = inl(pm_timer);
		now.lapic_timer = lapic_read(LAPIC_TIMER_NOW);
		took = rdtsc() - begin;
		now.tsc = begin + took / 2;
		if (took < least) {
			least = took;
			best = now;
		}
	}
	return best;
}

/**
 * calibrate_clocks() - find the frequency of the TSC and of the LAPIC timer
 * @pm_timer: the port of ACPI's timer
 *
 * A busy host can stop this CPU at any place, but none of its clocks.
 */
void calibrate_clocks(u16 pm_timer)
{
	struct sample first, last;
	u64 ticks;

	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_TIMER_DIV, 0xb);	/* by 1 */
	lapic_write(LAPIC_TIMER_INIT, ~0U);
	first = take_sample(pm_timer);
	do {
		last = take_sample(pm_timer);
		ticks = (last.pm_timer - first.pm_timer) & PM_TIMER_MASK;
	} while (ticks < PM_TIMER_HZ * CALIBRATE_MS / 1000);
	lapic_write(LAPIC_TIMER_INIT, 0);

	tsc_khz = (last.tsc - first.tsc) * PM_TIMER_HZ / ticks / 1000;
	lapic_timer_khz = (first.lapic_timer - last.lapic_timer) * PM_TIMER_HZ / ticks / 1000;
}

/**
 * send_ipi() - send an interrupt from this CPU's local APIC
 * @apic_id: to whom
 * @icr_low: ICR_NMI, ICR_INIT, ICR_STARTUP | page, ICR_FIXED | vector
 *
 * On a CPU of the Service VM the guest may stand between its own two writes
 * to the register, so the upper half is put back.
 */
void send_ipi(u32 apic_id, u32 icr_low)
{
	u32 high = lapic_read(LAPIC_ICR_HIGH);

	lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	lapic_write(LAPIC_ICR_LOW, icr_low);
	while (lapic_read(LAPIC_ICR_LOW) & ICR_BUSY)
		cpu_relax();
	lapic_write(LAPIC_ICR_HIGH, high);
}

/**
 * kick_cpu() - end another CPU's wait, or its stay in a User VM
 * @cpu: the other, whose local APIC is the hypervisor's
 */
void kick_cpu(struct cpu *cpu)
{
	send_ipi(cpu->id, ICR_FIXED | WAKE_VECTOR);
}

/**
 * start_other_cpus() - bring every CPU into ap_main(), one at a time
 */
void start_other_cpus(void)
{
	u32 id, i, started = 1;

	memcpy((void *)0x8000, ap_trampoline, ap_trampoline_end - ap_trampoline);
	for (id = 1; id < MAX_CPUS && started < cpu_count; id++) {
		send_ipi(id, ICR_INIT);
		delay(200);
		send_ipi(id, ICR_STARTUP | 0x08);
		for (i = 0; i < 10000 && !load_acquire(cpus[id].online); i++)
			delay(100);
		if (!cpus[id].online)
			panic("CPU %u did not start", id);
		started++;
	}
}

/**
 * lapic_take() - the hypervisor takes this CPU's local APIC, to wait with it
 *
 * Whatever the Service VM left pending is acknowledged by the stub.  The PICs are not
 * heard.
 */
void lapic_take(void)
{
	u32 i;

	lapic_write(LAPIC_SVR, 0x1ff);
	lapic_write(LAPIC_TPR, 0);
	for (i = 0; i < 8; i++)
		lapic_write(LAPIC_EOI, 0);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_EXTINT | LAPIC_MASKED);
}

/**
 * lapic_give_back() - leave the local APIC about as the firmware does
 * @first: to the Service VM's first CPU, which gets the PIC's interrupts and NMIs;
 *	else about as a reset does
 */
void lapic_give_back(bool first)
{
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_TIMER_INIT, 0);
	if (first) {
		lapic_write(LAPIC_LVT_LINT0, LVT_EXTINT);
		lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	} else {
		lapic_write(LAPIC_SVR, 0xff);
	}
}

/**
 * lapic_hear_pics() - have this CPU take interrupts from the PICs
 */
void lapic_hear_pics(void)
{
	lapic_write(LAPIC_LVT_LINT0, LVT_EXTINT);
}

/**
 * cpu_sleep() - wait for an interrupt
 * @cpu: this CPU
 *
 * One that came since GIF was cleared is still pending and ends the wait at
 * once, so what was tested before the call cannot be missed.
 */
void cpu_sleep(struct cpu *cpu)
{
	__asm__ volatile("cli; stgi; sti; hlt; cli; clgi" : : : "memory");
	cpu->timer_known = false;
}

/**
 * cpu_take_interrupts() - take those that are pending
 */
void cpu_take_interrupts(void)
{
	__asm__ volatile("cli; stgi; sti; nop; cli; clgi" : : : "memory");
}

/**
 * tsc_after() - a time to come
 * @microseconds: from now
 *
 * Return: the TSC's value then.
 */
u64 tsc_after(u32 microseconds)
{
	return rdtsc() + (u64)microseconds * tsc_khz / 1000;
}

/**
 * cpu_set_timer() - have this CPU interrupted, so that it leaves a guest or wakes
 * @cpu: this CPU
 * @tsc: when, perhaps earlier; 0: not at all
 */
void cpu_set_timer(struct cpu *cpu, u64 tsc)
{
	u64 wait, now = rdtsc(), limit = (u64)tsc_khz * TIMER_MAX_MS;

	if (cpu->timer_known && cpu->timer == tsc)
		return;
	cpu->timer = tsc;
	cpu->timer_known = true;
	if (!tsc) {
		lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
		lapic_write(LAPIC_TIMER_INIT, 0);
		return;
	}
	wait = tsc > now ? tsc - now : 0;
	if (wait > limit)
		wait = limit;
	lapic_write(LAPIC_TIMER_DIV, 0xb);
	lapic_write(LAPIC_LVT_TIMER, WAKE_VECTOR);
	lapic_write(LAPIC_TIMER_INIT, wait * lapic_timer_khz / tsc_khz + 1);
}

/**
 * wait_unparked() - a delay on a CPU of the Service VM
 * @cpu: this CPU
 * @microseconds: how long
 *
 * Return: false if the CPU was asked to park meanwhile.
 */
bool wait_unparked(struct cpu *cpu, u64 microseconds)
{
	u64 end = rdtsc() + microseconds * tsc_khz / 1000;
	unsigned int i;

	while (rdtsc() < end) {
		/* PAUSE ends a turn, which costs QEMU as much as thousands of instructions. */
		for (i = 0; i < ROUNDS_PER_PAUSE; i++) {
			if (READ_ONCE(cpu->park))
				return false;
		}
		cpu_relax();
	}
	return true;
}

/**
 * hv_lock() - take the lock that orders the hypercalls
 * @cpu: this CPU, one of the Service VM's
 *
 * Return: false if the holder asked this CPU to park: the caller must leave
 * without having changed anything, RIP included.
 */
bool hv_lock(struct cpu *cpu)
{
	while (!spin_trylock(&big_lock)) {
		if (READ_ONCE(cpu->park))
			return false;
		cpu_relax();
	}
	if (!READ_ONCE(cpu->park))
		return true;
	spin_unlock(&big_lock);
	return false;
}

/**
 * hv_unlock() - the opposite of hv_lock()
 */
void hv_unlock(void)
{
	spin_unlock(&big_lock);
}
