// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* User VMs for the tests */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "events.h"
#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define INOUT(type)	.size = sizeof(struct type), .in = true, .out = true
#define IN(type)	.size = sizeof(struct type), .in = true
#define OUT(type)	.size = sizeof(struct type), .out = true
#define VALUE		.value = true

/* Of the ops' arguments */
#define OP_GPA		0x100000UL	/* of the memory */
#define OP_PORT		0x80UL
#define OP_HPA		0xfed80000UL	/* where there is no device */
#define OP_BDF		0xf8	/* where there is no device */
#define OP_VDEV		0x11101af4	/* memory that VMs share */
#define OP_SLOT		0x20

/* So much of an acrn_ptdev_irq is read */
#define PTDEV_IRQ_SIZE	20

const struct op_info op_info[OPS] = {
	[OP_GET_API_VERSION] = {
		"GET_API_VERSION", IC_GET_API_VERSION, OUT(acrn_api_version)
	},
	[OP_GET_PLATFORM_INFO] = {
		"GET_PLATFORM_INFO", IC_GET_PLATFORM_INFO,
		INOUT(acrn_platform_info)
	},
	[OP_CREATE_VM] = { "CREATE_VM", IC_CREATE_VM, INOUT(acrn_create_vm) },
	[OP_DESTROY_VM] = { "DESTROY_VM", IC_DESTROY_VM },
	[OP_START_VM] = { "START_VM", IC_START_VM },
	[OP_PAUSE_VM] = { "PAUSE_VM", IC_PAUSE_VM },
	[OP_CREATE_VCPU] = {
		"CREATE_VCPU", IC_CREATE_VCPU, IN(acrn_create_vcpu)
	},
	[OP_RESET_VM] = { "RESET_VM", IC_RESET_VM },
	[OP_SET_VCPU_REGS] = {
		"SET_VCPU_REGS", IC_SET_VCPU_REGS, IN(acrn_set_vcpu_regs)
	},
	[OP_INJECT_MSI] = { "INJECT_MSI", IC_INJECT_MSI, IN(acrn_msi_entry) },
	[OP_VM_INTR_MONITOR] = {
		"VM_INTR_MONITOR", IC_VM_INTR_MONITOR, INOUT(acrn_intr_monitor)
	},
	[OP_SET_IRQLINE] = { "SET_IRQLINE", IC_SET_IRQLINE, VALUE },
	[OP_PM_GET_CPU_STATE] = {
		"PM_GET_CPU_STATE", IC_PM_GET_CPU_STATE,
		.size = sizeof(uint64_t), .in = true, .out = true
	},
	[OP_CREATE_IOREQ_CLIENT] = {
		"CREATE_IOREQ_CLIENT", IC_CREATE_IOREQ_CLIENT
	},
	[OP_ATTACH_IOREQ_CLIENT] = {
		"ATTACH_IOREQ_CLIENT", IC_ATTACH_IOREQ_CLIENT, VALUE
	},
	[OP_DESTROY_IOREQ_CLIENT] = {
		"DESTROY_IOREQ_CLIENT", IC_DESTROY_IOREQ_CLIENT, VALUE
	},
	[OP_NOTIFY_REQUEST_FINISH] = {
		"NOTIFY_REQUEST_FINISH", IC_NOTIFY_REQUEST_FINISH,
		IN(acrn_ioreq_notify)
	},
	[OP_CLEAR_VM_IOREQ] = { "CLEAR_VM_IOREQ", IC_CLEAR_VM_IOREQ },
	[OP_SET_MEMSEG] = { "SET_MEMSEG", IC_SET_MEMSEG, IN(acrn_memseg) },
	[OP_UNSET_MEMSEG] = { "UNSET_MEMSEG", IC_UNSET_MEMSEG, IN(acrn_memseg) },
	[OP_ASSIGN_PTDEV] = {
		"ASSIGN_PTDEV", IC_ASSIGN_PTDEV, .size = sizeof(uint16_t), .in = true
	},
	[OP_DEASSIGN_PTDEV] = {
		"DEASSIGN_PTDEV", IC_DEASSIGN_PTDEV, .size = sizeof(uint16_t), .in = true
	},
	[OP_SET_PTDEV_INTR] = {
		"SET_PTDEV_INTR_INFO", IC_SET_PTDEV_INTR_INFO,
		.size = PTDEV_IRQ_SIZE, .in = true
	},
	[OP_RESET_PTDEV_INTR] = {
		"RESET_PTDEV_INTR_INFO", IC_RESET_PTDEV_INTR_INFO,
		.size = PTDEV_IRQ_SIZE, .in = true
	},
	[OP_ASSIGN_PCIDEV] = { "ASSIGN_PCIDEV", IC_ASSIGN_PCIDEV, IN(acrn_pcidev) },
	[OP_DEASSIGN_PCIDEV] = {
		"DEASSIGN_PCIDEV", IC_DEASSIGN_PCIDEV, IN(acrn_pcidev)
	},
	[OP_ASSIGN_MMIODEV] = {
		"ASSIGN_MMIODEV", IC_ASSIGN_MMIODEV, IN(acrn_mmiodev)
	},
	[OP_DEASSIGN_MMIODEV] = {
		"DEASSIGN_MMIODEV", IC_DEASSIGN_MMIODEV, IN(acrn_mmiodev)
	},
	[OP_ADD_HV_VDEV] = { "ADD_HV_VDEV", IC_ADD_HV_VDEV, IN(acrn_vdev) },
	[OP_REMOVE_HV_VDEV] = { "REMOVE_HV_VDEV", IC_REMOVE_HV_VDEV, IN(acrn_vdev) },
	[OP_EVENT_IOEVENTFD] = {
		"EVENT_IOEVENTFD", IC_EVENT_IOEVENTFD, IN(acrn_ioeventfd)
	},
	[OP_EVENT_IRQFD] = { "EVENT_IRQFD", IC_EVENT_IRQFD, IN(acrn_irqfd) },
};

