#include "peephole/depthwise.h"

#include "check.h"
#include "windows.h"

static ph_depthwise_conv2d small_layer(void) {
    return (ph_depthwise_conv2d){.input = {6, 5, 3},
                                 .output = {6, 5, 8},
                                 .channel = 2,
                                 .window = {3, 3, 1, 1, 1, 1, 1, 1},
                                 .low = INT8_MIN,
                                 .high = INT8_MAX,
                                 .accumulator_bits = 32};
}

/* One output value in the plainest way. */
static int64_t expected(const ph_depthwise_conv2d *l, const int16_t *in, const int16_t *w, int32_t bias, uint8_t norm,
                        int32_t y, int32_t x, int32_t c) {
    int64_t total = bias;
    const ph_window *win = &l->window;
    for (int32_t ky = 0; ky < win->kernel_height; ky++) {
        for (int32_t kx = 0; kx < win->kernel_width; kx++) {
            const int32_t iy = y * win->stride_y + ky * win->dilation_y - win->padding_top;
            const int32_t ix = x * win->stride_x + kx * win->dilation_x - win->padding_left;
            if (iy >= 0 && iy < l->input.height && ix >= 0 && ix < l->input.width) {
                total += (int32_t)in[(iy * l->input.width + ix) * l->input.channels + c] *
                         w[(c * win->kernel_height + ky) * win->kernel_width + kx];
            }
        }
    }
    total = l->accumulator_bits == 32 ? (int32_t)(uint32_t)total : total;
    total = (total + (norm ? INT64_C(1) << (norm - 1) : 0)) >> norm;
    return total < l->low ? l->low : total > l->high ? l->high : total;
}

static int8_t *high_bytes(const int16_t *values, size_t count) {
    int8_t *bytes = allocate(count, 1);
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (int8_t)(values[i] >> 8);
    }
    return bytes;
}

