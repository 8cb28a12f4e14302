/* SPDX-License-Identifier: (GPL-2.0+ OR BSD-3-Clause) WITH Linux-syscall-note */
/*
 * ACRN HSM: what user space and the driver say to each other through
 * /dev/acrn_hsm.
 *
 * One open file is one User VM.  All structures are little endian, hold no
 * hidden padding and have the same layout for 32-bit and 64-bit callers.  A
 * field named reserved must be zero and is checked, unless its comment says
 * otherwise.  Documentation/ioctls.rst lists states and errors of every call.
 */
#ifndef _UAPI_LINUX_ACRN_IOCTL_DEFS_H
#define _UAPI_LINUX_ACRN_IOCTL_DEFS_H

#include <linux/const.h>
#include <linux/types.h>

/*
 * The numbers are plain: 0x43 in the top byte, the call in the low byte.  They
 * carry neither direction nor size, so _IOC_DIR() and _IOC_SIZE() of them mean
 * nothing.  Device models are built with these numbers; they are fixed.
 */
#define ACRN_IC_BASE			0x43000000U
#define ACRN_IC(nr)			(ACRN_IC_BASE | (nr))

/* The slots of the I/O request page, hence the most vCPUs a User VM can have */
#define ACRN_MAX_VCPUS			16

/* A vmid that no User VM ever has */
#define ACRN_INVALID_VMID		0xffffU

/* Version of this interface, what IC_GET_API_VERSION returns */
#define ACRN_API_VERSION_MAJOR		1
#define ACRN_API_VERSION_MINOR		0

/**
 * struct acrn_api_version - version of the interface (IC_GET_API_VERSION)
 * @major_version: changes when old callers would break
 * @minor_version: changes when something was added
 */
struct acrn_api_version {
	__u32 major_version;
	__u32 minor_version;
};

/**
 * struct acrn_platform_info - what the hypervisor knows of the machine
 *	(IC_GET_PLATFORM_INFO)
 * @cpu_num: number of physical CPUs
 * @version: of this structure, 0x100; 0 before v2.0
 * @reserved0: zero on the way out, ignored on the way in
 * @max_vcpus_per_vm: most vCPUs that a VM can have
 * @max_kata_containers: most Kata containers
 * @reserved1: zero on the way out, ignored on the way in
 * @max_vms: number of VMs that are configured; 0 before v2.0
 * @vm_config_entry_size: size of the configuration of a VM, bytes; 0 before v2.0
 * @vm_configs_addr: in: user address of @max_vms * @vm_config_entry_size bytes,
 *	where the configurations go, or 0; needs CAP_SYS_RAWIO or CAP_SYS_ADMIN.
 *	Set to 0 before v2.0, which has none to give
 * @reserved2: zero on the way out, ignored on the way in
 */
struct acrn_platform_info {
	__u16 cpu_num;
	__u16 version;
	__u8 reserved0[124];
	__u16 max_vcpus_per_vm;
	__u8 max_kata_containers;
	__u8 reserved1[7];
	__u16 max_vms;
	__u32 vm_config_entry_size;
	__aligned_u64 vm_configs_addr;
	__u8 reserved2[104];
};

/*
 * acrn_create_vm.vm_flag, as ACRN v1.0 to v1.5 has them.  Later releases moved some
 * and added others, up to bit 13; which of them a VM can be given, the hypervisor
 * decides.  Flags marked (*) let the User VM get at more than an ordinary one in
 * some release, and need CAP_SYS_RAWIO or CAP_SYS_ADMIN; so do the bits 7 to 13.
 * ACRN_VM_FLAG_LAPIC_PASSTHROUGH needs the release's bit for real-time VMs beside it.
 */
