/* Four outputs of one, two or three pixels at once: sums in registers, and all that is done for a group of pixels, from
   the biases to the values written, in one stretch of instructions. With Xpulp's where PH_ARCH_XPULP is defined; else
   the same bits in portable C. PH_DEFINE_PIXELS defines it for a type that is read and one that is written. */
#ifndef PEEPHOLE_ARCH_XPULP_PIXELS_H
#define PEEPHOLE_ARCH_XPULP_PIXELS_H

#include <stddef.h>

#include "arch/xpulp.h"

enum { PH_GROUP_OUTPUTS = 4, PH_GROUP_PIXELS = 3 };

/* Groups of pixels side by side whose windows lie alike. The window of a pixel is `rows` runs of words, of two values
   of 16 bits or four of 8, and of what is left over, single values; so are the weights of each output. Distances are
   bytes. The numbers are where the instructions below find a field. */
typedef struct {
    const void *x;                   /* 0: the first value of the first pixel's window; moves on with the groups */
    const void *w;                   /* 4: the first output's weights */
    void *y;                         /* 8: the first value to write; moves on */
    int32_t groups;                  /* 12: at least one; 0 when all are made */
    int32_t x_group;                 /* 16: from the windows of a group to the next group's */
    int32_t x_next;                  /* 20: from a pixel's window to the next one's */
    int32_t w_next;                  /* 24: from an output's weights to the next one's */
    int32_t y_next;                  /* 28: from a pixel's outputs to the next one's */
    int32_t rows;                    /* 32: at least one */
    int32_t words;                   /* 36 */
    int32_t rest;                    /* 40 */
    int32_t x_row;                   /* 44: from the end of a row of the window to the next one */
    int32_t w_row;                   /* 48: the same of the weights */
    int32_t low, high;               /* 52, 56: limits of what is written */
    uint32_t bias[PH_GROUP_OUTPUTS]; /* 60 */
    uint8_t shift[PH_GROUP_OUTPUTS]; /* 76: norm - 1, at least 1 */
} ph_pixels;

#if defined(PH_ARCH_XPULP)

typedef char ph_pixels_are_as_told[offsetof(ph_pixels, shift) == 76 && offsetof(ph_pixels, low) == 52 ? 1 : -1];

/* clang-format off */

/* In what follows a0 is the struct; a1 .. a3 are windows, a4 .. a7 weights; t0 .. t3 a word of each output's weights, t4
   and t5 words of windows. DOT adds a word's products; ONE loads a value and steps by STEP bytes; STORE writes one, and
   TWO and THREE are the bytes behind which the third and the fourth value lie. */
#define PH_DOTS(DOT, x, a, b, c) DOT(a, x, "t0") DOT(b, x, "t1") DOT(c, x, "t2")
#define PH_MACS(x, a, b, c, d) PH_P_MAC(a, x, "t0") PH_P_MAC(b, x, "t1") PH_P_MAC(c, x, "t2") PH_P_MAC(d, x, "t3")
#define PH_WORDS PH_P_LW("t0", "4", "a4") PH_P_LW("t1", "4", "a5") PH_P_LW("t2", "4", "a6") PH_P_LW("t3", "4", "a7")
#define PH_ONES(ONE, STEP) ONE("t0", STEP, "a4") ONE("t1", STEP, "a5") ONE("t2", STEP, "a6") ONE("t3", STEP, "a7")

#define PH_BEGIN_GROUP(a, b, c, d, left)                                              \
    "1: lw a1, 0(a0)\n lw a4, 4(a0)\n lw t0, 20(a0)\n lw t1, 24(a0)\n"                \
    "lw " a ", 60(a0)\n lw " b ", 64(a0)\n lw " c ", 68(a0)\n lw " d ", 72(a0)\n"     \
    "lw " left ", 32(a0)\n add a5, a4, t1\n add a6, a5, t1\n add a7, a6, t1\n"
#define PH_SAME(a, b, c, d) "mv " a ", s0\n mv " b ", s1\n mv " c ", s2\n mv " d ", s3\n"

/* A row of the window: a hardware loop over its words, if it has any, */
#define PH_BEGIN_ROW(left, halves)                                          \
    "2: lw t0, 36(a0)\n addi " left ", " left ", -1\n beqz t0, 4f\n"        \
    PH_LP_OPEN PH_LP_BEGIN("t0", halves)
/* and on to the next row, for which MORE moves the windows of the other pixels, by way of what is left over. */
#define PH_END_ROW(left, MORE)                                                                                \
    PH_LP_CLOSE "4: lw t0, 40(a0)\n lw t1, 44(a0)\n lw t2, 48(a0)\n bnez t0, 6f\n"                            \
    "5: beqz " left ", 7f\n add a1, a1, t1\n add a4, a4, t2\n add a5, a5, t2\n add a6, a6, t2\n"              \
    "add a7, a7, t2\n" MORE "j 2b\n"                                                                          \
    "6: mv ra, t0\n 3: addi ra, ra, -1\n"
