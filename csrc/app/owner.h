/* The owner of a doorbell, on the serial line: the commands of admin.h over a whole doorbell, served between two of its
   steps. */
#ifndef PEEPHOLE_APP_OWNER_H
#define PEEPHOLE_APP_OWNER_H

#include "app/admin.h"
#include "app/doorbell.h"

PH_BEGIN_C

#define PH_OWNER_PATIENCE 5 /* milliseconds without a byte until a request is taken to be over */
/* Bytes between two steps, and the milliseconds in which as many come at 115,200 bits a second: nobody keeps the
   doorbell from its frames by talking on and on, or slowly. */
#define PH_OWNER_BYTES 16384
#define PH_OWNER_MILLISECONDS 1500

/* What this asks of the machine beside the doorbell's port. */
typedef struct {
    void *context;                                                  /* given to every function */
    ph_status (*random)(void *context, uint8_t *to, int32_t bytes); /* bytes that nobody can guess */
    int64_t (*time)(void *context);  /* milliseconds of a clock that goes on between two frames */
    void (*rest)(void *context);     /* lets a millisecond go by; NULL: the line is asked again at once */
    int32_t (*stack)(void *context); /* bytes of it, the deepest since the start; NULL: it is not known */
} ph_owner_calls;

typedef struct {
    ph_admin admin;
    ph_doorbell *bell;
    ph_owner_calls calls;
    ph_looks at_door; /* room for the looks at whoever is there */
    ph_admin_statistics statistics;
    bool was_pairing; /* the button was held the last time */
} ph_owner;

/* For a doorbell that is open, and goes by the settings that its gallery keeps afterwards. at_door: room for
   bell->size.looks looks, in memory that is free between two steps; put: for looks that come over the line. */
void ph_owner_open(ph_owner *owner, ph_doorbell *bell, const ph_owner_calls *calls, ph_looks at_door, ph_looks put);

/* Takes and answers what has come, and goes on while there is more. frames: looked at since the start; pairing: is
   that button held? */
void ph_owner_serve(ph_owner *owner, int64_t frames, bool pairing);

/* For the listener of the doorbell's events. */
void ph_owner_tell(ph_owner *owner, const ph_event *event);

PH_END_C

#endif
