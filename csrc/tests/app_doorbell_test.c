/* The doorbell from sleep to door and back: who is let in, what is told and kept, and what fails. */
#include "doorbell_scene.h"

#include "app/gallery_restore.h"

static void somebody_known_is_let_in(void) {
    power_up();
    const uint16_t anna = enrol("Anna", 0);
    scene.faces = 1;
    scene.person = 3;
    steps(4); /* wakes up; after three looks the third frame decides */
    CHECK(scene.heard == 3 && scene.door == 1 && scene.sleeps == 1);
    CHECK(scene.event[0].kind == PH_EVENT_VISIT_STARTED && scene.event[0].visit == 1);
    CHECK(scene.event[1].kind == PH_EVENT_DECIDED && scene.event[1].decision == PH_KNOWN);
    CHECK(scene.event[1].person == anna && scene.event[1].distance == 9 && scene.event[1].reason == PH_LOOKS_AGREE);
    CHECK(scene.event[2].kind == PH_EVENT_DOOR && scene.event[2].on && scene.event[2].visit == 1);
    scene.faces = 0;
    steps(9);
    CHECK_EQUAL(scene.door, 1);
    steps(1);
    CHECK(scene.door == 0 && !last(PH_EVENT_DOOR).on);
    steps(6);
    const ph_event end = last(PH_EVENT_VISIT_ENDED);
    CHECK(end.person == anna && end.stored && !end.repeat && end.sightings == 3 && end.first_seen == 100200);
    CHECK(gallery.people[0].visits == 1 && gallery.people[0].last_seen == 100600);
    CHECK_EQUAL(bell.state, PH_WATCHING);
    steps(8);
    CHECK_EQUAL(bell.state, PH_WATCHING);
    steps(1);
    CHECK_EQUAL(bell.state, PH_IDLE);
    const int32_t heard = scene.heard;
    scene.wake = PH_WAKE_SERIAL;
    steps(2);
    CHECK(bell.state == PH_IDLE && scene.sleeps == 3 && scene.heard == heard);
    scene.wake = PH_WAKE_BUTTON;
    steps(1);
    CHECK(bell.state == PH_WATCHING && last(PH_EVENT_BUTTON).time == scene.time);
    visit_of(2);
    CHECK(last(PH_EVENT_VISIT_ENDED).repeat && last(PH_EVENT_VISIT_ENDED).visit == 2);
}

static void strangers_are_kept_and_seen_again(void) {
    uint8_t grey[SIDE * SIDE], width = 0, height = 0;
    power_up();
    enrol("Anna", 0);
    visit_of(50);
    ph_event end = last(PH_EVENT_VISIT_ENDED);
    CHECK(end.decision == PH_STRANGER && end.stranger == 1 && end.stored && !end.repeat && end.person == 0);
    CHECK(scene.door == 0 && count_of(PH_EVENT_DOOR) == 0);
    CHECK_EQUAL(ph_gallery_thumbnail(&gallery, 1, grey, sizeof grey, &width, &height), PH_OK);
    CHECK(width == SIDE && height == SIDE);
    visit_of(53);
    end = last(PH_EVENT_VISIT_ENDED);
    CHECK(end.stranger == 1 && end.repeat && last(PH_EVENT_DECIDED).stranger == 1 && gallery.strangers[0].visits == 2);
    CHECK_EQUAL(ph_gallery_ignore(&gallery, 1), PH_OK);
    visit_of(50);
    CHECK(last(PH_EVENT_VISIT_ENDED).silent && last(PH_EVENT_DECIDED).silent);
    const uint8_t first = grey[0];
    visit_of(90);
    CHECK(last(PH_EVENT_VISIT_ENDED).stranger == 2 && !last(PH_EVENT_VISIT_ENDED).silent);
    CHECK_EQUAL(ph_gallery_thumbnail(&gallery, 2, grey, sizeof grey, &width, &height), PH_OK);
    CHECK(grey[0] != first); /* a picture of this visit, though it is no better than the one before */
    visit_of(130);
    end = last(PH_EVENT_VISIT_ENDED);
    CHECK(end.stranger == 0 && !end.stored && last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_STRANGERS_FULL);
    CHECK(last(PH_EVENT_PROBLEM).on && last(PH_EVENT_PROBLEM).status == PH_NO_ROOM && gallery.visits == 5);
    CHECK_EQUAL(ph_gallery_discard(&gallery, 2), PH_OK);
    visit_of(130);
    CHECK(last(PH_EVENT_VISIT_ENDED).stranger == 3 && !last(PH_EVENT_PROBLEM).on);
    uint16_t ben = 0;
    CHECK_EQUAL(ph_gallery_assign_new(&gallery, 3, "Ben", 3, 0, &ben), PH_OK);
    visit_of(130);
    CHECK(last(PH_EVENT_VISIT_ENDED).person == ben && count_of(PH_EVENT_DOOR) == 2);
}

