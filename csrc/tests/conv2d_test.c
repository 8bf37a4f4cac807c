#include "peephole/conv2d.h"

#include "check.h"
#include "kernels/conv2d_blocked.h"
#include "windows.h"

static ph_conv2d small_layer(void) {
    return (ph_conv2d){.input = {6, 5, 3},
                       .output = {6, 5, 8},
                       .channel = 2,
                       .outputs = 5,
                       .groups = 1,
                       .window = {3, 3, 1, 1, 1, 1, 1, 1},
                       .low = INT16_MIN,
                       .high = INT16_MAX,
                       .accumulation = PH_FULL,
                       .accumulator_bits = 64};
}

static int16_t clip(int64_t value) {
    return (int16_t)(value < -32768 ? -32768 : value > 32767 ? 32767 : value);
}

/* The taps of one input channel of the output's group under the window of an output pixel, in the plainest way. */
static int64_t taps(const ph_conv2d *l, const int16_t *in, const int16_t *w, int32_t y, int32_t x, int32_t o,
                    int32_t c) {
    int64_t sum = 0;
    const ph_window *win = &l->window;
    const int32_t inputs = l->input.channels / l->groups, group = o / (l->outputs / l->groups);
    for (int32_t ky = 0; ky < win->kernel_height; ky++) {
        for (int32_t kx = 0; kx < win->kernel_width; kx++) {
            const int32_t iy = y * win->stride_y + ky * win->dilation_y - win->padding_top;
            const int32_t ix = x * win->stride_x + kx * win->dilation_x - win->padding_left;
            if (iy >= 0 && iy < l->input.height && ix >= 0 && ix < l->input.width) {
                sum += (int32_t)in[(iy * l->input.width + ix) * l->input.channels + group * inputs + c] *
                       w[((o * win->kernel_height + ky) * win->kernel_width + kx) * inputs + c];
            }
        }
    }
    return sum;
}

static int16_t expected(const ph_conv2d *l, const int16_t *in, const int16_t *w, const int32_t *bias,
                        const uint8_t *norm, int32_t y, int32_t x, int32_t o) {
    const int64_t half = norm[o] ? INT64_C(1) << (norm[o] - 1) : 0;
    int64_t total = bias[o];
    for (int32_t c = 0; c < l->input.channels / l->groups; c++) {
        const int64_t sum = taps(l, in, w, y, x, o, c);
        if (l->accumulation == PH_FULL) {
            total += sum;
        } else {
            total = clip((int32_t)(uint32_t)(total * (INT64_C(1) << norm[o]) + sum + half) >> norm[o]);
        }
    }
    if (l->accumulation == PH_FULL) {
        total = l->accumulator_bits == 32 ? (int32_t)(uint32_t)total : total;
        total = clip((total + half) >> norm[o]);
    }
    return (int16_t)(total < l->low ? l->low : total > l->high ? l->high : total);
}

typedef void convolution(const ph_conv2d *layer, const int16_t *in, const int16_t *w, const int32_t *bias,
                         const uint8_t *norm, int16_t *out);

static void convolve(const ph_conv2d *layer, const int16_t *in, const int16_t *w, const int32_t *bias,
                     const uint8_t *norm, int16_t *out) {
    CHECK_EQUAL(ph_conv2d_s16(layer, in, w, bias, norm, out), PH_OK);
}

static void compare(convolution *run, const ph_conv2d *l, fill_kind in_fill, fill_kind w_fill) {
    const size_t out_values = (size_t)l->output.height * (size_t)l->output.width * (size_t)l->output.channels;
    const size_t kernel = (size_t)(l->window.kernel_height * l->window.kernel_width * l->input.channels / l->groups);
    int16_t *in = filled_s16((size_t)(l->input.height * l->input.width * l->input.channels), in_fill);
    int16_t *w = filled_s16((size_t)l->outputs * kernel, w_fill);
    int16_t *out = allocate(out_values, sizeof *out);
    int32_t *bias = allocate((size_t)l->outputs, sizeof *bias);
    uint8_t *norm = allocate((size_t)l->outputs, sizeof *norm);
    for (int32_t o = 0; o < l->outputs; o++) {
        bias[o] = (int32_t)next_number() >> (l->accumulation == PH_FULL ? 0 : 16);
        norm[o] = (uint8_t)(next_number() % 32);
    }
    for (size_t i = 0; i < out_values; i++) {
        out[i] = -12345;
    }
    run(l, in, w, bias, norm, out);
    int wrong = 0;
    for (size_t i = 0; i < out_values; i++) {
        const int32_t channel = (int32_t)(i % (size_t)l->output.channels) - l->channel;
        const int32_t pixel = (int32_t)(i / (size_t)l->output.channels);
        const int inside = channel >= 0 && channel < l->outputs;
        wrong += out[i] !=
                 (inside ? expected(l, in, w, bias, norm, pixel / l->output.width, pixel % l->output.width, channel)
                         : -12345);
    }
    CHECK_EQUAL(wrong, 0);
    free(in);
    free(w);
    free(out);
    free(bias);
    free(norm);
}

