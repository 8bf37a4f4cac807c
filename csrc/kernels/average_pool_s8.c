#include "kernels/average_pool_s8.h"

#include "kernels/pool_check.h"

enum { BLOCK = 16 };

/* sums[c] = sum of the taps that meet the input, of the channels from input on: at most 65,535 numbers. */
static void sum_window(const ph_average_pool *layer, ph_span rows, ph_span columns, int32_t count, const int8_t *input,
                       int32_t sums[BLOCK]) {
    const int32_t channels = layer->input.channels;
    for (int32_t c = 0; c < count; c++) {
        sums[c] = 0;
    }
    for (int32_t ky = 0; ky < rows.count; ky++) {
        const ptrdiff_t row = (ptrdiff_t)(rows.start + ky * layer->window.dilation_y) * layer->input.width;
        for (int32_t kx = 0; kx < columns.count; kx++) {
            const int8_t *in = input + (row + columns.start + kx * layer->window.dilation_x) * channels;
            for (int32_t c = 0; c < count; c++) {
                sums[c] += in[c];
            }
        }
    }
}

/* One pixel of the output. factor: of as many taps as count. */
static void average_window(const ph_average_pool *layer, ph_span rows, ph_span columns, const int8_t *input,
                           int32_t factor, ph_output output, ptrdiff_t at) {
    const int32_t channels = layer->input.channels;
    int32_t sums[BLOCK];
    for (int32_t first = 0; first < channels; first += BLOCK) {
        const int32_t count = channels - first < BLOCK ? channels - first : BLOCK;
        sum_window(layer, rows, columns, count, input + first, sums);
        for (int32_t c = 0; c < count; c++) {
            const int64_t y = ph_shift_round64((int64_t)sums[c] * factor, layer->shift);
            if (output.s8) {
                output.s8[at + first + c] = (int8_t)ph_clip64(y, INT8_MIN, INT8_MAX);
            } else {
                output.s16[at + first + c] = (int16_t)ph_clip64(y, INT16_MIN, INT16_MAX);
            }
        }
    }
}

ph_status ph_average_windows_s8(const ph_average_pool *layer, const int8_t *input, const int32_t *factor,
                                ph_output output) {
    const ph_status status = ph_check_average_pool(layer, factor);
    if (status != PH_OK) {
        return status;
    }
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    const ph_counting counting = ph_counting_of(layer);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        const int32_t counted_rows = ph_span_at(&counting.down, y).count;
        for (int32_t x = 0; x < layer->output.width; x++) {
            const int32_t counted = counted_rows * ph_span_at(&counting.along, x).count;
            const ptrdiff_t out = ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel;
            average_window(layer, rows, ph_span_at(&along, x), input, factor[counted - 1], output, out);
        }
    }
    return PH_OK;
}

ph_status ph_average_pool_s8(const ph_average_pool *layer, const int8_t *input, const int32_t *factor, int8_t *output) {
    return ph_average_windows_s8(layer, input, factor, (ph_output){.s8 = output});
}
