#include "peephole/depthwise.h"

#include "arch/generic.h"
#include "kernels/window.h"

/* Channels that are computed together: the inner loops run over neighbours in memory. */
enum { BLOCK = 16 };

static ph_status check(const ph_depthwise_conv2d *layer, const uint8_t *norm) {
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    if (!ph_is_shape(in) || !ph_is_shape(out) || !ph_is_slice(out, layer->channel, in.channels) ||
        !ph_is_window(in, out, layer->kernel_height, layer->kernel_width, layer->stride, layer->padding) ||
        layer->kernel_height * layer->kernel_width > PH_DEPTHWISE_MAX_TAPS) {
        return PH_BAD_SHAPE;
    }
    if (layer->accumulator_bits != 32 && layer->accumulator_bits != 64) {
        return PH_BAD_ARGUMENT;
    }
    for (int32_t c = 0; c < in.channels; c++) {
        if (norm[c] > 31) {
            return PH_BAD_ARGUMENT;
        }
    }
    return PH_OK;
}

/* What one output pixel of a block of channels is made of: the kernel rows and columns that meet the input. */
typedef struct {
    const int16_t *input; /* where the first of them lies, [rows][row_step] */
    const int16_t *taps;  /* and its weights, [rows][taps_step][BLOCK] */
    int32_t rows;
    int32_t columns;
    ptrdiff_t row_step;
    ptrdiff_t column_step;
    ptrdiff_t taps_step;
} place;

/* sums[c] = sum over the window of input * weight, modulo 2^32 as a signed number. */
static inline void sum_wrap32(const place *at, int32_t count, int64_t sums[BLOCK]) {
    uint32_t sum[BLOCK] = {0};
    for (int32_t row = 0; row < at->rows; row++) {
        for (int32_t column = 0; column < at->columns; column++) {
            const int16_t *x = at->input + row * at->row_step + column * at->column_step;
            const int16_t *w = at->taps + row * at->taps_step + column * BLOCK;
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
static inline void sum_exact(const place *at, int32_t count, int64_t sums[BLOCK]) {
    int32_t high[BLOCK] = {0};
    int32_t low[BLOCK] = {0};
    for (int32_t row = 0; row < at->rows; row++) {
        for (int32_t column = 0; column < at->columns; column++) {
            const int16_t *x = at->input + row * at->row_step + column * at->column_step;
            const int16_t *w = at->taps + row * at->taps_step + column * BLOCK;
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

static void sum_window(const ph_depthwise_conv2d *layer, const place *at, int32_t count, int64_t sums[BLOCK]) {
    if (layer->accumulator_bits == 32) {
        if (count == BLOCK) {
            sum_wrap32(at, BLOCK, sums); /* a count that the compiler knows */
        } else {
            sum_wrap32(at, count, sums);
        }
    } else if (count == BLOCK) {
        sum_exact(at, BLOCK, sums);
    } else {
        sum_exact(at, count, sums);
    }
}

static int16_t finish(int64_t sum, int32_t bias, uint8_t norm, const ph_depthwise_conv2d *layer) {
    const int64_t total = layer->accumulator_bits == 32 ? (int32_t)((uint32_t)sum + (uint32_t)bias) : sum + bias;
    const int16_t value = ph_shift_round_clip16(total, norm);
    return (int16_t)(layer->relu && value < 0 ? 0 : value);
}

/* The channels first .. first + count - 1 of all pixels. taps: their weights, [KH * KW][BLOCK]. */
static void convolve_block(const ph_depthwise_conv2d *layer, int32_t first, int32_t count, const int16_t *input,
                           const int16_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output) {
    const ph_shape in = layer->input;
    int64_t sums[BLOCK];
    for (int32_t out_y = 0; out_y < layer->output.height; out_y++) {
        const int32_t y = out_y * layer->stride - layer->padding;
        const ph_span rows = ph_span_inside(y, layer->kernel_height, in.height);
        for (int32_t out_x = 0; out_x < layer->output.width; out_x++) {
            const int32_t x = out_x * layer->stride - layer->padding;
            const ph_span columns = ph_span_inside(x, layer->kernel_width, in.width);
            place at = {.input = input, .taps = taps, .rows = 0};
            if (rows.count && columns.count) {
                at = (place){
                    .input = input + ((ptrdiff_t)(y + rows.first) * in.width + x + columns.first) * in.channels + first,
                    .taps = taps + (rows.first * layer->kernel_width + columns.first) * BLOCK,
                    .rows = rows.count,
                    .columns = columns.count,
                    .row_step = (ptrdiff_t)in.width * in.channels,
                    .column_step = in.channels,
                    .taps_step = (ptrdiff_t)layer->kernel_width * BLOCK,
                };
            }
            int16_t *out = output + ((ptrdiff_t)out_y * layer->output.width + out_x) * layer->output.channels +
                           layer->channel + first;
            sum_window(layer, &at, count, sums);
            for (int32_t c = 0; c < count; c++) {
                out[c] = finish(sums[c], bias[first + c], norm[first + c], layer);
            }
        }
    }
}

ph_status ph_depthwise_conv2d_s16(const ph_depthwise_conv2d *layer, const int16_t *input, const int16_t *weight,
                                  const int32_t *bias, const uint8_t *norm, int16_t *output) {
    const ph_status status = check(layer, norm);
    if (status != PH_OK) {
        return status;
    }
    const int32_t kernel_size = layer->kernel_height * layer->kernel_width;
    int16_t taps[PH_DEPTHWISE_MAX_TAPS * BLOCK];
    for (int32_t first = 0; first < layer->input.channels; first += BLOCK) {
        const int32_t left = layer->input.channels - first;
        const int32_t count = left < BLOCK ? left : BLOCK;
        for (int32_t c = 0; c < count; c++) {
            for (int32_t tap = 0; tap < kernel_size; tap++) {
                taps[tap * BLOCK + c] = weight[(ptrdiff_t)(first + c) * kernel_size + tap];
            }
        }
        convolve_block(layer, first, count, input, taps, bias, norm, output);
    }
    return PH_OK;
}
