#include <string.h>

#include "app/gallery_change.h"
#include "app/gallery_tables.h"

static ph_status find_stranger(ph_gallery *gallery, uint16_t number, int32_t *row) {
    const ph_status status = ph_gallery_refresh(gallery);
    *row = ph_gallery_stranger_row(gallery, number);
    return status == PH_OK && *row < 0 ? PH_UNKNOWN : status;
}

static ph_status check_new(const ph_gallery *gallery, const ph_looks *looks, ph_thumbnail thumbnail) {
    const int32_t grey = thumbnail.grey ? thumbnail.width * thumbnail.height : 1;
    if (looks->count < 0 || (looks->count > 0 && looks->values != gallery->size.values) || grey == 0) {
        return PH_BAD_SHAPE;
    }
    return thumbnail.grey && grey > gallery->size.thumbnail_bytes ? PH_BAD_SHAPE : PH_OK;
}

/* Writes a stranger with the best of the looks, those of the row among them; row: -1 for a new one. */
static ph_status write_with(ph_gallery *gallery, const ph_stranger *stranger, int32_t row, uint16_t replaces,
                            const ph_looks *looks, ph_thumbnail thumbnail) {
    const ph_choice best = {
        row >= 0 ? &gallery->seen : NULL, row, looks, PH_SOURCE_VISIT, true, gallery->size.looks,
    };
    const uint32_t grey = thumbnail.grey ? (uint32_t)thumbnail.width * thumbnail.height : 0;
    const uint32_t bytes = ph_gallery_record_bytes(gallery, PH_STRANGER_BYTES, ph_choice_count(&best)) + grey;
    const ph_status status = ph_gallery_make_room(gallery, bytes, false);
    if (status != PH_OK) {
        return status;
    }
    return ph_gallery_take_in(gallery,
                              ph_write_stranger(gallery, stranger, replaces, &best, thumbnail, gallery->visits + 1));
}

/* The open stranger who was not seen for the longest time; -1 when all are ignored. */
static int32_t oldest_open(const ph_gallery *gallery) {
    int32_t oldest = -1;
    for (int32_t row = 0; row < gallery->strangers_count; row++) {
        const ph_stranger *stranger = &gallery->strangers[row];
        if (stranger->state == PH_STRANGER_OPEN &&
            (oldest < 0 || stranger->last_seen < gallery->strangers[oldest].last_seen)) {
            oldest = row;
        }
    }
    return oldest;
}

ph_status ph_gallery_add_stranger(ph_gallery *gallery, const ph_looks *looks, ph_thumbnail thumbnail,
                                  int64_t first_seen, int64_t last_seen, ph_when_full rule, uint16_t *number) {
    const ph_choice good = {NULL, -1, looks, PH_SOURCE_VISIT, true, gallery->size.looks};
    ph_stranger stranger;
    uint16_t replaces = 0;
    ph_status status = ph_gallery_refresh(gallery);
    if (status == PH_OK) {
        status = check_new(gallery, looks, thumbnail);
    }
    if (status != PH_OK) {
        return status;
    }
    if (ph_choice_count(&good) == 0) {
        return PH_BAD_ARGUMENT;
    }
    if (gallery->strangers_count >= gallery->size.strangers) {
        const int32_t oldest = rule == PH_WHEN_FULL_REPLACE_OLDEST ? oldest_open(gallery) : -1;
        if (oldest < 0) {
            return PH_NO_ROOM;
        }
        replaces = gallery->strangers[oldest].number;
    }
    memset(&stranger, 0, sizeof stranger);
    stranger.number = gallery->next_number;
    while (ph_gallery_stranger_row(gallery, stranger.number) >= 0) {
        stranger.number = ph_id_after(stranger.number);
    }
    stranger.visits = 1;
    stranger.first_seen = first_seen;
    stranger.last_seen = last_seen;
    status = write_with(gallery, &stranger, -1, replaces, looks, thumbnail);
    if (status == PH_OK) {
        *number = stranger.number;
    }
    return status;
}

ph_status ph_gallery_remember(ph_gallery *gallery, uint16_t number, const ph_looks *looks, ph_thumbnail thumbnail,
                              int64_t last_seen) {
    int32_t row;
    ph_status status = find_stranger(gallery, number, &row);
    if (status == PH_OK) {
        status = check_new(gallery, looks, thumbnail);
    }
    if (status != PH_OK) {
        return status;
    }
    ph_stranger stranger = gallery->strangers[row];
    stranger.visits++;
    stranger.last_seen = last_seen;
    return write_with(gallery, &stranger, row, 0, looks, thumbnail);
}

ph_status ph_gallery_ignore(ph_gallery *gallery, uint16_t number) {
    const ph_thumbnail none = {0, 0, NULL};
    int32_t row;
    ph_status status = find_stranger(gallery, number, &row);
    if (status == PH_OK) {
        status = ph_gallery_make_room(gallery, PH_STRANGER_BYTES, false);
    }
    if (status != PH_OK) {
        return status;
    }
    ph_stranger stranger = gallery->strangers[row];
    stranger.state = PH_STRANGER_IGNORED;
    return ph_gallery_take_in(gallery, ph_write_stranger(gallery, &stranger, 0, NULL, none, gallery->visits));
}

ph_status ph_gallery_discard(ph_gallery *gallery, uint16_t number) {
    int32_t row;
    ph_status status = find_stranger(gallery, number, &row);
    if (status == PH_OK) {
        status = ph_gallery_make_room(gallery, PH_GONE_BYTES, true);
    }
    if (status == PH_OK) {
        status = ph_gallery_take_in(gallery, ph_write_gone(gallery, PH_RECORD_DISCARDED, number));
    }
    if (status == PH_OK) {
        ph_gallery_switch(gallery); /* if it fails the erasing stays due, but the looks are out of use */
    }
    return status;
}
