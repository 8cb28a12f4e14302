// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A User VM's vCPU: its registers, and its life on the pCPU it was given.
 */
#include "hv.h"

#define VECTOR_UD	6
#define VECTOR_GP	13
#define RETRY_US	100	/* between two tries of an access that finds nothing */
#define SEG_ACCESSED	0x93	/* writable data, present */
#define SEG_DATA_32	0xc93
#define OPCODE_HLT	0xf4
#define MSR_TSC_AUX	0xc0000103U

static u8 iopm[IOPM_SIZE] __aligned(4096);	/* all intercepted */
static u8 msrpm[MSRPM_SIZE] __aligned(4096);	/* all but the next */

/* Switched by VMLOAD, or saved in the VMCB: the guest has them to itself */
static const u32 own_msrs[] = {
	0x10,						/* TSC */
	0x174, 0x175, 0x176,				/* SYSENTER */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,	/* SYSCALL */
	0xc0000100, 0xc0000101, 0xc0000102,		/* FS, GS base */
	MSR_TSC_AUX,
};

/**
 * vcpu_init_maps() - what all vCPUs share
 */
void vcpu_init_maps(void)
{
	u32 i;

	memset(iopm, 0xff, sizeof(iopm));
	memset(msrpm, 0xff, sizeof(msrpm));
	for (i = 0; i < ARRAY_SIZE(own_msrs); i++) {
		u32 n = own_msrs[i];

		if (n >= 0xc0000000)
			n = 0x2000 + (n & 0x1fff);
		msrpm[n / 4] &= ~(3 << n % 4 * 2);
	}
}

/**
 * vcpu_update_lme() - set the guest's EFER.LME, or look at it again
 * @vcpu: the vCPU
 * @lme: the guest's value
 *
 * With LME set, but neither paging nor CR4.PAE, QEMU 7.2 does not get the
 * host's CR0 back at #VMEXIT.  LME has no effect in that state; so the CPU gets
 * it only with one of the two, and moves to CR4 are intercepted meanwhile.
 */
void vcpu_update_lme(struct vcpu *vcpu, bool lme)
{
	struct vmcb *v = &vcpu->vmcb;

	vcpu->lme = lme;
	v->efer &= ~EFER_LME;
	if (lme && ((v->cr0 & CR0_PG) || (v->cr4 & CR4_PAE)))
		v->efer |= EFER_LME;
	v->intercept_cr = lme ? INTERCEPT_WRITE_CR4 : 0;
}

/**
 * vcpu_efer() - EFER as the guest sees it
 * @vcpu: the vCPU
 *
 * Return: its value.
 */
u64 vcpu_efer(const struct vcpu *vcpu)
{
	return (vcpu->vmcb.efer & ~(EFER_SVME | EFER_LME)) | (vcpu->lme ? EFER_LME : 0);
}

static void record(struct vcpu *vcpu, struct exit_record *to)
{
	const struct vmcb *v = &vcpu->vmcb;
	const struct gregs *r = &vcpu->regs;
	u64 *reg = to->reg;

	reg[TESTBED_REG_RAX] = v->rax;
	reg[TESTBED_REG_RCX] = r->rcx;
	reg[TESTBED_REG_RDX] = r->rdx;
	reg[TESTBED_REG_RBX] = r->rbx;
	reg[TESTBED_REG_RSP] = v->rsp;
	reg[TESTBED_REG_RBP] = r->rbp;
	reg[TESTBED_REG_RSI] = r->rsi;
	reg[TESTBED_REG_RDI] = r->rdi;
	memcpy(&reg[TESTBED_REG_R8], &r->r8, 8 * sizeof(u64));
	reg[TESTBED_REG_RIP] = v->rip;
	reg[TESTBED_REG_RFLAGS] = v->rflags;
	reg[TESTBED_REG_CR0] = v->cr0;
	reg[TESTBED_REG_CR3] = v->cr3;
	reg[TESTBED_REG_CR4] = v->cr4;
	reg[TESTBED_REG_EFER] = vcpu_efer(vcpu);
	reg[TESTBED_REG_CS_BASE] = v->cs.base;
	reg[TESTBED_REG_CS_SEL] = v->cs.sel;
	reg[TESTBED_REG_CS_LIMIT] = v->cs.limit;
	reg[TESTBED_REG_GDT_BASE] = v->gdtr.base;
	reg[TESTBED_REG_GDT_LIMIT] = v->gdtr.limit;
	reg[TESTBED_REG_IDT_BASE] = v->idtr.base;
	reg[TESTBED_REG_IDT_LIMIT] = v->idtr.limit;
	reg[TESTBED_REG_DS_SEL] = v->ds.sel;
	reg[TESTBED_REG_EXIT_CODE] = v->exit_code;
	reg[TESTBED_REG_EXIT_GPA] = v->exit_code == EXIT_NPF ? v->exit_info2 : 0;
	to->valid = true;
}

