// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The control channel: testbed_control.h says what each command does.
 */
#include "generation.h"
#include "config.h"
#include "console.h"
#include "report.h"
#include "abi.h"
#include "cpu.h"
#include "ram.h"
#include "npt.h"
#include "vapic.h"
#include "vms.h"
#include "cpuid.h"
#include "vm_memory.h"
#include "ioreq.h"
#include "sbuf.h"
#include "devices.h"
#include "interrupts.h"
#include "intx.h"
#include "vm.h"
#include "hypercall.h"
#include "account.h"
#include "control.h"

#define UPCALLS_MAX	100000
#define TEXT_BYTES	32

/* The four registers of a command, in and out */
struct arguments {
	u64 rbx, rcx, rsi, rdi;
};

static s64 probe(struct arguments *a)
{
	u32 i;

	a->rbx = TESTBED_MAGIC;
	a->rcx = cpu_count - SERVICE_BSP;
	a->rsi = 0;
	for (i = 0; i < MAX_CPUS; i++)
		a->rsi += cpus[i].online && cpus[i].for_users;
	a->rdi = ram_total();
	return 0;
}

static s64 mark(struct arguments *a)
{
	char text[TEXT_BYTES + 1];
	u32 i;

	memcpy(text, a, TEXT_BYTES);
	text[TEXT_BYTES] = 0;
	for (i = 0; text[i]; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	reset_log_limits();
	log_again();
	log("mark: %s", text);
	return 0;
}

/**
 * control_behave() - be as ACRN is: no failures, no delays, everything as configured
 */
void control_behave(void)
{
	disarm_all();
	cpuid_view.signature = true;
	cpuid_view.privileged = config.privileged;
	api_version[0] = config.api_major;
	api_version[1] = config.api_minor;
	vcpu_limit = TESTBED_MAX_VCPUS;
	vms_forget();
	devices_forget();
	sbuf_forget();
}

static s64 limit_vcpus(u64 limit)
{
	if (!limit || limit > TESTBED_VCPU_SLOTS)
		return -EINVAL;
	vcpu_limit = limit;
	return 0;
}

static s64 vm_info(struct arguments *a)
{
	struct vm *vm;

	if (a->rbx < 1 || a->rbx > TESTBED_MAX_VMS)
		return -EINVAL;
	vm = vm_find(a->rbx);
	if (!vm) {
		*a = (struct arguments){ TESTBED_VM_OFF, 0, 0, 0 };
		return 0;
	}
	*a = (struct arguments){ vm->state, vm->vcpu_count, vm->flags, vm->ioreq_gpa };
	return 0;
}

static s64 vcpu_info(struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);
	u64 reg = a->rsi & ~(u64)TESTBED_FIRST;
	const struct exit_record *from;
	struct vcpu *vcpu;

	if (!vm || a->rcx >= vm->vcpu_count || reg >= TESTBED_REG_COUNT)
		return -EINVAL;
	vcpu = &vm->vcpus[a->rcx];
	if (reg == TESTBED_REG_EXITS) {
		a->rbx = READ_ONCE(vcpu->exits);
		return 0;
	}
	if (reg == TESTBED_REG_PCPU) {
		a->rbx = vcpu->cpu->id;
		return 0;
	}
	from = a->rsi & TESTBED_FIRST ? &vcpu->first : &vcpu->last;
	if (!load_acquire(from->valid))
		return -EAGAIN;
	a->rbx = READ_ONCE(from->reg[reg]);
	return 0;
}

static s64 taken(struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);

	if (!vm || a->rcx >= vm->vcpu_count || a->rsi >= VECTORS)
		return -EINVAL;
	spin_lock(&vm->irq_lock);
	a->rbx = vm->vcpus[a->rcx].lapic.taken[a->rsi];
	spin_unlock(&vm->irq_lock);
	return 0;
}

static s64 upcalls(u64 count)
{
	if (count > UPCALLS_MAX)
		return -EINVAL;
	for (; count; count--)
		send_upcall();
	return 0;
}

static s64 scribble(struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);

	if (!vm || !vm->ioreq_gpa || a->rcx >= IOREQ_SLOTS ||
	    a->rsi > sizeof(struct ioreq_slot) - 4 || (a->rsi & 3))
		return -EINVAL;
	WRITE_ONCE(*(u32 *)((u8 *)&ioreq_slots(vm)[a->rcx] + a->rsi), (u32)a->rdi);
	return 0;
}