#define PH_END_REST "bnez ra, 3b\n lw t1, 44(a0)\n lw t2, 48(a0)\n j 5b\n"

/* Sums are rounded, clipped and written. */
#define PH_BEGIN_WRITE                                                                \
    "7: lbu t0, 76(a0)\n lbu t1, 77(a0)\n lbu t2, 78(a0)\n lbu t3, 79(a0)\n"          \
    "lw a4, 52(a0)\n lw a5, 56(a0)\n lw a6, 8(a0)\n lw a7, 28(a0)\n"
#define PH_ROUND(sum, shift) \
    "sra " sum ", " sum ", " shift "\n" PH_P_ADDRN_1(sum, sum, "x0") PH_P_MAX(sum, sum, "a4") PH_P_MIN(sum, sum, "a5")
#define PH_WRITE(STORE, SECOND, THIRD, FOURTH, a, b, c, d)                                                    \
    PH_ROUND(a, "t0") PH_ROUND(b, "t1") PH_ROUND(c, "t2") PH_ROUND(d, "t3")                                   \
    STORE " " a ", 0(a6)\n" STORE " " b ", " SECOND "(a6)\n" STORE " " c ", " THIRD "(a6)\n"                  \
    STORE " " d ", " FOURTH "(a6)\n add a6, a6, a7\n"
#define PH_WRITE_S16(a, b, c, d) PH_WRITE("sh", "2", "4", "6", a, b, c, d)
#define PH_WRITE_S8(a, b, c, d) PH_WRITE("sb", "1", "2", "3", a, b, c, d)
#define PH_END_GROUP                                                                      \
    "lw t0, 0(a0)\n lw t1, 16(a0)\n lw t2, 12(a0)\n sw a6, 8(a0)\n add t0, t0, t1\n"      \
    "addi t2, t2, -1\n sw t0, 0(a0)\n sw t2, 12(a0)\n bnez t2, 1b\n"

/* One pixel: 9 instructions for the products of 4 words. */
#define PH_ONE_PIXEL(DOT, ONE, STEP, WRITE)                                                   \
    PH_BEGIN_GROUP("a2", "a3", "t5", "t6", "s0")                                              \
    PH_BEGIN_ROW("s0", "18")                                                                  \
    PH_P_LW("t4", "4", "a1") PH_WORDS                                                         \
    PH_DOTS(DOT, "t4", "a2", "a3", "t5") PH_LP_LAST DOT("t6", "t4", "t3")                     \
    PH_END_ROW("s0", "")                                                                      \
    ONE("t4", STEP, "a1") PH_ONES(ONE, STEP) PH_MACS("t4", "a2", "a3", "t5", "t6")            \
    PH_END_REST                                                                               \
    PH_BEGIN_WRITE WRITE("a2", "a3", "t5", "t6") PH_END_GROUP

/* Two: 14 instructions for 8 words. */
#define PH_TWO_PIXELS(DOT, ONE, STEP, WRITE)                                                  \
    PH_BEGIN_GROUP("s0", "s1", "s2", "s3", "t6")                                              \
    "add a2, a1, t0\n" PH_SAME("s4", "s5", "s6", "s7")                                        \
    PH_BEGIN_ROW("t6", "28")                                                                  \
    PH_WORDS PH_P_LW("t4", "4", "a1") PH_P_LW("t5", "4", "a2")                                \
    PH_DOTS(DOT, "t4", "s0", "s1", "s2") DOT("s3", "t4", "t3")                                \
    PH_DOTS(DOT, "t5", "s4", "s5", "s6") PH_LP_LAST DOT("s7", "t5", "t3")                     \
    PH_END_ROW("t6", "add a2, a2, t1\n")                                                      \
    PH_ONES(ONE, STEP) ONE("t4", STEP, "a1") ONE("t5", STEP, "a2")                            \
    PH_MACS("t4", "s0", "s1", "s2", "s3") PH_MACS("t5", "s4", "s5", "s6", "s7")               \
    PH_END_REST                                                                               \
    PH_BEGIN_WRITE WRITE("s0", "s1", "s2", "s3") WRITE("s4", "s5", "s6", "s7") PH_END_GROUP

/* Three: 19 instructions for 12 words. */
#define PH_THREE_PIXELS(DOT, ONE, STEP, WRITE)                                                \
    PH_BEGIN_GROUP("s0", "s1", "s2", "s3", "t6")                                              \
    "add a2, a1, t0\n add a3, a2, t0\n"                                                       \
    PH_SAME("s4", "s5", "s6", "s7") PH_SAME("s8", "s9", "s10", "s11")                         \
    PH_BEGIN_ROW("t6", "38")                                                                  \
    PH_WORDS PH_P_LW("t4", "4", "a1") PH_P_LW("t5", "4", "a2")                                \
    PH_DOTS(DOT, "t4", "s0", "s1", "s2") DOT("s3", "t4", "t3") PH_P_LW("t4", "4", "a3")       \
    PH_DOTS(DOT, "t5", "s4", "s5", "s6") DOT("s7", "t5", "t3")                                \
    PH_DOTS(DOT, "t4", "s8", "s9", "s10") PH_LP_LAST DOT("s11", "t4", "t3")                   \
    PH_END_ROW("t6", "add a2, a2, t1\n add a3, a3, t1\n")                                     \
    PH_ONES(ONE, STEP) ONE("t4", STEP, "a1") ONE("t5", STEP, "a2")                            \
    PH_MACS("t4", "s0", "s1", "s2", "s3") ONE("t4", STEP, "a3")                               \
    PH_MACS("t5", "s4", "s5", "s6", "s7") PH_MACS("t4", "s8", "s9", "s10", "s11")             \
    PH_END_REST                                                                               \
    PH_BEGIN_WRITE WRITE("s0", "s1", "s2", "s3") WRITE("s4", "s5", "s6", "s7")                \
    WRITE("s8", "s9", "s10", "s11") PH_END_GROUP

