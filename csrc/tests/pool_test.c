#include "peephole/pool.h"

#include "check.h"

#include <string.h>

static void maxpool(void) {
    static const int16_t in[4 * 4 * 2] = {-1, 10, -2, 11, -3, 12, -4, 13, -5, 14, -6, 15, -7, 16, -8, 17,
                                          -9, 18, 0,  19, -3, 20, -4, 21, -5, 22, -6, 23, -7, 24, -8, 25};
    int16_t out[2 * 2 * 3];
    memset(out, 0x11, sizeof out);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 2, 2, in, (ph_shape){2, 2, 3}, 1, out), PH_OK);
    static const int16_t expected[2 * 2 * 3] = {0x1111, -1, 15, 0x1111, -3, 17, 0x1111, 0, 23, 0x1111, -3, 25};
    CHECK(memcmp(out, expected, sizeof out) == 0);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 3, 2, in, (ph_shape){1, 1, 2}, 0, out), PH_OK);
    CHECK_EQUAL(out[1], 20);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 5, 1, in, (ph_shape){1, 1, 2}, 0, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 2, 0, in, (ph_shape){2, 2, 2}, 0, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 2, 2, in, (ph_shape){2, 3, 2}, 0, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 2, 2, in, (ph_shape){2, 2, 2}, 1, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_maxpool_s16((ph_shape){4, 4, 2}, 2, 2, in, (ph_shape){2, 2, 2}, -1, out), PH_BAD_SHAPE);
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
    CHECK_EQUAL(ph_maxpool_s8(two, 2, 2, in, one, 1, out), PH_OK);
    CHECK(out[0] == 77 && out[1] == 127 && out[2] == 2);
    CHECK_EQUAL(ph_maxpool_s8(two, 3, 2, in, one, 1, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_global_average_pool_s8(two, 1 << 28, 30, in, one, 0, out), PH_OK);
    CHECK(out[0] == 2 && out[1] == -1 && out[2] == 2); /* 6 / 4 and -4 / 4, halves upwards */
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
    maxpool();
    global_average_pool();
    pools_of_8_bits();
    copy_channels();
    FINISH();
}
