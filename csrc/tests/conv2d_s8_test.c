#include "peephole/conv2d.h"

#include "check.h"

static ph_conv2d small_layer(void) {
    return (ph_conv2d){.input = {6, 5, 3},
                       .output = {6, 5, 8},
                       .channel = 2,
                       .outputs = 5,
                       .kernel_height = 3,
                       .kernel_width = 3,
                       .stride = 1,
                       .padding = 1,
                       .relu = false,
                       .accumulation = PH_FULL,
                       .accumulator_bits = 32};
}

/* The 16-bit convolution, which has its own test, gives the same numbers before the clip to 8 bits. */
static void compare(const ph_conv2d *l, fill_kind in_fill, fill_kind w_fill) {
    const size_t in_count = (size_t)(l->input.height * l->input.width * l->input.channels);
    const size_t w_count = (size_t)(l->outputs * l->kernel_height * l->kernel_width * l->input.channels);
    const size_t out_count = (size_t)(l->output.height * l->output.width * l->output.channels);
    int16_t *in = filled_s16(in_count, in_fill), *w = filled_s16(w_count, w_fill);
    int8_t *in8 = allocate(in_count, 1), *w8 = allocate(w_count, 1), *out8 = allocate(out_count, 1);
    int16_t *out = allocate(out_count, sizeof *out), *out16 = allocate(out_count, sizeof *out16);
    int32_t *bias = allocate((size_t)l->outputs, sizeof *bias);
    uint8_t *norm = allocate((size_t)l->outputs, 1);
    for (size_t i = 0; i < in_count; i++) {
        in[i] = in8[i] = (int8_t)(in[i] >> 8);
    }
    for (size_t i = 0; i < w_count; i++) {
        w[i] = w8[i] = (int8_t)(w[i] >> 8);
    }
    for (int32_t o = 0; o < l->outputs; o++) {
        bias[o] = (int32_t)next_number();
        norm[o] = (uint8_t)(next_number() % 32);
    }
    for (size_t i = 0; i < out_count; i++) {
        out[i] = out16[i] = out8[i] = -123;
    }
    CHECK_EQUAL(ph_conv2d_s16(l, in, w, bias, norm, out), PH_OK);
    CHECK_EQUAL(ph_conv2d_s8(l, in8, w8, bias, norm, out8), PH_OK);
    CHECK_EQUAL(ph_conv2d_s8_s16(l, in8, w8, bias, norm, out16), PH_OK);
    int wrong = 0;
    for (size_t i = 0; i < out_count; i++) {
        wrong += out16[i] != out[i] || out8[i] != (out[i] < INT8_MIN   ? INT8_MIN
                                                   : out[i] > INT8_MAX ? INT8_MAX
                                                                       : out[i]);
    }
    CHECK_EQUAL(wrong, 0);
    void *all[] = {in, w, in8, w8, out, out16, out8, bias, norm};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void compare_many(void) {
    static const int32_t kernels[4][2] = {{1, 1}, {3, 3}, {2, 5}, {7, 1}};
    for (int round = 0; round < 400; round++) {
        ph_conv2d l = small_layer();
        const int32_t *kernel = kernels[next_number() % 4];
        l.kernel_height = kernel[0];
        l.kernel_width = kernel[1];
        l.padding = (int32_t)(next_number() % 4);
        l.stride = 1 + (int32_t)(next_number() % 3);
        l.input = (ph_shape){7 + (int32_t)(next_number() % 4), 7 + (int32_t)(next_number() % 4),
                             1 + (int32_t)(next_number() % 66)};
        l.outputs = 1 + (int32_t)(next_number() % 9);
        l.channel = (int32_t)(next_number() % 3);
        l.output = (ph_shape){(l.input.height + 2 * l.padding - l.kernel_height) / l.stride + 1,
                              (l.input.width + 2 * l.padding - l.kernel_width) / l.stride + 1,
                              l.channel + l.outputs + (int32_t)(next_number() % 3)};
        l.relu = next_number() % 2;
        compare(&l, (fill_kind)(next_number() % FILLS), (fill_kind)(next_number() % FILLS));
    }
}

#define REFUSE(status, change)                                                                                         \
    do {                                                                                                               \
        ph_conv2d l = small_layer();                                                                                   \
        uint8_t norm[5] = {0};                                                                                         \
        int8_t out[1] = {77};                                                                                          \
        int16_t out16[1] = {77};                                                                                       \
        change;                                                                                                        \
        CHECK_EQUAL(ph_conv2d_s8(&l, in, weight, bias, norm, out), status);                                            \
        CHECK_EQUAL(ph_conv2d_s8_s16(&l, in, weight, bias, norm, out16), status);                                      \
        CHECK_EQUAL(out[0], 77);                                                                                       \
        CHECK_EQUAL(out16[0], 77);                                                                                     \
    } while (0)

static void refuse_many(void) {
    static const int8_t in[6 * 5 * 3], weight[5 * 27];
    static const int32_t bias[5];
    REFUSE(PH_BAD_SHAPE, l.input.channels = 0);
    REFUSE(PH_BAD_SHAPE, l.output.height = 5);
    REFUSE(PH_BAD_SHAPE, l.outputs = 7);
    REFUSE(PH_BAD_SHAPE, l.kernel_width = 8);
    REFUSE(PH_BAD_SHAPE, l.stride = 0);
    REFUSE(PH_BAD_SHAPE, l.padding = INT32_MAX);
    REFUSE(PH_BAD_ARGUMENT, l.accumulation = PH_PER_CHANNEL);
    REFUSE(PH_BAD_ARGUMENT, l.accumulator_bits = 64);
    REFUSE(PH_BAD_ARGUMENT, norm[4] = 32);
}

static void nothing_overflows_at_the_ends_of_32_bits(void) {
    const ph_conv2d l = {{1, 1, 1}, {1, 1, 1}, 0, 1, 1, 1, 1, 0, false, PH_FULL, 32};
    const int8_t zero = 0;
    for (uint8_t norm = 0; norm < 32; norm++) {
        int16_t highest, lowest;
        CHECK_EQUAL(ph_conv2d_s8_s16(&l, &zero, &zero, &(int32_t){INT32_MAX}, &norm, &highest), PH_OK);
        CHECK_EQUAL(ph_conv2d_s8_s16(&l, &zero, &zero, &(int32_t){INT32_MIN}, &norm, &lowest), PH_OK);
        CHECK_EQUAL(highest, norm < 17 ? INT16_MAX : 1 << (31 - norm)); /* 2^31 - 1 rounds up to 2^31 */
        CHECK_EQUAL(lowest, norm < 17 ? INT16_MIN : -(1 << (31 - norm)));
    }
}

int main(void) {
    compare_many();
    nothing_overflows_at_the_ends_of_32_bits();
    refuse_many();
    FINISH();
}
