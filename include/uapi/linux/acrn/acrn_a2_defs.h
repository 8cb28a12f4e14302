/* SPDX-License-Identifier: (GPL-2.0+ OR BSD-3-Clause) WITH Linux-syscall-note */
/*
 * ACRN HSM: the second contract of /dev/acrn_hsm, whose numbers have the type
 * 0xA2: that of Linux's own <linux/acrn.h>, which acrn-dm v2.6 to v3.3 speaks, and
 * what Intel's kernels added to it.
 *
 * A program of this contract alone includes <linux/acrn.h>, and this header if it
 * uses an addition.  <linux/acrn.h> gives names to its structures that
 * acrn_ioctl_defs.h gives to others, so the two cannot be included together; here
 * they have names of their own.  This header can stand beside either of them,
 * after which its calls can use the structures in which both agree: acrn_msi_entry,
 * acrn_ioeventfd and acrn_irqfd.
 *
 * A field named reserved must be zero and is checked, unless its comment says
 * otherwise.  Documentation/ioctls.rst lists states and errors of every call.
 */
#ifndef _UAPI_LINUX_ACRN_A2_DEFS_H
#define _UAPI_LINUX_ACRN_A2_DEFS_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* The ioctl type of all calls */
#define ACRN_A2_TYPE			0xA2

/**
 * struct acrn_a2_create_vm - a User VM to create (ACRN_A2_CREATE_VM)
 * @vmid: out: the hypervisor's id of the VM, unique while the VM lives; what
 *	it holds on the way in does not matter
 * @reserved0: must be zero
 * @vcpu_num: out: how many vCPUs the VM has; on the way in it does not matter
 * @reserved1: must be zero
 * @name: names the VM or its configuration in the hypervisor: a name padded with
 *	zeroes since v2.7, a uuid before; the driver only compares it
 * @vm_flag: flags of the hypervisor, see ACRN_VM_FLAG_* of acrn_ioctl_defs.h
 * @ioreq_buf: user virtual address of the I/O request page, page aligned; the
 *	page is pinned and shared with the hypervisor until the VM is gone.  0:
 *	no page; such a VM can be built but not started
 * @cpu_affinity: a bit for each physical CPU the VM may run on; 0: all that are
 *	configured
 */
struct acrn_a2_create_vm {
	__u16 vmid;
	__u16 reserved0;
	__u16 vcpu_num;
	__u16 reserved1;
	__u8 name[16];
	__aligned_u64 vm_flag;
	__aligned_u64 ioreq_buf;
	__aligned_u64 cpu_affinity;
};

/**
 * struct acrn_a2_set_vcpu_regs - initial state of a vCPU (ACRN_A2_SET_VCPU_REGS)
 * @vcpu_id: a vCPU that exists
 * @reserved0: must be zero
 * @vcpu_regs: the state: struct acrn_regs of <linux/acrn.h>, which is struct
 *	acrn_vcpu_regs of acrn_ioctl_defs.h up to its tr_sel
 * @padding: ignored and not even read: <linux/acrn.h> has padding here, but none in
 *	32-bit programs, whose number for this call is another for that reason
 */
struct acrn_a2_set_vcpu_regs {
	__u16 vcpu_id;
	__u16 reserved0[3];
	__u8 vcpu_regs[284];
	__u8 padding[4];
};

/* acrn_a2_memmap.type */
#define ACRN_A2_MEMMAP_RAM		0	/* memory of the caller */
#define ACRN_A2_MEMMAP_MMIO		1	/* a device's registers */

/* acrn_a2_memmap.attr: access rights, and cache types, which are ignored */
#define ACRN_A2_MEMMAP_READ		0x00000001U
#define ACRN_A2_MEMMAP_WRITE		0x00000002U
#define ACRN_A2_MEMMAP_EXEC		0x00000004U
#define ACRN_A2_MEMMAP_CACHE_TYPES	0x000007c0U

/**
 * struct acrn_a2_memmap - guest memory to map or unmap (ACRN_A2_SET_MEMSEG,
 *	ACRN_A2_UNSET_MEMSEG)
 * @type: ACRN_A2_MEMMAP_*; MMIO needs CAP_SYS_RAWIO or CAP_SYS_ADMIN; ignored by
 *	ACRN_A2_UNSET_MEMSEG
 * @attr: access rights; the driver adds the cache type: write-back for RAM,
 *	uncached for MMIO.  Ignored by ACRN_A2_UNSET_MEMSEG
 * @user_vm_pa: guest-physical address, page aligned
 * @base: page aligned; of RAM: user address, in the caller's own memory; of
 *	MMIO: physical address; ignored by ACRN_A2_UNSET_MEMSEG
 * @len: bytes, a multiple of the page size, not 0
 */
