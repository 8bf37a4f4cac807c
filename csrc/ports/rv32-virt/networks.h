/* Both networks on one core, with weights that are read where they lie; what they cost is counted in instructions. */
#ifndef PEEPHOLE_PORT_NETWORKS_H
#define PEEPHOLE_PORT_NETWORKS_H

#include "firmware/sight.h"

extern const ph_sight_calls networks;

#endif
