#include "cascade_windows.h"

/* What a stump asks: is the feature, negated, above floor(limit * deviation / 2^32)? With deviation in Q15 and limit
   -4 * threshold in Q17 that is feature < threshold * deviation. Where it is so the total changes by `change`. */
typedef struct {
    int32_t weight;
    int32_t limit;
    int32_t change;
} stump;

static inline uint32_t entry(const uint8_t *corner, uint32_t at) {
    return *(const uint32_t *)(const void *)(corner + at);
}

static inline void answer(const stump *ask, uint32_t negated, ph_cascade_window *window) {
    if ((int32_t)negated > (int32_t)(((int64_t)ask->limit * window->deviation) >> 32)) {
        window->total += ask->change;
    }
}

static inline const uint8_t *corner_at(const uint32_t *sum, uint16_t corner) {
    return (const uint8_t *)(sum + corner);
}

/* Of corners a, b, .. on one side and A, B, .. on the other: twice the middle difference less the outer ones. */
static void ask_halves(const stump *ask, const uint32_t *sum, const uint16_t *corner, ph_cascade_window *window,
                       const ph_cascade_window *end) {
    const stump asked = *ask;
    const uint8_t *const first = corner_at(sum, corner[0]), *const first_less = corner_at(sum, corner[1]);
    const uint8_t *const middle = corner_at(sum, corner[2]), *const middle_less = corner_at(sum, corner[3]);
    const uint8_t *const last = corner_at(sum, corner[4]), *const last_less = corner_at(sum, corner[5]);
    for (; window != end; window++) {
        const uint32_t at = window->at;
        const uint32_t twice = entry(middle, at) - entry(middle_less, at);
        const uint32_t outer = entry(first, at) - entry(first_less, at) + entry(last, at) - entry(last_less, at);
        answer(&asked, outer - 2 * twice, window);
    }
}

static void ask_two(const stump *ask, const uint32_t *sum, const uint16_t *corner, ph_cascade_window *window,
                    const ph_cascade_window *end) {
    const stump asked = *ask;
    const uint8_t *const a = corner_at(sum, corner[0]), *const b = corner_at(sum, corner[1]);
    const uint8_t *const c = corner_at(sum, corner[2]), *const d = corner_at(sum, corner[3]);
    const uint8_t *const e = corner_at(sum, corner[4]), *const f = corner_at(sum, corner[5]);
    const uint8_t *const g = corner_at(sum, corner[6]), *const h = corner_at(sum, corner[7]);
    for (; window != end; window++) {
        const uint32_t at = window->at;
        const uint32_t outer = entry(d, at) - entry(c, at) - entry(b, at) + entry(a, at);
        const uint32_t inner = entry(h, at) - entry(g, at) - entry(f, at) + entry(e, at);
        answer(&asked, outer - (uint32_t)asked.weight * inner, window);
    }
}

static inline uint32_t corner_sum(const uint32_t *sum, uint32_t at, const uint16_t *corner) {
    const uint8_t *from = (const uint8_t *)sum + at;
    return entry(from, 4 * (uint32_t)corner[3]) - entry(from, 4 * (uint32_t)corner[2]) -
           entry(from, 4 * (uint32_t)corner[1]) + entry(from, 4 * (uint32_t)corner[0]);
}

static void ask_three(const stump *ask, int32_t third_weight, const uint32_t *sum, const uint16_t *corner,
                      ph_cascade_window *window, const ph_cascade_window *end) {
    for (; window != end; window++) {
        const uint32_t outer = corner_sum(sum, window->at, corner);
        const uint32_t second = (uint32_t)ask->weight * corner_sum(sum, window->at, corner + 4);
        const uint32_t third = (uint32_t)third_weight * corner_sum(sum, window->at, corner + 8);
        answer(ask, outer - second - third, window);
    }
}

static void run_stage(const ph_cascade_plan *plan, int32_t stage, const uint32_t *sum, ph_cascade_window *list,
                      const ph_cascade_window *end) {
    const ph_cascade *table = plan->cascade;
    const uint16_t *corner = plan->corners + plan->stage_corner[stage];
    for (int32_t k = plan->stage_first[stage]; k < plan->stage_first[stage + 1]; k++) {
        const int32_t third_weight = plan->weight[2 * k + 1];
        const stump ask = {plan->weight[2 * k], -4 * table->threshold[k], table->leaf[2 * k] - table->leaf[2 * k + 1]};
        if (ask.weight == 0) {
            ask_halves(&ask, sum, corner, list, end);
        } else if (third_weight == 0) {
            ask_two(&ask, sum, corner, list, end);
        } else {
            ask_three(&ask, third_weight, sum, corner, list, end);
            corner += 4;
        }
        corner += 8;
    }
}

int32_t ph_cascade_vote_stages(const ph_cascade_plan *plan, int32_t first, int32_t end, const uint32_t *sum,
                               int32_t count, ph_cascade_window *list) {
    const ph_cascade *table = plan->cascade;
    for (int32_t stage = first; stage < end && count > 0; stage++) {
        int32_t start = ph_cascade_stage_start(table, stage); /* as if every stump gave its second leaf */
        const int carried = ph_cascade_is_carried(table, stage);
        for (int32_t k = plan->stage_first[stage]; k < plan->stage_first[stage + 1]; k++) {
            start += table->leaf[2 * k + 1];
        }
        for (int32_t i = 0; i < count; i++) {
            list[i].total = carried ? list[i].total + start : start;
        }
        run_stage(plan, stage, sum, list, list + count);
        int32_t left = 0;
        for (int32_t i = 0; i < count; i++) {
            if (list[i].total >= 0) {
                list[left] = list[i];
                list[left].score += list[i].total;
                left++;
            }
        }
        count = left;
    }
    return count;
}

int32_t ph_cascade_vote(const ph_cascade_plan *plan, const uint32_t *sum, int32_t count, ph_cascade_window *list) {
    return ph_cascade_vote_stages(plan, 0, plan->cascade->stages, sum, count, list);
}
