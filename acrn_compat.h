/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: where kernels differ.  Each shim says with which kernel it dies:
 * when that is the oldest one supported, it goes.  The oldest now is 6.1.
 */
#ifndef ACRN_COMPAT_H
#define ACRN_COMPAT_H

#include <linux/backing-dev.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/version.h>

/**
 * acrn_eventfd_signal() - add one to an eventfd
 * @ctx: the eventfd
 *
 * Until 6.8, eventfd_signal() wants to be told how much to add.
 *
 * Context: Any.
 */
static inline void acrn_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

/* Dies with 6.12, from which on the file of a struct fd has to be asked for */
#ifndef fd_file
#define fd_file(fd)	((fd).file)
#endif

/* Dies with 6.5, which refuses such pages itself */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
static inline bool acrn_page_is_of_a_file(struct page *page)
{
	struct address_space *mapping;

	/* What most guests' memory is, and quickly seen */
	if (PageAnon(page))
		return false;
	mapping = folio_mapping(page_folio(page));
	return mapping && mapping_can_writeback(mapping);
}
#else
static inline bool acrn_page_is_of_a_file(struct page *page)
{
	return false;
}
#endif

/**
 * acrn_pin_pages() - pin pages of the caller for as long as a VM may live
 * @uaddr: user address of the first
 * @nr: how many
 * @pages: where they go
 *
 * Shared memory of a file system is refused: it expects to hear of each write, which
 * a guest's is not.
 *
 * Return: how many were pinned, at least 1; -EFAULT, -ENOMEM.
 */
static inline int acrn_pin_pages(unsigned long uaddr, int nr, struct page **pages)
{
	int i;

	nr = pin_user_pages_fast(uaddr, nr, FOLL_WRITE | FOLL_LONGTERM, pages);
	if (nr <= 0)
		return nr == -ENOMEM ? nr : -EFAULT;

	for (i = 0; i < nr; i++) {
		if (acrn_page_is_of_a_file(pages[i])) {
			unpin_user_pages(pages, nr);
			return -EFAULT;
		}
	}
	return nr;
}

#endif /* ACRN_COMPAT_H */
