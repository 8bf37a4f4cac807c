#include "gallery_season.h"

#include "app/name.h"

static void test_a_season(uint32_t unit) {
    uint8_t grey[SIDE * SIDE], width, height;
    begin(AREA, unit);
    for (int32_t i = 0; i < STEPS; i++) {
        const uint32_t changes = gallery.changes;
        CHECK_EQUAL(step(i), PH_OK);
        CHECK(gallery.changes > changes);
        const uint32_t before = all_of_it();
        CHECK_EQUAL(reopen(), PH_OK);
        CHECK_EQUAL(all_of_it(), before);
        CHECK_EQUAL(gallery.log.damaged + gallery.log.torn + gallery.foreign + gallery.left_out, 0);
    }
    CHECK_EQUAL(gallery.log.position, ph_gallery_live_bytes(&gallery));
    CHECK_EQUAL(gallery.people_count, 1);
    CHECK_EQUAL(gallery.people[0].id, 2);
    CHECK_EQUAL(memcmp(gallery.people[0].name, "George", 7), 0);
    CHECK_EQUAL(gallery.people[0].references, 3);
    CHECK_EQUAL(gallery.people[0].visits, 2);
    CHECK_EQUAL(gallery.known.reference[2].quality, 506);
    CHECK_EQUAL(gallery.known.reference[2].source, PH_SOURCE_IMPORT);
    CHECK_EQUAL(gallery.known.descriptor[2 * VALUES + 1], -506);
    CHECK_EQUAL(gallery.strangers_count, 1);
    CHECK_EQUAL(gallery.strangers[0].number, 2);
    CHECK_EQUAL(gallery.strangers[0].state, PH_STRANGER_IGNORED);
    CHECK_EQUAL(gallery.seen.reference[1].quality, 514); /* the best two of 240, 241 and 514 */
    CHECK_EQUAL(gallery.seen.reference[0].quality, 241);
    CHECK_EQUAL(ph_gallery_thumbnail(&gallery, 2, grey, sizeof grey, &width, &height), PH_OK);
    CHECK_EQUAL(grey[SIDE * SIDE - 1], 9);
    CHECK_EQUAL(ph_gallery_thumbnail(&gallery, 2, grey, sizeof grey - 1, &width, &height), PH_BAD_SHAPE);
    CHECK_EQUAL(gallery.visits, 9);
    CHECK_EQUAL(gallery.next_id, 3);
    CHECK_EQUAL(gallery.next_number, 5);
    CHECK_EQUAL(memory.offences, 0);
}

static void test_full_is_reported(void) {
    uint16_t id;
    begin(AREA, 1);
    const ph_looks none = looks_of(0, 0), four = looks_of(4, 1);
    const ph_looks two = {VALUES, 4, 2, four.look, four.descriptor}, three = {VALUES, 4, 3, four.look, four.descriptor};
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "A", 1, 0, &four, PH_SOURCE_PHOTO, &id), PH_NO_ROOM);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "A", 1, 0, &three, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_references(&gallery, id, &two, PH_SOURCE_PHOTO), PH_NO_ROOM);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "A", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_TAKEN);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "B", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "C", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_NO_ROOM);
    for (int32_t i = 0; i < STRANGERS; i++) {
        CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, no_thumbnail, 0, i, PH_WHEN_FULL_REFUSE, &id), PH_OK);
    }
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, no_thumbnail, 0, 9, PH_WHEN_FULL_REFUSE, &id), PH_NO_ROOM);
    CHECK_EQUAL(ph_gallery_assign_new(&gallery, 1, "C", 1, 0, &id), PH_NO_ROOM);
    CHECK_EQUAL(ph_gallery_assign(&gallery, 1, 1, NULL), PH_NO_ROOM);
    CHECK_EQUAL(ph_gallery_ignore(&gallery, 1), PH_OK);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, no_thumbnail, 0, 9, PH_WHEN_FULL_REPLACE_OLDEST, &id), PH_OK);
    CHECK_EQUAL(id, 3);
    CHECK(ph_gallery_stranger_row(&gallery, 1) >= 0); /* the oldest, but ignored */
    CHECK_EQUAL(ph_gallery_stranger_row(&gallery, 2), -1);
    CHECK_EQUAL(ph_gallery_ignore(&gallery, 3), PH_OK);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, no_thumbnail, 0, 9, PH_WHEN_FULL_REPLACE_OLDEST, &id),
                PH_NO_ROOM);
    const uint32_t before = all_of_it();
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(all_of_it(), before);
}

