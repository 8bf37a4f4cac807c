/* The doorbell on GAP8. The fabric controller takes pictures, sleeps, and does what the cluster asks it to do with
   pins, flash and lines; everything that is computed is computed on the cluster. */
#include <stdint.h>
#include <stdio.h>

#include "firmware/assembly.h"
#include "firmware/memory.h"
#include "pmsis.h"
#include "ports/gap8/board.h"
#include "ports/gap8/doorbell_console.h"
#include "ports/gap8/doorbell_networks.h"
#include "ports/gap8/doorbell_port.h"
#include "ports/gap8/gap8.h"
#include "recogniser.h"
#include "recogniser_self_test.h"

enum { BITS_PER_SECOND = 115200 };

static ph_assembly doorbell;
static ph_gap8_port state;
static ph_port port;
static bool pairing; /* is that button held? */

static ph_status open_doorbell(const ph_machine *machine, void *argument) {
    const ph_assembly_parts parts = {
        .port = &port,
        .sight = &ph_networks,
        .owner = {.context = &state, .random = ph_gap8_port_random, .time = port.time},
        .tell = ph_tell_event,
    };
    (void)argument;
    ph_networks_on(machine);
    const ph_status status = ph_assembly_open(&doorbell, &parts);
    if (status == PH_OK) {
        ph_tell_kept(&doorbell.gallery);
    }
    return status;
}

/* One step: sleep is over, or a frame is looked at. */
static ph_status step(const ph_machine *machine, void *argument) {
    (void)argument;
    ph_networks_on(machine);
    ph_sight_cost_now = (ph_sight_cost){0};
    const ph_status status = ph_assembly_step(&doorbell);
    if (ph_sight_cost_now.landmarks > 0) {
        ph_tell_cycles(doorbell.frames, &ph_sight_cost_now, ph_gap8_cycles());
    }
    ph_assembly_serve(&doorbell, pairing);
    return status;
}

static int failed(const char *what, int number) {
    printf("doorbell: %s: %d\n", what, number);
    return 1;
}

/* The last of the doorbell: nobody would lock the door any more. */
static int ended(const char *what, int number) {
    ph_board_door(false);
    return failed(what, number);
}

static int watch(void) {
    const ph_gap8_needs needs = {
        .weights = "weights.bin",
        .weights_bytes = DEVICE_WEIGHTS_BYTES,
        .l1_bytes = DEVICE_L1_BYTES,
        .stack_bytes = DEVICE_CORE_STACK_BYTES,
        .first_stack_bytes = DEVICE_FIRST_STACK_BYTES,
    };
    const ph_gap8_status opened = ph_gap8_open(&needs);
    if (opened != PH_GAP8_OPEN) {
        return failed("nothing runs; ph_gap8_status", (int)opened);
    }
    ph_gap8_read_weights(DEVICE_FACE_IN_L3, AT(CROP), RECOGNISER_HEIGHT * RECOGNISER_WIDTH);
    if (recogniser_self_test(AT(RECOGNISER)) != 0) {
        return failed("the self-test failed; nobody would be known", 1);
    }
    if (!ph_board_open_camera() || !ph_board_open_pins() || !ph_board_open_serial(BITS_PER_SECOND)) {
        return failed("camera, pins or serial line could not be opened", 1);
    }
    const bool room = PH_CAMERA_WIDTH * PH_CAMERA_HEIGHT <= DEVICE_FRAME_BYTES;
    ph_status status = room ? ph_gap8_port_open(&state, AT(FRAME), &port) : PH_BAD_SHAPE;
    if (status == PH_OK) {
        status = ph_gap8_run(open_doorbell, NULL, NULL, NULL);
    }
    while (status == PH_OK) {
        if (!ph_gap8_port_prepare(&state, doorbell.bell.state == PH_IDLE)) {
            return ended("the cluster did not wake up", 1);
        }
        pairing = ph_board_pairing();
        status = ph_gap8_run(step, NULL, NULL, NULL);
    }
    return ended("it ended; ph_status", (int)status);
}

static void start(void) {
    pmsis_exit(watch());
}

int main(void) {
    return pmsis_kickoff((void *)(uintptr_t)start);
}
