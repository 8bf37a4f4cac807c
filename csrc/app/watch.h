/* From the faces of one frame after another to visits with a decision: the order of things in a frame.

   Faces are found and followed; those in view are looked at; walks of enough faces become visits, which are decided
   anew whenever there is something new to decide by. What sees, and what becomes of a visit, is the caller's: a
   doorbell with networks and flash (doorbell.h), or the host with its detector, database and page. */
#ifndef PEEPHOLE_APP_WATCH_H
#define PEEPHOLE_APP_WATCH_H

#include "app/tilt.h"
#include "app/tracking.h"

PH_BEGIN_C

/* Everybody that faces are compared with, and how near is near enough. Owners are the numbers below the counts. */
typedef struct {
    ph_references people;
    int32_t people_owners;
    ph_references strangers;
    int32_t stranger_owners;
    ph_bars bars;
} ph_known_faces;

/* What the caller does. A function that returns anything else than PH_OK ends the call that it was called from, which
   returns the same; every walk is then as after a frame that was cut short. */
typedef struct {
    void *context; /* given to every function */
    /* The faces of the frame, the surest first and none of them twice (ph_keep_distinct); at most `capacity`. */
    ph_status (*find)(void *context, int32_t capacity, ph_seen *faces, int32_t *count);
    /* Looks for a face that was in view a moment ago (ph_look_for). */
    ph_status (*look_for)(void *context, ph_box last, int32_t tilt, int32_t count, const ph_box *others, /* [count] */
                          bool *there, ph_seen *seen);
    /* Makes of a face what it is seen as best (ph_straighten). */
    ph_status (*straighten)(void *context, ph_seen *seen);
    /* Describes a face: quality and picture of the look; the descriptor stays readable until the next one. */
    ph_status (*look)(void *context, const ph_seen *seen, ph_look *look, const int16_t **descriptor); /* [values] Q14 */
    /* The newest look was kept by a walk. */
    ph_status (*kept)(void *context, ph_walk *walk);
    /* A walk has become part of another; its looks are still readable. */
    ph_status (*merged)(void *context, ph_walk *into, ph_walk *walk);
    /* A walk became a visit: sets walk->visit to anything but 0. */
    ph_status (*began)(void *context, ph_walk *walk);
    /* walk->decision was made anew, which is not to say that it changed. */
    ph_status (*decided)(void *context, ph_walk *walk);
    /* A visit changed, or is seen for `save` milliseconds more; *saved stays false if it could not be written. */
    ph_status (*save)(void *context, ph_walk *walk, bool *saved);
    /* A visit is over, and its walk is no longer followed. */
    ph_status (*ended)(void *context, ph_walk *walk);
} ph_watch_calls;

/* The memory is the caller's. */
typedef struct {
    ph_tracker tracker;
    int64_t time;     /* of the newest frame; PH_NEVER before the first. The others hold during a frame: */
    int32_t capacity; /* faces of a frame; more are left out */
    ph_seen *face;    /* [capacity] */
    ph_box *box;      /* [capacity] */
    ph_walk **placed; /* [2 * capacity] */
    int32_t count;    /* walks in view in the newest frame */
    ph_walk **view;   /* [capacity] those walks */
    ph_walk **list;   /* [tracker.capacity] */
    void *scratch;    /* for voting: ph_voting_scratch_bytes(the larger number of owners, keep_looks) */
} ph_watch;

/* Ends every walk if a frame of that time comes before the newest one by more than the gap: the clock was set back, or
   a recording began anew, and nobody in view now was in view "later". *set_back says so. */
ph_status ph_watch_set_clock(ph_watch *watch, const ph_policy *policy, const ph_watch_calls *calls, int64_t time,
                             bool *set_back);

/* One frame: finds, places and looks at faces, decides, and ends walks that are over. The time counts from the newest
   frame's on if it is earlier. */
ph_status ph_watch_frame(ph_watch *watch, const ph_policy *policy, const ph_known_faces *known,
                         const ph_watch_calls *calls, int64_t time);

/* Time passes without a frame: ends walks that are over by then. Nobody is in view. */
ph_status ph_watch_wait(ph_watch *watch, const ph_policy *policy, const ph_watch_calls *calls, int64_t time);

/* Has every visit decided again: people or strangers have changed. */
void ph_watch_decide_again(ph_watch *watch);

/* Ends every walk, the oldest first. */
ph_status ph_watch_end_all(ph_watch *watch, const ph_watch_calls *calls);

/* Decides a walk by the looks kept of it. */
ph_status ph_watch_decide(ph_watch *watch, const ph_policy *policy, const ph_known_faces *known, ph_walk *walk);

/* Is a decision news to the owner, who goes by ids that stay the same (0: none)? Then it counts as told. That nobody is
   recognised yet is none. */
bool ph_walk_is_news(ph_walk *walk, uint32_t person, uint32_t stranger);

PH_END_C

#endif
