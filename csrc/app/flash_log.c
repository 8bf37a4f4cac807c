#include "app/flash_log.h"

#include <string.h>

#include "app/crc32.h"
#include "app/flash_area.h"
#include "app/little_endian.h"

#define MAGIC 0x5250u /* "PR" */
#define VERSION 1
#define HEADER 16
#define MARK 0x444e4550u /* "PEND": has ones and zeros in every byte */
#define MARK_BYTES 4
#define LARGEST_AREA (UINT32_C(1) << 30)

static uint32_t generation_of(const ph_flash_log *log, uint32_t area) {
    return log->switching && area == log->before.area ? log->before.generation : log->generation;
}

/* Records */

uint32_t ph_flash_log_span(const ph_flash *flash, uint32_t bytes) {
    if (bytes > flash->area_bytes) {
        return 0;
    }
    const uint32_t unit = flash->program_unit;
    const uint32_t content = ph_round_up(HEADER + bytes + PH_CRC_BYTES, unit);
    const uint32_t span = ph_round_up(content + ph_larger(unit, MARK_BYTES), ph_flash_alignment(flash));
    return span <= flash->area_bytes - PH_FLASH_LOG_START ? span : 0;
}

/* Fills in the header of a record at a place and returns its CRC, with which that of the payload goes on. */
static uint32_t make_header(uint32_t generation, uint32_t place, const ph_flash_record *record, uint8_t *header) {
    uint8_t seed[8];
    ph_put_u32(seed, generation);
    ph_put_u32(seed + 4, place);
    ph_put_u16(header, MAGIC);
    header[2] = record->type;
    header[3] = VERSION;
    ph_put_u32(header + 4, record->bytes);
    ph_put_u32(header + 8, record->sequence);
    const uint32_t crc = ph_crc32(ph_crc32(0, seed, sizeof seed), header, HEADER - PH_CRC_BYTES);
    ph_put_u32(header + HEADER - PH_CRC_BYTES, crc);
    return crc;
}

/* PH_DAMAGED if there is no record at that place of an area that counts. */
static ph_status read_record(const ph_flash_log *log, uint32_t area, uint32_t place, ph_flash_record *record) {
    const ph_flash *flash = log->flash;
    uint8_t bytes[PH_FLASH_CHUNK], header[HEADER];
    ph_status status = ph_area_read(flash, area, place, bytes, HEADER);
    if (status != PH_OK) {
        return status;
    }
    *record = (ph_flash_record){area * flash->area_bytes + place + HEADER, ph_get_u32(bytes + 4), ph_get_u32(bytes + 8),
                                bytes[2]};
    uint32_t crc = make_header(generation_of(log, area), place, record, header);
    const uint32_t span = ph_flash_log_span(flash, record->bytes);
    if (memcmp(bytes, header, HEADER) != 0 || span == 0 || span > flash->area_bytes - place) {
        return PH_DAMAGED;
    }
    status = ph_area_read(flash, area, place + span - MARK_BYTES, bytes, MARK_BYTES);
    if (status != PH_OK || ph_get_u32(bytes) != MARK) {
        return status != PH_OK ? status : PH_DAMAGED;
    }
    place += HEADER;
    for (uint32_t left = record->bytes, count; left > 0; left -= count, place += count) {
        count = ph_smaller(PH_FLASH_CHUNK, left);
        status = ph_area_read(flash, area, place, bytes, count);
        if (status != PH_OK) {
            return status;
        }
        crc = ph_crc32(crc, bytes, count);
    }
    status = ph_area_read(flash, area, place, bytes, PH_CRC_BYTES);
    return status != PH_OK ? status : ph_get_u32(bytes) == crc ? PH_OK : PH_DAMAGED;
}

ph_status ph_flash_log_next(const ph_flash_log *log, uint32_t *cursor, ph_flash_record *record) {
    for (*cursor = ph_larger(*cursor, PH_FLASH_LOG_START); *cursor < log->position;
         *cursor += ph_flash_alignment(log->flash)) {
        const ph_status status = read_record(log, log->area, *cursor, record);
        if (status == PH_OK) {
            *cursor += ph_flash_log_span(log->flash, record->bytes);
        }
        if (status != PH_DAMAGED) {
            return status;
        }
    }
    return PH_END;
}

ph_status ph_flash_log_read(const ph_flash_log *log, const ph_flash_record *record, uint32_t within, void *to,
                            uint32_t bytes) {
    if (within > record->bytes || bytes > record->bytes - within) {
        return PH_BAD_ARGUMENT;
    }
    const uint32_t area = record->offset / log->flash->area_bytes, place = record->offset % log->flash->area_bytes;
    return bytes == 0 ? PH_OK : ph_area_read(log->flash, area, place + within, to, bytes);
}

