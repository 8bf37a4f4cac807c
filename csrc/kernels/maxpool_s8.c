#include "kernels/pool_check.h"

#include <stddef.h>
#include <string.h>

/* largest[c] = max(largest[c], candidate[c]) */
static void keep_larger(int32_t channels, const int8_t *restrict candidate, int8_t *restrict largest) {
    for (int32_t c = 0; c < channels; c++) {
        largest[c] = candidate[c] > largest[c] ? candidate[c] : largest[c];
    }
}

ph_status ph_maxpool_s8(ph_shape input_shape, int32_t size, int32_t stride, const int8_t *input, ph_shape output_shape,
                        int32_t channel, int8_t *output) {
    const int32_t channels = input_shape.channels;
    if (!ph_is_maxpool(input_shape, size, stride, output_shape, channel)) {
        return PH_BAD_SHAPE;
    }
    for (int32_t y = 0; y < output_shape.height; y++) {
        for (int32_t x = 0; x < output_shape.width; x++) {
            int8_t *out = output + ((ptrdiff_t)y * output_shape.width + x) * output_shape.channels + channel;
            for (int32_t ky = 0; ky < size; ky++) {
                const ptrdiff_t row = (ptrdiff_t)(y * stride + ky) * input_shape.width + x * stride;
                for (int32_t kx = 0; kx < size; kx++) {
                    const int8_t *in = input + (row + kx) * channels;
                    if (ky == 0 && kx == 0) {
                        memcpy(out, in, (size_t)channels * sizeof *out);
                    } else {
                        keep_larger(channels, in, out);
                    }
                }
            }
        }
    }
    return PH_OK;
}
