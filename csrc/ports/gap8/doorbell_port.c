#include "ports/gap8/doorbell_port.h"

#include <stddef.h>

#include "ports/gap8/board.h"
#include "ports/gap8/flash.h"
#include "ports/gap8/gap8.h"

enum { MOST_PICTURES = 16 }; /* taken for their noise alone */

static void take_picture(void *argument) {
    ph_gap8_port *state = argument;
    state->there = ph_board_frame(state->picture);
    state->tried = true;
    state->taken = ph_board_microseconds();
}

static void sleep_until_woken(void *argument) {
    static const ph_wake meaning[] = {PH_WAKE_MOTION, PH_WAKE_BUTTON, PH_WAKE_SERIAL};
    ph_gap8_port *state = argument;
    ph_board_camera_off();
    state->tried = false;
    state->wake = meaning[ph_board_wait()];
    state->woken = true;
}

bool ph_gap8_port_prepare(ph_gap8_port *state, bool idle) {
    if (!idle) {
        take_picture(state);
        return true;
    }
    ph_gap8_rest();
    sleep_until_woken(state);
    return ph_gap8_wake() == PH_GAP8_OPEN;
}

static void stir(ph_gap8_port *state) {
    const uint32_t pixels = PH_FRAME_WIDTH * PH_FRAME_HEIGHT;
    ph_random_stir(&state->random, state->picture, pixels, state->taken, ph_gap8_cycles());
}

static ph_status frame(void *context, uint8_t *grey, int64_t *time) {
    ph_gap8_port *state = context;
    if (grey != state->picture) {
        return PH_BAD_ARGUMENT;
    }
    if (!state->tried) {
        ph_gap8_on_controller(take_picture, state);
    }
    state->tried = false;
    if (!state->there) {
        return PH_BUSY;
    }
    *time = state->taken / 1000;
    stir(state);
    return PH_OK;
}

static ph_wake sleep(void *context) {
    ph_gap8_port *state = context;
    if (!state->woken) {
        ph_gap8_on_controller(sleep_until_woken, state);
    }
    state->woken = false;
    return state->wake;
}

/* What a call on the controller is given, and what it returns. */
typedef struct {
    void *to;
    const uint8_t *from;
    int32_t count;
    int64_t time;
} call;

static void do_serial_read(void *argument) {
    call *of = argument;
    of->count = ph_board_read(of->to, of->count);
}

static int32_t serial_read(void *context, uint8_t *to, int32_t capacity) {
    call of = {.to = to, .count = capacity};
    (void)context;
    ph_gap8_on_controller(do_serial_read, &of);
    return of.count;
}

static void do_serial_write(void *argument) {
    const call *of = argument;
    ph_board_write(of->from, of->count);
}

static void serial_write(void *context, const uint8_t *from, int32_t bytes) {
    call of = {.from = from, .count = bytes};
    (void)context;
    ph_gap8_on_controller(do_serial_write, &of);
}

static void do_door(void *argument) {
    const call *of = argument;
    ph_board_door(of->count != 0);
}

static void door(void *context, int32_t open) {
    call of = {.count = open};
    (void)context;
    ph_gap8_on_controller(do_door, &of);
}

static void do_time(void *argument) {
    call *of = argument;
    of->time = ph_board_microseconds() / 1000;
}

static int64_t now(void *context) {
    call of = {.time = 0};
    (void)context;
    ph_gap8_on_controller(do_time, &of);
    return of.time;
}

ph_status ph_gap8_port_random(void *context, uint8_t *to, int32_t bytes) {
    ph_gap8_port *state = context;
    ph_status status = ph_random_draw(&state->random, to, bytes);
    for (int32_t tried = 0; status != PH_OK && tried < MOST_PICTURES; tried++) {
        ph_gap8_on_controller(take_picture, state);
        state->tried = false;
        if (!state->there) {
            return PH_UNKNOWN;
        }
        stir(state);
        status = ph_random_draw(&state->random, to, bytes);
    }
    return status;
}

ph_status ph_gap8_port_open(ph_gap8_port *state, uint8_t *picture, ph_port *port) {
    *state = (ph_gap8_port){.picture = picture};
    ph_random_begin(&state->random);
    *port = (ph_port){
        .context = state,
        .frame_size = {PH_FRAME_HEIGHT, PH_FRAME_WIDTH},
        .frame = frame,
        .flash = &state->flash,
        .serial_read = serial_read,
        .serial_write = serial_write,
        .door = door,
        .time = now,
        .sleep = sleep,
    };
    return ph_gap8_flash_open(&state->flash);
}