/* An area that is too small for what the tables would hold: full is said in time, and removing is always possible. */
static void test_full_flash(void) {
    uint16_t id = 0;
    ph_status status = PH_OK;
    int32_t people = 0;
    begin(352, 1);
    const ph_looks three = looks_of(3, 1);
    while (status == PH_OK) {
        const char name = (char)('A' + people);
        status = ph_gallery_add_person(&gallery, &name, 1, 0, &three, PH_SOURCE_PHOTO, &id);
        people += status == PH_OK;
    }
    CHECK_EQUAL(people, 1);
    CHECK_EQUAL(status, PH_NO_ROOM);
    CHECK_EQUAL(gallery.people_count, 1);
    for (int64_t visit = 0; visit < 20; visit++) { /* for which there is room, since older visits do not count */
        CHECK_EQUAL(ph_gallery_note_visit(&gallery, 1, 0, visit), PH_OK);
    }
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(gallery.people[0].visits, 20);
    CHECK_EQUAL(gallery.people[0].last_seen, 19);
    CHECK_EQUAL(ph_gallery_remove(&gallery, 1), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "B", 1, 0, &three, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(id, 2);
}

static void test_the_best_looks_stay(void) {
    uint16_t number;
    begin(AREA, 1);
    ph_looks looks = looks_of(2, 5);
    looks.look[0].quality.value = 6; /* as good as the second, but older */
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &looks, no_thumbnail, 0, 0, PH_WHEN_FULL_REFUSE, &number), PH_OK);
    looks = looks_of(1, 6);
    looks.look[0].time = 42;
    CHECK_EQUAL(ph_gallery_remember(&gallery, number, &looks, no_thumbnail, 1), PH_OK);
    CHECK_EQUAL(gallery.seen.count, 2);
    CHECK_EQUAL(gallery.seen.reference[0].time, 1006);
    CHECK_EQUAL(gallery.seen.reference[1].time, 42);
    looks = looks_of(1, 2); /* worse */
    CHECK_EQUAL(ph_gallery_remember(&gallery, number, &looks, no_thumbnail, 2), PH_OK);
    CHECK_EQUAL(gallery.seen.reference[0].time, 1006);
    CHECK_EQUAL(gallery.seen.reference[1].time, 42);
    looks = looks_of(2, 7);
    looks.look[1].quality.fault = PH_FAULT_BLURRED;
    CHECK_EQUAL(ph_gallery_remember(&gallery, number, &looks, no_thumbnail, 3), PH_OK);
    CHECK_EQUAL(gallery.seen.reference[0].time, 42);
    CHECK_EQUAL(gallery.seen.reference[1].quality, 7);
    CHECK_EQUAL(gallery.strangers[0].visits, 4);
}

/* However small the area, somebody can be removed when nothing else fits any more. */
static void test_removing_is_always_possible(void) {
    for (uint32_t area = 256; area <= 1024; area += 32) {
        uint16_t id;
        int32_t slot = 0;
        begin(area, 1);
        const ph_looks one = looks_of(1, 1);
        if (ph_gallery_add_person(&gallery, "A", 1, 0, &one, PH_SOURCE_PHOTO, &id) != PH_OK) {
            continue;
        }
        while (slot < PH_SLOTS && ph_gallery_write_slot(&gallery, (ph_slot)slot, 1, ram, 40) == PH_OK) {
            slot++;
        }
        for (size_t count = 40; count > 0; count--) {
            ph_gallery_write_slot(&gallery, PH_SLOT_KEY, 1, ram, count);
        }
        CHECK_EQUAL(ph_gallery_remove(&gallery, id), PH_OK);
        CHECK_EQUAL(reopen(), PH_OK);
        CHECK_EQUAL(gallery.people_count, 0);
    }
}

