/* Faces of one frame after another -> walks of one person each. No clock of its own, no storage, no pixels.

   A walk follows one face by its place and, after a gap, by its look. It becomes a visit after `opening_faces` faces.
   All memory is the caller's: ph_tracker_begin says when there are more faces than walks. */
#ifndef PEEPHOLE_APP_TRACKING_H
#define PEEPHOLE_APP_TRACKING_H

#include <stdbool.h>
#include <stdint.h>

#include "app/bars.h"
#include "app/policy.h"
#include "app/types.h"
#include "app/voting.h"

PH_BEGIN_C

/* One person in view, or out of view for less than the gap. */
typedef struct {
    uint32_t number; /* tells the walks of one tracker apart, and grows */
    uint32_t visit;  /* the caller's number of the visit; 0 before there is one */
    int64_t first_seen;
    int64_t last_seen;
    int64_t last_look; /* PH_NEVER before the first */
    int64_t saved;     /* of the last write; PH_NEVER when there is something to write */
    ph_box box;
    int32_t tilt;
    int32_t faces;  /* frames in which the face was found */
    ph_looks looks; /* the best so far, in the order in which they came; its memory is the caller's */
    bool decided;
    ph_decision decision; /* the newest, once decided */
    bool told;            /* whether the owner heard of a decision, and of which one (ph_walk_is_news) */
    ph_kind told_kind;
    uint32_t told_person;
    uint32_t told_stranger;
} ph_walk;

/* The walks in view, walk[0 .. count), the oldest first; behind them those that are free. */
typedef struct {
    int32_t capacity;
    int32_t count;
    uint32_t number; /* of the newest walk */
    ph_walk **walk;  /* [capacity], each with memory for its looks */
} ph_tracker;

/* How well two boxes fit one face, Q16: 1 to 2 for overlap (1 + what they share over all that they cover), 0 to 1 for
   near centres (1 - their distance over 0.6 of the mean side), 0 for neither. Rounded down or up by less than 2^-12;
   whether it is 0, below 1 or not is exact. */
int32_t ph_closeness(ph_box before, ph_box now);

/* Finds each box's walk by its place in the last frames; the closest pairs first, each walk once; NULL for none.
   Of equally close pairs that of the older walk comes first, and of its faces the last. O(boxes^2 * walks). */
void ph_tracker_place(const ph_tracker *tracker, const ph_policy *policy, int64_t time, int32_t count,
                      const ph_box *box, /* [count] */
                      ph_walk **found);  /* [count] */

/* The walks whose face was in view just now and was not found in this frame, the oldest first; returns how many. */
int32_t ph_tracker_missing(const ph_tracker *tracker, const ph_policy *policy, int64_t time, int32_t count,
                           ph_walk *const *placed, /* [count], NULL for faces without a walk */
                           ph_walk **lost);        /* [tracker->capacity] */

/* Follows a new face; NULL when every walk is taken. */
ph_walk *ph_tracker_begin(ph_tracker *tracker, int64_t time, ph_box box);

/* Drops a walk that has ended. What it holds stays readable until the next walk begins. */
void ph_tracker_forget(ph_tracker *tracker, ph_walk *walk);

/* Notes that a walk's face is in view. */
void ph_walk_follow(ph_walk *walk, int64_t time, ph_box box, int32_t tilt);

/* Turns a walk without a visit into the continuation of another. */
void ph_tracker_merge(ph_tracker *tracker, const ph_policy *policy, ph_walk *into, ph_walk *walk);

/* The walks that have ended, oldest first; a flicker ends sooner than a visit. Returns how many. */
int32_t ph_tracker_over(const ph_tracker *tracker, const ph_policy *policy, int64_t time,
                        ph_walk **over); /* [tracker->capacity] */

/* The squared distance to the nearest good look kept; PH_NO_DISTANCE when there is none to compare with. */
uint64_t ph_walk_likeness(const ph_walk *walk, const int16_t *descriptor); /* [walk->looks.values] */

/* Can a look taken at the place of a walk after a blink not be the same person? */
bool ph_walk_is_someone_else(const ph_walk *walk, const ph_policy *policy, const ph_bars *bars, const ph_look *look,
                             const int16_t *descriptor); /* [walk->looks.values] */

/* The other walk that a look belongs to: clearly not this one, and clearly that one; NULL for none. */
ph_walk *ph_tracker_crossed(const ph_tracker *tracker, const ph_policy *policy, const ph_bars *bars, ph_walk *walk,
                            const ph_look *look, const int16_t *descriptor); /* [walk->looks.values] */

/* The walk, out of view for less than the gap and not among the busy ones, that a good look belongs to by its likeness;
   the older of equally like ones; NULL for none. */
ph_walk *ph_tracker_rejoin(const ph_tracker *tracker, const ph_policy *policy, const ph_bars *bars, const ph_look *look,
                           const int16_t *descriptor,            /* [looks.values of the walks] */
                           int32_t count, ph_walk *const *busy); /* [count] */

/* Keeps a look if it is among the best, good ones before poor ones; of equally good ones the older stays. Returns
   whether it was kept. At most policy->keep_looks and walk->looks.capacity are. */
bool ph_walk_add(ph_walk *walk, const ph_policy *policy, const ph_look *look,
                 const int16_t *descriptor); /* [walk->looks.values] */

/* Is it time to describe the face again? */
bool ph_walk_wants_look(const ph_walk *walk, const ph_policy *policy, int64_t time);

PH_END_C

#endif
