/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The program that guests run, at GUEST_CODE, in 64-bit mode without a stack:
 * does what the vCPU's operations say, one after the other.  RBX: the vCPU's
 * status, which they follow.
 */
#include "guests.h"

#define LAPIC_ID	0xfee00020
#define LAPIC_ID_SHIFT	24
#define LAPIC_ICR	0xfee00300
#define SIPI_OTHERS	0xc4600		/* or'ed with the number of the page */
#define MSR_EFER	0xc0000080
#define STRIDE_SHIFT	14

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
	mov	GUEST_OP_OP(%rsi), %rcx
	mov	GUEST_OP_ADDRESS(%rsi), %rdx
	mov	GUEST_OP_VALUE(%rsi), %rax

	.macro	on op, label
	cmp	$\op, %rcx
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

again:	incq	GUEST_STATUS_LOOPS(%rbx)
	test	%rax, %rax
	jz	result
	decq	GUEST_OP_VALUE(%rsi)
	jmp	run

count:	incl	(%rdx)
	jmp	count

wait:	pause
	cmp	%eax, (%rdx)
	jne	wait
	jmp	result

pass:	mov	GUEST_OP_RESULT - GUEST_OP_SIZE(%rsi), %rax
	mov	%rax, GUEST_OP_VALUE + GUEST_OP_SIZE(%rsi)
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

	.section .note.GNU-stack, "", @progbits
