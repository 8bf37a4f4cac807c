/* Scaling to length one. */
#include "peephole/normalize.h"

#include "check.h"

static void three_four_five(void) {
    const int16_t x[2] = {3, -4};
    int16_t y[2];
    CHECK(ph_l2_normalize_s16(2, 14, x, y) == PH_OK);
    CHECK(y[0] == 9830 && y[1] == -13107); /* 0.6 and -0.8 times 16384: 9830.4 and -13107.2 */
}

static void one_value_has_length_one_whatever_its_size(void) {
    const int16_t sizes[4] = {1, -1, INT16_MAX, INT16_MIN};
    for (int i = 0; i < 4; i++) {
        int16_t y;
        CHECK(ph_l2_normalize_s16(1, 14, &sizes[i], &y) == PH_OK);
        CHECK_EQUAL(y, sizes[i] < 0 ? -16384 : 16384);
    }
}

static void zeros_stay_zeros(void) {
    const int16_t x[3] = {0, 0, 0};
    int16_t y[3] = {7, 7, 7};
    CHECK(ph_l2_normalize_s16(3, 14, x, y) == PH_OK);
    CHECK(y[0] == 0 && y[1] == 0 && y[2] == 0);
}

static void the_longest_vector_of_the_smallest_values(void) {
    static int16_t x[4096], y[4096];
    for (int i = 0; i < 4096; i++) {
        x[i] = INT16_MIN;
    }
    CHECK(ph_l2_normalize_s16(4096, 14, x, y) == PH_OK);
    CHECK(y[0] == -256 && y[4095] == -256); /* 2^14 / sqrt(4096) */
}

static void eight_bits_give_what_sixteen_do(void) {
    static int8_t x8[256];
    static int16_t x[256], y8[256], y[256];
    for (int i = 0; i < 256; i++) {
        x8[i] = (int8_t)(x[i] = (int16_t)(i - 128));
    }
    CHECK(ph_l2_normalize_s8(256, 14, x8, y8) == PH_OK && ph_l2_normalize_s16(256, 14, x, y) == PH_OK);
    int wrong = 0;
    for (int i = 0; i < 256; i++) {
        wrong += y8[i] != y[i];
    }
    CHECK_EQUAL(wrong, 0);
    CHECK(ph_l2_normalize_s8(0, 14, x8, y8) == PH_BAD_SHAPE && ph_l2_normalize_s8(1, 15, x8, y8) == PH_BAD_ARGUMENT);
}

static void bad_arguments_are_refused(void) {
    int16_t x = 1, y = 0;
    CHECK(ph_l2_normalize_s16(0, 14, &x, &y) == PH_BAD_SHAPE);
    CHECK(ph_l2_normalize_s16(1, 15, &x, &y) == PH_BAD_ARGUMENT);
}

int main(void) {
    three_four_five();
    one_value_has_length_one_whatever_its_size();
    zeros_stay_zeros();
    the_longest_vector_of_the_smallest_values();
    eight_bits_give_what_sixteen_do();
    bad_arguments_are_refused();
    FINISH();
}
