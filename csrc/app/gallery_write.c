#include <string.h>

#include "app/gallery_records.h"
#include "app/gallery_tables.h"
#include "app/little_endian.h"

#define CHUNK 64

/* Choosing descriptors. Candidates are counted through: first the table's, then the looks. */

static int32_t from_table(const ph_choice *choice) {
    return choice->table ? ph_table_count(choice->table, choice->row) : 0;
}

static int32_t candidates(const ph_choice *choice) {
    return from_table(choice) + (choice->looks ? choice->looks->count : 0);
}

/* Below 0 for one that is out of the question. */
static int32_t quality(const ph_choice *choice, int32_t i) {
    const int32_t in_table = from_table(choice);
    if (i < in_table) {
        return choice->table->reference[ph_table_first(choice->table, choice->row) + i].quality;
    }
    const ph_quality *look = &choice->looks->look[i - in_table].quality;
    const int32_t value = look->value < 0 ? 0 : look->value > 1000 ? 1000 : look->value;
    return choice->good && look->fault != PH_FAULT_NONE ? -1 : value;
}

static bool chosen(const ph_choice *choice, int32_t i) {
    const int32_t own = quality(choice, i), count = candidates(choice);
    int32_t better = 0;
    for (int32_t j = 0; j < count; j++) {
        const int32_t other = quality(choice, j);
        better += other > own || (other == own && j > i);
    }
    return own >= 0 && better < choice->best;
}

int32_t ph_choice_count(const ph_choice *choice) {
    int32_t count = 0;
    for (int32_t i = 0; choice && i < candidates(choice); i++) {
        count += quality(choice, i) >= 0;
    }
    return choice && count > choice->best ? choice->best : count;
}

/* Writing */

static void write_descriptor(ph_flash_log *log, int32_t values, int64_t time, int32_t value, uint8_t source,
                             const int16_t *descriptor) {
    uint8_t bytes[CHUNK] = {0};
    ph_put_u64(bytes, (uint64_t)time);
    ph_put_u16(bytes + 8, (uint16_t)value);
    bytes[10] = source;
    ph_flash_log_write(log, bytes, PH_REFERENCE_BYTES);
    for (int32_t done = 0; done < values; done += CHUNK / 2) {
        const int32_t count = values - done < CHUNK / 2 ? values - done : CHUNK / 2;
        for (int32_t i = 0; i < count; i++) {
            ph_put_u16(bytes + 2 * i, (uint16_t)descriptor[done + i]);
        }
        ph_flash_log_write(log, bytes, 2u * (uint32_t)count);
    }
}

static void write_choice(ph_gallery *gallery, const ph_choice *choice) {
    const int32_t values = gallery->size.values, in_table = choice ? from_table(choice) : 0;
    for (int32_t i = 0; choice && i < candidates(choice); i++) {
        if (!chosen(choice, i)) {
            continue;
        }
        if (i < in_table) {
            const int32_t at = ph_table_first(choice->table, choice->row) + i;
            const ph_reference *reference = &choice->table->reference[at];
            write_descriptor(&gallery->log, values, reference->time, reference->quality, reference->source,
                             choice->table->descriptor + (size_t)at * (size_t)values);
        } else {
            const size_t at = (size_t)(i - in_table);
            write_descriptor(&gallery->log, values, choice->looks->look[at].time, quality(choice, i),
                             (uint8_t)choice->source, choice->looks->descriptor + at * (size_t)values);
        }
    }
}

static uint32_t descriptor_bytes(const ph_gallery *gallery, int32_t count) {
    return (uint32_t)count * (PH_REFERENCE_BYTES + 2u * (uint32_t)gallery->size.values);
}

