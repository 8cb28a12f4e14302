/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What clang's static analyzer is told of the kernel.  It cannot count
 * references: it thinks that any put may be the last one and that a second put
 * frees once more.  For it, then, no reference is ever the last.
 */
#ifdef __clang_analyzer__
#include <linux/refcount.h>

#define refcount_dec_and_test(r)	((void)(r), false)
#endif
