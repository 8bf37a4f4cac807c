#include "peephole/strip.h"

#include "check.h"

/* Rows of one byte each, numbered. */
static const ph_window three = {3, 1, 1, 1, 1, 1, 1, 0}; /* a row above, the row, a row below */
static const ph_window halving = {2, 1, 2, 1, 1, 1, 0, 0};

static void make(ph_strip *strip) {
    for (int32_t row = strip->made; row < strip->end; row++) {
        *(uint8_t *)ph_strip_row(strip, row) = (uint8_t)row;
    }
}

/* Are rows first .. end - 1 at hand? */
static int holds(const ph_strip *strip, int32_t first, int32_t end) {
    for (int32_t row = first; row < end; row++) {
        if (*(const uint8_t *)ph_strip_row(strip, row) != (uint8_t)row) {
            return 0;
        }
    }
    return 1;
}

/* A window of three rows, then the larger of every two: the first turn makes what the windows see, the others two rows
   more, and never more than four rows are at hand. */
static void test_a_chain(void) {
    uint8_t *arena = allocate(4 + 2 + 4, 1);
    ph_strip x = ph_strip_empty(arena, (ph_tensor){0, 1, 8});
    ph_strip a = ph_strip_empty(arena, (ph_tensor){4, 1, 8});
    ph_strip b = ph_strip_empty(arena, (ph_tensor){6, 1, 4});
    const int32_t x_made[4] = {3, 2, 2, 1};
    for (int32_t turn = 0; turn < 4; turn++) {
        ph_strip_want(&b, turn + 1);
        ph_strip_ask(&a, &b, &halving);
        ph_strip_ask(&x, &a, &three);
        ph_strip_shift(&x);
        ph_strip_shift(&a);
        CHECK_EQUAL(ph_strip_count(&x), x_made[turn]);
        CHECK_EQUAL(ph_strip_count(&a), 2);
        CHECK_EQUAL(ph_strip_count(&b), 1);
        CHECK(x.end - x.first <= 4);
        CHECK(a.end - a.first <= 2);
        make(&x);
        make(&a);
        make(&b);
        CHECK(holds(&x, turn == 0 ? 0 : 2 * turn - 1, turn == 3 ? 8 : 2 * turn + 3));
        CHECK(holds(&a, 2 * turn, 2 * turn + 2));
    }
    CHECK(b.end == b.height && holds(&b, 0, 4));
    free(arena);
}

/* Two layers read one tensor: what either still needs stays. */
static void test_two_readers(void) {
    uint8_t *arena = allocate(3 + 1 + 6, 1);
    ph_strip x = ph_strip_empty(arena, (ph_tensor){0, 1, 6});
    ph_strip a = ph_strip_empty(arena, (ph_tensor){3, 1, 6});
    ph_strip sum = ph_strip_empty(arena, (ph_tensor){4, 1, 6});
    for (int32_t end = 1; sum.end < sum.height; end++) {
        ph_strip_want(&sum, end);
        ph_strip_ask(&a, &sum, NULL);
        ph_strip_ask(&x, &sum, NULL);
        ph_strip_ask(&x, &a, &three);
        ph_strip_shift(&x);
        ph_strip_shift(&a);
        make(&x);
        make(&a);
        make(&sum);
        const int32_t row = end - 1;
        CHECK(holds(&x, row == 0 ? 0 : row - 1, row == 5 ? 6 : row + 2));
        CHECK(x.end - x.first <= 3);
    }
    free(arena);
}

/* The one that asks first sees more rows, above and below, than the one that asks last. */
static void test_the_most_that_is_asked_for(void) {
    uint8_t *arena = allocate(3 + 1 + 1 + 6, 1);
    ph_strip x = ph_strip_empty(arena, (ph_tensor){0, 1, 6});
    ph_strip a = ph_strip_empty(arena, (ph_tensor){3, 1, 6});
    ph_strip b = ph_strip_empty(arena, (ph_tensor){4, 1, 6});
    ph_strip sum = ph_strip_empty(arena, (ph_tensor){5, 1, 6});
    for (int32_t end = 1; sum.end < sum.height; end++) {
        ph_strip_want(&sum, end);
        ph_strip_ask(&a, &sum, NULL);
        ph_strip_ask(&b, &sum, NULL);
        ph_strip_ask(&x, &b, &three);
        ph_strip_ask(&x, &a, NULL);
        ph_strip_shift(&x);
        ph_strip_shift(&a);
        ph_strip_shift(&b);
        make(&x);
        make(&a);
        make(&b);
        const int32_t row = end - 1;
        CHECK_EQUAL(x.end, row == 5 ? 6 : row + 2);
        CHECK(holds(&x, row == 0 ? 0 : row - 1, x.end));
    }
    free(arena);
}

