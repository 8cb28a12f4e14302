// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Boot: read the command line, load the Service VM, start every CPU, then let
 * the first of the others enter the Service VM.
 *
 * Command line (multiboot, QEMU's -append):
 *	service_cpus=N	CPUs 1..N are the Service VM's, those after them are kept
 *			for User VMs (2)
 *	unprivileged	CPUID does not show the privilege bit
 *	api=MAJOR.MINOR	what HC_GET_API_VERSION answers (1.0)
 *	quiet		no lines of the log about hypercalls and events
 */
#include "hv.h"

struct config config = {
	.service_cpus = 2,
	.privileged = true,
	.api_major = 1,
	.log_calls = true,
};

/* Where the Service VM begins; @rip is written last */
static struct {
	u64 rip;
	u64 boot_params;
} service_entry;

/**
 * is_service_cpu() - is this a CPU that the Service VM was given at the start?
 * @apic_id: the CPU
 *
 * Return: true if so.
 */
bool is_service_cpu(u32 apic_id)
{
	return apic_id >= SERVICE_BSP && apic_id - SERVICE_BSP < config.service_cpus;
}

static u32 number(const char **text)
{
	u32 n = 0;

	for (; **text >= '0' && **text <= '9'; ++*text)
		n = n * 10 + (**text - '0');
	return n;
}

/* Does the word at *@text begin with @name?  Then step over it. */
static bool word(const char **text, const char *name)
{
	size_t n = strlen(name);

	if (memcmp(*text, name, n))
		return false;
	*text += n;
	return true;
}

static void read_command_line(const char *line)
{
	while (*line) {
		if (word(&line, "service_cpus=")) {
			config.service_cpus = number(&line);
		} else if (word(&line, "unprivileged")) {
			config.privileged = false;
		} else if (word(&line, "api=")) {
			config.api_major = number(&line);
			line += *line == '.';
			config.api_minor = number(&line);
		} else if (word(&line, "quiet")) {
			config.log_calls = false;
		}
		while (*line && *line != ' ')
			line++;
		while (*line == ' ')
			line++;
	}
	if (!config.service_cpus)
		panic("service_cpus must be at least 1");
}

/**
 * hv_main() - CPU 0
 * @multiboot_info: as the boot loader left it
 */
void hv_main(u32 multiboot_info)
{
	u64 rip;
	u32 i;

	read_command_line(multiboot_command_line(multiboot_info));
	api_version[0] = config.api_major;
	api_version[1] = config.api_minor;
	cpuid_view = (struct cpuid_view){ true, config.privileged };
	for (i = 0; i < MAX_CPUS; i++) {
		cpus[i].id = i;
		cpus[i].for_users = i >= SERVICE_BSP && !is_service_cpu(i);
	}
	cpus[0].online = true;
	cpus[SERVICE_BSP].in_service = true;
	cpu_init(&cpus[0]);
	rip = linux_load(multiboot_info, &service_entry.boot_params);
	calibrate_clocks();
	service_vm_init();
	vcpu_init_maps();
	start_other_cpus();
	if (cpu_count <= config.service_cpus)
		panic("%u CPUs are not enough: one is the hypervisor's own", cpu_count);
	log("testbed: %u CPUs, %u of them the Service VM's; %lu MiB of RAM; TSC %u kHz; hypervisor at 0x%lx-0x%lx",
	    cpu_count, config.service_cpus, ram_total() >> 20, tsc_khz, (u64)hv_start,
	    (u64)hv_end);
	store_release(service_entry.rip, rip);
	kick_cpu(&cpus[SERVICE_BSP]);
	for (;;)
		__asm__ volatile("hlt");
}

/**
 * ap_main() - every other CPU
 * @id: its APIC id
 */
void ap_main(u32 id)
{
	struct cpu *cpu = &cpus[id];
	struct vcpu *vcpu;
	u64 rip;

	cpu_init(cpu);
	lapic_take();
	store_release(cpu->online, true);
	if (id == SERVICE_BSP) {
		while (!(rip = load_acquire(service_entry.rip)))
			cpu_sleep(cpu);
		lapic_give_back(true);
		service_vm_run(cpu, rip, service_entry.boot_params);
		panic("the first CPU has left the Service VM");
	}
	for (;;) {
		vcpu = load_acquire(cpu->run);
		if (vcpu) {
			vcpu_run(cpu, vcpu);
		} else if (mailbox_take(cpu, &rip)) {
			lapic_give_back(false);
			service_vm_run(cpu, rip, 0);
			lapic_take();
		} else {
			cpu_sleep(cpu);
		}
	}
}
