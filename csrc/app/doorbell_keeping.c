/* What is kept of visits, through cuts of the power and a flash that fails for a while.

   What is told of a visit under way is written first; a visit that is over is counted in one record, which ends what
   was kept of it. A visit whose end cannot be written keeps its walk, out of the tracker's reach, and waits. */
#include <string.h>

#include "app/doorbell_parts.h"

static uint64_t bit_of(const ph_doorbell *bell, const ph_walk *walk) {
    return UINT64_C(1) << (walk - bell->walk);
}

bool ph_doorbell_is_due(const ph_doorbell *bell, const ph_walk *walk) {
    return (bell->due & bit_of(bell, walk)) != 0;
}

void ph_doorbell_set_due(ph_doorbell *bell, const ph_walk *walk, bool due) {
    bell->due = due ? bell->due | bit_of(bell, walk) : bell->due & ~bit_of(bell, walk);
}

static bool may_try(const ph_doorbell *bell) {
    return bell->retry == PH_NEVER || bell->watch.time >= bell->retry;
}

/* What trying to write came to: when to try again, and the problem that is told once. */
static void note_written(ph_doorbell *bell, ph_status status) {
    if (status != PH_OK) {
        bell->retry = bell->watch.time + bell->parts.policy.retry;
    } else {
        bell->retry = PH_NEVER;
        bell->tries = 0;
    }
    if (status != PH_OK || bell->waiting == 0) {
        ph_doorbell_note(bell, PH_PROBLEM_STORAGE, status);
    }
}

static ph_thumbnail thumbnail_of(const ph_doorbell *bell, const ph_walk *walk) {
    const uint8_t side = (uint8_t)bell->size.thumbnail;
    const ph_portrait *portrait = ph_doorbell_portrait(bell, walk);
    const bool pictured = side > 0 && portrait->taken && side * side <= bell->parts.gallery->size.thumbnail_bytes;
    return (ph_thumbnail){side, side, pictured ? portrait->grey : NULL};
}

bool ph_doorbell_keep_open(ph_doorbell *bell, const ph_walk *walk, const ph_event *event, bool news) {
    ph_gallery *gallery = bell->parts.gallery;
    if (news || (walk->told && !ph_gallery_keeps_visit(gallery, walk->visit))) {
        ph_doorbell_set_due(bell, walk, true);
    }
    if (!ph_doorbell_is_due(bell, walk) || !may_try(bell)) {
        return !ph_doorbell_is_due(bell, walk);
    }
    const ph_open_visit visit = {.visit = walk->visit,
                                 .person = event->person,
                                 .stranger = event->stranger,
                                 .first_seen = walk->first_seen,
                                 .last_seen = walk->last_seen,
                                 .distance = event->distance,
                                 .margin = event->margin,
                                 .sightings = walk->faces,
                                 .decision = (uint8_t)event->decision,
                                 .reason = (uint8_t)event->reason};
    const ph_looks *looks = event->decision == PH_STRANGER ? &walk->looks : NULL;
    const ph_status status = ph_gallery_keep_visit(gallery, &visit, looks, thumbnail_of(bell, walk));
    ph_doorbell_set_due(bell, walk, status != PH_OK && status != PH_NO_ROOM);
    note_written(bell, status == PH_NO_ROOM ? PH_OK : status); /* too many at once: the end is written all the same */
    return status == PH_OK;
}

/* The end of a visit */

/* Was somebody who was last seen then here a short while before this visit? The last visit may have begun in it. */
static bool is_repeat(const ph_doorbell *bell, const ph_walk *walk, int64_t last_seen) {
    return last_seen != PH_NEVER && last_seen <= walk->last_seen &&
           last_seen > walk->first_seen - bell->parts.policy.cool_down;
}

