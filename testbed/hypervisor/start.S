/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Entry points, the VMRUN wrapper, and the interrupt and exception stubs.
 */
#define STACK_SIZE	16384
#define MAX_CPUS	32

#define MSI_VECTORS	6		/* as in start.h */

#define MULTIBOOT_MAGIC	0x1badb002
#define MULTIBOOT_FLAGS	3		/* page-aligned modules, memory map */

	.section .multiboot, "ax"
	.align 4
	.long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	.text
	.code32
	.globl start32
start32:
	cli
	mov %ebx, multiboot_info
	mov $early_stack_top, %esp
	call enter_long_mode
	ljmp $0x08, $boot_cpu_64

/* Paging, long mode, SVM.  The return address is kept in ESI: no stack in use. */
enter_long_mode:
	pop %esi
	lgdt gdt_pointer
	mov $0x20, %eax			/* CR4.PAE */
	mov %eax, %cr4
	mov $host_pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx		/* EFER: LME, NXE, SVME */
	rdmsr
	or $0x1900, %eax
	wrmsr
	mov %cr0, %eax
	and $0x9ffffff3, %eax		/* CD = NW = EM = TS = 0 */
	or $0x80010023, %eax		/* PG, WP, NE, MP, PE */
	mov %eax, %cr0
	jmp *%esi

/* Started one at a time, so they can share the early stack's one word. */
ap32:
	mov $0x18, %eax
	mov %eax, %ds
	mov %eax, %ss
	mov $early_stack_top, %esp
	call enter_long_mode
	ljmp $0x08, $ap64

	.code64
boot_cpu_64:
	mov $0x18, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	lea stacks + STACK_SIZE(%rip), %rsp
	mov multiboot_info(%rip), %edi
	call hv_main

ap64:
	mov $0x18, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $1, %eax
	cpuid
	shr $24, %ebx			/* APIC id */
	mov %ebx, %edi
	lea 1(%rbx), %eax
	imul $STACK_SIZE, %eax
	lea stacks(%rip), %rsp
	add %rax, %rsp
	call ap_main

/* Copied to 0x8000, where the start-up IPI sends the other CPUs. */
	.code16
	.globl ap_trampoline, ap_trampoline_end
ap_trampoline:
	cli
	xor %ax, %ax
	mov %ax, %ds
	lgdtl 0x8000 + (ap_gdt_pointer - ap_trampoline)
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x10, $ap32
ap_gdt_pointer:
	.word 31
	.long gdt
ap_trampoline_end:

/*
 * void vm_enter(struct gregs *regs, struct vmcb *vmcb)
 *
 * Runs the guest until its next exit.  GIF is 0 before and after.  VMRUN keeps
 * the host's RAX and RSP only.
 */
	.code64
	.globl vm_enter
vm_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	mov %rsi, %rax
	mov 0(%rdi), %rcx
	mov 8(%rdi), %rdx
	mov 16(%rdi), %rbx
	mov 24(%rdi), %rbp
	mov 32(%rdi), %rsi
	mov 48(%rdi), %r8
	mov 56(%rdi), %r9
	mov 64(%rdi), %r10
	mov 72(%rdi), %r11
	mov 80(%rdi), %r12
	mov 88(%rdi), %r13
	mov 96(%rdi), %r14
	mov 104(%rdi), %r15
	mov 40(%rdi), %rdi
	vmrun %rax
	xchg %rdi, (%rsp)		/* RDI: regs; stack: the guest's RDI */
	mov %rcx, 0(%rdi)
	mov %rdx, 8(%rdi)
	mov %rbx, 16(%rdi)
	mov %rbp, 24(%rdi)
	mov %rsi, 32(%rdi)
	mov %r8, 48(%rdi)
	mov %r9, 56(%rdi)
	mov %r10, 64(%rdi)
	mov %r11, 72(%rdi)
	mov %r12, 80(%rdi)
	mov %r13, 88(%rdi)
	mov %r14, 96(%rdi)
	mov %r15, 104(%rdi)
	pop %rax
	mov %rax, 40(%rdi)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.altmacro

/* An interrupt for the hypervisor itself only ends a wait: acknowledge it. */
	.globl irq_stub, nmi_stub
irq_stub:
	push %rax
	mov $0xfee000b0, %eax		/* LAPIC EOI */
	movl $0, (%rax)
	pop %rax
nmi_stub:
	iretq

/* An MSI of a device that a User VM was given */
	.macro msi_stub n
msi_\n:
	lock btsl $\n, msi_came
	jmp irq_stub
	.endm
	.set i, 0
	.rept MSI_VECTORS
	msi_stub %i
	.set i, i + 1
	.endr

/* An exception in the hypervisor is the end. */
	.macro exception_stub n
exception_\n:
	mov $\n, %edi
	mov %rsp, %rsi
	mov %cr2, %rdx
	and $-16, %rsp
	call host_exception
	.endm
	.set i, 0
	.rept 32
	exception_stub %i
	.set i, i + 1
	.endr

	.section .rodata
	.align 8
	.globl exception_stubs
exception_stubs:
	.macro exception_stub_address n
	.quad exception_\n
	.endm
	.set i, 0
	.rept 32
	exception_stub_address %i
	.set i, i + 1
	.endr

	.globl msi_stubs
msi_stubs:
	.macro msi_stub_address n
	.quad msi_\n
	.endm
	.set i, 0
	.rept MSI_VECTORS
	msi_stub_address %i
	.set i, i + 1
	.endr

	.data
	.align 16
gdt:	.quad 0
	.quad 0x00af9b000000ffff	/* 0x08: 64-bit code */
	.quad 0x00cf9b000000ffff	/* 0x10: 32-bit code */
	.quad 0x00cf93000000ffff	/* 0x18: data */
gdt_pointer:
	.word 31
	.long gdt
multiboot_info:
	.long 0

/* Identity maps of 512 GiB in pages of 1 GiB */
	.macro identity_map pml4, pdpt
	.align 4096
	.globl \pml4
\pml4:	.quad \pdpt + 3
	.fill 511, 8, 0
\pdpt:
	.set i, 0
	.rept 512
	.quad (i << 30) | 0x83
	.set i, i + 1
	.endr
	.endm

	identity_map host_pml4, host_pdpt

	.section .shared, "aw"
	identity_map boot_pml4, boot_pdpt

/*
 * Runs in the Service VM: a dying CPU jumps here when the mailbox structure
 * has a reset vector.  VMMCALL at this address hands the CPU over.
 */
	.align 4096
	.globl mailbox_reset_vector
mailbox_reset_vector:
	vmmcall
	jmp mailbox_reset_vector
	.align 4096

	.bss
	.align 16
early_stack:
	.skip 64
early_stack_top:
	.align 4096
stacks:	.skip STACK_SIZE * MAX_CPUS
