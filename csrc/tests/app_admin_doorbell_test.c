/* The owner's commands over a whole doorbell: who is at the door, what it goes by, and what it tells of itself. */
#include "app/admin_doorbell.h"

#include "doorbell_scene.h"

static ph_admin_doorbell side;
static ph_look look_room[LOOKS];
static int16_t descriptor_room[LOOKS * VALUES];

static ph_admin_calls calls_of_scene(void) {
    power_up();
    ph_admin_doorbell_open(&side, &bell, (ph_looks){VALUES, LOOKS, 0, look_room, descriptor_room});
    return ph_admin_doorbell_calls(&side);
}

static void the_only_face_is_at_the_door(void) {
    const ph_admin_calls calls = calls_of_scene();
    ph_looks looks = {0};
    CHECK_EQUAL(calls.at_door(calls.context, &looks), PH_UNKNOWN);
    scene.faces = 1;
    scene.person = 70;
    steps(4);
    bell.watch.view[0]->looks.look[1].quality.fault = PH_FAULT_BLURRED;
    CHECK_EQUAL(calls.at_door(calls.context, &looks), PH_OK);
    CHECK(looks.count == 2 && looks.capacity == LOOKS && looks.look == look_room);
    CHECK_EQUAL(looks.look[1].time, bell.watch.view[0]->looks.look[2].time);
    CHECK(looks.descriptor[0] == 70 && looks.descriptor[VALUES] == 70);
    for (int32_t i = 0; i < bell.watch.view[0]->looks.count; i++) {
        bell.watch.view[0]->looks.look[i].quality.fault = PH_FAULT_BLURRED;
    }
    CHECK_EQUAL(calls.at_door(calls.context, &looks), PH_UNKNOWN);
    scene.faces = 2;
    steps(1);
    CHECK_EQUAL(calls.at_door(calls.context, &looks), PH_TAKEN);
    scene.faces = 0;
    steps(1);
    CHECK_EQUAL(calls.at_door(calls.context, &looks), PH_UNKNOWN);
}

static void settings_hold_or_those_before_do(void) {
    const ph_admin_calls calls = calls_of_scene();
    const ph_settings before = ph_admin_doorbell_settings(&side);
    CHECK(before.door_open == 2000 && before.idle_after == 5000 && before.replace_strangers == 0);
    ph_bars bars, stricter;
    calls.bars(calls.context, &bars);
    ph_settings settings = before;
    settings.policy.known_rate = 1000000;
    settings.door_open = 100;
    settings.idle_after = 200;
    settings.replace_strangers = 1;
    CHECK_EQUAL(calls.apply(calls.context, &settings), PH_OK);
    calls.bars(calls.context, &stricter);
    CHECK(stricter.known < bars.known && stricter.stranger == bars.stranger);
    const ph_settings now = ph_admin_doorbell_settings(&side);
    CHECK(now.policy.known_rate == 1000000 && now.door_open == 100 && now.idle_after == 200);
    CHECK(now.replace_strangers == 1 && bell.parts.when_full == PH_WHEN_FULL_REPLACE_OLDEST);
    settings.policy.known_rate = 0; /* no rate has no bar */
    settings.door_open = 300;
    CHECK_EQUAL(calls.apply(calls.context, &settings), PH_BAD_ARGUMENT);
    calls.bars(calls.context, &bars);
    CHECK(bars.known == stricter.known && ph_admin_doorbell_settings(&side).door_open == 100);
}

static void what_is_not_known_is_not_told(void) {
    const ph_admin_calls calls = calls_of_scene();
    ph_admin_statistics told;
    scene.time += 700;
    calls.statistics(calls.context, &told);
    CHECK(told.started == 100000 && told.frames == 0 && told.battery < 0 && calls.time(calls.context) == 100700);
}

int main(void) {
    the_only_face_is_at_the_door();
    settings_hold_or_those_before_do();
    what_is_not_known_is_not_told();
    FINISH();
}
