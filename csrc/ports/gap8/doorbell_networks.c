#include "ports/gap8/doorbell_networks.h"

#include "firmware/memory.h"
#include "landmarks.h"
#include "ports/gap8/gap8.h"
#include "recogniser.h"

static const ph_machine *machine;

void ph_networks_on(const ph_machine *cluster) {
    machine = cluster;
}

static ph_status run_landmarks(const uint8_t *image, int16_t *points) {
    static const uint32_t l3 = DEVICE_LANDMARKS_IN_L3;
    const ph_machine with_weights = ph_gap8_with_weights(machine, &l3);
    return landmarks_run(&with_weights, image, AT(LANDMARKS), points);
}

static ph_status run_recogniser(const uint8_t *image, int16_t *descriptor) {
    return recogniser_run(machine, image, AT(RECOGNISER), descriptor);
}

static void read_table(void *argument) {
    (void)argument;
    ph_gap8_read_weights(DEVICE_TABLE_IN_L3, AT(TABLE), DEVICE_TABLE_BYTES);
}

/* The stumps of the detector's table lie where the recogniser's activations lie later. */
static void bring_table(void) {
    ph_gap8_on_controller(read_table, NULL);
}

static uint64_t cycles(void) {
    return ph_gap8_cycles();
}

const ph_sight_calls ph_networks = {run_landmarks, run_recogniser, bring_table, cycles};
