/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What differs between ACRN's releases.
 */
#ifndef HV_GENERATION_H
#define HV_GENERATION_H

#include "types.h"

/**
 * struct generation - the rules of a release
 * @name: as the command line has it
 * @number: ten times that
 * @unknown: what an unknown hypercall answers
 * @no_vm: what a hypercall for a VM that is off or does not exist answers
 * @not_paused: what RESET_VM answers in other states than PAUSED
 * @create_size: bytes of CREATE_VM's block
 * @regs_size: bytes of SET_VCPU_REGS's block
 * @flags_kept: those of CREATE_VM's flags that a client may set
 * @flag_rt: the one of real-time VMs
 * @sticky_flags: a CREATE_VM that fails spoils its configuration
 * @named: a VM is created by name, in any slot that is free, not by uuid
 * @makes_vcpus: CREATE_VM makes the vCPUs and tells how many; CREATE_VCPU does nothing
 * @affinity: CREATE_VM is told for which CPUs
 * @destroys_paused: DESTROY_VM works in PAUSED only
 * @strict_memory: a range that is not there is an error, and any type but 0 deletes
 * @strict_states: power data in CREATED only, and whatever else needs a state
 * @protects_rt: a real-time VM that runs takes no interrupt and no memory
 * @low_byte_only: a hypercall is known by the low byte of its id
 */
struct generation {
	const char *name;
	u32 number;
	s64 unknown;
	s64 no_vm;
	s64 not_paused;
	u32 create_size;
	u32 regs_size;
	u64 flags_kept;
	u64 flag_rt;
	bool sticky_flags;
	bool named;
	bool makes_vcpus;
	bool affinity;
	bool destroys_paused;
	bool strict_memory;
	bool strict_states;
	bool protects_rt;
	bool low_byte_only;
};

/* Releases in which something changed, or that there are */
#define GENERATION_1_3	13
#define GENERATION_1_6	16
#define GENERATION_2_0	20
#define GENERATION_2_1	21
#define GENERATION_2_2	22
#define GENERATION_2_4	24
#define GENERATION_2_6	26
#define GENERATION_3_3	33

extern const struct generation *generation;
bool generation_choose(const char *name, size_t size);

#endif /* HV_GENERATION_H */
