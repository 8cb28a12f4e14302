// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The Service VM.  It has the machine's devices, interrupts and memory (one to
 * one, less the hypervisor's).  Only these come here: CPUID, a few MSRs, #UD
 * (a VMCALL is one on this CPU), NMI, the control channel's port, the port
 * that switches the machine off, stores to the mailbox, SVM instructions.
 */
#include <testbed_control.h>
#include "config.h"
#include "console.h"
#include "report.h"
#include "svm.h"
#include "start.h"
#include "cpu.h"
#include "pci.h"
#include "service_ports.h"
#include "ram.h"
#include "npt.h"
#include "boot.h"
#include "mailbox.h"
#include "cpuid.h"
#include "hypercall.h"
#include "msi.h"
#include "account.h"
#include "control.h"
#include "service_vm.h"

#define PAGES_2M_END	BIT(32)		/* 2 MiB pages below, 1 GiB above */
#define SERVICE_END	BIT(39)
#define ENTRY_CS	0x10		/* Linux's boot protocol wants these */
#define ENTRY_DS	0x18
#define VECTOR_UD	6
#define VECTOR_GP	13
#define SLEEP_ENABLE	BIT(13)		/* in PM1_CNT */
#define PORT_TESTBED	((u32)TESTBED_PORT)
#define VM_CR_SVM_DISABLED BIT(4)
#define MSR_READ	1
#define MSR_WRITE	2

static u64 *service_npt;
static u8 msrpm[MSRPM_SIZE] __aligned(4096);

static void intercept_msr(u32 msr, u32 accesses)
{
	u32 n = msr;

	if (msr >= 0xc0010000)
		n = 0x4000 + (msr & 0x1fff);
	else if (msr >= 0xc0000000)
		n = 0x2000 + (msr & 0x1fff);
	msrpm[n / 4] |= accesses << n % 4 * 2;
}

/**
 * service_vm_init() - what all CPUs of the Service VM share
 */
void service_vm_init(void)
{
	u64 *root = npt_new();

	if (!root ||
	    !npt_map_service(root, 0, (u64)hv_start, BIT(21)) ||
	    !npt_map_service(root, (u64)hv_private_end, PAGES_2M_END, BIT(21)) ||
	    !npt_map_service(root, PAGES_2M_END, SERVICE_END, BIT(30)))
		panic("no memory for page tables");
	npt_protect_page(root, mailbox_page());
	service_npt = root;

	service_ports_intercept(TESTBED_PORT, 4, true);
	if (acpi_pm1_control)
		service_ports_intercept(acpi_pm1_control, 2, true);
	intercept_msr(MSR_EFER, MSR_READ | MSR_WRITE);
	intercept_msr(MSR_VM_CR, MSR_READ | MSR_WRITE);
	intercept_msr(MSR_HSAVE_PA, MSR_READ | MSR_WRITE);
	intercept_msr(MSR_APIC_BASE, MSR_READ);
}

static void init_vmcb(struct vmcb *v, u64 rip)
{
	memset(v, 0, sizeof(*v));
	v->intercept_misc1 = INTERCEPT_NMI | INTERCEPT_CPUID | INTERCEPT_IOIO |
			     INTERCEPT_MSR | INTERCEPT_SHUTDOWN;
	v->intercept_misc2 = INTERCEPT_SVM;
	v->intercept_exceptions = BIT(VECTOR_UD);
	v->iopm_pa = (u64)service_iopm;
	v->msrpm_pa = (u64)msrpm;
	v->asid = 1;
	v->nested_ctl = 1;
	v->nested_cr3 = (u64)service_npt;
	v->cs = (struct vmcb_seg){ ENTRY_CS, 0xa9b, ~0U, 0 };
	v->ss = (struct vmcb_seg){ ENTRY_DS, 0xc93, ~0U, 0 };
	v->ds = v->ss;
	v->es = v->ss;
	v->fs = v->ss;
	v->gs = v->ss;
	v->tr = (struct vmcb_seg){ 0, 0x8b, 0xffff, 0 };
	v->ldtr = (struct vmcb_seg){ 0, 0x82, 0xffff, 0 };
	/* Linux loads page tables with NX before it writes EFER, if they have 4 levels. */
	v->efer = EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME;
	v->cr0 = CR0_PG | CR0_ET | CR0_PE;
	v->cr4 = CR4_PAE;
	v->cr3 = (u64)boot_pml4;
	v->dr6 = 0xffff0ff0;
	v->dr7 = 0x400;
	v->rflags = RFLAGS_FIXED;
	v->rip = rip;
	v->g_pat = PAT_AT_RESET;
}

