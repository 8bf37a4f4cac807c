#include "peephole/pool.h"

#include "check.h"
#include "windows.h"

#include <string.h>

static void max_pool(void) {
    static const int16_t in[4 * 4 * 2] = {-1, 10, -2, 11, -3, 12, -4, 13, -5, 14, -6, 15, -7, 16, -8, 17,
                                          -9, 18, 0,  19, -3, 20, -4, 21, -5, 22, -6, 23, -7, 24, -8, 25};
    int16_t out[2 * 2 * 3];
    memset(out, 0x11, sizeof out);
    ph_max_pool two = {{4, 4, 2}, {2, 2, 3}, 1, {2, 2, 2, 2, 1, 1, 0, 0}};
    CHECK_EQUAL(ph_max_pool_s16(&two, in, out), PH_OK);
    static const int16_t expected[2 * 2 * 3] = {0x1111, -1, 15, 0x1111, -3, 17, 0x1111, 0, 23, 0x1111, -3, 25};
    CHECK(memcmp(out, expected, sizeof out) == 0);
    const ph_max_pool three = {{4, 4, 2}, {1, 1, 2}, 0, {3, 3, 2, 2, 1, 1, 0, 0}};
    CHECK_EQUAL(ph_max_pool_s16(&three, in, out), PH_OK);
    CHECK_EQUAL(out[1], 20);
}

/* The largest of the taps inside, in the plainest way; INT16_MIN - 1 if there is none. */
static int32_t largest_under(const ph_max_pool *l, const int16_t *in, int32_t y, int32_t x, int32_t c) {
    const ph_window *w = &l->window;
    int32_t largest = INT16_MIN - 1;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        for (int32_t kx = 0; kx < w->kernel_width; kx++) {
            const int32_t iy = y * w->stride_y + ky * w->dilation_y - w->padding_top;
            const int32_t ix = x * w->stride_x + kx * w->dilation_x - w->padding_left;
            if (iy >= 0 && iy < l->input.height && ix >= 0 && ix < l->input.width) {
                const int32_t value = in[(iy * l->input.width + ix) * l->input.channels + c];
                largest = value > largest ? value : largest;
            }
        }
    }
    return largest;
}

static void compare_max_pools(void) {
    static const int32_t kernels[4][2] = {{1, 1}, {2, 2}, {3, 3}, {2, 5}};
    for (int round = 0; round < 400; round++) {
        ph_max_pool l = {{any_number(1, 9), any_number(1, 9), any_number(1, 20)}, {0, 0, 0}, any_number(0, 2), {0}};
        l.output.channels = l.channel + l.input.channels;
        l.window = any_window(kernels[next_number() % 4], l.input, &l.output);
        const size_t in_count = (size_t)(l.input.height * l.input.width * l.input.channels);
        const size_t out_count = (size_t)(l.output.height * l.output.width * l.output.channels);
        int16_t *in = filled_s16(in_count, (fill_kind)(next_number() % FILLS));
        int8_t *in8 = allocate(in_count, 1), *out8 = allocate(out_count, 1);
        int16_t *out = allocate(out_count, sizeof *out);
        for (size_t i = 0; i < in_count; i++) {
            in8[i] = (int8_t)(in[i] >> 8);
        }
        const ph_status status = ph_max_pool_s16(&l, in, out);
        CHECK_EQUAL(ph_max_pool_s8(&l, in8, out8), status);
        int wrong = 0, empty = 0;
        for (int32_t i = 0; i < l.output.height * l.output.width * l.input.channels; i++) {
            const int32_t pixel = i / l.input.channels, c = i % l.input.channels;
            const int32_t expected = largest_under(&l, in, pixel / l.output.width, pixel % l.output.width, c);
            const int32_t at = pixel * l.output.channels + l.channel + c;
            empty += expected < INT16_MIN;
            wrong += status == PH_OK && (out[at] != expected || out8[at] != expected >> 8);
        }
        CHECK_EQUAL(wrong, 0);
        CHECK_EQUAL(status, empty ? PH_BAD_SHAPE : PH_OK);
        free(in);
        free(in8);
        free(out);
        free(out8);
    }
}

#define REFUSE(change)                                                                                                 \
    do {                                                                                                               \
        ph_max_pool l = {{4, 4, 2}, {2, 2, 3}, 1, {2, 2, 2, 2, 1, 1, 0, 0}};                                           \
        int16_t out[1] = {77};                                                                                         \
        int8_t out8[1] = {77};                                                                                         \
        change;                                                                                                        \
        CHECK_EQUAL(ph_max_pool_s16(&l, in, out), PH_BAD_SHAPE);                                                       \
        CHECK_EQUAL(ph_max_pool_s8(&l, in8, out8), PH_BAD_SHAPE);                                                      \
        CHECK(out[0] == 77 && out8[0] == 77);                                                                          \
    } while (0)