/* A stride larger than the window: rows between are never made, nor what only they would see. */
static void test_rows_that_nobody_sees(void) {
    const ph_window one_of_three = {1, 1, 3, 1, 1, 1, 0, 0};
    uint8_t *arena = allocate(1 + 1 + 3, 1);
    ph_strip x = ph_strip_empty(arena, (ph_tensor){0, 1, 8});
    ph_strip y = ph_strip_empty(arena, (ph_tensor){1, 1, 8});
    ph_strip z = ph_strip_empty(arena, (ph_tensor){2, 1, 3});
    for (int32_t end = 1; end <= 3; end++) {
        ph_strip_want(&z, end);
        ph_strip_ask(&y, &z, &one_of_three);
        ph_strip_ask(&x, &y, NULL);
        ph_strip_shift(&x);
        ph_strip_shift(&y);
        CHECK(ph_strip_count(&x) == 1 && ph_strip_count(&y) == 1);
        CHECK(x.first == 3 * (end - 1) && y.first == x.first);
        make(&x);
        make(&y);
    }
    free(arena);
}

/* The first and the last window hang out above and below. */
static void test_what_a_layer_sees(void) {
    uint8_t rows[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const ph_strip x = ph_strip_given(rows, (ph_tensor){0, 1, 8});
    ph_strip y = ph_strip_empty(rows, (ph_tensor){0, 1, 8});
    const int32_t seen[3][3] = {{0, 4, 1}, {2, 5, 0}, {5, 3, 0}}; /* first row, rows, rows above */
    for (int32_t turn = 0; turn < 3; turn++) {
        ph_window window = three;
        ph_shape in = {8, 1, 1}, out = {8, 1, 1};
        ph_strip_want(&y, 3 * (turn + 1));
        const uint8_t *first = ph_strip_see(&x, &y, &window, &in, &out);
        CHECK_EQUAL(*first, seen[turn][0]);
        CHECK_EQUAL(in.height, seen[turn][1]);
        CHECK_EQUAL(window.padding_top, seen[turn][2]);
        CHECK_EQUAL(out.height, turn == 2 ? 2 : 3);
    }
    ph_window window = three;
    ph_shape in = {8, 1, 1}, out = {8, 1, 1};
    ph_strip_want(&y, 8);
    CHECK(ph_strip_see(&x, &y, &window, &in, &out) == NULL);
}

static void test_an_image_enters(void) {
    const uint8_t image[6] = {0, 128, 255, 1, 2, 3};
    int16_t wide[6];
    int8_t narrow[6];
    ph_enter_s16(2, 3, image, 128, false, wide);
    ph_enter_s8(2, 3, image, 128, true, narrow);
    CHECK(wide[0] == -128 && wide[2] == 127 && wide[5] == -125);
    CHECK(narrow[0] == 127 && narrow[2] == -128 && narrow[3] == -125);
}

static void test_checksums(void) {
    const int16_t wide[4] = {1, 2, -1, 4};
    const int8_t narrow[4] = {1, 2, -1, 4};
    CHECK_EQUAL(ph_checksum_s16(0, 1, 4, 0, 2, wide), (1 + 1) * PH_CHECKSUM_FACTOR + 2 + 1);
    CHECK_EQUAL(ph_checksum_s16(0, 1, 4, 0, 4, wide), ph_checksum_s8(0, 1, 4, 0, 4, narrow));
    CHECK_EQUAL(ph_checksum_s16(0, 2, 2, 1, 1, wide),
                ph_checksum_s16(ph_checksum_s16(0, 1, 2, 1, 1, wide), 1, 2, 1, 1, wide + 2));
    CHECK(ph_checksum_s16(0, 1, 2, 0, 2, wide) != ph_checksum_s16(0, 1, 2, 0, 2, wide + 1));
    const int8_t near[2] = {0, -1}; /* what a kernel that rounds the other way makes of a little less than 0 */
    CHECK(ph_checksum_s8(0, 1, 1, 0, 1, near) != ph_checksum_s8(0, 1, 1, 0, 1, near + 1));
    CHECK(ph_checksum_s8(0, 1, 1, 0, 1, near) != 0); /* which stands for a layer that never ran */
}

int main(void) {
    test_a_chain();
    test_two_readers();
    test_the_most_that_is_asked_for();
    test_rows_that_nobody_sees();
    test_what_a_layer_sees();
    test_an_image_enters();
    test_checksums();
    FINISH();
}
