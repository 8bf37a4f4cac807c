#include "arch/xpulp.h"
#include "kernels/pool_check.h"
#include "ports/gap8/parts.h"

enum { BLOCK = 4 }; /* channels that are computed at once */

/* Where the windows of a pixel meet the input. */
typedef struct {
    const int16_t *from; /* the first tap */
    int32_t rows, columns;
    ptrdiff_t step_x, step_y;
} taps;

static taps taps_of(const ph_max_pool *layer, ph_span rows, ph_span columns, const int16_t *input) {
    const ptrdiff_t channels = layer->input.channels;
    return (taps){
        .from = input + ((ptrdiff_t)rows.start * layer->input.width + columns.start) * channels,
        .rows = rows.count,
        .columns = columns.count,
        .step_x = layer->window.dilation_x * channels,
        .step_y = layer->window.dilation_y * layer->input.width * channels,
    };
}

/* Four channels. */
static inline void pool_four(const taps *of, ptrdiff_t channel, int16_t *output) {
    const int16_t *row = of->from + channel;
    uint32_t a = ph_load2(row), b = ph_load2(row + 2);
    for (int32_t ky = 0; ky < of->rows; ky++, row += of->step_y) {
        const int16_t *at = row;
        for (int32_t kx = 0; kx < of->columns; kx++, at += of->step_x) {
            a = ph_max2(a, ph_load2(at));
            b = ph_max2(b, ph_load2(at + 2));
        }
    }
    ph_store2(output + channel, a);
    ph_store2(output + channel + 2, b);
}

static void pool_one(const taps *of, ptrdiff_t channel, int16_t *output) {
    const int16_t *row = of->from + channel;
    int16_t largest = *row;
    for (int32_t ky = 0; ky < of->rows; ky++, row += of->step_y) {
        const int16_t *at = row;
        for (int32_t kx = 0; kx < of->columns; kx++, at += of->step_x) {
            largest = *at > largest ? *at : largest;
        }
    }
    output[channel] = largest;
}

void ph_max_pool_part_s16(const ph_max_pool *layer, const int16_t *input, int16_t *output, ph_share share) {
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    const int32_t channels = layer->input.channels;
    const int32_t blocks = (channels + BLOCK - 1) / BLOCK;
    const int32_t all = layer->output.height * layer->output.width * blocks;
    const int32_t end = ph_share_end(share, all);
    for (int32_t n = ph_share_begin(share, all); n < end;) {
        const int32_t pixel = n / blocks;
        const int32_t first = n - pixel * blocks;
        const int32_t count = end - n < blocks - first ? end - n : blocks - first;
        const int32_t last = BLOCK * (first + count) < channels ? BLOCK * (first + count) : channels;
        const int32_t y = pixel / layer->output.width;
        const taps of =
            taps_of(layer, ph_span_at(&down, y), ph_span_at(&along, pixel - y * layer->output.width), input);
        int16_t *made = output + (ptrdiff_t)pixel * layer->output.channels + layer->channel;
        int32_t c = BLOCK * first;
        for (; c + BLOCK <= last; c += BLOCK) {
            pool_four(&of, c, made);
        }
        for (; c < last; c++) {
            pool_one(&of, c, made);
        }
        n += count;
    }
}