const char *const vm_state_names[VM_STATES] = {
	[VM_EMPTY] = "EMPTY",
	[VM_CREATED] = "CREATED",
	[VM_STARTED] = "STARTED",
	[VM_PAUSED] = "PAUSED",
	[VM_DYING] = "DYING",
};

const struct vm_answer vm_answers[VM_ANSWERS] = {
	{ -EPERM, -EIO },		/* the bare -1 of most failures */
	{ -EIO, -EIO },
	{ -ENOMEM, -ENOMEM },
	{ -EACCES, -EACCES },
	{ -EFAULT, -EIO },		/* no bad pointer of user space */
	{ -EBUSY, -EBUSY },
	{ -ENODEV, -ENODEV },
	{ -EINVAL, -EINVAL },
	{ -ETIMEDOUT, -ETIMEDOUT },
	{ -ENOENT, -EIO },
	{ -EINTR, -EIO },
	{ -EAGAIN, -EIO },
	{ -EEXIST, -EIO },
	{ -ENOTTY, -EIO },
	{ -EOPNOTSUPP, -EIO },
	{ -512, -EIO },			/* would restart the system call */
	{ -4095, -EIO },
	{ -4096, -EIO },
	{ INT_MIN, -EIO },
};

/* As in a device model, the pages are untouched memory of the program itself */
static unsigned char io_pages[MAX_VMS][PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE)));

/* Of OP_SET_MEMSEG */
static unsigned char op_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* What the VMs run: HLT, for ever */
static unsigned char start_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE))) = {
	[VM_START_GPA % PAGE_SIZE] = 0xf4, 0xeb, 0xfd,
};

/* The id of the last client that op_run() has created, in any thread */
static atomic_int op_client;

/**
 * hsm_open() - open the device node
 *
 * Return: the file; the test fails if there is none.
 */
int hsm_open(void)
{
	int fd = open(HSM_NODE, O_RDWR | O_CLOEXEC);

	check(fd >= 0, HSM_NODE ": %s", strerror(errno));
	return fd;
}

int hsm_ioctl(int fd, unsigned int number, void *argument)
{
	int ret = ioctl(fd, (unsigned long)number, argument);

	return ret < 0 ? -errno : ret;
}

/**
 * vm_io_page() - the I/O request page that vm_fill_create() uses
 * @config: which configuration's
 *
 * Return: its address.
 */
void *vm_io_page(unsigned int config)
{
	return io_pages[config];
}

void vm_uuid(unsigned int config, void *uuid)
{
	static const unsigned char uuids[][16] = TESTBED_UUIDS;

	memcpy(uuid, uuids[config], sizeof(uuids[config]));
}

/**
 * vm_fill_create() - a valid argument for IC_CREATE_VM
 * @create: the argument
 * @config: which of the hypervisor's configurations to create
 */
