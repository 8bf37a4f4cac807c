/* Scenes with a made-up detector and network: a face is a place, and a person lies on a line. Anna is at 0. */
#include "app/watch.h"

#include "check.h"

#include <string.h>

enum { WALKS = 4, KEEP = 5, VALUES = 2, FACES = 3 };

static ph_walk walks[WALKS];
static ph_look look_memory[WALKS][KEEP];
static int16_t descriptor_memory[WALKS][KEEP * VALUES];
static ph_walk *order[WALKS];
static ph_seen face_memory[FACES];
static ph_box box_memory[FACES];
static ph_walk *placed_memory[2 * FACES];
static ph_walk *view_memory[FACES];
static ph_walk *list_memory[WALKS];
static uint64_t scratch[64];
static ph_watch watch;
static ph_policy policy = PH_DEFAULT_POLICY;
static const int16_t anna[] = {0, 0};
static const uint16_t owner[] = {0};
static const ph_known_faces known = {.people = {VALUES, 1, owner, anna},
                                     .people_owners = 1,
                                     .bars = {.known = 100, .stranger = 900, .same_stranger = 50, .margin = 20}};

/* What is to be seen, and what was heard. */
static struct {
    int32_t count;
    ph_seen face[FACES];
    int16_t person[FACES];
    bool leans; /* what the detector finds at once is nothing, and turned copies show the first face */
    bool disk_full;
    ph_status fails; /* of looks */
    uint32_t visits;
    int32_t looks, began, decided, told, saved, ended, kept, merged;
    ph_kind kind;
    int32_t faces; /* of the last visit that ended */
} scene;

static ph_status find(void *context, int32_t capacity, ph_seen *faces, int32_t *count) {
    (void)context;
    *count = scene.leans ? 0 : scene.count < capacity ? scene.count : capacity;
    memcpy(faces, scene.face, (size_t)*count * sizeof *faces);
    return PH_OK;
}

static ph_status look_for(void *context, ph_box last, int32_t tilt, int32_t count, const ph_box *others, bool *there,
                          ph_seen *seen) {
    (void)context;
    (void)others;
    CHECK(last.width == 60 && count <= FACES);
    *there = scene.leans;
    *seen = (ph_seen){scene.face[0].box, 30, tilt + PH_TILT_STEP};
    return PH_OK;
}

static ph_status straighten(void *context, ph_seen *seen) {
    (void)context;
    CHECK(seen->box.width == 60);
    return PH_OK;
}

static ph_status look_at(void *context, const ph_seen *seen, ph_look *look, const int16_t **descriptor) {
    static int16_t described[VALUES];
    (void)context;
    for (int32_t i = 0; i < scene.count; i++) {
        if (scene.face[i].box.x == seen->box.x) {
            described[0] = scene.person[i];
        }
    }
    look->quality = (ph_quality){60, 100, 50, 500, PH_FAULT_NONE};
    look->picture = (uint32_t)++scene.looks;
    *descriptor = described;
    return scene.fails;
}

static ph_status kept(void *context, ph_walk *walk) {
    (void)context;
    CHECK(walk->looks.look[walk->looks.count - 1].picture == (uint32_t)scene.looks);
    scene.kept++;
    return PH_OK;
}

static ph_status merged(void *context, ph_walk *into, ph_walk *walk) {
    (void)context;
    CHECK(into->number < walk->number);
    scene.merged++;
    return PH_OK;
}

static ph_status began(void *context, ph_walk *walk) {
    (void)context;
    walk->visit = ++scene.visits;
    scene.began++;
    return PH_OK;
}

static ph_status decided(void *context, ph_walk *walk) {
    (void)context;
    scene.decided++;
    scene.kind = walk->decision.kind;
    scene.told += ph_walk_is_news(walk, walk->decision.kind == PH_KNOWN ? 7 : 0, 0);
    return PH_OK;
}

static ph_status save(void *context, ph_walk *walk, bool *saved) {
    (void)context;
    CHECK(walk->decided);
    *saved = !scene.disk_full;
    scene.saved++;
    return PH_OK;
}

static ph_status ended(void *context, ph_walk *walk) {
    (void)context;
    scene.ended++;
    scene.faces = walk->faces;
    return PH_OK;
}

