#include "owner.h"

#include "app/admin.h"
#include "board.h"
#include "device.h"
#include "recogniser.h"

#define PATIENCE 5    /* milliseconds without a byte until a request is taken to be over */
#define AT_ONCE 16384 /* bytes between two steps: nobody keeps the doorbell from its frames by talking on and on */

static ph_admin admin;
static const ph_port *line;
static ph_doorbell *doorbell;
static ph_admin_statistics statistics = {.battery = -1};

static void write_line(void *context, const uint8_t *from, int32_t bytes) {
    (void)context;
    line->serial_write(line->context, from, bytes);
}

/* The host's: the emulated board has nothing that nobody can guess. */
static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    static int32_t file = -1;
    (void)context;
    file = file < 0 ? board_open("/dev/urandom") : file;
    return file >= 0 && board_read(file, to, bytes) == bytes ? PH_OK : PH_UNKNOWN;
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
        must(ph_doorbell_refresh(doorbell), "the settings before");
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

void owner_open(const ph_port *port, ph_doorbell *bell, ph_gallery *gallery, bool pressed) {
    line = port;
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
    if (pressed) {
        ph_admin_press(&admin);
    }
}

void owner_serve(int64_t frames) {
    uint8_t come[64];
    int32_t quiet = PATIENCE; /* nothing is awaited of one who does not talk */
    int32_t left = AT_ONCE;
    statistics.frames = frames;
    statistics.stack = board_stack_used();
    do {
        const int32_t count = line->serial_read(line->context, come, (int32_t)sizeof come);
        ph_admin_take(&admin, come, count);
        quiet = count > 0 ? 0 : quiet + 1;
        left -= count;
        if (count == 0 && quiet < PATIENCE) {
            board_rest(1);
        }
    } while (quiet < PATIENCE && left > 0);
}

void owner_tell(const ph_event *event) {
    ph_admin_tell(&admin, event);
}
