/* The board as csrc/app sees it. */
#ifndef PEEPHOLE_PORT_H
#define PEEPHOLE_PORT_H

#include "app/port.h"
#include "frames.h"

typedef struct {
    frames frames;
    ph_flash flash;
    int64_t time;  /* of the newest frame, or later while the camera stalls: the clock, as long as there are frames */
    uint64_t over; /* instructions when they were over; 0 before. From then on a million are a millisecond */
    int32_t door;  /* 1: unlocked */
} port_state;

/* Makes a port of frames that are open. */
ph_port port_open(port_state *state, const frames *source);

#endif
