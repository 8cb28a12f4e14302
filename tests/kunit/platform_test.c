// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_platform.c, which includes this: which ACRN it is */
#include <kunit/test.h>

static void acrn_test_generation(struct kunit *test)
{
	/* what the block is filled with, and what the hypervisor leaves of that */
	static const struct {
		int unknown;
		bool refused;
		bool overwritten;
		u32 config_size;
		enum acrn_generation generation;
	} answers[] = {
		{ -1, false, true, 0, ACRN_V1_0 },
		{ -1, true, false, 0, ACRN_V1_0 },
		{ -1, false, false, 0, ACRN_V2_0 },
		{ -EINVAL, false, false, 0, ACRN_V2_2 },
		{ -EINVAL, true, false, 0, ACRN_V2_2 },
		{ -EINVAL, false, false, 128, ACRN_V2_6 },
		{ -ENOTTY, true, false, 0, ACRN_V3_0 },
		{ -ENOTTY, false, true, 128, ACRN_V3_0 },
		/* answers of no hypervisor */
		{ 0, false, true, 0, ACRN_V1_0 },
		{ INT_MIN, true, false, 0, ACRN_V1_0 },
	};
	union acrn_platform *info = kunit_kzalloc(test, sizeof(*info), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, info);
	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		memset(info, 0, sizeof(*info));
		memset(info->bytes + ACRN_PATTERN_START, ACRN_PATTERN,
		       sizeof(info->bytes) - ACRN_PATTERN_START);
		info->v2_6.vm_config_size = answers[i].config_size;
		if (answers[i].overwritten)
			info->bytes[200] = 0;
		KUNIT_EXPECT_EQ_MSG(test,
				    acrn_tell_generation(answers[i].unknown,
							 answers[i].refused ? NULL : info),
				    answers[i].generation, "case %u", i);
	}
}

static struct kunit_case acrn_platform_cases[] = {
	KUNIT_CASE(acrn_test_generation),
	{}
};

static struct kunit_suite acrn_platform_suite = {
	.name = "acrn_platform",
	.test_cases = acrn_platform_cases,
};

kunit_test_suite(acrn_platform_suite);
