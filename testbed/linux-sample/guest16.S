/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * The guest of Linux's sample program for its ACRN driver: real-mode code at address
 * 0.  Linux's source leaves it out, although the sample's Makefile wants it.
 */
	.code16
	.text
	movw	$0x3f8, %dx
again:
	movb	$'A', %al
	outb	%al, %dx
	inb	%dx, %al
	outw	%ax, $0x80
	jmp	again
