#include "peephole/pool.h"

#include <stddef.h>
#include <string.h>

ph_status ph_copy_channels_s16(ph_shape input_shape, const int16_t *input, ph_shape output_shape, int32_t channel,
                               int16_t *output) {
    if (!ph_is_shape(input_shape) || !ph_is_shape(output_shape) || input_shape.height != output_shape.height ||
        input_shape.width != output_shape.width || !ph_is_slice(output_shape, channel, input_shape.channels)) {
        return PH_BAD_SHAPE;
    }
    const ptrdiff_t pixels = (ptrdiff_t)input_shape.height * input_shape.width;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        memcpy(output + pixel * output_shape.channels + channel, input + pixel * input_shape.channels,
               (size_t)input_shape.channels * sizeof *output);
    }
    return PH_OK;
}
