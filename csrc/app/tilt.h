/* Faces that lean to one side, which a frontal detector does not see.

   Once a face has been seen upright, it is looked for near its last place in a copy of the frame that is turned a
   little. Angles are whole degrees, clockwise on a screen. */
#ifndef PEEPHOLE_APP_TILT_H
#define PEEPHOLE_APP_TILT_H

#include <stdbool.h>

#include "app/detector.h"
#include "app/types.h"

PH_BEGIN_C

#define PH_TILT_STEP 20   /* degrees; the cascade itself puts up with about half of it on either side */
#define PH_MOST_TILT 60   /* degrees to either side */
#define PH_TILT_PATCH 192 /* pixels of the side of the turned copy */
#define PH_TILT_SIDE 80   /* of which the face's own are: the copy spans 2.4 of them */
#define PH_TILT_FACES 48  /* faces that all copies of one search together may show; more are left out */

/* A face of a frame; `box` is upright around its centre. */
typedef struct {
    ph_box box;
    int32_t neighbours; /* overlapping hits of the detector */
    int32_t tilt;       /* by how many degrees it leans */
} ph_seen;

/* What a search needs beside the frame; the caller's, undefined between calls. */
typedef struct {
    uint8_t patch[PH_TILT_PATCH * PH_TILT_PATCH];
    ph_hit faces[PH_TILT_FACES];
    ph_seen found[PH_TILT_FACES];
} ph_tilt_scratch;

/* Do two boxes share at least 3/10 of the area of both? Exact. */
bool ph_same_place(ph_box a, ph_box b);

/* Puts the surest first (then by x, then by y) and drops those that overlap a surer one by 3/10 of the area of both:
   chin and mouth make a second face of a bearded one. Returns how many are left. */
int32_t ph_keep_distinct(int32_t count, ph_seen *faces); /* [count] */

/* The matrix of a square copy of the frame around the middle of a box, size x size pixels of step / step_of frame
   pixels each, in which a face that leans by `degrees` (-90 to 90) is upright: from a pixel of the copy to one of the
   frame. Sine and cosine are rounded to 2^-30; the matrix has the form {a, -b, x, b, a, y}, each rounded once, halves
   upwards. size, step and step_of are 1 to 32,767; PH_BAD_ARGUMENT where the matrix does not fit. */
ph_status ph_turned_matrix(ph_box around, int32_t size, int32_t step, int32_t step_of, int32_t degrees,
                           int32_t *matrix); /* [2,3] Q16 */

/* Looks for a face near its last place, leaning as before or a step more or less; upright is not looked for. `others`
   are faces already found, which it cannot be. *there says whether it was found; its tilt is the mean of the turns at
   which it was seen, weighted by how surely. */
ph_status ph_look_for(const ph_detector *detector, ph_image_size size, const uint8_t *frame, /* [H,W] */
                      ph_box last, int32_t tilt, int32_t count, const ph_box *others,        /* [count] */
                      ph_tilt_scratch *scratch, bool *there, ph_seen *seen);

/* Makes of a face what it is seen as best: one that the detector is unsure of may lean, and is then surer when turned.
 */
ph_status ph_straighten(const ph_detector *detector, ph_image_size size, const uint8_t *frame, /* [H,W] */
                        ph_tilt_scratch *scratch, ph_seen *seen);

PH_END_C

#endif
