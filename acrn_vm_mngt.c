// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: the User VM: its lifetime, its states, its vCPUs.
 *
 * EMPTY -create-> CREATED -start-> STARTED -pause-> PAUSED -reset-> CREATED
 *
 * Destroying leads back to EMPTY from all of them, unless the hypervisor
 * refuses: then the VM is DYING.  The hypervisor may go on using its memory,
 * so nothing of it is given back; destroying is tried again until it works,
 * even after the file was closed, and the module stays loaded meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include <asm/msr-index.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm/processor-flags.h>

#include "acrn_drv_internal.h"
#include "acrn_ioctl.h"
#include "acrn_irq.h"

/* How long to wait before asking a hypervisor again that refused a destroy */
#define ACRN_REAP_INTERVAL	HZ
/* So often, and so many ms apart, when the kernel stops: it does not wait for ever */
#define ACRN_STOP_TRIES		10
#define ACRN_STOP_INTERVAL	100

/* Bits that some hypervisor knows; they have moved, and mean different things */
#define ACRN_VM_FLAGS		GENMASK_ULL(13, 0)
/* Those that ask for no more than an ordinary VM gets, wherever they are known */
#define ACRN_VM_FLAGS_ORDINARY						\
	(ACRN_VM_FLAG_SECURE_WORLD | ACRN_VM_FLAG_POLLING | ACRN_VM_FLAG_CLOS)

/* Access rights of a segment, acrn_vcpu_regs.cs_ar */
#define ACRN_AR_TYPE		0xf
#define ACRN_AR_DATA_RWA	0x3		/* data: written to, accessed */
#define ACRN_AR_CODE_A		0x9		/* code: accessed */
#define ACRN_AR_S		BIT(4)		/* neither a gate nor a task's */
#define ACRN_AR_DPL		GENMASK(6, 5)
#define ACRN_AR_P		BIT(7)
#define ACRN_AR_L		BIT(13)
#define ACRN_AR_DB		BIT(14)
#define ACRN_AR_G		BIT(15)		/* the limit is one of pages */

/* Selectors: it is in the LDT, where TR and LDTR cannot be */
#define ACRN_SEL_TI		BIT(2)

/* What RFLAGS may have; not VM: no vCPU starts in virtual 8086 mode */
#define ACRN_RFLAGS							\
	(X86_EFLAGS_CF | X86_EFLAGS_FIXED | X86_EFLAGS_PF | X86_EFLAGS_AF | \
	 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_TF | X86_EFLAGS_IF | \
	 X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_IOPL | X86_EFLAGS_NT | \
	 X86_EFLAGS_RF | X86_EFLAGS_AC | X86_EFLAGS_VIF | X86_EFLAGS_VIP | \
	 X86_EFLAGS_ID)

/* Where a CPU begins after a reset, in real mode */
#define ACRN_RESET_VECTOR	0xfffffff0

static void acrn_reap_dying(struct work_struct *work);
static DECLARE_DELAYED_WORK(acrn_reap_work, acrn_reap_dying);

/* The VM object of a file being opened, EMPTY, or NULL */
struct acrn_vm *acrn_vm_new(void)
{
	struct acrn_vm *vm;

	vm = acrn_vm_alloc();
	if (!vm)
		return NULL;

	vm->memory = RB_ROOT;
	acrn_ioreq_init(vm);
	acrn_irq_init(vm);
	vm->irqfds = RB_ROOT;
	init_llist_head(&vm->closed_irqfds);
	INIT_LIST_HEAD(&vm->given);
	return vm;
}

static void acrn_vm_enter_dying(struct acrn_vm *vm, int error)
{
	lockdep_assert_held(&vm->lock);

	if (vm->state != ACRN_VM_DYING) {
		pr_warn_ratelimited("VM %u: the hypervisor refuses to destroy it (%d), trying on\n",
				    vm->vmid, error);
		/* Given back by acrn_vm_leave_dying(). */
		acrn_vm_get(vm);
		__module_get(THIS_MODULE);
		acrn_vm_set_state(vm, ACRN_VM_DYING);
	}

	schedule_delayed_work(&acrn_reap_work, ACRN_REAP_INTERVAL);
}

