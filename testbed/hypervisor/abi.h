/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The hypercall ABI of ACRN, as far as this hypervisor plays its part: v1.3's, and
 * what later releases changed.
 * Written down here a second time, apart from the driver's headers, so that a
 * wrong layout there is found and not shared.
 */
#ifndef HV_ABI_H
#define HV_ABI_H

#include "types.h"

#define HC_ID_BASE	0x80000000UL	/* R8 = HC_ID_BASE | number */

#define HC_GET_API_VERSION		0x00
#define HC_SOS_OFFLINE_CPU		0x01
#define HC_SET_CALLBACK_VECTOR		0x02
#define HC_GET_PLATFORM_INFO		0x03
#define HC_CREATE_VM			0x10
#define HC_DESTROY_VM			0x11
#define HC_START_VM			0x12
#define HC_PAUSE_VM			0x13
#define HC_CREATE_VCPU			0x14
#define HC_RESET_VM			0x15
#define HC_SET_VCPU_REGS		0x16
#define HC_INJECT_MSI			0x23
#define HC_VM_INTR_MONITOR		0x24
#define HC_SET_IRQLINE			0x25
#define HC_SET_IOREQ_BUFFER		0x30
#define HC_NOTIFY_REQUEST_FINISH	0x31
#define HC_ASYNCIO_ASSIGN		0x32
#define HC_ASYNCIO_DEASSIGN		0x33
#define HC_VM_GPA2HPA			0x41
#define HC_VM_SET_MEMORY_REGIONS	0x42
#define HC_VM_WRITE_PROTECT_PAGE	0x43
#define HC_SETUP_SBUF			0x44
#define HC_ASSIGN_PTDEV			0x50	/* up to v1.5 */
#define HC_DEASSIGN_PTDEV		0x51
#define HC_VM_PCI_MSIX_REMAP		0x52
#define HC_SET_PTDEV_INTR_INFO		0x53
#define HC_RESET_PTDEV_INTR_INFO	0x54
#define HC_ASSIGN_PCIDEV		0x55	/* from v1.6 on */
#define HC_DEASSIGN_PCIDEV		0x56
#define HC_ASSIGN_MMIODEV		0x57	/* from v2.1 on */
#define HC_DEASSIGN_MMIODEV		0x58
#define HC_ADD_VDEV			0x59	/* from v2.2 on */
#define HC_REMOVE_VDEV			0x5a
#define HC_ASSIGN_PIO_REGION		0x5b	/* v3.3 */
#define HC_DEASSIGN_PIO_REGION		0x5c
#define HC_PM_GET_CPU_STATE		0x80

#define INVALID_VMID		0xffffU
#define DEFAULT_UPCALL_VECTOR	0xf3U

struct hc_api_version {
	u32 major;
	u32 minor;
};

#define VM_FLAG_SECURE_WORLD	BIT(0)
#define VM_FLAG_LAPIC_PT	BIT(1)
#define VM_FLAG_POLLING		BIT(2)
#define VM_FLAG_RT		BIT(4)
#define VM_FLAG_RT_OLD		BIT(5)	/* up to v1.5 */
#define VM_FLAG_PMU_PT		BIT(11)

/* v2.6 and later have no @reserved2, and from v2.7 on a name in place of the uuid */
struct hc_create_vm {
	u16 vmid;
	u16 reserved0;
	u16 vcpu_num;
	u16 reserved1;
	u8 uuid[16];
	u64 vm_flag;
	u64 req_buf;
	u64 cpu_affinity;	/* v2.0 */
	u8 reserved2[8];
};

struct hc_create_vcpu {
	u16 vcpu_id;
	u16 pcpu_id;
	u8 padding[4];
};

struct hc_descriptor_ptr {
	u16 limit;
	u64 base;
	u16 reserved[3];
} __packed;

struct hc_vcpu_regs {
	u64 gpr[16];	/* rax rcx rdx rbx rsp rbp rsi rdi r8..r15 */
	struct hc_descriptor_ptr gdt;
	struct hc_descriptor_ptr idt;
	u64 rip;
	u64 cs_base;
	u64 cr0;
	u64 cr4;
	u64 cr3;
	u64 efer;
	u64 rflags;
	u64 reserved64[4];
	u32 cs_ar;
	u32 cs_limit;
	u32 reserved32[3];
	u16 cs, ss, ds, es, fs, gs, ldt, tr;
	u16 reserved16[4];
	u8 padding[4];
};

/* v2.6 and later end with TR, and 4 bytes */
struct hc_set_vcpu_regs {
	u16 vcpu_id;
	u16 reserved[3];
	struct hc_vcpu_regs regs;
};

struct hc_msi {
	u64 addr;
	u64 data;
};

#define MONITOR_VALUES	48

struct hc_intr_monitor {
	u32 cmd;
	u32 buf_cnt;
	u64 buffer[MONITOR_VALUES];
};

struct hc_set_ioreq_buffer {
	u64 gpa;
};