static void two_strangers_who_leave_together_and_are_one(void) {
    power_up();
    scene.faces = 2;
    scene.person = 50;
    steps(8);
    CHECK_EQUAL(bell.watch.count, 2);
    scene.faces = 0;
    steps(17);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 2 && gallery.strangers_count == 1 && gallery.strangers[0].visits == 2);
}

static void coming_back_after_the_cool_down_is_no_repeat(void) {
    power_up();
    enrol("Anna", 0);
    visit_of(0);
    scene.time += 55000;
    visit_of(0);
    CHECK(last(PH_EVENT_VISIT_ENDED).repeat);
    scene.time += 60000;
    visit_of(0);
    CHECK(!last(PH_EVENT_VISIT_ENDED).repeat);
}

static void people_without_references_share_no_rate(void) {
    power_up();
    enrol("Anna", 0);
    uint16_t id = 0;
    const ph_looks none = {VALUES, 0, 0, NULL, NULL};
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "Ben", 3, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    steps(2);
    CHECK(bell.known.bars.known == 100 && bell.known.people_owners == 2);
    CHECK_EQUAL(ph_gallery_remove(&gallery, id), PH_OK);
    enrol("Ben", 200);
    steps(1);
    CHECK(bell.known.bars.known < 100 && bell.known.bars.known > 50);
}

static void who_was_removed_is_not_let_in(void) {
    power_up();
    const uint16_t anna = enrol("Anna", 0);
    enrol("Ben", 200);
    scene.faces = 1;
    steps(5);
    CHECK_EQUAL(last(PH_EVENT_DECIDED).person, anna);
    CHECK_EQUAL(ph_gallery_remove(&gallery, anna), PH_OK);
    steps(2);
    CHECK(last(PH_EVENT_DECIDED).decision != PH_KNOWN && last(PH_EVENT_DECIDED).person == 0);
    scene.faces = 0;
    CHECK_EQUAL(ph_gallery_remove(&gallery, 2), PH_OK); /* and the last one while nobody looks */
    steps(17);
    CHECK(last(PH_EVENT_VISIT_ENDED).person == 0 && last(PH_EVENT_VISIT_ENDED).decision == PH_STRANGER);
}

/* She is known while the backup is on its way in, by the tables that there are until its end. */
static void who_is_in_no_restored_backup_is_not_let_in(void) {
    power_up();
    enrol("Anna", 0);
    CHECK_EQUAL(ph_gallery_begin_restore(&gallery), PH_OK);
    visit_of(3);
    CHECK(last(PH_EVENT_DECIDED).decision == PH_KNOWN && !last(PH_EVENT_DECIDED).stored);
    CHECK_EQUAL(count_of(PH_EVENT_VISIT_ENDED), 0); /* which waits until it can be written */
    CHECK_EQUAL(ph_gallery_end_restore(&gallery), PH_OK);
    CHECK_EQUAL(gallery.people_count, 0);
    const int32_t opened = count_of(PH_EVENT_DOOR);
    visit_of(3);
    CHECK_EQUAL(last(PH_EVENT_VISIT_ENDED).reason, PH_NOBODY_ENROLLED);
    CHECK_EQUAL(count_of(PH_EVENT_DOOR), opened);
}

static void what_fails_is_told_once_and_admits_nobody(void) {
    power_up();
    enrol("Anna", 0);
    scene.faces = 1;
    scene.blind = true;
    steps(6);
    CHECK(count_of(PH_EVENT_PROBLEM) == 1 && last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_FRAME && scene.heard == 1);
    scene.blind = false;
    steps(1);
    CHECK(count_of(PH_EVENT_PROBLEM) == 2 && !last(PH_EVENT_PROBLEM).on);
    scene.stalls = true;
    steps(3);
    CHECK(count_of(PH_EVENT_PROBLEM) == 3 && last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_CAMERA);
    scene.stalls = false;
    steps(4);
    CHECK(count_of(PH_EVENT_PROBLEM) == 4 && last(PH_EVENT_DECIDED).decision == PH_KNOWN);
    flash.powered = false;
    scene.faces = 0;
    steps(17);
    CHECK(!last(PH_EVENT_VISIT_ENDED).stored && last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_STORAGE);
    CHECK(last(PH_EVENT_PROBLEM).status != PH_OK && count_of(PH_EVENT_PROBLEM) == 5);
    flash.powered = true;
    visit_of(0);
    CHECK(last(PH_EVENT_VISIT_ENDED).stored && count_of(PH_EVENT_PROBLEM) == 6);
}

