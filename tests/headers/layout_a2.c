// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The layout of the second contract: as device models since ACRN v2.6 were built
 * with it, and as Linux's own header has it.  Compiled as layout.c is; there is
 * nothing to run.
 *
 * tests/checks/headers reads the lines that begin with SIZE, FIELD and NUMBER.
 */
#include <stddef.h>

#include <linux/acrn.h>

#include <linux/acrn/acrn_a2_defs.h>

#ifdef __cplusplus
#define ASSERT(condition)	static_assert(condition, #condition)
#else
#define ASSERT(condition)	_Static_assert(condition, #condition)
#endif

#define SIZE(type, size) \
	ASSERT(sizeof(struct type) == (size))

#define FIELD(type, field, offset, size) \
	ASSERT(offsetof(struct type, field) == (offset) && \
	       sizeof(((struct type *)0)->field) == (size))

#define NUMBER(name, value) \
	ASSERT((name) == (value))

/* Of Linux's header alone */
#define THEIR_FIELD(type, field, offset, size) \
	FIELD(type, field, offset, size)

/* The same in Linux's header, there under the name "theirs" */
#define SAME_SIZE(type, theirs) \
	ASSERT(sizeof(struct type) == sizeof(struct theirs))

#define SAME_FIELD(type, field, theirs, their_field) \
	ASSERT(offsetof(struct type, field) == \
	       offsetof(struct theirs, their_field) && \
	       sizeof(((struct type *)0)->field) == \
	       sizeof(((struct theirs *)0)->their_field))

SIZE(acrn_a2_create_vm, 48);
FIELD(acrn_a2_create_vm, vmid, 0, 2);
FIELD(acrn_a2_create_vm, reserved0, 2, 2);
FIELD(acrn_a2_create_vm, vcpu_num, 4, 2);
FIELD(acrn_a2_create_vm, reserved1, 6, 2);
FIELD(acrn_a2_create_vm, name, 8, 16);
FIELD(acrn_a2_create_vm, vm_flag, 24, 8);
FIELD(acrn_a2_create_vm, ioreq_buf, 32, 8);
FIELD(acrn_a2_create_vm, cpu_affinity, 40, 8);

SAME_SIZE(acrn_a2_create_vm, acrn_vm_creation);
SAME_FIELD(acrn_a2_create_vm, vmid, acrn_vm_creation, vmid);
SAME_FIELD(acrn_a2_create_vm, reserved0, acrn_vm_creation, reserved0);
SAME_FIELD(acrn_a2_create_vm, vcpu_num, acrn_vm_creation, vcpu_num);
SAME_FIELD(acrn_a2_create_vm, reserved1, acrn_vm_creation, reserved1);
SAME_FIELD(acrn_a2_create_vm, name, acrn_vm_creation, uuid);
SAME_FIELD(acrn_a2_create_vm, vm_flag, acrn_vm_creation, vm_flag);
SAME_FIELD(acrn_a2_create_vm, ioreq_buf, acrn_vm_creation, ioreq_buf);
SAME_FIELD(acrn_a2_create_vm, cpu_affinity, acrn_vm_creation, cpu_affinity);

SIZE(acrn_a2_set_vcpu_regs, 296);
FIELD(acrn_a2_set_vcpu_regs, vcpu_id, 0, 2);
FIELD(acrn_a2_set_vcpu_regs, reserved0, 2, 6);
FIELD(acrn_a2_set_vcpu_regs, vcpu_regs, 8, 284);
FIELD(acrn_a2_set_vcpu_regs, padding, 292, 4);

/* In 32-bit programs Linux's header has no padding at the end. */
ASSERT(sizeof(struct acrn_vcpu_regs) == (sizeof(long) == 8 ? 296 : 292));
SAME_FIELD(acrn_a2_set_vcpu_regs, vcpu_id, acrn_vcpu_regs, vcpu_id);
SAME_FIELD(acrn_a2_set_vcpu_regs, reserved0, acrn_vcpu_regs, reserved);
ASSERT(offsetof(struct acrn_a2_set_vcpu_regs, vcpu_regs) ==
	offsetof(struct acrn_vcpu_regs, vcpu_regs));

