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

/* output[at + k] = clip(round((sums[k] + bias[k]) / 2^norm[k])), then ReLU; sum and bias are added modulo 2^32. */
static inline void ph_store(ph_output output, ptrdiff_t at, int32_t count, const int32_t *sums, const int32_t *bias,
                            const uint8_t *norm, bool relu) {
    if (output.s8) {
        for (int32_t k = 0; k < count; k++) {
            const int32_t total = (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]);
            output.s8[at + k] = (int8_t)ph_clip(ph_shift_round32(total, norm[k]), relu ? 0 : INT8_MIN, INT8_MAX);
        }
    } else {
        for (int32_t k = 0; k < count; k++) {
            const int32_t total = (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]);
            output.s16[at + k] = (int16_t)ph_clip(ph_shift_round32(total, norm[k]), relu ? 0 : INT16_MIN, INT16_MAX);
        }
    }
}

#endif
