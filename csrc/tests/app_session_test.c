/* Sessions between a device and an owner, both in this file: what is refused, and with which answer. */
#include "app/session.h"

#include <string.h>

#include "app/crc32.h"
#include "app/little_endian.h"
#include "app/sha256.h"
#include "app/types.h"
#include "check.h"

static ph_session device;
static uint8_t stored[PH_SESSION_KEY_BYTES];
static int32_t answered, begun, paired, refusals;
static bool has_key, store_fails, random_fails, random_repeats;

/* The owner's side */

static ph_cobs_reader owner_reader;
static uint8_t owner_frame[PH_FRAME_BYTES], heard[PH_FRAME_BYTES];
static int32_t heard_bytes, heard_frames; /* the newest frame, and how many there were */
static uint8_t owner_key[32], device_key[32];
static uint32_t number;

static void device_writes(void *context, const uint8_t *from, int32_t bytes) {
    (void)context;
    for (int32_t i = 0; i < bytes; i++) {
        if (ph_cobs_take(&owner_reader, from[i]) == PH_COBS_FRAME) {
            heard_frames++;
            heard_bytes = owner_reader.count - 4;
            CHECK_EQUAL(ph_get_u32(owner_frame + heard_bytes), ph_crc32(0, owner_frame, (size_t)heard_bytes));
            memcpy(heard, owner_frame, sizeof heard);
        }
    }
}

static ph_status draw(void *context, uint8_t *to, int32_t bytes) {
    (void)context;
    for (int32_t i = 0; i < bytes; i++) {
        to[i] = random_repeats ? 7 : (uint8_t)(next_number() >> 11);
    }
    return random_fails ? PH_UNSUPPORTED : PH_OK;
}

static ph_status read_key(void *context, uint8_t *key) {
    (void)context;
    memcpy(key, stored, sizeof stored);
    return has_key ? PH_OK : PH_UNKNOWN;
}

static ph_status store_key(void *context, const uint8_t *key) {
    (void)context;
    if (store_fails) {
        return PH_FLASH_FAILED;
    }
    memcpy(stored, key, sizeof stored);
    has_key = true;
    return PH_OK;
}

/* Says the request once more, and how many there were. */
static int32_t answer(void *context, const uint8_t *request, int32_t bytes, uint8_t *reply, int32_t capacity) {
    (void)context;
    CHECK(bytes <= PH_MESSAGE_BYTES && capacity == PH_MESSAGE_BYTES - 4);
    answered++;
    const int32_t count = bytes < capacity ? bytes : capacity;
    memcpy(reply, request, (size_t)count);
    return count;
}

static void note_began(void *context) {
    (void)context;
    begun++;
}

static void note_paired(void *context) {
    (void)context;
    paired++;
}

static void note_refused(void *context, ph_refusal reason) {
    (void)context;
    (void)reason;
    refusals++;
}

static void open_device(void) {
    const ph_session_calls calls = {NULL,   device_writes, draw,        read_key,    store_key,
                                    answer, note_began,    note_paired, note_refused};
    ph_session_open(&device, &calls);
    ph_cobs_begin(&owner_reader, owner_frame, sizeof owner_frame);
    has_key = store_fails = random_fails = random_repeats = false;
    answered = begun = paired = refusals = heard_frames = 0;
}

static void to_device(void *context, const uint8_t *from, int32_t bytes) {
    const int64_t *time = context;
    ph_session_take(&device, from, bytes, *time);
}

/* wrong: bits of the checksum */
static void send_checked(const uint8_t *frame, int32_t bytes, uint32_t wrong, int64_t time) {
    uint8_t whole[PH_FRAME_BYTES + 8];
    memcpy(whole, frame, (size_t)bytes);
    ph_put_u32(whole + bytes, ph_crc32(0, frame, (size_t)bytes) ^ wrong);
    heard_bytes = 0;
    ph_cobs_write(whole, bytes + 4, to_device, &time);
}

static void send_frame(const uint8_t *frame, int32_t bytes, int64_t time) {
    send_checked(frame, bytes, 0, time);
}

static void expect_refused(ph_refusal reason, uint32_t detail) {
    CHECK_EQUAL(heard_bytes, 7);
    CHECK_EQUAL(heard[1], PH_FRAME_REFUSED);
    CHECK_EQUAL(heard[2], reason);
    CHECK_EQUAL(ph_get_u32(heard + 3), detail);
}

