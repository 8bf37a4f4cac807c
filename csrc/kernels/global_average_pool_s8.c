#include "arch/generic.h"
#include "kernels/pool_check.h"

ph_status ph_global_average_pool_s8(ph_shape input_shape, int32_t factor, uint8_t shift, const int8_t *input,
                                    ph_shape output_shape, int32_t channel, int8_t *output) {
    const ph_status status = ph_check_average(input_shape, factor, shift, output_shape, channel);
    if (status != PH_OK) {
        return status;
    }
    const int64_t pixels = (int64_t)input_shape.height * input_shape.width;
    for (int32_t c = 0; c < input_shape.channels; c++) {
        int64_t sum = 0;
        for (int64_t pixel = 0; pixel < pixels; pixel++) {
            sum += input[pixel * input_shape.channels + c];
        }
        output[channel + c] = (int8_t)ph_clip64(ph_shift_round64(sum * factor, shift), INT8_MIN, INT8_MAX);
    }
    return PH_OK;
}
