/* A backup on its way into a device: with the power cut at every moment, with records that are not sound, with pieces
   out of their order, and what must wait meanwhile. */
#include "app/gallery_restore.h"

#include "admin_requests.h"

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
    for (int32_t spoiled = 0; spoiled < 9; spoiled++) {
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
        case 6:
            record[3].type = 4; /* a removal */
            break;
        case 7:
            record[records] = record[1]; /* two people of one name */
            record[records++].content[0] ^= 2;
            break;
        default:
            CHECK_EQUAL(record[3].type, 7);
            memset(record[3].content, 0xff, 2); /* an id to come that is none */
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

/* A list that is read across the end of a restore is not one list. */
static void test_listed_meanwhile(void) {
    static const uint64_t model[] = {MODEL, VALUES}, first[] = {0, 0};
    two_lives();
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE, 2, model), PH_OK);
    for (int32_t i = 0; i < records; i++) {
        CHECK_EQUAL(send_record(record[i].type, record[i].count, 0, record[i].content, record[i].count), PH_OK);
    }
    CHECK_EQUAL(ask_numbers(PH_ASK_PEOPLE, 2, first), PH_OK);
    ph_cbor_reader reader = {reply, reply_bytes, 0, false};
    ph_cbor_get_array(&reader);
    ph_cbor_get_unsigned(&reader, PH_OK);
    const uint64_t next[] = {1, ph_cbor_get_unsigned(&reader, UINT64_MAX)};
    CHECK_EQUAL(ask_numbers(PH_ASK_PEOPLE, 2, next), PH_OK);
    CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE_END, 0, NULL), PH_OK);
    CHECK_EQUAL(ask_numbers(PH_ASK_PEOPLE, 2, next), PH_ERROR_CHANGED);
}

/* Pieces of a record that come twice, or not in their order, end the restore. */
static void test_pieces_out_of_order(void) {
    static const uint64_t model[] = {MODEL, VALUES};
    for (uint32_t offset = 0; offset < 60; offset += 30) {
        two_lives();
        const uint32_t old = all_of_it();
        CHECK_EQUAL(ask_numbers(PH_ASK_RESTORE, 2, model), PH_OK);
        CHECK_EQUAL(send_record(record[1].type, record[1].count, 0, record[1].content, 20), PH_OK);
        CHECK_EQUAL(send_record(record[1].type, record[1].count, offset, record[1].content, 20), PH_ERROR_RESTORE);
        CHECK(!gallery.restoring);
        CHECK_EQUAL(all_of_it(), old);
    }
}

int main(void) {
    test_restored_whole_or_not_at_all();
    test_unsound_backups();
    test_too_much();
    test_meanwhile();
    test_listed_meanwhile();
    test_pieces_out_of_order();
    FINISH();
}
