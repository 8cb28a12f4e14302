// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* Giving up capabilities */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability.h"
#include "harness.h"

/**
 * keep_capability() - keep root's user id and a single capability
 * @capability: CAP_*, or -1 for none
 */
void keep_capability(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (capability >= 0) {
		data[capability / 32].effective = 1U << capability % 32;
		data[capability / 32].permitted = 1U << capability % 32;
	}
	check(!syscall(SYS_capset, &header, data), "capset: %s",
	      strerror(errno));
}
