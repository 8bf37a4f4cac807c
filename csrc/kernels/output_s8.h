/* Where kernels that read 8 bits write to: 8 bits again, or 16 for what must keep its precision. */
#ifndef PEEPHOLE_KERNELS_OUTPUT_S8_H
#define PEEPHOLE_KERNELS_OUTPUT_S8_H

#include <stdbool.h>
#include <stddef.h>

#include "arch/generic.h"

/* One of them is NULL. */
typedef struct {
    int8_t *s8;
    int16_t *s16;
} ph_output;

static inline int32_t ph_clip(int32_t value, int32_t least, int32_t greatest) {
    return value < least ? least : value > greatest ? greatest : value;
}

/* output[at + k] = clip(round((sums[k] + bias[k]) / 2^norm[k])), then ReLU; sum and bias are added modulo 2^32. Nothing
   that is read overlaps the output: compilers must be told, since a byte may else be part of anything. */
static inline void ph_store(ph_output output, ptrdiff_t at, int32_t count, const int32_t *restrict sums,
                            const int32_t *restrict bias, const uint8_t *restrict norm, bool relu) {
    if (output.s8) {
        int8_t *restrict out = output.s8 + at;
        const int32_t least = relu ? 0 : INT8_MIN;
        for (int32_t k = 0; k < count; k++) {
            const int32_t total = (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]);
            out[k] = (int8_t)ph_clip(ph_shift_round32(total, norm[k]), least, INT8_MAX);
        }
    } else {
        int16_t *restrict out = output.s16 + at;
        const int32_t least = relu ? 0 : INT16_MIN;
        for (int32_t k = 0; k < count; k++) {
            const int32_t total = (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]);
            out[k] = (int16_t)ph_clip(ph_shift_round32(total, norm[k]), least, INT16_MAX);
        }
    }
}

#endif
