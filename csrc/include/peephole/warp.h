/* Resampling of grey images: bilinear, in integers, the border pixels repeated outwards without end.

   A source position is rounded to 1/256 pixel (halves upwards): q = (position + 1/512) in steps of 1/256, whose whole
   part names the upper left of four pixels and whose 8-bit rests fx, fy weigh them:
   value = ((256-fx)*(256-fy)*p00 + fx*(256-fy)*p01 + (256-fx)*fy*p10 + fx*fy*p11 + 2^15) >> 16. */
#ifndef PEEPHOLE_WARP_H
#define PEEPHOLE_WARP_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

typedef struct {
    int32_t height;
    int32_t width;
} ph_image_size;

/* output[y, x] = image at (m[0]*x + m[1]*y + m[2], m[3]*x + m[4]*y + m[5]) / 2^16, as (column, row) with pixel centres
   at whole numbers. Any matrix is safe. */
ph_status ph_warp_affine_u8(ph_image_size image_size, const uint8_t *image, /* [H,W] */
                            const int32_t *matrix,                          /* [2,3] Q16 */
                            ph_image_size output_size, uint8_t *output);    /* [h,w] */

/* Scales the whole image, pixel centres aligned: the source column of x is (x + 1/2) * W / w - 1/2, and so for rows. */
ph_status ph_resize_u8(ph_image_size image_size, const uint8_t *image, /* [H,W] */
                       ph_image_size output_size, uint8_t *output);    /* [h,w] */

PH_END_C

#endif
