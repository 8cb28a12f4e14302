// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * lockup: who loads this keeps its CPU for good, and the kernel's watchdog for soft
 * lockups has to end the machine.
 */
#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/preempt.h>

static int __init lockup_init(void)
{
	preempt_disable();
	/* With a PAUSE, of which QEMU makes a turn of the next CPU, time would creep. */
	for (;;)
		barrier();
	return 0;
}

module_init(lockup_init);

MODULE_DESCRIPTION("A CPU that does nothing else, for tests of the testbed");
MODULE_LICENSE("Dual BSD/GPL");
