// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Complaints about the driver, the account of what exists, the end of a run.
 */
#include "hv.h"

#define DEBUG_EXIT_PORT	0xf4
#define STATUS_MARK	0x40	/* tells a status from QEMU's own exit codes */
#define STATUS_MAX	63
#define STATUS_UNCLEAN	62	/* success was reported, but something is left */

static struct spinlock complaint_lock;	/* guards the next three */
static u64 expected_left;
static u64 expected_came;
static u64 unexpected;

/**
 * complain() - the driver did what a good driver does not
 * @format: what
 */
void complain(const char *format, ...)
{
	char text[200];
	va_list args;
	bool expected;

	va_start(args, format);
	format_text_va(text, sizeof(text), format, args);
	va_end(args);
	spin_lock(&complaint_lock);
	expected = expected_left;
	if (!expected) {
		unexpected++;
	} else {
		if (expected_left != TESTBED_FOREVER)
			expected_left--;
		expected_came++;
	}
	spin_unlock(&complaint_lock);
	log("%s: %s", expected ? "as expected" : "complaint", text);
}

/**
 * expect_complaints() - a test is about to provoke some
 * @count: how many, TESTBED_FOREVER: any number
 *
 * Return: how many of those expected before came.
 */
u64 expect_complaints(u64 count)
{
	u64 came;

	spin_lock(&complaint_lock);
	came = expected_came;
	expected_left = count;
	expected_came = 0;
	spin_unlock(&complaint_lock);
	return came;
}

/**
 * complaints() - how many nobody expected
 *
 * Return: the number.
 */
u64 complaints(void)
{
	return READ_ONCE(unexpected);
}

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
