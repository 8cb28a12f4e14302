// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A User VM's accesses to devices: port I/O and accesses to
 * memory that is not there, or not writable.  They become I/O requests, an
 * instruction up to two (read, then write); a repeated one makes one round and
 * is then executed again by the guest.
 */
#include "console.h"
#include "svm.h"
#include "abi.h"
#include "decode.h"
#include "vapic.h"
#include "vms.h"
#include "guest_memory.h"
#include "ioreq.h"
#include "sbuf.h"
#include "access.h"
#include "vcpu.h"

#define SLEEP_PORT	0x404	/* what ACRN makes of a triple fault: a write... */
#define SLEEP_S5	0x3400	/* ...of this to the guest's PM1A control port */

#define RAX		0
#define RCX		1
#define RSI		6
#define RDI		7

static void done(struct vcpu *vcpu, u64 value);

/* A general register by its number in instructions */
static u64 *gpr(struct vcpu *vcpu, u32 n)
{
	struct gregs *r = &vcpu->regs;
	u64 *const by_number[16] = {
		&vcpu->vmcb.rax, &r->rcx, &r->rdx, &r->rbx,
		&vcpu->vmcb.rsp, &r->rbp, &r->rsi, &r->rdi,
		&r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13, &r->r14, &r->r15,
	};

	return by_number[n];
}

static u64 low_bytes(u64 value, u32 size)
{
	return size == 8 ? value : value & (BIT(8 * size) - 1);
}

static u64 get_reg(struct vcpu *vcpu, u32 n, u32 size, bool high)
{
	return low_bytes(*gpr(vcpu, n) >> (high ? 8 : 0), size);
}

/* Writes of 4 bytes clear the upper half, of 1 and 2 leave the rest alone. */
static void set_reg(struct vcpu *vcpu, u32 n, u64 value, u32 size, bool high)
{
	u64 *reg = gpr(vcpu, n);

	if (size >= 4)
		*reg = low_bytes(value, size);
	else
		memcpy((u8 *)reg + high, &value, size);
}

static u64 source(struct vcpu *vcpu, const struct insn *i)
{
	return i->has_imm ? i->imm : get_reg(vcpu, i->reg, i->size, i->high);
}

/* Where a string instruction's RSI or RDI points, as a linear address */
static u64 string_address(struct vcpu *vcpu, const struct insn *i, u32 reg)
{
	const struct vmcb *v = &vcpu->vmcb;
	const struct vmcb_seg *const segments[] = {
		&v->es, &v->cs, &v->ss, &v->ds, &v->fs, &v->gs,
	};
	u32 segment = reg == RDI ? SEG_ES : i->segment;
	u64 offset = low_bytes(*gpr(vcpu, reg), i->address_bits / 8);

	if (vcpu_code_bits(vcpu) != 64)
		return (u32)(segments[segment]->base + offset);
	return segment < SEG_FS ? offset : segments[segment]->base + offset;
}

static void advance(struct vcpu *vcpu, const struct insn *i, u32 reg, s64 by)
{
	set_reg(vcpu, reg, *gpr(vcpu, reg) + by, i->address_bits / 8, false);
}

static void finish(struct vcpu *vcpu)
{
	const struct insn *i = &vcpu->io.insn;
	s64 step = vcpu->vmcb.rflags & RFLAGS_DF ? -(s64)i->size : (s64)i->size;
	bool again = false;

	vcpu->wait = VCPU_READY;
	if (i->kind == INSN_LODS || i->kind == INSN_MOVS)
		advance(vcpu, i, RSI, step);
	if (i->kind == INSN_STOS || i->kind == INSN_MOVS)
		advance(vcpu, i, RDI, step);
	if (i->rep && i->kind >= INSN_STOS) {
		advance(vcpu, i, RCX, -1);
		again = get_reg(vcpu, RCX, i->address_bits / 8, false);
	}
	if (!again)
		vcpu->vmcb.rip += i->length;
}

/* A write for which nobody waits?  If there is no room for it, the guest does it again. */
static bool sent_async(struct vcpu *vcpu, u32 type, u64 address, u64 value)
{
	switch (asyncio_write(vcpu->vm, type, address, value)) {
	case ASYNCIO_SENT:
		done(vcpu, 0);
		return true;
	case ASYNCIO_FULL:
		vcpu->wait = VCPU_RETRY;
		return true;
	case ASYNCIO_NONE:
		break;
	}
	return false;
}

