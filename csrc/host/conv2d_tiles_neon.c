/* Packed convolutions for ARM of 64 bits, all of which have NEON. Values of 8 bits are widened when they are prepared.
 */
#include "host/conv2d_tiles.h"

#if PH_HAS_NEON_TILES
#include <arm_neon.h>

#define TILES ph_conv2d_tiles_neon
#define VECTOR int32x4_t
#define LANES 4
#define MOST 5
#define MOST_BLOCKS 1
#define HAS_NARROW 0
#define LOAD(words) vld1q_s32(words)
#define SET(value) vdupq_n_s32(value)
#define SET16(value) vreinterpretq_s32_s16(vdupq_n_s16(value))
#define ADD(a, b) vaddq_s32(a, b)
#define AND(a, b) vandq_s32(a, b)
#define LARGER(a, b) vreinterpretq_s32_s16(vmaxq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)))
#define SMALLER(a, b) vreinterpretq_s32_s16(vminq_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)))
#define SHIFT_EACH(a, counts) vshlq_s32(a, vnegq_s32(counts))
#define SHIFT_ONE(a) vshrq_n_s32(a, 1)
#define SPREAD(bytes) vdupq_n_s32(load_unit(bytes))
#define PACK(a, b) vreinterpretq_s32_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)))
#define DOT(narrow, sums, values, weights) ((void)(narrow), dot_unit(sums, values, weights))
#include <string.h>

/* Two products for each sum: those of the first two sums lie in the lower half, those of the others in the upper. */
static inline VECTOR dot_unit(VECTOR sums, VECTOR values, VECTOR weights) {
    const int16x8_t x = vreinterpretq_s16_s32(values), w = vreinterpretq_s16_s32(weights);
    return vaddq_s32(sums, vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(w)), vmull_high_s16(x, w)));
}

static inline void store16(VECTOR values, int32_t count, int16_t *output) {
    int16_t all[8];
    vst1q_s16(count < 8 ? all : output, vreinterpretq_s16_s32(values));
    if (count > 0 && count < 8) {
        memcpy(output, all, (size_t)count * sizeof *output);
    }
}

static inline void store8(VECTOR values, int32_t count, int8_t *output) {
    int8_t all[8];
    vst1_s8(count < 8 ? all : output, vqmovn_s16(vreinterpretq_s16_s32(values)));
    if (count > 0 && count < 8) {
        memcpy(output, all, (size_t)count);
    }
}

#include "host/conv2d_tiles_in.h"
#else
typedef int ph_conv2d_tiles_neon_is_absent; /* ISO C wants something in every file */
#endif
