// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Reserved fields, unknown flags and values out of range are EINVAL */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "vm.h"

/**
 * struct field - bytes of an argument
 * @name: their name
 * @offset: where they begin
 * @size: how many
 */
struct field {
	const char *name;
	size_t offset;
	size_t size;
};

#define FIELD(type, member) {					\
	#member, offsetof(struct type, member),			\
	sizeof(((struct type *)NULL)->member)			\
}

static const struct field create_reserved[] = {
	FIELD(acrn_create_vm, reserved0),
	FIELD(acrn_create_vm, reserved1),
	FIELD(acrn_create_vm, reserved2),
};

static const struct field regs_reserved[] = {
	FIELD(acrn_set_vcpu_regs, reserved0),
	FIELD(acrn_set_vcpu_regs, vcpu_regs.gdt.reserved),
	FIELD(acrn_set_vcpu_regs, vcpu_regs.idt.reserved),
	FIELD(acrn_set_vcpu_regs, vcpu_regs.reserved_64),
	FIELD(acrn_set_vcpu_regs, vcpu_regs.reserved_32),
	FIELD(acrn_set_vcpu_regs, vcpu_regs.reserved_16),
};

/* Fields where known device models have padding or put something of theirs */
static const struct field create_free[] = {
	FIELD(acrn_create_vm, vmid),
	FIELD(acrn_create_vm, cpu_affinity),
};

static const struct field vcpu_free[] = {
	FIELD(acrn_create_vcpu, pcpu_id),
	FIELD(acrn_create_vcpu, reserved),
};

static const struct field regs_free[] = {
	FIELD(acrn_set_vcpu_regs, vcpu_regs.padding),
};

/* Each bit of the fields alone */
static void check_bits(int fd, enum op op, const struct field *fields,
		       unsigned int count)
{
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int i, bit;

	for (i = 0; i < count; i++) {
		for (bit = 0; bit < fields[i].size * 8; bit++) {
			union argument argument;
			unsigned char *bytes = (unsigned char *)&argument;

			op_fill(op, &argument, 0, 1);
			bytes[fields[i].offset + bit / 8] |= 1U << bit % 8;
			check_result(hsm_ioctl(fd, op_info[op].number,
					       &argument), -EINVAL,
				     "%s: bit %u of %s", op_info[op].name, bit,
				     fields[i].name);
		}
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(create_vm_reserved, "[A24] each reserved bit of CREATE_VM")
{
	int fd = hsm_open();

	check_bits(fd, OP_CREATE_VM, create_reserved,
		   ARRAY_SIZE(create_reserved));
	check_result(vm_create(fd, 0), 0, "CREATE_VM with none of them");
}

TEST(set_regs_reserved, "[A24] each reserved bit of SET_VCPU_REGS")
{
	int fd = vm_in_state(VM_CREATED, 0);

	check_bits(fd, OP_SET_VCPU_REGS, regs_reserved,
		   ARRAY_SIZE(regs_reserved));
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS with none of them");
}

static void fill_field(union argument *argument, const struct field *field)
{
	memset((unsigned char *)argument + field->offset, 0xff, field->size);
}

TEST(free_fields, "[A24] fields that device models fill are not reserved")
{
	union argument argument;
	unsigned int i;
	int fd = hsm_open();

	op_fill(OP_CREATE_VM, &argument, 0, 0);
	for (i = 0; i < ARRAY_SIZE(create_free); i++)
		fill_field(&argument, &create_free[i]);
	check_result(hsm_ioctl(fd, IC_CREATE_VM, &argument), 0, "CREATE_VM");
	op_fill(OP_CREATE_VCPU, &argument, 0, 0);
	for (i = 0; i < ARRAY_SIZE(vcpu_free); i++)
		fill_field(&argument, &vcpu_free[i]);
	check_result(hsm_ioctl(fd, IC_CREATE_VCPU, &argument), 0,
		     "CREATE_VCPU");
	op_fill(OP_SET_VCPU_REGS, &argument, 0, 0);
	for (i = 0; i < ARRAY_SIZE(regs_free); i++)
		fill_field(&argument, &regs_free[i]);
	check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &argument), 0,
		     "SET_VCPU_REGS");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	check_result(vm_start(fd), 0, "START_VM");
}

