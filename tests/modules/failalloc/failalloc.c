// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * failalloc: makes chosen allocations in the kernel fail, in kernels that were
 * not built for it.
 *
 * While the node is open there are kprobes at the entry of the functions that
 * allocate pages, slab objects and per-CPU memory.  An allocation that is to fail does not get
 * into the function: its caller gets NULL instead.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "failalloc.h"

#define FRAMES_MAX	32
#define NAMES_MAX	3

/* One file at a time; all but failalloc_task is the armed thread's own. */
static struct failalloc_plan failalloc_plan;
static struct failalloc_result failalloc_result;
static bool failalloc_counts;
static struct task_struct *failalloc_task;
static atomic_t failalloc_open_count = ATOMIC_INIT(0);

/* What an allocation that fails runs in place of the function */
static noinline notrace void *failalloc_null(void)
{
	return NULL;
}

/*
 * Functions inside which the kernel goes on as if memory never ran out: it warns,
 * or uses what is not there.  That it does so is not what the tests are about.
 */
static const char *const failalloc_spared[] = {
	"mas_store_gfp",	/* an interrupt becomes known... */
	"mas_erase",		/* ...and is forgotten */
	"radix_tree_insert",	/* as the first, in older kernels */
	"register_irq_proc",
	"register_handler_proc",
};

static bool failalloc_is_spared(void)
{
	unsigned long trace[FRAMES_MAX];
	char name[KSYM_SYMBOL_LEN];
	unsigned int i, j, count;

	count = stack_trace_save(trace, ARRAY_SIZE(trace), 0);
	for (i = 0; i < count; i++) {
		sprint_symbol_no_offset(name, trace[i]);
		for (j = 0; j < ARRAY_SIZE(failalloc_spared); j++) {
			if (!strcmp(name, failalloc_spared[j]))
				return true;
		}
	}
	return false;
}

/* Where kprobes are breakpoints, their handlers count as one NMI. */
static bool failalloc_in_task(void)
{
	unsigned int irqs = hardirq_count() - (in_nmi() ? HARDIRQ_OFFSET : 0);

	return !irqs && !in_serving_softirq();
}

static int failalloc_enter(struct kprobe *probe, struct pt_regs *regs)
{
	u32 n;

	/* Not what interrupts allocate in the meantime */
	if (READ_ONCE(failalloc_task) != current ||
	    !failalloc_in_task() || !failalloc_counts)
		return 0;

	n = failalloc_result.seen++;
	if (n < failalloc_plan.skip ||
	    n - failalloc_plan.skip >= failalloc_plan.count)
		return 0;
	if (failalloc_is_spared()) {
		failalloc_result.spared++;
		return 0;
	}

	failalloc_result.failed++;
	/* At the entry the stack is that of a call: any function fits there. */
	instruction_pointer_set(regs, (unsigned long)failalloc_null);
	return 1;
}

/* A kprobe that has one is never optimized, which could not do the above. */
static void failalloc_after(struct kprobe *probe, struct pt_regs *regs,
			    unsigned long flags)
{
}

#define FAILALLOC_AT(symbol) {			\
	.symbol_name = symbol,			\
	.pre_handler = failalloc_enter,		\
	.post_handler = failalloc_after,	\
}

/* Functions that have the same task in one kernel or another: the first that there is */
static struct kprobe failalloc_probes[][NAMES_MAX] = {
	{ FAILALLOC_AT("__alloc_frozen_pages_noprof"),
	  FAILALLOC_AT("__alloc_pages_noprof"), FAILALLOC_AT("__alloc_pages") },
	{ FAILALLOC_AT("kmem_cache_alloc"),
	  FAILALLOC_AT("kmem_cache_alloc_noprof") },
	{ FAILALLOC_AT("kmalloc_trace"),
	  FAILALLOC_AT("__kmalloc_cache_noprof") },
	{ FAILALLOC_AT("__kmalloc"), FAILALLOC_AT("__kmalloc_noprof") },
	{ FAILALLOC_AT("kmem_cache_alloc_lru"),
	  FAILALLOC_AT("kmem_cache_alloc_lru_noprof") },
	{ FAILALLOC_AT("kmem_cache_alloc_node"),
	  FAILALLOC_AT("kmem_cache_alloc_node_noprof") },
	{ FAILALLOC_AT("kmalloc_node_trace"),
	  FAILALLOC_AT("__kmalloc_cache_node_noprof") },
	{ FAILALLOC_AT("__kmalloc_node"), FAILALLOC_AT("__kmalloc_node_noprof") },
	{ FAILALLOC_AT("__kmalloc_node_track_caller"),
	  FAILALLOC_AT("__kmalloc_node_track_caller_noprof") },
	{ FAILALLOC_AT("pcpu_alloc"), FAILALLOC_AT("pcpu_alloc_noprof") },
};

