#include <string.h>

#include "app/doorbell_parts.h"

/* Where the next part lies; parts are aligned to 8 bytes. */
typedef struct {
    uint8_t *memory; /* NULL while only measuring */
    size_t used;
} cursor;

static void *take(cursor *at, size_t bytes) {
    void *part = at->memory == NULL ? NULL : at->memory + at->used;
    at->used += (bytes + 7) / 8 * 8;
    return part;
}

static bool is_within(int32_t value, int32_t least, int32_t most) {
    return value >= least && value <= most;
}

static bool fits(const ph_doorbell_size *size) {
    return is_within(size->walks, 1, 64) && is_within(size->faces, 1, 64) && is_within(size->looks, 1, 64) &&
           is_within(size->values, 1, 4096) && is_within(size->owners, 1, 1024) && is_within(size->thumbnail, 0, 128);
}

static size_t lay_out(ph_doorbell *bell, const ph_doorbell_size *size, void *memory) {
    cursor at = {memory, 0};
    const size_t walks = (size_t)size->walks;
    const size_t faces = (size_t)size->faces;
    const size_t looks = walks * (size_t)size->looks;
    const size_t values = (size_t)size->values;
    const size_t pixels = (size_t)size->thumbnail * (size_t)size->thumbnail;
    ph_watch *watch = &bell->watch;
    watch->scratch = take(&at, ph_voting_scratch_bytes(size->owners, size->looks));
    bell->walk = take(&at, walks * sizeof *bell->walk);
    ph_look *look = take(&at, looks * sizeof *look);
    watch->tracker.walk = take(&at, walks * sizeof *watch->tracker.walk);
    watch->list = take(&at, walks * sizeof *watch->list);
    watch->placed = take(&at, 2 * faces * sizeof *watch->placed);
    watch->view = take(&at, faces * sizeof *watch->view);
    bell->portrait = take(&at, (walks + 1) * sizeof *bell->portrait);
    watch->face = take(&at, faces * sizeof *watch->face);
    watch->box = take(&at, faces * sizeof *watch->box);
    int16_t *descriptor = take(&at, (looks + 1) * values * sizeof *descriptor);
    uint8_t *grey = take(&at, (walks + 1) * pixels);
    for (size_t w = 0; memory != NULL && w <= walks; w++) {
        bell->portrait[w].grey = grey + w * pixels;
        if (w < walks) {
            watch->tracker.walk[w] = &bell->walk[w];
            bell->walk[w].looks = (ph_looks){size->values, size->looks, 0, look + w * (size_t)size->looks,
                                             descriptor + w * (size_t)size->looks * values};
        } else {
            bell->descriptor = descriptor + looks * values;
        }
    }
    return at.used;
}

size_t ph_doorbell_ram_bytes(const ph_doorbell_size *size) {
    ph_doorbell unused;
    return fits(size) ? lay_out(&unused, size, NULL) : 0;
}

/* Visits that a cut of the power has left are ended by the first step; new ones count on from them. */
static void find_left(ph_doorbell *bell) {
    const ph_open_place *open = bell->parts.gallery->open;
    for (int32_t index = 0; index < PH_OPEN_VISITS; index++) {
        if (open[index].place != 0) {
            bell->left |= 1u << index;
            bell->visits = open[index].visit > bell->visits ? open[index].visit : bell->visits;
        }
    }
}

ph_status ph_doorbell_open(ph_doorbell *bell, const ph_doorbell_parts *parts, const ph_doorbell_size *size,
                           void *memory, size_t bytes) {
    const ph_gallery_size *room = &parts->gallery->size;
    const size_t needed = ph_doorbell_ram_bytes(size);
    if (needed == 0 || needed > bytes || parts->recogniser->values != size->values || room->values != size->values ||
        room->people > size->owners || room->strangers > size->owners) {
        return PH_BAD_SHAPE;
    }
    memset(memory, 0, needed);
    memset(bell, 0, sizeof *bell);
    bell->parts = *parts;
    bell->size = *size;
    bell->state = PH_IDLE;
    bell->visits = parts->gallery->visits;
    bell->door_until = PH_NEVER;
    bell->retry = PH_NEVER;
    find_left(bell);
    bell->watch.time = PH_NEVER;
    bell->watch.capacity = size->faces;
    bell->watch.tracker.capacity = size->walks;
    lay_out(bell, size, memory);
    return ph_doorbell_refresh(bell);
}