/* Counts the visit of a stranger and keeps its looks, as somebody new where the event names no stranger yet. */
static ph_status remember_stranger(ph_doorbell *bell, const ph_walk *walk, ph_event *event) {
    ph_gallery *gallery = bell->parts.gallery;
    const ph_thumbnail thumbnail = thumbnail_of(bell, walk);
    if (event->stranger != 0) {
        return ph_gallery_remember(gallery, event->stranger, &walk->looks, thumbnail, walk->last_seen);
    }
    if (walk->looks.count == 0) {
        /* Of a visit before a cut, whose stranger was discarded since or whose looks are lost. */
        return ph_gallery_note_visit(gallery, 0, 0, walk->last_seen);
    }
    const ph_status status = ph_gallery_add_stranger(gallery, &walk->looks, thumbnail, walk->first_seen,
                                                     walk->last_seen, bell->parts.when_full, &event->stranger);
    ph_doorbell_note(bell, PH_PROBLEM_STRANGERS_FULL, status == PH_NO_ROOM ? status : PH_OK);
    /* The visit counts all the same. */
    return status == PH_NO_ROOM ? ph_gallery_note_visit(gallery, 0, 0, walk->last_seen) : status;
}

static ph_status write_end(ph_doorbell *bell, const ph_walk *walk, ph_event *event) {
    ph_gallery *gallery = bell->parts.gallery;
    const int32_t person = ph_gallery_person_row(gallery, event->person);
    const int32_t stranger = ph_gallery_stranger_row(gallery, event->stranger);
    ph_status status;
    ph_gallery_end_visit(gallery, walk->visit);
    if (event->decision == PH_STRANGER) {
        event->repeat = stranger >= 0 && is_repeat(bell, walk, gallery->strangers[stranger].last_seen);
        status = remember_stranger(bell, walk, event);
    } else {
        event->repeat = person >= 0 && is_repeat(bell, walk, gallery->people[person].last_seen);
        status = ph_gallery_note_visit(gallery, event->person, 0, walk->last_seen);
    }
    ph_gallery_end_visit(gallery, 0);
    event->stored = status == PH_OK && (event->decision != PH_STRANGER || event->stranger != 0);
    return status;
}

/* Decides for good and writes; *decided is false, and nothing was written, where that could not be. */
static ph_status end(ph_doorbell *bell, ph_walk *walk, ph_event *event, bool *decided) {
    ph_status status = ph_doorbell_keep_fresh(bell);
    if (status == PH_OK) {
        status = ph_watch_decide(&bell->watch, &bell->parts.policy, &bell->known, walk);
    }
    *decided = status == PH_OK;
    if (status == PH_OK) {
        *event = ph_doorbell_decision_event(bell, PH_EVENT_VISIT_ENDED, walk);
        status = write_end(bell, walk, event);
    }
    return status;
}

/* Visits that wait. Their walks are the last ones of the tracker's list, beyond its capacity; the oldest is the last.
 */

static bool is_worth_waiting(ph_status status) {
    return status == PH_FLASH_FAILED || status == PH_BUSY;
}

static void forget_oldest(ph_doorbell *bell) {
    ph_tracker *tracker = &bell->watch.tracker;
    ph_walk *const walk = tracker->walk[bell->size.walks - 1];
    for (int32_t i = bell->size.walks - 1; i > tracker->capacity; i--) {
        tracker->walk[i] = tracker->walk[i - 1];
    }
    tracker->walk[tracker->capacity++] = walk;
    bell->waiting--;
}

/* Ends the visit that waits longest; false where it has to wait on. */
static bool end_oldest(ph_doorbell *bell, bool last) {
    ph_event event;
    bool decided;
    const ph_status status = end(bell, bell->watch.tracker.walk[bell->size.walks - 1], &event, &decided);
    if (is_worth_waiting(status) && !last) {
        note_written(bell, status);
        return false;
    }
    forget_oldest(bell);
    note_written(bell, status);
    if (decided) {
        ph_doorbell_tell(bell, &event);
    }
    return true;
}

/* A walk that was just forgotten by the tracker is kept for later; false where so many wait already. */
static bool put_off(ph_doorbell *bell, ph_walk *walk) {
    ph_tracker *tracker = &bell->watch.tracker;
    if (bell->size.walks < 2) {
        return false;
    }
    if (bell->waiting == bell->size.walks / 2) {
        end_oldest(bell, true);
    }
    int32_t at = tracker->count;
    while (tracker->walk[at] != walk) {
        at++;
    }
    tracker->capacity--;
    tracker->walk[at] = tracker->walk[tracker->capacity];
    tracker->walk[tracker->capacity] = walk;
    bell->waiting++;
    return true;
}

