// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * rawhc: hypercalls from user space, for tests of the hypervisor.
 *
 * Anybody who may open the node can do anything to the machine.  Not to be
 * installed anywhere.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>
/* After the two above, which it does not include itself in all kernels */
#include <asm/acrn.h>

#include "rawhc.h"

static void *rawhc_window;

static int rawhc_mmap(struct file *filp, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > RAWHC_WINDOW)
		return -EINVAL;

	return remap_pfn_range(vma, vma->vm_start,
			       virt_to_phys(rawhc_window) >> PAGE_SHIFT,
			       size, vma->vm_page_prot);
}

/*
 * Registers only: a checker's calls, which the compiler adds where memory is
 * read, would change R8 before the instruction.
 */
static u64 rawhc_vmcall(u64 rax, u64 id, u64 p1, u64 p2)
{
	register u64 r8 asm("r8") = id;

	asm volatile("vmcall"
		     : "+a" (rax)
		     : "r" (r8), "D" (p1), "S" (p2)
		     : "memory");
	return rax;
}

static long rawhc_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	struct rawhc_call call;
	u64 address;

	switch (cmd) {
	case RAWHC_CALL:
		if (copy_from_user(&call, argp, sizeof(call)))
			return -EFAULT;
		call.rax = rawhc_vmcall(call.rax, call.id, call.p1, call.p2);
		return copy_to_user(argp, &call, sizeof(call)) ? -EFAULT : 0;
	case RAWHC_ADDRESS:
		address = virt_to_phys(rawhc_window);
		return put_user(address, (u64 __user *)argp);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations rawhc_fops = {
	.owner = THIS_MODULE,
	.mmap = rawhc_mmap,
	.unlocked_ioctl = rawhc_ioctl,
};

static struct miscdevice rawhc_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rawhc",
	.mode = 0600,
	.fops = &rawhc_fops,
};

static int __init rawhc_init(void)
{
	int ret;

	/* VMCALL raises an exception where there is no hypervisor to take it. */
	if (!acrn_cpuid_base())
		return -ENODEV;

	rawhc_window = alloc_pages_exact(RAWHC_WINDOW, GFP_KERNEL | __GFP_ZERO);
	if (!rawhc_window)
		return -ENOMEM;

	ret = misc_register(&rawhc_miscdev);
	if (ret)
		free_pages_exact(rawhc_window, RAWHC_WINDOW);
	return ret;
}

static void __exit rawhc_exit(void)
{
	misc_deregister(&rawhc_miscdev);
	free_pages_exact(rawhc_window, RAWHC_WINDOW);
}

module_init(rawhc_init);
module_exit(rawhc_exit);

MODULE_DESCRIPTION("Raw hypercalls for tests of the ACRN test hypervisor");
MODULE_LICENSE("Dual BSD/GPL");
