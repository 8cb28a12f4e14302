/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: the way of an ioctl from its number to its handler and back.
 *
 * Device models of different times number the same calls differently and lay out
 * their structures differently.  Each generation has a table of its own, in acrn_ic.c
 * and acrn_a2.c.  The handlers are the same for all: they work on the driver's own
 * argument, and a row of a table says how the client's structure becomes that and
 * how the result goes back.
 *
 * To add an ioctl: its number and structure in the UAPI header, a line in
 * ACRN_IOCTLS, a member in union acrn_ioctl_arg, a handler here and where its
 * subject is, a row in the table.
 */
#ifndef ACRN_IOCTL_H
#define ACRN_IOCTL_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/types.h>

#include <linux/acrn/acrn_a2_defs.h>
#include <linux/acrn/acrn_ioctl_defs.h>

#include "acrn_hypercall.h"

struct acrn_vm;
struct file;

/* The names of the ioctls of 2019, for traces: X(name), LAST() for the last one */
#define ACRN_IOCTLS(X, LAST)						\
	X(GET_API_VERSION)						\
	X(GET_PLATFORM_INFO)						\
	X(CREATE_VM)							\
	X(DESTROY_VM)							\
	X(START_VM)							\
	X(PAUSE_VM)							\
	X(CREATE_VCPU)							\
	X(RESET_VM)							\
	X(SET_VCPU_REGS)						\
	X(INJECT_MSI)							\
	X(VM_INTR_MONITOR)						\
	X(SET_IRQLINE)							\
	X(NOTIFY_REQUEST_FINISH)					\
	X(CREATE_IOREQ_CLIENT)						\
	X(ATTACH_IOREQ_CLIENT)						\
	X(DESTROY_IOREQ_CLIENT)						\
	X(CLEAR_VM_IOREQ)						\
	X(SET_MEMSEG)							\
	X(UNSET_MEMSEG)							\
	X(ASSIGN_PTDEV)							\
	X(DEASSIGN_PTDEV)						\
	X(SET_PTDEV_INTR_INFO)						\
	X(RESET_PTDEV_INTR_INFO)					\
	X(ASSIGN_PCIDEV)						\
	X(DEASSIGN_PCIDEV)						\
	X(ASSIGN_MMIODEV)						\
	X(DEASSIGN_MMIODEV)						\
	X(ADD_HV_VDEV)							\
	X(REMOVE_HV_VDEV)						\
	X(PM_GET_CPU_STATE)						\
	X(EVENT_IOEVENTFD)						\
	LAST(EVENT_IRQFD)

/* The same of Linux's own numbers */
#define ACRN_A2_IOCTLS(X, LAST)						\
	X(GET_PLATFORM_INFO)						\
	X(CREATE_VM)							\
	X(DESTROY_VM)							\
	X(START_VM)							\
	X(PAUSE_VM)							\
	X(RESET_VM)							\
	X(SET_VCPU_REGS)						\
	X(INJECT_MSI)							\
	X(VM_INTR_MONITOR)						\
	X(SET_IRQLINE)							\
	X(NOTIFY_REQUEST_FINISH)					\
	X(CREATE_IOREQ_CLIENT)						\
	X(ATTACH_IOREQ_CLIENT)						\
	X(DESTROY_IOREQ_CLIENT)						\
	X(CLEAR_VM_IOREQ)						\
	X(SET_MEMSEG)							\
	X(UNSET_MEMSEG)							\
	X(SET_PTDEV_INTR)						\
	X(RESET_PTDEV_INTR)						\
	X(ASSIGN_PCIDEV)						\
	X(DEASSIGN_PCIDEV)						\
	X(ASSIGN_MMIODEV)						\
	X(DEASSIGN_MMIODEV)						\
	X(CREATE_VDEV)							\
	X(DESTROY_VDEV)							\
	X(ASSIGN_PIO_REGION)						\
	X(DEASSIGN_PIO_REGION)						\
	X(PM_GET_CPU_STATE)						\
	X(IOEVENTFD)							\
	LAST(IRQFD)

/* acrn_memseg.type, inside the driver: whatever it was added as */
#define ACRN_MEMSEG_ANY			~0U

/**
 * struct acrn_client_arg - the device model's I/O request client
 * @id: which; what CREATE_IOREQ_CLIENT gave
 * @nonblock: ATTACH_IOREQ_CLIENT shall not wait
 * @gone: what ATTACH_IOREQ_CLIENT found: it is no more
 */
struct acrn_client_arg {
	u64 id;
	bool nonblock;
	bool gone;
};

/**
 * struct acrn_pm_state_arg - a question about a CPU's power states
 * @cmd: what is asked for, see ACRN_PM_TYPE()
 * @data: the answer, as the hypervisor lays it out
 */
struct acrn_pm_state_arg {
	u64 cmd;
	union acrn_pm_data data;
};

/* Most ranges of registers that a device has */
#define ACRN_MMIODEV_RANGES		3

static_assert(ACRN_MMIODEV_RANGES == ACRN_A2_MMIODEV_RANGES);

