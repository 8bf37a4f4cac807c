/* The owner of a whole doorbell: who is at the door, what it goes by, what it tells of itself, and for how long the
   owner is listened to between two steps. */
#include "app/owner.h"

#include "doorbell_scene.h"

static ph_owner owner;
static ph_look look_room[LOOKS], put_room[REFERENCES];
static int16_t descriptor_room[LOOKS * VALUES], put_descriptor_room[REFERENCES * VALUES];

/* Somebody on the line: so many bytes at once, every so many milliseconds; and how it was listened to. */
static struct {
    int64_t time;
    int64_t next, every;
    int32_t at_once, bytes;
    int32_t reads, rests;
} line;

static int32_t serial_read(void *context, uint8_t *to, int32_t capacity) {
    const int32_t count = line.at_once < capacity ? line.at_once : capacity;
    (void)context;
    line.reads++;
    if (line.at_once == 0 || line.time < line.next) {
        return 0;
    }
    line.next = line.time + line.every;
    line.bytes += count;
    memset(to, 1, (size_t)count);
    return count;
}

static void serial_write(void *context, const uint8_t *from, int32_t bytes) {
    (void)context, (void)from, (void)bytes;
}

static ph_status draw_random(void *context, uint8_t *to, int32_t bytes) {
    (void)context;
    memset(to, 7, (size_t)bytes);
    return PH_OK;
}

static int64_t time_on_the_line(void *context) {
    (void)context;
    return line.time;
}

static void rest(void *context) {
    (void)context;
    line.rests++;
    line.time++;
}

static const ph_owner_calls owner_calls = {NULL, draw_random, time_on_the_line, rest, NULL};

static ph_admin_calls calls_of_scene(void) {
    static ph_port talking;
    power_up();
    talking = port;
    talking.serial_read = serial_read;
    talking.serial_write = serial_write;
    bell.parts.port = &talking;
    memset(&line, 0, sizeof line);
    ph_owner_open(&owner, &bell, &owner_calls, (ph_looks){VALUES, LOOKS, 0, look_room, descriptor_room},
                  (ph_looks){VALUES, REFERENCES, 0, put_room, put_descriptor_room});
    return owner.admin.calls;
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
    const ph_settings before = owner.admin.settings;
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
    CHECK(bell.parts.policy.known_rate == 1000000 && bell.parts.door_open == 100 && bell.parts.idle_after == 200);
    CHECK(bell.parts.when_full == PH_WHEN_FULL_REPLACE_OLDEST);
    settings.policy.known_rate = 0; /* no rate has no bar */
    settings.door_open = 300;
    CHECK_EQUAL(calls.apply(calls.context, &settings), PH_BAD_ARGUMENT);
    calls.bars(calls.context, &bars);
    CHECK(bars.known == stricter.known && bell.parts.door_open == 100);
}

static void what_is_not_known_is_not_told(void) {
    const ph_admin_calls calls = calls_of_scene();
    ph_admin_statistics told;
    scene.time += 700;
    calls.statistics(calls.context, &told);
    CHECK(told.started == 100000 && told.frames == 0 && told.battery < 0 && calls.time(calls.context) == 100700);
}

static void one_who_is_silent_is_asked_once(void) {
    calls_of_scene();
    ph_owner_serve(&owner, 12, false);
    CHECK(line.reads == 1 && line.rests == 0 && owner.statistics.frames == 12);
}

static void a_request_is_over_after_five_silent_milliseconds(void) {
    calls_of_scene();
    line.at_once = 10;
    line.every = 1000;
    ph_owner_serve(&owner, 0, false);
    CHECK(line.bytes == 10 && line.time == 5 && line.rests == 5);
}

static void nobody_keeps_the_doorbell_from_its_frames(void) {
    calls_of_scene();
    line.at_once = 1; /* slowly, and never to an end */
    line.every = 4;
    ph_owner_serve(&owner, 0, false);
    CHECK(line.time == PH_OWNER_MILLISECONDS && line.bytes == 1 + PH_OWNER_MILLISECONDS / 4);
    calls_of_scene();
    line.at_once = 64; /* as fast as it is listened to */
    ph_owner_serve(&owner, 0, false);
    CHECK(line.bytes == PH_OWNER_BYTES && line.rests == 0);
}

static void a_button_that_is_held_was_pressed_once(void) {
    calls_of_scene();
    ph_owner_serve(&owner, 0, true);
    CHECK_EQUAL(owner.admin.session.button, 100000);
    scene.time += 300;
    ph_owner_serve(&owner, 0, true);
    CHECK_EQUAL(owner.admin.session.button, 100000);
    ph_owner_serve(&owner, 0, false);
    ph_owner_serve(&owner, 0, true);
    CHECK_EQUAL(owner.admin.session.button, 100300);
}

int main(void) {
    the_only_face_is_at_the_door();
    settings_hold_or_those_before_do();
    what_is_not_known_is_not_told();
    one_who_is_silent_is_asked_once();
    a_request_is_over_after_five_silent_milliseconds();
    nobody_keeps_the_doorbell_from_its_frames();
    a_button_that_is_held_was_pressed_once();
    FINISH();
}
