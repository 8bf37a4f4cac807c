#include "app/admin.h"

#include <string.h>

#include "app/admin_parts.h"
#include "app/types.h"

/* Replies */

bool ph_asked_well(ph_asked *asked, uint32_t items) {
    if (asked->items == items && ph_cbor_is_over(&asked->in)) {
        return true;
    }
    ph_asked_answer(asked, PH_ERROR_MALFORMED, "request");
    return false;
}

void ph_asked_ok(ph_asked *asked, uint32_t items) {
    ph_cbor_put_array(&asked->out, items + 1);
    ph_cbor_put_unsigned(&asked->out, PH_OK);
}

void ph_asked_answer(ph_asked *asked, int32_t error, const char *what) {
    if (error == PH_OK) {
        ph_asked_ok(asked, 0);
        return;
    }
    asked->out.count = 0;
    asked->out.full = false;
    ph_cbor_put_array(&asked->out, 2);
    ph_cbor_put_unsigned(&asked->out, (uint64_t)error);
    ph_cbor_put_text(&asked->out, what, (int32_t)strlen(what));
}

void ph_put_time(ph_cbor_writer *writer, int64_t time) {
    if (time == PH_NEVER) {
        ph_cbor_put_null(writer);
    } else {
        ph_cbor_put_signed(writer, time);
    }
}

/* Who this is, and how much there is room for. */
static void answer_info(ph_asked *asked) {
    const ph_gallery *gallery = asked->admin->gallery;
    const ph_gallery_size *size = &gallery->size;
    const int32_t room[] = {size->values, size->people,          size->references, size->strangers,
                            size->looks,  size->thumbnail_bytes, size->slot_bytes};
    if (!ph_asked_well(asked, 0)) {
        return;
    }
    ph_asked_ok(asked, 4);
    ph_cbor_put_unsigned(&asked->out, PH_SESSION_VERSION);
    ph_cbor_put_unsigned(&asked->out, gallery->model);
    ph_cbor_put_signed(&asked->out, asked->admin->calls.time(asked->admin->calls.context));
    ph_cbor_put_array(&asked->out, sizeof room / sizeof *room);
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
        ph_cbor_put_signed(&asked->out, room[i]);
    }
}

static void dispatch(ph_asked *asked, ph_command command) {
    static void (*const answers[PH_COMMANDS])(ph_asked *asked, ph_command command) = {
        [PH_ASK_PEOPLE] = ph_answer_people,         [PH_ASK_PERSON_LOOK] = ph_answer_looks,
        [PH_ASK_PUT_LOOK] = ph_answer_looks,        [PH_ASK_ADD_PERSON] = ph_answer_people,
        [PH_ASK_ADD_LOOKS] = ph_answer_people,      [PH_ASK_AT_DOOR] = ph_answer_people,
        [PH_ASK_RENAME] = ph_answer_people,         [PH_ASK_REMOVE] = ph_answer_people,
        [PH_ASK_STRANGERS] = ph_answer_strangers,   [PH_ASK_STRANGER_LOOK] = ph_answer_looks,
        [PH_ASK_THUMBNAIL] = ph_answer_strangers,   [PH_ASK_ASSIGN] = ph_answer_strangers,
        [PH_ASK_ASSIGN_NEW] = ph_answer_strangers,  [PH_ASK_IGNORE] = ph_answer_strangers,
        [PH_ASK_DISCARD] = ph_answer_strangers,     [PH_ASK_EVENTS] = ph_answer_events,
        [PH_ASK_FOLLOW] = ph_answer_events,         [PH_ASK_SETTINGS] = ph_answer_settings,
        [PH_ASK_SET] = ph_answer_settings,          [PH_ASK_STATISTICS] = ph_answer_settings,
        [PH_ASK_BACKUP] = ph_answer_backup,         [PH_ASK_RESTORE] = ph_answer_backup,
        [PH_ASK_RESTORE_RECORD] = ph_answer_backup, [PH_ASK_RESTORE_END] = ph_answer_backup,
        [PH_ASK_RESTORE_CANCEL] = ph_answer_backup,
    };
    if (command == PH_ASK_INFO) {
        answer_info(asked);
    } else if ((uint32_t)command < PH_COMMANDS) {
        answers[command](asked, command);
    } else {
        ph_asked_answer(asked, PH_ERROR_COMMAND, "command");
    }
}

/* What the session asks for */

