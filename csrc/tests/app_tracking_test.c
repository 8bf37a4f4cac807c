#include "app/tracking.h"

#include "check.h"

#include <string.h>

enum { WALKS = 3, KEEP = 3, VALUES = 2 };

static ph_walk walks[WALKS];
static ph_look look_memory[WALKS][KEEP];
static int16_t descriptor_memory[WALKS][KEEP * VALUES];
static ph_walk *order[WALKS];
static ph_tracker tracker;
static ph_policy policy = PH_DEFAULT_POLICY;
static const ph_bars bars = {.known = 100, .stranger = 900, .same_stranger = 50, .margin = 20};

static void empty_view(void) {
    policy.keep_looks = KEEP;
    policy.longest = 100000;
    for (int32_t i = 0; i < WALKS; i++) {
        walks[i].looks = (ph_looks){VALUES, KEEP, 0, look_memory[i], descriptor_memory[i]};
        order[i] = &walks[i];
    }
    tracker = (ph_tracker){WALKS, 0, 0, order};
}

static ph_box box(int16_t x) {
    return (ph_box){x, 100, 50, 50};
}

static ph_look look(int64_t time, int32_t value, ph_fault fault) {
    return (ph_look){time, {0, 0, 50, 50}, 0, {50, 50, 9, value, fault}, (uint32_t)value};
}

static void add(ph_walk *walk, int16_t place, int64_t time) {
    const ph_look one = look(time, 500, PH_FAULT_NONE);
    CHECK((ph_walk_add(walk, &policy, &one, (int16_t[]){place, 0})));
}

static void closeness_of_boxes(void) {
    CHECK_EQUAL(ph_closeness(box(0), box(0)), 2 << 16);
    CHECK_EQUAL(ph_closeness(box(0), box(25)), (1 << 16) + (1 << 16) / 3); /* half of each: a third of both */
    CHECK_EQUAL(ph_closeness(box(0), box(29)), 65536 * 1 / 30 + 1);        /* 29 of 30 pixels away: no overlap counts */
    CHECK_EQUAL(ph_closeness(box(0), box(30)), 0);
    /* 24 of 80 columns in common, just enough, and a pixel less */
    CHECK_EQUAL(ph_closeness((ph_box){0, 0, 52, 52}, (ph_box){28, 0, 52, 52}), (1 << 16) + 3 * (1 << 16) / 10);
    CHECK(ph_closeness((ph_box){0, 0, 52, 52}, (ph_box){29, 0, 52, 52}) < 1 << 16);
    CHECK_EQUAL(ph_closeness(box(0), (ph_box){0, 100, 101, 101}), 0); /* grown too fast */
    CHECK(ph_closeness(box(0), (ph_box){0, 100, 100, 100}) > 0);
    CHECK_EQUAL(ph_closeness((ph_box){0, 0, 0, 0}, (ph_box){0, 0, 0, 0}), 0);
    const ph_box corners[] = {{INT16_MIN, INT16_MIN, INT16_MAX, INT16_MAX},
                              {INT16_MAX, INT16_MAX, INT16_MAX, INT16_MAX}};
    CHECK_EQUAL(ph_closeness(corners[0], corners[1]), 0);
    CHECK_EQUAL(ph_closeness(corners[0], corners[0]), 2 << 16);
}

static void faces_find_their_walks(void) {
    empty_view();
    ph_walk *left = ph_tracker_begin(&tracker, 0, box(100));
    ph_walk *right = ph_tracker_begin(&tracker, 0, box(160));
    ph_walk *found[3];
    ph_tracker_place(&tracker, &policy, 100, 2, (ph_box[]){box(155), box(105)}, found);
    CHECK(found[0] == right && found[1] == left);
    ph_tracker_place(&tracker, &policy, 100, 3, (ph_box[]){box(115), box(102), box(400)}, found);
    CHECK(found[0] == NULL && found[1] == left && found[2] == NULL);
    ph_walk *lost[WALKS];
    CHECK_EQUAL(ph_tracker_missing(&tracker, &policy, 100, 3, found, lost), 1);
    CHECK(lost[0] == right);
    ph_tracker_place(&tracker, &policy, 1000, 1, (ph_box[]){box(100)}, found);
    CHECK(found[0] == left);
    ph_tracker_place(&tracker, &policy, 1001, 1, (ph_box[]){box(100)}, found);
    CHECK(found[0] == NULL);
}

static void walks_run_out_and_are_used_again(void) {
    empty_view();
    ph_walk *first = ph_tracker_begin(&tracker, 0, box(0));
    ph_walk *second = ph_tracker_begin(&tracker, 0, box(100));
    CHECK(ph_tracker_begin(&tracker, 0, box(200)) != NULL);
    CHECK(ph_tracker_begin(&tracker, 0, box(300)) == NULL);
    ph_tracker_forget(&tracker, first);
    CHECK(tracker.walk[0] == second && tracker.count == 2);
    ph_walk *fourth = ph_tracker_begin(&tracker, 7, box(300));
    CHECK(fourth == first && fourth->number == 4 && fourth->looks.count == 0 && fourth->looks.look == look_memory[0]);
    CHECK(tracker.walk[2] == fourth);
}

