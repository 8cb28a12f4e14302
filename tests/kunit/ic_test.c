// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_ic.c, which includes this: the rows of its table */
#include <kunit/test.h>

#define ACRN_TEST_ROW(name)	IC_##name,
static const unsigned int acrn_test_names[] = {
	ACRN_IOCTLS(ACRN_TEST_ROW, ACRN_TEST_ROW)
};

/* What has a name has a row, and nothing else has. */
static void acrn_test_ic_find(struct kunit *test)
{
	unsigned int i, nr, rows = 0;

	for (i = 0; i < ARRAY_SIZE(acrn_ic_ioctls); i++)
		rows += !!acrn_ic_ioctls[i].cmd;
	KUNIT_EXPECT_EQ(test, rows, (unsigned int)ARRAY_SIZE(acrn_test_names));
	for (i = 0; i < ARRAY_SIZE(acrn_test_names); i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, acrn_ic_find(acrn_test_names[i]),
					  "ioctl %#x", acrn_test_names[i]);

	/* what no row has, and what only ends like one that has */
	for (nr = 0; nr <= 0xff; nr++) {
		const struct acrn_ioctl *ioctl = acrn_ic_find(ACRN_IC(nr));

		if (ioctl)
			KUNIT_EXPECT_EQ(test, ioctl->cmd, ACRN_IC(nr));
		KUNIT_EXPECT_NULL(test, acrn_ic_find(nr));
		KUNIT_EXPECT_NULL(test, acrn_ic_find(ACRN_IC(nr) | 0x100));
		KUNIT_EXPECT_NULL(test, acrn_ic_find(ACRN_IC(nr) ^ 1U << 31));
	}
	KUNIT_EXPECT_NULL(test, acrn_ic_find(~0U));
}

/* What each row has to have, so that the common way through them is safe */
static void acrn_test_ic_rows(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(acrn_ic_ioctls); i++) {
		const struct acrn_ioctl *ioctl = &acrn_ic_ioctls[i];

		if (!ioctl->cmd)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, ioctl->cmd & 0xff, i, "row %#x", i);
		KUNIT_EXPECT_NOT_NULL_MSG(test, ioctl->func, "row %#x", i);
		KUNIT_EXPECT_NE_MSG(test, ioctl->states, 0, "row %#x", i);
		/* nothing is checked that was not brought in */
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->check && !ioctl->in,
				       "row %#x", i);
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->needs_cap && !ioctl->in,
				       "row %#x", i);
		/* building happens under the lock that guards the owner */
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->owner && ioctl->unlocked,
				       "row %#x", i);
		/* to take back what cannot be brought out, it has to be locked */
		KUNIT_EXPECT_FALSE_MSG(test, ioctl->undo && ioctl->unlocked,
				       "row %#x", i);
	}
}

static struct kunit_case acrn_ic_cases[] = {
	KUNIT_CASE(acrn_test_ic_find),
	KUNIT_CASE(acrn_test_ic_rows),
	{}
};

static struct kunit_suite acrn_ic_suite = {
	.name = "acrn_ic",
	.test_cases = acrn_ic_cases,
};

kunit_test_suite(acrn_ic_suite);