static void pair(int64_t time) {
    static const uint8_t frame[] = {PH_SESSION_VERSION, PH_FRAME_PAIR};
    send_frame(frame, sizeof frame, time);
}

/* Says hello and makes keys of a secret. */
static void shake_hands(const uint8_t *secret) {
    uint8_t frame[2 + PH_SESSION_NONCE_BYTES] = {PH_SESSION_VERSION, PH_FRAME_HELLO, 1, 2, 3}, both[64], extracted[32];
    send_frame(frame, sizeof frame, 0);
    CHECK_EQUAL(heard[1], PH_FRAME_WELCOME);
    CHECK_EQUAL(heard_bytes, 2 + 2 * PH_SESSION_NONCE_BYTES + PH_SESSION_KEY_ID_BYTES);
    CHECK_EQUAL(memcmp(heard + 2, frame + 2, PH_SESSION_NONCE_BYTES), 0);
    ph_hkdf_extract(heard + 2, 2 * PH_SESSION_NONCE_BYTES, secret, 32, extracted);
    ph_hkdf_expand(extracted, "peephole session 1", 18, both, sizeof both);
    memcpy(owner_key, both, 32);
    memcpy(device_key, both + 32, 32);
    number = ph_get_u32(heard + 2 + PH_SESSION_NONCE_BYTES);
}

static int32_t make_request(uint32_t counter, const char *text, uint8_t *frame) { /* [PH_FRAME_BYTES] */
    const size_t bytes = strlen(text);
    uint8_t nonce[12] = {0};
    frame[0] = PH_SESSION_VERSION;
    frame[1] = PH_FRAME_REQUEST;
    ph_put_u32(frame + 2, number);
    ph_put_u32(frame + 6, counter);
    ph_put_u32(nonce, counter);
    memcpy(frame + 10, text, bytes);
    ph_aead_seal(owner_key, nonce, frame, 10, frame + 10, bytes, frame + 10 + bytes);
    return (int32_t)(10 + bytes + 16);
}

static void request(uint32_t counter, const char *text) {
    uint8_t frame[PH_FRAME_BYTES];
    const int32_t bytes = make_request(counter, text, frame);
    send_frame(frame, bytes, 0);
}

/* The newest frame is what the device sealed as its number `counter`: opened, what of it comes behind the header. */
static const uint8_t *expect_sealed(ph_frame_type type, uint32_t counter, int32_t bytes) {
    static uint8_t text[PH_MESSAGE_BYTES];
    uint8_t nonce[12] = {0};
    CHECK_EQUAL(heard[1], type);
    CHECK_EQUAL(ph_get_u32(heard + 2), number);
    CHECK_EQUAL(ph_get_u32(heard + 6), counter);
    CHECK_EQUAL(heard_bytes, 10 + bytes + 16);
    ph_put_u32(nonce, counter);
    memcpy(text, heard + 10, (size_t)bytes);
    CHECK(ph_aead_open(device_key, nonce, heard, 10, text, (size_t)bytes, heard + 10 + bytes));
    return text;
}

static void expect_reply(uint32_t counter, uint32_t of, const char *text) {
    const int32_t bytes = (int32_t)strlen(text);
    const uint8_t *reply = expect_sealed(PH_FRAME_REPLY, counter, bytes + 4);
    CHECK_EQUAL(ph_get_u32(reply), of);
    CHECK_EQUAL(memcmp(reply + 4, text, (size_t)bytes), 0);
}

static void begin_session(void) {
    open_device();
    ph_session_press(&device, 0);
    pair(0);
    shake_hands(stored);
    request(0, "first");
    expect_reply(0, 0, "first");
    CHECK_EQUAL(begun, 1);
}

