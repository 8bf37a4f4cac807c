/* What the doorbell tells those who develop: lines on the SDK's console. From the cluster's first core or the
   controller. */
#ifndef PEEPHOLE_PORTS_GAP8_DOORBELL_CONSOLE_H
#define PEEPHOLE_PORTS_GAP8_DOORBELL_CONSOLE_H

#include "app/event.h"
#include "app/gallery.h"
#include "firmware/sight.h"

/* As in csrc/app/console.h. */
void ph_tell_event(const ph_gallery *gallery, const ph_event *event);
void ph_tell_kept(const ph_gallery *gallery);

/* After a frame with faces: cycles of the cluster in its step, and of what. */
void ph_tell_cycles(int64_t frames, const ph_sight_cost *cost, uint32_t all);

#endif
