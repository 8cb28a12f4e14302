// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: which ACRN this is, and what it says of the machine.
 *
 * All hypervisors since 2019 have the same API version.  What they answer to a call
 * that none of them has, and what they do to the block of GET_PLATFORM_INFO, tells
 * their generations apart.  Little depends on it: device models are of the same
 * release as the hypervisor, so most structures of theirs are passed on as they are.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <linux/acrn/acrn_a2_defs.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"

/* Nobody's platform information goes this far; newer hypervisors leave it alone */
#define ACRN_PATTERN_START	152
#define ACRN_PATTERN		0xa5

/* Most that is given to a device model; that of v2.4 and v2.5 has no more room */
#define ACRN_CONFIGS_MAX	(32 * 1024)

/**
 * enum acrn_generation - hypervisors that the driver has to tell apart
 * @ACRN_V1_0: v1.0 to v1.6
 * @ACRN_V2_0: v2.0 and v2.1
 * @ACRN_V2_2: v2.2 to v2.5
 * @ACRN_V2_6: v2.6 and v2.7
 * @ACRN_V3_0: v3.0 and later
 */
enum acrn_generation {
	ACRN_V1_0,
	ACRN_V2_0,
	ACRN_V2_2,
	ACRN_V2_6,
	ACRN_V3_0,
};

static const char * const acrn_generation_names[] = {
	[ACRN_V1_0] = "v1.0 to v1.6",
	[ACRN_V2_0] = "v2.0 or v2.1",
	[ACRN_V2_2] = "v2.2 to v2.5",
	[ACRN_V2_6] = "v2.6 or v2.7",
	[ACRN_V3_0] = "v3.0 or later",
};

/* Written before the node can be opened */
static enum acrn_generation acrn_generation __ro_after_init;

/**
 * union acrn_platform - the block of HC_GET_PLATFORM_INFO in its layouts
 * @v2_0: up to v2.5; v1.x has fewer fields in the same places
 * @v2_6: v2.6 and v2.7
 * @bytes: all of it
 */
union acrn_platform {
	struct acrn_platform_info v2_0;
	struct acrn_a2_platform_info v2_6;
	u8 bytes[256];
};

static_assert(sizeof(union acrn_platform) == 256);

/*
 * Hypervisors up to v1.6 write all of the block, newer ones what they know.
 * @unknown: the answer to a call that no hypervisor has
 * @info: the block, with the pattern before, or NULL: the call was refused
 */
static enum acrn_generation
acrn_tell_generation(int unknown, const union acrn_platform *info)
{
	const unsigned int left = sizeof(union acrn_platform) - ACRN_PATTERN_START;

	switch (unknown) {
	case -ENOTTY:
		return ACRN_V3_0;
	case -EINVAL:
		return info && info->v2_6.vm_config_size ? ACRN_V2_6 : ACRN_V2_2;
	default:
		if (!info || memchr_inv(info->bytes + ACRN_PATTERN_START,
					ACRN_PATTERN, left))
			return ACRN_V1_0;
		return ACRN_V2_0;
	}
}

/**
 * acrn_platform_init() - find out which ACRN this is
 *
 * Context: Process context, before the node exists.
 * Return: 0 or -ENOMEM.
 */
int __init acrn_platform_init(void)
{
	union acrn_platform *info;
	int unknown, ret;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;

	memset(info->bytes + ACRN_PATTERN_START, ACRN_PATTERN,
	       sizeof(info->bytes) - ACRN_PATTERN_START);
	unknown = acrn_hc_unknown();
	ret = unknown == -ENOTTY ? -ENOTTY : acrn_hc_get_platform_info(info);
	acrn_generation = acrn_tell_generation(unknown, ret ? NULL : info);
	kfree(info);
	return 0;
}

/* Which releases of ACRN this hypervisor may be */
const char *acrn_platform_name(void)
{
	return acrn_generation_names[acrn_generation];
}

void acrn_platform_show(struct seq_file *s)
{
	seq_printf(s, "%s\n", acrn_platform_name());
}

/**
 * acrn_hv_rt_flags() - with which of CREATE_VM's flags is a VM real-time?
 *
 * v1.6 moved the flag, and cannot be told from older ones here: it may be either.
 *
 * Return: the flags.
 */
u64 acrn_hv_rt_flags(void)
{
	if (acrn_generation == ACRN_V1_0)
		return ACRN_VM_FLAG_RT | ACRN_VM_FLAG_RT_V1_6;
	return ACRN_VM_FLAG_RT_V1_6;
}

/**
 * acrn_hv_packs_cx() - which layout has an idle state of PM_GET_CPU_STATE?
 *
 * Return: whether it is that of v2.6 and later, struct acrn_a2_cx_data.
 */
bool acrn_hv_packs_cx(void)
{
	return acrn_generation >= ACRN_V2_6;
}

/**
 * acrn_hv_misses_memory() - does it tell if memory to unmap is not there?
 *
 * From v2.4 on it does, and then unmaps nothing.
 *
 * Return: whether -EINVAL may mean that.
 */
bool acrn_hv_misses_memory(void)
{
	return acrn_generation >= ACRN_V2_2;
}

/**
 * acrn_hv_spoils_names() - does creating a VM harm a VM of the same name?
 *
 * ACRN v3.3 refuses to create the second one and wipes the name of the first.
 *
 * Return: whether it may.
 */
