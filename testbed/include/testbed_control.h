/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The control channel of the test hypervisor.
 *
 * A program in the Service VM (user space after ioperm(), or a kernel module)
 * executes a 32-bit "in" from TESTBED_PORT.  The command is in EAX, its
 * arguments in RBX, RCX, RSI and RDI; the hypervisor answers in RAX (0 or a
 * negative errno) and in the same four registers.  Without the test hypervisor
 * the port does not exist and reads all ones, which is a negative answer too.
 *
 * Shared by the hypervisor and the tests.
 */
#ifndef TESTBED_CONTROL_H
#define TESTBED_CONTROL_H

#define TESTBED_PORT		0xac20
#define TESTBED_MAGIC		0x4d53484eUL	/* answer to TESTBED_PROBE */

/* A User VM's configuration n = 0..TESTBED_MAX_VMS-1: uuid below, vmid n + 1 */
#ifndef TESTBED_MAX_VMS
#define TESTBED_MAX_VMS		4		/* or 8, as the benchmarks have it */
#endif
#define TESTBED_MAX_VCPUS	8		/* of one User VM, as ACRN v1.3 has */
#define TESTBED_VCPU_SLOTS	16		/* for TESTBED_VCPU_LIMIT */
#define TESTBED_ANY_CALL	0xffUL		/* in place of a hypercall number */
#define TESTBED_NOBODY		0xffUL		/* in place of a vmid */
#define TESTBED_FOREVER		0xffffffffUL	/* in place of a count */

/*
 * The uuids of the configurations, of which TESTBED_MAX_VMS can be used.  The first
 * two are those that the device model uses by default and for a real-time VM.
 */
#define TESTBED_UUIDS { \
	{ 0xd2, 0x79, 0x54, 0x38, 0x25, 0xd6, 0x11, 0xe8, \
	  0x86, 0x4e, 0xcb, 0x7a, 0x18, 0xb3, 0x46, 0x43 }, \
	{ 0x49, 0x5a, 0xe2, 0xe5, 0x26, 0x03, 0x4d, 0x64, \
	  0xaf, 0x76, 0xd4, 0xbc, 0x5a, 0x8e, 0xc0, 0xe5 }, \
	{ 0xac, 0x20, 0x80, 0x03, 0x74, 0x65, 0x73, 0x74, \
	  0x62, 0x65, 0x64, 0x20, 0x76, 0x6d, 0x20, 0x33 }, \
	{ 0xac, 0x20, 0x80, 0x04, 0x74, 0x65, 0x73, 0x74, \
	  0x62, 0x65, 0x64, 0x20, 0x76, 0x6d, 0x20, 0x34 }, \
	{ 0xac, 0x20, 0x80, 0x05, 0x74, 0x65, 0x73, 0x74, \
	  0x62, 0x65, 0x64, 0x20, 0x76, 0x6d, 0x20, 0x35 }, \
	{ 0xac, 0x20, 0x80, 0x06, 0x74, 0x65, 0x73, 0x74, \
	  0x62, 0x65, 0x64, 0x20, 0x76, 0x6d, 0x20, 0x36 }, \
	{ 0xac, 0x20, 0x80, 0x07, 0x74, 0x65, 0x73, 0x74, \
	  0x62, 0x65, 0x64, 0x20, 0x76, 0x6d, 0x20, 0x37 }, \
	{ 0xac, 0x20, 0x80, 0x08, 0x74, 0x65, 0x73, 0x74, \
	  0x62, 0x65, 0x64, 0x20, 0x76, 0x6d, 0x20, 0x38 }, \
}

