/* Dot products for machines without vectors: what is loaded once is multiplied as often as registers allow. */
#ifndef PEEPHOLE_ARCH_SCALAR_H
#define PEEPHOLE_ARCH_SCALAR_H

#include "arch/generic.h"

/* Pixels that are computed together, of four outputs each: with 12 sums, 7 pointers and 4 values the 28 registers that
   a compiler for RV32 has are full, and 12 products need 7 loads. */
enum { PH_BLOCK_PIXELS = 3, PH_BLOCK_SUMS = 4 * PH_BLOCK_PIXELS };

/* sum += x * w modulo 2^32, here and now: a compiler that adds in another order, or begins later loads early, needs
   more registers than there are. */
#if defined(__GNUC__)
#define PH_ADD_PRODUCT(sum, x, w)                                                                                      \
    do {                                                                                                               \
        (sum) += (uint32_t)((x) * (w));                                                                                \
        __asm__ volatile("" : "+r"(sum) : : "memory");                                                                 \
    } while (0)
#else
#define PH_ADD_PRODUCT(sum, x, w) ((sum) += (uint32_t)((x) * (w)))
#endif

/* sums[4 * n + k] += sum over the patch of input * weight, of output k and of the pixel n, whose patch begins
   n * pixel_step values after input, modulo 2^32. These are functions of their own, so that they have all registers. */
void ph_dot4x3_s16(const ph_patch *patch, ptrdiff_t pixel_step, const int16_t *input, const int16_t *weight,
                   uint32_t sums[PH_BLOCK_SUMS]);

/* The same of one pixel: sums[k] += sum over the patch of output k. */
void ph_dot4x1_s16(const ph_patch *patch, const int16_t *input, const int16_t *weight, uint32_t sums[4]);

void ph_dot4x3_s8(const ph_patch *patch, ptrdiff_t pixel_step, const int8_t *input, const int8_t *weight,
                  uint32_t sums[PH_BLOCK_SUMS]);
void ph_dot4x1_s8(const ph_patch *patch, const int8_t *input, const int8_t *weight, uint32_t sums[4]);

#endif
