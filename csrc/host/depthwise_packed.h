/* Depthwise convolutions on machines with vectors: weights are laid out once, and not anew in every run, and on x86 the
   code is for AVX2, which the caller asks for first. The same bits as the kernels of peephole/depthwise.h. */
#ifndef PEEPHOLE_HOST_DEPTHWISE_PACKED_H
#define PEEPHOLE_HOST_DEPTHWISE_PACKED_H

#include <stddef.h>

#include "peephole/depthwise.h"

PH_BEGIN_C

/* How many values the weights take once they are laid out: [block of 16 channels][KH * KW][16]. */
size_t ph_packed_depthwise_values(const ph_depthwise_conv2d *layer);

/* weight: [C,KH,KW]. taps: ph_packed_depthwise_values of them. */
void ph_pack_depthwise_s16(const ph_depthwise_conv2d *layer, const int16_t *weight, int16_t *taps);
void ph_pack_depthwise_s8(const ph_depthwise_conv2d *layer, const int8_t *weight, int8_t *taps);

/* As the kernels, by these taps; weight is read where the layer is none, and the kernel says why. */
ph_status ph_packed_depthwise_s16(const ph_depthwise_conv2d *layer, const int16_t *input, const int16_t *weight,
                                  const int16_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output);
ph_status ph_packed_depthwise_s8(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                 const int8_t *taps, const int32_t *bias, const uint8_t *norm, int8_t *output);
ph_status ph_packed_depthwise_s8_s16(const ph_depthwise_conv2d *layer, const int8_t *input, const int8_t *weight,
                                     const int8_t *taps, const int32_t *bias, const uint8_t *norm, int16_t *output);

PH_END_C

#endif
