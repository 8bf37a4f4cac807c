/* What becomes of the sum of a 16-bit convolution. */
#ifndef PEEPHOLE_KERNELS_CONV2D_ROUND_H
#define PEEPHOLE_KERNELS_CONV2D_ROUND_H

#include "arch/generic.h"
#include "peephole/conv2d.h"

static inline int16_t ph_relu16(int16_t value, bool relu) {
    return (int16_t)(relu && value < 0 ? 0 : value);
}

/* Bias, rounding, clip and ReLU, by the rule PH_FULL. sum: modulo 2^32 if accumulator_bits is 32. */
static inline int16_t ph_finish16(int64_t sum, int32_t bias, uint8_t norm, int32_t accumulator_bits, bool relu) {
    const int64_t total = accumulator_bits == 32 ? (int32_t)((uint32_t)sum + (uint32_t)bias) : sum + bias;
    return ph_relu16(ph_shift_round_clip16(total, norm), relu);
}

#endif