static s64 memory_info(struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);
	struct npt_run run;

	if (!vm)
		return -EINVAL;
	if (!vm_memory_next(vm, a->rcx, &run))
		return -ENOENT;
	*a = (struct arguments){ run.gpa, run.hpa, run.size, run.prot };
	return 0;
}

static s64 irqs(struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);
	struct interrupts irqs;
	u64 lines = 0;
	u32 i;

	if (!vm)
		return -EINVAL;
	irqs = interrupts_get(vm);
	for (i = 0; i < IRQLINE_OPS; i++)
		lines += irqs.lines[i];
	*a = (struct arguments){ irqs.msis, irqs.msi_addr, irqs.msi_data, lines };
	return 0;
}

static s64 irqlines(struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);
	struct interrupts irqs;

	if (!vm || a->rcx >= IRQLINE_OPS)
		return -EINVAL;
	irqs = interrupts_get(vm);
	a->rbx = irqs.lines[a->rcx];
	a->rcx = irqs.last_line;
	return 0;
}

static s64 send_event(const struct arguments *a)
{
	struct vm *vm = vm_find(a->rbx);

	if (!vm)
		return -EINVAL;
	return vm_event_send(vm, a->rcx) ? 0 : -ENOENT;
}

static s64 carry_out(u32 command, struct arguments *a)
{
	switch (command) {
	case TESTBED_PROBE:
		return probe(a);
	case TESTBED_MARK:
		return mark(a);
	case TESTBED_FAIL:
		return arm_failure(a->rbx, a->rcx, a->rsi, a->rdi);
	case TESTBED_BEHAVE:
		control_behave();
		return 0;
	case TESTBED_DELAY:
		return set_delay(a->rbx, a->rcx);
	case TESTBED_CPUID:
		cpuid_view.privileged = a->rbx;
		cpuid_view.signature = a->rcx;
		return 0;
	case TESTBED_API_VERSION:
		api_version[0] = a->rbx;
		api_version[1] = a->rcx;
		return 0;
	case TESTBED_COUNT:
		return count_calls(a->rbx, &a->rbx, &a->rcx);
	case TESTBED_ACCOUNT:
		account(&a->rbx, &a->rcx, &a->rsi);
		a->rdi = complaints();
		return 0;
	case TESTBED_EXPECT:
		a->rbx = expect_complaints(a->rbx);
		return 0;
	case TESTBED_VM:
		return vm_info(a);
	case TESTBED_VCPU:
		return vcpu_info(a);
	case TESTBED_GUEST_OFF:
		return vm_guest_off(a->rbx);
	case TESTBED_UPCALL:
		return upcalls(a->rbx);
	case TESTBED_SCRIBBLE:
		return scribble(a);
	case TESTBED_POWER_OFF:
		power_off(a->rbx);
	case TESTBED_MEMORY:
		return memory_info(a);
	case TESTBED_IRQS:
		return irqs(a);
	case TESTBED_IRQLINES:
		return irqlines(a);
	case TESTBED_VCPU_LIMIT:
		return limit_vcpus(a->rbx);
	case TESTBED_TAKEN:
		return taken(a);
	case TESTBED_GENERATION:
		a->rbx = generation->number;
		a->rcx = vm_cpus();
		return 0;
	case TESTBED_EVENT:
		return send_event(a);
	case TESTBED_DEVICE:
		return devices_owner(a->rbx, &a->rbx, &a->rcx) ? 0 : -EINVAL;
	case TESTBED_DEVICE_BLOCK:
		return devices_block(a->rbx, a->rcx, &a->rbx) ? 0 : -EINVAL;
	case TESTBED_LINE:
		return intx_heard(a->rbx, &a->rbx) ? 0 : -EINVAL;
	}
	return -ENOTTY;
}

/**
 * control() - a command on the control channel
 * @cpu: the CPU that gave it
 *
 * All commands run under hv_lock, so what they tell is consistent.
 *
 * Return: false if the CPU must park first; nothing has then happened.
 */
bool control(struct cpu *cpu)
{
	struct gregs *r = &cpu->service_regs;
	struct arguments a = { r->rbx, r->rcx, r->rsi, r->rdi };

	if (!hv_lock(cpu))
		return false;
	cpu->service_vmcb.rax = carry_out((u32)cpu->service_vmcb.rax, &a);
	hv_unlock();
	r->rbx = a.rbx;
	r->rcx = a.rcx;
	r->rsi = a.rsi;
	r->rdi = a.rdi;
	return true;
}
