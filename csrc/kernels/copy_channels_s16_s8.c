#include <stddef.h>

#include "kernels/channels_check.h"

ph_status ph_copy_channels_s16_s8(const ph_copy_channels *layer, const int16_t *input, int8_t *output) {
    const ph_status status = ph_check_copy(layer, INT8_MIN, INT8_MAX);
    if (status != PH_OK) {
        return status;
    }
    const ptrdiff_t pixels = (ptrdiff_t)layer->input.height * layer->input.width;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const int16_t *in = input + pixel * layer->input.channels + layer->first;
        int8_t *out = output + pixel * layer->output.channels + layer->channel;
        for (int32_t c = 0; c < layer->count; c++) {
            out[c] = (int8_t)ph_shift_clip(in[c], layer);
        }
    }
    return PH_OK;
}
