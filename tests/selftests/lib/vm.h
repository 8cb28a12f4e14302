/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * User VMs for the tests: builders, the ioctls as a table, and a model of what
 * the driver is to answer in which state.
 */
#ifndef VM_H
#define VM_H

#include <linux/acrn/acrn_ioctl_defs.h>

#include "control.h"

#define MAX_VMS		TESTBED_MAX_VMS

/* The id that the test hypervisor gives to the VM of configuration n */
#define VMID(config)	((config) + 1)

/* Where VMs start if nothing else is said: where a CPU does after a reset */
#define VM_START_GPA	0xfffffff0UL
#define VM_START_PAGE	(VM_START_GPA & ~(PAGE_SIZE - 1))
#define VM_START_PAGES	1
#define VM_START_KB	(4 * VM_START_PAGES)

enum vm_state {
	VM_EMPTY,
	VM_CREATED,
	VM_STARTED,
	VM_PAUSED,
	VM_DYING,
	VM_STATES,
};

enum op {
	OP_GET_API_VERSION,
	OP_GET_PLATFORM_INFO,
	OP_CREATE_VM,
	OP_DESTROY_VM,
	OP_START_VM,
	OP_PAUSE_VM,
	OP_CREATE_VCPU,
	OP_RESET_VM,
	OP_SET_VCPU_REGS,
	OP_INJECT_MSI,
	OP_VM_INTR_MONITOR,
	OP_SET_IRQLINE,
	OP_PM_GET_CPU_STATE,
	OP_CREATE_IOREQ_CLIENT,
	OP_ATTACH_IOREQ_CLIENT,
	OP_DESTROY_IOREQ_CLIENT,
	OP_NOTIFY_REQUEST_FINISH,
	OP_CLEAR_VM_IOREQ,
	OP_SET_MEMSEG,
	OP_UNSET_MEMSEG,
	OP_ASSIGN_PTDEV,
	OP_DEASSIGN_PTDEV,
	OP_SET_PTDEV_INTR,
	OP_RESET_PTDEV_INTR,
	OP_ASSIGN_PCIDEV,
	OP_DEASSIGN_PCIDEV,
	OP_ASSIGN_MMIODEV,
	OP_DEASSIGN_MMIODEV,
	OP_ADD_HV_VDEV,
	OP_REMOVE_HV_VDEV,
	OP_EVENT_IOEVENTFD,
	OP_EVENT_IRQFD,
	OPS,
};

/**
 * struct op_info - an ioctl
 * @name: its name
 * @number: its number
 * @size: of what its argument points to, 0: it points to nothing
 * @in: it reads its argument
 * @out: it writes its argument
 * @value: its argument is a number
 */
struct op_info {
	const char *name;
	unsigned int number;
	unsigned int size;
	bool in;
	bool out;
	bool value;
};

extern const struct op_info op_info[OPS];
extern const char *const vm_state_names[VM_STATES];

/* Any valid argument */
union argument {
	struct acrn_api_version version;
	struct acrn_platform_info platform;
	struct acrn_create_vm create;
	struct acrn_create_vcpu vcpu;
	struct acrn_set_vcpu_regs regs;
	struct acrn_msi_entry msi;
	struct acrn_intr_monitor monitor;
	struct acrn_ioreq_notify notify;
	struct acrn_memseg memseg;
	struct acrn_ptdev_irq ptdev_irq;
	struct acrn_pcidev pcidev;
	struct acrn_mmiodev mmiodev;
	struct acrn_vdev vdev;
	struct acrn_ioeventfd ioeventfd;
	struct acrn_irqfd irqfd;
	uint64_t question;
	uint16_t bdf;
	unsigned long value;
};

/**
 * struct vm_model - what a VM is, by the documentation of the ioctls
 * @state: its state
 * @vcpus: how many vCPUs it has
 * @bare: it has no memory where it starts
 * @client: it has the device model's client
 * @memseg: it has the memory that op_run() gives it
 * @ioeventfd: it has the ioeventfd that op_run() assigns
 * @irqfd: it has the irqfd that op_run() assigns
 * @vdev: it has the virtual device that op_run() adds
 */
struct vm_model {
	enum vm_state state;
	unsigned int vcpus;
	bool bare;
	bool client;
	bool memseg;
	bool ioeventfd;
	bool irqfd;
	bool vdev;
};

/**
 * struct vm_answer - a failure, and what the driver makes of it
 * @answer: what the hypervisor answers
 * @result: what user space is told
 */
struct vm_answer {
	int answer;
	int result;
};

#define VM_ANSWERS	19

extern const struct vm_answer vm_answers[VM_ANSWERS];

int hsm_open(void);
int hsm_ioctl(int fd, unsigned int number, void *argument);

void *vm_io_page(unsigned int config);
void vm_uuid(unsigned int config, void *uuid);
void vm_fill_create(struct acrn_create_vm *create, unsigned int config);
void vm_fill_regs(struct acrn_set_vcpu_regs *regs);
void vm_fill_regs_at(struct acrn_set_vcpu_regs *regs, unsigned int address);

int vm_create(int fd, unsigned int config);
int vm_create_flags(int fd, unsigned int config, unsigned long flags);
int vm_create_vcpu(int fd, unsigned int vcpu);
void *vm_start_page(void);
int vm_set_memory(int fd);
int vm_set_regs(int fd);
int vm_start(int fd);
int vm_pause(int fd);
int vm_reset(int fd);
int vm_destroy(int fd);

void op_fill(enum op op, union argument *argument, unsigned int config,
	     unsigned int vcpu);
int op_run(enum op op, int fd, unsigned int config, unsigned int vcpu);
int op_expect(enum op op, struct vm_model *vm, unsigned int vcpu);

int vm_in_state(enum vm_state state, unsigned int config);
void vm_to_state(int fd, enum vm_state state, unsigned int config);
void vm_look(unsigned int config, struct vm_model *vm);
void vm_check(unsigned int config, const struct vm_model *vm);
bool vm_gone(unsigned int config, unsigned int ms);

#endif /* VM_H */
