/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: what the tables of ioctls, acrn_ic.c and acrn_a2.c, are made with.
 */
#ifndef ACRN_IOCTL_TABLE_H
#define ACRN_IOCTL_TABLE_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "acrn_dispatch.h"
#include "acrn_ioctl.h"

/* copy_from_user() is a loop; for a single register get_user() is shorter. */
static __always_inline int acrn_copy_in(void *to, unsigned long user, size_t size)
{
	if (size == sizeof(u64))
		return get_user(*(u64 *)to, (u64 __user *)user);
	return copy_from_user(to, (void __user *)user, size) ? -EFAULT : 0;
}

/*
 * How a structure of user space that looks as the driver's own comes in and goes
 * out.  A row names the member once, so size and place cannot disagree; the type
 * is said to be compared with the member's.
 */
#define ACRN_COPY_IN(member, type)					\
static_assert(__same_type(((union acrn_ioctl_arg *)0)->member, type));	\
static int acrn_in_##member(struct file *filp,				\
			    union acrn_ioctl_arg *arg, unsigned long user) \
{									\
	return acrn_copy_in(&arg->member, user, sizeof(arg->member));	\
}

#define ACRN_COPY_OUT(member, type)					\
static_assert(__same_type(((union acrn_ioctl_arg *)0)->member, type));	\
static int acrn_out_##member(const union acrn_ioctl_arg *arg,		\
			     unsigned long user)			\
{									\
	return copy_to_user((void __user *)user, &arg->member,		\
			    sizeof(arg->member)) ? -EFAULT : 0;		\
}

/* An argument that is a number and no pointer */
static inline int acrn_in_irqline(struct file *filp, union acrn_ioctl_arg *arg,
				  unsigned long user)
{
	arg->irqline = user;
	return 0;
}

/*
 * A row: @prefix and @name make the ioctl's number, whose last byte is the place in the
 * table; @by is the contract, @bits its ACRN_LEGAL_*; IN() and OUT() name what acrn_in_
 * and acrn_out_ begin.
 */
#define ACRN_ROW(prefix, by, bits, name, handler, in_states, ...)	\
	[prefix##name & 0xff] = {					\
		.cmd = prefix##name,					\
		.contract = &(by),					\
		.func = acrn_ioctl_##handler,				\
		.states = in_states,					\
		.legal = ACRN_LEGAL(in_states) &			\
			 ((in_states) == ACRN_IN_ANY ? U16_MAX : (bits)), \
		__VA_ARGS__						\
	}

#define IN(member)	.in = acrn_in_##member
#define OUT(member)	.out = acrn_out_##member

/* The row at @index of @rows, if it is that of @cmd and no gap */
static inline const struct acrn_ioctl *
acrn_ioctl_row(const struct acrn_ioctl *rows, unsigned int nr,
	       unsigned int index, unsigned int cmd)
{
	if (index >= nr)
		return NULL;
	index = array_index_nospec(index, nr);
	return cmd && rows[index].cmd == cmd ? &rows[index] : NULL;
}

/*
 * For an ioctl that is made again and again: @func() is the dispatcher of its row
 * alone, that of @prefix and @name in the table @rows.
 */
#define ACRN_DISPATCHER(func, rows, prefix, name)			\
long func(struct file *filp, unsigned long user)			\
{									\
	return acrn_ioctl_run(filp, &(rows)[prefix##name & 0xff], user); \
}

/*
 * The same where there may be no need of the VM's lock: @quick() makes sure itself of the
 * state that the VM is in, and returns what the ioctl does, or 1: then @run() goes the way
 * of all others.
 */
#define ACRN_QUICK_DISPATCHER(func, quick, run, rows, prefix, name)	\
long func(struct file *filp, unsigned long user)			\
{									\
	const struct acrn_ioctl *ioctl = &(rows)[prefix##name & 0xff];	\
	struct acrn_vm *vm = filp->private_data;			\
	int ret;							\
									\
	if (acrn_ioctl_writable(filp, ioctl) &&				\
	    likely(READ_ONCE(vm->legal) & ioctl->legal)) {		\
		ret = quick(vm);					\
		if (ret <= 0)						\
			return ret;					\
	}								\
	return run(filp, ioctl, user);					\
}

#endif /* ACRN_IOCTL_TABLE_H */
