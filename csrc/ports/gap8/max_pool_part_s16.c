#include "arch/xpulp.h"
#include "kernels/pool_check.h"
#include "ports/gap8/parts.h"

enum { BLOCK = 4, NINE = 9 }; /* channels that fall to a core together; taps that are compared at once */

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

/* The channels first .. last - 1, an even number: nine taps at once, or eight and what others have left; the first of
   them again where there are fewer. */
static void pool_channels(const taps *of, int32_t first, int32_t last, int16_t *output) {
    const int16_t *nine[NINE] = {of->from + first};
    const int16_t *row = of->from + first;
    int32_t tap = 0;
    for (int32_t ky = 0; ky < of->rows; ky++, row += of->step_y) {
        const int16_t *at = row;
        for (int32_t kx = 0; kx < of->columns; kx++, at += of->step_x) {
            if (tap == NINE) {
                ph_max_of_9(nine, output + first, (last - first) / 2);
                nine[0] = output + first;
                tap = 1;
            }
            nine[tap++] = at;
        }
    }
    for (; tap < NINE; tap++) {
        nine[tap] = nine[0];
    }
    ph_max_of_9(nine, output + first, (last - first) / 2);
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
    int32_t n = ph_share_begin(share, all);
    const int32_t pixel = n / blocks;
    int32_t y = pixel / layer->output.width, x = pixel - y * layer->output.width, first = n - pixel * blocks;
    int16_t *made = output + (ptrdiff_t)pixel * layer->output.channels + layer->channel;
    while (n < end) {
        const int32_t count = end - n < blocks - first ? end - n : blocks - first;
        const int32_t last = BLOCK * (first + count) < channels ? BLOCK * (first + count) : channels;
        const taps of = taps_of(layer, ph_span_at(&down, y), ph_span_at(&along, x), input);
        const int32_t begin = BLOCK * first;
        if (last - begin > 1) {
            pool_channels(&of, begin, last & ~1, made);
        }
        if (last & 1) {
            pool_one(&of, last - 1, made);
        }
        n += count;
        first = 0;
        made += layer->output.channels;
        if (++x == layer->output.width) {
            x = 0;
            y++;
        }
    }
}