#define ACRN_VM_FLAG_SECURE_WORLD	_BITULL(0)	/* has a secure world */
#define ACRN_VM_FLAG_LAPIC_PASSTHROUGH	_BITULL(1)	/* (*) owns its local APICs */
#define ACRN_VM_FLAG_POLLING		_BITULL(2)	/* I/O completion by polling */
#define ACRN_VM_FLAG_CLOS		_BITULL(3)	/* cache allocation */
#define ACRN_VM_FLAG_HIDE_MTRR		_BITULL(4)	/* (*) no MTRRs */
#define ACRN_VM_FLAG_RT_V1_6		_BITULL(4)	/* (*) real-time VM, since v1.6 */
#define ACRN_VM_FLAG_RT			_BITULL(5)	/* (*) real-time VM */
#define ACRN_VM_FLAG_HIGHEST_SEVERITY	_BITULL(6)	/* (*) outranks the Service VM */

/**
 * struct acrn_create_vm - a User VM to create (IC_CREATE_VM)
 * @vmid: out: the hypervisor's id of the VM, unique while the VM lives; what
 *	it holds on the way in does not matter
 * @reserved0: must be zero
 * @vcpu_num: in: how many vCPUs the VM will have, at most ACRN_MAX_VCPUS, or 0
 *	for "not said"; out: how many it has, where the hypervisor makes them with
 *	the VM, as it does since v1.4
 * @reserved1: must be zero
 * @uuid: names the VM's configuration in the hypervisor
 * @vm_flag: ACRN_VM_FLAG_*
 * @req_buf: user virtual address of the I/O request page, page aligned; the
 *	page is pinned and shared with the hypervisor until the VM is gone.  0:
 *	no page; such a VM can be built but not started
 * @cpu_affinity: a bit for each physical CPU the VM may run on; 0: all that are
 *	configured.  Hypervisors before v2.0 ignore it
 * @reserved2: must be zero
 */
struct acrn_create_vm {
	__u16 vmid;
	__u16 reserved0;
	__u16 vcpu_num;
	__u16 reserved1;
	__u8 uuid[16];
	__aligned_u64 vm_flag;
	__aligned_u64 req_buf;
	__aligned_u64 cpu_affinity;
	__u8 reserved2[8];
};

/**
 * struct acrn_create_vcpu - a vCPU to add (IC_CREATE_VCPU)
 * @vcpu_id: id of the vCPU; the hypervisor numbers them 0, 1, 2...
 * @pcpu_id: wished physical CPU; the hypervisor is free to take another
 * @reserved: ignored, for device models whose header has padding here
 */
struct acrn_create_vcpu {
	__u16 vcpu_id;
	__u16 pcpu_id;
	__u8 reserved[4];
};

/**
 * struct acrn_gp_regs - general purpose registers, in the order of their
 *	encoding in instructions
 * @rax: RAX
 * @rcx: RCX
 * @rdx: RDX
 * @rbx: RBX
 * @rsp: RSP
 * @rbp: RBP
 * @rsi: RSI
 * @rdi: RDI
 * @r8: R8
 * @r9: R9
 * @r10: R10
 * @r11: R11
 * @r12: R12
 * @r13: R13
 * @r14: R14
 * @r15: R15
 */
struct acrn_gp_regs {
	__aligned_u64 rax;
	__aligned_u64 rcx;
	__aligned_u64 rdx;
	__aligned_u64 rbx;
	__aligned_u64 rsp;
	__aligned_u64 rbp;
	__aligned_u64 rsi;
	__aligned_u64 rdi;
	__aligned_u64 r8;
	__aligned_u64 r9;
	__aligned_u64 r10;
	__aligned_u64 r11;
	__aligned_u64 r12;
	__aligned_u64 r13;
	__aligned_u64 r14;
	__aligned_u64 r15;
};

/**
 * struct acrn_descriptor_ptr - a GDTR or IDTR
 * @limit: size of the table minus 1, bytes
 * @base: linear address of the table
 * @reserved: must be zero
 */
struct acrn_descriptor_ptr {
	__u16 limit;
	__u64 base;
	__u16 reserved[3];
} __attribute__((packed));

