#include "textflag.h"

// func textBlocks(p *byte, n int) (at int, found stop)
//
// The masks of 64 bytes have one bit for each, the first byte's lowest:
//	R8   quotes
//	R9   backslashes
//	R10  control characters
//	R11  1 if the first byte of the block is escaped, else 0
TEXT ·textBlocks(SB), NOSPLIT, $0-32
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ $0x2222222222222222, AX // "
	MOVQ AX, X0
	VPBROADCASTQ X0, Y0
	MOVQ $0x5c5c5c5c5c5c5c5c, AX // backslash
	MOVQ AX, X1
	VPBROADCASTQ X1, Y1
	MOVQ $0x1f1f1f1f1f1f1f1f, AX // the last control character
	MOVQ AX, X2
	VPBROADCASTQ X2, Y2
	MOVQ $0x5555555555555555, R12
	XORQ R11, R11
	XORQ DI, DI

block:
	LEAQ 64(DI), AX
	CMPQ AX, CX
	JGT  rest
	VMOVDQU (SI)(DI*1), Y3
	VMOVDQU 32(SI)(DI*1), Y4
	VPCMPEQB Y3, Y0, Y5
	VPCMPEQB Y4, Y0, Y6
	VPMOVMSKB Y5, R8
	VPMOVMSKB Y6, AX
	SHLQ $32, AX
	ORQ  AX, R8
	VPCMPEQB Y3, Y1, Y5
	VPCMPEQB Y4, Y1, Y6
	VPMOVMSKB Y5, R9
	VPMOVMSKB Y6, AX
	SHLQ $32, AX
	ORQ  AX, R9
	VPMINUB Y3, Y2, Y5
	VPMINUB Y4, Y2, Y6
	VPCMPEQB Y3, Y5, Y5
	VPCMPEQB Y4, Y6, Y6
	VPMOVMSKB Y5, R10
	VPMOVMSKB Y6, AX
	SHLQ $32, AX
	ORQ  AX, R10

	MOVQ R9, AX
	ORQ  R11, AX
	JZ   plain

	// Which bytes are escaped, as in simdjson: a run of backslashes escapes what
	// follows it if it begins on an even bit and ends on an odd one, or the other
	// way round, which an addition carries through the run.
	NOTQ R11
	ANDQ R11, R9              // an escaped backslash escapes nothing
	NOTQ R11
	LEAQ (R11)(R9*2), DX      // what follows a backslash
	MOVQ R12, BX
	NOTQ BX
	ANDQ R9, BX
	MOVQ DX, AX
	NOTQ AX
	ANDQ AX, BX               // runs that begin on an odd bit
	XORQ R11, R11
	ADDQ R9, BX
	SETCS R11                 // the block ends in the middle of an escape
	ADDQ BX, BX
	XORQ R12, BX
	ANDQ DX, BX               // escaped
	NOTQ BX
	ANDQ BX, R8

plain:
	TESTQ R8, R8
	JNZ  quote
	TESTQ R10, R10
	JNZ  control
	MOVQ $64, AX
	ADDQ AX, DI
	JMP  block

quote:
	BSFQ R8, AX
	LEAQ -1(R8), BX
	XORQ R8, BX               // the bits up to the quote
	TESTQ BX, R10
	JNZ  control
	ADDQ AX, DI
	MOVQ $2, R11
	JMP  rest

control:
	BSFQ R10, AX
	ADDQ AX, DI
	MOVQ $3, R11

rest:
	VZEROUPPER
	MOVQ DI, at+16(FP)
	MOVQ R11, found+24(FP)
	RET
