#include "app/tilt.h"

#include "check.h"

#include <string.h>

enum { HEIGHT = 240, WIDTH = 320 };

/* A detector that sees a face of this side around the middle of what is bright. */
typedef struct {
    int16_t side;
    int16_t neighbours;
    int32_t calls;
    int32_t only; /* call in which it sees anything; -1: any */
} bright_detector;

static ph_status see_what_is_bright(void *context, ph_image_size size, const uint8_t *image, int32_t capacity,
                                    ph_hit *faces, int32_t *count) {
    bright_detector *detector = context;
    int32_t x = 0, y = 0, bright = 0;
    for (int32_t i = 0; i < size.height * size.width; i++) {
        if (image[i] > 128) {
            x += i % size.width;
            y += i / size.width;
            bright++;
        }
    }
    *count = 0;
    CHECK(capacity >= 1);
    if (bright > 0 && (detector->only < 0 || detector->only == detector->calls)) {
        faces[0] = (ph_hit){(int16_t)(x / bright - detector->side / 2), (int16_t)(y / bright - detector->side / 2),
                            detector->side, detector->neighbours, 1};
        *count = 1;
    }
    detector->calls++;
    return PH_OK;
}

static uint8_t *spot_at(int32_t x, int32_t y) {
    uint8_t *frame = allocate(HEIGHT * WIDTH, 1);
    memset(frame, 0, HEIGHT * WIDTH);
    for (int32_t row = y - 3; row < y + 3; row++) {
        memset(frame + row * WIDTH + x - 3, 255, 6);
    }
    return frame;
}

static bool look(bright_detector what, int32_t x, int32_t y, int32_t tilt, int32_t count, const ph_box *others,
                 ph_seen *seen) {
    const ph_box last = {100, 80, 60, 60};
    const ph_detector detector = {&what, see_what_is_bright};
    ph_tilt_scratch *scratch = allocate(1, sizeof *scratch);
    uint8_t *frame = spot_at(x, y);
    bool there = false;
    CHECK_EQUAL(
        ph_look_for(&detector, (ph_image_size){HEIGHT, WIDTH}, frame, last, tilt, count, others, scratch, &there, seen),
        PH_OK);
    free(frame);
    free(scratch);
    return there;
}

static int32_t off(int32_t a, int32_t b) {
    return a < b ? b - a : a - b;
}

static void the_place_leads_back_to_the_frame(void) {
    const bright_detector face = {80, 9, 0, -1};
    for (int32_t tilt = -60; tilt <= 60; tilt += 10) {
        ph_seen seen;
        CHECK(look(face, 130, 110, tilt, 0, NULL, &seen));
        CHECK_EQUAL(seen.box.width, 60); /* 80 of the copy's pixels */
        CHECK(off(seen.box.x, 100) <= 2 && off(seen.box.y, 80) <= 2);
        CHECK(look(face, 150, 95, tilt, 0, NULL, &seen));
        CHECK(off(seen.box.x, 120) <= 2 && off(seen.box.y, 65) <= 2);
    }
}

static void what_cannot_be_the_same_face(void) {
    const bright_detector face = {80, 9, 0, -1}, small = {49, 9, 0, -1}, large = {129, 9, 0, -1}, none = {80, 9, 0, 9};
    const ph_box other = {100, 80, 60, 60};
    ph_seen seen;
    CHECK(look(face, 130, 110, 20, 0, NULL, &seen));
    CHECK(!look(face, 130, 110, 20, 1, &other, &seen));
    CHECK(!look(face, 170, 110, 20, 0, NULL, &seen));
    const bright_detector smallest = {51, 9, 0, -1}, largest = {128, 9, 0, -1}; /* 38 and 96 of 60 pixels */
    CHECK(look(smallest, 130, 110, 20, 0, NULL, &seen));
    CHECK(look(largest, 130, 110, 20, 0, NULL, &seen));
    CHECK(!look(small, 130, 110, 20, 0, NULL, &seen));
    CHECK(!look(large, 130, 110, 20, 0, NULL, &seen));
    CHECK(!look(none, 130, 110, 20, 0, NULL, &seen));
}

static void its_tilt(void) {
    bright_detector face = {80, 9, 0, 0};
    ph_seen seen;
    CHECK(look(face, 130, 110, 20, 0, NULL, &seen));
    CHECK_EQUAL(seen.tilt, 20);
    face.only = 1; /* upright is not looked for, so the second copy is a step further */
    CHECK(look(face, 130, 110, 20, 0, NULL, &seen));
    CHECK_EQUAL(seen.tilt, 40);
    face.only = -1;
    CHECK(look(face, 130, 110, 20, 0, NULL, &seen));
    CHECK_EQUAL(seen.tilt, 30); /* seen at both alike */
    CHECK(look(face, 130, 110, -55, 0, NULL, &seen));
    CHECK_EQUAL(seen.tilt, -45); /* -75 is beyond what is looked for */
}