void vm_fill_create(struct acrn_create_vm *create, unsigned int config)
{
	memset(create, 0, sizeof(*create));
	vm_uuid(config, create->uuid);
	create->req_buf = (unsigned long)vm_io_page(config);
}

/**
 * vm_fill_regs() - a valid argument for IC_SET_VCPU_REGS
 * @regs: the argument: vCPU 0 in real mode at VM_START_GPA
 */
void vm_fill_regs(struct acrn_set_vcpu_regs *regs)
{
	vm_fill_regs_at(regs, VM_START_GPA % 0x10000);
	regs->vcpu_regs.cs_base = VM_START_GPA & ~0xffffUL;
	regs->vcpu_regs.cs_sel = 0xf000;
}

/**
 * vm_fill_regs_at() - the same, with another start
 * @regs: the argument
 * @address: where it starts, below 64 KiB
 */
void vm_fill_regs_at(struct acrn_set_vcpu_regs *regs, unsigned int address)
{
	memset(regs, 0, sizeof(*regs));
	regs->vcpu_regs.rip = address;
	regs->vcpu_regs.gprs.rsp = 0x8000;
	regs->vcpu_regs.cr0 = 0x30;
	regs->vcpu_regs.cs_ar = 0x9b;
	regs->vcpu_regs.cs_limit = 0xffff;
}

int vm_create(int fd, unsigned int config)
{
	return vm_create_flags(fd, config, 0);
}

int vm_create_flags(int fd, unsigned int config, unsigned long flags)
{
	struct acrn_create_vm create;

	vm_fill_create(&create, config);
	create.vm_flag = flags;
	return hsm_ioctl(fd, IC_CREATE_VM, &create);
}

int vm_create_vcpu(int fd, unsigned int vcpu)
{
	struct acrn_create_vcpu create = { .vcpu_id = vcpu };

	return hsm_ioctl(fd, IC_CREATE_VCPU, &create);
}

static void fill_memseg(struct acrn_memseg *segment, uint64_t gpa, void *page)
{
	*segment = (struct acrn_memseg) {
		.type = ACRN_MEMSEG_RAM,
		.prot = ACRN_PROT_READ | ACRN_PROT_WRITE | ACRN_PROT_EXEC,
		.base = (uintptr_t)page,
		.len = PAGE_SIZE,
		.gpa = gpa,
	};
}

/* The page in which VMs start, and halt */
void *vm_start_page(void)
{
	return start_page;
}

/**
 * vm_set_memory() - give a VM the page in which it starts, and halts
 * @fd: its file
 *
 * Return: the result of IC_SET_MEMSEG.
 */
int vm_set_memory(int fd)
{
	struct acrn_memseg segment;

	fill_memseg(&segment, VM_START_PAGE, start_page);
	return hsm_ioctl(fd, IC_SET_MEMSEG, &segment);
}

int vm_set_regs(int fd)
{
	struct acrn_set_vcpu_regs regs;

	vm_fill_regs(&regs);
	return hsm_ioctl(fd, IC_SET_VCPU_REGS, &regs);
}

int vm_start(int fd)
{
	return hsm_ioctl(fd, IC_START_VM, NULL);
}

int vm_pause(int fd)
{
	return hsm_ioctl(fd, IC_PAUSE_VM, NULL);
}

int vm_reset(int fd)
{
	return hsm_ioctl(fd, IC_RESET_VM, NULL);
}

int vm_destroy(int fd)
{
	return hsm_ioctl(fd, IC_DESTROY_VM, NULL);
}

/* The same eventfd in each call of the process */
static int op_event(void)
{
	static atomic_int event = -1;
	int fd = atomic_load(&event), none = -1;

	if (fd < 0) {
		fd = event_new();
		if (!atomic_compare_exchange_strong(&event, &none, fd)) {
			close(fd);
			fd = none;
		}
	}
	return fd;
}

/**
 * op_fill() - a valid argument for an ioctl
 * @op: the ioctl
 * @argument: filled in
 * @config: the VM's configuration
 * @vcpu: the vCPU that IC_CREATE_VCPU is to create
 */
