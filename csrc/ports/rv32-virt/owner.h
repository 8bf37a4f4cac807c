/* The owner's side of the doorbell: commands that come over the serial line, between two steps. */
#ifndef PEEPHOLE_PORT_OWNER_H
#define PEEPHOLE_PORT_OWNER_H

#include "app/doorbell.h"

/* Takes the settings that are kept. pressed: the button for pairing was. Everything pointed at is kept. */
void owner_open(const ph_port *port, ph_doorbell *bell, ph_gallery *gallery, bool pressed);

/* Takes and answers what has come, as much as there is time for between two steps, and tells what has happened. */
void owner_serve(int64_t frames);

/* For the listener of the doorbell's events. */
void owner_tell(const ph_event *event);

#endif
