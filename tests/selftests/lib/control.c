// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* The test hypervisor's control channel */
#include <string.h>
#include <sys/io.h>

#include "control.h"
#include "harness.h"

/**
 * hv_open() - get at the control channel
 *
 * Return: whether the test hypervisor is there.  Child processes have the
 * channel as well.
 */
bool hv_open(void)
{
	unsigned long reg[4] = { 0 };

	return !ioperm(TESTBED_PORT, 4, 1) &&
	       !testbed_call(TESTBED_PROBE, reg) && reg[0] == TESTBED_MAGIC;
}

/**
 * hv_command() - a command that may fail
 * @command: enum testbed_command
 * @reg: arguments in, results out
 *
 * Return: 0 or a negative errno.
 */
int hv_command(unsigned int command, unsigned long reg[4])
{
	return testbed_call(command, reg);
}

/* A command that does not fail as long as tests and hypervisor fit together */
static void command(unsigned int command, unsigned long reg[4])
{
	int ret = testbed_call(command, reg);

	check_result(ret, 0, "control command %u", command);
}

void hv_probe(struct hv_probe *probe)
{
	unsigned long reg[4] = { 0 };

	command(TESTBED_PROBE, reg);
	probe->pcpus = reg[1];
	probe->user_pcpus = reg[2];
	probe->ram = reg[3];
}

/**
 * hv_mark() - write a line into the hypervisor's log
 * @text: the line, cut after 32 bytes
 */
void hv_mark(const char *text)
{
	unsigned long reg[4] = { 0 };

	memcpy(reg, text, strnlen(text, sizeof(reg)));
	command(TESTBED_MARK, reg);
}

/**
 * hv_fail() - make a hypercall fail
 * @call: HC_*
 * @skip: how many calls to let through first
 * @count: how many then fail, TESTBED_FOREVER: all; 0: none any more
 * @result: what they answer
 * @how: what they do
 */
void hv_fail(unsigned long call, unsigned long skip, unsigned long count,
	     int result, enum testbed_fail how)
{
	unsigned long reg[4] = {
		call, skip, count,
		(unsigned int)result | (unsigned long)how << 32,
	};

	command(TESTBED_FAIL, reg);
}

void hv_refuse(unsigned long call, unsigned long count, int result)
{
	hv_fail(call, 0, count, result, TESTBED_FAIL_REFUSE);
}

void hv_behave(void)
{
	unsigned long reg[4] = { 0 };

	command(TESTBED_BEHAVE, reg);
}

void hv_delay(unsigned long call, unsigned long us)
{
	unsigned long reg[4] = { call, us };

	command(TESTBED_DELAY, reg);
}

void hv_cpuid(bool privileged, bool acrn)
{
	unsigned long reg[4] = { privileged, acrn };

	command(TESTBED_CPUID, reg);
}

void hv_api_version(unsigned long major, unsigned long minor)
{
	unsigned long reg[4] = { major, minor };

	command(TESTBED_API_VERSION, reg);
}

/* Which release of ACRN the hypervisor is like, times ten */
unsigned long hv_generation(void)
{
	unsigned long reg[4] = { 0 };

	check_result(hv_command(TESTBED_GENERATION, reg), 0, "TESTBED_GENERATION");
	return reg[0];
}

/* From v1.4 on, CREATE_VM makes the vCPUs. */
bool hv_makes_vcpus(void)
{
	return hv_generation() >= 14;
}

/* From v2.0 on, only a VM that is paused can be destroyed. */
bool hv_destroys_paused(void)
{
	return hv_generation() >= 20;
}

/* The CPUs for User VMs: a bit for each, as in cpu_affinity */
unsigned long hv_user_cpus(void)
{
	unsigned long reg[4] = { 0 };

	check_result(hv_command(TESTBED_GENERATION, reg), 0, "TESTBED_GENERATION");
	return reg[1];
}

/* Some of these: the first @count */
unsigned long hv_some_cpus(unsigned int count)
{
	unsigned long cpus = hv_user_cpus(), some = 0;

	for (; count; count--) {
		check(cpus, "too few CPUs for User VMs");
		some |= cpus & -cpus;
		cpus &= cpus - 1;
	}
	return some;
}

