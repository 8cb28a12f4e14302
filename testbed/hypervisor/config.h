/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The hypervisor's command line.
 */
#ifndef HV_CONFIG_H
#define HV_CONFIG_H

#include "types.h"

#define MAX_CPUS	32	/* APIC ids 0..31 */

/*
 * The Service VM's first CPU.  CPU 0 runs no guest: in QEMU 7.2 every CPU that
 * loads an FPU status without an exception pending, as each switch of threads
 * does, clears a bit of CPU 0's hflags2 (cpu_clear_ignne()), without a lock.  Now
 * and then that takes back what VMRUN or #VMEXIT changes there at the same moment,
 * and CPU 0 goes on in the hypervisor with the guest's nested table.
 */
#define SERVICE_BSP	1

/**
 * struct config - what the command line says
 * @service_cpus: CPUs 0..N-1 are the Service VM's
 * @privileged: CPUID shows the privilege bit
 * @api_major: what HC_GET_API_VERSION answers
 * @api_minor: the same
 * @log_calls: the log has a line per hypercall and event
 * @turn_us: so often a CPU that runs a User VM gives way to others, microseconds;
 *	0: never
 * @generation_known: there is the release of ACRN that it asks for
 */
struct config {
	u32 service_cpus;
	bool privileged;
	u32 api_major;
	u32 api_minor;
	bool log_calls;
	u32 turn_us;
	bool generation_known;
};

extern struct config config;
void config_read(const char *line);
bool is_service_cpu(u32 apic_id);

#endif /* HV_CONFIG_H */