ph_status ph_write_person(ph_gallery *gallery, const ph_person *person, uint16_t stranger, const ph_choice *stays,
                          const ph_choice *more) {
    const int32_t count = ph_choice_count(stays) + ph_choice_count(more);
    uint8_t bytes[PH_PERSON_BYTES] = {0};
    ph_put_u16(bytes, person->id);
    ph_put_u16(bytes + 2, stranger);
    ph_put_u32(bytes + 4, person->visits);
    ph_put_u64(bytes + 8, (uint64_t)person->created);
    ph_put_u64(bytes + 16, (uint64_t)person->last_seen);
    ph_put_u32(bytes + 24, gallery->model);
    ph_put_u16(bytes + 28, (uint16_t)gallery->size.values);
    ph_put_u16(bytes + 30, stays || more ? (uint16_t)count : PH_KEPT);
    bytes[32] = person->name_bytes;
    memcpy(bytes + 36, person->name, person->name_bytes);
    const ph_status status =
        ph_flash_log_begin(&gallery->log, PH_RECORD_PERSON, PH_PERSON_BYTES + descriptor_bytes(gallery, count));
    if (status != PH_OK) {
        return status;
    }
    ph_flash_log_write(&gallery->log, bytes, sizeof bytes);
    write_choice(gallery, stays);
    write_choice(gallery, more);
    return ph_flash_log_commit(&gallery->log);
}

/* What comes before the looks. width, height: of the thumbnail that the record brings; 0 without one. ends: as in the
   record */
static ph_status begin_stranger(ph_gallery *gallery, const ph_stranger *stranger, uint16_t replaces,
                                const ph_choice *looks, uint8_t width, uint8_t height, uint32_t visits, uint8_t ends) {
    const int32_t count = ph_choice_count(looks);
    uint8_t bytes[PH_STRANGER_BYTES] = {0};
    ph_put_u16(bytes, stranger->number);
    ph_put_u16(bytes + 2, replaces);
    ph_put_u32(bytes + 4, stranger->visits);
    ph_put_u64(bytes + 8, (uint64_t)stranger->first_seen);
    ph_put_u64(bytes + 16, (uint64_t)stranger->last_seen);
    ph_put_u32(bytes + 24, gallery->model);
    ph_put_u16(bytes + 28, (uint16_t)gallery->size.values);
    ph_put_u16(bytes + 30, looks ? (uint16_t)count : PH_KEPT);
    ph_put_u32(bytes + 32, visits);
    bytes[36] = stranger->state;
    bytes[37] = width;
    bytes[38] = height;
    bytes[39] = ends;
    const ph_status status =
        ph_flash_log_begin(&gallery->log, PH_RECORD_STRANGER,
                           PH_STRANGER_BYTES + descriptor_bytes(gallery, count) + (uint32_t)width * height);
    if (status == PH_OK) {
        ph_flash_log_write(&gallery->log, bytes, sizeof bytes);
        write_choice(gallery, looks);
    }
    return status;
}

ph_status ph_write_stranger(ph_gallery *gallery, const ph_stranger *stranger, uint16_t replaces, const ph_choice *looks,
                            ph_thumbnail thumbnail, uint32_t visits) {
    const uint8_t width = thumbnail.grey ? thumbnail.width : 0, height = thumbnail.grey ? thumbnail.height : 0;
    const ph_status status = begin_stranger(gallery, stranger, replaces, looks, width, height, visits, gallery->ending);
    if (status != PH_OK) {
        return status;
    }
    if (thumbnail.grey) {
        ph_flash_log_write(&gallery->log, thumbnail.grey, (uint32_t)width * height);
    }
    return ph_flash_log_commit(&gallery->log);
}

ph_status ph_write_visit(ph_gallery *gallery, uint16_t id, uint16_t number, uint32_t visits, int64_t last_seen) {
    uint8_t bytes[PH_VISIT_BYTES] = {0};
    ph_put_u16(bytes, id);
    ph_put_u16(bytes + 2, number);
    ph_put_u32(bytes + 4, gallery->visits + 1);
    ph_put_u32(bytes + 8, visits);
    ph_put_u64(bytes + 12, (uint64_t)last_seen);
    bytes[20] = gallery->ending;
    return ph_flash_log_append(&gallery->log, PH_RECORD_VISIT, bytes, sizeof bytes);
}

ph_status ph_write_gone(ph_gallery *gallery, uint8_t type, uint16_t id) {
    uint8_t bytes[PH_GONE_BYTES];
    ph_put_u16(bytes, id);
    return ph_flash_log_append(&gallery->log, type, bytes, sizeof bytes);
}

