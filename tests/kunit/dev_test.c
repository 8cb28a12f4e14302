// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_dev.c, which includes this: which ioctl is legal when */
#include <kunit/test.h>
#include "../../acrn_ioctl.h"

#define E	-ENODEV
#define B	-EBUSY

/**
 * struct acrn_legal_case - an ioctl and the states of the VM
 * @cmd: the ioctl
 * @ret: what it says in EMPTY, CREATED, STARTED, PAUSED, DYING before it does
 *	anything; 0: it is legal
 */
static const struct acrn_legal_case {
	unsigned int cmd;
	int ret[5];
} acrn_legal_cases[] = {
	{ IC_CREATE_VM,			{ 0, B, B, B, B } },
	{ IC_DESTROY_VM,		{ E, 0, 0, 0, 0 } },
	{ IC_START_VM,			{ E, 0, B, B, B } },
	{ IC_PAUSE_VM,			{ E, 0, 0, 0, B } },
	{ IC_RESET_VM,			{ E, B, B, 0, B } },
	{ IC_CREATE_VCPU,		{ E, 0, B, B, B } },
	{ IC_SET_VCPU_REGS,		{ E, 0, B, 0, B } },
	{ IC_INJECT_MSI,		{ E, 0, 0, 0, B } },
	{ IC_VM_INTR_MONITOR,		{ E, 0, 0, 0, B } },
	{ IC_SET_IRQLINE,		{ E, 0, 0, 0, B } },
	{ IC_NOTIFY_REQUEST_FINISH,	{ E, 0, 0, 0, B } },
	{ IC_CREATE_IOREQ_CLIENT,	{ E, 0, 0, 0, B } },
	{ IC_ATTACH_IOREQ_CLIENT,	{ E, 0, 0, 0, B } },
	{ IC_DESTROY_IOREQ_CLIENT,	{ E, 0, 0, 0, B } },
	{ IC_CLEAR_VM_IOREQ,		{ E, 0, B, 0, B } },
	{ IC_SET_MEMSEG,		{ E, 0, 0, 0, B } },
	{ IC_UNSET_MEMSEG,		{ E, 0, 0, 0, B } },
	{ IC_ASSIGN_PTDEV,		{ E, 0, B, 0, B } },
	{ IC_DEASSIGN_PTDEV,		{ E, 0, B, 0, B } },
	{ IC_SET_PTDEV_INTR_INFO,	{ E, 0, B, 0, B } },
	{ IC_RESET_PTDEV_INTR_INFO,	{ E, 0, B, 0, B } },
	{ IC_ASSIGN_PCIDEV,		{ E, 0, B, 0, B } },
	{ IC_DEASSIGN_PCIDEV,		{ E, 0, B, 0, B } },
	{ IC_ASSIGN_MMIODEV,		{ E, 0, B, 0, B } },
	{ IC_DEASSIGN_MMIODEV,		{ E, 0, B, 0, B } },
	{ IC_ADD_HV_VDEV,		{ E, 0, B, 0, B } },
	{ IC_REMOVE_HV_VDEV,		{ E, 0, B, 0, B } },
	{ IC_PM_GET_CPU_STATE,		{ E, 0, 0, 0, B } },
	{ IC_EVENT_IOEVENTFD,		{ E, 0, 0, 0, B } },
	{ IC_EVENT_IRQFD,		{ E, 0, 0, 0, B } },
};

#undef E
#undef B

static const struct acrn_ioctl *acrn_ioctl_find(unsigned int cmd)
{
	return acrn_ic_find(cmd) ?: acrn_a2_find(cmd);
}

static void acrn_test_legal(struct kunit *test)
{
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	unsigned int i, state;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	for (i = 0; i < ARRAY_SIZE(acrn_legal_cases); i++) {
		const struct acrn_legal_case *c = &acrn_legal_cases[i];
		const struct acrn_ioctl *ioctl = acrn_ioctl_find(c->cmd);

		KUNIT_ASSERT_NOT_NULL_MSG(test, ioctl, "ioctl %#x", c->cmd);
		for (state = 0; state < ARRAY_SIZE(c->ret); state++) {
			vm->state = state;
			vm->legal = acrn_vm_legal(state, vm->contract);
			KUNIT_EXPECT_EQ_MSG(test, acrn_ioctl_legal(vm, ioctl),
					    c->ret[state], "ioctl %#x in state %u",
					    c->cmd, state);
		}
	}
}

/* Each device model has its own numbers, and only they work on its VM. */
static void acrn_test_contract(struct kunit *test)
{
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	const struct acrn_ioctl *ic = acrn_ioctl_find(IC_PAUSE_VM);
	const struct acrn_ioctl *a2 = acrn_ioctl_find(ACRN_A2_PAUSE_VM);
	const struct acrn_ioctl *any = acrn_ioctl_find(IC_GET_API_VERSION);

	KUNIT_ASSERT_NOT_NULL(test, vm);
	KUNIT_ASSERT_NOT_NULL(test, ic);
	KUNIT_ASSERT_NOT_NULL(test, a2);
	KUNIT_ASSERT_NOT_NULL(test, any);
	vm->state = ACRN_VM_CREATED;
	vm->contract = &acrn_ic_contract;
	vm->legal = acrn_vm_legal(vm->state, vm->contract);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, ic), 0);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, a2), -EINVAL);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, any), 0);
	vm->contract = &acrn_a2_contract;
	vm->legal = acrn_vm_legal(vm->state, vm->contract);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, ic), -EINVAL);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, a2), 0);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, any), 0);
}

