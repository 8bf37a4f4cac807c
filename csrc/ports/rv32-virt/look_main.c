/* Looks at every frame of frames.bin and tells on the console what it saw, a line of JSON a frame: the faces that
   the detector finds, their five points, how good each look is, their descriptors, and how many instructions it took.

   No decisions and nobody kept: this is what the port's bits and counts are compared by. */
#include "board.h"

#include "app/detector.h"
#include "app/look.h"
#include "app/policy.h"
#include "cascade_table.h"
#include "device_memory.h"
#include "frames.h"
#include "landmarks.h"
#include "recogniser.h"

#define BAD_FRAMES 4 /* exit codes */
#define REFUSED 5

/* Where weights.bin holds them; whose parts lie where is only for the programs themselves to know. */
extern const uint8_t recogniser_weights[RECOGNISER_WEIGHTS_BYTES], landmarks_weights[LANDMARKS_WEIGHTS_BYTES];

/* Everything that is not on the stack; who lies where, and when, is the plan of device_memory.h. */
static uint8_t memory[DEVICE_MEMORY_BYTES] __attribute__((aligned(16)));

#define AT(part) ((void *)(memory + DEVICE_##part##_AT))

typedef struct {
    uint64_t detect, landmarks, describe, rest; /* rest: cutting and judging */
} instructions;

static const int32_t landmark_template[2 * PH_LANDMARKS] = DEVICE_LANDMARK_TEMPLATE;
static const int32_t face_template[2 * PH_LANDMARKS] = DEVICE_FACE_TEMPLATE;
static const ph_image_size frame_size = {DEVICE_FRAME_HEIGHT, DEVICE_FRAME_WIDTH};

static void must(ph_status status, const char *what) {
    if (status != PH_OK) {
        board_print("refused: ");
        board_print(what);
        board_print(", status ");
        board_print_number(status);
        board_print("\n");
        board_exit(REFUSED);
    }
}

static ph_status run_landmarks(void *context, const uint8_t *image, int16_t *points) {
    instructions *took = context;
    const uint64_t began = board_instructions();
    const ph_status status = landmarks_run(image, AT(LANDMARKS), landmarks_weights, points);
    took->landmarks += board_instructions() - began;
    return status;
}

static ph_status run_recogniser(void *context, const uint8_t *image, int16_t *descriptor) {
    instructions *took = context;
    const uint64_t began = board_instructions();
    const ph_status status = recogniser_run(image, AT(RECOGNISER), recogniser_weights, descriptor);
    took->describe += board_instructions() - began;
    return status;
}

static int32_t detect(ph_hit *faces) { /* [DEVICE_MOST_FACES] */
    ph_cascade_detector detector = {
        .cascade = &cascade_table,
        .min_size = DEVICE_SMALLEST_FACE,
        .max_size = DEVICE_LARGEST_FACE,
        .scale = DEVICE_SCALE,
        .min_deviation = DEVICE_MIN_DEVIATION,
        .min_neighbours = DEVICE_MIN_NEIGHBOURS,
        .scratch = AT(DETECTOR_SCRATCH),
        .scratch_bytes = DEVICE_DETECTOR_SCRATCH_BYTES,
        .hits = AT(HITS),
        .capacity = DEVICE_MOST_HITS,
    };
    int32_t count;
    must(ph_cascade_find(&detector, frame_size, AT(FRAME), DEVICE_MOST_FACES, faces, &count), "detector");
    return count;
}

static void tell_numbers(const char *name, const int32_t *numbers, int32_t count) {
    board_print(name);
    for (int32_t i = 0; i < count; i++) {
        board_print(i ? ", " : "[");
        board_print_number(numbers[i]);
    }
    board_print("]");
}

static void tell_number(const char *name, int64_t number) {
    board_print(name);
    board_print_number(number);
}

static void tell_face(const ph_hit *hit, const ph_face_points *found, const ph_quality *quality,
                      const int16_t *descriptor) {
    const int32_t box[4] = {hit->x, hit->y, hit->side, hit->side};
    tell_numbers("{\"box\": ", box, 4);
    tell_number(", \"neighbours\": ", hit->neighbours);
    tell_number(", \"score\": ", hit->score);
    tell_numbers(", \"points\": ", found->points, 2 * PH_LANDMARKS);
    tell_number(", \"doubt\": ", found->doubt);
    tell_number(", \"sharpness\": ", quality->sharpness);
    tell_number(", \"quality\": ", quality->value);
    tell_number(", \"fault\": ", quality->fault);
    board_print(", \"descriptor\": \"");
    for (int32_t i = 0; i < RECOGNISER_VALUES; i++) {
        board_print_hex((uint16_t)descriptor[i], 4);
    }
    board_print("\"}");
}

static void look(int32_t number, int64_t time) {
    const ph_policy policy = PH_DEFAULT_POLICY;
    instructions took = {0};
    const ph_recogniser recogniser = {
        .context = &took,
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
    ph_hit *faces = AT(FACES);
    const uint64_t began = board_instructions();
    const int32_t count = detect(faces);
    took.detect = board_instructions() - began;
    tell_number("{\"frame\": ", number);
    tell_number(", \"time\": ", time);
    board_print(", \"faces\": [");
    for (int32_t i = 0; i < count; i++) {
        const ph_hit *hit = &faces[i];
        const ph_seen seen = {{hit->x, hit->y, hit->side, hit->side}, hit->neighbours, 0};
        ph_face_points found;
        ph_quality quality;
        int16_t descriptor[RECOGNISER_VALUES];
        const uint64_t start = board_instructions();
        must(ph_look_at(&recogniser, &policy, frame_size, AT(FRAME), &seen, AT(CROP), &found, &quality, descriptor),
             "look");
        took.rest += board_instructions() - start;
        board_print(i ? ", " : "");
        tell_face(hit, &found, &quality, descriptor);
    }
    tell_number("], \"instructions\": {\"detect\": ", (int64_t)took.detect);
    tell_number(", \"landmarks\": ", (int64_t)took.landmarks);
    tell_number(", \"describe\": ", (int64_t)took.describe);
    tell_number(", \"rest\": ", (int64_t)(took.rest ? took.rest - took.landmarks - took.describe : 0));
    board_print("}}\n");
}

int main(void) {
    frames source;
    int64_t time;
    if (frames_open(&source, frame_size) != PH_OK) {
        board_print("frames.bin: not there, or no frames of this size\n");
        return BAD_FRAMES;
    }
    ph_status status;
    for (int32_t number = 0; (status = frames_next(&source, AT(FRAME), &time)) == PH_OK; number++) {
        look(number, time);
    }
    if (status != PH_END) {
        board_print("frames.bin: ends within a frame\n");
        return BAD_FRAMES;
    }
    board_print("{\"stack\": ");
    board_print_number(board_stack_used());
    board_print("}\n");
    return 0;
}
