// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Which ACRN the driver takes the hypervisor for, and what GET_PLATFORM_INFO gives
 * of it in both contracts.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "a2.h"
#include "capability.h"
#include "harness.h"
#include "kernel.h"

#define HYPERVISOR	"/sys/kernel/debug/acrn_hsm/hypervisor"
#define TABLE_SIZE	(32 * 1024)
#define CONFIG_NAME	4	/* in an entry of the table */

/* What depends on the release that the test hypervisor is like */
static const struct release {
	unsigned long number;
	const char *name;
	bool has_info;
	bool has_configs;
	bool has_a2_info;
} releases[] = {
	{ 13, "v1.0 to v1.6", true },
	{ 16, "v1.0 to v1.6", true },
	{ 24, "v2.2 to v2.5", true, true },
	{ 26, "v2.6 or v2.7", .has_a2_info = true },
	{ 33, "v3.0 or later" },
};

static const struct release *release(void)
{
	unsigned long number = hv_generation();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(releases); i++) {
		if (releases[i].number == number)
			return &releases[i];
	}
	fail("release %lu/10", number);
}

TEST(found, "the release is found, and shown in debugfs and in the log")
{
	char text[128], expected[128];
	int log;

	check_result(read_text(HYPERVISOR, text, sizeof(text)), 0, HYPERVISOR);
	snprintf(expected, sizeof(expected), "%s\n", release()->name);
	check(!strcmp(text, expected), "%s says %s, not %s", HYPERVISOR, text,
	      release()->name);

	check_result(driver_unload(), 0, "unload");
	log = log_open();
	check_result(driver_load(), 0, "load");
	snprintf(expected, sizeof(expected),
		 "acrn: ACRN hypervisor with API version 1.0 (%s)", release()->name);
	check_equal(log_count(log, expected), 1, "lines with \"%s\"", expected);
	log_close(log);
}

static void check_zero(const void *memory, size_t size, const char *what)
{
	const unsigned char *byte = memory;

	while (size--)
		check(!byte[size], "%s: byte %zu is %#x", what, size, byte[size]);
}

TEST(plain, "IC_GET_PLATFORM_INFO without a table")
{
	struct acrn_platform_info info;
	int fd = hsm_open();

	memset(&info, 0x5a, sizeof(info));
	info.vm_configs_addr = 0;
	if (!release()->has_info) {
		check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), -ENOTTY,
			     "GET_PLATFORM_INFO");
		return;
	}
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), 0,
		     "GET_PLATFORM_INFO");
	check(info.cpu_num >= 2 && info.cpu_num < 64, "%u CPUs", info.cpu_num);
	check_equal(info.max_vcpus_per_vm, TESTBED_MAX_VCPUS, "vCPUs");
	check_equal(info.max_kata_containers, 1, "Kata containers");
	check_equal(info.vm_configs_addr, 0, "the address");
	check_equal(info.version, release()->has_configs ? 0x100 : 0, "version");
	check_equal(info.max_vms, release()->has_configs ? TESTBED_MAX_VMS : 0,
		    "VMs");
	check((info.vm_config_entry_size >= 72) == release()->has_configs,
	      "size of a configuration: %u", info.vm_config_entry_size);
	/* what v1.x does not clear stays inside */
	check_zero(info.reserved0, sizeof(info.reserved0), "reserved0");
	check_zero(info.reserved1, sizeof(info.reserved1), "reserved1");
	check_zero(info.reserved2, sizeof(info.reserved2), "reserved2");
	close(fd);
}

TEST(table, "IC_GET_PLATFORM_INFO with a table")
{
	unsigned char *configs = get_pages(TABLE_SIZE / PAGE_SIZE);
	struct acrn_platform_info info = {
		.vm_configs_addr = (unsigned long)configs,
	};
	unsigned long before;
	int fd = hsm_open();
	size_t size;

	if (!release()->has_info) {
		check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), -ENOTTY,
			     "GET_PLATFORM_INFO");
		return;
	}
	memset(configs, 0x5a, TABLE_SIZE);
	before = hv_calls(HC_ANY);
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), 0,
		     "GET_PLATFORM_INFO");
	if (!release()->has_configs) {
		check_equal(info.vm_configs_addr, 0, "the address");
		check_equal(configs[0], 0x5a, "the first byte of the table");
		return;
	}
	/* the sizes first, then the table: to memory of the driver's */
	check_equal(hv_calls(HC_ANY), before + 2, "hypercalls");
	check_equal(info.vm_configs_addr, (unsigned long)configs, "the address");
	size = (size_t)info.max_vms * info.vm_config_entry_size;
	check(size <= TABLE_SIZE, "%zu bytes", size);
	check(!strcmp((char *)configs + CONFIG_NAME, "testbed vm1"), "name: %.32s",
	      (char *)configs + CONFIG_NAME);
	check_equal(configs[size], 0x5a, "the first byte behind the table");

	info.vm_configs_addr = 0xffff888000000000;
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), -EFAULT,
		     "a table in the kernel");
	info.vm_configs_addr = 8;
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), -EFAULT,
		     "a table nowhere");
	hv_refuse(HC_GET_PLATFORM_INFO, 1, -1);
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), -EIO, "refused");
	close(fd);
}

