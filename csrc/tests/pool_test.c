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

/* A mean in the plainest way. */
static int64_t average_under(const ph_average_pool *l, const int16_t *in, const int32_t *factor, int32_t y, int32_t x,
                             int32_t c) {
    const ph_window *w = &l->window;
    const int32_t below = l->counts_padding ? l->padding_bottom : 0, right = l->counts_padding ? l->padding_right : 0;
    int64_t sum = 0;
    int32_t counted = 0;
    for (int32_t ky = 0; ky < w->kernel_height; ky++) {
        for (int32_t kx = 0; kx < w->kernel_width; kx++) {
            const int32_t iy = y * w->stride_y + ky * w->dilation_y - w->padding_top;
            const int32_t ix = x * w->stride_x + kx * w->dilation_x - w->padding_left;
            const bool inside = iy >= 0 && iy < l->input.height && ix >= 0 && ix < l->input.width;
            sum += inside ? in[(iy * l->input.width + ix) * l->input.channels + c] : 0;
            counted += inside || (l->counts_padding && iy < l->input.height + below && ix < l->input.width + right);
        }
    }
    return (sum * factor[counted - 1] + (l->shift ? INT64_C(1) << (l->shift - 1) : 0)) >> l->shift;
}

static int64_t within(int64_t value, int64_t limit) {
    return value < -limit - 1 ? -limit - 1 : value > limit ? limit : value;
}

static void compare_average_pools(void) {
    static const int32_t kernels[4][2] = {{1, 1}, {2, 2}, {3, 3}, {2, 5}};
    for (int round = 0; round < 400; round++) {
        ph_average_pool l = {{any_number(1, 9), any_number(1, 9), any_number(1, 20)},
                             {0, 0, 0},
                             any_number(0, 2),
                             {0},
                             next_number() % 2,
                             any_number(0, 3),
                             any_number(0, 3),
                             (uint8_t)any_number(0, 40)};
        int32_t factor[10];
        for (int32_t n = 0; n < 10; n++) {
            factor[n] = any_number(0, INT32_MAX >> 4);
        }
        l.output.channels = l.channel + l.input.channels;
        l.window = any_window(kernels[next_number() % 4], l.input, &l.output);
        l.window.dilation_y = l.window.dilation_x = 1; /* so that every window meets the input */
        l.window.padding_top = any_number(0, l.window.kernel_height - 1);
        l.window.padding_left = any_number(0, l.window.kernel_width - 1);
        l.output.height = any_number(1, most_outputs(l.input.height, l.window.padding_top, l.window.stride_y));
        l.output.width = any_number(1, most_outputs(l.input.width, l.window.padding_left, l.window.stride_x));
        const size_t in_count = (size_t)(l.input.height * l.input.width * l.input.channels);
        const size_t out_count = (size_t)(l.output.height * l.output.width * l.output.channels);
        int16_t *in = filled_s16(in_count, (fill_kind)(next_number() % FILLS));
        int16_t *bytes = allocate(in_count, sizeof *bytes);
        int8_t *in8 = allocate(in_count, 1), *out8 = allocate(out_count, 1);
        int16_t *out = allocate(out_count, sizeof *out), *out16 = allocate(out_count, sizeof *out16);
        for (size_t i = 0; i < in_count; i++) {
            bytes[i] = in8[i] = (int8_t)(in[i] >> 8);
        }
        CHECK_EQUAL(ph_average_pool_s16(&l, in, factor, out), PH_OK);
        CHECK_EQUAL(ph_average_pool_s8(&l, in8, factor, out8), PH_OK);
        CHECK_EQUAL(ph_average_pool_s8_s16(&l, in8, factor, out16), PH_OK);
        int wrong = 0;
        for (int32_t i = 0; i < l.output.height * l.output.width * l.input.channels; i++) {
            const int32_t pixel = i / l.input.channels, c = i % l.input.channels;
            const int32_t y = pixel / l.output.width, x = pixel % l.output.width;
            const int32_t at = pixel * l.output.channels + l.channel + c;
            const int64_t narrow = average_under(&l, bytes, factor, y, x, c);
            wrong += out[at] != within(average_under(&l, in, factor, y, x, c), INT16_MAX);
            wrong += out8[at] != within(narrow, INT8_MAX) || out16[at] != within(narrow, INT16_MAX);
        }
        CHECK_EQUAL(wrong, 0);
        void *all[] = {in, bytes, in8, out8, out, out16};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            free(all[i]);
        }
    }
}

#define REFUSE_AVERAGE(status, change)                                                                                 \
    do {                                                                                                               \
        ph_average_pool l = {{4, 4, 2}, {2, 2, 3}, 1, {2, 2, 2, 2, 1, 1, 0, 0}, false, 0, 0, 4};                       \
        int32_t factor[4] = {4, 4, 4, 4};                                                                              \
        int16_t out[12] = {77};                                                                                        \
        int8_t out8[12] = {77};                                                                                        \
        change;                                                                                                        \
        CHECK_EQUAL(ph_average_pool_s16(&l, in, factor, out), status);                                                 \
        CHECK_EQUAL(ph_average_pool_s8(&l, in8, factor, out8), status);                                                \
        CHECK_EQUAL(ph_average_pool_s8_s16(&l, in8, factor, out), status);                                             \
        CHECK(out[0] == 77 && out8[0] == 77);                                                                          \
    } while (0)

static void refuse_average_pools(void) {
    static const int16_t in[32];
    static const int8_t in8[32];
    REFUSE_AVERAGE(PH_OK, (void)factor);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.window.kernel_width = 0);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.window.kernel_width = 32767; l.window.kernel_height = 3);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.window.padding_left = 2);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.window.dilation_y = 20; l.window.padding_top = 9);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.padding_bottom = -1);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.padding_right = INT32_MAX);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.output.height = 3);
    REFUSE_AVERAGE(PH_BAD_SHAPE, l.channel = 2);
    REFUSE_AVERAGE(PH_BAD_ARGUMENT, factor[2] = -1);
    REFUSE_AVERAGE(PH_BAD_ARGUMENT, l.shift = 62);
}

static void the_largest_sums_of_an_average_pool_are_exact(void) {
    enum { SIDE = 255 };
    const ph_average_pool l = {{SIDE, SIDE, 1}, {1, 1, 1}, 0, {SIDE, SIDE, 1, 1, 1, 1, 0, 0}, false, 0, 0, 61};
    int16_t *in = filled_s16(SIDE * SIDE, FILL_LOWEST), out = 77;
    int32_t *factor = allocate(SIDE * SIDE, sizeof *factor);
    for (int32_t n = 0; n < SIDE * SIDE; n++) {
        factor[n] = INT32_MAX;
    }
    CHECK_EQUAL(ph_average_pool_s16(&l, in, factor, &out), PH_OK);
    CHECK_EQUAL(out, -1 * ((INT64_C(32768) * SIDE * SIDE * INT32_MAX + (INT64_C(1) << 60)) >> 61));
    free(in);
    free(factor);
}

int main(void) {
    max_pool();
    compare_max_pools();
    refuse_max_pools();
    global_average_pool();
    pools_of_8_bits();
    compare_average_pools();
    refuse_average_pools();
    the_largest_sums_of_an_average_pool_are_exact();
    FINISH();
}