static const ph_watch_calls calls = {NULL,   find,  look_for, straighten, look_at, kept,
                                     merged, began, decided,  save,       ended};

static void open_watch(void) {
    memset(&scene, 0, sizeof scene);
    policy.keep_looks = KEEP;
    for (int32_t i = 0; i < WALKS; i++) {
        walks[i].looks = (ph_looks){VALUES, KEEP, 0, look_memory[i], descriptor_memory[i]};
        order[i] = &walks[i];
    }
    watch = (ph_watch){{WALKS, 0, 0, order}, PH_NEVER, FACES,       face_memory, box_memory,
                       placed_memory,        0,        view_memory, list_memory, scratch};
    CHECK(ph_voting_scratch_bytes(1, KEEP) <= sizeof scratch);
}

static void show(int32_t number, int16_t x, int16_t person) {
    scene.face[number] = (ph_seen){{x, 100, 60, 60}, 50, 0};
    scene.person[number] = person;
    scene.count = number + 1;
}

static void frames(int32_t count, int64_t from) {
    for (int32_t i = 0; i < count; i++) {
        CHECK_EQUAL(ph_watch_frame(&watch, &policy, &known, &calls, from + 200 * i), PH_OK);
    }
}

static void a_visit_of_somebody_known(void) {
    open_watch();
    show(0, 100, 3);
    frames(1, 1000);
    CHECK(scene.began == 0 && watch.count == 1);
    frames(7, 1200);
    CHECK(scene.began == 1 && scene.told == 1 && scene.kind == PH_KNOWN);
    CHECK_EQUAL(scene.kept, 5); /* all that there is room for; then looks are rarer, and no better */
    CHECK_EQUAL(scene.decided, 4);
    CHECK_EQUAL(scene.saved, 4); /* with every look from the second on */
    frames(1, 2900);
    CHECK_EQUAL(scene.saved, 5); /* and after a second */
    scene.count = 0;
    frames(1, 5900);
    CHECK_EQUAL(scene.ended, 0);
    frames(1, 5901);
    CHECK(scene.ended == 1 && scene.faces == 9 && watch.tracker.count == 0 && watch.count == 0);
}

static void a_flicker_is_no_visit(void) {
    open_watch();
    show(0, 100, 3);
    frames(1, 0);
    scene.count = 0;
    frames(10, 200);
    CHECK(scene.began == 0 && scene.ended == 0 && watch.tracker.count == 0);
}

static void a_leaning_head_is_followed(void) {
    open_watch();
    show(0, 100, 3);
    frames(3, 0);
    scene.leans = true;
    frames(1, 600);
    CHECK(watch.count == 1 && watch.view[0]->tilt == PH_TILT_STEP && watch.view[0]->faces == 4);
}

static void somebody_else_after_a_blink_is_another_visit(void) {
    open_watch();
    show(0, 100, 3);
    frames(5, 0);
    show(0, 100, 90);
    frames(5, 1700);
    CHECK(scene.began == 2 && scene.kind == PH_STRANGER && scene.told == 2);
    CHECK_EQUAL(watch.tracker.count, 2);
}

static void a_face_that_jumps_is_the_same_visit(void) {
    open_watch();
    show(0, 100, 3);
    frames(5, 0);
    show(0, 300, 4);
    frames(3, 1000);
    CHECK(scene.began == 1 && watch.tracker.count == 1 && watch.view[0]->faces == 8);
    CHECK_EQUAL(scene.merged, 0); /* it never was a walk of its own */
    show(0, 500, 4);
    scene.fails = PH_BAD_ARGUMENT; /* nothing known of the first face at the new place */
    CHECK_EQUAL(ph_watch_frame(&watch, &policy, &known, &calls, 1600), PH_BAD_ARGUMENT);
    CHECK_EQUAL(watch.tracker.count, 1);
}

static void two_walks_of_one_person_merge(void) {
    open_watch();
    show(0, 100, 3);
    frames(5, 0);
    show(0, 300, 80); /* at first like nobody */
    frames(1, 1200);
    CHECK_EQUAL(watch.tracker.count, 2);
    show(0, 300, 13); /* then like Anna, if not so unlike the first look that it would be somebody else's */
    watch.tracker.walk[1]->looks.count = 0;
    frames(1, 1400);
    CHECK(scene.merged == 1 && watch.tracker.count == 1 && scene.began == 1);
    CHECK_EQUAL(watch.view[0]->faces, 7);
}

