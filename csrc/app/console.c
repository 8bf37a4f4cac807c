#include "app/console.h"

#include <string.h>

#include "app/decimal.h"

void ph_console_number(ph_put *put, const char *name, int64_t number) {
    char text[PH_DECIMAL_BYTES];
    put(name);
    put(ph_decimal(number, text));
}

void ph_console_text(ph_put *put, const char *name, const char *text) {
    char one[2] = {0, 0};
    put(name);
    put("\"");
    for (; *text != 0; text++) {
        one[0] = *text;
        put(*text == '"' || *text == '\\' ? "\\" : "");
        put(one);
    }
    put("\"");
}

static void put_distance(ph_put *put, const char *name, uint64_t distance) {
    if (distance == PH_NO_DISTANCE) {
        put(name);
        put("null");
    } else {
        ph_console_number(put, name, (int64_t)distance);
    }
}

static void put_person(ph_put *put, const ph_gallery *gallery, uint16_t id) {
    char name[PH_NAME_BYTES + 1] = {0};
    const int32_t row = ph_gallery_person_row(gallery, id);
    if (row < 0) {
        put(", \"person\": null");
        return;
    }
    memcpy(name, gallery->people[row].name, gallery->people[row].name_bytes);
    ph_console_text(put, ", \"person\": ", name);
}

static void put_decision(ph_put *put, const ph_gallery *gallery, const ph_event *event) {
    ph_console_number(put, ", \"decision\": ", event->decision);
    ph_console_number(put, ", \"reason\": ", event->reason);
    ph_console_number(put, ", \"person_id\": ", event->person);
    put_person(put, gallery, event->person);
    ph_console_number(put, ", \"stranger\": ", event->stranger);
    put_distance(put, ", \"distance\": ", event->distance);
    put_distance(put, ", \"margin\": ", event->margin);
    ph_console_number(put, ", \"silent\": ", event->silent);
}

void ph_console_event(ph_put *put, const ph_gallery *gallery, const ph_event *event) {
    ph_console_number(put, "{\"event\": ", event->kind);
    ph_console_number(put, ", \"visit\": ", event->visit);
    ph_console_number(put, ", \"time\": ", event->time);
    ph_console_number(put, ", \"on\": ", event->on);
    if (event->kind == PH_EVENT_DECIDED || event->kind == PH_EVENT_VISIT_ENDED) {
        put_decision(put, gallery, event);
    }
    if (event->kind == PH_EVENT_VISIT_STARTED || event->kind == PH_EVENT_VISIT_ENDED) {
        ph_console_number(put, ", \"first_seen\": ", event->first_seen);
    }
    if (event->kind == PH_EVENT_VISIT_ENDED) {
        ph_console_number(put, ", \"last_seen\": ", event->last_seen);
        ph_console_number(put, ", \"sightings\": ", event->sightings);
        ph_console_number(put, ", \"repeat\": ", event->repeat);
        ph_console_number(put, ", \"stored\": ", event->stored);
    }
    if (event->kind == PH_EVENT_PROBLEM) {
        ph_console_number(put, ", \"problem\": ", event->problem);
        ph_console_number(put, ", \"status\": ", event->status);
    }
    put("}\n");
}

void ph_console_kept(ph_put *put, const ph_gallery *gallery) {
    ph_console_number(put, "{\"people\": ", gallery->people_count);
    ph_console_number(put, ", \"strangers\": ", gallery->strangers_count);
    put("}\n");
    if (gallery->log.damaged > 0) {
        ph_console_number(put, "{\"damaged\": ", gallery->log.damaged);
        put("}\n");
    }
}
