/* Scaling a descriptor to length one. */
#ifndef PEEPHOLE_NORMALIZE_H
#define PEEPHOLE_NORMALIZE_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* output[i] = x[i] * 2^frac_bits / |x|, |x| the Euclidean length, rounded to the nearest, halves away from zero.
   The input's Q-format does not matter. frac_bits <= 14, so that every output fits; zeros stay zeros. The length is
   taken as a square root of 30 bits or more: an output is off by less than one step. Squared distances of such
   vectors are at most about 4 * 2^28 < 2^31. */
ph_status ph_l2_normalize_s16(int32_t length, uint8_t frac_bits, const int16_t *input, /* [length] */
                              int16_t *output);                                        /* [length] Q(frac_bits) */

/* The same of 8-bit numbers, to a descriptor of 16 bits. */
ph_status ph_l2_normalize_s8(int32_t length, uint8_t frac_bits, const int8_t *input, /* [length] */
                             int16_t *output);                                       /* [length] Q(frac_bits) */

PH_END_C

#endif
