#include "app/bars.h"

uint32_t ph_log2_q24(uint32_t x) {
    uint32_t whole = 31;
    while (x < 0x80000000u) {
        x <<= 1;
        whole--;
    }
    uint32_t log = whole;
    /* x / 2^31 lies in [1, 2). Its square's octave is the next bit. */
    for (int32_t bit = 0; bit < PH_LOG2_BITS; bit++) {
        const uint64_t square = ((uint64_t)x * x) >> 31; /* of 32 or 33 bits */
        const uint32_t octave = (uint32_t)(square >> 32);
        x = (uint32_t)(square >> octave);
        log = log << 1 | octave;
    }
    return log;
}

static ph_status check(const ph_calibration *calibration) {
    if (calibration->count < 1) {
        return PH_BAD_ARGUMENT;
    }
    for (int32_t i = 0; i < calibration->count; i++) {
        const ph_calibration_point *point = &calibration->point[i];
        if (point->rate < 1 || point->distance >= (uint64_t)PH_FARTHEST_BAR ||
            (i > 0 && (point->rate <= point[-1].rate || point->distance < point[-1].distance))) {
            return PH_BAD_ARGUMENT;
        }
    }
    return PH_OK;
}

/* The first point with at least the rate, which is `rate / people`; none may be. */
static int32_t point_from(const ph_calibration *calibration, uint32_t rate, uint32_t people) {
    int32_t i = 0;
    while (i < calibration->count && (uint64_t)calibration->point[i].rate * people < rate) {
        i++;
    }
    return i;
}

ph_status ph_distance_at(const ph_calibration *calibration, uint32_t rate, uint32_t people, uint64_t *distance) {
    if (check(calibration) != PH_OK || rate < 1 || people < 1) {
        return PH_BAD_ARGUMENT;
    }
    const int32_t above = point_from(calibration, rate, people);
    /* A rate rarer than was ever measured has no distance; the rarest measured is the strictest bar there is. */
    if (above == 0 || above == calibration->count) {
        *distance = calibration->point[above == 0 ? 0 : above - 1].distance;
        return PH_OK;
    }
    const ph_calibration_point *high = &calibration->point[above];
    const ph_calibration_point *low = high - 1;
    if ((uint64_t)high->rate * people == rate) {
        *distance = high->distance;
        return PH_OK;
    }
    const int64_t start = ph_log2_q24(low->rate);
    const int64_t whole = ph_log2_q24(high->rate) - start;
    int64_t part = (int64_t)ph_log2_q24(rate) - ph_log2_q24(people) - start;
    part = part < 0 ? 0 : part > whole ? whole : part;
    /* Rates above 2^24 in 1e-9 may be nearer to one another than the logarithm tells. */
    const uint64_t share = whole > 0 ? ((uint64_t)part << PH_LOG2_BITS) / (uint64_t)whole : 0;
    *distance = low->distance + ((share * (high->distance - low->distance)) >> PH_LOG2_BITS);
    return PH_OK;
}

ph_status ph_find_bars(const ph_policy *policy, const ph_calibration *calibration, uint32_t people, ph_bars *bars) {
    const uint32_t sharers = people < 1 ? 1 : people;
    uint64_t known = 0;
    uint64_t stranger = 0;
    uint64_t same = 0;
    if (policy->margin_share < 0 || policy->margin_share > 1000 ||
        ph_distance_at(calibration, policy->known_rate, sharers, &known) != PH_OK ||
        ph_distance_at(calibration, policy->stranger_rate, sharers, &stranger) != PH_OK ||
        ph_distance_at(calibration, policy->same_stranger_rate, 1, &same) != PH_OK) {
        return PH_BAD_ARGUMENT;
    }
    bars->known = known;
    bars->stranger = stranger > known ? stranger : known;
    bars->same_stranger = same < known ? same : known;
    bars->margin = known * (uint64_t)policy->margin_share / 1000;
    return PH_OK;
}