/* What layout.c says of the plain numbers' registers */
THEIR_FIELD(acrn_regs, gprs, 0, 128);
THEIR_FIELD(acrn_regs, gdt, 128, 16);
THEIR_FIELD(acrn_regs, idt, 144, 16);
THEIR_FIELD(acrn_regs, rip, 160, 8);
THEIR_FIELD(acrn_regs, cs_base, 168, 8);
THEIR_FIELD(acrn_regs, cr0, 176, 8);
THEIR_FIELD(acrn_regs, cr4, 184, 8);
THEIR_FIELD(acrn_regs, cr3, 192, 8);
THEIR_FIELD(acrn_regs, ia32_efer, 200, 8);
THEIR_FIELD(acrn_regs, rflags, 208, 8);
THEIR_FIELD(acrn_regs, reserved_64, 216, 32);
THEIR_FIELD(acrn_regs, cs_ar, 248, 4);
THEIR_FIELD(acrn_regs, cs_limit, 252, 4);
THEIR_FIELD(acrn_regs, reserved_32, 256, 12);
THEIR_FIELD(acrn_regs, cs_sel, 268, 2);
THEIR_FIELD(acrn_regs, tr_sel, 282, 2);

SIZE(acrn_a2_memmap, 32);
FIELD(acrn_a2_memmap, type, 0, 4);
FIELD(acrn_a2_memmap, attr, 4, 4);
FIELD(acrn_a2_memmap, user_vm_pa, 8, 8);
FIELD(acrn_a2_memmap, base, 16, 8);
FIELD(acrn_a2_memmap, len, 24, 8);

SIZE(acrn_a2_ptdev_irq, 20);
FIELD(acrn_a2_ptdev_irq, type, 0, 4);
FIELD(acrn_a2_ptdev_irq, virt_bdf, 4, 2);
FIELD(acrn_a2_ptdev_irq, phys_bdf, 6, 2);
FIELD(acrn_a2_ptdev_irq, virt_pin, 8, 4);
FIELD(acrn_a2_ptdev_irq, phys_pin, 12, 4);
FIELD(acrn_a2_ptdev_irq, is_pic_pin, 16, 4);

SAME_SIZE(acrn_a2_ptdev_irq, acrn_ptdev_irq);
SAME_FIELD(acrn_a2_ptdev_irq, type, acrn_ptdev_irq, type);
SAME_FIELD(acrn_a2_ptdev_irq, virt_bdf, acrn_ptdev_irq, virt_bdf);
SAME_FIELD(acrn_a2_ptdev_irq, phys_bdf, acrn_ptdev_irq, phys_bdf);
SAME_FIELD(acrn_a2_ptdev_irq, virt_pin, acrn_ptdev_irq, intx.virt_pin);
SAME_FIELD(acrn_a2_ptdev_irq, phys_pin, acrn_ptdev_irq, intx.phys_pin);
SAME_FIELD(acrn_a2_ptdev_irq, is_pic_pin, acrn_ptdev_irq, intx.is_pic_pin);

SIZE(acrn_a2_pcidev, 36);
FIELD(acrn_a2_pcidev, type, 0, 4);
FIELD(acrn_a2_pcidev, virt_bdf, 4, 2);
FIELD(acrn_a2_pcidev, phys_bdf, 6, 2);
FIELD(acrn_a2_pcidev, intr_line, 8, 1);
FIELD(acrn_a2_pcidev, intr_pin, 9, 1);
FIELD(acrn_a2_pcidev, reserved, 10, 2);
FIELD(acrn_a2_pcidev, bar, 12, 24);

SAME_SIZE(acrn_a2_pcidev, acrn_pcidev);
SAME_FIELD(acrn_a2_pcidev, type, acrn_pcidev, type);
SAME_FIELD(acrn_a2_pcidev, virt_bdf, acrn_pcidev, virt_bdf);
SAME_FIELD(acrn_a2_pcidev, phys_bdf, acrn_pcidev, phys_bdf);
SAME_FIELD(acrn_a2_pcidev, intr_line, acrn_pcidev, intr_line);
SAME_FIELD(acrn_a2_pcidev, intr_pin, acrn_pcidev, intr_pin);
SAME_FIELD(acrn_a2_pcidev, bar, acrn_pcidev, bar);

SIZE(acrn_a2_mmio_range, 32);
FIELD(acrn_a2_mmio_range, user_pa, 0, 8);
FIELD(acrn_a2_mmio_range, host_pa, 8, 8);
FIELD(acrn_a2_mmio_range, size, 16, 8);
FIELD(acrn_a2_mmio_range, mem_type, 24, 8);

/* Linux's header has had different names for what is in it. */
SIZE(acrn_a2_mmiodev, 104);
FIELD(acrn_a2_mmiodev, name, 0, 8);
FIELD(acrn_a2_mmiodev, res, 8, 96);

