// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Ports that the Service VM does not reach by itself.
 */
#include "service_ports.h"

/* Of all its CPUs, which read it at each access */
u8 service_iopm[IOPM_SIZE] __aligned(4096);

/**
 * service_ports_intercept() - have accesses to ports come here, or no longer
 * @port: the first
 * @count: how many
 * @on: they come
 *
 * Under hv_lock, or before there is a Service VM.
 */
void service_ports_intercept(u32 port, u32 count, bool on)
{
	u8 bit;

	for (; count; count--, port++) {
		bit = BIT(port % 8);
		WRITE_ONCE(service_iopm[port / 8], on ? service_iopm[port / 8] | bit :
							service_iopm[port / 8] & ~bit);
	}
}
