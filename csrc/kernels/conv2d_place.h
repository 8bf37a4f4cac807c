/* Where the window of an output pixel lies, for convolutions of any width. */
#ifndef PEEPHOLE_KERNELS_CONV2D_PLACE_H
#define PEEPHOLE_KERNELS_CONV2D_PLACE_H

#include "arch/generic.h"
#include "kernels/window.h"
#include "peephole/conv2d.h"

/* The input channels that one output reads. */
static inline int32_t ph_group_inputs(const ph_conv2d *layer) {
    return layer->input.channels / layer->groups;
}

/* Do the sizes of a convolution fit each other? */
static inline bool ph_is_conv2d(const ph_conv2d *layer) {
    const ph_shape in = layer->input;
    const ph_shape out = layer->output;
    const ph_window *window = &layer->window;
    return ph_is_shape(in) && ph_is_shape(out) && ph_is_slice(out, layer->channel, layer->outputs) &&
           ph_is_side(layer->groups) && in.channels % layer->groups == 0 && layer->outputs % layer->groups == 0 &&
           ph_is_window(in, out, window) &&
           (int64_t)window->kernel_height * window->kernel_width * ph_group_inputs(layer) <= INT32_MAX;
}

/* Do the taps of a kernel row lie side by side in the input? */
static inline bool ph_has_whole_rows(const ph_conv2d *layer) {
    return layer->groups == 1 && (layer->window.dilation_x == 1 || layer->window.kernel_width == 1);
}

/* Where the window of one output pixel begins, and what of it meets the input: one patch of all rows where the taps of
   a row lie side by side, else a patch for each row, whose runs are its taps. */
typedef struct {
    ph_patch patch;
    int32_t patches;
    ptrdiff_t input_step; /* from one patch to the next */
    ptrdiff_t weight_step;
    ptrdiff_t input; /* of group 0 */
    ptrdiff_t weight;
} ph_place;

static inline ph_place ph_place_at(const ph_conv2d *layer, ph_span rows, ph_span columns) {
    const ph_window *window = &layer->window;
    const ptrdiff_t channels = layer->input.channels;
    if (rows.count == 0 || columns.count == 0) {
        return (ph_place){{0, 0, 0, 0, 0}, 1, 0, 0, 0, 0};
    }
    const ptrdiff_t input = ((ptrdiff_t)rows.start * layer->input.width + columns.start) * channels;
    const ptrdiff_t input_row = (ptrdiff_t)window->dilation_y * layer->input.width * channels;
    if (ph_has_whole_rows(layer)) {
        return (ph_place){
            .patch = {.rows = rows.count,
                      .length = columns.count * layer->input.channels,
                      .input_step = input_row,
                      .weight_step = window->kernel_width * channels,
                      .output_step = window->kernel_height * window->kernel_width * channels},
            .patches = 1,
            .input = input,
            .weight = ((ptrdiff_t)rows.first * window->kernel_width + columns.first) * channels,
        };
    }
    const ptrdiff_t inputs = ph_group_inputs(layer);
    return (ph_place){
        .patch = {.rows = columns.count,
                  .length = (int32_t)inputs,
                  .input_step = window->dilation_x * channels,
                  .weight_step = inputs,
                  .output_step = window->kernel_height * window->kernel_width * inputs},
        .patches = rows.count,
        .input_step = input_row,
        .weight_step = window->kernel_width * inputs,
        .input = input,
        .weight = ((ptrdiff_t)rows.first * window->kernel_width + columns.first) * inputs,
    };
}

#endif
