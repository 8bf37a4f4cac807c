/* What a doorbell tells its owner as it happens. */
#ifndef PEEPHOLE_APP_EVENT_H
#define PEEPHOLE_APP_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "app/voting.h"

PH_BEGIN_C

typedef enum {
    PH_EVENT_BUTTON,        /* somebody rang */
    PH_EVENT_VISIT_STARTED, /* visit, first_seen */
    PH_EVENT_DECIDED,       /* news of a visit: all but repeat, and so far */
    PH_EVENT_VISIT_ENDED,   /* all of it; once, when it is written, or given up */
    PH_EVENT_DOOR,          /* visit; on: unlocked, else locked again */
    PH_EVENT_PROBLEM,       /* problem, status; on: it began, else it is over */
} ph_event_kind;

typedef enum {
    PH_PROBLEM_CAMERA,         /* it gives no frame */
    PH_PROBLEM_FRAME,          /* a frame could not be looked at to its end */
    PH_PROBLEM_STORAGE,        /* a visit could not be written */
    PH_PROBLEM_STRANGERS_FULL, /* a stranger could not be kept */
    PH_PROBLEMS
} ph_problem;

typedef struct {
    ph_event_kind kind;
    bool on;
    uint32_t visit; /* counts visits */
    int64_t time;   /* of the newest frame, or now while there is none */
    ph_kind decision;
    ph_reason reason;
    uint16_t person;   /* id of the person when known, else 0 */
    uint16_t stranger; /* number of the stranger, once that is settled, else 0 */
    uint64_t distance; /* squared; PH_NO_DISTANCE where there is none */
    uint64_t margin;   /* the same */
    int64_t first_seen;
    int64_t last_seen;
    int32_t sightings; /* frames in which the face was found */
    bool repeat;       /* was here a short while ago */
    bool silent;       /* a stranger whom the owner ignores */
    bool stored;       /* it outlives a cut of the power: what is told, or that the visit was counted and its stranger
                          kept */
    ph_problem problem;
    ph_status status;
} ph_event;

PH_END_C

#endif
