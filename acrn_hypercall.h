/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: hypercalls.
 *
 * None may be made before the module has seen ACRN in CPUID: elsewhere VMCALL
 * raises an exception.  After that all may be made in any context.
 *
 * Parameter blocks are passed by guest-physical address: they must lie in the
 * kernel's direct mapping, in physically contiguous memory, never on a stack.
 * All wrappers return 0 or an errno that may go to user space as it is.
 */
#ifndef ACRN_HYPERCALL_H
#define ACRN_HYPERCALL_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/tracepoint-defs.h>
#include <linux/types.h>

#include <asm/page.h>

#include <linux/acrn/acrn_a2_defs.h>
#include <linux/acrn/acrn_ioctl_defs.h>

struct seq_file;

/*
 * The hypercalls that the driver makes: X(name in the ABI, number), LAST() for the
 * last one.  The number is the low byte of what goes to R8.
 */
#define ACRN_HYPERCALLS(X, LAST)					\
	X(GET_API_VERSION, 0x00)					\
	X(SOS_OFFLINE_CPU, 0x01)					\
	X(SET_CALLBACK_VECTOR, 0x02)					\
	X(GET_PLATFORM_INFO, 0x03)					\
	X(CREATE_VM, 0x10)						\
	X(DESTROY_VM, 0x11)						\
	X(START_VM, 0x12)						\
	X(PAUSE_VM, 0x13)						\
	X(CREATE_VCPU, 0x14)						\
	X(RESET_VM, 0x15)						\
	X(SET_VCPU_REGS, 0x16)						\
	X(INJECT_MSI, 0x23)						\
	X(VM_INTR_MONITOR, 0x24)					\
	X(SET_IRQLINE, 0x25)						\
	X(SET_IOREQ_BUFFER, 0x30)					\
	X(NOTIFY_REQUEST_FINISH, 0x31)					\
	X(VM_SET_MEMORY_REGIONS, 0x42)					\
	X(VM_WRITE_PROTECT_PAGE, 0x43)					\
	X(ASSIGN_PTDEV, 0x50)						\
	X(DEASSIGN_PTDEV, 0x51)						\
	X(SET_PTDEV_INTR_INFO, 0x53)					\
	X(RESET_PTDEV_INTR_INFO, 0x54)					\
	X(ASSIGN_PCIDEV, 0x55)						\
	X(DEASSIGN_PCIDEV, 0x56)					\
	X(ASSIGN_MMIODEV, 0x57)						\
	X(DEASSIGN_MMIODEV, 0x58)					\
	X(ADD_VDEV, 0x59)						\
	X(REMOVE_VDEV, 0x5a)						\
	X(ASSIGN_PIO_REGION, 0x5b)					\
	X(DEASSIGN_PIO_REGION, 0x5c)					\
	LAST(PM_GET_CPU_STATE, 0x80)

#define ACRN_HYPERCALL_NR(name, nr)	ACRN_HC_##name = (nr),
enum acrn_hypercall {
	ACRN_HYPERCALLS(ACRN_HYPERCALL_NR, ACRN_HYPERCALL_NR)
};

#undef ACRN_HYPERCALL_NR

/**
 * struct acrn_hc_ioreq_buffer - parameter of HC_SET_IOREQ_BUFFER
 * @gpa: guest-physical address of the I/O request page
 */
struct acrn_hc_ioreq_buffer {
	u64 gpa;
};

/* acrn_hc_memory_region.type */
#define ACRN_HC_REGION_ADD		0
#define ACRN_HC_REGION_DELETE		2

/* acrn_hc_memory_region.prot: ACRN_PROT_* and one of these */
#define ACRN_HC_REGION_WB		0x40
#define ACRN_HC_REGION_UC		0x100

/* As many regions as one hypercall takes: a page full */
#define ACRN_HC_REGIONS_MAX		128

/**
 * struct acrn_hc_memory_region - a part of a User VM's memory
 * @type: %ACRN_HC_REGION_ADD or %ACRN_HC_REGION_DELETE
 * @prot: access rights and cache type
 * @gpa: address in the User VM
 * @service_gpa: address in the Service VM
 * @size: bytes
 */
struct acrn_hc_memory_region {
	u32 type;
	u32 prot;
	u64 gpa;
	u64 service_gpa;
	u64 size;
};

/**
 * struct acrn_hc_set_regions - parameter of HC_VM_SET_MEMORY_REGIONS
 * @vmid: the User VM
 * @reserved0: zero
 * @count: number of regions
 * @reserved1: zero
 * @regions_gpa: where the array of regions is
 */
