/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * ACRN HSM: tracepoints.
 *
 * Each ioctl and each hypercall is a pair of enter and exit in one task, or in
 * one interrupt, each request a take and a finish with the same vCPU; the
 * difference of their times is the duration.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM acrn

#if !defined(ACRN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define ACRN_TRACE_H

#include <linux/tracepoint.h>

#include "acrn_drv_internal.h"
#include "acrn_hypercall.h"
#include "acrn_ioctl.h"

/*
 * The numbers of ioctls are made with sizeof(), and what requests are answered
 * by is an enum: outside the kernel nobody can read a format that has these.
 * For TRACE_DEFINE_ENUM() all of them have to be enums.
 */
#ifndef ACRN_TRACE_ENUMS
#define ACRN_TRACE_ENUMS

#define ACRN_IOCTL_ENUM(name)			ACRN_TRACE_IC_##name = IC_##name,
#define ACRN_A2_IOCTL_ENUM(name)		ACRN_TRACE_A2_##name = ACRN_A2_##name,
enum acrn_trace_ioctl {
	ACRN_IOCTLS(ACRN_IOCTL_ENUM, ACRN_IOCTL_ENUM)
	ACRN_A2_IOCTLS(ACRN_A2_IOCTL_ENUM, ACRN_A2_IOCTL_ENUM)
};

#undef ACRN_IOCTL_ENUM
#undef ACRN_A2_IOCTL_ENUM
#endif /* ACRN_TRACE_ENUMS */

#undef ACRN_IOCTL_DEFINE
#undef ACRN_A2_IOCTL_DEFINE
#define ACRN_IOCTL_DEFINE(name)			TRACE_DEFINE_ENUM(ACRN_TRACE_IC_##name);
#define ACRN_A2_IOCTL_DEFINE(name)		TRACE_DEFINE_ENUM(ACRN_TRACE_A2_##name);
ACRN_IOCTLS(ACRN_IOCTL_DEFINE, ACRN_IOCTL_DEFINE)
ACRN_A2_IOCTLS(ACRN_A2_IOCTL_DEFINE, ACRN_A2_IOCTL_DEFINE)

TRACE_DEFINE_ENUM(ACRN_IOREQ_BY_DM);
TRACE_DEFINE_ENUM(ACRN_IOREQ_BY_IOEVENTFD);
TRACE_DEFINE_ENUM(ACRN_IOREQ_BY_CLIENT);
TRACE_DEFINE_ENUM(ACRN_IOREQ_BY_DRIVER);
TRACE_DEFINE_ENUM(ACRN_IOREQ_BY_NOBODY);

#undef ACRN_HYPERCALL_NAME
#undef ACRN_HYPERCALL_NAME_LAST
#define ACRN_HYPERCALL_NAME(name, nr)		{ nr, #name },
#define ACRN_HYPERCALL_NAME_LAST(name, nr)	{ nr, #name }
#define acrn_trace_hypercall_name(value)				\
	__print_symbolic(value, ACRN_HYPERCALLS(ACRN_HYPERCALL_NAME,	\
						ACRN_HYPERCALL_NAME_LAST))

#undef ACRN_IOCTL_NAME
#undef ACRN_IOCTL_NAME_LAST
#undef ACRN_A2_IOCTL_NAME
#undef ACRN_A2_IOCTL_NAME_LAST
#define ACRN_IOCTL_NAME(name)			{ ACRN_TRACE_IC_##name, #name },
#define ACRN_A2_IOCTL_NAME(name)		{ ACRN_TRACE_A2_##name, "A2_" #name },
#define ACRN_A2_IOCTL_NAME_LAST(name)		{ ACRN_TRACE_A2_##name, "A2_" #name }
#define acrn_trace_ioctl_name(value)					\
	__print_symbolic(value, ACRN_IOCTLS(ACRN_IOCTL_NAME,		\
					    ACRN_IOCTL_NAME)		\
				ACRN_A2_IOCTLS(ACRN_A2_IOCTL_NAME,	\
					       ACRN_A2_IOCTL_NAME_LAST))

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

#undef acrn_trace_ioreq_type
#define acrn_trace_ioreq_type(type)					\
	__print_symbolic(type,						\
			 { ACRN_IOREQ_PIO, "PIO" },			\
			 { ACRN_IOREQ_MMIO, "MMIO" },			\
			 { ACRN_IOREQ_PCICFG, "PCICFG" },		\
			 { ACRN_IOREQ_WP, "WP" })

#undef acrn_trace_ioreq_by
#define acrn_trace_ioreq_by(by)						\
	__print_symbolic(by,						\
			 { ACRN_IOREQ_BY_DM, "dm" },			\
			 { ACRN_IOREQ_BY_IOEVENTFD, "ioeventfd" },	\
			 { ACRN_IOREQ_BY_CLIENT, "client" },		\
			 { ACRN_IOREQ_BY_DRIVER, "driver" },		\
			 { ACRN_IOREQ_BY_NOBODY, "nobody" })

TRACE_EVENT(acrn_ioreq_take,
	TP_PROTO(const struct acrn_vm *vm, unsigned int vcpu,
		 const struct acrn_io_access *access, enum acrn_ioreq_by by),
	TP_ARGS(vm, vcpu, access, by),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(unsigned int, vcpu)
		__field(u32, type)
		__field(bool, write)
		__field(u64, addr)
		__field(u64, size)
		__field(unsigned int, by)
	),
	TP_fast_assign(
		__entry->vmid = vm->vmid;
		__entry->vcpu = vcpu;
		__entry->type = access->type;
		__entry->write = access->write;
		__entry->addr = access->addr;
		__entry->size = access->size;
		__entry->by = by;
	),
	TP_printk("vmid=%u vcpu=%u %s %s addr=0x%llx size=%llu by=%s",
		  __entry->vmid, __entry->vcpu,
		  acrn_trace_ioreq_type(__entry->type),
		  __entry->write ? "write" : "read", __entry->addr,
		  __entry->size, acrn_trace_ioreq_by(__entry->by))
);

TRACE_EVENT(acrn_ioreq_finish,
	TP_PROTO(const struct acrn_vm *vm, unsigned int vcpu),
	TP_ARGS(vm, vcpu),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(unsigned int, vcpu)
	),
	TP_fast_assign(
		__entry->vmid = vm->vmid;
		__entry->vcpu = vcpu;
	),
	TP_printk("vmid=%u vcpu=%u", __entry->vmid, __entry->vcpu)
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
