/* What the doorbell tells those who develop: lines on the SDK's console, events as JSON. From the cluster's first core
   or the controller. */
#ifndef PEEPHOLE_PORTS_GAP8_DOORBELL_CONSOLE_H
#define PEEPHOLE_PORTS_GAP8_DOORBELL_CONSOLE_H

#include "app/event.h"
#include "app/gallery.h"
#include "ports/gap8/doorbell_sight.h"

/* One event as a line of JSON, the same as rv32-virt's: enums as their numbers, times in milliseconds. */
void ph_console_event(const ph_gallery *gallery, const ph_event *event);

void ph_console_opened(const ph_gallery *gallery);

/* After a frame with faces: cycles of the cluster since the one before, and of what. */
void ph_console_cycles(int64_t frames, const ph_sight_cycles *cycles, uint32_t all);

#endif
