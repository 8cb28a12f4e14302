/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/* Entered by hsm-run in 64-bit mode; RDI and RSI are main()'s arguments. */
	.section .text.start, "ax"
	.globl	start
start:
	leaq	stack_top(%rip), %rsp
	call	main
	outb	%al, $0xf4		/* hsm-run's exit port */
1:	hlt
	jmp	1b

	.bss
	.balign	16
	.skip	16384
stack_top:

	.section .note.GNU-stack, "", @progbits
