/* Integral images: the sum over any upright rectangle in four reads. */
#ifndef PEEPHOLE_INTEGRAL_H
#define PEEPHOLE_INTEGRAL_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

/* sum[y][x] = sum of image[0..y)[0..x), squares[y][x] = the same of the squared pixels: row 0 and column 0 are zero.
   All sums are modulo 2^32, which loses nothing where it matters: a rectangle's sum is a difference of four entries,
   so it is exact whenever the true sum is below 2^32 (rectangles of up to 16,843,009 pixels, 66,051 for squares),
   however large the image. */
ph_status ph_integral_u8(int32_t height, int32_t width, const uint8_t *image, /* [H,W] */
                         uint32_t *sum,                                       /* [H+1,W+1] */
                         uint32_t *squares);                                  /* [H+1,W+1] */

/* One row of it, in place: sum and squares hold row y and become row y + 1. Lets a caller that needs few rows keep few.
 */
ph_status ph_integral_row_u8(int32_t width, const uint8_t *pixels, /* [W], row y of the image */
                             uint32_t *sum,                        /* [W+1] */
                             uint32_t *squares);                   /* [W+1] */

PH_END_C

#endif
