#include "arch/scalar.h"

#define VALUE int16_t
#define OUTPUT int16_t *

static inline void dot_three(const ph_patch *patch, ptrdiff_t pixel_step, const VALUE *input, const VALUE *weight,
                             uint32_t sums[PH_BLOCK_SUMS]) {
    ph_dot4x3_s16(patch, pixel_step, input, weight, sums);
}

static inline void dot_one(const ph_patch *patch, const VALUE *input, const VALUE *weight, uint32_t sums[4]) {
    ph_dot4x1_s16(patch, input, weight, sums);
}

static inline OUTPUT behind(OUTPUT output, ptrdiff_t values) {
    return output + values;
}

static inline void put(OUTPUT output, ptrdiff_t at, int32_t value) {
    output[at] = (int16_t)value;
}

#include "kernels/conv2d_blocks.h"

void ph_conv2d_blocked_s16(const ph_conv2d *layer, const int16_t *input, const int16_t *weight, const int32_t *bias,
                           const uint8_t *norm, int16_t *output) {
    convolve_blocks(layer, input, weight, bias, norm, output);
}
