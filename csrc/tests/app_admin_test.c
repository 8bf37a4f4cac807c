/* The owner's commands over a real gallery: any request, and restoring with the power cut at every moment. What each
   command does is told by tests/unit/test_device.py, through the owner's side. */
#include "app/admin.h"

#include "app/gallery_restore.h"
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

static void open_admin(void) {
    const ph_admin_calls calls = {.write = write_nothing, .time = read_clock, .at_door = at_door, .apply = apply};
    const ph_looks room = {VALUES, REFERENCES, 0, look_room, descriptor_room};
    ph_admin_open(&admin, &calls, &gallery, &usual, room);
}

/* Exactly as long as it is, so that the sanitizer sees the first byte beyond. */
static int32_t ask(const uint8_t *request, int32_t count) {
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

static ph_cbor_writer begin_request(ph_command command, uint32_t items, uint8_t *request) { /* [PH_MESSAGE_BYTES] */
    ph_cbor_writer writer = {request, PH_MESSAGE_BYTES, 0, false};
    ph_cbor_put_array(&writer, items + 1);
    ph_cbor_put_unsigned(&writer, command);
    return writer;
}

static int32_t ask_numbers(ph_command command, uint32_t count, const uint64_t *numbers) {
    uint8_t request[PH_MESSAGE_BYTES];
    ph_cbor_writer writer = begin_request(command, count, request);
    for (uint32_t i = 0; i < count; i++) {
        ph_cbor_put_unsigned(&writer, numbers[i]);
    }
    return ask(request, writer.count);
}

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

/* Restoring */

enum { MOST_RECORDS = 16, MOST_BYTES = 256 };

static struct {
    uint8_t type;
    uint32_t count;
    uint8_t content[MOST_BYTES];
} record[MOST_RECORDS];
static int32_t records;

static void back_up(void) {
    ph_flash_record found;
    uint32_t cursor = 0;
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    for (records = 0; ph_gallery_next_backed_up(&gallery, &cursor, &found) == PH_OK; records++) {
        CHECK(records < MOST_RECORDS && found.bytes <= MOST_BYTES);
        record[records].type = found.type;
        record[records].count = found.bytes;
        CHECK_EQUAL(ph_flash_log_read(&gallery.log, &found, 0, record[records].content, found.bytes), PH_OK);
    }
}

static int32_t send_record(uint8_t type, uint32_t size, uint32_t offset, const uint8_t *piece, uint32_t count) {
    uint8_t request[PH_MESSAGE_BYTES];
    ph_cbor_writer writer = begin_request(PH_ASK_RESTORE_RECORD, 4, request);
    ph_cbor_put_unsigned(&writer, type);
    ph_cbor_put_unsigned(&writer, size);
    ph_cbor_put_unsigned(&writer, offset);
    ph_cbor_put_bytes(&writer, piece, (int32_t)count);
    return ask(request, writer.count);
}

static int32_t restore_all(void) {
    static const uint64_t model[] = {MODEL, VALUES};
    int32_t error = ask_numbers(PH_ASK_RESTORE, 2, model);
    for (int32_t i = 0; i < records && error == PH_OK; i++) {
        for (uint32_t offset = 0, count; offset < record[i].count && error == PH_OK; offset += count) {
            count = record[i].count - offset < 50 ? record[i].count - offset : 50;
            error = send_record(record[i].type, record[i].count, offset, record[i].content + offset, count);
        }
    }
    return error == PH_OK ? ask_numbers(PH_ASK_RESTORE_END, 0, NULL) : error;
}

static const uint8_t key[PH_KEY_BYTES] = {4, 2};

/* Ada and a stranger with a picture, settings and a key; backed up. Then only George, and the same key. */
static void two_lives(void) {
    uint16_t id;
    const ph_looks looks = looks_of(2, 300);
    begin(AREA, 1);
    open_admin();
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_KEY, 1, key, sizeof key), PH_OK);
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_CALIBRATION, 1, "bars", 4), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "Ada", 3, 5, &looks, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &looks, thumbnail_of(9), 1, 2, PH_WHEN_FULL_REFUSE, &id), PH_OK);
    back_up();
    CHECK_EQUAL(records, 4); /* the key is not among them */
    CHECK_EQUAL(ph_gallery_forget_all(&gallery), PH_OK);
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_KEY, 1, key, sizeof key), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "George", 6, 5, &looks, PH_SOURCE_PHOTO, &id), PH_OK);
}

static void expect_key(void) {
    uint8_t kept[PH_KEY_BYTES];
    uint16_t version;
    size_t count;
    CHECK_EQUAL(ph_gallery_read_slot(&gallery, PH_SLOT_KEY, &version, kept, sizeof kept, &count), PH_OK);
    CHECK_EQUAL(memcmp(kept, key, sizeof key), 0);
}