ph_status ph_flash_log_at(const ph_flash_log *log, uint32_t offset, ph_flash_record *record) {
    const uint32_t area = offset / log->flash->area_bytes, place = offset % log->flash->area_bytes;
    return read_record(log, area, place - HEADER, record);
}

/* Opening */

/* How many commit marks there are where a record could end, in bytes that hold no record that counts. */
static ph_status count_marks(const ph_flash_log *log, uint32_t from, uint32_t to, uint32_t *marks) {
    const uint32_t step = ph_flash_alignment(log->flash);
    uint8_t bytes[MARK_BYTES];
    *marks = 0;
    for (uint32_t end = from + step; end <= to; end += step) {
        const ph_status status = ph_area_read(log->flash, log->area, end - MARK_BYTES, bytes, MARK_BYTES);
        if (status != PH_OK) {
            return status;
        }
        *marks += ph_get_u32(bytes) == MARK;
    }
    return PH_OK;
}

/* Finds the next sequence number and what was lost. A record that was lost leaves a gap in the sequence numbers or, at
   the end, its mark; one that was never finished leaves neither. */
static ph_status take_stock(ph_flash_log *log) {
    ph_flash_record record;
    uint32_t cursor = 0, end = PH_FLASH_LOG_START, marks;
    ph_status status;
    while ((status = ph_flash_log_next(log, &cursor, &record)) == PH_OK) {
        const uint32_t lost = record.sequence > log->sequence ? record.sequence - log->sequence : 0;
        log->damaged_here += lost;
        log->torn += lost == 0 && cursor - ph_flash_log_span(log->flash, record.bytes) != end;
        log->sequence = record.sequence + 1;
        end = cursor;
    }
    if (status == PH_END) {
        status = count_marks(log, end, log->position, &marks);
    }
    if (status == PH_OK) {
        log->sequence += marks;
        log->damaged_here += marks;
        log->damaged += log->damaged_here;
        log->torn += marks == 0 && log->position > end;
    }
    return status;
}

static ph_status begin_log(ph_flash_log *log) {
    const ph_status status = ph_area_erase(log->flash, log->area);
    log->generation = 1;
    log->begun = true;
    log->position = PH_FLASH_LOG_START;
    return status != PH_OK ? status : ph_area_write_header(log->flash, log->area, log->generation, log->damaged);
}

static bool usable(const ph_flash *flash) {
    const uint32_t unit = flash->program_unit, bytes = flash->area_bytes;
    return unit >= 1 && unit <= PH_FLASH_UNIT_MAX && (unit & (unit - 1)) == 0 && bytes <= LARGEST_AREA &&
           bytes >= 2 * PH_FLASH_LOG_START && bytes % PH_FLASH_UNIT_MAX == 0;
}

ph_status ph_flash_log_open(ph_flash_log *log, const ph_flash *flash) {
    ph_area_header header[2];
    uint32_t end;
    memset(log, 0, sizeof *log);
    log->flash = flash;
    if (!usable(flash)) {
        return PH_BAD_ARGUMENT;
    }
    for (uint32_t area = 0; area < 2; area++) {
        const ph_status status = ph_area_read_header(flash, area, &header[area]);
        if (status != PH_OK) {
            return status;
        }
        if (header[area].valid &&
            (header[area].version != PH_AREA_VERSION || header[area].alignment != ph_flash_alignment(flash))) {
            return PH_UNSUPPORTED;
        }
    }
    log->area = header[1].valid && (!header[0].valid || header[1].generation > header[0].generation);
    ph_status status = PH_OK;
    if (header[log->area].valid) {
        log->generation = header[log->area].generation;
        log->damaged = header[log->area].damaged;
        log->frail = !header[log->area].whole;
        status = ph_area_find_end(flash, log->area, &end);
        log->position =
            ph_larger(status == PH_OK ? ph_round_up(end, ph_flash_alignment(flash)) : 0, PH_FLASH_LOG_START);
        status = status != PH_OK ? status : take_stock(log);
    } else {
        status = begin_log(log);
    }
    /* What is out of use was to be erased, and may hold what somebody wanted to be forgotten. */
    if (status == PH_OK && ph_area_find_end(flash, 1 - log->area, &end) == PH_OK && end > 0) {
        log->other_erased = ph_area_erase(flash, 1 - log->area) == PH_OK;
    }
    return status;
}

/* Appending */

uint32_t ph_flash_log_free(const ph_flash_log *log) {
    return log->flash->area_bytes - log->position;
}