SAME_SIZE(acrn_a2_mmiodev, acrn_mmiodev);
SAME_FIELD(acrn_a2_mmiodev, name, acrn_mmiodev, name);
SAME_FIELD(acrn_a2_mmiodev, res, acrn_mmiodev, res);

/* Linux's header has none. */
SIZE(acrn_a2_pio_region, 12);
FIELD(acrn_a2_pio_region, name, 0, 8);
FIELD(acrn_a2_pio_region, port, 8, 2);
FIELD(acrn_a2_pio_region, size, 10, 2);

SIZE(acrn_a2_vdev, 192);
FIELD(acrn_a2_vdev, id, 0, 8);
FIELD(acrn_a2_vdev, slot, 8, 8);
FIELD(acrn_a2_vdev, io_addr, 16, 24);
FIELD(acrn_a2_vdev, io_size, 40, 24);
FIELD(acrn_a2_vdev, args, 64, 128);

SAME_SIZE(acrn_a2_vdev, acrn_vdev);
SAME_FIELD(acrn_a2_vdev, id, acrn_vdev, id);
SAME_FIELD(acrn_a2_vdev, slot, acrn_vdev, slot);
SAME_FIELD(acrn_a2_vdev, io_addr, acrn_vdev, io_addr);
SAME_FIELD(acrn_a2_vdev, io_size, acrn_vdev, io_size);
SAME_FIELD(acrn_a2_vdev, args, acrn_vdev, args);

SAME_SIZE(acrn_a2_memmap, acrn_vm_memmap);
SAME_FIELD(acrn_a2_memmap, type, acrn_vm_memmap, type);
SAME_FIELD(acrn_a2_memmap, attr, acrn_vm_memmap, attr);
SAME_FIELD(acrn_a2_memmap, user_vm_pa, acrn_vm_memmap, user_vm_pa);
SAME_FIELD(acrn_a2_memmap, base, acrn_vm_memmap, vma_base);
SAME_FIELD(acrn_a2_memmap, base, acrn_vm_memmap, service_vm_pa);
SAME_FIELD(acrn_a2_memmap, len, acrn_vm_memmap, len);

SIZE(acrn_a2_ioreq_notify, 8);
FIELD(acrn_a2_ioreq_notify, vmid, 0, 2);
FIELD(acrn_a2_ioreq_notify, reserved, 2, 2);
FIELD(acrn_a2_ioreq_notify, vcpu, 4, 4);

SAME_SIZE(acrn_a2_ioreq_notify, acrn_ioreq_notify);
SAME_FIELD(acrn_a2_ioreq_notify, vmid, acrn_ioreq_notify, vmid);
SAME_FIELD(acrn_a2_ioreq_notify, vcpu, acrn_ioreq_notify, vcpu);

SIZE(acrn_a2_cx_data, 32);
FIELD(acrn_a2_cx_data, space_id, 0, 1);
FIELD(acrn_a2_cx_data, bit_width, 1, 1);
FIELD(acrn_a2_cx_data, bit_offset, 2, 1);
FIELD(acrn_a2_cx_data, access_size, 3, 1);
FIELD(acrn_a2_cx_data, address, 4, 8);
FIELD(acrn_a2_cx_data, type, 12, 1);
FIELD(acrn_a2_cx_data, reserved0, 13, 3);
FIELD(acrn_a2_cx_data, latency, 16, 4);
FIELD(acrn_a2_cx_data, reserved1, 20, 4);
FIELD(acrn_a2_cx_data, power, 24, 8);

SIZE(acrn_a2_platform_info, 256);
FIELD(acrn_a2_platform_info, cpu_num, 0, 2);
FIELD(acrn_a2_platform_info, version, 2, 2);
FIELD(acrn_a2_platform_info, l2_cat_shift, 4, 4);
FIELD(acrn_a2_platform_info, l3_cat_shift, 8, 4);
FIELD(acrn_a2_platform_info, lapic_ids, 12, 64);
FIELD(acrn_a2_platform_info, reserved0, 76, 52);
FIELD(acrn_a2_platform_info, max_vcpus_per_vm, 128, 2);
FIELD(acrn_a2_platform_info, max_vms, 130, 2);
FIELD(acrn_a2_platform_info, vm_config_size, 132, 4);
FIELD(acrn_a2_platform_info, vm_configs_addr, 136, 8);
FIELD(acrn_a2_platform_info, reserved1, 144, 112);

