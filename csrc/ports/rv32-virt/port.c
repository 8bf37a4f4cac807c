#include "port.h"

#include "board.h"
#include "flash.h"

static ph_status frame(void *context, uint8_t *grey, int64_t *time) {
    port_state *state = context;
    if (frames_stall(&state->frames, &state->time)) {
        return PH_BUSY;
    }
    const ph_status status = frames_next(&state->frames, grey, time);
    if (status == PH_OK) {
        state->time = *time;
    } else if (state->over == 0) {
        state->over = board_instructions();
    }
    return status;
}

static int32_t serial_read(void *context, uint8_t *to, int32_t capacity) {
    (void)context;
    return board_get(to, capacity);
}

static void serial_write(void *context, const uint8_t *from, int32_t bytes) {
    (void)context;
    board_put(from, bytes);
}

/* There is no lock: the event is all that shows. */
static void door(void *context, int32_t open) {
    port_state *state = context;
    state->door = open;
}

static int64_t now(void *context) {
    const port_state *state = context;
    return state->time + (state->over ? (int64_t)((board_instructions() - state->over) / 1000000) : 0);
}

/* The next frame is motion: there is nothing to wait for, nor to save by waiting. */
static ph_wake sleep(void *context) {
    const port_state *state = context;
    return state->frames.more ? PH_WAKE_MOTION : PH_WAKE_OVER;
}

ph_port port_open(port_state *state, const frames *source) {
    *state = (port_state){.frames = *source, .flash = flash_areas(), .time = source->time};
    return (ph_port){
        .context = state,
        .frame_size = source->size,
        .frame = frame,
        .flash = &state->flash,
        .serial_read = serial_read,
        .serial_write = serial_write,
        .door = door,
        .time = now,
        .sleep = sleep,
    };
}
