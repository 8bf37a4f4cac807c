#include "owner.h"

#include "app/admin_doorbell.h"
#include "board.h"
#include "device.h"
#include "recogniser.h"

#define PATIENCE 5    /* milliseconds without a byte until a request is taken to be over */
#define AT_ONCE 16384 /* bytes between two steps: nobody keeps the doorbell from its frames by talking on and on */

static ph_admin admin;
static ph_admin_doorbell side;

/* The host's: the emulated board has nothing that nobody can guess. */
static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    static int32_t file = -1;
    (void)context;
    file = file < 0 ? board_open("/dev/urandom") : file;
    return file >= 0 && board_read(file, to, bytes) == bytes ? PH_OK : PH_UNKNOWN;
}

/* Looks in a part of memory, and behind them their descriptors. */
static ph_looks looks_in(void *part, int32_t capacity) {
    ph_look *look = part;
    return (ph_looks){RECOGNISER_VALUES, capacity, 0, look, (int16_t *)(void *)(look + capacity)};
}

void owner_open(ph_doorbell *bell, bool pressed) {
    /* The recogniser's activations are free between two steps. */
    ph_admin_doorbell_open(&side, bell, looks_in(AT(RECOGNISER), DEVICE_WALK_LOOKS));
    ph_admin_calls calls = ph_admin_doorbell_calls(&side);
    calls.random = draw_random;
    const ph_settings defaults = ph_admin_doorbell_settings(&side);
    ph_admin_open(&admin, &calls, bell->parts.gallery, &defaults, looks_in(AT(SERIAL), DEVICE_REFERENCES));
    if (pressed) {
        ph_admin_press(&admin);
    }
}

void owner_serve(int64_t frames) {
    const ph_port *line = side.bell->parts.port;
    uint8_t come[64];
    int32_t quiet = PATIENCE; /* nothing is awaited of one who does not talk */
    int32_t left = AT_ONCE;
    side.statistics.frames = frames;
    side.statistics.stack = board_stack_used();
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
