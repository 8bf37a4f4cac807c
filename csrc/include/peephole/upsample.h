/* A map made twice as high and twice as wide, every pixel four times: nearest-neighbour upsampling by two, as detectors
   have it between their maps of several sizes. */
#ifndef PEEPHOLE_UPSAMPLE_H
#define PEEPHOLE_UPSAMPLE_H

#include <stdint.h>

#include "peephole/status.h"
#include "peephole/tensor.h"

PH_BEGIN_C

typedef struct {
    ph_shape input;
    ph_shape output; /* [2H,2W]; output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel; /* first output channel that is written */
} ph_upsample;

/* output[y, x, channel + c] = input[y / 2, x / 2, c], quotients rounded down. Nothing is summed and nothing rounded. */
ph_status ph_upsample_s16(const ph_upsample *layer, const int16_t *input, /* [H,W,C] */
                          int16_t *output);                               /* [2H,2W,CT], same Q-format */
ph_status ph_upsample_s8(const ph_upsample *layer, const int8_t *input,   /* [H,W,C] */
                         int8_t *output);                                 /* [2H,2W,CT], same Q-format */

PH_END_C

#endif
