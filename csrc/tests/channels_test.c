#include "peephole/channels.h"

#include "check.h"
#include "windows.h"

static int64_t moved(int64_t value, const ph_copy_channels *l) {
    const int64_t y =
        l->shift >= 0 ? value * (INT64_C(1) << l->shift) : (value + (INT64_C(1) << (-l->shift - 1))) >> -l->shift;
    return y < l->low ? l->low : y > l->high ? l->high : y;
}

/* All four widths at once: the bytes of 8 bits are the high bytes of 16. */
static void compare_copies(void) {
    for (int round = 0; round < 600; round++) {
        ph_copy_channels l = {{any_number(1, 3), any_number(1, 3), any_number(1, 20)},
                              {0, 0, 0},
                              0,
                              0,
                              any_number(0, 2),
                              any_number(-31, 31),
                              any_number(-128, 0),
                              any_number(0, 127)};
        if (round % 3 == 0) {
            l.shift = 0;
            l.low = INT8_MIN;
            l.high = INT8_MAX;
        }
        l.first = any_number(0, l.input.channels - 1);
        l.count = any_number(1, l.input.channels - l.first);
        l.output = (ph_shape){l.input.height, l.input.width, l.channel + l.count + any_number(0, 2)};
        const size_t pixels = (size_t)(l.input.height * l.input.width);
        const size_t in_count = pixels * (size_t)l.input.channels, out_count = pixels * (size_t)l.output.channels;
        int16_t *in = filled_s16(in_count, (fill_kind)(next_number() % FILLS));
        int8_t *in8 = allocate(in_count, 1), *to8 = allocate(out_count, 1), *to8_from8 = allocate(out_count, 1);
        int16_t *to16 = allocate(out_count, 2), *to16_from8 = allocate(out_count, 2);
        for (size_t i = 0; i < in_count; i++) {
            in8[i] = (int8_t)(in[i] >> 8);
        }
        for (size_t i = 0; i < out_count; i++) {
            to8[i] = to8_from8[i] = -123;
            to16[i] = to16_from8[i] = -12345;
        }
        ph_copy_channels wide = l; /* as it is, where the type has these limits */
        if (round % 3 == 0) {
            wide.low = INT16_MIN;
            wide.high = INT16_MAX;
        }
        CHECK_EQUAL(ph_copy_channels_s16(&wide, in, to16), PH_OK);
        CHECK_EQUAL(ph_copy_channels_s16_s8(&l, in, to8), PH_OK);
        CHECK_EQUAL(ph_copy_channels_s8(&l, in8, to8_from8), PH_OK);
        CHECK_EQUAL(ph_copy_channels_s8_s16(&wide, in8, to16_from8), PH_OK);
        int wrong = 0;
        for (size_t i = 0; i < out_count; i++) {
            const int32_t c = (int32_t)(i % (size_t)l.output.channels) - l.channel;
            const size_t from =
                i / (size_t)l.output.channels * (size_t)l.input.channels + (size_t)(l.first + (c < 0 ? 0 : c));
            const int inside = c >= 0 && c < l.count;
            wrong += to16[i] != (inside ? moved(in[from], &wide) : -12345);
            wrong += to8[i] != (inside ? moved(in[from], &l) : -123);
            wrong += to8_from8[i] != (inside ? moved(in8[from], &l) : -123);
            wrong += to16_from8[i] != (inside ? moved(in8[from], &wide) : -12345);
        }
        CHECK_EQUAL(wrong, 0);
        void *all[] = {in, in8, to8, to8_from8, to16, to16_from8};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            free(all[i]);
        }
    }
}

static void shuffles(void) {
    static const int16_t in[2 * 6] = {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15};
    static const int16_t expected[2 * 7] = {9, 0, 3, 1, 4, 2, 5, 9, 10, 13, 11, 14, 12, 15};
    int8_t in8[12], out8[14];
    int16_t out[14];
    for (size_t i = 0; i < 14; i++) {
        out8[i] = 9;
        out[i] = 9;
        in8[i % 12] = (int8_t)in[i % 12];
    }
    const ph_shuffle_channels l = {{1, 2, 6}, {1, 2, 7}, 1, 2};
    CHECK_EQUAL(ph_shuffle_channels_s16(&l, in, out), PH_OK);
    CHECK_EQUAL(ph_shuffle_channels_s8(&l, in8, out8), PH_OK);
    for (size_t i = 0; i < 14; i++) {
        CHECK_EQUAL(out[i], expected[i]);
        CHECK_EQUAL(out8[i], expected[i]);
    }
}

#define REFUSE_COPY(status, change)                                                                                    \
    do {                                                                                                               \
        ph_copy_channels l = {{2, 1, 3}, {2, 1, 4}, 1, 2, 1, 0, -128, 127};                                            \
        int16_t out[8] = {77};                                                                                         \
        int8_t out8[8] = {77};                                                                                         \
        change;                                                                                                        \
        CHECK_EQUAL(ph_copy_channels_s16(&l, in, out), status);                                                        \
        CHECK_EQUAL(ph_copy_channels_s16_s8(&l, in, out8), status);                                                    \
        CHECK_EQUAL(ph_copy_channels_s8(&l, in8, out8), status);                                                       \
        CHECK_EQUAL(ph_copy_channels_s8_s16(&l, in8, out), status);                                                    \
        CHECK(out[0] == 77 && out8[0] == 77);                                                                          \
    } while (0)

#define REFUSE_SHUFFLE(change)                                                                                         \
    do {                                                                                                               \
        ph_shuffle_channels l = {{2, 1, 3}, {2, 1, 4}, 1, 3};                                                          \
        int16_t out[8] = {77};                                                                                         \
        int8_t out8[8] = {77};                                                                                         \
        change;                                                                                                        \
        CHECK_EQUAL(ph_shuffle_channels_s16(&l, in, out), PH_BAD_SHAPE);                                               \
        CHECK_EQUAL(ph_shuffle_channels_s8(&l, in8, out8), PH_BAD_SHAPE);                                              \
        CHECK(out[0] == 77 && out8[0] == 77);                                                                          \
    } while (0)

static void refuse_many(void) {
    static const int16_t in[6];
    static const int8_t in8[6];
    REFUSE_COPY(PH_OK, (void)in);
    REFUSE_COPY(PH_BAD_SHAPE, l.input.height = 1);
    REFUSE_COPY(PH_BAD_SHAPE, l.output.width = 2);
    REFUSE_COPY(PH_BAD_SHAPE, l.first = 2);
    REFUSE_COPY(PH_BAD_SHAPE, l.first = -1);
    REFUSE_COPY(PH_BAD_SHAPE, l.count = INT32_MAX);
    REFUSE_COPY(PH_BAD_SHAPE, l.channel = 3);
    REFUSE_COPY(PH_BAD_ARGUMENT, l.shift = 32);
    REFUSE_COPY(PH_BAD_ARGUMENT, l.shift = INT32_MIN);
    REFUSE_COPY(PH_BAD_ARGUMENT, l.low = 1 + (l.high = 0));
    REFUSE_SHUFFLE(l.groups = 2);
    REFUSE_SHUFFLE(l.groups = 0);
    REFUSE_SHUFFLE(l.input.width = 2);
    REFUSE_SHUFFLE(l.channel = 2);
}

int main(void) {
    compare_copies();
    shuffles();
    refuse_many();
    FINISH();
}
