// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Interrupts for User VMs, as far as the Service VM sees them: the hypercalls
 * that inject, and an account of what they were asked for.
 */
#include "generation.h"
#include "report.h"
#include "abi.h"
#include "cpu.h"
#include "ram.h"
#include "vapic.h"
#include "vms.h"
#include "interrupts.h"

#define GSI_TIMER	2	/* the PIT: pin 2 of the I/O APIC, line 0 of the PIC */
#define LINE_HIGH	0
#define LINE_LOW	1
#define LINE_RAISING	2	/* up, then down */
#define GSIS		120	/* ACRN v1.3's limit */
#define MONITOR_GET	0
#define MONITOR_DELAY	1
#define MONITOR_FOUND	4	/* values that there are */

/**
 * interrupts_init() - a VM begins without any
 * @vm: the VM
 */
void interrupts_init(struct vm *vm)
{
	spin_lock(&vm->irq_lock);
	vm->irqs = (struct interrupts){ 0 };
	vm->ioapic = (struct vioapic){ 0 };
	vm->pic = (struct vpic){ 0 };
	spin_unlock(&vm->irq_lock);
	interrupts_reset(vm);
}

/**
 * interrupts_reset() - the interrupt controllers that all vCPUs share start over
 * @vm: the VM
 */
void interrupts_reset(struct vm *vm)
{
	spin_lock(&vm->irq_lock);
	vioapic_reset_locked(vm);
	vpic_reset_locked(vm);
	spin_unlock(&vm->irq_lock);
}

/**
 * interrupts_get() - the account
 * @vm: the VM
 *
 * Return: its present state.
 */
struct interrupts interrupts_get(struct vm *vm)
{
	struct interrupts irqs;

	spin_lock(&vm->irq_lock);
	irqs = vm->irqs;
	spin_unlock(&vm->irq_lock);
	return irqs;
}

/**
 * hc_inject_msi() - HC_INJECT_MSI
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_msi
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if an address is bad or the VM must
 * not be touched.
 */
s64 hc_inject_msi(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "INJECT_MSI");
	struct hc_msi *block, msi;

	if (!vm)
		return generation->no_vm;
	if (vm_outranks(vm))
		return -1;
	block = param_block(param, sizeof(*block), "INJECT_MSI's block");
	if (!block)
		return -1;
	msi = *block;
	note(cpu, " addr=0x%lx data=0x%lx", msi.addr, msi.data);
	if (!is_msi_address(msi.addr))
		return -1;
	spin_lock(&vm->irq_lock);
	vm->irqs.msis++;
	vm->irqs.msi_addr = msi.addr;
	vm->irqs.msi_data = msi.data;
	irq_deliver_msi_locked(vm, msi.addr, msi.data);
	spin_unlock(&vm->irq_lock);
	return 0;
}

static void set_line_locked(struct vm *vm, u32 gsi, bool high)
{
	if (gsi < PIC_LINES)
		vpic_set_line_locked(vm, gsi == GSI_TIMER ? 0 : gsi, high);
	vioapic_set_line_locked(vm, gsi, high);
}

/**
 * hc_set_irqline() - HC_SET_IRQLINE
 * @cpu: the caller
 * @vmid: the VM
 * @irqline: the line in the low half, what to do with it in the high half
 *
 * Return: 0, also for what ACRN does not know to do; generation->no_vm if the VM is off;
 * -1 if there is no such line or the VM must not be touched.
 */
s64 hc_set_irqline(struct cpu *cpu, u64 vmid, u64 irqline)
{
	struct vm *vm = vm_get(vmid, "SET_IRQLINE");
	u32 gsi = irqline, op = irqline >> 32;

	note(cpu, " gsi=%u op=%u", gsi, op);
	if (!vm)
		return generation->no_vm;
	if (gsi >= GSIS || vm_outranks(vm))
		return -1;
	if (op >= IRQLINE_OPS) {
		complain("SET_IRQLINE: vm%lu gsi %u: op %u", vmid, gsi, op);
		return 0;
	}
	spin_lock(&vm->irq_lock);
	vm->irqs.lines[op]++;
	vm->irqs.last_line = irqline;
	if (op == LINE_HIGH || op == LINE_LOW) {
		set_line_locked(vm, gsi, op == LINE_HIGH);
	} else {
		set_line_locked(vm, gsi, op == LINE_RAISING);
		set_line_locked(vm, gsi, op != LINE_RAISING);
	}
	spin_unlock(&vm->irq_lock);
	return 0;
}

static void fill_monitor(struct vm *vm, struct hc_intr_monitor *block)
{
	struct interrupts irqs = interrupts_get(vm);
	u64 found[MONITOR_FOUND] = { 0, irqs.msis, 1, 0 };
	u32 i;

	for (i = 0; i < IRQLINE_OPS; i++)
		found[3] += irqs.lines[i];
	if (block->buf_cnt > MONITOR_FOUND)
		block->buf_cnt = MONITOR_FOUND;
	block->buf_cnt &= ~1U;
	memcpy(block->buffer, found, block->buf_cnt * sizeof(found[0]));
}

/**
 * hc_vm_intr_monitor() - HC_VM_INTR_MONITOR
 * @cpu: the caller
 * @vmid: the VM
 * @param: struct hc_intr_monitor, changed in place
 *
 * ACRN gives pairs of interrupt and count for the devices that are passed
 * through.  Here "interrupt" 0 stands for all MSIs and 1 for all lines, so that
 * there is something to be seen.
 *
 * Return: 0; -EINVAL if the VM is off, or generation->no_vm; -EINVAL if the count is bad.
 */
s64 hc_vm_intr_monitor(struct cpu *cpu, u64 vmid, u64 param)
{
	struct vm *vm = vm_get(vmid, "VM_INTR_MONITOR");
	struct hc_intr_monitor *block;

	if (!vm)
		return generation->number < GENERATION_2_0 ? -EINVAL : generation->no_vm;
	block = param_block(param, sizeof(*block), "VM_INTR_MONITOR's block");
	if (!block)
		return -EINVAL;
	note(cpu, " cmd=%u buf_cnt=%u", block->cmd, block->buf_cnt);
	if (block->cmd > MONITOR_DELAY || block->buf_cnt > MONITOR_VALUES)
		complain("VM_INTR_MONITOR: cmd %u, buf_cnt %u", block->cmd, block->buf_cnt);
	if (block->buf_cnt > MONITOR_VALUES)
		return -EINVAL;
	if (block->cmd == MONITOR_GET)
		fill_monitor(vm, block);
	else if (block->cmd == MONITOR_DELAY)
		note(cpu, " delay=%lu ms", block->buffer[0]);
	return 0;
}
