#include "peephole/pool.h"

#include "arch/generic.h"

ph_status ph_global_average_pool_s16(ph_shape input_shape, int32_t factor, uint8_t shift, const int16_t *input,
                                     ph_shape output_shape, int32_t channel, int16_t *output) {
    if (!ph_is_shape(input_shape) || !ph_is_shape(output_shape) || output_shape.height != 1 ||
        output_shape.width != 1 || !ph_is_slice(output_shape, channel, input_shape.channels)) {
        return PH_BAD_SHAPE;
    }
    const int64_t pixels = (int64_t)input_shape.height * input_shape.width;
    if (factor < 0 || shift > 61 || (factor > 0 && pixels > (INT64_C(1) << 62) / 32768 / factor)) {
        return PH_BAD_ARGUMENT;
    }
    for (int32_t c = 0; c < input_shape.channels; c++) {
        int64_t sum = 0;
        for (int64_t pixel = 0; pixel < pixels; pixel++) {
            sum += input[pixel * input_shape.channels + c];
        }
        output[channel + c] = ph_shift_round_clip16(sum * factor, shift);
    }
    return PH_OK;
}
