#include "app/gallery_records.h"

#include "app/crc32.h"
#include "app/name.h"
#include "check.h"
#include "flash_memory.h"

#define VALUES 3
#define PEOPLE 2
#define REFERENCES 3
#define STRANGERS 2
#define LOOKS 2
#define SIDE 4
#define AREA 2048
#define MODEL 77

static const ph_gallery_size size = {VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE * SIDE, 40};
static uint64_t ram[(PH_GALLERY_RAM_BYTES(VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS) + 7) / 8];
static uint8_t bytes[2 * AREA];
static flash_memory memory;
static ph_gallery gallery;

static ph_status reopen(void) {
    return ph_gallery_open(&gallery, &size, MODEL, ram, sizeof ram, &memory.flash);
}

static void begin(uint32_t area_bytes, uint32_t unit) {
    flash_memory_begin(&memory, bytes, area_bytes, unit);
    CHECK_EQUAL(reopen(), PH_OK);
}

/* Looks of qualities first, first + 1, ...; every descriptor holds its quality. Good until the next call but one. */
static ph_looks looks_of(int32_t count, int32_t first) {
    static ph_look looks[2][4];
    static int16_t descriptors[2][4 * VALUES];
    static int32_t turn;
    turn = 1 - turn;
    for (int32_t i = 0; i < count; i++) {
        looks[turn][i] = (ph_look){.time = 1000 + first + i, .quality = {.value = first + i, .fault = PH_FAULT_NONE}};
        for (int32_t value = 0; value < VALUES; value++) {
            descriptors[turn][i * VALUES + value] = (int16_t)(value == 1 ? -(first + i) : first + i);
        }
    }
    return (ph_looks){VALUES, 4, count, looks[turn], descriptors[turn]};
}

static ph_thumbnail thumbnail_of(uint8_t grey) {
    static uint8_t picture[SIDE * SIDE];
    memset(picture, grey, sizeof picture);
    return (ph_thumbnail){SIDE, SIDE, picture};
}

static const ph_thumbnail no_thumbnail = {0, 0, NULL};

/* A checksum of all that is remembered. */
static uint32_t all_of_it(void) {
    uint8_t content[64], width, height;
    uint32_t sum = ph_crc32(0, &gallery.visits, sizeof gallery.visits);
    sum = ph_crc32(sum, gallery.people, (size_t)gallery.people_count * sizeof *gallery.people);
    const ph_gallery_table *tables[2] = {&gallery.known, &gallery.seen};
    for (int32_t i = 0; i < 2; i++) {
        const size_t count = (size_t)tables[i]->count;
        sum = ph_crc32(sum, tables[i]->owner, count * sizeof *tables[i]->owner);
        sum = ph_crc32(sum, tables[i]->descriptor, count * VALUES * sizeof *tables[i]->descriptor);
        for (size_t row = 0; row < count; row++) {
            const ph_reference reference = tables[i]->reference[row];
            sum = ph_crc32(sum, &reference.time, sizeof reference.time);
            sum = ph_crc32(sum, &reference.quality, sizeof reference.quality);
            sum = ph_crc32(sum, &reference.source, 1);
        }
    }
    for (int32_t row = 0; row < gallery.strangers_count; row++) {
        ph_stranger stranger = gallery.strangers[row];
        if (stranger.thumbnail != 0) {
            CHECK_EQUAL(ph_gallery_thumbnail(&gallery, stranger.number, content, 64, &width, &height), PH_OK);
            sum = ph_crc32(sum, content, (size_t)width * height);
        }
        stranger.thumbnail = 0; /* a place, which may change */
        sum = ph_crc32(sum, &stranger, 30);
    }
    for (int32_t slot = 0; slot < PH_SLOTS; slot++) {
        size_t count = 0;
        uint16_t version = 0;
        const ph_status status =
            ph_gallery_read_slot(&gallery, (ph_slot)slot, &version, content, sizeof content, &count);
        CHECK(status == PH_OK || status == PH_UNKNOWN);
        sum = ph_crc32(ph_crc32(sum, &version, sizeof version), content, count);
    }
    return sum;
}

/* A season in the life of a doorbell, one change a step. */
enum { STEPS = 18 };

