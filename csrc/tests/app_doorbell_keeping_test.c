/* What the doorbell keeps of visits when the power is cut in the middle of one, and when the flash fails for a while.
 */
#include "doorbell_scene.h"

/* The power goes and comes back, at any moment; what is on the line already is lost with it. */
static void restart(void) {
    const ph_doorbell_parts parts = parts_of_tests();
    flash.powered = true;
    flash.budget = -1;
    scene.heard = 0;
    scene.faces = 0;
    CHECK_EQUAL(ph_gallery_open(&gallery, &room, 1, tables, sizeof tables, &flash.flash), PH_OK);
    CHECK_EQUAL(ph_doorbell_open(&bell, &parts, &size, memory, sizeof memory), PH_OK);
}

static void stay(int16_t person) {
    scene.faces = 1;
    scene.person = person;
    steps(7);
}

static void a_stranger_who_was_told_of_outlives_a_cut(void) {
    uint8_t grey[SIDE * SIDE], width = 0, height = 0;
    power_up();
    enrol("Anna", 0);
    stay(50);
    const ph_event told = last(PH_EVENT_DECIDED);
    CHECK(told.decision == PH_STRANGER && told.stored && told.visit == 1);
    CHECK(gallery.strangers_count == 0 && gallery.visits == 0);
    restart();
    steps(1);
    const ph_event end = last(PH_EVENT_VISIT_ENDED);
    CHECK(end.decision == PH_STRANGER && end.stranger == 1 && end.stored && end.visit == 1 && !end.repeat);
    CHECK(end.first_seen == told.first_seen && end.last_seen == told.last_seen && end.sightings == told.sightings);
    CHECK(end.reason == told.reason && end.distance == told.distance);
    CHECK(gallery.strangers_count == 1 && gallery.strangers[0].visits == 1 && gallery.visits == 1);
    CHECK(gallery.seen.count >= 4 && gallery.seen.descriptor[0] == 50);
    CHECK_EQUAL(ph_gallery_thumbnail(&gallery, 1, grey, sizeof grey, &width, &height), PH_OK);
    restart(); /* it is told and counted once */
    steps(1);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 0 && gallery.visits == 1);
    visit_of(52); /* and the stranger is known again, in a visit of another number */
    CHECK(last(PH_EVENT_VISIT_ENDED).stranger == 1 && last(PH_EVENT_VISIT_ENDED).visit == 2);
    CHECK(last(PH_EVENT_VISIT_ENDED).repeat && gallery.strangers[0].visits == 2);
}

static void somebody_known_who_was_told_of_outlives_a_cut(void) {
    power_up();
    const uint16_t anna = enrol("Anna", 0);
    stay(3);
    CHECK(last(PH_EVENT_DECIDED).stored && scene.door == 1 && gallery.people[0].visits == 0);
    restart();
    steps(1);
    CHECK(last(PH_EVENT_VISIT_ENDED).person == anna && last(PH_EVENT_VISIT_ENDED).stored);
    CHECK(gallery.people[0].visits == 1 && gallery.people[0].last_seen == last(PH_EVENT_VISIT_ENDED).last_seen);
    CHECK_EQUAL(count_of(PH_EVENT_DOOR), 0); /* nobody is let in by it */
}

static void who_was_not_decided_about_leaves_nothing(void) {
    power_up();
    enrol("Anna", 0);
    scene.faces = 1;
    scene.person = 50;
    steps(4);
    CHECK(count_of(PH_EVENT_VISIT_STARTED) == 1 && count_of(PH_EVENT_DECIDED) == 0);
    restart();
    steps(1);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 0 && gallery.visits == 0);
}

static void who_was_discarded_since_does_not_come_back(void) {
    power_up();
    enrol("Anna", 0);
    visit_of(50);
    stay(50);
    CHECK_EQUAL(last(PH_EVENT_DECIDED).stranger, 1);
    CHECK_EQUAL(ph_gallery_discard(&gallery, 1), PH_OK);
    restart();
    steps(1);
    const ph_event end = last(PH_EVENT_VISIT_ENDED);
    CHECK(end.visit == 2 && end.stranger == 0 && !end.stored && gallery.strangers_count == 0 && gallery.visits == 2);
}

