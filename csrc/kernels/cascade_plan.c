#include "cascade_plan.h"

static uint16_t corner_offset(int32_t x, int32_t y, int32_t stride, int32_t odd) {
    /* odd = 0: columns in order; else even columns first and odd columns from entry `odd` on */
    return (uint16_t)(y * stride + (odd ? x / 2 + (x & 1) * odd : x));
}

static void corner_offsets(const int8_t *rectangle, int32_t stride, int32_t odd, uint16_t *corner) {
    const int32_t left = rectangle[0], right = rectangle[0] + rectangle[2];
    const int32_t top = rectangle[1], bottom = rectangle[1] + rectangle[3];
    corner[0] = corner_offset(left, top, stride, odd);
    corner[1] = corner_offset(right, top, stride, odd);
    corner[2] = corner_offset(left, bottom, stride, odd);
    corner[3] = corner_offset(right, bottom, stride, odd);
}

void ph_cascade_plan_offsets(ph_cascade_plan *plan, int32_t stride, int32_t odd) {
    const ph_cascade *cascade = plan->cascade;
    const int8_t inner[5] = {PH_CASCADE_INSET, PH_CASCADE_INSET, PH_CASCADE_INNER, PH_CASCADE_INNER, 1};
    corner_offsets(inner, stride, odd, plan->inner);
    int32_t stage = 0, left_in_stage = 0;
    int32_t rectangle = 0;
    for (int32_t k = 0; k < cascade->weak; k++) {
        if (left_in_stage == 0) {
            plan->stage_first[stage] = k;
            plan->stage_corner[stage] = 4 * rectangle;
            left_in_stage = cascade->stage_weak[stage++];
        }
        left_in_stage--;
        const int8_t *first = cascade->rectangle + 5 * rectangle;
        plan->weight[2 * k] = first[5 + 4];
        plan->weight[2 * k + 1] = cascade->rectangle_count[k] == 3 ? first[10 + 4] : 0;
        for (int32_t r = 0; r < cascade->rectangle_count[k]; r++, rectangle++) {
            corner_offsets(cascade->rectangle + 5 * rectangle, stride, odd, plan->corners + 4 * rectangle);
        }
    }
    plan->stage_first[stage] = cascade->weak;
}
