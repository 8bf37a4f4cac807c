#include "app/flash_log.h"

#include "app/crc32.h"
#include "check.h"
#include "flash_memory.h"

#define AREA 2048
#define RECORDS 12

static uint8_t bytes[2 * AREA];

/* Record number i is (i % 7) * 9 bytes of the value i. */
static ph_status append(ph_flash_log *log, int32_t i) {
    uint8_t payload[64];
    memset(payload, i, sizeof payload);
    return ph_flash_log_append(log, (uint8_t)(i + 1), payload, (uint32_t)(i % 7) * 9);
}

/* How many records there are, if they are the first ones in order, whole; else -1. */
static int32_t kept(const ph_flash_log *log) {
    ph_flash_record record, again;
    uint32_t cursor = 0;
    int32_t count = 0;
    ph_status status;
    while ((status = ph_flash_log_next(log, &cursor, &record)) == PH_OK) {
        uint8_t payload[64];
        bool right = record.type == count + 1 && record.bytes == (uint32_t)(count % 7) * 9 &&
                     ph_flash_log_read(log, &record, 0, payload, record.bytes) == PH_OK &&
                     ph_flash_log_at(log, record.offset, &again) == PH_OK && again.bytes == record.bytes;
        for (uint32_t i = 0; right && i < record.bytes; i++) {
            right = payload[i] == count;
        }
        if (!right) {
            return -1;
        }
        count++;
    }
    return status == PH_END ? count : -1;
}

