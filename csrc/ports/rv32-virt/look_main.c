/* Looks at every frame of frames.bin and tells on the serial line what it saw, a line of JSON a frame: the faces that
   the detector finds, their five points, their descriptors, and how many instructions each took.

   No decisions and nobody kept: this is what the port's bits and counts are compared by. */
#include "board.h"

#include "cascade_table.h"
#include "device_memory.h"
#include "landmarks.h"
#include "peephole/cascade.h"
#include "peephole/similarity.h"
#include "peephole/warp.h"
#include "recogniser.h"

#define BAD_FRAMES 4 /* exit codes */
#define REFUSED 5

/* Where weights.bin holds them; whose parts lie where is only for the programs themselves to know. */
extern const uint8_t recogniser_weights[RECOGNISER_WEIGHTS_BYTES], landmarks_weights[LANDMARKS_WEIGHTS_BYTES];

/* Everything that is not on the stack; who lies where, and when, is the plan of device_memory.h. */
static uint8_t memory[DEVICE_MEMORY_BYTES] __attribute__((aligned(16)));

#define AT(part) ((void *)(memory + DEVICE_##part##_AT))

typedef struct {
    int32_t magic, width, height; /* PPF1; of every frame */
} frames_header;

typedef struct {
    uint64_t read, detect, landmarks, describe;
} instructions;

static uint64_t since(uint64_t *began) {
    const uint64_t now = board_instructions(), count = now - *began;
    *began = now;
    return count;
}

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

/* round(numerator / denominator * 2^16), halves upwards; denominator > 0. */
static int32_t q16(int64_t numerator, int64_t denominator) {
    const int64_t dividend = 2 * 65536 * numerator + denominator, divisor = 2 * denominator;
    return (int32_t)(dividend / divisor - (dividend % divisor < 0));
}

/* The matrix of the square of 5/4 of a detector's box around its centre, as vision/crop.py: exact, rounded once. */
static void first_look(const ph_hit *box, int32_t size, int32_t *matrix) { /* [2,3] Q16 */
    const int64_t side = box->side;
    const int32_t step = q16(5 * side, 4 * size);
    /* centre - (size - 1) / 2 * step over the common denominator 8 * size */
    matrix[0] = matrix[4] = step;
    matrix[1] = matrix[3] = 0;
    matrix[2] = q16(4 * size * (2 * box->x + side - 1) - 5 * side * (size - 1), 8 * size);
    matrix[5] = q16(4 * size * (2 * box->y + side - 1) - 5 * side * (size - 1), 8 * size);
}

static void find_points(const int32_t *matrix, int32_t *points) { /* [2,3] Q16, [5,2] Q8 */
    const ph_image_size frame = {DEVICE_FRAME_HEIGHT, DEVICE_FRAME_WIDTH};
    const ph_image_size window = {LANDMARKS_HEIGHT, LANDMARKS_WIDTH};
    int16_t told[LANDMARKS_VALUES];
    must(ph_warp_affine_u8(frame, AT(FRAME), matrix, window, AT(LANDMARK_WINDOW)), "landmark window");
    must(landmarks_run(AT(LANDMARK_WINDOW), AT(LANDMARKS), landmarks_weights, told), "landmarks");
    must(ph_warp_points_s16(LANDMARKS_WIDTH, DEVICE_LANDMARKS_FRAC_BITS, told, matrix, points), "points");
}

static int32_t detect(ph_hit *hits) {
    const ph_cascade_search search = {DEVICE_FRAME_HEIGHT, DEVICE_FRAME_WIDTH, DEVICE_SMALLEST_FACE,
                                      DEVICE_LARGEST_FACE, DEVICE_SCALE,       DEVICE_MIN_DEVIATION};
    int32_t count = 0;
    must(ph_cascade_detect(&cascade_table, &search, AT(FRAME), AT(DETECTOR_SCRATCH), DEVICE_HITS, hits, &count),
         "detector");
    count = count < DEVICE_HITS ? count : DEVICE_HITS;
    must(ph_cascade_group(DEVICE_MIN_NEIGHBOURS, AT(GROUPING_SCRATCH), hits, &count), "grouping");
    return count;
}

