/* Anything at all on the owner's line: the decoder, the session, the commands and the gallery behind them.

   As a test: a million random bytes, then random programs of frames, some of them sealed with the right key. As a
   target of libFuzzer:
     clang -g -O1 -DPEEPHOLE_FUZZER -fsanitize=fuzzer,address,undefined -Icsrc -Icsrc/include \
       csrc/tests/app_line_fuzz_test.c csrc/app/?*.c csrc/kernels/?*.c -o build/line_fuzz
     mkdir -p build/corpus && build/line_fuzz -max_total_time=60 build/corpus */
#include "app/admin.h"
#include "app/gallery_restore.h"
#include "app/little_endian.h"
#include "app/sha256.h"
#include "gallery_season.h"

enum { NOISE = 1 << 20, PROGRAMS = 10000, LONGEST = 400 };

static ph_admin admin;
static ph_look look_room[REFERENCES];
static int16_t descriptor_room[REFERENCES * VALUES];
static int64_t clock_now;
static uint32_t random_state;
static int64_t sent; /* bytes by the device */

/* The owner, who has the key. */
static const uint8_t key[PH_SESSION_KEY_BYTES] = "only the owner has these bytes.";
static ph_cobs_reader reader;
static uint8_t heard[PH_FRAME_BYTES], owner_key[32];
static uint8_t newest[PH_FRAME_BYTES]; /* frame that was sealed */
static int32_t newest_bytes;
static uint32_t number, counter;
static bool welcome;

static void take_heard(void) {
    uint8_t extracted[32];
    if (heard[1] == PH_FRAME_WELCOME) {
        ph_hkdf_extract(heard + 2, 2 * PH_SESSION_NONCE_BYTES, key, sizeof key, extracted);
        ph_hkdf_expand(extracted, "peephole session 1", 18, owner_key, sizeof owner_key);
        number = ph_get_u32(heard + 2 + PH_SESSION_NONCE_BYTES);
        counter = 0;
        welcome = true;
    }
}

static void device_writes(void *context, const uint8_t *from, int32_t count) {
    (void)context;
    sent += count;
    for (int32_t i = 0; i < count; i++) {
        if (ph_cobs_take(&reader, from[i]) == PH_COBS_FRAME) {
            take_heard();
        }
    }
}

static ph_status draw(void *context, uint8_t *to, int32_t count) {
    (void)context;
    for (int32_t i = 0; i < count; i++) {
        random_state = random_state * 1664525u + 1013904223u;
        to[i] = (uint8_t)(random_state >> 24);
    }
    return PH_OK;
}

static int64_t read_clock(void *context) {
    (void)context;
    return clock_now;
}

static ph_status at_door(void *context, ph_looks *looks) {
    (void)context;
    *looks = looks_of(2, 700);
    return PH_OK;
}

static void switch_on(void) {
    static const ph_settings usual = {PH_DEFAULT_POLICY, 3000, 10000, 0};
    const ph_admin_calls calls = {.write = device_writes, .random = draw, .time = read_clock, .at_door = at_door};
    const ph_looks room = {VALUES, REFERENCES, 0, look_room, descriptor_room}, two = looks_of(2, 500);
    uint16_t id;
    begin(AREA, 1);
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_KEY, PH_SESSION_VERSION, key, sizeof key), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "Anna", 4, 5, &two, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, thumbnail_of(7), 10, 20, PH_WHEN_FULL_REFUSE, &id), PH_OK);
    ph_admin_open(&admin, &calls, &gallery, &usual, room);
    ph_cobs_begin(&reader, heard, sizeof heard);
    clock_now = 1000;
    sent = newest_bytes = 0;
    welcome = false;
}

static void to_device(void *context, const uint8_t *from, int32_t count) {
    int32_t *left = context; /* how much of it comes through */
    const int32_t some = count < *left ? count : *left;
    ph_admin_take(&admin, from, some);
    *left -= some;
}

/* Stuffs a frame with its checksum; only `through` bytes of what goes over the line arrive. */
static void send(uint8_t *frame, int32_t count, int32_t through) { /* [count + 4] */
    ph_put_u32(frame + count, ph_crc32(0, frame, (size_t)count));
    ph_cobs_write(frame, count + 4, to_device, &through);
}

/* A request with `count` bytes of text, sealed with the right key or another. */
static void seal(const uint8_t *text, int32_t count, bool wrong) {
    uint8_t nonce[12] = {0}, other[32] = {1};
    newest[0] = PH_SESSION_VERSION;
    newest[1] = PH_FRAME_REQUEST;
    ph_put_u32(newest + 2, number);
    ph_put_u32(newest + 6, counter);
    ph_put_u32(nonce, counter);
    memcpy(newest + 10, text, (size_t)count);
    ph_aead_seal(wrong ? other : owner_key, nonce, newest, 10, newest + 10, (size_t)count, newest + 10 + count);
    newest_bytes = 10 + count + PH_AEAD_TAG_BYTES;
}

