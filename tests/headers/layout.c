// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The layout of what device models exchange with the driver, as they were built
 * with it: ACRN v1.3.  Compiled as C and as C++, for 32 and for 64 bits; there is
 * nothing to run.
 *
 * tests/checks/headers reads the lines that begin with SIZE, FIELD and NUMBER,
 * to see that nothing of the header is missing here.
 */
#include <stddef.h>

#include <linux/acrn/acrn_ioctl_defs.h>

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

SIZE(acrn_api_version, 8);
FIELD(acrn_api_version, major_version, 0, 4);
FIELD(acrn_api_version, minor_version, 4, 4);

SIZE(acrn_create_vm, 56);
FIELD(acrn_create_vm, vmid, 0, 2);
FIELD(acrn_create_vm, reserved0, 2, 2);
FIELD(acrn_create_vm, vcpu_num, 4, 2);
FIELD(acrn_create_vm, reserved1, 6, 2);
FIELD(acrn_create_vm, uuid, 8, 16);
FIELD(acrn_create_vm, vm_flag, 24, 8);
FIELD(acrn_create_vm, req_buf, 32, 8);
FIELD(acrn_create_vm, cpu_affinity, 40, 8);
FIELD(acrn_create_vm, reserved2, 48, 8);

SIZE(acrn_platform_info, 256);
FIELD(acrn_platform_info, cpu_num, 0, 2);
FIELD(acrn_platform_info, version, 2, 2);
FIELD(acrn_platform_info, reserved0, 4, 124);
FIELD(acrn_platform_info, max_vcpus_per_vm, 128, 2);
FIELD(acrn_platform_info, max_kata_containers, 130, 1);
FIELD(acrn_platform_info, reserved1, 131, 7);
FIELD(acrn_platform_info, max_vms, 138, 2);
FIELD(acrn_platform_info, vm_config_entry_size, 140, 4);
FIELD(acrn_platform_info, vm_configs_addr, 144, 8);
FIELD(acrn_platform_info, reserved2, 152, 104);

SIZE(acrn_create_vcpu, 8);
FIELD(acrn_create_vcpu, vcpu_id, 0, 2);
FIELD(acrn_create_vcpu, pcpu_id, 2, 2);
FIELD(acrn_create_vcpu, reserved, 4, 4);

SIZE(acrn_gp_regs, 128);
FIELD(acrn_gp_regs, rax, 0, 8);
FIELD(acrn_gp_regs, rcx, 8, 8);
FIELD(acrn_gp_regs, rdx, 16, 8);
FIELD(acrn_gp_regs, rbx, 24, 8);
FIELD(acrn_gp_regs, rsp, 32, 8);
FIELD(acrn_gp_regs, rbp, 40, 8);
FIELD(acrn_gp_regs, rsi, 48, 8);
FIELD(acrn_gp_regs, rdi, 56, 8);
FIELD(acrn_gp_regs, r8, 64, 8);
FIELD(acrn_gp_regs, r9, 72, 8);
FIELD(acrn_gp_regs, r10, 80, 8);
FIELD(acrn_gp_regs, r11, 88, 8);
FIELD(acrn_gp_regs, r12, 96, 8);
FIELD(acrn_gp_regs, r13, 104, 8);
FIELD(acrn_gp_regs, r14, 112, 8);
FIELD(acrn_gp_regs, r15, 120, 8);

SIZE(acrn_descriptor_ptr, 16);
FIELD(acrn_descriptor_ptr, limit, 0, 2);
FIELD(acrn_descriptor_ptr, base, 2, 8);
FIELD(acrn_descriptor_ptr, reserved, 10, 6);

SIZE(acrn_vcpu_regs, 296);
FIELD(acrn_vcpu_regs, gprs, 0, 128);
FIELD(acrn_vcpu_regs, gdt, 128, 16);
FIELD(acrn_vcpu_regs, idt, 144, 16);
FIELD(acrn_vcpu_regs, rip, 160, 8);
FIELD(acrn_vcpu_regs, cs_base, 168, 8);
FIELD(acrn_vcpu_regs, cr0, 176, 8);
FIELD(acrn_vcpu_regs, cr4, 184, 8);
FIELD(acrn_vcpu_regs, cr3, 192, 8);
FIELD(acrn_vcpu_regs, ia32_efer, 200, 8);
FIELD(acrn_vcpu_regs, rflags, 208, 8);
FIELD(acrn_vcpu_regs, reserved_64, 216, 32);
FIELD(acrn_vcpu_regs, cs_ar, 248, 4);
FIELD(acrn_vcpu_regs, cs_limit, 252, 4);
FIELD(acrn_vcpu_regs, reserved_32, 256, 12);
FIELD(acrn_vcpu_regs, cs_sel, 268, 2);
FIELD(acrn_vcpu_regs, ss_sel, 270, 2);
FIELD(acrn_vcpu_regs, ds_sel, 272, 2);
FIELD(acrn_vcpu_regs, es_sel, 274, 2);
FIELD(acrn_vcpu_regs, fs_sel, 276, 2);
FIELD(acrn_vcpu_regs, gs_sel, 278, 2);
FIELD(acrn_vcpu_regs, ldt_sel, 280, 2);
FIELD(acrn_vcpu_regs, tr_sel, 282, 2);
FIELD(acrn_vcpu_regs, reserved_16, 284, 8);
FIELD(acrn_vcpu_regs, padding, 292, 4);