/* A hypercall is named by the low byte of its id: 0x10 is HC_CREATE_VM. */
enum testbed_command {
	/*
	 * out rbx: TESTBED_MAGIC, rcx: pCPUs for VMs, rsi: pCPUs kept from the
	 * Service VM for User VMs, rdi: bytes of RAM the Service VM has
	 */
	TESTBED_PROBE,
	/* in: 32 bytes of text in rbx, rcx, rsi, rdi (NUL padded): a log line */
	TESTBED_MARK,
	/*
	 * Make a hypercall fail.  in rbx: its number or TESTBED_ANY_CALL,
	 * rcx: how many calls to let through first, rsi: how many to fail (0:
	 * disarm this number), low half of rdi: the result (s32), high half of
	 * rdi: enum testbed_fail.  One armed failure per hypercall number.
	 */
	TESTBED_FAIL,
	/*
	 * Disarm all failures and delays; CPUID, API version, the limit of vCPUs
	 * and what is left of calls that failed and of VMs that are off (flags,
	 * devices, asynchronous addresses) as at boot
	 */
	TESTBED_BEHAVE,
	/*
	 * in rbx: hypercall number, rcx: microseconds every such call takes
	 * longer (spent with no lock of the hypervisor held; 0: disarm)
	 */
	TESTBED_DELAY,
	/* in rbx: 1 privileged, 0 not; rcx: 1 shows ACRN's signature, 0 none */
	TESTBED_CPUID,
	/* in rbx, rcx: the version HC_GET_API_VERSION returns */
	TESTBED_API_VERSION,
	/*
	 * in rbx: hypercall number or TESTBED_ANY_CALL.  out rbx: calls since
	 * boot, rcx: those that did not answer 0 (refused on purpose as well)
	 */
	TESTBED_COUNT,
	/*
	 * out rbx: VMs that exist, rcx: their vCPUs, rsi: 4 KiB pages that User
	 * VMs can reach, rdi: complaints that nobody expected
	 */
	TESTBED_ACCOUNT,
	/*
	 * in rbx: so many complaints from now on are expected.  out rbx: how
	 * many of the earlier expected ones came
	 */
	TESTBED_EXPECT,
	/*
	 * in rbx: vmid.  out rbx: enum testbed_vm_state, rcx: vCPUs,
	 * rsi: vm_flag as kept, rdi: GPA of the I/O request page or 0
	 */
	TESTBED_VM,
	/*
	 * in rbx: vmid, rcx: vCPU, rsi: enum testbed_reg, with TESTBED_FIRST
	 * or'ed in for its value at the first exit after START (-EAGAIN, -11:
	 * there was none yet).  Else at the last exit, or as set before the
	 * first.  Exits are the guest's own: interrupts do not count.  out rbx
	 */
	TESTBED_VCPU,
	/*
	 * in rbx: vmid.  The guest powers itself off, as a real-time VM does
	 * (state POWERING_OFF): it stops, and can be destroyed from then on
	 */
	TESTBED_GUEST_OFF,
	/* in rbx: how many upcalls to send though nothing is pending */
	TESTBED_UPCALL,
	/* in rbx: vmid, rcx: slot, rsi: offset in the slot, rdi: u32 to write */
	TESTBED_SCRIBBLE,
	/*
	 * in rbx: exit status 0..63.  Prints the account and ends the machine.
	 * The status the runner sees is this one, or a failure if the account is
	 * not empty or there were unexpected complaints
	 */
	TESTBED_POWER_OFF,
	/*
	 * in rbx: vmid, rcx: GPA to begin at.  The next memory that the User VM
	 * reaches, as far as it is contiguous with the same rights.  out rbx:
	 * its GPA, rcx: HPA (a GPA of the Service VM), rsi: bytes, rdi: prot as
	 * given to HC_VM_SET_MEMORY_REGIONS.  -ENOENT (-2): no more
	 */
	TESTBED_MEMORY,
	/*
	 * in rbx: vmid.  out, since CREATE_VM: rbx: MSIs injected, rcx: address
	 * of the last, rsi: its data, rdi: HC_SET_IRQLINEs done
	 */
	TESTBED_IRQS,
	/*
	 * in rbx: vmid, rcx: what is done to a line (0 to 3).  out, since
	 * CREATE_VM: rbx: HC_SET_IRQLINEs that did this, rcx: parameter of the
	 * last HC_SET_IRQLINE that did anything
	 */
	TESTBED_IRQLINES,
	/*
	 * in rbx: how many vCPUs a User VM can have, 1..TESTBED_VCPU_SLOTS; at
	 * boot TESTBED_MAX_VCPUS
	 */
	TESTBED_VCPU_LIMIT,
	/*
	 * in rbx: vmid, rcx: vCPU, rsi: vector.  out rbx: how often the vCPU took
	 * this interrupt since CREATE_VCPU
	 */
	TESTBED_TAKEN,
	/*
	 * out rbx: ten times the release of ACRN that the hypervisor is like (13,
	 * 24, 33), rcx: the CPUs that all User VMs' configurations have, as in
	 * cpu_affinity of HC_CREATE_VM: a bit for each APIC id
	 */
	TESTBED_GENERATION,
	/*
	 * in rbx: vmid, rcx: type of a VM event to send.  -ENOENT (-2): the VM has
	 * no ring for it, or a full one
	 */
	TESTBED_EVENT,
	/*
	 * in rbx: BDF of a PCI device.  out rbx: the vmid to which its DMA goes, 0:
	 * the Service VM, TESTBED_NOBODY; rcx: in v1.x the vmid in whose table of
	 * functions it is
	 */
	TESTBED_DEVICE,
	/*
	 * in rbx: BDF of a PCI device, rcx: n.  out rbx: the nth 32 bits of what the
	 * last HC_ASSIGN_PCIDEV said of it
	 */
	TESTBED_DEVICE_BLOCK,
	/*
	 * in rbx: line of the PIC, at which devices are that User VMs have.  out rbx:
	 * how often the hypervisor heard it since boot
	 */
	TESTBED_LINE,
};

