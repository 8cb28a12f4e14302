// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * What no driver for ACRN can be faster than: the hypercall, the copy, the pin, the
 * wake-up, the signal of an eventfd, and nothing around them.  For one VM at a time.
 * It trusts who calls it and is for a bench of its own only.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include <asm/acrn.h>

#include "acrn_compat.h"
#include "floor.h"

#define HC_CREATE_VM		0x10
#define HC_INJECT_MSI		0x23
#define HC_SET_IOREQ_BUFFER	0x30
#define HC_NOTIFY		0x31
#define HC_SET_MEMORY_REGIONS	0x42

/* of slot 0 in the I/O request page */
#define PROCESSED_OFFSET	136
#define SLOT_COMPLETE		1
#define SLOT_PENDING		0
#define SLOT_PROCESSING		2

#define PINS_AT_ONCE		512UL
#define REGIONS_AT_ONCE		128

/* What the hypervisor is told of memory */
struct region {
	u32 type;
	u32 prot;
	u64 gpa;
	u64 service_gpa;
	u64 size;
};

/* A parameter block: physically contiguous */
static union {
	u8 bytes[304];
	struct {
		u16 vmid;
		u16 reserved0;
		u16 vcpu_num;
		u16 reserved1;
		u8 uuid[16];
		u64 flags;
		u64 req_buf;
		u8 reserved2[16];
	} create;
	struct {
		u16 vmid;
		u16 reserved[3];
		u32 count;
		u32 reserved1;
		u64 regions_gpa;
	} set;
	struct {
		u64 address;
		u64 data;
	} msi;
	u64 gpa;
	struct floor_call other;
} *block;

static struct region *regions;
static void *window;
static u16 vmid;

/* The request and who is told of it */
static u32 *processed;
static struct eventfd_ctx *kick;
static bool pending;
static bool armed;
static DECLARE_WAIT_QUEUE_HEAD(waiters);

static struct page **pages;
static unsigned long pinned;

static struct {
	struct file *file;
	wait_queue_head_t *head;
	wait_queue_entry_t entry;
	poll_table table;
} irqfd;

static __always_inline long vmcall(unsigned long nr, unsigned long p1, unsigned long p2)
{
	register unsigned long r8 asm("r8") = 0x80000000UL | nr;
	long rax = -EIO;

	asm volatile("vmcall" : "+a"(rax) : "r"(r8), "D"(p1), "S"(p2) : "memory");
	return rax;
}

static void complete_request(void)
{
	/* The result is written before. */
	smp_store_release(processed, SLOT_COMPLETE);
	vmcall(HC_NOTIFY, vmid, 0);
}

static void upcall(void)
{
	/* The request is read after. */
	if (smp_load_acquire(processed) != SLOT_PENDING)
		return;
	if (!kick) {
		WRITE_ONCE(*processed, SLOT_PROCESSING);
		WRITE_ONCE(pending, true);
		wake_up(&waiters);
		return;
	}
	acrn_eventfd_signal(kick);
	complete_request();
}

static void upcall_off(void)
{
	if (!armed)
		return;
	armed = false;
	acrn_remove_intr_handler();
	synchronize_rcu();
	if (kick)
		eventfd_ctx_put(kick);
	kick = NULL;
}

