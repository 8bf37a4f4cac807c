#include "app/crop.h"

#include "app/points.h"
#include "check.h"

#include <stdbool.h>
#include <string.h>

static int16_t any_of(int32_t low, int32_t high) {
    return (int16_t)(low + (int32_t)(next_number() % (uint32_t)(high - low + 1)));
}

static void the_square_of_a_box(void) {
    int32_t matrix[6];
    const ph_crop_rule plain = {1, 1, 0, 1};
    static const int32_t expected[6] = {65536, 0, 20 << 16, 0, 65536, 30 << 16};
    CHECK_EQUAL(ph_square_matrix((ph_box){20, 30, 64, 64}, 64, plain, matrix), PH_OK);
    CHECK(memcmp(matrix, expected, sizeof matrix) == 0);
    CHECK_EQUAL(ph_square_matrix((ph_box){20, 46, 64, 32}, 64, plain, matrix), PH_OK); /* of its longer side */
    CHECK(memcmp(matrix, expected, sizeof matrix) == 0);
    /* 9/8 pixels in 147,456: half of the last place, rounded up */
    CHECK_EQUAL(ph_square_matrix((ph_box){0, 0, 1, 1}, 147456, (ph_crop_rule){9, 8, 0, 1}, matrix), PH_OK);
    CHECK_EQUAL(matrix[0], 1);
    /* 64 pixels of a 50 pixel box: 1.1 * 50 / 64, from 10 + 24.5 - 0.859375 * 31.5, and 5/64 * 50 higher */
    CHECK_EQUAL(ph_square_matrix((ph_box){10, 10, 50, 50}, 64, ph_recogniser_rule, matrix), PH_OK);
    CHECK_EQUAL(matrix[0], 56320);
    CHECK_EQUAL(matrix[2], 486912);
    CHECK_EQUAL(matrix[5], 486912 - 256000);
}

static void any_box_is_safe(void) {
    for (int round = 0; round < 50000; round++) {
        const bool wild = round % 3 == 0;
        const ph_box box = {any_of(INT16_MIN, INT16_MAX), any_of(INT16_MIN, INT16_MAX), any_of(1, INT16_MAX),
                            any_of(1, INT16_MAX)};
        const ph_crop_rule rule = {wild ? 1024 : any_of(1, 1024), wild ? 1024 : any_of(1, 1024),
                                   wild ? -1024 : any_of(-1024, 1024), wild ? 1 : any_of(1, 1024)};
        const int32_t size = wild ? 1 << 18 : 1 + (int32_t)(next_number() % (1u << 18));
        int32_t matrix[6] = {0};
        const ph_status status = ph_square_matrix(box, size, rule, matrix);
        CHECK(status == PH_OK || (status == PH_BAD_ARGUMENT && matrix[4] == 0));
    }
}

static void refused_boxes(void) {
    int32_t matrix[6] = {7};
    const ph_box good = {0, 0, 9, 9};
    const ph_crop_rule bad[5] = {{0, 1, 0, 1}, {1, 0, 0, 1}, {1, 1, 0, 0}, {1025, 1, 0, 1}, {1, 1, -1025, 1}};
    CHECK_EQUAL(ph_square_matrix((ph_box){0, 0, 0, 9}, 64, ph_landmark_rule, matrix), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_square_matrix((ph_box){0, 0, 9, -1}, 64, ph_landmark_rule, matrix), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_square_matrix(good, 0, ph_landmark_rule, matrix), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_square_matrix(good, (1 << 18) + 1, ph_landmark_rule, matrix), PH_BAD_SHAPE);
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(ph_square_matrix(good, 64, bad[i], matrix), PH_BAD_SHAPE);
    }
    CHECK_EQUAL(ph_square_matrix((ph_box){32767, 0, 32767, 9}, 1, ph_landmark_rule, matrix), PH_BAD_ARGUMENT);
    CHECK_EQUAL(matrix[0], 7);
}