/* One request, or what stands for it */
static void request(struct vcpu *vcpu, bool in, u64 gpa, u64 value)
{
	struct io_access *io = &vcpu->io;
	u32 size = io->insn.size;

	io->in = in;
	io->size = size;
	io->address = gpa;
	if (vlapic_owns(vcpu, gpa)) {
		done(vcpu, vlapic_access(vcpu, gpa, in, value));
	} else if (vioapic_owns(gpa)) {
		done(vcpu, vioapic_access(vcpu, gpa, in, value));
	} else if (in && vm_copy(vcpu->vm, gpa, &value, size, false)) {
		/* A read-only page, about to be written */
		done(vcpu, low_bytes(value, size));
	} else if (in || !sent_async(vcpu, ASYNCIO_MMIO, gpa, low_bytes(value, size))) {
		ioreq_post(vcpu, vm_protects(vcpu->vm, gpa) ? REQ_WP : REQ_MMIO, gpa, value);
	}
}

static void read_done(struct vcpu *vcpu, u64 value)
{
	struct io_access *io = &vcpu->io;
	const struct insn *i = &io->insn;
	u64 *rflags = &vcpu->vmcb.rflags, whole = value, gpa;

	value = low_bytes(value, i->size);
	switch (i->kind) {
	case INSN_LOAD:
		if (i->sign && value >> (8 * i->size - 1))
			value |= ~0UL << (8 * i->size);
		set_reg(vcpu, i->reg, value, i->reg_size, i->high);
		break;
	case INSN_LODS:
		set_reg(vcpu, RAX, value, i->size, false);
		break;
	case INSN_TO_REG:
		value = alu_compute(i->alu, source(vcpu, i), value, i->size, rflags);
		set_reg(vcpu, i->reg, value, i->size, i->high);
		break;
	case INSN_COMPARE:
		if (i->reversed)
			alu_compute(i->alu, source(vcpu, i), value, i->size, rflags);
		else
			alu_compute(i->alu, value, source(vcpu, i), i->size, rflags);
		break;
	case INSN_TO_MEM:
		value = alu_compute(i->alu, value, source(vcpu, i), i->size, rflags);
		/* ACRN computes these in 64 bits, with what it was answered. */
		if (i->has_imm && i->alu == ALU_AND)
			value = whole & i->imm;
		else if (i->has_imm && i->alu == ALU_OR)
			value = whole | i->imm;
		request(vcpu, false, io->address, value);
		return;
	case INSN_EXCHANGE:
		io->saved = value;
		request(vcpu, false, io->address, source(vcpu, i));
		return;
	case INSN_MOVS:
		if (vcpu_write(vcpu, string_address(vcpu, i, RDI), &value, i->size))
			break;
		if (vcpu_gpa(vcpu, string_address(vcpu, i, RDI), &gpa)) {
			request(vcpu, false, gpa, value);
			return;
		}
		break;
	default:
		break;
	}
	finish(vcpu);
}

/* The request is answered; @value is what a read got. */
static void done(struct vcpu *vcpu, u64 value)
{
	struct io_access *io = &vcpu->io;

	if (io->fatal) {
		vcpu->wait = VCPU_DEAD;
	} else if (!io->decoded) {
		if (io->in)	/* ACRN keeps the upper half for IN to EAX too */
			memcpy(gpr(vcpu, RAX), &value, io->size);
		vcpu->vmcb.rip = io->next_rip;
		vcpu->wait = VCPU_READY;
	} else if (io->in) {
		read_done(vcpu, value);
	} else {
		if (io->insn.kind == INSN_EXCHANGE)
			set_reg(vcpu, io->insn.reg, io->saved, io->insn.size, io->insn.high);
		finish(vcpu);
	}
}

/**
 * access_answered() - look whether the request under way is answered
 * @vcpu: the vCPU, whose pCPU this is
 *
 * Return: false if it has to wait on.
 */
bool access_answered(struct vcpu *vcpu)
{
	u64 value;

	if (!ioreq_finished(vcpu, &value))
		return false;
	done(vcpu, value);
	return true;
}

