#include "app/crop.h"

#include <stdbool.h>

#define MOST_SIZE (INT32_C(1) << 18)
#define MOST_OF_RULE 1024
#define MOST_TURN (INT32_C(1) << 30) /* 16,384 pixels a pixel in Q16 */

const ph_crop_rule ph_recogniser_rule = {11, 10, 5, 64};
const ph_crop_rule ph_landmark_rule = {5, 4, 0, 1};

static int64_t floor_divide(int64_t dividend, int64_t divisor) {
    const int64_t quotient = dividend / divisor;
    return quotient - (dividend % divisor < 0); /* divisor > 0 */
}

static bool fits(int64_t value) {
    return value >= INT32_MIN && value <= INT32_MAX;
}

/* dividend / divisor in Q16, halves upwards, for 0 < divisor <= 2^39; false where it does not fit. */
static bool quotient_q16(int64_t dividend, int64_t divisor, int32_t *quotient) {
    const int64_t whole = floor_divide(dividend, divisor);
    if (whole < -32769 || whole > 32768) {
        return false;
    }
    const int64_t rest = dividend - whole * divisor; /* 0 <= rest < divisor: below 2^57 with what follows */
    const int64_t rounded = whole * 65536 + (rest * 131072 + divisor) / (2 * divisor);
    *quotient = (int32_t)rounded;
    return fits(rounded);
}

static bool is_rule(ph_crop_rule rule) {
    return rule.scale >= 1 && rule.scale <= MOST_OF_RULE && rule.scale_of >= 1 && rule.scale_of <= MOST_OF_RULE &&
           rule.up >= -MOST_OF_RULE && rule.up <= MOST_OF_RULE && rule.up_of >= 1 && rule.up_of <= MOST_OF_RULE;
}

ph_status ph_square_matrix(ph_box box, int32_t size, ph_crop_rule rule, int32_t *matrix) {
    if (box.width < 1 || box.height < 1 || size < 1 || size > MOST_SIZE || !is_rule(rule)) {
        return PH_BAD_SHAPE;
    }
    const int64_t side = box.width > box.height ? box.width : box.height; /* below 2^15 */
    /* A pixel of the crop is span / pixels of the frame's: below 2^25, and at most 2^28. */
    const int64_t span = rule.scale * side, pixels = rule.scale_of * (int64_t)size;
    /* Twice the distance from the square's first pixel's middle to its own: below 2^43. */
    const int64_t back = span * (size - 1);
    /* Twice the box's middle, below 2^17; times `pixels` below 2^45, times up_of below 2^55. */
    const int64_t across = 2 * (int64_t)box.x + box.width - 1, down = 2 * (int64_t)box.y + box.height - 1;
    const int64_t top = (down * pixels - back) * rule.up_of - 2 * rule.up * side * pixels;
    int32_t step, x, y;
    if (!quotient_q16(span, pixels, &step) || !quotient_q16(across * pixels - back, 2 * pixels, &x) ||
        !quotient_q16(top, 2 * pixels * rule.up_of, &y)) {
        return PH_BAD_ARGUMENT;
    }
    const int32_t rows[6] = {step, 0, x, 0, step, y};
    for (int i = 0; i < 6; i++) {
        matrix[i] = rows[i];
    }
    return PH_OK;
}

ph_status ph_compose_matrices(const int32_t *outer, const int32_t *inner, int32_t *matrix) {
    int32_t rows[6];
    for (int i = 0; i < 6; i++) {
        const int32_t *row = outer + i / 3 * 3;
        const int column = i % 3;
        if (row[0] < -MOST_TURN || row[0] > MOST_TURN || row[1] < -MOST_TURN || row[1] > MOST_TURN) {
            return PH_BAD_ARGUMENT;
        }
        /* Q32: each product is at most 2^61 in size */
        const int64_t sum = (int64_t)row[0] * inner[column] + (int64_t)row[1] * inner[3 + column];
        const int64_t value = ((sum + (1 << 15)) >> 16) + (column == 2 ? row[2] : 0);
        if (!fits(value)) {
            return PH_BAD_ARGUMENT;
        }
        rows[i] = (int32_t)value;
    }
    for (int i = 0; i < 6; i++) {
        matrix[i] = rows[i];
    }
    return PH_OK;
}
