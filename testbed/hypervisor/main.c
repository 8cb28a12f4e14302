// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * Boot: read the command line, load the Service VM, start every CPU, then let
 * the first of the others enter the Service VM.
 */
#include "generation.h"
#include "config.h"
#include "console.h"
#include "start.h"
#include "cpu.h"
#include "ram.h"
#include "iommu.h"
#include "boot.h"
#include "mailbox.h"
#include "vms.h"
#include "vcpu.h"
#include "intx.h"
#include "msi.h"
#include "devices.h"
#include "control.h"
#include "service_vm.h"
#include "main.h"

/* Where the Service VM begins; @rip is written last */
static struct {
	u64 rip;
	u64 boot_params;
} service_entry;

/*
 * What CPU 0 does from when the Service VM runs: it passes interrupts of devices on.  Linux
 * sends those to it, too, that are for all CPUs.
 *
 * GIF stays 1 here: with a thread for each CPU, QEMU 7.2 can forget that CPU 0 has
 * changed it.
 */
static void __noreturn pass_interrupts(struct cpu *cpu)
{
	__asm__ volatile("cli; stgi" : : : "memory");
	for (;;) {
		if ((intx_used() || msi_waits()) && hv_lock(cpu)) {
			intx_take();
			msi_take();
			hv_unlock();
		}
		__asm__ volatile("sti; hlt; cli" : : : "memory");
	}
}

/**
 * hv_main() - CPU 0
 * @multiboot_info: as the boot loader left it
 */
void hv_main(u32 multiboot_info)
{
	u64 rip;
	u32 i;

	config_read(multiboot_command_line(multiboot_info));
	if (!config.service_cpus)
		panic("service_cpus must be at least 1");
	if (!config.generation_known)
		panic("generation must be 1.3, 1.6, 2.4, 2.6 or 3.3");
	control_behave();
	for (i = 0; i < MAX_CPUS; i++) {
		cpus[i].id = i;
		cpus[i].for_users = i >= SERVICE_BSP && !is_service_cpu(i);
	}
	cpus[0].online = true;
	cpus[SERVICE_BSP].in_service = true;
	cpu_init(&cpus[0]);
	rip = linux_load(multiboot_info, &service_entry.boot_params);
	calibrate_clocks(acpi_pm_timer);
	devices_find();
	iommu_init();
	service_vm_init();
	vcpu_init_maps();
	start_other_cpus();
	if (cpu_count <= config.service_cpus)
		panic("%u CPUs are not enough: one is the hypervisor's own", cpu_count);
	log("testbed: like ACRN v%s; hypervisor at 0x%lx-0x%lx", generation->name,
	    (u64)hv_start, (u64)hv_end);
	log("testbed: %u CPUs, %u of them the Service VM's; %lu MiB of RAM; TSC %u kHz",
	    cpu_count, config.service_cpus, ram_total() >> 20, tsc_khz);
	intx_init();
	lapic_take();
	store_release(service_entry.rip, rip);
	kick_cpu(&cpus[SERVICE_BSP]);
	pass_interrupts(&cpus[0]);
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
