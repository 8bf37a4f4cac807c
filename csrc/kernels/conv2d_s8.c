#include "kernels/conv2d_s8.h"

#include "arch/dot4.h"
#include "kernels/conv2d_blocked.h"
#include "kernels/conv2d_few.h"
#include "kernels/conv2d_place.h"

/* sums[k] = sum over the window of input * weight of output k, modulo 2^32. */
static inline void sum_window(ph_dot4_s8 dot4, const ph_place *at, const int8_t *input, const int8_t *weight,
                              int32_t sums[4]) {
    dot4(&at->patch, input, weight, sums);
    for (int32_t part = 1; part < at->patches; part++) {
        int32_t more[4];
        dot4(&at->patch, input + part * at->input_step, weight + part * at->weight_step, more);
        for (int32_t k = 0; k < 4; k++) {
            sums[k] = (int32_t)((uint32_t)sums[k] + (uint32_t)more[k]);
        }
    }
}

/* Up to four output channels of a group from the first on. They are the outer loop, so that their weights stay in the
   cache. */
static void convolve_block(const ph_conv2d *layer, int32_t first, int32_t count, const int8_t *input,
                           const int8_t *weight, const int32_t *bias, const uint8_t *norm, ph_output output) {
    const ph_dot4_s8 dot4 = ph_choose_dot4_s8();
    const ptrdiff_t kernel_size =
        (ptrdiff_t)layer->window.kernel_height * layer->window.kernel_width * ph_group_inputs(layer);
    const ph_axis down = ph_rows(layer->input, layer->output, &layer->window);
    const ph_axis along = ph_columns(layer->input, layer->output, &layer->window);
    for (int32_t y = 0; y < layer->output.height; y++) {
        const ph_span rows = ph_span_at(&down, y);
        for (int32_t x = 0; x < layer->output.width; x++) {
            ph_place at = ph_place_at(layer, rows, ph_span_at(&along, x));
            if (count < 4) {
                at.patch.output_step = 0; /* there are no four outputs left to read: make the one four times */
            }
            int32_t sums[4];
            sum_window(dot4, &at, input + at.input, weight + first * kernel_size + at.weight, sums);
            const ptrdiff_t out =
                ((ptrdiff_t)y * layer->output.width + x) * layer->output.channels + layer->channel + first;
            ph_store(output, out, count, sums, bias + first, norm + first, layer->low, layer->high);
        }
    }
}

ph_status ph_convolve_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                         const uint8_t *norm, ph_output output) {
    if (!ph_is_conv2d(layer)) {
        return PH_BAD_SHAPE;
    }
    if (layer->accumulation != PH_FULL || layer->accumulator_bits != 32 ||
        !ph_is_clip_to(output, layer->low, layer->high) || !ph_are_norms(layer->outputs, norm)) {
        return PH_BAD_ARGUMENT;
    }
    if (PH_IS_SCALAR) {
        ph_conv2d_blocked_s8(layer, input, weight, bias, norm, output);
        return PH_OK;
    }
    if (ph_has_few_taps(layer)) {
        ph_conv2d_few_s8(layer, input, weight, bias, norm, output);
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

ph_status ph_conv2d_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                       const uint8_t *norm, int8_t *output) {
    return ph_convolve_s8(layer, input, weight, bias, norm, (ph_output){.s8 = output});
}
