#include "peephole/conv2d.h"

#include "check.h"
#include "kernels/conv2d_blocked.h"
#include "windows.h"

#include <string.h>

static ph_conv2d small_layer(void) {
    return (ph_conv2d){.input = {6, 5, 3},
                       .output = {6, 5, 8},
                       .channel = 2,
                       .outputs = 5,
                       .groups = 1,
                       .window = {3, 3, 1, 1, 1, 1, 1, 1},
                       .low = INT8_MIN,
                       .high = INT8_MAX,
                       .accumulation = PH_FULL,
                       .accumulator_bits = 32};
}

/* The 16-bit convolution, which has its own test, gives the same numbers before the clip to 8 bits. */
static void compare(const ph_conv2d *l, fill_kind in_fill, fill_kind w_fill) {
    const size_t in_count = (size_t)(l->input.height * l->input.width * l->input.channels);
    const size_t w_count =
        (size_t)(l->outputs * l->window.kernel_height * l->window.kernel_width * l->input.channels / l->groups);
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
    ph_conv2d wide = *l; /* clipped to 8 bits afterwards */
    wide.low = l->low ? INT16_MIN : 0;
    wide.high = INT16_MAX;
    CHECK_EQUAL(ph_conv2d_s16(&wide, in, w, bias, norm, out), PH_OK);
    CHECK_EQUAL(ph_conv2d_s8(l, in8, w8, bias, norm, out8), PH_OK);
    CHECK_EQUAL(ph_conv2d_s8_s16(&wide, in8, w8, bias, norm, out16), PH_OK);
    int8_t *again8 = allocate(out_count, 1); /* in blocks, which only machines without vectors choose */
    int16_t *again16 = allocate(out_count, sizeof *again16);
    for (size_t i = 0; i < out_count; i++) {
        again16[i] = again8[i] = -123;
    }
    ph_conv2d_blocked_s8(l, in8, w8, bias, norm, (ph_output){.s8 = again8});
    ph_conv2d_blocked_s8(&wide, in8, w8, bias, norm, (ph_output){.s16 = again16});
    CHECK(memcmp(again8, out8, out_count) == 0);
    CHECK(memcmp(again16, out16, out_count * sizeof *out16) == 0);
    int wrong = 0;
    for (size_t i = 0; i < out_count; i++) {
        wrong += out16[i] != out[i] || out8[i] != (out[i] < l->low && out[i] != -123 ? l->low
                                                   : out[i] > l->high                ? l->high
                                                                                     : out[i]);
    }
    CHECK_EQUAL(wrong, 0);
    void *all[] = {in, w, in8, w8, out, out16, out8, again8, again16, bias, norm};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
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
        l.low = next_number() % 2 ? 0 : INT8_MIN;
        l.high = next_number() % 2 ? 100 : INT8_MAX;
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
    REFUSE(PH_BAD_SHAPE, l.output.height = 8);
    REFUSE(PH_BAD_SHAPE, l.outputs = 7);
    REFUSE(PH_BAD_SHAPE, l.groups = 2);
    REFUSE(PH_BAD_SHAPE, l.window.kernel_width = 0);
    REFUSE(PH_BAD_SHAPE, l.window.stride_x = 0);
    REFUSE(PH_BAD_SHAPE, l.window.padding_left = INT32_MAX);
    REFUSE(PH_BAD_ARGUMENT, l.accumulation = PH_PER_CHANNEL);
    REFUSE(PH_BAD_ARGUMENT, l.accumulator_bits = 64);
    REFUSE(PH_BAD_ARGUMENT, norm[4] = 32);
}

static void nothing_overflows_at_the_ends_of_32_bits(void) {
    const ph_conv2d l = {{1, 1, 1}, {1, 1, 1}, 0, 1, 1, {1, 1, 1, 1, 1, 1, 0, 0}, -32768, 32767, PH_FULL, 32};
    const int8_t zero = 0;
    for (uint8_t norm = 0; norm < 32; norm++) {
        int16_t highest, lowest;
        CHECK_EQUAL(ph_conv2d_s8_s16(&l, &zero, &zero, &(int32_t){INT32_MAX}, &norm, &highest), PH_OK);
        CHECK_EQUAL(ph_conv2d_s8_s16(&l, &zero, &zero, &(int32_t){INT32_MIN}, &norm, &lowest), PH_OK);
        CHECK_EQUAL(highest, norm < 17 ? INT16_MAX : 1 << (31 - norm)); /* 2^31 - 1 rounds up to 2^31 */
        CHECK_EQUAL(lowest, norm < 17 ? INT16_MIN : -(1 << (31 - norm)));
    }
}

static void each_width_has_its_own_limits(void) {
    ph_conv2d l = {{1, 1, 1}, {1, 1, 1}, 0, 1, 1, {1, 1, 1, 1, 1, 1, 0, 0}, -128, 128, PH_FULL, 32};
    const int8_t one = 1;
    int8_t out = 77;
    int16_t out16 = 77;
    CHECK_EQUAL(ph_conv2d_s8(&l, &one, &one, &(int32_t){999}, &(uint8_t){0}, &out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_conv2d_s8_s16(&l, &one, &one, &(int32_t){999}, &(uint8_t){0}, &out16), PH_OK);
    CHECK_EQUAL(out, 77);
    CHECK_EQUAL(out16, 128);
}

int main(void) {
    each_width_has_its_own_limits();
    compare_many();
    nothing_overflows_at_the_ends_of_32_bits();
    refuse_many();
    FINISH();
}