static bool decode_at_rip(struct vcpu *vcpu)
{
	u8 code[MAX_INSTRUCTION];
	u32 n = vcpu_fetch(vcpu, code);

	vcpu->io.decoded = true;
	if (decode(code, n, vcpu_code_bits(vcpu), &vcpu->io.insn))
		return true;
	log_event("vm%u vcpu%u: cannot go on: instruction %02x %02x %02x %02x at rip 0x%lx, %u-bit code",
		  vcpu->vm->vmid, vcpu->id, n > 0 ? code[0] : 0, n > 1 ? code[1] : 0,
		  n > 2 ? code[2] : 0, n > 3 ? code[3] : 0, vcpu->vmcb.rip,
		  vcpu_code_bits(vcpu));
	vcpu->wait = VCPU_DEAD;
	return false;
}

/**
 * access_port() - the guest executed IN, OUT, INS or OUTS
 * @vcpu: the vCPU
 *
 * ACRN takes INS and OUTS, repeated or not, for one IN or OUT, from or to RAX.
 */
void access_port(struct vcpu *vcpu)
{
	u32 info = vcpu->vmcb.exit_info1, port = info >> 16 & 0xffff;
	struct io_access *io = &vcpu->io;

	io->fatal = false;
	io->decoded = false;
	io->in = info & IOIO_IN;
	io->size = IOIO_SIZE(info);
	io->next_rip = vcpu->vmcb.exit_info2;
	if (vpic_owns(port))
		done(vcpu, vpic_access(vcpu, port, io->in, vcpu->vmcb.rax));
	else if (io->in || !sent_async(vcpu, ASYNCIO_PIO, port,
				       low_bytes(vcpu->vmcb.rax, io->size)))
		ioreq_post(vcpu, REQ_PORTIO, port, vcpu->vmcb.rax);
}

/**
 * access_memory() - the guest read or wrote memory that is not there
 * @vcpu: the vCPU
 * @gpa: where
 * @write: what the CPU reported.  An instruction that does both reports a read,
 *	or a write if the page is there but read-only
 */
void access_memory(struct vcpu *vcpu, u64 gpa, bool write)
{
	struct insn *i = &vcpu->io.insn;
	u64 value = 0;

	vcpu->io.fatal = false;
	if (!decode_at_rip(vcpu))
		return;
	switch (i->kind) {
	case INSN_STORE:
		request(vcpu, false, gpa, source(vcpu, i));
		break;
	case INSN_STOS:
		/* All of it, as ACRN does: only what is written counts. */
		request(vcpu, false, gpa, *gpr(vcpu, RAX));
		break;
	case INSN_MOVS:
		if (write) {
			vcpu_read(vcpu, string_address(vcpu, i, RSI), &value, i->size);
			request(vcpu, false, gpa, value);
			break;
		}
		fallthrough;
	default:
		request(vcpu, true, gpa, 0);
	}
}

/**
 * access_shutdown() - a triple fault, as ACRN tells the Service VM of it
 * @vcpu: the vCPU, which does not go on
 */
void access_shutdown(struct vcpu *vcpu)
{
	log_event("vm%u vcpu%u: triple fault at rip 0x%lx", vcpu->vm->vmid, vcpu->id,
		  vcpu->vmcb.rip);
	vm_event_send(vcpu->vm, VM_EVENT_TRIPLE_FAULT);
	vcpu->io.in = false;
	vcpu->io.size = 2;
	vcpu->io.fatal = true;
	ioreq_post(vcpu, REQ_PORTIO, SLEEP_PORT, SLEEP_S5);
}

/**
 * access_cr4() - the guest executed a move to CR4, which was intercepted
 * @vcpu: the vCPU
 *
 * Return: false if it must fault.
 */
bool access_cr4(struct vcpu *vcpu)
{
	struct vmcb *v = &vcpu->vmcb;
	const struct insn *i = &vcpu->io.insn;
	u64 value;

	if (!decode_at_rip(vcpu))
		return true;
	value = get_reg(vcpu, i->reg, i->reg_size, false);
	if (i->kind != INSN_WRITE_CR4 || ((v->efer & EFER_LMA) && !(value & CR4_PAE)))
		return false;
	v->cr4 = value;
	v->rip += i->length;
	vcpu_update_lme(vcpu, vcpu->lme);
	return true;
}