/* What both contracts share: what layout.c says of it holds of Linux's header */
THEIR_FIELD(acrn_io_request, type, 0, 4);
THEIR_FIELD(acrn_io_request, reqs, 64, 64);
THEIR_FIELD(acrn_io_request, kernel_handled, ACRN_A2_SLOT_KERNEL_HANDLED, 4);
THEIR_FIELD(acrn_io_request, processed, 136, 4);
ASSERT(sizeof(struct acrn_io_request) == 256);
ASSERT(sizeof(struct acrn_msi_entry) == 16);
ASSERT(sizeof(struct acrn_ioeventfd) == 32);
THEIR_FIELD(acrn_ioeventfd, fd, 0, 4);
THEIR_FIELD(acrn_ioeventfd, flags, 4, 4);
THEIR_FIELD(acrn_ioeventfd, addr, 8, 8);
THEIR_FIELD(acrn_ioeventfd, len, 16, 4);
THEIR_FIELD(acrn_ioeventfd, reserved, 20, 4);
THEIR_FIELD(acrn_ioeventfd, data, 24, 8);
ASSERT(sizeof(struct acrn_irqfd) == 24);
THEIR_FIELD(acrn_irqfd, fd, 0, 4);
THEIR_FIELD(acrn_irqfd, flags, 4, 4);
THEIR_FIELD(acrn_irqfd, msi, 8, 16);

NUMBER(ACRN_A2_TYPE, 0xa2);
NUMBER(ACRN_A2_SLOT_KERNEL_HANDLED, 132);
NUMBER(ACRN_A2_GET_PLATFORM_INFO, 0x8100a203);
NUMBER(ACRN_A2_CREATE_VM, 0xc030a210);
NUMBER(ACRN_A2_DESTROY_VM, 0xa211);
NUMBER(ACRN_A2_START_VM, 0xa212);
NUMBER(ACRN_A2_PAUSE_VM, 0xa213);
NUMBER(ACRN_A2_RESET_VM, 0xa215);
NUMBER(ACRN_A2_SET_VCPU_REGS, 0x4128a216);
NUMBER(ACRN_A2_INJECT_MSI, 0x4010a223);
NUMBER(ACRN_A2_VM_INTR_MONITOR, sizeof(long) == 8 ? 0x4008a224 : 0x4004a224);
NUMBER(ACRN_A2_SET_IRQLINE, 0x4008a225);
NUMBER(ACRN_A2_NOTIFY_REQUEST_FINISH, 0x4008a231);
NUMBER(ACRN_A2_CREATE_IOREQ_CLIENT, 0xa232);
NUMBER(ACRN_A2_ATTACH_IOREQ_CLIENT, 0xa233);
NUMBER(ACRN_A2_DESTROY_IOREQ_CLIENT, 0xa234);
NUMBER(ACRN_A2_CLEAR_VM_IOREQ, 0xa235);
NUMBER(ACRN_A2_SET_MEMSEG, 0x4020a241);
NUMBER(ACRN_A2_UNSET_MEMSEG, 0x4020a242);
NUMBER(ACRN_A2_SET_PTDEV_INTR, 0x4014a253);
NUMBER(ACRN_A2_RESET_PTDEV_INTR, 0x4014a254);
NUMBER(ACRN_A2_ASSIGN_PCIDEV, 0x4024a255);
NUMBER(ACRN_A2_DEASSIGN_PCIDEV, 0x4024a256);
NUMBER(ACRN_A2_MMIODEV_RANGES, 3);
NUMBER(ACRN_A2_ASSIGN_MMIODEV, 0x4068a257);
NUMBER(ACRN_A2_DEASSIGN_MMIODEV, 0x4068a258);
NUMBER(ACRN_A2_CREATE_VDEV, 0x40c0a259);
NUMBER(ACRN_A2_DESTROY_VDEV, 0x40c0a25a);
NUMBER(ACRN_A2_ASSIGN_PIO_REGION, 0x400ca25b);
NUMBER(ACRN_A2_DEASSIGN_PIO_REGION, 0x400ca25c);
NUMBER(ACRN_A2_IOEVENTFD, 0x4020a270);
NUMBER(ACRN_A2_IRQFD, 0x4018a271);
NUMBER(ACRN_A2_PM_GET_CPU_STATE, 0xc008a260);
NUMBER(ACRN_A2_SETUP_ASYNCIO, 0x4008a290);
NUMBER(ACRN_A2_SETUP_VM_EVENT_RING, 0x4008a2a0);
NUMBER(ACRN_A2_SETUP_VM_EVENT_FD, 0x4004a2a1);

