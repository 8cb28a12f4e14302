// SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause
/*
 * A decoder for the instructions with which compilers and kernels touch device
 * memory: mov, movzx, movsx, arithmetic and logic with memory, test, cmp, xchg,
 * inc, dec, stos, lods, movs; and the move to CR4.
 *
 * The address of the access is known from the exit, so a memory operand is only
 * measured.
 */
#include "decode.h"

#define FLAG_CF		BIT(0)
#define FLAG_PF		BIT(2)
#define FLAG_AF		BIT(4)
#define FLAG_ZF		BIT(6)
#define FLAG_SF		BIT(7)
#define FLAG_OF		BIT(11)
#define FLAGS_ALU	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define REX_W		BIT(3)
#define REX_R		BIT(2)
#define REX_B		BIT(0)

/**
 * struct cursor - code being decoded
 * @code: the bytes
 * @available: how many there are
 * @at: how many were taken
 * @code_bits: 16, 32 or 64
 * @operand: bytes of a full-sized operand
 * @address_bits: size of addresses
 * @rex: REX prefix or 0
 * @modrm: ModRM byte
 */
struct cursor {
	const u8 *code;
	u32 available;
	u32 at;
	u32 code_bits;
	u32 operand;
	u32 address_bits;
	u8 rex;
	u8 modrm;
};

/* Past the end it reads zeros; decode() compares the lengths at last. */
static u8 take(struct cursor *c)
{
	u32 at = c->at++;

	return at < c->available ? c->code[at] : 0;
}

static u64 take_immediate(struct cursor *c, u32 size)	/* sign-extended */
{
	u64 v = 0;
	u32 i;

	for (i = 0; i < size; i++)
		v |= (u64)take(c) << (8 * i);
	if (size < 8 && (v >> (8 * size - 1) & 1))
		v |= ~0UL << (8 * size);
	return v;
}

static bool take_prefix(struct cursor *c, struct insn *insn)
{
	static const u8 segments[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	u8 byte = c->at < c->available ? c->code[c->at] : 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(segments); i++) {
		if (byte == segments[i]) {
			insn->segment = i;
			c->at++;
			return true;
		}
	}
	switch (byte) {
	case 0x66:
		c->operand = c->code_bits == 16 ? 4 : 2;
		break;
	case 0x67:
		c->address_bits = c->code_bits == 32 ? 16 : 32;
		break;
	case 0xf2:
	case 0xf3:
		insn->rep = true;
		break;
	case 0xf0:	/* LOCK: nobody else reaches a device's registers meanwhile */
		break;
	default:
		return false;
	}
	c->at++;
	return true;
}

/* Take ModRM and what belongs to it.  False: both operands are registers. */
static bool take_memory_operand(struct cursor *c)
{
	u32 mod, rm, displacement = 0;

	c->modrm = take(c);
	mod = c->modrm >> 6;
	rm = c->modrm & 7;
	if (mod == 3)
		return false;
	if (c->address_bits == 16) {
		if (mod == 0 && rm == 6)
			displacement = 2;
		else
			displacement = mod;
	} else {
		if (rm == 4) {
			u8 sib = take(c);

			if (mod == 0 && (sib & 7) == 5)
				displacement = 4;
		} else if (mod == 0 && rm == 5) {
			displacement = 4;
		}
		if (mod)
			displacement = mod == 1 ? 1 : 4;
	}
	c->at += displacement;
	return true;
}

static void register_operand(struct cursor *c, struct insn *insn, u32 size)
{
	insn->reg = (c->modrm >> 3 & 7) | (c->rex & REX_R ? 8 : 0);
	insn->reg_size = size;
	insn->high = size == 1 && !c->rex && insn->reg >= 4;
	if (insn->high)
		insn->reg -= 4;
}

/* Opcodes 00..3b: add, or, adc, sbb, and, sub, xor, cmp with ModRM */
static bool decode_alu(struct cursor *c, u8 op, struct insn *insn)
{
	bool to_reg = op & 2;

	if ((op & 7) > 3 || !take_memory_operand(c))
		return false;
	insn->alu = op >> 3;
	insn->size = op & 1 ? c->operand : 1;
	register_operand(c, insn, insn->size);
	insn->reversed = to_reg;
	if (insn->alu == ALU_CMP)
		insn->kind = INSN_COMPARE;
	else
		insn->kind = to_reg ? INSN_TO_REG : INSN_TO_MEM;
	return true;
}

static bool decode_two_byte(struct cursor *c, struct insn *insn)
{
	u8 op = take(c);

	switch (op) {
	case 0x22:	/* mov to a control register: always registers */
		c->modrm = take(c);
		insn->kind = INSN_WRITE_CR4;
		insn->reg = (c->modrm & 7) | (c->rex & REX_B ? 8 : 0);
		insn->reg_size = c->code_bits == 64 ? 8 : 4;
		return (c->modrm >> 3 & 7) == 4 && !(c->rex & REX_R);
	case 0xb6:	/* movzx, movsx */
	case 0xb7:
	case 0xbe:
	case 0xbf:
		if (!take_memory_operand(c))
			return false;
		insn->kind = INSN_LOAD;
		insn->size = op & 1 ? 2 : 1;
		insn->sign = op & 8;
		register_operand(c, insn, c->operand);
		return true;
	}
	return false;
}