static void test_pairing(void) {
    uint8_t old[PH_SESSION_KEY_BYTES];
    static const uint8_t hello[2 + PH_SESSION_NONCE_BYTES] = {PH_SESSION_VERSION, PH_FRAME_HELLO};
    open_device();
    send_frame(hello, sizeof hello, 0);
    expect_refused(PH_REFUSED_UNPAIRED, 0);
    pair(1000);
    expect_refused(PH_REFUSED_BUTTON, 0);
    ph_session_press(&device, 5000);
    pair(4999);
    expect_refused(PH_REFUSED_BUTTON, 0);
    pair(5000 + PH_PAIRING_TIME + 1);
    expect_refused(PH_REFUSED_BUTTON, 0);
    random_fails = true;
    pair(5000);
    expect_refused(PH_REFUSED_FAILED, PH_UNSUPPORTED);
    random_fails = false;
    store_fails = true;
    pair(5000);
    expect_refused(PH_REFUSED_FAILED, PH_FLASH_FAILED); /* and no key has gone over the line */
    CHECK(!has_key && paired == 0);
    store_fails = false;
    pair(5000 + PH_PAIRING_TIME);
    CHECK_EQUAL(heard[1], PH_FRAME_PAIRED);
    CHECK_EQUAL(memcmp(heard + 2, stored, sizeof stored), 0);
    CHECK_EQUAL(paired, 1);
    pair(5000 + PH_PAIRING_TIME);
    expect_refused(PH_REFUSED_BUTTON, 0); /* one press, one key */

    memcpy(old, stored, sizeof old);
    shake_hands(stored);
    request(0, "first");
    expect_reply(0, 0, "first");
    ph_session_press(&device, 100000);
    pair(100000);
    CHECK(memcmp(old, stored, sizeof old) != 0);
    request(1, "second");
    expect_refused(PH_REFUSED_SESSION, number);
    shake_hands(old);
    request(0, "first");
    expect_refused(PH_REFUSED_FORGED, 0);
    CHECK_EQUAL(answered, 1);
}

static void test_order(void) {
    begin_session();
    request(0, "first");
    expect_refused(PH_REFUSED_REPLAYED, 0);
    request(2, "third");
    expect_refused(PH_REFUSED_ORDER, 1);
    request(1, "second");
    expect_reply(1, 1, "second");
    CHECK_EQUAL(answered, 2);
    CHECK(ph_session_tell(&device, (const uint8_t *)"event", 5));
    CHECK_EQUAL(memcmp(expect_sealed(PH_FRAME_EVENT, 2, 5), "event", 5), 0);
    request(2, "");
    expect_reply(3, 2, "");
    CHECK(!ph_session_tell(&device, heard, PH_MESSAGE_BYTES + 1));
}