struct acrn_hc_set_regions {
	u16 vmid;
	u16 reserved0[3];
	u32 count;
	u32 reserved1;
	u64 regions_gpa;
};

/**
 * struct acrn_hc_write_protect - parameter of HC_VM_WRITE_PROTECT_PAGE
 * @set: 1: the guest may not write to the page; 0: it may
 * @reserved: zero
 * @gpa: the page
 */
struct acrn_hc_write_protect {
	u8 set;
	u8 reserved[7];
	u64 gpa;
};

/**
 * struct acrn_hc_ptdev_irq - parameter of HC_(RE)SET_PTDEV_INTR_INFO
 * @type: ACRN_PTDEV_IRQ_*
 * @virt_bdf: the device in the User VM
 * @phys_bdf: the device
 * @virt_pin: of INTx
 * @vector_cnt: of MSI and MSI-X
 * @phys_pin: of INTx; else zero
 * @pic_pin: of INTx, 0 or 1; else zero
 * @reserved: zero
 */
struct acrn_hc_ptdev_irq {
	u32 type;
	u16 virt_bdf;
	u16 phys_bdf;
	union {
		u32 virt_pin;
		u32 vector_cnt;
	};
	u32 phys_pin;
	u8 pic_pin;
	u8 reserved[7];
};

/* acrn_hc_ptdev_irq.phys_bdf and .virt_bdf: the line is of no PCI device */
#define ACRN_NO_PCI_DEVICE		0xffff

/**
 * union acrn_mmiodev_param - parameter of HC_(DE)ASSIGN_MMIODEV
 * @ic: up to v2.5
 * @a2: from v2.6 on
 */
union acrn_mmiodev_param {
	struct acrn_mmiodev ic;
	struct acrn_a2_mmiodev a2;
};

/**
 * union acrn_pm_data - what HC_PM_GET_CPU_STATE writes
 * @count: of counts
 * @px: of a performance state
 * @cx: of an idle state
 * @a2_cx: the same since v2.6
 */
union acrn_pm_data {
	u8 count;
	struct acrn_px_data px;
	struct acrn_cx_data cx;
	struct acrn_a2_cx_data a2_cx;
};

/**
 * struct acrn_hc_stat - a hypercall and how often it was made
 * @name: its name in the ABI; NULL: the driver does not make this one
 * @calls: how often it was made
 * @failures: how often the hypervisor answered with an error
 */
struct acrn_hc_stat {
	const char *name;
	atomic_long_t calls;
	atomic_long_t failures;
};

extern struct acrn_hc_stat acrn_hc_stats[];

int acrn_hc_get_api_version(struct acrn_api_version *version);
int acrn_hc_offline_cpu(unsigned int lapic);
int acrn_hc_unknown(void);
int acrn_hc_get_platform_info(void *info);
int acrn_hc_create_vm(struct acrn_create_vm *param);
int acrn_hc_destroy_vm(u16 vmid);
int acrn_hc_start_vm(u16 vmid);
int acrn_hc_reset_vm(u16 vmid);
int acrn_hc_create_vcpu(u16 vmid, const struct acrn_create_vcpu *param);
int acrn_hc_set_ioreq_buffer(u16 vmid, const struct acrn_hc_ioreq_buffer *param);
int acrn_hc_vm_intr_monitor(u16 vmid, struct acrn_intr_monitor *param);
int acrn_hc_set_callback_vector(unsigned int vector);
int acrn_hc_assign_ptdev(u16 vmid, u16 bdf);
int acrn_hc_deassign_ptdev(u16 vmid, u16 bdf);
int acrn_hc_set_ptdev_intr_info(u16 vmid, const struct acrn_hc_ptdev_irq *irq);
int acrn_hc_reset_ptdev_intr_info(u16 vmid, const struct acrn_hc_ptdev_irq *irq);
int acrn_hc_assign_pcidev(u16 vmid, const struct acrn_pcidev *dev);
int acrn_hc_deassign_pcidev(u16 vmid, const struct acrn_pcidev *dev);
int acrn_hc_assign_mmiodev(u16 vmid, const union acrn_mmiodev_param *dev);
int acrn_hc_deassign_mmiodev(u16 vmid, const union acrn_mmiodev_param *dev);
int acrn_hc_assign_pio(u16 vmid, const struct acrn_a2_pio_region *pio);
int acrn_hc_deassign_pio(u16 vmid, const struct acrn_a2_pio_region *pio);
int acrn_hc_add_vdev(u16 vmid, const struct acrn_vdev *vdev);
int acrn_hc_remove_vdev(u16 vmid, const struct acrn_vdev *vdev);
int acrn_hc_pm_get_cpu_state(u32 cmd, u16 vmid, union acrn_pm_data *data);
int acrn_hc_write_protect_page(u16 vmid, const struct acrn_hc_write_protect *param);

