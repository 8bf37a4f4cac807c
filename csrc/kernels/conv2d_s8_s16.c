#include "kernels/conv2d_s8.h"

ph_status ph_conv2d_s8_s16(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                           const uint8_t *norm, int16_t *output) {
    return ph_convolve_s8(layer, input, weight, bias, norm, (ph_output){.s16 = output});
}
