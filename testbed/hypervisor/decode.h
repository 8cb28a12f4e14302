/* SPDX-License-Identifier: GPL-2.0+ OR BSD-3-Clause */
/*
 * Instructions that touch device memory, decoded.
 */
#ifndef HV_DECODE_H
#define HV_DECODE_H

#include "types.h"

#define MAX_INSTRUCTION	15

enum insn_kind {
	INSN_LOAD,	/* reg = mem, extended */
	INSN_STORE,	/* mem = source */
	INSN_TO_MEM,	/* mem = mem op source, flags */
	INSN_TO_REG,	/* reg = reg op mem, flags */
	INSN_COMPARE,	/* flags of mem op source, or of reg op mem if @reversed */
	INSN_EXCHANGE,	/* reg and mem */
	INSN_STOS,
	INSN_LODS,
	INSN_MOVS,
	INSN_WRITE_CR4,
};

/* In the order of the opcodes, TEST added */
enum alu_op {
	ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP,
	ALU_TEST, ALU_INC, ALU_DEC,
};

enum segment { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

/**
 * struct insn - an instruction
 * @kind: what it does
 * @alu: the operation, for those that have one
 * @size: bytes of the memory access
 * @length: of the instruction
 * @reg: register operand
 * @reg_size: its size, if not @size
 * @high: it is AH, CH, DH or BH
 * @sign: the load extends the sign
 * @has_imm: the source is @imm and not @reg
 * @reversed: COMPARE has the register on the left
 * @rep: it repeats
 * @address_bits: of RSI, RDI and RCX in string instructions
 * @segment: of the source of string instructions, enum segment
 * @imm: immediate operand
 */
struct insn {
	enum insn_kind kind;
	enum alu_op alu;
	u32 size;
	u32 length;
	u32 reg;
	u32 reg_size;
	bool high;
	bool sign;
	bool has_imm;
	bool reversed;
	bool rep;
	u32 address_bits;
	u32 segment;
	u64 imm;
};

bool decode(const u8 *code, u32 available, u32 code_bits, struct insn *insn);
u64 alu_compute(enum alu_op op, u64 left, u64 right, u32 size, u64 *rflags);

#endif /* HV_DECODE_H */
