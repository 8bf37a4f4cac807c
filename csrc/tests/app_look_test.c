#include "app/look.h"

#include "app/crop.h"
#include "check.h"

#include <string.h>

enum { SIDE = 200, SMALL = 8, SIZE = 12, VALUES = 4 };

/* Where the template's points lie in a crop of 8x8 of the landmark network, and of 12x12: scaled, in Q8. */
static int32_t small_template[10], template_points[10];

/* Networks that tell the same of every picture, and keep the last one they were shown. */
typedef struct {
    int16_t points[10];
    int32_t looks;
    uint8_t shown[SIZE * SIZE];
    ph_status status;
} networks;

static ph_status tell_points(void *context, const uint8_t *image, int16_t *points) {
    networks *own = context;
    (void)image;
    memcpy(points, own->points, sizeof own->points);
    own->looks++;
    return PH_OK;
}

static ph_status describe(void *context, const uint8_t *image, int16_t *descriptor) {
    networks *own = context;
    memcpy(own->shown, image, sizeof own->shown);
    for (int i = 0; i < VALUES; i++) {
        descriptor[i] = image[i];
    }
    return own->status;
}

static ph_recogniser recogniser_of(networks *own, bool aligned) {
    return (ph_recogniser){.context = own,
                           .run_landmarks = tell_points,
                           .run_recogniser = describe,
                           .landmark_template = small_template,
                           .template_points = template_points,
                           .landmark_size = SMALL,
                           .landmark_frac_bits = 13,
                           .landmark_looks = 2,
                           .size = SIZE,
                           .values = VALUES,
                           .aligned = aligned};
}

static uint8_t *picture(void) {
    uint8_t *frame = allocate(SIDE * SIDE, 1);
    for (int i = 0; i < SIDE * SIDE; i++) {
        frame[i] = (uint8_t)(next_number() >> 24);
    }
    return frame;
}

/* Points in half sides of the landmark network's picture, as the template has them. */
static void as_a_face(networks *own) {
    memset(own, 0, sizeof *own);
    for (int i = 0; i < 10; i++) {
        small_template[i] =
            (ph_template_112[i] - 14208) * SMALL / 112 * 9 / 10 + (SMALL - 1) * 128 - i % 2 * SMALL * 16;
        template_points[i] = (ph_template_112[i] - 14208) * SIZE / 112 + (SIZE - 1) * 128;
        own->points[i] = (int16_t)((small_template[i] - (SMALL - 1) * 128) * 32 / (SMALL / 2));
    }
}

/* All of a look: in buffers of exactly the promised size. */
static ph_quality look(const ph_recogniser *recogniser, const uint8_t *frame, ph_seen seen, uint8_t *crop,
                       ph_face_points *found) {
    static const ph_policy policy = PH_DEFAULT_POLICY;
    uint8_t *scratch = allocate(ph_look_scratch_bytes(recogniser), 1);
    int16_t *descriptor = allocate(VALUES, sizeof *descriptor);
    ph_quality quality;
    CHECK_EQUAL(ph_look_at(recogniser, &policy, (ph_image_size){SIDE, SIDE}, frame, &seen, scratch, found, &quality,
                           descriptor),
                PH_OK);
    memcpy(crop, scratch, SIZE * SIZE);
    CHECK_EQUAL(descriptor[VALUES - 1], crop[VALUES - 1]);
    free(descriptor);
    free(scratch);
    return quality;
}

static void expect_crop(const uint8_t *frame, const int32_t *matrix, const uint8_t *crop) {
    uint8_t expected[SIZE * SIZE];
    CHECK_EQUAL(ph_warp_affine_u8((ph_image_size){SIDE, SIDE}, frame, matrix, (ph_image_size){SIZE, SIZE}, expected),
                PH_OK);
    CHECK(memcmp(crop, expected, sizeof expected) == 0);
}

static void a_face_is_cut_by_its_points(void) {
    networks own;
    as_a_face(&own);
    uint8_t *frame = picture(), crop[SIZE * SIZE];
    const ph_seen seen = {{60, 50, 80, 80}, 120, 0};
    const ph_recogniser aligned = recogniser_of(&own, true), upright = recogniser_of(&own, false);
    ph_face_points found;
    int32_t matrix[6];
    ph_quality quality = look(&aligned, frame, seen, crop, &found);
    CHECK_EQUAL(found.doubt, PH_DOUBT_NONE);
    CHECK_EQUAL(own.looks, 2);
    CHECK_EQUAL(quality.fault, PH_FAULT_NONE);
    CHECK_EQUAL(quality.width, 80);
    CHECK_EQUAL(ph_similarity_fit_s32(found.points, template_points, matrix), PH_OK);
    expect_crop(frame, matrix, crop);
    CHECK(memcmp(own.shown, crop, sizeof crop) == 0);
    /* by the box where the recogniser is for that, though the points are known */
    quality = look(&upright, frame, seen, crop, &found);
    CHECK_EQUAL(quality.fault, PH_FAULT_NONE);
    CHECK_EQUAL(ph_square_matrix(seen.box, SIZE, ph_recogniser_rule, matrix), PH_OK);
    expect_crop(frame, matrix, crop);
    free(frame);
}

