/* Where the window of an output pixel lies, for convolutions of any width. */
#ifndef PEEPHOLE_KERNELS_CONV2D_PLACE_H
#define PEEPHOLE_KERNELS_CONV2D_PLACE_H

#include "arch/generic.h"
#include "kernels/window.h"
#include "peephole/conv2d.h"

/* Do the sizes of a convolution fit each other? */
static inline bool ph_is_conv2d(const ph_conv2d *layer) {
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    return ph_is_shape(in) && ph_is_shape(out) && ph_is_slice(out, layer->channel, layer->outputs) &&
           ph_is_window(in, out, layer->kernel_height, layer->kernel_width, layer->stride, layer->padding) &&
           (int64_t)layer->kernel_height * layer->kernel_width * in.channels <= INT32_MAX;
}

/* Where the window of one output pixel begins. */
typedef struct {
    ph_window window;
    ptrdiff_t input;
    ptrdiff_t weight;
} ph_place;

static inline ph_place ph_place_at(const ph_conv2d *layer, int32_t out_y, int32_t out_x) {
    const ptrdiff_t channels = layer->input.channels;
    const int32_t y = out_y * layer->stride - layer->padding;
    const int32_t x = out_x * layer->stride - layer->padding;
    const ph_span rows = ph_span_inside(y, layer->kernel_height, layer->input.height);
    const ph_span columns = ph_span_inside(x, layer->kernel_width, layer->input.width);
    if (rows.count == 0 || columns.count == 0) {
        return (ph_place){{0, 0, 0, 0, 0}, 0, 0};
    }
    return (ph_place){
        .window = {.rows = rows.count,
                   .length = columns.count * layer->input.channels,
                   .input_step = layer->input.width * channels,
                   .weight_step = layer->kernel_width * channels,
                   .output_step = layer->kernel_height * layer->kernel_width * channels},
        .input = ((ptrdiff_t)(y + rows.first) * layer->input.width + x + columns.first) * channels,
        .weight = ((ptrdiff_t)rows.first * layer->kernel_width + columns.first) * channels,
    };
}

#endif