/**
 * struct acrn_vcpu_regs - the state in which a vCPU starts
 * @gprs: general purpose registers
 * @gdt: GDTR
 * @idt: IDTR
 * @rip: instruction pointer, relative to @cs_base
 * @cs_base: base address of the code segment
 * @cr0: CR0; its PE, PG and @ia32_efer's LME choose the CPU mode
 * @cr4: CR4
 * @cr3: CR3
 * @ia32_efer: MSR IA32_EFER
 * @rflags: RFLAGS
 * @reserved_64: must be zero
 * @cs_ar: access rights of the code segment, VMX format
 * @cs_limit: limit of the code segment
 * @reserved_32: must be zero
 * @cs_sel: selector in CS
 * @ss_sel: selector in SS
 * @ds_sel: selector in DS
 * @es_sel: selector in ES
 * @fs_sel: selector in FS
 * @gs_sel: selector in GS
 * @ldt_sel: selector in LDTR
 * @tr_sel: selector in TR
 * @reserved_16: must be zero
 * @padding: ignored, for device models whose header has padding here
 */
struct acrn_vcpu_regs {
	struct acrn_gp_regs gprs;
	struct acrn_descriptor_ptr gdt;
	struct acrn_descriptor_ptr idt;

	__aligned_u64 rip;
	__aligned_u64 cs_base;
	__aligned_u64 cr0;
	__aligned_u64 cr4;
	__aligned_u64 cr3;
	__aligned_u64 ia32_efer;
	__aligned_u64 rflags;
	__aligned_u64 reserved_64[4];

	__u32 cs_ar;
	__u32 cs_limit;
	__u32 reserved_32[3];

	__u16 cs_sel;
	__u16 ss_sel;
	__u16 ds_sel;
	__u16 es_sel;
	__u16 fs_sel;
	__u16 gs_sel;
	__u16 ldt_sel;
	__u16 tr_sel;

	__u16 reserved_16[4];
	__u8 padding[4];
};

/**
 * struct acrn_set_vcpu_regs - initial state of a vCPU (IC_SET_VCPU_REGS)
 * @vcpu_id: a vCPU that exists
 * @reserved0: must be zero
 * @vcpu_regs: the state
 */
struct acrn_set_vcpu_regs {
	__u16 vcpu_id;
	__u16 reserved0[3];
	struct acrn_vcpu_regs vcpu_regs;
};

/* acrn_memseg.type */
#define ACRN_MEMSEG_RAM			0	/* memory of the caller */
#define ACRN_MEMSEG_MMIO		1	/* a device's registers */

/* acrn_memseg.prot; a page that cannot be read cannot be mapped at all */
#define ACRN_PROT_READ			_BITUL(0)
#define ACRN_PROT_WRITE			_BITUL(1)
#define ACRN_PROT_EXEC			_BITUL(2)

/**
 * struct acrn_memseg - guest memory to map or unmap (IC_SET_MEMSEG,
 *	IC_UNSET_MEMSEG)
 * @type: ACRN_MEMSEG_*; MMIO needs CAP_SYS_RAWIO or CAP_SYS_ADMIN
 * @using_vma: 0 or, with RAM only, 1: @base of RAM is a user address anyway
 * @gpa: guest-physical address, page aligned
 * @base: page aligned; of RAM: user address, in the caller's own memory; of
 *	MMIO: physical address; ignored by IC_UNSET_MEMSEG
 * @len: bytes, a multiple of the page size, not 0
 * @prot: ACRN_PROT_*; ignored by IC_UNSET_MEMSEG.  The driver adds the cache
 *	type: write-back for RAM, uncached for MMIO
 * @padding: ignored, for device models whose header has padding here
 */
struct acrn_memseg {
	__u32 type;
	__u32 using_vma;
	__aligned_u64 gpa;
	__aligned_u64 base;
	__aligned_u64 len;
	__u32 prot;
	__u32 padding;
};

/* acrn_io_request.type */
#define ACRN_IOREQ_PIO			0	/* port I/O */
#define ACRN_IOREQ_MMIO			1
#define ACRN_IOREQ_PCICFG		2	/* PCI configuration space */
#define ACRN_IOREQ_WP			3	/* write to a protected page */

/* acrn_io_request.processed; who may change it stands in parentheses */
#define ACRN_IOREQ_PENDING		0	/* for the driver (hypervisor) */
#define ACRN_IOREQ_COMPLETE		1	/* for the hypervisor (driver) */
#define ACRN_IOREQ_PROCESSING		2	/* for the device model (driver) */
#define ACRN_IOREQ_FREE			3	/* no request (hypervisor) */