static void compare_many(void) {
    static const int32_t kernels[4][2] = {{1, 1}, {3, 3}, {2, 5}, {7, 1}};
    for (int round = 0; round < 400; round++) {
        ph_conv2d l = small_layer();
        l.groups = 1 + (int32_t)(next_number() % 3);
        l.input = (ph_shape){1 + (int32_t)(next_number() % 10), 1 + (int32_t)(next_number() % 10),
                             l.groups * (1 + (int32_t)(next_number() % (66 / (uint32_t)l.groups)))};
        l.outputs = l.groups * (1 + (int32_t)(next_number() % 9));
        l.channel = (int32_t)(next_number() % 3);
        l.output.channels = l.channel + l.outputs + (int32_t)(next_number() % 3);
        l.window = any_window(kernels[next_number() % 4], l.input, &l.output);
        l.low = next_number() % 2 ? 0 : INT16_MIN;
        l.high = next_number() % 2 ? 1000 : INT16_MAX;
        l.accumulation = next_number() % 2 ? PH_FULL : PH_PER_CHANNEL;
        l.accumulator_bits = next_number() % 2 ? 32 : 64;
        compare(convolve, &l, (fill_kind)(next_number() % FILLS), (fill_kind)(next_number() % FILLS));
        if (ph_can_be_blocked(&l)) { /* which only machines without vectors choose */
            compare(ph_conv2d_blocked_s16, &l, (fill_kind)(next_number() % FILLS), (fill_kind)(next_number() % FILLS));
        }
    }
}

static void refuse(ph_conv2d layer, ph_status status) {
    static const int16_t in[6 * 5 * 3], weight[5 * 27];
    static const int32_t bias[5];
    static const uint8_t norm[5];
    int16_t out[1] = {77};
    CHECK_EQUAL(ph_conv2d_s16(&layer, in, weight, bias, norm, out), status);
    CHECK_EQUAL(out[0], 77);
}

#define REFUSE(status, change)                                                                                         \
    do {                                                                                                               \
        ph_conv2d l = small_layer();                                                                                   \
        change;                                                                                                        \
        refuse(l, status);                                                                                             \
    } while (0)

static void refuse_many(void) {
    REFUSE(PH_BAD_SHAPE, l.input.height = 0);
    REFUSE(PH_BAD_SHAPE, l.input.height = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.input.channels = -1);
    REFUSE(PH_BAD_SHAPE, l.output.height = 8);
    REFUSE(PH_BAD_SHAPE, l.output.width = 7);
    REFUSE(PH_BAD_SHAPE, l.groups = 0);
    REFUSE(PH_BAD_SHAPE, l.groups = 3); /* 5 outputs */
    REFUSE(PH_BAD_SHAPE, l.groups = 5); /* 3 inputs */
    REFUSE(PH_BAD_SHAPE, l.output.channels = 6);
    REFUSE(PH_BAD_SHAPE, l.channel = -1);
    REFUSE(PH_BAD_SHAPE, l.channel = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.outputs = 0);
    REFUSE(PH_BAD_SHAPE, l.outputs = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.window.kernel_height = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.window.kernel_width = 0);
    REFUSE(PH_BAD_SHAPE, l.window.stride_y = 0);
    REFUSE(PH_BAD_SHAPE, l.window.stride_x = 2);
    REFUSE(PH_BAD_SHAPE, l.window.stride_y = INT32_MIN);
    REFUSE(PH_BAD_SHAPE, l.window.dilation_y = 0);
    REFUSE(PH_BAD_SHAPE, l.window.dilation_x = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.window.padding_left = -1);
    REFUSE(PH_BAD_SHAPE, l.window.padding_top = 3); /* the first window would lie wholly above */
    REFUSE(PH_BAD_SHAPE, l.window.padding_top = INT32_MAX);
    REFUSE(PH_BAD_ARGUMENT, l.high = INT16_MAX + 1);
    REFUSE(PH_BAD_ARGUMENT, l.low = 1 + (l.high = 0));
    REFUSE(PH_BAD_ARGUMENT, l.accumulator_bits = 16);
    REFUSE(PH_BAD_ARGUMENT, l.accumulation = (ph_accumulation)3);
}

static void refuse_numbers(void) {
    const ph_conv2d layer = {{1, 1, 1}, {1, 1, 1},      0, 1, 1, {1, 1, 1, 1, 1, 1, 0, 0}, -32768,
                             32767,     PH_PER_CHANNEL, 32};
    const int16_t one = 1;
    int16_t out = 77;
    CHECK_EQUAL(ph_conv2d_s16(&layer, &one, &one, &(int32_t){0}, &(uint8_t){32}, &out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_conv2d_s16(&layer, &one, &one, &(int32_t){32768}, &(uint8_t){0}, &out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_conv2d_s16(&layer, &one, &one, &(int32_t){-32769}, &(uint8_t){0}, &out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(out, 77);
    CHECK_EQUAL(ph_conv2d_s16(&layer, &one, &one, &(int32_t){32767}, &(uint8_t){0}, &out), PH_OK);
    CHECK_EQUAL(out, 32767);
}

int main(void) {
    compare_many();
    refuse_many();
    refuse_numbers();
    FINISH();
}
