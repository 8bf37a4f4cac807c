#include "app/tracking.h"

#include <stddef.h>
#include <string.h>

#include "kernels/length.h"
#include "peephole/distance.h"

#define ONE (INT32_C(1) << 16)

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The distance of the centres over 0.6 of the mean side: with D the square of twice that distance and S the sum of the
   four sides it is sqrt(D) / 2 / (0.6 * S / 4) = 10 * sqrt(D) / (3 * S). */
static int32_t nearness(ph_box before, ph_box now) {
    const int64_t across = 2 * ((int64_t)before.x - now.x) + before.width - now.width;
    const int64_t down = 2 * ((int64_t)before.y - now.y) + before.height - now.height;
    const int64_t sides = (int64_t)before.width + before.height + now.width + now.height;
    const int64_t square = across * across + down * down;
    if (100 * square >= 9 * sides * sides) {
        return 0;
    }
    const uint64_t root = ph_square_root((uint64_t)square << 28); /* Q14; square is below 2^35 */
    return ONE - (int32_t)(root * 40 / (3 * (uint64_t)sides));
}

int32_t ph_closeness(ph_box before, ph_box now) {
    if (larger(before.width, now.width) > 2 * smaller(before.width, now.width)) {
        return 0;
    }
    const int64_t right = smaller((int64_t)before.x + before.width, (int64_t)now.x + now.width);
    const int64_t bottom = smaller((int64_t)before.y + before.height, (int64_t)now.y + now.height);
    const int64_t shared = larger(right - larger(before.x, now.x), 0) * larger(bottom - larger(before.y, now.y), 0);
    const int64_t covered = (int64_t)before.width * before.height + (int64_t)now.width * now.height - shared;
    if (shared > 0 && 10 * shared >= 3 * covered) {
        return ONE + (int32_t)(shared * ONE / covered);
    }
    return nearness(before, now);
}

static bool is_among(const ph_walk *walk, int32_t count, ph_walk *const *walks) {
    for (int32_t i = 0; i < count; i++) {
        if (walks[i] == walk) {
            return true;
        }
    }
    return false;
}

void ph_tracker_place(const ph_tracker *tracker, const ph_policy *policy, int64_t time, int32_t count,
                      const ph_box *box, ph_walk **found) {
    for (int32_t i = 0; i < count; i++) {
        found[i] = NULL;
    }
    for (;;) {
        int32_t closest = 0;
        int32_t face = -1;
        ph_walk *walk = NULL;
        for (int32_t w = 0; w < tracker->count; w++) {
            ph_walk *const one = tracker->walk[w];
            if (time - one->last_seen > policy->hold || is_among(one, count, found)) {
                continue;
            }
            for (int32_t i = 0; i < count; i++) {
                const int32_t closeness = found[i] == NULL ? ph_closeness(one->box, box[i]) : 0;
                /* Of a walk's equally close faces the last one is taken. */
                if (closeness > 0 && (closeness > closest || (closeness == closest && walk == one))) {
                    closest = closeness;
                    face = i;
                    walk = one;
                }
            }
        }
        if (walk == NULL) {
            return;
        }
        found[face] = walk;
    }
}

int32_t ph_tracker_missing(const ph_tracker *tracker, const ph_policy *policy, int64_t time, int32_t count,
                           ph_walk *const *placed, ph_walk **lost) {
    int32_t found = 0;
    for (int32_t w = 0; w < tracker->count; w++) {
        ph_walk *const walk = tracker->walk[w];
        if (time - walk->last_seen <= policy->hold && !is_among(walk, count, placed)) {
            lost[found++] = walk;
        }
    }
    return found;
}

ph_walk *ph_tracker_begin(ph_tracker *tracker, int64_t time, ph_box box) {
    if (tracker->count >= tracker->capacity) {
        return NULL;
    }
    ph_walk *const walk = tracker->walk[tracker->count++];
    ph_looks looks = walk->looks;
    looks.count = 0;
    *walk = (ph_walk){
        .number = ++tracker->number,
        .first_seen = time,
        .last_seen = time,
        .last_look = PH_NEVER,
        .saved = PH_NEVER,
        .box = box,
        .faces = 1,
        .looks = looks,
    };
    return walk;
}

void ph_tracker_forget(ph_tracker *tracker, ph_walk *walk) {
    for (int32_t w = 0; w < tracker->count; w++) {
        if (tracker->walk[w] == walk) {
            tracker->count--;
            for (; w < tracker->count; w++) {
                tracker->walk[w] = tracker->walk[w + 1];
            }
            tracker->walk[tracker->count] = walk;
            return;
        }
    }
}

void ph_walk_follow(ph_walk *walk, int64_t time, ph_box box, int32_t tilt) {
    walk->last_seen = larger(walk->last_seen, time);
    walk->box = box;
    walk->tilt = tilt;
    walk->faces++;
}

void ph_tracker_merge(ph_tracker *tracker, const ph_policy *policy, ph_walk *into, ph_walk *walk) {
    ph_tracker_forget(tracker, walk);
    into->faces += walk->faces;
    into->last_seen = larger(into->last_seen, walk->last_seen);
    into->box = walk->box;
    into->tilt = walk->tilt;
    into->saved = PH_NEVER;
    for (int32_t i = 0; i < walk->looks.count; i++) {
        ph_walk_add(into, policy, &walk->looks.look[i], walk->looks.descriptor + (ptrdiff_t)i * walk->looks.values);
    }
}

