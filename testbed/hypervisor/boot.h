/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The ACPI tables and the kernel that the Service VM gets.
 */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include "types.h"

u64 acpi_build(void);
extern u16 acpi_pm1_control;
extern u16 acpi_pm_timer;
u64 linux_load(u32 multiboot_info, u64 *boot_params);
const char *multiboot_command_line(u32 multiboot_info);

#endif /* HV_BOOT_H */
