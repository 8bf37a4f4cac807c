#include "peephole/depthwise.h"

#include "kernels/conv2d_round.h"
#include "kernels/depthwise_place.h"

enum { BLOCK = PH_DEPTHWISE_BLOCK };

/* sums[c] = sum over the window of input * weight, modulo 2^32 as a signed number. */
static inline void sum_wrap32(const ph_depthwise_place *at, int32_t count, const int16_t *input, const int16_t *taps,
                              int64_t sums[BLOCK]) {
    uint32_t sum[BLOCK] = {0};
    for (int32_t row = 0; row < at->rows; row++) {
        for (int32_t column = 0; column < at->columns; column++) {
            const int16_t *x = input + row * at->row_step + column * at->column_step;
            const int16_t *w = taps + row * at->taps_step + column * BLOCK;
            for (int32_t c = 0; c < count; c++) {
                sum[c] += (uint32_t)((int32_t)x[c] * w[c]);
            }
        }
    }
    for (int32_t c = 0; c < count; c++) {
        sums[c] = (int32_t)sum[c];
    }
}

/* The same sums, exact, by the high and the low byte of every input value as in arch/generic.h: 64 products of 255 and
   2^15 stay below 2^31. */
static inline void sum_exact(const ph_depthwise_place *at, int32_t count, const int16_t *input, const int16_t *taps,
                             int64_t sums[BLOCK]) {
    int32_t high[BLOCK] = {0};
    int32_t low[BLOCK] = {0};
    for (int32_t row = 0; row < at->rows; row++) {
        for (int32_t column = 0; column < at->columns; column++) {
            const int16_t *x = input + row * at->row_step + column * at->column_step;
            const int16_t *w = taps + row * at->taps_step + column * BLOCK;
            for (int32_t c = 0; c < count; c++) {
                high[c] += (int32_t)(x[c] >> 8) * w[c];
                low[c] += (int32_t)(x[c] & 255) * w[c];
            }
        }
    }
    for (int32_t c = 0; c < count; c++) {
        sums[c] = (int64_t)high[c] * 256 + low[c];
    }
}

/* A full block has a count that the compiler knows. */
static void sum_window(const ph_depthwise_place *at, int32_t accumulator_bits, int32_t count, const int16_t *input,
                       const int16_t *taps, int64_t sums[BLOCK]) {
    if (accumulator_bits == 32 && count == BLOCK) {
        sum_wrap32(at, BLOCK, input, taps, sums);
    } else if (accumulator_bits == 32) {
        sum_wrap32(at, count, input, taps, sums);
    } else if (count == BLOCK) {
        sum_exact(at, BLOCK, input, taps, sums);
    } else {
        sum_exact(at, count, input, taps, sums);
    }
}

/* The channels first .. first + count - 1 of all pixels. taps: their weights, [KH * KW][BLOCK]. */
static void convolve_block(const ph_depthwise_conv2d *layer, int32_t first, int32_t count, const int16_t *input,
                           const int16_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output) {
    int64_t sums[BLOCK];
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            const ph_depthwise_place at = ph_depthwise_place_at(layer, rows, ph_span_at(&along, x));
            int16_t *out =
                output + ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + first;
            sum_window(&at, layer->accumulator_bits, count, input + at.input + first, taps + at.taps, sums);
            ph_store16(count, sums, bias + first, norm + first, layer->accumulator_bits, layer->low, layer->high, out);
        }
    }
}

ph_status ph_depthwise_conv2d_s16(const ph_depthwise_conv2d *layer, const int16_t *input, const int16_t *weight,
                                  const int32_t *bias, const uint8_t *norm, int16_t *output) {
    if (!ph_is_depthwise(layer)) {
        return PH_BAD_SHAPE;
    }
    const int32_t channels = layer->input.channels;
    if ((layer->accumulator_bits != 32 && layer->accumulator_bits != 64) ||
        !ph_is_clip(layer->low, layer->high, INT16_MIN, INT16_MAX) || !ph_are_norms(channels, norm)) {
        return PH_BAD_ARGUMENT;
    }
    const int32_t kernel_size = layer->window.kernel_height * layer->window.kernel_width;
    int16_t taps[PH_DEPTHWISE_MAX_TAPS * BLOCK];
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
