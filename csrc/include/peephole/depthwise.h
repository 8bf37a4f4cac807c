/* Depthwise convolution: every channel by its own kernel, with zero padding, stride, dilation and a fused clip. */
#ifndef PEEPHOLE_DEPTHWISE_H
#define PEEPHOLE_DEPTHWISE_H

#include <stdint.h>

#include "peephole/status.h"
#include "peephole/tensor.h"
#include "peephole/window.h"

PH_BEGIN_C

/* The most weights that one channel's kernel may have: 8x8. The kernel lays those of a few channels side by side on its
   stack (2 KiB), and sums of so few products are exact in two 32-bit parts. */
#define PH_DEPTHWISE_MAX_TAPS 64

typedef struct {
    ph_shape input;   /* input.channels is C, the output channels of this layer too */
    ph_shape output;  /* output.channels is the whole tensor's, of which this layer writes a slice */
    int32_t channel;  /* first output channel that is written */
    ph_window window; /* taps outside of the input meet zeros */
    int32_t low;      /* the last step clips to low .. high, which lie within the output's type */
    int32_t high;
    int32_t accumulator_bits; /* 32: the sum of products, and bias, wrap at 2^32; 64: exact */
} ph_depthwise_conv2d;

/* Writes output[y, x, channel + c] = clip((bias[c] + sum + 2^(norm-1)) >> norm) for every pixel and channel c.
   norm <= 31; norm 0 adds no half. */
ph_status ph_depthwise_conv2d_s16(const ph_depthwise_conv2d *layer, const int16_t *input, /* [H,W,C] Q(F_in) */
                                  const int16_t *weight,                                  /* [C,KH,KW] Q(F_w[c]) */
                                  const int32_t *bias,                                    /* [C] Q(F_in + F_w[c]) */
                                  const uint8_t *norm, /* [C] F_in + F_w[c] - F_out */
                                  int16_t *output);    /* [OH,OW,CT] Q(F_out) */

/* The same of 8 bits, with 32-bit sums alone; a layer whose output must keep its precision writes 16 bits. */
ph_status ph_depthwise_conv2d_s8(const ph_depthwise_conv2d *layer, const int8_t *input, /* [H,W,C] Q(F_in) */
                                 const int8_t *weight,                                  /* [C,KH,KW] Q(F_w[c]) */
                                 const int32_t *bias,                                   /* [C] Q(F_in + F_w[c]) */
                                 const uint8_t *norm,                                   /* [C] F_in + F_w[c] - F_out */
                                 int8_t *output);                                       /* [OH,OW,CT] Q(F_out) */
ph_status ph_depthwise_conv2d_s8_s16(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                     const int32_t *bias, const uint8_t *norm, int16_t *output); /* Q(F_out) */

PH_END_C

#endif