/* The caller has a reference of its own: this is never the last one. */
static void acrn_vm_leave_dying(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);

	acrn_vm_put(vm);
	module_put(THIS_MODULE);
}

/* Give back what IC_CREATE_VM took.  The hypervisor has no such VM any more. */
static void acrn_vm_make_empty(struct acrn_vm *vm)
{
	lockdep_assert_held(&vm->lock);

	acrn_given_release(vm);
	vm->ptdev_sets = 0;
	acrn_mm_release(vm);
	if (vm->ioreq.page)
		acrn_ioreq_page_unpin(vm);
	mmdrop(vm->mm);
	vm->mm = NULL;
	put_pid(vm->owner);
	vm->owner = NULL;
	vm->vcpu_num = 0;
	vm->contract = NULL;
	WRITE_ONCE(vm->vmid, ACRN_INVALID_VMID);
	acrn_vm_set_state(vm, ACRN_VM_EMPTY);
}

/*
 * Hidden before the hypervisor is asked: from the moment it agrees, the vmid may
 * belong to somebody else's new VM.
 */
static int acrn_vm_destroy(struct acrn_vm *vm)
{
	bool was_dying = vm->state == ACRN_VM_DYING;
	int ret;

	lockdep_assert_held(&vm->lock);

	acrn_vm_hide(vm);
	acrn_ioreq_teardown(vm);
	acrn_ioeventfd_release(vm);
	acrn_irqfd_release(vm);
	acrn_irq_enable(vm, false);

	/* Newer hypervisors destroy paused VMs only; DESTROY's answer decides. */
	acrn_hc_pause_vm(vm->vmid);
	ret = acrn_given_teardown(vm);
	if (ret)
		goto dying;

	acrn_vmids_begin();
	ret = acrn_hc_destroy_vm(vm->vmid);
	if (!ret || ret == -ETIMEDOUT)
		acrn_vm_unlist(vm);
	acrn_vmids_end();
	if (ret == -ETIMEDOUT)
		pr_warn_ratelimited("VM %u: destroyed, but a physical CPU did not come back\n",
				    vm->vmid);
	else if (ret)
		goto dying;

	acrn_vm_make_empty(vm);
	if (was_dying)
		acrn_vm_leave_dying(vm);
	return 0;

dying:
	acrn_vm_enter_dying(vm, ret);
	return ret;
}

/**
 * acrn_vm_abandon() - give up on a DYING VM
 * @vmid: the VM
 *
 * For administrators who know that the hypervisor will never destroy it.  As it may
 * go on using the memory, that stays pinned, and what tells of the pins is lost with
 * it.  But the module can be unloaded, and the file can have another VM.
 *
 * Return: 0, or -ENOENT: there is no such DYING VM.
 */
int acrn_vm_abandon(u16 vmid)
{
	struct acrn_vm *vm;
	int ret = -ENOENT;

	vm = acrn_vm_find_ending_get(vmid);
	if (!vm)
		return ret;

	mutex_lock(&vm->lock);
	if (vm->state == ACRN_VM_DYING && vm->vmid == vmid) {
		pr_warn("VM %u: given up, its memory is lost until the next boot\n",
			vmid);
		acrn_vmids_begin();
		acrn_vm_unlist(vm);
		acrn_vmids_end();
		acrn_given_abandon(vm);
		vm->memory = RB_ROOT;
		vm->ioreq.page = NULL;
		acrn_vm_make_empty(vm);
		acrn_vm_leave_dying(vm);
		ret = 0;
	}
	mutex_unlock(&vm->lock);
	acrn_vm_put(vm);
	return ret;
}

