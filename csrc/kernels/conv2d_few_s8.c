#include "kernels/conv2d_few.h"
#include "kernels/conv2d_s8.h"

enum { BLOCK = PH_FEW_OUTPUTS };

/* sums[o] = sum over the patch of input * weight of output o: 64 products of at most 2^14 stay below 2^31. */
static void sum_patch(const ph_patch *patch, const int8_t *input, const int16_t *taps, int32_t sums[BLOCK]) {
    int32_t sum[BLOCK] = {0};
    for (int32_t row = 0; row < patch->rows; row++) {
        for (int32_t i = 0; i < patch->length; i++) {
            const int16_t x = input[row * patch->input_step + i];
            const int16_t *w = taps + (row * patch->weight_step + i) * BLOCK;
            for (int32_t o = 0; o < BLOCK; o++) {
                sum[o] += (int32_t)x * w[o];
            }
        }
    }
    for (int32_t o = 0; o < BLOCK; o++) {
        sums[o] = sum[o];
    }
}

/* The outputs first .. first + count - 1 of all pixels. taps: their weights, [KH * KW * I][BLOCK]. */
static void convolve_block(const ph_conv2d *layer, int32_t first, int32_t count, const int8_t *input,
                           const int16_t *taps, const int32_t *bias, const uint8_t *norm, ph_output output) {
    int32_t sums[BLOCK];
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            const ph_place at = ph_place_at(layer, rows, ph_span_at(&along, x));
            sum_patch(&at.patch, input + at.input, taps + at.weight * BLOCK, sums);
            const ptrdiff_t out =
                ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + first;
            ph_store(output, out, count, sums, bias + first, norm + first, layer->low, layer->high);
        }
    }
}

void ph_conv2d_few_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                      const uint8_t *norm, ph_output output) {
    const int32_t kernel_size = layer->window.kernel_height * layer->window.kernel_width * layer->input.channels;
    int16_t taps[PH_FEW_TAPS * BLOCK] = {0}; /* widened once; a last block that is not full is multiplied by zeros */
    for (int32_t first = 0; first < layer->outputs; first += BLOCK) {
        const int32_t count = layer->outputs - first < BLOCK ? layer->outputs - first : BLOCK;
        for (int32_t o = 0; o < count; o++) {
            for (int32_t tap = 0; tap < kernel_size; tap++) {
                taps[tap * BLOCK + o] = weight[(ptrdiff_t)(first + o) * kernel_size + tap];
            }
        }
        convolve_block(layer, first, count, input, taps, bias, norm, output);
    }
}