void op_fill(enum op op, union argument *argument, unsigned int config,
	     unsigned int vcpu)
{
	memset(argument, 0, sizeof(*argument));
	switch (op) {
	case OP_CREATE_VM:
		vm_fill_create(&argument->create, config);
		break;
	case OP_CREATE_VCPU:
		argument->vcpu.vcpu_id = vcpu;
		break;
	case OP_SET_VCPU_REGS:
		vm_fill_regs(&argument->regs);
		break;
	case OP_INJECT_MSI:
		argument->msi.msi_addr = MSI_ADDR;
		break;
	case OP_VM_INTR_MONITOR:
		argument->monitor.cmd = ACRN_INTR_MONITOR_GET;
		break;
	case OP_SET_IRQLINE:
		argument->value = ACRN_IRQLINE(0, ACRN_IRQLINE_HIGH);
		break;
	case OP_PM_GET_CPU_STATE:
		argument->question = ACRN_PM_PX_COUNT;
		break;
	case OP_DESTROY_IOREQ_CLIENT:
		argument->value = atomic_load(&op_client);
		break;
	case OP_NOTIFY_REQUEST_FINISH:
		argument->notify.client_id = atomic_load(&op_client);
		break;
	case OP_SET_MEMSEG:
	case OP_UNSET_MEMSEG:
		fill_memseg(&argument->memseg, OP_GPA, op_page);
		break;
	case OP_ASSIGN_PTDEV:
	case OP_DEASSIGN_PTDEV:
		argument->bdf = OP_BDF;
		break;
	case OP_SET_PTDEV_INTR:
	case OP_RESET_PTDEV_INTR:
		argument->ptdev_irq.phys_bdf = OP_BDF;
		break;
	case OP_ASSIGN_PCIDEV:
	case OP_DEASSIGN_PCIDEV:
		argument->pcidev.phys_bdf = OP_BDF;
		break;
	case OP_ASSIGN_MMIODEV:
	case OP_DEASSIGN_MMIODEV:
		argument->mmiodev.gpa = OP_GPA;
		argument->mmiodev.hpa = OP_HPA;
		argument->mmiodev.size = PAGE_SIZE;
		break;
	case OP_ADD_HV_VDEV:
	case OP_REMOVE_HV_VDEV:
		argument->vdev.id = OP_VDEV;
		argument->vdev.slot = OP_SLOT;
		break;
	case OP_EVENT_IOEVENTFD:
		argument->ioeventfd = (struct acrn_ioeventfd) {
			.fd = op_event(), .flags = ACRN_IOEVENTFD_PIO,
			.addr = OP_PORT, .len = 1,
		};
		break;
	case OP_EVENT_IRQFD:
		argument->irqfd = (struct acrn_irqfd) {
			.fd = op_event(), .msi.msi_addr = MSI_ADDR,
		};
		break;
	default:
		/*
		 * ATTACH_IOREQ_CLIENT is of client 0, which there never is: with
		 * one that there is it would wait.
		 */
		break;
	}
}

/**
 * op_run() - make an ioctl with a valid argument
 * @op: the ioctl
 * @fd: the file to make it on
 * @config: the VM's configuration
 * @vcpu: the vCPU that IC_CREATE_VCPU is to create
 *
 * Return: its result; 0 if that is the id of a new client.
 */
int op_run(enum op op, int fd, unsigned int config, unsigned int vcpu)
{
	const struct op_info *info = &op_info[op];
	union argument argument;
	int ret;

	op_fill(op, &argument, config, vcpu);
	if (info->value)
		ret = hsm_ioctl(fd, info->number, (void *)argument.value);
	else
		ret = hsm_ioctl(fd, info->number, info->size ? &argument : NULL);
	if (op != OP_CREATE_IOREQ_CLIENT || ret <= 0)
		return ret;
	atomic_store(&op_client, ret);
	return 0;
}

/* What v2.6 and v2.7 give has another layout, and later ones give nothing. */
static bool gives_platform_info(void)
{
	return hv_generation() < 26;
}

/* Power data of a VM that was started is refused. */
static bool in_created_only(void)
{
	return hv_generation() >= 22;
}

/* Devices that the hypervisor emulates */
static bool has_vdevs(void)
{
	return hv_generation() >= 22;
}

static int expect_create_vcpu(struct vm_model *vm, unsigned int vcpu)
{
	if (vcpu < vm->vcpus)
		return hv_makes_vcpus() ? 0 : -EEXIST;
	if (vcpu > vm->vcpus || hv_makes_vcpus())
		return -EINVAL;
	vm->vcpus++;
	return 0;
}

/* The first time it does what it is for, then no more */
static int expect_once(bool *done, int again)
{
	if (*done)
		return again;
	*done = true;
	return 0;
}

