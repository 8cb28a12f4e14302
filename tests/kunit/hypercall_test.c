// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* KUnit tests of acrn_hypercall.c, which includes this: what answers mean */
#include <kunit/test.h>

/* As each hypercall does, whichever it was; it counts as one. */
static int acrn_test_result(long rax)
{
	return acrn_hc_result(ACRN_HC_GET_API_VERSION, rax);
}

static void acrn_test_errno(struct kunit *test)
{
	static const struct {
		long rax;
		int ret;
	} cases[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ EINVAL, 0 },
		{ INT_MAX, 0 },
		{ -1, -EIO },
		{ -ENOENT, -EIO },
		{ -EINTR, -EIO },
		{ -EIO, -EIO },
		{ -EAGAIN, -EIO },
		{ -ENOMEM, -ENOMEM },
		{ -EACCES, -EACCES },
		{ -EFAULT, -EIO },
		{ -EBUSY, -EBUSY },
		{ -ENODEV, -ENODEV },
		{ -EINVAL, -EINVAL },
		{ -ETIMEDOUT, -ETIMEDOUT },
		{ -MAX_ERRNO, -EIO },
		{ -MAX_ERRNO - 1, -EIO },
		{ INT_MIN, -EIO },
		/* 32 bits count, whatever stands above them */
		{ 0x100000000L, 0 },
		{ 0x00000000ffffffeaL, -EINVAL },
		{ 0x12345678fffffff0L, -EBUSY },
		{ LONG_MIN, 0 },
		{ LONG_MAX, -EIO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, acrn_test_result(cases[i].rax),
				    cases[i].ret, "answer %#lx", cases[i].rax);
}

/* No answer becomes an errno that means something else to user space. */
static void acrn_test_errno_all(struct kunit *test)
{
	static const int passed_on[] = {
		-ENOMEM, -EACCES, -EBUSY, -ENODEV, -EINVAL, -ETIMEDOUT,
	};
	unsigned int i;
	int answer, ret;

	for (answer = -1; answer >= -2 * MAX_ERRNO; answer--) {
		ret = -EIO;
		for (i = 0; i < ARRAY_SIZE(passed_on); i++) {
			if (passed_on[i] == answer)
				ret = answer;
		}
		KUNIT_ASSERT_EQ_MSG(test, acrn_test_result(answer), ret,
				    "answer %d", answer);
	}
}

static struct kunit_case acrn_hypercall_cases[] = {
	KUNIT_CASE(acrn_test_errno),
	KUNIT_CASE(acrn_test_errno_all),
	{}
};

static struct kunit_suite acrn_hypercall_suite = {
	.name = "acrn_hypercall",
	.test_cases = acrn_hypercall_cases,
};

kunit_test_suite(acrn_hypercall_suite);
