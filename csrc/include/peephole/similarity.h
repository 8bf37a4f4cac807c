/* From the five points that a landmark network tells to the matrix by which warp_affine_u8 cuts the face. */
#ifndef PEEPHOLE_SIMILARITY_H
#define PEEPHOLE_SIMILARITY_H

#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

#define PH_LANDMARKS 5

/* The shift, turn and scale that carry the template nearest to the points, by least squares (Umeyama, 1991, in closed
   form for two dimensions): the sum over i of |M template[i] - points[i]|^2 is smallest. The matrix has the form
   {a, -b, x, b, a, y}; a and b are the exact quotients and x and y the best offsets for the rounded a and b, each
   rounded once, halves upwards.

   template: where the points lie in the crop, at most 4,096 pixels from the origin on either axis; points: where they
   lie in the image, at most 32,768 pixels from it. PH_BAD_ARGUMENT where one is farther away, where the template's or
   the image's points lie on one another (there is no turn), and where the matrix does not fit; then nothing is
   written. */
ph_status ph_similarity_fit_s32(const int32_t *points,          /* [5,2] x, y, Q8 pixels of the image */
                                const int32_t *template_points, /* [5,2] x, y, Q8 pixels of the crop */
                                int32_t *matrix);               /* [2,3] Q16, from a pixel of the crop to the image */

/* Where the points that a network tells of its size x size crop lie in the image: points[i] is in half sides of the
   crop, from its middle, so a position in it is (size - 1) / 2 + points[i] * size / 2, and out[i] that position taken
   by the matrix through which the crop was cut; exact, but for one rounding, halves upwards.

   size at most 4,096, frac_bits at most 15. PH_BAD_ARGUMENT where a point does not fit; then nothing is written. */
ph_status ph_warp_points_s16(int32_t size, uint8_t frac_bits,
                             const int16_t *points, /* [5,2] x, y, Q(frac_bits) half sides of the crop */
                             const int32_t *matrix, /* [2,3] Q16, from a pixel of the crop to the image */
                             int32_t *out);         /* [5,2] x, y, Q8 pixels of the image */

PH_END_C

#endif
