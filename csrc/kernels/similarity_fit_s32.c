#include "peephole/similarity.h"

#include <stdbool.h>

#define MOST_TEMPLATE (INT32_C(1) << 20) /* 4,096 pixels in Q8 */
#define MOST_POINT (INT32_C(1) << 23)    /* 32,768 pixels in Q8 */

static bool within(const int32_t *values, int32_t most) {
    for (int i = 0; i < 2 * PH_LANDMARKS; i++) {
        if (values[i] < -most || values[i] > most) {
            return false;
        }
    }
    return true;
}

static int64_t floor_divide(int64_t dividend, int64_t divisor) {
    const int64_t quotient = dividend / divisor;
    return quotient - (dividend % divisor < 0); /* divisor > 0 */
}

/* Rounds dividend / divisor to Q16, halves upwards, for |dividend| < 2^50 and 0 < divisor < 0.79 * 2^46. False
   where the number or its negative does not fit 32 bits. */
static bool quotient_q16(int64_t dividend, int64_t divisor, int32_t *quotient) {
    const int64_t whole = floor_divide(dividend, divisor);
    if (whole < -32768 || whole > 32767) {
        return false;
    }
    /* 0 <= rest < divisor, so the sum stays below (2^17 + 1) * 0.79 * 2^46 < 2^63. */
    const int64_t rest = dividend - whole * divisor;
    const int64_t rounded = whole * 65536 + (rest * 131072 + divisor) / (2 * divisor);
    if (rounded < -INT32_MAX || rounded > INT32_MAX) {
        return false;
    }
    *quotient = (int32_t)rounded;
    return true;
}

/* (sum of the points - turned sum of the template) / 5 in Q16, from Q24, for |total| < 2^56. */
static bool offset_q16(int64_t total, int32_t *offset) {
    const int64_t divisor = PH_LANDMARKS * 256;
    const int64_t rounded = floor_divide(2 * total + divisor, 2 * divisor);
    if (rounded < INT32_MIN || rounded > INT32_MAX) {
        return false;
    }
    *offset = (int32_t)rounded;
    return true;
}

ph_status ph_similarity_fit_s32(const int32_t *points, const int32_t *template_points, int32_t *matrix) {
    if (!within(template_points, MOST_TEMPLATE) || !within(points, MOST_POINT)) {
        return PH_BAD_ARGUMENT;
    }
    int64_t from_x = 0, from_y = 0, to_x = 0, to_y = 0; /* sums, Q8: below 5 * 2^20 and 5 * 2^23 */
    for (int i = 0; i < PH_LANDMARKS; i++) {
        from_x += template_points[2 * i];
        from_y += template_points[2 * i + 1];
        to_x += points[2 * i];
        to_y += points[2 * i + 1];
    }
    /* With d = 5 * template - its sum, whose sum is zero, the turn is sum(conj(d) * points) / sum(conj(d) * template):
       the means drop out. |d| <= 8 * 2^20 = 2^23 on either axis, so the ten products of `along` and `across` stay
       below 10 * 2^46 < 2^50; `spread` = 5 * sum |template|^2 - |sum|^2 <= 5 * 5 * 2 * 2^40 < 0.79 * 2^46. */
    int64_t along = 0, across = 0, spread = 0;
    for (int i = 0; i < PH_LANDMARKS; i++) {
        const int64_t d_x = PH_LANDMARKS * (int64_t)template_points[2 * i] - from_x;
        const int64_t d_y = PH_LANDMARKS * (int64_t)template_points[2 * i + 1] - from_y;
        along += d_x * points[2 * i] + d_y * points[2 * i + 1];
        across += d_x * points[2 * i + 1] - d_y * points[2 * i];
        spread += d_x * template_points[2 * i] + d_y * template_points[2 * i + 1];
    }
    int32_t a, b, x, y;
    if (spread == 0 || !quotient_q16(along, spread, &a) || !quotient_q16(across, spread, &b) || (a == 0 && b == 0)) {
        return PH_BAD_ARGUMENT;
    }
    /* |sum of points| * 2^16 <= 5 * 2^39 and the turned template <= 2 * 2^31 * 5 * 2^20 < 2^55: totals below 2^56. */
    if (!offset_q16(to_x * 65536 - ((int64_t)a * from_x - (int64_t)b * from_y), &x) ||
        !offset_q16(to_y * 65536 - ((int64_t)b * from_x + (int64_t)a * from_y), &y)) {
        return PH_BAD_ARGUMENT;
    }
    matrix[0] = a;
    matrix[1] = -b;
    matrix[2] = x;
    matrix[3] = b;
    matrix[4] = a;
    matrix[5] = y;
    return PH_OK;
}
