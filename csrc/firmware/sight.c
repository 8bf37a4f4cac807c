#include "firmware/sight.h"

#include "cascade_table.h"
#include "firmware/memory.h"
#include "landmarks.h"
#include "recogniser.h"

uint8_t device_memory[DEVICE_MEMORY_BYTES] __attribute__((aligned(16)));
ph_sight_cost ph_sight_cost_now;

static const ph_sight_calls *port;

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

static void bring_table(void) {
    if (port->bring_table != NULL) {
        port->bring_table();
    }
}

static ph_status detect(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                        int32_t *count) {
    const uint64_t began = port->count();
    (void)context;
    bring_table();
    const ph_status status = ph_cascade_find(&cascade, size, image, capacity, faces, count);
    ph_sight_cost_now.detect += port->count() - began;
    return status;
}

static ph_status run_landmarks(void *context, const uint8_t *image, int16_t *points) {
    const uint64_t began = port->count();
    (void)context;
    const ph_status status = port->run_landmarks(image, points);
    ph_sight_cost_now.landmarks += port->count() - began;
    return status;
}

static ph_status run_recogniser(void *context, const uint8_t *image, int16_t *descriptor) {
    const uint64_t began = port->count();
    (void)context;
    const ph_status status = port->run_recogniser(image, descriptor);
    ph_sight_cost_now.describe += port->count() - began;
    return status;
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

static bool detector_fits(ph_image_size frame_size) {
    /* The turned copy of a face lies behind what the detector needs for a picture of that size. */
    const ph_image_size patch = {PH_TILT_PATCH, PH_TILT_PATCH};
    return ph_cascade_find_scratch_bytes(&cascade, frame_size) <= DEVICE_DETECTOR_SCRATCH_BYTES &&
           DEVICE_DETECTOR_SCRATCH_AT + ph_cascade_find_scratch_bytes(&cascade, patch) <= DEVICE_TILT_AT &&
           sizeof(ph_tilt_scratch) <= DEVICE_TILT_BYTES && DEVICE_MOST_FACES * sizeof(ph_hit) <= DEVICE_FACES_BYTES &&
           frame_size.height * frame_size.width <= DEVICE_FRAME_BYTES;
}

static bool networks_fit(void) {
    return ph_look_scratch_bytes(ph_sight_recogniser()) <= DEVICE_CROP_BYTES &&
           LANDMARKS_ARENA_BYTES <= DEVICE_LANDMARKS_BYTES && RECOGNISER_ARENA_BYTES <= DEVICE_RECOGNISER_BYTES;
}

ph_status ph_sight_open(const ph_sight_calls *calls, ph_image_size frame_size) {
    port = calls;
    if (!detector_fits(frame_size) || !networks_fit()) {
        return PH_BAD_SHAPE;
    }
    bring_table();
    const ph_status status = ph_cascade_check(&cascade_table);
    return status == PH_OK ? ph_cascade_check(&cascade_glance) : status;
}
