/* Pooling. Each writes output[..., channel : channel + input.channels]. */
#ifndef PEEPHOLE_POOL_H
#define PEEPHOLE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "peephole/status.h"
#include "peephole/tensor.h"
#include "peephole/window.h"

PH_BEGIN_C

typedef struct {
    ph_shape input;
    ph_shape output; /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel; /* first output channel that is written */
    ph_window window;
} ph_max_pool;

/* The largest value under every window. Taps outside of the input are left out; each window must have one inside. */
ph_status ph_max_pool_s16(const ph_max_pool *layer, const int16_t *input, /* [H,W,C] */
                          int16_t *output);                               /* [OH,OW,CT], same Q-format */
ph_status ph_max_pool_s8(const ph_max_pool *layer, const int8_t *input,   /* [H,W,C] */
                         int8_t *output);                                 /* [OH,OW,CT], same Q-format */

/* y = clip16((S * factor + 2^(shift-1)) >> shift), S the exact sum over all pixels of a channel; shift 0 adds no half.
   factor / 2^shift is about 1 / (H * W). factor >= 0 and shift <= 61, and S * factor must stay below 2^62 whatever
   the input holds, else PH_BAD_ARGUMENT. */
ph_status ph_global_average_pool_s16(ph_shape input_shape, int32_t factor, uint8_t shift,
                                     const int16_t *input,                                     /* [H,W,C] */
                                     ph_shape output_shape, int32_t channel, int16_t *output); /* [1,1,CT] */

/* The same of 8 bits: y = clip8(..), or clip16(..), which keeps what a mean adds in precision. */
ph_status ph_global_average_pool_s8(ph_shape input_shape, int32_t factor, uint8_t shift,
                                    const int8_t *input,                                     /* [H,W,C] */
                                    ph_shape output_shape, int32_t channel, int8_t *output); /* [1,1,CT] */
ph_status ph_global_average_pool_s8_s16(ph_shape input_shape, int32_t factor, uint8_t shift, const int8_t *input,
                                        ph_shape output_shape, int32_t channel, int16_t *output); /* [1,1,CT] */

/* The most taps of an average pool's kernel: so many 16-bit numbers have a sum of 32 bits, and no factor makes a
   product of more than 62. */
#define PH_AVERAGE_POOL_MAX_TAPS 65535

typedef struct {
    ph_shape input;
    ph_shape output; /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel; /* first output channel that is written */
    ph_window window;
    bool counts_padding;    /* do taps in the padding count, as zeros? Those further out never do */
    int32_t padding_bottom; /* where they do: how many rows below the input and columns right of it are padding */
    int32_t padding_right;
    uint8_t shift;
} ph_average_pool;

/* y = clip16((S * factor[n - 1] + 2^(shift-1)) >> shift), S the sum of the taps that meet the input and n the number of
   those that count; factor[n - 1] / 2^shift is about 1 / n. shift 0 adds no half. Every window must have a tap that
   counts. factor >= 0 and shift <= 61, else PH_BAD_ARGUMENT. */
ph_status ph_average_pool_s16(const ph_average_pool *layer, const int16_t *input, /* [H,W,C] Q(F_in) */
                              const int32_t *factor,                              /* [KH * KW] */
                              int16_t *output);                                   /* [OH,OW,CT] Q(F_out) */

/* The same of 8 bits: y = clip8(..), or clip16(..), which keeps what a mean adds in precision. */
ph_status ph_average_pool_s8(const ph_average_pool *layer, const int8_t *input, /* [H,W,C] Q(F_in) */
                             const int32_t *factor,                             /* [KH * KW] */
                             int8_t *output);                                   /* [OH,OW,CT] Q(F_out) */
ph_status ph_average_pool_s8_s16(const ph_average_pool *layer, const int8_t *input, const int32_t *factor,
                                 int16_t *output); /* [OH,OW,CT] Q(F_out) */

PH_END_C

#endif