static ph_status step(int32_t number) {
    const ph_looks one = looks_of(1, 500 + number), two = looks_of(2, 100 + 20 * number);
    uint16_t id;
    switch (number) {
    case 0:
        return ph_gallery_write_slot(&gallery, PH_SLOT_KEY, 1, "0123456789abcdef0123456789abcdef", 32);
    case 1:
        return ph_gallery_add_person(&gallery, "Anna", 4, 5, &two, PH_SOURCE_PHOTO, &id);
    case 2:
        return ph_gallery_add_stranger(&gallery, &two, thumbnail_of(7), 10, 20, PH_WHEN_FULL_REFUSE, &id);
    case 3:
        return ph_gallery_note_visit(&gallery, 1, 0, 30);
    case 4:
        return ph_gallery_remember(&gallery, 1, &two, no_thumbnail, 40);
    case 5:
        return ph_gallery_assign_new(&gallery, 1, "J\303\274rgen", 7, 50, &id);
    case 6:
        return ph_gallery_add_references(&gallery, 2, &one, PH_SOURCE_IMPORT);
    case 7:
    case 8:
        return ph_gallery_add_stranger(&gallery, &two, thumbnail_of((uint8_t)number), 60, 70, PH_WHEN_FULL_REFUSE, &id);
    case 9:
        return ph_gallery_ignore(&gallery, 2);
    case 10:
        return ph_gallery_add_stranger(&gallery, &one, no_thumbnail, 80, 90, PH_WHEN_FULL_REPLACE_OLDEST, &id);
    case 11:
        return ph_gallery_remove(&gallery, 1);
    case 12:
        return ph_gallery_rename(&gallery, 2, "George", 6);
    case 13:
        return ph_gallery_write_slot(&gallery, PH_SLOT_SETTINGS, 3, "settings", 8);
    case 14:
        return ph_gallery_remember(&gallery, 2, &one, thumbnail_of(9), 100);
    case 15:
        return ph_gallery_note_visit(&gallery, 0, 4, 110);
    case 16:
        return ph_gallery_discard(&gallery, 4);
    default:
        return ph_gallery_switch(&gallery);
    }
}

static void test_a_season(uint32_t unit) {
    uint8_t grey[SIDE * SIDE], width, height;
    begin(AREA, unit);
    for (int32_t i = 0; i < STEPS; i++) {
        CHECK_EQUAL(step(i), PH_OK);
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
    CHECK_EQUAL(gallery.visits, 8);
    CHECK_EQUAL(gallery.next_id, 3);
    CHECK_EQUAL(gallery.next_number, 5);
    CHECK_EQUAL(memory.offences, 0);
}

static void test_cut_at_every_byte(uint32_t unit) {
    uint32_t whole[STEPS + 1];
    bool cut = true;
    begin(AREA, unit);
    whole[0] = all_of_it();
    for (int32_t i = 0; i < STEPS; i++) {
        CHECK_EQUAL(step(i), PH_OK);
        whole[i + 1] = all_of_it();
    }
    for (int64_t budget = 0; cut; budget += 1 + (int64_t)(next_number() % 3)) {
        int32_t done = 0;
        flash_memory_begin(&memory, bytes, AREA, unit);
        memory.random ^= (uint32_t)budget << 8;
        memory.budget = budget;
        if (reopen() == PH_OK) {
            while (done < STEPS && step(done) == PH_OK) {
                done++;
            }
        }
        /* A step may be done before its last byte is: what is removed is erased later if need be. */
        cut = !memory.powered;
        CHECK(cut || done == STEPS);
        memory.powered = true;
        memory.budget = -1;
        CHECK_EQUAL(reopen(), PH_OK);
        const uint32_t now = all_of_it();
        CHECK(now == whole[done] || now == whole[done < STEPS ? done + 1 : STEPS]);
        CHECK_EQUAL(gallery.log.damaged, 0);
        CHECK(!gallery.erase_due);
    }
}

static bool holds(uint8_t byte, uint32_t run) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < 2 * AREA; i++) {
        length = bytes[i] == byte ? length + 1 : 0;
        if (length == run) {
            return true;
        }
    }
    return false;
}

static void test_what_is_discarded_is_erased(void) {
    const ph_looks two = looks_of(2, 1);
    uint16_t number;
    begin(AREA, 1);
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, thumbnail_of(5), 1, 2, PH_WHEN_FULL_REFUSE, &number), PH_OK);
    CHECK(holds(5, SIDE * SIDE));
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    CHECK(holds(5, SIDE * SIDE));
    CHECK_EQUAL(ph_gallery_discard(&gallery, number), PH_OK);
    CHECK(!holds(5, SIDE * SIDE));
    CHECK_EQUAL(ph_gallery_add_stranger(&gallery, &two, thumbnail_of(5), 1, 2, PH_WHEN_FULL_REFUSE, &number), PH_OK);
    CHECK_EQUAL(number, 2);
    CHECK_EQUAL(ph_gallery_forget_all(&gallery), PH_OK);
    CHECK(!holds(5, SIDE * SIDE));
    CHECK_EQUAL(gallery.strangers_count, 0);
    CHECK_EQUAL(gallery.next_number, 1);
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
        test_cut_at_every_byte(units[i]);
    }
    test_what_is_discarded_is_erased();
    test_full_is_reported();
    test_full_flash();
    test_the_best_looks_stay();
    test_removing_is_always_possible();
    test_the_promised_area_is_enough();
    test_another_model();
    test_less_room_than_before();
    test_what_is_refused();
    test_ids_begin_again();
    FINISH();
}
