/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What the files of the test hypervisor share.
 *
 * Locks.  hv_lock orders everything that changes VMs, vCPUs or who owns a
 * pCPU.  Its holder may wait for a pCPU to leave a User VM or the Service VM:
 * neither waits for hv_lock in return, since pCPUs that run User VMs never
 * take it, and a Service VM CPU that waits for it leaves when asked to (its
 * instruction has then not happened).  vm->mem_lock and vm->irq_lock are taken
 * inside hv_lock or alone; the console's lock is innermost.
 */
#ifndef HV_H
#define HV_H

#include "types.h"
#include "svm.h"
#include "abi.h"
#include "decode.h"
#include "vapic.h"
#include <testbed_control.h>

#define MAX_CPUS	32	/* APIC ids 0..31 */

/*
 * The Service VM's first CPU.  CPU 0 runs no guest: in QEMU 7.2 every CPU that
 * loads an FPU status without an exception pending, as each switch of threads
 * does, clears a bit of CPU 0's hflags2 (cpu_clear_ignne()), without a lock.  Now
 * and then that takes back what VMRUN or #VMEXIT changes there at the same moment,
 * and CPU 0 goes on in the hypervisor with the guest's nested table.
 */
#define SERVICE_BSP	1

/* Put into the part of the hypervisor's memory that the Service VM can read */
#define SHARED		__attribute__((section(".shared")))

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
 * @note: details of the hypercall under way, for the log
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
	char note[160];
};

/* Why a vCPU that shall run does not */
enum vcpu_wait {
	VCPU_READY,
	VCPU_RETRY,	/* its access found nothing; again in a while */
	VCPU_IOREQ,	/* an I/O request is under way */
	VCPU_WAIT_SIPI,	/* not yet started by its guest */
	VCPU_HALTED,
	VCPU_DEAD,	/* it shut down, or cannot go on */
};

/* No NMI comes between an NMI and the IRET of its handler. */
enum vcpu_nmi {
	NMI_NONE,
	NMI_SERVED,
	NMI_LEAVING,	/* at the IRET */
};

#define IRQ_INCOMING	0x100U

/**
 * struct exit_record - registers at an exit
 * @reg: by enum testbed_reg
 * @valid: there was one
 */
struct exit_record {
	u64 reg[TESTBED_REG_COUNT];
	bool valid;
};

/**
 * struct io_access - the device access that a vCPU waits for
 * @active: a request is in the slot
 * @notified: HC_NOTIFY_REQUEST_FINISH came for it
 * @failed: there was no slot for it
 * @fatal: the vCPU does not go on after it
 * @in: the request is a read
 * @port_in: the instruction is a string input from a port
 * @decoded: @insn says what to do with the answer; else it is IN or OUT
 * @size: bytes of the request
 * @address: its port or GPA
 * @saved: the value for the register of an exchange
 * @next_rip: where the guest goes on after IN or OUT
 * @insn: the instruction
 */
struct io_access {
	bool active;
	bool notified;
	bool failed;
	bool fatal;
	bool in;
	bool port_in;
	bool decoded;
	u32 size;
	u64 address;
	u64 saved;
	u64 next_rip;
	struct insn insn;
};

/**
 * struct vcpu - a User VM's CPU
 *
 * While it runs, all of it belongs to its pCPU, except @flush, @lapic and
 * @io.notified.  Else it belongs to the holder of hv_lock.
 *
 * @vmcb: guest state
 * @regs: its general registers
 * @vm: the VM
 * @cpu: the pCPU it was given
 * @id: number in the VM
 * @wait: why it does not run
 * @flush: somebody waits until it has left the guest once
 * @fpu_fresh: the FPU must be put into reset state first
 * @pat: the guest's PAT
 * @lme: the guest's EFER.LME; see vcpu_update_lme()
 * @nmi: whether it serves an NMI
 * @incoming: IRQ_INCOMING and the vector of the interrupt that it has taken from its
 *	APIC or the PIC, but not into the handler yet; else 0
 * @irq_waits: behind that there is one more
 * @lapic: its local APIC; under @vm->irq_lock
 * @io: the device access under way
 * @first: at the first exit since START
 * @last: at the last exit
 * @exits: exits that the guest caused, since CREATE_VCPU
 */
struct vcpu {
	struct vmcb vmcb;
	struct gregs regs;
	struct vm *vm;
	struct cpu *cpu;
	u32 id;
	enum vcpu_wait wait;
	bool flush;
	bool fpu_fresh;
	u64 pat;
	bool lme;
	enum vcpu_nmi nmi;
	u32 incoming;
	bool irq_waits;
	struct vlapic lapic;
	struct io_access io;
	struct exit_record first;
	struct exit_record last;
	u64 exits;
};

#define IRQLINE_OPS	4	/* high, low, raising pulse, falling pulse */

/**
 * struct interrupts - what a VM was asked to get since it was created
 * @msis: MSIs
 * @msi_addr: where the last one went
 * @msi_data: what it carried
 * @lines: HC_SET_IRQLINEs by what they do
 * @last_line: parameter of the last
 */
