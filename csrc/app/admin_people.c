#include <string.h>

#include "app/admin_parts.h"

/* Changes with every change of the gallery: a list in pieces is one list only while it stays. Never 0. */
static uint64_t version_of(const ph_gallery *gallery) {
    return (uint64_t)gallery->log.generation << 32 | gallery->changes;
}

/* Reads where a list goes on and begins its reply: version and number of all, then the list that the caller fills. */
static bool begin_list(ph_asked *asked, int32_t count, int32_t *from) {
    const uint64_t version = version_of(asked->admin->gallery);
    *from = (int32_t)ph_cbor_get_unsigned(&asked->in, INT32_MAX);
    const uint64_t before = ph_cbor_get_unsigned(&asked->in, UINT64_MAX);
    if (!ph_asked_well(asked, 2)) {
        return false;
    }
    if (before != 0 && before != version) {
        ph_asked_answer(asked, PH_ERROR_CHANGED, "the list has changed");
        return false;
    }
    ph_asked_ok(asked, 3);
    ph_cbor_put_unsigned(&asked->out, version);
    ph_cbor_put_signed(&asked->out, count);
    ph_cbor_open_array(&asked->out);
    return true;
}

/* Adds rows from one on as long as they fit, and ends the list. */
static void put_rows(ph_asked *asked, int32_t from, int32_t count, void (*put)(ph_asked *asked, int32_t row)) {
    for (int32_t row = from; row < count; row++) {
        const ph_cbor_writer before = asked->out;
        put(asked, row);
        if (asked->out.full || asked->out.count == asked->out.capacity) {
            asked->out = before;
            break;
        }
    }
    ph_cbor_close(&asked->out);
}

static void put_person(ph_asked *asked, int32_t row) {
    const ph_person *person = &asked->admin->gallery->people[row];
    ph_cbor_put_array(&asked->out, 6);
    ph_cbor_put_unsigned(&asked->out, person->id);
    ph_cbor_put_text(&asked->out, person->name, person->name_bytes);
    ph_put_time(&asked->out, person->created);
    ph_put_time(&asked->out, person->last_seen);
    ph_cbor_put_unsigned(&asked->out, person->visits);
    ph_cbor_put_unsigned(&asked->out, person->references);
}

static int64_t now(const ph_asked *asked) {
    return asked->admin->calls.time(asked->admin->calls.context);
}

/* What is wrong when the gallery refuses a change of a person. */
static const char *reason_of(ph_status status) {
    switch (status) {
    case PH_NO_ROOM:
        return "the gallery is full";
    case PH_TAKEN:
    case PH_BAD_ARGUMENT:
        return "name";
    case PH_UNKNOWN:
        return "person";
    case PH_BUSY:
        return "a restore is under way";
    default:
        return "flash";
    }
}

static void answer_id(ph_asked *asked, ph_status status, uint16_t id) {
    if (status != PH_OK) {
        ph_asked_answer(asked, status, reason_of(status));
        return;
    }
    ph_asked_ok(asked, 1);
    ph_cbor_put_unsigned(&asked->out, id);
}

/* Whether the looks that were put are those which the request speaks of. */
static bool check_looks(ph_asked *asked, uint64_t model, uint64_t count) {
    const ph_admin *admin = asked->admin;
    if (model != admin->gallery->model) {
        ph_asked_answer(asked, PH_ERROR_MODEL, "model");
        return false;
    }
    if (count != (uint64_t)admin->looks.count || (count > 0 && admin->put != admin->looks.values)) {
        ph_asked_answer(asked, PH_ERROR_LOOKS, "looks");
        return false;
    }
    return true;
}