static void acrn_vm_reap(struct acrn_vm *vm)
{
	mutex_lock(&vm->lock);
	if (vm->state == ACRN_VM_DYING)
		acrn_vm_destroy(vm);
	mutex_unlock(&vm->lock);
}

/* Ask once more for each dying VM; runs as long as there are any. */
static void acrn_reap_dying(struct work_struct *work)
{
	acrn_vms_visit_ending(acrn_vm_reap);
}

static void acrn_vm_end(struct acrn_vm *vm)
{
	mutex_lock(&vm->lock);
	if (vm->state != ACRN_VM_EMPTY)
		acrn_vm_destroy(vm);
	mutex_unlock(&vm->lock);
}

/* The file is being closed: its VM and its reference go. */
void acrn_vm_close(struct acrn_vm *vm)
{
	acrn_vm_end(vm);
	acrn_vm_put(vm);
}

/*
 * The kernel stops or is replaced; its memory must not be written to then.  No VM can be
 * created any more.  Whom the hypervisor refuses to destroy, it is asked again here: the
 * work that does so may not get its turn before the next kernel has the memory.
 */
void acrn_vms_destroy_all(void)
{
	unsigned int tries = ACRN_STOP_TRIES;

	acrn_vms_visit_all(acrn_vm_end);
	while (acrn_vms_close()) {
		if (!tries--) {
			pr_crit("the hypervisor keeps VMs, which may write to the memory of the next kernel\n");
			break;
		}
		msleep(ACRN_STOP_INTERVAL);
		acrn_vms_visit_ending(acrn_vm_reap);
	}
}

/*
 * The module is being unloaded.  There are no VMs any more: those with a file and
 * those that are dying keep the module.  But the work that reaped the last one may
 * not have returned yet.
 */
void acrn_vms_exit(void)
{
	cancel_delayed_work_sync(&acrn_reap_work);
}

int acrn_check_create_vm(const union acrn_ioctl_arg *arg)
{
	const struct acrn_create_vm *create = &arg->create_vm;

	if (create->reserved0 || create->reserved1 ||
	    memchr_inv(create->reserved2, 0, sizeof(create->reserved2)))
		return -EINVAL;
	if (create->vm_flag & ~ACRN_VM_FLAGS)
		return -EINVAL;
	/* ACRN refuses this, and afterwards every VM of that uuid as well. */
	if (create->vm_flag & ACRN_VM_FLAG_LAPIC_PASSTHROUGH &&
	    !(create->vm_flag & acrn_hv_rt_flags()))
		return -EINVAL;
	if (create->vcpu_num > ACRN_MAX_VCPUS)
		return -EINVAL;
	if (!PAGE_ALIGNED(create->req_buf))
		return -EINVAL;
	return 0;
}

/* Such a VM gets at hardware, or at others' share of it. */
bool acrn_create_vm_needs_cap(const union acrn_ioctl_arg *arg)
{
	return arg->create_vm.vm_flag & ~ACRN_VM_FLAGS_ORDINARY;
}

/* Asks the hypervisor for a VM, which has an id then and can be found. */
static int acrn_vm_get_id(struct acrn_vm *vm, struct acrn_create_vm *param)
{
	u16 vmid;
	int ret;

	memcpy(vm->name, param->uuid, sizeof(vm->name));
	acrn_vmids_begin();
	if (acrn_vms_are_closed())
		ret = -EBUSY;
	else if (acrn_hv_spoils_names() && acrn_vm_name_taken(vm->name))
		ret = -EEXIST;
	else
		ret = acrn_hc_create_vm(param);
	if (ret)
		goto out;

	vmid = READ_ONCE(param->vmid);
	if (vmid == ACRN_INVALID_VMID) {
		ret = -EIO;
		goto out;
	}
	WRITE_ONCE(vm->vmid, vmid);
	if (acrn_vm_publish(vm)) {
		/* Not ours to destroy. */
		pr_err_ratelimited("VM %u: the hypervisor gave this id out twice\n",
				   vmid);
		ret = -EIO;
	}
out:
	acrn_vmids_end();
	return ret;
}