ph_status ph_write_slot(ph_gallery *gallery, ph_slot slot, uint16_t version, const void *from, uint32_t bytes) {
    uint8_t fields[PH_SLOT_BYTES] = {0};
    ph_put_u16(fields, version);
    fields[2] = (uint8_t)slot;
    const ph_status status = ph_flash_log_begin(&gallery->log, PH_RECORD_SLOT, PH_SLOT_BYTES + bytes);
    if (status != PH_OK) {
        return status;
    }
    ph_flash_log_write(&gallery->log, fields, sizeof fields);
    ph_flash_log_write(&gallery->log, from, bytes);
    return ph_flash_log_commit(&gallery->log);
}

ph_status ph_write_open(ph_gallery *gallery, int32_t index, const ph_open_visit *visit) {
    uint8_t bytes[PH_OPEN_BYTES] = {(uint8_t)index, visit->decision, visit->reason, 0};
    ph_put_u32(bytes + 4, visit->visit);
    ph_put_u16(bytes + 8, visit->person);
    ph_put_u16(bytes + 10, visit->stranger);
    ph_put_u32(bytes + 12, (uint32_t)visit->sightings);
    ph_put_u64(bytes + 16, (uint64_t)visit->first_seen);
    ph_put_u64(bytes + 24, (uint64_t)visit->last_seen);
    ph_put_u64(bytes + 32, visit->distance);
    ph_put_u64(bytes + 40, visit->margin);
    return ph_flash_log_append(&gallery->log, PH_RECORD_OPEN, bytes, sizeof bytes);
}

ph_status ph_write_looks(ph_gallery *gallery, int32_t index, uint32_t visit, const ph_choice *looks,
                         ph_thumbnail thumbnail) {
    const uint8_t width = thumbnail.grey ? thumbnail.width : 0, height = thumbnail.grey ? thumbnail.height : 0;
    const uint32_t grey = (uint32_t)width * height;
    const int32_t count = ph_choice_count(looks);
    uint8_t bytes[PH_LOOKS_BYTES] = {(uint8_t)index, width, height, 0};
    ph_put_u32(bytes + 4, visit);
    ph_put_u32(bytes + 8, gallery->model);
    ph_put_u16(bytes + 12, (uint16_t)gallery->size.values);
    ph_put_u16(bytes + 14, (uint16_t)count);
    const ph_status status =
        ph_flash_log_begin(&gallery->log, PH_RECORD_LOOKS, PH_LOOKS_BYTES + descriptor_bytes(gallery, count) + grey);
    if (status != PH_OK) {
        return status;
    }
    ph_flash_log_write(&gallery->log, bytes, sizeof bytes);
    write_choice(gallery, looks);
    ph_flash_log_write(&gallery->log, thumbnail.grey, grey);
    return ph_flash_log_commit(&gallery->log);
}

/* Switching */

/* Copies the last `bytes` bytes of a record into the one being written. */
static void copy_tail(ph_flash_log *log, const ph_flash_record *record, uint32_t bytes) {
    uint8_t chunk[CHUNK];
    for (uint32_t left = bytes, count; left > 0; left -= count) {
        count = left < CHUNK ? left : CHUNK;
        if (ph_flash_log_read(log, record, record->bytes - left, chunk, count) != PH_OK) {
            return; /* the record stays short, so that it is never committed */
        }
        ph_flash_log_write(log, chunk, count);
    }
}

/* Whether something kept on flash only can still be read; PH_DAMAGED, which is counted, if there is none any more. */
static ph_status find_stored(ph_gallery *gallery, uint32_t place, ph_flash_record *record) {
    const ph_status status = ph_flash_log_at(&gallery->log, place, record);
    gallery->log.damaged += status == PH_DAMAGED;
    return status;
}

/* As it is; left out, and counted as damaged, if it is. */
static ph_status copy_record(ph_gallery *gallery, uint32_t place) {
    ph_flash_record record;
    ph_status status = find_stored(gallery, place, &record);
    if (status != PH_OK) {
        return status == PH_DAMAGED ? PH_OK : status;
    }
    status = ph_flash_log_begin(&gallery->log, record.type, record.bytes);
    if (status != PH_OK) {
        return status;
    }
    copy_tail(&gallery->log, &record, record.bytes);
    return ph_flash_log_commit(&gallery->log);
}

ph_status ph_copy_slot(ph_gallery *gallery, ph_slot slot) {
    return copy_record(gallery, gallery->slot[slot]);
}

static ph_status copy_open(ph_gallery *gallery, const ph_open_place *open) {
    const ph_status status = open->looks != 0 ? copy_record(gallery, open->looks) : PH_OK;
    return status == PH_OK ? copy_record(gallery, open->place) : status;
}

