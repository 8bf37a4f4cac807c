#include "app/matching.h"

#include <stddef.h>

#include "peephole/distance.h"

ph_status ph_nearest_distances(const ph_references *references, int32_t owners, int32_t looks, const int32_t *row,
                               const int16_t *descriptor, uint64_t *nearest) {
    if (owners < 0 || looks < 0 || references->count < 0 || references->values < 0) {
        return PH_BAD_SHAPE;
    }
    for (size_t i = 0; i < (size_t)owners * (size_t)looks; i++) {
        nearest[i] = PH_NO_DISTANCE;
    }
    const size_t values = (size_t)references->values;
    /* References outside: each comes once from a memory that may be far away, and meets every look. */
    for (int32_t i = 0; i < references->count; i++) {
        const uint16_t owner = references->owner[i];
        if (owner == PH_NOBODY) {
            continue;
        }
        if (owner >= owners) {
            return PH_BAD_ARGUMENT;
        }
        uint64_t *of_owner = nearest + (size_t)owner * (size_t)looks;
        for (int32_t look = 0; look < looks; look++) {
            uint64_t distance = 0;
            ph_squared_l2_s16(references->values, descriptor + (size_t)row[look] * values,
                              references->descriptor + (size_t)i * values, &distance);
            if (distance < of_owner[look]) {
                of_owner[look] = distance;
            }
        }
    }
    return PH_OK;
}

uint64_t ph_median(int32_t count, uint64_t *distance) {
    for (int32_t i = 1; i < count; i++) {
        const uint64_t one = distance[i];
        int32_t place = i;
        for (; place > 0 && distance[place - 1] > one; place--) {
            distance[place] = distance[place - 1];
        }
        distance[place] = one;
    }
    return distance[count / 2];
}

ph_match ph_rank(int32_t owners, const uint64_t *distance) {
    ph_match match = {PH_NOBODY, PH_NO_DISTANCE, PH_NO_DISTANCE};
    for (int32_t owner = 0; owner < owners; owner++) {
        if (distance[owner] < match.distance) {
            match.runner_up = match.distance;
            match.distance = distance[owner];
            match.owner = (uint16_t)owner;
        } else if (distance[owner] < match.runner_up) {
            match.runner_up = distance[owner];
        }
    }
    return match;
}

uint64_t ph_margin(const ph_match *match) {
    return match->runner_up == PH_NO_DISTANCE ? PH_NO_DISTANCE : match->runner_up - match->distance;
}