static long set_upcall(int fd)
{
	struct eventfd_ctx *ctx = NULL;

	upcall_off();
	if (fd >= 0) {
		ctx = eventfd_ctx_fdget(fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	kick = ctx;
	pending = false;
	acrn_setup_intr_handler(upcall);
	armed = true;
	return 0;
}

static long create(void __user *argp)
{
	long ret;

	if (copy_from_user(block, argp, sizeof(block->create)))
		return -EFAULT;
	ret = vmcall(HC_CREATE_VM, __pa(block), 0);
	vmid = block->create.vmid;
	return ret ?: copy_to_user(argp, block, sizeof(block->create));
}

static long ioreq_page(void)
{
	void *page = window + FLOOR_WINDOW - PAGE_SIZE;

	processed = page + PROCESSED_OFFSET;
	block->gpa = __pa(page);
	return vmcall(HC_SET_IOREQ_BUFFER, vmid, __pa(block));
}

static struct region region(u64 gpa, u64 service_gpa, u64 size)
{
	return (struct region) {
		.prot = 0x47,	/* WB, rwx */
		.gpa = gpa,
		.service_gpa = service_gpa,
		.size = size,
	};
}

static long set_regions(unsigned int count)
{
	memset(&block->set, 0, sizeof(block->set));
	block->set.vmid = vmid;
	block->set.count = count;
	block->set.regions_gpa = __pa(regions);
	return vmcall(HC_SET_MEMORY_REGIONS, __pa(&block->set), 0);
}

static long guest_memory(unsigned long size)
{
	regions[0] = region(0, __pa(window), size);
	return set_regions(1);
}

static int irqfd_wakeup(wait_queue_entry_t *entry, unsigned int mode, int sync, void *key)
{
	if (key_to_poll(key) & EPOLLIN)
		vmcall(HC_INJECT_MSI, vmid, __pa(block));
	return 0;
}

static void irqfd_queue(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	add_wait_queue_priority(head, &irqfd.entry);
	irqfd.head = head;
}

static long set_irqfd(int fd)
{
	irqfd.file = eventfd_fget(fd);
	if (IS_ERR(irqfd.file))
		return PTR_ERR(irqfd.file);
	block->msi.address = 0xfee00000;
	block->msi.data = 0x40;
	init_waitqueue_func_entry(&irqfd.entry, irqfd_wakeup);
	init_poll_funcptr(&irqfd.table, irqfd_queue);
	vfs_poll(irqfd.file, &irqfd.table);
	return 0;
}

static void irqfd_off(void)
{
	if (IS_ERR_OR_NULL(irqfd.file))
		return;
	remove_wait_queue(irqfd.head, &irqfd.entry);
	fput(irqfd.file);
	irqfd.file = NULL;
}

/* How many pages from @first on lie one after the other */
static unsigned long run_length(unsigned long first)
{
	unsigned long next = first + 1;

	while (next < pinned &&
	       page_to_pfn(pages[next]) == page_to_pfn(pages[first]) + next - first)
		next++;
	return next - first;
}

static long map_pinned(u64 gpa)
{
	unsigned long i, len;
	u32 count = 0;
	long ret;

	for (i = 0; i < pinned; i += len) {
		if (count == REGIONS_AT_ONCE) {
			ret = set_regions(count);
			if (ret)
				return ret;
			count = 0;
		}
		len = run_length(i);
		regions[count++] = region(gpa, page_to_phys(pages[i]), len << PAGE_SHIFT);
		gpa += len << PAGE_SHIFT;
	}
	return set_regions(count);
}

static long pin(void __user *argp)
{
	struct floor_range range;
	unsigned long i;

	if (copy_from_user(&range, argp, sizeof(range)))
		return -EFAULT;
	pinned = range.len >> PAGE_SHIFT;
	pages = vmalloc_array(pinned, sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < pinned; i += PINS_AT_ONCE) {
		unsigned long nr = min(PINS_AT_ONCE, pinned - i);

		if (pin_user_pages_fast(range.addr + (i << PAGE_SHIFT), nr,
					FOLL_WRITE | FOLL_LONGTERM, pages + i) != nr)
			return -EFAULT;
	}
	return map_pinned(range.gpa);
}

/* Long runs as such, or all pages one by one, whichever is faster */
static void unpin(void)
{
	unsigned long i, len;

	if (run_length(0) < PINS_AT_ONCE)
		unpin_user_pages_dirty_lock(pages, pinned, true);
	else
		for (i = 0; i < pinned; i += len) {
			len = run_length(i);
			unpin_user_page_range_dirty_lock(pages[i], len, true);
		}
	vfree(pages);
	pinned = 0;
}

static long floor_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	unsigned int nr = cmd & 0xff;

	switch (cmd & ~0xff) {
	case FLOOR_CALL(0):
		return vmcall(nr, vmid, arg);
	case FLOOR_CALL16(0):
		return copy_from_user(block, argp, 16) ? -EFAULT :
		       vmcall(nr, vmid, __pa(block));
	case FLOOR_CALL304(0):
		return copy_from_user(block, argp, 304) ? -EFAULT :
		       vmcall(nr, vmid, __pa(block));
	case FLOOR_CALL_VM(0):
		return copy_from_user(block, argp, sizeof(block->other)) ? -EFAULT :
		       vmcall(nr, block->other.vmid, __pa(block));
	}
	switch (cmd) {
	case FLOOR_CREATE:
		filp->private_data = &vmid;
		return create(argp);
	case FLOOR_GUEST_MEMORY:
		return guest_memory(arg);
	case FLOOR_IOREQ_PAGE:
		return ioreq_page();
	case FLOOR_UPCALL:
		return set_upcall(arg);
	case FLOOR_WAIT:
		return wait_event_interruptible(waiters, READ_ONCE(pending));
	case FLOOR_DONE:
		WRITE_ONCE(pending, false);
		complete_request();
		return 0;
	case FLOOR_IRQFD:
		return set_irqfd(arg);
	case FLOOR_PIN:
		return pin(argp);
	case FLOOR_UNPIN:
		unpin();
		return 0;
	case FLOOR_NOTHING:
		return 0;
	}
	return -ENOTTY;
}

static __poll_t floor_poll(struct file *filp, poll_table *table)
{
	poll_wait(filp, &waiters, table);
	return READ_ONCE(pending) ? EPOLLIN : 0;
}

static int floor_mmap(struct file *filp, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, __pa(window) >> PAGE_SHIFT,
			       vma->vm_end - vma->vm_start, vma->vm_page_prot);
}

static int floor_open(struct inode *inode, struct file *filp)
{
	filp->private_data = NULL;
	return 0;
}

static int floor_release(struct inode *inode, struct file *filp)
{
	if (filp->private_data) {
		upcall_off();
		irqfd_off();
	}
	return 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.open = floor_open,
	.release = floor_release,
	.poll = floor_poll,
	.mmap = floor_mmap,
	.unlocked_ioctl = floor_ioctl,
};

static struct miscdevice floor_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "floor",
	.mode = 0600,
	.fops = &floor_fops,
};

static int __init floor_init(void)
{
	int ret = -ENOMEM;

	window = alloc_pages_exact(FLOOR_WINDOW, GFP_KERNEL | __GFP_ZERO);
	block = kzalloc(PAGE_SIZE, GFP_KERNEL);
	regions = kcalloc(REGIONS_AT_ONCE, sizeof(*regions), GFP_KERNEL);
	if (window && block && regions)
		ret = misc_register(&floor_dev);
	if (ret) {
		kfree(regions);
		kfree(block);
		if (window)
			free_pages_exact(window, FLOOR_WINDOW);
	}
	return ret;
}

static void __exit floor_exit(void)
{
	misc_deregister(&floor_dev);
	kfree(regions);
	kfree(block);
	free_pages_exact(window, FLOOR_WINDOW);
}

module_init(floor_init);
module_exit(floor_exit);

MODULE_DESCRIPTION("What a driver for ACRN cannot beat");
MODULE_LICENSE("Dual BSD/GPL");