static void the_end_of_walks(void) {
    empty_view();
    ph_walk *flicker = ph_tracker_begin(&tracker, 0, box(0));
    ph_walk *visit = ph_tracker_begin(&tracker, 0, box(100));
    ph_walk *over[WALKS];
    visit->visit = 1;
    CHECK_EQUAL(ph_tracker_over(&tracker, &policy, 1000, over), 0);
    CHECK_EQUAL(ph_tracker_over(&tracker, &policy, 1001, over), 1);
    CHECK(over[0] == flicker);
    CHECK_EQUAL(ph_tracker_over(&tracker, &policy, 3001, over), 2);
    ph_walk_follow(visit, 100001, box(100), 20);
    CHECK_EQUAL(ph_tracker_over(&tracker, &policy, 100001, over), 2);
    CHECK(visit->tilt == 20 && visit->faces == 2);
}

static void the_best_looks_stay(void) {
    empty_view();
    ph_walk *walk = ph_tracker_begin(&tracker, 0, box(0));
    const int32_t values[] = {5, 1, 3, 2, 2, 9};
    const bool kept[] = {true, true, true, true, false, true};
    for (int32_t i = 0; i < 6; i++) {
        const ph_look one = look(i, values[i], PH_FAULT_NONE);
        CHECK_EQUAL(ph_walk_add(walk, &policy, &one, (int16_t[]){(int16_t)i, 0}), kept[i]);
    }
    CHECK_EQUAL(walk->last_look, 5);
    const int32_t best[] = {5, 3, 9};
    const int16_t from[] = {0, 2, 5};
    for (int32_t i = 0; i < KEEP; i++) {
        CHECK_EQUAL(walk->looks.look[i].quality.value, best[i]);
        CHECK_EQUAL(walk->looks.descriptor[VALUES * i], from[i]);
    }
    const ph_look poor = look(6, 1000, PH_FAULT_FLAT);
    CHECK((!ph_walk_add(walk, &policy, &poor, (int16_t[]){0, 0})));
    CHECK(!ph_walk_wants_look(walk, &policy, 505));
    CHECK(ph_walk_wants_look(walk, &policy, 506));
}

static void of_equally_bad_looks_the_newest_goes(void) {
    empty_view();
    ph_walk *walk = ph_tracker_begin(&tracker, 0, box(0));
    const int32_t values[] = {2, 5, 2, 9};
    for (int32_t i = 0; i < 4; i++) {
        const ph_look one = look(i, values[i], PH_FAULT_NONE);
        CHECK((ph_walk_add(walk, &policy, &one, (int16_t[]){(int16_t)i, 0})));
    }
    CHECK(walk->looks.look[0].time == 0 && walk->looks.look[1].time == 1 && walk->looks.look[2].time == 3);
}

static void looks_tell_who_it_is(void) {
    empty_view();
    ph_walk *walk = ph_tracker_begin(&tracker, 0, box(0));
    ph_look after = look(800, 500, PH_FAULT_NONE);
    CHECK((ph_walk_likeness(walk, (int16_t[]){0, 0}) == PH_NO_DISTANCE));
    CHECK((!ph_walk_is_someone_else(walk, &policy, &bars, &after, (int16_t[]){50, 0})));
    add(walk, 0, 0);
    CHECK((ph_walk_is_someone_else(walk, &policy, &bars, &after, (int16_t[]){50, 0})));
    CHECK((!ph_walk_is_someone_else(walk, &policy, &bars, &after, (int16_t[]){20, 0})));
    after.time = 400;
    CHECK((!ph_walk_is_someone_else(walk, &policy, &bars, &after, (int16_t[]){50, 0})));
    ph_walk *other = ph_tracker_begin(&tracker, 0, box(100));
    add(other, 100, 0);
    CHECK((ph_tracker_crossed(&tracker, &policy, &bars, walk, &after, (int16_t[]){99, 0}) == other));
    CHECK((ph_tracker_crossed(&tracker, &policy, &bars, walk, &after, (int16_t[]){60, 0}) == NULL));
    CHECK((ph_tracker_rejoin(&tracker, &policy, &bars, &after, (int16_t[]){99, 0}, 1, &other) == NULL));
    CHECK((ph_tracker_rejoin(&tracker, &policy, &bars, &after, (int16_t[]){99, 0}, 1, &walk) == other));
    after.time = 3001;
    CHECK((ph_tracker_rejoin(&tracker, &policy, &bars, &after, (int16_t[]){99, 0}, 0, NULL) == NULL));
}

static void merged_walks_are_one(void) {
    empty_view();
    ph_walk *early = ph_tracker_begin(&tracker, 0, box(0));
    ph_walk *late = ph_tracker_begin(&tracker, 0, box(100));
    early->saved = 5;
    add(late, 3, 0);
    ph_walk_follow(late, 500, box(110), 0);
    ph_tracker_merge(&tracker, &policy, early, late);
    CHECK(tracker.count == 1 && tracker.walk[0] == early);
    CHECK(early->faces == 3 && early->last_seen == 500 && early->box.x == 110 && early->saved == PH_NEVER);
    CHECK(early->looks.count == 1 && early->looks.descriptor[0] == 3);
}

int main(void) {
    closeness_of_boxes();
    faces_find_their_walks();
    walks_run_out_and_are_used_again();
    the_end_of_walks();
    the_best_looks_stay();
    of_equally_bad_looks_the_newest_goes();
    looks_tell_who_it_is();
    merged_walks_are_one();
    FINISH();
}
