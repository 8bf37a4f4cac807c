/* One look at a face: its points, the crop that lies as in training, how good it is, and its descriptor. */
#ifndef PEEPHOLE_APP_LOOK_H
#define PEEPHOLE_APP_LOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "app/points.h"
#include "app/quality.h"
#include "app/tilt.h"

PH_BEGIN_C

/* The two networks, and how faces are cut for them. What it points at is the caller's. */
typedef struct {
    void *context; /* given to both functions */
    /* image [landmark_size, landmark_size] -> points [5,2] x, y, Q(landmark_frac_bits) half sides of the image */
    ph_status (*run_landmarks)(void *context, const uint8_t *image, int16_t *points);
    /* image [size, size] -> descriptor [values] Q14 */
    ph_status (*run_recogniser)(void *context, const uint8_t *image, int16_t *descriptor);
    const int32_t *landmark_template; /* [5,2] Q8: where the points lie in the landmark network's second look */
    const int32_t *template_points;   /* [5,2] Q8: where they lie in an aligned crop of size x size */
    int32_t landmark_size;            /* at most 4,096, as size */
    int32_t landmark_frac_bits;       /* 0 to 15 */
    int32_t landmark_looks;           /* each one after the first cuts the face anew, by the points of the one before */
    int32_t size;
    int32_t values;
    bool aligned; /* faces are cut by their points; else by the detector's box, and the points only tell the pose */
} ph_recogniser;

/* Five points of a face as it stands upright: in the frame, or of a face that leans in the frame turned around the
   middle of its box, whose upper left pixel is then at 0, 0. */
typedef struct {
    int32_t points[2 * PH_LANDMARKS]; /* [5,2] x, y, Q8 pixels */
    ph_doubt doubt;                   /* why they are not to be believed */
} ph_face_points;

/* Bytes of scratch that the functions below need; 0 for a recogniser that they would refuse. */
size_t ph_look_scratch_bytes(const ph_recogniser *recogniser);

/* Finds the points of a face. */
ph_status ph_find_points(const ph_recogniser *recogniser, ph_image_size size, const uint8_t *frame, /* [H,W] */
                         const ph_seen *seen, uint8_t *scratch, ph_face_points *found);

/* Cuts a face upright: by its points, or by the box where they are in doubt or the recogniser is not for aligned faces.
   One resampling from the frame, however the face leans. */
ph_status ph_cut_face(const ph_recogniser *recogniser, ph_image_size size, const uint8_t *frame, /* [H,W] */
                      const ph_seen *seen, const ph_face_points *found,
                      uint8_t *crop); /* [recogniser->size, recogniser->size] */

/* All of it: afterwards scratch begins with the crop, [recogniser->size, recogniser->size]. A face that should have
   been aligned and could not be is of no use (PH_FAULT_UNALIGNED): no threshold holds for its crop. */
ph_status ph_look_at(const ph_recogniser *recogniser, const ph_policy *policy, ph_image_size size,
                     const uint8_t *frame, /* [H,W] */
                     const ph_seen *seen, uint8_t *scratch, ph_face_points *found, ph_quality *quality,
                     int16_t *descriptor); /* [recogniser->values] Q14 */

PH_END_C

#endif
