// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The releases of ACRN that the hypervisor can be like: v1.3, v1.6, v2.4, v2.6 and
 * v3.3.
 */
#include "abi.h"
#include "generation.h"

#define FLAGS_COMMON	(VM_FLAG_SECURE_WORLD | VM_FLAG_LAPIC_PT | VM_FLAG_POLLING)

static const struct generation generations[] = {
	{
		.name = "1.3",
		.number = GENERATION_1_3,
		.unknown = -1,
		.no_vm = -1,
		.not_paused = -EINVAL,
		.create_size = 56,
		.regs_size = 304,
		.flags_kept = FLAGS_COMMON | VM_FLAG_RT_OLD,
		.flag_rt = VM_FLAG_RT_OLD,
		.sticky_flags = true,
	}, {
		.name = "1.6",
		.number = GENERATION_1_6,
		.unknown = -1,
		.no_vm = -1,
		.not_paused = -EINVAL,
		.create_size = 56,
		.regs_size = 304,
		.flags_kept = FLAGS_COMMON | VM_FLAG_RT,
		.flag_rt = VM_FLAG_RT,
		.sticky_flags = true,
		.makes_vcpus = true,
	}, {
		.name = "2.4",
		.number = GENERATION_2_4,
		.unknown = -EINVAL,
		.no_vm = -EINVAL,
		.not_paused = -1,
		.create_size = 56,
		.regs_size = 304,
		.flags_kept = FLAGS_COMMON | VM_FLAG_RT,
		.flag_rt = VM_FLAG_RT,
		.sticky_flags = true,
		.makes_vcpus = true,
		.affinity = true,
		.destroys_paused = true,
		.strict_memory = true,
		.strict_states = true,
		.protects_rt = true,
		.low_byte_only = true,
	}, {
		.name = "2.6",
		.number = GENERATION_2_6,
		.unknown = -EINVAL,
		.no_vm = -EINVAL,
		.not_paused = -1,
		.create_size = 48,
		.regs_size = 296,
		.flags_kept = FLAGS_COMMON | VM_FLAG_RT,
		.flag_rt = VM_FLAG_RT,
		.sticky_flags = true,
		.makes_vcpus = true,
		.affinity = true,
		.destroys_paused = true,
		.strict_memory = true,
		.strict_states = true,
		.protects_rt = true,
		.low_byte_only = true,
	}, {
		.name = "3.3",
		.number = GENERATION_3_3,
		.unknown = -ENOTTY,
		.no_vm = -ENOTTY,
		.not_paused = -1,
		.create_size = 48,
		.regs_size = 296,
		.flags_kept = FLAGS_COMMON | VM_FLAG_RT | VM_FLAG_PMU_PT,
		.flag_rt = VM_FLAG_RT,
		.named = true,
		.makes_vcpus = true,
		.affinity = true,
		.destroys_paused = true,
		.strict_memory = true,
		.strict_states = true,
		.protects_rt = true,
		.low_byte_only = true,
	},
};

const struct generation *generation = &generations[0];

/**
 * generation_choose() - be like a release
 * @name: its name
 * @size: characters of that
 *
 * Return: false if it is none of those known.
 */
bool generation_choose(const char *name, size_t size)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(generations); i++) {
		if (size == strlen(generations[i].name) &&
		    !memcmp(name, generations[i].name, size)) {
			generation = &generations[i];
			return true;
		}
	}
	return false;
}
