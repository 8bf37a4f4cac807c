/* The owner's commands over a real gallery: any request, and settings. What each command does is told by
   tests/unit/test_device_commands.py, through the owner's side. */
#include "admin_requests.h"

#include "app/gallery_restore.h"
#include "app/quality.h"

/* Any request */

/* What each command is about: numbers, texts, byte strings, a map of settings, a truth. */
static const char *const about[PH_COMMANDS + 1] = {
    "",  "nn", "nnn", "nnnnb", "tnnn", "nnnn", "t", "nt",  "n",  "nn",   "nnn", "nn", "nn", "nt",
    "n", "n",  "n",   "nf",    "n",    "m",    "",  "nnn", "nn", "nnnb", "",    "",   "n",
};

static void put_anything(ph_cbor_writer *writer, char kind) {
    static const char *const texts[] = {"votes", "gap", "Ada", "George", "", "no such setting", "\x01", "known_rate"};
    static const uint64_t numbers[] = {0, 0, 1, 1, 2, 3, MODEL, MODEL, 2 * VALUES, UINT32_MAX, UINT64_MAX, UINT16_MAX};
    uint8_t random[40];
    const char *text = texts[next_number() % 8];
    for (size_t i = 0; i < sizeof random; i++) {
        random[i] = (uint8_t)(next_number() >> 7);
    }
    switch (next_number() % 8 ? kind : "ntbmf-"[next_number() % 6]) {
    case 'n':
        ph_cbor_put_unsigned(writer, numbers[next_number() % 12]);
        break;
    case 't':
        ph_cbor_put_text(writer, text, (int32_t)strlen(text));
        break;
    case 'b':
        ph_cbor_put_bytes(writer, random, next_number() % 2 ? 2 * VALUES : (int32_t)(next_number() % sizeof random));
        break;
    case 'm':
        ph_cbor_put_map(writer, 1);
        ph_cbor_put_text(writer, text, (int32_t)strlen(text));
        ph_cbor_put_signed(writer, (int64_t)(next_number() % 60));
        break;
    case 'f':
        ph_cbor_put_bool(writer, next_number() % 2);
        break;
    default:
        ph_cbor_put_signed(writer, -(int64_t)(next_number() % 3));
    }
}

static void test_any_request(void) {
    static int32_t done[PH_COMMANDS];
    uint8_t request[PH_MESSAGE_BYTES];
    begin(AREA, 1);
    open_admin();
    for (int32_t round = 0; round < 200000; round++) {
        const ph_command command = (ph_command)(next_number() % (PH_COMMANDS + 1));
        const uint32_t items = next_number() % 8 ? (uint32_t)strlen(about[command]) : next_number() % 6;
        ph_cbor_writer writer = begin_request(command, items, request);
        for (uint32_t i = 0; i < items; i++) {
            put_anything(&writer, i < strlen(about[command]) ? about[command][i] : 'n');
        }
        if (next_number() % 16 == 0) { /* and spoiled */
            request[next_number() % (uint32_t)writer.count] ^= (uint8_t)(next_number() % 255 + 1);
        }
        const int32_t error = ask(request, writer.count);
        if (error == PH_OK && command < PH_COMMANDS) {
            done[command]++;
        }
        clock_now++;
        if (round % 50 == 0) {
            const ph_looks looks = looks_of(2, 100);
            uint16_t taken;
            ph_gallery_add_stranger(&gallery, &looks, thumbnail_of(9), 0, round, PH_WHEN_FULL_REPLACE_OLDEST, &taken);
        }
        if (round % 500 == 0) {
            ph_gallery_cancel_restore(&gallery);
            CHECK_EQUAL(ph_gallery_tidy(&gallery), PH_OK);
            const uint32_t before = all_of_it();
            CHECK_EQUAL(reopen(), PH_OK);
            CHECK_EQUAL(all_of_it(), before);
            CHECK_EQUAL(ph_gallery_forget_all(&gallery), PH_OK); /* ids begin anew, and there is room again */
        }
    }
    for (int32_t command = 0; command < PH_COMMANDS; command++) {
        CHECK(done[command] > 0 || command == PH_ASK_RESTORE_RECORD); /* which takes more than chance */
    }
    CHECK_EQUAL(memory.offences, 0);
}