struct interrupts {
	u64 msis;
	u64 msi_addr;
	u64 msi_data;
	u64 lines[IRQLINE_OPS];
	u64 last_line;
};

/**
 * struct vm - a User VM
 * @vmid: its id, fixed
 * @state: under hv_lock; the unlocked hypercalls only look
 * @flags: vm_flag as kept
 * @vcpu_count: vCPUs created
 * @mem_lock: guards @npt and @pages
 * @npt: nested page table, NULL while the VM is off
 * @pages: 4 KiB pages the guest can reach
 * @add_failed: a call that was to add memory was answered with a failure, so
 *	that its caller does not know what there is to delete
 * @irq_lock: guards @irqs, @ioapic, @pic and the local APICs
 * @irqs: what it was asked to get
 * @ioapic: its I/O APIC
 * @pic: its 8259s
 * @ioreq_gpa: address of the I/O request page, 0: not set
 * @lied: the last DESTROY happened but was answered with a failure, so that
 *	its caller may well come again
 * @pause_asked: PAUSE was called since START, with whatever result
 * @vcpus: the vCPUs
 */
struct vm {
	u32 vmid;
	enum testbed_vm_state state;
	u64 flags;
	u32 vcpu_count;
	struct spinlock mem_lock;
	u64 *npt;
	u64 pages;
	bool add_failed;
	struct spinlock irq_lock;
	struct interrupts irqs;
	struct vioapic ioapic;
	struct vpic pic;
	u64 ioreq_gpa;
	bool lied;
	bool pause_asked;
	struct vcpu vcpus[TESTBED_VCPU_SLOTS];
};

extern struct cpu cpus[MAX_CPUS];
extern struct vm vms[TESTBED_MAX_VMS];
extern u8 hv_start[], hv_private_end[], hv_end[];	/* linker script */

/**
 * struct config - what the command line says
 * @service_cpus: CPUs 0..N-1 are the Service VM's
 * @privileged: CPUID shows the privilege bit
 * @api_major: what HC_GET_API_VERSION answers
 * @api_minor: the same
 * @log_calls: the log has a line per hypercall and event
 */
struct config {
	u32 service_cpus;
	bool privileged;
	u32 api_major;
	u32 api_minor;
	bool log_calls;
};

extern struct config config;

/* start.S */
void vm_enter(struct gregs *regs, struct vmcb *vmcb);
extern u8 ap_trampoline[], ap_trampoline_end[];
extern u8 mailbox_reset_vector[];
extern u8 boot_pml4[];
extern u64 exception_stubs[];
void irq_stub(void);
void nmi_stub(void);

/* main.c */
bool is_service_cpu(u32 apic_id);
void hv_main(u32 multiboot_info) __noreturn;
void ap_main(u32 id) __noreturn;

/* console.c */
void log(const char *format, ...) __printf(1, 2);
void log_event(const char *format, ...) __printf(1, 2);
void log_again(void);
void format_text(char *to, size_t size, const char *format, ...) __printf(3, 4);
void format_text_va(char *to, size_t size, const char *format, va_list args);
void panic(const char *format, ...) __printf(1, 2) __noreturn;

/* account.c */
void complain(const char *format, ...) __printf(1, 2);
u64 expect_complaints(u64 count);
u64 complaints(void);
void account(u64 *vm_count, u64 *vcpu_count, u64 *pages);
void power_off(u32 status) __noreturn;

/* cpu.c */
extern u32 cpu_count;
extern u32 tsc_khz;
void cpu_init(struct cpu *cpu);
void calibrate_clocks(void);
void start_other_cpus(void);
void lapic_take(void);
void lapic_give_back(bool first);
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

/* mailbox.c */
u64 mailbox_page(void);
bool mailbox_take(struct cpu *cpu, u64 *rip);
bool mailbox_write(struct cpu *cpu, u64 gpa);
void mailbox_parked(struct cpu *cpu);
void service_cpu_park(struct cpu *target);

/* acpi.c, boot_linux.c */
u64 acpi_build(void);
extern u16 acpi_pm1_control;
extern u16 acpi_pm_timer;
u64 linux_load(u32 multiboot_info, u64 *boot_params);
const char *multiboot_command_line(u32 multiboot_info);

/* ram.c */
void ram_add(u64 start, u64 end);
u64 ram_total(void);
void *service_ram(u64 gpa, u64 size);
void *param_block(u64 gpa, u64 size, const char *what);
bool in_hypervisor(u64 gpa, u64 size);

/* npt.c */
u64 *npt_new(void);
void npt_free(u64 *root);
bool npt_map_service(u64 *root, u64 start, u64 end, u64 page_size);
void npt_protect_page(u64 *root, u64 gpa);

/**
 * struct npt_run - guest memory that is contiguous on both sides
 * @gpa: where it starts
 * @hpa: what is there
 * @size: bytes
 * @prot: as given when it was mapped
 */
