// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The calls of the second contract, one by one: numbers, arguments, results, and
 * what they ask of the hypervisor.
 */
#include <errno.h>
#include <linux/capability.h>
#include <linux/ioctl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "a2.h"
#include "capability.h"
#include "events.h"
#include "harness.h"
#include "kernel.h"
#include "memseg.h"

#define MEMSEG_BASE	A2_OP_GPA
#define REGISTERS	0xfec00000UL

static int a2_in_state(unsigned int state)
{
	int fd = hsm_open();

	if (state)
		check_result(a2_create(fd, 0), 0, "CREATE_VM");
	if (state == 2)
		check_result(a2_call(fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
	return fd;
}

/* Hypervisors from v2.2 on tell power data of VMs in CREATED only. */
static int expected_result(const struct a2_op *op, unsigned int state)
{
	if (op->number == ACRN_A2_PM_GET_CPU_STATE && state == 2 &&
	    hv_generation() >= 22)
		return -EIO;
	/* A call that it does not know: -1, from v2.2 on -EINVAL, and last -ENOTTY */
	if (state && hv_generation() < op->since)
		return hv_generation() >= 22 && hv_generation() < 30 ? -EINVAL : -EIO;
	return op->results[state];
}

TEST(each_call, "each call, in the states in which a VM can be that does not run")
{
	unsigned int i, state;

	for (i = 0; i < A2_OPS; i++) {
		for (state = 0; state < 3; state++) {
			unsigned long before;
			int fd = a2_in_state(state), expected;

			expected = expected_result(&a2_ops[i], state);
			before = hv_calls(HC_ANY);
			check_result(a2_op_run(fd, &a2_ops[i]), expected,
				     "%s in state %u", a2_ops[i].name, state);
			if (expected && expected != -EIO && !(state && a2_ops[i].since))
				check_equal(hv_calls(HC_ANY), before,
					    "hypercalls of a refused %s",
					    a2_ops[i].name);
			close(fd);
		}
	}
}

static bool ours(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < A2_OPS; i++) {
		if (a2_ops[i].number == number)
			return true;
	}
	return number == ACRN_A2_START_VM || number == ACRN_A2_SET_VCPU_REGS ||
	       number == ACRN_A2_GET_PLATFORM_INFO;
}

TEST(numbers, "other numbers of the same type: ENOTTY, with a VM and without")
{
	static const unsigned int sizes[] = {
		0, 4, 8, 12, 16, 20, 24, 32, 36, 48, 56, 104, 192, 256, 292,
		296, 304, 392,
	};
	unsigned int nr, direction, i, number, state;
	union a2_argument argument;

	for (state = 0; state < 2; state++) {
		int fd = a2_in_state(state);
		unsigned long before = hv_calls(HC_ANY);

		a2_fill_create(&argument.create, 1);
		for (nr = 0; nr < 256; nr++)
			for (direction = 0; direction < 4; direction++)
				for (i = 0; i < ARRAY_SIZE(sizes); i++) {
					number = _IOC(direction, ACRN_A2_TYPE,
						      nr, sizes[i]);
					if (!ours(number))
						check_result(hsm_ioctl(fd, number, &argument),
							     -ENOTTY, "%#x", number);
				}
		check_equal(hv_calls(HC_ANY), before, "hypercalls");
		close(fd);
	}
}

/* What Intel's kernels have and device models can do without */
TEST(additions, "asynchronous events and VM events: ENOTTY, and flag 8 does no harm")
{
	int fd = a2_in_state(1), event = event_new();

	check_result(hsm_ioctl(fd, ACRN_A2_SETUP_ASYNCIO, get_pages(1)), -ENOTTY,
		     "SETUP_ASYNCIO");
	check_result(hsm_ioctl(fd, ACRN_A2_SETUP_VM_EVENT_RING, get_pages(1)),
		     -ENOTTY, "SETUP_VM_EVENT_RING");
	check_result(hsm_ioctl(fd, ACRN_A2_SETUP_VM_EVENT_FD,
			       (void *)(long)event), -ENOTTY,
		     "SETUP_VM_EVENT_FD");

	/* acrn-dm v3.2 sets it where it assigns and not where it deassigns */
	check_result(a2_ioeventfd(fd, event, ACRN_A2_IOEVENTFD_ASYNCIO, 0x1000,
				  4, 0), 0, "assign with flag 8");
	check_result(a2_ioeventfd(fd, event, 0, 0x1000, 4, 0), -EEXIST,
		     "the same without");
	check_result(a2_ioeventfd(fd, event, ACRN_IOEVENTFD_DEASSIGN, 0x1000, 4,
				  0), 0, "deassign without");
	check_result(a2_ioeventfd(fd, event, 0, 0x1000, 4, 0), 0, "assign");
	check_result(a2_ioeventfd(fd, event, ACRN_IOEVENTFD_DEASSIGN |
				  ACRN_A2_IOEVENTFD_ASYNCIO, 0x1000, 4, 0), 0,
		     "deassign with flag 8");
	check_result(a2_ioeventfd(fd, event, 0x10, 0x1000, 4, 0), -EINVAL,
		     "a flag that nobody knows");
	close(fd);

	fd = vm_in_state(VM_CREATED, 0);
	check_result(ioeventfd(fd, event, ACRN_A2_IOEVENTFD_ASYNCIO, 0x1000, 4,
			       0), -EINVAL, "flag 8 among the plain numbers");
	close(fd);
}

TEST(pointers, "bad pointers, and not a byte more is looked at than there has to be")
{
	unsigned char *pages = get_pages(2), *end = pages + PAGE_SIZE;
	union a2_argument argument;
	unsigned int i, size;

	munmap(end, PAGE_SIZE);
	for (i = 0; i < A2_OPS; i++) {
		int fd = a2_in_state(a2_ops[i].number != ACRN_A2_CREATE_VM);

		if (a2_ops[i].size) {
			check_result(hsm_ioctl(fd, a2_ops[i].number, NULL),
				     -EFAULT, "%s, NULL", a2_ops[i].name);
			check_result(hsm_ioctl(fd, a2_ops[i].number,
					       (void *)0xffff888000000000UL),
				     -EFAULT, "%s, the kernel's", a2_ops[i].name);
		}
		a2_op_fill(&a2_ops[i], &argument);
		for (size = 1; size < a2_ops[i].size; size++) {
			memcpy(end - size, &argument, size);
			check_result(hsm_ioctl(fd, a2_ops[i].number, end - size),
				     -EFAULT, "%u bytes of %s", size,
				     a2_ops[i].name);
		}
		if (a2_ops[i].size) {
			memcpy(end - size, &argument, size);
			check_result(hsm_ioctl(fd, a2_ops[i].number, end - size),
				     expected_result(&a2_ops[i], a2_ops[i].number !=
						     ACRN_A2_CREATE_VM),
				     "all of %s", a2_ops[i].name);
		}
		close(fd);
	}
}

TEST(create_results, "CREATE_VM: what goes in does not matter where it comes out")
{
	struct acrn_a2_create_vm create, before;
	int fd = hsm_open();

	a2_fill_create(&create, 1);
	create.vmid = 0xffff;
	create.vcpu_num = 0xffff;
	create.cpu_affinity = 0;
	before = create;
	check_result(hsm_ioctl(fd, ACRN_A2_CREATE_VM, &create), 0, "CREATE_VM");
	check_equal(create.vmid, VMID(1), "vmid");
	check(create.vcpu_num <= ACRN_MAX_VCPUS, "vcpu_num %u", create.vcpu_num);
	before.vmid = create.vmid;
	before.vcpu_num = create.vcpu_num;
	check(!memcmp(&create, &before, sizeof(create)), "something else changed");
	close(fd);
}

static int create_with(size_t offset, unsigned char byte)
{
	struct acrn_a2_create_vm create;
	int fd = hsm_open(), result;

	a2_fill_create(&create, 0);
	((unsigned char *)&create)[offset] = byte;
	result = hsm_ioctl(fd, ACRN_A2_CREATE_VM, &create);
	close(fd);
	return result;
}

TEST(create_reserved, "CREATE_VM: reserved fields, flags and the page")
{
	unsigned long before = hv_calls(HC_ANY);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		check_result(create_with(offsetof(struct acrn_a2_create_vm,
						  reserved0) + i, 1), -EINVAL,
			     "reserved0");
		check_result(create_with(offsetof(struct acrn_a2_create_vm,
						  reserved1) + i, 0x80), -EINVAL,
			     "reserved1");
	}
	check_result(create_with(offsetof(struct acrn_a2_create_vm, vm_flag) + 1,
				 0x40), -EINVAL, "flag 14");
	check_result(create_with(offsetof(struct acrn_a2_create_vm, vm_flag) + 7,
				 0x80), -EINVAL, "flag 63");
	check_result(create_with(offsetof(struct acrn_a2_create_vm, ioreq_buf), 8),
		     -EINVAL, "a page that is not aligned");
	check_equal(hv_calls(HC_ANY), before, "hypercalls");
}

