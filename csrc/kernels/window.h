/* Where a kernel meets its input; the same for all convolutions and pools. */
#ifndef PEEPHOLE_KERNELS_WINDOW_H
#define PEEPHOLE_KERNELS_WINDOW_H

#include "peephole/tensor.h"
#include "peephole/window.h"

/* A window in one direction: down the rows, or along the columns. */
typedef struct {
    int32_t input;  /* the input's height or width */
    int32_t output; /* the output's */
    int32_t kernel;
    int32_t stride;
    int32_t dilation;
    int32_t padding; /* above, or left */
} ph_axis;

static inline ph_axis ph_rows(ph_shape in, ph_shape out, const ph_window *w) {
    return (ph_axis){in.height, out.height, w->kernel_height, w->stride_y, w->dilation_y, w->padding_top};
}

static inline ph_axis ph_columns(ph_shape in, ph_shape out, const ph_window *w) {
    return (ph_axis){in.width, out.width, w->kernel_width, w->stride_x, w->dilation_x, w->padding_left};
}

/* The taps that meet the input at one place of the output, and where; the others meet nothing. */
typedef struct {
    int32_t first; /* the first tap */
    int32_t count; /* how many */
    int32_t start; /* the input's row or column that the first of them meets */
} ph_span;

static inline ph_span ph_span_at(const ph_axis *axis, int32_t place) {
    const int32_t start = place * axis->stride - axis->padding;
    const int32_t first = start < 0 ? (axis->dilation - 1 - start) / axis->dilation : 0;
    const int32_t left = axis->input - start;
    const int32_t end =
        (axis->kernel - 1) * axis->dilation < left ? axis->kernel : (left + axis->dilation - 1) / axis->dilation;
    if (first >= end) {
        return (ph_span){0, 0, 0};
    }
    return (ph_span){first, end - first, start + first * axis->dilation};
}

/* The places of the output where all taps meet the input: from `first` on, so many. */
static inline ph_span ph_inside(const ph_axis *axis) {
    const int32_t first = (axis->padding + axis->stride - 1) / axis->stride;
    const int32_t room = axis->input + axis->padding - (axis->kernel - 1) * axis->dilation - 1;
    const int32_t end = room < 0 ? 0 : room / axis->stride + 1;
    const int32_t last = end < axis->output ? end : axis->output;
    return (ph_span){first, last > first ? last - first : 0, first * axis->stride - axis->padding};
}

/* Are the numbers of a direction such that every window begins where it may? The sides themselves are checked before.
   Whatever passes here is computed without overflow in 32 bits. */
static inline bool ph_is_axis(ph_axis axis) {
    return ph_is_side(axis.kernel) && ph_is_side(axis.stride) && ph_is_side(axis.dilation) && axis.padding >= 0 &&
           axis.padding <= PH_MAX_SIDE && axis.padding <= (axis.kernel - 1) * axis.dilation &&
           (axis.output - 1) * axis.stride - axis.padding < axis.input;
}

static inline bool ph_is_window(ph_shape in, ph_shape out, const ph_window *window) {
    return ph_is_axis(ph_rows(in, out, window)) && ph_is_axis(ph_columns(in, out, window));
}

/* Is every shift one that the kernels compute exactly? */
static inline bool ph_are_norms(int32_t count, const uint8_t *norm) {
    for (int32_t c = 0; c < count; c++) {
        if (norm[c] > 31) {
            return false;
        }
    }
    return true;
}

#endif
