#include "device.h"

#include "board.h"
#include "cascade_table.h"
#include "landmarks.h"
#include "recogniser.h"

#define REFUSED 5 /* exit code */

/* Where weights.bin holds them; whose parts lie where is only for the programs themselves to know. */
extern const uint8_t recogniser_weights[RECOGNISER_WEIGHTS_BYTES], landmarks_weights[LANDMARKS_WEIGHTS_BYTES];

uint8_t device_memory[DEVICE_MEMORY_BYTES] __attribute__((aligned(16)));
device_cost device_cost_now;

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

static ph_status detect(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                        int32_t *count) {
    (void)context;
    const uint64_t began = board_instructions();
    const ph_status status = ph_cascade_find(&cascade, size, image, capacity, faces, count);
    device_cost_now.detect += board_instructions() - began;
    return status;
}

static ph_status run_landmarks(void *context, const uint8_t *image, int16_t *points) {
    (void)context;
    const uint64_t began = board_instructions();
    const ph_status status = landmarks_run(image, AT(LANDMARKS), landmarks_weights, points);
    device_cost_now.landmarks += board_instructions() - began;
    return status;
}

static ph_status run_recogniser(void *context, const uint8_t *image, int16_t *descriptor) {
    (void)context;
    const uint64_t began = board_instructions();
    const ph_status status = recogniser_run(image, AT(RECOGNISER), recogniser_weights, descriptor);
    device_cost_now.describe += board_instructions() - began;
    return status;
}

const ph_detector *device_detector(void) {
    static const ph_detector detector = {NULL, detect};
    return &detector;
}

const ph_recogniser *device_recogniser(void) {
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

ph_status device_open(void) {
    /* The turned copy of a face lies behind what the detector needs for a picture of that size. */
    const ph_image_size patch = {PH_TILT_PATCH, PH_TILT_PATCH};
    const size_t whole = ph_cascade_find_scratch_bytes(&cascade, device_frame_size);
    const size_t small = ph_cascade_find_scratch_bytes(&cascade, patch);
    const bool fits = whole <= DEVICE_DETECTOR_SCRATCH_BYTES && sizeof(ph_tilt_scratch) <= DEVICE_TILT_BYTES &&
                      DEVICE_DETECTOR_SCRATCH_AT + small <= DEVICE_TILT_AT &&
                      ph_look_scratch_bytes(device_recogniser()) <= DEVICE_CROP_BYTES &&
                      DEVICE_MOST_FACES * sizeof(ph_hit) <= DEVICE_FACES_BYTES &&
                      RECOGNISER_ARENA_BYTES <= DEVICE_RECOGNISER_BYTES &&
                      looks_bytes(DEVICE_REFERENCES) <= DEVICE_SERIAL_BYTES &&
                      looks_bytes(DEVICE_WALK_LOOKS) <= DEVICE_RECOGNISER_BYTES &&
                      looks_bytes(DEVICE_INTRODUCED_LOOKS) <= DEVICE_RECOGNISER_BYTES &&
                      LANDMARKS_ARENA_BYTES <= DEVICE_LANDMARKS_BYTES;
    const ph_status table = ph_cascade_check(&cascade_table), glance = ph_cascade_check(&cascade_glance);
    return !fits ? PH_BAD_SHAPE : table != PH_OK ? table : glance;
}

void must(ph_status status, const char *what) {
    if (status != PH_OK) {
        board_print("refused: ");
        board_print(what);
        tell_number(", status ", status);
        board_print("\n");
        board_exit(REFUSED);
    }
}

void tell_text(const char *name, const char *text) {
    char one[2] = {0, 0};
    board_print(name);
    board_print("\"");
    for (; *text != 0; text++) {
        one[0] = *text;
        board_print(*text == '"' || *text == '\\' ? "\\" : "");
        board_print(one);
    }
    board_print("\"");
}

void tell_number(const char *name, int64_t number) {
    board_print(name);
    board_print_number(number);
}
