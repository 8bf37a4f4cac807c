/* Convolution of 16 and of 8 bits with zero padding, stride, dilation, groups and a fused clip, such as ReLU. */
#ifndef PEEPHOLE_CONV2D_H
#define PEEPHOLE_CONV2D_H

#include <stdint.h>

#include "peephole/status.h"
#include "peephole/tensor.h"
#include "peephole/window.h"

PH_BEGIN_C

typedef enum {
    PH_FULL,        /* one rounding: y = clip((bias + sum + 2^(norm-1)) >> norm); bias has F_in + F_w fraction bits */
    PH_PER_CHANNEL, /* a rounding after every input channel, as the old system's kernels did; bias has F_out bits */
} ph_accumulation;

typedef struct {
    ph_shape input;
    ph_shape output;  /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel;  /* first output channel that is written: concatenation is writing into slices */
    int32_t outputs;  /* O, output channels of this layer */
    int32_t groups;   /* G, a divisor of I and O: outputs g*O/G .. read the input channels g*I/G .. alone */
    ph_window window; /* taps outside of the input meet zeros */
    int32_t low;      /* the last step clips to low .. high, which lie within the output's type: ReLU is low 0 */
    int32_t high;
    ph_accumulation accumulation;
    int32_t accumulator_bits; /* of PH_FULL. 32: the sum of products, and bias, wrap at 2^32; 64: exact */
} ph_conv2d;

/* Writes output[y, x, channel + o] for every pixel and o < outputs, clipped to low .. high.
   PH_PER_CHANNEL: o = bias; then for each input channel o = clip16(((o << norm) + taps + 2^(norm-1)) >> norm), where
   the bracket wraps at 2^32 and the bias must fit 16 bits. norm <= 31; norm 0 adds no half. */
ph_status ph_conv2d_s16(const ph_conv2d *layer, const int16_t *input, /* [H,W,I] Q(F_in) */
                        const int16_t *weight,                        /* [O,KH,KW,I/G] Q(F_w[o]) */
                        const int32_t *bias,                          /* [O] */
                        const uint8_t *norm,                          /* [O] F_in + F_w[o] - F_out */
                        int16_t *output);                             /* [OH,OW,C] Q(F_out) */

/* The same of 8 bits, by the rule PH_FULL with 32 bits alone; a layer whose output must keep its precision writes 16
   bits. Other rules are refused. */
ph_status ph_conv2d_s8(const ph_conv2d *layer, const int8_t *input, /* [H,W,I] Q(F_in) */
                       const int8_t *weight,                        /* [O,KH,KW,I/G] Q(F_w[o]) */
                       const int32_t *bias,                         /* [O] Q(F_in + F_w[o]) */
                       const uint8_t *norm,                         /* [O] F_in + F_w[o] - F_out */
                       int8_t *output);                             /* [OH,OW,C] Q(F_out) */
ph_status ph_conv2d_s8_s16(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                           const uint8_t *norm, int16_t *output); /* [OH,OW,C] Q(F_out) */

PH_END_C

#endif
