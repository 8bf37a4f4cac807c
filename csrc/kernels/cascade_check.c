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

ph_status ph_cascade_check(const ph_cascade *cascade) {
    if (cascade->stages < 1 || cascade->weak < 1) {
        return PH_BAD_SHAPE;
    }
    int64_t reach = 0; /* bound of every stage sum and of the score: all leaves and thresholds with their worst sign */
    int32_t weak = 0;
    for (int32_t stage = 0; stage < cascade->stages; stage++) {
        const int64_t threshold = cascade->stage_threshold[stage];
        weak += cascade->stage_weak[stage]; /* 65,535 stages of 65,535 are checked against `weak` as they come */
        if (cascade->stage_weak[stage] < 1 || weak > cascade->weak) {
            return PH_BAD_SHAPE;
        }
        reach += threshold < 0 ? -threshold : threshold;
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
        const int32_t low = cascade->leaf[2 * k];
        const int32_t high = cascade->leaf[2 * k + 1];
        const int32_t low_size = low < 0 ? -low : low;
        const int32_t high_size = high < 0 ? -high : high;
        reach += low_size > high_size ? low_size : high_size;
    }
    if (weak != cascade->weak || rectangles != cascade->rectangles) {
        return PH_BAD_SHAPE;
    }
    return reach > INT32_MAX ? PH_BAD_ARGUMENT : PH_OK;
}
