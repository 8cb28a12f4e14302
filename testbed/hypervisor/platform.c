// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What hypercalls tell of the machine: its configuration, and power states of CPUs.
 * The latter are made up.
 */
#include "generation.h"
#include "report.h"
#include "abi.h"
#include "ram.h"
#include "vms.h"
#include "vm.h"
#include "platform.h"

#define STACK_RUBBISH	0x5a	/* what v1.x copies out with the three fields */
#define VERSION		0x100
#define L2_SHIFT	1	/* bits of an APIC id that say who shares the cache */
#define L3_SHIFT	4
#define MAX_KATA	1
#define CONFIG_SIZE	128
#define POST_LAUNCHED	2

#define PX_COUNT	0
#define PX_DATA		1
#define CX_COUNT	2
#define CX_DATA		3

#define SPACE_FIXED_HARDWARE	0x7f
#define MWAIT_STATE	0x10

static const struct hc_cpu_px px[] = {
	{ 2600, 35000, 10, 10, 0x1a00, 0x1a00 },
	{ 1800, 20000, 10, 10, 0x1200, 0x1200 },
	{ 800, 8000, 10, 10, 0x800, 0x800 },
};

/* From state 1 on; v1.x to v2.5 lay them out in another way. */
static const struct hc_cpu_cx cx[] = {
	{ .space_id = SPACE_FIXED_HARDWARE, .bit_width = 1, .bit_offset = 2, .access_size = 1,
	  .address = 0, .type = 1, .latency = 1, .power = 1000 },
	{ .space_id = SPACE_FIXED_HARDWARE, .bit_width = 1, .bit_offset = 2, .access_size = 1,
	  .address = MWAIT_STATE, .type = 2, .latency = 50, .power = 500 },
};

static void fill_configs(u8 *to)
{
	static const u8 uuids[][16] = TESTBED_UUIDS;
	u32 i;

	for (i = 0; i < TESTBED_MAX_VMS; i++) {
		struct hc_vm_config entry = {
			.load_order = POST_LAUNCHED,
			.name = "testbed vm",
			.severity = 0x10,
			.cpu_affinity = vm_cpus(),
		};

		entry.name[strlen(entry.name)] = '1' + i;
		memcpy(entry.uuid, uuids[i], sizeof(entry.uuid));
		memset(to + i * CONFIG_SIZE, 0, CONFIG_SIZE);
		memcpy(to + i * CONFIG_SIZE, &entry, sizeof(entry));
	}
}

static s64 give_configs(u64 configs)
{
	u8 *to;

	if (!configs)
		return 0;
	to = param_block(configs, TESTBED_MAX_VMS * CONFIG_SIZE, "GET_PLATFORM_INFO's table");
	if (!to)
		return -1;
	fill_configs(to);
	return 0;
}

static s64 platform_info_2_0(struct hc_platform_info_2_0 *block)
{
	block->cpu_num = cpu_count - SERVICE_BSP;
	block->version = VERSION;
	block->max_vcpus = TESTBED_MAX_VCPUS;
	block->max_kata = MAX_KATA;
	block->max_vms = TESTBED_MAX_VMS;
	block->config_size = CONFIG_SIZE;
	return give_configs(block->configs);
}

static s64 platform_info(struct hc_platform_info *block)
{
	u32 i;

	/* ACRN leaves what the caller had there, and the rest of it too. */
	memset(block->reserved0, STACK_RUBBISH, sizeof(block->reserved0));
	block->cpu_num = cpu_count - SERVICE_BSP;
	block->version = VERSION;
	block->l2_shift = L2_SHIFT;
	block->l3_shift = L3_SHIFT;
	for (i = 0; i < ARRAY_SIZE(block->lapic_ids) && i < block->cpu_num; i++)
		block->lapic_ids[i] = i;
	block->max_vcpus = TESTBED_MAX_VCPUS;
	block->max_vms = TESTBED_MAX_VMS;
	block->config_size = CONFIG_SIZE;
	return give_configs(block->configs);
}