void acrn_hc_show(struct seq_file *s);

/*
 * For the functions below, which are in place where they are used.  Parameters that
 * the hypercall has too come first: they are in its registers then.
 */
int __cold acrn_hc_failed(unsigned int nr, long rax);
int __cold acrn_hypercall_traced(unsigned long p1, unsigned long p2, unsigned int nr,
				 unsigned long vmid);
DECLARE_TRACEPOINT(acrn_hypercall_enter);
DECLARE_TRACEPOINT(acrn_hypercall_exit);

/* Bit 31 tells ACRN's hypercalls from those of other hypervisors. */
#define ACRN_HC_ID(nr)			(0x80000000UL | (nr))

/* The one place that executes VMCALL */
static __always_inline long acrn_vmcall(unsigned int nr, unsigned long p1,
					unsigned long p2)
{
	register unsigned long r8 asm("r8") = ACRN_HC_ID(nr);
	/*
	 * The hypervisor leaves RAX as it was when its answer would be -ENODEV
	 * or -EACCES, so what stands there before must read as a failure.
	 */
	long rax = -EIO;

	asm volatile("vmcall"
		     : "+a" (rax)
		     : "r" (r8), "D" (p1), "S" (p2)
		     : "memory");
	return rax;
}

static __always_inline int acrn_hc_result(unsigned int nr, long rax)
{
	atomic_long_inc(&acrn_hc_stats[nr].calls);
	return likely((int)rax >= 0) ? 0 : acrn_hc_failed(nr, rax);
}

/* Traces apart: what they need of registers would cost every call something. */
static __always_inline int acrn_hypercall(unsigned int nr, u16 vmid,
					  unsigned long p1, unsigned long p2)
{
	if (tracepoint_enabled(acrn_hypercall_enter) ||
	    tracepoint_enabled(acrn_hypercall_exit))
		return acrn_hypercall_traced(p1, p2, nr, vmid);
	return acrn_hc_result(nr, acrn_vmcall(nr, p1, p2));
}

/* Hypercalls whose first parameter is a VM, the second a block or nothing */
static __always_inline int acrn_vm_hypercall(unsigned int nr, u16 vmid,
					     const void *param)
{
	return acrn_hypercall(nr, vmid, vmid, param ? __pa(param) : 0);
}

/* Those that device models and guests wait for again and again */

/* In any state.  A running real-time VM answers 0 and runs on. */
static inline int acrn_hc_pause_vm(u16 vmid)
{
	return acrn_vm_hypercall(ACRN_HC_PAUSE_VM, vmid, NULL);
}

/* @vmid: a VM that does not run */
static inline int acrn_hc_set_vcpu_regs(u16 vmid, const struct acrn_set_vcpu_regs *param)
{
	return acrn_vm_hypercall(ACRN_HC_SET_VCPU_REGS, vmid, param);
}

static inline int acrn_hc_inject_msi(u16 vmid, const struct acrn_msi_entry *msi)
{
	return acrn_vm_hypercall(ACRN_HC_INJECT_MSI, vmid, msi);
}

/* @irqline: an ACRN_IRQLINE(), passed by value */
static inline int acrn_hc_set_irqline(u16 vmid, u64 irqline)
{
	return acrn_hypercall(ACRN_HC_SET_IRQLINE, vmid, vmid, irqline);
}

/**
 * acrn_hc_notify_request_finish() - HC_NOTIFY_REQUEST_FINISH
 * @vmid: a started VM
 * @vcpu: a vCPU of it whose request is complete; it runs on
 *
 * Never for a vCPU that does not wait: the hypervisor would set one that was
 * stopped running again.
 *
 * Return: 0 or a negative errno.
 */
static inline int acrn_hc_notify_request_finish(u16 vmid, unsigned int vcpu)
{
	return acrn_hypercall(ACRN_HC_NOTIFY_REQUEST_FINISH, vmid, vmid, vcpu);
}

/**
 * acrn_hc_set_memory_regions() - HC_VM_SET_MEMORY_REGIONS
 * @param: the VM, and the regions to add or delete
 *
 * Return: 0 or a negative errno; the regions before the one that failed are
 *	done then.
 */
static inline int acrn_hc_set_memory_regions(const struct acrn_hc_set_regions *param)
{
	return acrn_hypercall(ACRN_HC_VM_SET_MEMORY_REGIONS, param->vmid,
			      __pa(param), 0);
}

#endif /* ACRN_HYPERCALL_H */
