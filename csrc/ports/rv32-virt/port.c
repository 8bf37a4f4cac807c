#include "port.h"

#include <string.h>

#include "board.h"
#include "flash.h"

#define WEIGHTS ((const uint8_t *)0x22000000u)

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

static ph_status read_l3(void *context, uint32_t offset, void *to, uint32_t bytes) {
    (void)context;
    if (offset > FLASH_START || bytes > FLASH_START - offset) {
        return PH_BAD_ARGUMENT;
    }
    memcpy(to, WEIGHTS + offset, bytes);
    return PH_OK;
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

static void run_on_cores(void *context, void (*work)(void *argument, int32_t core, int32_t cores), void *argument) {
    (void)context;
    work(argument, 0, 1);
}

ph_port port_open(port_state *state, const frames *source) {
    *state = (port_state){.frames = *source, .flash = flash_areas(), .time = source->time};
    return (ph_port){
        .context = state,
        .frame_size = source->size,
        .frame = frame,
        .read_l3 = read_l3,
        .flash = &state->flash,
        .serial_read = serial_read,
        .serial_write = serial_write,
        .door = door,
        .time = now,
        .sleep = sleep,
        .run_on_cores = run_on_cores,
    };
}
