// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * filemem: /dev/filemem, of which mmap() gives pages of a file, each time another one,
 * whose file system writes back what is changed, as one on a disk does.
 *
 * The machine of the tests has no disk.
 */
#include <linux/backing-dev.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/writeback.h>

#define FILEMEM_MAGIC	0x46494c45
#define FILEMEM_SIZE	(1UL << 20)

static struct vfsmount *filemem_mount;

/* What nobody wrote reads as zeroes. */
static int filemem_read_folio(struct file *unused, struct folio *folio)
{
	folio_zero_range(folio, 0, folio_size(folio));
	folio_mark_uptodate(folio);
	folio_unlock(folio);
	return 0;
}

static const struct address_space_operations filemem_aops = {
	.read_folio = filemem_read_folio,
	/* Unlike a memory file system's, it counts the pages that are changed. */
	.dirty_folio = filemap_dirty_folio,
};

static int filemem_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, FILEMEM_MAGIC) ? 0 : -ENOMEM;
}

static struct file_system_type filemem_type = {
	.name = "filemem",
	.init_fs_context = filemem_init_context,
	.kill_sb = kill_anon_super,
	/* no owner: the mount is the module's own, and would keep it for ever */
};

static int filemem_open(struct inode *unused, struct file *file)
{
	struct inode *inode = alloc_anon_inode(filemem_mount->mnt_sb);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	inode->i_mapping->a_ops = &filemem_aops;
	i_size_write(inode, FILEMEM_SIZE);
	file->private_data = inode;
	file->f_mapping = inode->i_mapping;
	return 0;
}

static int filemem_release(struct inode *unused, struct file *file)
{
	iput(file->private_data);
	return 0;
}

static const struct file_operations filemem_fops = {
	.owner = THIS_MODULE,
	.open = filemem_open,
	.release = filemem_release,
	.mmap = generic_file_mmap,
};

static struct miscdevice filemem_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "filemem",
	.mode = 0600,
	.fops = &filemem_fops,
};

static int __init filemem_init(void)
{
	int ret;

	filemem_mount = kern_mount(&filemem_type);
	if (IS_ERR(filemem_mount))
		return PTR_ERR(filemem_mount);
	/* This is what says that there is somebody to write back to. */
	ret = super_setup_bdi(filemem_mount->mnt_sb);
	if (ret)
		goto err_mount;
	ret = misc_register(&filemem_dev);
	if (ret)
		goto err_mount;
	return 0;

err_mount:
	kern_unmount(filemem_mount);
	return ret;
}

static void __exit filemem_exit(void)
{
	misc_deregister(&filemem_dev);
	kern_unmount(filemem_mount);
}

module_init(filemem_init);
module_exit(filemem_exit);

MODULE_DESCRIPTION("Memory of a file on a disk, for tests of the ACRN HSM");
MODULE_LICENSE("Dual BSD/GPL");
