/* The inline primitives in portable C. A port replaces the dot product by one of the same bits (arch/dot4.h chooses).
 */
#ifndef PEEPHOLE_ARCH_GENERIC_H
#define PEEPHOLE_ARCH_GENERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Right shifts of negative numbers must be arithmetic, as on every machine that we know of. */
typedef char ph_shifts_are_arithmetic[((-1) >> 1) == -1 ? 1 : -1];

/* Has this machine no vectors that the compiler may use? Then kernels share what they load among sums in registers
   (arch/scalar.h), where they else lay work side by side. */
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__riscv_vector)
#define PH_IS_SCALAR 0
#else
#define PH_IS_SCALAR 1
#endif

/* A value of 16 bits by itself: as it lies in vectors, or as wide as the registers, where narrow ones cost shifts. */
#if PH_IS_SCALAR
typedef int32_t ph_value16;
#else
typedef int16_t ph_value16;
#endif

static inline ph_value16 ph_larger16(ph_value16 a, ph_value16 b) {
    return a > b ? a : b;
}

static inline int64_t ph_clip64(int64_t value, int32_t low, int32_t high) {
    const int64_t raised = value < low ? low : value; /* in two steps, of which compilers make no jumps */
    return raised > high ? high : raised;
}

static inline int32_t ph_clip32(int32_t value, int32_t low, int32_t high) {
    const int32_t raised = value < low ? low : value; /* in two steps, of which compilers make no jumps */
    return raised > high ? high : raised;
}

/* Can a clip to low .. high be what is written last to a type of these limits? */
static inline bool ph_is_clip(int32_t low, int32_t high, int32_t least, int32_t greatest) {
    return least <= low && low <= high && high <= greatest;
}

/* round(value / 2^shift), halves upwards; shift 0 adds no half. |value| < 2^62, shift < 62. */
static inline int64_t ph_shift_round64(int64_t value, unsigned shift) {
    const int64_t half = shift ? (int64_t)1 << (shift - 1) : 0;
    return (value + half) >> shift;
}

/* round(value / 2^shift), halves upwards, in 32 bits: what a half added before the shift could make overflow is added
   after it. shift <= 31. */
static inline int32_t ph_shift_round32(int32_t value, unsigned shift) {
    const unsigned some = shift != 0;
    const int32_t doubled = value >> (shift - some);
    return (doubled >> some) + (doubled & (int32_t)some);
}

/* The part of a convolution that makes one output pixel: `rows` runs of `length` values that lie without gaps in the
   input [H,W,I] and in the weights [O,KH,KW,I] alike. The steps count values from one run, or one output, to the next.
 */
typedef struct {
    int32_t rows;
    int32_t length;
    ptrdiff_t input_step;
    ptrdiff_t weight_step;
    ptrdiff_t output_step;
} ph_patch;

/* sums[k] = sum over the patch of input * weight of output k, k = 0..3, modulo 2^32 as a signed number. */
static inline void ph_dot4_wrap32_generic(const ph_patch *patch, const int16_t *input, const int16_t *weight,
                                          int64_t sums[4]) {
    for (int32_t k = 0; k < 4; k++) {
        uint32_t sum = 0;
        for (int32_t row = 0; row < patch->rows; row++) {
            const int16_t *x = input + row * patch->input_step;
            const int16_t *w = weight + k * patch->output_step + row * patch->weight_step;
            for (int32_t i = 0; i < patch->length; i++) {
                sum += (uint32_t)((int32_t)x[i] * w[i]);
            }
        }
        sums[k] = (int32_t)sum;
    }
}

/* The sums of int8 values and weights, modulo 2^32. */
static inline void ph_dot4_s8_generic(const ph_patch *patch, const int8_t *input, const int8_t *weight,
                                      int32_t sums[4]) {
    for (int32_t k = 0; k < 4; k++) {
        uint32_t sum = 0;
        for (int32_t row = 0; row < patch->rows; row++) {
            const int8_t *x = input + row * patch->input_step;
            const int8_t *w = weight + k * patch->output_step + row * patch->weight_step;
            for (int32_t i = 0; i < patch->length; i++) {
                sum += (uint32_t)((int32_t)x[i] * w[i]);
            }
        }
        sums[k] = (int32_t)sum;
    }
}

/* The exact sum of one run. Every input value is cut into its high and its low byte, x = 256 * high + low with
   -128 <= high <= 127 and 0 <= low <= 255: 256 products of a byte and a weight stay below 256 * 255 * 2^15 < 2^31 in
   size, so that two 32-bit sums do for a stretch what a 64-bit one would; compilers make fast vector code of that, and
   a machine of 32 bits is no slower for it. */
static inline int64_t ph_dot_exact_generic(int32_t length, const int16_t *x, const int16_t *w) {
    int64_t sum = 0;
    for (int32_t start = 0; start < length; start += 256) {
        const int32_t end = length - start < 256 ? length : start + 256;
        int32_t high_sum = 0;
        int32_t low_sum = 0;
        for (int32_t i = start; i < end; i++) {
            const int16_t high = (int16_t)(x[i] >> 8);
            const int16_t low = (int16_t)(x[i] & 255);
            high_sum += (int32_t)high * w[i];
            low_sum += (int32_t)low * w[i];
        }
        sum += (int64_t)high_sum * 256 + low_sum;
    }
    return sum;
}

/* The same sums as above, exact. */
static inline void ph_dot4_exact_generic(const ph_patch *patch, const int16_t *input, const int16_t *weight,
                                         int64_t sums[4]) {
    for (int32_t k = 0; k < 4; k++) {
        sums[k] = 0;
        for (int32_t row = 0; row < patch->rows; row++) {
            sums[k] += ph_dot_exact_generic(patch->length, input + row * patch->input_step,
                                            weight + k * patch->output_step + row * patch->weight_step);
        }
    }
}

#endif