static void test_any_bytes(void) {
    begin(AREA, 1);
    open_admin();
    for (int32_t round = 0; round < 100000; round++) {
        uint8_t request[24];
        const int32_t count = (int32_t)(next_number() % sizeof request);
        for (int32_t i = 0; i < count; i++) {
            request[i] = (uint8_t)(next_number() >> 9);
        }
        ask(request, count);
    }
}

/* More looks than there is room for. */
static void test_too_many_looks(void) {
    uint8_t request[PH_MESSAGE_BYTES];
    begin(AREA, 1);
    open_admin();
    for (uint64_t index = 0; index <= REFERENCES; index++) {
        ph_cbor_writer writer = begin_request(PH_ASK_PUT_LOOK, 5, request);
        ph_cbor_put_unsigned(&writer, index);
        ph_cbor_put_unsigned(&writer, 0);
        ph_cbor_put_unsigned(&writer, 500);
        ph_cbor_put_unsigned(&writer, 0);
        ph_cbor_put_bytes(&writer, "\1\2\3\4\5\6", 2 * VALUES);
        CHECK_EQUAL(ask(request, writer.count), index < REFERENCES ? PH_OK : PH_NO_ROOM);
    }
    CHECK_EQUAL(admin.looks.count, REFERENCES);
    CHECK_EQUAL(descriptor_room[REFERENCES * VALUES - 1], 0x605);
}

/* Settings */

static void test_settings_kept(void) {
    uint8_t scratch[300];
    ph_settings changed = usual, read = usual;
    begin(AREA, 1);
    CHECK_EQUAL(ph_settings_load(&gallery, &read, scratch, sizeof scratch), PH_UNKNOWN);
    for (int32_t i = 0; i < ph_settings_count(); i++) {
        int64_t least, most;
        ph_settings_range(i, &least, &most);
        const int64_t value = ph_settings_get(&usual, i);
        CHECK(value >= least && value <= most);
        CHECK_EQUAL(ph_settings_find(ph_settings_name(i), (int32_t)strlen(ph_settings_name(i))), i);
        CHECK_EQUAL(ph_settings_set(&changed, i, least - 1), PH_BAD_ARGUMENT);
        CHECK_EQUAL(ph_settings_set(&changed, i, most + 1), PH_BAD_ARGUMENT);
        CHECK_EQUAL(ph_settings_get(&changed, i), value);
        CHECK_EQUAL(ph_settings_set(&changed, i, most), PH_OK);
        CHECK_EQUAL(ph_settings_get(&changed, i), most);
        CHECK_EQUAL(ph_settings_set(&changed, i, i == 5 ? 7 : value), PH_OK);
    }
    CHECK_EQUAL(ph_settings_find("vote", 4), -1);
    CHECK_EQUAL(ph_settings_store(&gallery, &changed, &usual, scratch, sizeof scratch), PH_OK);
    open_admin();
    CHECK_EQUAL(admin.settings.policy.votes, 7);
    CHECK_EQUAL(applied, 7);
    /* From a newer version: a setting that is not known, one out of range, one that still is what it was. */
    static const uint8_t newer[] = {0xa3, 0x19, 0x01, 0x00, 0x05, 0x05, 0x18, 0xff, 0x06, 0x18, 0x33};
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_SETTINGS, PH_SETTINGS_VERSION, newer, sizeof newer), PH_OK);
    CHECK_EQUAL(ph_settings_load(&gallery, &read, scratch, sizeof scratch), PH_OK);
    CHECK_EQUAL(read.policy.votes, usual.policy.votes);
    CHECK_EQUAL(read.policy.margin_share, 0x33);
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_SETTINGS, PH_SETTINGS_VERSION + 1, newer, 1), PH_OK);
    CHECK_EQUAL(ph_settings_load(&gallery, &read, scratch, sizeof scratch), PH_UNSUPPORTED);
}

/* At the least of every setting a look can be judged. */
static void test_least_settings(void) {
    ph_settings least = usual;
    int32_t quality;
    for (int32_t i = 0; i < ph_settings_count(); i++) {
        int64_t value, most;
        ph_settings_range(i, &value, &most);
        CHECK_EQUAL(ph_settings_set(&least, i, value), PH_OK);
    }
    CHECK_EQUAL(ph_quality_value(&least.policy, 60, 100, 90, &quality), PH_OK);
}

int main(void) {
    test_any_request();
    test_any_bytes();
    test_too_many_looks();
    test_settings_kept();
    test_least_settings();
    FINISH();
}
