// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The account of what exists, and the end of a run.
 */
#include "console.h"
#include "report.h"
#include "boot.h"
#include "vms.h"
#include "vm_memory.h"
#include "account.h"

#define DEBUG_EXIT_PORT	0xf4
#define STATUS_MARK	0x40	/* tells a status from QEMU's own exit codes */
#define STATUS_MAX	63
#define STATUS_UNCLEAN	62	/* success was reported, but something is left */

/**
 * account() - what exists
 * @vm_count: VMs
 * @vcpu_count: their vCPUs
 * @pages: 4 KiB pages that guests reach
 */
void account(u64 *vm_count, u64 *vcpu_count, u64 *pages)
{
	u32 i;

	*vm_count = 0;
	*vcpu_count = 0;
	*pages = 0;
	for (i = 0; i < TESTBED_MAX_VMS; i++) {
		if (vms[i].state == TESTBED_VM_OFF)
			continue;
		++*vm_count;
		*vcpu_count += vms[i].vcpu_count;
		*pages += vm_memory_pages(&vms[i]);
	}
}

/**
 * power_off() - end the machine
 * @status: the test's exit status
 *
 * QEMU's isa-debug-exit makes (value << 1) | 1 of it.
 */
void power_off(u32 status)
{
	u64 vm_count, vcpu_count, pages, unwanted = complaints();

	account(&vm_count, &vcpu_count, &pages);
	if (status > STATUS_MAX)
		status = STATUS_MAX;
	if (!status && (vm_count || vcpu_count || pages || unwanted))
		status = STATUS_UNCLEAN;
	log("testbed: end status=%u vms=%lu vcpus=%lu pages=%lu complaints=%lu",
	    status, vm_count, vcpu_count, pages, unwanted);
	outb(DEBUG_EXIT_PORT, status | STATUS_MARK);
	if (acpi_pm1_control)	/* without isa-debug-exit: soft off */
		outw(acpi_pm1_control, BIT(13));
	for (;;)
		__asm__ volatile("cli; hlt");
}
