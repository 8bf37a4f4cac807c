#include "firmware/assembly.h"

#include "firmware/memory.h"
#include "recogniser.h"

static const ph_gallery_size gallery_size = {
    .values = RECOGNISER_VALUES,
    .people = DEVICE_PEOPLE,
    .references = DEVICE_REFERENCES,
    .strangers = DEVICE_STRANGERS,
    .looks = DEVICE_STRANGER_LOOKS,
    .thumbnail_bytes = DEVICE_THUMBNAIL * DEVICE_THUMBNAIL,
    .slot_bytes = DEVICE_SLOT_BYTES,
};
static const ph_doorbell_size doorbell_size = {
    .walks = DEVICE_WALKS,
    .faces = DEVICE_MOST_FACES,
    .looks = DEVICE_WALK_LOOKS,
    .values = RECOGNISER_VALUES,
    .owners = DEVICE_OWNERS,
    .thumbnail = DEVICE_THUMBNAIL,
};
static const ph_calibration_point calibration[] = DEVICE_CALIBRATION;

/* Looks in a part of memory, and behind them their descriptors. */
static size_t looks_bytes(size_t count) {
    return count * (sizeof(ph_look) + RECOGNISER_VALUES * sizeof(int16_t));
}

static ph_looks looks_in(void *part, int32_t capacity) {
    ph_look *look = part;
    return (ph_looks){RECOGNISER_VALUES, capacity, 0, look, (int16_t *)(void *)(look + capacity)};
}

static bool looks_fit(void) {
    return looks_bytes(DEVICE_REFERENCES) <= DEVICE_SERIAL_BYTES &&
           looks_bytes(DEVICE_WALK_LOOKS) <= DEVICE_RECOGNISER_BYTES &&
           looks_bytes(DEVICE_INTRODUCED_LOOKS) <= DEVICE_RECOGNISER_BYTES;
}

static void tell(void *listener, const ph_event *event) {
    ph_assembly *of = listener;
    ph_owner_tell(&of->owner, event);
    of->tell(&of->gallery, event);
}

static ph_status open_doorbell(ph_assembly *of, const ph_port *port) {
    const ph_doorbell_parts parts = {
        .port = port,
        .detector = ph_sight_detector(),
        .recogniser = ph_sight_recogniser(),
        .gallery = &of->gallery,
        .calibration = {(int32_t)(sizeof calibration / sizeof *calibration), calibration},
        .policy = PH_DEFAULT_POLICY,
        .door_open = DEVICE_DOOR_OPEN,
        .idle_after = DEVICE_IDLE_AFTER,
        .when_full = PH_WHEN_FULL_REFUSE,
        .listener = of,
        .tell = tell,
        .frame = AT(FRAME),
        .look_scratch = AT(CROP),
        .tilt_scratch = AT(TILT),
    };
    return ph_doorbell_open(&of->bell, &parts, &doorbell_size, AT(DOORBELL), DEVICE_DOORBELL_BYTES);
}

ph_status ph_assembly_open(ph_assembly *of, const ph_assembly_parts *parts) {
    of->tell = parts->tell;
    of->frames = 0;
    ph_status status = looks_fit() ? ph_sight_open(parts->sight, parts->port->frame_size) : PH_BAD_SHAPE;
    if (status == PH_OK) {
        status = ph_gallery_open(&of->gallery, &gallery_size, DEVICE_MODEL, AT(GALLERY), DEVICE_GALLERY_BYTES,
                                 parts->port->flash);
    }
    if (status == PH_OK) {
        status = open_doorbell(of, parts->port);
    }
    if (status == PH_OK) {
        /* The recogniser's activations are free between two steps. */
        ph_owner_open(&of->owner, &of->bell, &parts->owner, looks_in(AT(RECOGNISER), DEVICE_WALK_LOOKS),
                      looks_in(AT(SERIAL), DEVICE_REFERENCES));
    }
    return status;
}

ph_status ph_assembly_step(ph_assembly *of) {
    of->frames += of->bell.state == PH_WATCHING;
    return ph_doorbell_step(&of->bell);
}

void ph_assembly_serve(ph_assembly *of, bool pairing) {
    ph_owner_serve(&of->owner, of->frames, pairing);
}