ph_status ph_doorbell_ended(void *context, ph_walk *walk) {
    ph_doorbell *bell = context;
    ph_event event;
    bool decided;
    const ph_status status = end(bell, walk, &event, &decided);
    if (!decided) {
        return status;
    }
    if (is_worth_waiting(status) && put_off(bell, walk)) {
        note_written(bell, status);
        return PH_OK;
    }
    note_written(bell, status);
    ph_doorbell_tell(bell, &event);
    return PH_OK;
}

/* Visits from before a cut of the power */

/* Reads one into a walk that is free, and what was told of it into an event. */
static ph_status read_left(ph_doorbell *bell, int32_t index, ph_walk *walk, ph_event *event) {
    const ph_gallery *gallery = bell->parts.gallery;
    ph_portrait *portrait = ph_doorbell_portrait(bell, walk);
    ph_open_visit visit;
    uint8_t width, height;
    ph_status status = ph_gallery_open_visit(gallery, index, &visit);
    if (status != PH_OK) {
        return status;
    }
    *event = ph_doorbell_event(bell, PH_EVENT_VISIT_ENDED);
    event->time = visit.last_seen;
    event->visit = walk->visit = visit.visit;
    event->decision = (ph_kind)visit.decision;
    event->reason = (ph_reason)visit.reason;
    event->person = ph_gallery_person_row(gallery, visit.person) >= 0 ? visit.person : 0;
    event->stranger = ph_gallery_stranger_row(gallery, visit.stranger) >= 0 ? visit.stranger : 0;
    event->distance = visit.distance;
    event->margin = visit.margin;
    event->first_seen = walk->first_seen = visit.first_seen;
    event->last_seen = walk->last_seen = visit.last_seen;
    event->sightings = visit.sightings;
    if (event->stranger != 0) {
        event->silent =
            gallery->strangers[ph_gallery_stranger_row(gallery, event->stranger)].state == (uint8_t)PH_STRANGER_IGNORED;
    }
    const size_t pixels = (size_t)bell->size.thumbnail * (size_t)bell->size.thumbnail;
    status = ph_gallery_open_looks(gallery, index, &walk->looks, portrait->grey, pixels, &width, &height);
    portrait->taken = status == PH_OK && width == bell->size.thumbnail && height == bell->size.thumbnail;
    /* Somebody whom the owner has discarded or named since then is nobody new. */
    if (event->stranger != visit.stranger || status == PH_UNKNOWN || status == PH_DAMAGED) {
        walk->looks.count = 0;
        status = PH_OK;
    }
    return status;
}

/* Ends one of them; false where the flash does not let it. */
static bool end_left(ph_doorbell *bell, int32_t index) {
    ph_tracker *tracker = &bell->watch.tracker;
    ph_event event;
    ph_status status = read_left(bell, index, tracker->walk[tracker->count], &event);
    if (status == PH_OK) {
        status = write_end(bell, tracker->walk[tracker->count], &event);
        note_written(bell, status);
        if (status == PH_OK) {
            ph_doorbell_tell(bell, &event);
        }
    }
    return !is_worth_waiting(status);
}

static void end_all_left(ph_doorbell *bell) {
    const ph_tracker *tracker = &bell->watch.tracker;
    for (int32_t index = 0; index < PH_OPEN_VISITS && tracker->count < tracker->capacity; index++) {
        if ((bell->left & 1u << index) != 0 && end_left(bell, index)) {
            bell->left &= ~(1u << index);
        }
    }
}

void ph_doorbell_catch_up(ph_doorbell *bell, bool last) {
    if ((bell->waiting == 0 && bell->left == 0) || (!last && !may_try(bell))) {
        return;
    }
    if (bell->left != 0) {
        end_all_left(bell); /* what is not ended now is so after the next start */
    }
    while (bell->waiting > 0 && end_oldest(bell, last || bell->tries >= PH_STORAGE_TRIES - 1)) {
    }
    bell->tries += bell->waiting > 0;
}
