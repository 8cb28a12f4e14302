// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Carrying out a sequence of calls.  A worker has its threads, its arena of
 * memory and its two configurations of VMs for as long as it lives; files,
 * VMs and eventfds are those of one sequence.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/acrn/acrn_a2_defs.h>

#include "client.h"
#include "coverage.h"
#include "execute.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define ARENA_SIZE	(ARENA_PAGES * PAGE_SIZE)
#define GUEST_END	(1ULL << 39)	/* what the test hypervisor can map */
#define MMIO_BASE	0xc0000000	/* nothing is there */
#define MMIO_SIZE	0x400000UL
#define CLIENT_NODE	"/dev/acrn_client"
#define WAKE_US		200	/* waiting calls are interrupted this often */
#define GONE_MS		20000	/* a VM must not be there for longer */

/*
 * What guests run, in real mode, anywhere: output to port 0x10, input from port
 * 0x20, a store to 0x90000, a load from 0x91000, and again.
 */
static const unsigned char guest_code[] = {
	0xb8, 0x00, 0x90, 0x8e, 0xd8, 0xb0, 0x41, 0xe6, 0x10, 0xe4, 0x20,
	0xa2, 0x00, 0x00, 0xa0, 0x00, 0x10, 0xeb, 0xf2,
};

/* What the threads of a worker share */
static struct machine {
	unsigned int first_config;
	unsigned char *arena;
	bool arena_used;		/* it is not as it was any more */
	int other;			/* a file that is no eventfd */
	int files[FILES];
	int events[EVENTS];
	int kclient;
	bool misbehaving;
	bool forked;
	const struct sequence *seq;
	unsigned int fresh;		/* blocks and pairs that were new */
} machine;

/**
 * struct helper - a thread of a worker beside its first
 * @id: pthread
 * @number: its number, from 1 on
 * @go: it has a sequence to look at
 * @done: it is through
 */
static struct helper {
	pthread_t id;
	unsigned int number;
	sem_t go;
	sem_t done;
} helpers[THREADS];

static unsigned char *read_only_page;
static __thread timer_t waker;

static void ignore(int signal)
{
}

static void make_waker(void)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1,
	};

	event._sigev_un._tid = syscall(SYS_gettid);
	check(!timer_create(CLOCK_MONOTONIC, &event, &waker), "timer_create");
}

/* Whatever the thread waits for, it goes on: there are signals until told. */
static void wake_me(bool on)
{
	const struct itimerspec t = {
		.it_value.tv_nsec = on ? WAKE_US * 1000 : 0,
		.it_interval.tv_nsec = on ? WAKE_US * 1000 : 0,
	};

	timer_settime(waker, 0, &t, NULL);
}

static void arena_fill(void)
{
	unsigned int page;

	for (page = 3; page < 10; page++)
		memcpy(machine.arena + page * PAGE_SIZE, guest_code,
		       sizeof(guest_code));
	machine.arena_used = false;
}

