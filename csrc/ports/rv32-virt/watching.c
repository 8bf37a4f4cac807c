#include "watching.h"

#include "app/console.h"
#include "board.h"
#include "console.h"
#include "firmware/assembly.h"
#include "introduce.h"
#include "networks.h"
#include "port.h"

#define SERVE_MILLISECONDS 5

static ph_assembly doorbell;

static void tell(const ph_gallery *gallery, const ph_event *event) {
    ph_console_event(board_print, gallery, event);
}

/* The host's: the emulated board has nothing that nobody can guess. */
static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    static int32_t file = -1;
    (void)context;
    file = file < 0 ? board_open("/dev/urandom") : file;
    return file >= 0 && board_read(file, to, bytes) == bytes ? PH_OK : PH_UNKNOWN;
}

/* Not the port's, which stands still between two frames. */
static int64_t now(void *context) {
    (void)context;
    return board_milliseconds();
}

static void rest(void *context) {
    (void)context;
    board_rest(1);
}

static int32_t stack_used(void *context) {
    (void)context;
    return board_stack_used();
}

static void tell_cost(int64_t steps, uint64_t instructions) {
    tell_number("{\"steps\": ", steps);
    tell_number(", \"instructions\": {\"detect\": ", (int64_t)ph_sight_cost_now.detect);
    tell_number(", \"landmarks\": ", (int64_t)ph_sight_cost_now.landmarks);
    tell_number(", \"describe\": ", (int64_t)ph_sight_cost_now.describe);
    tell_number(", \"all\": ", (int64_t)instructions);
    board_print("}}\n");
}

ph_status keep_watch(const frames *source) {
    static port_state state;
    static ph_port port;
    port = port_open(&state, source);
    const ph_assembly_parts parts = {
        .port = &port,
        .sight = &networks,
        .owner = {NULL, draw_random, now, rest, stack_used},
        .tell = tell,
    };
    must(ph_assembly_open(&doorbell, &parts), "the plan of memory, or what is kept");
    must(introduce_people(&doorbell.gallery, source->time), "people.bin");
    ph_console_kept(board_print, &doorbell.gallery);
    const bool pairing = source->mode & FRAMES_PRESS;
    const uint64_t began = board_instructions();
    int64_t steps = 0;
    ph_status status;
    while ((status = ph_assembly_step(&doorbell)) == PH_OK) {
        steps++;
        ph_assembly_serve(&doorbell, pairing);
    }
    tell_cost(steps, board_instructions() - began);
    while (source->mode & FRAMES_STAY) {
        ph_assembly_serve(&doorbell, pairing);
        board_rest(SERVE_MILLISECONDS);
    }
    return status == PH_END ? PH_OK : status;
}
