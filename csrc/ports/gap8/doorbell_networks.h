/* Both networks on the cluster, with weights that come from L3; what they cost is counted in its cycles. */
#ifndef PEEPHOLE_PORTS_GAP8_DOORBELL_NETWORKS_H
#define PEEPHOLE_PORTS_GAP8_DOORBELL_NETWORKS_H

#include "firmware/sight.h"
#include "ports/gap8/machine.h"

extern const ph_sight_calls ph_networks;

/* The machine that they run on from now on; until its work ends. */
void ph_networks_on(const ph_machine *machine);

#endif
