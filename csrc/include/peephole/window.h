/* How a kernel moves over its input, for every layer that has one: convolutions and pools. */
#ifndef PEEPHOLE_WINDOW_H
#define PEEPHOLE_WINDOW_H

#include <stdint.h>

/* Tap (ky, kx) of output pixel (y, x) meets input pixel
   (y * stride_y - padding_top + ky * dilation_y, x * stride_x - padding_left + kx * dilation_x).
   The output may have any height and width as long as every window begins inside of the input, or hangs out above and
   left of it by the padding, which is less than the kernel's extent: (output.height - 1) * stride_y - padding_top <
   input.height. Below and to the right windows may hang out as they like. So one call computes a strip of rows: the
   input is the rows at hand, padding_top what of the first window hangs out above them, the output the rows wanted. */
typedef struct {
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_y;
    int32_t stride_x;
    int32_t dilation_y; /* input rows from one tap to the next; 1: the kernel's taps lie side by side */
    int32_t dilation_x;
    int32_t padding_top;
    int32_t padding_left;
} ph_window;

#endif
