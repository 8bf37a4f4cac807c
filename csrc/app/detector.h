/* What finds upright faces in a picture. */
#ifndef PEEPHOLE_APP_DETECTOR_H
#define PEEPHOLE_APP_DETECTOR_H

#include <stddef.h>

#include "peephole/cascade.h"
#include "peephole/warp.h"

PH_BEGIN_C

typedef struct {
    void *context;
    /* Writes the first `capacity` faces of image [H,W]; *count is how many it wrote. */
    ph_status (*detect)(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                        int32_t *count);
} ph_detector;

/* The cascade as a detector: the context of ph_cascade_find. */
typedef struct {
    const ph_cascade *cascade; /* checked */
    int32_t min_size;          /* as in ph_cascade_search */
    int32_t max_size;
    int32_t scale; /* Q16 */
    int32_t min_deviation;
    int32_t min_neighbours; /* windows that must agree on a face */
    /* Of a first search, of fewer sizes: where it finds no window, there is no face. Windows are then looked for near
       those that it found, and once more near these where they are no face, but half of one. */
    const ph_cascade *glance; /* checked, as large a table; NULL: every picture is searched at once */
    int32_t glance_size;
    int32_t glance_scale; /* Q16 */
    int32_t away;         /* Q8, as in ph_cascade_regions */
    int32_t times;        /* Q8 */
    void *scratch;        /* 16-byte aligned */
    size_t scratch_bytes;
    ph_hit *hits; /* [capacity] windows that pass, before they are joined */
    int32_t capacity;
    int32_t left_out; /* of the last picture: windows that did not fit into hits */
} ph_cascade_detector;

/* Bytes of scratch for a picture of this size: for its search, and then for joining as many hits as fit. */
size_t ph_cascade_find_scratch_bytes(const ph_cascade_detector *detector, ph_image_size size);

/* Finds the faces of a picture, largest first. PH_BAD_SHAPE where the scratch is too small for it. */
ph_status ph_cascade_find(void *detector, ph_image_size size, const uint8_t *image, /* [H,W] */
                          int32_t capacity, ph_hit *faces,                          /* [capacity] */
                          int32_t *count);

PH_END_C

#endif
