#include "peephole/add.h"

#include <string.h>

#include "check.h"

static ph_add small_layer(void) {
    return (ph_add){.input = {3, 2, 5},
                    .output = {3, 2, 8},
                    .channel = 2,
                    .shift = 1,
                    .other_shift = 0,
                    .norm = 2,
                    .low = INT8_MIN,
                    .high = INT8_MAX};
}

static int64_t expected(const ph_add *l, int32_t a, int32_t b) {
    const int64_t half = l->norm ? INT64_C(1) << (l->norm - 1) : 0;
    const int64_t y = (a * (INT64_C(1) << l->shift) + b * (INT64_C(1) << l->other_shift) + half) >> l->norm;
    return y < l->low ? l->low : y > l->high ? l->high : y;
}

/* Both widths at once: the bytes of 8 bits are the high bytes of 16. */
static void compare(const ph_add *l, fill_kind fill, fill_kind other_fill) {
    const size_t pixels = (size_t)(l->input.height * l->input.width);
    const size_t channels = (size_t)l->input.channels, out_channels = (size_t)l->output.channels;
    int16_t *a = filled_s16(pixels * channels, fill), *b = filled_s16(pixels * channels, other_fill);
    int8_t *a8 = allocate(pixels * channels, 1), *b8 = allocate(pixels * channels, 1);
    int16_t *out = allocate(pixels * out_channels, sizeof *out);
    int8_t *out8 = allocate(pixels * out_channels, 1);
    for (size_t i = 0; i < pixels * channels; i++) {
        a8[i] = (int8_t)(a[i] >> 8);
        b8[i] = (int8_t)(b[i] >> 8);
    }
    for (size_t i = 0; i < pixels * out_channels; i++) {
        out[i] = -12345;
        out8[i] = -123;
    }
    CHECK_EQUAL(ph_add_s16(l, a, b, out), PH_OK);
    CHECK_EQUAL(ph_add_s8(l, a8, b8, out8), PH_OK);
    int wrong = 0;
    for (size_t i = 0; i < pixels * out_channels; i++) {
        const int32_t c = (int32_t)(i % out_channels) - l->channel;
        const int inside = c >= 0 && c < l->input.channels;
        const size_t from = inside ? i / out_channels * channels + (size_t)c : 0;
        wrong += out[i] != (inside ? expected(l, a[from], b[from]) : -12345);
        wrong += out8[i] != (inside ? expected(l, a8[from], b8[from]) : -123);
    }
    CHECK_EQUAL(wrong, 0);
    if (channels == out_channels) { /* over either summand */
        CHECK_EQUAL(ph_add_s16(l, a, b, b), PH_OK);
        CHECK_EQUAL(ph_add_s8(l, a8, b8, a8), PH_OK);
        CHECK(memcmp(b, out, pixels * channels * sizeof *b) == 0);
        CHECK(memcmp(a8, out8, pixels * channels) == 0);
    }
    free(a);
    free(b);
    free(a8);
    free(b8);
    free(out);
    free(out8);
}

static void compare_many(void) {
    for (int round = 0; round < 600; round++) {
        ph_add l = small_layer();
        l.input = (ph_shape){1 + (int32_t)(next_number() % 3), 1 + (int32_t)(next_number() % 3),
                             1 + (int32_t)(next_number() % 40)};
        l.channel = (int32_t)(next_number() % 3);
        l.output =
            (ph_shape){l.input.height, l.input.width, l.channel + l.input.channels + (int32_t)(next_number() % 3)};
        l.shift = (uint8_t)(next_number() % 32);
        l.other_shift = (uint8_t)(round % 2 ? 0 : 13 + next_number() % 4); /* about where 32 bits end */
        l.norm = (uint8_t)(next_number() % 32);
        l.low = -(int32_t)(next_number() % 129);
        l.high = (int32_t)(next_number() % 128);
        compare(&l, (fill_kind)(next_number() % FILLS), (fill_kind)(next_number() % FILLS));
    }
}

#define REFUSE(status, change)                                                                                         \
    do {                                                                                                               \
        ph_add l = small_layer();                                                                                      \
        change;                                                                                                        \
        int16_t out[1] = {77};                                                                                         \
        int8_t out8[1] = {77};                                                                                         \
        CHECK_EQUAL(ph_add_s16(&l, in, in, out), status);                                                              \
        CHECK_EQUAL(ph_add_s8(&l, in8, in8, out8), status);                                                            \
        CHECK_EQUAL(out[0], 77);                                                                                       \
        CHECK_EQUAL(out8[0], 77);                                                                                      \
    } while (0)

static void refuse_many(void) {
    static const int16_t in[3 * 2 * 5];
    static const int8_t in8[3 * 2 * 5];
    REFUSE(PH_BAD_SHAPE, l.input.height = 0);
    REFUSE(PH_BAD_SHAPE, l.input.channels = INT32_MAX);
    REFUSE(PH_BAD_SHAPE, l.output.height = 2);
    REFUSE(PH_BAD_SHAPE, l.output.width = 3);
    REFUSE(PH_BAD_SHAPE, l.output.channels = 6);
    REFUSE(PH_BAD_SHAPE, l.channel = -1);
    REFUSE(PH_BAD_SHAPE, l.channel = 4);
    REFUSE(PH_BAD_ARGUMENT, l.shift = 32);
    REFUSE(PH_BAD_ARGUMENT, l.other_shift = 32);
    REFUSE(PH_BAD_ARGUMENT, l.norm = 32);
    REFUSE(PH_BAD_ARGUMENT, l.low = 1 + (l.high = 0));
}

int main(void) {
    compare_many();
    refuse_many();
    FINISH();
}
