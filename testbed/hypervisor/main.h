/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Where CPUs come to from start.S.
 */
#ifndef HV_MAIN_H
#define HV_MAIN_H

#include "types.h"

void hv_main(u32 multiboot_info) __noreturn;
void ap_main(u32 id) __noreturn;

#endif /* HV_MAIN_H */