static void straightened(void) {
    const struct {
        int32_t upright, tilt, turned, expected;
    } cases[] = {{4, 0, 9, 20}, {9, 0, 9, 0}, {23, 0, 30, 20}, {24, 0, 30, 0}, {4, 15, 9, 15}};
    uint8_t *frame = spot_at(130, 110);
    ph_tilt_scratch *scratch = allocate(1, sizeof *scratch);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bright_detector what = {80, (int16_t)cases[i].turned, 0, 1};
        const ph_detector detector = {&what, see_what_is_bright};
        ph_seen seen = {{100, 80, 60, 60}, cases[i].upright, cases[i].tilt};
        CHECK_EQUAL(ph_straighten(&detector, (ph_image_size){HEIGHT, WIDTH}, frame, scratch, &seen), PH_OK);
        CHECK_EQUAL(seen.tilt, cases[i].expected);
    }
    free(scratch);
    free(frame);
}

static ph_status see_anything(void *context, ph_image_size size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                              int32_t *count) {
    (void)context;
    (void)size;
    (void)image;
    for (int32_t i = 0; i < capacity; i++) {
        const uint32_t number = next_number();
        faces[i] = (ph_hit){(int16_t)number, (int16_t)(number >> 16), (int16_t)next_number(),
                            (int16_t)(next_number() >> 17), 1};
        if (i % 2) {
            faces[i] = (ph_hit){60, 60, 80, INT16_MAX, 1};
        }
    }
    *count = capacity;
    return next_number() % 50 ? PH_OK : PH_BAD_ARGUMENT;
}

/* Whatever a detector says and wherever the face was. */
static void nothing_overflows(void) {
    const ph_detector detector = {NULL, see_anything};
    ph_tilt_scratch *scratch = allocate(1, sizeof *scratch);
    uint8_t *frame = spot_at(9, 9);
    for (int round = 0; round < 60; round++) {
        const int16_t side = round % 3   ? (int16_t)(1 + next_number() % 400)
                             : round % 2 ? INT16_MAX
                                         : (int16_t)next_number();
        const ph_box last = {(int16_t)next_number(), (int16_t)next_number(), side, side};
        bool there;
        ph_seen seen = {{0, 0, 0, 0}, 0, 0};
        const ph_status status = ph_look_for(&detector, (ph_image_size){9, 9}, frame, last,
                                             (int32_t)(next_number() % 200) - 100, 0, NULL, scratch, &there, &seen);
        CHECK(status == PH_OK ? !there || (seen.tilt >= -PH_MOST_TILT && seen.tilt <= PH_MOST_TILT) : !there);
    }
    free(frame);
    free(scratch);
}

static void matrices(void) {
    int32_t matrix[6] = {7};
    const int32_t upright[6] = {65536, 0, 10 << 16, 0, 65536, 20 << 16};
    const int32_t quarter[6] = {0, -65536, 73 << 16, 65536, 0, 20 << 16};
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 64, 1, 1, 0, matrix), PH_OK);
    CHECK(memcmp(matrix, upright, sizeof matrix) == 0);
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 64, 1, 1, 90, matrix), PH_OK);
    CHECK(memcmp(matrix, quarter, sizeof matrix) == 0);
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 0, 1, 1, 0, matrix), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 64, 0, 1, 0, matrix), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 64, 1, 0, 0, matrix), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 64, 1, 1, 91, matrix), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_turned_matrix((ph_box){10, 20, 64, 64}, 64, 1, 1, INT32_MIN, matrix), PH_BAD_ARGUMENT);
    for (int32_t degrees = -90; degrees <= 90; degrees++) { /* the ends of every range, for the sanitizer */
        const int16_t end = degrees % 2 ? INT16_MAX : INT16_MIN;
        const ph_status status = ph_turned_matrix((ph_box){end, end, INT16_MAX, INT16_MAX}, 32767, 32767,
                                                  degrees % 3 ? 32767 : 1, degrees, matrix);
        CHECK(status == PH_OK || status == PH_BAD_ARGUMENT);
    }
}

static void the_surest_of_overlapping_faces(void) {
    ph_seen faces[4] = {{{101, 74, 90, 90}, 6, 0}, /* the chin */
                        {{10, 40, 60, 60}, 5, 0},
                        {{100, 40, 92, 92}, 50, 0},
                        {{9, 41, 60, 60}, 5, 0}}; /* as sure as the second, and further left */
    CHECK_EQUAL(ph_keep_distinct(4, faces), 2);
    CHECK_EQUAL(faces[0].box.y, 40);
    CHECK_EQUAL(faces[1].box.x, 9);
    CHECK_EQUAL(ph_keep_distinct(0, faces), 0);
    CHECK(ph_same_place((ph_box){0, 0, 13, 10}, (ph_box){7, 0, 13, 10})); /* 60 of 200 */
    CHECK(!ph_same_place((ph_box){0, 0, 13, 10}, (ph_box){8, 0, 13, 10}));
    CHECK(ph_same_place((ph_box){INT16_MIN, INT16_MIN, INT16_MAX, INT16_MAX},
                        (ph_box){INT16_MIN, INT16_MIN, INT16_MAX, INT16_MAX}));
}

int main(void) {
    the_place_leads_back_to_the_frame();
    what_cannot_be_the_same_face();
    its_tilt();
    straightened();
    nothing_overflows();
    matrices();
    the_surest_of_overlapping_faces();
    FINISH();
}
