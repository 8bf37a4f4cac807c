#include <string.h>

#include "app/gallery_records.h"
#include "app/gallery_tables.h"
#include "app/little_endian.h"

/* What a person's and a stranger's record have in common from byte 4 on. */
typedef struct {
    uint32_t visits;
    int64_t first, last;
    uint32_t model;
    uint16_t values, count; /* of its descriptors; PH_KEPT */
} row_fields;

static row_fields get_fields(const uint8_t *bytes) {
    return (row_fields){ph_get_u32(bytes + 4),  (int64_t)ph_get_u64(bytes + 8), (int64_t)ph_get_u64(bytes + 16),
                        ph_get_u32(bytes + 24), ph_get_u16(bytes + 28),         ph_get_u16(bytes + 30)};
}

static uint64_t descriptors_bytes(const row_fields *fields) {
    return fields->count == PH_KEPT ? 0u : fields->count * (UINT64_C(2) * fields->values + PH_REFERENCE_BYTES);
}

/* The descriptors of a row become those of the record, from `within` on. kept: where their number is kept */
static ph_status apply_descriptors(ph_gallery *gallery, ph_gallery_table *table, int32_t row, int32_t room,
                                   const row_fields *fields, const ph_flash_record *record, uint32_t within,
                                   uint8_t *kept) {
    const int32_t values = gallery->size.values;
    int32_t count = fields->count;
    if (fields->count == PH_KEPT) {
        return PH_OK;
    }
    if (fields->model != gallery->model || fields->values != values) {
        gallery->foreign += fields->count;
        count = 0;
    }
    if (count > room) {
        return PH_NO_ROOM;
    }
    const int32_t first = ph_table_resize(table, values, row, count);
    *kept = (uint8_t)count;
    for (int32_t i = first; i < first + count; i++) {
        uint8_t bytes[PH_REFERENCE_BYTES];
        int16_t *descriptor = table->descriptor + (size_t)i * (size_t)values;
        ph_status status = ph_flash_log_read(&gallery->log, record, within, bytes, sizeof bytes);
        if (status == PH_OK) {
            status = ph_flash_log_read(&gallery->log, record, within + PH_REFERENCE_BYTES, descriptor,
                                       2u * (uint32_t)values);
        }
        if (status != PH_OK) {
            return status;
        }
        table->reference[i] = (ph_reference){(int64_t)ph_get_u64(bytes), (int16_t)ph_get_u16(bytes + 8), bytes[10]};
        for (int32_t value = 0; value < values; value++) {
            descriptor[value] = (int16_t)ph_get_u16((const uint8_t *)&descriptor[value]);
        }
        within += PH_REFERENCE_BYTES + 2u * (uint32_t)values;
    }
    return PH_OK;
}

static void take_stranger_of(ph_gallery *gallery, uint16_t number) {
    const int32_t row = number != 0 ? ph_gallery_stranger_row(gallery, number) : -1;
    if (row >= 0) {
        ph_gallery_take_stranger(gallery, row);
    }
}

static ph_status apply_person(ph_gallery *gallery, const ph_flash_record *record, const uint8_t *bytes) {
    const row_fields fields = get_fields(bytes);
    const uint16_t id = ph_get_u16(bytes);
    if (record->bytes != PH_PERSON_BYTES + descriptors_bytes(&fields) || bytes[32] > PH_NAME_BYTES) {
        return PH_UNSUPPORTED;
    }
    take_stranger_of(gallery, ph_get_u16(bytes + 2));
    int32_t row = ph_gallery_person_row(gallery, id);
    if (row < 0) {
        if (gallery->people_count >= gallery->size.people) {
            return PH_NO_ROOM;
        }
        row = gallery->people_count++;
        memset(&gallery->people[row], 0, sizeof gallery->people[row]);
        gallery->next_id = ph_id_after(id);
    }
    ph_person *person = &gallery->people[row];
    person->id = id;
    person->visits = fields.visits;
    person->created = fields.first;
    person->last_seen = fields.last;
    person->name_bytes = bytes[32];
    memcpy(person->name, bytes + 36, PH_NAME_BYTES);
    return apply_descriptors(gallery, &gallery->known, row, gallery->size.references, &fields, record, PH_PERSON_BYTES,
                             &person->references);
}

