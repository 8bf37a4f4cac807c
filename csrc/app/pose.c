#include "app/pose.h"

#define MOST_POINT (INT32_C(1) << 23)
#define MOST_DEGREES 89

/* round(2 * 0.83 * tan(d degrees) * 2^16) */
static const int32_t bar_q16[MOST_DEGREES + 1] = {
    0,      1899,   3799,   5701,   7607,   9518,   11434,   13358,   15289,   17231,   19183,   21147,   23124,
    25116,  27124,  29150,  31195,  33260,  35348,  37459,   39596,   41760,   43954,   46179,   48436,   50729,
    53060,  55431,  57845,  60303,  62810,  65367,  67979,   70649,   73380,   76175,   79040,   81979,   84996,
    88096,  91285,  94569,  97955,  101448, 105057, 108790,  112655,  116663,  120823,  125148,  129651,  134344,
    139245, 144369, 149736, 155368, 161287, 167522, 174100,  181057,  188429,  196262,  204604,  213512,  223052,
    233300, 244346, 256293, 269264, 283407, 298897, 315948,  334820,  355835,  379395,  406009,  436332,  471220,
    511816, 559675, 616977, 686872, 774079, 886021, 1035065, 1243473, 1555766, 2075832, 3115331, 6232561,
};

static int64_t size_of(int64_t value) {
    return value < 0 ? -value : value;
}

bool ph_is_turned(const int32_t *points, int32_t most) {
    for (int i = 0; i < 2 * PH_LANDMARKS; i++) {
        if (points[i] < -MOST_POINT || points[i] > MOST_POINT) {
            return true;
        }
    }
    if (most < 0 || most > MOST_DEGREES) {
        return most < 0;
    }
    const int32_t *left_eye = points, *right_eye = points + 2, *nose = points + 4;
    const int32_t *left_mouth = points + 6, *right_mouth = points + 8;
    int64_t across[2], eyes[2], offset[2]; /* below 2^25, 2^24 and 2^26; offset is 4 times that from the middle */
    for (int axis = 0; axis < 2; axis++) {
        eyes[axis] = (int64_t)right_eye[axis] - left_eye[axis];
        across[axis] = eyes[axis] + right_mouth[axis] - left_mouth[axis];
        offset[axis] =
            4 * (int64_t)nose[axis] - left_eye[axis] - right_eye[axis] - left_mouth[axis] - right_mouth[axis];
    }
    if (across[0] == 0 && across[1] == 0) {
        return true;
    }
    /* offset / 4 > 0.83 * tan * distance / 2, both times |across|: below 2^52 and 2^50. Only points of a face thousands
       of pixels wide are shortened, to 32 bits, so that the products stay below 2^63. */
    int64_t nose_off = size_of(offset[0] * across[0] + offset[1] * across[1]);
    int64_t distance = size_of(eyes[0] * across[0] + eyes[1] * across[1]);
    while (nose_off >= INT64_C(1) << 46 || distance >= INT64_C(1) << 40) {
        nose_off >>= 1;
        distance >>= 1;
    }
    return nose_off * 65536 > distance * bar_q16[most];
}