struct hc_gpa2hpa {
	u64 gpa;	/* in: of the User VM */
	u64 hpa;	/* out */
};

struct hc_regions {
	u16 vmid;
	u16 reserved0;
	u32 reserved1;
	u32 count;
	u32 reserved2;
	u64 regions_gpa;	/* array of struct hc_region */
};

#define REGION_ADD	0
#define REGION_DELETE	2	/* v2.4: everything but 0 */
#ifndef REGIONS_MAX
#define REGIONS_MAX	128
#endif

#define PROT_READ	BIT(0)
#define PROT_WRITE	BIT(1)
#define PROT_EXEC	BIT(2)
#define PROT_RIGHTS	(PROT_READ | PROT_WRITE | PROT_EXEC)
#define PROT_CACHE	0x7c0UL		/* WB 0x40, WT 0x80, UC 0x100, WC 0x200, WP 0x400 */
#define PROT_ALL	(PROT_RIGHTS | PROT_CACHE)

struct hc_write_protect {
	u8 set;
	u8 reserved[7];
	u64 gpa;
};

struct hc_region {
	u32 type;
	u32 prot;
	u64 gpa;	/* of the User VM */
	u64 service_gpa;
	u64 size;
};

#define IOREQ_SLOTS	16

enum ioreq_state { REQ_PENDING, REQ_COMPLETE, REQ_PROCESSING, REQ_FREE };
enum ioreq_type { REQ_PORTIO = 0, REQ_MMIO = 1, REQ_PCI = 2, REQ_WP = 3 };
enum ioreq_direction { REQ_READ, REQ_WRITE };

/* One slot of the shared page; the union has the MMIO form, PIO is its subset */
struct ioreq_slot {
	u32 type;
	u32 completion_polling;
	u32 reserved0[14];
	u32 direction;
	u32 reserved1;
	u64 address;
	u64 size;
	u64 value;	/* 32 bits only for port I/O */
	u32 reserved2[8];
	u32 reserved3;
	s32 client;
	u32 processed;	/* enum ioreq_state */
	u8 reserved4[116];
};

struct hc_cpu_px {
	u64 frequency;		/* MHz */
	u64 power;		/* mW */
	u64 transition;		/* us */
	u64 bus_master;		/* us */
	u64 control;
	u64 status;
};

struct hc_cpu_cx_old {		/* up to v2.5 */
	u8 space_id, bit_width, bit_offset, access_size;
	u32 padding0;
	u64 address;
	u8 type;
	u8 padding1[3];
	u32 latency;		/* us */
	u64 power;		/* mW */
};

struct hc_cpu_cx {
	u8 space_id, bit_width, bit_offset, access_size;
	u64 address;
	u8 type;
	u8 padding1[3];
	u32 latency;
	u32 padding2;
	u64 power;
} __packed;

struct hc_platform_info_old {	/* v1.x */
	u16 cpu_num;
	u8 reserved0[126];
	u16 max_vcpus;
	u8 max_kata;
	u8 reserved1[125];
};

struct hc_platform_info_2_0 {	/* v2.0 to v2.5, in and out */
	u16 cpu_num;
	u16 version;
	u8 reserved0[124];
	u16 max_vcpus;
	u8 max_kata;
	u8 reserved1[7];
	u16 max_vms;
	u32 config_size;
	u64 configs;		/* in: GPA for max_vms * config_size bytes, 0: none */
	u8 reserved2[104];
};

struct hc_platform_info {	/* v2.6 and v2.7, in and out */
	u16 cpu_num;
	u16 version;
	u32 l2_shift;
	u32 l3_shift;
	u8 lapic_ids[64];
	u8 reserved0[52];
	u16 max_vcpus;
	u16 max_vms;
	u32 config_size;
	u64 configs;		/* as before */
	u8 reserved1[112];
};

struct hc_vm_config {		/* the first bytes of one of those */
	u8 load_order;
	u8 padding0[3];
	char name[32];
	u8 uuid[16];
	u8 padding1[2];
	u8 severity;
	u8 padding2;
	u64 cpu_affinity;
	u64 guest_flags;
};

/* A ring of elements, which follow; offsets count from the first */
struct sbuf {
	u64 magic;
	u32 element_count;
	u32 element_size;
	u32 head;		/* the reader's */
	u32 tail;		/* the writer's */
	u64 flags;
	u32 overrun_count;
	u32 size;		/* of all elements */
	u8 padding[24];
};

#define SBUF_MAGIC	0x5aa57aa71aa13aa3UL
#define SBUF_ASYNCIO	64
#define SBUF_VM_EVENT	65

struct hc_sbuf {
	u16 cpu;
	u16 reserved;
	u32 id;
	u64 gpa;
};

#define ASYNCIO_PIO	1
#define ASYNCIO_MMIO	2

struct hc_asyncio {
	u32 type;
	u32 match_data;
	u64 address;
	u64 token;
	u64 data;
};

