#include <stddef.h>

#include "arch/generic.h"
#include "kernels/pool_check.h"

/* largest[c] = the largest of three taps, and of itself where it has been written before. */
static void keep_larger(int32_t channels, const int16_t *restrict a, const int16_t *restrict b,
                        const int16_t *restrict c, bool again, int16_t *restrict largest) {
    if (again) {
        for (int32_t k = 0; k < channels; k++) {
            largest[k] = (int16_t)ph_larger16(ph_larger16(a[k], b[k]), ph_larger16(c[k], largest[k]));
        }
    } else {
        for (int32_t k = 0; k < channels; k++) {
            largest[k] = (int16_t)ph_larger16(ph_larger16(a[k], b[k]), c[k]);
        }
    }
}

/* The largest of the taps that meet the input, of which there is at least one: three of a row at a time, the last of
   them again where there are not so many. */
static void pool_window(const ph_max_pool *layer, ph_span rows, ph_span columns, const int16_t *input,
                        int16_t *output) {
    const int32_t channels = layer->input.channels;
    const ptrdiff_t step = (ptrdiff_t)layer->window.dilation_x * channels;
    for (int32_t ky = 0; ky < rows.count; ky++) {
        const ptrdiff_t row = (ptrdiff_t)(rows.start + ky * layer->window.dilation_y) * layer->input.width;
        const int16_t *first = input + (row + columns.start) * channels;
        for (int32_t kx = 0; kx < columns.count; kx += 3) {
            const int32_t second = kx + 1 < columns.count ? kx + 1 : kx;
            const int32_t third = second + 1 < columns.count ? second + 1 : second;
            keep_larger(channels, first + kx * step, first + second * step, first + third * step, ky + kx > 0, output);
        }
    }
}

ph_status ph_max_pool_s16(const ph_max_pool *layer, const int16_t *input, int16_t *output) {
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
