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
    bad_arguments_are_refused();
    FINISH();
}
