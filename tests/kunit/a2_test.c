// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_a2.c, which includes this: the rows of its table */
#include <kunit/test.h>

#define ACRN_TEST_ROW(name)	ACRN_A2_##name,
static const unsigned int acrn_test_a2_names[] = {
	ACRN_A2_IOCTLS(ACRN_TEST_ROW, ACRN_TEST_ROW)
};

/* What has a name has a row, and nothing else has. */
static void acrn_test_a2_find(struct kunit *test)
{
	unsigned int i, nr, rows = 0;

	for (i = 0; i < ARRAY_SIZE(acrn_a2_ioctls); i++)
		rows += !!acrn_a2_ioctls[i].cmd;
	KUNIT_EXPECT_EQ(test, rows, (unsigned int)ARRAY_SIZE(acrn_test_a2_names));
	for (i = 0; i < ARRAY_SIZE(acrn_test_a2_names); i++) {
		unsigned int cmd = acrn_test_a2_names[i];

		KUNIT_EXPECT_NOT_NULL_MSG(test, acrn_a2_find(cmd), "ioctl %#x", cmd);
		KUNIT_EXPECT_NULL_MSG(test, acrn_a2_find(cmd ^ 1U << 16),
				      "another size than that of %#x", cmd);
		KUNIT_EXPECT_NULL_MSG(test, acrn_a2_find(cmd ^ 1U << 31),
				      "another direction than that of %#x", cmd);
	}
	/* the gaps of the table are no ioctls, whatever number they have */
	for (nr = 0; nr <= 0xff; nr++)
		KUNIT_EXPECT_NULL(test, acrn_a2_find(nr));
	KUNIT_EXPECT_NULL(test, acrn_a2_find(~0U));
}

/* What each row has to have, so that the common way through them is safe */
static void acrn_test_a2_rows(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(acrn_a2_ioctls); i++) {
		const struct acrn_ioctl *ioctl = &acrn_a2_ioctls[i];

		if (!ioctl->cmd)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, ioctl->cmd & 0xff, i, "row %#x", i);
		KUNIT_EXPECT_PTR_EQ_MSG(test, ioctl->contract, &acrn_a2_contract,
					"row %#x", i);
		KUNIT_EXPECT_NOT_NULL_MSG(test, ioctl->func, "row %#x", i);
		KUNIT_EXPECT_NE_MSG(test, ioctl->states, 0, "row %#x", i);
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->check && !ioctl->in,
				       "row %#x", i);
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->needs_cap && !ioctl->in,
				       "row %#x", i);
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->owner && ioctl->unlocked,
				       "row %#x", i);
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->undo && ioctl->unlocked,
				       "row %#x", i);
	}
}

static void acrn_test_a2_native(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, acrn_a2_native_cmd(0x4004a224), 0x4008a224U);
	KUNIT_EXPECT_EQ(test, acrn_a2_native_cmd(0x4124a216), 0x4128a216U);
	KUNIT_EXPECT_EQ(test, acrn_a2_native_cmd(ACRN_A2_CREATE_VM),
			(unsigned int)ACRN_A2_CREATE_VM);
	KUNIT_EXPECT_EQ(test, acrn_a2_native_cmd(0), 0U);
}

static struct kunit_case acrn_a2_cases[] = {
	KUNIT_CASE(acrn_test_a2_find),
	KUNIT_CASE(acrn_test_a2_rows),
	KUNIT_CASE(acrn_test_a2_native),
	{}
};

static struct kunit_suite acrn_a2_suite = {
	.name = "acrn_a2",
	.test_cases = acrn_a2_cases,
};

kunit_test_suite(acrn_a2_suite);
