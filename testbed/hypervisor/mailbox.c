// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * How the Service VM starts and stops its CPUs: the ACPI multiprocessor
 * wake-up mailbox (ACPI 6.4; the reset vector and the test command are version
 * 1 of the structure).  The mailbox has a page of its own, read-only in the
 * nested table, so that every store to it comes here; a started CPU needs the
 * hypervisor no more.
 */
#include "config.h"
#include "console.h"
#include "report.h"
#include "start.h"
#include "cpu.h"
#include "ram.h"
#include "mailbox.h"

#define MAILBOX_NOOP	0
#define MAILBOX_WAKE	1
#define MAILBOX_TEST	2

struct mailbox {
	u16 command;
	u16 reserved;
	u32 apic_id;
	u64 vector;
	u8 rest[PAGE_SIZE - 16];
};

static SHARED struct mailbox mailbox __aligned(4096);
/* The interrupt that goes with MAILBOX_WAKE is on its way, or has come */
static bool wake_sent;

/**
 * mailbox_page() - where the mailbox is
 *
 * Return: its address.
 */
u64 mailbox_page(void)
{
	return (u64)&mailbox;
}

/**
 * mailbox_take() - is this CPU to be woken?
 * @cpu: this CPU, which waits
 * @rip: where to enter the Service VM
 *
 * On true the CPU counts as running the Service VM.  Nobody can want it parked
 * yet: service_cpu_park() waits until the command is gone.
 *
 * Return: true if so.
 */
bool mailbox_take(struct cpu *cpu, u64 *rip)
{
	if (load_acquire(mailbox.command) != MAILBOX_WAKE || mailbox.apic_id != cpu->id)
		return false;
	/* Taken here: in the Service VM it would be one that nobody knows. */
	while (!load_acquire(wake_sent))
		cpu_relax();
	WRITE_ONCE(wake_sent, false);
	cpu_take_interrupts();
	*rip = mailbox.vector;
	WRITE_ONCE(cpu->park, false);
	barrier_full();
	WRITE_ONCE(cpu->in_service, true);
	barrier_full();
	store_release(mailbox.command, MAILBOX_NOOP);
	return true;
}

/**
 * mailbox_parked() - a CPU has left the Service VM: answer the question if so
 * @cpu: this CPU
 *
 * The asker stores the command and then looks at @in_service; this side clears
 * @in_service and then looks at the command: one of the two sees the other.
 */
void mailbox_parked(struct cpu *cpu)
{
	barrier_full();
	if (READ_ONCE(mailbox.command) == MAILBOX_TEST && mailbox.apic_id == cpu->id)
		store_release(mailbox.command, MAILBOX_NOOP);
}

/**
 * service_cpu_park() - take a CPU away from the Service VM
 * @target: another CPU than this one
 *
 * Context: hv_lock is held.
 */
void service_cpu_park(struct cpu *target)
{
	while (READ_ONCE(mailbox.command) == MAILBOX_WAKE && mailbox.apic_id == target->id)
		cpu_relax();
	if (!READ_ONCE(target->in_service))
		return;
	WRITE_ONCE(target->park, true);
	barrier_full();
	send_ipi(target->id, ICR_NMI);
	while (load_acquire(target->in_service))
		cpu_relax();
}

static void wake(u32 apic_id)
{
	struct cpu *target = apic_id < MAX_CPUS ? &cpus[apic_id] : NULL;

	if (!target || !target->online || apic_id == SERVICE_BSP || target->owner ||
	    !is_service_cpu(apic_id)) {
		/* Answered all the same: Linux would wait for ever */
		complain("Service VM wakes CPU %u, which is not its own", apic_id);
		store_release(mailbox.command, MAILBOX_NOOP);
		return;
	}
	/* Off before the command shows, or it would be seen as woken by it */
	service_cpu_park(target);
	target->for_users = false;
	store_release(mailbox.command, MAILBOX_WAKE);
	kick_cpu(target);
	store_release(wake_sent, true);
	log_event("cpu%u: wakes at 0x%lx in the Service VM", apic_id, mailbox.vector);
}

static void test(u32 apic_id)
{
	store_release(mailbox.command, MAILBOX_TEST);
	barrier_full();
	if (apic_id < MAX_CPUS && !READ_ONCE(cpus[apic_id].in_service))
		store_release(mailbox.command, MAILBOX_NOOP);
}

/* The store instructions that compilers use for it */
struct store {
	u64 value;
	u32 size;
	u32 length;
};

static u64 gpr(struct cpu *cpu, u32 n)
{
	const struct gregs *r = &cpu->service_regs;
	const u64 by_number[16] = {
		cpu->service_vmcb.rax, r->rcx, r->rdx, r->rbx,
		cpu->service_vmcb.rsp, r->rbp, r->rsi, r->rdi,
		r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15,
	};

	return by_number[n];
}

/* "mov reg, mem" (89), "xchg" (87) and "mov $imm, mem" (c7), 2 to 8 bytes */
static bool decode_store(struct cpu *cpu, struct store *s)
{
	u32 n = 0, rex = 0, mod, rm, imm;
	u8 code[15], op, modrm;

	if (!service_read(&cpu->service_vmcb, cpu->service_vmcb.rip, code, sizeof(code)))
		return false;
	s->size = 4;
	for (; code[n] == 0x3e || code[n] == 0x65 || code[n] == 0x66; n++)
		if (code[n] == 0x66)
			s->size = 2;
	if ((code[n] & 0xf0) == 0x40)
		rex = code[n++];
	if (rex & 8)
		s->size = 8;
	op = code[n++];
	modrm = code[n++];
	mod = modrm >> 6;
	rm = modrm & 7;
	if (mod == 3)
		return false;
	if (rm == 4) {
		if (mod == 0 && (code[n] & 7) == 5)
			n += 4;
		n++;
	} else if (mod == 0 && rm == 5) {
		n += 4;
	}
	n += mod == 1 ? 1 : mod == 2 ? 4 : 0;

	if (op == 0x89 || op == 0x87) {
		s->value = gpr(cpu, (modrm >> 3 & 7) | (rex & 4) << 1);
	} else if (op == 0xc7) {
		imm = s->size == 2 ? 2 : 4;
		s->value = code[n] | code[n + 1] << 8;
		if (imm == 4)
			s->value = (s64)(s32)(s->value | code[n + 2] << 16 |
					      (u32)code[n + 3] << 24);
		n += imm;
	} else {
		return false;
	}
	s->length = n;
	return true;
}

/**
 * mailbox_write() - a CPU of the Service VM stores to the mailbox
 * @cpu: this CPU
 * @gpa: the address
 *
 * Return: false if the address is not in the mailbox or the instruction is
 * none of those known.
 */
bool mailbox_write(struct cpu *cpu, u64 gpa)
{
	struct store s;

	if ((gpa & PAGE_MASK) != mailbox_page() || !decode_store(cpu, &s))
		return false;
	if (!hv_lock(cpu))
		return true;
	if (gpa != mailbox_page())
		memcpy((void *)gpa, &s.value, s.size);
	else if ((u16)s.value == MAILBOX_WAKE)
		wake(mailbox.apic_id);
	else if ((u16)s.value == MAILBOX_TEST)
		test(mailbox.apic_id);
	else
		store_release(mailbox.command, (u16)s.value);
	hv_unlock();
	cpu->service_vmcb.rip += s.length;
	return true;
}