static void test_the_promised_area_is_enough(void) {
    static const uint32_t units[] = {1, 8, 32};
    for (size_t i = 0; i < 3; i++) {
        const uint32_t area = ph_gallery_flash_bytes(&size, units[i]);
        uint16_t id;
        CHECK(area > 0 && area <= AREA);
        begin(area, units[i]);
        for (int32_t row = 0; row < PEOPLE; row++) {
            char name[PH_NAME_BYTES];
            memset(name, 'a' + row, sizeof name);
            const ph_looks all = looks_of(REFERENCES, 1);
            CHECK_EQUAL(ph_gallery_add_person(&gallery, name, sizeof name, 0, &all, PH_SOURCE_PHOTO, &id), PH_OK);
        }
        for (int32_t row = 0; row < STRANGERS; row++) {
            const ph_looks all = looks_of(LOOKS, 1);
            CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &all, thumbnail_of(1), 0, 0, PH_WHEN_FULL_REFUSE, &id),
                        PH_OK);
        }
        for (int32_t slot = 0; slot < PH_SLOTS; slot++) {
            static const uint8_t zeros[40];
            CHECK_EQUAL(ph_gallery_write_slot(&gallery, (ph_slot)slot, 1, zeros, sizeof zeros), PH_OK);
        }
        for (int32_t visit = 0; visit < 100; visit++) {
            const ph_looks more = looks_of(LOOKS, visit);
            CHECK_EQUAL(ph_gallery_remember(&gallery, 1, &more, thumbnail_of(2), visit), PH_OK);
            CHECK_EQUAL(ph_gallery_tidy(&gallery), PH_OK);
            CHECK(ph_gallery_live_bytes(&gallery) <= 3 * area / 4);
        }
        CHECK(memory.erases[0] >= 3 && memory.erases[1] >= 3);
    }
    const ph_gallery_size device = {128, 20, 5, 20, 3, 48 * 48, 256};
    CHECK_EQUAL(ph_gallery_ram_bytes(&device), 45760);
    CHECK_EQUAL(ph_gallery_ram_bytes(&device), PH_GALLERY_RAM_BYTES(128, 20, 5, 20, 3));
    CHECK(ph_gallery_flash_bytes(&device, 1) <= 128 * 1024);
    CHECK(ph_gallery_flash_bytes(&device, 32) <= 256 * 1024);
    printf("20 x 5 + 20 x 3 of 128: %zu bytes of RAM, ph_gallery %zu, areas of at least %u bytes\n",
           ph_gallery_ram_bytes(&device), sizeof(ph_gallery), (unsigned)ph_gallery_flash_bytes(&device, 1));
}

static ph_open_visit visit_of(uint32_t number, uint16_t stranger) {
    return (ph_open_visit){number, 0, stranger, 100, 200 + number, 77, UINT64_MAX, 5, 2, 1};
}

static void test_a_visit_under_way_is_kept_until_its_end(void) {
    const ph_looks two = looks_of(2, 300);
    ph_looks read = looks_of(0, 0);
    ph_open_visit visit = visit_of(7, 0), found;
    uint8_t grey[SIDE * SIDE], width, height;
    uint16_t number;
    begin(AREA, 8);
    CHECK(!ph_gallery_keeps_visit(&gallery, 7) && !ph_gallery_keeps_visit(&gallery, 0));
    CHECK_EQUAL(ph_gallery_keep_visit(&gallery, &visit, &two, thumbnail_of(9)), PH_OK);
    visit.last_seen = 999;
    CHECK_EQUAL(ph_gallery_keep_visit(&gallery, &visit, NULL, no_thumbnail), PH_OK); /* the looks stay */
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK(ph_gallery_keeps_visit(&gallery, 7) && gallery.visits == 0 && gallery.strangers_count == 0);
    CHECK_EQUAL(ph_gallery_open_visit(&gallery, 0, &found), PH_OK);
    CHECK(found.visit == 7 && found.last_seen == 999 && found.first_seen == 100 && found.sightings == 5);
    CHECK(found.decision == 2 && found.reason == 1 && found.distance == 77 && found.margin == UINT64_MAX);
    CHECK_EQUAL(ph_gallery_open_visit(&gallery, 1, &found), PH_UNKNOWN);
    CHECK_EQUAL(ph_gallery_open_looks(&gallery, 0, &read, grey, sizeof grey, &width, &height), PH_OK);
    CHECK(read.count == 2 && read.look[1].quality.value == 301 && read.descriptor[VALUES + 1] == -301);
    CHECK(width == SIDE && height == SIDE && grey[3] == 9);
    ph_gallery_end_visit(&gallery, 7);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &read, thumbnail_of(9), 100, 999, PH_WHEN_FULL_REFUSE, &number),
                PH_OK);
    ph_gallery_end_visit(&gallery, 0);
    CHECK(!ph_gallery_keeps_visit(&gallery, 7) && gallery.visits == 1);
    visit.visit = 8;
    CHECK_EQUAL(ph_gallery_keep_visit(&gallery, &visit, NULL, no_thumbnail), PH_OK);
    CHECK_EQUAL(ph_gallery_open_looks(&gallery, 0, &read, grey, sizeof grey, &width, &height), PH_UNKNOWN);
    ph_gallery_end_visit(&gallery, 8);
    CHECK_EQUAL(ph_gallery_note_visit(&gallery, 0, 0, 5), PH_OK);
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK(!ph_gallery_keeps_visit(&gallery, 7) && !ph_gallery_keeps_visit(&gallery, 8) && gallery.visits == 2);
}