struct acrn_a2_memmap {
	__u32 type;
	__u32 attr;
	__aligned_u64 user_vm_pa;
	__aligned_u64 base;
	__aligned_u64 len;
};

/*
 * The slots of the I/O request page are those of struct acrn_io_request, but for
 * one word, at offset 132.  There stands 0 in a request that the device model is
 * to handle, and something else in one that the kernel handles.
 */
#define ACRN_A2_SLOT_KERNEL_HANDLED	132

/**
 * struct acrn_a2_ioreq_notify - a request that is done
 *	(ACRN_A2_NOTIFY_REQUEST_FINISH)
 * @vmid: the VM
 * @reserved: ignored: the sample program of Linux does not set it
 * @vcpu: index of its slot
 */
struct acrn_a2_ioreq_notify {
	__u16 vmid;
	__u16 reserved;
	__u32 vcpu;
};

/**
 * struct acrn_a2_ptdev_irq - the line of a device given to the User VM
 *	(ACRN_A2_SET_PTDEV_INTR, ACRN_A2_RESET_PTDEV_INTR)
 * @type: 0, INTx; the hypervisor follows MSIs by itself
 * @virt_bdf: the device in the User VM: bus << 8 | device << 3 | function
 * @phys_bdf: the device in the Service VM
 * @virt_pin: pin of the User VM's I/O APIC, or of its PIC, below 256
 * @phys_pin: global system interrupt of the device, below 256
 * @is_pic_pin: 0 or 1: @virt_pin is a pin of the PIC
 */
struct acrn_a2_ptdev_irq {
	__u32 type;
	__u16 virt_bdf;
	__u16 phys_bdf;
	__u32 virt_pin;
	__u32 phys_pin;
	__u32 is_pic_pin;
};

/**
 * struct acrn_a2_pcidev - a PCI device for the User VM (ACRN_A2_ASSIGN_PCIDEV,
 *	ACRN_A2_DEASSIGN_PCIDEV)
 * @type: for the hypervisor
 * @virt_bdf: the device in the User VM: bus << 8 | device << 3 | function
 * @phys_bdf: the device in the Service VM
 * @intr_line: its interrupt line in the User VM
 * @intr_pin: its interrupt pin in the User VM
 * @reserved: ignored: <linux/acrn.h> has padding here
 * @bar: its base addresses in the User VM
 */
struct acrn_a2_pcidev {
	__u32 type;
	__u16 virt_bdf;
	__u16 phys_bdf;
	__u8 intr_line;
	__u8 intr_pin;
	__u16 reserved;
	__u32 bar[6];
};

/* Most ranges of an acrn_a2_mmiodev */
#define ACRN_A2_MMIODEV_RANGES		3

/**
 * struct acrn_a2_mmio_range - some registers of a device
 * @user_pa: where they are in the User VM
 * @host_pa: their physical address
 * @size: bytes; 0: there are none, and the others are ignored
 * @mem_type: how they are cached, in bits 3 to 5 as in page tables of the hypervisor;
 *	0: not at all.  The others are ignored
 *
 * All of whole pages.
 */
struct acrn_a2_mmio_range {
	__aligned_u64 user_pa;
	__aligned_u64 host_pa;
	__aligned_u64 size;
	__aligned_u64 mem_type;
};

/**
 * struct acrn_a2_mmiodev - a device that is no PCI device, for the User VM
 *	(ACRN_A2_ASSIGN_MMIODEV, ACRN_A2_DEASSIGN_MMIODEV)
 * @name: for the hypervisor
 * @res: its registers
 *
 * On the way back, addresses and sizes count.
 */
struct acrn_a2_mmiodev {
	__u8 name[8];
	struct acrn_a2_mmio_range res[ACRN_A2_MMIODEV_RANGES];
};

/**
 * struct acrn_a2_pio_region - ports of a device, for the User VM
 *	(ACRN_A2_ASSIGN_PIO_REGION, ACRN_A2_DEASSIGN_PIO_REGION)
 * @name: for the hypervisor
 * @port: the first
 * @size: how many
 *
 * On the way back, @port and @size count.
 */
struct acrn_a2_pio_region {
	__u8 name[8];
	__u16 port;
	__u16 size;
};