/**
 * hv_vcpu_limit() - say how many vCPUs one VM can have
 * @vcpus: how many, up to TESTBED_VCPU_SLOTS; until hv_behave()
 */
void hv_vcpu_limit(unsigned long vcpus)
{
	unsigned long reg[4] = { vcpus };

	command(TESTBED_VCPU_LIMIT, reg);
}

/**
 * hv_calls() - how often a hypercall was made
 * @call: HC_*
 *
 * Return: the number since boot.
 */
unsigned long hv_calls(unsigned long call)
{
	unsigned long reg[4] = { call };

	command(TESTBED_COUNT, reg);
	return reg[0];
}

/* Those of them that did not answer 0 */
unsigned long hv_refused(unsigned long call)
{
	unsigned long reg[4] = { call };

	command(TESTBED_COUNT, reg);
	return reg[1];
}

void hv_get_account(struct hv_account *account)
{
	unsigned long reg[4] = { 0 };

	command(TESTBED_ACCOUNT, reg);
	account->vms = reg[0];
	account->vcpus = reg[1];
	account->pages = reg[2];
	account->complaints = reg[3];
}

/**
 * hv_expect() - announce complaints
 * @complaints: how many from now on are expected
 *
 * Return: how many of those announced before came.
 */
unsigned long hv_expect(unsigned long complaints)
{
	unsigned long reg[4] = { complaints };

	command(TESTBED_EXPECT, reg);
	return reg[0];
}

void hv_get_vm(unsigned int vmid, struct hv_vm *vm)
{
	unsigned long reg[4] = { vmid };

	command(TESTBED_VM, reg);
	vm->state = reg[0];
	vm->vcpus = reg[1];
	vm->flags = reg[2];
	vm->io_page = reg[3];
}

unsigned long hv_vm_state(unsigned int vmid)
{
	struct hv_vm vm;

	hv_get_vm(vmid, &vm);
	return vm.state;
}

void hv_get_irqs(unsigned int vmid, struct hv_irqs *irqs)
{
	unsigned long reg[4] = { vmid };

	command(TESTBED_IRQS, reg);
	irqs->msis = reg[0];
	irqs->msi_addr = reg[1];
	irqs->msi_data = reg[2];
	irqs->lines = reg[3];
}

unsigned long hv_msis(unsigned int vmid)
{
	struct hv_irqs irqs;

	hv_get_irqs(vmid, &irqs);
	return irqs.msis;
}

/**
 * hv_irqlines() - how often interrupt lines were set since CREATE_VM
 * @vmid: the VM
 * @op: in which way
 * @last: set to the parameter of the last call, of any way
 *
 * Return: the number.
 */
unsigned long hv_irqlines(unsigned int vmid, unsigned int op,
			  unsigned long *last)
{
	unsigned long reg[4] = { vmid, op };

	command(TESTBED_IRQLINES, reg);
	*last = reg[1];
	return reg[0];
}

unsigned long hv_taken(unsigned int vmid, unsigned int vcpu, unsigned int vector)
{
	unsigned long regs[4] = { vmid, vcpu, vector };

	command(TESTBED_TAKEN, regs);
	return regs[0];
}

unsigned long hv_vcpu(unsigned int vmid, unsigned int vcpu, unsigned int reg)
{
	unsigned long regs[4] = { vmid, vcpu, reg };

	command(TESTBED_VCPU, regs);
	return regs[0];
}

void hv_guest_off(unsigned int vmid)
{
	unsigned long reg[4] = { vmid };

	command(TESTBED_GUEST_OFF, reg);
}

/**
 * hv_scribble() - let the hypervisor write into a VM's I/O request page
 * @vmid: the VM
 * @slot: which slot
 * @offset: where in the slot, bytes
 * @value: what to write
 */
void hv_scribble(unsigned int vmid, unsigned int slot, unsigned int offset,
		 unsigned int value)
{
	unsigned long reg[4] = { vmid, slot, offset, value };

	command(TESTBED_SCRIBBLE, reg);
}