static void inject(struct vmcb *v, u32 vector)
{
	v->event_inj = EVENT_VALID | EVENT_EXCEPTION | vector;
	v->event_inj_error = 0;
	if (vector == VECTOR_GP)
		v->event_inj |= EVENT_HAS_ERROR;
}

static bool at_vmcall(struct vmcb *v)
{
	static const u8 vmcall[] = { 0x0f, 0x01, 0xc1 };
	u8 code[sizeof(vmcall)];

	return (v->efer & EFER_LMA) && (v->cs.attr & SEG_LONG) &&
	       service_read(v, v->rip, code, sizeof(code)) &&
	       !memcmp(code, vmcall, sizeof(vmcall));
}

static void msr_exit(struct cpu *cpu)
{
	struct vmcb *v = &cpu->service_vmcb;
	u32 msr = cpu->service_regs.rcx;
	bool write = v->exit_info1 & 1;
	u64 value = (u32)v->rax | cpu->service_regs.rdx << 32;

	if (msr == MSR_EFER && write) {
		v->efer = (value & ~EFER_LMA) | (v->efer & EFER_LMA) | EFER_SVME;
	} else if (msr == MSR_EFER) {
		value = v->efer & ~EFER_SVME;
	} else if (msr == MSR_APIC_BASE && !write) {
		value = rdmsr(MSR_APIC_BASE) & ~APIC_BASE_BSP;
		if (cpu->id == SERVICE_BSP)
			value |= APIC_BASE_BSP;
	} else if (msr == MSR_VM_CR && !write) {
		value = VM_CR_SVM_DISABLED;
	} else {
		inject(v, VECTOR_GP);
		return;
	}
	if (!write) {
		v->rax = (u32)value;
		cpu->service_regs.rdx = value >> 32;
	}
	v->rip += 2;
}

static u32 port_in(u32 port, u32 size)
{
	return size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
}

static void port_out(u32 port, u32 size, u32 value)
{
	if (size == 1)
		outb(port, value);
	else if (size == 2)
		outw(port, value);
	else
		outl(port, value);
}

static void set_low_bytes(u64 *reg, u64 value, u32 size)
{
	if (size == 4)
		*reg = (u32)value;
	else
		memcpy(reg, &value, size);
}

/* Nothing has happened if the lock is not to be had. */
static void config_exit(struct cpu *cpu, u32 port, u32 size, bool in)
{
	struct vmcb *v = &cpu->service_vmcb;
	u32 value = v->rax;

	if (!hv_lock(cpu))
		return;
	if (!msi_register(port, size, in, &value)) {
		if (in)
			value = port_in(port, size);
		else
			port_out(port, size, value);
	}
	hv_unlock();
	if (in)
		set_low_bytes(&v->rax, value, size);
	v->rip = v->exit_info2;
}

