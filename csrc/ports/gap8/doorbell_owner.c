#include "ports/gap8/doorbell_owner.h"

#include "app/admin.h"
#include "ports/gap8/doorbell_sight.h"
#include "recogniser.h"

#define PATIENCE 5    /* milliseconds without a byte until a request is taken to be over */
#define AT_ONCE 16384 /* bytes between two steps: nobody keeps the doorbell from its frames by talking on and on */

static ph_admin admin;
static const ph_port *line;
static ph_gap8_port *board;
static ph_doorbell *doorbell;
static bool was_pressed;
static ph_admin_statistics statistics = {.battery = -1};

static void write_line(void *context, const uint8_t *from, int32_t bytes) {
    (void)context;
    line->serial_write(line->context, from, bytes);
}

static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    (void)context;
    return ph_gap8_port_random(board, to, bytes);
}

static int64_t now(void *context) {
    (void)context;
    return line->time(line->context);
}

/* Copies the good looks to where the recogniser's activations lie, which is free between two steps. */
static ph_status at_door(void *context, ph_looks *looks) {
    (void)context;
    if (doorbell->watch.count != 1) {
        return doorbell->watch.count == 0 ? PH_UNKNOWN : PH_TAKEN;
    }
    const ph_looks *all = &doorbell->watch.view[0]->looks;
    ph_look *look = AT(RECOGNISER);
    int16_t *descriptor = (int16_t *)(void *)(look + DEVICE_WALK_LOOKS);
    *looks = (ph_looks){all->values, DEVICE_WALK_LOOKS, 0, look, descriptor};
    for (int32_t i = 0; i < all->count; i++) {
        if (all->look[i].quality.fault == PH_FAULT_NONE) {
            look[looks->count] = all->look[i];
            for (int32_t k = 0; k < all->values; k++) {
                *descriptor++ = all->descriptor[i * all->values + k];
            }
            looks->count++;
        }
    }
    return looks->count > 0 ? PH_OK : PH_UNKNOWN;
}

static ph_status apply(void *context, const ph_settings *settings) {
    (void)context;
    const ph_doorbell_parts before = doorbell->parts;
    doorbell->parts.policy = settings->policy;
    doorbell->parts.door_open = settings->door_open;
    doorbell->parts.idle_after = settings->idle_after;
    doorbell->parts.when_full = settings->replace_strangers ? PH_WHEN_FULL_REPLACE_OLDEST : PH_WHEN_FULL_REFUSE;
    const ph_status status = ph_doorbell_refresh(doorbell);
    if (status != PH_OK) {
        doorbell->parts = before;
        ph_doorbell_refresh(doorbell); /* which it did once already */
    }
    return status;
}

static void tell_bars(void *context, ph_bars *bars) {
    (void)context;
    *bars = doorbell->known.bars;
}

static void tell_statistics(void *context, ph_admin_statistics *told) {
    (void)context;
    *told = statistics;
}

void ph_owner_open(const ph_port *port, ph_gap8_port *state, ph_doorbell *bell, ph_gallery *gallery) {
    line = port;
    board = state;
    doorbell = bell;
    statistics.started = port->time(port->context);
    const ph_admin_calls calls = {
        .write = write_line,
        .random = draw_random,
        .time = now,
        .at_door = at_door,
        .apply = apply,
        .bars = tell_bars,
        .statistics = tell_statistics,
    };
    const ph_settings defaults = {
        .policy = bell->parts.policy,
        .door_open = bell->parts.door_open,
        .idle_after = bell->parts.idle_after,
        .replace_strangers = bell->parts.when_full == PH_WHEN_FULL_REPLACE_OLDEST,
    };
    ph_look *look = AT(SERIAL);
    ph_looks looks = {RECOGNISER_VALUES, DEVICE_REFERENCES, 0, look, (int16_t *)(void *)(look + DEVICE_REFERENCES)};
    ph_admin_open(&admin, &calls, gallery, &defaults, looks);
}

void ph_owner_serve(int64_t frames, bool pressed) {
    uint8_t come[64];
    statistics.frames = frames;
    if (pressed && !was_pressed) {
        ph_admin_press(&admin);
    }
    was_pressed = pressed;
    int32_t left = AT_ONCE;
    int64_t heard = line->time(line->context) - PATIENCE; /* nothing is awaited of one who does not talk */
    do {
        const int32_t count = line->serial_read(line->context, come, (int32_t)sizeof come);
        ph_admin_take(&admin, come, count);
        heard = count > 0 ? line->time(line->context) : heard;
        left -= count;
    } while (left > 0 && line->time(line->context) - heard < PATIENCE);
}

void ph_owner_tell(const ph_event *event) {
    ph_admin_tell(&admin, event);
}
