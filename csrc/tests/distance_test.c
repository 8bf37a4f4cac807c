#include "peephole/distance.h"

#include "check.h"

int main(void) {
    int16_t *low = filled_s16(512, FILL_LOWEST);
    int16_t *high = filled_s16(2 * 512, FILL_HIGHEST);
    uint64_t distance[3] = {1, 1, 1};
    CHECK_EQUAL(ph_squared_l2_s16(512, low, high, distance), PH_OK);
    CHECK_EQUAL(distance[0], 512 * INT64_C(65535) * 65535);
    high[512] = -32768;
    CHECK_EQUAL(ph_squared_l2_many_s16(512, 2, low, high, distance), PH_OK);
    CHECK_EQUAL(distance[0], 512 * INT64_C(65535) * 65535);
    CHECK_EQUAL(distance[1], 511 * INT64_C(65535) * 65535);
    CHECK_EQUAL(distance[2], 1);
    CHECK_EQUAL(ph_squared_l2_s16(0, low, high, distance), PH_OK);
    CHECK_EQUAL(distance[0], 0);
    CHECK_EQUAL(ph_squared_l2_s16(-1, low, high, distance), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_squared_l2_many_s16(1, -1, low, high, distance), PH_BAD_SHAPE);
    free(low);
    free(high);
    FINISH();
}