static void without_capability(void *data)
{
	struct acrn_a2_platform_info a2_info = { 0 };
	struct acrn_platform_info info = { 0 };
	int fd = *(int *)data;

	keep_capability(-1);
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info),
		     release()->has_info ? 0 : -ENOTTY, "no table");
	info.vm_configs_addr = (unsigned long)get_pages(1);
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, &info), -EPERM, "a table");
	a2_info.vm_configs_addr = info.vm_configs_addr;
	check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, &a2_info), -EPERM,
		     "a table in the second contract");
}

TEST(capability, "the table needs a capability, the rest does not")
{
	int fd = hsm_open();

	in_child(without_capability, &fd);
	close(fd);
}

/* Only v2.6 and v2.7 have this layout. */
TEST(a2, "ACRN_A2_GET_PLATFORM_INFO without a table")
{
	struct acrn_a2_platform_info info;
	unsigned long before;
	int fd = hsm_open();
	unsigned int i;

	memset(&info, 0x5a, sizeof(info));
	info.vm_configs_addr = 0;
	before = hv_calls(HC_ANY);
	check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, NULL), -EFAULT,
		     "NULL");
	check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, &info),
		     release()->has_a2_info ? 0 : -ENOTTY, "GET_PLATFORM_INFO");
	check_equal(hv_calls(HC_ANY), before + release()->has_a2_info, "hypercalls");
	if (!release()->has_a2_info)
		return;
	check(info.cpu_num >= 2 && info.cpu_num < 64, "%u CPUs", info.cpu_num);
	check_equal(info.version, 0x100, "version");
	check_equal(info.l2_cat_shift, 1, "CPUs that share an L2 cache");
	check_equal(info.l3_cat_shift, 4, "CPUs that share an L3 cache");
	for (i = 0; i < sizeof(info.lapic_ids); i++)
		check_equal(info.lapic_ids[i], i < info.cpu_num ? i : 0,
			    "id of CPU %u", i);
	check_equal(info.max_vcpus_per_vm, TESTBED_MAX_VCPUS, "vCPUs");
	check_equal(info.max_vms, TESTBED_MAX_VMS, "VMs");
	check(info.vm_config_size >= 72, "size of a configuration: %u",
	      info.vm_config_size);
	check_equal(info.vm_configs_addr, 0, "the address");
	check_zero(info.reserved0, sizeof(info.reserved0), "reserved0");
	check_zero(info.reserved1, sizeof(info.reserved1), "reserved1");
	close(fd);
}

TEST(a2_table, "ACRN_A2_GET_PLATFORM_INFO with a table")
{
	unsigned char *configs = get_pages(TABLE_SIZE / PAGE_SIZE);
	struct acrn_a2_platform_info info = {
		.vm_configs_addr = (unsigned long)configs,
	};
	unsigned long before;
	int fd = hsm_open();
	size_t size;

	memset(configs, 0x5a, TABLE_SIZE);
	before = hv_calls(HC_ANY);
	if (!release()->has_a2_info) {
		check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, &info), -ENOTTY,
			     "GET_PLATFORM_INFO");
		check_equal(hv_calls(HC_ANY), before, "hypercalls");
		return;
	}
	check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, &info), 0,
		     "GET_PLATFORM_INFO");
	check_equal(hv_calls(HC_ANY), before + 2, "hypercalls");
	check_equal(info.vm_configs_addr, (unsigned long)configs, "the address");
	size = (size_t)info.max_vms * info.vm_config_size;
	check(size <= TABLE_SIZE, "%zu bytes", size);
	check(!strcmp((char *)configs + CONFIG_NAME, "testbed vm1"), "name: %.32s",
	      (char *)configs + CONFIG_NAME);
	check_equal(configs[size], 0x5a, "the first byte behind the table");

	info.vm_configs_addr = 0xffff888000000000;
	check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, &info), -EFAULT,
		     "a table in the kernel");
	info.vm_configs_addr = (unsigned long)configs;
	hv_fail(HC_GET_PLATFORM_INFO, 1, 1, -1, TESTBED_FAIL_REFUSE);
	check_result(hsm_ioctl(fd, ACRN_A2_GET_PLATFORM_INFO, &info), -EIO,
		     "refused the second time");
	close(fd);
}

TEST(pointers, "half a structure")
{
	unsigned char *pages = get_pages(2);
	unsigned int i;
	int fd = hsm_open();

	memset(pages, 0, PAGE_SIZE);
	munmap(pages + PAGE_SIZE, PAGE_SIZE);
	for (i = 1; i < 256; i++)
		check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO,
				       pages + PAGE_SIZE - i), -EFAULT, "%u bytes", i);
	check_result(hsm_ioctl(fd, IC_GET_PLATFORM_INFO, pages + PAGE_SIZE - 256),
		     release()->has_info ? 0 : -ENOTTY, "all of it");
	close(fd);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
