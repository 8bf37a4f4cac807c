/* The doorbell on GAP8. The fabric controller takes pictures, sleeps, and does what the cluster asks it to do with
   pins, flash and lines; everything that is computed is computed on the cluster. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "app/doorbell.h"
#include "landmarks.h"
#include "pmsis.h"
#include "ports/gap8/board.h"
#include "ports/gap8/doorbell_console.h"
#include "ports/gap8/doorbell_owner.h"
#include "ports/gap8/doorbell_port.h"
#include "ports/gap8/doorbell_sight.h"
#include "ports/gap8/gap8.h"
#include "recogniser.h"
#include "recogniser_self_test.h"

enum { BITS_PER_SECOND = 115200 };

static const ph_gallery_size gallery_size = {RECOGNISER_VALUES,     DEVICE_PEOPLE,
                                             DEVICE_REFERENCES,     DEVICE_STRANGERS,
                                             DEVICE_STRANGER_LOOKS, DEVICE_THUMBNAIL * DEVICE_THUMBNAIL,
                                             DEVICE_SLOT_BYTES};
static const ph_doorbell_size doorbell_size = {DEVICE_WALKS,      DEVICE_MOST_FACES, DEVICE_WALK_LOOKS,
                                               RECOGNISER_VALUES, DEVICE_OWNERS,     DEVICE_THUMBNAIL};
static const ph_calibration_point calibration[] = DEVICE_CALIBRATION;

static ph_gallery gallery;
static ph_doorbell bell;
static ph_gap8_port state;
static ph_port port;
static int64_t frames;
static bool pairing; /* is that button held? */

static void tell(void *listener, const ph_event *event) {
    (void)listener;
    ph_owner_tell(event);
    ph_console_event(&gallery, event);
}

static ph_status open_doorbell(const ph_machine *machine, void *argument) {
    (void)argument;
    ph_sight_on(machine);
    ph_status status = ph_sight_open();
    if (status == PH_OK) {
        status = ph_gallery_open(&gallery, &gallery_size, DEVICE_MODEL, AT(GALLERY), DEVICE_GALLERY_BYTES, port.flash);
    }
    if (status != PH_OK) {
        return status;
    }
    const ph_doorbell_parts parts = {
        .port = &port,
        .detector = ph_sight_detector(),
        .recogniser = ph_sight_recogniser(),
        .gallery = &gallery,
        .calibration = {(int32_t)(sizeof calibration / sizeof *calibration), calibration},
        .policy = PH_DEFAULT_POLICY,
        .door_open = DEVICE_DOOR_OPEN,
        .idle_after = DEVICE_IDLE_AFTER,
        .when_full = PH_WHEN_FULL_REFUSE,
        .tell = tell,
        .frame = AT(FRAME),
        .look_scratch = AT(CROP),
        .tilt_scratch = AT(TILT),
    };
    status = ph_doorbell_open(&bell, &parts, &doorbell_size, AT(DOORBELL), DEVICE_DOORBELL_BYTES);
    if (status == PH_OK) {
        ph_owner_open(&state, &bell);
        ph_console_opened(&gallery);
    }
    return status;
}

/* One step: sleep is over, or a frame is looked at. */
static ph_status step(const ph_machine *machine, void *argument) {
    (void)argument;
    ph_sight_on(machine);
    ph_sight_cycles_now = (ph_sight_cycles){0, 0, 0};
    const bool looked = bell.state == PH_WATCHING;
    const ph_status status = ph_doorbell_step(&bell);
    frames += looked;
    if (ph_sight_cycles_now.landmarks > 0) {
        ph_console_cycles(frames, &ph_sight_cycles_now, ph_gap8_cycles());
    }
    ph_owner_serve(frames, pairing);
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
    ph_status status = ph_gap8_port_open(&state, AT(FRAME), &port);
    if (status == PH_OK) {
        status = ph_gap8_run(open_doorbell, NULL, NULL, NULL);
    }
    while (status == PH_OK) {
        if (!ph_gap8_port_prepare(&state, bell.state == PH_IDLE)) {
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