enum testbed_fail {
	TESTBED_FAIL_REFUSE,	/* not carried out, result in RAX */
	TESTBED_FAIL_UNWRITTEN,	/* not carried out, RAX left as it was */
	TESTBED_FAIL_AFTER,	/* carried out, then the result in RAX */
	TESTBED_FAIL_VMID,	/* CREATE_VM: not carried out, vmid 0xffff */
	/* CREATE_VM: carried out, vcpu_num is one more than anybody has room for */
	TESTBED_FAIL_VCPU_NUM,
};

enum testbed_vm_state {
	TESTBED_VM_OFF,
	TESTBED_VM_CREATED,
	TESTBED_VM_STARTED,
	TESTBED_VM_PAUSED,
	TESTBED_VM_POWERING_OFF,
};

/* Registers have the order of struct acrn_vcpu_regs's gprs */
enum testbed_reg {
	TESTBED_REG_RAX, TESTBED_REG_RCX, TESTBED_REG_RDX, TESTBED_REG_RBX,
	TESTBED_REG_RSP, TESTBED_REG_RBP, TESTBED_REG_RSI, TESTBED_REG_RDI,
	TESTBED_REG_R8, TESTBED_REG_R9, TESTBED_REG_R10, TESTBED_REG_R11,
	TESTBED_REG_R12, TESTBED_REG_R13, TESTBED_REG_R14, TESTBED_REG_R15,
	TESTBED_REG_RIP, TESTBED_REG_RFLAGS, TESTBED_REG_CR0, TESTBED_REG_CR3,
	TESTBED_REG_CR4, TESTBED_REG_EFER, TESTBED_REG_CS_BASE,
	TESTBED_REG_CS_SEL, TESTBED_REG_CS_LIMIT, TESTBED_REG_GDT_BASE,
	TESTBED_REG_GDT_LIMIT, TESTBED_REG_IDT_BASE, TESTBED_REG_IDT_LIMIT,
	TESTBED_REG_DS_SEL,
	TESTBED_REG_EXIT_CODE,	/* SVM exit code */
	TESTBED_REG_EXIT_GPA,	/* of a nested page fault */
	TESTBED_REG_EXITS,	/* number of guest exits since CREATE_VCPU */
	TESTBED_REG_PCPU,	/* APIC id of the physical CPU it runs on */
	TESTBED_REG_COUNT,
	TESTBED_FIRST = 0x100,
};

#ifndef TESTBED_HYPERVISOR
/**
 * testbed_call() - one command on the control channel
 * @command: enum testbed_command
 * @reg: RBX, RCX, RSI and RDI, in and out
 *
 * Context: the caller may use the port (ioperm(), or the kernel).
 * Return: 0, or negative: an errno, or no test hypervisor is there.
 */
static inline int testbed_call(unsigned int command, unsigned long reg[4])
{
	unsigned long rax = command;

	__asm__ volatile("inl %%dx, %%eax"
			 : "+a"(rax), "+b"(reg[0]), "+c"(reg[1]),
			   "+S"(reg[2]), "+D"(reg[3])
			 : "d"(TESTBED_PORT)
			 : "memory");
	return (int)rax;
}
#endif

#endif /* TESTBED_CONTROL_H */
