// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/* User VMs for the tests */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "harness.h"
#include "kernel.h"
#include "vm.h"

#define INOUT(type)	.size = sizeof(struct type), .in = true, .out = true
#define IN(type)	.size = sizeof(struct type), .in = true
#define OUT(type)	.size = sizeof(struct type), .out = true

const struct op_info op_info[OPS] = {
	[OP_GET_API_VERSION] = {
		"GET_API_VERSION", IC_GET_API_VERSION, OUT(acrn_api_version)
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
 * @regs: the argument: vCPU 0 in real mode at address 0x1000
 */
void vm_fill_regs(struct acrn_set_vcpu_regs *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->vcpu_regs.rip = 0x1000;
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
	default:
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
 * Return: its result.
 */
int op_run(enum op op, int fd, unsigned int config, unsigned int vcpu)
{
	union argument argument;

	op_fill(op, &argument, config, vcpu);
	return hsm_ioctl(fd, op_info[op].number,
			 op_info[op].size ? &argument : NULL);
}

/* Hypervisors like v1.4 and later make the vCPUs with the VM: one if not asked. */
static bool makes_vcpus(void)
{
	return hv_generation() > 13;
}

static int expect_create_vcpu(struct vm_model *vm, unsigned int vcpu)
{
	if (vcpu < vm->vcpus)
		return makes_vcpus() ? 0 : -EEXIST;
	if (vcpu > vm->vcpus || makes_vcpus())
		return -EINVAL;
	vm->vcpus++;
	return 0;
}

static int expect_start(struct vm_model *vm)
{
	if (!vm->vcpus)
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
	if (op == OP_CREATE_VM) {
		if (state != VM_EMPTY)
			return -EBUSY;
		*vm = (struct vm_model){ VM_CREATED, makes_vcpus() };
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
	default:
		fail("no such ioctl: %d", op);
	}
}

/**
 * vm_to_state() - bring an empty file into a state, with one vCPU
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
