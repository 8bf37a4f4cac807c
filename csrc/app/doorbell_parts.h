/* What the files of the doorbell share. */
#ifndef PEEPHOLE_APP_DOORBELL_PARTS_H
#define PEEPHOLE_APP_DOORBELL_PARTS_H

#include "app/doorbell.h"

PH_BEGIN_C

/* The functions that ph_watch calls, for one call. */
ph_watch_calls ph_doorbell_calls(ph_doorbell *bell);

/* Compares with the gallery as it is now, if it has changed. */
ph_status ph_doorbell_keep_fresh(ph_doorbell *bell);

/* An event of a kind, now. */
ph_event ph_doorbell_event(const ph_doorbell *bell, ph_event_kind kind);
void ph_doorbell_tell(ph_doorbell *bell, const ph_event *event);

/* Tells a problem once when it begins (status is not PH_OK) and once when it is over. */
void ph_doorbell_note(ph_doorbell *bell, ph_problem problem, ph_status status);

void ph_doorbell_unlock(ph_doorbell *bell, uint32_t visit);
void ph_doorbell_lock(ph_doorbell *bell);

PH_END_C

#endif