/* ends: as in a record */
static void end_open(ph_gallery *gallery, uint8_t ends) {
    if (ends > 0 && ends <= PH_OPEN_VISITS) {
        gallery->open[ends - 1] = (ph_open_place){0, 0, 0, 0};
    }
}

static ph_status apply_stranger(ph_gallery *gallery, const ph_flash_record *record, const uint8_t *bytes) {
    const row_fields fields = get_fields(bytes);
    const uint16_t number = ph_get_u16(bytes);
    const uint8_t width = bytes[37], height = bytes[38];
    if (record->bytes != PH_STRANGER_BYTES + descriptors_bytes(&fields) + (uint32_t)width * height) {
        return PH_UNSUPPORTED;
    }
    gallery->visits = ph_get_u32(bytes + 32);
    end_open(gallery, bytes[39]);
    take_stranger_of(gallery, ph_get_u16(bytes + 2));
    int32_t row = ph_gallery_stranger_row(gallery, number);
    if (row < 0) {
        if (fields.count == PH_KEPT) {
            return PH_OK; /* the record that brought the looks is lost */
        }
        if (gallery->strangers_count >= gallery->size.strangers) {
            return PH_NO_ROOM;
        }
        row = gallery->strangers_count++;
        memset(&gallery->strangers[row], 0, sizeof gallery->strangers[row]);
        gallery->next_number = ph_id_after(number);
    }
    ph_stranger *stranger = &gallery->strangers[row];
    stranger->number = number;
    stranger->visits = fields.visits;
    stranger->first_seen = fields.first;
    stranger->last_seen = fields.last;
    stranger->state = bytes[36];
    if (width != 0 && height != 0) {
        stranger->thumbnail = record->offset;
        stranger->thumbnail_width = width;
        stranger->thumbnail_height = height;
    }
    return apply_descriptors(gallery, &gallery->seen, row, gallery->size.looks, &fields, record, PH_STRANGER_BYTES,
                             &stranger->looks);
}

static ph_status apply_visit(ph_gallery *gallery, const uint8_t *bytes) {
    const int32_t person = ph_get_u16(bytes) ? ph_gallery_person_row(gallery, ph_get_u16(bytes)) : -1;
    const int32_t stranger = ph_get_u16(bytes + 2) ? ph_gallery_stranger_row(gallery, ph_get_u16(bytes + 2)) : -1;
    gallery->visits = ph_get_u32(bytes + 4);
    end_open(gallery, bytes[20]);
    if (person >= 0) {
        gallery->people[person].visits = ph_get_u32(bytes + 8);
        gallery->people[person].last_seen = (int64_t)ph_get_u64(bytes + 12);
    }
    if (stranger >= 0) {
        gallery->strangers[stranger].visits = ph_get_u32(bytes + 8);
        gallery->strangers[stranger].last_seen = (int64_t)ph_get_u64(bytes + 12);
    }
    return PH_OK;
}

static ph_status apply_gone(ph_gallery *gallery, const ph_flash_record *record, const uint8_t *bytes) {
    gallery->erase_due = true;
    if (record->type == PH_RECORD_DISCARDED) {
        take_stranger_of(gallery, ph_get_u16(bytes));
        return PH_OK;
    }
    const int32_t row = ph_gallery_person_row(gallery, ph_get_u16(bytes));
    if (row >= 0) {
        ph_gallery_take_person(gallery, row);
    }
    return PH_OK;
}

static ph_status apply_slot(ph_gallery *gallery, const ph_flash_record *record, const uint8_t *bytes) {
    if (bytes[2] >= PH_SLOTS || record->bytes - PH_SLOT_BYTES > UINT16_MAX) {
        return PH_UNSUPPORTED;
    }
    gallery->erase_due = gallery->erase_due || (bytes[2] == PH_SLOT_KEY && gallery->slot[PH_SLOT_KEY] != 0);
    gallery->slot[bytes[2]] = record->offset;
    gallery->slot_bytes[bytes[2]] = (uint16_t)(record->bytes - PH_SLOT_BYTES);
    return PH_OK;
}

