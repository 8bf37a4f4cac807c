/* The board as csrc/app sees it. */
#ifndef PEEPHOLE_PORT_H
#define PEEPHOLE_PORT_H

#include "app/port.h"
#include "frames.h"

typedef struct {
    frames frames;
    ph_flash flash;
    int64_t time; /* of the newest frame: the only clock */
    int32_t door; /* 1: unlocked */
} port_state;

/* Opens camera and flash. PH_BAD_SHAPE where there are no frames of this size. */
ph_status port_open(port_state *state, ph_image_size size, ph_port *port);

#endif
