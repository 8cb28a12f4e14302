// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_ioreq.c, which includes this: whose an access is */
#include <kunit/test.h>

/* The client of the tests has ports 0x400 to 0x40f and these of memory. */
static const struct acrn_ioreq_range acrn_test_ranges[] = {
	{ .type = ACRN_IOREQ_PIO, .start = 0x400, .last = 0x40f },
	{ .type = ACRN_IOREQ_MMIO, .start = 0x1000, .last = 0x1fff },
	/* a neighbour: the two are not one range */
	{ .type = ACRN_IOREQ_MMIO, .start = 0x2000, .last = 0x2fff },
	{ .type = ACRN_IOREQ_MMIO, .start = U64_MAX - 7, .last = U64_MAX },
	{ .type = ACRN_IOREQ_WP, .start = 0x400, .last = 0x400 },
};

static int acrn_test_add_range(struct acrn_ioreq *ioreq,
			       struct acrn_ioreq_range *range)
{
	int ret;

	spin_lock_irq(&ioreq->wait.lock);
	ret = acrn_ioreq_add_range(ioreq, range);
	spin_unlock_irq(&ioreq->wait.lock);
	return ret;
}

/* A VM's requests, with a client that handles the test's ranges */
static struct acrn_ioreq *acrn_test_ioreq(struct kunit *test,
					  struct acrn_ioreq_range *ranges,
					  struct acrn_ioreq_client *client)
{
	struct acrn_ioreq *ioreq = kunit_kzalloc(test, sizeof(*ioreq), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ioreq);
	init_waitqueue_head(&ioreq->wait);
	ioreq->ranges = RB_ROOT;
	for (i = 0; i < ARRAY_SIZE(acrn_test_ranges); i++) {
		ranges[i] = acrn_test_ranges[i];
		ranges[i].client = client;
		KUNIT_ASSERT_EQ(test, acrn_test_add_range(ioreq, &ranges[i]), 0);
	}
	return ioreq;
}

static void acrn_test_find_client(struct kunit *test)
{
	static const struct {
		struct acrn_io_access access;
		bool found;
	} cases[] = {
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x400, .size = 1 }, true },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x40f, .size = 1 }, true },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x40c, .size = 4 }, true },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x3ff, .size = 1 }, false },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x3ff, .size = 2 }, false },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x40f, .size = 2 }, false },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x40d, .size = 4 }, false },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x410, .size = 1 }, false },
		{ { .type = ACRN_IOREQ_PIO, .addr = 0x1000, .size = 1 }, false },
		{ { .type = ACRN_IOREQ_MMIO, .addr = 0x400, .size = 1 }, false },
		{ { .type = ACRN_IOREQ_PCICFG, .addr = 0x400, .size = 1 }, false },
		{ { .type = ACRN_IOREQ_WP + 1, .addr = 0x400, .size = 1 }, false },
		{ { .type = ACRN_IOREQ_MMIO, .addr = 0x1ff8, .size = 8 }, true },
		{ { .type = ACRN_IOREQ_MMIO, .addr = 0x1ffc, .size = 8 }, false },
		{ { .type = ACRN_IOREQ_MMIO, .addr = 0x2000, .size = 8 }, true },
		{ { .type = ACRN_IOREQ_MMIO, .addr = U64_MAX - 7, .size = 8 }, true },
		{ { .type = ACRN_IOREQ_MMIO, .addr = U64_MAX, .size = 1 }, true },
		/* the sum wraps around to 0 and beyond */
		{ { .type = ACRN_IOREQ_MMIO, .addr = U64_MAX, .size = 2 }, false },
		{ { .type = ACRN_IOREQ_MMIO, .addr = U64_MAX - 3, .size = 8 }, false },
		{ { .type = ACRN_IOREQ_MMIO, .addr = U64_MAX - 8, .size = 8 }, false },
		{ { .type = ACRN_IOREQ_WP, .addr = 0x400, .size = 1 }, true },
		{ { .type = ACRN_IOREQ_WP, .addr = 0x400, .size = 2 }, false },
	};
	struct acrn_ioreq_range ranges[ARRAY_SIZE(acrn_test_ranges)];
	struct acrn_ioreq_client client = {};
	struct acrn_ioreq *ioreq = acrn_test_ioreq(test, ranges, &client);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct acrn_io_access *access = &cases[i].access;
		struct acrn_ioreq_client *wanted = NULL;

		if (cases[i].found)
			wanted = &client;
		KUNIT_EXPECT_PTR_EQ_MSG(test,
					acrn_ioreq_find_client(ioreq, access),
					wanted,
					"case %u: type %u, %#llx, %u bytes", i,
					access->type, access->addr, access->size);
	}
}