TEST(unknown_flags, "[A24] each unknown flag")
{
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int bit;
	int fd = hsm_open();

	for (bit = 14; bit < 64; bit++) {
		check_result(vm_create_flags(fd, 0, 1UL << bit), -EINVAL,
			     "flag %u", bit);
		check_result(vm_create_flags(fd, 0, 1UL << bit | 1), -EINVAL,
			     "flag %u beside a known one", bit);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

/* The hypervisor would keep the flag for the next VM of this configuration. */
TEST(lapic_alone, "local APICs without real time")
{
	unsigned long calls = hv_calls(HC_ANY);
	int fd = hsm_open();

	check_result(vm_create_flags(fd, 0, ACRN_VM_FLAG_LAPIC_PASSTHROUGH),
		     -EINVAL, "alone");
	check_result(vm_create_flags(fd, 0, 0x3fff & ~0x30UL), -EINVAL,
		     "beside all others");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(known_flags, "all known flags")
{
	static const unsigned long flags[] = {
		0,
		ACRN_VM_FLAG_SECURE_WORLD,
		ACRN_VM_FLAG_LAPIC_PASSTHROUGH | ACRN_VM_FLAG_RT,
		ACRN_VM_FLAG_POLLING,
		ACRN_VM_FLAG_CLOS,
		ACRN_VM_FLAG_HIDE_MTRR,
		ACRN_VM_FLAG_RT,
		ACRN_VM_FLAG_HIGHEST_SEVERITY,
		0x7f,
		ACRN_VM_FLAG_RT_V1_6,
		0x3fff,
	};
	unsigned int i;
	int fd = hsm_open();

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		check_result(vm_create_flags(fd, 0, flags[i]), 0, "flags %#lx",
			     flags[i]);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
}

static int create_vcpu_num(int fd, unsigned int vcpu_num)
{
	struct acrn_create_vm create;

	vm_fill_create(&create, 0);
	create.vcpu_num = vcpu_num;
	return hsm_ioctl(fd, IC_CREATE_VM, &create);
}

TEST(vcpu_numbers, "[A16] the number of vCPUs is bounded")
{
	static const unsigned int bad[] = { 17, 18, 32, 255, 256, 0x7fff, 0xffff };
	unsigned long calls = hv_calls(HC_ANY);
	unsigned int i;
	int fd = hsm_open();

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		check_result(create_vcpu_num(fd, bad[i]), -EINVAL,
			     "vcpu_num %u", bad[i]);
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	for (i = 0; i <= ACRN_MAX_VCPUS; i++) {
		check_result(create_vcpu_num(fd, i), 0, "vcpu_num %u", i);
		check_result(vm_destroy(fd), 0, "DESTROY_VM");
	}
}

TEST(vcpu_ids, "[A16] ids of vCPUs are bounded")
{
	static const unsigned int bad[] = { 16, 17, 255, 256, 0x7fff, 0xffff };
	int fd = vm_in_state(VM_CREATED, 0);
	unsigned long calls = hv_calls(HC_ANY);
	struct acrn_set_vcpu_regs regs;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		check_result(vm_create_vcpu(fd, bad[i]), -EINVAL,
			     "CREATE_VCPU %u", bad[i]);
		vm_fill_regs(&regs);
		regs.vcpu_id = bad[i];
		check_result(hsm_ioctl(fd, IC_SET_VCPU_REGS, &regs), -EINVAL,
			     "SET_VCPU_REGS of vCPU %u", bad[i]);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

TEST(misaligned_io_page, "[A8] an I/O request page that is no page")
{
	unsigned long calls = hv_calls(HC_ANY);
	struct acrn_create_vm create;
	unsigned int bit;
	int fd = hsm_open();

	for (bit = 0; bit < 12; bit++) {
		vm_fill_create(&create, 0);
		create.req_buf += 1UL << bit;
		check_result(hsm_ioctl(fd, IC_CREATE_VM, &create), -EINVAL,
			     "req_buf %#llx", create.req_buf);
	}
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
