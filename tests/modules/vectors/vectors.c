// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * vectors: while this is loaded, the first CPU has no vector left for an interrupt.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/numa.h>

#include <asm/irqdomain.h>
#include <asm/irq_vectors.h>

static struct fwnode_handle *vectors_fwnode;
static struct irq_domain *vectors_domain;
static int vectors_virq[NR_VECTORS];
static unsigned int vectors_num;

static struct irq_chip vectors_chip = {
	.name = "vectors",
	.irq_ack = irq_chip_ack_parent,
};

static int vectors_alloc(struct irq_domain *domain, unsigned int virq, unsigned int nr,
			 void *info)
{
	int ret;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr, info);
	if (!ret)
		irq_domain_set_info(domain, virq, 0, &vectors_chip, NULL,
				    handle_edge_irq, NULL, "vectors");
	return ret;
}

static const struct irq_domain_ops vectors_ops = {
	.alloc = vectors_alloc,
	.free = irq_domain_free_irqs_common,
};

static const struct irq_affinity_desc vectors_affinity = {
	.mask = { CPU_BITS_CPU0 },
};

static irqreturn_t vectors_irq(int irq, void *unused)
{
	return IRQ_NONE;
}

static void vectors_give_back(int virq)
{
	free_irq(virq, vectors_virq);
	irq_dispose_mapping(virq);
}

/* Takes one more; 0: it is another CPU's, so it is given back, or there is none at all. */
static int vectors_take(void)
{
	struct irq_alloc_info info = { .mask = cpumask_of(0) };
	int virq;

	virq = __irq_domain_alloc_irqs(vectors_domain, -1, 1, NUMA_NO_NODE, &info, false,
				       &vectors_affinity);
	if (virq < 0)
		return 0;
	if (request_irq(virq, vectors_irq, IRQF_NOBALANCING, "vectors", vectors_virq)) {
		irq_dispose_mapping(virq);
		return 0;
	}
	if (cpumask_equal(irq_get_effective_affinity_mask(virq), cpumask_of(0)))
		return virq;
	vectors_give_back(virq);
	return 0;
}

static int __init vectors_init(void)
{
	int virq;

	vectors_fwnode = irq_domain_alloc_named_fwnode("vectors");
	if (!vectors_fwnode)
		return -ENOMEM;
	vectors_domain = irq_domain_create_hierarchy(x86_vector_domain, 0, 0, vectors_fwnode,
						     &vectors_ops, NULL);
	if (!vectors_domain) {
		irq_domain_free_fwnode(vectors_fwnode);
		return -ENOMEM;
	}
	while (vectors_num < ARRAY_SIZE(vectors_virq) && (virq = vectors_take()))
		vectors_virq[vectors_num++] = virq;
	return 0;
}

static void __exit vectors_exit(void)
{
	while (vectors_num)
		vectors_give_back(vectors_virq[--vectors_num]);
	irq_domain_remove(vectors_domain);
	irq_domain_free_fwnode(vectors_fwnode);
}

module_init(vectors_init);
module_exit(vectors_exit);

MODULE_DESCRIPTION("A CPU without free vectors, for tests of the ACRN HSM");
MODULE_LICENSE("Dual BSD/GPL");
