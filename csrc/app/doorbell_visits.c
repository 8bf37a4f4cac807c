/* What becomes of faces and walks: looks, decisions and events. */
#include "app/doorbell_parts.h"

static ph_status find(void *context, int32_t capacity, ph_seen *faces, int32_t *count) {
    ph_doorbell *bell = context;
    const ph_doorbell_parts *parts = &bell->parts;
    ph_tilt_scratch *scratch = parts->tilt_scratch;
    int32_t found = 0;
    *count = 0;
    const ph_status status = parts->detector->detect(parts->detector->context, parts->port->frame_size, parts->frame,
                                                     PH_TILT_FACES, scratch->faces, &found);
    if (status != PH_OK) {
        return status;
    }
    for (int32_t i = 0; i < found; i++) {
        const ph_hit *hit = &scratch->faces[i];
        scratch->found[i] = (ph_seen){{hit->x, hit->y, hit->side, hit->side}, hit->neighbours, 0};
    }
    found = ph_keep_distinct(found, scratch->found);
    for (*count = 0; *count < found && *count < capacity; (*count)++) {
        faces[*count] = scratch->found[*count];
    }
    return PH_OK;
}

static ph_status look_for(void *context, ph_box last, int32_t tilt, int32_t count, const ph_box *others, bool *there,
                          ph_seen *seen) {
    const ph_doorbell_parts *parts = &((ph_doorbell *)context)->parts;
    return ph_look_for(parts->detector, parts->port->frame_size, parts->frame, last, tilt, count, others,
                       parts->tilt_scratch, there, seen);
}

static ph_status straighten(void *context, ph_seen *seen) {
    const ph_doorbell_parts *parts = &((ph_doorbell *)context)->parts;
    return ph_straighten(parts->detector, parts->port->frame_size, parts->frame, parts->tilt_scratch, seen);
}

static ph_status look_at(void *context, const ph_seen *seen, ph_look *look, const int16_t **descriptor) {
    ph_doorbell *bell = context;
    const ph_doorbell_parts *parts = &bell->parts;
    ph_face_points points;
    const ph_status status = ph_look_at(parts->recogniser, &parts->policy, parts->port->frame_size, parts->frame, seen,
                                        parts->look_scratch, &points, &look->quality, bell->descriptor);
    *descriptor = bell->descriptor;
    if (status != PH_OK || bell->size.thumbnail == 0) {
        return status;
    }
    const ph_image_size crop = {parts->recogniser->size, parts->recogniser->size};
    return ph_resize_u8(crop, parts->look_scratch, (ph_image_size){bell->size.thumbnail, bell->size.thumbnail},
                        bell->portrait[bell->size.walks].grey);
}

ph_portrait *ph_doorbell_portrait(const ph_doorbell *bell, const ph_walk *walk) {
    return &bell->portrait[walk - bell->walk];
}

/* Leaves the better one of two in the first: a good one before one that is not, the first of equals. */
static void keep_better(ph_portrait *kept, ph_portrait *other) {
    if (kept->taken && (kept->good != other->good ? kept->good : kept->value >= other->value)) {
        return;
    }
    const ph_portrait before = *kept;
    *kept = *other;
    *other = before;
}

static ph_status kept(void *context, ph_walk *walk) {
    ph_doorbell *bell = context;
    const ph_quality *quality = &walk->looks.look[walk->looks.count - 1].quality;
    ph_portrait *newest = &bell->portrait[bell->size.walks];
    ph_portrait *own = ph_doorbell_portrait(bell, walk);
    own->taken = own->taken && walk->looks.count > 1; /* else it is that of a walk before */
    newest->taken = true;
    newest->good = quality->fault == PH_FAULT_NONE;
    newest->value = quality->value;
    keep_better(own, newest);
    return PH_OK;
}

static ph_status merged(void *context, ph_walk *into, ph_walk *walk) {
    const ph_doorbell *bell = context;
    if (walk->looks.count > 0) {
        keep_better(ph_doorbell_portrait(bell, into), ph_doorbell_portrait(bell, walk));
    }
    return PH_OK;
}

static ph_status began(void *context, ph_walk *walk) {
    ph_doorbell *bell = context;
    bell->visits += bell->visits == UINT32_MAX ? 2 : 1; /* 0 stands for no visit */
    walk->visit = bell->visits;
    ph_doorbell_set_due(bell, walk, false);
    ph_event event = ph_doorbell_event(bell, PH_EVENT_VISIT_STARTED);
    event.visit = walk->visit;
    event.first_seen = walk->first_seen;
    event.last_seen = walk->last_seen;
    ph_doorbell_tell(bell, &event);
    return PH_OK;
}

/* A walk's decision as an event: rows of the gallery become ids and numbers. */
ph_event ph_doorbell_decision_event(const ph_doorbell *bell, ph_event_kind kind, const ph_walk *walk) {
    const ph_gallery *gallery = bell->parts.gallery;
    const ph_decision *decision = &walk->decision;
    ph_event event = ph_doorbell_event(bell, kind);
    event.visit = walk->visit;
    event.decision = decision->kind;
    event.reason = decision->reason;
    event.distance = decision->distance;
    event.margin = decision->margin;
    event.first_seen = walk->first_seen;
    event.last_seen = walk->last_seen;
    event.sightings = walk->faces;
    if (decision->person != PH_NOBODY) {
        event.person = gallery->people[decision->person].id;
    }
    if (decision->stranger != PH_NOBODY) {
        event.stranger = gallery->strangers[decision->stranger].number;
        event.silent = gallery->strangers[decision->stranger].state == PH_STRANGER_IGNORED;
    }
    return event;
}

/* What is told is on flash before it is told. */
static ph_status decided(void *context, ph_walk *walk) {
    ph_doorbell *bell = context;
    ph_event event = ph_doorbell_decision_event(bell, PH_EVENT_DECIDED, walk);
    const bool news = ph_walk_is_news(walk, event.person, event.stranger);
    event.stored = ph_doorbell_keep_open(bell, walk, &event, news);
    if (news) {
        ph_doorbell_tell(bell, &event);
        if (event.decision == PH_KNOWN) {
            ph_doorbell_unlock(bell, walk->visit);
        }
    }
    return PH_OK;
}

static ph_status save(void *context, ph_walk *walk, bool *saved) {
    *saved = !ph_doorbell_is_due(context, walk); /* the rest is written when the visit is over: flash wears out */
    return PH_OK;
}

ph_watch_calls ph_doorbell_calls(ph_doorbell *bell) {
    return (ph_watch_calls){bell,   find,  look_for, straighten, look_at,          kept,
                            merged, began, decided,  save,       ph_doorbell_ended};
}
