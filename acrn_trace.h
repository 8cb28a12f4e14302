/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: tracepoints.
 *
 * Each ioctl and each hypercall is a pair of enter and exit in one task, or in
 * one interrupt; the difference of their times is the duration.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM acrn

#if !defined(ACRN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ACRN_TRACE_H

#include <linux/tracepoint.h>

#include "acrn_hypercall.h"
#include "acrn_ioctl.h"

#undef ACRN_HYPERCALL_NAME
#undef ACRN_HYPERCALL_NAME_LAST
#define ACRN_HYPERCALL_NAME(name, nr)		{ nr, #name },
#define ACRN_HYPERCALL_NAME_LAST(name, nr)	{ nr, #name }
#define acrn_trace_hypercall_name(value)				\
	__print_symbolic(value, ACRN_HYPERCALLS(ACRN_HYPERCALL_NAME,	\
						ACRN_HYPERCALL_NAME_LAST))

#undef ACRN_IOCTL_NAME
#undef ACRN_IOCTL_NAME_LAST
#define ACRN_IOCTL_NAME(name)			{ IC_##name, #name },
#define ACRN_IOCTL_NAME_LAST(name)		{ IC_##name, #name }
#define acrn_trace_ioctl_name(value)					\
	__print_symbolic(value, ACRN_IOCTLS(ACRN_IOCTL_NAME,		\
					    ACRN_IOCTL_NAME_LAST))

TRACE_EVENT(acrn_ioctl_enter,
	TP_PROTO(unsigned int cmd, u16 vmid),
	TP_ARGS(cmd, vmid),
	TP_STRUCT__entry(
		__field(unsigned int, cmd)
		__field(u16, vmid)
	),
	TP_fast_assign(
		__entry->cmd = cmd;
		__entry->vmid = vmid;
	),
	TP_printk("%s vmid=%u", acrn_trace_ioctl_name(__entry->cmd),
		  __entry->vmid)
);

TRACE_EVENT(acrn_ioctl_exit,
	TP_PROTO(unsigned int cmd, u16 vmid, int ret),
	TP_ARGS(cmd, vmid, ret),
	TP_STRUCT__entry(
		__field(unsigned int, cmd)
		__field(u16, vmid)
		__field(int, ret)
	),
	TP_fast_assign(
		__entry->cmd = cmd;
		__entry->vmid = vmid;
		__entry->ret = ret;
	),
	TP_printk("%s vmid=%u ret=%d", acrn_trace_ioctl_name(__entry->cmd),
		  __entry->vmid, __entry->ret)
);

TRACE_EVENT(acrn_hypercall_enter,
	TP_PROTO(unsigned int nr, u16 vmid, unsigned long p1, unsigned long p2),
	TP_ARGS(nr, vmid, p1, p2),
	TP_STRUCT__entry(
		__field(unsigned int, nr)
		__field(u16, vmid)
		__field(unsigned long, p1)
		__field(unsigned long, p2)
	),
	TP_fast_assign(
		__entry->nr = nr;
		__entry->vmid = vmid;
		__entry->p1 = p1;
		__entry->p2 = p2;
	),
	TP_printk("%s vmid=%u p1=0x%lx p2=0x%lx",
		  acrn_trace_hypercall_name(__entry->nr), __entry->vmid,
		  __entry->p1, __entry->p2)
);

TRACE_EVENT(acrn_hypercall_exit,
	TP_PROTO(unsigned int nr, u16 vmid, long rax),
	TP_ARGS(nr, vmid, rax),
	TP_STRUCT__entry(
		__field(unsigned int, nr)
		__field(u16, vmid)
		__field(long, rax)
	),
	TP_fast_assign(
		__entry->nr = nr;
		__entry->vmid = vmid;
		__entry->rax = rax;
	),
	TP_printk("%s vmid=%u rax=%ld", acrn_trace_hypercall_name(__entry->nr),
		  __entry->vmid, __entry->rax)
);

TRACE_EVENT(acrn_ioreq_defer,
	TP_PROTO(u16 vmid),
	TP_ARGS(vmid),
	TP_STRUCT__entry(
		__field(u16, vmid)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
	),
	TP_printk("vmid=%u", __entry->vmid)
);

#endif /* ACRN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE acrn_trace
#include <trace/define_trace.h>
