/* Inside of the cascade: the table, prepared for one width of integral image. */
#ifndef PEEPHOLE_CASCADE_PLAN_H
#define PEEPHOLE_CASCADE_PLAN_H

#include "peephole/cascade.h"

#define PH_CASCADE_LANES 8 /* windows evaluated side by side */
#define PH_CASCADE_INNER (PH_CASCADE_WINDOW - 2 * PH_CASCADE_INSET)
#ifndef PH_CASCADE_FEW
#define PH_CASCADE_FEW 1 /* so few windows left in a block go one by one; a port without vectors sets it to LANES */
#endif

typedef struct {
    const ph_cascade *cascade;
    int32_t least_deviation; /* windows of at most this 484 * deviation are rejected */
    uint16_t inner[4];       /* corner offsets of the window's inner rectangle */
    uint16_t *corners;     /* [4 * rectangles] offsets from the window's entry in the integral image, in table order */
    int8_t *weight;        /* [W,2] of the second and third rectangle; 0: there is no third */
    int32_t *stage_first;  /* [stages + 1] first weak classifier of each stage */
    int32_t *stage_corner; /* [stages] index of its first corner */
} ph_cascade_plan;

static inline int ph_cascade_is_carried(const ph_cascade *cascade, int32_t stage) {
    return cascade->carried && cascade->carried[stage];
}

/* What the sum of a stage begins with, less its threshold: added to what the one before had, where it is carried. */
static inline int32_t ph_cascade_stage_start(const ph_cascade *cascade, int32_t stage) {
    return (ph_cascade_is_carried(cascade, stage) ? cascade->stage_threshold[stage - 1] : 0) -
           cascade->stage_threshold[stage];
}

/* sum, squares: the row of integral entries at the windows' upper edge; reads up to PH_CASCADE_LANES - 1 entries past
   the last window's corners. deviation, score: [windows rounded up to PH_CASCADE_LANES]; score < 0 means rejected.
   deviation: 484 * standard deviation, written where a window of the block is above the least. */
typedef void ph_cascade_row_function(const ph_cascade_plan *plan, int32_t windows, const uint32_t *sum,
                                     const uint32_t *squares, int32_t *deviation, int32_t *score);

ph_cascade_row_function ph_cascade_row;
ph_cascade_row_function ph_cascade_row_avx2; /* exists on x86-64 only; the caller asks the processor first */

/* Prepares offsets for integral rows `stride` entries apart. odd = 0: columns in order; else even columns come first
   and odd columns start at entry `odd`, so that windows two pixels apart lie side by side. */
void ph_cascade_plan_offsets(ph_cascade_plan *plan, int32_t stride, int32_t odd);

#endif
