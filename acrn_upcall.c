// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the upcall, the interrupt by which the hypervisor says that there
 * are I/O requests.  It always goes to the Service VM's first vCPU.
 *
 * A kernel with CONFIG_ACRN_GUEST has a vector and a hook for it.  On any
 * other the driver allocates an interrupt of its own, straight under the
 * domain of the CPU vectors since no device is behind it, and tells the
 * hypervisor its vector.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/moduleparam.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include <asm/hypervisor.h>
#include <asm/irqdomain.h>
#include <asm/irq_vectors.h>
#ifdef CONFIG_ACRN_GUEST
#include <asm/acrn.h>
#endif

#include "acrn_drv_internal.h"

static char *upcall = "auto";
module_param(upcall, charp, 0444);
MODULE_PARM_DESC(upcall,
		 "How upcalls arrive: hook (the kernel's, needs CONFIG_ACRN_GUEST), irq (an interrupt of the driver's own) or auto (the hook where there is one)");

/* What the driver's own interrupt needs; virq is 0 when the hook is used. */
static struct fwnode_handle *acrn_upcall_fwnode;
static struct irq_domain *acrn_upcall_domain;
static int acrn_upcall_virq;

static unsigned int acrn_upcall_vector;

static irqreturn_t acrn_upcall_irq(int irq, void *unused)
{
	acrn_ioreq_upcall();
	return IRQ_HANDLED;
}

/* It cannot be masked: no device sends it, and the hypervisor is not asked. */
static struct irq_chip acrn_upcall_chip = {
	.name = "ACRN",
	.irq_ack = irq_chip_ack_parent,
};

static int acrn_upcall_domain_alloc(struct irq_domain *domain,
				    unsigned int virq, unsigned int nr,
				    void *info)
{
	int ret;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr, info);
	if (ret)
		return ret;

	irq_domain_set_info(domain, virq, 0, &acrn_upcall_chip, NULL,
			    handle_edge_irq, NULL, "upcall");
	return 0;
}

static const struct irq_domain_ops acrn_upcall_domain_ops = {
	.alloc = acrn_upcall_domain_alloc,
	.free = irq_domain_free_irqs_common,
};

/*
 * The hypervisor raises the vector on the first CPU.  The mask of the allocation
 * alone does not keep it there: when the interrupt is requested, it moves to where
 * /proc/irq/default_smp_affinity says, unless it has an affinity of its own.
 */
static const struct irq_affinity_desc acrn_upcall_affinity = {
	.mask = { CPU_BITS_CPU0 },
};

static bool acrn_upcall_irq_on_first_cpu(void)
{
	struct irq_data *data = irq_get_irq_data(acrn_upcall_virq);

	return cpumask_equal(irq_data_get_effective_affinity_mask(data),
			     cpumask_of(0));
}

static int acrn_upcall_irq_init(void)
{
	struct irq_alloc_info info = { .mask = cpumask_of(0) };
	int ret;

	acrn_upcall_fwnode = irq_domain_alloc_named_fwnode("ACRN-upcall");
	if (!acrn_upcall_fwnode)
		return -ENOMEM;

	acrn_upcall_domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0,
							 acrn_upcall_fwnode,
							 &acrn_upcall_domain_ops,
							 NULL);
	if (!acrn_upcall_domain) {
		ret = -ENOMEM;
		goto err_fwnode;
	}

	acrn_upcall_virq = __irq_domain_alloc_irqs(acrn_upcall_domain, -1, 1,
						   NUMA_NO_NODE, &info, false,
						   &acrn_upcall_affinity);
	if (acrn_upcall_virq < 0) {
		ret = acrn_upcall_virq;
		goto err_domain;
	}

	ret = request_irq(acrn_upcall_virq, acrn_upcall_irq, IRQF_NOBALANCING,
			  "acrn_hsm", &acrn_upcall_virq);
	if (ret)
		goto err_virq;

	if (!acrn_upcall_irq_on_first_cpu()) {
		pr_err("there is no vector for upcalls on the first CPU\n");
		ret = -EIO;
		goto err_irq;
	}
	/* Known from here on, and fixed: the chip cannot change the affinity. */
	acrn_upcall_vector = irqd_cfg(irq_get_irq_data(acrn_upcall_virq))->vector;
	ret = acrn_hc_set_callback_vector(acrn_upcall_vector);
	if (ret)
		goto err_irq;

	pr_info("upcalls arrive at vector 0x%x, IRQ %d\n", acrn_upcall_vector,
		acrn_upcall_virq);
	return 0;

