#include "peephole/distance.h"

ph_status ph_squared_l2_s16(int32_t length, const int16_t *a, const int16_t *b, uint64_t *distance) {
    if (length < 0) {
        return PH_BAD_SHAPE;
    }
    uint64_t sum = 0;
    for (int32_t i = 0; i < length; i++) {
        const int32_t difference = (int32_t)a[i] - b[i];
        const uint32_t size = (uint32_t)(difference < 0 ? -difference : difference);
        sum += (uint32_t)(size * size); /* at most 65535^2 < 2^32 */
    }
    *distance = sum;
    return PH_OK;
}
