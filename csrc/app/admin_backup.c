#include "app/admin_parts.h"
#include "app/gallery_restore.h"

/* [generation, place, offset] -> [generation, type, bytes of the record, a piece of it, the next place and offset], or
   [generation] behind the last one. generation 0 begins. */
static void answer_backup(ph_asked *asked) {
    ph_gallery *gallery = asked->admin->gallery;
    const uint32_t generation = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    uint32_t place = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    const uint32_t offset = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    ph_flash_record record;
    if (!ph_asked_well(asked, 3)) {
        return;
    }
    /* At first all of it is written anew, so that nothing old is in the backup, and nobody who was removed. */
    ph_status status = generation == 0 ? ph_gallery_switch(gallery) : PH_OK;
    if (status != PH_OK || (generation != 0 && generation != gallery->log.generation)) {
        ph_asked_answer(asked, status != PH_OK ? (int32_t)status : PH_ERROR_CHANGED,
                        status == PH_BUSY ? "a restore is under way"
                        : status != PH_OK ? "flash"
                                          : "the log has changed");
        return;
    }
    uint32_t next = place;
    status = ph_gallery_next_backed_up(gallery, &next, &record);
    if (status == PH_END) {
        ph_asked_ok(asked, 1);
        ph_cbor_put_unsigned(&asked->out, gallery->log.generation);
        return;
    }
    if (status != PH_OK || offset >= record.bytes) {
        ph_asked_answer(asked, status != PH_OK ? (int32_t)status : PH_BAD_ARGUMENT,
                        status != PH_OK ? "flash" : "offset");
        return;
    }
    const uint32_t room = (uint32_t)asked->out.capacity - 64, left = record.bytes - offset;
    const uint32_t piece = left < room ? left : room;
    ph_asked_ok(asked, 6);
    ph_cbor_put_unsigned(&asked->out, gallery->log.generation);
    ph_cbor_put_unsigned(&asked->out, record.type);
    ph_cbor_put_unsigned(&asked->out, record.bytes);
    uint8_t *to = ph_cbor_put_space(&asked->out, (int32_t)piece);
    ph_cbor_put_unsigned(&asked->out, piece < left ? place : next);
    ph_cbor_put_unsigned(&asked->out, piece < left ? offset + piece : 0);
    status = to ? ph_flash_log_read(&gallery->log, &record, offset, to, piece) : PH_OK;
    if (status != PH_OK) {
        ph_asked_answer(asked, status, "flash");
    }
}

static void answer_restoring(ph_asked *asked, ph_status status) {
    if (status != PH_OK) {
        ph_gallery_cancel_restore(asked->admin->gallery);
    }
    ph_asked_answer(asked, status == PH_BAD_ARGUMENT || status == PH_DAMAGED ? PH_ERROR_RESTORE : (int32_t)status,
                    status == PH_NO_ROOM        ? "there is no room for all of it"
                    : status == PH_FLASH_FAILED ? "flash"
                    : status == PH_BUSY         ? "a restore is under way"
                                                : "the records do not make a gallery; nothing was changed");
}

/* [model, values] -> [] */
static void begin_restore(ph_asked *asked) {
    ph_admin *admin = asked->admin;
    const uint64_t model = ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    const uint64_t values = ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    if (!ph_asked_well(asked, 2)) {
        return;
    }
    if (model != admin->gallery->model || values != (uint64_t)admin->gallery->size.values) {
        ph_asked_answer(asked, PH_ERROR_MODEL, "model");
        return;
    }
    ph_gallery_cancel_restore(admin->gallery);
    admin->restore_left = 0;
    admin->restore_heard = admin->calls.time(admin->calls.context);
    answer_restoring(asked, ph_gallery_begin_restore(admin->gallery));
}

/* [type, bytes of the record, offset, a piece] -> []: pieces in their order. */
static void restore_record(ph_asked *asked) {
    ph_admin *admin = asked->admin;
    const uint8_t type = (uint8_t)ph_cbor_get_unsigned(&asked->in, UINT8_MAX);
    const uint32_t bytes = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    const uint32_t offset = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT32_MAX);
    int32_t count;
    const uint8_t *piece = ph_cbor_get_bytes(&asked->in, &count);
    if (!ph_asked_well(asked, 4)) {
        return;
    }
    ph_status status = PH_OK;
    if (!admin->gallery->restoring || count == 0 || offset > bytes || (uint32_t)count > bytes - offset ||
        admin->restore_left != (offset == 0 ? 0 : bytes - offset)) {
        status = PH_BAD_ARGUMENT;
    } else if (offset == 0) {
        status = ph_gallery_begin_record(admin->gallery, type, bytes);
    }
    if (status == PH_OK) {
        status = ph_gallery_write_record(admin->gallery, piece, (uint32_t)count);
    }
    admin->restore_left = bytes - offset - (uint32_t)count;
    admin->restore_heard = admin->calls.time(admin->calls.context);
    answer_restoring(asked, status);
}

/* Settings that were restored hold from now on. */
static void take_settings(ph_admin *admin) {
    ph_settings restored = admin->defaults;
    const ph_status status = ph_settings_load(admin->gallery, &restored, admin->scratch, sizeof admin->scratch);
    if ((status == PH_OK || status == PH_UNKNOWN) &&
        (!admin->calls.apply || admin->calls.apply(admin->calls.context, &restored) == PH_OK)) {
        admin->settings = restored;
    }
}

static void end_restore(ph_asked *asked) {
    ph_admin *admin = asked->admin;
    if (!ph_asked_well(asked, 0)) {
        return;
    }
    const ph_status status = admin->gallery->restoring && admin->restore_left == 0
                                 ? ph_gallery_end_restore(admin->gallery)
                                 : PH_BAD_ARGUMENT;
    if (status == PH_OK) {
        take_settings(admin);
        ph_admin_note(admin, PH_ADMIN_RESTORED);
    }
    answer_restoring(asked, status);
}

void ph_admin_watch_restore(ph_admin *admin, bool now) {
    const int64_t silent = admin->calls.time(admin->calls.context) - admin->restore_heard;
    if (now || silent < 0 || silent > PH_RESTORE_PATIENCE) {
        ph_gallery_cancel_restore(admin->gallery);
    }
}

void ph_answer_backup(ph_asked *asked, ph_command command) {
    switch (command) {
    case PH_ASK_RESTORE:
        begin_restore(asked);
        break;
    case PH_ASK_RESTORE_RECORD:
        restore_record(asked);
        break;
    case PH_ASK_RESTORE_END:
        end_restore(asked);
        break;
    case PH_ASK_RESTORE_CANCEL:
        if (ph_asked_well(asked, 0)) {
            ph_gallery_cancel_restore(asked->admin->gallery);
            ph_asked_answer(asked, PH_OK, "");
        }
        break;
    default:
        answer_backup(asked);
    }
}
