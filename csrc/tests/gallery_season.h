/* A small gallery over a flash in RAM, and a season in its life. */
#ifndef PEEPHOLE_TESTS_GALLERY_SEASON_H
#define PEEPHOLE_TESTS_GALLERY_SEASON_H

#include "app/crc32.h"
#include "app/gallery_records.h"
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

static inline ph_status reopen(void) {
    return ph_gallery_open(&gallery, &size, MODEL, ram, sizeof ram, &memory.flash);
}

static inline void begin(uint32_t area_bytes, uint32_t unit) {
    flash_memory_begin(&memory, bytes, area_bytes, unit);
    CHECK_EQUAL(reopen(), PH_OK);
}

/* Looks of qualities first, first + 1, ...; every descriptor holds its quality. Good until the next call but one. */
static inline ph_looks looks_of(int32_t count, int32_t first) {
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

static inline ph_thumbnail thumbnail_of(uint8_t grey) {
    static uint8_t picture[SIDE * SIDE];
    memset(picture, grey, sizeof picture);
    return (ph_thumbnail){SIDE, SIDE, picture};
}

static const ph_thumbnail no_thumbnail = {0, 0, NULL};

static inline uint32_t sum_of_open_visits(uint32_t sum) {
    uint8_t grey[64], width, height;
    ph_looks looks = looks_of(0, 0);
    ph_open_visit visit;
    for (int32_t index = 0; index < PH_OPEN_VISITS; index++) {
        if (ph_gallery_open_visit(&gallery, index, &visit) != PH_OK) {
            continue;
        }
        const ph_status seen = ph_gallery_open_looks(&gallery, index, &looks, grey, sizeof grey, &width, &height);
        CHECK(seen == PH_OK || seen == PH_UNKNOWN);
        const int64_t fields[] = {visit.visit, visit.person, visit.stranger, visit.first_seen, visit.last_seen, seen};
        sum = ph_crc32(sum, fields, sizeof fields);
        sum = ph_crc32(sum, looks.descriptor, (size_t)looks.count * VALUES * sizeof *looks.descriptor);
        sum = ph_crc32(sum, grey, (size_t)width * height);
    }
    return sum;
}

/* A checksum of all that is remembered. */
static inline uint32_t all_of_it(void) {
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
    return sum_of_open_visits(sum);
}

static inline ph_status end_visit(uint32_t visit) {
    ph_gallery_end_visit(&gallery, visit);
    const ph_status status = ph_gallery_note_visit(&gallery, 0, 0, 600);
    ph_gallery_end_visit(&gallery, 0);
    return status;
}

/* A season in the life of a doorbell, one change a step. */
enum { STEPS = 23 };

static inline ph_status step(int32_t number) {
    const ph_looks one = looks_of(1, 500 + number), two = looks_of(2, 100 + 20 * number);
    const ph_open_visit first = {.visit = 9, .stranger = 3, .last_seen = 500},
                        second = {.visit = 10, .person = 2, .last_seen = 500 + number};
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
    case 17:
        return ph_gallery_keep_visit(&gallery, &first, &two, thumbnail_of(11));
    case 18:
    case 21:
        return ph_gallery_keep_visit(&gallery, &second, NULL, no_thumbnail);
    case 20:
        return end_visit(9);
    default:
        return ph_gallery_switch(&gallery);
    }
}

/* Whether the flash holds so many equal bytes in a row. */
static inline bool holds(uint8_t byte, uint32_t run) {
    uint32_t length = 0;
    for (uint32_t i = 0; i < 2 * AREA; i++) {
        length = bytes[i] == byte ? length + 1 : 0;
        if (length == run) {
            return true;
        }
    }
    return false;
}

#endif
