/* Who is nearest: squared Euclidean distances of int16 descriptors, exact in 64 bits.

   Owners are small numbers. An owner's distance is that to the nearest of its references; of equal distances the
   smaller number wins, so the order of references never matters. Of several distances the median counts, and of two
   middle values the larger: at least half of the looks must be near. */
#ifndef PEEPHOLE_APP_MATCHING_H
#define PEEPHOLE_APP_MATCHING_H

#include "app/types.h"

PH_BEGIN_C

#define PH_NO_DISTANCE UINT64_MAX

/* The nearest owner, and the nearest of anybody else. */
typedef struct {
    uint16_t owner;     /* PH_NOBODY where there is nobody to compare with */
    uint64_t distance;  /* squared; PH_NO_DISTANCE where there is nobody */
    uint64_t runner_up; /* to the nearest other owner; PH_NO_DISTANCE where there is no other */
} ph_match;

/* nearest[owner, i] = squared distance from descriptor[row[i]] to the nearest reference of the owner; PH_NO_DISTANCE
   for an owner without references. Owners are the numbers below `owners`; PH_BAD_ARGUMENT for a reference with a
   larger one that is not PH_NOBODY, whose references count for nobody. count * looks * values steps. */
ph_status ph_nearest_distances(const ph_references *references, int32_t owners, int32_t looks,
                               const int32_t *row,        /* [looks] */
                               const int16_t *descriptor, /* [rows, references->values], same Q-format */
                               uint64_t *nearest);        /* [owners, looks] */

/* The larger middle one of count > 0 distances, which are put in order. O(count^2): counts are small. */
uint64_t ph_median(int32_t count, uint64_t *distance);

/* The match of one distance an owner; PH_NO_DISTANCE for an owner who does not take part. */
ph_match ph_rank(int32_t owners, const uint64_t *distance); /* [owners] */

/* How much further away the next owner is; PH_NO_DISTANCE where there are not two. */
uint64_t ph_margin(const ph_match *match);

PH_END_C

#endif
