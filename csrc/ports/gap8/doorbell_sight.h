/* What the doorbell sees by, on the cluster: the detector and both networks; and its memory. */
#ifndef PEEPHOLE_PORTS_GAP8_DOORBELL_SIGHT_H
#define PEEPHOLE_PORTS_GAP8_DOORBELL_SIGHT_H

#include "app/detector.h"
#include "app/look.h"
#include "device_memory.h"
#include "ports/gap8/machine.h"

/* Everything that is neither on a stack nor in L1; who lies where, and when, is the plan of device_memory.h. */
extern uint8_t device_memory[DEVICE_MEMORY_BYTES];
#define AT(part) ((void *)(device_memory + DEVICE_##part##_AT))

/* Cycles of the cluster since they were set to zero. */
typedef struct {
    uint32_t detect, landmarks, describe;
} ph_sight_cycles;

extern ph_sight_cycles ph_sight_cycles_now;

/* PH_BAD_SHAPE where the plan of memory does not suit what csrc/app asks for. */
ph_status ph_sight_open(void);

/* The machine that work runs on from now on; until it ends. */
void ph_sight_on(const ph_machine *machine);

const ph_detector *ph_sight_detector(void);
const ph_recogniser *ph_sight_recogniser(void);

#endif