/**
 * vcpu_reset() - the state that the architecture gives a CPU at reset
 * @vcpu: the vCPU, which does not run
 * @init: by an INIT, which a start-up IPI may have followed already
 */
void vcpu_reset(struct vcpu *vcpu, bool init)
{
	struct vmcb *v = &vcpu->vmcb;

	memset(v, 0, sizeof(*v));
	memset(&vcpu->regs, 0, sizeof(vcpu->regs));
	memset(&vcpu->io, 0, sizeof(vcpu->io));
	v->intercept_misc1 = INTERCEPT_INTR | INTERCEPT_NMI | INTERCEPT_CPUID | INTERCEPT_HLT |
			     INTERCEPT_IOIO | INTERCEPT_MSR | INTERCEPT_SHUTDOWN;
	v->intercept_misc2 = INTERCEPT_SVM;
	v->iopm_pa = (u64)iopm;
	v->msrpm_pa = (u64)msrpm;
	v->asid = 1;
	v->int_ctl = V_INTR_MASKING;
	v->nested_ctl = 1;
	v->nested_cr3 = (u64)vcpu->vm->npt;
	v->cs = (struct vmcb_seg){ 0xf000, 0x9b, 0xffff, 0xffff0000 };
	v->ss = (struct vmcb_seg){ 0, SEG_ACCESSED, 0xffff, 0 };
	v->ds = v->ss;
	v->es = v->ss;
	v->fs = v->ss;
	v->gs = v->ss;
	v->gdtr = (struct vmcb_seg){ 0, 0, 0xffff, 0 };
	v->idtr = v->gdtr;
	v->tr = (struct vmcb_seg){ 0, 0x8b, 0xffff, 0 };
	v->ldtr = (struct vmcb_seg){ 0, 0x82, 0xffff, 0 };
	v->efer = EFER_SVME;
	v->cr0 = CR0_ET;
	v->dr6 = 0xffff0ff0;
	v->dr7 = 0x400;
	v->rflags = RFLAGS_FIXED;
	v->rip = 0xfff0;
	v->g_pat = PAT_AT_RESET;
	vcpu->pat = PAT_AT_RESET;
	vcpu->nmi = NMI_NONE;
	vcpu->incoming = 0;
	vlapic_reset(vcpu, init);
	vcpu->wait = vcpu->id ? VCPU_WAIT_SIPI : VCPU_READY;
	vcpu->fpu_fresh = true;
	vcpu_update_lme(vcpu, false);
	vcpu->first.valid = false;
	record(vcpu, &vcpu->last);
}

static u16 svm_attr(u32 vmx_access_rights)
{
	return (vmx_access_rights & 0xff) | (vmx_access_rights >> 4 & 0xf00);
}

/**
 * vcpu_set_regs() - the state in which the vCPU starts
 * @vcpu: the vCPU, which does not run
 * @r: as given.  CR0 and EFER choose the mode; data segments are flat, or in
 *	real mode stand where their selectors say
 */
