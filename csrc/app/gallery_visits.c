#include <string.h>

#include "app/gallery_change.h"
#include "app/little_endian.h"

/* Where a visit is kept, or could be; -1 where there is no place. */
static int32_t find_place(const ph_gallery *gallery, uint32_t visit) {
    int32_t free = -1;
    for (int32_t index = PH_OPEN_VISITS - 1; index >= 0; index--) {
        if (gallery->open[index].visit == visit) {
            return index;
        }
        free = gallery->open[index].place == 0 ? index : free;
    }
    return free;
}

bool ph_gallery_keeps_visit(const ph_gallery *gallery, uint32_t visit) {
    const int32_t index = find_place(gallery, visit);
    return index >= 0 && gallery->open[index].visit == visit && gallery->open[index].place != 0;
}

void ph_gallery_end_visit(ph_gallery *gallery, uint32_t visit) {
    gallery->ending = ph_gallery_keeps_visit(gallery, visit) ? (uint8_t)(find_place(gallery, visit) + 1) : 0;
}

/* Room for records under way: they may take the quarter of an area that ph_gallery_flash_bytes leaves to append to, so
   that nothing of the owner's is ever refused for them. */
static ph_status make_room(ph_gallery *gallery, uint32_t bytes) {
    const ph_flash *flash = gallery->log.flash;
    const uint32_t span = ph_flash_log_span(flash, bytes);
    if (span == 0 || ph_gallery_open_bytes(gallery) + span > flash->area_bytes / 4) {
        return PH_NO_ROOM;
    }
    return ph_gallery_make_room(gallery, bytes, false);
}

static ph_status keep_looks(ph_gallery *gallery, int32_t index, uint32_t visit, const ph_looks *looks,
                            ph_thumbnail thumbnail) {
    const ph_choice best = {NULL, -1, looks, PH_SOURCE_VISIT, true, gallery->size.looks};
    const uint32_t grey = thumbnail.grey ? (uint32_t)thumbnail.width * thumbnail.height : 0;
    const uint32_t bytes = ph_gallery_record_bytes(gallery, PH_LOOKS_BYTES, ph_choice_count(&best)) + grey;
    if (looks->values != gallery->size.values || grey > (uint32_t)gallery->size.thumbnail_bytes) {
        return PH_BAD_SHAPE;
    }
    /* With room for the visit's own record behind it, so that no switch comes between the two. */
    const ph_status status = make_room(gallery, bytes + 2 * PH_OPEN_BYTES + 4 * PH_FLASH_UNIT_MAX);
    return status != PH_OK ? status
                           : ph_gallery_take_in(gallery, ph_write_looks(gallery, index, visit, &best, thumbnail));
}

ph_status ph_gallery_keep_visit(ph_gallery *gallery, const ph_open_visit *visit, const ph_looks *looks,
                                ph_thumbnail thumbnail) {
    ph_status status = ph_gallery_refresh(gallery);
    if (status != PH_OK) {
        return status;
    }
    const int32_t index = find_place(gallery, visit->visit);
    if (visit->visit == 0 || index < 0) {
        return visit->visit == 0 ? PH_BAD_ARGUMENT : PH_NO_ROOM;
    }
    const ph_open_place *open = &gallery->open[index];
    if (looks != NULL && (open->visit != visit->visit || open->looks == 0)) {
        status = keep_looks(gallery, index, visit->visit, looks, thumbnail);
        status = status == PH_NO_ROOM ? PH_OK : status; /* better without them than not at all */
    }
    if (status == PH_OK) {
        status = make_room(gallery, PH_OPEN_BYTES);
    }
    return status == PH_OK ? ph_gallery_take_in(gallery, ph_write_open(gallery, index, visit)) : status;
}

static ph_status read_fields(const ph_gallery *gallery, uint32_t place, ph_flash_record *record, uint8_t *bytes,
                             uint32_t count) {
    const ph_status status = ph_flash_log_at(&gallery->log, place, record);
    return status == PH_OK ? ph_flash_log_read(&gallery->log, record, 0, bytes, count) : status;
}

