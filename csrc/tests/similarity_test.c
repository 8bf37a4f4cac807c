#include "peephole/similarity.h"

#include "check.h"

#include <string.h>

static int32_t limited(int32_t most) {
    const uint32_t number = next_number();
    switch (number % 8) {
    case 0:
        return most;
    case 1:
        return -most;
    case 2:
        return 0;
    default:
        return (int32_t)(next_number() % (2u * (uint32_t)most + 1u)) - most;
    }
}

/* The undefined-behaviour sanitizer watches for overflow, at the limits above all. */
static void no_points_overflow(void) {
    for (int round = 0; round < 20000; round++) {
        int32_t points[10], template_points[10], matrix[6];
        const unsigned small = round % 3 == 0 ? next_number() % 20 : 0;
        for (int i = 0; i < 10; i++) {
            points[i] = limited(1 << 23);
            template_points[i] = limited(1 << 20) >> small;
        }
        const ph_status status = ph_similarity_fit_s32(points, template_points, matrix);
        CHECK(status == PH_OK || status == PH_BAD_ARGUMENT);
        if (status == PH_OK) {
            CHECK_EQUAL(matrix[0], matrix[4]);
            CHECK_EQUAL(matrix[1], -matrix[3]);
        }
    }
}

static void the_widest_template_on_the_widest_points(void) {
    static const int32_t edge = 1 << 20;
    const int32_t template_points[10] = {-edge, -edge, edge, edge, -edge, -edge, edge, edge, edge, edge};
    int32_t points[10], matrix[6];
    for (int i = 0; i < 10; i++) {
        points[i] = 8 * template_points[i];
    }
    CHECK_EQUAL(ph_similarity_fit_s32(points, template_points, matrix), PH_OK);
    CHECK_EQUAL(matrix[0], 8 << 16);
    CHECK_EQUAL(matrix[1], 0);
    CHECK_EQUAL(matrix[2], 0);
    CHECK_EQUAL(matrix[5], 0);
}

static void a_quarter_turn(void) {
    static const int32_t template_points[10] = {0, 0, 256, 0, 0, 256, 256, 256, 512, 0};
    int32_t points[10], matrix[6];
    for (int i = 0; i < 5; i++) { /* (x, y) to (10 - y, 20 + x) pixels */
        points[2 * i] = 2560 - template_points[2 * i + 1];
        points[2 * i + 1] = 5120 + template_points[2 * i];
    }
    static const int32_t expected[6] = {0, -65536, 655360, 65536, 0, 1310720};
    CHECK_EQUAL(ph_similarity_fit_s32(points, template_points, matrix), PH_OK);
    CHECK(memcmp(matrix, expected, sizeof matrix) == 0);
}

static void refusals(void) {
    const int32_t good[10] = {0, 0, 256, 0, 0, 256, 256, 256, 512, 0};
    const int32_t same[10] = {7, 9, 7, 9, 7, 9, 7, 9, 7, 9};
    int32_t matrix[6] = {1, 2, 3, 4, 5, 6};
    int32_t far[10];
    CHECK_EQUAL(ph_similarity_fit_s32(same, good, matrix), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_similarity_fit_s32(good, same, matrix), PH_BAD_ARGUMENT);
    memcpy(far, good, sizeof far);
    far[3] = (1 << 23) + 1;
    CHECK_EQUAL(ph_similarity_fit_s32(far, good, matrix), PH_BAD_ARGUMENT);
    far[3] = INT32_MIN;
    CHECK_EQUAL(ph_similarity_fit_s32(far, good, matrix), PH_BAD_ARGUMENT);
    far[3] = -(1 << 20) - 1;
    CHECK_EQUAL(ph_similarity_fit_s32(good, far, matrix), PH_BAD_ARGUMENT);
    /* a turn of 2^15 or more does not fit Q16 */
    const int32_t narrow[10] = {0, 0, 1, 0, 0, 1, 1, 1, 2, 0};
    for (int i = 0; i < 10; i++) {
        far[i] = narrow[i] << 16;
    }
    CHECK_EQUAL(ph_similarity_fit_s32(far, narrow, matrix), PH_BAD_ARGUMENT);
    for (int i = 0; i < 6; i++) {
        CHECK_EQUAL(matrix[i], i + 1);
    }
}

static void points_of_a_crop(void) {
    static const int16_t points[10] = {0, 0, -16384, 16384, 16384, -16384, 8192, 0, 0, 1};
    static const int32_t matrix[6] = {2 * 65536, 0, 10 * 65536, 0, 2 * 65536, 20 * 65536};
    int32_t out[10];
    CHECK_EQUAL(ph_warp_points_s16(64, 14, points, matrix, out), PH_OK);
    CHECK_EQUAL(out[0], 73 * 256); /* the middle, 31.5, twice, and 10 */
    CHECK_EQUAL(out[1], 83 * 256);
    CHECK_EQUAL(out[2], 9 * 256); /* the crop's left edge, -0.5 */
    CHECK_EQUAL(out[3], 147 * 256);
    CHECK_EQUAL(out[6], 105 * 256);
    CHECK_EQUAL(out[9], 83 * 256 + 1); /* 1/256 pixel exactly */
}

static void wild_points(void) {
    int16_t points[10];
    int32_t matrix[6], out[10];
    for (int round = 0; round < 20000; round++) {
        const unsigned cut = next_number() % 31;
        for (int i = 0; i < 10; i++) {
            points[i] = round % 2 ? (int16_t)next_number() : INT16_MIN;
        }
        for (int i = 0; i < 6; i++) {
            matrix[i] = round % 5 == 0 ? INT32_MIN : (int32_t)next_number() >> cut;
        }
        const ph_status status =
            ph_warp_points_s16(1 + (int32_t)(next_number() % 4096), (uint8_t)(next_number() % 16), points, matrix, out);
        CHECK(status == PH_OK || status == PH_BAD_ARGUMENT);
    }
    CHECK_EQUAL(ph_warp_points_s16(0, 14, points, matrix, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_warp_points_s16(4097, 14, points, matrix, out), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_warp_points_s16(64, 16, points, matrix, out), PH_BAD_ARGUMENT);
}

int main(void) {
    no_points_overflow();
    the_widest_template_on_the_widest_points();
    a_quarter_turn();
    refusals();
    points_of_a_crop();
    wild_points();
    FINISH();
}
