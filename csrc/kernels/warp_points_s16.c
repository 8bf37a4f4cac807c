#include "peephole/similarity.h"

#define MOST_SIDE 4096

ph_status ph_warp_points_s16(int32_t size, uint8_t frac_bits, const int16_t *points, const int32_t *matrix,
                             int32_t *out) {
    if (size < 1 || size > MOST_SIDE) {
        return PH_BAD_SHAPE;
    }
    if (frac_bits > 15) {
        return PH_BAD_ARGUMENT;
    }
    const int64_t one = INT64_C(2) << frac_bits; /* of positions in Q(frac_bits + 1): halves of a pixel are whole */
    int32_t placed[2 * PH_LANDMARKS];
    for (int i = 0; i < PH_LANDMARKS; i++) {
        /* |x|, |y| <= 2^12 * 2^15 + 2^15 * 2^12 = 2^28 */
        const int64_t x = (size - 1) * (one / 2) + (int64_t)points[2 * i] * size;
        const int64_t y = (size - 1) * (one / 2) + (int64_t)points[2 * i + 1] * size;
        for (int axis = 0; axis < 2; axis++) {
            const int32_t *row = matrix + 3 * axis;
            /* Q(frac_bits + 17): 2 * 2^31 * 2^28 + 2^31 * 2^16 < 2^61 */
            const int64_t place = row[0] * x + row[1] * y + row[2] * one;
            const int64_t rounded = (place + one * 128) >> (frac_bits + 9);
            if (rounded < INT32_MIN || rounded > INT32_MAX) {
                return PH_BAD_ARGUMENT;
            }
            placed[2 * i + axis] = (int32_t)rounded;
        }
    }
    for (int i = 0; i < 2 * PH_LANDMARKS; i++) {
        out[i] = placed[i];
    }
    return PH_OK;
}
