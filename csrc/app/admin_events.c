#include <string.h>

#include "app/admin_parts.h"

ph_admin_event *ph_admin_note(ph_admin *admin, ph_admin_event_kind kind) {
    ph_admin_event *event = &admin->event[admin->events++ % PH_ADMIN_EVENTS];
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->sequence = admin->events;
    event->time = admin->calls.time(admin->calls.context);
    return event;
}

void ph_admin_tell(void *admin, const ph_event *event) {
    ph_admin_event *noted = ph_admin_note(admin, PH_ADMIN_DOORBELL);
    noted->time = event->time;
    noted->event = *event;
}

static void put_distance(ph_cbor_writer *writer, uint64_t distance) {
    if (distance == PH_NO_DISTANCE) {
        ph_cbor_put_null(writer);
    } else {
        ph_cbor_put_unsigned(writer, distance);
    }
}

/* A visit's news: who it is taken for, and why. */
static void put_visit(ph_cbor_writer *writer, const ph_event *event) {
    ph_cbor_put_array(writer, 12);
    ph_cbor_put_unsigned(writer, event->decision);
    ph_cbor_put_unsigned(writer, event->reason);
    ph_cbor_put_unsigned(writer, event->person);
    ph_cbor_put_unsigned(writer, event->stranger);
    put_distance(writer, event->distance);
    put_distance(writer, event->margin);
    ph_put_time(writer, event->first_seen);
    ph_put_time(writer, event->last_seen);
    ph_cbor_put_signed(writer, event->sightings);
    ph_cbor_put_bool(writer, event->repeat);
    ph_cbor_put_bool(writer, event->silent);
    ph_cbor_put_bool(writer, event->stored);
}

/* [sequence, time, kind, kind of the doorbell's event, visit, on, details] */
static void put_event(ph_cbor_writer *writer, const ph_admin_event *noted) {
    const ph_event *event = &noted->event;
    ph_cbor_put_array(writer, 7);
    ph_cbor_put_unsigned(writer, noted->sequence);
    ph_put_time(writer, noted->time);
    ph_cbor_put_unsigned(writer, noted->kind);
    ph_cbor_put_unsigned(writer, event->kind);
    ph_cbor_put_unsigned(writer, event->visit);
    ph_cbor_put_bool(writer, event->on);
    if (noted->kind == PH_ADMIN_REFUSED) {
        ph_cbor_put_array(writer, 2);
        ph_cbor_put_unsigned(writer, noted->refusal);
        ph_cbor_put_unsigned(writer, noted->count);
    } else if (noted->kind != PH_ADMIN_DOORBELL || event->kind == PH_EVENT_BUTTON || event->kind == PH_EVENT_DOOR) {
        ph_cbor_put_null(writer);
    } else if (event->kind == PH_EVENT_PROBLEM) {
        ph_cbor_put_array(writer, 2);
        ph_cbor_put_unsigned(writer, event->problem);
        ph_cbor_put_unsigned(writer, event->status);
    } else {
        put_visit(writer, event);
    }
}

/* The oldest sequence number that is still there. */
static uint32_t oldest(const ph_admin *admin) {
    return admin->events > PH_ADMIN_EVENTS ? admin->events - PH_ADMIN_EVENTS + 1 : 1;
}

void ph_admin_tell_all(ph_admin *admin) {
    if (!admin->following) {
        return;
    }
    if (admin->told + 1 < oldest(admin)) {
        admin->told = oldest(admin) - 1;
    }
    while (admin->told < admin->events) {
        ph_cbor_writer writer = {admin->scratch, sizeof admin->scratch, 0, false};
        put_event(&writer, &admin->event[admin->told % PH_ADMIN_EVENTS]);
        if (!ph_session_tell(&admin->session, admin->scratch, writer.count)) {
            admin->following = false;
            return;
        }
        admin->told++;
    }
}

/* Those after a sequence number that are still there: as many as fit. */
static void list_events(ph_asked *asked, uint32_t after) {
    const ph_admin *admin = asked->admin;
    uint32_t next = after + 1 < oldest(admin) ? oldest(admin) : after + 1;
    ph_asked_ok(asked, 2);
    ph_cbor_put_unsigned(&asked->out, admin->events);
    ph_cbor_open_array(&asked->out);
    for (; next <= admin->events; next++) {
        ph_cbor_writer before = asked->out;
        put_event(&asked->out, &admin->event[(next - 1) % PH_ADMIN_EVENTS]);
        if (asked->out.full || asked->out.count == asked->out.capacity) {
            asked->out = before;
            break;
        }
    }
    ph_cbor_close(&asked->out);
}

void ph_answer_events(ph_asked *asked, ph_command command) {
    const uint32_t after = (uint32_t)ph_cbor_get_unsigned(&asked->in, UINT32_MAX - 1);
    const bool follow = command == PH_ASK_FOLLOW && ph_cbor_get_bool(&asked->in);
    if (!ph_asked_well(asked, command == PH_ASK_FOLLOW ? 2 : 1)) {
        return;
    }
    if (command == PH_ASK_EVENTS) {
        list_events(asked, after);
        return;
    }
    asked->admin->following = follow;
    asked->admin->told = after < asked->admin->events ? after : asked->admin->events;
    ph_asked_answer(asked, PH_OK, "");
}