bool acrn_hv_spoils_names(void)
{
	return acrn_generation == ACRN_V3_0;
}

/**
 * acrn_hv_has_lines() - may lines of devices that are no PCI devices be mapped?
 *
 * From v3.3 on they can.  Not much older hypervisors refuse, but v1.x panics later.
 *
 * Return: whether the hypervisor may be asked to.
 */
bool acrn_hv_has_lines(void)
{
	return acrn_generation == ACRN_V3_0;
}

/*
 * Asks twice where the configurations are wanted: the hypervisor writes as many
 * as it has, to a physical address, so there has to be room of the driver's.
 * @user: where the caller wants them, 0: nowhere
 * @size: says of the first answer how many bytes that takes
 * @set: puts the address into the block
 */
static int acrn_platform_ask(union acrn_platform *info, u64 user,
			     u64 (*size)(const union acrn_platform *info),
			     void (*set)(union acrn_platform *info, u64 gpa))
{
	void *configs;
	u64 bytes;
	int ret;

	memset(info, 0, sizeof(*info));
	ret = acrn_hc_get_platform_info(info);
	if (ret || !user)
		return ret;

	bytes = size(info);
	if (bytes > ACRN_CONFIGS_MAX)
		return -EOVERFLOW;
	configs = kzalloc(max_t(u64, bytes, 1), GFP_KERNEL_ACCOUNT);
	if (!configs)
		return -ENOMEM;

	memset(info, 0, sizeof(*info));
	set(info, __pa(configs));
	ret = acrn_hc_get_platform_info(info);
	if (!ret && copy_to_user(u64_to_user_ptr(user), configs, bytes))
		ret = -EFAULT;
	kfree(configs);
	return ret;
}

static u64 acrn_v2_0_size(const union acrn_platform *info)
{
	return (u64)info->v2_0.max_vms * info->v2_0.vm_config_entry_size;
}

static void acrn_v2_0_set(union acrn_platform *info, u64 gpa)
{
	info->v2_0.vm_configs_addr = gpa;
}

static u64 acrn_v2_6_size(const union acrn_platform *info)
{
	return (u64)info->v2_6.max_vms * info->v2_6.vm_config_size;
}

static void acrn_v2_6_set(union acrn_platform *info, u64 gpa)
{
	info->v2_6.vm_configs_addr = gpa;
}

bool acrn_platform_needs_cap(const union acrn_ioctl_arg *arg)
{
	return arg->platform_info.vm_configs_addr;
}

bool acrn_a2_platform_needs_cap(const union acrn_ioctl_arg *arg)
{
	return arg->a2_platform_info.vm_configs_addr;
}

/**
 * acrn_ioctl_get_platform_info() - IC_GET_PLATFORM_INFO
 * @vm: of no meaning
 * @arg: where the VMs' configurations go; filled in
 *
 * Of the block, only what the hypervisor is known to write goes out: the rest of
 * the oldest ones is what their stack held.
 *
 * Context: Process context, sleeps.
 * Return: 0 or a negative errno; -ENOTTY: this hypervisor has no such information,
 *	or in another layout.
 */
int acrn_ioctl_get_platform_info(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_platform_info *out = &arg->platform_info;
	u64 user = out->vm_configs_addr;
	union acrn_platform *info;
	int ret;

	if (acrn_generation > ACRN_V2_2)
		return -ENOTTY;
	if (acrn_generation == ACRN_V1_0)
		user = 0;

	info = kmalloc(sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	ret = acrn_platform_ask(info, user, acrn_v2_0_size, acrn_v2_0_set);
	if (ret)
		goto out_free;

	*out = (struct acrn_platform_info) {
		.cpu_num = info->v2_0.cpu_num,
		.max_vcpus_per_vm = info->v2_0.max_vcpus_per_vm,
		.max_kata_containers = info->v2_0.max_kata_containers,
		.vm_configs_addr = user,
	};
	if (acrn_generation >= ACRN_V2_0) {
		out->version = info->v2_0.version;
		out->max_vms = info->v2_0.max_vms;
		out->vm_config_entry_size = info->v2_0.vm_config_entry_size;
	}
out_free:
	kfree(info);
	return ret;
}

/**
 * acrn_ioctl_a2_get_platform_info() - ACRN_A2_GET_PLATFORM_INFO
 * @vm: of no meaning
 * @arg: where the VMs' configurations go; filled in
 *
 * Context: Process context, sleeps.
 * Return: as acrn_ioctl_get_platform_info().
 */
int acrn_ioctl_a2_get_platform_info(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_a2_platform_info *out = &arg->a2_platform_info;
	u64 user = out->vm_configs_addr;
	union acrn_platform *info;
	int ret;

	if (acrn_generation != ACRN_V2_6)
		return -ENOTTY;

	info = kmalloc(sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	ret = acrn_platform_ask(info, user, acrn_v2_6_size, acrn_v2_6_set);
	if (ret)
		goto out_free;

	*out = info->v2_6;
	out->vm_configs_addr = user;
	memset(out->reserved0, 0, sizeof(out->reserved0));
	memset(out->reserved1, 0, sizeof(out->reserved1));
out_free:
	kfree(info);
	return ret;
}

#ifdef ACRN_KUNIT
#include "tests/kunit/platform_test.c"
#endif