/* What a row says of contract and state, step by step */
static int acrn_spelled_out(const struct acrn_vm *vm, const struct acrn_ioctl *ioctl)
{
	if (ioctl->states == ACRN_IN_ANY)
		return 0;
	if (vm->contract && vm->contract != ioctl->contract)
		return -EINVAL;
	if (ioctl->states & BIT(vm->state))
		return 0;
	return vm->state == ACRN_VM_EMPTY ? -ENODEV : -EBUSY;
}

#define ACRN_TEST_IC(name)	IC_##name,
#define ACRN_TEST_A2(name)	ACRN_A2_##name,
static const unsigned int acrn_all_ioctls[] = {
	ACRN_IOCTLS(ACRN_TEST_IC, ACRN_TEST_IC)
	ACRN_A2_IOCTLS(ACRN_TEST_A2, ACRN_TEST_A2)
};

#undef ACRN_TEST_IC
#undef ACRN_TEST_A2

/* One number has to say the same, of each row in each state with each contract. */
static void acrn_test_legal_bits(struct kunit *test)
{
	const struct acrn_contract *contracts[] = {
		NULL, &acrn_ic_contract, &acrn_a2_contract,
	};
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	enum acrn_vm_state state;
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	mutex_init(&vm->lock);
	mutex_lock(&vm->lock);
	for (i = 0; i < ARRAY_SIZE(acrn_all_ioctls); i++) {
		const struct acrn_ioctl *ioctl = acrn_ioctl_find(acrn_all_ioctls[i]);

		KUNIT_ASSERT_NOT_NULL(test, ioctl);
		for (j = 0; j < ARRAY_SIZE(contracts); j++) {
			for (state = ACRN_VM_EMPTY; state <= ACRN_VM_DYING; state++) {
				vm->contract = contracts[j];
				acrn_vm_set_state(vm, state);
				KUNIT_EXPECT_EQ_MSG(test, acrn_ioctl_legal(vm, ioctl),
						    acrn_spelled_out(vm, ioctl),
						    "ioctl %#x, contract %u, state %u",
						    ioctl->cmd, j, state);
			}
		}
	}
	mutex_unlock(&vm->lock);
}

/* Without the lock the VM goes from state to state meanwhile: one look decides. */
static void acrn_test_legal_once(struct kunit *test)
{
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	const struct acrn_ioctl *ic = acrn_ioctl_find(IC_INJECT_MSI);
	const struct acrn_ioctl *a2 = acrn_ioctl_find(ACRN_A2_INJECT_MSI);

	KUNIT_ASSERT_NOT_NULL(test, vm);
	KUNIT_ASSERT_NOT_NULL(test, ic);
	KUNIT_ASSERT_NOT_NULL(test, a2);
	KUNIT_ASSERT_TRUE(test, ic->unlocked && a2->unlocked);

	/* CREATE_VM has come to its end since. */
	vm->legal = acrn_vm_legal(ACRN_VM_EMPTY, NULL);
	vm->state = ACRN_VM_CREATED;
	vm->contract = &acrn_ic_contract;
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, ic), -ENODEV);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, a2), -ENODEV);

	/* So has DESTROY_VM. */
	vm->state = ACRN_VM_EMPTY;
	vm->contract = NULL;
	vm->legal = acrn_vm_legal(ACRN_VM_DYING, &acrn_ic_contract);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, ic), -EBUSY);
	KUNIT_EXPECT_EQ(test, acrn_ioctl_legal(vm, a2), -EINVAL);
}

/* acrn_test_legal() has every ioctl but those that need no VM. */
static void acrn_test_every_ioctl(struct kunit *test)
{
	unsigned int nr, rows = 0;

	for (nr = 0; nr <= 0xff; nr++)
		rows += !!acrn_ioctl_find(ACRN_IC(nr));
	KUNIT_EXPECT_EQ(test, rows, (unsigned int)ARRAY_SIZE(acrn_legal_cases) + 2);
	KUNIT_EXPECT_NOT_NULL(test, acrn_ioctl_find(IC_GET_API_VERSION));
	KUNIT_EXPECT_NOT_NULL(test, acrn_ioctl_find(IC_GET_PLATFORM_INFO));
	KUNIT_EXPECT_NULL(test, acrn_ioctl_find(0));
	KUNIT_EXPECT_NULL(test, acrn_ioctl_find(~0U));
}

static struct kunit_case acrn_dev_cases[] = {
	KUNIT_CASE(acrn_test_legal),
	KUNIT_CASE(acrn_test_contract),
	KUNIT_CASE(acrn_test_legal_bits),
	KUNIT_CASE(acrn_test_legal_once),
	KUNIT_CASE(acrn_test_every_ioctl),
	{}
};

static struct kunit_suite acrn_dev_suite = {
	.name = "acrn_dev",
	.test_cases = acrn_dev_cases,
};

kunit_test_suite(acrn_dev_suite);
