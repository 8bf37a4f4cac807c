#include "arch/xpulp.h"
#include "kernels/window.h"
#include "ports/gap8/parts.h"

/* What of one output value's window meets the input. */
typedef struct {
    const int16_t *x, *w; /* the first tap */
    int32_t rows, columns;
    ptrdiff_t x_row, x_column, w_row;
} taps;

static uint32_t sum_wrap32(const taps *of, uint32_t sum) {
    for (int32_t ky = 0; ky < of->rows; ky++) {
        const int16_t *x = of->x + ky * of->x_row;
        const int16_t *w = of->w + ky * of->w_row;
        for (int32_t kx = 0; kx < of->columns; kx++, x += of->x_column) {
            sum = ph_mac(sum, *x, w[kx]);
        }
    }
    return sum;
}

static int64_t sum_exact(const taps *of, int64_t sum) {
    for (int32_t ky = 0; ky < of->rows; ky++) {
        const int16_t *x = of->x + ky * of->x_row;
        const int16_t *w = of->w + ky * of->w_row;
        for (int32_t kx = 0; kx < of->columns; kx++, x += of->x_column) {
            sum += (int32_t)*x * w[kx];
        }
    }
    return sum;
}

void ph_depthwise_part_s16(const ph_depthwise_conv2d *layer, const int16_t *input, const int16_t *weight,
                           const int32_t *bias, const uint8_t *norm, int16_t *output, ph_share share) {
    const ph_window *window = &layer->window;
    const ph_axis down = ph_rows(layer->input, layer->output, window);
    const ph_axis along = ph_columns(layer->input, layer->output, window);
    const int32_t channels = layer->input.channels;
    const int32_t all = layer->output.height * layer->output.width * channels;
    const int32_t end = ph_share_end(share, all);
    for (int32_t n = ph_share_begin(share, all); n < end;) {
        const int32_t pixel = n / channels;
        const int32_t y = pixel / layer->output.width;
        const ph_span rows = ph_span_at(&down, y);
        const ph_span columns = ph_span_at(&along, pixel - y * layer->output.width);
        const ptrdiff_t from = ((ptrdiff_t)rows.start * layer->input.width + columns.start) * channels;
        const ptrdiff_t tap = (ptrdiff_t)rows.first * window->kernel_width + columns.first;
        int16_t *made = output + (ptrdiff_t)pixel * layer->output.channels + layer->channel;
        for (int32_t c = n - pixel * channels; c < channels && n < end; c++, n++) {
            const bool meets = rows.count > 0 && columns.count > 0;
            const taps of = {
                .x = input + (meets ? from + c : 0),
                .w = weight + (ptrdiff_t)c * window->kernel_height * window->kernel_width + tap,
                .rows = meets ? rows.count : 0,
                .columns = columns.count,
                .x_row = (ptrdiff_t)window->dilation_y * layer->input.width * channels,
                .x_column = (ptrdiff_t)window->dilation_x * channels,
                .w_row = window->kernel_width,
            };
            if (layer->accumulator_bits == 32) {
                const int32_t sum = (int32_t)sum_wrap32(&of, (uint32_t)bias[c]);
                made[c] = (int16_t)ph_limit(ph_shift_round32(sum, norm[c]), layer->low, layer->high);
            } else {
                const int64_t sum = ph_shift_round64(sum_exact(&of, bias[c]), norm[c]);
                made[c] = (int16_t)ph_clip64(sum, layer->low, layer->high);
            }
        }
    }
}