static bool decode_group(struct cursor *c, u8 op, struct insn *insn)
{
	u32 sub;

	if (!take_memory_operand(c))
		return false;
	sub = c->modrm >> 3 & 7;
	insn->size = op & 1 ? c->operand : 1;
	insn->has_imm = true;
	switch (op) {
	case 0x80:
	case 0x81:
	case 0x83:
		insn->alu = sub;
		insn->kind = sub == ALU_CMP ? INSN_COMPARE : INSN_TO_MEM;
		insn->imm = take_immediate(c, op == 0x83 || insn->size == 1 ? 1 :
					   insn->size == 2 ? 2 : 4);
		return true;
	case 0xc6:
	case 0xc7:
		insn->kind = INSN_STORE;
		insn->imm = take_immediate(c, insn->size < 4 ? insn->size : 4);
		return !sub;
	case 0xf6:
	case 0xf7:
		insn->alu = ALU_TEST;
		insn->kind = INSN_COMPARE;
		insn->imm = take_immediate(c, insn->size < 4 ? insn->size : 4);
		return !sub;
	case 0xfe:
	case 0xff:
		insn->alu = sub ? ALU_DEC : ALU_INC;
		insn->kind = INSN_TO_MEM;
		insn->imm = 1;
		return sub < 2;
	}
	return false;
}

static bool decode_one_byte(struct cursor *c, u8 op, struct insn *insn)
{
	if (op < 0x40)
		return decode_alu(c, op, insn);
	insn->size = op & 1 ? c->operand : 1;
	switch (op) {
	case 0x63:	/* movsxd */
		if (c->code_bits != 64 || !take_memory_operand(c))
			return false;
		insn->kind = INSN_LOAD;
		insn->size = 4;
		insn->sign = true;
		register_operand(c, insn, c->operand);
		return true;
	case 0x84 ... 0x8b:
		if (!take_memory_operand(c))
			return false;
		insn->kind = op < 0x86 ? INSN_COMPARE : op < 0x88 ? INSN_EXCHANGE :
			     op < 0x8a ? INSN_STORE : INSN_LOAD;
		insn->alu = ALU_TEST;
		register_operand(c, insn, insn->size);
		return true;
	case 0xa0 ... 0xa3:	/* mov between rAX and an absolute address */
		insn->kind = op < 0xa2 ? INSN_LOAD : INSN_STORE;
		insn->reg_size = insn->size;
		c->at += c->address_bits / 8;
		return true;
	case 0xa4:
	case 0xa5:
		insn->kind = INSN_MOVS;
		return true;
	case 0xaa:
	case 0xab:
		insn->kind = INSN_STOS;
		return true;
	case 0xac:
	case 0xad:
		insn->kind = INSN_LODS;
		insn->reg_size = insn->size;
		return true;
	}
	return decode_group(c, op, insn);
}

/**
 * decode() - understand an instruction
 * @code: its bytes
 * @available: how many are there
 * @code_bits: 16, 32 or 64
 * @insn: set to what it is
 *
 * Return: false if it is none of those known, or not whole.
 */
bool decode(const u8 *code, u32 available, u32 code_bits, struct insn *insn)
{
	struct cursor c = {
		.code = code,
		.available = available,
		.code_bits = code_bits,
		.operand = code_bits == 16 ? 2 : 4,
		.address_bits = code_bits,
	};
	bool known;
	u8 op;

	*insn = (struct insn){ .segment = SEG_DS };
	while (take_prefix(&c, insn))
		;
	op = take(&c);
	if (code_bits == 64 && (op & 0xf0) == 0x40) {
		c.rex = op;
		if (c.rex & REX_W)
			c.operand = 8;
		op = take(&c);
	}
	known = op == 0x0f ? decode_two_byte(&c, insn) : decode_one_byte(&c, op, insn);
	insn->length = c.at;
	insn->address_bits = c.address_bits;
	return known && c.at <= available;
}

static u64 parity_flag(u8 v)
{
	v ^= v >> 4;
	return 0x9669 >> (v & 15) & 1 ? FLAG_PF : 0;
}

/**
 * alu_compute() - arithmetic with flags
 * @op: operation
 * @left: left operand
 * @right: right operand
 * @size: bytes
 * @rflags: updated
 *
 * Return: the result (of ALU_CMP and ALU_TEST too, where it is thrown away).
 */
u64 alu_compute(enum alu_op op, u64 left, u64 right, u32 size, u64 *rflags)
{
	u64 mask = size == 8 ? ~0UL : BIT(8 * size) - 1, top = BIT(8 * size - 1);
	u64 carry = *rflags & FLAG_CF, result, flags = 0;
	bool adds = op == ALU_ADD || op == ALU_ADC || op == ALU_INC;
	bool subtracts = op == ALU_SUB || op == ALU_SBB || op == ALU_CMP || op == ALU_DEC;

	left &= mask;
	right &= mask;
	if (op != ALU_ADC && op != ALU_SBB)
		carry = 0;
	if (adds) {
		result = (left + right + carry) & mask;
		/* carries out of each bit */
		carry = (left & right) | ((left | right) & ~result);
		flags |= (left ^ result) & (right ^ result) & top ? FLAG_OF : 0;
	} else if (subtracts) {
		result = (left - right - carry) & mask;
		/* borrows out of each bit */
		carry = (~left & right) | ((~left | right) & result);
		flags |= (left ^ right) & (left ^ result) & top ? FLAG_OF : 0;
	} else {
		result = op == ALU_OR ? left | right : op == ALU_XOR ? left ^ right : left & right;
		carry = 0;
	}
	flags |= carry & top ? FLAG_CF : 0;
	flags |= carry & BIT(3) ? FLAG_AF : 0;
	flags |= result & top ? FLAG_SF : 0;
	flags |= result ? 0 : FLAG_ZF;
	flags |= parity_flag(result);
	if (op == ALU_INC || op == ALU_DEC)	/* these leave CF alone */
		flags = (flags & ~FLAG_CF) | (*rflags & FLAG_CF);
	*rflags = (*rflags & ~FLAGS_ALU) | flags;
	return result;
}