ASSERT(ACRN_A2_TYPE == ACRN_IOCTL_TYPE);
ASSERT(ACRN_A2_CREATE_VM == ACRN_IOCTL_CREATE_VM);
ASSERT(ACRN_A2_DESTROY_VM == ACRN_IOCTL_DESTROY_VM);
ASSERT(ACRN_A2_START_VM == ACRN_IOCTL_START_VM);
ASSERT(ACRN_A2_PAUSE_VM == ACRN_IOCTL_PAUSE_VM);
ASSERT(ACRN_A2_RESET_VM == ACRN_IOCTL_RESET_VM);
ASSERT(ACRN_IOCTL_SET_VCPU_REGS == (sizeof(long) == 8 ? 0x4128a216 : 0x4124a216));
ASSERT(ACRN_A2_INJECT_MSI == ACRN_IOCTL_INJECT_MSI);
ASSERT(ACRN_A2_VM_INTR_MONITOR == ACRN_IOCTL_VM_INTR_MONITOR);
ASSERT(ACRN_A2_SET_IRQLINE == ACRN_IOCTL_SET_IRQLINE);
ASSERT(ACRN_A2_NOTIFY_REQUEST_FINISH == ACRN_IOCTL_NOTIFY_REQUEST_FINISH);
ASSERT(ACRN_A2_CREATE_IOREQ_CLIENT == ACRN_IOCTL_CREATE_IOREQ_CLIENT);
ASSERT(ACRN_A2_ATTACH_IOREQ_CLIENT == ACRN_IOCTL_ATTACH_IOREQ_CLIENT);
ASSERT(ACRN_A2_DESTROY_IOREQ_CLIENT == ACRN_IOCTL_DESTROY_IOREQ_CLIENT);
ASSERT(ACRN_A2_CLEAR_VM_IOREQ == ACRN_IOCTL_CLEAR_VM_IOREQ);
ASSERT(ACRN_A2_SET_MEMSEG == ACRN_IOCTL_SET_MEMSEG);
ASSERT(ACRN_A2_UNSET_MEMSEG == ACRN_IOCTL_UNSET_MEMSEG);
ASSERT(ACRN_A2_SET_PTDEV_INTR == ACRN_IOCTL_SET_PTDEV_INTR);
ASSERT(ACRN_A2_RESET_PTDEV_INTR == ACRN_IOCTL_RESET_PTDEV_INTR);
ASSERT(ACRN_A2_ASSIGN_PCIDEV == ACRN_IOCTL_ASSIGN_PCIDEV);
ASSERT(ACRN_A2_DEASSIGN_PCIDEV == ACRN_IOCTL_DEASSIGN_PCIDEV);
ASSERT(ACRN_A2_ASSIGN_MMIODEV == ACRN_IOCTL_ASSIGN_MMIODEV);
ASSERT(ACRN_A2_DEASSIGN_MMIODEV == ACRN_IOCTL_DEASSIGN_MMIODEV);
ASSERT(ACRN_A2_CREATE_VDEV == ACRN_IOCTL_CREATE_VDEV);
ASSERT(ACRN_A2_DESTROY_VDEV == ACRN_IOCTL_DESTROY_VDEV);
ASSERT(ACRN_A2_PM_GET_CPU_STATE == ACRN_IOCTL_PM_GET_CPU_STATE);
ASSERT(ACRN_A2_IOEVENTFD == ACRN_IOCTL_IOEVENTFD);
ASSERT(ACRN_A2_IRQFD == ACRN_IOCTL_IRQFD);

NUMBER(ACRN_A2_MEMMAP_RAM, 0);
NUMBER(ACRN_A2_MEMMAP_MMIO, 1);
NUMBER(ACRN_A2_MEMMAP_READ, 1);
NUMBER(ACRN_A2_MEMMAP_WRITE, 2);
NUMBER(ACRN_A2_MEMMAP_EXEC, 4);
NUMBER(ACRN_A2_MEMMAP_CACHE_TYPES, 0x7c0);
NUMBER(ACRN_A2_IOEVENTFD_ASYNCIO, 8);

ASSERT(ACRN_A2_MEMMAP_RAM == ACRN_MEMMAP_RAM);
ASSERT(ACRN_A2_MEMMAP_MMIO == ACRN_MEMMAP_MMIO);
ASSERT((ACRN_A2_MEMMAP_READ | ACRN_A2_MEMMAP_WRITE | ACRN_A2_MEMMAP_EXEC) ==
	ACRN_MEM_ACCESS_RIGHT_MASK);
ASSERT(ACRN_A2_MEMMAP_CACHE_TYPES == ACRN_MEM_TYPE_MASK);
