/* The device's memory, and what it sees by: the detector and both networks, with what they cost. */
#ifndef PEEPHOLE_PORT_DEVICE_H
#define PEEPHOLE_PORT_DEVICE_H

#include "app/detector.h"
#include "app/look.h"
#include "device_memory.h"

/* Everything that is not on the stack; who lies where, and when, is the plan of device_memory.h. */
extern uint8_t device_memory[DEVICE_MEMORY_BYTES];
#define AT(part) ((void *)(device_memory + DEVICE_##part##_AT))

/* Instructions since reset, or since they were set to zero. */
typedef struct {
    uint64_t detect, landmarks, describe;
} device_cost;

extern device_cost device_cost_now;

static const ph_image_size device_frame_size = {DEVICE_FRAME_HEIGHT, DEVICE_FRAME_WIDTH};

/* PH_BAD_SHAPE where the plan of memory does not suit what csrc/app asks for. */
ph_status device_open(void);

const ph_detector *device_detector(void);
const ph_recogniser *device_recogniser(void);

/* Ends the emulator with a message unless the status is PH_OK. */
void must(ph_status status, const char *what);

void tell_text(const char *name, const char *text); /* a string of JSON */
void tell_number(const char *name, int64_t number);

#endif
