/* Convolutions on machines without vectors: four outputs of some pixels side by side at once. */
#ifndef PEEPHOLE_KERNELS_CONV2D_BLOCKED_H
#define PEEPHOLE_KERNELS_CONV2D_BLOCKED_H

#include "kernels/conv2d_place.h"
#include "kernels/output_s8.h"

/* Sums of 32 bits, of the whole window. */
static inline bool ph_can_be_blocked(const ph_conv2d *layer) {
    return layer->accumulation == PH_FULL && layer->accumulator_bits == 32;
}

/* A convolution of single pixels, each of which meets one: its rows may as well be one row. */
static inline ph_conv2d ph_in_one_row(ph_conv2d layer) {
    const ph_window *window = &layer.window;
    if (window->kernel_height == 1 && window->kernel_width == 1 && window->stride_y == 1 && window->stride_x == 1 &&
        layer.input.height == layer.output.height && layer.input.width == layer.output.width &&
        (int64_t)layer.input.height * layer.input.width <= PH_MAX_SIDE) {
        layer.input.width *= layer.input.height;
        layer.output.width *= layer.output.height;
        layer.input.height = layer.output.height = 1;
    }
    return layer;
}

/* The same results as the convolution that calls it, whose arguments are checked already. */
void ph_conv2d_blocked_s16(const ph_conv2d *layer, const int16_t *input, const int16_t *weight, const int32_t *bias,
                           const uint8_t *norm, int16_t *output);

void ph_conv2d_blocked_s8(const ph_conv2d *layer, const int8_t *input, const int8_t *weight, const int32_t *bias,
                          const uint8_t *norm, ph_output output);

#endif
