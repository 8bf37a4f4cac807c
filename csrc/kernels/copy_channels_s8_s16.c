#include <stddef.h>

#include "kernels/channels_check.h"

ph_status ph_copy_channels_s8_s16(const ph_copy_channels *layer, const int8_t *input, int16_t *output) {
    const ph_status status = ph_check_copy(layer, INT16_MIN, INT16_MAX);
    if (status != PH_OK) {
        return status;
    }
    const ptrdiff_t pixels = (ptrdiff_t)layer->input.height * layer->input.width;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const int8_t *in = input + pixel * layer->input.channels + layer->first;
        int16_t *out = output + pixel * layer->output.channels + layer->channel;
        for (int32_t c = 0; c < layer->count; c++) {
            out[c] = (int16_t)ph_shift_clip(in[c], layer);
        }
    }
    return PH_OK;
}