/* Beside the ranges of the test's client, what may another one have? */
static void acrn_test_ranges_overlap(struct kunit *test)
{
	static const struct {
		u32 type;
		u64 start;
		u64 last;
		int ret;
	} cases[] = {
		{ ACRN_IOREQ_PIO, 0x410, 0x410, 0 },
		{ ACRN_IOREQ_PIO, 0x3f0, 0x3ff, 0 },
		{ ACRN_IOREQ_PIO, 0x40f, 0x420, -EEXIST },
		{ ACRN_IOREQ_PIO, 0x3f0, 0x400, -EEXIST },
		{ ACRN_IOREQ_PIO, 0x402, 0x403, -EEXIST },
		{ ACRN_IOREQ_PIO, 0, U64_MAX, -EEXIST },
		{ ACRN_IOREQ_MMIO, 0x400, 0x40f, 0 },
		{ ACRN_IOREQ_MMIO, 0x1fff, 0x2000, -EEXIST },
		{ ACRN_IOREQ_MMIO, 0x3000, U64_MAX - 8, 0 },
		{ ACRN_IOREQ_MMIO, U64_MAX, U64_MAX, -EEXIST },
		{ ACRN_IOREQ_WP, 0x401, U64_MAX, 0 },
		{ ACRN_IOREQ_WP, 0, 0x400, -EEXIST },
	};
	struct acrn_ioreq_range ranges[ARRAY_SIZE(acrn_test_ranges)], range;
	struct acrn_ioreq *ioreq = acrn_test_ioreq(test, ranges, NULL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret;

		range.type = cases[i].type;
		range.start = cases[i].start;
		range.last = cases[i].last;
		ret = acrn_test_add_range(ioreq, &range);
		KUNIT_EXPECT_EQ_MSG(test, ret, cases[i].ret, "case %u", i);
		if (!ret)
			rb_erase(&range.node, &ioreq->ranges);
	}
}

