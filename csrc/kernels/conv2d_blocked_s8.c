#include "arch/scalar.h"
#include "kernels/output_s8.h"

#define VALUE int8_t
#define OUTPUT ph_output

static inline void dot_three(const ph_patch *patch, ptrdiff_t pixel_step, const VALUE *input, const VALUE *weight,
                             uint32_t sums[PH_BLOCK_SUMS]) {
    ph_dot4x3_s8(patch, pixel_step, input, weight, sums);
}

static inline void dot_one(const ph_patch *patch, const VALUE *input, const VALUE *weight, uint32_t sums[4]) {
    ph_dot4x1_s8(patch, input, weight, sums);
}

static inline OUTPUT behind(OUTPUT output, ptrdiff_t values) {
    return output.s8 ? (OUTPUT){.s8 = output.s8 + values} : (OUTPUT){.s16 = output.s16 + values};
}

static inline void put(OUTPUT output, ptrdiff_t at, int32_t value) {
    if (output.s8) {
        output.s8[at] = (int8_t)value;
    } else {
        output.s16[at] = (int16_t)value;
    }
}

#include "kernels/conv2d_blocks.h"

void ph_conv2d_blocked_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                          const uint8_t *norm, ph_output output) {
    convolve_blocks(layer, input, weight, bias, norm, output);
}
