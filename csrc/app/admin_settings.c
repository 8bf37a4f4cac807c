#include <string.h>

#include "app/admin_parts.h"
#include "app/gallery_records.h"

static void put_text(ph_cbor_writer *writer, const char *text) {
    ph_cbor_put_text(writer, text, (int32_t)strlen(text));
}

/* [first] -> [number of all, bars or null, {name: [value, default, least, most]} as many as fit] */
static void list_settings(ph_asked *asked) {
    const ph_admin *admin = asked->admin;
    const int32_t from = (int32_t)ph_cbor_get_unsigned(&asked->in, INT16_MAX);
    ph_bars bars;
    if (!ph_asked_well(asked, 1)) {
        return;
    }
    ph_asked_ok(asked, 3);
    ph_cbor_put_signed(&asked->out, ph_settings_count());
    if (admin->calls.bars) {
        admin->calls.bars(admin->calls.context, &bars);
        ph_cbor_put_array(&asked->out, 4);
        ph_cbor_put_unsigned(&asked->out, bars.known);
        ph_cbor_put_unsigned(&asked->out, bars.stranger);
        ph_cbor_put_unsigned(&asked->out, bars.same_stranger);
        ph_cbor_put_unsigned(&asked->out, bars.margin);
    } else {
        ph_cbor_put_null(&asked->out);
    }
    ph_cbor_open_map(&asked->out);
    for (int32_t i = from; i < ph_settings_count(); i++) {
        const ph_cbor_writer before = asked->out;
        int64_t least, most;
        ph_settings_range(i, &least, &most);
        put_text(&asked->out, ph_settings_name(i));
        ph_cbor_put_array(&asked->out, 4);
        ph_cbor_put_signed(&asked->out, ph_settings_get(&admin->settings, i));
        ph_cbor_put_signed(&asked->out, ph_settings_get(&admin->defaults, i));
        ph_cbor_put_signed(&asked->out, least);
        ph_cbor_put_signed(&asked->out, most);
        if (asked->out.full || asked->out.count == asked->out.capacity) {
            asked->out = before;
            break;
        }
    }
    ph_cbor_close(&asked->out);
}

/* [{name: value}] -> []: all of them or none. */
static void change_settings(ph_asked *asked) {
    ph_admin *admin = asked->admin;
    ph_settings changed = admin->settings;
    const uint32_t pairs = ph_cbor_get_map(&asked->in);
    const char *wrong = NULL;
    ph_status status = PH_OK;
    for (uint32_t i = 0; i < pairs && !asked->in.failed && status == PH_OK; i++) {
        int32_t bytes;
        const char *name = ph_cbor_get_text(&asked->in, &bytes);
        const int64_t value = ph_cbor_get_signed(&asked->in);
        const int32_t index = asked->in.failed ? -1 : ph_settings_find(name, bytes);
        status = index < 0 ? PH_UNKNOWN : ph_settings_set(&changed, index, value);
        wrong = index < 0 ? "setting" : ph_settings_name(index);
    }
    if (!asked->in.failed && status != PH_OK) {
        ph_asked_answer(asked, status, wrong);
        return;
    }
    if (!ph_asked_well(asked, 1)) {
        return;
    }
    if (admin->calls.apply && admin->calls.apply(admin->calls.context, &changed) != PH_OK) {
        ph_asked_answer(asked, PH_BAD_ARGUMENT, "these settings do not fit each other");
        return;
    }
    status = ph_settings_store(admin->gallery, &changed, &admin->defaults, admin->scratch, sizeof admin->scratch);
    if (status != PH_OK) {
        if (admin->calls.apply) {
            admin->calls.apply(admin->calls.context, &admin->settings);
        }
        ph_asked_answer(asked, status, status == PH_FLASH_FAILED ? "flash" : "there is no room for more settings");
        return;
    }
    admin->settings = changed;
    ph_asked_answer(asked, PH_OK, "");
}

static void put_number(ph_cbor_writer *writer, const char *name, int64_t number) {
    put_text(writer, name);
    ph_cbor_put_signed(writer, number);
}

/* [] -> [{name: number}] */
static void answer_statistics(ph_asked *asked) {
    const ph_admin *admin = asked->admin;
    const ph_gallery *gallery = admin->gallery;
    const ph_flash_log *log = &gallery->log;
    ph_admin_statistics known = {-1, -1, -1, 0};
    if (!ph_asked_well(asked, 0)) {
        return;
    }
    if (admin->calls.statistics) {
        admin->calls.statistics(admin->calls.context, &known);
    }
    ph_asked_ok(asked, 1);
    ph_cbor_open_map(&asked->out);
    put_number(&asked->out, "visits", gallery->visits);
    put_number(&asked->out, "people", gallery->people_count);
    put_number(&asked->out, "strangers", gallery->strangers_count);
    put_number(&asked->out, "events", admin->events);
    put_number(&asked->out, "damaged_records", log->damaged);
    put_number(&asked->out, "torn_records", log->torn);
    put_number(&asked->out, "foreign_looks", gallery->foreign);
    put_number(&asked->out, "left_out", gallery->left_out);
    put_number(&asked->out, "flash_bytes", log->flash->area_bytes);
    put_number(&asked->out, "flash_written", log->position);
    put_number(&asked->out, "flash_needed", ph_gallery_live_bytes(gallery));
    put_number(&asked->out, "flash_generation", log->generation);
    if (known.started >= 0) {
        put_number(&asked->out, "uptime", admin->calls.time(admin->calls.context) - known.started);
    }
    if (known.frames >= 0) {
        put_number(&asked->out, "frames", known.frames);
    }
    if (known.battery >= 0) {
        put_number(&asked->out, "battery", known.battery);
    }
    if (known.stack > 0) {
        put_number(&asked->out, "stack", known.stack);
    }
    ph_cbor_close(&asked->out);
}

void ph_answer_settings(ph_asked *asked, ph_command command) {
    switch (command) {
    case PH_ASK_SET:
        change_settings(asked);
        break;
    case PH_ASK_STATISTICS:
        answer_statistics(asked);
        break;
    default:
        list_settings(asked);
    }
}