static void acrn_test_get_access(struct kunit *test)
{
	static const struct {
		u32 type;
		u64 size;
		bool good;
	} cases[] = {
		{ ACRN_IOREQ_PIO, 1, true },	{ ACRN_IOREQ_PIO, 2, true },
		{ ACRN_IOREQ_PIO, 4, true },	{ ACRN_IOREQ_PIO, 8, false },
		{ ACRN_IOREQ_PIO, 0, false },	{ ACRN_IOREQ_PIO, 3, false },
		{ ACRN_IOREQ_MMIO, 1, true },	{ ACRN_IOREQ_MMIO, 2, true },
		{ ACRN_IOREQ_MMIO, 4, true },	{ ACRN_IOREQ_MMIO, 8, true },
		{ ACRN_IOREQ_MMIO, 0, false },	{ ACRN_IOREQ_MMIO, 5, false },
		{ ACRN_IOREQ_MMIO, 16, false },
		{ ACRN_IOREQ_WP, 8, true },	{ ACRN_IOREQ_WP, 7, false },
		/* types that only the device model knows, or nobody */
		{ ACRN_IOREQ_PCICFG, 4, true },	{ ACRN_IOREQ_PCICFG, 8, false },
		{ ACRN_IOREQ_WP + 1, 4, true },	{ ACRN_IOREQ_WP + 1, 3, false },
		/* in 32 bits these are 4 and 1 */
		{ ACRN_IOREQ_MMIO, 0x100000004ULL, false },
		{ ACRN_IOREQ_PIO, 0xffffffff00000001ULL, false },
		{ ACRN_IOREQ_MMIO, U64_MAX, false },
	};
	struct acrn_io_request *slots = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct acrn_io_access access;
	unsigned int i;
	u64 mask;

	KUNIT_ASSERT_NOT_NULL(test, slots);
	slots[3].reqs.mmio.direction = ACRN_IOREQ_WRITE;
	slots[3].reqs.mmio.address = 0x123456789abcULL;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool narrow = cases[i].type == ACRN_IOREQ_PIO ||
			      cases[i].type == ACRN_IOREQ_PCICFG;
		bool good;

		slots[3].reqs.mmio.size = cases[i].size;
		slots[3].reqs.mmio.value = 0x1122334455667788ULL;
		good = acrn_slot_get_access(&slots[3], cases[i].type, &access);
		KUNIT_EXPECT_EQ_MSG(test, good, cases[i].good,
				    "case %u: type %u, size %#llx", i,
				    cases[i].type, cases[i].size);
		if (!good)
			continue;
		KUNIT_EXPECT_TRUE(test, access.write);
		KUNIT_EXPECT_EQ(test, access.type, cases[i].type);
		KUNIT_EXPECT_EQ(test, access.addr, 0x123456789abcULL);
		KUNIT_EXPECT_EQ(test, (u64)access.size, cases[i].size);
		/* the bytes that are written and no others, in the slot too */
		mask = GENMASK_ULL(8 * cases[i].size - 1, 0);
		KUNIT_EXPECT_EQ(test, (u64)access.value,
				0x1122334455667788ULL & mask);
		if (narrow)
			KUNIT_EXPECT_EQ(test, (u64)slots[3].reqs.pio.value,
					0x55667788ULL & mask);
		else
			KUNIT_EXPECT_EQ(test, (u64)slots[3].reqs.mmio.value,
					0x1122334455667788ULL & mask);
	}

	/* no byte beyond the field of a type of 32 bits */
	slots[3].reqs.pci.size = 2;
	slots[3].reqs.mmio.value = 0x1122334455667788ULL;
	KUNIT_EXPECT_TRUE(test, acrn_slot_get_access(&slots[3], ACRN_IOREQ_PCICFG,
						     &access));
	KUNIT_EXPECT_EQ(test, (u64)slots[3].reqs.mmio.value, 0x1122334400007788ULL);

	/* what a read will bring is the device model's to write */
	slots[3].reqs.mmio.direction = ACRN_IOREQ_READ;
	slots[3].reqs.mmio.value = 0x1122334455667788ULL;
	KUNIT_EXPECT_TRUE(test, acrn_slot_get_access(&slots[3], ACRN_IOREQ_MMIO,
						     &access));
	KUNIT_EXPECT_EQ(test, (u64)slots[3].reqs.mmio.value, 0x1122334455667788ULL);

	/* whatever is no write is a read */
	slots[3].reqs.mmio.size = 4;
	slots[3].reqs.mmio.direction = 2;
	KUNIT_EXPECT_TRUE(test, acrn_slot_get_access(&slots[3], ACRN_IOREQ_MMIO,
						     &access));
	KUNIT_EXPECT_FALSE(test, access.write);
}

/* A value has the place and the width that the type has. */
static void acrn_test_put_value(struct kunit *test)
{
	struct acrn_io_request *slots = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct acrn_ioreq *ioreq = kunit_kzalloc(test, sizeof(*ioreq), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, slots);
	KUNIT_ASSERT_NOT_NULL(test, ioreq);
	ioreq->slots = slots;
	acrn_ioreq_put_value(ioreq, 0, ACRN_IOREQ_PIO, U64_MAX);
	acrn_ioreq_put_value(ioreq, 1, ACRN_IOREQ_PCICFG, U64_MAX);
	acrn_ioreq_put_value(ioreq, 2, ACRN_IOREQ_MMIO, U64_MAX);
	acrn_ioreq_put_value(ioreq, 3, ACRN_IOREQ_WP, U64_MAX);

	KUNIT_EXPECT_EQ(test, slots[0].reqs.pio.value, U32_MAX);
	KUNIT_EXPECT_EQ(test, slots[1].reqs.pci.value, U32_MAX);
	KUNIT_EXPECT_EQ(test, slots[2].reqs.mmio.value, U64_MAX);
	KUNIT_EXPECT_EQ(test, slots[3].reqs.mmio.value, U64_MAX);
	for (i = 0; i < 4; i++) {
		memset(&slots[i].reqs.mmio.value, 0, i < 2 ? 4 : 8);
		KUNIT_EXPECT_NULL_MSG(test,
				      memchr_inv(&slots[i], 0, sizeof(slots[i])),
				      "slot %u: written beside the result", i);
	}
}

