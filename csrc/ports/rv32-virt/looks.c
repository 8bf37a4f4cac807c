/* Looks at every frame and tells what it saw, a line of JSON a frame: the faces that the detector finds, their five
   points, how good each look is, their descriptors, and how many instructions it took.

   No decisions and nobody kept: this is what the port's bits and counts are compared by. */
#include "looks.h"

#include "board.h"
#include "console.h"
#include "firmware/memory.h"
#include "networks.h"
#include "recogniser.h"

static void tell_numbers(const char *name, const int32_t *numbers, int32_t count) {
    board_print(name);
    for (int32_t i = 0; i < count; i++) {
        board_print(i ? ", " : "[");
        board_print_number(numbers[i]);
    }
    board_print("]");
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

static void look(int32_t number, int64_t time, ph_image_size size) {
    const ph_policy policy = PH_DEFAULT_POLICY;
    ph_hit *faces = AT(FACES);
    int32_t count;
    uint64_t all = 0;
    ph_sight_cost_now = (ph_sight_cost){0};
    const ph_detector *detector = ph_sight_detector();
    must(detector->detect(detector->context, size, AT(FRAME), DEVICE_MOST_FACES, faces, &count), "detector");
    tell_number("{\"frame\": ", number);
    tell_number(", \"time\": ", time);
    board_print(", \"faces\": [");
    for (int32_t i = 0; i < count; i++) {
        const ph_hit *hit = &faces[i];
        const ph_seen seen = {{hit->x, hit->y, hit->side, hit->side}, hit->neighbours, 0};
        ph_face_points found;
        ph_quality quality;
        int16_t descriptor[RECOGNISER_VALUES];
        const uint64_t began = board_instructions();
        must(ph_look_at(ph_sight_recogniser(), &policy, size, AT(FRAME), &seen, AT(CROP), &found, &quality, descriptor),
             "look");
        all += board_instructions() - began;
        board_print(i ? ", " : "");
        tell_face(hit, &found, &quality, descriptor);
    }
    const ph_sight_cost took = ph_sight_cost_now;
    tell_number("], \"instructions\": {\"detect\": ", (int64_t)took.detect);
    tell_number(", \"landmarks\": ", (int64_t)took.landmarks);
    tell_number(", \"describe\": ", (int64_t)took.describe);
    tell_number(", \"rest\": ", (int64_t)(all - took.landmarks - took.describe));
    board_print("}}\n");
}

ph_status tell_looks(frames *source) {
    int64_t time;
    ph_status status;
    must(ph_sight_open(&networks, source->size), "the plan of memory");
    for (int32_t number = 0; (status = frames_next(source, AT(FRAME), &time)) == PH_OK; number++) {
        look(number, time, source->size);
    }
    return status == PH_END ? PH_OK : status;
}