SIZE(acrn_set_vcpu_regs, 304);
FIELD(acrn_set_vcpu_regs, vcpu_id, 0, 2);
FIELD(acrn_set_vcpu_regs, reserved0, 2, 6);
FIELD(acrn_set_vcpu_regs, vcpu_regs, 8, 296);

SIZE(acrn_memseg, 40);
FIELD(acrn_memseg, type, 0, 4);
FIELD(acrn_memseg, using_vma, 4, 4);
FIELD(acrn_memseg, gpa, 8, 8);
FIELD(acrn_memseg, base, 16, 8);
FIELD(acrn_memseg, len, 24, 8);
FIELD(acrn_memseg, prot, 32, 4);
FIELD(acrn_memseg, padding, 36, 4);

SIZE(acrn_mmio_request, 32);
FIELD(acrn_mmio_request, direction, 0, 4);
FIELD(acrn_mmio_request, reserved, 4, 4);
FIELD(acrn_mmio_request, address, 8, 8);
FIELD(acrn_mmio_request, size, 16, 8);
FIELD(acrn_mmio_request, value, 24, 8);

SIZE(acrn_pio_request, 32);
FIELD(acrn_pio_request, direction, 0, 4);
FIELD(acrn_pio_request, reserved0, 4, 4);
FIELD(acrn_pio_request, address, 8, 8);
FIELD(acrn_pio_request, size, 16, 8);
FIELD(acrn_pio_request, value, 24, 4);
FIELD(acrn_pio_request, reserved1, 28, 4);

SIZE(acrn_pci_request, 48);
FIELD(acrn_pci_request, direction, 0, 4);
FIELD(acrn_pci_request, reserved0, 4, 12);
FIELD(acrn_pci_request, size, 16, 8);
FIELD(acrn_pci_request, value, 24, 4);
FIELD(acrn_pci_request, bus, 28, 4);
FIELD(acrn_pci_request, dev, 32, 4);
FIELD(acrn_pci_request, func, 36, 4);
FIELD(acrn_pci_request, reg, 40, 4);
FIELD(acrn_pci_request, reserved1, 44, 4);

SIZE(acrn_io_request, 256);
FIELD(acrn_io_request, type, 0, 4);
FIELD(acrn_io_request, completion_polling, 4, 4);
FIELD(acrn_io_request, reserved0, 8, 56);
FIELD(acrn_io_request, reqs, 64, 64);
FIELD(acrn_io_request, reserved1, 128, 4);
FIELD(acrn_io_request, client, 132, 4);
FIELD(acrn_io_request, processed, 136, 4);
FIELD(acrn_io_request, reserved2, 140, 116);

SIZE(acrn_ioreq_notify, 8);
FIELD(acrn_ioreq_notify, client_id, 0, 4);
FIELD(acrn_ioreq_notify, vcpu, 4, 4);

SIZE(acrn_msi_entry, 16);
FIELD(acrn_msi_entry, msi_addr, 0, 8);
FIELD(acrn_msi_entry, msi_data, 8, 8);

SIZE(acrn_intr_monitor, 392);
FIELD(acrn_intr_monitor, cmd, 0, 4);
FIELD(acrn_intr_monitor, buf_cnt, 4, 4);
FIELD(acrn_intr_monitor, buffer, 8, 384);

SIZE(acrn_ptdev_irq, 24);
FIELD(acrn_ptdev_irq, type, 0, 4);
FIELD(acrn_ptdev_irq, virt_bdf, 4, 2);
FIELD(acrn_ptdev_irq, phys_bdf, 6, 2);
FIELD(acrn_ptdev_irq, virt_pin, 8, 4);
FIELD(acrn_ptdev_irq, phys_pin, 12, 4);
FIELD(acrn_ptdev_irq, is_pic_pin, 16, 4);
FIELD(acrn_ptdev_irq, padding, 20, 4);