/* An upcall looks at a VM if any of its vCPUs asks, and not for those it does not have. */
static void acrn_test_is_pending(struct kunit *test)
{
	struct acrn_vm *vm = kunit_kzalloc(test, sizeof(*vm), GFP_KERNEL);
	struct acrn_io_request *slots = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, vm);
	KUNIT_ASSERT_NOT_NULL(test, slots);
	vm->ioreq.slots = slots;
	for (i = 0; i < ACRN_MAX_VCPUS; i++)
		slots[i].processed = ACRN_IOREQ_FREE;
	vm->vcpu_num = ACRN_MAX_VCPUS;
	KUNIT_EXPECT_FALSE(test, acrn_ioreq_is_pending(vm));
	for (i = 0; i < ACRN_MAX_VCPUS; i++) {
		slots[i].processed = ACRN_IOREQ_PENDING;
		vm->vcpu_num = i + 1;
		KUNIT_EXPECT_TRUE_MSG(test, acrn_ioreq_is_pending(vm), "vCPU %u", i);
		vm->vcpu_num = i;
		KUNIT_EXPECT_FALSE_MSG(test, acrn_ioreq_is_pending(vm), "no vCPU %u", i);
		slots[i].processed = ACRN_IOREQ_COMPLETE;
	}
}

/* A VM has its few in each tick; more only while all upcalls left time for it. */
static void acrn_test_may_answer(struct kunit *test)
{
	struct acrn_ioreq *ioreq = kunit_kzalloc(test, sizeof(*ioreq), GFP_KERNEL);
	unsigned int answered;
	unsigned long tick;

	KUNIT_ASSERT_NOT_NULL(test, ioreq);
	/* what another tick had does not count */
	ioreq->tick = jiffies - 10;
	acrn_upcall.tick = jiffies - 10;
	acrn_upcall.used = ~0ULL;
	KUNIT_EXPECT_TRUE(test, acrn_upcall_may_answer(ioreq));
	KUNIT_EXPECT_TRUE(test, acrn_upcall.begin);
	KUNIT_EXPECT_EQ(test, acrn_upcall.used, 0ULL);

	/* once more if a tick has ended meanwhile */
	do {
		tick = jiffies;
		acrn_upcall.used = ~0ULL;
		acrn_upcall.tick = tick;
		ioreq->tick = tick;
		ioreq->few = ACRN_UPCALL_FEW;
		for (answered = 0; acrn_upcall_may_answer(ioreq); answered++)
			if (answered > ACRN_UPCALL_FEW)
				break;
	} while (acrn_upcall.tick != tick);
	KUNIT_EXPECT_EQ(test, answered, (unsigned int)ACRN_UPCALL_FEW);
	acrn_upcall.begin = 0;
	acrn_upcall.used = 0;
}

static struct kunit_case acrn_ioreq_cases[] = {
	KUNIT_CASE(acrn_test_is_pending),
	KUNIT_CASE(acrn_test_may_answer),
	KUNIT_CASE(acrn_test_find_client),
	KUNIT_CASE(acrn_test_ranges_overlap),
	KUNIT_CASE(acrn_test_get_access),
	KUNIT_CASE(acrn_test_put_value),
	{}
};

static struct kunit_suite acrn_ioreq_suite = {
	.name = "acrn_ioreq",
	.test_cases = acrn_ioreq_cases,
};

kunit_test_suite(acrn_ioreq_suite);
