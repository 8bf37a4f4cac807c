/* Changes the gallery step after step, always alike, and tells what it holds after each: to be cut off at any moment.

   "open D S damaged N torn T", then for every step "step N S D": its number, what it answered, and a checksum D of all
   that is kept. Begins one step later if what is kept at the start has the checksum of the first step's end. */
#include "board.h"
#include "flash.h"

#include "app/crc32.h"
#include "app/gallery.h"

enum { VALUES = 32, PEOPLE = 8, REFERENCES = 3, STRANGERS = 6, LOOKS = 4, SIDE = 48 };

static const ph_gallery_size size = {VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS, SIDE * SIDE, 64};
static uint8_t memory[PH_GALLERY_RAM_BYTES(VALUES, PEOPLE, REFERENCES, STRANGERS, LOOKS)] __attribute__((aligned(8)));
static ph_gallery gallery;
static uint32_t state;
static ph_look look[LOOKS];
static int16_t descriptor[LOOKS * VALUES];
static uint8_t picture[SIDE * SIDE];

static uint32_t draw(uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static uint32_t sum(uint32_t crc, const void *bytes, size_t count) {
    return ph_crc32(crc, bytes, (uint32_t)count);
}

static uint32_t references_sum(uint32_t crc, ph_references all) {
    crc = sum(crc, &all.count, sizeof all.count);
    crc = sum(crc, all.owner, (size_t)all.count * sizeof *all.owner);
    return sum(crc, all.descriptor, (size_t)all.count * VALUES * sizeof *all.descriptor);
}

static uint32_t kept(void) {
    uint32_t crc = sum(0, &gallery.people_count, sizeof gallery.people_count);
    for (int32_t i = 0; i < gallery.people_count; i++) {
        const ph_person *one = &gallery.people[i];
        crc = sum(crc, &one->id, sizeof one->id);
        crc = sum(crc, one->name, one->name_bytes);
        crc = sum(crc, &one->visits, sizeof one->visits);
    }
    for (int32_t i = 0; i < gallery.strangers_count; i++) {
        const ph_stranger *one = &gallery.strangers[i];
        uint8_t width = 0, height = 0;
        crc = sum(crc, &one->number, sizeof one->number);
        crc = sum(crc, &one->state, sizeof one->state);
        const ph_status there = ph_gallery_thumbnail(&gallery, one->number, picture, sizeof picture, &width, &height);
        crc = sum(crc, &there, sizeof there);
        crc = there == PH_OK ? sum(crc, picture, (size_t)width * height) : crc;
    }
    uint8_t slot[64];
    uint16_t version = 0;
    size_t bytes = 0;
    if (ph_gallery_read_slot(&gallery, PH_SLOT_SETTINGS, &version, slot, sizeof slot, &bytes) == PH_OK) {
        crc = sum(sum(crc, &version, sizeof version), slot, bytes);
    }
    return references_sum(references_sum(crc, ph_gallery_known(&gallery)), ph_gallery_seen(&gallery));
}

static ph_looks some_looks(int32_t most) {
    const int32_t count = 1 + (int32_t)draw((uint32_t)most);
    for (int32_t i = 0; i < count; i++) {
        look[i] =
            (ph_look){.time = (int64_t)draw(1000000), .quality = {80, 100, 50, (int32_t)draw(1000), PH_FAULT_NONE}};
        for (int32_t k = 0; k < VALUES; k++) {
            descriptor[i * VALUES + k] = (int16_t)draw(65536);
        }
    }
    return (ph_looks){VALUES, LOOKS, count, look, descriptor};
}

static ph_thumbnail some_picture(void) {
    for (int32_t i = 0; i < SIDE * SIDE; i++) {
        picture[i] = (uint8_t)draw(256);
    }
    return (ph_thumbnail){SIDE, SIDE, picture};
}

static ph_status change(uint32_t number) {
    char name[12] = "person ";
    state = (number + 1) * 2654435761u; /* mixed, so that neighbours draw nothing alike (murmur3's last steps) */
    state = (state ^ state >> 16) * 0x85ebca6bu;
    state = (state ^ state >> 13) * 0xc2b2ae35u;
    for (int32_t i = 0; i < 4; i++) {
        name[7 + i] = (char)('a' + (number >> (4 * i)) % 16);
    }
    const uint32_t kind = draw(10);
    uint16_t id = gallery.people_count ? gallery.people[draw((uint32_t)gallery.people_count)].id : 1;
    uint16_t stranger = gallery.strangers_count ? gallery.strangers[draw((uint32_t)gallery.strangers_count)].number : 1;
    switch (kind) {
    case 0:
    case 1: {
        const ph_looks looks = some_looks(REFERENCES);
        return ph_gallery_add_person(&gallery, name, 11, number, &looks, PH_SOURCE_PHOTO, &id);
    }
    case 2: {
        const ph_looks looks = some_looks(1);
        return ph_gallery_add_references(&gallery, id, &looks, PH_SOURCE_VISIT);
    }
    case 3:
        return ph_gallery_rename(&gallery, id, name, 11);
    case 4:
        return ph_gallery_remove(&gallery, id);
    case 5:
    case 6: {
        const ph_looks looks = some_looks(LOOKS);
        return ph_gallery_add_stranger(&gallery, &looks, some_picture(), 1, number, PH_WHEN_FULL_REPLACE_OLDEST,
                                       &stranger);
    }
    case 7: {
        const ph_looks looks = some_looks(LOOKS);
        return ph_gallery_remember(&gallery, stranger, &looks, some_picture(), number);
    }
    case 8:
        return draw(2) ? ph_gallery_assign_new(&gallery, stranger, name, 11, number, &id)
                       : ph_gallery_discard(&gallery, stranger);
    default:
        return draw(2) ? ph_gallery_write_slot(&gallery, PH_SLOT_SETTINGS, (uint16_t)number, name, 11)
                       : ph_gallery_switch(&gallery);
    }
}

static void tell(const char *what, int64_t number) {
    board_print(what);
    board_print_number(number);
}

int main(void) {
    const ph_flash flash = flash_areas();
    uint32_t steps[3]; /* the first, the one behind the last, and the checksum after the first */
    const int32_t file = board_open("steps.bin");
    if (file < 0 || board_read(file, steps, sizeof steps) != (int32_t)sizeof steps) {
        return 4;
    }
    const ph_status opened = ph_gallery_open(&gallery, &size, 7, memory, sizeof memory, &flash);
    const uint32_t there = kept();
    tell("open ", there);
    tell(" ", opened);
    tell(" damaged ", gallery.log.damaged);
    tell(" torn ", gallery.log.torn);
    board_print("\n");
    for (uint32_t number = steps[0] + (there == steps[2]); number < steps[1] && opened == PH_OK; number++) {
        const ph_status status = change(number);
        tell("step ", number);
        tell(" ", status);
        tell(" ", kept());
        board_print("\n");
    }
    return 0;
}