/**
 * struct acrn_mmio_range - registers of a device that is no PCI device
 * @gpa: where they are in the User VM
 * @hpa: their physical address
 * @size: bytes; 0: there are none
 */
struct acrn_mmio_range {
	u64 gpa;
	u64 hpa;
	u64 size;
};

/**
 * struct acrn_mmiodev_arg - a device that is no PCI device
 * @ranges: its registers
 * @param: the same for the hypervisor, whose layout is that of its device models
 */
struct acrn_mmiodev_arg {
	struct acrn_mmio_range ranges[ACRN_MMIODEV_RANGES];
	union acrn_mmiodev_param param;
};

/**
 * union acrn_ioctl_arg - the driver's own copy of an ioctl's argument
 * @api_version: of GET_API_VERSION
 * @platform_info: of IC_GET_PLATFORM_INFO
 * @a2_platform_info: of ACRN_A2_GET_PLATFORM_INFO
 * @create_vm: of CREATE_VM
 * @create_vcpu: of CREATE_VCPU
 * @set_vcpu_regs: of SET_VCPU_REGS
 * @notify: of NOTIFY_REQUEST_FINISH
 * @client: of the calls for the I/O request client
 * @memseg: of SET_MEMSEG and UNSET_MEMSEG
 * @msi: of INJECT_MSI
 * @irqline: of SET_IRQLINE, an ACRN_IRQLINE()
 * @intr_monitor: of VM_INTR_MONITOR
 * @bdf: of (DE)ASSIGN_PTDEV
 * @ptdev_irq: of (RE)SET_PTDEV_INTR_INFO
 * @pcidev: of (DE)ASSIGN_PCIDEV
 * @mmiodev: of (DE)ASSIGN_MMIODEV
 * @vdev: of ADD_HV_VDEV and REMOVE_HV_VDEV
 * @pio: of (DE)ASSIGN_PIO_REGION
 * @pm_state: of PM_GET_CPU_STATE
 * @ioeventfd: of EVENT_IOEVENTFD
 * @irqfd: of EVENT_IRQFD
 */
union acrn_ioctl_arg {
	struct acrn_api_version api_version;
	struct acrn_platform_info platform_info;
	struct acrn_a2_platform_info a2_platform_info;
	struct acrn_create_vm create_vm;
	struct acrn_create_vcpu create_vcpu;
	struct acrn_set_vcpu_regs set_vcpu_regs;
	struct acrn_ioreq_notify notify;
	struct acrn_client_arg client;
	struct acrn_memseg memseg;
	struct acrn_msi_entry msi;
	u64 irqline;
	struct acrn_intr_monitor intr_monitor;
	u16 bdf;
	struct acrn_hc_ptdev_irq ptdev_irq;
	struct acrn_pcidev pcidev;
	struct acrn_mmiodev_arg mmiodev;
	struct acrn_vdev vdev;
	struct acrn_a2_pio_region pio;
	struct acrn_pm_state_arg pm_state;
	struct acrn_ioeventfd ioeventfd;
	struct acrn_irqfd irqfd;
};

/* acrn_ioctl.states: in which states of the VM */
#define ACRN_IN(state)			BIT(ACRN_VM_##state)
#define ACRN_IN_LIVE							\
	(ACRN_IN(CREATED) | ACRN_IN(STARTED) | ACRN_IN(PAUSED))
#define ACRN_IN_STILL		(ACRN_IN(CREATED) | ACRN_IN(PAUSED))
#define ACRN_IN_ANY			(ACRN_IN(EMPTY) | ACRN_IN_LIVE | ACRN_IN(DYING))

/**
 * struct acrn_ioctl - an ioctl, a row of a table
 * @cmd: its number; 0 in rows that stand for no ioctl
 * @contract: whose number that is
 * @states: the states of the VM in which it is legal, ACRN_IN() or'ed
 * @legal: the same for @contract only, to be compared with acrn_vm.legal
 * @unlocked: @func does its own locking; the state may change under it
 * @owner: only the address space that created the VM may do this to it
 * @in: makes the argument from what user space gave.  Or NULL: there is none
 * @check: is the argument well-formed?  Or NULL: there is nothing to check
 * @needs_cap: does this argument ask for something that needs a capability,
 *	because it reaches hardware?  Or NULL: never
 * @func: does it
 * @out: gives user space the result of what was done; what it returns, the ioctl
 *	returns.  Or NULL: there is nothing but the success to tell
 * @undo: takes back what @func did, if @out fails.  Or NULL: @func changed nothing
 */
