// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A User VM's vCPU: its life on the pCPU it was given.
 */
#include "console.h"
#include "svm.h"
#include "start.h"
#include "cpu.h"
#include "decode.h"
#include "vapic.h"
#include "vms.h"
#include "cpuid.h"
#include "guest_memory.h"
#include "ioreq.h"
#include "access.h"
#include "vcpu.h"

#define VECTOR_UD	6
#define VECTOR_GP	13
#define RETRY_US	100	/* between two tries of an access that finds nothing */
#define OPCODE_HLT	0xf4
#define MSR_TSC_AUX	0xc0000103U

/* Where Linux has its code, unless it was told to look for another place */
#define LINUX_TEXT	0xffffffff81000000UL
#define LINUX_TEXT_SIZE	(64UL << 20)
#define STACK_WORDS	256	/* that are looked at */
#define STACK_SHOWN	12

/* The guest must not see what the pCPU's last guest left in the FPU. */
static void fresh_fpu(void)
{
	static u8 area[4096] __aligned(64);	/* zero: XRSTOR takes initial values */
	u32 a = 1, b, c = 0, d;

	__asm__ volatile("fninit");
	*(u16 *)area = 0x37f;			/* FCW */
	*(u32 *)(area + 24) = 0x1f80;		/* MXCSR */
	__asm__ volatile("fxrstor %0" : : "m"(area));
	cpuid(&a, &b, &c, &d);
	if (!(c & BIT(26)))
		return;
	a = 0xd;
	c = 0;
	cpuid(&a, &b, &c, &d);
	__asm__ volatile("xsetbv" : : "a"(a), "d"(d), "c"(0));
	__asm__ volatile("xrstor64 %0" : : "m"(area), "a"(a), "d"(d));
	__asm__ volatile("xsetbv" : : "a"(1), "d"(0), "c"(0));
}

static void npf_exit(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	u64 info = v->exit_info1;

	if (v->exit_int_info & EVENT_VALID) {
		/* On the way to a handler: handle_exit() delivers it again */
	} else if (!(info & (NPF_FETCH | NPF_TABLE_WALK)) &&
		   (info & (NPF_PRESENT | NPF_WRITE)) != NPF_PRESENT) {
		access_memory(vcpu, v->exit_info2, info & NPF_WRITE);
		return;
	}
	vcpu->wait = VCPU_RETRY;
}

/*
 * Between STI and HLT no interrupt comes, for it is meant to end the halt.  QEMU
 * 7.2 forgets the shadow of STI at the next VMRUN: so the halt happens here.
 */
static void halt_if_next(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	u8 code[MAX_INSTRUCTION];

	if ((v->int_state & INT_SHADOW) && vcpu_fetch(vcpu, code) && code[0] == OPCODE_HLT) {
		v->rip++;
		v->int_state = 0;
		vcpu->wait = VCPU_HALTED;
	}
}

/* Exits that are not the guest's doing */
static bool interrupt_exit(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;

	vcpu_see_event(vcpu);
	if (vcpu->nmi == NMI_LEAVING)
		vcpu->nmi = NMI_NONE;

	switch (v->exit_code) {
	case EXIT_INTR:
	case EXIT_NMI:
		/* The pCPU's, not the guest's: let the host's handler have it */
		__asm__ volatile("sti; stgi; nop; clgi; cli" : : : "memory");
		vcpu->cpu->timer_known = false;
		halt_if_next(vcpu);
		return true;
	case EXIT_VINTR:
		/* The guest can take an interrupt now: it is offered at the next entry. */
		return true;
	case EXIT_IRET:
		vcpu_iret_exit(vcpu);
		return true;
	}
	return false;
}

static void handle_exit(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	u64 rip = v->rip;

	if (interrupt_exit(vcpu))
		return;
	vcpu->exits++;
	vcpu_record(vcpu, &vcpu->last);
	if (!vcpu->first.valid)
		vcpu_record(vcpu, &vcpu->first);

	switch (v->exit_code) {
	case EXIT_CPUID:
		cpuid_user(vcpu);
		break;
	case EXIT_HLT:
		v->rip++;
		vcpu->wait = VCPU_HALTED;
		break;
	case EXIT_IOIO:
		access_port(vcpu);
		break;
	case EXIT_MSR:
		vcpu_msr_exit(vcpu);
		break;
	case EXIT_NPF:
		npf_exit(vcpu);
		break;
	case EXIT_WRITE_CR4:
		if (!access_cr4(vcpu))
			vcpu_inject(vcpu, VECTOR_GP);
		break;
	case EXIT_SHUTDOWN:
		access_shutdown(vcpu);
		break;
	case EXIT_VMRUN ... EXIT_SKINIT:
		vcpu_inject(vcpu, VECTOR_UD);
		break;
	case EXIT_INVALID:
		log_event("vm%u vcpu%u: cannot enter: cr0 0x%lx cr4 0x%lx efer 0x%lx do not go together",
			  vcpu->vm->vmid, vcpu->id, v->cr0, v->cr4, vcpu_efer(vcpu));
		vcpu->wait = VCPU_DEAD;
		break;
	default:
		log_event("vm%u vcpu%u: cannot go on: exit 0x%lx info 0x%lx 0x%lx rip 0x%lx",
			  vcpu->vm->vmid, vcpu->id, v->exit_code, v->exit_info1, v->exit_info2,
			  v->rip);
		vcpu->wait = VCPU_DEAD;
	}
	/* The instruction was carried out, and with it ends an STI's shadow. */
	if (v->rip != rip)
		v->int_state = 0;
}