static void without_capability(void *data)
{
	unsigned int flag;

	(void)data;
	keep_capability(-1);
	for (flag = 0; flag < 14; flag++) {
		bool ordinary = flag == 0 || flag == 2 || flag == 3;
		unsigned long flags = 1UL << flag;
		int fd = hsm_open();

		/* alone, it is no good for anybody */
		if (flag == 1)
			flags |= 1UL << 4;
		check_result(a2_create_flags(fd, 0, flags), ordinary ? 0 : -EPERM,
			     "flag %u", flag);
		close(fd);
	}
}

TEST(create_flags, "CREATE_VM: a capability for what may be more than an ordinary VM")
{
	unsigned int flag;

	in_child(without_capability, NULL);
	for (flag = 0; flag < 14; flag++) {
		int fd = hsm_open();

		check_result(a2_create_flags(fd, 0, 1UL << flag),
			     flag == 1 ? -EINVAL : 0, "flag %u", flag);
		close(fd);
	}
}

/*
 * Local APICs of its own are only a real-time VM's.  The flag of that has moved; if the
 * hypervisor were asked with the old one, no later VM of this name could be created.
 */
TEST(lapic_passthrough, "CREATE_VM: local APICs, and which flag is real-time")
{
	const unsigned long lapic = 1UL << 1, rt = 1UL << 4, rt_old = 1UL << 5;
	unsigned long calls = hv_calls(HC_ANY);
	int fd = hsm_open();

	check_result(a2_create_flags(fd, 0, lapic), -EINVAL, "without");
	if (hv_generation() >= 20)
		check_result(a2_create_flags(fd, 0, lapic | rt_old), -EINVAL,
			     "with flag 5, which it was up to v1.5");
	check_equal(hv_calls(HC_ANY), calls, "hypercalls");
	check_result(a2_create_flags(fd, 0, lapic | (hv_generation() < 16 ? rt_old : rt)),
		     0, "a real-time VM");
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	check_result(a2_create(fd, 0), 0, "an ordinary one of this name");
	close(fd);
}