/* Cuts the faces of a frame, aligned by their points, into `faces`, while the frame is there. */
static void cut(int32_t count, const ph_hit *hits, int32_t *points, uint8_t *faces) { /* [n,5,2] Q8, [n,H,W] */
    const ph_image_size frame = {DEVICE_FRAME_HEIGHT, DEVICE_FRAME_WIDTH};
    const ph_image_size face = {RECOGNISER_HEIGHT, RECOGNISER_WIDTH};
    for (int32_t i = 0; i < count; i++, points += 2 * PH_LANDMARKS, faces += face.height * face.width) {
        int32_t matrix[6];
        first_look(&hits[i], LANDMARKS_WIDTH, matrix);
        find_points(matrix, points);
        must(ph_similarity_fit_s32(points, device_landmark_template, matrix), "second look");
        find_points(matrix, points);
        must(ph_similarity_fit_s32(points, device_face_template, matrix), "alignment");
        must(ph_warp_affine_u8(frame, AT(FRAME), matrix, face, faces), "face");
    }
}

static void tell_numbers(const char *name, const int32_t *numbers, int32_t count) {
    board_print(name);
    for (int32_t i = 0; i < count; i++) {
        board_print(i ? ", " : "[");
        board_print_number(numbers[i]);
    }
    board_print("]");
}

static void tell_face(const ph_hit *hit, const int32_t *points, const int16_t *descriptor) {
    const int32_t box[4] = {hit->x, hit->y, hit->side, hit->side};
    tell_numbers("{\"box\": ", box, 4);
    board_print(", \"neighbours\": ");
    board_print_number(hit->neighbours);
    board_print(", \"score\": ");
    board_print_number(hit->score);
    tell_numbers(", \"points\": ", points, 2 * PH_LANDMARKS);
    board_print(", \"descriptor\": \"");
    for (int32_t i = 0; i < RECOGNISER_VALUES; i++) {
        board_print_hex((uint16_t)descriptor[i], 4);
    }
    board_print("\"}");
}

static void tell_count(const char *name, uint64_t count) {
    board_print(name);
    board_print_number((int64_t)count);
}

static void look(int32_t number, int64_t time) {
    ph_hit *hits = AT(HITS);
    int32_t *points = AT(POINTS);
    uint8_t *faces = AT(FACES);
    int16_t *descriptors = AT(DESCRIPTORS);
    instructions took;
    uint64_t began = board_instructions();
    const int32_t found = detect(hits), count = found < DEVICE_FACES ? found : DEVICE_FACES;
    took.detect = since(&began);
    cut(count, hits, points, faces);
    took.landmarks = since(&began);
    for (int32_t i = 0; i < count; i++) {
        must(recogniser_run(faces + i * RECOGNISER_HEIGHT * RECOGNISER_WIDTH, AT(RECOGNISER), recogniser_weights,
                            descriptors + i * RECOGNISER_VALUES),
             "recogniser");
    }
    took.describe = since(&began);
    tell_count("{\"frame\": ", (uint64_t)number);
    board_print(", \"time\": ");
    board_print_number(time);
    tell_count(", \"found\": ", (uint64_t)found);
    board_print(", \"faces\": [");
    for (int32_t i = 0; i < count; i++) {
        board_print(i ? ", " : "");
        tell_face(&hits[i], points + 2 * PH_LANDMARKS * i, descriptors + i * RECOGNISER_VALUES);
    }
    tell_count("], \"instructions\": {\"detect\": ", took.detect);
    tell_count(", \"landmarks\": ", took.landmarks);
    tell_count(", \"describe\": ", took.describe);
    board_print("}}\n");
}

int main(void) {
    frames_header header;
    int64_t time;
    const int32_t file = board_open("frames.bin");
    if (file < 0 || board_read(file, &header, sizeof header) != (int32_t)sizeof header ||
        header.magic != DEVICE_FRAMES_MAGIC || header.width != DEVICE_FRAME_WIDTH ||
        header.height != DEVICE_FRAME_HEIGHT) {
        board_print("frames.bin: not there, or no frames of this size\n");
        return BAD_FRAMES;
    }
    for (int32_t number = 0; board_read(file, &time, sizeof time) == (int32_t)sizeof time; number++) {
        const int32_t bytes = DEVICE_FRAME_HEIGHT * DEVICE_FRAME_WIDTH;
        if (board_read(file, AT(FRAME), bytes) != bytes) {
            board_print("frames.bin: ends within a frame\n");
            return BAD_FRAMES;
        }
        look(number, time);
    }
    board_print("{\"stack\": ");
    board_print_number(board_stack_used());
    board_print("}\n");
    return 0;
}
