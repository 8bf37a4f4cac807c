#include "peephole/distance.h"

#include <stddef.h>

ph_status ph_squared_l2_many_s16(int32_t length, int32_t count, const int16_t *a, const int16_t *b,
                                 uint64_t *distance) {
    if (length < 0 || count < 0) {
        return PH_BAD_SHAPE;
    }
    for (int32_t row = 0; row < count; row++) {
        ph_squared_l2_s16(length, a, b + (size_t)row * (size_t)length, &distance[row]);
    }
    return PH_OK;
}