ph_status ph_gallery_open_visit(const ph_gallery *gallery, int32_t index, ph_open_visit *visit) {
    uint8_t bytes[PH_OPEN_BYTES] = {0};
    ph_flash_record record;
    if (index < 0 || index >= PH_OPEN_VISITS || gallery->open[index].place == 0) {
        return PH_UNKNOWN;
    }
    const ph_status status = read_fields(gallery, gallery->open[index].place, &record, bytes, sizeof bytes);
    *visit = (ph_open_visit){.visit = ph_get_u32(bytes + 4),
                             .person = ph_get_u16(bytes + 8),
                             .stranger = ph_get_u16(bytes + 10),
                             .first_seen = (int64_t)ph_get_u64(bytes + 16),
                             .last_seen = (int64_t)ph_get_u64(bytes + 24),
                             .distance = ph_get_u64(bytes + 32),
                             .margin = ph_get_u64(bytes + 40),
                             .sightings = (int32_t)ph_get_u32(bytes + 12),
                             .decision = bytes[1],
                             .reason = bytes[2]};
    return status;
}

/* One look from `within` on. */
static ph_status read_look(const ph_gallery *gallery, const ph_flash_record *record, uint32_t within, ph_look *look,
                           int16_t *descriptor) {
    const int32_t values = gallery->size.values;
    uint8_t bytes[PH_REFERENCE_BYTES] = {0};
    ph_status status = ph_flash_log_read(&gallery->log, record, within, bytes, sizeof bytes);
    if (status == PH_OK) {
        status =
            ph_flash_log_read(&gallery->log, record, within + PH_REFERENCE_BYTES, descriptor, 2u * (uint32_t)values);
    }
    for (int32_t value = 0; value < values && status == PH_OK; value++) {
        descriptor[value] = (int16_t)ph_get_u16((const uint8_t *)&descriptor[value]);
    }
    *look = (ph_look){.time = (int64_t)ph_get_u64(bytes), .quality = {.value = (int16_t)ph_get_u16(bytes + 8)}};
    return status;
}

ph_status ph_gallery_open_looks(const ph_gallery *gallery, int32_t index, ph_looks *looks, uint8_t *grey,
                                size_t capacity, uint8_t *width, uint8_t *height) {
    uint8_t bytes[PH_LOOKS_BYTES];
    ph_flash_record record;
    looks->count = 0;
    *width = *height = 0;
    if (index < 0 || index >= PH_OPEN_VISITS || gallery->open[index].looks == 0) {
        return PH_UNKNOWN;
    }
    ph_status status = read_fields(gallery, gallery->open[index].looks, &record, bytes, sizeof bytes);
    if (status != PH_OK) {
        return status;
    }
    if (ph_get_u32(bytes + 8) != gallery->model || ph_get_u16(bytes + 12) != gallery->size.values ||
        looks->values != gallery->size.values) {
        return PH_UNKNOWN; /* of another network */
    }
    uint32_t within = PH_LOOKS_BYTES;
    const uint32_t values = (uint32_t)gallery->size.values;
    const int32_t count = ph_get_u16(bytes + 14);
    for (int32_t i = 0; i < count && i < looks->capacity && status == PH_OK; i++) {
        status = read_look(gallery, &record, within, &looks->look[i], looks->descriptor + (size_t)i * values);
        looks->count += status == PH_OK;
        within += PH_REFERENCE_BYTES + 2 * values;
    }
    const uint32_t pixels = (uint32_t)bytes[1] * bytes[2];
    if (status == PH_OK && pixels > 0 && pixels <= capacity) {
        status = ph_flash_log_read(&gallery->log, &record, record.bytes - pixels, grey, pixels);
        *width = status == PH_OK ? bytes[1] : 0;
        *height = status == PH_OK ? bytes[2] : 0;
    }
    return status;
}