static int expect_undone(bool *done, int none)
{
	if (!*done)
		return none;
	*done = false;
	return 0;
}

/* There are none before v2.2, and none are added to a VM that was paused. */
static int expect_add_vdev(struct vm_model *vm)
{
	if (vm->state == VM_STARTED)
		return -EBUSY;
	if (vm->vdev)
		return -EEXIST;
	if (!has_vdevs())
		return -EIO;
	if (vm->state == VM_PAUSED)
		return -EINVAL;
	vm->vdev = true;
	return 0;
}

static int expect_remove_vdev(struct vm_model *vm)
{
	return vm->state == VM_STARTED ? -EBUSY : expect_undone(&vm->vdev, -ENOENT);
}

/* Those that do the same in each state of a VM that is not dying */
static int expect_in_any_state(enum op op, struct vm_model *vm)
{
	switch (op) {
	case OP_INJECT_MSI:
	case OP_VM_INTR_MONITOR:
	case OP_SET_IRQLINE:
		return 0;
	case OP_PM_GET_CPU_STATE:
		return vm->state == VM_CREATED || !in_created_only() ? 0 : -EIO;
	case OP_CREATE_IOREQ_CLIENT:
		return expect_once(&vm->client, -EEXIST);
	case OP_DESTROY_IOREQ_CLIENT:
		return expect_undone(&vm->client, -EINVAL);
	case OP_ATTACH_IOREQ_CLIENT:
	case OP_NOTIFY_REQUEST_FINISH:
		return -EINVAL;
	case OP_SET_MEMSEG:
		return expect_once(&vm->memseg, -EEXIST);
	case OP_UNSET_MEMSEG:
		return expect_undone(&vm->memseg, -ENOENT);
	case OP_EVENT_IOEVENTFD:
		return expect_once(&vm->ioeventfd, -EEXIST);
	case OP_EVENT_IRQFD:
		return expect_once(&vm->irqfd, -EBUSY);
	default:
		fail("no such ioctl: %d", op);
	}
}

static int expect_start(struct vm_model *vm)
{
	if (!vm->vcpus || vm->bare)
		return -EINVAL;
	vm->state = VM_STARTED;
	return 0;
}

/**
 * op_expect() - what an ioctl has to do
 * @op: the ioctl, as op_run() makes it
 * @vm: the VM on the file, changed as the ioctl changes it
 * @vcpu: the vCPU that IC_CREATE_VCPU is to create
 *
 * The hypervisor is taken to fail at nothing but to destroy a VM that is dying.
 *
 * Return: the result it has to have.
 */
int op_expect(enum op op, struct vm_model *vm, unsigned int vcpu)
{
	enum vm_state state = vm->state;

	if (op == OP_GET_API_VERSION)
		return 0;
	if (op == OP_GET_PLATFORM_INFO)
		return gives_platform_info() ? 0 : -ENOTTY;
	if (op == OP_CREATE_VM) {
		if (state != VM_EMPTY)
			return -EBUSY;
		*vm = (struct vm_model){ VM_CREATED, hv_makes_vcpus(), .bare = true };
		return 0;
	}
	if (state == VM_EMPTY)
		return -ENODEV;
	if (state == VM_DYING)
		return op == OP_DESTROY_VM ? -EINVAL : -EBUSY;

	switch (op) {
	case OP_DESTROY_VM:
		*vm = (struct vm_model){ VM_EMPTY, 0 };
		return 0;
	case OP_PAUSE_VM:
		vm->state = VM_PAUSED;
		return 0;
	case OP_START_VM:
		return state == VM_CREATED ? expect_start(vm) : -EBUSY;
	case OP_CREATE_VCPU:
		return state == VM_CREATED ? expect_create_vcpu(vm, vcpu) :
					     -EBUSY;
	case OP_RESET_VM:
		if (state != VM_PAUSED)
			return -EBUSY;
		vm->state = VM_CREATED;
		return 0;
	case OP_SET_VCPU_REGS:
		if (state == VM_STARTED)
			return -EBUSY;
		return vm->vcpus ? 0 : -EINVAL;
	case OP_CLEAR_VM_IOREQ:
		return state == VM_STARTED ? -EBUSY : 0;
	case OP_ADD_HV_VDEV:
		return expect_add_vdev(vm);
	case OP_REMOVE_HV_VDEV:
		return expect_remove_vdev(vm);
	case OP_ASSIGN_MMIODEV:
		return state == VM_STARTED ? -EBUSY : -EINVAL;
	case OP_DEASSIGN_MMIODEV:
		return state == VM_STARTED ? -EBUSY : -ENOENT;
	case OP_ASSIGN_PTDEV:
	case OP_ASSIGN_PCIDEV:
		return state == VM_STARTED ? -EBUSY : -ENXIO;
	case OP_DEASSIGN_PTDEV:
	case OP_DEASSIGN_PCIDEV:
	case OP_SET_PTDEV_INTR:
	case OP_RESET_PTDEV_INTR:
		return state == VM_STARTED ? -EBUSY : -ENOENT;
	default:
		return expect_in_any_state(op, vm);
	}
}