static int failalloc_init_begins(struct kretprobe_instance *call,
				 struct pt_regs *regs)
{
	if (READ_ONCE(failalloc_task) != current || !failalloc_plan.in_init)
		return 1;

	failalloc_counts = true;
	return 0;
}

static int failalloc_init_ends(struct kretprobe_instance *call,
			       struct pt_regs *regs)
{
	failalloc_counts = false;
	return 0;
}

/* Around the function that initializes a module */
static struct kretprobe failalloc_init_probe = {
	.kp.symbol_name = "do_one_initcall",
	.entry_handler = failalloc_init_begins,
	.handler = failalloc_init_ends,
};

static int failalloc_register(struct kprobe *probe)
{
	/* Registering it once more takes it as it was before. */
	probe->addr = NULL;
	probe->flags = 0;
	return register_kprobe(probe);
}

static int failalloc_probe(struct kprobe *probes)
{
	int i, ret = -ENOENT;

	for (i = 0; i < NAMES_MAX && probes[i].symbol_name && ret == -ENOENT; i++)
		ret = failalloc_register(&probes[i]);
	if (ret)
		pr_err("cannot get at %s (%d)\n", probes[0].symbol_name, ret);
	return ret;
}

static void failalloc_unprobe(unsigned int count)
{
	struct kprobe *probe;

	while (count--) {
		probe = failalloc_probes[count];
		/* Those that there are not have no address. */
		while (!probe->addr)
			probe++;
		unregister_kprobe(probe);
	}
}

static int failalloc_open(struct inode *inode, struct file *filp)
{
	unsigned int i;
	int ret;

	if (atomic_cmpxchg(&failalloc_open_count, 0, 1))
		return -EBUSY;

	for (i = 0; i < ARRAY_SIZE(failalloc_probes); i++) {
		ret = failalloc_probe(failalloc_probes[i]);
		if (ret)
			goto err_unprobe;
	}
	return 0;

err_unprobe:
	failalloc_unprobe(i);
	atomic_set(&failalloc_open_count, 0);
	return ret;
}

static int failalloc_release(struct inode *inode, struct file *filp)
{
	WRITE_ONCE(failalloc_task, NULL);
	failalloc_unprobe(ARRAY_SIZE(failalloc_probes));
	atomic_set(&failalloc_open_count, 0);
	return 0;
}

static long failalloc_ioctl(struct file *filp, unsigned int cmd,
			    unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	WRITE_ONCE(failalloc_task, NULL);
	switch (cmd) {
	case FAILALLOC_ARM:
		if (copy_from_user(&failalloc_plan, argp,
				   sizeof(failalloc_plan)))
			return -EFAULT;
		memset(&failalloc_result, 0, sizeof(failalloc_result));
		failalloc_counts = !failalloc_plan.in_init;
		WRITE_ONCE(failalloc_task, current);
		return 0;
	case FAILALLOC_END:
		return copy_to_user(argp, &failalloc_result,
				    sizeof(failalloc_result)) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations failalloc_fops = {
	.owner = THIS_MODULE,
	.open = failalloc_open,
	.release = failalloc_release,
	.unlocked_ioctl = failalloc_ioctl,
};

static struct miscdevice failalloc_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "failalloc",
	.mode = 0600,
	.fops = &failalloc_fops,
};

static int __init failalloc_init(void)
{
	int ret;

	ret = register_kretprobe(&failalloc_init_probe);
	if (ret)
		return ret;

	ret = misc_register(&failalloc_miscdev);
	if (ret)
		unregister_kretprobe(&failalloc_init_probe);
	return ret;
}

static void __exit failalloc_exit(void)
{
	misc_deregister(&failalloc_miscdev);
	unregister_kretprobe(&failalloc_init_probe);
}

module_init(failalloc_init);
module_exit(failalloc_exit);

MODULE_DESCRIPTION("Failing allocations for tests of the ACRN HSM");
MODULE_LICENSE("Dual BSD/GPL");