/* The power is cut after any number of bytes, from a stranger's first frame to the sleep after the visit. */
static void whatever_is_told_is_there_after_any_cut(void) {
    int32_t cuts_after_news = 0;
    bool cut = true;
    for (int64_t budget = 0; cut; budget += 1 + budget / 40) {
        power_up();
        enrol("Anna", 0);
        flash.budget = budget;
        stay(50);
        scene.faces = 0;
        steps(17);
        const bool told = count_of(PH_EVENT_DECIDED) > 0 && last(PH_EVENT_DECIDED).stored;
        const bool ended = count_of(PH_EVENT_VISIT_ENDED) > 0 && last(PH_EVENT_VISIT_ENDED).stored;
        cut = !flash.powered;
        restart();
        steps(1);
        CHECK_EQUAL(gallery.strangers_count, gallery.visits); /* whole or not at all */
        CHECK(gallery.visits <= 1 && (gallery.visits == 1 || !(told || ended)));
        CHECK(!ended || count_of(PH_EVENT_VISIT_ENDED) == 0);
        CHECK(gallery.people_count == 1 && gallery.log.damaged == 0);
        cuts_after_news += cut && told && !ended;
    }
    CHECK(cuts_after_news > 5);
}

/* One who is told of while the flash fails is written as soon as it works again. */
static void what_could_not_be_written_when_it_was_told_is_written_later(void) {
    power_up();
    enrol("Anna", 0);
    flash.powered = false;
    stay(50);
    CHECK(!last(PH_EVENT_DECIDED).stored && last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_STORAGE);
    flash.powered = true;
    steps(20); /* four seconds */
    CHECK(!ph_gallery_keeps_visit(&gallery, 1) && last(PH_EVENT_PROBLEM).on);
    steps(6);
    CHECK(ph_gallery_keeps_visit(&gallery, 1) && !last(PH_EVENT_PROBLEM).on);
    CHECK_EQUAL(count_of(PH_EVENT_DECIDED), 1);
    restart();
    steps(1);
    CHECK_EQUAL(last(PH_EVENT_VISIT_ENDED).stranger, 1);
}

static void the_end_of_a_visit_waits_for_the_flash(void) {
    power_up();
    enrol("Anna", 0);
    stay(50);
    flash.powered = false;
    scene.faces = 0;
    steps(17);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 0 && bell.waiting == 1 && gallery.strangers_count == 0);
    CHECK(last(PH_EVENT_PROBLEM).problem == PH_PROBLEM_STORAGE && last(PH_EVENT_PROBLEM).on);
    flash.powered = true;
    steps(26); /* five seconds, asleep or awake */
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 1 && last(PH_EVENT_VISIT_ENDED).stranger == 1 && bell.waiting == 0);
    CHECK(last(PH_EVENT_VISIT_ENDED).stored && !last(PH_EVENT_PROBLEM).on && gallery.visits == 1);
    CHECK(bell.watch.tracker.capacity == WALKS && gallery.seen.descriptor[0] == 50);
}

static void what_cannot_be_written_is_given_up_in_the_end_and_told(void) {
    power_up();
    enrol("Anna", 0);
    stay(50);
    flash.powered = false;
    scene.faces = 0;
    for (int32_t tries = 0; tries < PH_STORAGE_TRIES; tries++) {
        CHECK_EQUAL(count_of(PH_EVENT_VISIT_ENDED), 0);
        steps(28);
    }
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 1 && !last(PH_EVENT_VISIT_ENDED).stored && bell.waiting == 0);
    CHECK_EQUAL(bell.watch.tracker.capacity, WALKS);
}

static void more_visits_than_can_wait(void) {
    power_up();
    enrol("Anna", 0);
    flash.powered = false;
    visit_of(50);
    visit_of(0);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 1 && bell.waiting == 1); /* of three walks one may wait */
    CHECK(last(PH_EVENT_VISIT_ENDED).visit == 1 && !last(PH_EVENT_VISIT_ENDED).stored);
    flash.powered = true;
    ph_doorbell_finish(&bell);
    CHECK(count_of(PH_EVENT_VISIT_ENDED) == 2 && last(PH_EVENT_VISIT_ENDED).visit == 2);
    CHECK(last(PH_EVENT_VISIT_ENDED).stored && gallery.people[0].visits == 1);
}

int main(void) {
    a_stranger_who_was_told_of_outlives_a_cut();
    somebody_known_who_was_told_of_outlives_a_cut();
    who_was_not_decided_about_leaves_nothing();
    who_was_discarded_since_does_not_come_back();
    whatever_is_told_is_there_after_any_cut();
    what_could_not_be_written_when_it_was_told_is_written_later();
    the_end_of_a_visit_waits_for_the_flash();
    what_cannot_be_written_is_given_up_in_the_end_and_told();
    more_visits_than_can_wait();
    FINISH();
}
