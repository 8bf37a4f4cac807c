#include <string.h>

#include "arch/xpulp.h"
#include "kernels/pool_check.h"
#include "ports/gap8/parts.h"

static inline uint32_t load_pair(const int16_t *values) {
    uint32_t pair;
    memcpy(&pair, values, sizeof pair);
    return pair;
}

/* The channels first .. first + count - 1 of one pixel of the output. */
static void pool_window(const ph_max_pool *layer, ph_span rows, ph_span columns, int32_t first, int32_t count,
                        const int16_t *input, int16_t *output) {
    const ptrdiff_t step_x = (ptrdiff_t)layer->window.dilation_x * layer->input.channels;
    const ptrdiff_t step_y = (ptrdiff_t)layer->window.dilation_y * layer->input.width * layer->input.channels;
    const int16_t *from = input + ((ptrdiff_t)rows.start * layer->input.width + columns.start) * layer->input.channels;
    for (int32_t c = first; c < first + count; c += 2) {
        const bool pair = c + 1 < first + count;
        uint32_t largest = pair ? load_pair(from + c) : (uint16_t)from[c];
        for (int32_t ky = 0; ky < rows.count; ky++) {
            const int16_t *at = from + ky * step_y + c;
            for (int32_t kx = 0; kx < columns.count; kx++, at += step_x) {
                largest = ph_max2(largest, pair ? load_pair(at) : (uint16_t)*at);
            }
        }
        memcpy(output + c, &largest, pair ? sizeof largest : sizeof *output);
    }
}

void ph_max_pool_part_s16(const ph_max_pool *layer, const int16_t *input, int16_t *output, ph_share share) {
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    const int32_t channels = layer->input.channels;
    const int32_t pairs = (channels + 1) / 2;
    const int32_t all = layer->output.height * layer->output.width * pairs; /* of channels, of all pixels */
    const int32_t end = ph_share_end(share, all);
    for (int32_t n = ph_share_begin(share, all); n < end;) {
        const int32_t pixel = n / pairs;
        const int32_t first = n - pixel * pairs;
        const int32_t count = end - n < pairs - first ? end - n : pairs - first;
        const int32_t last = 2 * (first + count) < channels ? 2 * (first + count) : channels;
        const int32_t y = pixel / layer->output.width;
        const int32_t x = pixel - y * layer->output.width;
        pool_window(layer, ph_span_at(&down, y), ph_span_at(&along, x), 2 * first, last - 2 * first, input,
                    output + (ptrdiff_t)pixel * layer->output.channels + layer->channel);
        n += count;
    }
}
