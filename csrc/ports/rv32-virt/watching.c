#include "watching.h"

#include <string.h>

#include "app/doorbell.h"
#include "board.h"
#include "device.h"
#include "introduce.h"
#include "owner.h"
#include "port.h"
#include "recogniser.h"

#define SERVE_MILLISECONDS 5

static const ph_gallery_size gallery_size = {RECOGNISER_VALUES,     DEVICE_PEOPLE,
                                             DEVICE_REFERENCES,     DEVICE_STRANGERS,
                                             DEVICE_STRANGER_LOOKS, DEVICE_THUMBNAIL * DEVICE_THUMBNAIL,
                                             DEVICE_SLOT_BYTES};
static const ph_doorbell_size doorbell_size = {DEVICE_WALKS,      DEVICE_MOST_FACES, DEVICE_WALK_LOOKS,
                                               RECOGNISER_VALUES, DEVICE_OWNERS,     DEVICE_THUMBNAIL};
static const ph_calibration_point calibration[] = DEVICE_CALIBRATION;

static ph_gallery gallery;
static ph_doorbell bell;
static port_state state;

static void tell_distance(const char *name, uint64_t distance) {
    board_print(name);
    if (distance == PH_NO_DISTANCE) {
        board_print("null");
    } else {
        board_print_number((int64_t)distance);
    }
}

static void tell_person(uint16_t id) {
    char name[PH_NAME_BYTES + 1] = {0};
    const int32_t row = ph_gallery_person_row(&gallery, id);
    if (row < 0) {
        board_print(", \"person\": null");
        return;
    }
    memcpy(name, gallery.people[row].name, gallery.people[row].name_bytes);
    tell_text(", \"person\": ", name);
}

static void tell_decision(const ph_event *event) {
    tell_number(", \"decision\": ", event->decision);
    tell_number(", \"reason\": ", event->reason);
    tell_number(", \"person_id\": ", event->person);
    tell_person(event->person);
    tell_number(", \"stranger\": ", event->stranger);
    tell_distance(", \"distance\": ", event->distance);
    tell_distance(", \"margin\": ", event->margin);
    tell_number(", \"silent\": ", event->silent);
}

/* One event as a line of JSON; enums as their numbers, times in milliseconds. */
static void tell(void *listener, const ph_event *event) {
    (void)listener;
    owner_tell(event);
    tell_number("{\"event\": ", event->kind);
    tell_number(", \"visit\": ", event->visit);
    tell_number(", \"time\": ", event->time);
    tell_number(", \"on\": ", event->on);
    if (event->kind == PH_EVENT_DECIDED || event->kind == PH_EVENT_VISIT_ENDED) {
        tell_decision(event);
    }
    if (event->kind == PH_EVENT_VISIT_STARTED || event->kind == PH_EVENT_VISIT_ENDED) {
        tell_number(", \"first_seen\": ", event->first_seen);
    }
    if (event->kind == PH_EVENT_VISIT_ENDED) {
        tell_number(", \"last_seen\": ", event->last_seen);
        tell_number(", \"sightings\": ", event->sightings);
        tell_number(", \"repeat\": ", event->repeat);
        tell_number(", \"stored\": ", event->stored);
    }
    if (event->kind == PH_EVENT_PROBLEM) {
        tell_number(", \"problem\": ", event->problem);
        tell_number(", \"status\": ", event->status);
    }
    board_print("}\n");
}

static void open_doorbell(const ph_port *port) {
    must(ph_gallery_open(&gallery, &gallery_size, DEVICE_MODEL, AT(GALLERY), DEVICE_GALLERY_BYTES, port->flash),
         "what is kept");
    must(introduce_people(&gallery, port->time(port->context)), "people.bin");
    const ph_doorbell_parts parts = {
        .port = port,
        .detector = device_detector(),
        .recogniser = device_recogniser(),
        .gallery = &gallery,
        .calibration = {(int32_t)(sizeof calibration / sizeof *calibration), calibration},
        .policy = PH_DEFAULT_POLICY,
        .door_open = DEVICE_DOOR_OPEN,
        .idle_after = DEVICE_IDLE_AFTER,
        .when_full = PH_WHEN_FULL_REFUSE,
        .tell = tell,
        .frame = AT(FRAME),
        .look_scratch = AT(CROP),
        .tilt_scratch = AT(TILT),
    };
    must(ph_doorbell_open(&bell, &parts, &doorbell_size, AT(DOORBELL), DEVICE_DOORBELL_BYTES), "the doorbell");
}

ph_status keep_watch(const frames *source) {
    static ph_port port;
    port = port_open(&state, source);
    open_doorbell(&port);
    owner_open(&bell, source->mode & FRAMES_PRESS);
    tell_number("{\"people\": ", gallery.people_count);
    tell_number(", \"strangers\": ", gallery.strangers_count);
    board_print("}\n");
    if (gallery.log.damaged > 0) {
        tell_number("{\"damaged\": ", gallery.log.damaged);
        board_print("}\n");
    }
    const uint64_t began = board_instructions();
    int64_t steps = 0;
    ph_status status;
    while ((status = ph_doorbell_step(&bell)) == PH_OK) {
        owner_serve(++steps);
    }
    tell_number("{\"steps\": ", steps);
    tell_number(", \"instructions\": {\"detect\": ", (int64_t)device_cost_now.detect);
    tell_number(", \"landmarks\": ", (int64_t)device_cost_now.landmarks);
    tell_number(", \"describe\": ", (int64_t)device_cost_now.describe);
    tell_number(", \"all\": ", (int64_t)(board_instructions() - began));
    board_print("}}\n");
    while (source->mode & FRAMES_STAY) {
        owner_serve(steps);
        board_rest(SERVE_MILLISECONDS);
    }
    return status == PH_END ? PH_OK : status;
}
