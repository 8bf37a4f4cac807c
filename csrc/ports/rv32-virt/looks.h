/* What the device sees in every frame, without deciding anything. */
#ifndef PEEPHOLE_PORT_LOOKS_H
#define PEEPHOLE_PORT_LOOKS_H

#include "frames.h"

/* Tells it of all frames. PH_BAD_SHAPE where they end within one. */
ph_status tell_looks(frames *source);

#endif
