/* Channels moved from one tensor to another: what is left of a split, a concatenation and a shuffle when no layer
   before them could write to the right place at once. */
#ifndef PEEPHOLE_CHANNELS_H
#define PEEPHOLE_CHANNELS_H

#include <stdint.h>

#include "peephole/status.h"
#include "peephole/tensor.h"

PH_BEGIN_C

typedef struct {
    ph_shape input;
    ph_shape output; /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t first;   /* first input channel that is read */
    int32_t count;   /* how many are */
    int32_t channel; /* first output channel that is written */
    int32_t shift;   /* F_out - F_in, -31 to 31 */
    int32_t low;     /* the last step clips to low .. high, which lie within the output's type: ReLU is low 0 */
    int32_t high;
} ph_copy_channels;

/* output[y, x, channel + c] = input[y, x, first + c] * 2^shift, rounded (halves upwards) where shift is negative, and
   clipped to low .. high. Also from 8 bits to 16 and back, between the parts of a network of both. */
ph_status ph_copy_channels_s16(const ph_copy_channels *layer, const int16_t *input,    /* [H,W,C] Q(F_in) */
                               int16_t *output);                                       /* [H,W,CT] Q(F_out) */
ph_status ph_copy_channels_s16_s8(const ph_copy_channels *layer, const int16_t *input, /* [H,W,C] Q(F_in) */
                                  int8_t *output);                                     /* [H,W,CT] Q(F_out) */
ph_status ph_copy_channels_s8(const ph_copy_channels *layer, const int8_t *input,      /* [H,W,C] Q(F_in) */
                              int8_t *output);                                         /* [H,W,CT] Q(F_out) */
ph_status ph_copy_channels_s8_s16(const ph_copy_channels *layer, const int8_t *input,  /* [H,W,C] Q(F_in) */
                                  int16_t *output);                                    /* [H,W,CT] Q(F_out) */

typedef struct {
    ph_shape input;
    ph_shape output; /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel; /* first output channel that is written */
    int32_t groups;  /* G, a divisor of C */
} ph_shuffle_channels;

/* output[y, x, channel + k * G + g] = input[y, x, g * C/G + k]: the k-th channels of all groups come to lie side by
   side (ShuffleNet; Zhang et al., 2018). */
ph_status ph_shuffle_channels_s16(const ph_shuffle_channels *layer, const int16_t *input, /* [H,W,C] */
                                  int16_t *output);                                       /* [H,W,CT], same Q-format */
ph_status ph_shuffle_channels_s8(const ph_shuffle_channels *layer, const int8_t *input,   /* [H,W,C] */
                                 int8_t *output);                                         /* [H,W,CT], same Q-format */

PH_END_C

#endif
