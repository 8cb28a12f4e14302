// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * ACRN HSM: hypercalls: those that are made now and then, what answers mean, and
 * the counters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/seq_file.h>

#include "acrn_hypercall.h"

#define CREATE_TRACE_POINTS
#include "acrn_trace.h"

/* Behind the last that there ever was */
#define ACRN_HC_UNKNOWN		0xff

#define ACRN_HC_STAT(hc, nr)						\
	[nr] = { .name = #hc },
struct acrn_hc_stat acrn_hc_stats[] = {
	ACRN_HYPERCALLS(ACRN_HC_STAT, ACRN_HC_STAT)
};

/*
 * The hypervisor's answer is 32 bits, sign-extended, and only negative ones
 * are failures.  It often says a bare -1, which is no errno here, and EFAULT is
 * kept for bad pointers of user space: both become EIO, as all unknown codes.
 * @rax is one of the failures.
 */
static int acrn_hc_errno(long rax)
{
	int answer = (int)rax;

	switch (answer) {
	case -ENOMEM:
	case -EACCES:
	case -EBUSY:
	case -ENODEV:
	case -EINVAL:
	case -ETIMEDOUT:
		return answer;
	default:
		return -EIO;
	}
}

/* Counts a failure. */
int acrn_hc_failed(unsigned int nr, long rax)
{
	atomic_long_inc(&acrn_hc_stats[nr].failures);
	return acrn_hc_errno(rax);
}

/* acrn_hypercall() while somebody traces */
int acrn_hypercall_traced(unsigned long p1, unsigned long p2, unsigned int nr,
			  unsigned long vmid)
{
	long rax;

	trace_acrn_hypercall_enter(nr, vmid, p1, p2);
	rax = acrn_vmcall(nr, p1, p2);
	trace_acrn_hypercall_exit(nr, vmid, rax);
	return acrn_hc_result(nr, rax);
}

/**
 * acrn_hc_unknown() - make a hypercall that no hypervisor has
 *
 * Context: Any.
 * Return: the bare answer, which tells hypervisors apart.
 */
int acrn_hc_unknown(void)
{
	return acrn_vmcall(ACRN_HC_UNKNOWN, 0, 0);
}

int acrn_hc_get_api_version(struct acrn_api_version *version)
{
	return acrn_hypercall(ACRN_HC_GET_API_VERSION, ACRN_INVALID_VMID,
			      __pa(version), 0);
}

/**
 * acrn_hc_offline_cpu() - HC_SOS_OFFLINE_CPU
 * @lapic: id of the local APIC of a CPU that Linux has switched off.  The hypervisor
 *	would also take one that runs
 *
 * Return: 0, also if the Service VM has no such CPU any more, or a negative errno.
 */
int acrn_hc_offline_cpu(unsigned int lapic)
{
	return acrn_hypercall(ACRN_HC_SOS_OFFLINE_CPU, ACRN_INVALID_VMID, lapic, 0);
}

/**
 * acrn_hc_get_platform_info() - HC_GET_PLATFORM_INFO
 * @info: 256 bytes that the hypervisor reads and writes; their layout is its own
 *
 * Context: Any.
 * Return: 0 or a negative errno; there is no such call since v3.0.
 */
int acrn_hc_get_platform_info(void *info)
{
	return acrn_hypercall(ACRN_HC_GET_PLATFORM_INFO, ACRN_INVALID_VMID,
			      __pa(info), 0);
}

/**
 * acrn_hc_create_vm() - HC_CREATE_VM
 * @param: the VM; the hypervisor writes its vmid, newer ones all of it
 *
 * Return: 0 or a negative errno.  With 0 the vmid can still be
 *	%ACRN_INVALID_VMID: some hypervisors say so that creation failed.
 */
int acrn_hc_create_vm(struct acrn_create_vm *param)
{
	return acrn_hypercall(ACRN_HC_CREATE_VM, ACRN_INVALID_VMID,
			      __pa(param), 0);
}

/**
 * acrn_hc_destroy_vm() - HC_DESTROY_VM
 * @vmid: a VM, paused where the hypervisor can pause it
 *
 * Return: 0 or a negative errno.  -ETIMEDOUT: the VM is gone, but a physical
 *	CPU it ran on did not come back.
 */
int acrn_hc_destroy_vm(u16 vmid)
{
	return acrn_vm_hypercall(ACRN_HC_DESTROY_VM, vmid, NULL);
}

/* @vmid: a VM as created or reset, with a vCPU 0 and an I/O request page */
int acrn_hc_start_vm(u16 vmid)
{
	return acrn_vm_hypercall(ACRN_HC_START_VM, vmid, NULL);
}

/*
 * @vmid: a paused VM; its request slots become free.  So they do where ACRN answers
 * -ETIMEDOUT, as for HC_DESTROY_VM: then it goes on to reset the VM.
 */
int acrn_hc_reset_vm(u16 vmid)
{
	int ret = acrn_vm_hypercall(ACRN_HC_RESET_VM, vmid, NULL);

	if (ret != -ETIMEDOUT)
		return ret;
	pr_warn_ratelimited("VM %u: reset, but a physical CPU did not come back\n", vmid);
	return 0;
}

int acrn_hc_create_vcpu(u16 vmid, const struct acrn_create_vcpu *param)
{
	return acrn_vm_hypercall(ACRN_HC_CREATE_VCPU, vmid, param);
}

/* @vmid: a VM that was never started; all slots of the page become free */
int acrn_hc_set_ioreq_buffer(u16 vmid, const struct acrn_hc_ioreq_buffer *param)
{
	return acrn_vm_hypercall(ACRN_HC_SET_IOREQ_BUFFER, vmid, param);
}

/* @param: command and buffer, which the hypervisor changes in place */
int acrn_hc_vm_intr_monitor(u16 vmid, struct acrn_intr_monitor *param)
{
	return acrn_vm_hypercall(ACRN_HC_VM_INTR_MONITOR, vmid, param);
}

/* @vector: where upcalls arrive, on the Service VM's first vCPU */
int acrn_hc_set_callback_vector(unsigned int vector)
{
	return acrn_hypercall(ACRN_HC_SET_CALLBACK_VECTOR, ACRN_INVALID_VMID,
			      vector, 0);
}

/**
 * acrn_hc_write_protect_page() - HC_VM_WRITE_PROTECT_PAGE
 * @vmid: the VM
 * @param: a page that the VM has, and may read, write and execute
 *
 * The hypervisor does not know what the VM may do: when it is told that the VM may
 * write to the page again, it may, even if it never could.  And it tells only of
 * writes to pages that can be executed that they were to protected ones.
 *
 * Return: 0 or a negative errno.
 */
int acrn_hc_write_protect_page(u16 vmid, const struct acrn_hc_write_protect *param)
{
	return acrn_vm_hypercall(ACRN_HC_VM_WRITE_PROTECT_PAGE, vmid, param);
}

/* @bdf: by value, which any number below 65536 is taken for */
int acrn_hc_assign_ptdev(u16 vmid, u16 bdf)
{
	return acrn_hypercall(ACRN_HC_ASSIGN_PTDEV, vmid, vmid, bdf);
}

int acrn_hc_deassign_ptdev(u16 vmid, u16 bdf)
{
	return acrn_hypercall(ACRN_HC_DEASSIGN_PTDEV, vmid, vmid, bdf);
}

/**
 * acrn_hc_set_ptdev_intr_info() - HC_SET_PTDEV_INTR_INFO
 * @vmid: the VM
 * @irq: interrupts of a device that it was assigned
 *
 * Return: 0 or a negative errno.  Up to v1.5 the device has its place on the VM's
 *	virtual PCI bus then, also with an error, until the interrupts are reset.
 */
int acrn_hc_set_ptdev_intr_info(u16 vmid, const struct acrn_hc_ptdev_irq *irq)
{
	return acrn_vm_hypercall(ACRN_HC_SET_PTDEV_INTR_INFO, vmid, irq);
}

int acrn_hc_reset_ptdev_intr_info(u16 vmid, const struct acrn_hc_ptdev_irq *irq)
{
	return acrn_vm_hypercall(ACRN_HC_RESET_PTDEV_INTR_INFO, vmid, irq);
}

int acrn_hc_assign_pcidev(u16 vmid, const struct acrn_pcidev *dev)
{
	return acrn_vm_hypercall(ACRN_HC_ASSIGN_PCIDEV, vmid, dev);
}

int acrn_hc_deassign_pcidev(u16 vmid, const struct acrn_pcidev *dev)
{
	return acrn_vm_hypercall(ACRN_HC_DEASSIGN_PCIDEV, vmid, dev);
}

/**
 * acrn_hc_assign_mmiodev() - HC_ASSIGN_MMIODEV
 * @vmid: a VM that was created or reset, and does not run
 * @dev: registers of a device, in the hypervisor's layout
 *
 * From v2.6 on the hypervisor does not look whose they are, here and on the way back.
 *
 * Return: 0 or a negative errno.
 */
int acrn_hc_assign_mmiodev(u16 vmid, const union acrn_mmiodev_param *dev)
{
	return acrn_vm_hypercall(ACRN_HC_ASSIGN_MMIODEV, vmid, dev);
}

int acrn_hc_deassign_mmiodev(u16 vmid, const union acrn_mmiodev_param *dev)
{
	return acrn_vm_hypercall(ACRN_HC_DEASSIGN_MMIODEV, vmid, dev);
}

int acrn_hc_assign_pio(u16 vmid, const struct acrn_a2_pio_region *pio)
{
	return acrn_vm_hypercall(ACRN_HC_ASSIGN_PIO_REGION, vmid, pio);
}

int acrn_hc_deassign_pio(u16 vmid, const struct acrn_a2_pio_region *pio)
{
	return acrn_vm_hypercall(ACRN_HC_DEASSIGN_PIO_REGION, vmid, pio);
}

/**
 * acrn_hc_add_vdev() - HC_ADD_VDEV
 * @vmid: a VM that was created or reset, and does not run
 * @vdev: a device for the hypervisor to emulate
 *
 * Return: 0 or a negative errno.
 */
int acrn_hc_add_vdev(u16 vmid, const struct acrn_vdev *vdev)
{
	return acrn_vm_hypercall(ACRN_HC_ADD_VDEV, vmid, vdev);
}

int acrn_hc_remove_vdev(u16 vmid, const struct acrn_vdev *vdev)
{
	return acrn_vm_hypercall(ACRN_HC_REMOVE_VDEV, vmid, vdev);
}

/**
 * acrn_hc_pm_get_cpu_state() - HC_PM_GET_CPU_STATE
 * @cmd: type, state, vCPU and VM
 * @vmid: the VM once more, for those who look on
 * @data: what the hypervisor writes some bytes of
 *
 * Return: 0 or a negative errno.
 */
int acrn_hc_pm_get_cpu_state(u32 cmd, u16 vmid, union acrn_pm_data *data)
{
	return acrn_hypercall(ACRN_HC_PM_GET_CPU_STATE, vmid, cmd, __pa(data));
}

/* Prints the counters, a line per hypercall. */
void acrn_hc_show(struct seq_file *s)
{
	unsigned int nr;

	seq_puts(s, "hypercall                  calls   failures\n");
	for (nr = 0; nr < ARRAY_SIZE(acrn_hc_stats); nr++) {
		const struct acrn_hc_stat *stat = &acrn_hc_stats[nr];

		if (stat->name)
			seq_printf(s, "%-21s %10ld %10ld\n", stat->name,
				   atomic_long_read(&stat->calls),
				   atomic_long_read(&stat->failures));
	}
}

#ifdef ACRN_KUNIT
#include "tests/kunit/hypercall_test.c"
#endif
