#include "app/owner.h"

#include <string.h>

static void write_line(void *context, const uint8_t *from, int32_t bytes) {
    const ph_port *port = ((ph_owner *)context)->bell->parts.port;
    port->serial_write(port->context, from, bytes);
}

static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    const ph_owner_calls *calls = &((ph_owner *)context)->calls;
    return calls->random(calls->context, to, bytes);
}

static int64_t now(void *context) {
    const ph_port *port = ((ph_owner *)context)->bell->parts.port;
    return port->time(port->context);
}

/* Copies the good looks: those of the walk are still to decide by. */
static ph_status at_door(void *context, ph_looks *looks) {
    const ph_owner *owner = context;
    const ph_watch *watch = &owner->bell->watch;
    if (watch->count != 1) {
        return watch->count == 0 ? PH_UNKNOWN : PH_TAKEN;
    }
    const ph_looks *all = &watch->view[0]->looks;
    const size_t values = (size_t)all->values;
    *looks = owner->at_door;
    looks->count = 0;
    for (int32_t i = 0; i < all->count && looks->count < looks->capacity; i++) {
        if (all->look[i].quality.fault == PH_FAULT_NONE) {
            looks->look[looks->count] = all->look[i];
            memcpy(looks->descriptor + (size_t)looks->count * values, all->descriptor + (size_t)i * values,
                   values * sizeof *all->descriptor);
            looks->count++;
        }
    }
    return looks->count > 0 ? PH_OK : PH_UNKNOWN;
}

static ph_settings settings_of(const ph_doorbell *bell) {
    const ph_doorbell_parts *parts = &bell->parts;
    return (ph_settings){parts->policy, parts->door_open, parts->idle_after,
                         parts->when_full == PH_WHEN_FULL_REPLACE_OLDEST};
}

static ph_status apply(void *context, const ph_settings *settings) {
    ph_doorbell *bell = ((ph_owner *)context)->bell;
    const ph_doorbell_parts before = bell->parts;
    bell->parts.policy = settings->policy;
    bell->parts.door_open = settings->door_open;
    bell->parts.idle_after = settings->idle_after;
    bell->parts.when_full = settings->replace_strangers ? PH_WHEN_FULL_REPLACE_OLDEST : PH_WHEN_FULL_REFUSE;
    const ph_status status = ph_doorbell_refresh(bell);
    if (status != PH_OK) {
        bell->parts = before;
        ph_doorbell_refresh(bell); /* by which it went until now */
    }
    return status;
}

static void tell_bars(void *context, ph_bars *bars) {
    *bars = ((ph_owner *)context)->bell->known.bars;
}

static void tell_statistics(void *context, ph_admin_statistics *told) {
    const ph_owner *owner = context;
    *told = owner->statistics;
    if (owner->calls.stack != NULL) {
        told->stack = owner->calls.stack(owner->calls.context);
    }
}

void ph_owner_open(ph_owner *owner, ph_doorbell *bell, const ph_owner_calls *calls, ph_looks looks_at_door,
                   ph_looks put) {
    const ph_settings defaults = settings_of(bell);
    const ph_admin_calls asked = {.context = owner,
                                  .write = write_line,
                                  .random = draw_random,
                                  .time = now,
                                  .at_door = at_door,
                                  .apply = apply,
                                  .bars = tell_bars,
                                  .statistics = tell_statistics};
    owner->bell = bell;
    owner->calls = *calls;
    owner->at_door = looks_at_door;
    owner->statistics = (ph_admin_statistics){.battery = -1};
    owner->statistics.started = now(owner);
    owner->was_pairing = false;
    ph_admin_open(&owner->admin, &asked, bell->parts.gallery, &defaults, put);
}

void ph_owner_serve(ph_owner *owner, int64_t frames, bool pairing) {
    const ph_port *port = owner->bell->parts.port;
    const ph_owner_calls *calls = &owner->calls;
    uint8_t come[64];
    owner->statistics.frames = frames;
    if (pairing && !owner->was_pairing) {
        ph_admin_press(&owner->admin);
    }
    owner->was_pairing = pairing;
    int32_t left = PH_OWNER_BYTES;
    const int64_t began = calls->time(calls->context);
    int64_t time = began, heard = began - PH_OWNER_PATIENCE; /* nothing is awaited of one who does not talk */
    do {
        const int32_t count = port->serial_read(port->context, come, (int32_t)sizeof come);
        ph_admin_take(&owner->admin, come, count);
        time = calls->time(calls->context);
        heard = count > 0 ? time : heard;
        left -= count;
        if (count == 0 && time - heard < PH_OWNER_PATIENCE && calls->rest != NULL) {
            calls->rest(calls->context);
        }
    } while (left > 0 && time - heard < PH_OWNER_PATIENCE && time - began < PH_OWNER_MILLISECONDS);
}

void ph_owner_tell(ph_owner *owner, const ph_event *event) {
    ph_admin_tell(&owner->admin, event);
}