/**
 * hc_get_platform_info() - HC_GET_PLATFORM_INFO
 * @cpu: the caller
 * @param: struct hc_platform_info, or that of an older release
 * @unused: RSI
 *
 * Return: 0; -1 if an address is bad.
 */
s64 hc_get_platform_info(struct cpu *cpu, u64 param, u64 unused)
{
	void *block = param_block(param, sizeof(struct hc_platform_info),
				  "GET_PLATFORM_INFO's block");
	struct hc_platform_info_old *old = block;

	if (!block)
		return -1;
	if (generation->number >= GENERATION_2_6)
		return platform_info(block);
	if (generation->number >= GENERATION_2_0)
		return platform_info_2_0(block);
	memset(old, STACK_RUBBISH, sizeof(*old));
	old->cpu_num = cpu_count - SERVICE_BSP;
	old->max_vcpus = TESTBED_MAX_VCPUS;
	old->max_kata = MAX_KATA;
	return 0;
}

/* What the structures leave out is rubbish, as is what lies on ACRN's stack. */
static u32 copy_cx(void *to, const struct hc_cpu_cx *state)
{
	struct hc_cpu_cx_old *old = to;
	struct hc_cpu_cx *new = to;

	if (generation->number >= GENERATION_2_6) {
		*new = *state;
		memset(new->padding1, STACK_RUBBISH, sizeof(new->padding1));
		memset(&new->padding2, STACK_RUBBISH, sizeof(new->padding2));
		return sizeof(*new);
	}
	memset(old, STACK_RUBBISH, sizeof(*old));
	old->space_id = state->space_id;
	old->bit_width = state->bit_width;
	old->bit_offset = state->bit_offset;
	old->access_size = state->access_size;
	old->address = state->address;
	old->type = state->type;
	old->latency = state->latency;
	old->power = state->power;
	return sizeof(*old);
}

/* Return: bytes of the answer, 0: there is none. */
static u32 cpu_state(u32 type, u32 index, void *to)
{
	switch (type) {
	case PX_COUNT:
		*(u8 *)to = ARRAY_SIZE(px);
		return 1;
	case PX_DATA:
		if (index >= ARRAY_SIZE(px))
			return 0;
		memcpy(to, &px[index], sizeof(px[index]));
		return sizeof(px[index]);
	case CX_COUNT:
		*(u8 *)to = ARRAY_SIZE(cx);
		return 1;
	case CX_DATA:
		if (!index || index > ARRAY_SIZE(cx))
			return 0;
		return copy_cx(to, &cx[index - 1]);
	}
	return 0;
}

/**
 * hc_pm_get_cpu_state() - HC_PM_GET_CPU_STATE
 * @cpu: the caller
 * @command: what is asked: type, index, vCPU, vmid, a byte each
 * @param: where the answer goes
 *
 * Return: 0; generation->no_vm if the VM is off; -1 if there is no such thing, or the VM's
 * state forbids it.
 */
s64 hc_pm_get_cpu_state(struct cpu *cpu, u64 command, u64 param)
{
	u32 type = command & 0xff, index = command >> 8 & 0xff, size;
	u8 answer[sizeof(struct hc_cpu_px)];
	struct vm *vm = vm_get(command >> 24 & 0xff, "PM_GET_CPU_STATE");
	void *block;

	note(cpu, " command=0x%lx", command);
	if (!vm)
		return generation->no_vm;
	if (command >> 32)
		complain("PM_GET_CPU_STATE: command 0x%lx", command);
	if (generation->strict_states && vm->state != TESTBED_VM_CREATED)
		return -1;
	size = cpu_state(type, index, answer);
	if (!size)
		return -1;
	block = param_block(param, size, "PM_GET_CPU_STATE's block");
	if (!block)
		return -1;
	memcpy(block, answer, size);
	return 0;
}
