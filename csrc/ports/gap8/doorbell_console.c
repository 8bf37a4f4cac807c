#include "ports/gap8/doorbell_console.h"

#include <stdio.h>
#include <string.h>

#include "ports/gap8/gap8.h"

enum { LINE_BYTES = 768 };

/* Put together by whoever tells; printed by the controller, which has the console. */
static struct {
    char text[LINE_BYTES];
    size_t bytes;
} line;

static void add(const char *text) {
    while (*text != 0 && line.bytes + 1 < LINE_BYTES) {
        line.text[line.bytes++] = *text++;
    }
}

static void add_number(const char *name, int64_t number) {
    char digits[21];
    char *first = digits + sizeof digits - 1;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    *first = 0;
    do {
        *--first = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    add(name);
    add(number < 0 ? "-" : "");
    add(first);
}

static void add_text(const char *name, const char *text) {
    char one[2] = {0, 0};
    add(name);
    add("\"");
    for (; *text != 0; text++) {
        one[0] = *text;
        add(*text == '"' || *text == '\\' ? "\\" : "");
        add(one);
    }
    add("\"");
}

static void do_print(void *argument) {
    (void)argument;
    printf("%s\n", line.text);
    line.bytes = 0;
}

static void print_line(void) {
    line.text[line.bytes] = 0;
    ph_gap8_on_controller(do_print, NULL);
}

static void add_distance(const char *name, uint64_t distance) {
    if (distance == PH_NO_DISTANCE) {
        add(name);
        add("null");
    } else {
        add_number(name, (int64_t)distance);
    }
}

static void add_person(const ph_gallery *gallery, uint16_t id) {
    char name[PH_NAME_BYTES + 1] = {0};
    const int32_t row = ph_gallery_person_row(gallery, id);
    if (row < 0) {
        add(", \"person\": null");
        return;
    }
    memcpy(name, gallery->people[row].name, gallery->people[row].name_bytes);
    add_text(", \"person\": ", name);
}

static void add_decision(const ph_gallery *gallery, const ph_event *event) {
    add_number(", \"decision\": ", event->decision);
    add_number(", \"reason\": ", event->reason);
    add_number(", \"person_id\": ", event->person);
    add_person(gallery, event->person);
    add_number(", \"stranger\": ", event->stranger);
    add_distance(", \"distance\": ", event->distance);
    add_distance(", \"margin\": ", event->margin);
    add_number(", \"silent\": ", event->silent);
}

void ph_console_event(const ph_gallery *gallery, const ph_event *event) {
    add_number("{\"event\": ", event->kind);
    add_number(", \"visit\": ", event->visit);
    add_number(", \"time\": ", event->time);
    add_number(", \"on\": ", event->on);
    if (event->kind == PH_EVENT_DECIDED || event->kind == PH_EVENT_VISIT_ENDED) {
        add_decision(gallery, event);
    }
    if (event->kind == PH_EVENT_VISIT_STARTED || event->kind == PH_EVENT_VISIT_ENDED) {
        add_number(", \"first_seen\": ", event->first_seen);
    }
    if (event->kind == PH_EVENT_VISIT_ENDED) {
        add_number(", \"last_seen\": ", event->last_seen);
        add_number(", \"sightings\": ", event->sightings);
        add_number(", \"repeat\": ", event->repeat);
        add_number(", \"stored\": ", event->stored);
    }
    if (event->kind == PH_EVENT_PROBLEM) {
        add_number(", \"problem\": ", event->problem);
        add_number(", \"status\": ", event->status);
    }
    add("}");
    print_line();
}

void ph_console_opened(const ph_gallery *gallery) {
    add_number("{\"people\": ", gallery->people_count);
    add_number(", \"strangers\": ", gallery->strangers_count);
    add("}");
    print_line();
}

void ph_console_cycles(int64_t frames, const ph_sight_cycles *cycles, uint32_t all) {
    add_number("{\"frame\": ", frames);
    add_number(", \"cycles\": {\"detect\": ", cycles->detect);
    add_number(", \"landmarks\": ", cycles->landmarks);
    add_number(", \"describe\": ", cycles->describe);
    add_number(", \"all\": ", all);
    add("}}");
    print_line();
}