/**
 * struct acrn_a2_vdev - a PCI device of the User VM that the hypervisor emulates
 *	(ACRN_A2_CREATE_VDEV, ACRN_A2_DESTROY_VDEV)
 * @id: vendor id in bits 0 to 15, device id in bits 16 to 31, from bit 32 on a number
 *	for what is no PCI device
 * @slot: where it is: bus << 8 | device << 3 | function
 * @io_addr: its base addresses
 * @io_size: their sizes, bytes
 * @args: for the kind of device, as the name of a memory region
 *
 * On the way back, @id and @slot count.
 */
struct acrn_a2_vdev {
	__aligned_u64 id;
	__aligned_u64 slot;
	__u32 io_addr[6];
	__u32 io_size[6];
	__u8 args[128];
};

/*
 * acrn_ioeventfd.flags, an addition: the vCPU need not wait until the eventfd is
 * signalled.  A wish that need not be granted; deassigning does not look at it.
 */
#define ACRN_A2_IOEVENTFD_ASYNCIO	0x08

/**
 * struct acrn_a2_cx_data - an idle state, as in ACPI's _CST
 * @space_id: ACPI address space of the register to enter it
 * @bit_width: width of the register, bits
 * @bit_offset: where it begins, bits
 * @access_size: size of an access to it
 * @address: of the register
 * @type: C-state type
 * @reserved0: zero
 * @latency: to leave it, us
 * @reserved1: zero
 * @power: mW
 */
struct acrn_a2_cx_data {
	__u8 space_id;
	__u8 bit_width;
	__u8 bit_offset;
	__u8 access_size;
	__u64 address;
	__u8 type;
	__u8 reserved0[3];
	__u32 latency;
	__u32 reserved1;
	__u64 power;
} __attribute__((packed));

/**
 * struct acrn_a2_platform_info - what the hypervisor knows of the machine
 *	(ACRN_A2_GET_PLATFORM_INFO), an addition
 * @cpu_num: number of physical CPUs
 * @version: of this structure, 0x100
 * @l2_cat_shift: CPUs with the same LAPIC id without so many bits share an L2 cache
 * @l3_cat_shift: the same of the L3 cache
 * @lapic_ids: ids of the CPUs' local APICs
 * @reserved0: zero on the way out, ignored on the way in
 * @max_vcpus_per_vm: most vCPUs that a VM can have
 * @max_vms: number of VMs that are configured
 * @vm_config_size: size of the configuration of a VM, bytes
 * @vm_configs_addr: in: user address of @max_vms * @vm_config_size bytes, where the
 *	configurations go, or 0; needs CAP_SYS_RAWIO or CAP_SYS_ADMIN
 * @reserved1: zero on the way out, ignored on the way in
 */
struct acrn_a2_platform_info {
	__u16 cpu_num;
	__u16 version;
	__u32 l2_cat_shift;
	__u32 l3_cat_shift;
	__u8 lapic_ids[64];
	__u8 reserved0[52];
	__u16 max_vcpus_per_vm;
	__u16 max_vms;
	__u32 vm_config_size;
	__aligned_u64 vm_configs_addr;
	__u8 reserved1[112];
};

/*
 * In and out: struct acrn_a2_platform_info, although the number says that it is
 * out only.  Works in every state.  An addition.
 */
#define ACRN_A2_GET_PLATFORM_INFO	\
	_IOR(ACRN_A2_TYPE, 0x03, struct acrn_a2_platform_info)

#define ACRN_A2_CREATE_VM		\
	_IOWR(ACRN_A2_TYPE, 0x10, struct acrn_a2_create_vm)
/* The argument of the next three and of ACRN_A2_RESET_VM is ignored */
#define ACRN_A2_DESTROY_VM		_IO(ACRN_A2_TYPE, 0x11)
#define ACRN_A2_START_VM		_IO(ACRN_A2_TYPE, 0x12)
#define ACRN_A2_PAUSE_VM		_IO(ACRN_A2_TYPE, 0x13)
#define ACRN_A2_RESET_VM		_IO(ACRN_A2_TYPE, 0x15)
#define ACRN_A2_SET_VCPU_REGS		\
	_IOW(ACRN_A2_TYPE, 0x16, struct acrn_a2_set_vcpu_regs)

#define ACRN_A2_INJECT_MSI		\
	_IOW(ACRN_A2_TYPE, 0x23, struct acrn_msi_entry)
/*
 * In and out: struct acrn_intr_monitor of acrn_ioctl_defs.h, although the number
 * has the size of a long.  32-bit programs have another number for that reason.
 */
