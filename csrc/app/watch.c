#include "app/watch.h"

#include <stddef.h>

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        const ph_status status_ = (call);                                                                              \
        if (status_ != PH_OK) {                                                                                        \
            return status_;                                                                                            \
        }                                                                                                              \
    } while (0)

/* What does not change during a frame. */
typedef struct {
    ph_watch *watch;
    const ph_policy *policy;
    const ph_known_faces *known;
    const ph_watch_calls *calls;
    int32_t busy; /* the first so many of watch->placed are in view already */
} ph_frame;

ph_status ph_watch_decide(ph_watch *watch, const ph_policy *policy, const ph_known_faces *known, ph_walk *walk) {
    walk->decided = true;
    TRY(ph_decide(&walk->looks, &known->people, known->people_owners, &known->bars, policy, watch->scratch,
                  &walk->decision));
    if (walk->decision.kind == PH_STRANGER) {
        ph_match match;
        TRY(ph_same_stranger(&walk->looks, &known->strangers, known->stranger_owners, &known->bars, policy,
                             watch->scratch, &match));
        walk->decision.stranger = match.owner;
    }
    return PH_OK;
}

bool ph_walk_is_news(ph_walk *walk, uint32_t person, uint32_t stranger) {
    const ph_kind kind = walk->decision.kind;
    if (walk->told ? walk->told_kind == kind && walk->told_person == person && walk->told_stranger == stranger
                   : kind == PH_UNSURE) {
        return false;
    }
    walk->told = true;
    walk->told_kind = kind;
    walk->told_person = person;
    walk->told_stranger = stranger;
    return true;
}

static ph_status end(ph_watch *watch, const ph_watch_calls *calls, ph_walk *walk) {
    ph_tracker_forget(&watch->tracker, walk);
    return walk->visit == 0 ? PH_OK : calls->ended(calls->context, walk);
}

ph_status ph_watch_end_all(ph_watch *watch, const ph_watch_calls *calls) {
    watch->count = 0;
    while (watch->tracker.count > 0) {
        TRY(end(watch, calls, watch->tracker.walk[0]));
    }
    return PH_OK;
}

static ph_status end_over(ph_watch *watch, const ph_policy *policy, const ph_watch_calls *calls) {
    const int32_t over = ph_tracker_over(&watch->tracker, policy, watch->time, watch->list);
    for (int32_t i = 0; i < over; i++) {
        TRY(end(watch, calls, watch->list[i]));
    }
    return PH_OK;
}

ph_status ph_watch_wait(ph_watch *watch, const ph_policy *policy, const ph_watch_calls *calls, int64_t time) {
    watch->time = time > watch->time ? time : watch->time;
    watch->count = 0;
    return end_over(watch, policy, calls);
}

ph_status ph_watch_set_clock(ph_watch *watch, const ph_policy *policy, const ph_watch_calls *calls, int64_t time,
                             bool *set_back) {
    *set_back = watch->time != PH_NEVER && time < watch->time - policy->gap;
    if (*set_back) {
        watch->time = time;
        return ph_watch_end_all(watch, calls);
    }
    return PH_OK;
}

void ph_watch_decide_again(ph_watch *watch) {
    for (int32_t w = 0; w < watch->tracker.count; w++) {
        watch->tracker.walk[w]->saved = PH_NEVER;
    }
}

/* The faces of the frame with the walks that they continue, NULL for new ones; those the detector has lost last. */
static ph_status find(ph_frame *frame, int32_t *count) {
    ph_watch *watch = frame->watch;
    *count = 0;
    TRY(frame->calls->find(frame->calls->context, watch->capacity, watch->face, count));
    for (int32_t i = 0; i < *count; i++) {
        watch->box[i] = watch->face[i].box;
    }
    ph_tracker_place(&watch->tracker, frame->policy, watch->time, *count, watch->box, watch->placed);
    const int32_t lost =
        ph_tracker_missing(&watch->tracker, frame->policy, watch->time, *count, watch->placed, watch->list);
    for (int32_t i = 0; i < lost && *count < watch->capacity; i++) {
        ph_walk *walk = watch->list[i];
        bool there = false;
        TRY(frame->calls->look_for(frame->calls->context, walk->box, walk->tilt, *count, watch->box, &there,
                                   &watch->face[*count]));
        if (there) {
            watch->box[*count] = watch->face[*count].box;
            watch->placed[(*count)++] = walk;
        }
    }
    frame->busy = *count;
    return PH_OK;
}

