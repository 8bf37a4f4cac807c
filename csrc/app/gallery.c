#include "app/gallery.h"

#include <string.h>

#include "app/gallery_change.h"
#include "app/gallery_tables.h"
#include "app/little_endian.h"

/* Room */

uint32_t ph_gallery_record_bytes(const ph_gallery *gallery, uint32_t fields, int32_t count) {
    return fields + (uint32_t)count * (PH_REFERENCE_BYTES + 2u * (uint32_t)gallery->size.values);
}

uint32_t ph_gallery_flash_bytes(const ph_gallery_size *size, uint32_t program_unit) {
    const bool unit_usable =
        program_unit >= 1 && program_unit <= PH_FLASH_UNIT_MAX && (program_unit & (program_unit - 1)) == 0;
    if (ph_gallery_ram_bytes(size) == 0 || !unit_usable) {
        return 0;
    }
    const ph_flash flash = {.area_bytes = UINT32_MAX / 2, .program_unit = program_unit};
    const uint64_t descriptor = PH_REFERENCE_BYTES + 2u * (uint32_t)size->values;
    const uint64_t person = PH_PERSON_BYTES + (uint32_t)size->references * descriptor;
    const uint64_t stranger = PH_STRANGER_BYTES + (uint32_t)size->looks * descriptor + (uint32_t)size->thumbnail_bytes;
    const uint32_t person_span = ph_flash_log_span(&flash, (uint32_t)person);
    const uint32_t stranger_span = ph_flash_log_span(&flash, (uint32_t)stranger);
    const uint32_t slot_span = ph_flash_log_span(&flash, PH_SLOT_BYTES + (uint32_t)size->slot_bytes);
    const uint64_t live = PH_FLASH_LOG_START + (uint64_t)PH_SLOTS * slot_span + (uint64_t)size->people * person_span +
                          (uint64_t)size->strangers * stranger_span + ph_flash_log_span(&flash, PH_COUNTERS_BYTES) +
                          ph_flash_log_span(&flash, PH_GONE_BYTES);
    const uint64_t largest = person_span > stranger_span ? person_span : stranger_span;
    const uint64_t all = (live + (largest > slot_span ? largest : slot_span)) * 4 / 3;
    const uint64_t rounded = (all + PH_FLASH_UNIT_MAX - 1) / PH_FLASH_UNIT_MAX * PH_FLASH_UNIT_MAX;
    return rounded <= UINT32_C(1) << 30 ? (uint32_t)rounded : 0;
}

ph_status ph_gallery_refresh(ph_gallery *gallery) {
    if (gallery->restoring) {
        return PH_BUSY;
    }
    return gallery->stale ? ph_gallery_load(gallery) : PH_OK;
}

ph_status ph_gallery_switch(ph_gallery *gallery) {
    ph_status status = ph_gallery_refresh(gallery);
    if (status != PH_OK) {
        return status;
    }
    status = ph_flash_log_begin_switch(&gallery->log);
    if (status != PH_OK) {
        return status;
    }
    status = ph_write_all(gallery);
    if (status == PH_OK) {
        status = ph_flash_log_end_switch(&gallery->log);
    }
    if (status != PH_OK) {
        ph_flash_log_cancel_switch(&gallery->log);
        return status;
    }
    return ph_gallery_load(gallery);
}

ph_status ph_gallery_make_room(ph_gallery *gallery, uint32_t bytes, bool frees) {
    const ph_flash *flash = gallery->log.flash;
    const uint32_t span = ph_flash_log_span(flash, bytes);
    const uint32_t reserve = frees ? 0 : ph_flash_log_span(flash, PH_GONE_BYTES);
    if (span == 0 || ph_gallery_live_bytes(gallery) + span + reserve > flash->area_bytes) {
        return PH_NO_ROOM;
    }
    return span <= ph_flash_log_free(&gallery->log) ? PH_OK : ph_gallery_switch(gallery);
}

ph_status ph_gallery_tidy(ph_gallery *gallery) {
    const uint32_t area = gallery->log.flash->area_bytes;
    const ph_status status = ph_gallery_refresh(gallery);
    if (status != PH_OK) {
        return status;
    }
    const bool worth_it = gallery->log.position >= ph_gallery_live_bytes(gallery) + area / 8;
    const bool soon = ph_flash_log_free(&gallery->log) < area / 4 && worth_it;
    return soon || gallery->erase_due || gallery->log.frail ? ph_gallery_switch(gallery) : PH_OK;
}

ph_status ph_gallery_take_in(ph_gallery *gallery, ph_status written) {
    if (written != PH_OK) {
        return written;
    }
    if (ph_apply_record(gallery, &gallery->log.latest) == PH_OK) {
        return PH_OK;
    }
    return ph_gallery_load(gallery);
}

/* Opening */