static void compare(const ph_depthwise_conv2d *l, fill_kind in_fill, fill_kind w_fill) {
    const size_t channels = (size_t)l->input.channels;
    const size_t in_count = (size_t)(l->input.height * l->input.width) * channels;
    const size_t w_count = (size_t)(l->window.kernel_height * l->window.kernel_width) * channels;
    const size_t out_count = (size_t)(l->output.height * l->output.width * l->output.channels);
    int16_t *in = filled_s16(in_count, in_fill), *w = filled_s16(w_count, w_fill);
    int8_t *in8 = high_bytes(in, in_count), *w8 = high_bytes(w, w_count);
    int16_t *out = allocate(out_count, sizeof *out), *out16 = allocate(out_count, sizeof *out16);
    int8_t *out8 = allocate(out_count, 1);
    int32_t *bias = allocate(channels, sizeof *bias);
    uint8_t *norm = allocate(channels, 1);
    for (size_t c = 0; c < channels; c++) {
        bias[c] = (int32_t)next_number();
        norm[c] = (uint8_t)(next_number() % 32);
    }
    for (size_t i = 0; i < out_count; i++) {
        out[i] = out16[i] = -12345;
        out8[i] = -123;
    }
    ph_depthwise_conv2d narrow = *l;
    narrow.accumulator_bits = 32;
    CHECK_EQUAL(ph_depthwise_conv2d_s16(l, in, w, bias, norm, out), PH_OK);
    CHECK_EQUAL(ph_depthwise_conv2d_s8(&narrow, in8, w8, bias, norm, out8), PH_OK);
    CHECK_EQUAL(ph_depthwise_conv2d_s8_s16(&narrow, in8, w8, bias, norm, out16), PH_OK);
    /* the numbers of 8 bits, in 16 */
    int16_t *in_bytes = allocate(in_count, sizeof *in_bytes), *w_bytes = allocate(w_count, sizeof *w_bytes);
    for (size_t i = 0; i < in_count; i++) {
        in_bytes[i] = in8[i];
    }
    for (size_t i = 0; i < w_count; i++) {
        w_bytes[i] = w8[i];
    }
    int wrong = 0;
    for (size_t i = 0; i < out_count; i++) {
        const int32_t c = (int32_t)(i % (size_t)l->output.channels) - l->channel;
        const int32_t pixel = (int32_t)(i / (size_t)l->output.channels);
        const int32_t y = pixel / l->output.width, x = pixel % l->output.width;
        if (c < 0 || c >= l->input.channels) {
            wrong += out[i] != -12345 || out16[i] != -12345 || out8[i] != -123;
            continue;
        }
        wrong += out[i] != expected(l, in, w, bias[c], norm[c], y, x, c);
        wrong += out8[i] != expected(&narrow, in_bytes, w_bytes, bias[c], norm[c], y, x, c);
        wrong += out16[i] != expected(&narrow, in_bytes, w_bytes, bias[c], norm[c], y, x, c);
    }
    CHECK_EQUAL(wrong, 0);
    void *all[] = {in, w, in8, w8, out, out16, out8, bias, norm, in_bytes, w_bytes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void compare_many(void) {
    static const int32_t kernels[5][2] = {{1, 1}, {3, 3}, {2, 5}, {7, 7}, {8, 8}};
    for (int round = 0; round < 400; round++) {
        ph_depthwise_conv2d l = small_layer();
        l.input = (ph_shape){any_number(1, 10), any_number(1, 10), any_number(1, 40)};
        l.channel = any_number(0, 2);
        l.output.channels = l.channel + l.input.channels + any_number(0, 2);
        l.window = any_window(kernels[next_number() % 5], l.input, &l.output);
        l.low = any_number(INT8_MIN, 0);
        l.high = any_number(0, INT8_MAX);
        l.accumulator_bits = next_number() % 2 ? 32 : 64;
        compare(&l, (fill_kind)(next_number() % FILLS), (fill_kind)(next_number() % FILLS));
    }
}

static void refuse(ph_depthwise_conv2d layer, ph_status status, ph_status status8, uint8_t shift) {
    static const int16_t in[6 * 5 * 3], weight[3 * 81];
    static const int8_t in8[6 * 5 * 3], weight8[3 * 81];
    static const int32_t bias[3];
    const uint8_t norm[3] = {0, 0, shift};
    int16_t out[1] = {77};
    int8_t out8[1] = {77};
    CHECK_EQUAL(ph_depthwise_conv2d_s16(&layer, in, weight, bias, norm, out), status);
    CHECK_EQUAL(ph_depthwise_conv2d_s8(&layer, in8, weight8, bias, norm, out8), status8);
    CHECK_EQUAL(ph_depthwise_conv2d_s8_s16(&layer, in8, weight8, bias, norm, out), status8);
    CHECK_EQUAL(out8[0], 77);
}

#define REFUSE(status, change)                                                                                         \
    do {                                                                                                               \
        ph_depthwise_conv2d l = small_layer();                                                                         \
        change;                                                                                                        \
        refuse(l, status, status, 0);                                                                                  \
    } while (0)

static void refuse_many(void) {
    REFUSE(PH_BAD_SHAPE, l.input.height = 0);
    REFUSE(PH_BAD_SHAPE, l.input.height = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.input.channels = 7);
    REFUSE(PH_BAD_SHAPE, l.output.height = 8);
    REFUSE(PH_BAD_SHAPE, l.output.width = 7);
    REFUSE(PH_BAD_SHAPE, l.channel = 6);
    REFUSE(PH_BAD_SHAPE, l.channel = -1);
    REFUSE(PH_BAD_SHAPE, l.window.kernel_width = 0);
    REFUSE(PH_BAD_SHAPE, l.window.stride_y = 0);
    REFUSE(PH_BAD_SHAPE, l.window.dilation_x = 0);
    REFUSE(PH_BAD_SHAPE, l.window.padding_top = -1);
    REFUSE(PH_BAD_SHAPE, l.window.padding_left = 3);
    REFUSE(PH_BAD_ARGUMENT, l.low = 1 + (l.high = 0));
    REFUSE(PH_BAD_ARGUMENT, l.accumulator_bits = 16);
    refuse(small_layer(), PH_BAD_ARGUMENT, PH_BAD_ARGUMENT, 32);
}

static void a_kernel_of_more_than_64_weights_is_refused(void) {
    ph_depthwise_conv2d l = small_layer();
    l.window.kernel_height = l.window.kernel_width = 9;
    l.window.padding_top = l.window.padding_left = 4;
    refuse(l, PH_BAD_SHAPE, PH_BAD_SHAPE, 0);
}

static void eight_bits_have_32_bit_sums_alone(void) {
    const ph_depthwise_conv2d l = {{1, 1, 1}, {1, 1, 1}, 0, {1, 1, 1, 1, 1, 1, 0, 0}, -128, 127, 64};
    const int8_t one = 1;
    int8_t out = 77;
    CHECK_EQUAL(ph_depthwise_conv2d_s8(&l, &one, &one, &(int32_t){0}, &(uint8_t){0}, &out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(out, 77);
}

int main(void) {
    compare_many();
    refuse_many();
    a_kernel_of_more_than_64_weights_is_refused();
    eight_bits_have_32_bit_sums_alone();
    FINISH();
}
