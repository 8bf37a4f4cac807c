#include "networks.h"

#include "board.h"
#include "firmware/memory.h"
#include "landmarks.h"
#include "recogniser.h"

/* Where weights.bin holds them; whose parts lie where is only for the programs themselves to know. */
extern const uint8_t recogniser_weights[RECOGNISER_WEIGHTS_BYTES], landmarks_weights[LANDMARKS_WEIGHTS_BYTES];

static ph_status run_landmarks(const uint8_t *image, int16_t *points) {
    return landmarks_run(image, AT(LANDMARKS), landmarks_weights, points);
}

static ph_status run_recogniser(const uint8_t *image, int16_t *descriptor) {
    return recogniser_run(image, AT(RECOGNISER), recogniser_weights, descriptor);
}

const ph_sight_calls networks = {run_landmarks, run_recogniser, NULL, board_instructions};
