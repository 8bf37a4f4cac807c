#include "gallery_season.h"

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
        CHECK(!gallery.erase_due && !gallery.log.frail);
    }
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

/* Erasing fails: the person is gone all the same, and is erased as soon as that works. */
static void test_removing_when_nothing_can_be_erased(void) {
    const ph_looks none = looks_of(0, 0);
    uint16_t id;
    begin(AREA, 1);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "AAAAAAAA", 8, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    memory.stubborn = true;
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(ph_gallery_remove(&gallery, id), PH_OK);
    CHECK_EQUAL(gallery.people_count, 0);
    CHECK(gallery.erase_due && holds('A', 8));
    CHECK_EQUAL(ph_gallery_tidy(&gallery), PH_FLASH_FAILED);
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(gallery.people_count, 0);
    memory.stubborn = false;
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK(!gallery.erase_due && !holds('A', 8));
}

/* A removal is lost to damage before anything was erased: who was removed is back, and there is no room for the last.
 */
static void test_a_lost_removal(void) {
    const ph_looks none = looks_of(0, 0);
    uint16_t id;
    begin(AREA, 1);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "A", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "B", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    CHECK_EQUAL(ph_gallery_switch(&gallery), PH_OK);
    CHECK_EQUAL(reopen(), PH_OK);
    memory.stubborn = true;
    const uint32_t removal = gallery.log.area * AREA + gallery.log.position;
    CHECK_EQUAL(ph_gallery_remove(&gallery, id), PH_OK);
    CHECK_EQUAL(ph_gallery_add_person(&gallery, "C", 1, 0, &none, PH_SOURCE_PHOTO, &id), PH_OK);
    bytes[removal + 16] ^= 4;
    CHECK_EQUAL(reopen(), PH_OK);
    CHECK_EQUAL(gallery.log.damaged, 1);
    CHECK_EQUAL(gallery.left_out, 1);
    CHECK_EQUAL(gallery.people_count, 2);
    CHECK_EQUAL(gallery.people[1].name[0], 'B');
}

/* Whatever lies on the flash, opening ends well or says why not, and so does what is done next. */
static void test_garbage(void) {
    for (int32_t round = 0; round < 3000; round++) {
        begin(AREA, 1);
        for (int32_t i = 0; i < (int32_t)(next_number() % STEPS); i++) {
            step(i);
        }
        if (round % 3 == 0) { /* bytes that change */
            for (uint32_t i = next_number() % 40; i > 0; i--) {
                bytes[next_number() % (2 * AREA)] = (uint8_t)next_number();
            }
        } else { /* records that nobody wrote so, as a newer version might: fields at random, some of them plausible */
            uint8_t payload[128];
            for (size_t i = 0; i < sizeof payload; i++) {
                payload[i] = (uint8_t)(next_number() % 4 ? next_number() % 6 : next_number());
            }
            const uint32_t fields[] = {0, PH_PERSON_BYTES, PH_STRANGER_BYTES, 20, 2, 2, 4, 8, 0};
            const uint32_t type = next_number() % 9, reference = PH_REFERENCE_BYTES + 2 * VALUES;
            uint32_t length = fields[type];
            if (round % 3 == 1) {
                memcpy(payload + 24, (const uint8_t[]){MODEL, 0, 0, 0, VALUES, 0}, 6);
                payload[31] = 0;
                payload[32] = type == PH_RECORD_PERSON ? (uint8_t)(30 + next_number() % 32) : payload[32];
                length += (type == PH_RECORD_PERSON || type == PH_RECORD_STRANGER) ? payload[30] * reference : 0;
                length += type == PH_RECORD_STRANGER ? (uint32_t)payload[37] * payload[38] : 0;
            }
            length = length <= sizeof payload ? length : next_number() % sizeof payload;
            ph_flash_log_append(&gallery.log, (uint8_t)type, payload, length);
        }
        const ph_status status = reopen();
        CHECK(status == PH_OK || status == PH_UNSUPPORTED || status == PH_NO_ROOM);
        for (int32_t row = 0; row < gallery.strangers_count; row++) {
            uint8_t grey[SIDE * SIDE], width, height;
            ph_gallery_thumbnail(&gallery, gallery.strangers[row].number, grey, sizeof grey, &width, &height);
        }
        CHECK(gallery.people_count <= PEOPLE && gallery.strangers_count <= STRANGERS);
        CHECK(gallery.known.count <= PEOPLE * REFERENCES && gallery.seen.count <= STRANGERS * LOOKS);
        for (int32_t i = 0; i < STEPS; i++) {
            step(i);
        }
    }
}

int main(void) {
    static const uint32_t units[] = {1, 4, 32};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        test_cut_at_every_byte(units[i]);
    }
    test_what_is_discarded_is_erased();
    test_removing_when_nothing_can_be_erased();
    test_a_lost_removal();
    test_garbage();
    FINISH();
}
