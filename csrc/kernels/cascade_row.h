/* Inside of the cascade: one row of windows on one level of the pyramid. Included by cascade_row.c (portable) and by
   cascade_row_avx2.c (the same source for a wider machine), which each give PH_ROW its name. Bits are the same.

   The width of every accumulator, for pixels 0..255, proved here once:
   * rectangle sums are differences of integrals modulo 2^32, true value at most 576 * 255 = 146,880: exact;
   * n2 = 484 * sum(p^2) - sum(p)^2 = 484^2 * variance <= (484 * 127.5)^2 < 2^32, so arithmetic modulo 2^32 is exact,
     and d = isqrt(n2) <= 61,710;
   * threshold * d + 2^15 - 1 <= 32,768 * 61,710 + 32,767 < 2^31 (threshold is int16);
   * f: |weight| <= 128, three rectangles: 3 * 128 * 146,880 < 2^31;
   * stage sums and scores: ph_cascade_check proves them from the table. */
#include <string.h>

#include "cascade_plan.h"

#define LANES PH_CASCADE_LANES
#define BELOW_DEVIATION (-2) /* in score[]: rejected before the first stage */
#define REJECTED (-1)

/* PH_VECTOR_BYTES of neighbouring windows at once, where the compiler has vectors; else one at a time. */
#if defined(__GNUC__)
#define VECTOR (PH_VECTOR_BYTES / 4)
typedef uint32_t vector __attribute__((vector_size(PH_VECTOR_BYTES)));
typedef int32_t signed_vector __attribute__((vector_size(PH_VECTOR_BYTES)));
#define WHERE(condition) (condition) /* all bits or none, lane by lane */
#else
#define VECTOR 1
typedef uint32_t vector;
typedef int32_t signed_vector;
#define WHERE(condition) (-(condition))
#endif
#define VECTORS (LANES / VECTOR)

static inline uint32_t corner_sum(const uint32_t *at, const uint16_t *corner) {
    return at[corner[3]] - at[corner[2]] - at[corner[1]] + at[corner[0]];
}