/* However many visits are under way, what the owner may keep still fits. */
static void test_visits_under_way_leave_the_room_that_was_promised(void) {
    const ph_looks two = looks_of(2, 300);
    uint16_t id;
    int32_t kept = 0;
    begin(ph_gallery_flash_bytes(&size, 8), 8);
    for (uint32_t number = 1; number <= PH_OPEN_VISITS + 1; number++) {
        const ph_open_visit visit = visit_of(number, 0);
        const ph_status status = ph_gallery_keep_visit(&gallery, &visit, &two, thumbnail_of(9));
        CHECK(status == PH_OK || status == PH_NO_ROOM);
        kept += status == PH_OK;
    }
    CHECK(kept >= 2 && kept <= PH_OPEN_VISITS);
    for (int32_t row = 0; row < STRANGERS; row++) {
        const ph_looks all = looks_of(LOOKS, 1);
        CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &all, thumbnail_of(1), 0, 0, PH_WHEN_FULL_REFUSE, &id), PH_OK);
    }
    for (int32_t row = 0; row < PEOPLE; row++) {
        char name[PH_NAME_BYTES];
        memset(name, 'a' + row, sizeof name);
        const ph_looks all = looks_of(REFERENCES, 1);
        CHECK_EQUAL(ph_gallery_add_person(&gallery, name, sizeof name, 0, &all, PH_SOURCE_PHOTO, &id), PH_OK);
    }
    for (int32_t slot = 0; slot < PH_SLOTS; slot++) {
        static const uint8_t zeros[40];
        CHECK_EQUAL(ph_gallery_write_slot(&gallery, (ph_slot)slot, 1, zeros, sizeof zeros), PH_OK);
    }
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    CHECK_EQUAL(reopen(), PH_OK);
    for (int32_t number = 1; number <= kept; number++) {
        CHECK(ph_gallery_keeps_visit(&gallery, (uint32_t)number));
    }
}

/* References of another network are never compared with; they stay until the next switch. */
static void test_another_model(void) {
    const ph_looks two = looks_of(2, 1);
    uint16_t id;
    begin(AREA, 1);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "A", 1, 0, &two, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_open(&gallery, &size, MODEL + 1, ram, sizeof ram, &memory.flash), PH_OK);
    CHECK_EQUAL(gallery.people_count, 1);
    CHECK_EQUAL(gallery.known.count, 0);
    CHECK_EQUAL(gallery.foreign, 2);
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(gallery.known.count, 2);
    CHECK_EQUAL(gallery.foreign, 0);
    CHECK_EQUAL(ph_gallery_open(&gallery, &size, MODEL + 1, ram, sizeof ram, &memory.flash), PH_OK);
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(gallery.people_count, 1);
    CHECK_EQUAL(gallery.known.count + (int32_t)gallery.foreign, 0);
}

