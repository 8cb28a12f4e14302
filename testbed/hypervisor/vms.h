/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * User VMs and their vCPUs: what they consist of, and the table of them.
 */
#ifndef HV_VMS_H
#define HV_VMS_H

#include <testbed_control.h>
#include "svm.h"
#include "cpu.h"
#include "decode.h"
#include "vapic.h"

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
 * @half_long: it was given paging and EFER.LME, but not EFER.LMA
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
	bool half_long;
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
 * struct asyncio - an address, writes to which send a token
 * @type: ASYNCIO_PIO or ASYNCIO_MMIO, 0: unused
 * @match_data: only writes of @data
 * @address: port or GPA
 * @token: what is sent
 * @data: see @match_data
 */
struct asyncio {
	u32 type;
	bool match_data;
	u64 address;
	u64 token;
	u64 data;
};

#define ASYNCIO_MAX	64

/**
 * struct vm - a User VM
 * @vmid: its id, fixed
 * @name: what it was created by, if generation->named
 * @state: under hv_lock; the unlocked hypercalls only look
 * @flags: vm_flag as kept
 * @sticky: flags that the configuration has from CREATE_VMs that failed
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
 * @sbuf_lock: guards the next three
 * @asyncio_ring: address of the ring for tokens, 0: none
 * @event_ring: address of the ring for events, 0: none
 * @asyncio: where writes send tokens
 * @ioreq_gpa: address of the I/O request page, 0: not set
 * @lied: the last DESTROY happened but was answered with a failure, so that
 *	its caller may well come again
 * @pause_asked: PAUSE was called since START, with whatever result
 * @vcpus: the vCPUs
 */
struct vm {
	u32 vmid;
	u8 name[16];
	enum testbed_vm_state state;
	u64 flags;
	u64 sticky;
	u32 vcpu_count;
	struct spinlock mem_lock;
	u64 *npt;
	u64 pages;
	bool add_failed;
	struct spinlock irq_lock;
	struct interrupts irqs;
	struct vioapic ioapic;
	struct vpic pic;
	struct spinlock sbuf_lock;
	u64 asyncio_ring;
	u64 event_ring;
	struct asyncio asyncio[ASYNCIO_MAX];
	u64 ioreq_gpa;
	bool lied;
	bool pause_asked;
	struct vcpu vcpus[TESTBED_VCPU_SLOTS];
};

extern struct vm vms[TESTBED_MAX_VMS];
extern u32 vcpu_limit;	/* what one VM can have */

struct vm *vm_slot(u64 vmid);
struct vm *vm_find(u64 vmid);
struct vm *vm_get(u64 vmid, const char *what);
void vm_stop_vcpus(struct vm *vm);
void vcpus_flush(struct vm *vm);
void vms_forget(void);
bool vm_is_rt(const struct vm *vm);
bool vm_outranks(const struct vm *vm);

#endif /* HV_VMS_H */
