// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Numbers that are no ioctl of ours are ENOTTY, whatever they look like */
#include <errno.h>
#include <linux/ioctl.h>
#include <unistd.h>

#include <linux/acrn/acrn_a2_defs.h>

#include "harness.h"
#include "vm.h"

/* The same calls as Linux numbers them */
static const unsigned int linux_numbers[] = {
	ACRN_A2_GET_PLATFORM_INFO, ACRN_A2_CREATE_VM, ACRN_A2_DESTROY_VM,
	ACRN_A2_START_VM, ACRN_A2_PAUSE_VM, ACRN_A2_RESET_VM,
	ACRN_A2_SET_VCPU_REGS, ACRN_A2_INJECT_MSI, ACRN_A2_VM_INTR_MONITOR,
	ACRN_A2_SET_IRQLINE, ACRN_A2_NOTIFY_REQUEST_FINISH,
	ACRN_A2_CREATE_IOREQ_CLIENT, ACRN_A2_ATTACH_IOREQ_CLIENT,
	ACRN_A2_DESTROY_IOREQ_CLIENT, ACRN_A2_CLEAR_VM_IOREQ,
	ACRN_A2_SET_MEMSEG, ACRN_A2_UNSET_MEMSEG, ACRN_A2_IOEVENTFD,
	ACRN_A2_IRQFD, ACRN_A2_SET_PTDEV_INTR, ACRN_A2_RESET_PTDEV_INTR,
	ACRN_A2_ASSIGN_PCIDEV, ACRN_A2_DEASSIGN_PCIDEV,
	ACRN_A2_ASSIGN_MMIODEV, ACRN_A2_DEASSIGN_MMIODEV,
	ACRN_A2_CREATE_VDEV, ACRN_A2_DESTROY_VDEV,
	ACRN_A2_ASSIGN_PIO_REGION, ACRN_A2_DEASSIGN_PIO_REGION,
	ACRN_A2_PM_GET_CPU_STATE,
};

static bool ours(unsigned int number)
{
	unsigned int i;
	enum op op;

	for (op = 0; op < OPS; op++)
		if (op_info[op].number == number)
			return true;
	for (i = 0; i < ARRAY_SIZE(linux_numbers); i++)
		if (linux_numbers[i] == number)
			return true;
	return false;
}

/*
 * The argument is one that any of our ioctls could work on: a number taken for
 * another one would do something.
 */
static void refused(int fd, unsigned int number)
{
	union argument argument;

	op_fill(OP_CREATE_VM, &argument, 1, 0);
	check_result(hsm_ioctl(fd, number, &argument), -ENOTTY, "%#x", number);
}

/* All numbers that differ from one of ours in the byte at bit @shift only */
static void refused_like_ours(int fd, unsigned int shift)
{
	unsigned int i, number;
	enum op op;

	for (op = 0; op < OPS; op++) {
		for (i = 0; i < 256; i++) {
			number = op_info[op].number & ~(0xffU << shift);
			number |= i << shift;
			if (!ours(number))
				refused(fd, number);
		}
	}
}

static void every_state(void (*numbers)(int fd))
{
	static const struct vm_model models[] = {
		{ VM_EMPTY, 0 }, { VM_CREATED, 1 }, { VM_STARTED, 1 },
		{ VM_PAUSED, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(models); i++) {
		int fd = vm_in_state(models[i].state, 0);
		unsigned long calls = hv_calls(HC_ANY);

		numbers(fd);
		check_equal(hv_calls(HC_ANY), calls, "hypercalls in %s",
			    vm_state_names[models[i].state]);
		vm_check(0, &models[i]);
		close(fd);
	}
}

static void low_byte_numbers(int fd)
{
	refused_like_ours(fd, 0);
}

TEST(low_byte, "[A17] all low bytes that are no call of ours")
{
	every_state(low_byte_numbers);
}

static void other_byte_numbers(int fd)
{
	refused_like_ours(fd, 8);
	refused_like_ours(fd, 16);
	refused_like_ours(fd, 24);
}

TEST(other_bytes, "[A17] our low bytes under any other upper byte")
{
	every_state(other_byte_numbers);
}

/* As _IO() and its kin encode: with our type byte, and as Linux's own driver */
static void encoded_numbers(int fd)
{
	static const unsigned int types[] = { 0x43, 0xa2 };
	unsigned int direction, i;
	enum op op;

	for (op = 0; op < OPS; op++)
		for (i = 0; i < ARRAY_SIZE(types); i++)
			for (direction = 0; direction < 4; direction++) {
				unsigned int number = _IOC(direction, types[i],
							   op_info[op].number & 0xff,
							   op_info[op].size);

				if (!ours(number))
					refused(fd, number);
			}
}

TEST(encoded, "[A23] our calls as _IO, _IOR, _IOW and _IOWR would number them")
{
	every_state(encoded_numbers);
}

TEST(no_argument, "[A17] an unknown number with a bad pointer is still ENOTTY")
{
	int fd = hsm_open();

	check_result(hsm_ioctl(fd, ACRN_IC(0x17), NULL), -ENOTTY, "NULL");
	check_result(hsm_ioctl(fd, ACRN_IC(0x17), (void *)-1L), -ENOTTY, "-1");
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
