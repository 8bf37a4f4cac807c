/* The 8-bit convolution, whatever the width of its output. */
#ifndef PEEPHOLE_KERNELS_CONV2D_S8_H
#define PEEPHOLE_KERNELS_CONV2D_S8_H

#include "kernels/output_s8.h"
#include "peephole/conv2d.h"

ph_status ph_convolve_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                         const uint8_t *norm, ph_output output);

/* For few input channels (conv2d_few.h), whose arguments are checked already. */
void ph_conv2d_few_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                      const uint8_t *norm, ph_output output);

#endif
