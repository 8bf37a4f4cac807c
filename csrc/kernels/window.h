/* Where the kernel of a convolution meets its input; the same for all convolutions. */
#ifndef PEEPHOLE_KERNELS_WINDOW_H
#define PEEPHOLE_KERNELS_WINDOW_H

#include "peephole/tensor.h"

/* The first kernel row (or column) and how many of them meet the input at this place; the others meet zeros. */
typedef struct {
    int32_t first;
    int32_t count;
} ph_span;

static inline ph_span ph_span_inside(int32_t start, int32_t kernel, int32_t side) {
    const int32_t first = start < 0 ? -start : 0;
    const int32_t end = side - start < kernel ? side - start : kernel;
    if (first >= end) {
        return (ph_span){0, 0};
    }
    return (ph_span){first, end - first};
}

/* Does a kernel of this size, moved over the padded input, make this output? The shapes themselves are not checked. */
static inline bool ph_is_window(ph_shape in, ph_shape out, int32_t kernel_height, int32_t kernel_width, int32_t stride,
                                int32_t padding) {
    if (!ph_is_side(kernel_height) || !ph_is_side(kernel_width) || !ph_is_side(stride) || padding < 0 ||
        padding > PH_MAX_SIDE) {
        return false;
    }
    const int32_t reach_y = in.height + 2 * padding - kernel_height;
    const int32_t reach_x = in.width + 2 * padding - kernel_width;
    return reach_y >= 0 && reach_x >= 0 && out.height == reach_y / stride + 1 && out.width == reach_x / stride + 1;
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