static void test_crc(void) {
    CHECK_EQUAL(ph_crc32(0, "123456789", 9), 0xcbf43926);
    CHECK_EQUAL(ph_crc32(ph_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
    CHECK_EQUAL(ph_crc32(0, "", 0), 0);
}

static void test_appending(uint32_t unit) {
    flash_memory memory;
    ph_flash_log log, again;
    flash_memory_begin(&memory, bytes, AREA, unit);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK(log.begun);
    CHECK_EQUAL(kept(&log), 0);
    for (int32_t i = 0; i < RECORDS; i++) {
        CHECK_EQUAL(append(&log, i), PH_OK);
        CHECK_EQUAL(kept(&log), i + 1);
    }
    CHECK_EQUAL(ph_flash_log_open(&again, &memory.flash), PH_OK);
    CHECK(!again.begun);
    CHECK_EQUAL(kept(&again), RECORDS);
    CHECK_EQUAL(again.position, log.position);
    CHECK_EQUAL(again.sequence, RECORDS);
    CHECK_EQUAL(again.damaged + again.torn, 0);
    CHECK(!again.frail);
    CHECK_EQUAL(memory.offences, 0);
    for (uint32_t i = 0; i < AREA; i++) {
        CHECK_EQUAL(bytes[AREA + i], 0xff);
    }
}

static void test_full_is_reported(void) {
    flash_memory memory;
    ph_flash_log log;
    int32_t count = 0;
    ph_status status;
    flash_memory_begin(&memory, bytes, AREA, 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    while ((status = append(&log, count)) == PH_OK) {
        count++;
    }
    CHECK_EQUAL(status, PH_NO_ROOM);
    CHECK_EQUAL(kept(&log), count);
    CHECK(ph_flash_log_free(&log) < ph_flash_log_span(&memory.flash, (uint32_t)(count % 7) * 9));
    CHECK_EQUAL(ph_flash_log_span(&memory.flash, AREA), 0);
    CHECK_EQUAL(ph_flash_log_begin(&log, 1, UINT32_MAX), PH_NO_ROOM);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), count);
}

/* Appends all records, switching in the middle; returns how many were acknowledged. The switch copies every record. */
static int32_t work(flash_memory *memory) {
    ph_flash_log log;
    int32_t count = 0;
    if (ph_flash_log_open(&log, &memory->flash) != PH_OK) {
        return 0;
    }
    for (; count < RECORDS; count++) {
        if (count == RECORDS / 2) {
            bool switched = ph_flash_log_begin_switch(&log) == PH_OK;
            for (int32_t i = 0; switched && i < count; i++) {
                switched = append(&log, i) == PH_OK;
            }
            if (!switched || ph_flash_log_end_switch(&log) != PH_OK) {
                return count;
            }
        }
        if (append(&log, count) != PH_OK) {
            return count;
        }
    }
    return count;
}

static void test_cut_at_every_byte(uint32_t unit) {
    flash_memory memory;
    ph_flash_log log;
    bool cut = true;
    for (int64_t budget = 0; cut; budget++) {
        flash_memory_begin(&memory, bytes, AREA, unit);
        memory.random ^= (uint32_t)budget << 8;
        memory.budget = budget;
        const int32_t count = work(&memory);
        cut = !memory.powered;
        CHECK(cut || count == RECORDS);
        /* The power goes again while the log is opened, and comes back. */
        memory.powered = true;
        memory.budget = budget % 3;
        ph_flash_log_open(&log, &memory.flash);
        memory.powered = true;
        memory.budget = -1;
        CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
        const int32_t found = kept(&log);
        CHECK(found == count || found == count + 1);
        CHECK_EQUAL(log.damaged, 0);
        CHECK(log.torn <= 1);
        for (int32_t i = found; i < RECORDS; i++) {
            CHECK_EQUAL(append(&log, i), PH_OK);
        }
        CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
        CHECK_EQUAL(kept(&log), RECORDS);
        CHECK_EQUAL(log.damaged, 0);
        CHECK_EQUAL(memory.offences, 0);
    }
}

static void test_areas_take_turns(void) {
    flash_memory memory;
    ph_flash_log log;
    flash_memory_begin(&memory, bytes, AREA, 4);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    for (int32_t i = 0; i < 10; i++) {
        CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
        CHECK_EQUAL(ph_flash_log_end_switch(&log), PH_OK);
        CHECK_EQUAL(log.area, (i + 1) % 2);
        CHECK_EQUAL(log.generation, i + 2);
    }
    CHECK_EQUAL(memory.erases[0], 6); /* the first to begin the log */
    CHECK_EQUAL(memory.erases[1], 6); /* the first because it held anything */
    CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
    CHECK_EQUAL(append(&log, 0), PH_OK);
    ph_flash_log_cancel_switch(&log);
    CHECK_EQUAL(append(&log, 0), PH_OK);
    CHECK_EQUAL(kept(&log), 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 1);
    CHECK_EQUAL(log.generation, 11);
}

/* One bit of one record changes: that record is lost and counted, then and after a switch. */
static void test_bits_that_flip(void) {
    static uint8_t whole[2 * AREA];
    flash_memory memory;
    ph_flash_log log, fresh;
    ph_flash_record record, after;
    uint32_t cursor = 0;
    flash_memory_begin(&memory, bytes, AREA, 1);
    CHECK_EQUAL(ph_flash_log_open(&fresh, &memory.flash), PH_OK);
    for (int32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(append(&fresh, i), PH_OK);
    }
    memcpy(whole, bytes, sizeof whole);
    for (int32_t i = 0; i < 4; i++) {
        CHECK_EQUAL(ph_flash_log_next(&fresh, &cursor, &record), PH_OK);
        const uint32_t first = record.offset - 16, end = cursor, mark = end - 4;
        for (uint32_t bit = 8 * first; bit < 8 * end; bit++) {
            const uint32_t payload_end = record.offset + record.bytes + 4;
            if (bit / 8 >= payload_end && bit / 8 < mark) {
                continue; /* padding */
            }
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
            const bool last_mark = i == 3 && bit / 8 >= mark; /* looks as if it had never been finished */
            CHECK_EQUAL(log.damaged, !last_mark);
            CHECK_EQUAL(log.torn, last_mark);
            uint32_t at = 0;
            for (int32_t other = 0; other < 4; other++) {
                if (other != i) {
                    CHECK_EQUAL(ph_flash_log_next(&log, &at, &after), PH_OK);
                    CHECK_EQUAL(after.type, other + 1);
                }
            }
            CHECK_EQUAL(ph_flash_log_next(&log, &at, &after), PH_END);
            CHECK_EQUAL(ph_flash_log_at(&log, record.offset, &after), PH_DAMAGED);
            CHECK_EQUAL(append(&log, 4), PH_OK);
            CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
            CHECK_EQUAL(log.damaged, !last_mark);
            CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
            CHECK_EQUAL(ph_flash_log_end_switch(&log), PH_OK);
            CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
            CHECK_EQUAL(log.damaged, !last_mark);
            CHECK_EQUAL(log.damaged_here, 0);
            memcpy(bytes, whole, sizeof whole);
        }
    }
    for (uint32_t bit = 0; bit < 8 * 64; bit++) { /* the area's header is there twice */
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
        CHECK_EQUAL(kept(&log), 4);
        CHECK(log.frail);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    memory.lost_from = record.offset; /* a driver that knows better than to return what it read */
    memory.lost_to = record.offset + 1;
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 3);
    CHECK_EQUAL(log.damaged, 1);
}

static void test_cells_that_fail(void) {
    flash_memory memory;
    ph_flash_log log;
    flash_memory_begin(&memory, bytes, AREA, 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(append(&log, 0), PH_OK);
    memory.stuck_from = log.position;
    memory.stuck_to = log.position + 40;
    CHECK_EQUAL(append(&log, 1), PH_FLASH_FAILED);
    CHECK_EQUAL(kept(&log), 1);
    CHECK_EQUAL(append(&log, 1), PH_OK); /* further on */
    CHECK_EQUAL(kept(&log), 2);
    memory.stuck_from = AREA;
    memory.stuck_to = 2 * AREA; /* the whole other area */
    CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
    CHECK_EQUAL(append(&log, 0), PH_FLASH_FAILED);
    CHECK_EQUAL(ph_flash_log_end_switch(&log), PH_FLASH_FAILED);
    ph_flash_log_cancel_switch(&log);
    CHECK_EQUAL(kept(&log), 2);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 2);
    CHECK_EQUAL(log.damaged, 0);
    memory.powered = false; /* nothing can be read: no reason to begin anew */
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_FLASH_FAILED);
    memory.powered = true;
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 2);
}

