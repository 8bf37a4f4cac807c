/* The owner's commands over the small gallery of gallery_season.h, without a line between. */
#ifndef PEEPHOLE_TESTS_ADMIN_REQUESTS_H
#define PEEPHOLE_TESTS_ADMIN_REQUESTS_H

#include "app/admin.h"
#include "gallery_season.h"

static ph_admin admin;
static ph_look look_room[REFERENCES];
static int16_t descriptor_room[REFERENCES * VALUES];
static uint8_t reply[PH_MESSAGE_BYTES];
static int32_t reply_bytes;
static int64_t clock_now;
static int32_t applied;

static void write_nothing(void *context, const uint8_t *from, int32_t count) {
    (void)context;
    (void)from;
    (void)count;
}

static int64_t read_clock(void *context) {
    (void)context;
    return clock_now;
}

static ph_status at_door(void *context, ph_looks *looks) {
    (void)context;
    *looks = looks_of(2, 700);
    return clock_now % 3 == 0 ? PH_UNKNOWN : clock_now % 3 == 1 ? PH_TAKEN : PH_OK;
}

static ph_status apply(void *context, const ph_settings *settings) {
    (void)context;
    applied = settings->policy.votes;
    return settings->policy.votes == 13 ? PH_BAD_ARGUMENT : PH_OK;
}

static const ph_settings usual = {PH_DEFAULT_POLICY, 3000, 10000, 0};

static inline void open_admin(void) {
    const ph_admin_calls calls = {.write = write_nothing, .time = read_clock, .at_door = at_door, .apply = apply};
    const ph_looks room = {VALUES, REFERENCES, 0, look_room, descriptor_room};
    ph_admin_open(&admin, &calls, &gallery, &usual, room);
}

/* Exactly as long as it is, so that the sanitizer sees the first byte beyond. */
static inline int32_t ask(const uint8_t *request, int32_t count) {
    uint8_t *exact = allocate((size_t)count, 1);
    memcpy(exact, request, (size_t)count);
    reply_bytes = admin.session.calls.answer(&admin, exact, count, reply, PH_MESSAGE_BYTES - 4);
    free(exact);
    ph_cbor_reader reader = {reply, reply_bytes, 0, false};
    CHECK(ph_cbor_get_array(&reader) >= 1);
    const int32_t error = (int32_t)ph_cbor_get_unsigned(&reader, 63);
    CHECK(!reader.failed);
    return error;
}

static inline ph_cbor_writer begin_request(ph_command command, uint32_t items,
                                           uint8_t *request) { /* [PH_MESSAGE_BYTES] */
    ph_cbor_writer writer = {request, PH_MESSAGE_BYTES, 0, false};
    ph_cbor_put_array(&writer, items + 1);
    ph_cbor_put_unsigned(&writer, command);
    return writer;
}

static inline int32_t ask_numbers(ph_command command, uint32_t count, const uint64_t *numbers) {
    uint8_t request[PH_MESSAGE_BYTES];
    ph_cbor_writer writer = begin_request(command, count, request);
    for (uint32_t i = 0; i < count; i++) {
        ph_cbor_put_unsigned(&writer, numbers[i]);
    }
    return ask(request, writer.count);
}

#endif
