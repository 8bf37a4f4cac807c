#include "ports/gap8/doorbell_sight.h"

#include <stddef.h>

#include "app/detector.h"
#include "cascade_table.h"
#include "landmarks.h"
#include "ports/gap8/board.h"
#include "ports/gap8/gap8.h"
#include "recogniser.h"

uint8_t device_memory[DEVICE_MEMORY_BYTES] __attribute__((aligned(16)));
ph_sight_cycles ph_sight_cycles_now;

static const ph_machine *machine;

static const int32_t landmark_template[2 * PH_LANDMARKS] = DEVICE_LANDMARK_TEMPLATE;
static const int32_t face_template[2 * PH_LANDMARKS] = DEVICE_FACE_TEMPLATE;

static ph_cascade_detector cascade = {
    .cascade = &cascade_table,
    .min_size = DEVICE_SMALLEST_FACE,
    .max_size = DEVICE_LARGEST_FACE,
    .scale = DEVICE_SCALE,
    .min_deviation = DEVICE_MIN_DEVIATION,
    .min_neighbours = DEVICE_MIN_NEIGHBOURS,
    .glance = &cascade_glance,
    .glance_size = DEVICE_GLANCE_SIZE,
    .glance_scale = DEVICE_GLANCE_SCALE,
    .away = DEVICE_AWAY,
    .times = DEVICE_TIMES,
    .scratch = AT(DETECTOR_SCRATCH),
    .scratch_bytes = DEVICE_DETECTOR_SCRATCH_BYTES,
    .hits = AT(HITS),
    .capacity = DEVICE_MOST_HITS,
};

/* The stumps lie where the recogniser's activations lie later. */
static void bring_table(void *argument) {
    (void)argument;
    ph_gap8_read_weights(DEVICE_TABLE_IN_L3, AT(TABLE), DEVICE_TABLE_BYTES);
}

static ph_status detect(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                        int32_t *count) {
    const uint32_t began = ph_gap8_cycles();
    (void)context;
    ph_gap8_on_controller(bring_table, NULL);
    const ph_status status = ph_cascade_find(&cascade, size, image, capacity, faces, count);
    ph_sight_cycles_now.detect += ph_gap8_cycles() - began;
    return status;
}

static ph_status run_landmarks(void *context, const uint8_t *image, int16_t *points) {
    static const uint32_t l3 = DEVICE_LANDMARKS_IN_L3;
    const ph_machine with_weights = ph_gap8_with_weights(machine, &l3);
    const uint32_t began = ph_gap8_cycles();
    (void)context;
    const ph_status status = landmarks_run(&with_weights, image, AT(LANDMARKS), points);
    ph_sight_cycles_now.landmarks += ph_gap8_cycles() - began;
    return status;
}

static ph_status run_recogniser(void *context, const uint8_t *image, int16_t *descriptor) {
    const uint32_t began = ph_gap8_cycles();
    (void)context;
    const ph_status status = recogniser_run(machine, image, AT(RECOGNISER), descriptor);
    ph_sight_cycles_now.describe += ph_gap8_cycles() - began;
    return status;
}

void ph_sight_on(const ph_machine *cluster) {
    machine = cluster;
}

const ph_detector *ph_sight_detector(void) {
    static const ph_detector detector = {NULL, detect};
    return &detector;
}

const ph_recogniser *ph_sight_recogniser(void) {
    static const ph_recogniser recogniser = {
        .run_landmarks = run_landmarks,
        .run_recogniser = run_recogniser,
        .landmark_template = landmark_template,
        .template_points = face_template,
        .landmark_size = LANDMARKS_HEIGHT,
        .landmark_frac_bits = DEVICE_LANDMARK_FRAC_BITS,
        .landmark_looks = 2,
        .size = RECOGNISER_HEIGHT,
        .values = RECOGNISER_VALUES,
        .aligned = DEVICE_ALIGNED,
    };
    return &recogniser;
}

/* Looks, and behind them their descriptors. */
static size_t looks_bytes(size_t count) {
    return count * (sizeof(ph_look) + RECOGNISER_VALUES * sizeof(int16_t));
}

ph_status ph_sight_open(void) {
    /* The turned copy of a face lies behind what the detector needs for a picture of that size. */
    const ph_image_size frame = {PH_FRAME_HEIGHT, PH_FRAME_WIDTH}, patch = {PH_TILT_PATCH, PH_TILT_PATCH};
    const size_t whole = ph_cascade_find_scratch_bytes(&cascade, frame);
    const size_t small = ph_cascade_find_scratch_bytes(&cascade, patch);
    const bool fits =
        whole <= DEVICE_DETECTOR_SCRATCH_BYTES && sizeof(ph_tilt_scratch) <= DEVICE_TILT_BYTES &&
        DEVICE_DETECTOR_SCRATCH_AT + small <= DEVICE_TILT_AT &&
        ph_look_scratch_bytes(ph_sight_recogniser()) <= DEVICE_CROP_BYTES &&
        PH_CAMERA_WIDTH * PH_CAMERA_HEIGHT <= DEVICE_FRAME_BYTES && RECOGNISER_ARENA_BYTES <= DEVICE_RECOGNISER_BYTES &&
        looks_bytes(DEVICE_REFERENCES) <= DEVICE_SERIAL_BYTES &&
        looks_bytes(DEVICE_WALK_LOOKS) <= DEVICE_RECOGNISER_BYTES && LANDMARKS_ARENA_BYTES <= DEVICE_LANDMARKS_BYTES;
    ph_gap8_on_controller(bring_table, NULL);
    const ph_status checked = ph_cascade_check(&cascade_table);
    return !fits ? PH_BAD_SHAPE : checked != PH_OK ? checked : ph_cascade_check(&cascade_glance);
}