err_irq:
	free_irq(acrn_upcall_virq, &acrn_upcall_virq);
err_virq:
	irq_dispose_mapping(acrn_upcall_virq);
err_domain:
	irq_domain_remove(acrn_upcall_domain);
err_fwnode:
	irq_domain_free_fwnode(acrn_upcall_fwnode);
	acrn_upcall_virq = 0;
	return ret;
}

static void acrn_upcall_irq_exit(void)
{
	/* Waits for a handler that runs on another CPU. */
	free_irq(acrn_upcall_virq, &acrn_upcall_virq);
	irq_dispose_mapping(acrn_upcall_virq);
	irq_domain_remove(acrn_upcall_domain);
	irq_domain_free_fwnode(acrn_upcall_fwnode);
	acrn_upcall_virq = 0;
}

#ifdef CONFIG_ACRN_GUEST
static bool acrn_upcall_has_hook(void)
{
	/*
	 * The hook runs in hard interrupt context even with PREEMPT_RT, where the
	 * locks that it needs may sleep.
	 */
	return !IS_ENABLED(CONFIG_PREEMPT_RT) &&
	       hypervisor_is_type(X86_HYPER_ACRN);
}

static void acrn_upcall_hook_exit(void)
{
	acrn_remove_intr_handler();
	/* Interrupts are RCU readers: no handler runs after this. */
	synchronize_rcu();
}

static int acrn_upcall_hook_init(void)
{
	int ret;

	acrn_setup_intr_handler(acrn_ioreq_upcall);
	acrn_upcall_vector = HYPERVISOR_CALLBACK_VECTOR;
	ret = acrn_hc_set_callback_vector(acrn_upcall_vector);
	if (ret) {
		acrn_upcall_hook_exit();
		return ret;
	}
	pr_info("upcalls arrive at the kernel's vector 0x%x\n",
		HYPERVISOR_CALLBACK_VECTOR);
	return 0;
}
#else
static bool acrn_upcall_has_hook(void)
{
	return false;
}

static int acrn_upcall_hook_init(void)
{
	return -EOPNOTSUPP;
}

static void acrn_upcall_hook_exit(void)
{
}
#endif

int acrn_upcall_init(void)
{
	bool hook = acrn_upcall_has_hook();
	int ret;

	if (!strcmp(upcall, "irq")) {
		hook = false;
	} else if (!strcmp(upcall, "hook")) {
		if (!hook) {
			pr_err("this kernel has no hook for upcalls\n");
			return -EOPNOTSUPP;
		}
	} else if (strcmp(upcall, "auto")) {
		pr_err("upcall=%s is neither hook nor irq nor auto\n", upcall);
		return -EINVAL;
	}

	ret = hook ? acrn_upcall_hook_init() : acrn_upcall_irq_init();
	if (ret)
		pr_err("cannot set up upcalls (%d)\n", ret);
	return ret;
}

/* The hypervisor may have started anew, and know nothing of it. */
void acrn_upcall_resume(void)
{
	acrn_hc_set_callback_vector(acrn_upcall_vector);
}

/* When this returns, no upcall is being handled and none will be. */
void acrn_upcall_exit(void)
{
	/* What the hypervisor uses from boot on, for whoever comes next */
	acrn_hc_set_callback_vector(HYPERVISOR_CALLBACK_VECTOR);

	if (acrn_upcall_virq)
		acrn_upcall_irq_exit();
	else
		acrn_upcall_hook_exit();
}