static bool is_over(const ph_walk *walk, const ph_policy *policy, int64_t time) {
    const int64_t away = time - walk->last_seen;
    if (walk->visit == 0) {
        return away > policy->hold;
    }
    return away > policy->gap || time - walk->first_seen > policy->longest;
}

int32_t ph_tracker_over(const ph_tracker *tracker, const ph_policy *policy, int64_t time, ph_walk **over) {
    int32_t found = 0;
    for (int32_t w = 0; w < tracker->count; w++) {
        if (is_over(tracker->walk[w], policy, time)) {
            over[found++] = tracker->walk[w];
        }
    }
    return found;
}

uint64_t ph_walk_likeness(const ph_walk *walk, const int16_t *descriptor) {
    uint64_t nearest = PH_NO_DISTANCE;
    for (int32_t i = 0; i < walk->looks.count; i++) {
        uint64_t distance = PH_NO_DISTANCE;
        if (walk->looks.look[i].quality.fault == PH_FAULT_NONE) {
            ph_squared_l2_s16(walk->looks.values, descriptor,
                              walk->looks.descriptor + (ptrdiff_t)i * walk->looks.values, &distance);
        }
        nearest = distance < nearest ? distance : nearest;
    }
    return nearest;
}

static bool is_good(const ph_look *look) {
    return look->quality.fault == PH_FAULT_NONE;
}

bool ph_walk_is_someone_else(const ph_walk *walk, const ph_policy *policy, const ph_bars *bars, const ph_look *look,
                             const int16_t *descriptor) {
    if (look->time - walk->last_seen <= policy->blink || !is_good(look)) {
        return false;
    }
    const uint64_t distance = ph_walk_likeness(walk, descriptor);
    return distance != PH_NO_DISTANCE && distance > bars->stranger;
}

ph_walk *ph_tracker_crossed(const ph_tracker *tracker, const ph_policy *policy, const ph_bars *bars, ph_walk *walk,
                            const ph_look *look, const int16_t *descriptor) {
    const uint64_t distance = ph_walk_likeness(walk, descriptor);
    if (distance == PH_NO_DISTANCE || distance <= bars->stranger) {
        return NULL;
    }
    return ph_tracker_rejoin(tracker, policy, bars, look, descriptor, 1, &walk);
}

ph_walk *ph_tracker_rejoin(const ph_tracker *tracker, const ph_policy *policy, const ph_bars *bars, const ph_look *look,
                           const int16_t *descriptor, int32_t count, ph_walk *const *busy) {
    ph_walk *nearest = NULL;
    uint64_t least = PH_NO_DISTANCE;
    for (int32_t w = 0; is_good(look) && w < tracker->count; w++) {
        ph_walk *const walk = tracker->walk[w];
        if (is_among(walk, count, busy) || look->time - walk->last_seen > policy->gap) {
            continue;
        }
        const uint64_t distance = ph_walk_likeness(walk, descriptor);
        if (distance <= bars->known && distance < least) {
            least = distance;
            nearest = walk;
        }
    }
    return nearest;
}

/* -1, 0 or 1: is the first look worse, as good, or better? */
static int32_t compare(const ph_look *a, const ph_look *b) {
    if (is_good(a) != is_good(b)) {
        return is_good(a) ? 1 : -1;
    }
    return (a->quality.value > b->quality.value) - (a->quality.value < b->quality.value);
}

/* The row of the worst look, the newest of equally bad ones. */
static int32_t worst_of(const ph_looks *looks) {
    int32_t worst = 0;
    for (int32_t i = 1; i < looks->count; i++) {
        if (compare(&looks->look[i], &looks->look[worst]) <= 0) {
            worst = i;
        }
    }
    return worst;
}

static void drop(ph_looks *looks, int32_t row) {
    const size_t values = (size_t)looks->values;
    const size_t behind = (size_t)(--looks->count - row);
    memmove(looks->look + row, looks->look + row + 1, behind * sizeof *looks->look);
    memmove(looks->descriptor + (size_t)row * values, looks->descriptor + ((size_t)row + 1) * values,
            behind * values * sizeof *looks->descriptor);
}

static int32_t most_looks(const ph_walk *walk, const ph_policy *policy) {
    return (int32_t)smaller(policy->keep_looks, walk->looks.capacity);
}

bool ph_walk_add(ph_walk *walk, const ph_policy *policy, const ph_look *look, const int16_t *descriptor) {
    ph_looks *looks = &walk->looks;
    const int32_t room = most_looks(walk, policy);
    walk->last_look = look->time;
    if (room <= 0) {
        return false;
    }
    if (looks->count >= room) {
        const int32_t worst = worst_of(looks);
        if (compare(&looks->look[worst], look) >= 0) {
            return false;
        }
        drop(looks, worst);
    }
    looks->look[looks->count] = *look;
    memcpy(looks->descriptor + (size_t)looks->count * (size_t)looks->values, descriptor,
           (size_t)looks->values * sizeof *descriptor);
    looks->count++;
    return true;
}

bool ph_walk_wants_look(const ph_walk *walk, const ph_policy *policy, int64_t time) {
    const int64_t wait = walk->looks.count < most_looks(walk, policy) ? policy->look : policy->later_look;
    return walk->last_look == PH_NEVER || time - walk->last_look >= wait;
}
