/* Dot products and limits with the instructions of Xpulp, which GAP8's cores have, where PH_ARCH_XPULP is defined; else
   the same bits in portable C. Words may be read from any address: the cores take one cycle more where it is no
   multiple of 4 bytes. */
#ifndef PEEPHOLE_ARCH_XPULP_H
#define PEEPHOLE_ARCH_XPULP_H

#include "arch/generic.h"

#if defined(PH_ARCH_XPULP)
#include "arch/xpulp_insn.h"
#endif

/* Sums of four outputs of two pixels: sums[4 * n + k] is that of pixel n and output k. */
enum { PH_TILE_PIXELS = 2, PH_TILE_OUTPUTS = 4, PH_TILE_SUMS = 8 };

/* Where the runs of such a tile begin: those of its pixels and of the weights of its outputs. */
typedef struct {
    const int16_t *x0, *x1;
    const int16_t *w0, *w1, *w2, *w3;
} ph_runs_s16;

#if defined(PH_ARCH_XPULP)

/* sum + a * b, modulo 2^32. */
static inline uint32_t ph_mac(uint32_t sum, int32_t a, int32_t b) {
    __asm__(PH_P_MAC("%0", "%1", "%2") : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

/* Each of two values of 16 bits in a word by itself: the larger one. */
static inline uint32_t ph_max2(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm__(PH_PV_MAX_H("%0", "%1", "%2") : "=r"(larger) : "r"(a), "r"(b));
    return larger;
}

/* Two values side by side, which may begin at any address. */
static inline uint32_t ph_load2(const int16_t *values) {
    uint32_t two;
    __asm__("lw %0, %1" : "=r"(two) : "m"(*(const int16_t (*)[2])values));
    return two;
}

static inline void ph_store2(int16_t *values, uint32_t two) {
    __asm__("sw %1, %0" : "=m"(*(int16_t (*)[2])values) : "r"(two));
}

/* The value, raised to low and then lowered to high. */
static inline int32_t ph_limit(int32_t value, int32_t low, int32_t high) {
    __asm__(PH_P_MAX("%0", "%0", "%1") PH_P_MIN("%0", "%0", "%2") : "+&r"(value) : "r"(low), "r"(high));
    return value;
}

/* Stands between whoever wrote what the tiles below read and these, which do not tell the compiler that they read it:
   it would load again, after every tile, all that it knows. */
static inline void ph_fence(void) {
    __asm__ volatile("" : : : "memory");
}

/* Adds the products of `words` words, at least one, of two values each, and leaves the runs behind them: 6 loads and 8
   dot products make 16 products. Names of registers stand for what is loaded, as gcc takes no more than 30 operands. */
static inline void ph_tile4x2_s16(int32_t words, ph_runs_s16 *runs, uint32_t sums[PH_TILE_SUMS]) {
    uint32_t a0 = sums[0], b0 = sums[1], c0 = sums[2], d0 = sums[3];
    uint32_t a1 = sums[4], b1 = sums[5], c1 = sums[6], d1 = sums[7];
    const int16_t *x0 = runs->x0, *x1 = runs->x1;
    const int16_t *w0 = runs->w0, *w1 = runs->w1, *w2 = runs->w2, *w3 = runs->w3;
    __asm__ volatile(
        PH_LP_OPEN PH_LP_BEGIN("%[words]", "28")                                /* 14 instructions */
        PH_P_LW("t0", "4", "%[w0]") PH_P_LW("t1", "4", "%[w1]")                 /**/
        PH_P_LW("t2", "4", "%[w2]") PH_P_LW("t3", "4", "%[w3]")                 /**/
        PH_P_LW("t4", "4", "%[x0]") PH_P_LW("t5", "4", "%[x1]")                 /**/
        PH_PV_SDOTSP_H("%[a0]", "t4", "t0") PH_PV_SDOTSP_H("%[b0]", "t4", "t1") /**/
        PH_PV_SDOTSP_H("%[c0]", "t4", "t2") PH_PV_SDOTSP_H("%[d0]", "t4", "t3") /**/
        PH_PV_SDOTSP_H("%[a1]", "t5", "t0") PH_PV_SDOTSP_H("%[b1]", "t5", "t1") /**/
        PH_PV_SDOTSP_H("%[c1]", "t5", "t2")                                     /**/
        PH_LP_LAST PH_PV_SDOTSP_H("%[d1]", "t5", "t3") PH_LP_CLOSE
        : [a0] "+r"(a0), [b0] "+r"(b0), [c0] "+r"(c0), [d0] "+r"(d0), [a1] "+r"(a1), [b1] "+r"(b1), [c1] "+r"(c1),
          [d1] "+r"(d1), [x0] "+r"(x0), [x1] "+r"(x1), [w0] "+r"(w0), [w1] "+r"(w1), [w2] "+r"(w2), [w3] "+r"(w3)
        : [words] "r"(words)
        : "t0", "t1", "t2", "t3", "t4", "t5");
    *runs = (ph_runs_s16){x0, x1, w0, w1, w2, w3};
    sums[0] = a0, sums[1] = b0, sums[2] = c0, sums[3] = d0;
    sums[4] = a1, sums[5] = b1, sums[6] = c1, sums[7] = d1;
}

/* The same of the first pixel alone: 5 loads and 4 dot products make 8 products. */
static inline void ph_tile4x1_s16(int32_t words, ph_runs_s16 *runs, uint32_t sums[PH_TILE_OUTPUTS]) {
    uint32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    const int16_t *x = runs->x0;
    const int16_t *w0 = runs->w0, *w1 = runs->w1, *w2 = runs->w2, *w3 = runs->w3;
    __asm__ volatile(PH_LP_OPEN PH_LP_BEGIN("%[words]", "18")                              /* 9 instructions */
                     PH_P_LW("t4", "4", "%[x]")                                            /**/
                     PH_P_LW("t0", "4", "%[w0]") PH_P_LW("t1", "4", "%[w1]")               /**/
                     PH_P_LW("t2", "4", "%[w2]") PH_P_LW("t3", "4", "%[w3]")               /**/
                     PH_PV_SDOTSP_H("%[a]", "t4", "t0") PH_PV_SDOTSP_H("%[b]", "t4", "t1") /**/
                     PH_PV_SDOTSP_H("%[c]", "t4", "t2")                                    /**/
                     PH_LP_LAST PH_PV_SDOTSP_H("%[d]", "t4", "t3") PH_LP_CLOSE
                     : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [x] "+r"(x), [w0] "+r"(w0), [w1] "+r"(w1),
                       [w2] "+r"(w2), [w3] "+r"(w3)
                     : [words] "r"(words)
                     : "t0", "t1", "t2", "t3", "t4");
    runs->x0 = x;
    runs->w0 = w0, runs->w1 = w1, runs->w2 = w2, runs->w3 = w3;
    sums[0] = a, sums[1] = b, sums[2] = c, sums[3] = d;
}

#else

static inline uint32_t ph_mac(uint32_t sum, int32_t a, int32_t b) {
    return sum + (uint32_t)a * (uint32_t)b;
}

static inline uint32_t ph_max2(uint32_t a, uint32_t b) {
    const int16_t a0 = (int16_t)a, a1 = (int16_t)(a >> 16);
    const int16_t b0 = (int16_t)b, b1 = (int16_t)(b >> 16);
    return (uint16_t)(a0 > b0 ? a0 : b0) | (uint32_t)(uint16_t)(a1 > b1 ? a1 : b1) << 16;
}

static inline uint32_t ph_load2(const int16_t *values) {
    return (uint16_t)values[0] | (uint32_t)(uint16_t)values[1] << 16;
}

static inline void ph_store2(int16_t *values, uint32_t two) {
    values[0] = (int16_t)two;
    values[1] = (int16_t)(two >> 16);
}

static inline int32_t ph_limit(int32_t value, int32_t low, int32_t high) {
    return ph_clip32(value, low, high);
}

static inline void ph_fence(void) {
}

static inline void ph_tile4x1_s16(int32_t words, ph_runs_s16 *runs, uint32_t sums[PH_TILE_OUTPUTS]) {
    for (int32_t i = 0; i < 2 * words; i++) {
        const int32_t x = *runs->x0++;
        sums[0] += (uint32_t)(x * *runs->w0++);
        sums[1] += (uint32_t)(x * *runs->w1++);
        sums[2] += (uint32_t)(x * *runs->w2++);
        sums[3] += (uint32_t)(x * *runs->w3++);
    }
}

static inline void ph_tile4x2_s16(int32_t words, ph_runs_s16 *runs, uint32_t sums[PH_TILE_SUMS]) {
    ph_runs_s16 second = *runs;
    second.x0 = runs->x1;
    ph_tile4x1_s16(words, &second, sums + PH_TILE_OUTPUTS);
    ph_tile4x1_s16(words, runs, sums);
    runs->x1 = second.x0;
}

#endif

/* The products of one value more of each run. */
static inline void ph_tile4x1_rest_s16(const ph_runs_s16 *runs, uint32_t sums[PH_TILE_OUTPUTS]) {
    const int32_t x = *runs->x0;
    sums[0] = ph_mac(sums[0], x, *runs->w0);
    sums[1] = ph_mac(sums[1], x, *runs->w1);
    sums[2] = ph_mac(sums[2], x, *runs->w2);
    sums[3] = ph_mac(sums[3], x, *runs->w3);
}

static inline void ph_tile4x2_rest_s16(ph_runs_s16 *runs, uint32_t sums[PH_TILE_SUMS]) {
    ph_tile4x1_rest_s16(runs, sums);
    runs->x0 = runs->x1;
    ph_tile4x1_rest_s16(runs, sums + PH_TILE_OUTPUTS);
}

/* sums[4 * n + k] += sum over the patch of input * weight, of the pixel n whose patch begins n * pixel_step values
   after input and of output k, modulo 2^32. */
static inline void ph_dot4x2_s16(const ph_patch *patch, ptrdiff_t pixel_step, const int16_t *input,
                                 const int16_t *weight, uint32_t sums[PH_TILE_SUMS]) {
    const int32_t words = patch->length >> 1;
    const ptrdiff_t next = patch->output_step;
    for (int32_t row = 0; row < patch->rows; row++, input += patch->input_step, weight += patch->weight_step) {
        ph_runs_s16 runs = {input, input + pixel_step, weight, weight + next, weight + 2 * next, weight + 3 * next};
        if (words > 0) {
            ph_tile4x2_s16(words, &runs, sums);
        }
        if (patch->length & 1) {
            ph_tile4x2_rest_s16(&runs, sums);
        }
    }
}

/* The same of one pixel: sums[k] += sum over the patch. */
static inline void ph_dot4x1_s16(const ph_patch *patch, const int16_t *input, const int16_t *weight,
                                 uint32_t sums[PH_TILE_OUTPUTS]) {
    const int32_t words = patch->length >> 1;
    const ptrdiff_t next = patch->output_step;
    for (int32_t row = 0; row < patch->rows; row++, input += patch->input_step, weight += patch->weight_step) {
        ph_runs_s16 runs = {input, input, weight, weight + next, weight + 2 * next, weight + 3 * next};
        if (words > 0) {
            ph_tile4x1_s16(words, &runs, sums);
        }
        if (patch->length & 1) {
            ph_tile4x1_rest_s16(&runs, sums);
        }
    }
}

#endif