/**
 * vm_to_state() - bring an empty file into a state, with one vCPU and memory
 *	in which it starts
 * @fd: the file
 * @state: the state; VM_DYING lasts until hv_behave() or the end of the test
 * @config: the VM's configuration
 */
void vm_to_state(int fd, enum vm_state state, unsigned int config)
{
	if (state == VM_EMPTY)
		return;
	check_result(vm_create(fd, config), 0, "CREATE_VM");
	check_result(vm_create_vcpu(fd, 0), 0, "CREATE_VCPU");
	check_result(vm_set_regs(fd), 0, "SET_VCPU_REGS");
	check_result(vm_set_memory(fd), 0, "SET_MEMSEG");
	if (state == VM_DYING) {
		hv_refuse(HC_DESTROY_VM, TESTBED_FOREVER, -EINVAL);
		check_result(vm_destroy(fd), -EINVAL, "refused DESTROY_VM");
		return;
	}
	if (state == VM_STARTED || state == VM_PAUSED)
		check_result(vm_start(fd), 0, "START_VM");
	if (state == VM_PAUSED)
		check_result(vm_pause(fd), 0, "PAUSE_VM");
}

int vm_in_state(enum vm_state state, unsigned int config)
{
	int fd = hsm_open();

	vm_to_state(fd, state, config);
	return fd;
}

/**
 * vm_look() - what a VM is; the test fails if driver and hypervisor disagree
 * @config: the VM's configuration
 * @vm: filled in; not for a VM that is dying, which the hypervisor does not
 *	know of
 */
void vm_look(unsigned int config, struct vm_model *vm)
{
	static const enum vm_state states[] = {
		[TESTBED_VM_OFF] = VM_EMPTY,
		[TESTBED_VM_CREATED] = VM_CREATED,
		[TESTBED_VM_STARTED] = VM_STARTED,
		[TESTBED_VM_PAUSED] = VM_PAUSED,
	};
	struct shown_vm shown = { "EMPTY" };
	struct hv_vm real;

	hv_get_vm(VMID(config), &real);
	check(real.state < ARRAY_SIZE(states), "state %lu in the hypervisor",
	      real.state);
	vm->state = states[real.state];
	vm->vcpus = real.vcpus;
	shown_vm(VMID(config), &shown);
	check(!strcasecmp(shown.state, vm_state_names[vm->state]),
	      "state in the driver: %s, in the hypervisor: %s", shown.state,
	      vm_state_names[vm->state]);
	check_equal(shown.vcpus, vm->vcpus,
		    "vCPUs in the driver, against those in the hypervisor");
}

/**
 * vm_check() - hold driver and hypervisor against the model
 * @config: the VM's configuration
 * @vm: what both have to say of it
 */
void vm_check(unsigned int config, const struct vm_model *vm)
{
	struct vm_model found;

	vm_look(config, &found);
	check(found.state == vm->state, "the VM is %s, should be %s",
	      vm_state_names[found.state], vm_state_names[vm->state]);
	check_equal(found.vcpus, vm->vcpus, "vCPUs");
}

/**
 * vm_gone() - wait until a VM is destroyed
 * @config: its configuration
 * @ms: how long to wait
 *
 * Return: whether driver and hypervisor no longer have it.
 */
bool vm_gone(unsigned int config, unsigned int ms)
{
	uint64_t end = now_us() + ms * 1000ULL;
	struct shown_vm shown;

	do {
		if (!shown_vm(VMID(config), &shown) &&
		    hv_vm_state(VMID(config)) == TESTBED_VM_OFF)
			return true;
		sleep_ms(20);
	} while (now_us() < end);
	return false;
}
