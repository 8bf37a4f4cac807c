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

/* A walk's decision as an event: rows of the gallery become ids and numbers. */
ph_event ph_doorbell_decision_event(const ph_doorbell *bell, ph_event_kind kind, const ph_walk *walk);

ph_portrait *ph_doorbell_portrait(const ph_doorbell *bell, const ph_walk *walk);

/* Whether what was told of a walk is still to be written. */
bool ph_doorbell_is_due(const ph_doorbell *bell, const ph_walk *walk);
void ph_doorbell_set_due(ph_doorbell *bell, const ph_walk *walk, bool due);

/* Writes what is told of a visit under way: when it is news, or what was told before is not on flash. Whether it is. */
bool ph_doorbell_keep_open(ph_doorbell *bell, const ph_walk *walk, const ph_event *event, bool news);

/* The end of a visit (ph_watch_calls.ended): counted and told; where it cannot be written it waits. */
ph_status ph_doorbell_ended(void *context, ph_walk *walk);

/* Ends the visits that a cut of the power has left, and those that wait for the flash: when it is time to try again,
   or at once and for the last time. */
void ph_doorbell_catch_up(ph_doorbell *bell, bool last);

void ph_doorbell_unlock(ph_doorbell *bell, uint32_t visit);
void ph_doorbell_lock(ph_doorbell *bell);

PH_END_C

#endif
