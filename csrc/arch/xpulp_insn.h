/* How the instructions of Xpulp that are used here are spelt, as strings for inline assembly: rd, rs1, rs2 are
   registers or operands such as %0. GNU's assembler does not know them, so that they are spelt by their fields; an
   assembler that does, and is older than `.insn`, takes their names: define PH_XPULP_NAMES. Words and meanings are
   those of GAP8 (RI5CY); tests/firmware/test_gap8_words.py has the word of each. */
#ifndef PEEPHOLE_ARCH_XPULP_INSN_H
#define PEEPHOLE_ARCH_XPULP_INSN_H

#if defined(PH_XPULP_NAMES)

#define PH_P_LW(rd, step, rs1) "p.lw " rd "," step "(" rs1 "!)\n"           /* rd = word at rs1; rs1 += step */
#define PH_P_LH(rd, step, rs1) "p.lh " rd "," step "(" rs1 "!)\n"           /* the same of 16 bits with a sign */
#define PH_P_LB(rd, step, rs1) "p.lb " rd "," step "(" rs1 "!)\n"           /* the same of 8 bits with a sign */
#define PH_P_SW(rs2, step, rs1) "p.sw " rs2 "," step "(" rs1 "!)\n"         /* the word at rs1 = rs2; rs1 += step */
#define PH_PV_SDOTSP_H(rd, rs1, rs2) "pv.sdotsp.h " rd "," rs1 "," rs2 "\n" /* rd += the sum of 2 products */
#define PH_PV_SDOTSP_B(rd, rs1, rs2) "pv.sdotsp.b " rd "," rs1 "," rs2 "\n" /* rd += the sum of 4 products */
#define PH_PV_MAX_H(rd, rs1, rs2) "pv.max.h " rd "," rs1 "," rs2 "\n"       /* the larger of both lanes */
#define PH_PV_MAX_SC_H(rd, rs1, rs2) "pv.max.sc.h " rd "," rs1 "," rs2 "\n" /* both lanes with the low half of rs2 */
#define PH_P_MAC(rd, rs1, rs2) "p.mac " rd "," rs1 "," rs2 "\n"             /* rd += rs1 * rs2 */
#define PH_P_MIN(rd, rs1, rs2) "p.min " rd "," rs1 "," rs2 "\n"
#define PH_P_MAX(rd, rs1, rs2) "p.max " rd "," rs1 "," rs2 "\n"
#define PH_P_CLIP_16(rd, rs1) "p.clip " rd "," rs1 ",16\n"              /* to -32768 .. 32767 */
#define PH_P_ADDRN_1(rd, rs1, rs2) "p.addRN " rd "," rs1 "," rs2 ",1\n" /* rd = (rs1 + rs2 + 1) >> 1, with a sign */
#define PH_LP_BEGIN(count, halves) "lp.setup x0," count ",8f\n"
#define PH_LP_LAST "8: "

#else

#define PH_P_LW(rd, step, rs1) ".insn i 0x0b,2," rd "," step "(" rs1 ")\n"   /* rd = word at rs1; rs1 += step */
#define PH_P_LH(rd, step, rs1) ".insn i 0x0b,1," rd "," step "(" rs1 ")\n"   /* the same of 16 bits with a sign */
#define PH_P_LB(rd, step, rs1) ".insn i 0x0b,0," rd "," step "(" rs1 ")\n"   /* the same of 8 bits with a sign */
#define PH_P_SW(rs2, step, rs1) ".insn s 0x2b,2," rs2 "," step "(" rs1 ")\n" /* the word at rs1 = rs2; rs1 += step */
#define PH_PV_SDOTSP_H(rd, rs1, rs2) ".insn r 0x57,0,0x5c," rd "," rs1 "," rs2 "\n" /* rd += the sum of 2 products */
#define PH_PV_SDOTSP_B(rd, rs1, rs2) ".insn r 0x57,1,0x5c," rd "," rs1 "," rs2 "\n" /* rd += the sum of 4 products */
#define PH_PV_MAX_H(rd, rs1, rs2) ".insn r 0x57,0,0x18," rd "," rs1 "," rs2 "\n"    /* the larger of both lanes */
#define PH_PV_MAX_SC_H(rd, rs1, rs2)                                                                                   \
    ".insn r 0x57,4,0x18," rd "," rs1 "," rs2 "\n"                            /* with rs2's low half                   \
                                                                               */
#define PH_P_MAC(rd, rs1, rs2) ".insn r 0x33,0,0x21," rd "," rs1 "," rs2 "\n" /* rd += rs1 * rs2 */
#define PH_P_MIN(rd, rs1, rs2) ".insn r 0x33,4,0x02," rd "," rs1 "," rs2 "\n"
#define PH_P_MAX(rd, rs1, rs2) ".insn r 0x33,6,0x02," rd "," rs1 "," rs2 "\n"
#define PH_P_CLIP_16(rd, rs1) ".insn r 0x33,1,0x0a," rd "," rs1 ",x16\n"          /* to -32768 .. 32767 */
#define PH_P_ADDRN_1(rd, rs1, rs2) ".insn r 0x5b,6,0x01," rd "," rs1 "," rs2 "\n" /* rd = (rs1 + rs2 + 1) >> 1 */
#define PH_LP_BEGIN(count, halves) ".insn i 0x7b,4,x0," count "," halves "\n"
#define PH_LP_LAST ""

#endif

/* A hardware loop: the body runs `count` times, at least once. PH_LP_BEGIN(count, halves) stands right before the body,
   whose last instruction begins 2 * halves bytes behind it and follows PH_LP_LAST; the body has at least 3
   instructions, none of them compressed and none a jump, and begins at a multiple of 4 bytes. */
#if defined(PH_XPULP_NAMES)
#define PH_LP_OPEN ".option push\n.balign 4\n.option norvc\n"
#else
#define PH_LP_OPEN ".option push\n.option norelax\n.balign 4\n.option norvc\n"
#endif
#define PH_LP_CLOSE ".option pop\n"

#endif