SIZE(acrn_pcidev, 64);
FIELD(acrn_pcidev, type, 0, 4);
FIELD(acrn_pcidev, virt_bdf, 4, 2);
FIELD(acrn_pcidev, phys_bdf, 6, 2);
FIELD(acrn_pcidev, intr_line, 8, 1);
FIELD(acrn_pcidev, intr_pin, 9, 1);
FIELD(acrn_pcidev, reserved0, 10, 2);
FIELD(acrn_pcidev, bar, 12, 24);
FIELD(acrn_pcidev, reserved1, 36, 24);
FIELD(acrn_pcidev, padding, 60, 4);

SIZE(acrn_mmiodev, 128);
FIELD(acrn_mmiodev, gpa, 0, 8);
FIELD(acrn_mmiodev, hpa, 8, 8);
FIELD(acrn_mmiodev, size, 16, 8);
FIELD(acrn_mmiodev, reserved, 24, 104);

SIZE(acrn_vdev, 256);
FIELD(acrn_vdev, id, 0, 8);
FIELD(acrn_vdev, slot, 8, 8);
FIELD(acrn_vdev, io_addr, 16, 24);
FIELD(acrn_vdev, io_size, 40, 24);
FIELD(acrn_vdev, args, 64, 128);
FIELD(acrn_vdev, reserved, 192, 64);

SIZE(acrn_px_data, 48);
FIELD(acrn_px_data, core_frequency, 0, 8);
FIELD(acrn_px_data, power, 8, 8);
FIELD(acrn_px_data, transition_latency, 16, 8);
FIELD(acrn_px_data, bus_master_latency, 24, 8);
FIELD(acrn_px_data, control, 32, 8);
FIELD(acrn_px_data, status, 40, 8);

SIZE(acrn_cx_data, 32);
FIELD(acrn_cx_data, space_id, 0, 1);
FIELD(acrn_cx_data, bit_width, 1, 1);
FIELD(acrn_cx_data, bit_offset, 2, 1);
FIELD(acrn_cx_data, access_size, 3, 1);
FIELD(acrn_cx_data, reserved0, 4, 4);
FIELD(acrn_cx_data, address, 8, 8);
FIELD(acrn_cx_data, type, 16, 1);
FIELD(acrn_cx_data, reserved1, 17, 3);
FIELD(acrn_cx_data, latency, 20, 4);
FIELD(acrn_cx_data, power, 24, 8);

SIZE(acrn_ioeventfd, 32);
FIELD(acrn_ioeventfd, fd, 0, 4);
FIELD(acrn_ioeventfd, flags, 4, 4);
FIELD(acrn_ioeventfd, addr, 8, 8);
FIELD(acrn_ioeventfd, len, 16, 4);
FIELD(acrn_ioeventfd, reserved, 20, 4);
FIELD(acrn_ioeventfd, data, 24, 8);

SIZE(acrn_irqfd, 24);
FIELD(acrn_irqfd, fd, 0, 4);
FIELD(acrn_irqfd, flags, 4, 4);
FIELD(acrn_irqfd, msi, 8, 16);

/* What a request asks for: as big as the gap in the slot, each kind at its start */
ASSERT(sizeof(union acrn_io_request_data) == 64);
ASSERT(offsetof(union acrn_io_request_data, pio) == 0);
ASSERT(offsetof(union acrn_io_request_data, mmio) == 0);
ASSERT(offsetof(union acrn_io_request_data, pci) == 0);
ASSERT(offsetof(union acrn_io_request_data, data) == 0);

/* The slots fill the page */
ASSERT(sizeof(struct acrn_io_request) * ACRN_MAX_VCPUS == 4096);

