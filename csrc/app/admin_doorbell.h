/* The owner's commands over a doorbell: what of ph_admin_calls is the same on every port. */
#ifndef PEEPHOLE_APP_ADMIN_DOORBELL_H
#define PEEPHOLE_APP_ADMIN_DOORBELL_H

#include "app/admin.h"
#include "app/doorbell.h"

PH_BEGIN_C

typedef struct {
    ph_doorbell *bell;
    ph_looks room;                  /* where the looks at whoever is at the door are copied to */
    ph_admin_statistics statistics; /* which the port keeps up to date */
} ph_admin_doorbell;

/* For a doorbell that is open. room: for bell->size.looks looks, in memory that is free between two steps. It is
   switched on now, by the clock of its port. */
void ph_admin_doorbell_open(ph_admin_doorbell *of, ph_doorbell *bell, ph_looks room);

/* All the calls but random, which is the port's own. Their context is `of`, which is kept. */
ph_admin_calls ph_admin_doorbell_calls(ph_admin_doorbell *of);

/* What the doorbell goes by now: before ph_admin_open these are the defaults. */
ph_settings ph_admin_doorbell_settings(const ph_admin_doorbell *of);

PH_END_C

#endif
