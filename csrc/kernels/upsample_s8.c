#include <stddef.h>
#include <string.h>

#include "kernels/upsample_check.h"

ph_status ph_upsample_s8(const ph_upsample *layer, const int8_t *input, int8_t *output) {
    if (!ph_is_upsample(layer)) {
        return PH_BAD_SHAPE;
    }
    const ptrdiff_t read = layer->input.channels, written = layer->output.channels;
    for (int32_t y = 0; y < layer->output.height; y++) {
        const int8_t *in = input + (ptrdiff_t)(y / 2) * layer->input.width * read;
        int8_t *out = output + (ptrdiff_t)y * layer->output.width * written + layer->channel;
        for (int32_t x = 0; x < layer->input.width; x++, in += read, out += 2 * written) {
            memcpy(out, in, (size_t)read * sizeof *out);
            memcpy(out + written, in, (size_t)read * sizeof *out);
        }
    }
    return PH_OK;
}