/* Two who are alike and one who is not; then one of the two stands where the third was, and the other is gone. */
static void a_walk_that_others_were_placed_on_merges(void) {
    for (int32_t swapped = 0; swapped < 2; swapped++) {
        open_watch();
        policy.opening_faces = 100;
        show(0, 100, 0);
        show(1, 300, 60);
        show(2, 500, 63);
        frames(2, 0);
        CHECK(watch.tracker.count == 3 && scene.merged == 0);
        show(swapped, 100, 63);
        show(1 - swapped, 500, 63);
        scene.count = 2;
        frames(1, 400);
        CHECK_EQUAL(scene.merged, 1);
        CHECK_EQUAL(watch.count, 2);
        for (int32_t i = 0; i < watch.count; i++) {
            CHECK(watch.view[i] == watch.tracker.walk[0] || watch.view[i] == watch.tracker.walk[1] ||
                  (watch.tracker.count == 3 && watch.view[i] == watch.tracker.walk[2]));
        }
        policy.opening_faces = 2;
    }
}

/* A walk is followed without a look, and then merges because of what is seen at another place. */
static void a_walk_in_view_that_merges_is_in_view_no_more(void) {
    open_watch();
    policy.opening_faces = 100;
    show(0, 100, 0);
    frames(1, 0);
    show(1, 300, 60);
    show(2, 500, 63);
    frames(1, 60);
    CHECK_EQUAL(watch.tracker.count, 3);
    ph_walk *const alike = watch.tracker.walk[1];
    show(0, 500, 63);
    show(1, 100, 63); /* crossed from the first walk to the third, which the second continues */
    frames(1, 120);
    CHECK(scene.merged == 1 && watch.count == 1 && watch.view[0] == alike);
    policy.opening_faces = 2;
}

static void more_faces_than_walks(void) {
    open_watch();
    watch.tracker.capacity = 2;
    show(0, 100, 3);
    show(1, 300, 60);
    show(2, 500, 120);
    frames(3, 0);
    CHECK(watch.count == 2 && scene.began == 2);
    watch.capacity = 1;
    frames(1, 600);
    CHECK_EQUAL(watch.count, 1);
}

static void what_cannot_be_saved_is_tried_again(void) {
    open_watch();
    scene.disk_full = true;
    show(0, 100, 3);
    frames(9, 0);
    CHECK(scene.saved == 8 && scene.decided == 8 && scene.told == 1);
    scene.disk_full = false;
    frames(2, 1800);
    CHECK_EQUAL(scene.saved, 9);
    ph_watch_decide_again(&watch);
    frames(1, 2200);
    CHECK(scene.saved == 10 && scene.told == 1);
}

static void a_clock_set_back_ends_visits(void) {
    open_watch();
    show(0, 100, 3);
    frames(5, 90000);
    bool set_back = true;
    CHECK_EQUAL(ph_watch_set_clock(&watch, &policy, &calls, 87800, &set_back), PH_OK);
    CHECK(!set_back && scene.ended == 0);
    CHECK_EQUAL(ph_watch_set_clock(&watch, &policy, &calls, 87799, &set_back), PH_OK);
    CHECK(set_back && scene.ended == 1 && watch.time == 87799);
    frames(5, 87799);
    CHECK_EQUAL(ph_watch_end_all(&watch, &calls), PH_OK);
    CHECK(scene.ended == 2 && watch.tracker.count == 0);
}

int main(void) {
    a_visit_of_somebody_known();
    a_flicker_is_no_visit();
    a_leaning_head_is_followed();
    somebody_else_after_a_blink_is_another_visit();
    a_face_that_jumps_is_the_same_visit();
    two_walks_of_one_person_merge();
    a_walk_that_others_were_placed_on_merges();
    a_walk_in_view_that_merges_is_in_view_no_more();
    more_faces_than_walks();
    what_cannot_be_saved_is_tried_again();
    a_clock_set_back_ends_visits();
    FINISH();
}
