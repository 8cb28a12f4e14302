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

#define acrn_trace_hypercall_name(nr)					\
	__print_symbolic(nr,						\
		 { ACRN_HC_GET_API_VERSION, "GET_API_VERSION" },	\
		 { ACRN_HC_SET_CALLBACK_VECTOR, "SET_CALLBACK_VECTOR" },\
			 { ACRN_HC_CREATE_VM, "CREATE_VM" },		\
			 { ACRN_HC_DESTROY_VM, "DESTROY_VM" },		\
			 { ACRN_HC_START_VM, "START_VM" },		\
			 { ACRN_HC_PAUSE_VM, "PAUSE_VM" },		\
			 { ACRN_HC_CREATE_VCPU, "CREATE_VCPU" },	\
			 { ACRN_HC_RESET_VM, "RESET_VM" },		\
			 { ACRN_HC_SET_VCPU_REGS, "SET_VCPU_REGS" },	\
			 { ACRN_HC_INJECT_MSI, "INJECT_MSI" },		\
		 { ACRN_HC_VM_INTR_MONITOR, "VM_INTR_MONITOR" },	\
			 { ACRN_HC_SET_IRQLINE, "SET_IRQLINE" },	\
		 { ACRN_HC_SET_IOREQ_BUFFER, "SET_IOREQ_BUFFER" },	\
		 { ACRN_HC_NOTIFY_REQUEST_FINISH, "NOTIFY_REQUEST_FINISH" },\
		 { ACRN_HC_VM_SET_MEMORY_REGIONS, "VM_SET_MEMORY_REGIONS" })

#define acrn_trace_ioctl_name(cmd)					\
	__print_symbolic(cmd,						\
			 { IC_GET_API_VERSION, "GET_API_VERSION" },	\
			 { IC_CREATE_VM, "CREATE_VM" },			\
			 { IC_DESTROY_VM, "DESTROY_VM" },		\
			 { IC_START_VM, "START_VM" },			\
			 { IC_PAUSE_VM, "PAUSE_VM" },			\
			 { IC_CREATE_VCPU, "CREATE_VCPU" },		\
			 { IC_RESET_VM, "RESET_VM" },			\
			 { IC_SET_VCPU_REGS, "SET_VCPU_REGS" },		\
			 { IC_INJECT_MSI, "INJECT_MSI" },		\
			 { IC_VM_INTR_MONITOR, "VM_INTR_MONITOR" },	\
			 { IC_SET_IRQLINE, "SET_IRQLINE" },		\
			 { IC_NOTIFY_REQUEST_FINISH, "NOTIFY_REQUEST_FINISH" },\
			 { IC_CREATE_IOREQ_CLIENT, "CREATE_IOREQ_CLIENT" },\
			 { IC_ATTACH_IOREQ_CLIENT, "ATTACH_IOREQ_CLIENT" },\
			 { IC_DESTROY_IOREQ_CLIENT, "DESTROY_IOREQ_CLIENT" },\
			 { IC_CLEAR_VM_IOREQ, "CLEAR_VM_IOREQ" },	\
			 { IC_SET_MEMSEG, "SET_MEMSEG" },		\
			 { IC_UNSET_MEMSEG, "UNSET_MEMSEG" },		\
			 { IC_EVENT_IOEVENTFD, "EVENT_IOEVENTFD" },	\
			 { IC_EVENT_IRQFD, "EVENT_IRQFD" })

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

TRACE_EVENT(acrn_ioreq_hold,
	TP_PROTO(u16 vmid, u64 wait),
	TP_ARGS(vmid, wait),
	TP_STRUCT__entry(
		__field(u16, vmid)
		__field(u64, wait)
	),
	TP_fast_assign(
		__entry->vmid = vmid;
		__entry->wait = wait;
	),
	TP_printk("vmid=%u ns=%llu", __entry->vmid, __entry->wait)
);

#endif /* ACRN_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE acrn_trace
#include <trace/define_trace.h>
