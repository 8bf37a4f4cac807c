/* Where kernels that read 8 bits write to: 8 bits again, or 16 for what must keep its precision. */
#ifndef PEEPHOLE_KERNELS_OUTPUT_S8_H
#define PEEPHOLE_KERNELS_OUTPUT_S8_H

#include <stddef.h>

#include "arch/generic.h"

/* One of them is NULL. */
typedef struct {
    int8_t *s8;
    int16_t *s16;
} ph_output;

static inline bool ph_is_clip_to(ph_output output, int32_t low, int32_t high) {
    return output.s8 ? ph_is_clip(low, high, INT8_MIN, INT8_MAX) : ph_is_clip(low, high, INT16_MIN, INT16_MAX);
}

/* output[at + k] = round((sums[k] + bias[k]) / 2^norm[k]), clipped to low .. high; sum and bias are added modulo 2^32.
   Nothing that is read overlaps the output: compilers must be told, since a byte may else be part of anything. */
static inline void ph_store(ph_output output, ptrdiff_t at, int32_t count, const int32_t *restrict sums,
                            const int32_t *restrict bias, const uint8_t *restrict norm, int32_t low, int32_t high) {
    if (output.s8) {
        int8_t *restrict out = output.s8 + at;
        for (int32_t k = 0; k < count; k++) {
            const int32_t total = (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]);
            out[k] = (int8_t)ph_clip32(ph_shift_round32(total, norm[k]), low, high);
        }
    } else {
        int16_t *restrict out = output.s16 + at;
        for (int32_t k = 0; k < count; k++) {
            const int32_t total = (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]);
            out[k] = (int16_t)ph_clip32(ph_shift_round32(total, norm[k]), low, high);
        }
    }
}

#endif
