// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * The C library functions that the compiler may call, and strlen().
 */
#include "types.h"

void *memcpy(void *to, const void *from, size_t n)
{
	void *start = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return start;
}

/* Eight bytes at a time: the emulated CPU counts each step, and pages are cleared a lot. */
void *memset(void *to, int c, size_t n)
{
	u64 pattern = (u8)c * 0x0101010101010101UL;
	size_t words = n / 8, bytes = n % 8;
	void *start = to;

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(pattern) : "memory");
	return start;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}
