#include "cascade_windows.h"

/* The corners of the three differences of a stump that weighs a part, cut off a rectangle, against all of it: with the
   integrals' differences D across its first edge, the cut and its last edge, the feature is 2 * D(cut) - D(first) -
   D(last), where the part is cut off at the left or the top, and its negative else, for which the differences are
   turned round. Returns 0 where the stump is another one. */
static int halves(const uint16_t *corner, uint16_t pair[6]) {
    const uint16_t *outer = corner, *inner = corner + 4;
    const int left = inner[0] == outer[0] && inner[2] == outer[2];
    const int right = inner[1] == outer[1] && inner[3] == outer[3];
    const int top = inner[0] == outer[0] && inner[1] == outer[1];
    const int bottom = inner[2] == outer[2] && inner[3] == outer[3];
    if (left + right + top + bottom != 1) {
        return 0;
    }
    const int beside = left || right; /* else one above the other */
    const int32_t far = beside ? 2 : 1;
    const int32_t step = beside ? 1 : 2;
    const int32_t cut = left || top ? step : 0; /* the corner of the inner rectangle that lies on the cut */
    const uint16_t from[6] = {outer[far], outer[0], inner[cut + far], inner[cut], outer[far + step], outer[step]};
    for (int k = 0; k < 6; k += 2) {
        const int turned = left || top ? 0 : 1;
        pair[k + turned] = from[k];
        pair[k + 1 - turned] = from[k + 1];
    }
    return 1;
}

void ph_cascade_plan_windows(ph_cascade_plan *plan) {
    uint16_t *corner = plan->corners;
    for (int32_t k = 0; k < plan->cascade->weak; k++) {
        uint16_t pair[6];
        const int third = plan->weight[2 * k + 1] != 0;
        if (!third && plan->weight[2 * k] == 2 && halves(corner, pair)) {
            plan->weight[2 * k] = 0;
            for (int i = 0; i < 6; i++) {
                corner[i] = pair[i];
            }
        }
        corner += third ? 12 : 8;
    }
}

/* floor(sqrt(x)) by Newton's method, from any guess above 0: after one step it comes down from above. */
static uint32_t square_root(uint32_t x, uint32_t guess) {
    uint32_t root = (guess + x / guess) / 2;
    for (uint32_t other = x / root; other < root; other = x / root) {
        root = (root + other) / 2;
    }
    return root;
}

int32_t ph_cascade_open_windows(const ph_cascade_plan *plan, int32_t windows, int32_t step, uint32_t at,
                                const uint32_t *sum, const uint32_t *squares, ptrdiff_t stride,
                                ph_cascade_window *list) {
    enum { AREA = PH_CASCADE_INNER * PH_CASCADE_INNER };
    const uint32_t *top = sum + PH_CASCADE_INSET * stride + PH_CASCADE_INSET;
    const uint32_t *bottom = top + PH_CASCADE_INNER * stride;
    const uint32_t *top_squares = squares + PH_CASCADE_INSET * stride + PH_CASCADE_INSET;
    const uint32_t *bottom_squares = top_squares + PH_CASCADE_INNER * stride;
    const uint32_t least = (uint32_t)(plan->least_deviation + 1) * (uint32_t)(plan->least_deviation + 1);
    uint32_t root = AREA * 16;
    ph_cascade_window *open = list;
    for (int32_t x = 0; x < windows; x++) {
        const uint32_t s = bottom[PH_CASCADE_INNER] - bottom[0] - top[PH_CASCADE_INNER] + top[0];
        const uint32_t q =
            bottom_squares[PH_CASCADE_INNER] - bottom_squares[0] - top_squares[PH_CASCADE_INNER] + top_squares[0];
        const uint32_t n2 = AREA * q - s * s;
        if (n2 >= least) {
            root = square_root(n2, root);
            *open++ = (ph_cascade_window){at, (int32_t)(root << 15), 0, 0};
        }
        top += step, bottom += step;
        top_squares += step, bottom_squares += step;
        at += (uint32_t)step * (uint32_t)sizeof *sum;
    }
    return (int32_t)(open - list);
}

/* Pixel `column` of a level row, between four pixels of its source. share: Q7, of the right ones. */
static inline uint32_t pixel_at(const ph_cascade_rows *rows, uint16_t column, int32_t share) {
    const uint8_t *upper = rows->upper + column, *lower = rows->lower + column;
    const int32_t left = upper[0] * 128 + (lower[0] - upper[0]) * rows->share;
    const int32_t right = upper[1] * 128 + (lower[1] - upper[1]) * rows->share;
    return (uint32_t)(left * 128 + (right - left) * share + 0x2000) >> 14;
}

void ph_cascade_integrate_row(const ph_cascade_level *level, const ph_cascade_area *area,
                              const ph_cascade_sampler *sampler, int32_t y, ptrdiff_t stride, uint32_t *sum,
                              uint32_t *squares) {
    const ph_cascade_rows rows = ph_cascade_rows_at(level, sampler, area->y + y);
    const uint16_t *column = sampler->column + area->x;
    const uint8_t *share = sampler->share + area->x;
    uint32_t *new_sum = sum + stride, *new_squares = squares + stride;
    uint32_t row_sum = 0, row_squares = 0;
    *new_sum++ = 0, *new_squares++ = 0;
    sum++, squares++;
    for (const uint8_t *end = share + (area->width & ~1); share != end; share += 2, column += 2) {
        const uint32_t pixel = pixel_at(&rows, column[0], share[0]);
        const uint32_t next = pixel_at(&rows, column[1], share[1]);
        row_sum += pixel;
        row_squares += pixel * pixel;
        new_sum[0] = sum[0] + row_sum;
        new_squares[0] = squares[0] + row_squares;
        row_sum += next;
        row_squares += next * next;
        new_sum[1] = sum[1] + row_sum;
        new_squares[1] = squares[1] + row_squares;
        sum += 2, squares += 2;
        new_sum += 2, new_squares += 2;
    }
    if (area->width & 1) {
        const uint32_t pixel = pixel_at(&rows, *column, *share);
        *new_sum = *sum + row_sum + pixel;
        *new_squares = *squares + row_squares + pixel * pixel;
    }
}
