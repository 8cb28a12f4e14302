/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * What the User VM runs, at 0x1000, in 64-bit mode with addresses one to one: the
 * same access again and again, with the time before and after each.  What it is told
 * stands at 0x5000, see struct orders in guest.c; the times go to 0x10000.
 */
	.section .rodata
	.globl	guest_code, guest_code_end
	.code64
guest_code:
	mov	$0x5000, %ebx
	mov	$0x10000, %ebp
	mov	(%rbx), %r15d			/* access */
	mov	8(%rbx), %r12			/* count */
	mov	16(%rbx), %r13			/* address */
	xor	%r14d, %r14d
again:	cmp	%r12, %r14
	je	done
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, %r8
	mov	%r13d, %edx
	mov	%r14d, %eax
	cmp	$1, %r15d
	je	1f
	cmp	$2, %r15d
	je	2f
	cmp	$3, %r15d
	je	3f
	mov	(%r13), %eax
	jmp	4f
1:	out	%eax, (%dx)
	jmp	4f
2:	in	(%dx), %eax
	jmp	4f
3:	mov	%eax, (%r13)
4:	mov	%eax, %r10d
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%r8, (%rbp)
	mov	%rax, 8(%rbp)
	mov	%r10, 48(%rbx)			/* value */
	add	$16, %rbp
	inc	%r14
	cmpq	$0, 40(%rbx)			/* handshake */
	je	again
5:	cmp	%r14, 32(%rbx)			/* go */
	jae	again
	pause
	jmp	5b
done:	movq	$1, 24(%rbx)			/* done */
6:	cli
	hlt
	jmp	6b
guest_code_end:
	.section .note.GNU-stack, "", @progbits