static void test_restored_whole_or_not_at_all(void) {
    uint32_t cuts = 0;
    for (int64_t budget = 0;; budget++) {
        two_lives();
        const uint32_t old = all_of_it();
        memory.budget = budget;
        const int32_t error = restore_all();
        const bool powered = memory.powered;
        memory.powered = true;
        memory.budget = -1;
        CHECK_EQUAL(reopen(), PH_OK);
        open_admin();
        expect_key();
        CHECK_EQUAL(gallery.people_count, 1);
        const bool is_old = memcmp(gallery.people[0].name, "George", 6) == 0;
        CHECK(is_old ? all_of_it() == old && error != PH_OK : gallery.strangers_count == 1);
        CHECK(error != PH_OK || !is_old);
        if (powered) {
            CHECK_EQUAL(error, PH_OK);
            break;
        }
        cuts++;
    }
    CHECK(cuts > 400);
    CHECK_EQUAL(memory.offences, 0);
}

/* Whatever is wrong with the records, the gallery stays as it is. */
static void test_unsound_backups(void) {
    for (int32_t spoiled = 0; spoiled < 7; spoiled++) {
        two_lives();
        const uint32_t old = all_of_it();
        uint8_t *ada = record[1].content, *stranger = record[2].content;
        CHECK(record[1].type == 1 && record[2].type == 2);
        switch (spoiled) {
        case 0:
            ada[36] = '\n'; /* a name that cannot be */
            break;
        case 1:
            ada[0] = ada[1] = 0; /* nor can this id */
            break;
        case 2:
            ada[24] ^= 1; /* another model */
            break;
        case 3:
            record[0].content[2] = PH_SLOT_KEY; /* another key */
            break;
        case 4:
            stranger[36] = 9; /* a state that there is not */
            break;
        case 5:
            record[1].count -= 2; /* a descriptor that is cut */
            break;
        default:
            record[3].type = 4; /* a removal */
        }
        CHECK_EQUAL(restore_all(), PH_ERROR_RESTORE);
        CHECK_EQUAL(all_of_it(), old);
        CHECK(!gallery.restoring);
        CHECK_EQUAL(reopen(), PH_OK);
        CHECK_EQUAL(all_of_it(), old);
        expect_key();
    }
}

static void test_too_much(void) {
    two_lives();
    const uint32_t old = all_of_it();
    for (int32_t i = 0; i < 3; i++) { /* four people, where there is room for two */
        record[records] = record[1];
        record[records].content[0] = (uint8_t)(10 + i);
        record[records++].content[36] = (uint8_t)('B' + i);
    }
    CHECK_EQUAL(restore_all(), PH_NO_ROOM);
    CHECK_EQUAL(all_of_it(), old);
}

/* While a backup is on its way in nothing else changes the gallery; and it is given up when nobody goes on with it. */
static void test_meanwhile(void) {
    static const uint64_t model[] = {MODEL, VALUES}, other[] = {MODEL + 1, VALUES}, backup[] = {0, 0, 0}, ada[] = {1};
    uint16_t id;
    two_lives();
    const uint32_t old = all_of_it();
    const ph_looks looks = looks_of(1, 300);
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE, 2, other), PH_ERROR_MODEL);
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE_END, 0, NULL), PH_ERROR_RESTORE);
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE, 2, model), PH_OK);
    CHECK_EQUAL(send_record(record[1].type, record[1].count, 0, record[1].content, 20), PH_OK);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &looks, no_thumbnail, 0, 1, PH_WHEN_FULL_REFUSE, &id), PH_BUSY);
    CHECK_EQUAL(ph_gallery_note_visit(&gallery, 1, 0, 9), PH_BUSY);
    CHECK_EQUAL(ph_gallery_tidy(&gallery), PH_BUSY);
    CHECK_EQUAL(ph_gallery_forget_all(&gallery), PH_BUSY);
    CHECK_EQUAL(ask_numbers(PH_ASK_REMOVE, 1, ada), PH_BUSY);
    CHECK_EQUAL(ask_numbers(PH_ASK_BACKUP, 3, backup), PH_BUSY);
    CHECK_EQUAL(all_of_it(), old);
    expect_key();
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE_END, 0, NULL), PH_ERROR_RESTORE); /* in the middle of a record */
    CHECK(!gallery.restoring);
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE, 2, model), PH_OK);
    clock_now += PH_RESTORE_PATIENCE;
    ph_admin_take(&admin, NULL, 0);
    CHECK(gallery.restoring);
    clock_now++;
    ph_admin_take(&admin, NULL, 0);
    CHECK(!gallery.restoring);
    CHECK_EQUAL(all_of_it(), old);
    CHECK_EQUAL(ph_gallery_note_visit(&gallery, 1, 0, 9), PH_OK);
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

int main(void) {
    test_any_request();
    test_any_bytes();
    test_restored_whole_or_not_at_all();
    test_unsound_backups();
    test_too_much();
    test_meanwhile();
    test_settings_kept();
    FINISH();
}
