#include "peephole/upsample.h"

#include "check.h"

static void every_pixel_four_times(int32_t height, int32_t width, int32_t channels, int32_t channel, int32_t more) {
    const int32_t all = channel + channels + more;
    const size_t read = (size_t)height * width * channels, written = (size_t)4 * height * width * all;
    const ph_upsample layer = {{height, width, channels}, {2 * height, 2 * width, all}, channel};
    int16_t *in = filled_s16(read, FILL_RANDOM), *out = filled_s16(written, FILL_ZERO);
    int8_t *in8 = allocate(read, 1), *out8 = allocate(written, 1);
    for (size_t i = 0; i < read; i++) {
        in8[i] = (int8_t)(in[i] >> 8);
    }
    for (size_t i = 0; i < written; i++) {
        out[i] = out8[i] = 77;
    }
    CHECK_EQUAL(ph_upsample_s16(&layer, in, out), PH_OK);
    CHECK_EQUAL(ph_upsample_s8(&layer, in8, out8), PH_OK);
    for (int32_t y = 0; y < 2 * height; y++) {
        for (int32_t x = 0; x < 2 * width; x++) {
            for (int32_t c = 0; c < all; c++) {
                const size_t to = ((size_t)y * 2 * width + x) * all + c;
                const size_t from = ((size_t)(y / 2) * width + x / 2) * channels + c - channel;
                const int own = c >= channel && c < channel + channels;
                CHECK_EQUAL(out[to], own ? in[from] : 77);
                CHECK_EQUAL(out8[to], own ? in8[from] : 77);
            }
        }
    }
    free(in);
    free(out);
    free(in8);
    free(out8);
}

#define REFUSE(change)                                                                                                 \
    do {                                                                                                               \
        ph_upsample l = {{2, 1, 3}, {4, 2, 4}, 1};                                                                     \
        int16_t out[32] = {77};                                                                                        \
        int8_t out8[32] = {77};                                                                                        \
        change;                                                                                                        \
        CHECK_EQUAL(ph_upsample_s16(&l, in, out), PH_BAD_SHAPE);                                                       \
        CHECK_EQUAL(ph_upsample_s8(&l, in8, out8), PH_BAD_SHAPE);                                                      \
        CHECK(out[0] == 77 && out8[0] == 77);                                                                          \
    } while (0)

static void refuse_many(void) {
    static const int16_t in[6];
    static const int8_t in8[6];
    REFUSE(l.input.height = 1);
    REFUSE(l.input.height = 0);
    REFUSE(l.output.height = 3);
    REFUSE(l.output.height = 5);
    REFUSE(l.output.width = 3);
    REFUSE(l.output.width = 1);
    REFUSE(l.input.height = 16384; l.output.height = 32768);
    REFUSE(l.channel = 2);
    REFUSE(l.channel = -1);
    REFUSE(l.input.channels = 0);
}

int main(void) {
    every_pixel_four_times(1, 1, 1, 0, 0);
    every_pixel_four_times(3, 5, 4, 0, 0);
    every_pixel_four_times(2, 3, 7, 2, 1);
    every_pixel_four_times(7, 1, 16, 0, 3);
    refuse_many();
    FINISH();
}
