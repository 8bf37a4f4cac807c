#include "peephole/cascade.h"

/* The rectangles of one weak classifier: two or three, inside the window, the first one weighing -1. */
static int fits_window(const int8_t *rectangle, int32_t count) {
    for (int32_t r = 0; r < count; r++, rectangle += 5) {
        const int x = rectangle[0], y = rectangle[1], width = rectangle[2], height = rectangle[3];
        if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > PH_CASCADE_WINDOW ||
            y + height > PH_CASCADE_WINDOW || (r == 0 ? rectangle[4] != -1 : rectangle[4] == 0)) {
            return 0;
        }
    }
    return 1;
}

static int64_t size_of(int32_t value) {
    return value < 0 ? -(int64_t)value : value;
}

/* Bound of every stage sum and of the score: all leaves and thresholds with their worst sign. */
static int64_t reach_of(const ph_cascade *cascade) {
    int64_t reach = 0, sum = 0, before = 0;
    const int16_t *leaf = cascade->leaf;
    for (int32_t stage = 0; stage < cascade->stages; stage++) {
        const int64_t threshold = size_of(cascade->stage_threshold[stage]);
        sum = cascade->carried && cascade->carried[stage] ? sum : 0;
        for (int32_t k = 0; k < cascade->stage_weak[stage]; k++, leaf += 2) {
            const int64_t low = size_of(leaf[0]), high = size_of(leaf[1]);
            sum += low > high ? low : high;
        }
        reach += sum + threshold + before; /* a carried sum changes from one threshold to the next */
        before = threshold;
    }
    return reach;
}

ph_status ph_cascade_check(const ph_cascade *cascade) {
    if (cascade->stages < 1 || cascade->weak < 1) {
        return PH_BAD_SHAPE;
    }
    if (cascade->carried && cascade->carried[0]) {
        return PH_BAD_ARGUMENT;
    }
    int32_t weak = 0;
    for (int32_t stage = 0; stage < cascade->stages; stage++) {
        weak += cascade->stage_weak[stage]; /* 65,535 stages of 65,535 are checked against `weak` as they come */
        if (cascade->stage_weak[stage] < 1 || weak > cascade->weak) {
            return PH_BAD_SHAPE;
        }
    }
    int32_t rectangles = 0;
    for (int32_t k = 0; k < cascade->weak; k++) {
        const int32_t count = cascade->rectangle_count[k];
        if (count < 2 || count > 3 || rectangles + count > cascade->rectangles) {
            return PH_BAD_SHAPE;
        }
        if (!fits_window(cascade->rectangle + 5 * rectangles, count)) {
            return PH_BAD_ARGUMENT;
        }
        rectangles += count;
    }
    if (weak != cascade->weak || rectangles != cascade->rectangles) {
        return PH_BAD_SHAPE;
    }
    return reach_of(cascade) > INT32_MAX ? PH_BAD_ARGUMENT : PH_OK;
}
