/* The square of a frame that a network sees. */
#ifndef PEEPHOLE_APP_CROP_H
#define PEEPHOLE_APP_CROP_H

#include "app/types.h"

PH_BEGIN_C

/* From a box to its square: the side is scale / scale_of of the box's longer side, the centre lies up / up_of of that
   side higher than the box's. Denominators and scale are 1 to 1,024, up is -1,024 to 1,024. */
typedef struct {
    int16_t scale;
    int16_t scale_of;
    int16_t up;
    int16_t up_of;
} ph_crop_rule;

extern const ph_crop_rule ph_recogniser_rule; /* 11/10 and 5/64: the window that the recogniser was trained on */
extern const ph_crop_rule ph_landmark_rule;   /* 5/4 and 0: the landmark network's first look */

/* Pixel centres lie at whole numbers and a box covers whole pixels, so its centre is x + (width - 1) / 2. With the
   square's centre c and side s, crop pixel k comes from c + (k - (size - 1) / 2) * s / size, exactly, rounded once to
   Q16, halves upwards. PH_BAD_SHAPE for an empty box, a size that is not 1 to 2^18 or a rule outside of its bounds;
   PH_BAD_ARGUMENT where the matrix does not fit; then nothing is written. */
ph_status ph_square_matrix(ph_box box, int32_t size, ph_crop_rule rule,
                           int32_t *matrix); /* [2,3] Q16, from a pixel of the size x size crop to the frame */

/* One matrix for two: matrix(p) = outer(inner(p)), each number rounded once, halves upwards; exact where outer only
   shifts. PH_BAD_ARGUMENT where outer makes more than 16,384 pixels of one, or where the matrix does not fit; then
   nothing is written. */
ph_status ph_compose_matrices(const int32_t *outer, const int32_t *inner, int32_t *matrix); /* [2,3] Q16 each */

PH_END_C

#endif
