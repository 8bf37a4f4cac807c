/* What becomes of the sums of a 16-bit convolution. */
#ifndef PEEPHOLE_KERNELS_CONV2D_ROUND_H
#define PEEPHOLE_KERNELS_CONV2D_ROUND_H

#include "arch/generic.h"

/* out[k] = round((sums[k] + bias[k]) / 2^norm[k]), clipped to low .. high, by the rule PH_FULL. sums: modulo 2^32 if
   accumulator_bits is 32. */
static inline void ph_store16(int32_t count, const int64_t *restrict sums, const int32_t *restrict bias,
                              const uint8_t *restrict norm, int32_t accumulator_bits, int32_t low, int32_t high,
                              int16_t *restrict out) {
    for (int32_t k = 0; k < count; k++) {
        const int64_t total =
            accumulator_bits == 32 ? (int32_t)((uint32_t)sums[k] + (uint32_t)bias[k]) : sums[k] + bias[k];
        out[k] = (int16_t)ph_clip64(ph_shift_round64(total, norm[k]), low, high);
    }
}

#endif