TEST(page_is_optional, "a VM without a page can have no client")
{
	struct acrn_a2_create_vm create;
	int fd = hsm_open();

	a2_fill_create(&create, 0);
	create.ioreq_buf = 0;
	check_result(hsm_ioctl(fd, ACRN_A2_CREATE_VM, &create), 0, "CREATE_VM");
	check_result(a2_call(fd, ACRN_A2_CREATE_IOREQ_CLIENT), -EINVAL,
		     "CREATE_IOREQ_CLIENT");
	check_result(a2_call(fd, ACRN_A2_START_VM), -EINVAL, "START_VM");
	close(fd);
}

/*
 * Where VMs have names of their own, to ask for one that is taken costs the VM that has
 * it its name: nobody may ask, not even while that VM is dying.
 */
TEST(same_name, "a second VM of the same name")
{
	bool named = hv_generation() >= 30;
	int first = hsm_open(), second = hsm_open();
	unsigned long calls;

	check_result(a2_create(first, 0), 0, "CREATE_VM");
	calls = hv_calls(HC_CREATE_VM);
	check_result(a2_create(second, 0), named ? -EEXIST : -EIO,
		     "CREATE_VM of the same name");
	check_equal(hv_calls(HC_CREATE_VM) - calls, !named, "HC_CREATE_VM");
	hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
	check_result(a2_call(first, ACRN_A2_DESTROY_VM), -EINVAL, "DESTROY_VM");
	calls = hv_calls(HC_CREATE_VM);
	check_result(a2_create(second, 0), named ? -EEXIST : -EIO,
		     "CREATE_VM of a dying VM's name");
	check_equal(hv_calls(HC_CREATE_VM) - calls, !named, "HC_CREATE_VM");
	hv_behave();
	check_result(a2_call(first, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	check_result(a2_create(second, 0), 0, "CREATE_VM of a name that is free");
	close(first);
	close(second);
}

/* With whatever behind it that is no part of it */
static int create_named(int fd, const char *name, unsigned char rest)
{
	struct acrn_a2_create_vm create;
	size_t size = strlen(name) + 1;

	a2_fill_create(&create, 0);
	memset(create.name, rest, sizeof(create.name));
	if (size > sizeof(create.name))
		size = sizeof(create.name);
	memcpy(create.name, name, size);
	return hsm_ioctl(fd, ACRN_A2_CREATE_VM, &create);
}

/* The hypervisor compares names as strings, of 16 bytes at most. */
TEST(same_string, "a second VM of the same name, with something else behind it")
{
	int first = hsm_open(), second = hsm_open();
	unsigned long calls;

	if (hv_generation() < 30) {
		check_result(create_named(first, "guest", 0), -EIO, "CREATE_VM by name");
	} else {
		check_result(create_named(first, "guest", 0), 0, "CREATE_VM");
		calls = hv_calls(HC_CREATE_VM);
		check_result(create_named(second, "guest", 0x5a), -EEXIST,
			     "CREATE_VM of the same name");
		check_equal(hv_calls(HC_CREATE_VM), calls, "HC_CREATE_VM");
		check_result(create_named(second, "guests", 0), 0,
			     "CREATE_VM of a name that begins like it");
		check_result(a2_call(second, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
		check_result(a2_call(first, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");

		check_result(create_named(first, "sixteen letters.", 0), 0,
			     "CREATE_VM, no zero in its name");
		check_result(create_named(second, "sixteen letters.", 0), -EEXIST,
			     "CREATE_VM of the same name");
		check_result(create_named(second, "sixteen letters!", 0), 0,
			     "CREATE_VM of one with another last letter");
	}
	close(first);
	close(second);
}

TEST(memory, "SET_MEMSEG: rights, cache types, types")
{
	unsigned char *memory = memory_get(MEMORY_PRIVATE, 4 * PAGE_SIZE);
	struct pins before;
	struct seen seen = { .gpa = MEMSEG_BASE, .size = PAGE_SIZE,
			     .memory = memory };
	uint32_t attr;
	int fd;

	pins_get(&before);
	fd = a2_in_state(1);
	for (attr = 0; attr < 8; attr++) {
		/* nothing can be mapped that cannot be read */
		int expected = attr & ACRN_A2_MEMMAP_READ ? 0 : -EINVAL;
		uint32_t types = attr & 1 ? ACRN_A2_MEMMAP_CACHE_TYPES : 0x40;

		check_result(a2_memseg(fd, ACRN_A2_SET_MEMSEG,
				       ACRN_A2_MEMMAP_RAM, attr | types,
				       MEMSEG_BASE, memory, PAGE_SIZE),
			     expected, "attr %#x", attr);
		if (expected)
			continue;
		seen.prot = attr | PROT_WB;
		check_seen(VMID(0), &seen, 1);
		check_result(a2_memseg_unset(fd, MEMSEG_BASE, PAGE_SIZE), 0,
			     "UNSET_MEMSEG");
		check_sees_nothing(VMID(0));
	}
	check_result(a2_memseg(fd, ACRN_A2_SET_MEMSEG, ACRN_A2_MEMMAP_RAM, 8 | 7,
			       MEMSEG_BASE, memory, PAGE_SIZE), -EINVAL,
		     "a right that nobody knows");
	check_result(a2_memseg(fd, ACRN_A2_SET_MEMSEG, ACRN_A2_MEMMAP_RAM,
			       0x800 | 7, MEMSEG_BASE, memory, PAGE_SIZE),
		     -EINVAL, "a cache type that nobody knows");
	check_result(a2_memseg(fd, ACRN_A2_SET_MEMSEG, 2, 7, MEMSEG_BASE, memory,
			       PAGE_SIZE), -EINVAL, "type 2");
	check_result(a2_memseg(fd, ACRN_A2_SET_MEMSEG, ~0U, 7, MEMSEG_BASE,
			       memory, PAGE_SIZE), -EINVAL, "type ~0");
	check_sees_nothing(VMID(0));
	close(fd);
	pins_check(&before, 0, "after it was closed");
}

TEST(unset, "UNSET_MEMSEG looks at address and length only")
{
	unsigned char *memory = memory_get(MEMORY_PRIVATE, 4 * PAGE_SIZE);
	struct acrn_memseg seg = {
		.type = ~0U, .gpa = MEMSEG_BASE, .len = PAGE_SIZE,
	};
	int fd = a2_in_state(1), plain;

	check_result(a2_memseg_unset(fd, MEMSEG_BASE, PAGE_SIZE), -ENOENT,
		     "before anything was set");
	check_result(a2_memseg_set(fd, MEMSEG_BASE, memory, 2 * PAGE_SIZE), 0,
		     "SET_MEMSEG");
	check_result(a2_memseg_unset(fd, MEMSEG_BASE, PAGE_SIZE), -ENOENT,
		     "half of it");
	check_result(a2_memseg_unset(fd, MEMSEG_BASE + PAGE_SIZE, PAGE_SIZE),
		     -ENOENT, "the other half");
	check_result(a2_memseg_unset(fd, MEMSEG_BASE, 3 * PAGE_SIZE), -ENOENT,
		     "more than it");
	check_result(a2_memseg_unset(fd, MEMSEG_BASE + 1, 2 * PAGE_SIZE), -EINVAL,
		     "not aligned");
	check_result(a2_memseg_unset(fd, MEMSEG_BASE, 0), -EINVAL, "nothing");
	check_sees(VMID(0), MEMSEG_BASE, memory, 2 * PAGE_SIZE);
	check_result(a2_memseg(fd, ACRN_A2_UNSET_MEMSEG, ~0U, ~0U, MEMSEG_BASE,
			       (void *)-1L, 2 * PAGE_SIZE), 0, "garbage");
	check_sees_nothing(VMID(0));
	/* MMIO goes as RAM, too */
	check_result(a2_memseg(fd, ACRN_A2_SET_MEMSEG, ACRN_A2_MEMMAP_MMIO,
			       ACRN_A2_MEMMAP_READ, MEMSEG_BASE, (void *)REGISTERS,
			       PAGE_SIZE), 0, "SET_MEMSEG of MMIO");
	check_result(a2_memseg(fd, ACRN_A2_UNSET_MEMSEG, ACRN_A2_MEMMAP_RAM, 0,
			       MEMSEG_BASE, NULL, PAGE_SIZE), 0, "UNSET_MEMSEG of RAM");
	check_sees_nothing(VMID(0));
	close(fd);

	/* what means any type inside the driver means none outside */
	plain = vm_in_state(VM_CREATED, 0);
	check_result(memseg_set(plain, MEMSEG_BASE, memory, PAGE_SIZE), 0,
		     "SET_MEMSEG");
	check_result(hsm_ioctl(plain, IC_UNSET_MEMSEG, &seg), -EINVAL,
		     "type ~0 among the plain numbers");
	seg.type = ACRN_MEMSEG_MMIO;
	check_result(hsm_ioctl(plain, IC_UNSET_MEMSEG, &seg), -ENOENT,
		     "RAM as MMIO among the plain numbers");
	close(plain);
}

static void *attach(void *data)
{
	return (void *)(long)a2_call(*(int *)data, ACRN_A2_ATTACH_IOREQ_CLIENT);
}

TEST(client, "one client, without an id; ATTACH ends with ENODEV")
{
	int fd = a2_in_state(1);
	pthread_t thread;
	unsigned int i;
	void *result;

	check_result(a2_call(fd, ACRN_A2_DESTROY_IOREQ_CLIENT), 0,
		     "DESTROY before there was one");
	for (i = 0; i < 3; i++) {
		check_result(a2_call(fd, ACRN_A2_ATTACH_IOREQ_CLIENT), -ENODEV,
			     "ATTACH without a client");
		check_result(a2_notify(fd, VMID(0), 0), -EINVAL,
			     "NOTIFY without a client");
		check_result(a2_call(fd, ACRN_A2_CREATE_IOREQ_CLIENT), 0, "CREATE");
		check_result(a2_call(fd, ACRN_A2_CREATE_IOREQ_CLIENT), -EEXIST,
			     "a second client");
		pthread_create(&thread, NULL, attach, &fd);
		sleep_ms(50);
		check_result(a2_call(fd, i ? ACRN_A2_DESTROY_IOREQ_CLIENT :
				     ACRN_A2_DESTROY_IOREQ_CLIENT), 0, "DESTROY");
		pthread_join(thread, &result);
		check_result((long)result, -ENODEV, "ATTACH, its client destroyed");
		check_result(a2_notify(fd, VMID(0), 0), -EINVAL, "a late NOTIFY");
		check_result(a2_call(fd, ACRN_A2_DESTROY_IOREQ_CLIENT), 0,
			     "DESTROY again");
	}
	check_result(a2_call(fd, ACRN_A2_CREATE_IOREQ_CLIENT), 0, "CREATE");
	pthread_create(&thread, NULL, attach, &fd);
	sleep_ms(50);
	check_result(a2_call(fd, ACRN_A2_DESTROY_VM), 0, "DESTROY_VM");
	pthread_join(thread, &result);
	check_result((long)result, -ENODEV, "ATTACH, its VM destroyed");
	close(fd);
}

TEST(notify, "NOTIFY: the VM's id is looked at, the reserved field is not")
{
	int fd = a2_in_state(1);

	check_result(a2_call(fd, ACRN_A2_CREATE_IOREQ_CLIENT), 0, "CREATE");
	check_result(a2_notify(fd, VMID(0), 0), -EINVAL, "no request");
	check_result(a2_notify(fd, VMID(0), ACRN_MAX_VCPUS), -EINVAL, "no slot");
	check_result(a2_notify(fd, VMID(0), ~0U), -EINVAL, "no slot");
	check_result(a2_notify(fd, VMID(1), 0), -EINVAL, "another VM");
	check_result(a2_notify(fd, 0xffff, 0), -EINVAL, "no VM");
	close(fd);
	fd = hsm_open();
	check_result(a2_notify(fd, 0xffff, 0), -ENODEV, "without a VM");
	close(fd);
}

TEST(interrupts, "INJECT_MSI, SET_IRQLINE and VM_INTR_MONITOR")
{
	struct acrn_msi_entry msi = { .msi_addr = MSI_ADDR, .msi_data = 0x41 };
	struct acrn_intr_monitor monitor = { .cmd = ACRN_INTR_MONITOR_GET,
					     .buf_cnt = 4 };
	int fd = a2_in_state(1);
	struct hv_irqs irqs;

	check_result(hsm_ioctl(fd, ACRN_A2_INJECT_MSI, &msi), 0, "INJECT_MSI");
	hv_get_irqs(VMID(0), &irqs);
	check_equal(irqs.msis, 1, "MSIs");
	check_equal(irqs.msi_addr, MSI_ADDR, "its address");
	check_equal(irqs.msi_data, 0x41, "its data");
	check_result(hsm_ioctl(fd, ACRN_A2_SET_IRQLINE,
			       (void *)ACRN_IRQLINE(9, ACRN_IRQLINE_LOW)), 0,
		     "SET_IRQLINE");
	check_equal(hv_irqlines(VMID(0), ACRN_IRQLINE_LOW, &irqs.lines), 1,
		    "lines made low");
	check_equal(irqs.lines, ACRN_IRQLINE(9, ACRN_IRQLINE_LOW), "the line");
	check_result(hsm_ioctl(fd, ACRN_A2_SET_IRQLINE,
			       (void *)ACRN_IRQLINE(9, 4)), -EINVAL,
		     "SET_IRQLINE, an operation that nobody knows");
	check_result(hsm_ioctl(fd, ACRN_A2_VM_INTR_MONITOR, &monitor), 0,
		     "VM_INTR_MONITOR");
	monitor.buf_cnt = 49;
	check_result(hsm_ioctl(fd, ACRN_A2_VM_INTR_MONITOR, &monitor), -EINVAL,
		     "VM_INTR_MONITOR of 49");
	close(fd);
}

/* The hypervisor's own answers come out as they do among the plain numbers. */
TEST(answers, "what the hypervisor answers, and what becomes of it")
{
	unsigned int i;

	for (i = 0; i < VM_ANSWERS; i++) {
		int fd = hsm_open();

		hv_refuse(HC_CREATE_VM, 1, vm_answers[i].answer);
		check_result(a2_create(fd, 0), vm_answers[i].result, "CREATE_VM: %d",
			     vm_answers[i].answer);
		check_result(a2_create(fd, 0), 0, "CREATE_VM once more");
		hv_refuse(HC_PAUSE_VM, 1, vm_answers[i].answer);
		check_result(a2_call(fd, ACRN_A2_PAUSE_VM), vm_answers[i].result,
			     "PAUSE_VM: %d", vm_answers[i].answer);
		close(fd);
	}
}

TEST(owner, "building is the owner's")
{
	int fd = a2_in_state(1);
	pid_t pid = fork();
	int status;

	if (!pid) {
		unsigned char *memory = memory_get(MEMORY_PRIVATE, PAGE_SIZE);

		check_result(a2_memseg_set(fd, 0, memory, PAGE_SIZE), -EPERM,
			     "SET_MEMSEG");
		check_result(a2_memseg_unset(fd, 0, PAGE_SIZE), -EPERM,
			     "UNSET_MEMSEG");
		check_result(a2_set_regs(fd), -EPERM, "SET_VCPU_REGS");
		check_result(a2_call(fd, ACRN_A2_PAUSE_VM), 0, "PAUSE_VM");
		_exit(0);
	}
	check(pid > 0, "fork");
	waitpid(pid, &status, 0);
	check(!status, "the child failed");
	close(fd);
}

int main(void)
{
	return run_tests(NEED_HYPERVISOR | NEED_DRIVER);
}
