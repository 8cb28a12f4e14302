/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The program that guests run, at GUEST_CODE, in 64-bit mode without a stack:
 * does what the vCPU's operations say, one after the other.  RBX: the vCPU's
 * status, which they follow.
 */
#include "guest.h"

#define LAPIC_ID	0xfee00020
#define LAPIC_ID_SHIFT	24
#define LAPIC_ICR	0xfee00300
#define SIPI_OTHERS	0xc4600		/* or'ed with the number of the page */
#define MSR_EFER	0xc0000080
#define STRIDE_SHIFT	14
#define WAIT_ROUNDS	200

	.section .rodata
	.globl	guest_code
guest_code:
	mov	$GUEST_STATUS, %ebx
	cmpl	$1, GUEST_VCPU_NUM
	jbe	run
	mov	$LAPIC_ICR, %edx
	mov	$SIPI_OTHERS | GUEST_AP_CODE >> 12, %eax
	mov	%eax, (%rdx)
run:
	lea	GUEST_STATUS_SIZE(%rbx), %rsi
next:
	mov	GUEST_OP_OP(%rsi), %r9d
	mov	GUEST_OP_ADDRESS(%rsi), %rdx
	mov	GUEST_OP_VALUE(%rsi), %rax
	btr	$GUEST_DOWN_BIT, %r9d
	jnc	1f
	std
1:

	.macro	on op, label
	cmp	$\op, %r9d
	je	\label
	.endm
	on	GUEST_IN + 1, in1
	on	GUEST_IN + 2, in2
	on	GUEST_IN + 4, in4
	on	GUEST_OUT + 1, out1
	on	GUEST_OUT + 2, out2
	on	GUEST_OUT + 4, out4
	on	GUEST_LOAD + 1, load1
	on	GUEST_LOAD + 2, load2
	on	GUEST_LOAD + 4, load4
	on	GUEST_LOAD + 8, load8
	on	GUEST_STORE + 1, store1
	on	GUEST_STORE + 2, store2
	on	GUEST_STORE + 4, store4
	on	GUEST_STORE + 8, store8
	on	GUEST_AGAIN, again
	on	GUEST_COUNT, count
	on	GUEST_WAIT, wait
	on	GUEST_PASS, pass
	on	GUEST_SETUP_IRQS, setup_irqs
	on	GUEST_RDMSR, read_msr
	on	GUEST_WRMSR, write_msr
	on	GUEST_HALT, halt_once
	on	GUEST_WINDOW, window

	/* R8: the operation; as most of the instructions want it, RSI and RDI */
	mov	%rsi, %r8
	mov	%rax, %rsi
	mov	%rdx, %rdi
	mov	GUEST_OP_TIMES(%r8), %ecx
	on	GUEST_INS + 1, ins1
	on	GUEST_INS + 2, ins2
	on	GUEST_INS + 4, ins4
	on	GUEST_OUTS + 1, outs1
	on	GUEST_OUTS + 2, outs2
	on	GUEST_OUTS + 4, outs4
	on	GUEST_MOVS + 1, movs1
	on	GUEST_MOVS + 2, movs2
	on	GUEST_MOVS + 4, movs4
	on	GUEST_MOVS + 8, movs8
	on	GUEST_STOS + 1, stos1
	on	GUEST_STOS + 2, stos2
	on	GUEST_STOS + 4, stos4
	on	GUEST_STOS + 8, stos8
	on	GUEST_LODS + 1, lods1
	on	GUEST_LODS + 2, lods2
	on	GUEST_LODS + 4, lods4
	on	GUEST_LODS + 8, lods8
	movq	$1, GUEST_STATUS_DONE(%rbx)
halt:
	hlt
	jmp	halt

result:
	mov	%rax, GUEST_OP_RESULT(%rsi)
	add	$GUEST_OP_SIZE, %rsi
	jmp	next

in1:	in	%dx, %al
	jmp	result
in2:	in	%dx, %ax
	jmp	result
in4:	in	%dx, %eax
	jmp	result
out1:	out	%al, %dx
	jmp	result
out2:	out	%ax, %dx
	jmp	result
out4:	out	%eax, %dx
	jmp	result
load1:	mov	(%rdx), %al
	jmp	result
load2:	mov	(%rdx), %ax
	jmp	result
load4:	mov	(%rdx), %eax
	jmp	result
load8:	mov	(%rdx), %rax
	jmp	result
store1:	mov	%al, (%rdx)
	jmp	result
