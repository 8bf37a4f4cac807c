/* The owner's side: commands over the serial line, served between two steps of the doorbell, on the cluster. */
#ifndef PEEPHOLE_PORTS_GAP8_DOORBELL_OWNER_H
#define PEEPHOLE_PORTS_GAP8_DOORBELL_OWNER_H

#include "app/doorbell.h"
#include "ports/gap8/doorbell_port.h"

/* Takes the settings that are kept. Both are kept. */
void ph_owner_open(ph_gap8_port *state, ph_doorbell *bell);

/* Answers what has come, and goes on while there is more. pressed: is the button for pairing held? */
void ph_owner_serve(int64_t frames, bool pressed);

void ph_owner_tell(const ph_event *event);

#endif
