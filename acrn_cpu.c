// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: CPUs that the Service VM gives to the hypervisor, for the vCPUs of
 * User VMs.
 *
 * There is no way back but a reboot: the hypervisor drops the INIT and SIPI that
 * would start such a CPU again.  Linux would wait for it for ten seconds, so from
 * here on bringing it online is refused at once.
 *
 * The files stand where the scripts of ACRN's releases look for them:
 *
 *	class/acrn/acrn_hsm/offline_cpu			up to v2.5
 *	devices/virtual/misc/acrn_hsm/remove_cpu	from v2.6 on
 *
 * Who writes to the former has switched the CPU off already; the latter does that
 * itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/sysfs.h>

#include <asm/apicdef.h>

#include "acrn_drv_internal.h"

/* Serialises giving CPUs away; taken before the kernel's own hotplug locks. */
static DEFINE_MUTEX(acrn_cpus_lock);

/*
 * CPUs that are with the hypervisor, or are just being given to it.  Written with
 * acrn_cpus_lock held, read without it while a CPU is brought online.
 */
static struct cpumask acrn_cpus_given;

static enum cpuhp_state acrn_cpus_hotplug;

/* Runs before anything is done to bring the CPU online. */
static int acrn_cpu_prepare(unsigned int cpu)
{
	return cpumask_test_cpu(cpu, &acrn_cpus_given) ? -EBUSY : 0;
}

/*
 * The CPU has its bit in acrn_cpus_given, so it cannot come online any more.  But
 * it may be online still.
 */
static int acrn_cpu_hand_over(unsigned int cpu)
{
	int ret = -EBUSY;

	lockdep_assert_held(&acrn_cpus_lock);

	cpus_read_lock();
	if (!cpu_online(cpu))
		ret = acrn_hc_offline_cpu(cpu_physical_id(cpu));
	cpus_read_unlock();
	return ret;
}

static int acrn_cpu_give(unsigned int cpu, bool switch_off)
{
	bool was_online = false;
	int ret;

	lockdep_assert_held(&acrn_cpus_lock);

	if (cpumask_test_cpu(cpu, &acrn_cpus_given))
		return 0;

	cpumask_set_cpu(cpu, &acrn_cpus_given);
	if (switch_off) {
		/* More than 0: it was off already. */
		ret = remove_cpu(cpu);
		if (ret < 0)
			goto err_given;
		was_online = !ret;
	}
	ret = acrn_cpu_hand_over(cpu);
	if (ret)
		goto err_given;

	pr_info("CPU %u is the hypervisor's now, until the platform restarts\n", cpu);
	return 0;

err_given:
	cpumask_clear_cpu(cpu, &acrn_cpus_given);
	if (was_online && add_cpu(cpu))
		pr_warn("CPU %u: not taken by the hypervisor, and does not come online again\n",
			cpu);
	return ret;
}

static ssize_t acrn_cpu_store(const char *buf, size_t count, bool switch_off)
{
	unsigned int cpu;
	int ret;

	if (!acrn_has_cap())
		return -EPERM;
	ret = kstrtouint(buf, 10, &cpu);
	if (ret)
		return ret;
	/* The boot CPU gets the upcalls, and the hypervisor does not take it. */
	if (!cpu)
		return -EINVAL;
	if (cpu >= nr_cpu_ids || !cpu_present(cpu) ||
	    cpu_physical_id(cpu) == BAD_APICID)
		return -ENODEV;

	if (mutex_lock_interruptible(&acrn_cpus_lock))
		return -EINTR;
	ret = acrn_cpu_give(cpu, switch_off);
	mutex_unlock(&acrn_cpus_lock);
	return ret ? ret : count;
}

static ssize_t offline_cpu_store(struct device *dev,
				 struct device_attribute *attr, const char *buf,
				 size_t count)
{
	return acrn_cpu_store(buf, count, false);
}
static DEVICE_ATTR_WO(offline_cpu);

static ssize_t remove_cpu_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t count)
{
	return acrn_cpu_store(buf, count, true);
}
static DEVICE_ATTR_WO(remove_cpu);

static ssize_t given_cpus_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(&acrn_cpus_given));
}
static DEVICE_ATTR_RO(given_cpus);

static struct attribute *acrn_cpu_class_attrs[] = {
	&dev_attr_offline_cpu.attr,
	NULL
};
ATTRIBUTE_GROUPS(acrn_cpu_class);

static struct attribute *acrn_cpu_node_attrs[] = {
	&dev_attr_remove_cpu.attr,
	&dev_attr_given_cpus.attr,
	NULL
};

static const struct attribute_group acrn_cpu_node_group = {
	.attrs = acrn_cpu_node_attrs,
};

/* Attributes of the node's own device */
const struct attribute_group *acrn_cpu_node_groups[] = {
	&acrn_cpu_node_group,
	NULL
};

/* Where v1.0 to v2.5 look.  There is no node behind its one device. */
static struct class acrn_cpu_class = {
	.name = "acrn",
	.dev_groups = acrn_cpu_class_groups,
};

/* Before the node, whose device shows acrn_cpu_node_groups. */
int acrn_cpu_init(void)
{
	struct device *dev;
	int ret;

	ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "acrn/hsm:given",
					acrn_cpu_prepare, NULL);
	if (ret < 0)
		return ret;
	acrn_cpus_hotplug = ret;

	ret = class_register(&acrn_cpu_class);
	if (ret)
		goto err_hotplug;

	dev = device_create(&acrn_cpu_class, NULL, MKDEV(0, 0), NULL, "acrn_hsm");
	if (IS_ERR(dev)) {
		ret = PTR_ERR(dev);
		goto err_class;
	}
	return 0;

err_class:
	class_unregister(&acrn_cpu_class);
err_hotplug:
	cpuhp_remove_state_nocalls(acrn_cpus_hotplug);
	return ret;
}

/* The CPUs stay with the hypervisor; nobody refuses to bring them online then. */
void acrn_cpu_exit(void)
{
	device_destroy(&acrn_cpu_class, MKDEV(0, 0));
	class_unregister(&acrn_cpu_class);
	cpuhp_remove_state_nocalls(acrn_cpus_hotplug);
}
