/* The blocked convolution: whoever includes this says what a VALUE is, how three pixels and one are multiplied
   (dot_three, dot_one), and what an OUTPUT is, so many values behind it (behind), and how one is written (put). */
#include "kernels/conv2d_blocked.h"

/* Up to four outputs of a layer. */
typedef struct {
    const ph_conv2d *layer;
    int32_t count;        /* of outputs */
    const VALUE *weight;  /* of the first of them */
    const int32_t *bias;  /* [count] */
    const uint8_t *norm;  /* [count] */
    ptrdiff_t pixel_step; /* values from the window of one pixel to that of the next */
} four_outputs;

/* The pixels n = 0 .. pixels - 1 side by side, whose windows all lie like the first one's. */
static inline void convolve_pixels(const four_outputs *four, const ph_place *at, int32_t pixels, const VALUE *input,
                                   OUTPUT output) {
    uint32_t sums[PH_BLOCK_SUMS];
    for (int32_t k = 0; k < 4; k++) {
        const uint32_t bias = (uint32_t)four->bias[k < four->count ? k : 0];
        for (int32_t n = 0; n < pixels; n++) {
            sums[4 * n + k] = bias;
        }
    }
    const VALUE *weight = four->weight + at->weight;
    for (int32_t part = 0; part < at->patches; part++) {
        if (pixels == PH_BLOCK_PIXELS) {
            dot_three(&at->patch, four->pixel_step, input, weight, sums);
        } else {
            dot_one(&at->patch, input, weight, sums);
        }
        input += at->input_step;
        weight += at->weight_step;
    }
    const ptrdiff_t output_step = four->layer->output.channels;
    const int32_t low = four->layer->low;
    const int32_t high = four->layer->high;
    for (int32_t k = 0; k < four->count; k++) {
        const uint8_t norm = four->norm[k];
        for (int32_t n = 0; n < pixels; n++) {
            const int32_t y = ph_shift_round32((int32_t)sums[4 * n + k], norm);
            put(output, n * output_step + k, ph_clip32(y, low, high));
        }
    }
}

/* A row of the output. along: its columns, of which those of `inside` see no border. input: of the group. */
static void convolve_row(const four_outputs *four, ph_span rows, const ph_axis *along, ph_span inside,
                         const VALUE *input, OUTPUT output) {
    const ph_conv2d *layer = four->layer;
    const ptrdiff_t output_step = layer->output.channels;
    for (int32_t x = 0; x < layer->output.width;) {
        ph_place at = ph_place_at(layer, rows, ph_span_at(along, x));
        if (four->count < 4) {
            at.patch.output_step = 0; /* there are no four outputs left to read: make the one four times */
        }
        const VALUE *in = input + at.input;
        const int32_t alike = x == inside.first && inside.count > 1 ? inside.count : 1;
        int32_t n = 0;
        for (; alike - n >= PH_BLOCK_PIXELS; n += PH_BLOCK_PIXELS) {
            convolve_pixels(four, &at, PH_BLOCK_PIXELS, in + n * four->pixel_step,
                            behind(output, (x + n) * output_step));
        }
        for (; n < alike; n++) {
            convolve_pixels(four, &at, 1, in + n * four->pixel_step, behind(output, (x + n) * output_step));
        }
        x += alike;
    }
}

static void convolve_blocks(const ph_conv2d *whole, const VALUE *input, const VALUE *weight, const int32_t *bias,
                            const uint8_t *norm, OUTPUT output) {
    const ph_conv2d layer = ph_in_one_row(*whole);
    const int32_t inputs = ph_group_inputs(&layer);
    const int32_t outputs = layer.outputs / layer.groups;
    const ptrdiff_t kernel_size = (ptrdiff_t)layer.window.kernel_height * layer.window.kernel_width * inputs;
    const ph_axis down = ph_rows(layer.input, layer.output, &layer.window);
    const ph_axis along = ph_columns(layer.input, layer.output, &layer.window);
    const ph_span inside = ph_inside(&along);
    for (int32_t first = 0; first < layer.outputs;) {
        const int32_t group = first / outputs;
        const four_outputs four = {
            .layer = &layer,
            .count = (group + 1) * outputs - first >= 4 ? 4 : 1,
            .weight = weight + first * kernel_size,
            .bias = bias + first,
            .norm = norm + first,
            .pixel_step = (ptrdiff_t)layer.window.stride_x * layer.input.channels,
        };
        for (int32_t y = 0; y < layer.output.height; y++) {
            convolve_row(
                &four, ph_span_at(&down, y), &along, inside, input + group * inputs,
                behind(output, (ptrdiff_t)y * layer.output.width * layer.output.channels + layer.channel + first));
        }
        first += four.count;
    }
}
