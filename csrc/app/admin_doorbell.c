#include "app/admin_doorbell.h"

#include <string.h>

static void write_line(void *context, const uint8_t *from, int32_t bytes) {
    const ph_port *port = ((ph_admin_doorbell *)context)->bell->parts.port;
    port->serial_write(port->context, from, bytes);
}

static int64_t now(void *context) {
    const ph_port *port = ((ph_admin_doorbell *)context)->bell->parts.port;
    return port->time(port->context);
}

/* Copies the good looks: those of the walk are still to decide by. */
static ph_status at_door(void *context, ph_looks *looks) {
    const ph_admin_doorbell *of = context;
    const ph_watch *watch = &of->bell->watch;
    if (watch->count != 1) {
        return watch->count == 0 ? PH_UNKNOWN : PH_TAKEN;
    }
    const ph_looks *all = &watch->view[0]->looks;
    const size_t values = (size_t)all->values;
    *looks = of->room;
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

static ph_status apply(void *context, const ph_settings *settings) {
    ph_doorbell *bell = ((ph_admin_doorbell *)context)->bell;
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
    *bars = ((ph_admin_doorbell *)context)->bell->known.bars;
}

static void tell_statistics(void *context, ph_admin_statistics *told) {
    *told = ((ph_admin_doorbell *)context)->statistics;
}

void ph_admin_doorbell_open(ph_admin_doorbell *of, ph_doorbell *bell, ph_looks room) {
    *of = (ph_admin_doorbell){bell, room, {.battery = -1}};
    of->statistics.started = now(of);
}

ph_admin_calls ph_admin_doorbell_calls(ph_admin_doorbell *of) {
    return (ph_admin_calls){.context = of,
                            .write = write_line,
                            .time = now,
                            .at_door = at_door,
                            .apply = apply,
                            .bars = tell_bars,
                            .statistics = tell_statistics};
}

ph_settings ph_admin_doorbell_settings(const ph_admin_doorbell *of) {
    const ph_doorbell_parts *parts = &of->bell->parts;
    return (ph_settings){parts->policy, parts->door_open, parts->idle_after,
                         parts->when_full == PH_WHEN_FULL_REPLACE_OLDEST};
}