void vcpu_set_regs(struct vcpu *vcpu, const struct hc_vcpu_regs *r)
{
	struct vmcb *v = &vcpu->vmcb;
	struct vmcb_seg *const data[] = { &v->ss, &v->ds, &v->es, &v->fs, &v->gs };
	const u16 sel[] = { r->ss, r->ds, r->es, r->fs, r->gs };
	bool protected = r->cr0 & CR0_PE;
	u32 i;

	v->rax = r->gpr[TESTBED_REG_RAX];
	v->rsp = r->gpr[TESTBED_REG_RSP];
	vcpu->regs = (struct gregs) {
		.rcx = r->gpr[TESTBED_REG_RCX],
		.rdx = r->gpr[TESTBED_REG_RDX],
		.rbx = r->gpr[TESTBED_REG_RBX],
		.rbp = r->gpr[TESTBED_REG_RBP],
		.rsi = r->gpr[TESTBED_REG_RSI],
		.rdi = r->gpr[TESTBED_REG_RDI],
	};
	memcpy(&vcpu->regs.r8, &r->gpr[TESTBED_REG_R8], 8 * sizeof(u64));
	v->rip = r->rip;
	v->rflags = r->rflags | RFLAGS_FIXED;
	v->cr0 = r->cr0 | CR0_ET;
	v->cr3 = r->cr3;
	v->cr4 = r->cr4;
	v->efer = (r->efer & (EFER_SCE | EFER_NXE)) | EFER_SVME;
	if ((r->efer & EFER_LME) && (r->cr0 & CR0_PG))
		v->efer |= EFER_LMA;
	vcpu_update_lme(vcpu, r->efer & EFER_LME);
	v->gdtr = (struct vmcb_seg){ 0, 0, r->gdt.limit, r->gdt.base };
	v->idtr = (struct vmcb_seg){ 0, 0, r->idt.limit, r->idt.base };
	v->cs = (struct vmcb_seg){ r->cs, svm_attr(r->cs_ar), r->cs_limit, r->cs_base };
	for (i = 0; i < ARRAY_SIZE(data); i++)
		*data[i] = protected ?
			(struct vmcb_seg){ sel[i], SEG_DATA_32, ~0U, 0 } :
			(struct vmcb_seg){ sel[i], SEG_ACCESSED, 0xffff, (u64)sel[i] << 4 };
	v->ldtr.sel = r->ldt;
	v->tr.sel = r->tr;
	record(vcpu, &vcpu->last);
}

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
	record(vcpu, &vcpu->last);
	if (!vcpu->first.valid)
		record(vcpu, &vcpu->first);

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
			cpu_set_timer(cpu, vcpu_event_waits(vcpu) ? tsc_after(RETRY_US) : timer);
			enter(vcpu);
		} else {
			cpu_set_timer(cpu, look_again(vcpu, timer));
			cpu_sleep(cpu);
		}
	}
	cpu_set_timer(cpu, 0);
	log_event("vm%u vcpu%u: stopped at rip 0x%lx after %lu exits", vcpu->vm->vmid, vcpu->id,
		  vcpu->vmcb.rip, vcpu->exits);
	store_release(cpu->running, NULL);
}

/**
 * vcpus_flush() - make running vCPUs see a changed nested table
 * @vm: their VM
 *
 * Every exit from a guest drops its translations.  Waits until each vCPU that
 * runs has been outside once.
 */
void vcpus_flush(struct vm *vm)
{
	u32 i, n = load_acquire(vm->vcpu_count);

	for (i = 0; i < n; i++) {
		struct vcpu *vcpu = &vm->vcpus[i];
		struct cpu *cpu = vcpu->cpu;

		if (load_acquire(cpu->running) != vcpu)
			continue;
		WRITE_ONCE(vcpu->flush, true);
		barrier_full();
		kick_cpu(cpu);
		while (load_acquire(vcpu->flush) && load_acquire(cpu->running) == vcpu)
			cpu_relax();
	}
}
