// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Hypercalls: the table, and what happens around each call: the lock, counting,
 * the log, and the misbehaviour that the control channel asked for.
 */
#include <testbed_control.h>
#include "generation.h"
#include "config.h"
#include "console.h"
#include "report.h"
#include "abi.h"
#include "cpu.h"
#include "ram.h"
#include "vm_memory.h"
#include "ioreq.h"
#include "sbuf.h"
#include "interrupts.h"
#include "devices.h"
#include "vm.h"
#include "platform.h"
#include "hypercall.h"

#define NUMBERS		256
#define LOG_DEFAULT	2000	/* lines per call, until the next mark */
#define LOG_HOT		40

u32 api_version[2];

static s64 hc_get_api_version(struct cpu *cpu, u64 param, u64 unused)
{
	struct hc_api_version *v = param_block(param, sizeof(*v), "GET_API_VERSION's block");

	if (!v)
		return -1;
	v->major = READ_ONCE(api_version[0]);
	v->minor = READ_ONCE(api_version[1]);
	note(cpu, " %u.%u", v->major, v->minor);
	return 0;
}

static s64 hc_pci_msix_remap(struct cpu *cpu, u64 vmid, u64 param)
{
	return 0;
}

#define LOCKED	1	/* runs under hv_lock */
#define TAKES_VMID 2	/* RDI is a vmid */
#define HOT	4	/* gets few lines of the log */

/**
 * struct hypercall - a row of the table
 * @name: without HC_, for the log
 * @call: carries it out; gets RDI and RSI
 * @flags: LOCKED...
 * @since: the first release that has it; 0: all
 * @until: the last; 0: all
 */
struct hypercall {
	const char *name;
	s64 (*call)(struct cpu *cpu, u64 p1, u64 p2);
	u32 flags;
	u32 since;
	u32 until;
};