/* [name, model, looks, source] -> [id]; [id, model, looks, source] -> [id] */
static void add(ph_asked *asked, bool is_new) {
    ph_admin *admin = asked->admin;
    int32_t bytes = 0;
    const char *name = is_new ? ph_cbor_get_text(&asked->in, &bytes) : NULL;
    uint16_t id = is_new ? 0 : (uint16_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    const uint64_t model = ph_cbor_get_unsigned(&asked->in, UINT64_MAX);
    const uint64_t count = ph_cbor_get_unsigned(&asked->in, UINT64_MAX);
    const ph_source source = (ph_source)ph_cbor_get_unsigned(&asked->in, PH_SOURCE_IMPORT);
    if (!ph_asked_well(asked, 4) || !check_looks(asked, model, count)) {
        return;
    }
    const ph_status status =
        is_new ? ph_gallery_add_person(admin->gallery, name, (size_t)bytes, now(asked), &admin->looks, source, &id)
               : ph_gallery_add_references(admin->gallery, id, &admin->looks, source);
    answer_id(asked, status, id);
    admin->looks.count = 0;
}

/* Leaves the best of looks, at most `most`, in any order. */
static void keep_best(ph_looks *looks, int32_t most) {
    const size_t values = (size_t)looks->values;
    while (looks->count > most) {
        const int32_t last = looks->count - 1;
        int32_t worst = 0;
        for (int32_t i = 1; i < looks->count; i++) {
            worst = looks->look[i].quality.value < looks->look[worst].quality.value ? i : worst;
        }
        looks->look[worst] = looks->look[last];
        memmove(looks->descriptor + (size_t)worst * values, looks->descriptor + (size_t)last * values,
                values * sizeof *looks->descriptor);
        looks->count = last;
    }
}

/* [name or id] -> [id, looks]: the face at the door now. */
static void add_at_door(ph_asked *asked) {
    ph_admin *admin = asked->admin;
    ph_gallery *gallery = admin->gallery;
    ph_cbor_reader before = asked->in;
    int32_t bytes = 0;
    uint16_t id = 0;
    const char *name = ph_cbor_get_text(&asked->in, &bytes);
    if (asked->in.failed) { /* not a name: then an id */
        asked->in = before;
        id = (uint16_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    }
    if (!ph_asked_well(asked, 1)) {
        return;
    }
    const int32_t row = name ? -1 : ph_gallery_person_row(gallery, id);
    const int32_t room = gallery->size.references - (row >= 0 ? gallery->people[row].references : 0);
    ph_looks looks = admin->looks; /* or others, if the doorbell has them elsewhere */
    looks.count = 0;
    admin->looks.count = 0;
    ph_status status = admin->calls.at_door ? admin->calls.at_door(admin->calls.context, &looks) : PH_UNKNOWN;
    if (status != PH_OK || looks.count == 0) {
        const bool several = status == PH_TAKEN;
        ph_asked_answer(asked, several ? PH_ERROR_SEVERAL : PH_ERROR_NOBODY,
                        several ? "more than one face is at the door" : "nobody is at the door");
        return;
    }
    if (room > 0) {
        keep_best(&looks, room);
    }
    status = name ? ph_gallery_add_person(gallery, name, (size_t)bytes, now(asked), &looks, PH_SOURCE_VISIT, &id)
                  : ph_gallery_add_references(gallery, id, &looks, PH_SOURCE_VISIT);
    if (status != PH_OK) {
        ph_asked_answer(asked, status, reason_of(status));
        return;
    }
    ph_asked_ok(asked, 2);
    ph_cbor_put_unsigned(&asked->out, id);
    ph_cbor_put_signed(&asked->out, looks.count);
}

/* [id, name] or [id] -> [id] */
static void change(ph_asked *asked, bool rename) {
    int32_t bytes = 0;
    const uint16_t id = (uint16_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    const char *name = rename ? ph_cbor_get_text(&asked->in, &bytes) : NULL;
    if (ph_asked_well(asked, rename ? 2 : 1)) {
        ph_gallery *gallery = asked->admin->gallery;
        answer_id(asked, rename ? ph_gallery_rename(gallery, id, name, (size_t)bytes) : ph_gallery_remove(gallery, id),
                  id);
    }
}

void ph_answer_people(ph_asked *asked, ph_command command) {
    int32_t from;
    switch (command) {
    case PH_ASK_ADD_PERSON:
    case PH_ASK_ADD_LOOKS:
        add(asked, command == PH_ASK_ADD_PERSON);
        break;
    case PH_ASK_AT_DOOR:
        add_at_door(asked);
        break;
    case PH_ASK_RENAME:
    case PH_ASK_REMOVE:
        change(asked, command == PH_ASK_RENAME);
        break;
    default:
        if (begin_list(asked, asked->admin->gallery->people_count, &from)) {
            put_rows(asked, from, asked->admin->gallery->people_count, put_person);
        }
    }
}

/* Strangers */

static void put_stranger(ph_asked *asked, int32_t row) {
    const ph_stranger *stranger = &asked->admin->gallery->strangers[row];
    ph_cbor_put_array(&asked->out, 8);
    ph_cbor_put_unsigned(&asked->out, stranger->number);
    ph_cbor_put_unsigned(&asked->out, stranger->state);
    ph_put_time(&asked->out, stranger->first_seen);
    ph_put_time(&asked->out, stranger->last_seen);
    ph_cbor_put_unsigned(&asked->out, stranger->visits);
    ph_cbor_put_unsigned(&asked->out, stranger->looks);
    ph_cbor_put_unsigned(&asked->out, stranger->thumbnail_width);
    ph_cbor_put_unsigned(&asked->out, stranger->thumbnail_height);
}

/* [number, offset] -> [width, height, a piece of the grey pixels] */
static void answer_thumbnail(ph_asked *asked) {
    const ph_gallery *gallery = asked->admin->gallery;
    const uint32_t number = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    const uint32_t offset = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    ph_flash_record record;
    if (!ph_asked_well(asked, 2)) {
        return;
    }
    const int32_t row = ph_gallery_stranger_row(gallery, number);
    const ph_stranger *stranger = &gallery->strangers[row < 0 ? 0 : row];
    if (row < 0 || stranger->thumbnail == 0) {
        ph_asked_answer(asked, PH_UNKNOWN, row < 0 ? "stranger" : "picture");
        return;
    }
    const uint32_t bytes = (uint32_t)stranger->thumbnail_width * stranger->thumbnail_height;
    if (offset >= bytes) {
        ph_asked_answer(asked, PH_BAD_ARGUMENT, "offset");
        return;
    }
    const uint32_t room = (uint32_t)asked->out.capacity - 32, left = bytes - offset;
    const uint32_t count = left < room ? left : room;
    ph_asked_ok(asked, 3);
    ph_cbor_put_unsigned(&asked->out, stranger->thumbnail_width);
    ph_cbor_put_unsigned(&asked->out, stranger->thumbnail_height);
    uint8_t *to = ph_cbor_put_space(&asked->out, (int32_t)count);
    ph_status status = ph_flash_log_at(&gallery->log, stranger->thumbnail, &record);
    if (status == PH_OK && to) {
        status = ph_flash_log_read(&gallery->log, &record, record.bytes - bytes + offset, to, count);
    }
    if (status != PH_OK) {
        ph_asked_answer(asked, status, "picture");
    }
}

/* [number, id] -> [id, looks]; [number, name] -> [id]; [number] -> [number] */
static void give_verdict(ph_asked *asked, ph_command command) {
    ph_gallery *gallery = asked->admin->gallery;
    const uint16_t number = (uint16_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX);
    int32_t bytes = 0, added = 0;
    const char *name = command == PH_ASK_ASSIGN_NEW ? ph_cbor_get_text(&asked->in, &bytes) : NULL;
    uint16_t id = command == PH_ASK_ASSIGN ? (uint16_t)ph_cbor_get_unsigned(&asked->in, UINT16_MAX) : number;
    if (!ph_asked_well(asked, command == PH_ASK_ASSIGN || command == PH_ASK_ASSIGN_NEW ? 2 : 1)) {
        return;
    }
    const bool is_known = ph_gallery_stranger_row(gallery, number) >= 0;
    const ph_status status = !is_known                  ? PH_UNKNOWN
                             : command == PH_ASK_ASSIGN ? ph_gallery_assign(gallery, number, id, &added)
                             : command == PH_ASK_ASSIGN_NEW
                                 ? ph_gallery_assign_new(gallery, number, name, (size_t)bytes, now(asked), &id)
                             : command == PH_ASK_IGNORE ? ph_gallery_ignore(gallery, number)
                                                        : ph_gallery_discard(gallery, number);
    if (status != PH_OK) {
        ph_asked_answer(asked, status, is_known ? reason_of(status) : "stranger");
    } else {
        ph_asked_ok(asked, 1);
        ph_cbor_put_unsigned(&asked->out, id);
    }
}

void ph_answer_strangers(ph_asked *asked, ph_command command) {
    int32_t from;
    if (command == PH_ASK_THUMBNAIL) {
        answer_thumbnail(asked);
    } else if (command != PH_ASK_STRANGERS) {
        give_verdict(asked, command);
    } else if (begin_list(asked, asked->admin->gallery->strangers_count, &from)) {
        put_rows(asked, from, asked->admin->gallery->strangers_count, put_stranger);
    }
}
