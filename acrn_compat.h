/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: where kernels differ.  Each shim says with which kernel it dies:
 * when that is the oldest one supported, it goes.  The oldest now is 6.1.
 */
#ifndef ACRN_COMPAT_H
#define ACRN_COMPAT_H

#include <linux/eventfd.h>
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

#endif /* ACRN_COMPAT_H */