/* One step of a program; returns whether the owner has asked for something. */
static bool run_step(uint8_t what, const uint8_t *piece, int32_t count) {
    uint8_t frame[300] = {PH_SESSION_VERSION, PH_FRAME_HELLO};
    switch (what % 8) {
    case 0:
        ph_admin_take(&admin, piece, count);
        return false;
    case 1: /* any frame with a right checksum */
        memcpy(frame, piece, (size_t)count);
        send(frame, count, INT32_MAX);
        return false;
    case 2:
        send(frame, 2 + PH_SESSION_NONCE_BYTES, INT32_MAX);
        return false;
    case 3: /* sealed with another key; cut short: neither does anything */
    case 4:
        seal(piece, count, what % 8 == 3);
        send(newest, newest_bytes, what % 8 == 3 ? INT32_MAX : newest_bytes / 2);
        newest_bytes = 0;
        return false;
    case 5: /* what was done already */
        if (newest_bytes > 0) {
            send(newest, newest_bytes, INT32_MAX);
        }
        return false;
    case 6:
        clock_now += 100 * count;
        return false;
    default:
        seal(piece, count, false);
        send(newest, newest_bytes, INT32_MAX);
        counter += welcome;
        return true;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_of_data);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_of_data) {
    switch_on();
    uint32_t before = all_of_it();
    for (size_t at = 0; at + 2 <= size_of_data;) {
        const size_t left = size_of_data - at - 2, wanted = data[at + 1];
        const int32_t count = (int32_t)(wanted < left ? wanted : left);
        const bool asked = run_step(data[at], data + at + 2, count);
        at += 2 + (size_t)count;
        if (asked) {
            before = all_of_it();
        }
        CHECK_EQUAL(all_of_it(), before);
    }
    ph_gallery_cancel_restore(&gallery);
    before = all_of_it();
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(all_of_it(), before);
    CHECK_EQUAL(memory.offences, 0);
#ifdef PEEPHOLE_FUZZER
    if (checks_failed > 0) {
        abort();
    }
#endif
    return 0;
}

#ifndef PEEPHOLE_FUZZER

/* The newest event of frames refused for a reason; count 0 where there is none. */
static ph_admin_event refused_for(ph_refusal reason) {
    for (uint32_t i = 0; i < PH_ADMIN_EVENTS; i++) {
        if (admin.event[i].kind == PH_ADMIN_REFUSED && admin.event[i].refusal == reason) {
            return admin.event[i];
        }
    }
    return (ph_admin_event){.count = 0};
}

/* Changes nothing, is told of in one event, and is hardly answered. */
static void test_a_million_random_bytes(void) {
    uint8_t noise[64];
    switch_on();
    const uint32_t before = all_of_it(), events = admin.events;
    for (int32_t done = 0; done < NOISE; done += (int32_t)sizeof noise) {
        for (size_t i = 0; i < sizeof noise; i++) {
            noise[i] = (uint8_t)(next_number() >> (done / 64 % 2 ? 13 : 29)); /* also many zeros */
        }
        ph_admin_take(&admin, noise, sizeof noise);
        clock_now += 5; /* as long as they take on a line of 115,200 bits a second */
    }
    CHECK_EQUAL(all_of_it(), before);
    CHECK_EQUAL(admin.events, events + 1);
    CHECK(refused_for(PH_REFUSED_DAMAGED).count > NOISE / 100);
    CHECK(sent > 0 && sent < NOISE / 40);
    CHECK(!admin.session.running.there && !admin.session.offered.there);
    run_step(0, (const uint8_t *)"", 1); /* the owner's next frame is heard */
    run_step(2, NULL, 0);
    run_step(7, (const uint8_t *)"\x81\x00", 2);
    CHECK(welcome && admin.session.running.there && admin.session.running.sent == 1);
}

/* Among other events each reason comes once in ten minutes. */
static void test_noise_between_other_events(void) {
    const ph_event rang = {.kind = PH_EVENT_BUTTON};
    switch_on();
    for (int32_t i = 0; i < 10; i++) {
        ph_admin_tell(&admin, &rang);
        ph_admin_take(&admin, (const uint8_t *)"noise", 6);
        clock_now += PH_REFUSED_APART / 10;
    }
    CHECK_EQUAL(refused_for(PH_REFUSED_DAMAGED).count, 10);
    CHECK_EQUAL(admin.events, 1 + 10 + 1);
    ph_admin_tell(&admin, &rang);
    ph_admin_take(&admin, (const uint8_t *)"noise", 6);
    CHECK_EQUAL(admin.events, 1 + 10 + 1 + 2);
}

/* Another key, a replay and a cut line: each has its event, and changes nothing. */
static void test_each_refusal_has_its_event(void) {
    static const uint8_t remove_anna[] = {0x82, PH_ASK_REMOVE, 1};
    switch_on();
    run_step(2, NULL, 0);
    run_step(3, remove_anna, sizeof remove_anna);
    CHECK(refused_for(PH_REFUSED_FORGED).count == 1 && gallery.people_count == 1);
    run_step(4, remove_anna, sizeof remove_anna);
    run_step(0, (const uint8_t *)"", 1);
    CHECK(refused_for(PH_REFUSED_DAMAGED).count == 1 && gallery.people_count == 1);
    run_step(7, remove_anna, sizeof remove_anna);
    CHECK_EQUAL(gallery.people_count, 0);
    const ph_looks two = looks_of(2, 500);
    uint16_t id;
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "Anna", 4, 5, &two, PH_SOURCE_PHOTO, &id), PH_OK);
    run_step(5, NULL, 0);
    CHECK(refused_for(PH_REFUSED_REPLAYED).count == 1 && gallery.people_count == 1);
}

static void test_any_program(void) {
    static uint8_t program[LONGEST];
    int64_t all = 0;
    for (int32_t round = 0; round < PROGRAMS; round++) {
        const int32_t count = (int32_t)(next_number() % LONGEST);
        for (int32_t i = 0; i < count; i++) {
            program[i] = (uint8_t)(next_number() >> (round % 2 ? 11 : 27));
        }
        LLVMFuzzerTestOneInput(program, (size_t)count);
        all += count;
    }
    CHECK(all > PROGRAMS * LONGEST / 3);
}

int main(void) {
    test_a_million_random_bytes();
    test_noise_between_other_events();
    test_each_refusal_has_its_event();
    test_any_program();
    FINISH();
}

#endif
