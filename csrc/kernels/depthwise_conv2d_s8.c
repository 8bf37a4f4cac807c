#include "kernels/depthwise_conv2d_s8.h"

#include "kernels/depthwise_place.h"

enum { BLOCK = PH_DEPTHWISE_BLOCK };

/* sums[c] = sum over the window of input * weight: 64 products of at most 2^14 stay below 2^31. */
static inline void sum_window(const ph_depthwise_place *at, int32_t count, const int8_t *input, const int8_t *taps,
                              int32_t sums[BLOCK]) {
    for (int32_t c = 0; c < count; c++) {
        sums[c] = 0;
    }
    for (int32_t row = 0; row < at->rows; row++) {
        for (int32_t column = 0; column < at->columns; column++) {
            const int8_t *x = input + row * at->row_step + column * at->column_step;
            const int8_t *w = taps + row * at->taps_step + column * BLOCK;
            for (int32_t c = 0; c < count; c++) {
                sums[c] += (int32_t)x[c] * w[c];
            }
        }
    }
}

/* The channels first .. first + count - 1 of all pixels. taps: their weights, [KH * KW][BLOCK]. */
static void convolve_block(const ph_depthwise_conv2d *layer, int32_t first, int32_t count, const int8_t *input,
                           const int8_t *taps, const int32_t *bias, const uint8_t *norm, ph_output output) {
    int32_t sums[BLOCK];
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            const ph_depthwise_place at = ph_depthwise_place_at(layer, rows, ph_span_at(&along, x));
            if (count == BLOCK) {
                sum_window(&at, BLOCK, input + at.input + first, taps + at.taps, sums); /* known to the compiler */
            } else {
                sum_window(&at, count, input + at.input + first, taps + at.taps, sums);
            }
            const ptrdiff_t out =
                ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + first;
            ph_store(output, out, count, sums, bias + first, norm + first, layer->low, layer->high);
        }
    }
}

ph_status ph_depthwise_convolve_s8(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                   const int32_t *bias, const uint8_t *norm, ph_output output) {
    if (!ph_is_depthwise(layer)) {
        return PH_BAD_SHAPE;
    }
    const int32_t channels = layer->input.channels;
    if (layer->accumulator_bits != 32 || !ph_is_clip_to(output, layer->low, layer->high) ||
        !ph_are_norms(channels, norm)) {
        return PH_BAD_ARGUMENT;
    }
    const int32_t kernel_size = layer->window.kernel_height * layer->window.kernel_width;
    int8_t taps[PH_DEPTHWISE_MAX_TAPS * BLOCK];
    for (int32_t first = 0; first < channels; first += BLOCK) {
        const int32_t count = channels - first < BLOCK ? channels - first : BLOCK;
        for (int32_t c = 0; c < count; c++) {
            for (int32_t tap = 0; tap < kernel_size; tap++) {
                taps[tap * BLOCK + c] = weight[(ptrdiff_t)(first + c) * kernel_size + tap];
            }
        }
        convolve_block(layer, first, count, input, taps, bias, norm, output);
    }
    return PH_OK;
}

ph_status ph_depthwise_conv2d_s8(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                 const int32_t *bias, const uint8_t *norm, int8_t *output) {
    return ph_depthwise_convolve_s8(layer, input, weight, bias, norm, (ph_output){.s8 = output});
}
