#include "app/bars.h"

#include "check.h"

static const ph_calibration_point points[] = {{100000, 1000}, {1000000, 2000}, {10000000, 4000}, {100000000, 9000}};
static const ph_calibration calibration = {4, points};

static uint64_t distance_at(uint32_t rate, uint32_t people) {
    uint64_t distance = 0;
    CHECK_EQUAL(ph_distance_at(&calibration, rate, people, &distance), PH_OK);
    return distance;
}

static void logarithms(void) {
    for (uint32_t bit = 0; bit < 32; bit++) {
        CHECK_EQUAL(ph_log2_q24(UINT32_C(1) << bit), bit << 24);
    }
    CHECK_EQUAL(ph_log2_q24(10), 55732705);               /* log2(10) = 3.32192809489; times 2^24 = 55732705.2 */
    CHECK_EQUAL(ph_log2_q24(1000000000), 501594346);      /* 29.8973528540; times 2^24 = 501594346.7 */
    CHECK_EQUAL(ph_log2_q24(UINT32_MAX), (32 << 24) - 1); /* 31.99999999966 */
    uint32_t before = 0;
    for (uint32_t x = 1; x < 100000; x++) {
        const uint32_t log = ph_log2_q24(x);
        CHECK(log >= before);
        before = log;
    }
}

static void rates_become_distances(void) {
    CHECK_EQUAL(distance_at(1000000, 1), 2000);
    CHECK_EQUAL(distance_at(1000000, 10), 1000);
    CHECK_EQUAL(distance_at(100000000, 100), 2000);
    CHECK_EQUAL(distance_at(316228, 1), 1500); /* halfway by the logarithm */
    CHECK_EQUAL(distance_at(1000000, 1000000), 1000);
    CHECK_EQUAL(distance_at(1, UINT32_MAX), 1000);
    CHECK_EQUAL(distance_at(UINT32_MAX, 1), 9000);
    for (uint32_t people = 1; people < 2000; people++) {
        CHECK(distance_at(50000000, people) >= distance_at(50000000, people + 1));
    }
}

static void bars_of_a_policy(void) {
    ph_policy policy = PH_DEFAULT_POLICY;
    policy.known_rate = 1000000;
    policy.same_stranger_rate = 100000;
    policy.margin_share = 100;
    ph_bars bars;
    CHECK_EQUAL(ph_find_bars(&policy, &calibration, 1, &bars), PH_OK);
    CHECK_EQUAL(bars.known, 2000);
    CHECK_EQUAL(bars.stranger, 4000);
    CHECK_EQUAL(bars.same_stranger, 1000);
    CHECK_EQUAL(bars.margin, 200);
    CHECK_EQUAL(ph_find_bars(&policy, &calibration, 0, &bars), PH_OK);
    CHECK_EQUAL(bars.known, 2000);
    policy.stranger_rate = 1; /* an outer bar is never inside of the inner one */
    policy.same_stranger_rate = 100000000;
    CHECK_EQUAL(ph_find_bars(&policy, &calibration, 1, &bars), PH_OK);
    CHECK_EQUAL(bars.stranger, 2000);
    CHECK_EQUAL(bars.same_stranger, 2000);
    policy.margin_share = -1;
    CHECK_EQUAL(ph_find_bars(&policy, &calibration, 1, &bars), PH_BAD_ARGUMENT);
}

static void calibrations_that_are_none(void) {
    const ph_calibration_point falling[] = {{10, 5}, {20, 4}};
    const ph_calibration_point twice[] = {{10, 5}, {10, 6}};
    const ph_calibration_point never[] = {{0, 5}};
    const ph_calibration_point far[] = {{10, PH_FARTHEST_BAR}};
    const ph_calibration bad[] = {{0, falling}, {2, falling}, {2, twice}, {1, never}, {1, far}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t distance = 0;
        CHECK_EQUAL(ph_distance_at(&bad[i], 15, 1, &distance), PH_BAD_ARGUMENT);
    }
    uint64_t distance = 0;
    CHECK_EQUAL(ph_distance_at(&calibration, 0, 1, &distance), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_distance_at(&calibration, 1, 0, &distance), PH_BAD_ARGUMENT);
    /* Neighbours of which the logarithms are the same: the nearer distance counts between them. */
    const ph_calibration_point near[] = {{4000000000u, 5}, {4000000002u, 1000}};
    const ph_calibration close = {2, near};
    CHECK_EQUAL(ph_distance_at(&close, 4000000001u, 1, &distance), PH_OK);
    CHECK_EQUAL(distance, 5);
    /* The largest step that there can be. */
    const ph_calibration_point wide[] = {{1, 0}, {UINT32_MAX, PH_FARTHEST_BAR - 1}};
    const ph_calibration widest = {2, wide};
    CHECK_EQUAL(ph_distance_at(&widest, UINT32_MAX - 1, 1, &distance), PH_OK);
    CHECK(distance < (uint64_t)PH_FARTHEST_BAR);
    CHECK_EQUAL(ph_distance_at(&widest, 65536, 1, &distance), PH_OK);
    CHECK(distance > (uint64_t)PH_FARTHEST_BAR / 2 - 100000 && distance < (uint64_t)PH_FARTHEST_BAR / 2 + 100000);
}

int main(void) {
    logarithms();
    rates_become_distances();
    bars_of_a_policy();
    calibrations_that_are_none();
    FINISH();
}