#define ROW(call, function, ...) \
	[HC_##call] = { #call, function, __VA_ARGS__ }

static const struct hypercall table[NUMBERS] = {
	ROW(GET_API_VERSION, hc_get_api_version, 0),
	ROW(SOS_OFFLINE_CPU, hc_offline_cpu, LOCKED),
	ROW(SET_CALLBACK_VECTOR, hc_set_callback_vector, 0),
	ROW(GET_PLATFORM_INFO, hc_get_platform_info, LOCKED, .until = GENERATION_2_6),
	ROW(CREATE_VM, hc_create_vm, LOCKED),
	ROW(DESTROY_VM, hc_destroy_vm, LOCKED | TAKES_VMID),
	ROW(START_VM, hc_start_vm, LOCKED | TAKES_VMID),
	ROW(PAUSE_VM, hc_pause_vm, LOCKED | TAKES_VMID),
	ROW(CREATE_VCPU, hc_create_vcpu, LOCKED | TAKES_VMID),
	ROW(RESET_VM, hc_reset_vm, LOCKED | TAKES_VMID),
	ROW(SET_VCPU_REGS, hc_set_vcpu_regs, LOCKED | TAKES_VMID),
	ROW(INJECT_MSI, hc_inject_msi, HOT | TAKES_VMID),
	ROW(VM_INTR_MONITOR, hc_vm_intr_monitor, HOT | TAKES_VMID),
	ROW(SET_IRQLINE, hc_set_irqline, HOT | TAKES_VMID),
	ROW(SET_IOREQ_BUFFER, hc_set_ioreq_buffer, LOCKED | TAKES_VMID),
	ROW(NOTIFY_REQUEST_FINISH, hc_notify_request_finish, HOT | TAKES_VMID),
	ROW(ASYNCIO_ASSIGN, hc_asyncio_assign, LOCKED | TAKES_VMID, .since = GENERATION_3_3),
	ROW(ASYNCIO_DEASSIGN, hc_asyncio_deassign, LOCKED | TAKES_VMID, .since = GENERATION_3_3),
	ROW(VM_GPA2HPA, hc_gpa2hpa, HOT | TAKES_VMID),
	ROW(VM_SET_MEMORY_REGIONS, hc_set_memory_regions, HOT),
	ROW(VM_WRITE_PROTECT_PAGE, hc_write_protect_page, HOT | TAKES_VMID),
	ROW(SETUP_SBUF, hc_setup_sbuf, LOCKED | TAKES_VMID, .since = GENERATION_3_3),
	ROW(ASSIGN_PTDEV, hc_assign_ptdev, LOCKED | TAKES_VMID, .until = GENERATION_1_3),
	ROW(DEASSIGN_PTDEV, hc_deassign_ptdev, LOCKED | TAKES_VMID, .until = GENERATION_1_3),
	ROW(VM_PCI_MSIX_REMAP, hc_pci_msix_remap, TAKES_VMID, .until = GENERATION_1_6),
	ROW(SET_PTDEV_INTR_INFO, hc_set_ptdev_intr, LOCKED | TAKES_VMID),
	ROW(RESET_PTDEV_INTR_INFO, hc_reset_ptdev_intr, LOCKED | TAKES_VMID),
	ROW(ASSIGN_PCIDEV, hc_assign_pcidev, LOCKED | TAKES_VMID, .since = GENERATION_1_6),
	ROW(DEASSIGN_PCIDEV, hc_deassign_pcidev, LOCKED | TAKES_VMID, .since = GENERATION_1_6),
	ROW(ASSIGN_MMIODEV, hc_assign_mmiodev, LOCKED | TAKES_VMID, .since = GENERATION_2_1),
	ROW(DEASSIGN_MMIODEV, hc_deassign_mmiodev, LOCKED | TAKES_VMID, .since = GENERATION_2_1),
	ROW(ADD_VDEV, hc_add_vdev, LOCKED | TAKES_VMID, .since = GENERATION_2_2),
	ROW(REMOVE_VDEV, hc_remove_vdev, LOCKED | TAKES_VMID, .since = GENERATION_2_2),
	ROW(ASSIGN_PIO_REGION, hc_assign_pio, LOCKED | TAKES_VMID, .since = GENERATION_3_3),
	ROW(DEASSIGN_PIO_REGION, hc_deassign_pio, LOCKED | TAKES_VMID, .since = GENERATION_3_3),
	ROW(PM_GET_CPU_STATE, hc_pm_get_cpu_state, LOCKED),
};

/* What this release knows by a number: the row, or one without a name */
static const struct hypercall *find_call(u64 nr)
{
	static const struct hypercall none;
	const struct hypercall *h = &table[nr];

	if ((h->since && generation->number < h->since) ||
	    (h->until && generation->number > h->until))
		return &none;
	return h;
}

/**
 * struct failure - an armed failure
 * @skip: calls to let through first
 * @left: calls to fail then; TESTBED_FOREVER stays
 * @result: what they answer
 * @how: enum testbed_fail
 */
struct failure {
	u64 skip;
	u64 left;
	s32 result;
	u32 how;
};

/* By number; at TESTBED_ANY_CALL for all.  failure_lock guards the first. */
static struct spinlock failure_lock;
static struct failure failures[NUMBERS];
static u64 delays[NUMBERS];
static u64 calls[NUMBERS];
static u64 refusals[NUMBERS];
static u32 logged[NUMBERS];

/**
 * arm_failure() - make calls fail
 * @nr: hypercall number or TESTBED_ANY_CALL
 * @skip: how many to let through first
 * @count: how many to fail then, TESTBED_FOREVER: all; 0: disarm
 * @how: result in the low half, enum testbed_fail in the high half
 *
 * Return: 0 or -EINVAL.
 */
s64 arm_failure(u64 nr, u64 skip, u64 count, u64 how)
{
	if (nr >= NUMBERS || how >> 32 > TESTBED_FAIL_VCPU_NUM ||
	    (how >> 32 >= TESTBED_FAIL_VMID && nr != HC_CREATE_VM))
		return -EINVAL;
	spin_lock(&failure_lock);
	failures[nr] = (struct failure){ skip, count, (s32)how, how >> 32 };
	spin_unlock(&failure_lock);
	return 0;
}

/**
 * set_delay() - make calls take longer
 * @nr: hypercall number or TESTBED_ANY_CALL
 * @microseconds: how much
 *
 * Return: 0 or -EINVAL.
 */
s64 set_delay(u64 nr, u64 microseconds)
{
	if (nr >= NUMBERS)
		return -EINVAL;
	WRITE_ONCE(delays[nr], microseconds);
	return 0;
}

/**
 * disarm_all() - no failures, no delays
 */
void disarm_all(void)
{
	spin_lock(&failure_lock);
	memset(failures, 0, sizeof(failures));
	spin_unlock(&failure_lock);
	memset(delays, 0, sizeof(delays));
}

/**
 * count_calls() - how often a hypercall was made
 * @nr: hypercall number or TESTBED_ANY_CALL
 * @total: set to the calls since boot
 * @failed: set to those that did not answer 0
 *
 * Return: 0 or -EINVAL.
 */
s64 count_calls(u64 nr, u64 *total, u64 *failed)
{
	if (nr >= NUMBERS)
		return -EINVAL;
	*total = READ_ONCE(calls[nr]);
	*failed = READ_ONCE(refusals[nr]);
	return 0;
}

/**
 * reset_log_limits() - a new test begins: log its calls again
 */
void reset_log_limits(void)
{
	memset(logged, 0, sizeof(logged));
}

static bool take_one(struct failure *armed, struct failure *taken)
{
	if (!armed->left)
		return false;
	if (armed->skip) {
		armed->skip--;
		return false;
	}
	if (armed->left != TESTBED_FOREVER)
		armed->left--;
	*taken = *armed;
	return true;
}

static bool take_failure(u64 nr, struct failure *taken)
{
	bool failing;

	spin_lock(&failure_lock);
	failing = take_one(&failures[nr], taken) ||
		  (nr != TESTBED_ANY_CALL && take_one(&failures[TESTBED_ANY_CALL], taken));
	spin_unlock(&failure_lock);
	return failing;
}

static void count(u64 nr, s64 result)
{
	add_return(calls[TESTBED_ANY_CALL], 1);
	if (result)
		add_return(refusals[TESTBED_ANY_CALL], 1);
	if (nr == TESTBED_ANY_CALL)
		return;
	add_return(calls[nr], 1);
	if (result)
		add_return(refusals[nr], 1);
}

/* How many lines calls of this number had, and how many they get */
static u32 *lines(u64 id, const struct hypercall *h, u32 *max)
{
	*max = h->flags & HOT ? LOG_HOT : LOG_DEFAULT;
	return &logged[h->name ? id & 0xff : TESTBED_ANY_CALL];
}

/* Is there to be a line about the call?  Else nothing is formatted. */
static void begin_note(struct cpu *cpu, u64 id, const struct hypercall *h)
{
	u32 max, n = READ_ONCE(*lines(id, h, &max));

	cpu->noting = config.log_calls && n < max;
	cpu->note[0] = 0;
}

static void log_call(struct cpu *cpu, u64 id, const struct hypercall *h, u64 p1, s64 result,
		     const char *remark)
{
	const char *name = h->name ? h->name : "(unknown)";
	char target[32] = "";
	u32 max, n;

	if (!cpu->noting)
		return;
	n = add_return(*lines(id, h, &max), 1);
	if (n > max)
		return;
	if (!h->name)
		format_text(target, sizeof(target), " 0x%lx", id);
	else if (h->flags & TAKES_VMID)
		format_text(target, sizeof(target), " vm=%lu", p1);
	log("hc: cpu%u %s%s%s -> %ld%s%s", cpu->id, name, target, cpu->note, result, remark,
	    n == max ? " (no more lines about these until the next mark)" : "");
}

static const char *const remarks[] = {
	[TESTBED_FAIL_REFUSE] = " (refused as told)",
	[TESTBED_FAIL_UNWRITTEN] = " (refused as told, RAX unwritten)",
	[TESTBED_FAIL_AFTER] = " (done, but told to fail)",
	[TESTBED_FAIL_VMID] = " (vmid 0xffff as told)",
	[TESTBED_FAIL_VCPU_NUM] = " (done, too many vCPUs as told)",
};

/* Some release has it, or it is beyond all tables: a driver may ask with it. */
static bool tells_generation(u64 id)
{
	return (id & ~0xffUL) == HC_ID_BASE && ((id & 0xff) == 0xff || table[id & 0xff].call);
}

static s64 carry_out(struct cpu *cpu, u64 id, const struct hypercall *h, u64 p1, u64 p2)
{
	if (h->call)
		return h->call(cpu, p1, p2);
	if (!tells_generation(id))
		complain("unknown hypercall 0x%lx", id);
	return generation->unknown;
}

/* The answers of CREATE_VM that no VM has */
static void write_lie(u64 param, u32 how)
{
	struct hc_create_vm *p = service_ram(param, sizeof(*p));

	if (p && how == TESTBED_FAIL_VMID)
		p->vmid = INVALID_VMID;
	if (p && how == TESTBED_FAIL_VCPU_NUM)
		p->vcpu_num = TESTBED_VCPU_SLOTS + 1;
}

static bool carried_out(u32 how)
{
	return how == TESTBED_FAIL_AFTER || how == TESTBED_FAIL_VCPU_NUM;
}

/**
 * hypercall() - a VMCALL from the Service VM's kernel
 * @cpu: the CPU that made it
 *
 * Return: false if the CPU must park first; the call has then not been made.
 */
bool hypercall(struct cpu *cpu)
{
	struct gregs *r = &cpu->service_regs;
	u64 id = r->r8, p1 = r->rdi, p2 = r->rsi;
	bool known = generation->low_byte_only || (id & ~0xffUL) == HC_ID_BASE;
	u64 nr = known ? id & 0xff : TESTBED_ANY_CALL;
	const struct hypercall *h = find_call(nr);
	u64 delay = READ_ONCE(delays[nr]) + READ_ONCE(delays[TESTBED_ANY_CALL]);
	struct failure f = { 0 };
	bool failing;
	s64 result;

	if (delay && !wait_unparked(cpu, delay))
		return false;
	if ((h->flags & LOCKED) && !hv_lock(cpu))
		return false;
	begin_note(cpu, id, h);
	failing = take_failure(nr, &f);
	if (failing && !carried_out(f.how)) {
		result = f.result;
	} else {
		result = carry_out(cpu, id, h, p1, p2);
		if (failing)
			result = f.result;
	}
	if (failing && f.how >= TESTBED_FAIL_VMID)
		write_lie(p1, f.how);
	if (nr == HC_PAUSE_VM || nr == HC_DESTROY_VM)
		vm_remember(p1, nr, failing && f.how == TESTBED_FAIL_AFTER && result);
	if (nr == HC_VM_SET_MEMORY_REGIONS && (result || failing))
		vm_memory_failed(p1);
	if (h->flags & LOCKED)
		hv_unlock();

	count(nr, result);
	log_call(cpu, id, h, p1, result, failing ? remarks[f.how] : "");
	if (failing ? f.how != TESTBED_FAIL_UNWRITTEN :
		      result != -ENODEV && result != -EACCES)
		cpu->service_vmcb.rax = result;
	return true;
}
