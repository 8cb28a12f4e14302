/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What start.S has for the C code.
 */
#ifndef HV_START_H
#define HV_START_H

#include "types.h"

/* Vectors for MSIs of devices: of no exceptions, and below all that Linux uses */
#define MSI_VECTOR	22
#define MSI_VECTORS	6

struct gregs;
struct vmcb;

void vm_enter(struct gregs *regs, struct vmcb *vmcb);
extern u8 ap_trampoline[], ap_trampoline_end[];
extern u8 mailbox_reset_vector[];
extern u8 boot_pml4[];
extern u64 exception_stubs[];
extern u64 msi_stubs[];
void irq_stub(void);
void nmi_stub(void);

extern u8 hv_start[], hv_private_end[], hv_end[];	/* linker script */

/* Put into the part of the hypervisor's memory that the Service VM can read */
#define SHARED		__attribute__((section(".shared")))

#endif /* HV_START_H */
