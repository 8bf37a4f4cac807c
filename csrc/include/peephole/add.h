/* Addition of two tensors of different Q-formats with a fused clip: what a residual connection ends in. */
#ifndef PEEPHOLE_ADD_H
#define PEEPHOLE_ADD_H

#include <stdint.h>

#include "peephole/status.h"
#include "peephole/tensor.h"

PH_BEGIN_C

typedef struct {
    ph_shape input;      /* of both tensors that are added */
    ph_shape output;     /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel;     /* first output channel that is written */
    uint8_t shift;       /* F - F_input, F the fraction bits of the sum; all three are at most 31 */
    uint8_t other_shift; /* F - F_other */
    uint8_t norm;        /* F - F_out */
    int32_t low;         /* the last step clips to low .. high, which lie within the output's type: ReLU is low 0 */
    int32_t high;
} ph_add;

/* y = clip(((input << shift) + (other << other_shift) + 2^(norm-1)) >> norm); norm 0 adds no half. The sum is exact:
   in 32 bits where the shifts prove that it fits, else in 64. The output may be one of the summands itself, of the same
   shape, and lie over nothing else that is read. */
ph_status ph_add_s16(const ph_add *layer, const int16_t *input, /* [H,W,C] Q(F_input) */
                     const int16_t *other,                      /* [H,W,C] Q(F_other) */
                     int16_t *output);                          /* [H,W,CT] Q(F_out) */

/* The same of 8 bits. */
ph_status ph_add_s8(const ph_add *layer, const int8_t *input, /* [H,W,C] Q(F_input) */
                    const int8_t *other,                      /* [H,W,C] Q(F_other) */
                    int8_t *output);                          /* [H,W,CT] Q(F_out) */

PH_END_C

#endif