/* The old area stays, with all its records, until it can be erased. */
static void test_an_area_that_cannot_be_erased(void) {
    flash_memory memory;
    ph_flash_log log;
    flash_memory_begin(&memory, bytes, AREA, 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(ph_flash_log_append(&log, 99, "old", 3), PH_OK);
    CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
    CHECK_EQUAL(append(&log, 0), PH_OK);
    memory.stubborn = true;
    CHECK_EQUAL(ph_flash_log_end_switch(&log), PH_OK);
    CHECK_EQUAL(append(&log, 1), PH_OK);
    CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_FLASH_FAILED);
    CHECK_EQUAL(append(&log, 2), PH_OK);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 3);
    memory.stubborn = false;
    CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
    CHECK_EQUAL(append(&log, 0), PH_OK);
    CHECK_EQUAL(ph_flash_log_end_switch(&log), PH_OK);
    CHECK_EQUAL(kept(&log), 1);
    CHECK_EQUAL(memory.offences, 0);
}

/* What could not be read back was not acknowledged, and does not turn up later. */
static void test_what_failed_stays_away(void) {
    flash_memory memory;
    ph_flash_log log;
    flash_memory_begin(&memory, bytes, AREA, 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    memory.lost_from = log.position;
    memory.lost_to = log.position + 16;
    CHECK_EQUAL(append(&log, 0), PH_FLASH_FAILED);
    memory.lost_to = 0;
    CHECK_EQUAL(append(&log, 0), PH_OK);
    CHECK_EQUAL(kept(&log), 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 1);
    CHECK_EQUAL(log.damaged, 0);
    const uint8_t payload[64] = {0};
    memory.mute_from = log.position + 40; /* in the middle of the content, which counts as much as its ends */
    memory.mute_to = log.position + 41;
    CHECK_EQUAL(ph_flash_log_append(&log, 1, payload, sizeof payload), PH_FLASH_FAILED);
    memory.mute_to = 0;
    const uint32_t place = log.position;
    CHECK_EQUAL(ph_flash_log_append(&log, 1, payload, sizeof payload), PH_OK);
    memory.mute_from = place + 40;
    memory.mute_to = place + 41;
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_FLASH_FAILED);
}

