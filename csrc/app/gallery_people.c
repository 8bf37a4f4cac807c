#include <string.h>

#include "app/gallery_change.h"
#include "app/gallery_tables.h"
#include "app/name.h"

/* `except`: the row that may have the name */
static ph_status check_name(const ph_gallery *gallery, const char *name, size_t bytes, int32_t except) {
    if (bytes > PH_NAME_BYTES || !ph_name_valid(name, bytes)) {
        return PH_BAD_ARGUMENT;
    }
    for (int32_t row = 0; row < gallery->people_count; row++) {
        const ph_person *person = &gallery->people[row];
        if (row != except && person->name_bytes == bytes && memcmp(person->name, name, bytes) == 0) {
            return PH_TAKEN;
        }
    }
    return PH_OK;
}

/* A person who is not there yet, with an id that nobody has. */
static ph_status new_person(ph_gallery *gallery, const char *name, size_t bytes, int64_t time, ph_person *person) {
    ph_status status = ph_gallery_refresh(gallery);
    if (status == PH_OK) {
        status = check_name(gallery, name, bytes, -1);
    }
    if (status != PH_OK) {
        return status;
    }
    if (gallery->people_count >= gallery->size.people) {
        return PH_NO_ROOM;
    }
    memset(person, 0, sizeof *person);
    person->id = gallery->next_id;
    while (ph_gallery_person_row(gallery, person->id) >= 0) {
        person->id = ph_id_after(person->id);
    }
    person->created = time;
    person->last_seen = PH_NEVER;
    person->name_bytes = (uint8_t)bytes;
    memcpy(person->name, name, bytes);
    return PH_OK;
}

static ph_status find_person(ph_gallery *gallery, uint16_t id, int32_t *row) {
    const ph_status status = ph_gallery_refresh(gallery);
    *row = ph_gallery_person_row(gallery, id);
    return status == PH_OK && *row < 0 ? PH_UNKNOWN : status;
}

/* Writes a person with further references, the row's own ones first; row: -1 for a new one. */
static ph_status write_with(ph_gallery *gallery, const ph_person *person, int32_t row, uint16_t stranger,
                            const ph_choice *more) {
    const ph_choice stays = {row >= 0 ? &gallery->known : NULL, row, NULL, PH_SOURCE_VISIT, false, INT32_MAX};
    const int32_t count = ph_choice_count(&stays) + ph_choice_count(more);
    const ph_status status =
        ph_gallery_make_room(gallery, ph_gallery_record_bytes(gallery, PH_PERSON_BYTES, count), false);
    if (status != PH_OK) {
        return status;
    }
    return ph_gallery_take_in(gallery, ph_write_person(gallery, person, stranger, &stays, more));
}

static ph_status check_looks(const ph_gallery *gallery, const ph_looks *looks, int32_t room) {
    if (looks->count < 0 || (looks->count > 0 && looks->values != gallery->size.values)) {
        return PH_BAD_SHAPE;
    }
    return looks->count > room ? PH_NO_ROOM : PH_OK;
}

ph_status ph_gallery_add_person(ph_gallery *gallery, const char *name, size_t name_bytes, int64_t time,
                                const ph_looks *looks, ph_source source, uint16_t *id) {
    const ph_choice more = {NULL, 0, looks, source, false, INT32_MAX};
    ph_person person;
    ph_status status = new_person(gallery, name, name_bytes, time, &person);
    if (status == PH_OK) {
        status = check_looks(gallery, looks, gallery->size.references);
    }
    if (status == PH_OK) {
        status = write_with(gallery, &person, -1, 0, &more);
    }
    if (status == PH_OK) {
        *id = person.id;
    }
    return status;
}

ph_status ph_gallery_add_references(ph_gallery *gallery, uint16_t id, const ph_looks *looks, ph_source source) {
    const ph_choice more = {NULL, 0, looks, source, false, INT32_MAX};
    int32_t row;
    ph_status status = find_person(gallery, id, &row);
    if (status == PH_OK) {
        status = check_looks(gallery, looks, gallery->size.references - gallery->people[row].references);
    }
    if (status != PH_OK || looks->count == 0) {
        return status;
    }
    const ph_person person = gallery->people[row];
    return write_with(gallery, &person, row, 0, &more);
}

ph_status ph_gallery_rename(ph_gallery *gallery, uint16_t id, const char *name, size_t name_bytes) {
    int32_t row;
    ph_status status = find_person(gallery, id, &row);
    if (status == PH_OK) {
        status = check_name(gallery, name, name_bytes, row);
    }
    if (status == PH_OK) {
        status = ph_gallery_make_room(gallery, PH_PERSON_BYTES, false);
    }
    if (status != PH_OK) {
        return status;
    }
    ph_person person = gallery->people[row];
    memset(person.name, 0, sizeof person.name);
    memcpy(person.name, name, name_bytes);
    person.name_bytes = (uint8_t)name_bytes;
    return ph_gallery_take_in(gallery, ph_write_person(gallery, &person, 0, NULL, NULL));
}

ph_status ph_gallery_remove(ph_gallery *gallery, uint16_t id) {
    int32_t row;
    ph_status status = find_person(gallery, id, &row);
    if (status == PH_OK) {
        status = ph_gallery_make_room(gallery, PH_GONE_BYTES, true);
    }
    if (status == PH_OK) {
        status = ph_gallery_take_in(gallery, ph_write_gone(gallery, PH_RECORD_REMOVED, id));
    }
    if (status == PH_OK) {
        ph_gallery_switch(gallery); /* if it fails the erasing stays due, but the person is gone */
    }
    return status;
}

/* A stranger becomes one more part of a person; row: -1 for a new one. */
static ph_status assign(ph_gallery *gallery, uint16_t number, ph_person *person, int32_t row, int32_t *added) {
    const int32_t from = ph_gallery_stranger_row(gallery, number);
    const int32_t room = gallery->size.references - (row >= 0 ? person->references : 0);
    const ph_choice best = {&gallery->seen, from, NULL, PH_SOURCE_VISIT, false, room};
    if (from < 0) {
        return PH_UNKNOWN;
    }
    const ph_stranger *stranger = &gallery->strangers[from];
    const int32_t count = ph_choice_count(&best);
    if (stranger->looks > 0 && count == 0) {
        return PH_NO_ROOM;
    }
    person->visits += stranger->visits;
    if (person->last_seen < stranger->last_seen) {
        person->last_seen = stranger->last_seen;
    }
    const ph_status status = write_with(gallery, person, row, number, &best);
    if (status == PH_OK && added) {
        *added = count;
    }
    return status;
}

ph_status ph_gallery_assign(ph_gallery *gallery, uint16_t number, uint16_t id, int32_t *added) {
    int32_t row;
    const ph_status status = find_person(gallery, id, &row);
    if (status != PH_OK) {
        return status;
    }
    ph_person person = gallery->people[row];
    return assign(gallery, number, &person, row, added);
}

ph_status ph_gallery_assign_new(ph_gallery *gallery, uint16_t number, const char *name, size_t name_bytes, int64_t time,
                                uint16_t *id) {
    ph_person person;
    ph_status status = new_person(gallery, name, name_bytes, time, &person);
    if (status == PH_OK) {
        status = assign(gallery, number, &person, -1, NULL);
    }
    if (status == PH_OK) {
        *id = person.id;
    }
    return status;
}