NUMBER(IC_GET_API_VERSION, 0x43000000);
NUMBER(IC_GET_PLATFORM_INFO, 0x43000003);
NUMBER(IC_CREATE_VM, 0x43000010);
NUMBER(IC_DESTROY_VM, 0x43000011);
NUMBER(IC_START_VM, 0x43000012);
NUMBER(IC_PAUSE_VM, 0x43000013);
NUMBER(IC_CREATE_VCPU, 0x43000014);
NUMBER(IC_RESET_VM, 0x43000015);
NUMBER(IC_SET_VCPU_REGS, 0x43000016);
NUMBER(IC_INJECT_MSI, 0x43000023);
NUMBER(IC_VM_INTR_MONITOR, 0x43000024);
NUMBER(IC_SET_IRQLINE, 0x43000025);
NUMBER(IC_NOTIFY_REQUEST_FINISH, 0x43000031);
NUMBER(IC_CREATE_IOREQ_CLIENT, 0x43000032);
NUMBER(IC_ATTACH_IOREQ_CLIENT, 0x43000033);
NUMBER(IC_DESTROY_IOREQ_CLIENT, 0x43000034);
NUMBER(IC_CLEAR_VM_IOREQ, 0x43000035);
NUMBER(IC_SET_MEMSEG, 0x43000041);
NUMBER(IC_UNSET_MEMSEG, 0x43000042);
NUMBER(IC_ASSIGN_PTDEV, 0x43000050);
NUMBER(IC_DEASSIGN_PTDEV, 0x43000051);
NUMBER(IC_SET_PTDEV_INTR_INFO, 0x43000053);
NUMBER(IC_RESET_PTDEV_INTR_INFO, 0x43000054);
NUMBER(IC_ASSIGN_PCIDEV, 0x43000055);
NUMBER(IC_DEASSIGN_PCIDEV, 0x43000056);
NUMBER(IC_ASSIGN_MMIODEV, 0x43000057);
NUMBER(IC_DEASSIGN_MMIODEV, 0x43000058);
NUMBER(IC_ADD_HV_VDEV, 0x43000059);
NUMBER(IC_REMOVE_HV_VDEV, 0x4300005a);
NUMBER(IC_PM_GET_CPU_STATE, 0x43000060);
NUMBER(IC_EVENT_IOEVENTFD, 0x43000070);
NUMBER(IC_EVENT_IRQFD, 0x43000071);

NUMBER(ACRN_MAX_VCPUS, 16);
NUMBER(ACRN_INVALID_VMID, 0xffff);
NUMBER(ACRN_API_VERSION_MAJOR, 1);
NUMBER(ACRN_API_VERSION_MINOR, 0);

NUMBER(ACRN_VM_FLAG_SECURE_WORLD, 0x01);
NUMBER(ACRN_VM_FLAG_LAPIC_PASSTHROUGH, 0x02);
NUMBER(ACRN_VM_FLAG_POLLING, 0x04);
NUMBER(ACRN_VM_FLAG_CLOS, 0x08);
NUMBER(ACRN_VM_FLAG_HIDE_MTRR, 0x10);
NUMBER(ACRN_VM_FLAG_RT, 0x20);
NUMBER(ACRN_VM_FLAG_RT_V1_6, 0x10);
NUMBER(ACRN_VM_FLAG_HIGHEST_SEVERITY, 0x40);

NUMBER(ACRN_MEMSEG_RAM, 0);
NUMBER(ACRN_MEMSEG_MMIO, 1);
NUMBER(ACRN_PROT_READ, 1);
NUMBER(ACRN_PROT_WRITE, 2);
NUMBER(ACRN_PROT_EXEC, 4);

NUMBER(ACRN_IOREQ_PIO, 0);
NUMBER(ACRN_IOREQ_MMIO, 1);
NUMBER(ACRN_IOREQ_PCICFG, 2);
NUMBER(ACRN_IOREQ_WP, 3);
NUMBER(ACRN_IOREQ_PENDING, 0);
NUMBER(ACRN_IOREQ_COMPLETE, 1);
NUMBER(ACRN_IOREQ_PROCESSING, 2);
NUMBER(ACRN_IOREQ_FREE, 3);
NUMBER(ACRN_IOREQ_READ, 0);
NUMBER(ACRN_IOREQ_WRITE, 1);

NUMBER(ACRN_IRQLINE_HIGH, 0);
NUMBER(ACRN_IRQLINE_LOW, 1);
NUMBER(ACRN_IRQLINE_RAISING_PULSE, 2);
NUMBER(ACRN_IRQLINE_FALLING_PULSE, 3);
NUMBER(ACRN_INTR_MONITOR_GET, 0);
NUMBER(ACRN_INTR_MONITOR_SET_DELAY, 1);
NUMBER(ACRN_PTDEV_IRQ_INTX, 0);
NUMBER(ACRN_PTDEV_IRQ_MSI, 1);
NUMBER(ACRN_PTDEV_IRQ_MSIX, 2);
NUMBER(ACRN_PM_PX_COUNT, 0);
NUMBER(ACRN_PM_PX_DATA, 1);
NUMBER(ACRN_PM_CX_COUNT, 2);
NUMBER(ACRN_PM_CX_DATA, 3);

NUMBER(ACRN_IOEVENTFD_PIO, 1);
NUMBER(ACRN_IOEVENTFD_DATAMATCH, 2);
NUMBER(ACRN_IOEVENTFD_DEASSIGN, 4);
NUMBER(ACRN_IRQFD_DEASSIGN, 1);

/* The line in the low half, what to do with it in the high half */
ASSERT(ACRN_IRQLINE(0x89abcdef, 3) == 0x389abcdefULL);
ASSERT(ACRN_IRQLINE_GSI(0x389abcdefULL) == 0x89abcdef);
ASSERT(ACRN_IRQLINE_OP(0x389abcdefULL) == 3);