/* The bytes of a record count nowhere but in its place, and in no other generation. */
static void test_copies_of_records_are_none(void) {
    flash_memory memory;
    ph_flash_log log;
    ph_flash_record record;
    uint8_t copy[32], payload[48] = {0};
    flash_memory_begin(&memory, bytes, AREA, 1);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    const uint32_t first = log.position;
    CHECK_EQUAL(ph_flash_log_append(&log, 1, "A", 1), PH_OK);
    memcpy(copy, bytes + first, sizeof copy);
    memcpy(payload + 16, copy, sizeof copy); /* a record in the payload of another one */
    const uint32_t outer = log.position;
    CHECK_EQUAL(ph_flash_log_append(&log, 2, payload, sizeof payload), PH_OK);
    bytes[outer] ^= 1; /* whose header is lost */
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    uint32_t cursor = 0;
    CHECK_EQUAL(ph_flash_log_next(&log, &cursor, &record), PH_OK);
    CHECK_EQUAL(ph_flash_log_next(&log, &cursor, &record), PH_END);
    for (int32_t i = 0; i < 2; i++) {
        CHECK_EQUAL(ph_flash_log_begin_switch(&log), PH_OK);
        CHECK_EQUAL(ph_flash_log_end_switch(&log), PH_OK);
    }
    memcpy(bytes + first, copy, sizeof copy); /* what an erase that was cut may leave */
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(kept(&log), 0);
}

static void test_what_is_refused(void) {
    flash_memory memory;
    ph_flash_log log;
    ph_flash_record record;
    uint8_t payload[4] = {0};
    uint32_t cursor = 0;
    flash_memory_begin(&memory, bytes, AREA, 3);
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_BAD_ARGUMENT);
    memory.flash.program_unit = 64;
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_BAD_ARGUMENT);
    memory.flash.program_unit = 2;
    memory.flash.area_bytes = AREA - 2;
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_BAD_ARGUMENT);
    memory.flash.area_bytes = AREA;
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_OK);
    CHECK_EQUAL(ph_flash_log_begin(&log, 1, 4), PH_OK);
    ph_flash_log_write(&log, payload, 3);
    CHECK_EQUAL(ph_flash_log_commit(&log), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_flash_log_begin(&log, 1, 2), PH_OK);
    ph_flash_log_write(&log, payload, 3);
    CHECK_EQUAL(ph_flash_log_commit(&log), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_flash_log_begin(&log, 1, 2), PH_OK);
    ph_flash_log_write(&log, payload, 2);
    ph_flash_log_write(&log, payload, 1);
    CHECK_EQUAL(ph_flash_log_commit(&log), PH_BAD_ARGUMENT);
    CHECK_EQUAL(kept(&log), 0);
    CHECK_EQUAL(ph_flash_log_append(&log, 9, payload, 4), PH_OK);
    CHECK_EQUAL(ph_flash_log_next(&log, &cursor, &record), PH_OK);
    CHECK_EQUAL(ph_flash_log_read(&log, &record, 1, payload, 4), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_flash_log_read(&log, &record, 5, payload, 0), PH_BAD_ARGUMENT);
    CHECK_EQUAL(ph_flash_log_read(&log, &record, 4, payload, 0), PH_OK);
    memory.flash.program_unit = 32; /* another alignment: not our log */
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_UNSUPPORTED);
    memory.flash.program_unit = 2;
    for (uint32_t copy = 0; copy < 64; copy += 32) { /* as a newer version would write it */
        bytes[copy + 4] = 2;
        const uint32_t crc = ph_crc32(0, bytes + copy, 28);
        for (int32_t i = 0; i < 4; i++) {
            bytes[copy + 28 + (uint32_t)i] = (uint8_t)(crc >> 8 * i);
        }
    }
    CHECK_EQUAL(ph_flash_log_open(&log, &memory.flash), PH_UNSUPPORTED);
    CHECK_EQUAL(bytes[4], 2);
}

int main(void) {
    static const uint32_t units[] = {1, 2, 4, 8, 16, 32};
    test_crc();
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        test_appending(units[i]);
        test_cut_at_every_byte(units[i]);
    }
    test_full_is_reported();
    test_areas_take_turns();
    test_bits_that_flip();
    test_cells_that_fail();
    test_an_area_that_cannot_be_erased();
    test_what_failed_stays_away();
    test_copies_of_records_are_none();
    test_what_is_refused();
    FINISH();
}