/* The direction of a request */
#define ACRN_IOREQ_READ			0
#define ACRN_IOREQ_WRITE		1

/**
 * struct acrn_mmio_request - access to memory-mapped I/O or a protected page
 * @direction: ACRN_IOREQ_READ or ACRN_IOREQ_WRITE
 * @reserved: nobody uses it
 * @address: guest-physical address
 * @size: bytes: 1, 2, 4 or 8
 * @value: what is written, or where what was read goes
 */
struct acrn_mmio_request {
	__u32 direction;
	__u32 reserved;
	__aligned_u64 address;
	__aligned_u64 size;
	__aligned_u64 value;
};

/**
 * struct acrn_pio_request - access to an I/O port
 * @direction: ACRN_IOREQ_READ or ACRN_IOREQ_WRITE
 * @reserved0: nobody uses it
 * @address: port
 * @size: bytes: 1, 2 or 4
 * @value: what is written, or where what was read goes
 * @reserved1: nobody uses it
 */
struct acrn_pio_request {
	__u32 direction;
	__u32 reserved0;
	__aligned_u64 address;
	__aligned_u64 size;
	__u32 value;
	__u32 reserved1;
};

/**
 * struct acrn_pci_request - access to PCI configuration space
 * @direction: ACRN_IOREQ_READ or ACRN_IOREQ_WRITE
 * @reserved0: nobody uses it
 * @size: bytes: 1, 2 or 4
 * @value: what is written, or where what was read goes
 * @bus: bus number
 * @dev: device number
 * @func: function number
 * @reg: offset in the configuration space
 * @reserved1: nobody uses it
 */
struct acrn_pci_request {
	__u32 direction;
	__u32 reserved0[3];
	__aligned_u64 size;
	__u32 value;
	__u32 bus;
	__u32 dev;
	__u32 func;
	__u32 reg;
	__u32 reserved1;
};

/**
 * union acrn_io_request_data - what a request asks for, by its type
 * @pio: of %ACRN_IOREQ_PIO
 * @mmio: of %ACRN_IOREQ_MMIO and %ACRN_IOREQ_WP
 * @pci: of %ACRN_IOREQ_PCICFG
 * @data: all of it
 */
union acrn_io_request_data {
	struct acrn_pio_request pio;
	struct acrn_mmio_request mmio;
	struct acrn_pci_request pci;
	__aligned_u64 data[8];
};

/**
 * struct acrn_io_request - the slot of a vCPU in the I/O request page
 * @type: ACRN_IOREQ_PIO...
 * @completion_polling: not 0: the hypervisor polls for completion
 * @reserved0: nobody uses it
 * @reqs: the request
 * @reserved1: nobody uses it
 * @client: id of the client that is to handle it (written by the driver)
 * @processed: ACRN_IOREQ_PENDING...
 * @reserved2: nobody uses it
 *
 * A device model looks at slots whose @processed is ACRN_IOREQ_PROCESSING and
 * whose @client is its own, writes nothing but the value, and says that it is
 * done with IC_NOTIFY_REQUEST_FINISH.
 */
struct acrn_io_request {
	__u32 type;
	__u32 completion_polling;
	__u32 reserved0[14];
	union acrn_io_request_data reqs;
	__u32 reserved1;
	__s32 client;
	__u32 processed;
	__u32 reserved2[29];
};

/**
 * struct acrn_ioreq_notify - a request that is done (IC_NOTIFY_REQUEST_FINISH)
 * @client_id: the client that handled it
 * @vcpu: index of its slot
 */
struct acrn_ioreq_notify {
	__s32 client_id;
	__u32 vcpu;
};

/**
 * struct acrn_msi_entry - an MSI (IC_INJECT_MSI)
 * @msi_addr: the address the device would write to, 0xfeexxxxx
 * @msi_data: what it would write
 */
struct acrn_msi_entry {
	__aligned_u64 msi_addr;
	__aligned_u64 msi_data;
};