static void arena_renew(void)
{
	void *at = mmap(machine.arena, ARENA_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	check(at == machine.arena, "mmap: %s", strerror(errno));
	arena_fill();
}

/* Small numbers are offsets in the arena, others are what they are. */
static uint64_t address(uint64_t value)
{
	return value && value < ARENA_SIZE ?
	       (unsigned long)machine.arena + value : value;
}

static int file(uint64_t n)
{
	return __atomic_load_n(&machine.files[n % FILES], __ATOMIC_RELAXED);
}

static void put_file(int *slot, int fd)
{
	int old = __atomic_exchange_n(slot, fd, __ATOMIC_RELAXED);

	if (old >= 0)
		close(old);
}

static int event(uint64_t n)
{
	int none = -1, fd;

	if (n == EVENT_HSM)
		return file(0);
	if (n == EVENT_OTHER)
		return machine.other;
	if (n >= EVENTS)
		return -1;
	fd = __atomic_load_n(&machine.events[n], __ATOMIC_RELAXED);
	if (fd >= 0)
		return fd;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* Another thread may have made one meanwhile. */
	if (!__atomic_compare_exchange_n(&machine.events[n], &none, fd, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		close(fd);
		fd = none;
	}
	return fd;
}

/* Memory where the argument of an ioctl can be */
static void *argument_at(uint64_t where, void *good, size_t size)
{
	switch (where) {
	case WHERE_GOOD:
		return good;
	case WHERE_NULL:
		return NULL;
	case WHERE_READ_ONLY:
		memcpy(read_only_page + PAGE_SIZE, good, size);
		return read_only_page;
	case WHERE_END:
		return read_only_page + 3 * PAGE_SIZE - size / 2;
	case WHERE_KERNEL:
		return (void *)0xffff888000100000;
	case WHERE_NON_CANONICAL:
		return (void *)0x8000000000000000;
	case WHERE_ARENA:
		return machine.arena + PAGE_SIZE + 8;
	default:
		return machine.arena + ARENA_SIZE + PAGE_SIZE;
	}
}

/*
 * Two views of one page, the first of them read-only, then a page that can be
 * written with nothing behind it; all behind the arena's gap.
 */
static void make_pages(void)
{
	int fd = memfd_create("argument", MFD_CLOEXEC);
	unsigned char *at;

	check(fd >= 0 && !ftruncate(fd, PAGE_SIZE), "memfd: %s",
	      strerror(errno));
	at = mmap(NULL, 5 * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1, 0);
	check(at != MAP_FAILED &&
	      mmap(at, PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == at &&
	      mmap(at + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED &&
	      mmap(at + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
	      "mmap: %s", strerror(errno));
	close(fd);
	read_only_page = at;
}

/* "at" and "xor" are the call's arguments from @n on. */
static void change_byte(const struct call *call, void *argument, size_t size,
			unsigned int n)
{
	unsigned char *bytes = argument;

	if (n + 1 < ARGS_MAX && call->arg[n] && call->arg[n] <= size)
		bytes[call->arg[n] - 1] ^= call->arg[n + 1];
}

/*
 * The last file is a device model's that speaks Linux's contract.  The numbers of
 * files go on once more, for calls of the other contract.
 */
static bool speaks_linux(const struct call *call)
{
	return (call->arg[0] % FILES == FILES - 1) != (call->arg[0] / FILES % 2);
}

static unsigned int linux_number(unsigned int number)
{
	static const unsigned int pairs[][2] = {
		{ IC_CREATE_VM, ACRN_A2_CREATE_VM },
		{ IC_DESTROY_VM, ACRN_A2_DESTROY_VM },
		{ IC_START_VM, ACRN_A2_START_VM },
		{ IC_PAUSE_VM, ACRN_A2_PAUSE_VM },
		{ IC_RESET_VM, ACRN_A2_RESET_VM },
		{ IC_SET_VCPU_REGS, ACRN_A2_SET_VCPU_REGS },
		{ IC_INJECT_MSI, ACRN_A2_INJECT_MSI },
		{ IC_VM_INTR_MONITOR, ACRN_A2_VM_INTR_MONITOR },
		{ IC_SET_IRQLINE, ACRN_A2_SET_IRQLINE },
		{ IC_NOTIFY_REQUEST_FINISH, ACRN_A2_NOTIFY_REQUEST_FINISH },
		{ IC_CREATE_IOREQ_CLIENT, ACRN_A2_CREATE_IOREQ_CLIENT },
		{ IC_ATTACH_IOREQ_CLIENT, ACRN_A2_ATTACH_IOREQ_CLIENT },
		{ IC_DESTROY_IOREQ_CLIENT, ACRN_A2_DESTROY_IOREQ_CLIENT },
		{ IC_CLEAR_VM_IOREQ, ACRN_A2_CLEAR_VM_IOREQ },
		{ IC_SET_MEMSEG, ACRN_A2_SET_MEMSEG },
		{ IC_UNSET_MEMSEG, ACRN_A2_UNSET_MEMSEG },
		{ IC_SET_PTDEV_INTR_INFO, ACRN_A2_SET_PTDEV_INTR },
		{ IC_RESET_PTDEV_INTR_INFO, ACRN_A2_RESET_PTDEV_INTR },
		{ IC_ASSIGN_PCIDEV, ACRN_A2_ASSIGN_PCIDEV },
		{ IC_DEASSIGN_PCIDEV, ACRN_A2_DEASSIGN_PCIDEV },
		{ IC_PM_GET_CPU_STATE, ACRN_A2_PM_GET_CPU_STATE },
		{ IC_ASSIGN_MMIODEV, ACRN_A2_ASSIGN_MMIODEV },
		{ IC_DEASSIGN_MMIODEV, ACRN_A2_DEASSIGN_MMIODEV },
		{ IC_ADD_HV_VDEV, ACRN_A2_CREATE_VDEV },
		{ IC_REMOVE_HV_VDEV, ACRN_A2_DESTROY_VDEV },
		{ IC_EVENT_IOEVENTFD, ACRN_A2_IOEVENTFD },
		{ IC_EVENT_IRQFD, ACRN_A2_IRQFD },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (pairs[i][0] == number)
			return pairs[i][1];
	}
	return number;
}

/* Makes of an argument that of the same call in Linux's contract; returns its size */
static size_t linux_argument(unsigned int number, void *argument, size_t size)
{
	struct acrn_memseg *segment = argument;
	struct acrn_a2_memmap map = {
		.type = segment->type, .attr = segment->prot,
		.user_vm_pa = segment->gpa, .base = segment->base,
		.len = segment->len,
	};
	struct acrn_mmiodev *dev = argument;
	struct acrn_a2_mmiodev a2_dev = {
		.res[0] = { dev->gpa, dev->hpa, dev->size },
	};
	struct acrn_ioreq_notify *notify = argument;
	struct acrn_a2_ioreq_notify a2_notify = {
		.vmid = VMID(machine.first_config + notify->client_id - 1),
		.vcpu = notify->vcpu,
	};

	switch (number) {
	case IC_CREATE_VM:
		/* of the rest, nothing is moved */
		return sizeof(struct acrn_a2_create_vm);
	case IC_SET_VCPU_REGS:
		return sizeof(struct acrn_a2_set_vcpu_regs);
	case IC_SET_MEMSEG:
	case IC_UNSET_MEMSEG:
		memcpy(argument, &map, sizeof(map));
		return sizeof(map);
	case IC_ASSIGN_MMIODEV:
	case IC_DEASSIGN_MMIODEV:
		memcpy(argument, &a2_dev, sizeof(a2_dev));
		return sizeof(a2_dev);
	case IC_ADD_HV_VDEV:
	case IC_REMOVE_HV_VDEV:
		return sizeof(struct acrn_a2_vdev);
	case IC_NOTIFY_REQUEST_FINISH:
		memcpy(argument, &a2_notify, sizeof(a2_notify));
		return sizeof(a2_notify);
	default:
		return size;
	}
}

/* An ioctl whose argument is a structure; argument @n of the call says where. */
static void call_with(const struct call *call, unsigned int number,
		      const void *argument, size_t size, unsigned int n)
{
	union {
		struct acrn_memseg segment;
		struct acrn_mmiodev dev;
		struct acrn_ioreq_notify notify;
		unsigned char bytes[512];
	} copy = { 0 };

	memcpy(&copy, argument, size);
	if (speaks_linux(call)) {
		size = linux_argument(number, &copy, size);
		number = linux_number(number);
	}
	ioctl(file(call->arg[0]), number,
	      argument_at(call->arg[n], &copy, size));
}

/* The same; "at" and "xor" follow. */
static void call_changed(const struct call *call, unsigned int number,
			 void *argument, size_t size, unsigned int n)
{
	change_byte(call, argument, size, n + 1);
	call_with(call, number, argument, size, n);
}

static void call_value(const struct call *call, unsigned int number,
		       uint64_t value)
{
	if (speaks_linux(call))
		number = linux_number(number);
	ioctl(file(call->arg[0]), number, value);
}

static void create_vm(const struct call *call)
{
	unsigned int config = call->arg[1];
	struct acrn_create_vm create = { 0 };

	if (config < CONFIGS)
		vm_uuid(machine.first_config + config, create.uuid);
	create.vcpu_num = call->arg[2];
	create.vm_flag = call->arg[3];
	create.req_buf = address(call->arg[4]);
	call_changed(call, IC_CREATE_VM, &create, sizeof(create), 5);
}

static void create_vcpu(const struct call *call)
{
	struct acrn_create_vcpu create = {
		.vcpu_id = call->arg[1], .pcpu_id = call->arg[2],
	};

	call_changed(call, IC_CREATE_VCPU, &create, sizeof(create), 3);
}

static void set_vcpu_regs(const struct call *call)
{
	struct acrn_set_vcpu_regs regs;

	vm_fill_regs_at(&regs, 0);
	regs.vcpu_id = call->arg[1];
	regs.vcpu_regs.rip = call->arg[2];
	regs.vcpu_regs.cr0 = call->arg[3];
	regs.vcpu_regs.ia32_efer = call->arg[4];
	call_changed(call, IC_SET_VCPU_REGS, &regs, sizeof(regs), 5);
}

static void set_memseg(const struct call *call)
{
	struct acrn_memseg segment = {
		.type = call->arg[1], .using_vma = call->arg[2],
		.gpa = call->arg[3], .base = address(call->arg[4]),
		.len = call->arg[5], .prot = call->arg[6],
	};

	change_byte(call, &segment, sizeof(segment), 8);
	/* The hypervisor has a limit that the driver cannot know. */
	if (segment.gpa < 2 * GUEST_END && segment.gpa + segment.len > GUEST_END) {
		segment.gpa %= GUEST_END / 2;
		segment.len %= GUEST_END / 2;
	}
	/*
	 * Not a device that the machine needs, and not more than the hypervisor
	 * has page tables for: those who may map devices can use them up.
	 */
	if (segment.type == ACRN_MEMSEG_MMIO) {
		segment.base = MMIO_BASE + (segment.base & (MMIO_SIZE - 1));
		if (segment.len <= 1ULL << 40)
			segment.len &= MMIO_SIZE - 1;
	}
	call_with(call, IC_SET_MEMSEG, &segment, sizeof(segment), 7);
}

static void unset_memseg(const struct call *call)
{
	struct acrn_memseg segment = {
		.type = call->arg[1], .gpa = call->arg[2],
		.len = call->arg[3],
	};

	call_changed(call, IC_UNSET_MEMSEG, &segment, sizeof(segment), 4);
}

static void set_ioeventfd(const struct call *call)
{
	struct acrn_ioeventfd argument = {
		.fd = event(call->arg[1]), .flags = call->arg[2],
		.addr = call->arg[3], .len = call->arg[4],
		.data = call->arg[5],
	};

	call_changed(call, IC_EVENT_IOEVENTFD, &argument, sizeof(argument), 6);
}

static void set_irqfd(const struct call *call)
{
	struct acrn_irqfd argument = {
		.fd = event(call->arg[1]), .flags = call->arg[2],
		.msi = { call->arg[3], call->arg[4] },
	};

	call_changed(call, IC_EVENT_IRQFD, &argument, sizeof(argument), 5);
}

/* In the User VM the device has the same place. */
static void give_device(const struct call *call)
{
	struct acrn_pcidev device = {
		.virt_bdf = call->arg[2], .phys_bdf = call->arg[2],
	};
	__u16 bdf = call->arg[2];

	switch (call->arg[1] % 4) {
	case 0:
		call_with(call, IC_ASSIGN_PTDEV, &bdf, sizeof(bdf), 3);
		break;
	case 1:
		call_with(call, IC_ASSIGN_PCIDEV, &device, sizeof(device), 3);
		break;
	case 2:
		call_with(call, IC_DEASSIGN_PTDEV, &bdf, sizeof(bdf), 3);
		break;
	default:
		call_with(call, IC_DEASSIGN_PCIDEV, &device, sizeof(device), 3);
	}
}

static void map_interrupt(const struct call *call)
{
	struct acrn_ptdev_irq irq = {
		.type = call->arg[2], .virt_bdf = call->arg[3],
		.phys_bdf = call->arg[3], .virt_pin = call->arg[4],
		.phys_pin = call->arg[4],
	};

	call_changed(call, call->arg[1] ? IC_RESET_PTDEV_INTR_INFO :
			   IC_SET_PTDEV_INTR_INFO, &irq, sizeof(irq), 5);
}

static void give_platdev(const struct call *call)
{
	struct acrn_mmiodev dev = {
		.gpa = call->arg[3], .hpa = call->arg[2], .size = call->arg[4],
	};
	/* as many as there are pages of registers */
	struct acrn_a2_pio_region ports = {
		.port = call->arg[2], .size = call->arg[4] / PAGE_SIZE,
	};

	switch (call->arg[1] % 4) {
	case 0:
		call_changed(call, IC_ASSIGN_MMIODEV, &dev, sizeof(dev), 5);
		break;
	case 1:
		call_changed(call, ACRN_A2_ASSIGN_PIO_REGION, &ports, sizeof(ports), 5);
		break;
	case 2:
		call_changed(call, IC_DEASSIGN_MMIODEV, &dev, sizeof(dev), 5);
		break;
	default:
		call_changed(call, ACRN_A2_DEASSIGN_PIO_REGION, &ports, sizeof(ports), 5);
	}
}

static void add_vdev(const struct call *call)
{
	struct acrn_vdev dev = { .id = call->arg[2], .slot = call->arg[3] };

	call_changed(call, call->arg[1] ? IC_REMOVE_HV_VDEV : IC_ADD_HV_VDEV, &dev,
		     sizeof(dev), 4);
}

static void ask_power(const struct call *call)
{
	uint64_t question[6] = { call->arg[1] | call->arg[2] << 8 };

	call_with(call, IC_PM_GET_CPU_STATE, question, sizeof(question), 3);
}

static void small_ioctl(const struct call *call)
{
	struct acrn_api_version version = { 0 };
	struct acrn_msi_entry msi = { call->arg[1], call->arg[2] };
	struct acrn_ioreq_notify notify = { call->arg[1], call->arg[2] };
	struct acrn_intr_monitor monitor = {
		.cmd = call->arg[1], .buf_cnt = call->arg[2],
	};

	switch (call->op) {
	case CALL_GET_API_VERSION:
		call_with(call, IC_GET_API_VERSION, &version, sizeof(version), 1);
		break;
	case CALL_INJECT_MSI:
		call_with(call, IC_INJECT_MSI, &msi, sizeof(msi), 3);
		break;
	case CALL_NOTIFY:
		call_with(call, IC_NOTIFY_REQUEST_FINISH, &notify,
			  sizeof(notify), 3);
		break;
	default:
		call_with(call, IC_VM_INTR_MONITOR, &monitor, sizeof(monitor),
			  3);
	}
}

static void any_ioctl(const struct call *call)
{
	unsigned char bytes[512];

	/* It waits, and has a call of its own. */
	if ((uint32_t)call->arg[1] == IC_ATTACH_IOREQ_CLIENT ||
	    (uint32_t)call->arg[1] == ACRN_A2_ATTACH_IOREQ_CLIENT)
		return;
	memset(bytes, call->arg[2], sizeof(bytes));
	call_with(call, call->arg[1], bytes, sizeof(bytes), 3);
}

static void attach(const struct call *call)
{
	wake_me(true);
	call_value(call, IC_ATTACH_IOREQ_CLIENT, call->arg[1]);
	wake_me(false);
}

static void poll_file(const struct call *call)
{
	struct pollfd poll_fd = { .fd = file(call->arg[0]), .events = POLLIN };
	const struct timespec wait = { .tv_nsec = (call->arg[1] & 1) * WAKE_US * 1000 };

	ppoll(&poll_fd, 1, &wait, NULL);
}

static void map_arena(const struct call *call)
{
	uint64_t offset = call->arg[0] & ~(PAGE_SIZE - 1), size = call->arg[1];
	int fd = -1, flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS;
	void *at = machine.arena + offset;

	if (offset >= ARENA_SIZE)
		return;
	if (size > ARENA_SIZE - offset)
		size = ARENA_SIZE - offset;
	machine.arena_used = true;
	switch (call->op) {
	case CALL_MUNMAP:
		/* Kept from others: nobody else's memory may come there. */
		mmap(at, size, PROT_NONE, flags | MAP_NORESERVE, -1, 0);
		return;
	case CALL_MPROTECT:
		mprotect(at, size, call->arg[2] & 7);
		return;
	case CALL_MADVISE:
		madvise(at, size, call->arg[2] & 1 ? MADV_DONTNEED :
				  call->arg[2] & 2 ? MADV_FREE : MADV_COLD);
		return;
	}
	switch (call->arg[2]) {
	case 0:
		break;
	case 1:
		flags = MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS;
		break;
	default:
		/* A file: with 3 it is too short */
		flags = MAP_FIXED | MAP_SHARED;
		fd = memfd_create("arena", MFD_CLOEXEC);
		if (ftruncate(fd, call->arg[2] == 3 ? PAGE_SIZE : ARENA_SIZE))
			break;
	}
	mmap(at, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
}

static void set_rights(bool all)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return;
	data[0].effective = all ? data[0].permitted : 0;
	data[1].effective = all ? data[1].permitted : 0;
	syscall(SYS_capset, &header, data);
}

static void carry_out(const struct call *call);

/* How: 0 it ends, 1 it makes the thread's next call, else it is killed */
static void fork_child(const struct call *call)
{
	unsigned int i, count = machine.seq->count;
	pid_t pid = fork();

	machine.forked = true;
	if (!pid) {
		for (i = call - machine.seq->calls + 1; i < count; i++) {
			if (call->arg[0] != 1 ||
			    machine.seq->calls[i].op == CALL_FORK ||
			    machine.seq->calls[i].op == CALL_ATTACH)
				break;
			if (machine.seq->calls[i].thread == call->thread) {
				carry_out(&machine.seq->calls[i]);
				break;
			}
		}
		_exit(0);
	}
	if (pid < 0)
		return;
	if (call->arg[0] > 1)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void write_word(uint64_t page, uint64_t slot, uint64_t word,
		       uint64_t value)
{
	uint64_t offset = (page & ~(PAGE_SIZE - 1)) + slot % 16 * 256 +
			  word % 64 * 4;

	/* The kernel does the write: there need not be a page. */
	if (page < ARENA_SIZE) {
		uint32_t number = value;
		int ends[2];

		if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
			return;
		if (write(ends[1], &number, sizeof(number)) == sizeof(number) &&
		    read(ends[0], machine.arena + offset, sizeof(number)) < 0)
			errno = 0;
		close(ends[0]);
		close(ends[1]);
	}
}

/* What would leave a VM behind that nobody could get rid of */
static bool too_rude(uint64_t call, uint64_t how, int32_t result)
{
	if (call != HC_CREATE_VM && call != HC_DESTROY_VM && call != HC_ANY)
		return false;
	return how == TESTBED_FAIL_AFTER || result >= 0 || result == -ETIMEDOUT;
}

static void misbehave(const struct call *call)
{
	unsigned long reg[4] = { 0 };
	uint64_t how = call->arg[4] & 3;

	machine.misbehaving = true;
	switch (call->op) {
	case CALL_HV_FAIL:
		if (too_rude(call->arg[0], how, call->arg[3]))
			how = TESTBED_FAIL_UNWRITTEN;
		reg[0] = call->arg[0];
		reg[1] = call->arg[1] & 3;
		reg[2] = call->arg[2] & 3;
		reg[3] = (uint32_t)call->arg[3] | how << 32;
		hv_command(TESTBED_FAIL, reg);
		break;
	case CALL_HV_DELAY:
		reg[0] = call->arg[0];
		reg[1] = call->arg[1] % 1000;
		hv_command(TESTBED_DELAY, reg);
		break;
	case CALL_HV_UPCALL:
		reg[0] = call->arg[0] & 7;
		hv_command(TESTBED_UPCALL, reg);
		break;
	case CALL_HV_SCRIBBLE:
		reg[0] = VMID(machine.first_config + call->arg[0] % CONFIGS);
		reg[1] = call->arg[1] & 15;
		reg[2] = call->arg[2] % 64 * 4;
		reg[3] = call->arg[3];
		hv_command(TESTBED_SCRIBBLE, reg);
		break;
	default:
		reg[0] = VMID(machine.first_config + call->arg[0] % CONFIGS);
		hv_command(TESTBED_GUEST_OFF, reg);
	}
}

static void call_kclient(const struct call *call)
{
	struct client_range range = {
		.type = call->arg[0], .start = call->arg[1],
		.last = call->arg[2],
	};
	struct client_complete complete = {
		.vcpu = call->arg[0], .result = call->arg[1],
	};
	unsigned int vmid = VMID(machine.first_config + call->arg[0] % CONFIGS);

	if (call->op == CALL_KCLIENT_CREATE && machine.kclient < 0)
		put_file(&machine.kclient, open(CLIENT_NODE, O_RDWR | O_CLOEXEC));
	switch (call->op) {
	case CALL_KCLIENT_CREATE:
		ioctl(machine.kclient, CLIENT_CREATE,
		      vmid | call->arg[1] % 3 << 16);
		break;
	case CALL_KCLIENT_DESTROY:
		ioctl(machine.kclient, CLIENT_DESTROY);
		break;
	case CALL_KCLIENT_ADD:
		ioctl(machine.kclient, CLIENT_ADD, &range);
		break;
	case CALL_KCLIENT_DEL:
		ioctl(machine.kclient, CLIENT_DEL, &range);
		break;
	default:
		ioctl(machine.kclient, CLIENT_COMPLETE, &complete);
	}
}

/* What the client in the kernel does with guest memory */
static void use_memory(const struct call *call)
{
	struct client_map map = {
		.gpa = call->arg[1], .len = call->arg[2], .prot = call->arg[3],
	};
	/* not where a guest's code may be: without it, a guest computes for ever */
	struct client_word word = {
		.id = call->arg[4], .offset = PAGE_SIZE / 2, .value = call->arg[1],
	};

	switch (call->arg[0]) {
	case 0:
		ioctl(machine.kclient, CLIENT_MAP, &map);
		break;
	case 1:
		ioctl(machine.kclient, CLIENT_PROTECT, call->arg[1]);
		break;
	case 2:
		ioctl(machine.kclient, CLIENT_UNPROTECT, call->arg[1]);
		break;
	case 3:
		ioctl(machine.kclient, CLIENT_STORE, &word);
		break;
	default:
		ioctl(machine.kclient, CLIENT_UNMAP, call->arg[4]);
	}
}

/* The driver's ioctls; false: it is none */
static bool call_driver(const struct call *call)
{
	switch ((enum call_op)call->op) {
	case CALL_CREATE_VM:
		create_vm(call);
		break;
	case CALL_DESTROY_VM:
		call_value(call, IC_DESTROY_VM, 0);
		break;
	case CALL_START_VM:
		/* Most VMs have had no registers set, and start there. */
		vm_set_memory(file(call->arg[0]));
		call_value(call, IC_START_VM, 0);
		break;
	case CALL_PAUSE_VM:
		call_value(call, IC_PAUSE_VM, 0);
		break;
	case CALL_RESET_VM:
		call_value(call, IC_RESET_VM, 0);
		break;
	case CALL_CREATE_VCPU:
		create_vcpu(call);
		break;
	case CALL_SET_VCPU_REGS:
		set_vcpu_regs(call);
		break;
	case CALL_GET_API_VERSION:
	case CALL_INJECT_MSI:
	case CALL_NOTIFY:
	case CALL_INTR_MONITOR:
		small_ioctl(call);
		break;
	case CALL_SET_IRQLINE:
		call_value(call, IC_SET_IRQLINE,
			   ACRN_IRQLINE(call->arg[1], call->arg[2]));
		break;
	case CALL_CREATE_CLIENT:
		call_value(call, IC_CREATE_IOREQ_CLIENT, 0);
		break;
	case CALL_ATTACH:
		attach(call);
		break;
	case CALL_DESTROY_CLIENT:
		call_value(call, IC_DESTROY_IOREQ_CLIENT, call->arg[1]);
		break;
	case CALL_CLEAR_IOREQ:
		call_value(call, IC_CLEAR_VM_IOREQ, 0);
		break;
	case CALL_SET_MEMSEG:
		set_memseg(call);
		break;
	case CALL_UNSET_MEMSEG:
		unset_memseg(call);
		break;
	case CALL_IOEVENTFD:
		set_ioeventfd(call);
		break;
	case CALL_IRQFD:
		set_irqfd(call);
		break;
	case CALL_PTDEV:
		give_device(call);
		break;
	case CALL_PTDEV_INTR:
		map_interrupt(call);
		break;
	case CALL_PM:
		ask_power(call);
		break;
	case CALL_PLATDEV:
		give_platdev(call);
		break;
	case CALL_VDEV:
		add_vdev(call);
		break;
	case CALL_IOCTL:
		any_ioctl(call);
		break;
	default:
		return false;
	}
	return true;
}

/* What is done to files and eventfds; false: it is none of that */
static bool use_file(const struct call *call)
{
	uint64_t a = call->arg[0], number;
	int fd;

	switch ((enum call_op)call->op) {
	case CALL_OPEN:
		put_file(&machine.files[a % FILES],
			 open(HSM_NODE, O_RDWR | O_CLOEXEC));
		break;
	case CALL_CLOSE:
		put_file(&machine.files[a % FILES], -1);
		break;
	case CALL_DUP:
		fd = dup(file(a));
		put_file(&machine.files[call->arg[1] % FILES], fd);
		break;
	case CALL_POLL:
		poll_file(call);
		break;
	case CALL_EVENT_WRITE:
		if (write(event(a), &call->arg[1], 8) < 0)
			errno = 0;
		break;
	case CALL_EVENT_READ:
		/* of an eventfd: of other files it could wait */
		if (a < EVENTS && read(event(a), &number, 8) < 0)
			errno = 0;
		break;
	case CALL_EVENT_CLOSE:
		if (a < EVENTS)
			put_file(&machine.events[a], -1);
		break;
	default:
		return false;
	}
	return true;
}

static void carry_out(const struct call *call)
{
	uint64_t a = call->arg[0];

	if (call_driver(call) || use_file(call))
		return;
	switch ((enum call_op)call->op) {
	case CALL_KCLIENT_CREATE:
	case CALL_KCLIENT_DESTROY:
	case CALL_KCLIENT_ADD:
	case CALL_KCLIENT_DEL:
	case CALL_KCLIENT_COMPLETE:
		call_kclient(call);
		break;
	case CALL_KCLIENT_MEMORY:
		use_memory(call);
		break;
	case CALL_MMAP:
	case CALL_MUNMAP:
	case CALL_MPROTECT:
	case CALL_MADVISE:
		map_arena(call);
		break;
	case CALL_SIGNAL:
		if (a && a < THREADS)
			pthread_kill(helpers[a].id, SIGUSR1);
		break;
	case CALL_FORK:
		fork_child(call);
		break;
	case CALL_RIGHTS:
		set_rights(a);
		break;
	case CALL_SLEEP:
		usleep(a % 1000);
		break;
	case CALL_POKE:
		write_word(a, call->arg[1], call->arg[2], call->arg[3]);
		break;
	case CALL_HV_FAIL:
	case CALL_HV_DELAY:
	case CALL_HV_UPCALL:
	case CALL_HV_SCRIBBLE:
	case CALL_HV_GUEST_OFF:
		misbehave(call);
		break;
	default:
		fail("call %u does not exist", call->op);
	}
}

/* The calls of one thread among some */
static void thread_calls(unsigned int thread, unsigned int from, unsigned int to)
{
	const struct sequence *seq = machine.seq;
	bool in_child = false;
	unsigned int i;

	for (i = from; i < to; i++) {
		if (seq->calls[i].thread != thread)
			continue;
		/* it has been made by the child that the thread forked */
		if (!in_child)
			carry_out(&seq->calls[i]);
		in_child = !in_child && seq->calls[i].op == CALL_FORK &&
			   seq->calls[i].arg[0] == 1;
	}
}

static void *help(void *data)
{
	struct helper *me = data;

	make_waker();
	coverage_look();
	for (;;) {
		while (sem_wait(&me->go))
			;
		coverage_begin();
		thread_calls(me->number, 0, machine.seq->count);
		set_rights(true);
		__atomic_add_fetch(&machine.fresh, coverage_end(),
				   __ATOMIC_RELAXED);
		sem_post(&me->done);
	}
	return NULL;
}

/**
 * execute_init() - get ready to carry sequences out
 * @worker: number of the worker, whose process this is
 */
void execute_init(unsigned int worker)
{
	const struct sigaction action = { .sa_handler = ignore };
	unsigned int i;

	machine.first_config = worker * CONFIGS;
	/* A gap behind the arena, for addresses where nothing is */
	machine.arena = mmap(NULL, ARENA_SIZE + 4 * PAGE_SIZE, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(machine.arena != MAP_FAILED, "mmap: %s", strerror(errno));
	arena_renew();
	make_pages();
	machine.other = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (i = 0; i < FILES; i++)
		machine.files[i] = -1;
	for (i = 0; i < EVENTS; i++)
		machine.events[i] = -1;
	machine.kclient = -1;
	sigaction(SIGUSR1, &action, NULL);
	make_waker();
	coverage_look();
	for (i = 1; i < THREADS; i++) {
		helpers[i].number = i;
		sem_init(&helpers[i].go, 0, 0);
		sem_init(&helpers[i].done, 0, 0);
		check(!pthread_create(&helpers[i].id, NULL, help, &helpers[i]),
		      "pthread_create");
	}
}

static void run_threads(const struct sequence *seq)
{
	bool used[THREADS] = { false };
	unsigned int i, first = seq->count;

	for (i = seq->count; i-- > 0;) {
		if (seq->calls[i].thread) {
			used[seq->calls[i].thread] = true;
			first = i;
		}
	}
	/* What comes before the first call of another thread is done before. */
	thread_calls(0, 0, first);
	for (i = 1; i < THREADS; i++)
		if (used[i])
			sem_post(&helpers[i].go);
	thread_calls(0, first, seq->count);
	for (i = 1; i < THREADS; i++)
		while (used[i] && sem_wait(&helpers[i].done))
			;
}

/* A VM that was being destroyed when the hypervisor refused is tried again. */
static bool vms_gone(void)
{
	uint64_t end = now_us() + GONE_MS * 1000;
	unsigned int i, config;

	for (i = 0; i < CONFIGS; i++) {
		config = machine.first_config + i;
		while (hv_vm_state(VMID(config)) != TESTBED_VM_OFF) {
			unsigned long reg[4] = { VMID(config) };

			if (now_us() > end)
				return false;
			/* a real-time VM can be destroyed only then */
			hv_command(TESTBED_GUEST_OFF, reg);
			usleep(5000);
		}
	}
	return true;
}

/**
 * execute() - carry a sequence out, from an opened file to nothing left
 * @seq: the sequence
 * @fresh: set to what it has reached that no sequence has before
 *
 * Return: false: a VM of it does not go away.
 */
bool execute(const struct sequence *seq, unsigned int *fresh)
{
	bool gone;
	unsigned int i;

	machine.seq = seq;
	machine.misbehaving = false;
	machine.forked = false;
	machine.fresh = 0;
	coverage_begin();
	/* one for each contract */
	put_file(&machine.files[0], open(HSM_NODE, O_RDWR | O_CLOEXEC));
	put_file(&machine.files[FILES - 1], open(HSM_NODE, O_RDWR | O_CLOEXEC));
	run_threads(seq);

	set_rights(true);
	if (machine.misbehaving)
		hv_behave();
	put_file(&machine.kclient, -1);
	for (i = 0; i < FILES; i++)
		put_file(&machine.files[i], -1);
	for (i = 0; i < EVENTS; i++)
		put_file(&machine.events[i], -1);
	if (machine.arena_used || machine.forked)
		arena_renew();
	gone = vms_gone();
	*fresh = machine.fresh + coverage_end();
	return gone;
}