static void enter(struct vcpu *vcpu)
{
	/* With GIF 0 this only lets an interrupt end the guest's turn */
	__asm__ volatile("sti");
	vm_enter(&vcpu->regs, &vcpu->vmcb);
	__asm__ volatile("cli");
	handle_exit(vcpu);
}

/* Return: false to wait on. */
static bool sipi_came(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	u32 sipi;

	spin_lock(&vcpu->vm->irq_lock);
	sipi = vcpu->lapic.sipi;
	vcpu->lapic.sipi = 0;
	if (sipi)
		vcpu->lapic.wait_sipi = false;
	spin_unlock(&vcpu->vm->irq_lock);
	if (!sipi)
		return false;
	sipi &= 0xff;
	v->cs.sel = sipi << 8;
	v->cs.base = sipi << 12;
	v->rip = 0;
	vcpu->wait = VCPU_READY;
	log_event("vm%u: vcpu%u starts at 0x%lx on cpu%u", vcpu->vm->vmid, vcpu->id, v->cs.base,
		  vcpu->cpu->id);
	return true;
}

/* Another vCPU has sent an INIT.  A request under way is finished before. */
static void take_init(struct vcpu *vcpu)
{
	if (!READ_ONCE(vcpu->lapic.init) || vcpu->wait == VCPU_IOREQ)
		return;
	vcpu_reset(vcpu, true);
	vmload(&vcpu->vmcb);
}

/* Return: false if the vCPU cannot enter its guest now. */
static bool is_ready(struct vcpu *vcpu)
{
	switch (vcpu->wait) {
	case VCPU_READY:
		return true;
	case VCPU_RETRY:
		vcpu->wait = VCPU_READY;
		return false;
	case VCPU_IOREQ:
		return access_answered(vcpu) && vcpu->wait == VCPU_READY;
	case VCPU_WAIT_SIPI:
		return sipi_came(vcpu);
	case VCPU_HALTED:
		if (vcpu_has_work(vcpu))
			vcpu->wait = VCPU_READY;
		return vcpu->wait == VCPU_READY;
	case VCPU_DEAD:
		break;
	}
	return false;
}

/* When a vCPU that waits has to look again; 0: when told */
static u64 look_again(const struct vcpu *vcpu, u64 timer)
{
	u64 at = 0;

	if (vcpu->wait == VCPU_READY)
		at = tsc_after(RETRY_US);
	else if (vcpu->wait == VCPU_IOREQ)
		at = ioreq_look_again(vcpu);
	if (!at || (timer && timer < at))
		at = timer;
	return at;
}

/*
 * Where QEMU runs all CPUs in one thread and counts instructions, a CPU goes on until the
 * next timer is due, and what is left of that time is the others': if a guest computes,
 * nothing.  PAUSE ends a CPU's turn before.
 *
 * Return: when the guest's stay has to end, for @timer or for the others; 0: never.
 */
static u64 take_turns(struct cpu *cpu, u64 timer)
{
	if (!config.turn_us)
		return timer;
	if (rdtsc() >= cpu->turn_end) {
		cpu_relax();
		cpu->turn_end = tsc_after(config.turn_us);
	}
	return timer && timer < cpu->turn_end ? timer : cpu->turn_end;
}

static bool is_linux(u64 address)
{
	return address - LINUX_TEXT < LINUX_TEXT_SIZE;
}

/*
 * Linux that goes silent says no more what it waits for: what looks like return addresses
 * on its stack does.
 */
static void log_stop(struct vcpu *vcpu)
{
	u32 i, shown = 0;
	u64 word;

	log_event("vm%u vcpu%u: stopped at rip 0x%lx after %lu exits", vcpu->vm->vmid, vcpu->id,
		  vcpu->vmcb.rip, vcpu->exits);
	if (!is_linux(vcpu->vmcb.rip))
		return;
	for (i = 0; i < STACK_WORDS && shown < STACK_SHOWN; i++) {
		if (!vcpu_read(vcpu, vcpu->vmcb.rsp + i * sizeof(word), &word, sizeof(word)))
			break;
		if (!is_linux(word))
			continue;
		log_event("vm%u vcpu%u:   0x%lx", vcpu->vm->vmid, vcpu->id, word);
		shown++;
	}
}

/**
 * vcpu_run() - be a vCPU until told otherwise
 * @cpu: this pCPU
 * @vcpu: the vCPU that was in @cpu->run
 *
 * The stopper clears @cpu->run and then waits for @cpu->running to be NULL;
 * here @running is set before @run is looked at again.
 */
void vcpu_run(struct cpu *cpu, struct vcpu *vcpu)
{
	u64 timer;

	WRITE_ONCE(cpu->running, vcpu);
	barrier_full();
	if (READ_ONCE(cpu->run) == vcpu) {
		if (vcpu->fpu_fresh) {
			fresh_fpu();
			wrmsr(MSR_TSC_AUX, 0);
		}
		vcpu->fpu_fresh = false;
		vmload(&vcpu->vmcb);
	}
	while (READ_ONCE(cpu->run) == vcpu) {
		/* Outside the guest: what is flushed now is seen at the next entry */
		store_release(vcpu->flush, false);
		barrier_full();
		take_init(vcpu);
		timer = vtimer_check(vcpu);
		if (is_ready(vcpu)) {
			vcpu_offer_interrupts(vcpu);
			if (vcpu_event_waits(vcpu))
				timer = tsc_after(RETRY_US);
			cpu_set_timer(cpu, take_turns(cpu, timer));
			enter(vcpu);
		} else {
			cpu_set_timer(cpu, look_again(vcpu, timer));
			cpu_sleep(cpu);
		}
	}
	cpu_set_timer(cpu, 0);
	log_stop(vcpu);
	store_release(cpu->running, NULL);
}