/* What IC_SET_IRQLINE does to a line */
#define ACRN_IRQLINE_HIGH		0
#define ACRN_IRQLINE_LOW		1
#define ACRN_IRQLINE_RAISING_PULSE	2
#define ACRN_IRQLINE_FALLING_PULSE	3

/* Its argument: the global system interrupt in the low half, the above in the high */
#define ACRN_IRQLINE(gsi, op)		((__u64)(op) << 32 | (__u32)(gsi))
#define ACRN_IRQLINE_GSI(arg)		((__u32)(arg))
#define ACRN_IRQLINE_OP(arg)		((__u32)((__u64)(arg) >> 32))

/* acrn_intr_monitor.cmd */
#define ACRN_INTR_MONITOR_GET		0	/* counters of passed-through devices */
#define ACRN_INTR_MONITOR_SET_DELAY	1	/* delay interrupts, buffer[0] ms */

/**
 * struct acrn_intr_monitor - interrupt statistics (IC_VM_INTR_MONITOR)
 * @cmd: ACRN_INTR_MONITOR_*
 * @buf_cnt: number of elements of @buffer in use
 * @buffer: for the command or its result
 */
struct acrn_intr_monitor {
	__u32 cmd;
	__u32 buf_cnt;
	__aligned_u64 buffer[48];
};

/* acrn_ptdev_irq.type */
#define ACRN_PTDEV_IRQ_INTX		0
#define ACRN_PTDEV_IRQ_MSI		1
#define ACRN_PTDEV_IRQ_MSIX		2

/**
 * struct acrn_ptdev_irq - interrupts of a device given to the User VM
 *	(IC_SET_PTDEV_INTR_INFO, IC_RESET_PTDEV_INTR_INFO)
 * @type: ACRN_PTDEV_IRQ_*.  MSI and MSI-X only of devices that were given by
 *	IC_ASSIGN_PTDEV; of others the hypervisor follows them by itself
 * @virt_bdf: the device in the User VM: bus << 8 | device << 3 | function
 * @phys_bdf: the device in the Service VM
 * @virt_pin: of INTx: pin of the User VM's I/O APIC, or of its PIC, below 256; of
 *	MSI and MSI-X: number of vectors, at most what the device has
 * @phys_pin: of INTx: global system interrupt of the device, below 256; of MSI and
 *	MSI-X ignored: size of the table in other headers
 * @is_pic_pin: of INTx: 0 or 1: @virt_pin is a pin of the PIC; of MSI and MSI-X
 *	ignored: address of the table in other headers, with @padding
 * @padding: not even read; later device models end it before this
 */
struct acrn_ptdev_irq {
	__u32 type;
	__u16 virt_bdf;
	__u16 phys_bdf;
	__u32 virt_pin;
	__u32 phys_pin;
	__u32 is_pic_pin;
	__u32 padding;
};

/**
 * struct acrn_pcidev - a PCI device for the User VM (IC_ASSIGN_PCIDEV,
 *	IC_DEASSIGN_PCIDEV), of device models from v1.6 on
 * @type: for the hypervisor
 * @virt_bdf: the device in the User VM: bus << 8 | device << 3 | function
 * @phys_bdf: the device in the Service VM
 * @intr_line: its interrupt line in the User VM
 * @intr_pin: its interrupt pin in the User VM
 * @reserved0: ignored, for device models whose header has padding here
 * @bar: its base addresses in the User VM
 * @reserved1: for the hypervisor; some device models use it
 * @padding: ignored
 *
 * On the way back, only the two BDFs count.
 */
struct acrn_pcidev {
	__u32 type;
	__u16 virt_bdf;
	__u16 phys_bdf;
	__u8 intr_line;
	__u8 intr_pin;
	__u16 reserved0;
	__u32 bar[6];
	__u32 reserved1[6];
	__u32 padding;
};

/**
 * struct acrn_mmiodev - registers of a device that is no PCI device, for the User VM
 *	(IC_ASSIGN_MMIODEV, IC_DEASSIGN_MMIODEV)
 * @gpa: where they are in the User VM
 * @hpa: their physical address
 * @size: bytes
 * @reserved: ignored
 *
 * All of whole pages.
 */
