/* What an image sees by: the detector and both networks, in the memory that is planned for them, and what they cost. */
#ifndef PEEPHOLE_FIRMWARE_SIGHT_H
#define PEEPHOLE_FIRMWARE_SIGHT_H

#include "app/detector.h"
#include "app/look.h"

/* What of it only the port knows. */
typedef struct {
    ph_status (*run_landmarks)(const uint8_t *image, int16_t *points);      /* as in ph_recogniser */
    ph_status (*run_recogniser)(const uint8_t *image, int16_t *descriptor); /* the same */
    void (*bring_table)(void); /* the detector's, to where it is read; NULL: it is there always */
    uint64_t (*count)(void);   /* instructions or cycles until now */
} ph_sight_calls;

/* What was counted since it was set to zero. */
typedef struct {
    uint64_t detect, landmarks, describe;
} ph_sight_cost;

extern ph_sight_cost ph_sight_cost_now;

/* calls: kept. PH_BAD_SHAPE where the plan of memory does not suit what csrc/app asks for, for frames of this size. */
ph_status ph_sight_open(const ph_sight_calls *calls, ph_image_size frame_size);

const ph_detector *ph_sight_detector(void);
const ph_recogniser *ph_sight_recogniser(void);

#endif
