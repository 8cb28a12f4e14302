// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The two functions of CONFIG_ACRN_GUEST for a kernel that was built without it, so
 * that Linux's own driver can be measured there.  Upcalls come as an interrupt of
 * our own below the vectors' domain, the one way in without that option.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include <asm/acrn.h>
#include <asm/irqdomain.h>

#define HC_SET_CALLBACK_VECTOR	0x80000002UL
#define VECTOR_AT_BOOT		0xf3

static void nobody(void)
{
}

static void (*handler)(void) = nobody;
static struct irq_domain *domain;
static struct fwnode_handle *fwnode;
static int virq;

void acrn_setup_intr_handler(void (*new)(void))
{
	WRITE_ONCE(handler, new);
}
EXPORT_SYMBOL_GPL(acrn_setup_intr_handler);

void acrn_remove_intr_handler(void)
{
	WRITE_ONCE(handler, nobody);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(acrn_remove_intr_handler);

static irqreturn_t shim_irq(int irq, void *dev_id)
{
	handler();
	return IRQ_HANDLED;
}

static struct irq_chip shim_chip = {
	.name = "ACRN-shim",
	.irq_ack = irq_chip_ack_parent,
};

static int shim_alloc(struct irq_domain *d, unsigned int irq, unsigned int count, void *info)
{
	int ret = irq_domain_alloc_irqs_parent(d, irq, count, info);

	if (!ret)
		irq_domain_set_info(d, irq, 0, &shim_chip, NULL, handle_edge_irq, NULL,
				    "upcall");
	return ret;
}

static const struct irq_domain_ops shim_ops = {
	.alloc = shim_alloc,
	.free = irq_domain_free_irqs_common,
};

static long set_vector(unsigned long vector)
{
	register unsigned long r8 asm("r8") = HC_SET_CALLBACK_VECTOR;
	long rax = -EIO;

	asm volatile("vmcall" : "+a"(rax) : "r"(r8), "D"(vector), "S"(0) : "memory");
	return rax;
}

static int __init shim_init(void)
{
	struct irq_alloc_info info = { .mask = cpumask_of(0) };
	int ret = -ENOMEM;

	fwnode = irq_domain_alloc_named_fwnode("ACRN-shim");
	if (!fwnode)
		return ret;
	domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0, fwnode, &shim_ops, NULL);
	if (!domain)
		goto err_fwnode;
	virq = irq_domain_alloc_irqs(domain, 1, NUMA_NO_NODE, &info);
	if (virq < 0) {
		ret = virq;
		goto err_domain;
	}
	ret = request_irq(virq, shim_irq, IRQF_NOBALANCING, "acrn-shim", &virq);
	if (ret)
		goto err_mapping;
	if (!set_vector(irqd_cfg(irq_get_irq_data(virq))->vector))
		return 0;

	ret = -EIO;
	free_irq(virq, &virq);
err_mapping:
	irq_dispose_mapping(virq);
err_domain:
	irq_domain_remove(domain);
err_fwnode:
	irq_domain_free_fwnode(fwnode);
	return ret;
}

static void __exit shim_exit(void)
{
	set_vector(VECTOR_AT_BOOT);
	free_irq(virq, &virq);
	irq_dispose_mapping(virq);
	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

module_init(shim_init);
module_exit(shim_exit);

MODULE_DESCRIPTION("Lets Linux's own ACRN driver load on a stock kernel");
MODULE_LICENSE("Dual BSD/GPL");