static void one_matrix_for_two(void) {
    const int32_t turn[6] = {0, -65536, 10 << 16, 65536, 0, 20 << 16}; /* (x, y) to (10 - y, 20 + x) */
    const int32_t half[6] = {32768, 0, 1 << 16, 0, 32768, 2 << 16};
    const int32_t expected[6] = {0, -32768, 8 << 16, 32768, 0, 21 << 16};
    const int32_t far[6] = {INT32_MAX, 0, 0, 0, 65536, 0};
    int32_t matrix[6];
    CHECK_EQUAL(ph_compose_matrices(turn, half, matrix), PH_OK);
    CHECK(memcmp(matrix, expected, sizeof matrix) == 0);
    CHECK_EQUAL(ph_compose_matrices(far, half, matrix), PH_BAD_ARGUMENT);
    CHECK(memcmp(matrix, expected, sizeof matrix) == 0);
    for (int round = 0; round < 20000; round++) {
        int32_t outer[6], inner[6];
        const uint32_t cut = next_number() % 18;
        for (int i = 0; i < 6; i++) {
            outer[i] = (int32_t)next_number() >> 1 >> cut;
            inner[i] = round % 4 == 0 ? INT32_MIN : (int32_t)next_number() >> cut;
        }
        const ph_status status = ph_compose_matrices(outer, inner, matrix);
        CHECK(status == PH_OK || status == PH_BAD_ARGUMENT);
    }
}

/* The template in a window of 112 pixels, as a detector's box of 100 pixels has it. */
static void points_that_a_face_has(void) {
    const ph_box box = {6, 14, 100, 100};
    int32_t points[10];
    memcpy(points, ph_template_112, sizeof points);
    CHECK_EQUAL(ph_doubt_about(points, box), PH_DOUBT_NONE);
    CHECK_EQUAL(ph_doubt_about(points, (ph_box){6 + 60, 14, 100, 100}), PH_DOUBT_OUTSIDE);
    CHECK_EQUAL(ph_doubt_about(points, (ph_box){-44, -36, 200, 200}), PH_DOUBT_SIZE);
    CHECK_EQUAL(ph_doubt_about(points, (ph_box){31, 39, 50, 50}), PH_DOUBT_SIZE);
    points[4] += 44 * 256; /* the nose beside the face: 8.8 pixels on average, and the others give way */
    CHECK_EQUAL(ph_doubt_about(points, box), PH_DOUBT_SHAPE);
    for (int i = 0; i < 5; i++) { /* turned by 53 degrees: 3/5 and 4/5 */
        const int32_t x = ph_template_112[2 * i] - 56 * 256, y = ph_template_112[2 * i + 1] - 56 * 256;
        points[2 * i] = (3 * x - 4 * y) / 5 + 56 * 256;
        points[2 * i + 1] = (4 * x + 3 * y) / 5 + 56 * 256;
    }
    CHECK_EQUAL(ph_doubt_about(points, box), PH_DOUBT_LEANING);
    memset(points, 0, sizeof points);
    CHECK_EQUAL(ph_doubt_about(points, box), PH_DOUBT_ORDER);
}

static void points_anywhere(void) {
    static const int32_t edge = 1 << 23;
    for (int round = 0; round < 50000; round++) {
        const int16_t side = any_of(1, INT16_MAX);
        const ph_box box = {any_of(INT16_MIN, INT16_MAX), any_of(INT16_MIN, INT16_MAX), side, side};
        int32_t points[10];
        for (int i = 0; i < 10; i++) {
            const int32_t beside = any_of(-1, 1) * (1 << (next_number() % 22));
            const int32_t place = round % 2 ? ph_template_112[i] * (side / 128 + 1) + beside
                                            : (int32_t)(next_number() % (2u * edge + 2)) - edge;
            points[i] = round % 7 == 0 ? (next_number() % 2 ? edge : -edge) : place;
        }
        CHECK(ph_doubt_about(points, box) <= PH_DOUBT_SHAPE);
    }
}

int main(void) {
    the_square_of_a_box();
    any_box_is_safe();
    refused_boxes();
    one_matrix_for_two();
    points_that_a_face_has();
    points_anywhere();
    FINISH();
}
