#include <stddef.h>
#include <string.h>

#include "kernels/pool_check.h"

/* largest[c] = max(largest[c], candidate[c]) */
static void keep_larger(int32_t channels, const int8_t *restrict candidate, int8_t *restrict largest) {
    for (int32_t c = 0; c < channels; c++) {
        largest[c] = candidate[c] > largest[c] ? candidate[c] : largest[c];
    }
}

/* The largest of the taps that meet the input, of which there is at least one. */
static void pool_window(const ph_max_pool *layer, ph_span rows, ph_span columns, const int8_t *input, int8_t *output) {
    const int32_t channels = layer->input.channels;
    for (int32_t ky = 0; ky < rows.count; ky++) {
        const ptrdiff_t row = (ptrdiff_t)(rows.start + ky * layer->window.dilation_y) * layer->input.width;
        for (int32_t kx = 0; kx < columns.count; kx++) {
            const int8_t *in = input + (row + columns.start + kx * layer->window.dilation_x) * channels;
            if (ky == 0 && kx == 0) {
                memcpy(output, in, (size_t)channels * sizeof *output);
            } else {
                keep_larger(channels, in, output);
            }
        }
    }
}

ph_status ph_max_pool_s8(const ph_max_pool *layer, const int8_t *input, int8_t *output) {
    if (!ph_is_max_pool(layer)) {
        return PH_BAD_SHAPE;
    }
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            const ptrdiff_t out = ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel;
            pool_window(layer, rows, ph_span_at(&along, x), input, output + out);
        }
    }
    return PH_OK;
}