store2:	mov	%ax, (%rdx)
	jmp	result
store4:	mov	%eax, (%rdx)
	jmp	result
store8:	mov	%rax, (%rdx)
	jmp	result

	.macro	string label, insn, after, pointer, value
\label:	.ifnb	\pointer
	mov	%\value, %\pointer
	.endif
	rep \insn
	jmp	\after
	.endm
	string	ins1, insb, moved, rdi, rax
	string	ins2, insw, moved, rdi, rax
	string	ins4, insl, moved, rdi, rax
	string	outs1, outsb, sent
	string	outs2, outsw, sent
	string	outs4, outsl, sent
	string	movs1, movsb, moved
	string	movs2, movsw, moved
	string	movs4, movsl, moved
	string	movs8, movsq, moved
	string	stos1, stosb, moved
	string	stos2, stosw, moved
	string	stos4, stosl, moved
	string	stos8, stosq, moved
	string	lods1, lodsb, string_done, rsi, rdx
	string	lods2, lodsw, string_done, rsi, rdx
	string	lods4, lodsl, string_done, rsi, rdx
	string	lods8, lodsq, string_done, rsi, rdx

moved:	mov	%rdi, %rax
	jmp	string_done
sent:	mov	%rsi, %rax
string_done:
	cld
	mov	%r8, %rsi
	jmp	result

again:	incq	GUEST_STATUS_LOOPS(%rbx)
	test	%rax, %rax
	jz	result
	decq	GUEST_OP_VALUE(%rsi)
	jmp	run

count:	incl	(%rdx)
	jmp	count

	/* PAUSE ends a turn, which costs QEMU as much as thousands of instructions. */
wait:	mov	$WAIT_ROUNDS, %ecx
1:	cmp	%eax, (%rdx)
	je	result
	dec	%ecx
	jnz	1b
	pause
	jmp	wait

pass:	mov	GUEST_OP_RESULT - GUEST_OP_SIZE(%rsi), %rax
	mov	%rax, GUEST_OP_VALUE + GUEST_OP_SIZE(%rsi)
	jmp	result

setup_irqs:
	lgdt	GUEST_GDT_POINTER
	lidt	GUEST_IDT_POINTER
	lea	GUEST_IRQ_COUNTS(%rbx), %rsp
	push	$8
	lea	result(%rip), %rax
	push	%rax
	lretq

read_msr:
	mov	%edx, %ecx
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	jmp	result
write_msr:
	mov	%edx, %ecx
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
	jmp	result

halt_once:
	sti
	hlt
	cli
	jmp	result
window:	sti
	nop
	nop
	cli
	jmp	result

	.globl	guest_code_end
guest_code_end:

	/* At GUEST_AP_CODE: from real mode to the program */
	.globl	guest_ap_code
	.code16
guest_ap_code:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	gdt_pointer - guest_ap_code
	mov	$GUEST_CR4, %eax
	mov	%eax, %cr4
	mov	$GUEST_PML4, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	mov	$GUEST_EFER, %eax
	xor	%edx, %edx
	wrmsr
	mov	$GUEST_CR0, %eax
	mov	%eax, %cr0
	ljmpl	$8, $(GUEST_AP_CODE + long_mode - guest_ap_code)

	.code64
long_mode:
	mov	$LAPIC_ID, %edx
	mov	(%rdx), %ebx
	shr	$LAPIC_ID_SHIFT, %ebx
	shl	$STRIDE_SHIFT, %ebx
	add	$GUEST_STATUS, %ebx
	mov	$GUEST_CODE + run - guest_code, %eax
	jmp	*%rax

	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff
gdt_pointer:
	.word	15
	.long	GUEST_AP_CODE + gdt - guest_ap_code

	.globl	guest_ap_code_end
guest_ap_code_end:

	/* At GUEST_IRQ_CODE: a stub for each vector, GUEST_IRQ_STUB bytes apart */
	.globl	guest_irq_code
	.balign	GUEST_IRQ_STUB
guest_irq_code:
	.set	vector, 0
	.rept	256
	.balign	GUEST_IRQ_STUB
	push	$vector
	jmp	count_irq
	.set	vector, vector + 1
	.endr
count_irq:
	push	%rax
	mov	8(%rsp), %rax
	incl	GUEST_IRQ_COUNTS(%rbx, %rax, 4)
	pop	%rax
	add	$8, %rsp
	iretq
	.globl	guest_irq_code_end
guest_irq_code_end:

	.section .note.GNU-stack, "", @progbits