static void test_forged(void) {
    uint8_t frame[PH_FRAME_BYTES];
    begin_session();
    const int32_t bytes = make_request(1, "open the door", frame);
    for (int32_t bit = 0; bit < 8 * bytes; bit++) {
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
        send_frame(frame, bytes, 0);
        CHECK(heard_bytes == 0 ? (bit / 8 == 1) : heard[1] == PH_FRAME_REFUSED);
        frame[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int32_t short_by = 1; short_by < bytes; short_by++) {
        send_frame(frame, bytes - short_by, 0);
        CHECK_EQUAL(heard[1], PH_FRAME_REFUSED);
    }
    CHECK_EQUAL(answered, 1);
    send_frame(frame, bytes, 0);
    expect_reply(1, 1, "open the door");
}

/* Another hello, and a request that does not open, leave the session as it is; one that opens ends it. */
static void test_two_owners(void) {
    uint8_t wrong[32] = {7}, first_owner[32], first_device[32], second_owner[32], second_device[32];
    begin_session();
    const uint32_t first = number;
    memcpy(first_owner, owner_key, 32);
    memcpy(first_device, device_key, 32);
    shake_hands(wrong);
    request(0, "first");
    expect_refused(PH_REFUSED_FORGED, 0);
    shake_hands(stored);
    const uint32_t second = number;
    memcpy(second_owner, owner_key, 32);
    memcpy(second_device, device_key, 32);
    number = first;
    memcpy(owner_key, first_owner, 32);
    memcpy(device_key, first_device, 32);
    request(1, "still here");
    expect_reply(1, 1, "still here");
    CHECK_EQUAL(begun, 1);
    number = second;
    memcpy(owner_key, second_owner, 32);
    memcpy(device_key, second_device, 32);
    request(0, "mine");
    expect_reply(0, 0, "mine");
    CHECK_EQUAL(begun, 2);
    number = first;
    memcpy(owner_key, first_owner, 32);
    request(2, "still here");
    expect_refused(PH_REFUSED_SESSION, first);
}

static void test_other_frames(void) {
    uint8_t other[] = {2, PH_FRAME_PAIR}, unknown[] = {PH_SESSION_VERSION, 0x40}, longer[] = {1, PH_FRAME_PAIR, 0};
    uint8_t own[] = {PH_SESSION_VERSION, PH_FRAME_PAIRED};
    const uint8_t cut[] = {0, 5, 1, 2, 0};
    begin_session();
    send_frame(other, sizeof other, 0);
    expect_refused(PH_REFUSED_VERSION, PH_SESSION_VERSION);
    send_frame(unknown, sizeof unknown, 0);
    expect_refused(PH_REFUSED_TYPE, 0x40);
    send_frame(longer, sizeof longer, 0);
    expect_refused(PH_REFUSED_TYPE, PH_FRAME_PAIR);
    heard_bytes = 0;
    ph_session_take(&device, cut, sizeof cut, 0);
    expect_refused(PH_REFUSED_DAMAGED, 0);
    ph_session_press(&device, 0);
    other[0] = PH_SESSION_VERSION;
    send_checked(other, sizeof other, 1u << 31, 0);
    expect_refused(PH_REFUSED_DAMAGED, 0);
    CHECK_EQUAL(paired, 1);
    send_frame(own, sizeof own, 0);
    CHECK_EQUAL(heard_bytes, 0); /* an echo of its own words */
    request(1, "second");
    expect_reply(1, 1, "second");
}

/* A source that gives the same bytes again and again begins no other session, and keeps nobody waiting. */
static void test_random_that_repeats(void) {
    const uint8_t hello[2 + PH_SESSION_NONCE_BYTES] = {PH_SESSION_VERSION, PH_FRAME_HELLO, 9};
    open_device();
    random_repeats = true;
    ph_session_press(&device, 0);
    pair(0);
    shake_hands(stored);
    request(0, "first");
    expect_reply(0, 0, "first");
    send_frame(hello, sizeof hello, 0);
    expect_refused(PH_REFUSED_FAILED, PH_UNSUPPORTED);
    request(1, "second");
    expect_reply(1, 1, "second");
}

/* Without random bytes no session begins: whoever heard one of before could say all of it again. */
static void test_random_that_fails(void) {
    const uint8_t hello[2 + PH_SESSION_NONCE_BYTES] = {PH_SESSION_VERSION, PH_FRAME_HELLO, 9};
    open_device();
    ph_session_press(&device, 0);
    pair(0);
    random_fails = true;
    send_frame(hello, sizeof hello, 0);
    expect_refused(PH_REFUSED_FAILED, PH_UNSUPPORTED);
}

/* The last counters of a session are never used: a nonce would come twice. */
static void test_end_of_counters(void) {
    begin_session();
    device.running.expected = UINT32_MAX;
    request(UINT32_MAX, "last");
    expect_refused(PH_REFUSED_ORDER, UINT32_MAX);
    device.running.sent = UINT32_MAX - 1;
    CHECK(ph_session_tell(&device, heard, 1));
    CHECK(!ph_session_tell(&device, heard, 1));
}

/* A million random bytes, and true frames with something changed: nothing is answered, nobody is admitted. */
static void test_anything(void) {
    uint8_t bytes[100], frame[PH_FRAME_BYTES];
    begin_session();
    for (int32_t round = 0; round < 10000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)(next_number() >> (round % 3 ? 13 : 29)); /* also many zeros */
        }
        ph_session_take(&device, bytes, sizeof bytes, round);
    }
    for (int32_t round = 0; round < 20000; round++) {
        const int32_t count = make_request(1 + next_number() % 2, "open the door", frame);
        for (uint32_t changes = next_number() % 3 + 1; changes > 0; changes--) {
            frame[next_number() % (uint32_t)count] ^= (uint8_t)(next_number() % 255 + 1);
        }
        send_frame(frame, (int32_t)(next_number() % 4 ? (uint32_t)count : next_number() % (uint32_t)count), 0);
    }
    CHECK_EQUAL(answered, 1);
    CHECK_EQUAL(paired, 1);
    CHECK(refusals > 1000);
    ph_session_take(&device, (const uint8_t *)"", 1, 0);
    request(1, "second");
    expect_reply(device.running.sent - 1, 1, "second");
}

int main(void) {
    test_pairing();
    test_order();
    test_forged();
    test_two_owners();
    test_other_frames();
    test_random_that_repeats();
    test_random_that_fails();
    test_end_of_counters();
    test_anything();
    FINISH();
}
