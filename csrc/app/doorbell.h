/* The doorbell as a state machine: idle -> watching -> visits -> decisions -> door and events -> idle.

   Idle is asleep, camera off, until motion or the button. Watching is a frame a step (watch.h). After a while without a
   face, and with the door locked, it goes back to sleep. All memory is the caller's, and all of it is one step at a
   time: between two steps the caller may serve its serial line and change the gallery. */
#ifndef PEEPHOLE_APP_DOORBELL_H
#define PEEPHOLE_APP_DOORBELL_H

#include <stddef.h>

#include "app/event.h"
#include "app/gallery.h"
#include "app/look.h"
#include "app/port.h"
#include "app/watch.h"

PH_BEGIN_C

/* How much there is room for. */
typedef struct {
    int32_t walks;     /* people in view, or out of view for a moment: 1 to 64, as faces */
    int32_t faces;     /* of one frame */
    int32_t looks;     /* kept of a walk: 1 to 64; policy.keep_looks if that is less */
    int32_t values;    /* of a descriptor: 1 to 4,096 */
    int32_t owners;    /* people or strangers in the gallery, whichever are more: 1 to 1,024 */
    int32_t thumbnail; /* pixels of a stranger's picture, on either side: 0 (none) to 128 */
} ph_doorbell_size;

/* How often the end of a visit is tried to be written, every policy.retry, until it is given up. */
#define PH_STORAGE_TRIES 12

/* What a doorbell is made of; everything pointed at is kept. */
typedef struct {
    const ph_port *port;
    const ph_detector *detector;
    const ph_recogniser *recogniser; /* of size.values */
    ph_gallery *gallery;             /* open */
    ph_calibration calibration;
    ph_policy policy;
    int64_t door_open;      /* milliseconds for which the door is unlocked for somebody known; 0: never */
    int64_t idle_after;     /* milliseconds without a face until it sleeps, if that is more than the policy's gap */
    ph_when_full when_full; /* whether a stranger may take the place of another */
    void *listener;         /* given to tell */
    void (*tell)(void *listener, const ph_event *event);
    uint8_t *frame;        /* [port->frame_size], grey, 0 to 255 */
    uint8_t *look_scratch; /* [ph_look_scratch_bytes(recogniser)] */
    ph_tilt_scratch *tilt_scratch;
} ph_doorbell_parts;

typedef enum { PH_IDLE, PH_WATCHING, PH_OVER } ph_doorbell_state;

/* The best look of a walk as a small picture. */
typedef struct {
    uint8_t *grey; /* [thumbnail, thumbnail], 0 to 255 */
    bool taken;
    bool good;
    int32_t value;
} ph_portrait;

typedef struct {
    ph_doorbell_parts parts;
    ph_doorbell_size size;
    ph_doorbell_state state;
    ph_watch watch;
    ph_known_faces known;
    bool fresh; /* known is that of the gallery as it was after so many changes: */
    uint32_t changes;
    ph_walk *walk;         /* [walks] */
    ph_portrait *portrait; /* [walks + 1] of each walk, and that of the newest look */
    int16_t *descriptor;   /* [values] of the newest look, in the recogniser's format */
    uint32_t visits;       /* that have begun */
    int64_t last_face;     /* when somebody was in view, or when it woke up */
    int64_t door_until;    /* PH_NEVER while it is locked */
    uint32_t door_visit;
    uint64_t due;              /* walks of which something is told and not written, by their place in walk */
    uint32_t left;             /* visits that a cut of the power has left, by their index in the gallery */
    int32_t waiting;           /* visits that are over and could not be written yet; half of the walks at most */
    int32_t tries;             /* to write them */
    int64_t retry;             /* when to write again after a failure; PH_NEVER: at any time */
    bool trouble[PH_PROBLEMS]; /* told and not over */
} ph_doorbell;

/* Bytes of memory for a doorbell of this size, aligned to 8; 0: out of range. The macro is the same or a little more,
   as a constant for static memory. */
size_t ph_doorbell_ram_bytes(const ph_doorbell_size *size);
#define PH_DOORBELL_PAIRS(looks) ((size_t)(looks) * ((size_t)(looks) - 1) / 2)
#define PH_DOORBELL_RAM_BYTES(walks, faces, looks, values, owners, thumbnail)                                          \
    ((size_t)(walks) *                                                                                                 \
         ((size_t)(looks) * (sizeof(ph_look) + 2 * (size_t)(values)) + sizeof(ph_walk) + 2 * sizeof(ph_walk *)) +      \
     (size_t)(faces) * (sizeof(ph_seen) + sizeof(ph_box) + 3 * sizeof(ph_walk *)) + 2 * (size_t)(values) +             \
     ((size_t)(walks) + 1) * (sizeof(ph_portrait) + (size_t)(thumbnail) * (size_t)(thumbnail)) +                       \
     8 * ((size_t)(owners) + ((size_t)(owners) * (size_t)(looks) > PH_DOORBELL_PAIRS(looks)                            \
                                  ? (size_t)(owners) * (size_t)(looks)                                                 \
                                  : PH_DOORBELL_PAIRS(looks))) +                                                       \
     8 * (size_t)(looks) + 11 * 8)

/* Makes a doorbell that is idle. PH_BAD_SHAPE where sizes are out of range, do not fit the parts or the memory;
   PH_BAD_ARGUMENT for a calibration or policy that gives no bars, or by which no look can be judged. Visits that a cut
   of the power has left in the gallery are ended, and told, by the first step. */
ph_status ph_doorbell_open(ph_doorbell *bell, const ph_doorbell_parts *parts, const ph_doorbell_size *size,
                           void *memory, size_t bytes); /* [bytes], aligned to 8 */

/* Sleeps once, or looks at one frame. PH_OK while it goes on; PH_END when frames or wake-ups are over, after every
   visit was ended and the door locked. Whatever fails is told as a problem, once until it is over, and admits nobody.
   What is told of a visit is in the gallery before it is told; where that fails it is tried again every policy.retry,
   and the end of a visit is told when it is written or was tried PH_STORAGE_TRIES times.
 */
ph_status ph_doorbell_step(ph_doorbell *bell);

/* Ends every visit and locks the door, at any time. */
void ph_doorbell_finish(ph_doorbell *bell);

/* Compares with people, strangers and the policy as they are now; for a changed policy or calibration, as changes of
   the gallery are noticed. */
ph_status ph_doorbell_refresh(ph_doorbell *bell);

PH_END_C

#endif