static void refuse_max_pools(void) {
    static const int16_t in[32];
    static const int8_t in8[32];
    REFUSE(l.window.kernel_height = 0);
    REFUSE(l.window.stride_x = 0);
    REFUSE(l.output.width = 3);
    REFUSE(l.output.channels = 2);
    REFUSE(l.channel = -1);
    REFUSE(l.window.padding_top = 2);
    REFUSE(l.window.dilation_y = 20; l.window.padding_top = 9; l.output.height = 1); /* steps over the input */
}

static void global_average_pool(void) {
    static const int16_t in[2 * 2] = {-32768, -32768, 32767, 1};
    int16_t out[2] = {77, 77};
    const ph_shape two = {2, 2, 1}, one = {1, 1, 2};
    CHECK_EQUAL(ph_global_average_pool_s16(two, 1 << 28, 30, in, one, 1, out), PH_OK);
    CHECK_EQUAL(out[0], 77);
    CHECK_EQUAL(out[1], -8192); /* -32768 / 4 */
    CHECK_EQUAL(ph_global_average_pool_s16(two, 1000, 0, in, one, 0, out), PH_OK);
    CHECK_EQUAL(out[0], -32768);
    CHECK_EQUAL(ph_global_average_pool_s16(two, -1, 0, in, one, 0, out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_global_average_pool_s16(two, 1, 62, in, one, 0, out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_global_average_pool_s16(two, 1, 0, in, (ph_shape){2, 1, 2}, 0, out), PH_BAD_SHAPE);
    const ph_shape wide = {257, 256, 1};
    CHECK_EQUAL(ph_global_average_pool_s16(wide, INT32_MAX, 30, in, one, 0, out), PH_BAD_ARGUMENT);
}

static void pools_of_8_bits(void) {
    static const int8_t in[2 * 2 * 2] = {-128, 1, 127, 2, 3, -3, 4, -4};
    int8_t out[3] = {77, 77, 77};
    const ph_shape two = {2, 2, 2}, one = {1, 1, 3};
    CHECK_EQUAL(ph_global_average_pool_s8(two, 1 << 28, 30, in, one, 0, out), PH_OK);
    CHECK(out[0] == 2 && out[1] == -1 && out[2] == 77); /* 6 / 4 and -4 / 4, halves upwards */
    CHECK_EQUAL(ph_global_average_pool_s8(two, 1 << 30, 20, in, one, 0, out), PH_OK);
    CHECK(out[0] == 127 && out[1] == -128);
    int16_t wide[2] = {77, 77};
    CHECK_EQUAL(ph_global_average_pool_s8_s16(two, 1 << 28, 22, in, (ph_shape){1, 1, 2}, 0, wide), PH_OK);
    CHECK(wide[0] == 384 && wide[1] == -256); /* 8 bits finer */
    CHECK_EQUAL(ph_global_average_pool_s8(two, -1, 0, in, one, 0, out), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_global_average_pool_s8_s16(two, 1, 62, in, one, 0, wide), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_global_average_pool_s8(two, 1, 0, in, one, 2, out), PH_BAD_SHAPE);
}

static void copy_channels(void) {
    static const int16_t in[2 * 1 * 2] = {1, 2, 3, 4};
    int16_t out[2 * 1 * 4] = {9, 9, 9, 9, 9, 9, 9, 9};
    static const int16_t expected[8] = {9, 1, 2, 9, 9, 3, 4, 9};
    CHECK_EQUAL(ph_copy_channels_s16((ph_shape){2, 1, 2}, in, (ph_shape){2, 1, 4}, 1, out), PH_OK);
    CHECK(memcmp(out, expected, sizeof out) == 0);
    CHECK_EQUAL(ph_copy_channels_s16((ph_shape){2, 1, 2}, in, (ph_shape){1, 2, 4}, 1, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_copy_channels_s16((ph_shape){2, 1, 2}, in, (ph_shape){2, 1, 4}, 3, out), PH_BAD_SHAPE);
}

int main(void) {
    max_pool();
    compare_max_pools();
    refuse_max_pools();
    global_average_pool();
    pools_of_8_bits();
    copy_channels();
    FINISH();
}
