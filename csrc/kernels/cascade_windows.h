/* Inside of the cascade: a level of the pyramid on a machine without vectors. The windows that are left go from stump
   to stump together, so that what belongs to the stump stays in registers. The bits are those of cascade_row.h. */
#ifndef PEEPHOLE_CASCADE_WINDOWS_H
#define PEEPHOLE_CASCADE_WINDOWS_H

#include <stddef.h>

#include "cascade_plan.h"
#include "cascade_pyramid.h"

/* A window that no stage has rejected. */
typedef struct {
    uint32_t at;       /* bytes from the first entry of the strip of integral rows to its own */
    int32_t deviation; /* 484 * standard deviation, times 2^15: below 2^31 */
    int32_t total;     /* Q10: of the stage: leaves less threshold */
    int32_t score;     /* Q10: of the stages before */
} ph_cascade_window;

/* Makes the plan, whose columns are in order, one for ph_cascade_vote: stumps over two halves of a rectangle get six
   corners, and no weight. */
void ph_cascade_plan_windows(ph_cascade_plan *plan);

/* One more row y of the area, into the integral rows after those at sum and squares. */
void ph_cascade_integrate_row(const ph_cascade_level *level, const ph_cascade_area *area,
                              const ph_cascade_sampler *sampler, int32_t y, ptrdiff_t stride, uint32_t *sum,
                              uint32_t *squares);

/* Appends those windows of a row to the list that are not flat, and returns their number. step: entries from one to the
   next. at: bytes of the first one. */
int32_t ph_cascade_open_windows(const ph_cascade_plan *plan, int32_t windows, int32_t step, uint32_t at,
                                const uint32_t *sum, const uint32_t *squares, ptrdiff_t stride,
                                ph_cascade_window *list);

/* Leaves those windows in the list, in their order, that pass all stages, and returns their number. */
int32_t ph_cascade_vote(const ph_cascade_plan *plan, const uint32_t *sum, int32_t count, ph_cascade_window *list);

/* Those that pass the stages from `first` up to `end`, of windows that have passed the ones before. */
int32_t ph_cascade_vote_stages(const ph_cascade_plan *plan, int32_t first, int32_t end, const uint32_t *sum,
                               int32_t count, ph_cascade_window *list);

/* ph_cascade_detect, by windows or, where there are vectors, by rows of windows side by side. */
ph_status ph_cascade_detect_by(int windows, const ph_cascade *cascade, const ph_cascade_search *search,
                               const uint8_t *image, void *scratch, int32_t capacity, ph_hit *hits, int32_t *count);

#endif
