/* Whether five points can be those of the face in a detector's box. */
#ifndef PEEPHOLE_APP_POINTS_H
#define PEEPHOLE_APP_POINTS_H

#include "app/types.h"
#include "peephole/similarity.h"

PH_BEGIN_C

/* Why they cannot. */
typedef enum {
    PH_DOUBT_NONE,
    PH_DOUBT_ORDER,   /* eyes, nose and mouth in no order, or points through which no template can be laid */
    PH_DOUBT_LEANING, /* by more than 45 degrees */
    PH_DOUBT_SIZE,    /* much larger or smaller than the box */
    PH_DOUBT_OUTSIDE, /* beside it */
    PH_DOUBT_SHAPE,   /* far from any face's proportions */
} ph_doubt;

/* The template in a window of 112x112 pixels, Q8: `alignment.TEMPLATE` (Deng et al., ArcFace, 2019). */
extern const int32_t ph_template_112[2 * PH_LANDMARKS]; /* [5,2] x, y */

/* Everything is compared exactly but for the shape: there the mean distance from the template laid on the points is
   off by less than 1/4,096 pixel of the frame. */
ph_doubt ph_doubt_about(const int32_t *points, /* [5,2] x, y, Q8 pixels, in the template's order */
                        ph_box box);

PH_END_C

#endif
