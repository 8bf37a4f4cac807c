#include <stddef.h>

#include "kernels/channels_check.h"

ph_status ph_shuffle_channels_s16(const ph_shuffle_channels *layer, const int16_t *input, int16_t *output) {
    if (!ph_is_shuffle(layer)) {
        return PH_BAD_SHAPE;
    }
    const int32_t size = layer->input.channels / layer->groups;
    const ptrdiff_t pixels = (ptrdiff_t)layer->input.height * layer->input.width;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel++) {
        const int16_t *in = input + pixel * layer->input.channels;
        int16_t *out = output + pixel * layer->output.channels + layer->channel;
        for (int32_t g = 0; g < layer->groups; g++) {
            for (int32_t k = 0; k < size; k++) {
                out[k * layer->groups + g] = in[g * size + k];
            }
        }
    }
    return PH_OK;
}