struct acrn_mmiodev {
	__aligned_u64 gpa;
	__aligned_u64 hpa;
	__aligned_u64 size;
	__aligned_u64 reserved[13];
};

/**
 * struct acrn_vdev - a PCI device of the User VM that the hypervisor emulates
 *	(IC_ADD_HV_VDEV, IC_REMOVE_HV_VDEV)
 * @id: vendor id in bits 0 to 15, device id in bits 16 to 31, from bit 32 on a number
 *	for what is no PCI device
 * @slot: where it is: bus << 8 | device << 3 | function
 * @io_addr: its base addresses
 * @io_size: their sizes, bytes
 * @args: for the kind of device, as the name of a memory region
 * @reserved: for the hypervisor
 *
 * On the way back, @id and @slot count.
 */
struct acrn_vdev {
	__aligned_u64 id;
	__aligned_u64 slot;
	__u32 io_addr[6];
	__u32 io_size[6];
	__u8 args[128];
	__aligned_u64 reserved[8];
};

/*
 * The argument of IC_PM_GET_CPU_STATE on the way in: what is asked for, about which
 * of its states.  Which VM it is about the driver says; a vCPU, bits 16 to 23, is passed
 * on to the hypervisor, and the upper half has to be 0.
 */
#define ACRN_PM_TYPE(arg)		((__u64)(arg) & 0xff)
#define ACRN_PM_STATE(arg)		((__u64)(arg) >> 8 & 0xff)

#define ACRN_PM_PX_COUNT		0	/* out: __u64, how many P-states */
#define ACRN_PM_PX_DATA			1	/* out: struct acrn_px_data */
#define ACRN_PM_CX_COUNT		2	/* out: __u64, how many C-states */
#define ACRN_PM_CX_DATA			3	/* out: struct acrn_cx_data */

/**
 * struct acrn_px_data - a performance state, as in ACPI's _PSS
 * @core_frequency: MHz
 * @power: mW
 * @transition_latency: us
 * @bus_master_latency: us
 * @control: what to write to the control register
 * @status: what the status register reads then
 */
struct acrn_px_data {
	__aligned_u64 core_frequency;
	__aligned_u64 power;
	__aligned_u64 transition_latency;
	__aligned_u64 bus_master_latency;
	__aligned_u64 control;
	__aligned_u64 status;
};

/**
 * struct acrn_cx_data - an idle state, as in ACPI's _CST
 * @space_id: ACPI address space of the register to enter it
 * @bit_width: width of the register, bits
 * @bit_offset: where it begins, bits
 * @access_size: size of an access to it
 * @reserved0: zero
 * @address: of the register
 * @type: C-state type
 * @reserved1: zero
 * @latency: to leave it, us
 * @power: mW
 */
struct acrn_cx_data {
	__u8 space_id;
	__u8 bit_width;
	__u8 bit_offset;
	__u8 access_size;
	__u32 reserved0;
	__aligned_u64 address;
	__u8 type;
	__u8 reserved1[3];
	__u32 latency;
	__aligned_u64 power;
};

/* acrn_ioeventfd.flags */
#define ACRN_IOEVENTFD_PIO		_BITUL(0)	/* a port, not an address */
#define ACRN_IOEVENTFD_DATAMATCH	_BITUL(1)	/* only writes of data */
#define ACRN_IOEVENTFD_DEASSIGN		_BITUL(2)

/**
 * struct acrn_ioeventfd - writes that signal an eventfd (IC_EVENT_IOEVENTFD)
 * @fd: the eventfd
 * @flags: ACRN_IOEVENTFD_*
 * @addr: port or guest-physical address
 * @len: size of the write, bytes: 1, 2, 4 or, unless it is a port, 8
 * @reserved: must be zero
 * @data: the value written, with %ACRN_IOEVENTFD_DATAMATCH
 */
struct acrn_ioeventfd {
	__s32 fd;
	__u32 flags;
	__aligned_u64 addr;
	__u32 len;
	__u32 reserved;
	__aligned_u64 data;
};

/* acrn_irqfd.flags */
#define ACRN_IRQFD_DEASSIGN		_BITUL(0)