/* A firmware with less room refuses what it cannot hold, and leaves it as it is. */
static void test_less_room_than_before(void) {
    ph_gallery_size small = size;
    uint16_t id;
    begin(AREA, 1);
    for (int32_t i = 0; i < PEOPLE; i++) {
        const ph_looks none = looks_of(0, 0);
        const char name = (char)('A' + i);
        CHECK_EQUAL(ph_gallery_add_person(&gallery, &name, 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    }
    small.people = PEOPLE - 1;
    CHECK_EQUAL(ph_gallery_open(&gallery, &small, MODEL, ram, sizeof ram, &memory.flash), PH_NO_ROOM);
    CHECK_EQUAL(ph_gallery_remove(&gallery, 1), PH_NO_ROOM);
    CHECK_EQUAL(gallery.people_count, 0);
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(gallery.people_count, PEOPLE);
}

static void test_what_is_refused(void) {
    static const struct {
        const char *name;
        size_t bytes;
    } names[] = {{"", 0},
                 {" A", 2},
                 {"A ", 2},
                 {"A\nB", 3},
                 {"\177", 1},
                 {"\302\205", 2},
                 {"\300\200", 2},
                 {"\355\240\200", 3},
                 {"\364\220\200\200", 4},
                 {"\303", 1},
                 {"\200", 1},
                 {"\377", 1},
                 {"\340\200\200", 3}};
    static const char good[] = "Zo\303\253 \346\227\245 \360\237\221\265";
    ph_gallery_size wrong = size;
    uint16_t id, version;
    size_t count;
    begin(AREA, 1);
    const ph_looks none = looks_of(0, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK(!ph_name_valid(names[i].name, names[i].bytes));
        CHECK_EQUAL(ph_gallery_add_person(&gallery, names[i].name, names[i].bytes, 0, &none, PH_SOURCE_PHOTO, &id),
                    PH_BAD_ARGUMENT);
    }
    CHECK_EQUAL(ph_gallery_add_person(&gallery, good, sizeof good - 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_rename(&gallery, id, good, sizeof good - 1), PH_OK);
    CHECK_EQUAL(ph_gallery_rename(&gallery, 9, "A", 1), PH_UNKNOWN);
    CHECK_EQUAL(ph_gallery_remove(&gallery, 9), PH_UNKNOWN);
    CHECK_EQUAL(ph_gallery_assign(&gallery, 9, id, NULL), PH_UNKNOWN);
    CHECK_EQUAL(ph_gallery_ignore(&gallery, 0), PH_UNKNOWN);
    CHECK_EQUAL(ph_gallery_note_visit(&gallery, id, 1, 0), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_gallery_note_visit(&gallery, 9, 0, 0), PH_UNKNOWN);
    ph_looks blurred = looks_of(1, 5);
    blurred.look[0].quality.fault = PH_FAULT_BLURRED;
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &blurred, no_thumbnail, 0, 0, PH_WHEN_FULL_REFUSE, &id),
                PH_BAD_ARGUMENT);
    blurred.look[0].quality.fault = PH_FAULT_NONE;
    const ph_thumbnail large = {SIDE + 1, SIDE, (const uint8_t *)ram};
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &blurred, large, 0, 0, PH_WHEN_FULL_REFUSE, &id), PH_BAD_SHAPE);
    blurred.values++;
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &blurred, no_thumbnail, 0, 0, PH_WHEN_FULL_REFUSE, &id),
                PH_BAD_SHAPE);
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_KEY, 1, ram, 41), PH_BAD_SHAPE);
    CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOTS, 1, ram, 4), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_gallery_read_slot(&gallery, PH_SLOT_KEY, &version, ram, 40, &count), PH_UNKNOWN);
    wrong.looks = 0;
    CHECK_EQUAL(ph_gallery_ram_bytes(&wrong), 0);
    CHECK_EQUAL(ph_gallery_open(&gallery, &wrong, MODEL, ram, sizeof ram, &memory.flash), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_gallery_open(&gallery, &size, MODEL, ram, 9, &memory.flash), PH_BAD_ARGUMENT);
}

/* Ids begin again after the last one, and leave out those in use. */
static bool is_in_flash(const uint8_t *secret) { /* [PH_KEY_BYTES] */
    size_t at = 0;
    while (at + PH_KEY_BYTES <= sizeof bytes && memcmp(bytes + at, secret, PH_KEY_BYTES) != 0) {
        at++;
    }
    return at + PH_KEY_BYTES <= sizeof bytes;
}

/* With a key that was replaced, what was said under it could be read. */
static void test_an_old_key_is_erased(void) {
    static const uint8_t key[3][PH_KEY_BYTES] = {{1, 3}, {2, 2}, {3, 1}};
    begin(AREA, 16);
    for (int32_t i = 0; i < 3; i++) {
        CHECK_EQUAL(ph_gallery_write_slot(&gallery, PH_SLOT_KEY, 1, key[i], PH_KEY_BYTES), PH_OK);
        CHECK(is_in_flash(key[i]));
        CHECK_EQUAL(i == 2 ? reopen() : ph_gallery_tidy(&gallery), PH_OK); /* also after a cut */
        CHECK(is_in_flash(key[i]) && (i == 0 || !is_in_flash(key[i - 1])));
    }
}

static void test_ids_begin_again(void) {
    uint16_t id;
    begin(AREA, 1);
    const ph_looks none = looks_of(0, 0);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "A", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    gallery.next_id = 65534;
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "B", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(id, 65534);
    CHECK_EQUAL(ph_gallery_remove(&gallery, id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "C", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(id, 2);
}

int main(void) {
    static const uint32_t units[] = {1, 4, 32};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        test_a_season(units[i]);
    }
    test_full_is_reported();
    test_full_flash();
    test_the_best_looks_stay();
    test_removing_is_always_possible();
    test_the_promised_area_is_enough();
    test_a_visit_under_way_is_kept_until_its_end();
    test_visits_under_way_leave_the_room_that_was_promised();
    test_another_model();
    test_less_room_than_before();
    test_what_is_refused();
    test_an_old_key_is_erased();
    test_ids_begin_again();
    FINISH();
}
