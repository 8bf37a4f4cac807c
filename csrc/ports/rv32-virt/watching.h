/* The doorbell at work. */
#ifndef PEEPHOLE_PORT_WATCHING_H
#define PEEPHOLE_PORT_WATCHING_H

#include "frames.h"

/* Opens what is kept, introduces people, and watches until the frames are over; tells events and, in the end, what it
   took. PH_BAD_SHAPE where the frames end within one. */
ph_status keep_watch(const frames *source);

#endif
