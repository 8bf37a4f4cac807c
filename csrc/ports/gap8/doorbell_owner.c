#include "ports/gap8/doorbell_owner.h"

#include "app/admin_doorbell.h"
#include "ports/gap8/doorbell_sight.h"
#include "recogniser.h"

#define PATIENCE 5 /* milliseconds without a byte until a request is taken to be over */
/* Bytes between two steps, and milliseconds: nobody keeps the doorbell from its frames by talking on and on, or slowly.
 */
#define AT_ONCE 16384
#define LONGEST 1500

static ph_admin admin;
static ph_admin_doorbell side;
static ph_gap8_port *board;
static bool was_pressed;

static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    (void)context;
    return ph_gap8_port_random(board, to, bytes);
}

/* Looks in a part of memory, and behind them their descriptors. */
static ph_looks looks_in(void *part, int32_t capacity) {
    ph_look *look = part;
    return (ph_looks){RECOGNISER_VALUES, capacity, 0, look, (int16_t *)(void *)(look + capacity)};
}

void ph_owner_open(ph_gap8_port *state, ph_doorbell *bell) {
    board = state;
    /* The recogniser's activations are free between two steps. */
    ph_admin_doorbell_open(&side, bell, looks_in(AT(RECOGNISER), DEVICE_WALK_LOOKS));
    ph_admin_calls calls = ph_admin_doorbell_calls(&side);
    calls.random = draw_random;
    const ph_settings defaults = ph_admin_doorbell_settings(&side);
    ph_admin_open(&admin, &calls, bell->parts.gallery, &defaults, looks_in(AT(SERIAL), DEVICE_REFERENCES));
}

void ph_owner_serve(int64_t frames, bool pressed) {
    const ph_port *line = side.bell->parts.port;
    uint8_t come[64];
    side.statistics.frames = frames;
    if (pressed && !was_pressed) {
        ph_admin_press(&admin);
    }
    was_pressed = pressed;
    int32_t left = AT_ONCE;
    const int64_t began = line->time(line->context);
    int64_t now = began, heard = began - PATIENCE; /* nothing is awaited of one who does not talk */
    do {
        const int32_t count = line->serial_read(line->context, come, (int32_t)sizeof come);
        ph_admin_take(&admin, come, count);
        now = line->time(line->context);
        heard = count > 0 ? now : heard;
        left -= count;
    } while (left > 0 && now - heard < PATIENCE && now - began < LONGEST);
}

void ph_owner_tell(const ph_event *event) {
    ph_admin_tell(&admin, event);
}