/* Programs whole units, and keeps the rest until more comes. */
static void put(ph_flash_log *log, const uint8_t *from, uint32_t bytes) {
    const uint32_t unit = log->flash->program_unit;
    while (bytes > 0 && log->writing == PH_OK) {
        const bool direct = log->unit_bytes == 0 && bytes >= unit;
        const uint32_t count = direct ? bytes & ~(unit - 1) : ph_smaller(bytes, unit - log->unit_bytes);
        const uint8_t *whole = from;
        if (!direct) {
            memcpy(log->unit + log->unit_bytes, from, count);
            log->unit_bytes += count;
            whole = log->unit;
        }
        const uint32_t ready = direct ? count : log->unit_bytes & ~(unit - 1);
        if (ready > 0) {
            log->writing = ph_area_program(log->flash, log->area, log->place, whole, ready);
            log->place += ready;
            log->unit_bytes = 0;
        }
        from += count;
        bytes -= count;
    }
}

ph_status ph_flash_log_begin(ph_flash_log *log, uint8_t type, uint32_t bytes) {
    const uint32_t span = ph_flash_log_span(log->flash, bytes);
    const ph_flash_record record = {0, bytes, log->sequence, type};
    uint8_t header[HEADER];
    if (span == 0 || span > ph_flash_log_free(log)) {
        return PH_NO_ROOM;
    }
    log->start = log->place = log->position;
    log->position += span; /* whatever comes of it, nothing else is written there */
    log->left = bytes;
    log->unit_bytes = 0;
    log->writing = PH_OK;
    log->crc = make_header(log->generation, log->start, &record, header);
    put(log, header, HEADER);
    return PH_OK;
}

void ph_flash_log_write(ph_flash_log *log, const void *from, uint32_t bytes) {
    if (bytes > log->left) {
        log->writing = log->writing == PH_OK ? PH_BAD_ARGUMENT : log->writing;
        return;
    }
    log->left -= bytes;
    log->crc = ph_crc32(log->crc, from, bytes);
    put(log, from, bytes);
}

ph_status ph_flash_log_commit(ph_flash_log *log) {
    const uint32_t unit = log->flash->program_unit, last = ph_larger(unit, MARK_BYTES);
    const uint32_t mark = log->position - last;
    uint8_t bytes[PH_FLASH_UNIT_MAX];
    ph_flash_record found;
    if (log->left != 0) {
        log->writing = log->writing == PH_OK ? PH_BAD_ARGUMENT : log->writing;
    }
    memset(bytes, 0xff, sizeof bytes);
    ph_put_u32(bytes, log->crc);
    put(log, bytes, PH_CRC_BYTES);
    memset(bytes, 0xff, sizeof bytes);
    put(log, bytes, (unit - log->unit_bytes) & (unit - 1));
    if (log->writing != PH_OK) {
        return log->writing;
    }
    ph_put_u32(bytes + last - MARK_BYTES, MARK);
    ph_area_program(log->flash, log->area, mark, bytes, last);
    if (read_record(log, log->area, log->start, &found) != PH_OK) {
        memset(bytes, 0, sizeof bytes); /* no mark any more, should the rest come right some day */
        ph_area_program(log->flash, log->area, mark, bytes, last);
        return PH_FLASH_FAILED;
    }
    log->sequence++;
    log->latest = found;
    return PH_OK;
}

ph_status ph_flash_log_append(ph_flash_log *log, uint8_t type, const void *from, uint32_t bytes) {
    const ph_status status = ph_flash_log_begin(log, type, bytes);
    if (status != PH_OK) {
        return status;
    }
    ph_flash_log_write(log, from, bytes);
    return ph_flash_log_commit(log);
}

/* Switching */

ph_status ph_flash_log_begin_switch(ph_flash_log *log) {
    const ph_status status = log->other_erased ? PH_OK : ph_area_erase(log->flash, 1 - log->area);
    if (status != PH_OK) {
        return status;
    }
    log->before.area = log->area;
    log->before.generation = log->generation;
    log->before.position = log->position;
    log->before.sequence = log->sequence;
    log->switching = true;
    log->other_erased = false;
    log->area = 1 - log->area;
    log->generation++;
    log->position = PH_FLASH_LOG_START;
    log->sequence = 0;
    return PH_OK;
}

void ph_flash_log_cancel_switch(ph_flash_log *log) {
    log->area = log->before.area;
    log->generation = log->before.generation;
    log->position = log->before.position;
    log->sequence = log->before.sequence;
    log->switching = false;
}

ph_status ph_flash_log_end_switch(ph_flash_log *log) {
    const ph_status status = ph_area_write_header(log->flash, log->area, log->generation, log->damaged);
    if (status != PH_OK) {
        return status;
    }
    log->switching = false;
    log->frail = false;
    log->damaged_here = 0;
    log->torn = 0;
    log->other_erased = ph_area_erase(log->flash, 1 - log->area) == PH_OK;
    return PH_OK;
}
