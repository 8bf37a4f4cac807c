/* Distances between descriptors. */
#ifndef PEEPHOLE_DISTANCE_H
#define PEEPHOLE_DISTANCE_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* distance = sum over i of (a[i] - b[i])^2, exact for every int16 input (length < 2^31 terms of less than 2^32). */
ph_status ph_squared_l2_s16(int32_t length, const int16_t *a, /* [length] */
                            const int16_t *b,                 /* [length], same Q-format as a */
                            uint64_t *distance);              /* [1] */

/* The same from one descriptor to each of many. */
ph_status ph_squared_l2_many_s16(int32_t length, int32_t count, const int16_t *a, /* [length] */
                                 const int16_t *b,                                /* [count, length] */
                                 uint64_t *distance);                             /* [count] */

PH_END_C

#endif