#define ACRN_A2_VM_INTR_MONITOR		_IOW(ACRN_A2_TYPE, 0x24, unsigned long)
/* The argument is no pointer but an ACRN_IRQLINE() of acrn_ioctl_defs.h */
#define ACRN_A2_SET_IRQLINE		_IOW(ACRN_A2_TYPE, 0x25, __u64)

#define ACRN_A2_NOTIFY_REQUEST_FINISH	\
	_IOW(ACRN_A2_TYPE, 0x31, struct acrn_a2_ioreq_notify)
/* No argument; returns 0: there is one client at most, and it has no id */
#define ACRN_A2_CREATE_IOREQ_CLIENT	_IO(ACRN_A2_TYPE, 0x32)
/*
 * The argument is ignored.  Waits for requests; returns 0 when there are some or
 * a signal came, and -ENODEV when there is no client or no more.
 */
#define ACRN_A2_ATTACH_IOREQ_CLIENT	_IO(ACRN_A2_TYPE, 0x33)
/* The argument of both is ignored */
#define ACRN_A2_DESTROY_IOREQ_CLIENT	_IO(ACRN_A2_TYPE, 0x34)
#define ACRN_A2_CLEAR_VM_IOREQ		_IO(ACRN_A2_TYPE, 0x35)

#define ACRN_A2_SET_MEMSEG		\
	_IOW(ACRN_A2_TYPE, 0x41, struct acrn_a2_memmap)
#define ACRN_A2_UNSET_MEMSEG		\
	_IOW(ACRN_A2_TYPE, 0x42, struct acrn_a2_memmap)

#define ACRN_A2_SET_PTDEV_INTR		\
	_IOW(ACRN_A2_TYPE, 0x53, struct acrn_a2_ptdev_irq)
#define ACRN_A2_RESET_PTDEV_INTR	\
	_IOW(ACRN_A2_TYPE, 0x54, struct acrn_a2_ptdev_irq)
#define ACRN_A2_ASSIGN_PCIDEV		\
	_IOW(ACRN_A2_TYPE, 0x55, struct acrn_a2_pcidev)
#define ACRN_A2_DEASSIGN_PCIDEV		\
	_IOW(ACRN_A2_TYPE, 0x56, struct acrn_a2_pcidev)
/*
 * In and out: as for IC_PM_GET_CPU_STATE, see ACRN_PM_TYPE() of acrn_ioctl_defs.h,
 * but that the answer to ACRN_PM_CX_DATA is a struct acrn_a2_cx_data.  The size in
 * the number is that of the question.
 */
#define ACRN_A2_PM_GET_CPU_STATE	_IOWR(ACRN_A2_TYPE, 0x60, __u64)

#define ACRN_A2_ASSIGN_MMIODEV		\
	_IOW(ACRN_A2_TYPE, 0x57, struct acrn_a2_mmiodev)
#define ACRN_A2_DEASSIGN_MMIODEV	\
	_IOW(ACRN_A2_TYPE, 0x58, struct acrn_a2_mmiodev)

#define ACRN_A2_CREATE_VDEV		\
	_IOW(ACRN_A2_TYPE, 0x59, struct acrn_a2_vdev)
#define ACRN_A2_DESTROY_VDEV		\
	_IOW(ACRN_A2_TYPE, 0x5a, struct acrn_a2_vdev)

#define ACRN_A2_ASSIGN_PIO_REGION	\
	_IOW(ACRN_A2_TYPE, 0x5b, struct acrn_a2_pio_region)
#define ACRN_A2_DEASSIGN_PIO_REGION	\
	_IOW(ACRN_A2_TYPE, 0x5c, struct acrn_a2_pio_region)

#define ACRN_A2_IOEVENTFD		\
	_IOW(ACRN_A2_TYPE, 0x70, struct acrn_ioeventfd)
#define ACRN_A2_IRQFD			\
	_IOW(ACRN_A2_TYPE, 0x71, struct acrn_irqfd)

/*
 * Additions that this driver knows but does not offer, ENOTTY; ioctls-linux.rst says why.
 * Their arguments are no pointers but the address of a page, or a file descriptor.
 */
#define ACRN_A2_SETUP_ASYNCIO		_IOW(ACRN_A2_TYPE, 0x90, __u64)
#define ACRN_A2_SETUP_VM_EVENT_RING	_IOW(ACRN_A2_TYPE, 0xa0, __u64)
#define ACRN_A2_SETUP_VM_EVENT_FD	_IOW(ACRN_A2_TYPE, 0xa1, int)

#endif /* _UAPI_LINUX_ACRN_A2_DEFS_H */