/* The vCPUs are new, or in their reset state. */
static void acrn_vm_start_at_reset(struct acrn_vm *vm)
{
	vm->start_gpa = ACRN_RESET_VECTOR;
	vm->start_prot = ACRN_PROT_READ | ACRN_PROT_EXEC;
}

/*
 * With paging the instruction is wherever the guest's own page tables say: that is for
 * the guest to know.  In 64-bit mode there always is paging.
 */
static void acrn_vm_start_with(struct acrn_vm *vm, const struct acrn_vcpu_regs *regs)
{
	if (regs->cr0 & X86_CR0_PG) {
		vm->start_gpa = regs->cr3 & PAGE_MASK;
		vm->start_prot = ACRN_PROT_READ;
	} else {
		vm->start_gpa = lower_32_bits(regs->cs_base + regs->rip);
		vm->start_prot = ACRN_PROT_READ | ACRN_PROT_EXEC;
	}
}

int acrn_ioctl_create_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_create_vm *create = &arg->create_vm;
	struct acrn_create_vm *param = &vm->param.create_vm;
	u16 vcpu_num;
	int ret;

	lockdep_assert_held(&vm->lock);

	vm->mm = current->mm;
	mmgrab(vm->mm);
	vm->owner = get_pid(task_tgid(current));
	if (create->req_buf) {
		ret = acrn_ioreq_page_pin(vm, create->req_buf);
		if (ret)
			goto err_empty;
	}

	*param = *create;
	param->vmid = ACRN_INVALID_VMID;
	/* So that it can be seen whether the hypervisor makes the vCPUs itself */
	param->vcpu_num = 0;
	/* A user address; the page goes to the hypervisor in its own call. */
	param->req_buf = 0;
	ret = acrn_vm_get_id(vm, param);
	if (ret)
		goto err_empty;

	acrn_irq_enable(vm, true);
	acrn_vm_set_state(vm, ACRN_VM_CREATED);
	vm->may_run_on = create->vm_flag & acrn_hv_rt_flags();
	acrn_vm_start_at_reset(vm);

	/* The hypervisor may write what it likes. */
	vcpu_num = READ_ONCE(param->vcpu_num);
	if (vcpu_num > ACRN_MAX_VCPUS) {
		ret = -EIO;
		goto err_destroy;
	}
	WRITE_ONCE(vm->vcpu_num, vcpu_num);
	vm->vcpus_made = vcpu_num;
	if (vm->ioreq.page) {
		vm->ioreq.client_ids = vm->contract->client_ids;
		vm->ioreq.polling = create->vm_flag & ACRN_VM_FLAG_POLLING;
		ret = acrn_ioreq_page_share(vm);
		if (ret)
			goto err_destroy;
	}

	create->vmid = vm->vmid;
	if (vcpu_num)
		create->vcpu_num = vcpu_num;
	return 0;

err_destroy:
	acrn_vm_destroy(vm);
	return ret;
err_empty:
	acrn_vm_make_empty(vm);
	return ret;
}

/* With an error the VM is DYING. */
int acrn_ioctl_destroy_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	return acrn_vm_destroy(vm);
}

int acrn_ioctl_start_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	int ret;

	if (!vm->vcpu_num || !vm->ioreq.page)
		return -EINVAL;
	/* ACRN loses the physical CPU of a vCPU that has nothing to begin with. */
	if (!acrn_mm_has(vm, vm->start_gpa, vm->start_prot))
		return -EINVAL;

	/* Its first request may be completed before the hypervisor returns. */
	acrn_ioreq_start(vm);
	ret = acrn_hc_start_vm(vm->vmid);
	if (ret) {
		acrn_ioreq_pause(vm);
		return ret;
	}
	acrn_vm_set_state(vm, ACRN_VM_STARTED);
	return 0;
}

