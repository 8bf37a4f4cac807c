#include "peephole/conv2d.h"

#include "arch/dot4.h"
#include "kernels/conv2d_blocked.h"
#include "kernels/conv2d_few.h"
#include "kernels/conv2d_place.h"
#include "kernels/conv2d_round.h"

static ph_status check(const ph_conv2d *layer, const int32_t *bias, const uint8_t *norm) {
    if (!ph_is_conv2d(layer)) {
        return PH_BAD_SHAPE;
    }
    if ((layer->accumulation != PH_FULL && layer->accumulation != PH_PER_CHANNEL) ||
        (layer->accumulator_bits != 32 && layer->accumulator_bits != 64) ||
        !ph_is_clip(layer->low, layer->high, INT16_MIN, INT16_MAX)) {
        return PH_BAD_ARGUMENT;
    }
    for (int32_t o = 0; o < layer->outputs; o++) {
        if (norm[o] > 31 || (layer->accumulation == PH_PER_CHANNEL && (bias[o] < INT16_MIN || bias[o] > INT16_MAX))) {
            return PH_BAD_ARGUMENT;
        }
    }
    return PH_OK;
}

/* One output value by the per-channel rule: rounded and clipped to 16 bits after every input channel. */
static int16_t accumulate_per_channel(const ph_place *at, int32_t channels, const int16_t *input, const int16_t *weight,
                                      int32_t bias, uint8_t norm) {
    const uint32_t half = norm ? (uint32_t)1 << (norm - 1) : 0;
    const ph_patch *patch = &at->patch;
    int32_t running = bias;
    for (int32_t c = 0; c < channels; c++) {
        uint32_t sum = ((uint32_t)running << norm) + half;
        for (int32_t part = 0; part < at->patches; part++) {
            for (int32_t row = 0; row < patch->rows; row++) {
                const int16_t *x = input + part * at->input_step + row * patch->input_step + c;
                const int16_t *w = weight + part * at->weight_step + row * patch->weight_step + c;
                for (int32_t i = 0; i < patch->length; i += channels) {
                    sum += (uint32_t)((int32_t)x[i] * w[i]);
                }
            }
        }
        running = ph_clip32((int32_t)sum >> norm, INT16_MIN, INT16_MAX);
    }
    return (int16_t)running;
}

/* sums[k] = sum over the window of input * weight of output k. */
static inline void sum_window(ph_dot4 dot4, const ph_place *at, const int16_t *input, const int16_t *weight,
                              int64_t sums[4]) {
    dot4(&at->patch, input, weight, sums);
    for (int32_t part = 1; part < at->patches; part++) {
        int64_t more[4];
        dot4(&at->patch, input + part * at->input_step, weight + part * at->weight_step, more);
        for (int32_t k = 0; k < 4; k++) {
            sums[k] += more[k];
        }
    }
}

/* Up to four output channels of a group from the first on. They are the outer loop, so that their weights stay in the
   cache. */
static void convolve_block(const ph_conv2d *layer, int32_t first, int32_t count, const int16_t *input,
                           const int16_t *weight, const int32_t *bias, const uint8_t *norm, int16_t *output) {
    const bool wraps = !PH_IS_SCALAR && layer->accumulator_bits == 32; /* else such sums are made in blocks */
    const ph_dot4 dot4 = wraps ? ph_choose_dot4_wrap32() : ph_choose_dot4_exact();
    const int32_t inputs = ph_group_inputs(layer);
    const ptrdiff_t kernel_size = (ptrdiff_t)layer->window.kernel_height * layer->window.kernel_width * inputs;
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            ph_place at = ph_place_at(layer, rows, ph_span_at(&along, x));
            const int16_t *in = input + at.input;
            const int16_t *w = weight + first * kernel_size + at.weight;
            int16_t *out =
                output + ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + first;
            if (layer->accumulation == PH_PER_CHANNEL) {
                for (int32_t k = 0; k < count; k++) {
                    const int16_t sum =
                        accumulate_per_channel(&at, inputs, in, w + k * kernel_size, bias[first + k], norm[first + k]);
                    out[k] = (int16_t)ph_clip32(sum, layer->low, layer->high);
                }
                continue;
            }
            int64_t sums[4];
            if (count < 4) {
                at.patch.output_step = 0; /* there are no four outputs left to read: make the one four times */
            }
            sum_window(dot4, &at, in, w, sums);
            ph_store16(count, sums, bias + first, norm + first, layer->accumulator_bits, layer->low, layer->high, out);
        }
    }
}

ph_status ph_conv2d_s16(const ph_conv2d *layer, const int16_t *input, const int16_t *weight, const int32_t *bias,
                        const uint8_t *norm, int16_t *output) {
    const ph_status status = check(layer, bias, norm);
    if (status != PH_OK) {
        return status;
    }
    if (PH_IS_SCALAR && ph_can_be_blocked(layer)) {
        ph_conv2d_blocked_s16(layer, input, weight, bias, norm, output);
        return PH_OK;
    }
    if (!PH_IS_SCALAR && ph_has_few_taps(layer)) {
        ph_conv2d_few_s16(layer, input, weight, bias, norm, output);
        return PH_OK;
    }
    const int32_t outputs = layer->outputs / layer->groups;
    for (int32_t first = 0; first < layer->outputs;) {
        const int32_t group = first / outputs;
        const int32_t count = (group + 1) * outputs - first >= 4 ? 4 : 1;
        convolve_block(layer, first, count, input + group * ph_group_inputs(layer), weight, bias, norm, output);
        first += count;
    }
    return PH_OK;
}
