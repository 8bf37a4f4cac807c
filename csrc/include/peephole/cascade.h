/* Cascade of boosted Haar features (Viola and Jones, 2001) over a pyramid of face sizes, in integers. */
#ifndef PEEPHOLE_CASCADE_H
#define PEEPHOLE_CASCADE_H

#include <stddef.h>
#include <stdint.h>

#include "peephole/status.h"

PH_BEGIN_C

#define PH_CASCADE_WINDOW 24 /* side of the window that the table was trained for */
#define PH_CASCADE_INSET 1   /* the window's deviation is measured without its outermost pixels, as in training */
#define PH_CASCADE_LEAF_BITS 10
#define PH_CASCADE_THRESHOLD_BITS 15
#define PH_CASCADE_LARGEST_FRAME 16384 /* largest side of a frame: positions in Q16 stay below 2^30 */
#define PH_CASCADE_WIDEST_LEVEL 2500   /* a window's corner offsets, 24.5 rows of this and a little, fit 16 bits */

/* A weak classifier is a stump: with f = sum over its rectangles of weight * (sum of pixels), and
   d = 484 * (standard deviation of the window's inner 22x22 pixels), it gives leaf[0] if f < threshold * d, else
   leaf[1]. A window passes a stage if the leaves of the stage sum to at least the stage's threshold; a face passes all
   stages. A stage that is carried goes on with the sum of the one before. */
typedef struct {
    int32_t stages;
    int32_t weak;                   /* W, of all stages */
    int32_t rectangles;             /* R, of all weak classifiers */
    const uint16_t *stage_weak;     /* [stages] weak classifiers of each stage */
    const int32_t *stage_threshold; /* [stages] Q10 */
    const int16_t *threshold;       /* [W] Q15 */
    const int16_t *leaf;            /* [W,2] Q10 */
    const uint8_t *rectangle_count; /* [W] 2 or 3 */
    const int8_t *rectangle;        /* [R,5] x, y, width, height in the window, weight; the first weight is -1 */
    const uint8_t *carried;         /* [stages] 0 or 1; NULL: none is carried */
} ph_cascade;

/* Windows whose middle lies in a rectangle of the frame and whose side in a range. Middles are twice those in frame
   pixels, 2 * x + side. */
typedef struct {
    int32_t left, right; /* of the middle: from left on, right left out */
    int32_t top, bottom;
    int32_t min_side, max_side;
} ph_cascade_region;

typedef struct {
    int32_t height; /* of the frame */
    int32_t width;
    int32_t min_size;                 /* side of the smallest window, in frame pixels; 24 or more */
    int32_t max_size;                 /* side of the largest window; may exceed the frame */
    int32_t scale;                    /* Q16: ratio of each window side to the one before, above 1 */
    int32_t min_deviation;            /* grey levels: a window whose standard deviation is at most this holds no face */
    const ph_cascade_region *regions; /* [region_count] apart from one another: no window lies in two */
    int32_t region_count;             /* 0: the whole frame is searched */
} ph_cascade_search;

typedef struct {
    int16_t x; /* the window in frame pixels: always inside the frame */
    int16_t y;
    int16_t side;
    int16_t neighbours; /* 1; of a group: how many windows it stands for */
    int32_t score; /* Q10: sum over the stages of what exceeds the stage's threshold; of a group: all its windows' */
} ph_hit;

/* Refuses a table whose sums could leave their width or whose rectangles leave the window; call once before use. */
ph_status ph_cascade_check(const ph_cascade *cascade);

/* Bytes of scratch that ph_cascade_detect needs; 0 if it would refuse the search. 16-byte aligned scratch is assumed.
 */
size_t ph_cascade_detect_scratch_bytes(const ph_cascade *cascade, const ph_cascade_search *search);

/* Finds every window that passes, smallest first, then by regions, then rows, then columns. Writes the first `capacity`
 *of them; *count is how many there are, so more than capacity means that hits were left out. */
ph_status ph_cascade_detect(const ph_cascade *cascade, const ph_cascade_search *search,
                            const uint8_t *image,                          /* [H,W] */
                            void *scratch, int32_t capacity, ph_hit *hits, /* [capacity] */
                            int32_t *count);

/* The windows near hits: with a middle at most `away` (Q8) of the hit's side from its own across and down, and a side
   up to `times` (Q8) of the hit's and down to the hit's over `times`. Those that overlap become one region that holds
   them all. Writes at most `capacity` regions; returns how many, or -1 where there would be more. */
int32_t ph_cascade_regions(int32_t away, int32_t times, int32_t count, const ph_hit *hits, /* [count] */
                           int32_t capacity, ph_cascade_region *regions);                  /* [capacity] */

/* Bytes of scratch that ph_cascade_group needs, aligned to 8 bytes. */
size_t ph_cascade_group_scratch_bytes(int32_t count);

/* Joins hits all of whose edges lie within a fifth of the smaller side, directly or over other hits. A group of at
   least min_neighbours hits becomes their mean; of groups that have their centre in one another the highest score
   stays. In place: hits[0..*count) become the groups, largest first. Needs the hits in order of their side, as
   ph_cascade_detect gives them. O(n^2) for hits of like size. */
ph_status ph_cascade_group(int32_t min_neighbours, void *scratch, ph_hit *hits, int32_t *count);

PH_END_C

#endif