static int32_t answer(void *context, const uint8_t *request, int32_t bytes, uint8_t *reply, int32_t capacity) {
    ph_admin *admin = context;
    ph_asked asked = {admin, {request, bytes, 0, false}, 0, {reply, capacity, 0, false}};
    const uint32_t items = ph_cbor_get_array(&asked.in);
    const uint64_t command = ph_cbor_get_unsigned(&asked.in, INT32_MAX);
    if (asked.in.failed) {
        ph_asked_answer(&asked, PH_ERROR_MALFORMED, "request");
    } else {
        asked.items = items - 1;
        dispatch(&asked, (ph_command)command);
    }
    if (asked.out.full) {
        ph_asked_answer(&asked, PH_BAD_SHAPE, "the reply is too long");
    }
    return asked.out.count;
}

static void write_line(void *context, const uint8_t *from, int32_t bytes) {
    ph_admin *admin = context;
    admin->calls.write(admin->calls.context, from, bytes);
}

static ph_status make_random(void *context, uint8_t *to, int32_t bytes) {
    ph_admin *admin = context;
    return admin->calls.random ? admin->calls.random(admin->calls.context, to, bytes) : PH_UNSUPPORTED;
}

static ph_status read_key(void *context, uint8_t *key) {
    ph_admin *admin = context;
    uint16_t version;
    size_t bytes = 0;
    const ph_status status =
        ph_gallery_read_slot(admin->gallery, PH_SLOT_KEY, &version, key, PH_SESSION_KEY_BYTES, &bytes);
    return status == PH_OK && bytes != PH_SESSION_KEY_BYTES ? PH_DAMAGED : status;
}

static ph_status store_key(void *context, const uint8_t *key) {
    ph_admin *admin = context;
    ph_admin_watch_restore(admin, true);
    return ph_gallery_write_slot(admin->gallery, PH_SLOT_KEY, PH_SESSION_VERSION, key, PH_SESSION_KEY_BYTES);
}

static void began(void *context) {
    ph_admin *admin = context;
    ph_admin_watch_restore(admin, true);
    admin->following = false;
    admin->looks.count = 0;
    /* Each command of an owner is a session: those that nothing comes between are one event, the latest. */
    ph_admin_event *last = &admin->event[(admin->events - 1) % PH_ADMIN_EVENTS];
    if (last->kind == PH_ADMIN_SESSION) {
        last->time = admin->calls.time(admin->calls.context);
    } else {
        ph_admin_note(admin, PH_ADMIN_SESSION);
    }
}

static void paired(void *context) {
    ph_admin *admin = context;
    admin->following = false;
    ph_admin_note(admin, PH_ADMIN_PAIRED);
}

/* Noise on the line makes at most one event a reason until something else happens, nor more than one in ten minutes: it
   pushes hardly anything out of the ring. */
static void refused(void *context, ph_refusal reason) {
    ph_admin *admin = context;
    const int64_t now = admin->calls.time(admin->calls.context);
    bool alone = true; /* nothing else has happened since */
    for (uint32_t back = 1; back <= PH_ADMIN_EVENTS && back <= admin->events; back++) {
        ph_admin_event *event = &admin->event[(admin->events - back) % PH_ADMIN_EVENTS];
        alone = alone && event->kind == PH_ADMIN_REFUSED;
        if (event->kind == PH_ADMIN_REFUSED && event->refusal == reason &&
            (alone || (now >= event->time && now - event->time < PH_REFUSED_APART))) {
            event->count++;
            return;
        }
    }
    ph_admin_event *event = ph_admin_note(admin, PH_ADMIN_REFUSED);
    event->refusal = reason;
    event->count = 1;
}

void ph_admin_open(ph_admin *admin, const ph_admin_calls *calls, ph_gallery *gallery, const ph_settings *defaults,
                   ph_looks looks) {
    const ph_session_calls session = {admin,  write_line, make_random, read_key, store_key,
                                      answer, began,      paired,      refused};
    memset(admin, 0, sizeof *admin);
    admin->calls = *calls;
    admin->gallery = gallery;
    admin->defaults = *defaults;
    admin->settings = *defaults;
    admin->looks = looks;
    admin->looks.count = 0;
    ph_session_open(&admin->session, &session);
    ph_settings kept = *defaults;
    const bool there = ph_settings_load(gallery, &kept, admin->scratch, sizeof admin->scratch) == PH_OK;
    if (there && (!calls->apply || calls->apply(calls->context, &kept) == PH_OK)) {
        admin->settings = kept;
    }
    ph_admin_note(admin, PH_ADMIN_STARTED);
}

void ph_admin_press(ph_admin *admin) {
    ph_session_press(&admin->session, admin->calls.time(admin->calls.context));
}

void ph_admin_take(ph_admin *admin, const uint8_t *from, int32_t bytes) {
    ph_session_take(&admin->session, from, bytes, admin->calls.time(admin->calls.context));
    ph_admin_watch_restore(admin, false);
    ph_admin_tell_all(admin);
}