static ph_status copy_stranger(ph_gallery *gallery, int32_t row) {
    const ph_stranger *stranger = &gallery->strangers[row];
    const ph_choice looks = {&gallery->seen, row, NULL, PH_SOURCE_VISIT, true, INT32_MAX};
    ph_flash_record record;
    bool pictured = stranger->thumbnail != 0;
    if (pictured) {
        const ph_status found = find_stored(gallery, stranger->thumbnail, &record);
        if (found != PH_OK && found != PH_DAMAGED) {
            return found;
        }
        pictured = found == PH_OK;
    }
    const uint8_t width = pictured ? stranger->thumbnail_width : 0, height = pictured ? stranger->thumbnail_height : 0;
    const ph_status status = begin_stranger(gallery, stranger, 0, &looks, width, height, gallery->visits, 0);
    if (status != PH_OK) {
        return status;
    }
    if (pictured) {
        copy_tail(&gallery->log, &record, (uint32_t)width * height);
    }
    return ph_flash_log_commit(&gallery->log);
}

ph_status ph_write_all(ph_gallery *gallery) {
    uint8_t counters[PH_COUNTERS_BYTES];
    ph_put_u16(counters, gallery->next_id);
    ph_put_u16(counters + 2, gallery->next_number);
    ph_put_u32(counters + 4, gallery->visits);
    ph_status status = PH_OK;
    for (int32_t slot = 0; slot < PH_SLOTS && status == PH_OK; slot++) {
        status = gallery->slot[slot] ? ph_copy_slot(gallery, (ph_slot)slot) : PH_OK;
    }
    for (int32_t row = 0; row < gallery->people_count && status == PH_OK; row++) {
        const ph_choice all = {&gallery->known, row, NULL, PH_SOURCE_VISIT, false, INT32_MAX};
        status = ph_write_person(gallery, &gallery->people[row], 0, &all, NULL);
    }
    for (int32_t row = 0; row < gallery->strangers_count && status == PH_OK; row++) {
        status = copy_stranger(gallery, row);
    }
    for (int32_t index = 0; index < PH_OPEN_VISITS && status == PH_OK; index++) {
        status = gallery->open[index].place != 0 ? copy_open(gallery, &gallery->open[index]) : PH_OK;
    }
    /* Last, since every person and stranger above moves the counters. */
    return status == PH_OK ? ph_flash_log_append(&gallery->log, PH_RECORD_COUNTERS, counters, sizeof counters) : status;
}

uint32_t ph_gallery_open_bytes(const ph_gallery *gallery) {
    const ph_flash *flash = gallery->log.flash;
    uint32_t bytes = 0;
    for (int32_t index = 0; index < PH_OPEN_VISITS; index++) {
        const ph_open_place *open = &gallery->open[index];
        bytes += open->place ? ph_flash_log_span(flash, PH_OPEN_BYTES) : 0;
        bytes += open->place && open->looks ? ph_flash_log_span(flash, open->looks_bytes) : 0;
    }
    return bytes;
}

uint32_t ph_gallery_live_bytes(const ph_gallery *gallery) {
    const ph_flash *flash = gallery->log.flash;
    uint32_t bytes = PH_FLASH_LOG_START + ph_flash_log_span(flash, PH_COUNTERS_BYTES) + ph_gallery_open_bytes(gallery);
    for (int32_t slot = 0; slot < PH_SLOTS; slot++) {
        bytes += gallery->slot[slot] ? ph_flash_log_span(flash, PH_SLOT_BYTES + gallery->slot_bytes[slot]) : 0;
    }
    for (int32_t row = 0; row < gallery->people_count; row++) {
        const int32_t count = gallery->people[row].references;
        bytes += ph_flash_log_span(flash, PH_PERSON_BYTES + descriptor_bytes(gallery, count));
    }
    for (int32_t row = 0; row < gallery->strangers_count; row++) {
        const ph_stranger *stranger = &gallery->strangers[row];
        const uint32_t grey = (uint32_t)stranger->thumbnail_width * stranger->thumbnail_height;
        bytes += ph_flash_log_span(flash, PH_STRANGER_BYTES + descriptor_bytes(gallery, stranger->looks) + grey);
    }
    return bytes;
}
