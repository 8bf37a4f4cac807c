/* From rates to distances: how near a look must be, for a gallery of so many people. */
#ifndef PEEPHOLE_APP_BARS_H
#define PEEPHOLE_APP_BARS_H

#include <stdint.h>

#include "app/policy.h"
#include "peephole/status.h"

PH_BEGIN_C

#define PH_RATE_ONE 1000000000u /* rates are in 1e-9 */
#define PH_LOG2_BITS 24
#define PH_FARTHEST_BAR (INT64_C(1) << 39)

/* Up to `distance`, a share `rate` of pairs of different people is taken for one. */
typedef struct {
    uint32_t rate;     /* 1e-9, at least 1 */
    uint64_t distance; /* squared, below PH_FARTHEST_BAR */
} ph_calibration_point;

typedef struct {
    int32_t count;
    const ph_calibration_point *point; /* [count], rates rising, distances never falling */
} ph_calibration;

/* Squared distances: within `known` may be known, beyond `stranger` is nobody of the people. */
typedef struct {
    uint64_t known;
    uint64_t stranger;
    uint64_t same_stranger;
    uint64_t margin;
} ph_bars;

/* log2(x) in Q24 for x > 0, by repeated squaring (Knuth, TAOCP 1, 1.2.2, exercise 25): at most the true value, and less
   than 2 / 2^24 below it; exact for powers of two; never falling. */
uint32_t ph_log2_q24(uint32_t x);

/* The distance at which a share rate / people of pairs of different people is taken for one, along the logarithm of the
   rate. Exactly a point's distance at a point's rate, and the first or last point's beyond them; between two points it
   differs from near + floor(share * (far - near)) in exact arithmetic by at most
   1 + (far - near) * (6 / log2(high / low) + 1) / 2^24: of points a factor of three apart, by less than three parts in
   ten million of the step between them. Never falls as the rate rises, never rises with more people. */
ph_status ph_distance_at(const ph_calibration *calibration, uint32_t rate, uint32_t people, uint64_t *distance);

/* The bars for so many people: each comparison adds a chance of an error, so each gets its share. PH_BAD_ARGUMENT where
   the calibration has no point, does not rise, or leaves its range, and for rates or shares below zero. */
ph_status ph_find_bars(const ph_policy *policy, const ph_calibration *calibration, uint32_t people, ph_bars *bars);

PH_END_C

#endif