int acrn_ioctl_pause_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	bool runs = vm->ioreq.running;
	int ret;

	/* If it runs on, its requests need to be answered. */
	if (runs && !vm->may_run_on)
		acrn_ioreq_pause(vm);
	ret = acrn_hc_pause_vm(vm->vmid);
	if (ret) {
		if (runs)
			acrn_ioreq_start(vm);
		return ret;
	}
	acrn_vm_set_state(vm, ACRN_VM_PAUSED);
	acrn_irq_set_paused(vm, true);
	return 0;
}

/* The memory stays, and so do the vCPUs, in their reset state. */
int acrn_ioctl_reset_vm(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	bool runs = vm->ioreq.running;
	int ret;

	/* From here on PAUSE_VM waits for the VM's lock. */
	acrn_irq_set_paused(vm, false);
	/*
	 * The hypervisor frees all slots: what is completed after that would be in
	 * the way of the next request.  A VM that still runs gets its answers if the
	 * hypervisor refuses, and is known from then on to be one of that kind.
	 */
	acrn_ioreq_pause(vm);
	ret = acrn_hc_reset_vm(vm->vmid);
	if (ret) {
		/* It has no other reason to say so: the VM was not paused. */
		if (ret == -EINVAL || ret == -EIO)
			vm->may_run_on = true;
		/* Without a page it has never been started, and has no requests. */
		if (vm->ioreq.page && (runs || vm->may_run_on))
			acrn_ioreq_start(vm);
		return ret;
	}

	acrn_ioreq_clear(vm);
	acrn_vm_start_at_reset(vm);
	acrn_vm_set_state(vm, ACRN_VM_CREATED);
	return 0;
}

int acrn_check_create_vcpu(const union acrn_ioctl_arg *arg)
{
	return arg->create_vcpu.vcpu_id < ACRN_MAX_VCPUS ? 0 : -EINVAL;
}

/*
 * The hypervisor numbers vCPUs itself, in order, whatever it is asked for: an
 * id that is not the next one would name another vCPU than the caller means.
 */
int acrn_ioctl_create_vcpu(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	const struct acrn_create_vcpu *create = &arg->create_vcpu;
	struct acrn_create_vcpu *param = &vm->param.create_vcpu;
	int ret;

	if (create->vcpu_id < vm->vcpu_num)
		return vm->vcpus_made ? 0 : -EEXIST;
	if (create->vcpu_id > vm->vcpu_num || vm->vcpus_made)
		return -EINVAL;

	*param = (struct acrn_create_vcpu) {
		.vcpu_id = create->vcpu_id,
		.pcpu_id = create->pcpu_id,
	};
	ret = acrn_hc_create_vcpu(vm->vmid, param);
	if (!ret)
		WRITE_ONCE(vm->vcpu_num, vm->vcpu_num + 1);
	return ret;
}

static bool acrn_regs_reserved_used(const struct acrn_set_vcpu_regs *set)
{
	const struct acrn_vcpu_regs *regs = &set->vcpu_regs;
	u64 used = 0;
	int i;

	/* The shorter ones have three. */
	for (i = 0; i < 3; i++)
		used |= set->reserved0[i] | regs->gdt.reserved[i] |
			regs->idt.reserved[i] | regs->reserved_32[i] |
			regs->reserved_64[i] | regs->reserved_16[i];
	return used | regs->reserved_64[3] | regs->reserved_16[3];
}

/* The other segments are the hypervisor's: of privilege 0, and CS has to be, too. */
static bool acrn_cs_can_be_entered(const struct acrn_vcpu_regs *regs)
{
	u32 ar = regs->cs_ar, limit = regs->cs_limit;

	/* Present, and code or, as in real mode, data that can be written */
	if (!(ar & ACRN_AR_P) || !(ar & ACRN_AR_S) || ar & ACRN_AR_DPL)
		return false;
	if ((ar & ACRN_AR_CODE_A) != ACRN_AR_CODE_A &&
	    (ar & ACRN_AR_TYPE) != ACRN_AR_DATA_RWA)
		return false;
	/* The limit is in bytes, whatever it was made of. */
	return ar & ACRN_AR_G ? !(~limit & GENMASK(11, 0)) :
				!(limit & GENMASK(31, 20));
}

