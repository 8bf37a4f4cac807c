/* GAP8 and its board as csrc/app wants them. */
#ifndef PEEPHOLE_PORTS_GAP8_DOORBELL_PORT_H
#define PEEPHOLE_PORTS_GAP8_DOORBELL_PORT_H

#include "app/port.h"
#include "ports/gap8/random.h"

typedef struct {
    ph_flash flash;
    uint8_t *picture; /* as the camera makes them, in L2: where the doorbell has its frame */
    int64_t taken;    /* when it was, in microseconds */
    bool tried;       /* a picture was taken and not looked at, */
    bool there;       /* if the camera gave one */
    bool woken;       /* sleep is over, and why: */
    ph_wake wake;
    ph_random random;
} ph_gap8_port;

/* Makes a port; what it points at is kept. PH_UNSUPPORTED: flash of another kind. On the controller. */
ph_status ph_gap8_port_open(ph_gap8_port *state, uint8_t *picture, ph_port *port);

/* Does what the next step begins with while the cluster has nothing to do: takes a picture, or sleeps with camera and
   cluster off. False where the cluster could not be switched on again. On the controller. */
bool ph_gap8_port_prepare(ph_gap8_port *state, bool idle);

/* Bytes that nobody can guess (random.h), for which it takes pictures where there is too little noise yet; between two
   steps. PH_UNKNOWN where they do not give it: the camera is covered. context: ph_gap8_port. */
ph_status ph_gap8_port_random(void *context, uint8_t *to, int32_t bytes);

#endif
