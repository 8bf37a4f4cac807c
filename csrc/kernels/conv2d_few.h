/* Convolutions of few input channels, such as the image's one. There the dot products are too short for vectors, so the
   weights of 16 outputs are laid side by side, [tap][16], and every input value is multiplied by them at once. */
#ifndef PEEPHOLE_KERNELS_CONV2D_FEW_H
#define PEEPHOLE_KERNELS_CONV2D_FEW_H

#include "kernels/conv2d_place.h"

enum { PH_FEW_OUTPUTS = 16, PH_FEW_TAPS = 64 };

/* Sums of so few products are exact in two 32-bit parts, and in one of 8 bits. */
static inline bool ph_has_few_taps(const ph_conv2d *layer) {
    return layer->accumulation == PH_FULL && layer->input.channels < 8 && ph_has_whole_rows(layer) &&
           (int64_t)layer->window.kernel_height * layer->window.kernel_width * layer->input.channels <= PH_FEW_TAPS;
}

/* The same results as the convolution that calls it, whose arguments are checked already. */
void ph_conv2d_few_s16(const ph_conv2d *layer, const int16_t *input, const int16_t *weight, const int32_t *bias,
                       const uint8_t *norm, int16_t *output);

#endif