/**
 * struct acrn_irqfd - an eventfd whose signals are MSIs (IC_EVENT_IRQFD)
 * @fd: the eventfd
 * @flags: ACRN_IRQFD_*
 * @msi: what a signal injects
 */
struct acrn_irqfd {
	__s32 fd;
	__u32 flags;
	struct acrn_msi_entry msi;
};

/* Out: struct acrn_api_version.  Works in every state. */
#define IC_GET_API_VERSION		ACRN_IC(0x00)

/* In and out: struct acrn_platform_info.  Works in every state. */
#define IC_GET_PLATFORM_INFO		ACRN_IC(0x03)

/* In and out: struct acrn_create_vm */
#define IC_CREATE_VM			ACRN_IC(0x10)
/* The argument of the next three and of IC_RESET_VM is ignored */
#define IC_DESTROY_VM			ACRN_IC(0x11)
#define IC_START_VM			ACRN_IC(0x12)
#define IC_PAUSE_VM			ACRN_IC(0x13)
/* In: struct acrn_create_vcpu */
#define IC_CREATE_VCPU			ACRN_IC(0x14)
#define IC_RESET_VM			ACRN_IC(0x15)
/* In: struct acrn_set_vcpu_regs */
#define IC_SET_VCPU_REGS		ACRN_IC(0x16)

/* In: struct acrn_msi_entry */
#define IC_INJECT_MSI			ACRN_IC(0x23)
/* In and out: struct acrn_intr_monitor */
#define IC_VM_INTR_MONITOR		ACRN_IC(0x24)
/* The argument is an ACRN_IRQLINE() */
#define IC_SET_IRQLINE			ACRN_IC(0x25)

/* In: struct acrn_ioreq_notify */
#define IC_NOTIFY_REQUEST_FINISH	ACRN_IC(0x31)
/* No argument; returns the client's id, which is positive */
#define IC_CREATE_IOREQ_CLIENT		ACRN_IC(0x32)
/*
 * The argument is the client's id.  Waits for requests; returns 0 when there
 * are some or a signal came, and 1 when the client is no more.
 */
#define IC_ATTACH_IOREQ_CLIENT		ACRN_IC(0x33)
/* The argument is the client's id */
#define IC_DESTROY_IOREQ_CLIENT		ACRN_IC(0x34)
/* The argument is ignored */
#define IC_CLEAR_VM_IOREQ		ACRN_IC(0x35)

/* In: struct acrn_memseg */
#define IC_SET_MEMSEG			ACRN_IC(0x41)
#define IC_UNSET_MEMSEG			ACRN_IC(0x42)

/* In: __u16, a BDF: bus << 8 | device << 3 | function */
#define IC_ASSIGN_PTDEV			ACRN_IC(0x50)
#define IC_DEASSIGN_PTDEV		ACRN_IC(0x51)
/* In: struct acrn_ptdev_irq */
#define IC_SET_PTDEV_INTR_INFO		ACRN_IC(0x53)
#define IC_RESET_PTDEV_INTR_INFO	ACRN_IC(0x54)
/* In: struct acrn_pcidev */
#define IC_ASSIGN_PCIDEV		ACRN_IC(0x55)
#define IC_DEASSIGN_PCIDEV		ACRN_IC(0x56)

/* In: struct acrn_mmiodev */
#define IC_ASSIGN_MMIODEV		ACRN_IC(0x57)
#define IC_DEASSIGN_MMIODEV		ACRN_IC(0x58)

/* In: struct acrn_vdev */
#define IC_ADD_HV_VDEV			ACRN_IC(0x59)
#define IC_REMOVE_HV_VDEV		ACRN_IC(0x5a)

/* In: __u64, see ACRN_PM_TYPE(); out, at the same address: as its type says */
#define IC_PM_GET_CPU_STATE		ACRN_IC(0x60)

/* In: struct acrn_ioeventfd */
#define IC_EVENT_IOEVENTFD		ACRN_IC(0x70)
/* In: struct acrn_irqfd */
#define IC_EVENT_IRQFD			ACRN_IC(0x71)

#endif /* _UAPI_LINUX_ACRN_IOCTL_DEFS_H */