struct acrn_ioctl {
	unsigned int cmd;
	const struct acrn_contract *contract;
	u8 states;
	u16 legal;
	bool unlocked;
	bool owner;
	int (*in)(struct file *filp, union acrn_ioctl_arg *arg,
		  unsigned long user);
	int (*check)(const union acrn_ioctl_arg *arg);
	bool (*needs_cap)(const union acrn_ioctl_arg *arg);
	int (*func)(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
	int (*out)(const union acrn_ioctl_arg *arg, unsigned long user);
	int (*undo)(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
};

/* acrn_ic.c */
extern const struct acrn_contract acrn_ic_contract;
const struct acrn_ioctl *acrn_ic_find(unsigned int cmd);
long acrn_ic_ioctl(struct file *filp, unsigned int cmd, unsigned long user);
long acrn_ic_run_set_irqline(struct file *filp, unsigned long user);
long acrn_ic_run_inject_msi(struct file *filp, unsigned long user);
long acrn_ic_run_notify(struct file *filp, unsigned long user);
long acrn_ic_run_attach(struct file *filp, unsigned long user);
long acrn_ic_run_pause_vm(struct file *filp, unsigned long user);
long acrn_ic_run_set_vcpu_regs(struct file *filp, unsigned long user);
long acrn_ic_run_irqfd(struct file *filp, unsigned long user);

/* acrn_a2.c */
extern const struct acrn_contract acrn_a2_contract;
const struct acrn_ioctl *acrn_a2_find(unsigned int cmd);
long acrn_a2_ioctl(struct file *filp, unsigned int cmd, unsigned long user);
long acrn_a2_run_set_irqline(struct file *filp, unsigned long user);
long acrn_a2_run_inject_msi(struct file *filp, unsigned long user);
long acrn_a2_run_notify(struct file *filp, unsigned long user);
long acrn_a2_run_attach(struct file *filp, unsigned long user);
long acrn_a2_run_pause_vm(struct file *filp, unsigned long user);
long acrn_a2_run_set_vcpu_regs(struct file *filp, unsigned long user);
long acrn_a2_run_irqfd(struct file *filp, unsigned long user);
unsigned int acrn_a2_native_cmd(unsigned int cmd);

/*
 * The handlers.  The VM is that of the file, locked and in one of the states of
 * the row, unless the row says that the handler does its own locking.  The
 * argument is well-formed, as far as it can be seen without the VM, and allowed.
 * All return 0 or a negative errno.
 */
bool acrn_platform_needs_cap(const union acrn_ioctl_arg *arg);
bool acrn_a2_platform_needs_cap(const union acrn_ioctl_arg *arg);
int acrn_ioctl_get_platform_info(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_a2_get_platform_info(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_check_create_vm(const union acrn_ioctl_arg *arg);
bool acrn_create_vm_needs_cap(const union acrn_ioctl_arg *arg);
int acrn_ioctl_create_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_destroy_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_start_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_pause_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_reset_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_check_create_vcpu(const union acrn_ioctl_arg *arg);
int acrn_ioctl_create_vcpu(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_check_set_vcpu_regs(const union acrn_ioctl_arg *arg);
int acrn_ioctl_set_vcpu_regs(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_check_memseg_range(const union acrn_ioctl_arg *arg);
int acrn_check_memseg(const union acrn_ioctl_arg *arg);
int acrn_check_set_memseg(const union acrn_ioctl_arg *arg);
bool acrn_memseg_needs_cap(const union acrn_ioctl_arg *arg);
int acrn_ioctl_set_memseg(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_unset_memseg(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_ioctl_notify_request_finish(struct acrn_vm *vm,
				     union acrn_ioctl_arg *arg);
int acrn_ioctl_create_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_attach_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_destroy_ioreq_client(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_clear_vm_ioreq(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_ioctl_inject_msi(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_check_intr_monitor(const union acrn_ioctl_arg *arg);
int acrn_ioctl_intr_monitor(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_in_ptdev_irq(struct file *filp, union acrn_ioctl_arg *arg,
		      unsigned long user);
bool acrn_ptdev_needs_cap(const union acrn_ioctl_arg *arg);
int acrn_ioctl_assign_ptdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_deassign_ptdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_check_ptdev_intr(const union acrn_ioctl_arg *arg);
int acrn_ioctl_set_ptdev_intr(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_reset_ptdev_intr(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_assign_pcidev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_deassign_pcidev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_check_mmiodev(const union acrn_ioctl_arg *arg);
int acrn_ioctl_assign_mmiodev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_deassign_mmiodev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_check_pio(const union acrn_ioctl_arg *arg);
int acrn_ioctl_assign_pio(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_deassign_pio(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_ioctl_add_vdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_ioctl_remove_vdev(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_in_pm_state(struct file *filp, union acrn_ioctl_arg *arg,
		     unsigned long user);
int acrn_out_pm_state(const union acrn_ioctl_arg *arg, unsigned long user);
int acrn_check_pm_state(const union acrn_ioctl_arg *arg);
int acrn_ioctl_pm_state(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

int acrn_check_ioeventfd(const union acrn_ioctl_arg *arg);
int acrn_ioctl_ioeventfd(struct acrn_vm *vm, union acrn_ioctl_arg *arg);
int acrn_check_irqfd(const union acrn_ioctl_arg *arg);
int acrn_ioctl_irqfd(struct acrn_vm *vm, union acrn_ioctl_arg *arg);

#endif /* ACRN_IOCTL_H */