struct npt_run {
	u64 gpa;
	u64 hpa;
	u64 size;
	u64 prot;
};

bool npt_find(u64 *root, u64 gpa, struct npt_run *page);
bool npt_next(u64 *root, u64 gpa, struct npt_run *run);
bool npt_map_page(u64 *root, u64 gpa, u64 hpa, u64 size, u64 prot);
bool npt_unmap_page(u64 *root, u64 gpa, u64 size);

/* service_vm.c */
void service_vm_init(void);
void service_vm_run(struct cpu *cpu, u64 rip, u64 rsi);
bool service_read(struct vmcb *vmcb, u64 linear, u8 *to, u32 size);

/* cpuid.c */

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

/* hypercall.c */
bool hypercall(struct cpu *cpu);
void note(struct cpu *cpu, const char *format, ...) __printf(2, 3);
s64 arm_failure(u64 nr, u64 skip, u64 count, u64 how);
s64 set_delay(u64 nr, u64 microseconds);
void disarm_all(void);
s64 count_calls(u64 nr, u64 *calls, u64 *failures);
void reset_log_limits(void);
extern u32 api_version[2];
extern u32 upcall_vector;

/* vm.c */
extern u32 vcpu_limit;	/* what one VM can have */
struct vm *vm_find(u64 vmid);
struct vm *vm_get(u64 vmid, const char *what);
void vm_stop_vcpus(struct vm *vm);
void vm_remember(u64 vmid, u64 nr, bool lied);
s64 vm_guest_off(u64 vmid);
s64 hc_create_vm(struct cpu *cpu, u64 param, u64 unused);
s64 hc_destroy_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_start_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_pause_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_reset_vm(struct cpu *cpu, u64 vmid, u64 unused);
s64 hc_create_vcpu(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_set_vcpu_regs(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_offline_cpu(struct cpu *cpu, u64 apic_id, u64 unused);

/* vm_memory.c */
s64 hc_set_memory_regions(struct cpu *cpu, u64 param, u64 unused);
s64 hc_gpa2hpa(struct cpu *cpu, u64 vmid, u64 param);
void vm_memory_failed(u64 param);
bool vm_memory_init(struct vm *vm);
void vm_memory_free(struct vm *vm);
u64 vm_memory_pages(struct vm *vm);
bool vm_memory_next(struct vm *vm, u64 gpa, struct npt_run *run);

bool vm_protects(struct vm *vm, u64 gpa);

/* guest_memory.c */
u32 vcpu_code_bits(const struct vcpu *vcpu);
bool vm_copy(struct vm *vm, u64 gpa, void *data, u32 size, bool write);
bool vcpu_gpa(struct vcpu *vcpu, u64 linear, u64 *gpa);
bool vcpu_read(struct vcpu *vcpu, u64 linear, void *data, u32 size);
bool vcpu_write(struct vcpu *vcpu, u64 linear, void *data, u32 size);
u32 vcpu_fetch(struct vcpu *vcpu, u8 *code);

/* access.c */
void access_port(struct vcpu *vcpu);
void access_memory(struct vcpu *vcpu, u64 gpa, bool write);
void access_shutdown(struct vcpu *vcpu);
bool access_cr4(struct vcpu *vcpu);
bool access_answered(struct vcpu *vcpu);

/* vcpu.c */
u64 vcpu_efer(const struct vcpu *vcpu);
void vcpu_update_lme(struct vcpu *vcpu, bool lme);
void vcpu_init_maps(void);
void vcpu_reset(struct vcpu *vcpu, bool init);
void vcpu_set_regs(struct vcpu *vcpu, const struct hc_vcpu_regs *regs);
void vcpu_run(struct cpu *cpu, struct vcpu *vcpu);
void vcpus_flush(struct vm *vm);

/* msr.c */
void vcpu_msr_exit(struct vcpu *vcpu);

/* ioreq.c */
struct ioreq_slot *ioreq_slots(struct vm *vm);
s64 hc_set_ioreq_buffer(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_notify_request_finish(struct cpu *cpu, u64 vmid, u64 vcpu_id);
void ioreq_free_all(struct vm *vm);
void ioreq_post(struct vcpu *vcpu, enum ioreq_type type, u64 address, u64 value);
bool ioreq_finished(struct vcpu *vcpu, u64 *value);
u64 ioreq_look_again(const struct vcpu *vcpu);
void send_upcall(void);

/* interrupts.c */
void interrupts_init(struct vm *vm);
void interrupts_reset(struct vm *vm);
struct interrupts interrupts_get(struct vm *vm);
s64 hc_inject_msi(struct cpu *cpu, u64 vmid, u64 param);
s64 hc_set_irqline(struct cpu *cpu, u64 vmid, u64 irqline);
s64 hc_vm_intr_monitor(struct cpu *cpu, u64 vmid, u64 param);

/* control.c */
bool control(struct cpu *cpu);

#endif /* HV_H */
