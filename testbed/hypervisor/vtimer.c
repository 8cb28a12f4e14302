// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The timer of a vCPU's local APIC.  It is kept as the TSC value at which it fires;
 * the pCPU's own timer ends a stay in the guest, or a halt, at that time.
 */
#include "cpu.h"
#include "vapic.h"
#include "vms.h"

#define LVT_MASKED	BIT(16)
#define TIMER_MODE(lvt)	((lvt) >> 17 & 3)
#define MODE_PERIODIC	1
#define MODE_DEADLINE	2

static u64 divider(const struct vlapic *l)
{
	return 1UL << ((((l->divide & 3) | (l->divide & 8) >> 1) + 1) & 7);
}

static u64 counts_to_tsc(const struct vlapic *l, u64 counts)
{
	return counts * divider(l) * tsc_khz / CRYSTAL_KHZ;
}

/**
 * vtimer_start_locked() - the initial count was written
 * @vcpu: the vCPU
 */
void vtimer_start_locked(struct vcpu *vcpu)
{
	struct vlapic *l = &vcpu->lapic;
	u64 ticks = counts_to_tsc(l, l->initial);

	if (TIMER_MODE(l->lvt[0]) == MODE_DEADLINE)
		return;
	l->deadline = ticks ? rdtsc() + ticks : 0;
	l->period = TIMER_MODE(l->lvt[0]) == MODE_PERIODIC ? ticks : 0;
}

/**
 * vtimer_set_deadline_locked() - IA32_TSC_DEADLINE was written
 * @vcpu: the vCPU
 * @tsc: when to fire; 0: do not
 */
void vtimer_set_deadline_locked(struct vcpu *vcpu, u64 tsc)
{
	if (TIMER_MODE(vcpu->lapic.lvt[0]) == MODE_DEADLINE)
		vcpu->lapic.deadline = tsc;
}

/**
 * vtimer_mode_changed_locked() - the timer's LVT entry was written
 * @vcpu: the vCPU
 * @was: what it was before
 */
void vtimer_mode_changed_locked(struct vcpu *vcpu, u32 was)
{
	struct vlapic *l = &vcpu->lapic;
	u32 mode = TIMER_MODE(l->lvt[0]), old = TIMER_MODE(was);

	if (mode != old && (mode == MODE_DEADLINE || old == MODE_DEADLINE)) {
		l->deadline = 0;
		l->period = 0;
	} else if (mode != MODE_PERIODIC) {
		l->period = 0;
	} else if (l->deadline) {
		l->period = counts_to_tsc(l, l->initial);
	}
}

/**
 * vtimer_count_locked() - the current count
 * @vcpu: the vCPU
 *
 * Return: how many counts are left.
 */
u32 vtimer_count_locked(const struct vcpu *vcpu)
{
	const struct vlapic *l = &vcpu->lapic;
	u64 now = rdtsc();

	if (TIMER_MODE(l->lvt[0]) == MODE_DEADLINE || l->deadline <= now)
		return 0;
	return (l->deadline - now) * CRYSTAL_KHZ / tsc_khz / divider(l);
}

/**
 * vtimer_check() - fire if it is time
 * @vcpu: the vCPU, whose pCPU this is
 *
 * Return: when it has to be looked at again, 0: not until the guest sets it.
 */
u64 vtimer_check(struct vcpu *vcpu)
{
	struct vlapic *l = &vcpu->lapic;
	u64 now, deadline;

	spin_lock(&vcpu->vm->irq_lock);
	now = rdtsc();
	if (l->deadline && l->deadline <= now) {
		if (!(l->lvt[0] & LVT_MASKED))
			irq_deliver_locked(vcpu->vm, &(struct irq_message) {
				.from = vcpu,
				.dest = vcpu->id,
				.vector = l->lvt[0],
			});
		/* Those that were missed meanwhile are one. */
		if (l->period)
			l->deadline += (now - l->deadline) / l->period * l->period + l->period;
		else
			l->deadline = 0;
	}
	deadline = l->deadline;
	spin_unlock(&vcpu->vm->irq_lock);
	return deadline;
}