/* A function of its own has all registers. */
#define PH_DEFINE_GROUP(name, TEXT)                                                                            \
    static __attribute__((noinline)) void name(ph_pixels *of) {                                                \
        register ph_pixels *at __asm__("a0") = of;                                                             \
        __asm__ volatile(TEXT : "+r"(at) : : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", \
                         "a4", "a5", "a6", "a7", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9",   \
                         "s10", "s11", "memory");                                                              \
    }
#define PH_DEFINE_SMALL_GROUP(name, TEXT)                                                                      \
    static __attribute__((noinline)) void name(ph_pixels *of) {                                                \
        register ph_pixels *at __asm__("a0") = of;                                                             \
        __asm__ volatile(TEXT : "+r"(at) : : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a1", "a2", "a3", \
                         "a4", "a5", "a6", "a7", "s0", "memory");                                              \
    }
#define PH_DEFINE_GROUPS(name, DOT, ONE, STEP, WRITE)                       \
    PH_DEFINE_SMALL_GROUP(name##1, PH_ONE_PIXEL(DOT, ONE, STEP, WRITE))     \
    PH_DEFINE_GROUP(name##2, PH_TWO_PIXELS(DOT, ONE, STEP, WRITE))          \
    PH_DEFINE_GROUP(name##3, PH_THREE_PIXELS(DOT, ONE, STEP, WRITE))        \
    static inline void name(ph_pixels *of, int32_t pixels) {                \
        (pixels == 3 ? name##3 : pixels == 2 ? name##2 : name##1)(of);      \
    }
#define PH_DEFINE_PIXELS_S16(name) PH_DEFINE_GROUPS(name, PH_PV_SDOTSP_H, PH_P_LH, "2", PH_WRITE_S16)
#define PH_DEFINE_PIXELS_S8(name) PH_DEFINE_GROUPS(name, PH_PV_SDOTSP_B, PH_P_LB, "1", PH_WRITE_S8)
#define PH_DEFINE_PIXELS_S8_S16(name) PH_DEFINE_GROUPS(name, PH_PV_SDOTSP_B, PH_P_LB, "1", PH_WRITE_S16)

/* clang-format on */

#else

/* Makes the groups of so many pixels, 1 to 3. */
#define PH_DEFINE_GROUPS(name, VALUE, WRITTEN)                                                                         \
    static void name(ph_pixels *of, int32_t pixels) {                                                                  \
        const int32_t length = of->words * (int32_t)(4 / sizeof(VALUE)) + of->rest;                                    \
        const ptrdiff_t row = length * (ptrdiff_t)sizeof(VALUE);                                                       \
        for (; of->groups > 0; of->groups--, of->x = (const char *)of->x + of->x_group) {                              \
            for (int32_t n = 0; n < pixels; n++, of->y = (char *)of->y + of->y_next) {                                 \
                for (int32_t k = 0; k < PH_GROUP_OUTPUTS; k++) {                                                       \
                    const char *x = (const char *)of->x + n * (ptrdiff_t)of->x_next;                                   \
                    const char *w = (const char *)of->w + k * (ptrdiff_t)of->w_next;                                   \
                    uint32_t sum = of->bias[k];                                                                        \
                    for (int32_t y = 0; y < of->rows; y++, x += row + of->x_row, w += row + of->w_row) {               \
                        for (int32_t i = 0; i < length; i++) {                                                         \
                            sum +=                                                                                     \
                                (uint32_t)(((const VALUE *)(const void *)x)[i] * ((const VALUE *)(const void *)w)[i]); \
                        }                                                                                              \
                    }                                                                                                  \
                    const int32_t made = ph_shift_round32((int32_t)sum, of->shift[k] + 1u);                            \
                    ((WRITTEN *)of->y)[k] = (WRITTEN)ph_limit(made, of->low, of->high);                                \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
#define PH_DEFINE_PIXELS_S16(name) PH_DEFINE_GROUPS(name, int16_t, int16_t)
#define PH_DEFINE_PIXELS_S8(name) PH_DEFINE_GROUPS(name, int8_t, int8_t)
#define PH_DEFINE_PIXELS_S8_S16(name) PH_DEFINE_GROUPS(name, int8_t, int16_t)

#endif

#endif