static void a_camera_that_stalls_lets_nobody_stand_at_an_open_door(void) {
    power_up();
    enrol("Anna", 0);
    scene.faces = 1;
    steps(5);
    CHECK_EQUAL(scene.door, 1);
    scene.stalls = true;
    steps(15);
    CHECK(scene.door == 0 && bell.watch.count == 0 && count_of(PH_EVENT_VISIT_ENDED) == 0);
    CHECK(last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_CAMERA && last(PH_EVENT_PROBLEM).on);
    steps(1); /* more than three seconds after the last face */
    CHECK(last(PH_EVENT_VISIT_ENDED).stored && last(PH_EVENT_VISIT_ENDED).time == scene.time);
    steps(8);
    CHECK_EQUAL(bell.state, PH_WATCHING);
    steps(1); /* five seconds after it */
    CHECK_EQUAL(bell.state, PH_IDLE);
    scene.stalls = false;
    steps(5);
    CHECK(!last(PH_EVENT_PROBLEM).on && count_of(PH_EVENT_PROBLEM) == 2);
    CHECK(last(PH_EVENT_DECIDED).visit == 2 && scene.door == 1);
}

static void the_end_of_the_frames_ends_visits(void) {
    power_up();
    enrol("Anna", 0);
    scene.faces = 2;
    steps(6);
    CHECK(bell.watch.count == 2 && count_of(PH_EVENT_DOOR) == 1); /* it is unlocked already for the second one */
    scene.over = true;
    CHECK_EQUAL(ph_doorbell_step(&bell), PH_END);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 2 && scene.door == 0);
    CHECK_EQUAL(ph_doorbell_step(&bell), PH_END);
    power_up();
    scene.wake = PH_WAKE_OVER;
    CHECK_EQUAL(ph_doorbell_step(&bell), PH_END);
}

static void a_clock_set_back(void) {
    power_up();
    enrol("Anna", 0);
    scene.faces = 1;
    steps(6);
    scene.time = 1000;
    steps(1);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 1 && scene.door == 0);
    scene.faces = 0;
    steps(24);
    CHECK_EQUAL(bell.state, PH_WATCHING);
    steps(1);
    CHECK_EQUAL(bell.state, PH_IDLE);
}

static void what_does_not_fit_is_refused(void) {
    power_up();
    ph_doorbell_parts parts = parts_of_tests();
    ph_doorbell_size other = size;
    const size_t needed = ph_doorbell_ram_bytes(&size);
    CHECK(needed > 0 && needed <= sizeof memory && needed + 12 * 8 > sizeof memory);
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &size, memory, needed - 1), PH_BAD_SHAPE);
    other.values = VALUES + 1;
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &other, memory, sizeof memory), PH_BAD_SHAPE);
    other = size;
    other.owners = 1;
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &other, memory, sizeof memory), PH_BAD_SHAPE);
    other.walks = 65;
    CHECK_EQUAL(ph_doorbell_ram_bytes(&other), 0);
    parts.calibration.count = 0;
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &size, memory, sizeof memory), PH_BAD_ARGUMENT);
    parts = parts_of_tests();
    parts.policy.good_width = 10000;
    parts.policy.good_neighbours = 10000;
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &size, memory, sizeof memory), PH_BAD_ARGUMENT);
}

int main(void) {
    somebody_known_is_let_in();
    strangers_are_kept_and_seen_again();
    two_strangers_who_leave_together_and_are_one();
    coming_back_after_the_cool_down_is_no_repeat();
    people_without_references_share_no_rate();
    who_was_removed_is_not_let_in();
    who_is_in_no_restored_backup_is_not_let_in();
    what_fails_is_told_once_and_admits_nobody();
    a_camera_that_stalls_lets_nobody_stand_at_an_open_door();
    the_end_of_the_frames_ends_visits();
    a_clock_set_back();
    what_does_not_fit_is_refused();
    FINISH();
}