static bool acrn_is_canonical(u64 address)
{
	return __is_canonical_address(address, boot_cpu_data.x86_virt_bits);
}

/* @code64: CS is one of 64-bit code */
static bool acrn_addresses_can_be_entered(const struct acrn_vcpu_regs *regs, bool code64)
{
	if (upper_32_bits(regs->cs_base) ||
	    (code64 ? !acrn_is_canonical(regs->rip) : upper_32_bits(regs->rip)))
		return false;
	if (!acrn_is_canonical(regs->gdt.base) || !acrn_is_canonical(regs->idt.base))
		return false;
	if ((regs->ldt_sel | regs->tr_sel) & ACRN_SEL_TI)
		return false;
	/* Of 0 the hypervisor makes what it is after a reset. */
	return !regs->rflags || (regs->rflags & X86_EFLAGS_FIXED &&
				 !(regs->rflags & ~(u64)ACRN_RFLAGS));
}

/*
 * Can a CPU enter a guest in this state?  ACRN does not ask: it tries, and the
 * physical CPU is lost when it cannot.  This is what the architecture wants of the
 * registers that a device model sets, as VMX looks at them.
 */
static bool acrn_regs_can_be_entered(const struct acrn_vcpu_regs *regs)
{
	bool paging = regs->cr0 & X86_CR0_PG;
	bool lme = regs->ia32_efer & EFER_LME;
	bool lma = regs->ia32_efer & EFER_LMA;
	u32 ar = regs->cs_ar;

	if (upper_32_bits(regs->cr0) || upper_32_bits(regs->cr4) ||
	    regs->ia32_efer & ~(u64)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NX))
		return false;
	if (paging && !(regs->cr0 & X86_CR0_PE))
		return false;
	/* In every mode: no address that the CPU does not have */
	if (regs->cr3 >> boot_cpu_data.x86_phys_bits)
		return false;
	/* LMA says that the CPU is in long mode: when LME and paging are on. */
	if (lma != (lme && paging) || (lma && !(regs->cr4 & X86_CR4_PAE)))
		return false;
	/* A segment of 64-bit code has no other size. */
	if (lma && ar & ACRN_AR_L && ar & ACRN_AR_DB)
		return false;
	return acrn_cs_can_be_entered(regs) &&
	       acrn_addresses_can_be_entered(regs, lma && ar & ACRN_AR_L);
}

int acrn_check_set_vcpu_regs(const union acrn_ioctl_arg *arg)
{
	const struct acrn_set_vcpu_regs *set = &arg->set_vcpu_regs;

	if (acrn_regs_reserved_used(set) ||
	    !acrn_regs_can_be_entered(&set->vcpu_regs))
		return -EINVAL;
	return 0;
}

int acrn_ioctl_set_vcpu_regs(struct acrn_vm *vm, union acrn_ioctl_arg *arg)
{
	struct acrn_set_vcpu_regs *param = &vm->param.set_vcpu_regs;
	int ret;

	if (arg->set_vcpu_regs.vcpu_id >= vm->vcpu_num)
		return -EINVAL;

	*param = arg->set_vcpu_regs;
	memset(param->vcpu_regs.padding, 0, sizeof(param->vcpu_regs.padding));
	ret = acrn_hc_set_vcpu_regs(vm->vmid, param);
	if (!ret && !arg->set_vcpu_regs.vcpu_id)
		acrn_vm_start_with(vm, &arg->set_vcpu_regs.vcpu_regs);
	return ret;
}
