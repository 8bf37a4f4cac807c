/* The owner's side of the doorbell: commands that come over the serial line, between two steps. */
#ifndef PEEPHOLE_PORT_OWNER_H
#define PEEPHOLE_PORT_OWNER_H

#include "app/doorbell.h"

/* For a doorbell that is open, which is kept; takes the settings that its gallery keeps. pressed: the button for
   pairing was. */
void owner_open(ph_doorbell *bell, bool pressed);

/* Takes and answers what has come, as much as there is time for between two steps, and tells what has happened. */
void owner_serve(int64_t frames);

/* For the listener of the doorbell's events. */
void owner_tell(const ph_event *event);

#endif