static inline vector load(const uint32_t *from) {
    vector value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline vector corner_sums(const uint32_t *at, const uint16_t *corner) {
    return load(at + corner[3]) - load(at + corner[2]) - load(at + corner[1]) + load(at + corner[0]);
}

/* floor(sqrt(x)) digit by digit. */
static inline signed_vector square_roots(vector x) {
    vector root = x ^ x;
    for (uint32_t bit = (uint32_t)1 << 30; bit; bit >>= 2) {
        const vector trial = root + bit;
        const vector fits = (vector)WHERE(x >= trial);
        x -= trial & fits;
        root = (root >> 1) + (fits & bit);
    }
    return (signed_vector)root;
}

/* Sum of the leaves of one stage, less the stage's threshold, of LANES windows side by side. margin: that of the stage
   before, and then of this one. */
static inline void stage_of_lanes(const ph_cascade_plan *plan, int32_t stage, const uint32_t *at, const int32_t *d,
                                  int32_t *margin) {
    const ph_cascade *table = plan->cascade;
    const uint16_t *corner = plan->corners + plan->stage_corner[stage];
    signed_vector deviation[VECTORS], total[VECTORS];
    memcpy(deviation, d, sizeof deviation);
    memcpy(total, margin, sizeof total);
    for (int v = 0; v < VECTORS; v++) {
        total[v] = (ph_cascade_is_carried(table, stage) ? total[v] : total[v] ^ total[v]) +
                   ph_cascade_stage_start(table, stage);
    }
    for (int32_t k = plan->stage_first[stage]; k < plan->stage_first[stage + 1]; k++) {
        const uint32_t weight = (uint32_t)plan->weight[2 * k];
        const uint32_t third_weight = (uint32_t)plan->weight[2 * k + 1];
        const int32_t low = table->leaf[2 * k];
        const int32_t high = table->leaf[2 * k + 1];
        vector f[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            f[v] = weight * corner_sums(at + v * VECTOR, corner + 4) - corner_sums(at + v * VECTOR, corner);
        }
        corner += 8;
        if (third_weight) {
            for (int v = 0; v < VECTORS; v++) {
                f[v] += third_weight * corner_sums(at + v * VECTOR, corner);
            }
            corner += 4;
        }
        for (int v = 0; v < VECTORS; v++) {
            const signed_vector limit = (table->threshold[k] * deviation[v] + 32767) >> PH_CASCADE_THRESHOLD_BITS;
            const signed_vector below = (signed_vector)WHERE((signed_vector)f[v] < limit);
            total[v] += high + (below & (low - high));
        }
    }
    memcpy(margin, total, sizeof total);
}

/* The rest of the cascade for one window: its score, or REJECTED. */
static int32_t finish_window(const ph_cascade_plan *plan, int32_t stage, const uint32_t *at, int32_t d, int32_t total,
                             int32_t score) {
    const ph_cascade *table = plan->cascade;
    for (; stage < table->stages; stage++) {
        const uint16_t *corner = plan->corners + plan->stage_corner[stage];
        total = (ph_cascade_is_carried(table, stage) ? total : 0) + ph_cascade_stage_start(table, stage);
        for (int32_t k = plan->stage_first[stage]; k < plan->stage_first[stage + 1]; k++) {
            uint32_t f = (uint32_t)plan->weight[2 * k] * corner_sum(at, corner + 4) - corner_sum(at, corner);
            corner += 8;
            if (plan->weight[2 * k + 1]) {
                f += (uint32_t)plan->weight[2 * k + 1] * corner_sum(at, corner);
                corner += 4;
            }
            const int32_t limit = (table->threshold[k] * d + 32767) >> PH_CASCADE_THRESHOLD_BITS;
            total += table->leaf[2 * k + ((int32_t)f >= limit)];
        }
        if (total < 0) {
            return REJECTED;
        }
        score += total;
    }
    return score;
}

/* First stage of every window of the row that is not flat, and deviations: of the windows of blocks that are not flat
   as a whole. d > least is n2 >= (least + 1)^2, which needs no root; least is below 61,710 (ph_cascade_search). */
static inline void first_stage(const ph_cascade_plan *plan, int32_t windows, const uint32_t *sum,
                               const uint32_t *squares, int32_t *deviation, int32_t *score) {
    const uint32_t area = PH_CASCADE_INNER * PH_CASCADE_INNER;
    const uint32_t least = (uint32_t)(plan->least_deviation + 1) * (uint32_t)(plan->least_deviation + 1);
    for (int32_t x = 0; x < windows; x += LANES) {
        int32_t margin[LANES] = {0}, open[LANES];
        vector n2[VECTORS];
        int32_t enough = 0;
        for (int v = 0; v < VECTORS; v++) {
            const vector s = corner_sums(sum + x + v * VECTOR, plan->inner);
            n2[v] = area * corner_sums(squares + x + v * VECTOR, plan->inner) - s * s;
            const signed_vector is_open = (signed_vector)WHERE(n2[v] >= least);
            memcpy(open + v * VECTOR, &is_open, sizeof is_open);
        }
        for (int l = 0; l < LANES; l++) {
            score[x + l] = open[l] ? 0 : BELOW_DEVIATION;
            enough |= open[l];
        }
        if (!enough) {
            continue;
        }
        for (int v = 0; v < VECTORS; v++) {
            const signed_vector root = square_roots(n2[v]);
            memcpy(deviation + x + v * VECTOR, &root, sizeof root);
        }
        stage_of_lanes(plan, 0, sum + x, deviation + x, margin);
        for (int l = 0; l < LANES; l++) {
            score[x + l] = score[x + l] ? BELOW_DEVIATION : margin[l] < 0 ? REJECTED : margin[l];
        }
    }
}

/* The other stages of one block: side by side while it pays, then window by window. */
static inline void other_stages(const ph_cascade_plan *plan, const uint32_t *sum, const int32_t *deviation,
                                int32_t *score) {
    int32_t margin[LANES]; /* of the first stage, that is the score */
    memcpy(margin, score, sizeof margin);
    for (int32_t stage = 1; stage < plan->cascade->stages; stage++) {
        int alive = 0;
        for (int l = 0; l < LANES; l++) {
            alive += score[l] >= 0;
        }
        if (alive <= PH_CASCADE_FEW) {
            for (int l = 0; alive && l < LANES; l++) {
                if (score[l] >= 0) {
                    score[l] = finish_window(plan, stage, sum + l, deviation[l], margin[l], score[l]);
                    alive--;
                }
            }
            return;
        }
        stage_of_lanes(plan, stage, sum, deviation, margin);
        for (int l = 0; l < LANES; l++) {
            score[l] = score[l] < 0 || margin[l] < 0 ? REJECTED : score[l] + margin[l];
        }
    }
}

void PH_ROW(const ph_cascade_plan *plan, int32_t windows, const uint32_t *sum, const uint32_t *squares,
            int32_t *deviation, int32_t *score) {
    first_stage(plan, windows, sum, squares, deviation, score);
    for (int32_t x = windows; x % LANES; x++) {
        score[x] = BELOW_DEVIATION; /* beyond the last window */
    }
    for (int32_t x = 0; x < windows; x += LANES) {
        other_stages(plan, sum + x, deviation + x, score + x);
    }
}