ph_status ph_gallery_open(ph_gallery *gallery, const ph_gallery_size *size, uint32_t model, void *memory, size_t bytes,
                          const ph_flash *flash) {
    const size_t needed = ph_gallery_ram_bytes(size);
    memset(gallery, 0, sizeof *gallery);
    if (needed == 0 || bytes < needed || (uintptr_t)memory % 8 != 0) {
        return PH_BAD_ARGUMENT;
    }
    gallery->size = *size;
    gallery->model = model;
    ph_gallery_lay_out(gallery, memory);
    ph_gallery_clear(gallery);
    ph_status status = ph_flash_log_open(&gallery->log, flash);
    if (status == PH_OK) {
        status = ph_gallery_load(gallery);
    }
    if (status == PH_OK && (gallery->erase_due || gallery->log.frail)) {
        ph_gallery_switch(gallery); /* if it fails there is a next time */
        status = ph_gallery_refresh(gallery);
    }
    return status;
}

ph_status ph_gallery_forget_all(ph_gallery *gallery) {
    if (gallery->restoring) {
        return PH_BUSY;
    }
    const ph_status status = ph_flash_log_begin_switch(&gallery->log);
    if (status != PH_OK) {
        return status;
    }
    const ph_status ended = ph_flash_log_end_switch(&gallery->log);
    if (ended != PH_OK) {
        ph_flash_log_cancel_switch(&gallery->log);
        return ended;
    }
    return ph_gallery_load(gallery);
}

/* Visits */

ph_status ph_gallery_note_visit(ph_gallery *gallery, uint16_t id, uint16_t number, int64_t last_seen) {
    ph_status status = ph_gallery_refresh(gallery);
    if (status != PH_OK) {
        return status;
    }
    const int32_t person = ph_gallery_person_row(gallery, id), stranger = ph_gallery_stranger_row(gallery, number);
    if (id != 0 && number != 0) {
        return PH_BAD_ARGUMENT;
    }
    if ((id != 0 && person < 0) || (number != 0 && stranger < 0)) {
        return PH_UNKNOWN;
    }
    const uint32_t visits = person >= 0     ? gallery->people[person].visits + 1
                            : stranger >= 0 ? gallery->strangers[stranger].visits + 1
                                            : 0;
    status = ph_gallery_make_room(gallery, PH_VISIT_BYTES, false);
    if (status != PH_OK) {
        return status;
    }
    return ph_gallery_take_in(gallery, ph_write_visit(gallery, id, number, visits, last_seen));
}

/* What lies on flash only */

ph_status ph_gallery_write_slot(ph_gallery *gallery, ph_slot slot, uint16_t version, const void *from, size_t bytes) {
    if ((uint32_t)slot >= PH_SLOTS || bytes == 0) {
        return PH_BAD_ARGUMENT;
    }
    if (bytes > (size_t)gallery->size.slot_bytes) {
        return PH_BAD_SHAPE;
    }
    ph_status status = ph_gallery_refresh(gallery);
    if (status == PH_OK) {
        status = ph_gallery_make_room(gallery, PH_SLOT_BYTES + (uint32_t)bytes, false);
    }
    if (status != PH_OK) {
        return status;
    }
    return ph_gallery_take_in(gallery, ph_write_slot(gallery, slot, version, from, (uint32_t)bytes));
}

ph_status ph_gallery_read_slot(const ph_gallery *gallery, ph_slot slot, uint16_t *version, void *to, size_t capacity,
                               size_t *bytes) {
    ph_flash_record record;
    uint8_t fields[2];
    if ((uint32_t)slot >= PH_SLOTS || gallery->slot[slot] == 0) {
        return (uint32_t)slot >= PH_SLOTS ? PH_BAD_ARGUMENT : PH_UNKNOWN;
    }
    *bytes = gallery->slot_bytes[slot];
    if (*bytes > capacity) {
        return PH_BAD_SHAPE;
    }
    ph_status status = ph_flash_log_at(&gallery->log, gallery->slot[slot], &record);
    if (status == PH_OK) {
        status = ph_flash_log_read(&gallery->log, &record, 0, fields, sizeof fields);
    }
    if (status == PH_OK) {
        *version = ph_get_u16(fields);
        status = ph_flash_log_read(&gallery->log, &record, PH_SLOT_BYTES, to, (uint32_t)*bytes);
    }
    return status;
}

ph_status ph_gallery_thumbnail(const ph_gallery *gallery, uint16_t number, uint8_t *grey, size_t capacity,
                               uint8_t *width, uint8_t *height) {
    ph_flash_record record;
    const int32_t row = ph_gallery_stranger_row(gallery, number);
    if (row < 0 || gallery->strangers[row].thumbnail == 0) {
        return PH_UNKNOWN;
    }
    *width = gallery->strangers[row].thumbnail_width;
    *height = gallery->strangers[row].thumbnail_height;
    const uint32_t bytes = (uint32_t)*width * *height;
    if (bytes > capacity) {
        return PH_BAD_SHAPE;
    }
    const ph_status status = ph_flash_log_at(&gallery->log, gallery->strangers[row].thumbnail, &record);
    return status != PH_OK ? status : ph_flash_log_read(&gallery->log, &record, record.bytes - bytes, grey, bytes);
}
