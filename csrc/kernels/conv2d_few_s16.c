#include "kernels/conv2d_few.h"

#include "kernels/conv2d_round.h"

enum { BLOCK = PH_FEW_OUTPUTS };

/* sums[o] = sum over the window of input * weight of output o, modulo 2^32 as a signed number. */
static void sum_wrap32(const ph_window *window, const int16_t *input, const int16_t *taps, int64_t sums[BLOCK]) {
    uint32_t sum[BLOCK] = {0};
    for (int32_t row = 0; row < window->rows; row++) {
        for (int32_t i = 0; i < window->length; i++) {
            const int16_t x = input[row * window->input_step + i];
            const int16_t *w = taps + (row * window->weight_step + i) * BLOCK;
            for (int32_t o = 0; o < BLOCK; o++) {
                sum[o] += (uint32_t)((int32_t)x * w[o]);
            }
        }
    }
    for (int32_t o = 0; o < BLOCK; o++) {
        sums[o] = (int32_t)sum[o];
    }
}

/* The same sums, exact, by the high and the low byte of every input value as in arch/generic.h. */
static void sum_exact(const ph_window *window, const int16_t *input, const int16_t *taps, int64_t sums[BLOCK]) {
    int32_t high[BLOCK] = {0};
    int32_t low[BLOCK] = {0};
    for (int32_t row = 0; row < window->rows; row++) {
        for (int32_t i = 0; i < window->length; i++) {
            const int16_t x_high = (int16_t)(input[row * window->input_step + i] >> 8);
            const int16_t x_low = (int16_t)(input[row * window->input_step + i] & 255);
            const int16_t *w = taps + (row * window->weight_step + i) * BLOCK;
            for (int32_t o = 0; o < BLOCK; o++) {
                high[o] += (int32_t)x_high * w[o];
                low[o] += (int32_t)x_low * w[o];
            }
        }
    }
    for (int32_t o = 0; o < BLOCK; o++) {
        sums[o] = (int64_t)high[o] * 256 + low[o];
    }
}

/* The outputs first .. first + count - 1 of all pixels. taps: their weights, [KH * KW * I][BLOCK]. */
static void convolve_block(const ph_conv2d *layer, int32_t first, int32_t count, const int16_t *input,
                           const int16_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output) {
    int64_t sums[BLOCK];
    for (int32_t y = 0; y < layer->output.height; y++) {
        for (int32_t x = 0; x < layer->output.width; x++) {
            const ph_place at = ph_place_at(layer, y, x);
            if (layer->accumulator_bits == 32) {
                sum_wrap32(&at.window, input + at.input, taps + at.weight * BLOCK, sums);
            } else {
                sum_exact(&at.window, input + at.input, taps + at.weight * BLOCK, sums);
            }
            int16_t *out =
                output + ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + first;
            for (int32_t o = 0; o < count; o++) {
                out[o] = ph_finish16(sums[o], bias[first + o], norm[first + o], layer->accumulator_bits, layer->relu);
            }
        }
    }
}

void ph_conv2d_few_s16(const ph_conv2d *layer, const int16_t *input, const int16_t *weight, const int32_t *bias,
                       const uint8_t *norm, int16_t *output) {
    const int32_t kernel_size = layer->kernel_height * layer->kernel_width * layer->input.channels;
    int16_t taps[PH_FEW_TAPS * BLOCK] = {0}; /* a last block that is not full is multiplied by zeros */
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