/* A visit under way, or its looks, which come first. */
static ph_status apply_open(ph_gallery *gallery, const ph_flash_record *record, const uint8_t *bytes) {
    const uint32_t visit = ph_get_u32(bytes + 4);
    if (bytes[0] >= PH_OPEN_VISITS) {
        return PH_UNSUPPORTED;
    }
    ph_open_place *open = &gallery->open[bytes[0]];
    if (open->visit != visit) {
        *open = (ph_open_place){visit, 0, 0, 0};
    }
    if (record->type == PH_RECORD_OPEN) {
        open->place = record->offset;
    } else {
        open->looks = record->offset;
        open->looks_bytes = record->bytes;
    }
    return PH_OK;
}

static ph_status apply_counters(ph_gallery *gallery, const uint8_t *bytes) {
    gallery->next_id = ph_get_u16(bytes);
    gallery->next_number = ph_get_u16(bytes + 2);
    gallery->visits = ph_get_u32(bytes + 4);
    return PH_OK;
}

ph_status ph_apply_record(ph_gallery *gallery, const ph_flash_record *record) {
    static const uint8_t fields[] = {
        [PH_RECORD_PERSON] = PH_PERSON_BYTES,     [PH_RECORD_STRANGER] = PH_STRANGER_BYTES,
        [PH_RECORD_VISIT] = PH_VISIT_BYTES,       [PH_RECORD_REMOVED] = PH_GONE_BYTES,
        [PH_RECORD_DISCARDED] = PH_GONE_BYTES,    [PH_RECORD_SLOT] = PH_SLOT_BYTES,
        [PH_RECORD_COUNTERS] = PH_COUNTERS_BYTES, [PH_RECORD_OPEN] = PH_OPEN_BYTES,
        [PH_RECORD_LOOKS] = PH_LOOKS_BYTES,
    };
    uint8_t bytes[PH_PERSON_BYTES] = {0}; /* the longest */
    gallery->changes++;
    if (record->type == 0 || record->type >= sizeof fields) {
        return PH_UNSUPPORTED;
    }
    uint32_t count = fields[record->type];
    if (record->type == PH_RECORD_VISIT && record->bytes == PH_OLD_VISIT_BYTES) {
        count = PH_OLD_VISIT_BYTES;
    }
    if (record->bytes < count) {
        return PH_UNSUPPORTED;
    }
    const ph_status status = ph_flash_log_read(&gallery->log, record, 0, bytes, count);
    if (status != PH_OK) {
        return status;
    }
    switch (record->type) {
    case PH_RECORD_PERSON:
        return apply_person(gallery, record, bytes);
    case PH_RECORD_STRANGER:
        return apply_stranger(gallery, record, bytes);
    case PH_RECORD_VISIT:
        return apply_visit(gallery, bytes);
    case PH_RECORD_SLOT:
        return apply_slot(gallery, record, bytes);
    case PH_RECORD_COUNTERS:
        return apply_counters(gallery, bytes);
    case PH_RECORD_OPEN:
    case PH_RECORD_LOOKS:
        return apply_open(gallery, record, bytes);
    default:
        return apply_gone(gallery, record, bytes);
    }
}

ph_status ph_gallery_load(ph_gallery *gallery) {
    ph_flash_record record;
    uint32_t cursor = 0;
    ph_status status;
    ph_gallery_clear(gallery);
    while ((status = ph_flash_log_next(&gallery->log, &cursor, &record)) == PH_OK) {
        status = ph_apply_record(gallery, &record);
        /* A removal that was lost to damage leaves more than there is room for: the latest has to go. */
        if (status == PH_NO_ROOM && gallery->log.damaged_here > 0) {
            gallery->left_out++;
            status = PH_OK;
        }
        if (status != PH_OK) {
            break;
        }
    }
    gallery->stale = status != PH_END;
    if (gallery->stale) {
        ph_gallery_clear(gallery);
        return status;
    }
    return PH_OK;
}
