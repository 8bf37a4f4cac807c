/* A doorbell with a made-up camera, detector and network: a face is where the scene says, and a person is a place on a
   line. Anna lies at 0; known within 10 (squared 100), stranger beyond 30 (900). */
#ifndef PEEPHOLE_TESTS_DOORBELL_SCENE_H
#define PEEPHOLE_TESTS_DOORBELL_SCENE_H

#include "app/doorbell.h"
#include "check.h"
#include "flash_memory.h"

enum { VALUES = 3, PEOPLE = 2, REFERENCES = 3, STRANGERS = 2, LOOKS = 6, WALKS = 3, FACES = 2, SIDE = 16 };
enum { HEIGHT = 120, WIDTH = 160, CROP = 64, POINTS = 32, AREA = 4096, EVENTS = 64 };

static uint8_t flash_bytes[2 * AREA];
static flash_memory flash;
static const ph_gallery_size room = {VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE * SIDE, 40};
static uint64_t tables[(PH_GALLERY_RAM_BYTES(VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS) + 7) / 8];
static ph_gallery gallery;
static const ph_doorbell_size size = {WALKS, FACES, LOOKS, VALUES, PEOPLE, SIDE};
static uint64_t memory[(PH_DOORBELL_RAM_BYTES(WALKS, FACES, LOOKS, VALUES, PEOPLE, SIDE) + 7) / 8];
static uint8_t frame[HEIGHT * WIDTH];
static ph_tilt_scratch tilt_scratch;
static ph_doorbell bell;

static struct {
    int64_t time;
    int32_t faces;
    int16_t person;
    bool over, stalls, blind; /* the source, the camera, the network */
    ph_wake wake;
    int32_t sleeps, door;
    int32_t heard;
    ph_event event[EVENTS];
} scene;

static ph_status next_frame(void *context, uint8_t *grey, int64_t *time) {
    (void)context;
    for (int32_t i = 0; i < HEIGHT * WIDTH; i++) {
        grey[i] = (uint8_t)((i / 3 + i / WIDTH / 3) % 2 ? 200 : 30 + scene.person / 2);
    }
    scene.time += 200;
    *time = scene.time;
    return scene.over ? PH_END : scene.stalls ? PH_BAD_ARGUMENT : PH_OK;
}

static void door(void *context, int32_t open) {
    (void)context;
    scene.door = open;
}

static int64_t now(void *context) {
    (void)context;
    return scene.time;
}

static ph_wake sleep_until(void *context) {
    (void)context;
    scene.sleeps++;
    return scene.wake;
}

static ph_status detect(void *context, ph_image_size image_size, const uint8_t *image, int32_t capacity, ph_hit *faces,
                        int32_t *count) {
    (void)context;
    (void)image;
    CHECK(capacity > 0);
    *count = image_size.width == WIDTH ? scene.faces : 0;
    for (int32_t i = 0; i < *count; i++) {
        faces[i] = (ph_hit){(int16_t)(10 + 70 * i), 20, 60, (int16_t)(90 - i), 1000};
    }
    return PH_OK;
}

static ph_status run_landmarks(void *context, const uint8_t *image, int16_t *points) {
    (void)context;
    (void)image;
    memset(points, 0, 2 * PH_LANDMARKS * sizeof *points);
    return PH_OK;
}

static ph_status describe(void *context, const uint8_t *image, int16_t *descriptor) {
    (void)context;
    (void)image;
    memset(descriptor, 0, VALUES * sizeof *descriptor);
    descriptor[0] = scene.person;
    return scene.blind ? PH_BAD_ARGUMENT : PH_OK;
}

static void tell(void *listener, const ph_event *event) {
    CHECK(listener == &scene && scene.heard < EVENTS);
    scene.event[scene.heard++] = *event;
}

static const ph_port port = {
    .frame_size = {HEIGHT, WIDTH}, .frame = next_frame, .door = door, .time = now, .sleep = sleep_until};
static const ph_detector detector = {NULL, detect};
static const int32_t no_points[2 * PH_LANDMARKS];
static const ph_recogniser recogniser = {.run_landmarks = run_landmarks,
                                         .run_recogniser = describe,
                                         .landmark_template = no_points,
                                         .template_points = no_points,
                                         .landmark_size = POINTS,
                                         .landmark_frac_bits = 12,
                                         .landmark_looks = 1,
                                         .size = CROP,
                                         .values = VALUES};
static const ph_calibration_point points[] = {{500000, 50}, {2000000, 100}, {10000000, 900}};

static inline ph_doorbell_parts parts_of_tests(void) {
    static uint8_t look_scratch[CROP * CROP + (1 << 15)];
    CHECK(ph_look_scratch_bytes(&recogniser) <= sizeof look_scratch);
    return (ph_doorbell_parts){.port = &port,
                               .detector = &detector,
                               .recogniser = &recogniser,
                               .gallery = &gallery,
                               .calibration = {3, points},
                               .policy = PH_DEFAULT_POLICY,
                               .door_open = 2000,
                               .idle_after = 5000,
                               .when_full = PH_WHEN_FULL_REFUSE,
                               .listener = &scene,
                               .tell = tell,
                               .frame = frame,
                               .look_scratch = look_scratch,
                               .tilt_scratch = &tilt_scratch};
}

static inline uint16_t enrol(const char *name, int16_t place) {
    ph_look look = {.quality = {60, 100, 90, 800, PH_FAULT_NONE}};
    int16_t descriptor[VALUES] = {place, 0, 0};
    const ph_looks looks = {VALUES, 1, 1, &look, descriptor};
    uint16_t id = 0;
    CHECK_EQUAL(ph_gallery_add_person(&gallery, name, strlen(name), 0, &looks, PH_SOURCE_PHOTO, &id), PH_OK);
    return id;
}

static inline void power_up(void) {
    const ph_doorbell_parts parts = parts_of_tests();
    memset(&scene, 0, sizeof scene);
    scene.time = 100000;
    scene.wake = PH_WAKE_MOTION;
    flash_memory_begin(&flash, flash_bytes, AREA, 16);
    CHECK_EQUAL(ph_gallery_open(&gallery, &room, 1, tables, sizeof tables, &flash.flash), PH_OK);
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &size, memory, sizeof memory), PH_OK);
}

static inline void steps(int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        CHECK_EQUAL(ph_doorbell_step(&bell), PH_OK);
    }
}

/* Somebody comes, stays for 2 s and goes; then nobody is there for 3.4 s. */
static inline void visit_of(int16_t person) {
    scene.faces = 1;
    scene.person = person;
    steps(10);
    scene.faces = 0;
    steps(17);
}

/* The newest event of a kind; one without a kind that ever was where there is none. */
static inline ph_event last(ph_event_kind kind) {
    int32_t i = scene.heard - 1;
    while (i >= 0 && scene.event[i].kind != kind) {
        i--;
    }
    return i >= 0 ? scene.event[i] : (ph_event){.kind = (ph_event_kind)99, .person = 99, .stranger = 99};
}

static inline int32_t count_of(ph_event_kind kind) {
    int32_t count = 0;
    for (int32_t i = 0; i < scene.heard; i++) {
        count += scene.event[i].kind == kind;
    }
    return count;
}

#endif
