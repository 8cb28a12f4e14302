// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_ioeventfd.c, which includes this: what can be one */
#include <kunit/test.h>

#define PIO	ACRN_IOEVENTFD_PIO
#define MATCH	ACRN_IOEVENTFD_DATAMATCH

static void acrn_test_check(struct kunit *test)
{
	static const struct {
		struct acrn_ioeventfd event;
		int ret;
	} cases[] = {
		{ { .flags = PIO, .addr = 0x400, .len = 4 }, 0 },
		{ { .flags = PIO, .addr = 0xffff, .len = 1 }, 0 },
		{ { .flags = PIO, .addr = 0xfffe, .len = 2 }, 0 },
		{ { .flags = PIO, .addr = 0xffff, .len = 2 }, -EINVAL },
		{ { .flags = PIO, .addr = 0x10000, .len = 1 }, -EINVAL },
		{ { .flags = PIO, .addr = 0x400, .len = 8 }, -EINVAL },
		{ { .addr = 0x10000, .len = 8 }, 0 },
		{ { .addr = 0, .len = 0 }, -EINVAL },
		{ { .addr = 0, .len = 3 }, -EINVAL },
		{ { .addr = 0, .len = 16 }, -EINVAL },
		{ { .addr = U64_MAX - 8, .len = 8 }, 0 },
		{ { .addr = U64_MAX - 6, .len = 8 }, -EINVAL },
		{ { .addr = U64_MAX, .len = 1 }, -EINVAL },
		{ { .flags = 8, .len = 4 }, -EINVAL },
		{ { .reserved = 1, .len = 4 }, -EINVAL },
		{ { .flags = MATCH, .len = 1, .data = 0xff }, 0 },
		{ { .flags = MATCH, .len = 1, .data = 0x100 }, -EINVAL },
		{ { .flags = MATCH, .len = 2, .data = 0xffff }, 0 },
		{ { .flags = MATCH, .len = 2, .data = 0x10000 }, -EINVAL },
		{ { .flags = MATCH, .len = 4, .data = U32_MAX }, 0 },
		{ { .flags = MATCH, .len = 4, .data = 1ULL << 32 }, -EINVAL },
		{ { .flags = MATCH, .len = 8, .data = U64_MAX }, 0 },
		/* without data match, nobody looks at the data */
		{ { .len = 1, .data = U64_MAX }, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		union acrn_ioctl_arg arg = { .ioeventfd = cases[i].event };

		KUNIT_EXPECT_EQ_MSG(test, acrn_check_ioeventfd(&arg),
				    cases[i].ret, "case %u", i);
	}
}

/* Two conflict if there is a write that matches both. */
static void acrn_test_conflict(struct kunit *test)
{
	static const struct acrn_ioeventfd_entry all[] = {
		{ .type = ACRN_IOREQ_PIO, .addr = 0x400, .size = 4 },
		{ .type = ACRN_IOREQ_PIO, .addr = 0x400, .size = 4,
		  .datamatch = true, .data = 0 },
		{ .type = ACRN_IOREQ_PIO, .addr = 0x400, .size = 4,
		  .datamatch = true, .data = 7 },
		{ .type = ACRN_IOREQ_PIO, .addr = 0x400, .size = 2 },
		{ .type = ACRN_IOREQ_PIO, .addr = 0x402, .size = 2 },
		{ .type = ACRN_IOREQ_MMIO, .addr = 0x400, .size = 4 },
	};
	/* bit per element above: it conflicts with that */
	static const u8 conflicts[] = { 0x07, 0x03, 0x05, 0x08, 0x10, 0x20 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (k = 0; k < ARRAY_SIZE(all); k++) {
			int order = acrn_ioeventfd_cmp(&all[i], &all[k]);

			KUNIT_EXPECT_EQ_MSG(test, !order,
					    !!(conflicts[i] & BIT(k)),
					    "%u and %u", i, k);
			KUNIT_EXPECT_EQ_MSG(test, order,
					    -acrn_ioeventfd_cmp(&all[k], &all[i]),
					    "%u and %u", i, k);
		}
	}
}

static struct kunit_case acrn_ioeventfd_cases[] = {
	KUNIT_CASE(acrn_test_check),
	KUNIT_CASE(acrn_test_conflict),
	{}
};

static struct kunit_suite acrn_ioeventfd_suite = {
	.name = "acrn_ioeventfd",
	.test_cases = acrn_ioeventfd_cases,
};

kunit_test_suite(acrn_ioeventfd_suite);

#undef PIO
#undef MATCH