/* The walk that a face belongs to by its look; *walk is that by its place, if any, before. */
static ph_status settle(ph_frame *frame, const ph_look *look, const int16_t *descriptor, ph_walk **walk) {
    ph_tracker *tracker = &frame->watch->tracker;
    const ph_bars *bars = &frame->known->bars;
    ph_walk *const other = *walk ? ph_tracker_crossed(tracker, frame->policy, bars, *walk, look, descriptor) : NULL;
    if (other != NULL) {
        *walk = other;
    } else if (*walk != NULL && ph_walk_is_someone_else(*walk, frame->policy, bars, look, descriptor)) {
        *walk = NULL;
    }
    if (*walk != NULL && (*walk)->visit != 0) {
        return PH_OK;
    }
    frame->watch->placed[frame->busy] = *walk;
    ph_walk *const earlier =
        ph_tracker_rejoin(tracker, frame->policy, bars, look, descriptor, frame->busy + 1, frame->watch->placed);
    if (earlier == NULL) {
        return PH_OK;
    }
    ph_walk *const late = *walk;
    *walk = earlier;
    if (late == NULL) {
        return PH_OK;
    }
    ph_tracker_merge(tracker, frame->policy, earlier, late);
    /* Another face may lie where that walk was: whose it is, its look will tell. */
    for (int32_t i = 0; i < frame->busy; i++) {
        frame->watch->placed[i] = frame->watch->placed[i] == late ? NULL : frame->watch->placed[i];
    }
    return frame->calls->merged(frame->calls->context, earlier, late);
}

/* Finds or begins the walk of one face and adds a look to it. *walk is that by its place before, and NULL afterwards
   where there are more faces than walks. */
static ph_status see(ph_frame *frame, ph_seen *face, ph_walk **walk) {
    ph_watch *watch = frame->watch;
    const ph_watch_calls *calls = frame->calls;
    ph_look look;
    const int16_t *descriptor = NULL;
    if (*walk == NULL || ph_walk_wants_look(*walk, frame->policy, watch->time)) {
        TRY(calls->straighten(calls->context, face));
        look = (ph_look){.time = watch->time, .box = face->box, .tilt = face->tilt};
        TRY(calls->look(calls->context, face, &look, &descriptor));
        TRY(settle(frame, &look, descriptor, walk));
    }
    if (*walk == NULL) {
        *walk = ph_tracker_begin(&watch->tracker, watch->time, face->box);
    } else {
        ph_walk_follow(*walk, watch->time, face->box, face->tilt);
    }
    if (*walk != NULL && descriptor != NULL && ph_walk_add(*walk, frame->policy, &look, descriptor)) {
        (*walk)->saved = PH_NEVER;
        return calls->kept(calls->context, *walk);
    }
    return PH_OK;
}

/* Opens, decides and saves the visit of a walk in view. */
static ph_status advance(const ph_frame *frame, ph_walk *walk) {
    const ph_watch_calls *calls = frame->calls;
    const int64_t time = frame->watch->time;
    if (walk->visit == 0) {
        if (walk->faces < frame->policy->opening_faces) {
            return PH_OK;
        }
        TRY(calls->began(calls->context, walk));
    }
    if (walk->saved == PH_NEVER || !walk->decided) {
        TRY(ph_watch_decide(frame->watch, frame->policy, frame->known, walk));
        TRY(calls->decided(calls->context, walk));
    }
    if (walk->saved == PH_NEVER || time - walk->saved >= frame->policy->save) {
        bool saved = false;
        TRY(calls->save(calls->context, walk, &saved));
        walk->saved = saved ? time : walk->saved;
    }
    return PH_OK;
}

static bool is_followed(const ph_tracker *tracker, const ph_walk *walk) {
    for (int32_t w = 0; w < tracker->count; w++) {
        if (tracker->walk[w] == walk) {
            return true;
        }
    }
    return false;
}

ph_status ph_watch_frame(ph_watch *watch, const ph_policy *policy, const ph_known_faces *known,
                         const ph_watch_calls *calls, int64_t time) {
    watch->time = time > watch->time ? time : watch->time;
    watch->count = 0;
    ph_frame frame = {watch, policy, known, calls, 0};
    int32_t faces = 0;
    TRY(find(&frame, &faces));
    for (int32_t i = 0; i < faces; i++) {
        ph_walk *walk = watch->placed[i];
        TRY(see(&frame, &watch->face[i], &walk));
        if (walk != NULL) {
            watch->placed[frame.busy++] = walk;
            watch->view[watch->count++] = walk;
        }
    }
    /* One that was merged into another after it was seen is no more. */
    int32_t left = 0;
    for (int32_t i = 0; i < watch->count; i++) {
        if (is_followed(&watch->tracker, watch->view[i])) {
            watch->view[left++] = watch->view[i];
        }
    }
    watch->count = left;
    for (int32_t i = 0; i < watch->count; i++) {
        TRY(advance(&frame, watch->view[i]));
    }
    return end_over(watch, policy, calls);
}
