#include "app/points.h"

#include <stdbool.h>

#include "kernels/length.h"

const int32_t ph_template_112[2 * PH_LANDMARKS] = {9803, 13234, 18824, 13184, 14342, 18365, 10637, 23646, 18107, 23604};

/* a and b of the matrix that lays the template on the points, Q16: |a|, |b| < 2^31. */
typedef struct {
    int64_t a;
    int64_t b;
} turn;

/* How far the difference `by` of two or four points reaches along the template's rows and columns, times the scale:
   |by| < 2^26, so below 2^58. */
static int64_t along(turn of, const int64_t *by) {
    return of.a * by[0] + of.b * by[1];
}

static int64_t down(turn of, const int64_t *by) {
    return of.a * by[1] - of.b * by[0];
}

static bool in_order(turn of, const int32_t *points) {
    int64_t eyes[2], mouth[2], eyes_to_nose[2], nose_to_mouth[2];
    for (int axis = 0; axis < 2; axis++) {
        const int64_t left_eye = points[axis], right_eye = points[2 + axis], nose = points[4 + axis];
        const int64_t left_mouth = points[6 + axis], right_mouth = points[8 + axis];
        eyes[axis] = right_eye - left_eye;
        mouth[axis] = right_mouth - left_mouth;
        eyes_to_nose[axis] = 2 * nose - left_eye - right_eye;
        nose_to_mouth[axis] = left_mouth + right_mouth - 2 * nose;
    }
    return along(of, eyes) > 0 && along(of, mouth) > 0 && down(of, eyes_to_nose) > 0 && down(of, nose_to_mouth) > 0;
}

/* factor * side^2 * 2^shift / 623^2, rounded down, for factor * side^2 < 2^42 and shift <= 28. */
static uint64_t bar_of(int32_t side, uint64_t factor, unsigned shift) {
    const uint64_t square = factor * (uint64_t)side * (uint64_t)side, divisor = 623 * 623;
    return ((square / divisor) << shift) + (((square % divisor) << shift) / divisor);
}

/* Is 0.89 of the template window's side, 112 * scale, between 1/2 and 9/5 of the box's? With scale = sqrt(square) /
   2^16 that is 25^2 * 2^26 * side^2 < 623^2 * square < 45^2 * 2^28 * side^2. */
static bool is_sized(uint64_t square, int32_t side) {
    const uint64_t largest = bar_of(side, 45 * 45, 28);
    /* square is whole, so it is below the quotient if it is below the quotient rounded up */
    const bool whole = (UINT64_C(45) * 45 * (uint64_t)side * (uint64_t)side) % (623 * 623) == 0;
    return square > bar_of(side, 25 * 25, 26) && (square < largest || (square == largest && !whole));
}

/* Does the mean of the points lie within half a side of the box's middle, on both axes? */
static bool is_inside(const int32_t *points, ph_box box, int32_t side) {
    const int64_t middle[2] = {2 * (int64_t)box.x + box.width - 1, 2 * (int64_t)box.y + box.height - 1}; /* doubled */
    for (int axis = 0; axis < 2; axis++) {
        int64_t sum = -640 * middle[axis]; /* 5 points in Q8 from half pixels */
        for (int i = 0; i < PH_LANDMARKS; i++) {
            sum += points[2 * i + axis];
        }
        if (sum > 640 * (int64_t)side || sum < -640 * (int64_t)side) {
            return false;
        }
    }
    return true;
}

/* The sum over the points of their distances from the template as the matrix lays it, Q14 pixels of the frame. Points
   lie within 2^15 pixels of zero, and by least squares the squared distances sum to at most those from the points'
   mean, 10 * 2^30 pixels: in Q28 below 2^62. Each distance is off by less than 2.5 steps. */
static uint64_t distance_from_template(const int32_t *matrix, const int32_t *points) {
    uint64_t sum = 0;
    for (int i = 0; i < PH_LANDMARKS; i++) {
        uint64_t square = 0;
        for (int axis = 0; axis < 2; axis++) {
            const int32_t *row = matrix + 3 * axis;
            const int64_t place = (int64_t)row[0] * ph_template_112[2 * i] +
                                  (int64_t)row[1] * ph_template_112[2 * i + 1] + (int64_t)row[2] * 256; /* Q24 */
            const int64_t off = ((int64_t)points[2 * i + axis] * 65536 - place) / 1024;
            square += (uint64_t)(off * off);
        }
        sum += ph_square_root(square);
    }
    return sum;
}

ph_doubt ph_doubt_about(const int32_t *points, ph_box box) {
    int32_t matrix[6];
    if (ph_similarity_fit_s32(points, ph_template_112, matrix) != PH_OK) {
        return PH_DOUBT_ORDER;
    }
    const turn of = {matrix[0], matrix[3]};
    if (!in_order(of, points)) {
        return PH_DOUBT_ORDER;
    }
    if (of.a < (of.b < 0 ? -of.b : of.b)) {
        return PH_DOUBT_LEANING;
    }
    const int32_t side = box.width > box.height ? box.width : box.height;
    const uint64_t square = (uint64_t)(of.a * of.a) + (uint64_t)(of.b * of.b); /* of the scale, Q32 */
    if (!is_sized(square, side)) {
        return PH_DOUBT_SIZE;
    }
    if (!is_inside(points, box, side)) {
        return PH_DOUBT_OUTSIDE;
    }
    /* Mean distance, in template pixels, above 0.25 * 35: sum / 5 / 2^14 > 8.75 * scale / 2^16. The size is plausible,
       so square < 2^51, and its root is taken with 6 bits more. */
    const uint64_t scale = ph_square_root(square << 12);
    return 16 * 64 * distance_from_template(matrix, points) > 175 * scale ? PH_DOUBT_SHAPE : PH_DOUBT_NONE;
}
