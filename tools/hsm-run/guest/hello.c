// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A guest for hsm-run that computes and prints: what CPU it sees, and the
 * SHA-256 of a part of its memory, which it has hsm-run's checker verify over
 * memory-mapped I/O.  Its exit status is 0 if all went well.
 */
#include <stdint.h>

#define COM1		0x3f8
#define COM1_LSR	(COM1 + 5)
#define LSR_EMPTY	0x20

#define CHECKED_GPA	0x200000UL
#define CHECKED_SIZE	0x100000UL

/* hsm-run's checker, see checker.c */
struct checker {
	uint64_t gpa;
	uint64_t size;
	uint8_t digest[32];
	uint64_t result;
};

static volatile struct checker * const checker = (void *)0xd0000000;

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static void put_char(char c)
{
	while (!(inb(COM1_LSR) & LSR_EMPTY))
		;
	outb(COM1, c);
}

static void put(const char *s)
{
	while (*s)
		put_char(*s++);
}

static void put_decimal(uint64_t n)
{
	if (n >= 10)
		put_decimal(n / 10);
	put_char('0' + n % 10);
}

static void put_hex(const uint8_t *bytes, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		put_char("0123456789abcdef"[bytes[i] >> 4]);
		put_char("0123456789abcdef"[bytes[i] & 15]);
	}
}

/* SHA-256, FIPS 180-4 */

static const uint32_t k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t ror(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], s[8], t1, t2;
	unsigned int i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | block[4 * i + 1] << 16 |
		       block[4 * i + 2] << 8 | block[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
	for (i = 0; i < 8; i++)
		s[i] = state[i];
	for (i = 0; i < 64; i++) {
		t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
		t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		s[7] = s[6];
		s[6] = s[5];
		s[5] = s[4];
		s[4] = s[3] + t1;
		s[3] = s[2];
		s[2] = s[1];
		s[1] = s[0];
		s[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		state[i] += s[i];
}

/* Of whole blocks only */
static void sha256(const uint8_t *data, uint64_t size, uint8_t digest[32])
{
	uint32_t state[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};
	uint8_t last[64] = { 0x80 };
	uint64_t done;
	unsigned int i;

	for (done = 0; done < size; done += 64)
		sha256_block(state, data + done);
	for (i = 0; i < 8; i++)
		last[56 + i] = size * 8 >> (56 - 8 * i);
	sha256_block(state, last);
	for (i = 0; i < 32; i++)
		digest[i] = state[i / 4] >> (24 - i % 4 * 8);
}

static void print_cpu(void)
{
	uint32_t leaf, regs[13] = { 0 };
	unsigned int i = 0;

	put("CPU: ");
	for (leaf = 0x80000002; leaf <= 0x80000004; leaf++, i += 4)
		__asm__ volatile("cpuid"
				 : "=a"(regs[i]), "=b"(regs[i + 1]),
				   "=c"(regs[i + 2]), "=d"(regs[i + 3])
				 : "a"(leaf), "c"(0));
	put((const char *)regs);

	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]),
			   "=d"(regs[3])
			 : "a"(0x40000000), "c"(0));
	regs[4] = 0;
	put("\nHypervisor: ");
	put((const char *)&regs[1]);
	put("\n");
}

int main(uint64_t memory, uint64_t vcpus)
{
	uint8_t *data = (void *)CHECKED_GPA;
	uint8_t digest[32];
	uint32_t x = 1;
	uint64_t i;

	put("Hello from a User VM.\n");
	print_cpu();
	put("Memory: ");
	put_decimal(memory >> 20);
	put(" MiB, vCPUs: ");
	put_decimal(vcpus);
	put("\n");

	for (i = 0; i < CHECKED_SIZE; i++) {
		x = x * 1103515245 + 12345;
		data[i] = x >> 16;
	}
	sha256(data, CHECKED_SIZE, digest);
	put("SHA-256 of 1 MiB at 2 MiB: ");
	put_hex(digest, sizeof(digest));
	put("\n");

	checker->gpa = CHECKED_GPA;
	checker->size = CHECKED_SIZE;
	for (i = 0; i < sizeof(digest); i++)
		checker->digest[i] = digest[i];
	checker->result = 1;
	if (checker->result != 1) {
		put("The host finds another one.\n");
		return 1;
	}
	put("The host finds the same. Bye.\n");
	return 0;
}
