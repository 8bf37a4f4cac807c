#include "app/gallery_restore.h"

#include <string.h>

#include "app/gallery_change.h"
#include "app/gallery_records.h"
#include "app/gallery_tables.h"
#include "app/name.h"

ph_status ph_gallery_next_backed_up(const ph_gallery *gallery, uint32_t *cursor, ph_flash_record *record) {
    for (;;) {
        uint8_t fields[PH_SLOT_BYTES];
        ph_status status = ph_flash_log_next(&gallery->log, cursor, record);
        if (status == PH_OK && (record->type == PH_RECORD_OPEN || record->type == PH_RECORD_LOOKS)) {
            continue; /* what is under way belongs to this device */
        }
        if (status != PH_OK || record->type != PH_RECORD_SLOT) {
            return status;
        }
        status = ph_flash_log_read(&gallery->log, record, 0, fields, sizeof fields);
        if (status != PH_OK || !ph_slot_stays(fields[2])) {
            return status;
        }
    }
}

ph_status ph_gallery_begin_restore(ph_gallery *gallery) {
    ph_status status = ph_gallery_refresh(gallery);
    if (status == PH_OK) {
        status = ph_flash_log_begin_switch(&gallery->log);
    }
    if (status != PH_OK) {
        return status;
    }
    gallery->restoring = true;
    for (uint32_t slot = 0; slot < PH_SLOTS && status == PH_OK; slot++) {
        gallery->kept_slot[slot] = 0;
        if (ph_slot_stays(slot) && gallery->slot[slot] != 0) {
            const uint32_t sequence = gallery->log.sequence;
            status = ph_copy_slot(gallery, (ph_slot)slot);
            gallery->kept_slot[slot] = gallery->log.sequence != sequence ? gallery->log.latest.offset : 0;
        }
    }
    if (status != PH_OK) {
        ph_gallery_cancel_restore(gallery);
    }
    return status;
}

ph_status ph_gallery_begin_record(ph_gallery *gallery, uint8_t type, uint32_t bytes) {
    const bool known = type == PH_RECORD_PERSON || type == PH_RECORD_STRANGER || type == PH_RECORD_VISIT ||
                       type == PH_RECORD_SLOT || type == PH_RECORD_COUNTERS;
    if (!gallery->restoring || !known || bytes == 0) {
        return PH_BAD_ARGUMENT;
    }
    return ph_flash_log_begin(&gallery->log, type, bytes);
}

ph_status ph_gallery_write_record(ph_gallery *gallery, const uint8_t *from, uint32_t bytes) {
    if (!gallery->restoring || bytes > gallery->log.left) {
        return PH_BAD_ARGUMENT;
    }
    ph_flash_log_write(&gallery->log, from, bytes);
    return gallery->log.left > 0 ? PH_OK : ph_flash_log_commit(&gallery->log);
}

static bool is_id(uint32_t id) {
    return id >= PH_FIRST_ID && id <= PH_LAST_ID;
}

static bool is_person_sound(const ph_gallery *gallery, int32_t row) {
    const ph_person *person = &gallery->people[row];
    if (!is_id(person->id) || !ph_name_valid(person->name, person->name_bytes)) {
        return false;
    }
    for (int32_t other = 0; other < row; other++) {
        const ph_person *before = &gallery->people[other];
        if (before->name_bytes == person->name_bytes && memcmp(before->name, person->name, person->name_bytes) == 0) {
            return false;
        }
    }
    return true;
}

/* Whether the tables, just read from the records that came, hold what the operations of this gallery would leave. */
static bool is_sound(const ph_gallery *gallery) {
    bool sound =
        gallery->foreign == 0 && gallery->left_out == 0 && is_id(gallery->next_id) && is_id(gallery->next_number);
    for (int32_t row = 0; row < gallery->people_count; row++) {
        sound = sound && is_person_sound(gallery, row);
    }
    for (int32_t row = 0; row < gallery->strangers_count; row++) {
        const ph_stranger *stranger = &gallery->strangers[row];
        sound = sound && is_id(stranger->number) && stranger->state <= PH_STRANGER_IGNORED &&
                stranger->thumbnail_width * stranger->thumbnail_height <= gallery->size.thumbnail_bytes;
    }
    for (uint32_t slot = 0; slot < PH_SLOTS; slot++) {
        sound = sound && gallery->slot_bytes[slot] <= gallery->size.slot_bytes &&
                (!ph_slot_stays(slot) || gallery->slot[slot] == gallery->kept_slot[slot]);
    }
    return sound;
}

ph_status ph_gallery_end_restore(ph_gallery *gallery) {
    if (!gallery->restoring) {
        return PH_BAD_ARGUMENT;
    }
    const ph_flash *flash = gallery->log.flash;
    ph_status status = ph_gallery_load(gallery);
    if (status == PH_OK && !is_sound(gallery)) {
        status = PH_DAMAGED;
    }
    if (status == PH_OK &&
        ph_gallery_live_bytes(gallery) + ph_flash_log_span(flash, PH_GONE_BYTES) > flash->area_bytes) {
        status = PH_NO_ROOM;
    }
    if (status == PH_OK) {
        status = ph_flash_log_end_switch(&gallery->log);
    }
    if (status != PH_OK) {
        ph_gallery_cancel_restore(gallery);
        return status == PH_UNSUPPORTED ? PH_DAMAGED : status;
    }
    gallery->restoring = false;
    return PH_OK;
}

void ph_gallery_cancel_restore(ph_gallery *gallery) {
    if (gallery->restoring) {
        ph_flash_log_cancel_switch(&gallery->log);
        gallery->restoring = false;
        ph_gallery_load(gallery); /* if it fails the gallery is stale, and the next operation tries again */
    }
}