#define VM_EVENT_TRIPLE_FAULT	2

struct vm_event {
	u32 type;
	u8 data[28];
};

enum ptdev_intr { PTDEV_INTX, PTDEV_MSI, PTDEV_MSIX };

struct hc_ptdev_irq {
	u32 type;	/* enum ptdev_intr */
	u16 virt_bdf;
	u16 phys_bdf;
	u32 virt_pin;	/* or how many vectors */
	u32 phys_pin;
	u8 pic_pin;
	u8 reserved[3];
	u32 padding;
};

struct hc_pcidev {
	u32 type;
	u16 virt_bdf;
	u16 phys_bdf;
	u8 intr_line;
	u8 intr_pin;
	u16 padding;
	u32 bar[6];
};

struct hc_mmiodev_old {		/* up to v2.5 */
	u64 gpa;
	u64 hpa;
	u64 size;
	u64 reserved[13];
};

struct hc_mmiodev {
	u8 name[8];
	struct {
		u64 user_pa;
		u64 host_pa;
		u64 size;
		u64 mem_type;
	} res[3];
};

struct hc_vdev {	/* v2.5 has 64 bytes more */
	u64 id;
	u64 slot;
	u32 io_addr[6];
	u32 io_size[6];
	u8 args[128];
};

struct hc_pio_region {
	u8 name[8];
	u16 port;
	u16 size;
} __packed;

_Static_assert(sizeof(struct hc_create_vm) == 56, "ABI");
_Static_assert(offsetof(struct hc_create_vm, vm_flag) == 24, "ABI");
_Static_assert(offsetof(struct hc_create_vm, cpu_affinity) == 40, "ABI");
_Static_assert(sizeof(struct hc_cpu_px) == 48, "ABI");
_Static_assert(sizeof(struct hc_cpu_cx_old) == 32, "ABI");
_Static_assert(offsetof(struct hc_cpu_cx_old, latency) == 20, "ABI");
_Static_assert(sizeof(struct hc_cpu_cx) == 32, "ABI");
_Static_assert(offsetof(struct hc_cpu_cx, latency) == 16, "ABI");
_Static_assert(sizeof(struct hc_platform_info_old) == 256, "ABI");
_Static_assert(sizeof(struct hc_platform_info) == 256, "ABI");
_Static_assert(sizeof(struct hc_platform_info_2_0) == 256, "ABI");
_Static_assert(offsetof(struct hc_platform_info_2_0, config_size) == 140, "ABI");
_Static_assert(offsetof(struct hc_platform_info, config_size) == 132, "ABI");
_Static_assert(offsetof(struct hc_vm_config, severity) == 54, "ABI");
_Static_assert(sizeof(struct hc_vm_config) == 72, "ABI");
_Static_assert(sizeof(struct sbuf) == 64, "ABI");
_Static_assert(offsetof(struct sbuf, size) == 36, "ABI");
_Static_assert(sizeof(struct hc_sbuf) == 16, "ABI");
_Static_assert(sizeof(struct hc_asyncio) == 32, "ABI");
_Static_assert(sizeof(struct vm_event) == 32, "ABI");
_Static_assert(sizeof(struct hc_ptdev_irq) == 24, "ABI");
_Static_assert(sizeof(struct hc_pcidev) == 36, "ABI");
_Static_assert(sizeof(struct hc_mmiodev_old) == 128, "ABI");
_Static_assert(sizeof(struct hc_mmiodev) == 104, "ABI");
_Static_assert(sizeof(struct hc_vdev) == 192, "ABI");
_Static_assert(sizeof(struct hc_pio_region) == 12, "ABI");
_Static_assert(sizeof(struct hc_create_vcpu) == 8, "ABI");
_Static_assert(sizeof(struct hc_vcpu_regs) == 296, "ABI");
_Static_assert(offsetof(struct hc_vcpu_regs, rip) == 160, "ABI");
_Static_assert(offsetof(struct hc_vcpu_regs, cs_ar) == 248, "ABI");
_Static_assert(offsetof(struct hc_vcpu_regs, cs) == 268, "ABI");
_Static_assert(sizeof(struct hc_set_vcpu_regs) == 304, "ABI");
_Static_assert(sizeof(struct hc_msi) == 16, "ABI");
_Static_assert(sizeof(struct hc_intr_monitor) == 392, "ABI");
_Static_assert(sizeof(struct hc_regions) == 24, "ABI");
_Static_assert(sizeof(struct hc_region) == 32, "ABI");
_Static_assert(sizeof(struct ioreq_slot) == 256, "ABI");
_Static_assert(offsetof(struct ioreq_slot, direction) == 64, "ABI");
_Static_assert(offsetof(struct ioreq_slot, value) == 88, "ABI");
_Static_assert(offsetof(struct ioreq_slot, client) == 132, "ABI");
_Static_assert(offsetof(struct ioreq_slot, processed) == 136, "ABI");

#endif /* HV_ABI_H */