static void io_exit(struct cpu *cpu)
{
	struct vmcb *v = &cpu->service_vmcb;
	u32 info = v->exit_info1, port = info >> 16 & 0xffff;
	u32 size = IOIO_SIZE(info);
	bool ours = port + size > PORT_TESTBED && port < PORT_TESTBED + 4;

	if (info & IOIO_STRING) {
		inject(v, VECTOR_GP);
		return;
	}
	if (port >= PCI_PORT_ADDRESS && port < PCI_PORT_DATA + 4) {
		config_exit(cpu, port, size, info & IOIO_IN);
		return;
	}
	if (port == PORT_TESTBED && size == 4 && (info & IOIO_IN)) {
		if (control(cpu))
			v->rip = v->exit_info2;
		return;
	}
	if (info & IOIO_IN) {
		set_low_bytes(&v->rax, ours ? ~0UL : port_in(port, size), size);
	} else if (!ours) {
		if (v->rax & SLEEP_ENABLE) {
			u64 vm_count, vcpu_count, pages;

			account(&vm_count, &vcpu_count, &pages);
			log("testbed: the Service VM switches off: vms=%lu vcpus=%lu pages=%lu complaints=%lu",
			    vm_count, vcpu_count, pages, complaints());
		}
		port_out(port, size, v->rax);
	}
	v->rip = v->exit_info2;
}

static void npf_exit(struct cpu *cpu)
{
	struct vmcb *v = &cpu->service_vmcb;

	if (mailbox_write(cpu, v->exit_info2))
		return;
	complain("Service VM cpu%u touches 0x%lx in the hypervisor's memory at rip 0x%lx",
		 cpu->id, v->exit_info2, v->rip);
	if (v->exit_int_info & EVENT_VALID)
		panic("it did so while it took an interrupt or exception");
	inject(v, VECTOR_GP);
}

static void handle_exit(struct cpu *cpu)
{
	struct vmcb *v = &cpu->service_vmcb;

	switch ((u32)v->exit_code) {
	case EXIT_CPUID:
		cpuid_service(v, &cpu->service_regs);
		break;
	case EXIT_MSR:
		msr_exit(cpu);
		break;
	case EXIT_IOIO:
		io_exit(cpu);
		break;
	case EXIT_EXCEPTION(VECTOR_UD):
		if (!at_vmcall(v))
			inject(v, VECTOR_UD);
		else if (v->cpl)
			inject(v, VECTOR_GP);
		else if (hypercall(cpu))
			v->rip += 3;
		break;
	case EXIT_NMI:
		/* The host's handler takes it; the guest gets it if it was its */
		__asm__ volatile("stgi; nop; clgi" : : : "memory");
		if (!READ_ONCE(cpu->park))
			v->event_inj = EVENT_VALID | EVENT_NMI | 2;
		break;
	case EXIT_VMMCALL:
		if (!v->cpl && v->rip == (u64)mailbox_reset_vector) {
			WRITE_ONCE(cpu->park, true);
			break;
		}
		inject(v, VECTOR_UD);
		break;
	case EXIT_NPF:
		npf_exit(cpu);
		break;
	case EXIT_SHUTDOWN:
		log("testbed: triple fault in the Service VM, cpu%u", cpu->id);
		outb(0xcf9, 6);
		panic("the machine did not reset");
	case EXIT_VMRUN:
	case EXIT_VMMCALL + 1 ... EXIT_SKINIT:
		inject(v, VECTOR_UD);
		break;
	default:
		panic("cpu%u: exit 0x%lx of the Service VM: info 0x%lx 0x%lx rip 0x%lx",
		      cpu->id, v->exit_code, v->exit_info1, v->exit_info2, v->rip);
	}
}

/**
 * service_vm_run() - run the Service VM on this CPU until it must park
 * @cpu: this CPU, with @in_service set
 * @rip: where to enter, in 64-bit mode on identity-mapped tables
 * @rsi: RSI there
 */
void service_vm_run(struct cpu *cpu, u64 rip, u64 rsi)
{
	struct vmcb *v = &cpu->service_vmcb;

	init_vmcb(v, rip);
	memset(&cpu->service_regs, 0, sizeof(cpu->service_regs));
	cpu->service_regs.rsi = rsi;
	vmload(v);
	while (!READ_ONCE(cpu->park)) {
		vm_enter(&cpu->service_regs, v);
		handle_exit(cpu);
	}
	log_event("cpu%u: has left the Service VM", cpu->id);
	store_release(cpu->in_service, false);
	mailbox_parked(cpu);
}