static void points_in_doubt(void) {
    networks own;
    as_a_face(&own);
    memset(own.points, 0, sizeof own.points); /* all in the middle */
    uint8_t *frame = picture(), crop[SIZE * SIZE];
    const ph_seen seen = {{60, 50, 80, 80}, 120, 0}, small = {{60, 50, 30, 30}, 120, 0};
    const ph_recogniser aligned = recogniser_of(&own, true), upright = recogniser_of(&own, false);
    ph_face_points found;
    int32_t matrix[6];
    CHECK_EQUAL(look(&aligned, frame, seen, crop, &found).fault, PH_FAULT_UNALIGNED);
    CHECK_EQUAL(found.doubt, PH_DOUBT_ORDER);
    CHECK_EQUAL(own.looks, 1); /* a second one would start from nowhere */
    CHECK_EQUAL(ph_square_matrix(seen.box, SIZE, ph_recogniser_rule, matrix), PH_OK);
    expect_crop(frame, matrix, crop);
    CHECK_EQUAL(look(&aligned, frame, small, crop, &found).fault, PH_FAULT_TOO_SMALL);
    CHECK_EQUAL(look(&upright, frame, seen, crop, &found).fault, PH_FAULT_NONE);
    free(frame);
}

static void a_face_turned_aside(void) {
    networks own;
    as_a_face(&own);
    own.points[4] = (int16_t)(own.points[4] + 3450); /* the nose aside, by little more than 60 degrees */
    uint8_t *frame = picture(), crop[SIZE * SIZE];
    const ph_recogniser upright = recogniser_of(&own, false);
    ph_face_points found;
    const ph_quality quality = look(&upright, frame, (ph_seen){{60, 50, 80, 80}, 120, 0}, crop, &found);
    CHECK_EQUAL(found.doubt, PH_DOUBT_NONE);
    CHECK_EQUAL(quality.fault, PH_FAULT_TURNED);
    free(frame);
}

/* In the frame turned upright the points of a leaning face lie as ever, and its crop shows what lies there. */
static void a_leaning_face(void) {
    networks own;
    as_a_face(&own);
    uint8_t *frame = picture(), crop[SIZE * SIZE];
    const ph_recogniser aligned = recogniser_of(&own, true);
    const ph_seen upright = {{0, 0, 80, 80}, 120, 0}, leaning = {{60, 50, 80, 80}, 120, 30};
    ph_face_points found, leant;
    int32_t inner[6], outer[6], matrix[6];
    look(&aligned, frame, upright, crop, &found);
    look(&aligned, frame, leaning, crop, &leant);
    CHECK_EQUAL(leant.doubt, PH_DOUBT_NONE);
    CHECK(memcmp(found.points, leant.points, sizeof found.points) == 0);
    CHECK_EQUAL(ph_similarity_fit_s32(leant.points, template_points, inner), PH_OK);
    CHECK_EQUAL(ph_turned_matrix(leaning.box, 80, 1, 1, 30, outer), PH_OK);
    CHECK_EQUAL(ph_compose_matrices(outer, inner, matrix), PH_OK);
    expect_crop(frame, matrix, crop);
    free(frame);
}

static void points_of_any_network(void) {
    uint8_t *frame = picture(), crop[SIZE * SIZE];
    for (int round = 0; round < 2000; round++) {
        networks own;
        as_a_face(&own);
        for (int i = 0; i < 10; i++) {
            const int16_t number = (int16_t)next_number();
            own.points[i] = round % 2 ? number : (int16_t)(own.points[i] + number % 999);
        }
        ph_recogniser recogniser = recogniser_of(&own, round % 3);
        recogniser.landmark_frac_bits = round % 5 ? 13 : 0;
        const int16_t side = (int16_t)(round % 7 ? 24 + next_number() % 200 : 8000);
        const ph_seen seen = {
            {(int16_t)(next_number() % 16384), (int16_t)(next_number() % 16384), side, side}, 9, round % 121 - 60};
        ph_face_points found;
        look(&recogniser, frame, seen, crop, &found);
        CHECK(found.doubt <= PH_DOUBT_SHAPE);
    }
    free(frame);
}

static void refusals(void) {
    networks own;
    as_a_face(&own);
    static const ph_policy policy = PH_DEFAULT_POLICY;
    uint8_t *frame = picture(), scratch[SIZE * SIZE + PH_SHARPNESS_SCRATCH];
    int16_t descriptor[VALUES];
    const ph_image_size size = {SIDE, SIDE};
    ph_recogniser recogniser = recogniser_of(&own, true);
    ph_seen seen = {{60, 50, 0, 80}, 120, 0};
    ph_face_points found;
    ph_quality quality;
    CHECK_EQUAL(ph_look_scratch_bytes(&recogniser), sizeof scratch);
    CHECK_EQUAL(ph_look_at(&recogniser, &policy, size, frame, &seen, scratch, &found, &quality, descriptor),
                PH_BAD_SHAPE);
    seen.box.width = 80;
    own.status = PH_BAD_ARGUMENT; /* what a network refuses is told */
    CHECK_EQUAL(ph_look_at(&recogniser, &policy, size, frame, &seen, scratch, &found, &quality, descriptor),
                PH_BAD_ARGUMENT);
    recogniser.landmark_frac_bits = 16;
    CHECK_EQUAL(ph_look_scratch_bytes(&recogniser), 0);
    CHECK_EQUAL(ph_look_at(&recogniser, &policy, size, frame, &seen, scratch, &found, &quality, descriptor),
                PH_BAD_SHAPE);
    free(frame);
}

int main(void) {
    a_face_is_cut_by_its_points();
    points_in_doubt();
    a_face_turned_aside();
    a_leaning_face();
    points_of_any_network();
    refusals();
    FINISH();
}
