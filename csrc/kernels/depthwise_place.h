/* Where the window of an output pixel lies, for depthwise convolutions of any width. */
#ifndef PEEPHOLE_KERNELS_DEPTHWISE_PLACE_H
#define PEEPHOLE_KERNELS_DEPTHWISE_PLACE_H

#include <stddef.h>

#include "kernels/window.h"
#include "peephole/depthwise.h"

/* Channels that are computed together: their weights are laid side by side, [KH * KW][block], so that the inner loops
   run over neighbours in memory. */
enum { PH_DEPTHWISE_BLOCK = 16 };

/* Do the sizes of a depthwise convolution fit each other? */
static inline bool ph_is_depthwise(const ph_depthwise_conv2d *layer) {
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    return ph_is_shape(in) && ph_is_shape(out) && ph_is_slice(out, layer->channel, in.channels) &&
           ph_is_window(in, out, &layer->window) &&
           layer->window.kernel_height * layer->window.kernel_width <= PH_DEPTHWISE_MAX_TAPS;
}

/* The kernel rows and columns that meet the input, and where the first of them lies in input and weights. */
typedef struct {
    int32_t rows;
    int32_t columns;
    ptrdiff_t input;
    ptrdiff_t taps;
    ptrdiff_t row_step;
    ptrdiff_t column_step;
    ptrdiff_t taps_step;
} ph_depthwise_place;

static inline ph_depthwise_place ph_depthwise_place_at(const ph_depthwise_conv2d *layer, ph_span rows,
                                                       ph_span columns) {
    const ph_shape in = layer->input;
    const ph_window *window = &layer->window;
    if (rows.count == 0 || columns.count == 0) {
        return (ph_depthwise_place){0, 0, 0, 0, 0, 0, 0};
    }
    return (ph_depthwise_place){
        .rows = rows.count,
        .columns = columns.count,
        .input = ((ptrdiff_t)rows.start * in.width + columns.start) * in.channels,
        .taps = (ptrdiff_t)(rows.first * window->kernel_width + columns.first) * PH_DEPTHWISE_BLOCK,
        .row_step = (ptrdiff_t)window->dilation_y * in.width * in.channels,
        .column_step = (ptrdiff_t)window->dilation_x * in.channels,
        .taps_step = (ptrdiff_t)window->kernel_width * PH_DEPTHWISE_BLOCK,
    };
}

#endif
