/* Windows of any kind for the tests of convolutions and pools. */
#ifndef PEEPHOLE_TESTS_WINDOWS_H
#define PEEPHOLE_TESTS_WINDOWS_H

#include "check.h"
#include "peephole/tensor.h"
#include "peephole/window.h"

static inline int32_t any_number(int32_t least, int32_t most) {
    return least + (int32_t)(next_number() % (uint32_t)(most - least + 1));
}

/* The most outputs of a direction: as many as windows begin inside of the input. */
static inline int32_t most_outputs(int32_t side, int32_t padding, int32_t stride) {
    return (side - 1 + padding) / stride + 1;
}

/* A window of this kernel, and an output of any height and width that it may have. */
static inline ph_window any_window(const int32_t kernel[2], ph_shape input, ph_shape *output) {
    ph_window w = {kernel[0], kernel[1], any_number(1, 3), any_number(1, 3), any_number(1, 3), any_number(1, 3), 0, 0};
    w.padding_top = any_number(0, (w.kernel_height - 1) * w.dilation_y);
    w.padding_left = any_number(0, (w.kernel_width - 1) * w.dilation_x);
    output->height = any_number(1, most_outputs(input.height, w.padding_top, w.stride_y));
    output->width = any_number(1, most_outputs(input.width, w.padding_left, w.stride_x));
    return w;
}

#endif
