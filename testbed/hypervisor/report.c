// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What the hypervisor has to say about the driver: complaints about it, and details of
 * the hypercall under way.
 */
#include <testbed_control.h>
#include "console.h"
#include "report.h"
#include "cpu.h"

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
 * note() - add to what the log says about the hypercall under way
 * @cpu: the CPU that makes it
 * @format: as format_text_va() has it
 */
void note(struct cpu *cpu, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!cpu->noting)
		return;
	used = strlen(cpu->note);
	va_start(args, format);
	format_text_va(cpu->note + used, sizeof(cpu->note) - used, format, args);
	va_end(args);
}
