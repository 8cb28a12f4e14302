/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Ports that the Service VM does not reach by itself.
 */
#ifndef HV_SERVICE_PORTS_H
#define HV_SERVICE_PORTS_H

#include "svm.h"

extern u8 service_iopm[IOPM_SIZE];
void service_ports_intercept(u32 port, u32 count, bool on);

#endif /* HV_SERVICE_PORTS_H */
